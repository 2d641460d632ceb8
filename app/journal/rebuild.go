package journal

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

// Rebuilt is what came of building a settlement's entry again from the
// settlement, under everything that the entry names: its rule set, its period
// and the one its amounts were moved from, its rates.
type Rebuilt struct {
	RuleSet     int // the set's number
	Lines       int // of the entry
	Differences []string
}

// Identical reports whether every line came out as it is stored.
func (r Rebuilt) Identical() bool { return len(r.Differences) == 0 }

func (r Rebuilt) finding() Finding {
	name := fmt.Sprintf("Rebuilt under rule set %d", r.RuleSet)
	if r.Identical() {
		return Finding{name, true, fmt.Sprintf("Identical: all %d lines.", r.Lines)}
	}
	return Finding{name, false, "Differs: " + strings.Join(r.Differences[:min(len(r.Differences), 3)], " ")}
}

// rebuilder builds entries again; it reads each rule set and calendar once.
type rebuilder struct {
	db        sqlc.DBTX
	sets      map[int64]*mapping.Matcher
	calendars map[int64]period.Calendar
}

func newRebuilder(db sqlc.DBTX) *rebuilder {
	return &rebuilder{db, map[int64]*mapping.Matcher{}, map[int64]period.Calendar{}}
}

// Rebuild builds a settlement's entry again and compares it line by line with
// what is stored. Nothing is written.
func (s *Service) Rebuild(ctx context.Context, e Entry) (Rebuilt, error) {
	return newRebuilder(s.pool).rebuild(ctx, e)
}

// NotIdentical is an entry that does not come out as it is stored.
type NotIdentical struct {
	Reference string
	Rebuilt
}

// RebuildPosted builds every posted entry of a settlement again, the reversed
// ones as well, and returns those that differ and how many there are in all.
func RebuildPosted(ctx context.Context, db sqlc.DBTX) (examined int64, differ []NotIdentical, err error) {
	ids, err := sqlc.New(db).PostedEntries(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("list posted entries: %w", err)
	}
	r := newRebuilder(db)
	for _, id := range ids {
		e, err := sqlc.New(db).GetEntry(ctx, id)
		if err != nil {
			return 0, nil, fmt.Errorf("read journal entry %d: %w", id, err)
		}
		rebuilt, err := r.rebuild(ctx, e)
		if err != nil {
			return 0, nil, err
		}
		if !rebuilt.Identical() {
			differ = append(differ, NotIdentical{e.Reference, rebuilt})
		}
	}
	return int64(len(ids)), differ, nil
}

func (r *rebuilder) rebuild(ctx context.Context, e Entry) (Rebuilt, error) {
	stored, err := linesOf(ctx, sqlc.New(r.db), e.ID)
	if err != nil {
		return Rebuilt{}, err
	}
	result := Rebuilt{RuleSet: int(e.RuleSetNumber), Lines: len(stored)}
	rollups, lost, err := r.carried(ctx, e.ID)
	if err != nil {
		return Rebuilt{}, err
	}
	if lost > 0 {
		result.Differences = append(result.Differences, fmt.Sprintf("The settlement no longer has %d of its amounts.", lost))
	}
	books, err := r.books(ctx, e)
	if err != nil {
		return Rebuilt{}, err
	}
	plans, problems := Build(books, rollups)
	for _, p := range problems {
		result.Differences = append(result.Differences, p.Sentence)
	}
	switch {
	case len(problems) > 0:
	case len(plans) != 1:
		result.Differences = append(result.Differences, fmt.Sprintf("Its amounts make %d entries.", len(plans)))
	default:
		result.Differences = append(result.Differences, compare(e, stored, plans[0])...)
	}
	return result, nil
}

// carried returns the amounts that the entry carries as the settlement has them
// now, and how many of them it does not have any more.
func (r *rebuilder) carried(ctx context.Context, id int64) (rollups []Rollup, lost int, err error) {
	rows, err := sqlc.New(r.db).RollupsOfEntry(ctx, id)
	if err != nil {
		return nil, 0, fmt.Errorf("read rollups of entry %d: %w", id, err)
	}
	for _, x := range rows {
		if !x.Known {
			lost++
			continue
		}
		rollups = append(rollups, Rollup{KindID: x.KindID, Kind: kindOf(x.Marketplace, x.TransactionType, x.AmountType, x.AmountDescription, x.Sign), PostedOn: period.DateOf(x.PostedOn),
			ProductGroup: x.ProductGroup, Fulfillment: x.Fulfillment, CorrectionID: x.CorrectionID, Lines: x.Lines, Amount: x.Amount})
	}
	return rollups, lost, nil
}

// books are what the entry names; nothing is taken from what may have changed
// since, such as policies, closed periods and the table of rates.
func (r *rebuilder) books(ctx context.Context, e Entry) (Books, error) {
	rules, err := r.rules(ctx, e.RuleSetID)
	if err != nil {
		return Books{}, err
	}
	calendar, err := r.calendar(ctx, e.ConnectionID)
	if err != nil {
		return Books{}, err
	}
	quoted, byDay, err := r.rates(ctx, e)
	if err != nil {
		return Books{}, err
	}
	return Books{AmazonID: e.AmazonID, Currency: money.Currency(e.Currency), FunctionalCurrency: money.Currency(e.FunctionalCurrency), DepositOn: period.DateOf(e.EntryOn),
		Calendar: asNamed(calendar, e), MoveToFirstOpen: true, RateByPostedDate: byDay, RoundingLimit: e.FunctionalTotal, Rules: rules, Rates: quoted}, nil
}

