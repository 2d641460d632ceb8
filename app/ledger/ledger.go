// Package ledger holds what was posted from here beside what P21's general ledger
// has of it: the balance accounts period by period, and every posted entry read
// back by its reference.
package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/clock"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// Ledgers gives the P21 side of a connection.
type Ledgers func(ctx context.Context, connectionID int64) (p21.Ledger, error)

// Accounts compares clearing, reserve and receivable with P21's general ledger;
// see reconcile.Source.
type Accounts struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	ledgers Ledgers
}

// NewAccounts returns the comparison of a database.
func NewAccounts(pool *pgxpool.Pool, c clock.Clock, ledgers Ledgers) *Accounts {
	return &Accounts{pool, c, ledgers}
}

// maxPlaces is how many accounts and periods are read at a time, the newest first.
const maxPlaces = 60

// Name implements reconcile.Source.
func (a *Accounts) Name() reconcile.Name { return reconcile.Accounts }

// Compare implements reconcile.Source. Each account and period that an entry of
// ours touches is read from P21; what differs is broken down by journal.
func (a *Accounts) Compare(ctx context.Context, connectionID int64) (reconcile.Comparison, error) {
	ledger, why, err := able(ctx, a.ledgers, connectionID, func(c p21.Capabilities) bool { return c.LedgerRead })
	if err != nil || why != "" {
		return reconcile.Comparison{NotApplicable: why}, err
	}
	q := sqlc.New(a.pool)
	currency, err := q.FunctionalCurrency(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read functional currency: %w", err)
	}
	places, err := q.LedgerPeriods(ctx, sqlc.LedgerPeriodsParams{ConnectionID: connectionID, Slots: []string{mapping.SlotClearing, mapping.SlotReserve, mapping.SlotReceivable}})
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("find accounts and periods: %w", err)
	}
	deposits, err := q.DepositsOfConnection(ctx, connectionID)
	if err != nil {
		return reconcile.Comparison{}, fmt.Errorf("read deposits: %w", err)
	}
	total := reconcile.Total{Currency: money.Currency(currency)}
	now := a.clock.Now()
	c := reconcile.Comparison{LeftAt: now, RightAt: now}
	for _, p := range places[:min(len(places), maxPlaces)] {
		at := Place{p.Account, int(p.FiscalYear), int(p.Period)}
		ours, err := q.PostedOnAccount(ctx, sqlc.PostedOnAccountParams{ConnectionID: connectionID, FiscalYear: p.FiscalYear, Period: p.Period, Account: p.Account})
		if err != nil {
			return c, fmt.Errorf("read what was posted on %s: %w", at, err)
		}
		theirs, err := ledger.AccountLines(ctx, at.Account, at.Year, at.Period)
		if err != nil {
			return c, fmt.Errorf("read %s in P21: %w", at, err)
		}
		open, left, right := Compare(at, total.Currency, postings(ours), theirs)
		for i := range open {
			open[i].Hint = hint(open[i], deposits)
		}
		c.Open = append(c.Open, open...)
		total.Left, total.Right, total.Compared = total.Left.Add(left), total.Right.Add(right), total.Compared+int64(len(ours))
	}
	c.Totals = []reconcile.Total{total}
	return c, nil
}

// able opens P21 where it can do what is needed; why says that it cannot.
func able(ctx context.Context, ledgers Ledgers, connectionID int64, can func(p21.Capabilities) bool) (ledger p21.Ledger, why string, err error) {
	ledger, err = ledgers(ctx, connectionID)
	if fault.Is(err, fault.Invalid) {
		return nil, "The connection has no P21 yet.", nil
	}
	if err != nil {
		return nil, "", err
	}
	abilities, err := ledger.Capabilities(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("ask P21 what it can do: %w", err)
	}
	if !can(abilities) {
		return nil, "This P21 does not tell its journals.", nil
	}
	return ledger, "", nil
}

// Place is an account in a fiscal period.
type Place struct {
	Account      string
	Year, Period int
}

// String names the place: "1130-000 2026-11".
func (p Place) String() string { return fmt.Sprintf("%s %04d-%02d", p.Account, p.Year, p.Period) }

// Posting is what an entry of ours adds to an account: debits less credits.
type Posting struct {
	Entry       int64
	Reference   string
	On          period.Date
	Description string
	Amount      decimal.Decimal
}

func postings(rows []sqlc.PostedOnAccountRow) []Posting {
	list := make([]Posting, len(rows))
	for i, r := range rows {
		list[i] = Posting{r.ID, r.Reference, period.DateOf(r.EntryOn), r.Description, r.Amount}
	}
	return list
}

// Causes of differences on an account.
const (
	notInP21 = "Not in P21"
	notOurs  = "Not posted from here"
	differs  = "Amount differs"
)

// held is what P21 has of one journal on an account.
type held struct {
	line   p21.AccountLine
	amount decimal.Decimal
}

// Compare holds entries beside the lines that P21 has on the account, reference
// by reference, and returns what differs with both sums. Lines without a
// reference of ours are somebody else's, journal by journal.
func Compare(at Place, currency money.Currency, ours []Posting, theirs []p21.AccountLine) (open []reconcile.Open, left, right decimal.Decimal) {
	mine := map[string]bool{}
	for _, p := range ours {
		mine[p.Reference] = true
	}
	found := map[string]*held{}
	var order []string
	for _, l := range theirs {
		key := l.Reference
		if !mine[key] {
			key = "journal " + l.Number
		}
		if found[key] == nil {
			found[key] = &held{line: l}
			order = append(order, key)
		}
		found[key].amount = found[key].amount.Add(l.Amount)
		right = right.Add(l.Amount)
	}
	for _, p := range ours {
		left = left.Add(p.Amount)
		o := reconcile.Open{Key: at.String() + " " + p.Reference, Currency: currency, Left: p.Amount, Since: p.On, Object: "entry", ObjectID: p.Entry, Cause: notInP21, Detail: p.Description}
		if h := found[p.Reference]; h != nil {
			o.Right, o.Cause, o.Detail = h.amount, differs, fmt.Sprintf("P21 has it as journal %s.", h.line.Number)
		}
		if !o.Difference().IsZero() {
			open = append(open, o)
		}
	}
	for _, key := range order {
		h := found[key]
		if mine[key] || h.amount.IsZero() {
			continue
		}
		open = append(open, reconcile.Open{Key: at.String() + " " + key, Currency: currency, Right: h.amount, Since: h.line.Date, Object: "account", Cause: notOurs,
			Detail: strings.TrimSpace(fmt.Sprintf("Journal %s of %s, reference %q: %s", h.line.Number, h.line.JournalID, h.line.Reference, h.line.Description))})
	}
	return open, left, right
}

// hint says that a journal of somebody else takes exactly a deposit off an account.
func hint(o reconcile.Open, deposits []sqlc.DepositsOfConnectionRow) string {
	if o.Cause != notOurs {
		return ""
	}
	i := slices.IndexFunc(deposits, func(d sqlc.DepositsOfConnectionRow) bool {
		return money.Currency(d.Currency) == o.Currency && d.Deposit.Equal(o.Right.Neg())
	})
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("Receipt of the deposit of settlement %s: exactly its amount.", deposits[i].AmazonID)
}
