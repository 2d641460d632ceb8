package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/clock"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// Intended tells a posted entry as it was meant for P21.
type Intended func(ctx context.Context, entryID int64) (p21.Journal, error)

// Journals reads posted entries back by their reference; see reconcile.Source.
type Journals struct {
	pool     *pgxpool.Pool
	clock    clock.Clock
	ledgers  Ledgers
	intended Intended
}

// NewJournals returns the comparison of a database.
func NewJournals(pool *pgxpool.Pool, c clock.Clock, ledgers Ledgers, intended Intended) *Journals {
	return &Journals{pool, c, ledgers, intended}
}

// How gently entries are read back: so many in one comparison, and each again
// after a week, which is more often than once a period.
const (
	atATime = 50
	again   = 7 * 24 * time.Hour
)

// Name implements reconcile.Source.
func (j *Journals) Name() reconcile.Name { return reconcile.Journals }

// Compare implements reconcile.Source: it reads some entries back, the newest
// unread ones first, and returns all that are not equal.
func (j *Journals) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	ledger, why, err := able(ctx, j.ledgers, connectionID, func(c p21.Capabilities) bool { return c.JournalRead })
	if err != nil || why != "" {
		return reconcile.Comparison{NotApplicable: why}, err
	}
	q := sqlc.New(j.pool)
	entries, err := q.EntriesToRead(ctx, sqlc.EntriesToReadParams{ConnectionID: connectionID, Stale: j.clock.Now().Add(-again), Size: atATime})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("find entries to read back: %w", err)
	}
	for _, e := range entries {
		if err := j.read(ctx, q, ledger, e); err != nil {
			return reconcile.Comparison{}, err
		}
	}
	return j.comparison(ctx, q, connectionID)
}

// read reads one entry back and keeps what P21 has of it.
func (j *Journals) read(ctx context.Context, q *sqlc.Queries, ledger p21.Ledger, e sqlc.EntriesToReadRow) error {
	intended, err := j.intended(ctx, e.ID)
	if err != nil {
		return fmt.Errorf("read entry %s: %w", e.Reference, err)
	}
	found, err := find(ctx, ledger, e)
	if err != nil {
		return fmt.Errorf("look for %s in P21: %w", e.Reference, err)
	}
	outcome, detail, held := judge(intended, found)
	put := sqlc.PutReadingParams{EntryID: e.ID, Now: j.clock.Now(), Outcome: outcome, Held: held, Detail: detail, Numbers: []string{}}
	for _, f := range found {
		put.Numbers = append(put.Numbers, f.Number)
	}
	if err := q.PutReading(ctx, put); err != nil {
		return fmt.Errorf("keep what P21 has of %s: %w", e.Reference, err)
	}
	return nil
}

// find looks for an entry by its reference, and by its number where somebody
// entered it by hand under another one.
func find(ctx context.Context, ledger p21.Ledger, e sqlc.EntriesToReadRow) ([]p21.Posted, error) {
	found, err := ledger.FindJournal(ctx, e.Reference)
	if err != nil || len(found) > 0 {
		return found, err
	}
	byNumber, err := ledger.ReadJournal(ctx, e.P21Number)
	if kind := p21.TypeOf(err); err != nil && (kind == p21.NotFound || kind == p21.Validation) { // what was typed may be no number at all
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []p21.Posted{byNumber}, nil
}

// judge says what the journals found under a reference are beside the entry.
func judge(intended p21.Journal, found []p21.Posted) (outcome, detail string, held decimal.Decimal) {
	for _, f := range found {
		total := f.Totals().FunctionalDebit
		if f.FunctionalUnknown {
			total = intended.Totals().FunctionalDebit // told in the entry's own currency only
		}
		held = held.Add(total)
	}
	if len(found) == 0 {
		return "missing", "P21 has no journal with this reference.", held
	}
	if len(found) > 1 {
		return "duplicate", fmt.Sprintf("P21 has %d journals with this reference: %s and %s.", len(found), found[0].Number, found[1].Number), held
	}
	if difference := p21.Difference(intended, found[0]); difference != "" {
		return "different", "In P21 " + difference + ".", held
	}
	return "equal", "", held
}

func (j *Journals) comparison(ctx context.Context, q *sqlc.Queries, connectionID int64) (reconcile.Comparison, error) {
	sums, err := q.SumReadings(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("add what was read back up: %w", err)
	}
	rows, err := q.Readings(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read what is not equal: %w", err)
	}
	var c reconcile.Comparison
	for _, s := range sums {
		c.Totals = append(c.Totals, reconcile.Total{Currency: money.Currency(s.FunctionalCurrency), Compared: s.Entries, Left: s.Ours, Right: s.Held})
		c.LeftAt, c.RightAt = s.Posted, s.Oldest
	}
	titles := map[string]string{"missing": "Missing", "duplicate": "Twice in P21", "different": "Different"}
	for _, r := range rows {
		c.Open = append(c.Open, reconcile.Open{Key: r.Reference, Currency: money.Currency(r.FunctionalCurrency), Left: r.FunctionalTotal, Right: r.Held, Cause: titles[r.Outcome], Detail: r.Detail,
			Since: period.DateOf(r.EntryOn), Object: "entry", ObjectID: r.ID})
	}
	return c, nil
}
