// Package native reads and writes a P21 company through the middleware that
// P21 ships: OData for reading tables, /api/accounting/gl/ for journals, the
// Transaction API on the UI server for orders, returns and tracking numbers,
// /api/entity/customers/ and /api/inventory/inventoryadjustments/.
//
// What the public record says about this surface, and what follows from it:
//
//   - A posted array of lines is one journal; it is posted at once, and posting
//     it twice makes two. There is no look-up by reference: the reference goes
//     into every line's source, and the gl table is read by source.
//   - One signed amount per line. Positive is taken for debit, which sites
//     should confirm with a test entry; Config.CreditPositive turns it around.
//   - Amount is in the functional currency, ForeignAmount in the journal's own.
//   - OData filters are not always applied, so every row is checked again here.
//     An "in" filter is never sent: servers accept and ignore it.
//   - The Transaction API answers 200 whatever happened, may drop a line and
//     collapses rows without keys: one order is sent at a time, its lines keyed,
//     and what P21 then holds is read back and compared.
//   - Times carry no offset; Config.Zone says which clock they are. Without it
//     changes of half a day more are read, so that none is missed.
package native

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"tieout/app/clock"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// System is the adapter.
type System struct {
	rest           *rest.Client
	company        string
	functional     money.Currency
	creditPositive bool
	zone           *time.Location
	slack          time.Duration // how much more is asked for when asking for changes
	clock          clock.Clock

	features atomic.Pointer[p21.Features] // nil until asked

	mu         sync.Mutex
	currencies []currency // as read; nil until needed
}

var _ p21.System = (*System)(nil)

// New returns the system of cfg.Company; nothing is sent yet.
func New(cfg p21.Config) (*System, error) {
	client, err := rest.New(cfg)
	if err != nil {
		return nil, err
	}
	if !cfg.FunctionalCurrency.Valid() {
		return nil, &p21.Error{Operation: "open P21", Type: p21.Validation, Message: "the functional currency is missing"}
	}
	s := &System{
		rest: client, company: cfg.Company, functional: cfg.FunctionalCurrency,
		creditPositive: cfg.CreditPositive, zone: cfg.Zone, clock: cfg.Clock,
	}
	s.slack = time.Hour // when clocks go back, an hour has the same local time twice
	if s.zone == nil {
		s.zone, s.slack = time.UTC, 13*time.Hour // no zone is further behind than that
	}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	return s, nil
}

// Check implements p21.Ledger.
func (s *System) Check(ctx context.Context) []p21.Step {
	return p21.Checks{SignIn: s.rest.SignIn, Ledger: s, Company: s.company, Today: s.clock.Now()}.Run(ctx)
}

// Capabilities implements p21.Ledger. The gl table can always be read; two
// journals with one reference are never refused.
func (s *System) Capabilities(context.Context) (p21.Capabilities, error) {
	return p21.Capabilities{JournalRead: true, LedgerRead: true, RefusesDuplicates: false}, nil
}

// Accounts implements p21.Ledger.
func (s *System) Accounts(ctx context.Context) ([]p21.Account, error) {
	rows, err := table(ctx, s.rest, query[account]{
		operation: "read chart of accounts", table: "chart_of_accts", order: "account_no",
		columns: "company_no,account_no,account_desc,account_type,branch_id,delete_flag,account_definition_cd",
		filter:  "company_no eq " + rest.Literal(s.company),
		matches: func(a account) bool { return a.CompanyNo.is(s.company) },
	})
	if err != nil {
		return nil, err
	}
	accounts := make([]p21.Account, len(rows))
	for i, a := range rows {
		accounts[i] = a.account()
	}
	return accounts, nil
}

