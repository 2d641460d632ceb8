package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Service keeps all reconciliations; safe for concurrent use.
type Service struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	sources []Source
}

// NewService returns the service of a database with those who compare.
func NewService(pool *pgxpool.Pool, c clock.Clock, sources ...Source) *Service {
	return &Service{pool, c, sources}
}

// Has reports whether somebody compares the sides of a reconciliation.
func (s *Service) Has(n Name) bool {
	return slices.ContainsFunc(s.sources, func(x Source) bool { return x.Name() == n })
}

// CheckAll brings every reconciliation of a connection up to date. One that
// fails keeps what it found before, says so, and does not stop the others.
func (s *Service) CheckAll(ctx context.Context, connectionID int64) error {
	var first error
	for _, source := range s.sources {
		if err := s.check(ctx, connectionID, source); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Check brings one reconciliation of a connection up to date.
func (s *Service) Check(ctx context.Context, connectionID int64, name Name) error {
	for _, source := range s.sources {
		if source.Name() == name {
			return s.check(ctx, connectionID, source)
		}
	}
	return fault.New(fault.NotFound, "There is no reconciliation %q.", name)
}

func (s *Service) check(ctx context.Context, connectionID int64, source Source) error {
	name := source.Name()
	found, err := source.Compare(ctx, connectionID)
	if err == nil {
		err = found.check()
	}
	if err != nil {
		failed := sqlc.FailReconciliationParams{ConnectionID: connectionID, Name: string(name), Note: fault.MessageOf(err)}
		if noted := sqlc.New(s.pool).FailReconciliation(ctx, failed); noted != nil {
			return fmt.Errorf("note that %s cannot be compared: %w", name, noted)
		}
		return fmt.Errorf("compare %s: %w", name, err)
	}
	return s.keep(ctx, connectionID, name, found)
}

// keep replaces what is open: items that changed, and those that agree by now.
func (s *Service) keep(ctx context.Context, connectionID int64, name Name, found Comparison) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		begin := sqlc.BeginReconciliationParams{ConnectionID: connectionID, Name: string(name), Now: tx.Now, LeftAt: known(found.LeftAt), RightAt: known(found.RightAt), Note: found.NotApplicable}
		if err := q.BeginReconciliation(ctx, begin); err != nil {
			return fmt.Errorf("note comparison: %w", err)
		}
		put := rowsOf(connectionID, name, found.Open, tx.Now)
		if _, err := q.DropOpen(ctx, sqlc.DropOpenParams{ConnectionID: connectionID, Name: string(name), Keys: put.Keys, Currencies: put.Currencies}); err != nil {
			return fmt.Errorf("drop what agrees: %w", err)
		}
		if _, err := q.PutOpen(ctx, put); err != nil {
			return fmt.Errorf("keep open items: %w", err)
		}
		if err := q.ClearTotals(ctx, sqlc.ClearTotalsParams{ConnectionID: connectionID, Name: string(name)}); err != nil {
			return fmt.Errorf("clear totals: %w", err)
		}
		for _, t := range found.Totals {
			total := sqlc.PutTotalParams{ConnectionID: connectionID, Name: string(name), Currency: string(t.Currency), Compared: t.Compared, LeftSum: t.Left, RightSum: t.Right}
			if err := q.PutTotal(ctx, total); err != nil {
				return fmt.Errorf("keep total: %w", err)
			}
		}
		return nil
	})
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// rowsOf lays items out in columns.
func rowsOf(connectionID int64, name Name, open []Open, now time.Time) sqlc.PutOpenParams {
	p := sqlc.PutOpenParams{ConnectionID: connectionID, Name: string(name), Now: now}
	for _, o := range open {
		p.Keys, p.Currencies = append(p.Keys, o.Key), append(p.Currencies, string(o.Currency))
		p.Lefts, p.Rights = append(p.Lefts, o.Left), append(p.Rights, o.Right)
		p.Units, p.Counted = append(p.Units, o.Units.Decimal), append(p.Counted, o.Units.Valid)
		p.Causes, p.Details, p.Hints = append(p.Causes, o.Cause), append(p.Details, o.Detail), append(p.Hints, o.Hint)
		p.Since, p.ObjectTypes, p.ObjectIds = append(p.Since, o.Since.Time()), append(p.ObjectTypes, o.Object), append(p.ObjectIds, o.ObjectID)
	}
	return p
}

