package returns

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/catalog"
	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/p21"
	"tieout/app/period"
)

// patience is how long P21 is given between two looks for an order or its
// shipment.
const patience = time.Hour

// Complete implements flow.Flow: it finds P21's order and the items and lines
// that came back. A return is entered once; what Amazon says of it later, such
// as its status, changes nothing in P21.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	if r.RemoteKey != "" {
		return entered(r)
	}
	if m.Header["wanted"] != true {
		return m, &flow.Nothing{Reason: "The mapping does not want it."}
	}
	system, err := f.sides.P21(ctx, r.ConnectionID)
	if err != nil {
		return m, err
	}
	has, err := system.Features(ctx)
	if err != nil {
		return m, err
	}
	if !has.Returns || !has.ReturnWrite {
		return m, &flow.Nothing{Reason: "This P21 takes no returns."}
	}
	order, err := f.order(ctx, system, r.ConnectionID, m.Text("order"))
	if err != nil {
		return m, err
	}
	if err := f.shipped(ctx, r.ConnectionID, order); err != nil {
		return m, err
	}
	parts, err := f.parts(ctx, r.ConnectionID, m, order)
	if err != nil {
		return m, err
	}
	lines, err := linesOf(parts, int64(intOf(m, "quantity")), order)
	if err != nil {
		return m, err
	}
	m.Header["company"], m.Header["p21_order"], m.Header["customer"] = order.Company, order.Number, order.Customer
	m.Lists = map[string][]map[string]any{"return_lines": nil}
	for _, l := range lines {
		m.Lists["return_lines"] = append(m.Lists["return_lines"], map[string]any{"number": l.Number, "order_line": l.OrderLine, "item": l.Item, "quantity": l.Quantity})
	}
	return m, nil
}

// entered is what P21 holds already, as it was sent.
func entered(r flow.Record) (flow.Mapped, error) {
	var m flow.Mapped
	decoder := json.NewDecoder(bytes.NewReader(r.Target))
	decoder.UseNumber()
	if err := decoder.Decode(&m); err != nil {
		return m, fmt.Errorf("read what was entered for %s: %w", r.Key, err)
	}
	return m, nil
}

// order is P21's order that a return is of.
func (f *Flow) order(ctx context.Context, system p21.System, connectionID int64, id string) (p21.SalesOrder, error) {
	known, err := f.orders().RemoteOf(ctx, connectionID, ordersFlow, []string{id})
	if err != nil {
		return p21.SalesOrder{}, err
	}
	number, told := known[id]
	switch {
	case number != "":
		order, err := system.ReadOrder(ctx, number)
		if err != nil {
			return order, fmt.Errorf("read order %s: %w", number, err)
		}
		return order, nil
	case told:
		return p21.SalesOrder{}, &flow.Pause{Words: "Its order " + id + " has not reached P21 yet.", Least: patience}
	}
	held, err := system.FindOrders(ctx, id)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("look for order %s: %w", id, err)
	}
	if len(held) != 1 {
		return p21.SalesOrder{}, &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/no order", Title: "Returns: P21 does not have their orders",
			Words: fmt.Sprintf("P21 has %d orders with the reference %s. Enter it there and try again, or ignore this when the order is older than the books.", len(held), id), Detail: map[string]any{"order": id}}
	}
	return held[0], nil
}

// shipped holds a return back that P21 would refuse: of what it has not shipped,
// or, in native P21, not invoiced.
func (f *Flow) shipped(ctx context.Context, connectionID int64, o p21.SalesOrder) error {
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return err
	}
	switch {
	case o.Status == p21.Cancelled:
		return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/cancelled/" + o.Reference, Title: "Returns: order " + o.Reference + " is cancelled in P21",
			Words: "P21 has cancelled order " + o.Number + " and takes no return of it."}
	case o.Status != p21.Shipped && o.Status != p21.Invoiced:
		return &flow.Pause{Words: "P21 has not shipped order " + o.Number + " yet.", Least: patience}
	case o.Status != p21.Invoiced && c.P21Adapter == p21.Native:
		return &flow.Pause{Words: "P21 has not invoiced order " + o.Number + " yet.", Least: patience}
	}
	return nil
}

// parts are the items that a SKU stood for in the order's marketplace on the
// order's day.
func (f *Flow) parts(ctx context.Context, connectionID int64, m flow.Mapped, o p21.SalesOrder) (catalog.Parts, error) {
	sku := m.Text("sku")
	target, err := f.orders().TargetOf(ctx, connectionID, ordersFlow, m.Text("order"))
	if err != nil {
		return nil, err
	}
	var sold struct{ Header struct{ Marketplace string } }
	if len(target) > 0 {
		if err := json.Unmarshal(target, &sold); err != nil {
			return nil, fmt.Errorf("read the order's marketplace: %w", err)
		}
	}
	mapped, err := f.maps(ctx, connectionID, sold.Header.Marketplace, []string{sku}, o.Date)
	if err != nil {
		return nil, err
	}
	mapping, ok := mapped[sku]
	if !ok {
		return nil, &flow.Obstacle{Class: exception.UnknownSKU, Cause: sku, Title: "No item stands for SKU " + sku, Words: "SKU " + sku + " is not mapped.", Detail: map[string]any{"sku": sku}}
	}
	return mapping.Parts, nil
}

// linesOf spreads what came back over the lines of P21's order.
func linesOf(parts catalog.Parts, units int64, o p21.SalesOrder) ([]p21.ReturnLine, error) {
	var lines []p21.ReturnLine
	for _, part := range parts {
		left := decimal.NewFromInt(units * int64(part.Quantity))
		for _, sold := range o.Lines {
			if !strings.EqualFold(sold.Item, part.Code) || !left.IsPositive() {
				continue
			}
			quantity := decimal.Min(left, sold.Quantity)
			if !quantity.IsPositive() {
				continue
			}
			lines = append(lines, p21.ReturnLine{Number: len(lines) + 1, OrderLine: sold.Number, Item: sold.Item, Quantity: quantity})
			left = left.Sub(quantity)
		}
		if left.IsPositive() {
			return nil, &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/too much/" + o.Reference, Title: "Returns: more came back than P21 sold, order " + o.Reference,
				Words: fmt.Sprintf("%s of %s came back beyond what order %s has.", left, part.Code, o.Number), Detail: map[string]any{"order": o.Reference}}
		}
	}
	return lines, nil
}

func intOf(m flow.Mapped, name string) int {
	n, _ := m.Header[name].(int)
	return n
}

// Message implements flow.Flow.
func (f *Flow) Message(r flow.Record, m flow.Mapped) (flow.Message, error) {
	date, err := period.ParseDate(m.Text("date"))
	if err != nil {
		return flow.Message{}, fmt.Errorf("read the day of %s: %w", r.Key, err)
	}
	back := p21.Return{Company: m.Text("company"), Reference: m.Text("reference"), Order: m.Text("p21_order"), Customer: m.Text("customer"), Date: date, Location: m.Text("location")}
	for _, e := range m.Elements("return_lines") {
		back.Lines = append(back.Lines, p21.ReturnLine{Number: e.Integer("number"), OrderLine: e.Integer("order_line"), Item: e.Text("item"), Quantity: e.Number("quantity"), Reason: m.Text("reason")})
	}
	raw, err := json.Marshal(back)
	if err != nil {
		return flow.Message{}, fmt.Errorf("write return %s: %w", r.Key, err)
	}
	return flow.Message{Kind: kindReturn, Target: back.Company, Reference: back.Reference, Payload: raw}, nil
}
