// Package p21 stands in for Prophet 21 in the demo and in tests. One set of
// books, the ledger and the trade, is served through both surfaces: the facade
// under /api/v2, and P21's own middleware (token, OData, /api/accounting/gl/,
// router and Transaction API, /api/entity/customers/, stock adjustments) with
// its envelopes and habits: business errors as HTTP 500 or, from the Transaction
// API, as 200; "in" filters accepted and ignored, $top ignored and whole tables
// returned by the bare REST collection, 404 for an unknown table or column, the
// same journal or order entered as often as it is sent, equal items of an order
// collapsed when its lines have no key, long texts cut without a word.
//
// Besides, for tests and people:
//
//	GET  /control/p21/journals?company=ACME&reference=...   journals as JSON
//	GET  /control/p21/trial-balance?company=ACME            balance per account, functional currency
//	GET  /control/p21/periods?company=ACME                  fiscal periods
//	POST /control/p21/periods                               {"company","fiscalYear","period","closed"}: close or reopen
//	POST /control/p21/token                                 {"xml":true}: sign-in answers in XML; {"expire":true}: end all tokens
//	GET  /control/p21/orders?company=ACME&reference=...     orders as JSON
//	POST /control/p21/orders                                {"number":1013938,"action":"ship","quantities":{"1":"2"}} or "invoice"
//	     /control/faults                                    see misbehave, when Config.Faults is set
package p21

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"tieout/app/clock"
	"tieout/cmd/sandbox/misbehave"
)

// What the stand-in accepts unless Config says otherwise.
const (
	DemoUser         = "tieout"
	DemoPassword     = "prophet-21-demo"
	DemoClientSecret = "3f0f7c1e-5a52-4d8e-9f0e-0f6f5b2c7a11"
)

// Company is one company of the demo.
type Company struct {
	ID       string
	Name     string
	Currency string // functional
}

// DefaultCompanies are ACME (USD), ACMEUK (GBP) and ACMEEU (EUR).
func DefaultCompanies() []Company {
	return []Company{
		{"ACME", "Acme Supply Company", "USD"},
		{"ACMEUK", "Acme Supply UK Ltd", "GBP"},
		{"ACMEEU", "Acme Supply Europe GmbH", "EUR"},
	}
}

// Config says what the stand-in begins with. The zero value works.
type Config struct {
	Clock     clock.Clock // nil: the system's
	Seed      uint64      // decides the opening balances
	Companies []Company   // nil: DefaultCompanies
	Directory string      // where the books are kept; empty: in memory only

	// OpenMonths is how many months back periods are open: those that ended
	// earlier are closed. 14 when zero.
	OpenMonths int

	Username, Password, ClientSecret string        // empty: DemoUser and so on
	TokenLife                        time.Duration // a day when zero
	TokenXML                         bool          // sign-in answers in XML whatever is asked for
	NoJournalRead                    bool          // /api/v2/JournalEntries takes POST only
	CreditPositive                   bool          // the native surface writes credits as positive amounts

	// ShipAfter and InvoiceAfter move orders on by themselves, on Clock's time: so
	// long after they were entered, and after they were shipped. Zero: only when
	// asked to (see ShipOrder and InvoiceOrder).
	ShipAfter, InvoiceAfter time.Duration

	// Without names facade routes that this site does not have, as "Invoices" or
	// with a method, as "PUT SalesOrders".
	Without []string
	// DropItem is an item whose lines the Transaction API silently leaves out, as
	// a site's own rules can.
	DropItem string

	// OnPost is called when a journal is on the books and not yet answered. It
	// must not post itself.
	OnPost func(Journal)
	Faults *misbehave.Plan // nil: none
}

// Server is the stand-in; safe for concurrent use.
type Server struct {
	config  Config
	books   *books
	handler http.Handler

	mu       sync.Mutex
	tokens   map[string]time.Time // token -> its end
	tokenXML bool
	signIns  int
}

// New opens the books and returns the stand-in. Close it when it has a
// directory.
func New(cfg Config) (*Server, error) {
	fillIn(&cfg)
	books, err := openBooks(cfg)
	if err != nil {
		return nil, fmt.Errorf("open the stand-in's books: %w", err)
	}
	s := &Server{config: cfg, books: books, tokens: map[string]time.Time{}, tokenXML: cfg.TokenXML}
	s.handler = s.routes()
	return s, nil
}

func fillIn(cfg *Config) {
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.Companies == nil {
		cfg.Companies = DefaultCompanies()
	}
	if cfg.OpenMonths == 0 {
		cfg.OpenMonths = 14
	}
	if cfg.Username == "" {
		cfg.Username, cfg.Password = DemoUser, DemoPassword
	}
	if cfg.ClientSecret == "" {
		cfg.ClientSecret = DemoClientSecret
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 24 * time.Hour
	}
}

// Close closes the books' file.
func (s *Server) Close() error { return s.books.close() }

// ServeHTTP answers as P21 does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) routes() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("POST /api/security/token/v2", s.serveToken)
	api.Handle("/api/v2/", s.authorized(s.facade()))
	api.Handle("/odataservice/", s.authorized(http.HandlerFunc(s.serveTable)))
	api.Handle("/api/accounting/gl/", s.authorized(s.gl()))
	api.Handle("GET /api/accounting/exchangerates/{$}", s.authorized(http.HandlerFunc(s.serveRates)))
	api.Handle("GET /api/ui/router/v1/", s.authorized(http.HandlerFunc(s.serveRouter)))
	api.Handle("POST "+transactionPath, s.authorized(http.HandlerFunc(s.serveTransaction)))
	api.Handle("/api/entity/customers/", s.authorized(s.entity()))
	api.Handle("POST /api/inventory/inventoryadjustments/createWmsAdjustment", s.authorized(http.HandlerFunc(s.serveAdjustment)))

	all := http.NewServeMux()
	all.Handle("/", s.config.Faults.Wrap(misbehave.Side{Name: "p21", Operation: Operation, Refuse: refuse}, api))
	s.control(all)
	return all
}

