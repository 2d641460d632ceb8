package amazon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

var (
	createFeedDocument = operation{"createFeedDocument", 0.5, 15}
	createFeed         = operation{"createFeed", 0.0083, 15}
	getFeed            = operation{"getFeed", 2, 15}
	getFeedDocument    = operation{"getFeedDocument", 0.0222, 10}
)

const listingsFeed = "JSON_LISTINGS_FEED"

// feed is one feed and what became of it.
type feed struct {
	ID           string    `json:"feedId"`
	Type         string    `json:"feedType"`
	Marketplaces []string  `json:"marketplaceIds"`
	Created      time.Time `json:"createdTime"`
	Status       string    `json:"processingStatus"`
	Result       string    `json:"resultFeedDocumentId,omitempty"`

	ended  time.Time
	report []byte
}

// feedMessage is a message of a listings feed, as far as quantities go.
type feedMessage struct {
	ID        int    `json:"messageId"`
	SKU       string `json:"sku"`
	Operation string `json:"operationType"`
	Patches   []struct {
		Op, Path string
		Value    []struct {
			Channel  string `json:"fulfillment_channel_code"`
			Quantity *int   `json:"quantity"`
		}
	}
}

// feedIssue is an entry of a processing report.
type feedIssue struct {
	MessageID int    `json:"messageId"`
	SKU       string `json:"sku"`
	Code      string `json:"code"`
	Severity  string `json:"severity"`
	Message   string `json:"message"`
}

func (s *Server) feedRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /feeds/2021-06-30/documents", s.limited(createFeedDocument, s.serveFeedDocument))
	mux.HandleFunc("PUT /feeds/upload/{id}", s.serveUpload)
	mux.HandleFunc("POST /feeds/2021-06-30/feeds", s.limited(createFeed, s.serveCreateFeed))
	mux.HandleFunc("GET /feeds/2021-06-30/feeds/{id}", s.limited(getFeed, s.serveFeed))
	mux.HandleFunc("GET /feeds/2021-06-30/documents/{id}", s.limited(getFeedDocument, s.serveFeedReport))
	mux.HandleFunc("GET /feeds/results/{id}", s.serveFeedResult)
}

func feedOperation(r *http.Request) string {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/feeds/upload/"), strings.HasPrefix(path, "/feeds/results/"):
		return OpDocument
	case path == "/feeds/2021-06-30/documents":
		return createFeedDocument.name
	case strings.HasPrefix(path, "/feeds/2021-06-30/documents/"):
		return getFeedDocument.name
	case path == "/feeds/2021-06-30/feeds":
		return createFeed.name
	case strings.HasPrefix(path, "/feeds/2021-06-30/feeds/"):
		return getFeed.name
	}
	return ""
}

func (s *Server) base(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return s.cfg.BaseURL
	}
	return "http://" + r.Host
}

