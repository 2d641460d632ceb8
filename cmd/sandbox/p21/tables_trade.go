package p21

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// tradeTable returns one of P21's tables besides the ledger's.
func (s *Server) tradeTable(name string, held tradeEvent) (table, bool) {
	switch name {
	case "oe_hdr":
		return orderHeaders(held), true
	case "oe_line":
		return orderLines(held), true
	case "oe_line_rma":
		return returnLinks(held), true
	case "customer":
		return customerTable(held), true
	case "inv_mast":
		return itemTable(held), true
	case "inv_loc":
		return stockTable(held), true
	case "oe_pick_ticket":
		return ticketTable(held), true
	case "oe_pick_ticket_detail":
		return ticketLines(held), true
	case "invoice_hdr":
		return invoiceHeaders(held), true
	case "invoice_line":
		return invoiceLines(held), true
	}
	return table{}, false
}

func local(t time.Time) string { return t.UTC().Format(localTime) }

func midnight(date string) any {
	if date == "" {
		return nil
	}
	return date + "T00:00:00"
}

// lineUID is the key of an order's or return's line.
func lineUID(document int64, line int) decimal.Decimal { return whole(document*1000 + int64(line)) }

func itemUIDs(held tradeEvent) map[string]decimal.Decimal {
	uids := map[string]decimal.Decimal{}
	for _, i := range held.Items {
		uids[i.Code] = whole(i.UID)
	}
	return uids
}

func orderHeaders(held tradeEvent) table {
	t := table{columns: []string{"order_no", "company_id", "customer_id", "po_no", "web_reference_no", "order_date", "requested_date", "ship2_name", "ship2_add1",
		"ship2_add2", "ship2_city", "ship2_state", "ship2_country", "ship2_zip", "ship_to_phone", "ship2_email_address", "location_id", "source_location_id",
		"taker", "approved", "completed", "cancel_flag", "delete_flag", "projected_order", "rma_flag", "invoice_no", "date_created", "date_last_modified"}}
	for _, o := range held.Orders {
		a := o.ShipTo
		t.rows = append(t.rows, row{"order_no": fmt.Sprint(o.Number), "company_id": o.Company, "customer_id": whole(o.Customer), "po_no": o.Reference,
			"web_reference_no": nil, "order_date": midnight(o.Date), "requested_date": midnight(o.Requested), "ship2_name": a.Name, "ship2_add1": a.Line1,
			"ship2_add2": a.Line2, "ship2_city": a.City, "ship2_state": a.State, "ship2_country": a.Country, "ship2_zip": a.PostalCode, "ship_to_phone": a.Phone,
			"ship2_email_address": a.Email, "location_id": whole(document(o.Location)), "source_location_id": whole(document(o.Location)), "taker": o.Source,
			"approved": "Y", "completed": flag(o.Status == invoiced), "cancel_flag": flag(o.Status == cancelled), "delete_flag": "N", "projected_order": "N",
			"rma_flag": "N", "invoice_no": nil, "date_created": local(o.CreatedAt), "date_last_modified": local(o.ModifiedAt)})
	}
	for _, r := range held.Returns {
		t.rows = append(t.rows, row{"order_no": fmt.Sprint(r.Number), "company_id": r.Company, "customer_id": whole(r.Customer), "po_no": r.Reference,
			"order_date": midnight(r.Date), "location_id": whole(document(r.Location)), "source_location_id": whole(document(r.Location)), "taker": "",
			"approved": "Y", "completed": flag(r.Status == "Received"), "cancel_flag": flag(r.Status == cancelled), "delete_flag": "N", "projected_order": "N",
			"rma_flag": "Y", "invoice_no": invoiceOfOrder(held, r.Order), "date_created": local(r.CreatedAt), "date_last_modified": local(r.ModifiedAt)})
	}
	return t
}

func invoiceOfOrder(held tradeEvent, order int64) any {
	for _, i := range held.Invoices {
		if i.Order == order {
			return fmt.Sprint(i.Number)
		}
	}
	return nil
}

