package native

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

type orderHeader struct {
	OrderNo       text        `json:"order_no"`
	CompanyID     text        `json:"company_id"`
	CustomerID    rest.Number `json:"customer_id"`
	PoNo          text        `json:"po_no"`
	OrderDate     string      `json:"order_date"`
	RequestedDate string      `json:"requested_date"`
	Name          text        `json:"ship2_name"`
	Add1          text        `json:"ship2_add1"`
	Add2          text        `json:"ship2_add2"`
	City          text        `json:"ship2_city"`
	State         text        `json:"ship2_state"`
	Zip           text        `json:"ship2_zip"`
	Country       text        `json:"ship2_country"`
	Phone         text        `json:"ship_to_phone"`
	Email         text        `json:"ship2_email_address"`
	LocationID    rest.Number `json:"source_location_id"`
	Taker         text        `json:"taker"`
	Completed     text        `json:"completed"`
	CancelFlag    text        `json:"cancel_flag"`
	DeleteFlag    text        `json:"delete_flag"`
	RmaFlag       text        `json:"rma_flag"`
	InvoiceNo     text        `json:"invoice_no"`
	DateCreated   string      `json:"date_created"`
	DateModified  string      `json:"date_last_modified"`
}

const orderColumns = "order_no,company_id,customer_id,po_no,order_date,requested_date,ship2_name,ship2_add1,ship2_add2,ship2_city,ship2_state,ship2_zip," +
	"ship2_country,ship_to_phone,ship2_email_address,source_location_id,taker,completed,cancel_flag,delete_flag,rma_flag,invoice_no,date_created,date_last_modified"

type orderLine struct {
	OrderNo       text        `json:"order_no"`
	LineNo        rest.Number `json:"line_no"`
	UID           rest.Number `json:"oe_line_uid"`
	ItemUID       rest.Number `json:"inv_mast_uid"`
	QtyOrdered    rest.Number `json:"qty_ordered"`
	UnitPrice     rest.Number `json:"unit_price"`
	ExtendedPrice rest.Number `json:"extended_price"`
	UnitOfMeasure text        `json:"unit_of_measure"`
	DeleteFlag    text        `json:"delete_flag"`
}

const lineColumns = "order_no,line_no,oe_line_uid,inv_mast_uid,qty_ordered,unit_price,extended_price,unit_of_measure,delete_flag"

// headers reads orders, or returns when rma is Y: they share a table.
func (s *System) headers(ctx context.Context, operation, column, value, rma string) ([]orderHeader, error) {
	return table(ctx, s.rest, query[orderHeader]{
		operation: operation, table: "oe_hdr", order: "order_no", columns: orderColumns,
		filter: fmt.Sprintf("%s eq %s and company_id eq %s and delete_flag eq 'N' and rma_flag eq '%s'", column, rest.Literal(value), rest.Literal(s.company), rma),
		matches: func(h orderHeader) bool {
			named := h.OrderNo
			if column == "po_no" {
				named = h.PoNo
			}
			return named.is(value) && h.CompanyID.is(s.company) && !h.DeleteFlag.is("Y") && h.RmaFlag.is("Y") == (rma == "Y")
		},
	})
}

// FindOrders implements p21.System. P21 adds to a customer's PO number where it
// must be unique; such an order is not found, and nobody but a person can have
// entered it.
func (s *System) FindOrders(ctx context.Context, reference string) ([]p21.SalesOrder, error) {
	const operation = "find orders"
	found, err := s.headers(ctx, operation, "po_no", reference, "N")
	if err != nil {
		return nil, err
	}
	return s.orders(ctx, operation, found)
}

// ReadOrder implements p21.System.
func (s *System) ReadOrder(ctx context.Context, number string) (p21.SalesOrder, error) {
	const operation = "read order"
	found, err := s.headers(ctx, operation, "order_no", number, "N")
	if err != nil {
		return p21.SalesOrder{}, err
	}
	if len(found) == 0 {
		return p21.SalesOrder{}, &p21.Error{Operation: operation, Type: p21.NotFound, Message: fmt.Sprintf("company %s has no order %s", s.company, number)}
	}
	orders, err := s.orders(ctx, operation, found[:1])
	if err != nil {
		return p21.SalesOrder{}, err
	}
	return orders[0], nil
}

