package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/fbastock"
	"tieout/app/period"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/server"
)

// The connections of which the demonstration's people post something: of one
// Amazon is late with the report, so that its month is accrued.
const (
	postedOf  = "us"
	accruedOf = "eu"
)

// withhold has Amazon be late with the settlements that reach beyond the last
// month's end, until the accrual is posted.
func (p *program) withhold(ctx context.Context, sandbox *server.Server) error {
	var begun bool
	if err := p.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM settlement)`).Scan(&begun); err != nil {
		return fmt.Errorf("look for settlements: %w", err)
	}
	if begun {
		return nil
	}
	now := sandbox.Now()
	return sandbox.Amazon.Withhold(accruedOf, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC))
}

// beginners are the people who do the demonstration's first work.
type beginners struct {
	desk
	*program
	sandbox       *server.Server
	administrator *clerk
}

// begin has people do the first of the work through the pages, once, while
// others look around already. What it returns waits for them.
func (p *program) begin(ctx context.Context, sandbox *server.Server, public string) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.firstWork(ctx, sandbox, public); err != nil && ctx.Err() == nil {
			p.log.Error("the demonstration's people could not do their work", "error", err)
		}
	}()
	return func() { <-done }
}

func (p *program) firstWork(ctx context.Context, sandbox *server.Server, public string) error {
	b := &beginners{program: p, sandbox: sandbox}
	if posted, err := b.holds(ctx, `SELECT EXISTS (SELECT FROM journal_entry WHERE status = 'posted')`); err != nil || posted {
		return err
	}
	for who, seat := range map[string]**clerk{"amy.accountant": &b.accountant, "carl.controller": &b.controller, "dora.director": &b.director, "adam.admin": &b.administrator} {
		var err error
		if *seat, err = newClerk(ctx, public, sandbox.Issuer, who); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{b.postOldest, b.enterByOthers, b.accrue, b.compare} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *beginners) holds(ctx context.Context, query string, args ...any) (yes bool, err error) {
	if err := b.pool.QueryRow(ctx, query, args...).Scan(&yes); err != nil {
		return false, fmt.Errorf("look how far the demonstration is: %w", err)
	}
	return yes, nil
}

// until waits for the database to say yes, and reports whether it did in time.
func (b *beginners) until(ctx context.Context, limit time.Duration, query string, args ...any) (bool, error) {
	for begun := time.Now(); ; {
		yes, err := b.holds(ctx, query, args...)
		if err != nil || yes || time.Since(begun) > limit {
			return yes, err
		}
		if err := amazon.Sleep(ctx, 500*time.Millisecond); err != nil {
			return false, err
		}
	}
}

// atRest holds when nothing that Amazon told is on its way into the books.
const atRest = `NOT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable', 'pending')
	AND kind IN ('find_reports', 'fetch_report', 'import', 'draft', 'redraft', 'read_finances', 'close_finances', 'post', 'read_flow'))`

// postOldest posts the oldest period of a connection.
func (b *beginners) postOldest(ctx context.Context) error {
	there, err := b.until(ctx, 2*time.Minute, `SELECT count(*) > 3 AND `+atRest+` FROM journal_entry e JOIN connection c ON c.id = e.connection_id WHERE c.name = $1 AND e.status = 'draft'`, postedOf)
	if err != nil || !there {
		return err
	}
	var connection int64
	var year, number int
	err = b.pool.QueryRow(ctx, `SELECT e.connection_id, e.fiscal_year, e.period FROM journal_entry e JOIN connection c ON c.id = e.connection_id
		WHERE c.name = $1 AND e.status = 'draft' ORDER BY e.fiscal_year, e.period LIMIT 1`, postedOf).Scan(&connection, &year, &number)
	if err != nil {
		return fmt.Errorf("find the oldest period: %w", err)
	}
	if err := b.post(ctx, url.Values{"connection": {fmt.Sprint(connection)}, "period": {period.Period{FiscalYear: year, Number: number}.Key()}}); err != nil {
		return err
	}
	_, err = b.until(ctx, time.Minute, `SELECT EXISTS (SELECT FROM journal_entry WHERE connection_id = $1 AND status = 'posted')
		AND NOT EXISTS (SELECT FROM journal_entry WHERE connection_id = $1 AND status IN ('approved', 'posting'))`, connection)
	return err
}

// enterByOthers has somebody type the receipt of a deposit into P21, and an entry
// that was posted already once more.
func (b *beginners) enterByOthers(ctx context.Context) error {
	var company string
	var deposit decimal.Decimal
	err := b.pool.QueryRow(ctx, `SELECT c.p21_company, s.deposit FROM settlement s JOIN connection c ON c.id = s.connection_id WHERE c.name = $1 AND s.deposit > 0 ORDER BY s.end_at LIMIT 1`, postedOf).Scan(&company, &deposit)
	if err != nil {
		return fmt.Errorf("find a deposit: %w", err)
	}
	for _, j := range b.sandbox.P21.Journals(company) {
		if slices.ContainsFunc(j.Lines, func(l p21stand.Line) bool { return l.Account == p21stand.Clearing }) {
			return b.enter(j, deposit)
		}
	}
	return nil
}

// enter types the receipt of a deposit in the period of a journal, and the
// journal again.
func (b *beginners) enter(j p21stand.Journal, deposit decimal.Decimal) error {
	receipt := j
	receipt.Reference, receipt.JournalID, receipt.Description = "RCPT-1001", "CR", "Receipt of Amazon"
	receipt.Lines = []p21stand.Line{{Number: 1, Account: p21stand.Bank, Debit: deposit, FunctionalDebit: deposit, Description: "Amazon"},
		{Number: 2, Account: p21stand.Clearing, Credit: deposit, FunctionalCredit: deposit, Description: "Amazon"}}
	for _, typed := range []p21stand.Journal{receipt, j} {
		if _, err := b.sandbox.P21.Enter(typed); err != nil {
			return fmt.Errorf("enter %s: %w", typed.Reference, err)
		}
	}
	return nil
}

// accrue posts the accrual of what Amazon is late to report, and then lets it
// report.
func (b *beginners) accrue(ctx context.Context) error {
	_, err := b.until(ctx, 2*time.Minute, `SELECT EXISTS (SELECT FROM journal_entry e JOIN connection c ON c.id = e.connection_id WHERE c.name = $1 AND e.entry_type = 'accrual' AND e.status = 'draft') AND `+atRest, accruedOf)
	if err != nil {
		return err
	}
	var reference string
	var connection int64
	err = b.pool.QueryRow(ctx, `SELECT c.id, coalesce((SELECT max(e.reference) FROM journal_entry e WHERE e.connection_id = c.id AND e.entry_type = 'accrual' AND e.status = 'draft'), '') FROM connection c WHERE c.name = $1`,
		accruedOf).Scan(&connection, &reference)
	if err != nil {
		return fmt.Errorf("find the accrual: %w", err)
	}
	if reference != "" {
		if err := b.post(ctx, url.Values{"connection": {fmt.Sprint(connection)}, "q": {reference}}); err != nil {
			return err
		}
	}
	if err := b.sandbox.Amazon.Withhold(accruedOf, time.Time{}); err != nil {
		return err
	}
	_, err = b.administrator.post(ctx, fmt.Sprintf("/admin/connections/%d/find", connection), nil)
	return err
}

// compare has both sides of everything compared when nothing is on its way; of
// stock, which the first orders have moved, both sides are read again before.
func (b *beginners) compare(ctx context.Context) error {
	if _, err := b.until(ctx, time.Minute, `SELECT `+atRest); err != nil {
		return err
	}
	list, err := b.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if _, err := b.administrator.post(ctx, fmt.Sprintf("/flows/%s/%d/run", fbastock.Name, c.ID), nil); err != nil {
			return err
		}
	}
	if _, err := b.until(ctx, time.Minute, `SELECT `+atRest+` AND NOT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running') AND kind = 'work_flow')`); err != nil {
		return err
	}
	_, err = b.accountant.post(ctx, "/reconciliation/check", nil)
	return err
}
