package cost

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/period"
	"tieout/sqlc"
)

// none is no settlement, and not the returns either.
const none = -1

// source is what entries are made of: a settlement, or what came back.
type source struct {
	id       int64 // of the settlement; 0: what came back
	amazonID string
	replaced bool // Amazon has issued the report again
	afresh   bool // drafts take P21's costs anew
}

// String names the source.
func (s source) String() string {
	if s.id == 0 {
		return "returns"
	}
	return "settlement " + s.amazonID
}

// subject is what the source's entries are called.
func (s source) subject() string {
	if s.id == 0 {
		return returnsSubject
	}
	return s.amazonID
}

// proposing is one source whose entries are brought up to date.
type proposing struct {
	*Service
	books
	source
	tx       *database.Tx
	db       *sqlc.Queries
	live     []sqlc.LiveCostEntriesRow
	problems []exception.Raised
	waiting  map[int64]int64 // units, by count
}

// propose brings the drafts of a source up to date: one for each period that has
// units in no entry that was handed in.
func (s *Service) propose(ctx context.Context, b books, of source) ([]exception.Raised, error) {
	w := proposing{Service: s, books: b, source: of, waiting: map[int64]int64{}}
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		w.tx, w.db = tx, sqlc.New(tx)
		if _, err := w.db.BooksOfConnection(ctx, b.ID); err != nil { // one at a time
			return fmt.Errorf("lock connection: %w", err)
		}
		var err error
		if w.live, err = w.db.LiveCostEntries(ctx, sqlc.LiveCostEntriesParams{ConnectionID: b.ID, SettlementID: of.id}); err != nil {
			return fmt.Errorf("read its entries: %w", err)
		}
		if of.replaced {
			return w.retire(ctx)
		}
		return w.draft(ctx)
	})
	return w.problems, err
}

// retire takes the entries of a report back that was issued again: the count of
// the new one takes their place.
func (w *proposing) retire(ctx context.Context) error {
	for i, e := range w.live {
		switch journal.Status(e.Status) {
		case journal.Posting, journal.Unknown:
			continue // until it is known whether P21 has it
		}
		status, err := w.entries.Retire(ctx, w.tx, e.ID, "Amazon re-issued the report", actor())
		if err != nil {
			return err
		}
		w.live[i].Status = string(status)
	}
	return w.drop(ctx, nil)
}

// drop discards the drafts that are not among the wanted ones.
func (w *proposing) drop(ctx context.Context, wanted map[int64]bool) error {
	for _, e := range w.live {
		if journal.Status(e.Status) != journal.Draft || wanted[e.ID] {
			continue
		}
		if err := w.clear(ctx, e.ID); err != nil {
			return err
		}
		empty := journal.Proposal{ConnectionID: w.ID, Type: journal.Cost, Subject: e.Subject, Currency: w.currency, On: period.DateOf(e.EndsOn), Rate: decimal.New(1, 0)}
		if _, err := w.entries.Propose(ctx, w.tx, empty, actor()); err != nil {
			return fmt.Errorf("drop draft %s: %w", e.Reference, err)
		}
	}
	return nil
}

func (w *proposing) clear(ctx context.Context, entry int64) error {
	for _, clear := range []func(context.Context, int64) error{w.db.ClearCostCarried, w.db.ClearCostPieces, w.db.ClearCostEntry} {
		if err := clear(ctx, entry); err != nil {
			return fmt.Errorf("clear what entry %d carries: %w", entry, err)
		}
	}
	return nil
}

// target is the entry that units go into.
type target struct {
	in    period.Period
	moved bool // some are of a closed period
	on    period.Date
	moves []move
}

