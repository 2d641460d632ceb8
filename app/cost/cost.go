// Package cost books the cost of goods sold where revenue comes from settlements
// alone: the units that a settlement shipped, and those that came back and can be
// sold again, at what P21 says they cost, to the cost of goods sold and out of the
// inventory in Amazon's warehouses.
//
// A settlement is counted once, as soon as it is there, and its cost goes into the
// periods of its lines, as its revenue does: one entry per settlement and period.
// Refunds say nothing of units, so what came back is counted from the returns that
// Amazon reports, one entry per period once that is over. Each unit is in one
// entry; what comes up after an entry was handed in goes into a further one.
package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

// Categories of an entry's two lines.
const (
	categoryCost  = "cost"  // cost of goods sold
	categoryStock = "stock" // inventory in Amazon's warehouses
)

// returnsSubject is what entries about returns are called.
const returnsSubject = "RETURNS"

// shipped reports whether lines of a kind say how many units were shipped. Amazon
// repeats an item's quantity on every one of its lines, so that one amount of it
// is looked at. What other channels sold from Amazon's warehouses is their cost.
func shipped(k mapping.Kind) bool {
	return mapping.Key(k.TransactionType) == "order" && mapping.Key(k.AmountType) == "itemprice" && mapping.Key(k.AmountDescription) == "principal" &&
		!strings.HasPrefix(mapping.Key(k.Marketplace), "nonamazon")
}

// kept splits what came back into what can be sold again and what cannot. The
// second is lost: its cost was booked when it was shipped, and stays.
func kept(units int, sellable bool) (stock, lost int) {
	if sellable {
		return units, 0
	}
	return 0, units
}

// Each is what a unit of an SKU costs, and where that is from.
type Each struct {
	Cost    decimal.Decimal
	Source  string
	TakenAt time.Time
}

// part is an item in a unit of an SKU.
type part struct {
	item      string
	quantity  int32
	cost      decimal.Decimal
	location  string // empty: the item itself says the cost
	changedAt time.Time
}

// each adds the parts of a map up. The item is named that P21 has no cost of.
func each(parts []part, now time.Time) (e Each, missing string) {
	words := make([]string, len(parts))
	for i, p := range parts {
		if !p.cost.IsPositive() {
			return Each{}, p.item
		}
		e.Cost = e.Cost.Add(p.cost.Mul(decimal.NewFromInt32(p.quantity)))
		from := "the item"
		if p.location != "" {
			from = "location " + p.location
		}
		words[i] = fmt.Sprintf("%d x %s at %s, %s, %s", p.quantity, p.item, p.cost, from, p.changedAt.UTC().Format(time.DateOnly))
	}
	e.Source, e.TakenAt = strings.Join(words, " + "), now
	return e, ""
}

// move is units of an SKU on a day; below zero: they came back.
type move struct {
	id, count        int64
	day              period.Date
	marketplace, sku string
	quantity         int64
	skuMap           int64 // in force on the day; 0: none
}

// held is what has one cost within an entry.
type held struct {
	count            int64
	marketplace, sku string
	skuMap           int64
}

func (m move) held() held { return held{m.count, m.marketplace, m.sku, m.skuMap} }

// piece is units at one cost: a piece of evidence in both lines of an entry.
type piece struct {
	held
	Each
	quantity int64
	amount   decimal.Decimal // above zero: cost
	moves    []int64
}

// weigh makes pieces of moves, each rounded once to a currency's decimals. What
// has no cost waits.
func weigh(moves []move, costs func(move) (Each, bool), digits int32) (pieces []piece, waiting []move) {
	at := map[held]int{}
	for _, m := range moves {
		e, known := costs(m)
		if !known {
			waiting = append(waiting, m)
			continue
		}
		i, there := at[m.held()]
		if !there {
			i = len(pieces)
			at[m.held()] = i
			pieces = append(pieces, piece{held: m.held(), Each: e})
		}
		pieces[i].quantity += m.quantity
		pieces[i].moves = append(pieces[i].moves, m.id)
	}
	for i := range pieces {
		p := &pieces[i]
		p.amount = p.Cost.Mul(decimal.NewFromInt(p.quantity)).Round(digits)
	}
	slices.SortFunc(pieces, func(x, y piece) int {
		return cmp.Or(cmp.Compare(x.sku, y.sku), cmp.Compare(x.marketplace, y.marketplace), cmp.Compare(x.count, y.count), cmp.Compare(x.skuMap, y.skuMap))
	})
	return pieces, waiting
}

// total is what pieces cost together.
func total(pieces []piece) decimal.Decimal {
	sum := decimal.Zero
	for _, p := range pieces {
		sum = sum.Add(p.amount)
	}
	return sum
}