// Standing says how each reconciliation stands: items that are open since a day
// up to until. Connection 0 is all of them, as is no name.
func (s *Service) Standing(ctx context.Context, connectionID int64, only Name, until period.Date) ([]Standing, error) {
	q := sqlc.New(s.pool)
	rows, err := q.ListReconciliations(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	stands, err := q.StandOfItems(ctx, sqlc.StandOfItemsParams{ConnectionID: connectionID, Name: string(only), Until: until.Time()})
	if err != nil {
		return nil, fmt.Errorf("add open items up: %w", err)
	}
	totals, err := q.ReconciliationCurrencies(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read totals: %w", err)
	}
	connections, err := q.ConnectionNames(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	var list []Standing
	for _, c := range connections {
		for _, name := range Names() {
			if only != "" && name != only {
				continue
			}
			st := Standing{ConnectionID: c.ID, ConnectionName: c.Title, Name: name, Problem: "It has not been compared yet."}
			if i := slices.IndexFunc(rows, func(r sqlc.ListReconciliationsRow) bool { return r.ConnectionID == c.ID && r.Name == string(name) }); i >= 0 {
				st.read(rows[i])
			}
			for _, t := range totals {
				if t.ConnectionID == c.ID && t.Name == string(name) {
					st.add(money.New(decimal.Zero, money.Currency(t.Currency)), money.Amount{})
				}
			}
			for _, x := range stands {
				if x.ConnectionID == c.ID && x.Name == string(name) {
					st.count(x)
				}
			}
			list = append(list, st)
		}
	}
	return list, nil
}

func (s *Standing) read(r sqlc.ListReconciliationsRow) {
	s.Checked, s.LeftAt, s.RightAt, s.Problem = moment(r.CheckedAt), moment(r.LeftAt), moment(r.RightAt), r.Note
	s.NotApplicable = r.NotApplicable
	s.Compared = r.CheckedAt != nil && !s.NotApplicable
}

// add makes room for a currency and adds to what is open and explained in it.
func (s *Standing) add(open, explained money.Amount) {
	s.Unexplained, s.Explained = plus(s.Unexplained, open), plus(s.Explained, explained)
}

// plus adds an amount to that of its currency.
func plus(list []money.Amount, a money.Amount) []money.Amount {
	if a.Currency == "" {
		return list
	}
	for i := range list {
		if list[i].Currency == a.Currency {
			list[i].Value = list[i].Value.Add(a.Value)
			return list
		}
	}
	return append(list, a)
}

func (s *Standing) count(x sqlc.StandOfItemsRow) {
	currency := money.Currency(x.Currency)
	explained := money.Amount{}
	if x.Explained > 0 {
		explained = money.New(x.Noted, currency)
	}
	s.add(money.New(x.Unexplained, currency), explained)
	s.OpenCount, s.ExplainedCount, s.Units = s.OpenCount+x.Open, s.ExplainedCount+x.Explained, s.Units.Add(x.Units)
	if oldest := period.DateOf(x.Oldest); x.Open > 0 && (s.Oldest == period.Date{} || oldest.Before(s.Oldest)) {
		s.Oldest = oldest
	}
}

// With is how two connections stand together: what is known least rules.
func (s Standing) With(o Standing) Standing {
	if s.ConnectionID == 0 && !s.Compared && s.Problem == "" {
		o.Unexplained, o.Explained = slices.Clone(o.Unexplained), slices.Clone(o.Explained)
		return o
	}
	for _, a := range o.Unexplained {
		s.Unexplained = plus(s.Unexplained, a)
	}
	for _, a := range o.Explained {
		s.Explained = plus(s.Explained, a)
	}
	s.Compared = s.Compared && o.Compared
	if s.Problem == "" {
		s.Problem = o.Problem
	}
	s.Units, s.OpenCount, s.ExplainedCount = s.Units.Add(o.Units), s.OpenCount+o.OpenCount, s.ExplainedCount+o.ExplainedCount
	if none := (period.Date{}); s.Oldest == none || o.Oldest != none && o.Oldest.Before(s.Oldest) {
		s.Oldest = o.Oldest
	}
	s.Checked, s.LeftAt, s.RightAt = earlier(s.Checked, o.Checked), earlier(s.LeftAt, o.LeftAt), earlier(s.RightAt, o.RightAt)
	return s
}

// earlier is the one that is known less far; zero: not at all.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
