package fulfilment

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

// parcel is a shipment of Amazon's in P21's items.
type parcel struct {
	number, carrier string
	items           map[string]int
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

// behind reports whether P21 has shipped less of anything than Amazon.
func behind(sent []parcel, done []p21.Shipment) bool {
	left := map[string]decimal.Decimal{}
	for _, p := range sent {
		for item, quantity := range p.items {
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

// place says which of P21's shipments gets which number: each of Amazon's goes
// to the one with just its contents, or else to one that has some of it. What is
// still without a number gets that of a parcel with its items.
func place(sent []parcel, done []p21.Shipment) []p21.Tracking {
	free, numbers := slices.Clone(done), map[string]parcel{}
	for _, suits := range []func(parcel, p21.Shipment) bool{same, shares} {
		for _, p := range sent {
			if slices.ContainsFunc(slices.Collect(maps.Values(numbers)), func(known parcel) bool { return known.number == p.number }) {
				continue
			}
			if i := slices.IndexFunc(free, func(s p21.Shipment) bool { return suits(p, s) }); i >= 0 {
				numbers[free[i].Number] = p
				free = slices.Delete(free, i, i+1)
			}
		}
	}
	for _, s := range free {
		if i := slices.IndexFunc(sent, func(p parcel) bool { return shares(p, s) }); i >= 0 {
			numbers[s.Number] = sent[i]
		}
	}
	var list []p21.Tracking
	for _, s := range done {
		p, ok := numbers[s.Number]
		if !ok || p.number == "" {
			continue
		}
		if p.carrier == "" {
			p.carrier = s.Carrier
		}
		list = append(list, p21.Tracking{Shipment: s.Number, Carrier: p.carrier, Number: p.number})
	}
	return list
}

// same reports whether a shipment has just a parcel's contents.
func same(p parcel, s p21.Shipment) bool {
	items := itemsIn(s)
	if len(items) != len(p.items) {
		return false
	}
	for item, quantity := range p.items {
		if !items[item].Equal(decimal.NewFromInt(int64(quantity))) {
			return false
		}
	}
	return true
}

// shares reports whether a shipment has something of a parcel.
func shares(p parcel, s p21.Shipment) bool {
	for item := range itemsIn(s) {
		if p.items[item] > 0 {
			return true
		}
	}
	return false
}

// written reports whether P21 has all the numbers.
func written(list []p21.Tracking, held []p21.Shipment) bool {
	return lacks(list, held) == ""
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

// shelf is P21's shipments as a target of the write protocol. Writing the same
// numbers again changes nothing.
type shelf struct{ system p21.System }

func (s *shelf) CanLookUp() bool         { return true }
func (s *shelf) RefusesDuplicates() bool { return true }

func (s *shelf) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	found, err := s.Read(ctx, m, "")
	if err != nil || found.Difference != "" {
		return nil, err
	}
	return []outbound.Found{found}, nil
}

func (s *shelf) Send(ctx context.Context, m outbound.Message) (string, error) {
	want, err := trackingIn(m)
	if err != nil {
		return "", err
	}
	for _, t := range want.Tracking {
		if err := s.system.WriteTracking(ctx, t); err != nil {
			return "", err
		}
	}
	return want.Order, nil
}

func (s *shelf) Read(ctx context.Context, m outbound.Message, _ string) (outbound.Found, error) {
	want, err := trackingIn(m)
	if err != nil {
		return outbound.Found{}, err
	}
	held, err := s.system.Shipments(ctx, p21.Selection{Order: want.Order})
	if err != nil {
		return outbound.Found{}, err
	}
	return outbound.Found{Key: want.Order, Difference: lacks(want.Tracking, held)}, nil
}

func (s *shelf) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	switch p21.OutcomeOf(err) {
	case p21.Refused:
		return outbound.Refused, words
	case p21.NotSent:
		return outbound.NotSent, words
	}
	return outbound.Ambiguous, words
}

func trackingIn(m outbound.Message) (trackingPayload, error) {
	var p trackingPayload
	if err := json.Unmarshal(m.Payload, &p); err != nil {
		return p, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return p, nil
}
