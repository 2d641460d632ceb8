package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
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

// postOldest posts the oldest period of a connection.
func (b *beginners) postOldest(ctx context.Context) error {
	there, err := b.until(ctx, 2*time.Minute, `SELECT count(*) > 3 FROM journal_entry e JOIN connection c ON c.id = e.connection_id WHERE c.name = $1 AND e.status = 'draft'`, postedOf)
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

// enterByOthers has somebody type a receipt of a deposit into P21, and an entry
// that was posted already once more.
func (b *beginners) enterByOthers(context.Context) error {
	company := ""
	for _, side := range b.sandbox.Connections() {
		if side.Name == postedOf {
			company = side.P21Company
		}
	}
	posted := b.sandbox.P21.Journals(company)
	if len(posted) == 0 {
		return nil
	}
	again := posted[0]
	receipt := again
	amount := decimal.Zero
	for _, l := range again.Lines {
		if l.Account == p21stand.Clearing {
			amount = amount.Add(l.FunctionalDebit).Sub(l.FunctionalCredit)
		}
	}
	if amount.IsPositive() {
		receipt.Reference, receipt.JournalID, receipt.Description = "RCPT-1001", "CR", "Receipt of Amazon"
		receipt.Lines = []p21stand.Line{{Number: 1, Account: p21stand.Bank, Debit: amount, FunctionalDebit: amount, Description: "Amazon"},
			{Number: 2, Account: p21stand.Clearing, Credit: amount, FunctionalCredit: amount, Description: "Amazon"}}
		if _, err := b.sandbox.P21.Enter(receipt); err != nil {
			return fmt.Errorf("enter a receipt: %w", err)
		}
	}
	if _, err := b.sandbox.P21.Enter(again); err != nil {
		return fmt.Errorf("enter %s twice: %w", again.Reference, err)
	}
	return nil
}

// accrue posts the accrual of what Amazon is late to report, and then lets it
// report.
func (b *beginners) accrue(ctx context.Context) error {
	_, err := b.until(ctx, 2*time.Minute, `SELECT EXISTS (SELECT FROM journal_entry e JOIN connection c ON c.id = e.connection_id WHERE c.name = $1 AND e.entry_type = 'accrual' AND e.status = 'draft')
		AND NOT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable', 'pending') AND kind IN ('find_reports', 'fetch_report', 'import', 'draft', 'redraft', 'read_finances', 'close_finances'))`, accruedOf)
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

// compare has both sides of everything compared when nothing is on its way.
func (b *beginners) compare(ctx context.Context) error {
	_, err := b.until(ctx, time.Minute, `SELECT NOT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable', 'pending') AND kind IN ('find_reports', 'fetch_report', 'import', 'draft', 'post', 'read_flow'))`)
	if err != nil {
		return err
	}
	_, err = b.accountant.post(ctx, "/reconciliation/check", nil)
	return err
}
