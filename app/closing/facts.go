package closing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

// before is how far back settlements are read, so that a chain that stopped
// before the period is seen.
const before = 62 * 24 * time.Hour

// facts reads what a checklist is computed from.
func (s *Service) facts(ctx context.Context, db sqlc.DBTX, key Key) (Facts, error) {
	q := sqlc.New(db)
	p, err := q.PeriodToClose(ctx, sqlc.PeriodToCloseParams{ConnectionID: key.ConnectionID, FiscalYear: int32(key.FiscalYear), Number: int32(key.Number)})
	if errors.Is(err, pgx.ErrNoRows) {
		return Facts{}, fault.New(fault.NotFound, "This connection has no period %s. Periods are read from Prophet 21 with the chart of accounts.", key)
	}
	if err != nil {
		return Facts{}, fmt.Errorf("read period %s: %w", key, err)
	}
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return Facts{}, fmt.Errorf("load time zone of %s: %w", p.ConnectionName, err)
	}
	f := Facts{
		Key: key, Connection: p.ConnectionName, Functional: money.Currency(p.FunctionalCurrency), ClosedInP21: p.Closed, Today: period.DateOf(s.clock.Now().In(zone)),
		Period:  period.Period{FiscalYear: key.FiscalYear, Number: key.Number, Starts: period.DateOf(p.StartsOn), Ends: period.DateOf(p.EndsOn)},
		Accrued: map[money.Currency]bool{},
	}
	if p.BooksFrom != nil {
		f.BooksFrom = period.DateOf(*p.BooksFrom)
	}
	f.Begins, f.Until = midnight(f.Period.Starts, zone), midnight(f.Period.Ends.AddDays(1), zone)
	for _, read := range []func(context.Context, sqlc.DBTX, sqlc.PeriodToCloseRow) error{f.readCycles, f.readEntries, f.readUndrafted, f.readExceptions, f.readRates, f.readCosts} {
		if err := read(ctx, db, p); err != nil {
			return Facts{}, fmt.Errorf("read period %s: %w", key, err)
		}
	}
	if f.Standings, err = s.standings(ctx, f); err != nil {
		return Facts{}, fmt.Errorf("read reconciliations of period %s: %w", key, err)
	}
	return f, nil
}

// standings are the reconciliations that this program compares and that apply
// to the connection.
func (s *Service) standings(ctx context.Context, f Facts) ([]Standing, error) {
	if s.reconciled == nil {
		return nil, nil
	}
	rows, err := s.reconciled.Standing(ctx, f.Key.ConnectionID, "", f.Period.Ends)
	if err != nil {
		return nil, err
	}
	var list []Standing
	for _, r := range rows {
		if r.NotApplicable || !s.reconciled.Has(r.Name) {
			continue
		}
		list = append(list, Standing{Key: string(r.Name), Title: r.Name.Title(), Problem: r.Problem, Difference: r.Unexplained, Open: r.OpenCount, Explained: r.ExplainedCount,
			Fix: f.at("/reconciliation/" + string(r.Name))})
	}
	return list, nil
}