func (w *proposing) draft(ctx context.Context) error {
	moves, costs, err := w.moves(ctx)
	if err != nil {
		return err
	}
	targets, err := w.targets(moves, costs)
	if err != nil {
		return err
	}
	wanted := map[int64]bool{}
	for _, key := range slices.Sorted(maps.Keys(targets)) {
		id, err := w.entry(ctx, targets[key], costs)
		if err != nil {
			return err
		}
		wanted[id] = true
	}
	if err := w.drop(ctx, wanted); err != nil {
		return err
	}
	p := sqlc.SetCostWaitingParams{ConnectionID: w.ID, SettlementID: w.source.id, Counts: []int64{}, Units: []int64{}}
	for count, units := range w.waiting {
		p.Counts, p.Units = append(p.Counts, count), append(p.Units, units)
	}
	if err := w.db.SetCostWaiting(ctx, p); err != nil {
		return fmt.Errorf("note what waits: %w", err)
	}
	return nil
}

// moves reads what no entry beyond draft carries, by the key of its own period,
// and how to find a unit's cost: the one that a draft holds, or P21's.
func (w *proposing) moves(ctx context.Context) (map[string][]move, func(move) (Each, bool), error) {
	domains, ids := marketplaces()
	rows, err := w.db.MovesToCarry(ctx, sqlc.MovesToCarryParams{ConnectionID: w.ID, SettlementID: w.source.id, CostFrom: w.CostFrom, Domains: domains, Ids: ids})
	if err != nil {
		return nil, nil, fmt.Errorf("read units: %w", err)
	}
	moves, used := map[string][]move{}, map[int64]bool{}
	for _, r := range rows {
		key := period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Period)}.Key()
		moves[key] = append(moves[key], move{id: r.ID, count: r.CountID, day: period.DateOf(r.OnDay), marketplace: r.Marketplace, sku: r.Sku, quantity: int64(r.Quantity), skuMap: r.SkuMapID})
		used[r.SkuMapID] = true
	}
	known, missing, err := w.costs(ctx, slices.Sorted(maps.Keys(used)))
	if err != nil {
		return nil, nil, err
	}
	drafted := map[held]Each{}
	if !w.afresh {
		list, err := w.db.DraftedCosts(ctx, sqlc.DraftedCostsParams{ConnectionID: w.ID, SettlementID: w.source.id})
		if err != nil {
			return nil, nil, fmt.Errorf("read costs of drafts: %w", err)
		}
		for _, d := range list {
			drafted[held{d.CountID, d.Marketplace, d.Sku, d.SkuMapID}] = Each{d.UnitCost, d.Source, d.TakenAt}
		}
	}
	return moves, func(m move) (Each, bool) {
		if e, there := drafted[m.held()]; there {
			return e, true
		}
		e, there := known[m.skuMap]
		if !there {
			w.wait(m, missing[m.skuMap])
		}
		return e, there
	}, nil
}

// costs are what a unit costs by its map, and which item has none.
func (w *proposing) costs(ctx context.Context, skuMaps []int64) (known map[int64]Each, missing map[int64]string, err error) {
	rows, err := w.db.CostsOfMaps(ctx, skuMaps)
	if err != nil {
		return nil, nil, fmt.Errorf("read costs: %w", err)
	}
	parts := map[int64][]part{}
	for _, r := range rows {
		parts[r.SkuMapID] = append(parts[r.SkuMapID], part{r.ItemCode, r.Quantity, r.UnitCost, r.Location, r.ChangedAt})
	}
	known, missing = map[int64]Each{}, map[int64]string{}
	for id, list := range parts {
		e, item := each(list, w.tx.Now)
		if item != "" {
			missing[id] = item
			continue
		}
		known[id] = e
	}
	return known, missing, nil
}