func orderLines(held tradeEvent) table {
	t := table{columns: []string{"order_no", "line_no", "oe_line_uid", "inv_mast_uid", "qty_ordered", "unit_price", "extended_price", "unit_of_measure",
		"company_no", "delete_flag", "date_last_modified"}}
	uids := itemUIDs(held)
	for _, o := range held.Orders {
		for _, l := range o.Lines {
			t.rows = append(t.rows, row{"order_no": fmt.Sprint(o.Number), "line_no": whole(l.Number), "oe_line_uid": lineUID(o.Number, l.Number),
				"inv_mast_uid": uids[l.Item], "qty_ordered": l.Quantity, "unit_price": l.Price, "extended_price": l.Total, "unit_of_measure": l.Unit,
				"company_no": o.Company, "delete_flag": "N", "date_last_modified": local(o.ModifiedAt)})
		}
	}
	for _, r := range held.Returns {
		for _, l := range r.Lines {
			t.rows = append(t.rows, row{"order_no": fmt.Sprint(r.Number), "line_no": whole(l.Number), "oe_line_uid": lineUID(r.Number, l.Number),
				"inv_mast_uid": uids[l.Item], "qty_ordered": l.Quantity, "unit_price": decimal.Zero, "extended_price": decimal.Zero, "unit_of_measure": "EA",
				"company_no": r.Company, "delete_flag": "N", "date_last_modified": local(r.ModifiedAt)})
		}
	}
	return t
}

func returnLinks(held tradeEvent) table {
	t := table{columns: []string{"oe_line_rma_uid", "oe_line_uid", "rma_linked_oe_line_uid", "invoice_line_uid", "row_status_flag", "date_last_modified"}}
	for _, r := range held.Returns {
		for _, l := range r.Lines {
			if r.Order == 0 {
				continue
			}
			t.rows = append(t.rows, row{"oe_line_rma_uid": whole(len(t.rows) + 1), "oe_line_uid": lineUID(r.Number, l.Number),
				"rma_linked_oe_line_uid": lineUID(r.Order, l.OrderLine), "invoice_line_uid": nil, "row_status_flag": whole(704), "date_last_modified": local(r.ModifiedAt)})
		}
	}
	return t
}

func customerTable(held tradeEvent) table {
	t := table{columns: []string{"customer_id", "company_id", "customer_name", "terms_id", "currency_id", "legacy_id", "delete_flag", "date_last_modified"}}
	for _, c := range held.Customers {
		t.rows = append(t.rows, row{"customer_id": whole(c.Number), "company_id": c.Company, "customer_name": c.Name, "terms_id": c.Terms,
			"currency_id": whole(currencyID(c.Currency)), "legacy_id": c.Reference, "delete_flag": "N", "date_last_modified": local(c.CreatedAt)})
	}
	return t
}

func itemTable(held tradeEvent) table {
	t := table{columns: []string{"inv_mast_uid", "item_id", "item_desc", "extended_desc", "default_selling_unit", "price1", "inactive", "delete_flag", "date_last_modified"}}
	for _, i := range held.Items {
		t.rows = append(t.rows, row{"inv_mast_uid": whole(i.UID), "item_id": i.Code, "item_desc": i.Description, "extended_desc": i.Extended,
			"default_selling_unit": i.Unit, "price1": i.ListPrice, "inactive": flag(!i.Active), "delete_flag": "N", "date_last_modified": local(i.ModifiedAt)})
	}
	return t
}

func stockTable(held tradeEvent) table {
	t := table{columns: []string{"location_id", "company_id", "inv_mast_uid", "qty_on_hand", "qty_allocated", "qty_backordered", "qty_in_transit", "qty_in_process",
		"order_quantity", "moving_average_cost", "delete_flag", "date_last_modified"}}
	uids := itemUIDs(held)
	for _, i := range held.Stock {
		t.rows = append(t.rows, row{"location_id": whole(document(i.Location)), "company_id": i.Company, "inv_mast_uid": uids[i.Item], "qty_on_hand": i.OnHand,
			"qty_allocated": i.Allocated, "qty_backordered": decimal.Zero, "qty_in_transit": i.InTransit, "qty_in_process": decimal.Zero,
			"order_quantity": decimal.Zero, "moving_average_cost": i.Cost, "delete_flag": "N", "date_last_modified": local(i.ModifiedAt)})
	}
	return t
}

