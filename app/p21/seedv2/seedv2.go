// Package seedv2 reads and writes a P21 company through the facade under
// /api/v2: JournalEntries, GLAccounts and FiscalPeriods, SalesOrders, Customers,
// Products, InventoryItems, Shipments, Invoices and Returns.
//
// SalesOrders, Customers, Products and InventoryItems are the facade's own.
// Shipments, Invoices and Returns, with PUT on a shipment for its tracking number
// and POST of a return, are this project's extensions; Features says which of it
// all a server has.
//
// JournalEntries is the facade's own. GLAccounts, FiscalPeriods and GLLines, reading
// journals, and the functional amounts and branch of a journal's lines are this
// project's extensions in the same style; a server without journal reading is
// recognised (Capabilities), one without functional amounts too
// (Posted.FunctionalUnknown).
//
//	GET /api/v2/GLAccounts?$filter=CompanyId eq 'ACME'&$orderby=GLAccount&...
//	    {"CompanyId","GLAccount","Description","AccountType":"Asset|Liability|Equity|Income|Expense",
//	     "ControlType":"AR|AP|","Branch","Active"}
//	GET /api/v2/FiscalPeriods?$filter=CompanyId eq 'ACME'&$orderby=FiscalYear,Period&...
//	    {"CompanyId","FiscalYear","Period","BeginningDate","EndingDate","Closed"}
//	GET /api/v2/GLLines?$filter=CompanyId eq 'ACME' and GLAccount eq '1130-000' and FiscalYear eq 2026 and Period eq 11&$orderby=LineId&...
//	    {"LineId","CompanyId","GLAccount","FiscalYear","Period","JournalEntryNumber","ExternalReference","JournalId",
//	     "TransactionDate","Description","FunctionalDebit","FunctionalCredit"}
package seedv2

