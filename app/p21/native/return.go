package native

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// returnLink says which line of an order a return's line is for.
type returnLink struct {
	LineUID   rest.Number `json:"oe_line_uid"`
	LinkedUID rest.Number `json:"rma_linked_oe_line_uid"`
}

// Returns implements p21.System: they are orders with a flag.
func (s *System) Returns(ctx context.Context, reference string) ([]p21.Return, error) {
	const operation = "find returns"
	found, err := s.headers(ctx, operation, "po_no", reference, "Y")
	if err != nil {
		return nil, err
	}
	return s.returns(ctx, operation, found)
}

func (s *System) returns(ctx context.Context, operation string, headers []orderHeader) ([]p21.Return, error) {
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
	linked, err := s.linked(ctx, operation, lines)
	if err != nil {
		return nil, err
	}
	held := make([]p21.Return, len(headers))
	for i, h := range headers {
		o, err := s.order(h)
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		held[i] = p21.Return{Company: o.Company, Number: o.Number, Reference: o.Reference, Customer: o.Customer, Date: o.Date, Location: o.Location,
			Status: returnStatus(h), CreatedAt: o.CreatedAt}
		for _, l := range lines {
			if !l.OrderNo.is(string(h.OrderNo)) {
				continue
			}
			of := linked[id(l.UID)]
			if of.OrderNo != "" {
				held[i].Order = of.OrderNo.trimmed()
			}
			held[i].Lines = append(held[i].Lines, p21.ReturnLine{Number: int(l.LineNo.IntPart()), OrderLine: int(of.LineNo.IntPart()),
				Item: codes[id(l.ItemUID)], Quantity: l.QtyOrdered.Decimal})
		}
	}
	return held, nil
}

func returnStatus(h orderHeader) p21.ReturnStatus {
	switch {
	case h.CancelFlag.is("Y"):
		return p21.ReturnCancelled
	case h.Completed.is("Y"):
		return p21.ReturnReceived
	}
	return p21.ReturnOpen
}

// linked returns the order's line of each return's line that has one, by the
// key of the latter.
func (s *System) linked(ctx context.Context, operation string, lines []orderLine) (map[string]orderLine, error) {
	var own []string
	for _, l := range lines {
		own = append(own, id(l.UID))
	}
	links, err := chained(ctx, s.rest, query[returnLink]{
		operation: operation, table: "oe_line_rma", order: "oe_line_uid", columns: "oe_line_uid,rma_linked_oe_line_uid",
		matches: func(l returnLink) bool { return slices.Contains(own, id(l.LineUID)) && !l.LinkedUID.IsZero() },
	}, "oe_line_uid", own)
	if err != nil {
		return nil, read(err, operation, "returns")
	}
	var theirs []string
	for _, l := range links {
		theirs = append(theirs, id(l.LinkedUID))
	}
	sold, err := chained(ctx, s.rest, query[orderLine]{
		operation: operation, table: "oe_line", order: "oe_line_uid", columns: lineColumns,
		matches: func(l orderLine) bool { return slices.Contains(theirs, id(l.UID)) },
	}, "oe_line_uid", theirs)
	if err != nil {
		return nil, err
	}
	linked := map[string]orderLine{}
	for _, l := range links {
		if at := slices.IndexFunc(sold, func(o orderLine) bool { return o.UID.Equal(l.LinkedUID.Decimal) }); at >= 0 {
			linked[id(l.LineUID)] = sold[at]
		}
	}
	return linked, nil
}

// CreateReturn implements p21.System through the RMA service, which has the form
// of Order. A return needs the order's invoice.
func (s *System) CreateReturn(ctx context.Context, r p21.Return) (p21.Return, error) {
	const operation = "create return"
	if err := r.Validate(); err != nil {
		return p21.Return{}, err
	}
	if r.Company != s.company || !number(r.Location) {
		return p21.Return{}, rest.Wrong(operation, fmt.Sprintf("it is for company %s and location %s, this connection for %s", r.Company, r.Location, s.company))
	}
	billed, err := s.invoiceHeaders(ctx, p21.Selection{Order: r.Order})
	if err != nil {
		return p21.Return{}, rest.NotSent(err)
	}
	if len(billed) == 0 {
		return p21.Return{}, &p21.Error{Operation: operation, Type: p21.Business, Message: "order " + r.Order + " is not invoiced yet"}
	}
	header := form(orderForm, edits("customer_id", r.Customer, "sales_loc_id", r.Location, "source_loc_id", r.Location, "order_date", r.Date.String(),
		"requested_date", r.Date.AddDays(1).String(), "po_no", r.Reference, "invoice_no", billed[0].InvoiceNo.trimmed()))
	var rows []elementRow
	for _, l := range r.Lines {
		rows = append(rows, edits("user_line_no", userLine(l.Number), "oe_order_item_id", strings.ToUpper(l.Item), "unit_quantity", l.Quantity.String()))
	}
	given, err := s.transact(ctx, operation, r.Company+"/"+r.Reference, "RMA", "order_no", header, items(rows))
	if err != nil {
		return p21.Return{}, err
	}
	if given == "" {
		return p21.Return{}, rest.Broken(operation, "the answer gives no number")
	}
	return s.confirmedReturn(ctx, operation, given, r)
}

func (s *System) confirmedReturn(ctx context.Context, operation, number string, intended p21.Return) (p21.Return, error) {
	found, err := s.headers(ctx, operation, "order_no", number, "Y")
	if err != nil || len(found) == 0 {
		return p21.Return{}, rest.Unread(operation, number, err)
	}
	held, err := s.returns(ctx, operation, found[:1])
	if err != nil {
		return p21.Return{}, rest.Unread(operation, number, err)
	}
	if difference := p21.ReturnDifference(intended, held[0]); difference != "" {
		return p21.Return{}, rest.Otherwise(operation, number, difference)
	}
	return held[0], nil
}