// Periods implements p21.Ledger.
func (s *System) Periods(ctx context.Context) (period.Calendar, error) {
	const operation = "read fiscal periods"
	rows, err := table(ctx, s.rest, query[fiscalPeriod]{
		operation: operation, table: "periods", order: "year_for_period,period",
		columns: "company_no,period,year_for_period,period_closed,beginning_date,ending_date,adjustment_period_flag",
		filter:  fmt.Sprintf("company_no eq %s and adjustment_period_flag eq 'N'", rest.Literal(s.company)),
		// An adjustment period lies over the last ordinary one and takes no journals of ours.
		matches: func(p fiscalPeriod) bool { return p.CompanyNo.is(s.company) && p.AdjustmentPeriodFlag != "Y" },
	})
	if err != nil {
		return nil, err
	}
	calendar := make(period.Calendar, len(rows))
	for i, row := range rows {
		if calendar[i], err = row.period(); err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
	}
	return calendar, nil
}

const journals = "/api/accounting/gl/"

// PostJournal implements p21.Ledger. The company's accounts and period are
// looked at before anything is sent, because the answers of P21 to a wrong one
// are not known; such refusals have Sent false and are final.
func (s *System) PostJournal(ctx context.Context, j p21.Journal) (p21.Posted, error) {
	const operation = "post journal"
	if err := j.Validate(); err != nil {
		return p21.Posted{}, err
	}
	currencyID, err := s.preflight(ctx, j)
	if err != nil {
		return p21.Posted{}, notSent(err)
	}
	var held []glLine
	if err := s.rest.Post(ctx, operation, journals, j.Company+"/"+j.Reference, s.lines(j, currencyID), &held); err != nil {
		return p21.Posted{}, err
	}
	posted, err := s.posted(held, s.known())
	if err != nil {
		return p21.Posted{}, rest.Broken(operation, "%v", err)
	}
	if posted.Reference != j.Reference || len(posted.Lines) != len(j.Lines) {
		return p21.Posted{}, rest.Broken(operation, "sent %d lines of %s, the answer shows %d of %q",
			len(j.Lines), j.Reference, len(posted.Lines), posted.Reference)
	}
	return posted, nil
}

// FindJournal implements p21.Ledger.
func (s *System) FindJournal(ctx context.Context, reference string) ([]p21.Posted, error) {
	const operation = "find journal"
	rows, err := table(ctx, s.rest, query[glRow]{
		operation: operation, table: "gl", order: "gl_uid",
		columns: "gl_uid,company_no,account_number,period,year_for_period,journal_id,amount,foreign_amount,currency_id," +
			"source,description,transaction_date,transaction_number,sequence_number,date_created,exchange_rate_manual_entry",
		filter:  fmt.Sprintf("company_no eq %s and source eq %s", rest.Literal(s.company), rest.Literal(reference)),
		matches: func(r glRow) bool { return r.CompanyNo.is(s.company) && r.Source.is(reference) },
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	known, err := s.readCurrencies(ctx)
	if err != nil {
		return nil, err
	}
	var found []p21.Posted
	for _, lines := range byTransaction(rows) {
		posted, err := s.posted(lines, known)
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		found = append(found, posted)
	}
	return found, nil
}

// ReadJournal implements p21.Ledger. P21 answers an unknown number with an
// empty array.
func (s *System) ReadJournal(ctx context.Context, number string) (p21.Posted, error) {
	const operation = "read journal"
	var held []glLine
	if err := s.rest.Get(ctx, operation, journals+url.PathEscape(number), &held); err != nil {
		return p21.Posted{}, err
	}
	if len(held) == 0 || !text(held[0].CompanyNo).is(s.company) {
		return p21.Posted{}, &p21.Error{Operation: operation, Type: p21.NotFound,
			Message: fmt.Sprintf("company %s has no journal %s", s.company, number)}
	}
	known, err := s.readCurrencies(ctx)
	if err != nil {
		return p21.Posted{}, err
	}
	posted, err := s.posted(held, known)
	if err != nil {
		return p21.Posted{}, rest.Broken(operation, "%v", err)
	}
	if posted.Number != number {
		return p21.Posted{}, rest.Broken(operation, "asked for journal %s, got %s", number, posted.Number)
	}
	return posted, nil
}