func (s *Server) serveFeedDocument(w http.ResponseWriter, r *http.Request, a *account) {
	var in struct{ ContentType string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !strings.HasPrefix(in.ContentType, "application/json") {
		invalid(w, "Invalid contentType.", "")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	id := fmt.Sprintf("amzn1.tortuga.4.%s.%d", a.seller().Key, len(a.uploads)+1)
	a.uploads[id] = nil
	write(w, http.StatusCreated, map[string]string{"feedDocumentId": id, "url": s.base(r) + "/feeds/upload/" + id + "?signature=" + s.sign(id)})
}

// serveUpload takes a feed's content; its address is the credential.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !s.signed(id, r.URL.Query().Get("signature")) || r.Header.Get("Content-Type") != "application/json; charset=UTF-8" || r.Header.Get("x-amz-access-token") != "" {
		storeError(w, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		return
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		return // the sender has gone away
	}
	for _, a := range s.accounts {
		a.mu.Lock()
		if _, known := a.uploads[id]; known {
			a.uploads[id] = content
		}
		a.mu.Unlock()
	}
}

func (s *Server) serveCreateFeed(w http.ResponseWriter, r *http.Request, a *account) {
	var in struct {
		FeedType       string
		MarketplaceIDs []string
		Document       string `json:"inputFeedDocumentId"`
	}
	err := json.NewDecoder(r.Body).Decode(&in)
	now := s.cfg.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	content := a.uploads[in.Document]
	if err != nil || in.FeedType != listingsFeed || len(in.MarketplaceIDs) == 0 || content == nil {
		invalid(w, "Invalid feedType, marketplaceIds or inputFeedDocumentId.", "")
		return
	}
	f := &feed{ID: fmt.Sprintf("7%09d", len(a.feeds)+1), Type: in.FeedType, Marketplaces: in.MarketplaceIDs, Created: now, ended: now.Add(s.cfg.Writes)}
	f.report = a.work(f, content)
	a.feeds = append(a.feeds, f)
	write(w, http.StatusAccepted, map[string]string{"feedId": f.ID})
}

// work does what a feed's messages ask for and writes the report. The caller
// holds mu.
func (a *account) work(f *feed, content []byte) []byte {
	var in struct {
		Header   struct{ SellerID string }
		Messages []feedMessage
	}
	issues := []feedIssue{}
	if err := json.Unmarshal(content, &in); err != nil {
		issues = append(issues, feedIssue{Code: "4000001", Severity: "ERROR", Message: "The feed is no JSON."})
	}
	wrong := 0
	for _, m := range in.Messages {
		if code, words := a.changeListing(m); code != "" {
			issues = append(issues, feedIssue{m.ID, m.SKU, code, "ERROR", words})
			wrong++
		}
	}
	report, _ := json.Marshal(map[string]any{ // plain fields always marshal
		"header": map[string]string{"sellerId": in.Header.SellerID, "version": "2.0", "feedId": f.ID}, "issues": issues,
		"summary": map[string]int{"errors": len(issues), "warnings": 0, "messagesProcessed": len(in.Messages), "messagesAccepted": len(in.Messages) - wrong, "messagesInvalid": wrong}})
	return report
}

// changeListing sets the quantity that a message asks for, or says why not.
func (a *account) changeListing(m feedMessage) (code, words string) {
	l := a.listed[m.SKU]
	switch {
	case l == nil:
		return "90111", "The SKU " + m.SKU + " does not exist."
	case l.broken != "":
		return "90220", l.broken
	case m.Operation != "PATCH" || len(m.Patches) != 1 || m.Patches[0].Op != "merge" || m.Patches[0].Path != "/attributes/fulfillment_availability" || len(m.Patches[0].Value) != 1:
		return "4000003", "The patch is not one of a quantity."
	}
	value := m.Patches[0].Value[0]
	if value.Channel != "DEFAULT" || value.Quantity == nil || *value.Quantity < 0 {
		return "99010", "Invalid parameters provided."
	}
	l.quantity = *value.Quantity
	return "", ""
}

func (a *account) feed(id string) *feed {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.feeds {
		if f.ID == id {
			return f
		}
	}
	return nil
}

func (s *Server) serveFeed(w http.ResponseWriter, r *http.Request, a *account) {
	f := a.feed(r.PathValue("id"))
	if f == nil {
		writeErrors(w, http.StatusNotFound, "NotFound", "Feed not found.", "")
		return
	}
	shown := *f
	shown.Status = "IN_PROGRESS"
	if !f.ended.After(s.cfg.Now()) {
		shown.Status, shown.Result = "DONE", "amzn1.tortuga.4.result."+a.seller().Key+"."+f.ID
	}
	write(w, http.StatusOK, shown)
}

func (s *Server) serveFeedReport(w http.ResponseWriter, r *http.Request, _ *account) {
	id := r.PathValue("id")
	write(w, http.StatusOK, map[string]string{"feedDocumentId": id, "url": s.base(r) + "/feeds/results/" + id + "?signature=" + s.sign(id), "compressionAlgorithm": "GZIP"})
}

func (s *Server) serveFeedResult(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	key, feedID, _ := strings.Cut(strings.TrimPrefix(id, "amzn1.tortuga.4.result."), ".")
	a, err := s.account(key)
	if err != nil || !s.signed(id, r.URL.Query().Get("signature")) {
		storeError(w, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		return
	}
	f := a.feed(feedID)
	if f == nil {
		storeError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	packed := gzip.NewWriter(w)
	_, _ = io.Copy(packed, bytes.NewReader(f.report)) // the reader has gone away when this fails
	_ = packed.Close()
}

// tellFeeds tells of feeds that were done since an instant.
func (s *Server) tellFeeds(a *account, since, now time.Time) {
	a.mu.Lock()
	feeds := slices.Clone(a.feeds)
	a.mu.Unlock()
	for _, f := range feeds {
		if f.ended.After(since) && !f.ended.After(now) {
			s.tell(a, "FEED_PROCESSING_FINISHED", map[string]any{"feedProcessingFinishedNotification": map[string]any{"sellerId": a.seller().SellerID,
				"accountId": "amzn1.merchant.o." + a.seller().SellerID, "feedId": f.ID, "feedType": f.Type, "processingStatus": "DONE",
				"resultFeedDocumentId": "amzn1.tortuga.4.result." + a.seller().Key + "." + f.ID}})
		}
	}
}
