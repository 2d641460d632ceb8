package native

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

type ticket struct {
	PickTicketNo rest.Number  `json:"pick_ticket_no"`
	OrderNo      text         `json:"order_no"`
	CompanyID    text         `json:"company_id"`
	LocationID   rest.Number  `json:"location_id"`
	CarrierID    *rest.Number `json:"carrier_id"`
	TrackingNo   text         `json:"tracking_no"`
	ShipDate     string       `json:"ship_date"`
	InvoiceNo    text         `json:"invoice_no"`
	DeleteFlag   text         `json:"delete_flag"`
	DateModified string       `json:"date_last_modified"`
}

type ticketLine struct {
	PickTicketNo rest.Number `json:"pick_ticket_no"`
	LineNumber   rest.Number `json:"line_number"`
	OeLineNo     rest.Number `json:"oe_line_no"`
	ItemUID      rest.Number `json:"inv_mast_uid"`
	ShipQuantity rest.Number `json:"ship_quantity"`
}

// selected is the filter of a selection, and the same for one row.
func (s *System) selected(companyColumn string, of p21.Selection) (filter string, matches func(company, order text, modified string) bool) {
	filter = companyColumn + " eq " + rest.Literal(s.company)
	if of.Order != "" {
		filter += " and order_no eq " + rest.Literal(of.Order)
		of.Since = time.Time{}
	} else if !of.Since.IsZero() {
		filter += " and " + s.since(of.Since)
	}
	return filter, func(company, order text, modified string) bool {
		return company.is(s.company) && (of.Order == "" || order.is(of.Order)) && s.changed(modified, of.Since)
	}
}

func (s *System) tickets(ctx context.Context, operation, filter string, matches func(ticket) bool) ([]ticket, error) {
	found, err := table(ctx, s.rest, query[ticket]{
		operation: operation, table: "oe_pick_ticket", order: "pick_ticket_no",
		columns: "pick_ticket_no,order_no,company_id,location_id,carrier_id,tracking_no,ship_date,invoice_no,delete_flag,date_last_modified",
		filter:  filter + " and delete_flag eq 'N'",
		matches: func(t ticket) bool { return !t.DeleteFlag.is("Y") && matches(t) },
	})
	return found, read(err, operation, "shipments")
}

// Shipments implements p21.System: they are pick tickets, some not yet shipped.
func (s *System) Shipments(ctx context.Context, of p21.Selection) ([]p21.Shipment, error) {
	const operation = "read shipments"
	filter, matches := s.selected("company_id", of)
	found, err := s.tickets(ctx, operation, filter, func(t ticket) bool { return matches(t.CompanyID, t.OrderNo, t.DateModified) })
	if err != nil || len(found) == 0 {
		return nil, err
	}
	numbers := make([]string, len(found))
	for i, t := range found {
		numbers[i] = id(t.PickTicketNo)
	}
	lines, err := chained(ctx, s.rest, query[ticketLine]{
		operation: operation, table: "oe_pick_ticket_detail", order: "pick_ticket_no,line_number",
		columns: "pick_ticket_no,line_number,oe_line_no,inv_mast_uid,ship_quantity",
		matches: func(l ticketLine) bool { return slices.Contains(numbers, id(l.PickTicketNo)) },
	}, "pick_ticket_no", numbers)
	if err != nil {
		return nil, err
	}
	uids := make([]rest.Number, len(lines))
	for i, l := range lines {
		uids[i] = l.ItemUID
	}
	codes, err := s.codes(ctx, operation, uids)
	if err != nil {
		return nil, err
	}
	held := make([]p21.Shipment, len(found))
	for i, t := range found {
		if held[i], err = s.shipment(t); err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		for _, l := range lines {
			if l.PickTicketNo.Equal(t.PickTicketNo.Decimal) {
				held[i].Lines = append(held[i].Lines, p21.ShipmentLine{Line: int(l.OeLineNo.IntPart()), Item: codes[id(l.ItemUID)], Quantity: l.ShipQuantity.Decimal})
			}
		}
	}
	return held, nil
}

func (s *System) shipment(t ticket) (p21.Shipment, error) {
	held := p21.Shipment{Number: id(t.PickTicketNo), Order: t.OrderNo.trimmed(), Carrier: t.carrier(), Tracking: t.TrackingNo.trimmed(), Location: id(t.LocationID)}
	var err error
	if held.ChangedAt, err = s.stamp(t.DateModified); err != nil {
		return held, fmt.Errorf("pick ticket %s: %w", held.Number, err)
	}
	if t.ShipDate != "" {
		if held.Date, err = day(t.ShipDate); err != nil {
			return held, fmt.Errorf("pick ticket %s: %w", held.Number, err)
		}
	}
	return held, nil
}

func (t ticket) carrier() string {
	if t.CarrierID == nil || t.CarrierID.IsZero() {
		return ""
	}
	return id(*t.CarrierID)
}

// WriteTracking implements p21.System through the Shipping service. Fields of
// that window are not public: what was written is read back.
func (s *System) WriteTracking(ctx context.Context, t p21.Tracking) error {
	const operation = "write tracking"
	if err := t.Validate(); err != nil {
		return err
	}
	if t.Carrier != "" && !number(t.Carrier) {
		return rest.Wrong(operation, fmt.Sprintf("carrier %q is not a number", t.Carrier))
	}
	held, err := s.ticket(ctx, operation, t.Shipment)
	switch {
	case p21.TypeOf(err) == p21.NotFound:
		return err
	case err != nil:
		return rest.NotSent(err)
	case held.TrackingNo.is(t.Number) && held.carrier() == t.Carrier:
		return nil
	case held.InvoiceNo.trimmed() != "":
		return &p21.Error{Operation: operation, Type: p21.Business, Message: "shipment " + t.Shipment + " is already invoiced"}
	}
	row := edits("pick_ticket_no", t.Shipment, "tracking_no", t.Number, "carrier_id", t.Carrier)
	if _, err := s.transact(ctx, operation, t.Shipment+"/"+t.Number, "Shipping", "pick_ticket_no", form("TABPAGE_1.pick_ticket", row)); err != nil {
		return err
	}
	held, err = s.ticket(ctx, operation, t.Shipment)
	switch {
	case err != nil:
		return rest.Unread(operation, t.Shipment, err)
	case !held.TrackingNo.is(t.Number) || held.carrier() != t.Carrier:
		return rest.Otherwise(operation, t.Shipment, fmt.Sprintf("the tracking number is %q", held.TrackingNo.trimmed()))
	}
	return nil
}

