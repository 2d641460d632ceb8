package finances

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

// closing is a connection whose ended periods are brought up to date.
type closing struct {
	*Service
	tx       *database.Tx
	db       *sqlc.Queries
	books    sqlc.FinanceBooksRow
	rules    *mapping.Matcher
	missing  map[string]*unmapped
	problems map[string]exception.Raised // by class and cause
}

// Close proposes the accruals, and the deferrals where the policy asks for them,
// of a connection's periods that have ended: the last one and those whose drafts
// nobody has submitted. All that there are it holds beside settlements.
func (s *Service) Close(ctx context.Context, connectionID int64) error {
	return database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		c := closing{Service: s, tx: tx, db: sqlc.New(tx), missing: map[string]*unmapped{}, problems: map[string]exception.Raised{}}
		var err error
		if c.books, err = c.db.FinanceBooks(ctx, connectionID); err != nil {
			return fmt.Errorf("read connection %d: %w", connectionID, err)
		}
		if err := c.draft(ctx); err != nil {
			return err
		}
		return c.compare(ctx)
	})
}

func (c *closing) draft(ctx context.Context) error {
	set, err := c.Rules(ctx, c.tx, c.books.ID)
	if err != nil || set == nil {
		return err // without rules everything waits, and settlements say so
	}
	c.rules = mapping.Compile(*set)
	periods, err := c.periods(ctx)
	if err != nil {
		return err
	}
	currencies, err := c.db.FinanceCurrencies(ctx, c.books.ID)
	if err != nil {
		return fmt.Errorf("read currencies: %w", err)
	}
	for _, p := range periods {
		for _, currency := range currencies {
			if err := c.close(ctx, p, money.Currency(currency)); err != nil {
				return fmt.Errorf("close %s in %s: %w", p.Key(), currency, err)
			}
		}
	}
	return c.say(ctx)
}

// periods are the open ones to bring up to date, the earliest first.
func (c *closing) periods(ctx context.Context) ([]period.Period, error) {
	zone, err := time.LoadLocation(c.books.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load time zone of %s: %w", c.books.Name, err)
	}
	rows, err := c.db.PeriodsOfConnection(ctx, c.books.ID)
	if err != nil {
		return nil, fmt.Errorf("read fiscal periods: %w", err)
	}
	drafted, err := c.db.DraftedPeriods(ctx, c.books.ID)
	if err != nil {
		return nil, fmt.Errorf("find drafts: %w", err)
	}
	today, last := period.DateOf(c.tx.Now.In(zone)), -1
	var ended []period.Period
	for _, r := range rows {
		p := period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Number), Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn), Closed: r.Closed}
		if p.Ends.Before(today) {
			ended, last = append(ended, p), len(ended)
		}
	}
	var list []period.Period
	for i, p := range ended {
		has := slices.ContainsFunc(drafted, func(d sqlc.DraftedPeriodsRow) bool {
			return int(d.FiscalYear) == p.FiscalYear && int(d.Period) == p.Number
		})
		if !p.Closed && (i == last || has) {
			list = append(list, p)
		}
	}
	return list, nil
}

// close proposes the entries of one period and currency.
func (c *closing) close(ctx context.Context, p period.Period, currency money.Currency) error {
	b := Books{ConnectionID: c.books.ID, Currency: currency, Functional: money.Currency(c.books.FunctionalCurrency), Period: p, Rules: c.rules, RoundingLimit: c.books.RoundingLimit,
		DeferredAccount: c.books.DeferredAccount}
	found, err := c.rate(ctx, &b)
	if err != nil || !found {
		return err
	}
	list, err := c.movements(ctx, currency, p.Ends)
	if err != nil {
		return err
	}
	accrual, missing := Accrue(b, list)
	c.note(currency, missing)
	if err := c.propose(ctx, b, accrual); err != nil {
		return err
	}
	key := sqlc.RecognisedBeforeParams{ConnectionID: c.books.ID, Currency: string(currency), FiscalYear: int32(p.FiscalYear), Period: int32(p.Number)}
	rows, err := c.db.RecognisedBefore(ctx, key)
	if err != nil {
		return fmt.Errorf("read what was recognised: %w", err)
	}
	balance, err := c.db.DeferredBalance(ctx, sqlc.DeferredBalanceParams(key))
	if err != nil {
		return fmt.Errorf("read deferred receivable: %w", err)
	}
	if c.books.HeldSales != connection.OnSale {
		list = nil // what earlier entries recognised is taken back
	}
	before := make([]Recognised, len(rows))
	for i, r := range rows {
		before[i] = Recognised{r.TransactionID, r.Account, r.Branch, r.Marketplace, r.Category, r.Amount, r.Rate}
	}
	deferral, missing := Defer(b, list, before, balance)
	c.note(currency, missing)
	return c.propose(ctx, b, deferral)
}

