package fulfilment

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/period"
)

// orderLines is the list that Complete adds: Amazon's lines.
const orderLines = "order_lines"

// Complete implements flow.Flow: it finds the SKUs and asks Amazon what the
// order would come to; once Amazon holds it, it compares both sides.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	off := m.Header["cancelled"] == true || m.Header["flagged"] != true
	switch {
	case r.RemoteKey != "":
		return f.follow(ctx, r, m, off)
	case m.Header["cancelled"] == true:
		return m, &flow.Nothing{Reason: "It was cancelled before Amazon was asked."}
	case off:
		return m, &flow.Nothing{Reason: "P21 does not want Amazon to ship it."}
	case m.Header["finished"] == true:
		return m, &flow.Nothing{Reason: "P21 had shipped it before Amazon was asked."}
	}
	chosen, err := f.choose(ctx, r, m)
	if err != nil {
		return m, err
	}
	with(m, chosen)
	c, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	m.Header["seller"], m.Header["cancelled"] = seller(c), false
	return m, f.preview(ctx, r, m)
}

// with adds Amazon's lines to what formulas came to.
func with(m flow.Mapped, chosen []sent) {
	m.Lists[orderLines] = nil
	for _, l := range chosen {
		m.Lists[orderLines] = append(m.Lists[orderLines], map[string]any{"id": l.ID, "sku": l.SKU, "quantity": l.Quantity, "item": l.Item, "pack": l.Pack})
	}
}

var allowedID = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// preview asks Amazon and keeps what it says with the order. What Amazon cannot
// send, or only for too much, stops.
func (f *Flow) preview(ctx context.Context, r flow.Record, m flow.Mapped) error {
	if id := m.Text("reference"); !allowedID.MatchString(id) {
		return &flow.Obstacle{Class: exception.MappingFailed, Cause: Name + "/reference", Title: "Fulfilment requests: an id that Amazon does not take",
			Words: fmt.Sprintf("%q is no id for Amazon: letters, digits and hyphens, at most 40.", id)}
	}
	request, err := requestOf(m)
	if err != nil {
		return err
	}
	if wrong := incomplete(request.ShipTo); wrong != "" {
		return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/address/" + wrong, Title: "Fulfilment requests: an address without " + wrong,
			Words: fmt.Sprintf("Amazon needs %s to send it. Complete the order in P21, or its mapping.", wrong)}
	}
	client, err := f.sides.Fulfillments(ctx, r.ConnectionID)
	if err != nil {
		return err
	}
	p, err := client.Preview(ctx, request)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	m.Header["fee"], m.Header["fee_currency"] = p.Fee.Amount, p.Fee.Currency
	m.Header["arrives_from"], m.Header["arrives_until"] = instant(p.Earliest), instant(p.Latest)
	partly := m.Text("policy") == amazon.FillAll || m.Text("policy") == amazon.FillAllAvailable
	if !p.Fulfillable() && (!partly || len(p.Missing) == 0) {
		return lacking(m, p)
	}
	limit := m.Number("fee_limit")
	if limit.IsPositive() && p.Fee.Amount.GreaterThan(limit) {
		return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/fee_limit", Title: "Fulfilment requests: Amazon's fees are above the limit",
			Words: fmt.Sprintf("Amazon would charge about %s, more than %s. Cancel the order in P21, or raise fee_limit in the mapping.", fee(p.Fee), limit)}
	}
	return nil
}

// incomplete says what Amazon needs of an address and does not get.
func incomplete(to amazon.FulfillmentAddress) string {
	switch {
	case to.Name == "":
		return "a name"
	case to.Line1 == "":
		return "a street"
	case to.City == "" && to.Country != "JP":
		return "a city"
	case to.PostalCode == "":
		return "a postal code"
	case len(to.Country) != 2:
		return "a country of two letters"
	}
	return ""
}

func fee(m amazon.Money) string {
	return money.Format(m.Amount, money.Currency(m.Currency)) + " " + m.Currency
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// lacking stops an order that Amazon cannot send as it is.
func lacking(m flow.Mapped, p amazon.FulfillmentPreview) *flow.Obstacle {
	var parts []string
	for _, missing := range p.Missing {
		parts = append(parts, fmt.Sprintf("Amazon cannot send %d of %s.", missing.Quantity, missing.SKU))
	}
	parts = append(parts, p.Reasons...)
	return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/short/" + m.Text("reference"), Title: "Fulfilment requests: Amazon cannot send all of " + m.Text("reference"),
		Words: strings.Join(parts, " ") + " Change or cancel the order in P21, try again when Amazon has stock, or ignore this."}
}

// requestOf is what Amazon is asked for.
func requestOf(m flow.Mapped) (amazon.FulfillmentRequest, error) {
	r := amazon.FulfillmentRequest{ID: m.Text("reference"), DisplayID: m.Text("display"), Comment: m.Text("comment"), Channel: m.Text("channel"),
		MarketplaceID: m.Text("marketplace"), Speed: m.Text("speed"), Policy: m.Text("policy"), Hold: m.Header["hold"] == true,
		ShipTo: amazon.FulfillmentAddress{Name: m.Text("ship_name"), Line1: m.Text("ship_line1"), Line2: m.Text("ship_line2"), City: m.Text("ship_city"),
			State: m.Text("ship_state"), PostalCode: m.Text("ship_postal_code"), Country: m.Text("ship_country"), Phone: m.Text("phone"), Email: m.Text("email")}}
	date, err := period.ParseDate(m.Text("date"))
	if err != nil {
		return r, fault.Wrap(err, fault.Invalid, "The order's date %q is none.", m.Text("date"))
	}
	r.Date = date.Time()
	list, err := linesOf(m)
	if err != nil {
		return r, err
	}
	for _, l := range list {
		r.Items = append(r.Items, amazon.RequestedItem{ID: l.ID, SKU: l.SKU, Quantity: l.Quantity})
	}
	return r, nil
}