// wait notes units without an item, or whose item has no cost.
func (w *proposing) wait(m move, item string) {
	units := max(m.quantity, -m.quantity)
	w.waiting[m.count] += units
	raised := exception.Raised{ConnectionID: w.ID, Class: exception.NoCost, Cause: m.sku, Records: units, Detail: map[string]any{"sku": m.sku},
		Title: fmt.Sprintf("No item stands for SKU %s: the cost of its units is not booked.", m.sku)}
	if item != "" {
		raised.Title = fmt.Sprintf("Prophet 21 has no cost of item %s: the cost of SKU %s is not booked.", item, m.sku)
		raised.Detail["item"] = item
	}
	for i, known := range w.problems {
		if known.Class == raised.Class && known.Cause == raised.Cause {
			w.problems[i].Records += units
			return
		}
	}
	w.problems = append(w.problems, raised)
}

// targets are the entries that units go into, by period: their own while it is
// open, else as the policy has it. Returns wait for the end of the period; what
// has no cost is said before.
func (w *proposing) targets(moves map[string][]move, costs func(move) (Each, bool)) (map[string]*target, error) {
	targets := map[string]*target{}
	for _, key := range slices.Sorted(maps.Keys(moves)) {
		own, found := w.calendar.Find(moves[key][0].day)
		if !found {
			return nil, fmt.Errorf("period %s of %s is gone", key, w.source)
		}
		into := own
		if own.Closed {
			open, there := w.calendar.FirstOpen(own.Starts)
			if w.ClosedPeriod != "first_open" || !there {
				w.problems = append(w.problems, exception.Raised{ConnectionID: w.ID, Class: exception.ClosedPeriod, Cause: fmt.Sprintf("cost/%s/%s", w.subject(), own.Key()),
					Title: fmt.Sprintf("Period %s is %s: the cost of %s cannot be booked in it.", own.Key(), own.ClosedWhere(), w.source)})
				continue
			}
			into = open
		}
		if w.source.id == 0 && !into.Ends.Before(w.today) {
			_, _ = weigh(moves[key], costs, w.currency.MinorDigits())
			continue
		}
		t := targets[into.Key()]
		if t == nil {
			t = &target{in: into, on: into.Starts}
			targets[into.Key()] = t
		}
		t.moved = t.moved || own.Closed
		t.moves = append(t.moves, moves[key]...)
		for _, m := range moves[key] {
			if into.Contains(m.day) && t.on.Before(m.day) {
				t.on = m.day
			}
		}
	}
	return targets, nil
}

// entry proposes the entry of a target and notes what it carries. It returns the
// draft that stays, 0 when there is none.
func (w *proposing) entry(ctx context.Context, t *target, costs func(move) (Each, bool)) (int64, error) {
	pieces, left := weigh(t.moves, costs, w.currency.MinorDigits())
	p := journal.Proposal{ConnectionID: w.ID, Type: journal.Cost, Currency: w.currency, On: t.on, Rate: decimal.New(1, 0), Description: w.description(t, pieces)}
	p.Lines, p.Evidence = lines(pieces, accounts{w.CostAccount, w.StockAccount})
	if len(p.Lines) == 0 {
		return 0, nil // a draft of it is dropped
	}
	var err error
	if p.Subject, err = w.name(ctx, t.in); err != nil {
		return 0, err
	}
	proposed, err := w.entries.Propose(ctx, w.tx, p, actor())
	if fault.Is(err, fault.Conflict) {
		return 0, nil // the period was closed meanwhile
	}
	if err != nil || !proposed.Changed && w.carries(proposed.ID) == len(t.moves)-len(left) {
		return proposed.ID, err
	}
	if err := w.clear(ctx, proposed.ID); err != nil {
		return 0, err
	}
	return proposed.ID, w.carry(ctx, proposed.ID, pieces)
}

// carries is how many moves a live entry holds.
func (w *proposing) carries(entry int64) int {
	for _, e := range w.live {
		if e.ID == entry {
			return int(e.Moves)
		}
	}
	return 0
}