func (r *rebuilder) rules(ctx context.Context, id int64) (*mapping.Matcher, error) {
	if r.sets[id] == nil {
		set, err := mapping.Load(ctx, r.db, id)
		if err != nil {
			return nil, err
		}
		r.sets[id] = mapping.Compile(*set)
	}
	return r.sets[id], nil
}

func (r *rebuilder) calendar(ctx context.Context, connectionID int64) (period.Calendar, error) {
	if r.calendars[connectionID] == nil {
		calendar, err := calendarOf(ctx, sqlc.New(r.db), connectionID)
		if err != nil {
			return nil, err
		}
		r.calendars[connectionID] = calendar
	}
	return r.calendars[connectionID], nil
}

// rates are the entry's one rate, or for each day what follows from the rates
// that the entry names: as they stand, turned around, or joined.
func (r *rebuilder) rates(ctx context.Context, e Entry) (Rates, bool, error) {
	if !strings.HasPrefix(e.RateNote, byPostedDate) {
		return func(on period.Date) (rates.Quotation, bool) { return rates.Quotation{Rate: e.Rate, On: on}, true }, false, nil
	}
	rows, err := sqlc.New(r.db).RatesOfEntry(ctx, e.ID)
	if err != nil {
		return nil, false, fmt.Errorf("read rates of entry %d: %w", e.ID, err)
	}
	pair := rates.Pair{Base: money.Currency(e.Currency), Quote: money.Currency(e.FunctionalCurrency)}
	days := make([]rates.Day, len(rows))
	settings := rates.Settings{Inverse: true}
	for i, row := range rows {
		days[i] = rates.Day{ID: row.ID, Pair: rates.Pair{Base: money.Currency(row.Base), Quote: money.Currency(row.Quote)}, On: period.DateOf(row.RateOn), Value: row.Rate}
		for _, c := range []money.Currency{days[i].Base, days[i].Quote} {
			if c != pair.Base && c != pair.Quote {
				settings.Pivot = c
			}
		}
	}
	table := rates.NewTable(settings, days)
	return func(on period.Date) (rates.Quotation, bool) { return table.Find(pair, on) }, true, nil
}

// asNamed is the calendar as it was for the entry: its own period open, and all
// before it closed when amounts were moved into it.
func asNamed(calendar period.Calendar, e Entry) period.Calendar {
	own := period.Period{FiscalYear: int(e.FiscalYear), Number: int(e.Period)}.Key()
	named := make(period.Calendar, len(calendar))
	for i, p := range calendar {
		p.Closed = e.MovedFrom != "" && p.Key() < own
		named[i] = p
	}
	return named
}

// compare says in words where a plan is not what is stored. Descriptions are
// left out: people may write them.
func compare(e Entry, stored []Line, p Plan) []string {
	var differences []string
	own := period.Period{FiscalYear: int(e.FiscalYear), Number: int(e.Period)}.Key()
	for _, x := range []struct{ what, stored, rebuilt string }{
		{"period", own, p.Period.Key()}, {"closed period that it is from", e.MovedFrom, p.MovedFrom},
		{"share of the deposit", e.Clearing.String(), p.Clearing.String()}, {"total", e.Total.String(), p.Total.String()},
		{"total in " + e.FunctionalCurrency, e.FunctionalTotal.String(), p.FunctionalTotal.String()},
	} {
		if x.stored != x.rebuilt {
			differences = append(differences, fmt.Sprintf("The %s is %s, rebuilt %s.", x.what, orNothing(x.stored), orNothing(x.rebuilt)))
		}
	}
	for i := range max(len(stored), len(p.Lines)) {
		was, is := "nothing", "nothing"
		if i < len(stored) {
			was = stored[i].said()
		}
		if i < len(p.Lines) {
			is = p.Lines[i].said()
		}
		if was != is {
			differences = append(differences, fmt.Sprintf("Line %d is %s, rebuilt %s.", i+1, was, is))
		}
	}
	return differences
}

func orNothing(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// said is everything of a line that reaches the ledger, in words.
func (l Line) said() string {
	parts := []string{l.Account}
	for _, text := range []string{l.Branch, l.Marketplace, l.Category} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if l.Clearing {
		parts = append(parts, "balancing")
	}
	for _, side := range []struct {
		name   string
		amount decimal.Decimal
	}{{"debit", l.Debit}, {"credit", l.Credit}, {"functional debit", l.FunctionalDebit}, {"functional credit", l.FunctionalCredit}} {
		if !side.amount.IsZero() {
			parts = append(parts, side.name+" "+side.amount.String())
		}
	}
	return strings.Join(parts, " ")
}

// rebuiltCheck is the rebuild of an entry as one of its checks; false where the
// entry is not one of a settlement's amounts.
func (s *Service) rebuiltCheck(ctx context.Context, e Entry) (Finding, bool, error) {
	if e.EntryType != string(Settled) || e.Status == string(Discarded) {
		return Finding{}, false, nil
	}
	rebuilt, err := s.Rebuild(ctx, e)
	if err != nil {
		return Finding{}, false, err
	}
	return rebuilt.finding(), true, nil
}