func ticketTable(held tradeEvent) table {
	t := table{columns: []string{"pick_ticket_no", "order_no", "company_id", "location_id", "carrier_id", "tracking_no", "ship_date", "invoice_no", "delete_flag",
		"reference_no", "date_last_modified"}}
	for _, i := range held.Shipments {
		r := row{"pick_ticket_no": whole(i.Number), "order_no": fmt.Sprint(i.Order), "company_id": i.Company, "location_id": whole(document(i.Location)),
			"carrier_id": nil, "tracking_no": i.Tracking, "ship_date": midnight(i.Date), "invoice_no": nil, "delete_flag": "N", "reference_no": nil,
			"date_last_modified": local(i.ModifiedAt)}
		if i.Carrier != "" {
			r["carrier_id"] = whole(document(i.Carrier))
		}
		if i.Invoice != 0 {
			r["invoice_no"] = fmt.Sprint(i.Invoice)
		}
		t.rows = append(t.rows, r)
	}
	return t
}

func ticketLines(held tradeEvent) table {
	t := table{columns: []string{"pick_ticket_no", "line_number", "oe_line_no", "inv_mast_uid", "ship_quantity", "print_quantity"}}
	uids := itemUIDs(held)
	for _, i := range held.Shipments {
		for n, l := range i.Lines {
			t.rows = append(t.rows, row{"pick_ticket_no": whole(i.Number), "line_number": whole(n + 1), "oe_line_no": whole(l.Line),
				"inv_mast_uid": uids[l.Item], "ship_quantity": l.Quantity, "print_quantity": l.Quantity})
		}
	}
	return t
}

func invoiceHeaders(held tradeEvent) table {
	t := table{columns: []string{"invoice_no", "order_no", "customer_id", "po_no", "invoice_date", "invoice_type", "total_amount", "amount_paid", "freight",
		"tax_amount", "memo_amount", "paid_in_full_flag", "period", "year_for_period", "company_no", "branch_id", "approved", "date_last_modified"}}
	for _, i := range held.Invoices {
		year, month := yearAndMonth(i.Date)
		t.rows = append(t.rows, row{"invoice_no": fmt.Sprint(i.Number), "order_no": fmt.Sprint(i.Order), "customer_id": fmt.Sprint(i.Customer), "po_no": i.Reference,
			"invoice_date": midnight(i.Date), "invoice_type": "IN", "total_amount": i.Total, "amount_paid": i.Paid, "freight": decimal.Zero,
			"tax_amount": decimal.Zero, "memo_amount": decimal.Zero, "paid_in_full_flag": flag(i.Paid.Equal(i.Total)), "period": whole(month),
			"year_for_period": whole(year), "company_no": i.Company, "branch_id": "", "approved": "Y", "date_last_modified": local(i.ModifiedAt)})
	}
	return t
}

func invoiceLines(held tradeEvent) table {
	t := table{columns: []string{"invoice_no", "line_no", "item_id", "qty_shipped", "unit_price", "extended_price", "gl_revenue_account_no", "gl_cogs", "cogs_amount",
		"order_no", "oe_line_number", "company_id"}}
	for _, i := range held.Invoices {
		for n, l := range i.Lines {
			t.rows = append(t.rows, row{"invoice_no": fmt.Sprint(i.Number), "line_no": whole(n + 1), "item_id": l.Item, "qty_shipped": l.Quantity, "unit_price": l.Price,
				"extended_price": l.Total, "gl_revenue_account_no": "4110-000", "gl_cogs": "5010-000", "cogs_amount": l.Cost, "order_no": fmt.Sprint(i.Order),
				"oe_line_number": whole(l.Line), "company_id": i.Company})
		}
	}
	return t
}
