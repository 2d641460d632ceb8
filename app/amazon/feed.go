package amazon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"tieout/app/fault"
)

// ListingsFeed is the type of feeds that change many listings at once.
const ListingsFeed = "JSON_LISTINGS_FEED"

// Feed is how far Amazon is with a feed. Done says nothing about its messages:
// read the report.
type Feed struct {
	ID      string       `json:"feedId"`
	Type    string       `json:"feedType"`
	Status  ReportStatus `json:"processingStatus"` // as of reports
	Created time.Time    `json:"createdTime"`
	Result  string       `json:"resultFeedDocumentId"` // the report; "" until there is one
}

// Settled says that Amazon does no more to the feed.
func (f Feed) Settled() bool { return Report{Status: f.Status}.Settled() }

const (
	pathFeeds         = "/feeds/2021-06-30/feeds"
	pathFeedDocuments = "/feeds/2021-06-30/documents"

	feedContent = "application/json; charset=UTF-8"
)

var (
	opCreateFeedDocument = Operation{"createFeedDocument", 0.5, 15}
	opCreateFeed         = Operation{"createFeed", 0.0083, 15}
	opGetFeed            = Operation{"getFeed", 2, 15}
	opGetFeedDocument    = Operation{"getFeedDocument", 0.0222, 10}
)

// SendFeed hands a feed in and returns Amazon's id of it. If the last answer is
// lost the feed may be there twice.
func (c *Client) SendFeed(ctx context.Context, kind string, marketplaceIDs []string, body []byte) (id string, err error) {
	var document ReportDocument
	r := request{op: opCreateFeedDocument, method: http.MethodPost, path: pathFeedDocuments, body: map[string]string{"contentType": feedContent}}
	var answer struct {
		ID  string `json:"feedDocumentId"`
		URL string `json:"url"`
	}
	if err := c.call(ctx, r, &answer); err != nil {
		return "", err
	}
	document.ID, document.URL = answer.ID, answer.URL
	if err := c.retry(ctx, func() error { return c.upload(ctx, document, body) }); err != nil {
		return "", err
	}
	asked := map[string]any{"feedType": kind, "marketplaceIds": marketplaceIDs, "inputFeedDocumentId": document.ID}
	var made Feed
	err = c.call(ctx, request{op: opCreateFeed, method: http.MethodPost, path: pathFeeds, body: asked}, &made)
	return made.ID, err
}

// upload puts a feed's content where Amazon said. The address is the credential:
// no token goes there.
func (c *Client) upload(ctx context.Context, to ReportDocument, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	message, err := http.NewRequestWithContext(ctx, http.MethodPut, to.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make upload of %s: %w", to, err)
	}
	message.Header.Set("Content-Type", feedContent)
	answer, err := c.documents.Do(message)
	if err != nil {
		return lose(documentOperation, err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // so that the connection can be used again
	if answer.StatusCode >= 300 {
		return &Error{Operation: documentOperation, Status: answer.StatusCode, Message: "the upload was refused"}
	}
	return nil
}

// Feed returns one feed.
func (c *Client) Feed(ctx context.Context, id string) (Feed, error) {
	var feed Feed
	err := c.call(ctx, request{op: opGetFeed, method: http.MethodGet, path: pathFeeds + "/" + url.PathEscape(id)}, &feed)
	return feed, err
}

// FeedReport returns what Amazon says about the messages of a feed that is done.
func (c *Client) FeedReport(ctx context.Context, f Feed) ([]byte, error) {
	if f.Result == "" {
		return nil, fault.New(fault.NotFound, "Feed %s has no report.", f.ID)
	}
	var link struct {
		ID          string `json:"feedDocumentId"`
		URL         string `json:"url"`
		Compression string `json:"compressionAlgorithm"`
	}
	r := request{op: opGetFeedDocument, method: http.MethodGet, path: pathFeedDocuments + "/" + url.PathEscape(f.Result)}
	if err := c.call(ctx, r, &link); err != nil {
		return nil, err
	}
	document, err := c.open(ctx, ReportDocument{link.ID, link.URL, link.Compression})
	if err != nil {
		return nil, err
	}
	defer func() { _ = document.Close() }()
	raw, err := c.whole(document)
	if err != nil {
		return nil, fmt.Errorf("read report of feed %s: %w", f.ID, err)
	}
	return raw, nil
}
