package web

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"tieout/app/fault"
)

// exceptionDocument downloads the file that could not be read.
func (s *server) exceptionDocument(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	e, err := s.Exceptions.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	if documentOf(e) == 0 {
		return fault.New(fault.NotFound, "No file belongs to this exception.")
	}
	document, err := s.Settlements.Document(r.ctx(), documentOf(e))
	if err != nil {
		return err
	}
	content, err := s.Settlements.OpenDocument(r.ctx(), document.ID)
	if err != nil {
		return err
	}
	return r.download(document.Meta.Name, document.Size, content)
}

// download sends a file. Browsers save it and never show it: its content comes
// from outside.
func (r *request) download(name string, size int64, content io.ReadCloser) error {
	defer func() { _ = content.Close() }() // it only reads
	header := r.Response().Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name)}))
	header.Set("Content-Length", strconv.FormatInt(size, 10))
	r.Response().WriteHeader(http.StatusOK)
	if _, err := io.Copy(r.Response(), content); err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	return nil
}