func midnight(d period.Date, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

func (f *Facts) readCycles(ctx context.Context, db sqlc.DBTX, p sqlc.PeriodToCloseRow) error {
	q := sqlc.New(db)
	rows, err := q.CyclesAround(ctx, sqlc.CyclesAroundParams{ConnectionID: p.ConnectionID, Since: f.Begins.Add(-before), Ends: f.Until})
	if err != nil {
		return fmt.Errorf("read settlements: %w", err)
	}
	for _, r := range rows {
		f.Cycles = append(f.Cycles, Cycle{ID: r.ID, AmazonID: r.AmazonID, Currency: money.Currency(r.Currency), Start: r.StartAt, End: r.EndAt, Deposit: r.Deposit, Difference: r.Difference})
	}
	return nil
}

func (f *Facts) readEntries(ctx context.Context, db sqlc.DBTX, p sqlc.PeriodToCloseRow) error {
	q := sqlc.New(db)
	rows, err := q.EntriesOfPeriod(ctx, sqlc.EntriesOfPeriodParams{ConnectionID: p.ConnectionID, FiscalYear: p.FiscalYear, Period: p.Number})
	if err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	for _, r := range rows {
		f.Entries = append(f.Entries, Sum{r.Status, r.Entries, money.New(r.Total, money.Currency(r.Currency))})
	}
	reissued, err := q.ReissuesOfPeriod(ctx, sqlc.ReissuesOfPeriodParams{ConnectionID: p.ConnectionID, FiscalYear: p.FiscalYear, Period: p.Number})
	if err != nil {
		return fmt.Errorf("read re-issued reports: %w", err)
	}
	for _, r := range reissued {
		f.Reissued = append(f.Reissued, Sum{Count: r.Entries, Amount: money.New(r.Total, money.Currency(r.Currency))})
	}
	accrued, err := q.AccrualsOfPeriod(ctx, sqlc.AccrualsOfPeriodParams{ConnectionID: p.ConnectionID, FiscalYear: p.FiscalYear, Period: p.Number})
	if err != nil {
		return fmt.Errorf("read accruals: %w", err)
	}
	for _, currency := range accrued {
		f.Accrued[money.Currency(currency)] = true
	}
	return nil
}

func (f *Facts) readUndrafted(ctx context.Context, db sqlc.DBTX, p sqlc.PeriodToCloseRow) error {
	q := sqlc.New(db)
	rows, err := q.UndraftedOfPeriod(ctx, sqlc.UndraftedOfPeriodParams{ConnectionID: p.ConnectionID, Begins: f.Begins, Ends: f.Until, StartsOn: p.StartsOn, EndsOn: p.EndsOn})
	if err != nil {
		return fmt.Errorf("read amounts without an entry: %w", err)
	}
	for _, r := range rows {
		f.Undrafted = append(f.Undrafted, Sum{Count: r.Settlements, Amount: money.New(r.Amount, money.Currency(r.Currency))})
	}
	return nil
}

func (f *Facts) readExceptions(ctx context.Context, db sqlc.DBTX, p sqlc.PeriodToCloseRow) error {
	q := sqlc.New(db)
	rows, err := q.ExceptionsOfPeriod(ctx, sqlc.ExceptionsOfPeriodParams{ConnectionID: p.ConnectionID, FiscalYear: p.FiscalYear, Period: p.Number,
		Begins: f.Begins, Ends: f.Until, StartsOn: p.StartsOn, EndsOn: p.EndsOn})
	if err != nil {
		return fmt.Errorf("read exceptions: %w", err)
	}
	for _, r := range rows {
		if !r.Within {
			f.Others += r.Causes
			continue
		}
		f.Exceptions = append(f.Exceptions, Sum{Count: r.Causes, Amount: money.New(r.Amount, money.Currency(r.Currency))})
	}
	return nil
}

// readRates asks for the rate of every day that has to be converted, as drafting
// does.
func (f *Facts) readRates(ctx context.Context, db sqlc.DBTX, p sqlc.PeriodToCloseRow) error {
	days, err := sqlc.New(db).RateDaysOfPeriod(ctx, sqlc.RateDaysOfPeriodParams{ConnectionID: p.ConnectionID, FunctionalCurrency: p.FunctionalCurrency, ByPostedDate: p.RateSource == "posted_date",
		Zone: p.TimeZone, Begins: f.Begins, Ends: f.Until, StartsOn: p.StartsOn, EndsOn: p.EndsOn})
	if err != nil || len(days) == 0 {
		return wrapped(err, "read days to convert")
	}
	currencies, first, last := []money.Currency{f.Functional}, period.DateOf(days[0].Day), period.DateOf(days[0].Day)
	for _, d := range days {
		if c := money.Currency(d.Currency); !slices.Contains(currencies, c) {
			currencies = append(currencies, c)
		}
		if on := period.DateOf(d.Day); on.Before(first) {
			first = on
		} else if last.Before(on) {
			last = on
		}
	}
	table, err := rates.Load(ctx, db, p.ConnectionID, first, last, currencies...)
	if err != nil {
		return err
	}
	for _, d := range days {
		currency, on := money.Currency(d.Currency), period.DateOf(d.Day)
		if len(f.Rates) == 0 || f.Rates[len(f.Rates)-1].Currency != currency {
			f.Rates = append(f.Rates, RateGap{Currency: currency})
		}
		gap := &f.Rates[len(f.Rates)-1]
		gap.Days++
		if _, ok := table.Find(rates.Pair{Base: currency, Quote: f.Functional}, on); !ok {
			if gap.Missing++; gap.Missing == 1 {
				gap.First = on
			}
		}
	}
	return nil
}

func (f *Facts) readCosts(ctx context.Context, db sqlc.DBTX, p sqlc.PeriodToCloseRow) error {
	open, err := sqlc.New(db).OpenCosts(ctx, sqlc.OpenCostsParams{ConnectionID: p.ConnectionID, FiscalYear: p.FiscalYear, Period: p.Number, Begins: f.Begins, Ends: f.Until})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it is not booked, or not yet in this period
	}
	if err != nil {
		return fmt.Errorf("read costs: %w", err)
	}
	f.Costs = &Costs{Counts: open.Counts, Waiting: open.Waiting, Uncounted: open.Uncounted}
	return nil
}

func wrapped(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
