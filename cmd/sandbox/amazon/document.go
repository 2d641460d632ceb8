package amazon

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

const addressLife = 5 * time.Minute

func (s *Server) serveReportDocument(w http.ResponseWriter, r *http.Request, a *account) {
	id := r.PathValue("id")
	if _, ok := a.find(s.cfg.Now(), func(one report) bool { return one.Document == id }); !ok {
		writeErrors(w, http.StatusNotFound, "NotFound", "Report document "+id+" was not found.", "")
		return
	}
	write(w, http.StatusOK, map[string]string{"reportDocumentId": id, "url": s.address(r, id), "compressionAlgorithm": "GZIP"})
}

// address returns where the document is; whoever has it may read it for five
// minutes.
func (s *Server) address(r *http.Request, id string) string {
	base := s.cfg.BaseURL
	if base == "" {
		base = "http://" + r.Host
	}
	expires := strconv.FormatInt(s.cfg.Clock().Add(addressLife).UnixMilli(), 10)
	query := url.Values{"expires": {expires}, "signature": {s.sign(id + " " + expires)}}
	return base + "/documents/" + url.PathEscape(id) + "?" + query.Encode()
}

// serveDocument is the file store: it knows no tokens, answers errors in XML
// and says nothing about a charset.
func (s *Server) serveDocument(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("x-amz-request-id", strings.ToUpper(requestID()[:8]))
	id, expires := r.PathValue("id"), r.URL.Query().Get("expires")
	until, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case err != nil || !s.signed(id+" "+expires, r.URL.Query().Get("signature")):
		storeError(w, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		return
	case s.cfg.Clock().UnixMilli() >= until:
		storeError(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	}
	for _, a := range s.accounts {
		if found, ok := a.find(s.cfg.Now(), func(one report) bool { return one.Document == id }); ok {
			send(w, a, found)
			return
		}
	}
	storeError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

// send writes a report while it is made: memory does not depend on its size.
func send(w http.ResponseWriter, a *account, r report) {
	w.Header().Set("Content-Type", "text/plain")
	packed := gzip.NewWriter(w)
	if err := a.write(packed, r); err != nil {
		panic(http.ErrAbortHandler) // the reader must not take this for the end
	}
	_ = packed.Close() // fails only when the reader has gone away
}

func (a *account) write(to io.Writer, r report) error {
	if r.issue != nil && r.issue.content != nil {
		_, err := io.Copy(to, bytes.NewReader(r.issue.content))
		return err
	}
	a.mu.Lock()
	damage := a.damaged[r.cycle]
	a.mu.Unlock()
	if r.issue != nil {
		damage = "" // made again, it is whole
	}
	return a.Books.WriteReport(to, r.cycle, damage)
}

func storeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

func (s *Server) sign(text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *Server) signed(text, signature string) bool {
	return hmac.Equal([]byte(s.sign(text)), []byte(signature))
}