// name is the subject of the period's draft, or the first that no entry has.
func (w *proposing) name(ctx context.Context, in period.Period) (string, error) {
	for _, e := range w.live {
		if journal.Status(e.Status) == journal.Draft && int(e.FiscalYear) == in.FiscalYear && int(e.Period) == in.Number {
			return e.Subject, nil
		}
	}
	rows, err := w.db.TakenSubjects(ctx, sqlc.TakenSubjectsParams{ConnectionID: w.ID, Subject: w.subject()})
	if err != nil {
		return "", fmt.Errorf("read names of entries: %w", err)
	}
	name := w.subject()
	for n := 2; ; n++ {
		taken := slices.ContainsFunc(rows, func(r sqlc.TakenSubjectsRow) bool {
			return r.Subject == name && int(r.FiscalYear) == in.FiscalYear && int(r.Period) == in.Number
		})
		if !taken {
			return name, nil
		}
		name = fmt.Sprintf("%s.%d", w.subject(), n)
	}
}

func (w *proposing) description(t *target, pieces []piece) string {
	units := int64(0)
	for _, p := range pieces {
		units += p.quantity
	}
	text := fmt.Sprintf("Cost of goods, Amazon settlement %s, %d units", w.amazonID, units)
	if w.source.id == 0 {
		text = fmt.Sprintf("Cost of goods that came back to Amazon, %d units", -units)
	}
	if t.moved {
		text += ", from a closed period"
	}
	return text
}

// carry notes what an entry carries, piece by piece.
func (w *proposing) carry(ctx context.Context, entry int64, pieces []piece) error {
	counts := map[int64]sqlc.InsertCostEntriesParams{}
	rows := make([]sqlc.InsertCostPiecesParams, len(pieces))
	var carried []sqlc.InsertCostCarriedParams
	for i, p := range pieces {
		n := counts[p.count]
		n.EntryID, n.CountID, n.Moves, n.Quantity, n.Amount = entry, p.count, n.Moves+int32(len(p.moves)), n.Quantity+p.quantity, n.Amount.Add(p.amount)
		counts[p.count] = n
		rows[i] = sqlc.InsertCostPiecesParams{EntryID: entry, Seq: int32(i + 1), CountID: p.count, Marketplace: p.marketplace, Sku: p.sku, SkuMapID: p.skuMap,
			UnitCost: p.Cost, Source: p.Source, TakenAt: p.TakenAt, Quantity: p.quantity, Digits: int16(w.currency.MinorDigits()), Amount: p.amount}
		for _, id := range p.moves {
			carried = append(carried, sqlc.InsertCostCarriedParams{EntryID: entry, Seq: int32(i + 1), MoveID: id})
		}
	}
	of := slices.SortedFunc(maps.Values(counts), func(x, y sqlc.InsertCostEntriesParams) int { return cmp.Compare(x.CountID, y.CountID) })
	if _, err := w.db.InsertCostEntries(ctx, of); err != nil {
		return fmt.Errorf("note what entry %d is of: %w", entry, err)
	}
	if _, err := w.db.InsertCostPieces(ctx, rows); err != nil {
		return fmt.Errorf("note pieces of entry %d: %w", entry, err)
	}
	if _, err := w.db.InsertCostCarried(ctx, carried); err != nil {
		return fmt.Errorf("note units of entry %d: %w", entry, err)
	}
	return nil
}

// Of says what pieces of an entry are of, by number.
func (s *Service) Of(ctx context.Context, entryID int64, pieces []int) (map[int]Of, error) {
	numbers := make([]int32, len(pieces))
	for i, n := range pieces {
		numbers[i] = int32(n)
	}
	rows, err := sqlc.New(s.pool).CountsOfPieces(ctx, sqlc.CountsOfPiecesParams{EntryID: entryID, Pieces: numbers})
	if err != nil {
		return nil, fmt.Errorf("read pieces of entry %d: %w", entryID, err)
	}
	list := make(map[int]Of, len(rows))
	for _, r := range rows {
		list[int(r.Seq)] = Of{r.CountID, r.Sku, r.Marketplace}
	}
	return list, nil
}
