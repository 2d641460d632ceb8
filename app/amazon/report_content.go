package amazon

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Content is a requested report as Amazon wrote it.
type Content struct {
	Report  Report
	Raw     []byte // nil: Amazon has nothing for the window
	Charset string // as declared; see Text
}

// RequestedContent is RequestedReport and the report's content; ready is false
// while Amazon still writes it: ask again later.
func (c *Client) RequestedContent(ctx context.Context, n NewReport, read time.Time) (content Content, ready bool, err error) {
	if content.Report, err = c.RequestedReport(ctx, n, read); err != nil {
		return content, false, err
	}
	switch {
	case !content.Report.Settled():
		return content, false, nil
	case content.Report.Empty() || content.Report.DocumentID == "":
		return content, true, nil
	}
	document, err := c.Download(ctx, content.Report.DocumentID)
	if err != nil {
		return content, false, err
	}
	defer func() { _ = document.Close() }()
	if content.Raw, err = c.whole(document); err != nil {
		return content, false, fmt.Errorf("read report %s: %w", content.Report.ID, err)
	}
	content.Charset = document.Charset
	return content, true, nil
}

// whole reads a document into memory, within the bounds of what fits there.
func (c *Client) whole(d *Document) ([]byte, error) {
	d.left = min(d.left, c.cfg.MaxContent)
	return io.ReadAll(d)
}
