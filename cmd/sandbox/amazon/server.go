// Package amazon stands in for Amazon: Login with Amazon, the Selling Partner
// API (reports, orders, sellers, tokens) and the file store that reports are
// downloaded from. What it answers is valid against Amazon's own models, and
// its habits are Amazon's: settlement reports cannot be requested and are
// listed once per marketplace for 90 days, a page token tolerates no parameter
// beside it, an address of a document lives five minutes, and each operation
// has a token bucket per seller.
//
//	POST /auth/o2/token                                access tokens
//	GET  /reports/2021-06-30/reports[/{id}]            reports
//	POST /reports/2021-06-30/reports
//	GET  /reports/2021-06-30/documents/{id}            where a report's content is
//	GET  /documents/{id}?expires=...&signature=...     that content
//	GET  /orders/2026-01-01/orders[/{id}]              orders
//	GET  /orders/v0/orders[/{id}[/orderItems|/address|/buyerInfo]]
//	POST /orders/v0/orders/{id}/shipmentConfirmation
//	GET  /sellers/v1/marketplaceParticipations
//	GET  /finances/2024-06-19/transactions             what settlements will say
//	POST /tokens/2021-03-01/restrictedDataToken
//	     /fulfillment/outbound/2026-07-04/...               orders of other channels
//	     /fba/outbound/2020-07-01/...                       the same, older version
//	GET  /tracking/2026-01-30/shipments/track
//	     /feeds/2021-06-30/...                              feeds of listings
//	GET  /listings/2021-08-01/items/{seller}/{sku}
//	     /notifications/v1/...                              destinations and subscriptions
package amazon

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/seller"
)

// Account is a seller with the credentials of the application it has authorised.
type Account struct {
	Books                                *seller.Books
	ClientID, ClientSecret, RefreshToken string

	// Impersonal: the application has no role for personal data.
	Impersonal bool
}

// Config says which sellers there are and how time passes.
type Config struct {
	Accounts []Account

	// Now is the sellers' time: it decides which cycles are over. Default: the
	// machine's.
	Now func() time.Time
	// Clock is the time that tokens, addresses of documents and rate limits
	// live in. Default: Now. A sandbox that runs faster than life gives the
	// machine's, or a token would be over before it is used.
	Clock func() time.Time

	BaseURL   string          // where this handler is reached, for addresses of documents; default http:// and the request's host
	RateScale float64         // multiplies the models' rates, and so does the header that states them; default 1
	Faults    *misbehave.Plan // nil: none
	Tell      Tell            // nil: nobody is told of changes
	Writes    time.Duration   // how long Amazon takes to write a report that was asked for
}

// Server is the stand-in; safe for concurrent use.
type Server struct {
	cfg      Config
	accounts []*account
	key      []byte // signs what must come back as it was
	handler  http.Handler

	mu      sync.Mutex
	tokens  map[string]grant
	buckets map[bucketKey]*bucket
	usage   map[string]*Usage

	destinations map[string][]destination // by application
}

// New returns the stand-in, or an error when two accounts cannot be told apart.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Clock == nil {
		cfg.Clock = cfg.Now
	}
	if cfg.RateScale == 0 {
		cfg.RateScale = 1
	}
	if cfg.RateScale < 0 {
		return nil, errors.New("the rate scale is negative")
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	s := &Server{cfg: cfg, key: []byte(rand.Text()), tokens: map[string]grant{}, buckets: map[bucketKey]*bucket{}, usage: map[string]*Usage{}, destinations: map[string][]destination{}}
	seen := map[string]bool{}
	for _, a := range cfg.Accounts {
		if seen[a.RefreshToken] || a.RefreshToken == "" {
			return nil, fmt.Errorf("account %s needs a refresh token of its own", a.Books.Account().Key)
		}
		seen[a.RefreshToken] = true
		s.accounts = append(s.accounts, newAccount(a))
	}
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP answers as Amazon does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/o2/token", s.serveToken)
	mux.HandleFunc("GET /documents/{id}", s.serveDocument)
	mux.HandleFunc("GET /reports/2021-06-30/reports", s.limited(getReports, s.serveReports))
	mux.HandleFunc("GET /reports/2021-06-30/reports/{id}", s.limited(getReport, s.serveReport))
	mux.HandleFunc("POST /reports/2021-06-30/reports", s.limited(createReport, s.serveCreateReport))
	mux.HandleFunc("GET /reports/2021-06-30/documents/{id}", s.limited(getReportDocument, s.serveReportDocument))
	mux.HandleFunc("GET /sellers/v1/marketplaceParticipations", s.limited(getMarketplaceParticipations, s.serveParticipations))
	mux.HandleFunc("GET /fba/inventory/v1/summaries", s.limited(getInventorySummaries, s.serveInventorySummaries))
	mux.HandleFunc("GET "+transactionsPath, s.limited(listTransactions, s.serveTransactions))
	mux.HandleFunc("GET "+inboundPath, s.limited(getShipments, s.serveInbound))
	mux.HandleFunc("GET "+inboundPath+"/{id}/items", s.limited(getShipmentItems, s.serveInboundItems))
	s.routeFulfilment2026(mux)
	s.routeFulfilment2020(mux)
	mux.HandleFunc("POST /tokens/2021-03-01/restrictedDataToken", s.limited(createRestrictedDataToken, s.serveRestrictedToken))
	s.orderRoutes(mux)
	s.subscriptionRoutes(mux)
	s.feedRoutes(mux)
	s.listingRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { // Amazon does not say that a path is unknown
		writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "")
	})
	faulty := s.cfg.Faults.Wrap(misbehave.Side{Name: "amazon", Operation: Operation, Refuse: refuse, TokenStatus: http.StatusForbidden}, mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-amzn-RequestId", requestID())
		faulty.ServeHTTP(w, r)
	})
}

// OpToken and OpDocument name the requests that are no operation of a model in
// rules of misbehave; operations have the models' names.
const (
	OpToken    = "token"
	OpDocument = "document"
)

// Operation names what a request asks for, "" for anything else.
func Operation(r *http.Request) string {
	path := r.URL.Path
	switch {
	case path == "/auth/o2/token":
		return OpToken
	case strings.HasPrefix(path, "/documents/"):
		return OpDocument
	case path == "/reports/2021-06-30/reports" && r.Method == http.MethodPost:
		return createReport.name
	case path == "/reports/2021-06-30/reports":
		return getReports.name
	case strings.HasPrefix(path, "/reports/2021-06-30/reports/"):
		return getReport.name
	case strings.HasPrefix(path, "/reports/2021-06-30/documents/"):
		return getReportDocument.name
	case path == transactionsPath:
		return listTransactions.name
	case path == "/fba/inventory/v1/summaries":
		return getInventorySummaries.name
	case path == "/sellers/v1/marketplaceParticipations":
		return getMarketplaceParticipations.name
	case path == "/tokens/2021-03-01/restrictedDataToken":
		return createRestrictedDataToken.name
	}
	if name := fulfilmentOperation(r); name != "" {
		return name
	}
	if name := inboundOperation(path); name != "" {
		return name
	}
	if name := feedOperation(r); name != "" {
		return name
	}
	if name := listingOperation(r); name != "" {
		return name
	}
	if name := subscriptionOperation(r); name != "" {
		return name
	}
	return orderOperation(path)
}

// account returns the account with this key (seller.Account.Key).
func (s *Server) account(key string) (*account, error) {
	for _, a := range s.accounts {
		if a.seller().Key == key {
			return a, nil
		}
	}
	return nil, fmt.Errorf("there is no account %q", key)
}
