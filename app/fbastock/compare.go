package fbastock

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/p21"
)

// comparison is what both sides have of an item, in the item's unit.
type comparison struct {
	item        string
	location    string
	amazon, p21 decimal.Decimal
	onHand      decimal.Decimal // at the location that is adjusted
	cost        decimal.Decimal // of a unit there, functional currency
	stocked     bool            // P21 has the item at the location
}

// units are to be added in P21.
func (c comparison) units() decimal.Decimal { return c.amazon.Sub(c.p21) }

// value is what the difference is worth, without sign.
func (c comparison) value() decimal.Decimal { return c.units().Mul(c.cost).Abs().Round(2) }

func (c comparison) words() string {
	return fmt.Sprintf("Amazon has %s of %s, P21 has %s at location %s: a difference of %s", c.amazon, c.item, c.p21, c.location, signed(c.units()))
}

func signed(d decimal.Decimal) string {
	if d.IsPositive() {
		return "+" + d.String()
	}
	return d.String()
}

// Complete implements flow.Flow: it compares both sides, and asks P21 anew before
// a difference counts.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	if sku, ok := strings.CutPrefix(r.Key, unmapped); ok {
		return m, f.unknown(ctx, r, sku)
	}
	if m.Header["wanted"] != true {
		return f.nothing(r, m, "The mapping does not want it.")
	}
	c, err := f.compare(ctx, r, m)
	if err != nil {
		return m, err
	}
	if c.units().IsZero() {
		if err := f.store.end(ctx, r.ConnectionID, c.item); err != nil {
			return m, err
		}
		return f.nothing(r, m, fmt.Sprintf("Both sides have %s.", c.amazon))
	}
	d, err := f.store.note(ctx, r.ConnectionID, c.item, c.units(), used(r), f.clock.Now())
	if err != nil {
		return m, err
	}
	if early := d.since.Add(time.Duration(m.Header["patience"].(int)) * time.Minute).Sub(f.clock.Now()); early > 0 {
		return m, &flow.Pause{Words: c.words() + ". It is looked at again before anybody is asked.", Least: early}
	}
	return f.adjusted(ctx, r, m, c, d)
}

// adjusted is the record with the adjustment that makes both sides equal, as far
// as P21 takes one and somebody allowed it.
func (f *Flow) adjusted(ctx context.Context, r flow.Record, m flow.Mapped, c comparison, d difference) (flow.Mapped, error) {
	connection, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	if reason, err := f.cannot(ctx, r, c); err != nil || reason != "" {
		return m, stopped(c, money.New(c.value(), connection.FunctionalCurrency), reason, err)
	}
	if limit := m.Number("limit"); !d.approved && (!c.value().IsPositive() || c.value().GreaterThan(limit)) {
		return m, stopped(c, money.New(c.value(), connection.FunctionalCurrency), "", nil)
	}
	m.Header["units"], m.Header["on_hand"], m.Header["since"] = c.units(), c.onHand, d.since.UTC().Format(time.RFC3339Nano)
	m.Lists = nil
	return m, nil
}

// cannot says why P21 takes no adjustment of an item; "" when it does.
func (f *Flow) cannot(ctx context.Context, r flow.Record, c comparison) (string, error) {
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return "", err
	}
	has, err := system.Features(ctx)
	switch {
	case err != nil:
		return "", err
	case !has.StockWrite:
		return "This P21 takes no adjustments from here: enter it there, or ignore this.", nil
	case !c.stocked:
		return "P21 does not stock the item at location " + c.location + ": set it up there and try again.", nil
	}
	return "", nil
}

// stopped puts a difference before a person: one cause per item.
func stopped(c comparison, worth money.Amount, reason string, err error) error {
	if err != nil {
		return err
	}
	words := c.words() + "."
	if reason != "" {
		words += " " + reason
	}
	detail := map[string]any{"item": c.item, "location": c.location, "amazon": c.amazon.String(), "prophet_21": c.p21.String(), "difference": signed(c.units()), "unit_cost": c.cost.String()}
	if reason != "" {
		detail["not_from_here"] = reason
	}
	return &flow.Obstacle{Class: exception.StockDifference, Cause: c.item, Title: "Stock of " + c.item + " differs by " + signed(c.units()), Words: words, Amount: worth, Detail: detail}
}

