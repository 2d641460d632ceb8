package amazon

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"tieout/app/fault"
)

// documentOperation names the download in errors.
const documentOperation = "document"

var (
	errStalled = errors.New("the download stands still")
	errLarge   = errors.New("the document is larger than allowed")
)

// Document is a report's content as it arrives, decompressed. Read returns an
// error, never a clean end, when anything is missing. The caller closes it.
type Document struct {
	ID          string
	ContentType string // as declared; settlement reports declare no charset
	Charset     string // from ContentType, lower case, "" where none is declared

	body   io.Reader
	left   int64
	cancel context.CancelCauseFunc
	source io.Closer
}

// Download opens a report's document. Failures before the first byte are tried
// again, and an address that has expired is asked for anew; what breaks off
// later is an error of Read.
func (c *Client) Download(ctx context.Context, documentID string) (*Document, error) {
	var (
		link     ReportDocument
		document *Document
		renewed  bool
		try      func() error
	)
	try = func() (err error) {
		if link.URL == "" {
			if link, err = c.ReportDocument(ctx, documentID); err != nil {
				return err
			}
		}
		document, err = c.open(ctx, link)
		var refused *Error
		if errors.As(err, &refused) && refused.expired() && !renewed {
			renewed, link = true, ReportDocument{}
			return try()
		}
		return err
	}
	if err := c.retry(ctx, try); err != nil {
		return nil, err
	}
	return document, nil
}

// expired reports an answer that a document's address gives after its five
// minutes.
func (e *Error) expired() bool { return e.Denied() || e.Status == http.StatusBadRequest }

// open asks the address once. It carries no token: the address is signed, and
// its host is not the API.
func (c *Client) open(ctx context.Context, link ReportDocument) (*Document, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	answer, err := c.ask(ctx, cancel, link.URL)
	if err != nil {
		cancel(err)
		return nil, err
	}
	timer := time.AfterFunc(c.cfg.IdleTimeout, func() { cancel(errStalled) })
	timer.Stop() // until somebody reads
	d := &Document{
		ID: link.ID, ContentType: answer.Header.Get("Content-Type"),
		left: c.cfg.MaxDocument, cancel: cancel, source: answer.Body,
		body: &guard{ctx: ctx, body: answer.Body, idle: c.cfg.IdleTimeout, timer: timer},
	}
	if _, parameters, err := mime.ParseMediaType(d.ContentType); err == nil {
		d.Charset = strings.ToLower(parameters["charset"])
	}
	if strings.EqualFold(link.Compression, "GZIP") || strings.EqualFold(answer.Header.Get("Content-Encoding"), "gzip") {
		if d.body, err = gzip.NewReader(d.body); err != nil {
			_ = d.Close()
			return nil, lose(documentOperation, fmt.Errorf("begin of gzip: %w", err))
		}
	}
	return d, nil
}

func (c *Client) ask(ctx context.Context, cancel context.CancelCauseFunc, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "Amazon names an address for a document that cannot be read.")
	}
	request.Header.Set("User-Agent", c.agent)
	request.Header.Set("Accept-Encoding", "identity") // or the transport would decompress, unseen
	patience := time.AfterFunc(c.cfg.Timeout, func() { cancel(errStalled) })
	answer, err := c.documents.Do(request)
	if err != nil {
		patience.Stop()
		return nil, lose(documentOperation, cause(ctx, err))
	}
	defer patience.Stop()
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer func() { _ = answer.Body.Close() }()
	return nil, refusal(answer)
}

// refusal reads what the file store answers instead of a document.
func refusal(answer *http.Response) error {
	var body struct{ Code, Message string }
	_ = xml.NewDecoder(io.LimitReader(answer.Body, 1<<16)).Decode(&body) // the status decides; the words are for the log
	return &Error{
		Operation: documentOperation, Status: answer.StatusCode, Code: body.Code, Message: body.Message,
		RequestID: answer.Header.Get("x-amz-request-id"), after: retryAfter(answer.Header),
	}
}

// Read implements io.Reader.
func (d *Document) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	d.left -= int64(n)
	switch {
	case d.left < 0:
		return n, fault.Wrap(errLarge, fault.Invalid, "Document %s is larger than this program accepts.", d.ID)
	case err == nil || err == io.EOF:
		return n, err
	}
	return n, fault.Wrap(fmt.Errorf("document %s: %w", d.ID, err), fault.Unavailable, "The download of a document from Amazon broke off.")
}

// Close ends the download.
func (d *Document) Close() error {
	d.cancel(context.Canceled)
	return d.source.Close()
}

// guard reads a body and gives up on one that brings nothing for a while. Only
// the time within Read counts: the consumer may be slow.
type guard struct {
	ctx   context.Context
	body  io.Reader
	idle  time.Duration
	timer *time.Timer
}

func (g *guard) Read(p []byte) (int, error) {
	g.timer.Reset(g.idle)
	n, err := g.body.Read(p)
	g.timer.Stop()
	if err != nil && err != io.EOF {
		err = cause(g.ctx, err)
	}
	return n, err
}

// cause names the reason for which a request was given up, if it was.
func cause(ctx context.Context, err error) error {
	if reason := context.Cause(ctx); reason != nil {
		return reason
	}
	return err
}
