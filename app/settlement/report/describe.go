package report

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"tieout/app/money"
)

// Description says what a report holds. Its JSON is a contract with scripts:
// amounts are decimal strings, dates RFC 3339 in UTC, lists never null.
type Description struct {
	Format      Format                  `json:"format"`
	SHA256      string                  `json:"sha256"`
	Settlements []SettlementDescription `json:"settlements"`
	Problems    []Problem               `json:"problems"`

	ProblemCount   int      `json:"-"` // all; Problems is cut off at some point
	UnknownColumns []string `json:"-"`
	Bytes          int64    `json:"-"`
}

// SettlementDescription is one settlement of a report.
type SettlementDescription struct {
	ID           string            `json:"settlementId"`
	Currency     string            `json:"currency"`
	StartDate    string            `json:"startDate"`
	EndDate      string            `json:"endDate"`
	DepositDate  string            `json:"depositDate"` // "" when the report names none
	Deposit      string            `json:"deposit"`
	Lines        int               `json:"lines"` // detail rows
	Sum          string            `json:"sum"`
	Difference   string            `json:"difference"` // deposit - sum
	Marketplaces []string          `json:"marketplaces"`
	Kinds        []KindDescription `json:"kinds"`

	difference money.Units
}

// KindDescription is what a settlement holds of one kind.
type KindDescription struct {
	Marketplace       string `json:"marketplace"`
	TransactionType   string `json:"transactionType"`
	AmountType        string `json:"amountType"`
	AmountDescription string `json:"amountDescription"`
	Lines             int    `json:"lines"` // detail rows with such an amount
	Sum               string `json:"sum"`
}

// Balanced reports whether the lines of every settlement add up to its
// deposit.
func (d *Description) Balanced() bool {
	for i := range d.Settlements {
		if d.Settlements[i].difference != 0 {
			return false
		}
	}
	return true
}

// Clean reports whether the report is balanced and nothing in it was
// unreadable.
func (d *Description) Clean() bool { return d.ProblemCount == 0 && d.Balanced() }

// Describe reads a report and says what is in it. The SHA-256 is of the
// report's own bytes: of gzip, of what comes out of it. Errors as of Parse.
func Describe(ctx context.Context, in io.Reader, options Options) (Description, error) {
	raw, err := Decompress(in)
	if err != nil {
		return Description{}, err
	}
	digest := sha256.New()
	var totals tally
	summary, err := Parse(ctx, io.TeeReader(raw, digest), options, &totals)
	if err != nil {
		return Description{}, err
	}
	d := Description{
		Format: summary.Format, SHA256: hex.EncodeToString(digest.Sum(nil)),
		Settlements: make([]SettlementDescription, 0, len(summary.Settlements)),
		Problems:    append([]Problem{}, summary.Problems...), ProblemCount: summary.ProblemCount,
		UnknownColumns: summary.UnknownColumns, Bytes: summary.Bytes,
	}
	for i := range summary.Settlements {
		d.Settlements = append(d.Settlements, describe(&summary.Settlements[i], totals.settlements[i], summary.Kinds))
	}
	return d, nil
}

func describe(total *Total, byKind []kindTotal, kinds []*Kind) SettlementDescription {
	difference := total.Deposit - total.Sum
	s := SettlementDescription{
		ID: total.ID, Currency: string(total.Currency),
		StartDate: rfc3339(total.Start), EndDate: rfc3339(total.End), DepositDate: rfc3339(total.DepositDate),
		Deposit: plain(total.Deposit, total.Currency), Lines: total.Rows,
		Sum: plain(total.Sum, total.Currency), Difference: plain(difference, total.Currency), difference: difference,
		Marketplaces: []string{}, Kinds: []KindDescription{},
	}
	for id, k := range byKind {
		if k.rows == 0 {
			continue
		}
		kind := kinds[id]
		s.Kinds = append(s.Kinds, KindDescription{Marketplace: kind.Marketplace, TransactionType: kind.TransactionType,
			AmountType: kind.AmountType, AmountDescription: kind.AmountDescription,
			Lines: k.rows, Sum: plain(k.sum, total.Currency)})
		if kind.Marketplace != "" {
			s.Marketplaces = append(s.Marketplaces, kind.Marketplace)
		}
	}
	slices.Sort(s.Marketplaces)
	s.Marketplaces = slices.Compact(s.Marketplaces)
	slices.SortFunc(s.Kinds, func(a, b KindDescription) int {
		return cmp.Or(cmp.Compare(a.Marketplace, b.Marketplace), cmp.Compare(a.TransactionType, b.TransactionType),
			cmp.Compare(a.AmountType, b.AmountType), cmp.Compare(a.AmountDescription, b.AmountDescription))
	})
	return s
}

func plain(units money.Units, currency money.Currency) string {
	return money.Plain(units.Decimal(), currency)
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// tally is the sink that adds up kinds.
type tally struct {
	xml         bool
	settlements [][]kindTotal // settlement -> kind id -> total
}

type kindTotal struct {
	rows    int
	lastRow int
	sum     money.Units
}

func (t *tally) Begin(head Head) error {
	t.xml = head.Format == XML
	return nil
}

func (t *tally) Settlement(int, *Settlement) error {
	t.settlements = append(t.settlements, nil)
	return nil
}

func (t *tally) Line(line *Line) error {
	kinds := t.settlements[line.Settlement]
	for len(kinds) <= line.Kind.ID {
		kinds = append(kinds, kindTotal{})
	}
	t.settlements[line.Settlement] = kinds
	k := &kinds[line.Kind.ID]
	k.sum += line.Amount
	if t.xml || k.lastRow != line.Row {
		k.lastRow = line.Row
		k.rows++
	}
	return nil
}