import (
	"context"
	"fmt"
	"net/url"
	"sync/atomic"

	"tieout/app/clock"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// System is the adapter.
type System struct {
	rest    *rest.Client
	company string
	clock   clock.Clock
	can     atomic.Pointer[p21.Capabilities] // nil until asked

	features features
}

var _ p21.System = (*System)(nil)

// New returns the system of cfg.Company; nothing is sent yet.
func New(cfg p21.Config) (*System, error) {
	client, err := rest.New(cfg)
	if err != nil {
		return nil, err
	}
	s := &System{rest: client, company: cfg.Company, clock: cfg.Clock}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	return s, nil
}

// Check implements p21.Ledger.
func (s *System) Check(ctx context.Context) []p21.Step {
	return p21.Checks{SignIn: s.rest.SignIn, Ledger: s, Company: s.company, Today: s.clock.Now()}.Run(ctx)
}

// Accounts implements p21.Ledger.
func (s *System) Accounts(ctx context.Context) ([]p21.Account, error) {
	rows, err := list(ctx, s.rest, query[account]{
		operation: "read chart of accounts", path: "/api/v2/GLAccounts", order: "GLAccount",
		filter:  "CompanyId eq " + rest.Literal(s.company),
		matches: func(a account) bool { return a.CompanyId == s.company },
	})
	if err != nil {
		return nil, err
	}
	accounts := make([]p21.Account, len(rows))
	for i, a := range rows {
		accounts[i] = p21.Account{
			Number: a.GLAccount, Description: a.Description, Type: a.AccountType,
			Active: a.Active, Control: a.ControlType != "", Branch: a.Branch,
		}
	}
	return accounts, nil
}

// Periods implements p21.Ledger.
func (s *System) Periods(ctx context.Context) (period.Calendar, error) {
	const operation = "read fiscal periods"
	rows, err := list(ctx, s.rest, query[fiscalPeriod]{
		operation: operation, path: "/api/v2/FiscalPeriods", order: "FiscalYear,Period",
		filter:  "CompanyId eq " + rest.Literal(s.company),
		matches: func(p fiscalPeriod) bool { return p.CompanyId == s.company },
	})
	if err != nil {
		return nil, err
	}
	calendar := make(period.Calendar, len(rows))
	for i, row := range rows {
		starts, err := period.ParseDate(row.BeginningDate)
		if err != nil {
			return nil, rest.Broken(operation, "period %d of %d: %v", row.Period, row.FiscalYear, err)
		}
		ends, err := period.ParseDate(row.EndingDate)
		if err != nil {
			return nil, rest.Broken(operation, "period %d of %d: %v", row.Period, row.FiscalYear, err)
		}
		calendar[i] = period.Period{FiscalYear: row.FiscalYear, Number: row.Period, Starts: starts, Ends: ends, Closed: row.Closed}
	}
	return calendar, nil
}

const journals = "/api/v2/JournalEntries"

// PostJournal implements p21.Ledger. The server refuses a second journal with
// the same reference: Type Duplicate, with its number in ExistingKey.
func (s *System) PostJournal(ctx context.Context, j p21.Journal) (p21.Posted, error) {
	const operation = "post journal"
	if err := j.Validate(); err != nil {
		return p21.Posted{}, err
	}
	if j.Company != s.company {
		return p21.Posted{}, &p21.Error{Operation: operation, Type: p21.Validation,
			Message: fmt.Sprintf("the journal is for company %s, this connection for %s", j.Company, s.company)}
	}
	var held journal
	if err := s.rest.Post(ctx, operation, journals, j.Company+"/"+j.Reference, journalOf(j), &held); err != nil {
		return p21.Posted{}, err
	}
	posted, err := held.posted(j.FunctionalCurrency)
	if err != nil {
		return p21.Posted{}, rest.Broken(operation, "%v", err)
	}
	if posted.Number == "" || posted.Reference != j.Reference {
		return p21.Posted{}, rest.Broken(operation, "the answer is not about %s or gives no number", j.Reference)
	}
	return posted, nil
}

// FindJournal implements p21.Ledger.
func (s *System) FindJournal(ctx context.Context, reference string) ([]p21.Posted, error) {
	const operation = "find journal"
	rows, err := list(ctx, s.rest, query[journal]{
		operation: operation, path: journals, order: "JournalEntryNumber",
		filter:  fmt.Sprintf("CompanyId eq %s and ExternalReference eq %s", rest.Literal(s.company), rest.Literal(reference)),
		matches: func(j journal) bool { return j.CompanyId == s.company && j.ExternalReference == reference },
	})
	if err != nil {
		return nil, err
	}
	found := make([]p21.Posted, len(rows))
	for i, row := range rows {
		if found[i], err = row.posted(""); err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
	}
	return found, nil
}

// ReadJournal implements p21.Ledger.
func (s *System) ReadJournal(ctx context.Context, number string) (p21.Posted, error) {
	const operation = "read journal"
	var held journal
	if err := s.rest.Get(ctx, operation, journals+"/"+url.PathEscape(number), &held); err != nil {
		return p21.Posted{}, err
	}
	if string(held.JournalEntryNumber) != number || held.CompanyId != s.company {
		return p21.Posted{}, rest.Broken(operation, "asked for %s of %s, got %s of %s", number, s.company, held.JournalEntryNumber, held.CompanyId)
	}
	posted, err := held.posted("")
	if err != nil {
		return p21.Posted{}, rest.Broken(operation, "%v", err)
	}
	return posted, nil
}

// Capabilities implements p21.Ledger: a server that answers a read of journals
// with 404 or 405 can only be written to.
func (s *System) Capabilities(ctx context.Context) (p21.Capabilities, error) {
	if can := s.can.Load(); can != nil {
		return *can, nil
	}
	var one page[journal]
	err := s.rest.Get(ctx, "ask for journals", journals, &one,
		"$filter", "CompanyId eq "+rest.Literal(s.company), "$orderby", "JournalEntryNumber", "$top", "1", "$skip", "0")
	if err != nil && !rest.RouteMissing(err) {
		return p21.Capabilities{}, err
	}
	can := p21.Capabilities{JournalRead: err == nil, RefusesDuplicates: true}
	if can.LedgerRead, err = s.readsLedger(ctx); err != nil {
		return p21.Capabilities{}, err
	}
	s.can.Store(&can)
	return can, nil
}