// refuse answers a fault the way the web server in front of P21 does: in HTML,
// without P21's envelope.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=us-ascii")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!DOCTYPE html><html><head><title>%s</title></head><body><h2>%d</h2></body></html>", http.StatusText(status), status)
}

// Operations, as rules of misbehave name them; the same for both surfaces.
const (
	OpToken        = "token"
	OpPostJournal  = "journals.post"
	OpFindJournal  = "journals.find"
	OpReadJournal  = "journals.read"
	OpReadAccounts = "accounts"
	OpReadPeriods  = "periods"
	OpReadLedger   = "ledger" // of the facade; the native table is read like a journal

	OpRouter         = "router"
	OpPostOrder      = "orders.post"
	OpChangeOrder    = "orders.change"
	OpFindOrders     = "orders.find"
	OpReadOrder      = "orders.read"
	OpCreateCustomer = "customers.create"
	OpFindCustomers  = "customers.find"
	OpReadItems      = "items"
	OpReadStock      = "stock"
	OpAdjustStock    = "stock.adjust"
	OpReadShipments  = "shipments"
	OpWriteTracking  = "shipments.track"
	OpReadInvoices   = "invoices"
	OpFindReturns    = "returns.find"
	OpCreateReturn   = "returns.create"
)

// Operation names what a request asks for, "" for anything else.
func Operation(r *http.Request) string {
	path := strings.TrimSuffix(r.URL.Path, "/")
	if path == transactionPath {
		return transactionOperation(r)
	}
	for _, o := range operations() {
		if (path == o.path || o.below && strings.HasPrefix(path, o.path+"/")) && (o.method == "" || o.method == r.Method) {
			return o.name
		}
	}
	return ""
}

type operation struct {
	method string // empty: any
	path   string
	below  bool // and what is below it
	name   string
}

// operations are tried in order.
func operations() []operation {
	const table = "/odataservice/odata/table/"
	return []operation{
		{"", "/api/security/token/v2", false, OpToken},
		{"", "/api/v2/GLAccounts", false, OpReadAccounts},
		{"", table + "chart_of_accts", false, OpReadAccounts},
		{"", "/api/v2/FiscalPeriods", false, OpReadPeriods},
		{"", table + "periods", false, OpReadPeriods},
		{"", "/api/v2/GLLines", false, OpReadLedger},
		{"", table + "gl", false, OpFindJournal},
		{"POST", "/api/v2/JournalEntries", false, OpPostJournal},
		{"POST", "/api/accounting/gl", false, OpPostJournal},
		{"", "/api/v2/JournalEntries", false, OpFindJournal},
		{"", "/api/accounting/gl", false, OpFindJournal},
		{"", "/api/v2/JournalEntries", true, OpReadJournal},
		{"", "/api/accounting/gl", true, OpReadJournal},
		{"", "/api/ui/router", true, OpRouter},
		{"POST", "/api/v2/SalesOrders", false, OpPostOrder},
		{"PUT", "/api/v2/SalesOrders", true, OpChangeOrder},
		{"", "/api/v2/SalesOrders", false, OpFindOrders},
		{"", "/api/v2/SalesOrders", true, OpReadOrder},
		{"", table + "oe_hdr", false, OpFindOrders},
		{"", table + "oe_line", false, OpReadOrder},
		{"POST", "/api/v2/Customers", false, OpCreateCustomer},
		{"POST", "/api/entity/customers", false, OpCreateCustomer},
		{"", "/api/v2/Customers", true, OpFindCustomers},
		{"", table + "customer", false, OpFindCustomers},
		{"", "/api/v2/Products", true, OpReadItems},
		{"", table + "inv_mast", false, OpReadItems},
		{"PUT", "/api/v2/InventoryItems", true, OpAdjustStock},
		{"", "/api/inventory/inventoryadjustments", true, OpAdjustStock},
		{"", "/api/v2/InventoryItems", true, OpReadStock},
		{"", table + "inv_loc", false, OpReadStock},
		{"PUT", "/api/v2/Shipments", true, OpWriteTracking},
		{"", "/api/v2/Shipments", true, OpReadShipments},
		{"", table + "oe_pick_ticket", false, OpReadShipments},
		{"", "/api/v2/Invoices", true, OpReadInvoices},
		{"", table + "invoice_hdr", false, OpReadInvoices},
		{"POST", "/api/v2/Returns", false, OpCreateReturn},
		{"", "/api/v2/Returns", true, OpFindReturns},
		{"", table + "oe_line_rma", false, OpFindReturns},
	}
}

// errRefused is a rule of the books that a posting breaks.
type errRefused struct {
	kind     string // Validation, Unbalanced, PeriodClosed, Duplicate
	message  string
	field    string
	code     string
	existing string
}

func (e *errRefused) Error() string { return e.message }

func refusal(err error) (*errRefused, bool) {
	var refused *errRefused
	return refused, errors.As(err, &refused)
}