func (s *System) ticket(ctx context.Context, operation, name string) (ticket, error) {
	missing := &p21.Error{Operation: operation, Type: p21.NotFound, Message: fmt.Sprintf("company %s has no shipment %s", s.company, name)}
	if !number(name) {
		return ticket{}, missing
	}
	found, err := s.tickets(ctx, operation, "company_id eq "+rest.Literal(s.company)+" and pick_ticket_no eq "+name,
		func(t ticket) bool { return t.CompanyID.is(s.company) && id(t.PickTicketNo) == name })
	if err != nil {
		return ticket{}, err
	}
	if len(found) == 0 {
		return ticket{}, missing
	}
	return found[0], nil
}

type invoiceHeader struct {
	InvoiceNo     text        `json:"invoice_no"`
	OrderNo       text        `json:"order_no"`
	CustomerID    text        `json:"customer_id"`
	PoNo          text        `json:"po_no"`
	InvoiceDate   string      `json:"invoice_date"`
	InvoiceType   text        `json:"invoice_type"`
	TotalAmount   rest.Number `json:"total_amount"`
	AmountPaid    rest.Number `json:"amount_paid"`
	Period        rest.Number `json:"period"`
	YearForPeriod rest.Number `json:"year_for_period"`
	CompanyNo     text        `json:"company_no"`
	DateModified  string      `json:"date_last_modified"`
}

type invoiceLine struct {
	InvoiceNo     text        `json:"invoice_no"`
	ItemID        text        `json:"item_id"`
	QtyShipped    rest.Number `json:"qty_shipped"`
	UnitPrice     rest.Number `json:"unit_price"`
	ExtendedPrice rest.Number `json:"extended_price"`
	CogsAmount    rest.Number `json:"cogs_amount"`
	OeLineNumber  rest.Number `json:"oe_line_number"`
}

func (s *System) invoiceHeaders(ctx context.Context, of p21.Selection) ([]invoiceHeader, error) {
	const operation = "read invoices"
	filter, matches := s.selected("company_no", of)
	found, err := table(ctx, s.rest, query[invoiceHeader]{
		operation: operation, table: "invoice_hdr", order: "invoice_no", filter: filter,
		columns: "invoice_no,order_no,customer_id,po_no,invoice_date,invoice_type,total_amount,amount_paid,period,year_for_period,company_no,date_last_modified",
		matches: func(h invoiceHeader) bool { return matches(h.CompanyNo, h.OrderNo, h.DateModified) },
	})
	return found, read(err, operation, "invoices")
}

// Invoices implements p21.System. P21 has no column for the balance.
func (s *System) Invoices(ctx context.Context, of p21.Selection) ([]p21.Invoice, error) {
	const operation = "read invoices"
	found, err := s.invoiceHeaders(ctx, of)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	numbers := make([]string, len(found))
	for i, h := range found {
		numbers[i] = rest.Literal(h.InvoiceNo.trimmed())
	}
	lines, err := chained(ctx, s.rest, query[invoiceLine]{
		operation: operation, table: "invoice_line", order: "invoice_no,line_no",
		columns: "invoice_no,line_no,item_id,qty_shipped,unit_price,extended_price,cogs_amount,oe_line_number",
		matches: func(l invoiceLine) bool { return slices.Contains(numbers, rest.Literal(l.InvoiceNo.trimmed())) },
	}, "invoice_no", numbers)
	if err != nil {
		return nil, err
	}
	held := make([]p21.Invoice, len(found))
	for i, h := range found {
		if held[i], err = s.invoice(h); err != nil {
			return nil, rest.Broken(operation, "invoice %s: %v", h.InvoiceNo, err)
		}
		for _, l := range lines {
			if l.InvoiceNo.is(string(h.InvoiceNo)) {
				held[i].Lines = append(held[i].Lines, p21.InvoiceLine{Line: int(l.OeLineNumber.IntPart()), Item: l.ItemID.trimmed(), Quantity: l.QtyShipped.Decimal,
					UnitPrice: l.UnitPrice.Decimal, Total: l.ExtendedPrice.Decimal, Cost: l.CogsAmount.Decimal})
			}
		}
	}
	return held, nil
}

func (s *System) invoice(h invoiceHeader) (p21.Invoice, error) {
	var date period.Date
	date, err := day(h.InvoiceDate)
	if err != nil {
		return p21.Invoice{}, err
	}
	at, err := s.stamp(h.DateModified)
	return p21.Invoice{Number: h.InvoiceNo.trimmed(), Order: h.OrderNo.trimmed(), Customer: h.CustomerID.trimmed(), Reference: h.PoNo.trimmed(), Date: date,
		Type: h.InvoiceType.trimmed(), Total: h.TotalAmount.Decimal, Paid: h.AmountPaid.Decimal, Balance: h.TotalAmount.Sub(h.AmountPaid.Decimal),
		Period: int(h.Period.IntPart()), FiscalYear: int(h.YearForPeriod.IntPart()), ChangedAt: at}, err
}
