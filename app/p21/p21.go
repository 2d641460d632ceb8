// Package p21 is what the program wants of Epicor Prophet 21: small interfaces
// for the ledger, sales, customers, items and fulfilment, together System, with
// an adapter per kind of server. seedv2 speaks the documented facade under
// /api/v2, native the middleware that P21 itself ships.
//
// No adapter ever writes anything twice by itself. What a failed write left
// behind is told by OutcomeOf; the decision to send again is the caller's.
package p21

import (
	"context"
	"net/http"
	"time"

	"tieout/app/clock"
	"tieout/app/money"
	"tieout/app/period"
)

// Names of the adapters.
const (
	SeedV2 = "seedv2"
	Native = "native"
)

// Ledger is the general ledger of one P21 company. All methods are safe for
// concurrent use and return *Error. Reads are tried again when the server is
// busy or broken; PostJournal sends at most once.
type Ledger interface {
	// Check tries the connection step by step and stops at the first step that
	// fails. It writes nothing.
	Check(ctx context.Context) []Step
	// Accounts returns the company's chart of accounts, by number; inactive ones included.
	Accounts(ctx context.Context) ([]Account, error)
	// Periods returns the company's fiscal periods without adjustment periods, by time.
	Periods(ctx context.Context) (period.Calendar, error)
	// PostJournal posts a journal and returns it as the server took it.
	PostJournal(ctx context.Context, j Journal) (Posted, error)
	// FindJournal returns every journal with this reference: none, one or, where
	// the server does not refuse duplicates, several.
	FindJournal(ctx context.Context, reference string) ([]Posted, error)
	// ReadJournal returns the journal with this number; Type NotFound when there is none.
	ReadJournal(ctx context.Context, number string) (Posted, error)
	// AccountLines returns the general ledger's lines of an account in a fiscal
	// period, whoever wrote them, in the order in which they were written.
	AccountLines(ctx context.Context, account string, year, number int) ([]AccountLine, error)
	// Capabilities says what this server can do. It asks once and remembers.
	Capabilities(ctx context.Context) (Capabilities, error)
}

// Capabilities differ from site to site.
type Capabilities struct {
	JournalRead       bool // FindJournal and ReadJournal work
	LedgerRead        bool // AccountLines works
	RefusesDuplicates bool // a second journal with the same reference is refused by the server
}

// Step is one step of Check.
type Step struct {
	Name   string // "Sign in"
	OK     bool
	Detail string // what was seen, or what to do about it
}

// Account is one account of the chart.
type Account struct {
	Number      string
	Description string
	Type        string // Asset, Liability, Equity, Income or Expense; else as the server says it
	Active      bool
	Control     bool   // AR or AP control account: subledgers write to it, journals should not
	Branch      string // empty without branch accounting
}

// Account types.
const (
	Asset     = "Asset"
	Liability = "Liability"
	Equity    = "Equity"
	Income    = "Income"
	Expense   = "Expense"
)

// Config is what an adapter needs of a site.
type Config struct {
	URL                string // base address, e.g. https://p21.example.com:3443
	Company            string // company id, e.g. ACME
	FunctionalCurrency money.Currency

	// Either a user or a consumer key; with a consumer key the user name is
	// optional and says in whose name P21 records the work.
	Username     string
	Password     string
	ClientSecret string

	// Native only. CreditPositive: this site's general ledger writes credits as
	// positive amounts (a debit is positive otherwise). Zone is the time zone of
	// the server's clock: P21 tells local times without an offset. When nil they
	// are taken for UTC, and half a day more is read when asking for changes.
	CreditPositive bool
	Zone           *time.Location

	// Transport decides about proxies and certificates; nil: Go's defaults. It is cloned.
	Transport *http.Transport
	Clock     clock.Clock // nil: the system's

	// Reads are tried up to Attempts times (5 when zero) with growing random
	// pauses of about Pause, 2 Pause, 4 Pause ... (500 ms when zero) in between.
	Attempts int
	Pause    time.Duration
}
