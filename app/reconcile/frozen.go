package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Frozen is what a reconciliation came to at a moment: both sides' totals and
// every item with the note on it.
type Frozen struct {
	Name       Name
	Connection string
	Problem    string // why it was not compared, or not since Checked
	Checked    time.Time
	Totals     []Total
	Items      []Item // the oldest first
}

// frozenText is a Frozen as it is written.
type frozenText struct {
	Name       Name          `json:"reconciliation"`
	Connection string        `json:"connection"`
	Problem    string        `json:"problem,omitempty"`
	Checked    time.Time     `json:"compared_at"`
	Totals     []frozenTotal `json:"totals"`
	Items      []frozenItem  `json:"items"`
}

type frozenTotal struct {
	Currency money.Currency  `json:"currency"`
	Compared int64           `json:"compared"`
	Left     decimal.Decimal `json:"left"`
	Right    decimal.Decimal `json:"right"`
}

type frozenItem struct {
	Key      string              `json:"item"`
	Currency money.Currency      `json:"currency"`
	Left     decimal.Decimal     `json:"left"`
	Right    decimal.Decimal     `json:"right"`
	Units    decimal.NullDecimal `json:"units"`
	Cause    string              `json:"cause"`
	Detail   string              `json:"detail"`
	Since    string              `json:"since"`
	Note     *frozenNote         `json:"note,omitempty"` // that explains exactly this difference
}

type frozenNote struct {
	Reason string    `json:"reason"`
	Paired bool      `json:"paired,omitempty"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Write returns the text that is kept, and its SHA-256.
func (f Frozen) Write() (text string, hash [sha256.Size]byte, err error) {
	out := frozenText{Name: f.Name, Connection: f.Connection, Problem: f.Problem, Checked: f.Checked.UTC(), Totals: []frozenTotal{}, Items: []frozenItem{}}
	for _, t := range f.Totals {
		out.Totals = append(out.Totals, frozenTotal(t))
	}
	for _, i := range f.Items {
		item := frozenItem{Key: i.Key, Currency: i.Currency, Left: i.Left, Right: i.Right, Units: i.Units, Cause: i.Cause, Detail: i.Detail, Since: i.Since.String()}
		if i.Explained() {
			item.Note = &frozenNote{i.Note.Reason, i.Note.Paired, i.Note.By, i.Note.At.UTC()}
		}
		out.Items = append(out.Items, item)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return "", hash, fmt.Errorf("write reconciliation %s: %w", f.Name, err)
	}
	return string(raw), sha256.Sum256(raw), nil
}

// ReadFrozen reads what was kept.
func ReadFrozen(text string) (Frozen, error) {
	var in frozenText
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return Frozen{}, fmt.Errorf("read reconciliation: %w", err)
	}
	f := Frozen{Name: in.Name, Connection: in.Connection, Problem: in.Problem, Checked: in.Checked}
	for _, t := range in.Totals {
		if !readable(t.Currency, t.Left, t.Right) {
			return f, fmt.Errorf("read reconciliation %s: a total is no amount", in.Name)
		}
		f.Totals = append(f.Totals, Total(t))
	}
	for _, x := range in.Items {
		if !readable(x.Currency, x.Left, x.Right, x.Units.Decimal) {
			return f, fmt.Errorf("read reconciliation %s: item %q has no amount", in.Name, x.Key)
		}
		since, err := period.ParseDate(x.Since)
		if err != nil {
			return f, fmt.Errorf("read reconciliation %s: %w", in.Name, err)
		}
		i := Item{ConnectionName: in.Connection, Name: in.Name, Open: Open{Key: x.Key, Currency: x.Currency, Left: x.Left, Right: x.Right, Units: x.Units, Cause: x.Cause, Detail: x.Detail, Since: since}}
		if x.Note != nil {
			i.Note = &Note{Amount: i.Difference(), Paired: x.Note.Paired, Reason: x.Note.Reason, By: x.Note.By, At: x.Note.At}
		}
		f.Items = append(f.Items, i)
	}
	return f, nil
}

// readable reports whether amounts can be worked with; units have no currency.
func readable(currency money.Currency, amounts ...decimal.Decimal) bool {
	return (currency == "" || currency.Valid()) && !slices.ContainsFunc(amounts, func(d decimal.Decimal) bool { return !money.Sane(d) })
}

// Unexplained is what nobody has explained of the items up to a day, by
// currency, and how many they are.
func (f Frozen) Unexplained(until period.Date) (sums []money.Amount, count int64) {
	for _, t := range f.Totals {
		sums = plus(sums, money.New(decimal.Zero, t.Currency))
	}
	for _, i := range f.Items {
		if !i.Explained() && !until.Before(i.Since) {
			sums, count = plus(sums, money.New(i.Difference(), i.Currency)), count+1
		}
	}
	return sums, count
}

// AddsUp reports whether the items are the whole difference of both sides.
func (f Frozen) AddsUp() error {
	c := Comparison{Totals: f.Totals}
	for _, i := range f.Items {
		c.Open = append(c.Open, i.Open)
	}
	return c.check()
}

// freezePage is how many items are read at a time.
const freezePage = 1000

// Freeze reads what every reconciliation of a connection that somebody compares
// and that applies there comes to.
func (s *Service) Freeze(ctx context.Context, db sqlc.DBTX, connectionID int64) ([]Frozen, error) {
	q := sqlc.New(db)
	rows, err := q.ListReconciliations(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read reconciliations: %w", err)
	}
	connections, err := q.ConnectionNames(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read name of connection %d: %w", connectionID, err)
	}
	var list []Frozen
	for _, r := range rows {
		if r.NotApplicable || !s.Has(Name(r.Name)) {
			continue
		}
		f := Frozen{Name: Name(r.Name), Problem: r.Note, Checked: moment(r.CheckedAt)}
		for _, c := range connections {
			f.Connection = c.Title
		}
		if f.Totals, err = readTotals(ctx, db, connectionID, f.Name); err != nil {
			return nil, err
		}
		for after := (Place{}); ; after = f.Items[len(f.Items)-1].Place() {
			page, err := openItems(ctx, db, Filter{Connection: connectionID, Name: f.Name, State: "all", PageSize: freezePage, After: after})
			if err != nil {
				return nil, err
			}
			f.Items = append(f.Items, page...)
			if len(page) < freezePage {
				break
			}
		}
		list = append(list, f)
	}
	return list, nil
}
