package native

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// PostOrder implements p21.System. Customer and items are looked at before
// anything is sent; such refusals have Sent false and are final. The server
// takes the same order as often as it is sent.
func (s *System) PostOrder(ctx context.Context, o p21.SalesOrder) (p21.SalesOrder, error) {
	const operation = "post order"
	if err := o.Validate(); err != nil {
		return p21.SalesOrder{}, err
	}
	if err := s.preflightOrder(ctx, operation, o); err != nil {
		return p21.SalesOrder{}, err
	}
	header, lines, notes := orderElements(o)
	given, err := s.transact(ctx, operation, o.Company+"/"+o.Reference, "Order", "order_no", header, lines)
	if err != nil {
		return p21.SalesOrder{}, err
	}
	if given == "" {
		return p21.SalesOrder{}, rest.Broken(operation, "the answer gives no order number")
	}
	return s.confirmed(ctx, operation, given, o, notes)
}

// preflightOrder refuses what P21 could not take, or would take otherwise.
func (s *System) preflightOrder(ctx context.Context, operation string, o p21.SalesOrder) error {
	if o.Company != s.company {
		return rest.Wrong(operation, fmt.Sprintf("it is for company %s, this connection for %s", o.Company, s.company))
	}
	if !number(o.Customer) || !number(o.Location) {
		return rest.Wrong(operation, "customer and location are not P21's numbers")
	}
	buyer, err := s.Customer(ctx, o.Customer)
	switch {
	case p21.TypeOf(err) == p21.NotFound:
		return rest.Wrong(operation, fmt.Sprintf("company %s has no customer %s", o.Company, o.Customer))
	case err != nil:
		return rest.NotSent(err)
	case !buyer.Active:
		return rest.Wrong(operation, fmt.Sprintf("customer %s is not active", o.Customer))
	case buyer.Currency != o.Currency:
		return rest.Wrong(operation, fmt.Sprintf("customer %s buys in %s, the order is in %s", o.Customer, buyer.Currency, o.Currency))
	}
	return s.preflightItems(ctx, operation, o)
}

func (s *System) preflightItems(ctx context.Context, operation string, o p21.SalesOrder) error {
	wanted := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		wanted[i] = strings.ToUpper(l.Item)
	}
	found, err := s.itemsByCode(ctx, operation, wanted)
	if err != nil {
		return rest.NotSent(err)
	}
	var fields []p21.FieldError
	for i, code := range wanted {
		at := slices.IndexFunc(found, func(row item) bool { return row.ItemID.is(code) })
		if at < 0 || !found[at].active() {
			fields = append(fields, p21.FieldError{Field: fmt.Sprintf("Lines[%d].Item", i), Code: "UnknownItem", Message: code + " does not exist or is not active"})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return &p21.Error{Operation: operation, Type: p21.Validation, Message: "items are wrong", Fields: fields}
}

// orderElements writes an order as a transaction. The company is never sent: it
// follows from the location. Prices are made from the totals, which count.
func orderElements(o p21.SalesOrder) (header, lines element, notes p21.Notes) {
	requested := o.Requested
	if !o.Date.Before(requested) {
		if requested.Year > 0 {
			notes.Say("the requested day was moved to the day after the order's, which P21 wants")
		}
		requested = o.Date.AddDays(1)
	}
	a := o.ShipTo.Fitted(&notes)
	header = form(orderForm, edits("customer_id", o.Customer, "sales_loc_id", o.Location, "source_loc_id", o.Location,
		"order_date", o.Date.String(), "requested_date", requested.String(), "po_no", o.Reference, "taker", o.Source,
		"ship2_name", a.Name, "ship2_add1", a.Line1, "ship2_add2", a.Line2, "ship2_city", a.City, "ship2_state", a.State, "ship2_zip", a.PostalCode,
		"ship2_country", a.Country, "ship_to_phone", a.Phone, "ship2_email_address", a.Email))
	rows := make([]elementRow, len(o.Lines))
	for i, l := range o.Lines {
		rows[i] = edits("user_line_no", userLine(l.Number), "oe_order_item_id", strings.ToUpper(l.Item), "unit_quantity", l.Quantity.String(),
			"unit_of_measure", l.Unit, "unit_price", p21.UnitPrice(l.Total, l.Quantity).String())
	}
	return header, items(rows), notes
}

func userLine(n int) string { return fmt.Sprintf("%03d", n) }

// confirmed reads an order back that was just written.
func (s *System) confirmed(ctx context.Context, operation, number string, intended p21.SalesOrder, notes p21.Notes) (p21.SalesOrder, error) {
	held, err := s.ReadOrder(ctx, number)
	if err != nil {
		return p21.SalesOrder{}, rest.Unread(operation, number, err)
	}
	if difference := p21.OrderDifference(intended, held); difference != "" {
		return p21.SalesOrder{}, rest.Otherwise(operation, number, difference)
	}
	held.Notes = notes
	return held, nil
}

// ChangeOrder implements p21.System. P21 compares no versions: the order is read
// and compared just before, so that a change in between goes unseen.
func (s *System) ChangeOrder(ctx context.Context, o p21.SalesOrder) (p21.SalesOrder, error) {
	const operation = "change order"
	if err := o.ValidateChange(); err != nil {
		return p21.SalesOrder{}, err
	}
	before, err := s.ReadOrder(ctx, o.Number)
	if err != nil {
		return p21.SalesOrder{}, rest.NotSent(err)
	}
	if err := o.CheckChange(before); err != nil {
		return p21.SalesOrder{}, err
	}
	elements, err := changeElements(&o, before)
	if err != nil || elements == nil {
		return before, err
	}
	if _, err := s.transact(ctx, operation, o.Number+"/"+o.RowVersion, "Order", "order_no", elements...); err != nil {
		return p21.SalesOrder{}, err
	}
	return s.confirmed(ctx, operation, o.Number, o, nil)
}

// changeElements writes what has changed; nil when nothing has.
func changeElements(o *p21.SalesOrder, before p21.SalesOrder) ([]element, error) {
	if o.Status == p21.Cancelled {
		o.Lines = before.Lines
		return []element{form(orderForm, edits("order_no", o.Number, "cancel_flag", "Y"))}, nil
	}
	var rows []elementRow
	for _, l := range o.Lines {
		held := before.Lines[slices.IndexFunc(before.Lines, func(known p21.SalesLine) bool { return known.Number == l.Number })]
		dearer := l.Quantity.IsPositive() && !held.UnitPrice.Round(4).Equal(l.UnitPrice.Round(4))
		switch {
		case dearer:
			rows = append(rows, edits("user_line_no", userLine(l.Number), "unit_quantity", l.Quantity.String(), "unit_price", l.UnitPrice.String()))
		case !held.Quantity.Equal(l.Quantity):
			rows = append(rows, edits("user_line_no", userLine(l.Number), "unit_quantity", l.Quantity.String()))
		}
	}
	if rows == nil {
		return nil, nil
	}
	return []element{form(orderForm, edits("order_no", o.Number)), items(rows)}, nil
}