// linesOf reads Amazon's lines, from what was just mapped or was stored.
func linesOf(m flow.Mapped) ([]sent, error) {
	raw, err := json.Marshal(m.Lists[orderLines])
	if err != nil {
		return nil, fmt.Errorf("write lines: %w", err)
	}
	var list []sent
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return list, nil
}

// stored reads what a record was mapped to before, numbers as they were written.
func stored(target json.RawMessage) (flow.Mapped, error) {
	var m flow.Mapped
	decoder := json.NewDecoder(bytes.NewReader(target))
	decoder.UseNumber()
	if err := decoder.Decode(&m); err != nil {
		return m, fmt.Errorf("read what was mapped before: %w", err)
	}
	return m, nil
}

// follow is Complete of an order that Amazon holds: it goes on with what was
// asked for, and says what both sides no longer agree on.
func (f *Flow) follow(ctx context.Context, r flow.Record, m flow.Mapped, off bool) (flow.Mapped, error) {
	before, err := stored(r.Target)
	if err != nil {
		return m, err
	}
	client, err := f.sides.Fulfillments(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	held, err := client.Get(ctx, r.RemoteKey)
	switch {
	case fault.Is(err, fault.NotFound) && !off: // too old for Amazon to keep: there is nothing to compare
		return before, nil
	case err != nil:
		return m, fmt.Errorf("read Amazon's order: %w", err)
	}
	switch {
	case off && (held.Status == amazon.FulfillmentCancelled || nothingLeft(held)):
		return before, nil // there is nothing to cancel
	case off:
		before.Header["cancelled"] = true
		return before, nil
	case before.Header["cancelled"] == true && held.Status == amazon.FulfillmentCancelled:
		return before, &flow.Obstacle{Class: exception.DeliveryMismatch, Cause: Name + "/" + r.Key, Title: "P21's order " + r.Key + " is cancelled at Amazon",
			Words: "Amazon was told to cancel it, and P21 wants it again. Enter a new order in P21, or ignore this."}
	}
	before.Header["cancelled"] = false
	if before.Header["hold"] == true && m.Header["hold"] != true {
		before.Header["hold"] = false
	}
	return before, compare(r, m, before, held)
}

// nothingLeft reports whether Amazon will not send any of an order.
func nothingLeft(f amazon.Fulfillment) bool {
	return f.Status == amazon.FulfillmentInvalid || f.Status == amazon.FulfillmentUnfulfillable
}

// compare says what P21 wants and Amazon will not send.
func compare(r flow.Record, m, before flow.Mapped, held amazon.Fulfillment) error {
	given, err := linesOf(before)
	if err != nil {
		return err
	}
	wanted, asked, promised := map[string]int{}, map[string]int{}, map[string]int{}
	for _, n := range needs(m.Elements(lines)) {
		wanted[n.item] += n.quantity
	}
	for _, l := range given {
		asked[l.Item] += l.Quantity * l.Pack
		promised[l.Item] += sendable(held, l.ID) * l.Pack
	}
	var short, changed []string
	for _, item := range itemsOf(wanted, asked) {
		switch {
		case wanted[item] == promised[item]:
		case wanted[item] == asked[item]:
			short = append(short, fmt.Sprintf("%d of %s", wanted[item]-promised[item], item))
		default:
			changed = append(changed, fmt.Sprintf("%d of %s instead of %d", wanted[item], item, asked[item]))
		}
	}
	if len(changed) == 0 && len(short) == 0 && held.Status == amazon.FulfillmentProcessing && moved(m, before) {
		changed = append(changed, "another address")
	}
	switch {
	case len(changed) > 0:
		return &flow.Obstacle{Class: exception.DeliveryMismatch, Cause: Name + "/" + r.Key, Title: "P21's order " + r.Key + " was changed after Amazon was asked",
			Words: "P21 wants " + strings.Join(changed, ", ") + ". Amazon does not take changes: put it back in P21, cancel the order there and enter it again, or ignore this."}
	case len(short) > 0:
		return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/short/" + r.Key, Title: "Amazon cannot send all of P21's order " + r.Key,
			Words: fmt.Sprintf("%s: Amazon does not send %s. Take it out of the order in P21, cancel the order there, or ignore this.", why(held), strings.Join(short, ", "))}
	}
	return nil
}

func why(held amazon.Fulfillment) string {
	switch held.Status {
	case amazon.FulfillmentCancelled:
		return "Amazon has cancelled it"
	case amazon.FulfillmentInvalid:
		return "Amazon refuses the address or another part of it"
	case amazon.FulfillmentUnfulfillable:
		return "Amazon has too little stock and sends nothing"
	}
	return "Amazon has too little stock"
}

// sendable is how much of a line Amazon sends.
func sendable(held amazon.Fulfillment, id string) int {
	if nothingLeft(held) || held.Status == amazon.FulfillmentCancelled {
		return 0
	}
	for _, i := range held.Items {
		if i.ID == id {
			return i.Sendable()
		}
	}
	return 0
}

// itemsOf are the items of either, in order.
func itemsOf(a, b map[string]int) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// moved reports whether the order is to go elsewhere now.
func moved(m, before flow.Mapped) bool {
	for _, field := range []string{"ship_name", "ship_line1", "ship_line2", "ship_city", "ship_state", "ship_postal_code", "ship_country"} {
		if m.Text(field) != before.Text(field) {
			return true
		}
	}
	return false
}
