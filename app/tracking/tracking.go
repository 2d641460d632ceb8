// Package tracking pairs what Amazon sent with the shipments that P21 has of the
// same order, and writes carriers and tracking numbers there.
package tracking

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/app/p21"
)

// Parcel is a shipment of Amazon's in P21's items.
type Parcel struct {
	Number  string         // of the carrier
	Carrier string         // P21's id; empty leaves what P21 has
	Items   map[string]int // units by code in capitals
}

// Payload is what is written to P21.
type Payload struct {
	Order    string         `json:"order"` // P21's
	Tracking []p21.Tracking `json:"tracking"`
}

// Order is an order of P21's with the shipments that have left.
type Order struct {
	p21.SalesOrder
	Shipments []p21.Shipment
}

// Read reads an order with what of it has left.
func Read(ctx context.Context, system p21.System, number string) (Order, error) {
	order, err := system.ReadOrder(ctx, number)
	if err != nil {
		return Order{}, fmt.Errorf("read order %s: %w", number, err)
	}
	list, err := system.Shipments(ctx, p21.Selection{Order: number})
	if err != nil {
		return Order{}, fmt.Errorf("read shipments of order %s: %w", number, err)
	}
	return Order{order, shipped(list)}, nil
}

// Behind reports whether P21 has shipped less of anything than Amazon.
func (o Order) Behind(sent []Parcel) bool { return behind(sent, o.Shipments) }

// Place says which of P21's shipments gets which number: each of Amazon's goes
// to the one with just its contents, or else to one that has some of it. What is
// still without a number gets that of a parcel with its items.
func (o Order) Place(sent []Parcel) []p21.Tracking { return place(sent, o.Shipments) }

// Late reports whether P21 takes numbers no more that it does not have: it has
// invoiced the order.
func (o Order) Late(list []p21.Tracking) bool {
	return o.Status == p21.Invoiced && lacks(list, o.Shipments) != ""
}

// shipped are the shipments that left, in P21's words.
func shipped(list []p21.Shipment) []p21.Shipment {
	return slices.DeleteFunc(slices.Clone(list), func(s p21.Shipment) bool { return s.Date.Year == 0 })
}

func itemsIn(s p21.Shipment) map[string]decimal.Decimal {
	items := map[string]decimal.Decimal{}
	for _, l := range s.Lines {
		code := strings.ToUpper(l.Item)
		items[code] = items[code].Add(l.Quantity)
	}
	return items
}

func behind(sent []Parcel, done []p21.Shipment) bool {
	left := map[string]decimal.Decimal{}
	for _, p := range sent {
		for item, quantity := range p.Items {
			left[item] = left[item].Add(decimal.NewFromInt(int64(quantity)))
		}
	}
	for _, s := range done {
		for item, quantity := range itemsIn(s) {
			left[item] = left[item].Sub(quantity)
		}
	}
	for _, quantity := range left {
		if quantity.IsPositive() {
			return true
		}
	}
	return len(done) == 0
}

func place(sent []Parcel, done []p21.Shipment) []p21.Tracking {
	free, numbers := slices.Clone(done), map[string]Parcel{}
	for _, suits := range []func(Parcel, p21.Shipment) bool{same, shares} {
		for _, p := range sent {
			if slices.ContainsFunc(slices.Collect(maps.Values(numbers)), func(known Parcel) bool { return known.Number == p.Number }) {
				continue
			}
			if i := slices.IndexFunc(free, func(s p21.Shipment) bool { return suits(p, s) }); i >= 0 {
				numbers[free[i].Number] = p
				free = slices.Delete(free, i, i+1)
			}
		}
	}
	for _, s := range free {
		if i := slices.IndexFunc(sent, func(p Parcel) bool { return shares(p, s) }); i >= 0 {
			numbers[s.Number] = sent[i]
		}
	}
	var list []p21.Tracking
	for _, s := range done {
		p, ok := numbers[s.Number]
		if !ok || p.Number == "" {
			continue
		}
		if p.Carrier == "" {
			p.Carrier = s.Carrier
		}
		list = append(list, p21.Tracking{Shipment: s.Number, Carrier: p.Carrier, Number: p.Number})
	}
	return list
}

// same reports whether a shipment has just a parcel's contents.
func same(p Parcel, s p21.Shipment) bool {
	items := itemsIn(s)
	if len(items) != len(p.Items) {
		return false
	}
	for item, quantity := range p.Items {
		if !items[item].Equal(decimal.NewFromInt(int64(quantity))) {
			return false
		}
	}
	return true
}

// shares reports whether a shipment has something of a parcel.
func shares(p Parcel, s p21.Shipment) bool {
	for item := range itemsIn(s) {
		if p.Items[item] > 0 {
			return true
		}
	}
	return false
}

// lacks says which number P21 does not have.
func lacks(list []p21.Tracking, held []p21.Shipment) string {
	for _, t := range list {
		i := slices.IndexFunc(held, func(s p21.Shipment) bool { return s.Number == t.Shipment })
		if i < 0 {
			return "there is no shipment " + t.Shipment
		}
		if held[i].Tracking != t.Number || held[i].Carrier != t.Carrier {
			return fmt.Sprintf("shipment %s has the number %q, not %s", t.Shipment, held[i].Tracking, t.Number)
		}
	}
	return ""
}

// Shelf is P21's shipments as a target of the write protocol. Writing the same
// numbers again changes nothing.
type Shelf struct{ System p21.System }

// CanLookUp implements outbound.Target.
func (s *Shelf) CanLookUp() bool { return true }

// RefusesDuplicates implements outbound.Target.
func (s *Shelf) RefusesDuplicates() bool { return true }

// Find implements outbound.Target.
func (s *Shelf) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	found, err := s.Read(ctx, m, "")
	if err != nil || found.Difference != "" {
		return nil, err
	}
	return []outbound.Found{found}, nil
}

// Send implements outbound.Target.
func (s *Shelf) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := payloadIn(m)
	if err != nil {
		return "", err
	}
	for _, t := range want.Tracking {
		if err := s.System.WriteTracking(ctx, t); err != nil {
			return "", err
		}
	}
	return want.Order, nil
}

// Read implements outbound.Target.
func (s *Shelf) Read(ctx context.Context, m outbound.Message, _ string) (outbound.Found, error) {
	want, err := payloadIn(m)
	if err != nil {
		return outbound.Found{}, err
	}
	held, err := s.System.Shipments(ctx, p21.Selection{Order: want.Order})
	if err != nil {
		return outbound.Found{}, err
	}
	return outbound.Found{Key: want.Order, Difference: lacks(want.Tracking, held)}, nil
}

// Outcome implements outbound.Target.
func (s *Shelf) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	switch p21.OutcomeOf(err) {
	case p21.Refused:
		return outbound.Refused, words
	case p21.NotSent:
		return outbound.NotSent, words
	}
	return outbound.Ambiguous, words
}

func payloadIn(m outbound.Message) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		return p, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return p, nil
}