func (c *closing) propose(ctx context.Context, b Books, p journal.Proposal) error {
	for _, l := range p.Lines {
		cause := fmt.Sprintf("%s/%s/%s", p.Type, b.Currency, b.Period.Key())
		switch {
		case l.Account == "":
			c.problem(exception.AccountProblem, cause, b, fmt.Sprintf("%s of %s in %s: no account is picked for %q.", p.Type.Title(), b.Period.Key(), b.Currency, l.Category))
			return nil
		case l.Category == mapping.SlotRounding && l.FunctionalDebit.Add(l.FunctionalCredit).GreaterThan(b.RoundingLimit):
			c.problem(exception.RoundingLimit, cause, b, fmt.Sprintf("%s of %s in %s: rounding leaves more over than the policy allows.", p.Type.Title(), b.Period.Key(), b.Currency))
			return nil
		}
	}
	_, err := c.Entries.Propose(ctx, c.tx, p, audit.Job("finances"))
	if fault.Is(err, fault.Conflict) {
		return nil // the period was closed meanwhile
	}
	return err
}

func (c *closing) problem(class exception.Class, cause string, b Books, title string) {
	c.problems[string(class)+"/"+cause] = exception.Raised{ConnectionID: c.books.ID, Class: class, Cause: cause, Title: title, Currency: string(b.Currency),
		Detail: map[string]any{"period": b.Period.Key(), "currency": b.Currency}}
}

// rate sets the rate at the period's end, as the connection's settings find it.
func (c *closing) rate(ctx context.Context, b *Books) (bool, error) {
	b.Rate = decimal.New(1, 0)
	if b.Currency == b.Functional {
		return true, nil
	}
	on := b.Period.Ends
	table, err := rates.Load(ctx, c.tx, c.books.ID, on, on, b.Currency, b.Functional)
	if err != nil {
		return false, err
	}
	q, ok := table.Find(rates.Pair{Base: b.Currency, Quote: b.Functional}, on)
	if !ok {
		c.problem(exception.MissingRate, fmt.Sprintf("close/%s/%s", b.Currency, b.Period.Key()), *b,
			fmt.Sprintf("There is no exchange rate from %s to %s for %s. Enter it under Administration, Exchange rates.", b.Currency, b.Functional, on))
		return false, nil
	}
	b.Rate, b.RateNote = q.Rate, fmt.Sprintf("rate of the period's end, %s", q.On)
	if q.Note != "" {
		b.RateNote += "; " + q.Note
	}
	return true, nil
}

func (c *closing) movements(ctx context.Context, currency money.Currency, until period.Date) ([]Movement, error) {
	rows, err := c.db.Movements(ctx, sqlc.MovementsParams{ConnectionID: c.books.ID, Currency: string(currency), UntilOn: until.Time()})
	if err != nil {
		return nil, fmt.Errorf("read transactions: %w", err)
	}
	var list []Movement
	last := int64(0)
	for _, r := range rows {
		if r.ID != last {
			last = r.ID
			list = append(list, Movement{Transaction: r.TransactionID, Type: r.Type, Order: r.OrderID, Posted: period.DateOf(r.PostedOn), Released: period.DateOf(r.ReleasedOn), Held: r.Held,
				Settled: r.SettlementID != 0, DocumentID: r.DocumentID, Total: r.Total})
		}
		m := &list[len(list)-1]
		m.Parts = append(m.Parts, Part{Number: int(r.Number), Path: r.Path, SKU: r.Sku, Quantity: int(r.Quantity), Fulfillment: r.Fulfillment, ProductGroup: r.ProductGroup, Amount: r.Amount,
			Kind: mapping.Kind{Marketplace: r.Marketplace, TransactionType: r.TransactionType, AmountType: r.AmountType, AmountDescription: r.AmountDescription, Sign: r.Amount.Sign()}})
	}
	return list, nil
}

// note remembers kinds that no rule takes.
func (c *closing) note(currency money.Currency, missing map[string]Missing) {
	for key, m := range missing {
		cause := key + " " + string(currency)
		if c.missing[cause] == nil {
			c.missing[cause] = &unmapped{kind: m.Kind, currency: string(currency)}
		}
		c.missing[cause].records = max(c.missing[cause].records, m.Transactions)
		c.missing[cause].amount = m.Amount
	}
}

// say opens exceptions for what stands in the way and clears those that do not
// any more.
func (c *closing) say(ctx context.Context) error {
	if err := c.raise(ctx, c.tx, c.books.ID, c.missing); err != nil {
		return err
	}
	open, err := c.db.OpenCloseProblems(ctx, c.books.ID)
	if err != nil {
		return fmt.Errorf("read exceptions: %w", err)
	}
	for _, x := range open {
		if _, still := c.problems[x.Class+"/"+x.Cause]; still {
			continue
		}
		if err := exception.Clear(ctx, c.tx, c.books.ID, exception.Class(x.Class), x.Cause, "Its cause is gone.", audit.Job("finances")); err != nil {
			return err
		}
	}
	for _, raised := range c.problems {
		if _, err := exception.Raise(ctx, c.tx, raised); err != nil {
			return err
		}
	}
	return nil
}
