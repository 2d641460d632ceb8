package shipments

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/p21"
)

// sold is a line of Amazon's order and what it is in P21's.
type sold struct {
	id    string // Amazon's of the line
	units decimal.Decimal
	lines map[int]decimal.Decimal // quantities of P21's lines
}

// soldIn reads which of P21's lines stand for which of Amazon's.
func soldIn(target json.RawMessage) ([]sold, error) {
	var t struct {
		Lists struct {
			Lines []struct {
				Reference string
				Quantity  decimal.Decimal
			}
			Order []struct {
				Number    int
				Reference string
				Quantity  decimal.Decimal
			} `json:"order_lines"`
		}
	}
	if err := json.Unmarshal(target, &t); err != nil {
		return nil, fmt.Errorf("read the order's lines: %w", err)
	}
	var list []sold
	for _, line := range t.Lists.Lines {
		s := sold{id: line.Reference, units: line.Quantity, lines: map[int]decimal.Decimal{}}
		for _, part := range t.Lists.Order {
			if part.Reference == line.Reference {
				s.lines[part.Number] = part.Quantity
			}
		}
		if len(s.lines) > 0 {
			list = append(list, s)
		}
	}
	return list, nil
}

// gone returns how many whole units of Amazon's line have left when so much of
// P21's lines has: of a set none before all of its parts have.
func (s sold) gone(shipped map[int]decimal.Decimal) decimal.Decimal {
	var least *decimal.Decimal
	for line, quantity := range s.lines {
		units := shipped[line].Mul(s.units).Div(quantity).Floor()
		if least == nil || units.LessThan(*least) {
			least = &units
		}
	}
	return *least
}

// parts are the units of Amazon's lines that a shipment brings on their way.
func (f *Flow) parts(ctx context.Context, connectionID int64, c content) ([]amazon.PackageItem, error) {
	target, err := f.orders().TargetOf(ctx, connectionID, ordersFlow, c.Order.ID)
	if err != nil {
		return nil, err
	}
	lines, err := soldIn(target)
	if err != nil {
		return nil, err
	}
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	all, err := system.Shipments(ctx, p21.Selection{Order: c.Shipment.Order})
	if err != nil {
		return nil, fmt.Errorf("read shipments of order %s: %w", c.Shipment.Order, err)
	}
	before, after := upTo(all, c.Shipment)
	var parts []amazon.PackageItem
	for _, line := range lines {
		left := line.gone(after)
		if left.GreaterThan(line.units) {
			return nil, tooMuch(c, line, left)
		}
		if units := left.Sub(line.gone(before)); units.IsPositive() {
			parts = append(parts, amazon.PackageItem{ItemID: line.id, Quantity: units.IntPart()})
		}
	}
	return parts, nil
}

// upTo adds up what had left of each line before a shipment, and with it.
func upTo(all []p21.Shipment, this p21.Shipment) (before, after map[int]decimal.Decimal) {
	before, after = map[int]decimal.Decimal{}, map[int]decimal.Decimal{}
	for _, s := range all {
		if s.Date.Year == 0 || order(s, this) > 0 {
			continue
		}
		for _, l := range s.Lines {
			after[l.Line] = after[l.Line].Add(l.Quantity)
			if s.Number != this.Number {
				before[l.Line] = before[l.Line].Add(l.Quantity)
			}
		}
	}
	return before, after
}

// order is the sequence in which P21 numbers shipments.
func order(a, b p21.Shipment) int {
	return cmp.Or(cmp.Compare(len(a.Number), len(b.Number)), strings.Compare(a.Number, b.Number))
}

func tooMuch(c content, line sold, left decimal.Decimal) *flow.Obstacle {
	words := fmt.Sprintf("P21 has shipped %s units of line %s of order %s, of which Amazon sold %s. Correct the shipment in P21, or ignore this and tell Amazon by hand.", left, line.id, c.Order.ID, line.units)
	return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/too much/" + c.Order.ID, Title: "Shipments: more was shipped than Amazon sold, order " + c.Order.ID, Words: words,
		Detail: map[string]any{"order": c.Order.ID}}
}

// sameItems reports whether two parcels hold the same.
func sameItems(a, b []amazon.PackageItem) bool {
	by := func(x, y amazon.PackageItem) int { return strings.Compare(x.ItemID, y.ItemID) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), by), slices.SortedFunc(slices.Values(b), by))
}