// accounts are where the cost goes and where it comes from.
type accounts struct{ cost, stock string }

// lines are the two sides of an entry with their evidence; none where the pieces
// add up to nothing.
func lines(pieces []piece, to accounts) (list []journal.Line, evidence []journal.Evidence) {
	sum := total(pieces)
	if sum.IsZero() {
		return nil, nil
	}
	debit, credit := sum, decimal.Zero
	if sum.IsNegative() {
		debit, credit = decimal.Zero, sum.Neg()
	}
	list = []journal.Line{
		{Number: 1, Account: to.cost, Category: categoryCost, Description: "Cost of goods sold", Debit: debit, Credit: credit, FunctionalDebit: debit, FunctionalCredit: credit},
		{Number: 2, Account: to.stock, Category: categoryStock, Description: "Inventory in Amazon's warehouses", Debit: credit, Credit: debit, FunctionalDebit: credit, FunctionalCredit: debit},
	}
	for _, l := range list {
		for _, p := range pieces {
			amount := p.amount
			if l.Category == categoryCost {
				amount = amount.Neg()
			}
			evidence = append(evidence, journal.Evidence{Line: l.Number, Subject: p.sku, Detail: p.detail(), Quantity: decimal.NewNullDecimal(decimal.NewFromInt(p.quantity)), Amount: amount})
		}
	}
	return list, evidence
}

// detail says in words what a piece is made of.
func (p piece) detail() string {
	text := fmt.Sprintf("%s each: %s", p.Cost, p.Source)
	if p.marketplace == "" {
		return "Returned, " + text
	}
	return p.marketplace + ", " + text
}

// State selects counts by how far their cost is.
type State string

// The states of a list. The zero value: all.
const (
	Waiting State = "waiting" // units have no item or no cost
	Open    State = "open"    // not everything is posted
	Posted  State = "posted"
)

// Count is what was counted of a settlement, or of what came back, in a period.
type Count struct {
	ID             int64
	ConnectionID   int64
	ConnectionName string
	SettlementID   int64 // 0: what came back
	AmazonID       string
	Replaced       bool // Amazon has issued the report again
	Period         string
	Starts, Ends   period.Date
	Moves          int
	Shipped        int64
	Returned       int64 // units that can be sold again
	Kept           int64 // that came back and cannot
	Waiting        int64 // without an item or a cost

	Entries   int // live ones
	Carried   int // moves in them
	Posted    int // of those, posted
	Amount    money.Amount
	EntryID   int64 // the newest of them; 0: none
	Reference string
	Status    journal.Status
}

// Of names what was counted.
func (c Count) Of() string {
	if c.SettlementID == 0 {
		return "Returns"
	}
	return c.AmazonID
}

// Place is a count's place in the list: the newest period first.
type Place struct {
	Starts period.Date
	ID     int64
}

// Place of the count.
func (c Count) Place() Place { return Place{c.Starts, c.ID} }

// Filter selects counts.
type Filter struct {
	Connection int64  // 0: all
	Period     string // key; empty: any
	State      State
	Text       string // beginning of a settlement's id, or of "returns"
	PageSize   int
	After      Place
}

// Sum is what counts add up to in one currency.
type Sum struct {
	Shipped, Returned, Kept, Waiting int64
	Amount, Posted                   money.Amount
}

// Entry is a journal entry of a count, reversed ones included.
type Entry struct {
	ID        int64
	Reference string
	Status    journal.Status
	Period    string
	Units     int64
	Amount    money.Amount
}

// Whole is a count with its entries.
type Whole struct {
	Count
	All []Entry
}

// Item is an SKU of a count, at one cost.
type Item struct {
	SKU, Marketplace string
	Quantity, Kept   int64
	EntryID          int64 // 0: no live entry carries it
	Number           int   // of the piece in it
	Each             Each
	Amount           money.Amount
}

// Carried reports whether a live entry has the units.
func (i Item) Carried() bool { return i.EntryID != 0 }

// ItemPlace is an item's place in the list of a count.
type ItemPlace struct {
	SKU, Marketplace string
	EntryID          int64
	Number           int
}

// Place of the item.
func (i Item) Place() ItemPlace { return ItemPlace{i.SKU, i.Marketplace, i.EntryID, i.Number} }

// Move is units of an SKU on a day.
type Move struct {
	ID          int64
	Day         period.Date
	Marketplace string
	Lines       int
	Quantity    int // above zero: shipped; below: back in stock
	Kept        int
	RecordID    int64  // the return; 0: lines of the settlement
	Key         string // of the return
}

// Of is what a piece of an entry's evidence is of.
type Of struct {
	CountID          int64
	SKU, Marketplace string
}