// used is since when the difference stood that the record adjusted last.
func used(r flow.Record) time.Time {
	if r.RemoteKey == "" || len(r.Target) == 0 {
		return time.Time{}
	}
	var last struct{ Header struct{ Since time.Time } }
	if json.Unmarshal(r.Target, &last) != nil {
		return time.Time{}
	}
	return last.Header.Since
}

// nothing leaves a record alone: what was adjusted before stays so.
func (f *Flow) nothing(r flow.Record, m flow.Mapped, reason string) (flow.Mapped, error) {
	if r.RemoteKey == "" {
		return m, &flow.Nothing{Reason: reason}
	}
	var last flow.Mapped
	decoder := json.NewDecoder(bytes.NewReader(r.Target))
	decoder.UseNumber()
	if err := decoder.Decode(&last); err != nil {
		return m, fmt.Errorf("read what was adjusted of %s: %w", r.Key, err)
	}
	return last, nil
}

// unknown stops behind an SKU that stands for no item.
func (f *Flow) unknown(ctx context.Context, r flow.Record, sku string) error {
	marketplaces, err := f.marketplaces(ctx, r.ConnectionID)
	if err != nil {
		return err
	}
	mapped, err := f.maps(ctx, r.ConnectionID, marketplaces[0], []string{sku}, day(f.clock.Now()))
	if err != nil {
		return err
	}
	if m, ok := mapped[sku]; ok {
		return &flow.Nothing{Reason: "Compared with " + m.Parts.String() + " now."}
	}
	return &flow.Obstacle{Class: exception.UnknownSKU, Cause: sku, Title: "No item stands for SKU " + sku, Words: "SKU " + sku + " is at Amazon and not mapped.",
		Detail: map[string]any{"sku": sku, "marketplace": marketplaces[0]}}
}

// compare adds both sides up. Where they differ P21 is asked anew: what was read
// may be older than the last adjustment.
func (f *Flow) compare(ctx context.Context, r flow.Record, m flow.Mapped) (comparison, error) {
	var known content
	if err := json.Unmarshal(r.Content, &known); err != nil {
		return comparison{}, fmt.Errorf("read stock of %s: %w", r.Key, err)
	}
	c := comparison{item: r.Key, location: m.Text("location")}
	for i, e := range m.Elements(skus) {
		c.amazon = c.amazon.Add(decimal.NewFromInt(int64(e.Integer("units") * known.SKUs[i].Per)))
	}
	var counted []place
	for i, e := range m.Elements(places) {
		if e["counts"] == true {
			c.p21 = c.p21.Add(e.Number("units"))
			counted = append(counted, known.Stock[i])
		}
	}
	if c.units().IsZero() {
		return c, nil
	}
	return c, f.asked(ctx, r.ConnectionID, &c, counted)
}

// patience is when P21's stock is compared anew that moved since it was read.
const patience = time.Minute

// asked reads what P21 has now of an item that seems to differ.
func (f *Flow) asked(ctx context.Context, connectionID int64, c *comparison, counted []place) error {
	system, err := f.sides.P21(ctx, connectionID)
	if err != nil {
		return err
	}
	fresh, err := system.StockOf(ctx, c.item)
	if err != nil {
		return fmt.Errorf("read P21's stock of %s: %w", c.item, err)
	}
	now := map[string]p21.Stock{}
	for _, s := range fresh {
		now[s.Location] = s
	}
	for _, p := range counted {
		if s := now[p.Location]; !s.OnHand.Equal(p.OnHand) || !s.Available.Equal(p.Available) {
			return &flow.Pause{Words: "P21's stock of " + c.item + " has moved since it was read; the next reading compares it anew.", Least: patience}
		}
	}
	at, stocked := now[c.location]
	c.stocked, c.onHand, c.cost = stocked, at.OnHand, at.UnitCost
	return nil
}

// Message implements flow.Flow.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	since := m.Text("since")
	at, err := time.Parse(time.RFC3339Nano, since)
	if err != nil {
		return flow.Message{}, fmt.Errorf("read since when %s differs: %w", r.Key, err)
	}
	a := adjustment{Adjustment: p21.Adjustment{Reference: fmt.Sprintf("FBA-%d-%d", r.ID, at.UnixMicro()), Item: r.Key, Location: m.Text("location"), Delta: m.Number("units"), Reason: m.Text("reason")},
		Before: m.Number("on_hand")}
	raw, err := json.Marshal(a)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write adjustment of %s: %w", r.Key, err)
	}
	return flow.Message{Kind: kindAdjustment, Target: a.Location, Reference: a.Reference, Payload: raw}, nil
}