// orders puts headers together with what belongs to them.
func (s *System) orders(ctx context.Context, operation string, headers []orderHeader) ([]p21.SalesOrder, error) {
	if len(headers) == 0 {
		return nil, nil
	}
	lines, err := s.linesOf(ctx, operation, headers)
	if err != nil {
		return nil, err
	}
	codes, err := s.codes(ctx, operation, itemUIDs(lines))
	if err != nil {
		return nil, err
	}
	held := make([]p21.SalesOrder, len(headers))
	for i, h := range headers {
		if held[i], err = s.order(h); err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		for _, l := range lines {
			if l.OrderNo.is(string(h.OrderNo)) {
				held[i].Lines = append(held[i].Lines, l.held(codes))
			}
		}
		slices.SortStableFunc(held[i].Lines, func(a, b p21.SalesLine) int { return cmp.Compare(a.Number, b.Number) })
		held[i].Status, err = s.status(ctx, h, held[i].Lines)
		if err != nil && p21.TypeOf(err) != p21.Unsupported {
			return nil, err
		}
		buyer, err := s.Customer(ctx, held[i].Customer)
		if err != nil {
			return nil, fmt.Errorf("customer of order %s: %w", held[i].Number, err)
		}
		held[i].Currency = buyer.Currency // orders are in their customer's currency
	}
	return held, nil
}

func (s *System) linesOf(ctx context.Context, operation string, headers []orderHeader) ([]orderLine, error) {
	numbers := make([]string, len(headers))
	for i, h := range headers {
		numbers[i] = rest.Literal(h.OrderNo.trimmed())
	}
	return chained(ctx, s.rest, query[orderLine]{
		operation: operation, table: "oe_line", order: "order_no,line_no", columns: lineColumns,
		filter: "delete_flag eq 'N'",
		matches: func(l orderLine) bool {
			return !l.DeleteFlag.is("Y") && slices.ContainsFunc(headers, func(h orderHeader) bool { return l.OrderNo.is(string(h.OrderNo)) })
		},
	}, "order_no", numbers)
}

func itemUIDs(lines []orderLine) []rest.Number {
	uids := make([]rest.Number, len(lines))
	for i, l := range lines {
		uids[i] = l.ItemUID
	}
	return uids
}

func (l orderLine) held(codes map[string]string) p21.SalesLine {
	return p21.SalesLine{Number: int(l.LineNo.IntPart()), Item: codes[id(l.ItemUID)], Quantity: l.QtyOrdered.Decimal, Unit: l.UnitOfMeasure.trimmed(),
		UnitPrice: l.UnitPrice.Decimal, Total: l.ExtendedPrice.Decimal}
}

func (s *System) order(h orderHeader) (p21.SalesOrder, error) {
	date, err := day(h.OrderDate)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("order %s: %w", h.OrderNo, err)
	}
	var requested period.Date
	if h.RequestedDate != "" {
		if requested, err = day(h.RequestedDate); err != nil {
			return p21.SalesOrder{}, fmt.Errorf("order %s: %w", h.OrderNo, err)
		}
	}
	created, err := s.stamp(h.DateCreated)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("order %s: %w", h.OrderNo, err)
	}
	changed, err := s.stamp(h.DateModified)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("order %s: %w", h.OrderNo, err)
	}
	return p21.SalesOrder{
		Company: h.CompanyID.trimmed(), Customer: id(h.CustomerID), Reference: h.PoNo.trimmed(), Source: h.Taker.trimmed(), Date: date, Requested: requested,
		Location: id(h.LocationID), Number: h.OrderNo.trimmed(), CreatedAt: created, ChangedAt: changed, RowVersion: h.DateModified,
		ShipTo: p21.Address{Name: h.Name.trimmed(), Line1: h.Add1.trimmed(), Line2: h.Add2.trimmed(), City: h.City.trimmed(), State: h.State.trimmed(),
			PostalCode: h.Zip.trimmed(), Country: h.Country.trimmed(), Phone: h.Phone.trimmed(), Email: h.Email.trimmed()},
	}, nil
}

// status derives how far an order is; P21 has no column for it. Shipped is an
// order all of which is on pick tickets with a ship date. Where invoices or pick
// tickets are closed to this user the status is not known.
func (s *System) status(ctx context.Context, h orderHeader, lines []p21.SalesLine) (p21.OrderStatus, error) {
	if h.CancelFlag.is("Y") {
		return p21.Cancelled, nil
	}
	of := p21.Selection{Order: h.OrderNo.trimmed()}
	if h.Completed.is("Y") {
		billed, err := s.invoiceHeaders(ctx, of)
		if err != nil {
			return "", err
		}
		if len(billed) > 0 {
			return p21.Invoiced, nil
		}
	}
	sent, err := s.Shipments(ctx, of)
	if err != nil {
		return "", err
	}
	left := map[int]decimal.Decimal{}
	for _, l := range lines {
		left[l.Number] = l.Quantity
	}
	for _, shipment := range sent {
		if shipment.Date.Year == 0 {
			continue
		}
		for _, l := range shipment.Lines {
			left[l.Line] = left[l.Line].Sub(l.Quantity)
		}
	}
	for _, quantity := range left {
		if quantity.IsPositive() {
			return p21.Open, nil
		}
	}
	return p21.Shipped, nil
}

// number checks that text is one, as P21's customers and locations have.
func number(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
