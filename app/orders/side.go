package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/app/p21"
)

// Kinds of messages.
const (
	kindOrder  = "sales_order"
	kindChange = "sales_order_change"
)

// side is P21's sales orders as a target of the write protocol.
type side struct {
	system   p21.System
	features p21.Features
	change   bool
}

func (s *side) CanLookUp() bool { return s.features.Orders }

// RefusesDuplicates holds for changes too: what a change asks for is a state,
// not a step, and P21 takes it only from who has read the order's last version.
func (s *side) RefusesDuplicates() bool { return s.change || s.features.RefusesDuplicates }

func (s *side) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	want, err := orderIn(m)
	if err != nil {
		return nil, err
	}
	if m.Kind == kindChange {
		return s.findChange(ctx, want)
	}
	held, err := s.system.FindOrders(ctx, want.Reference)
	if err != nil {
		return nil, err
	}
	found := make([]outbound.Found, len(held))
	for i, h := range held {
		found[i] = outbound.Found{Key: h.Number, Difference: p21.OrderDifference(want, h)}
	}
	return found, nil
}

// findChange says that a change is there when the order is as it asks for.
func (s *side) findChange(ctx context.Context, want p21.SalesOrder) ([]outbound.Found, error) {
	held, err := s.system.ReadOrder(ctx, want.Number)
	if err != nil {
		return nil, err
	}
	if p21.OrderDifference(changed(held, want), held) != "" {
		return nil, nil
	}
	return []outbound.Found{{Key: held.Number}}, nil
}

func (s *side) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := orderIn(m)
	if err != nil {
		return "", err
	}
	if m.Kind != kindChange {
		posted, err := s.system.PostOrder(ctx, want)
		return posted.Number, err
	}
	held, err := s.system.ReadOrder(ctx, want.Number)
	if err != nil {
		return "", err
	}
	after, err := s.system.ChangeOrder(ctx, changed(held, want))
	return after.Number, err
}

func (s *side) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	want, err := orderIn(m)
	if err != nil {
		return outbound.Found{}, err
	}
	held, err := s.system.ReadOrder(ctx, key)
	if err != nil {
		return outbound.Found{}, err
	}
	if m.Kind == kindChange {
		want = changed(held, want)
	}
	return outbound.Found{Key: held.Number, Difference: p21.OrderDifference(want, held)}, nil
}

func (s *side) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	switch p21.OutcomeOf(err) {
	case p21.Refused:
		return outbound.Refused, words
	case p21.NotSent:
		return outbound.NotSent, words
	}
	return outbound.Ambiguous, words
}

func orderIn(m outbound.Message) (p21.SalesOrder, error) {
	var o p21.SalesOrder
	if err := json.Unmarshal(m.Payload, &o); err != nil {
		return o, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return o, nil
}

// changed is the order that P21 holds with the quantities that are wanted now.
// A line that is not wanted any more stays, with nothing in it. A new line or
// another price is asked for as well, and P21 refuses it in its own words.
func changed(held, want p21.SalesOrder) p21.SalesOrder {
	next := held
	if want.Status == p21.Cancelled {
		next.Status = p21.Cancelled
		return next
	}
	next.Lines = nil
	used := map[int]bool{}
	for _, line := range held.Lines {
		at := match(line, want.Lines)
		wanted := p21.SalesLine{UnitPrice: line.UnitPrice}
		if at >= 0 {
			wanted, used[at] = want.Lines[at], true
		}
		if !wanted.UnitPrice.Round(4).Equal(line.UnitPrice.Round(4)) {
			line.UnitPrice = wanted.UnitPrice
		}
		line.Quantity, line.Total = wanted.Quantity, line.UnitPrice.Mul(wanted.Quantity).Round(want.Currency.MinorDigits())
		next.Lines = append(next.Lines, line)
	}
	for i, line := range want.Lines {
		if !used[i] {
			next.Lines = append(next.Lines, line)
		}
	}
	return next
}

// match finds the wanted line that a held one stands for: by Amazon's id of the
// line where P21 keeps it, by number otherwise.
func match(held p21.SalesLine, wanted []p21.SalesLine) int {
	return slices.IndexFunc(wanted, func(w p21.SalesLine) bool {
		if held.Reference != "" {
			return w.Item == held.Item && w.Reference == held.Reference
		}
		return w.Item == held.Item && w.Number == held.Number
	})
}
