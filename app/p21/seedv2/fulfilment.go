package seedv2

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

const (
	shipments = "/api/v2/Shipments"
	invoices  = "/api/v2/Invoices"
	returns   = "/api/v2/Returns"
)

// day is a date; empty is none.
type day struct{ period.Date }

// UnmarshalJSON takes YYYY-MM-DD.
func (d *day) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return nil
	}
	date, err := period.ParseDate(text)
	d.Date = date
	return err
}

type shipment struct {
	CompanyId        string
	ShipmentNumber   key
	SalesOrderNumber key
	ShipDate         day
	CarrierId        key
	TrackingNumber   string
	LocationId       key
	LineItems        []struct {
		LineNumber  int
		ProductCode string
		Quantity    rest.Number
	}
	LastModified stamp
	RowVersion   key
}

func (i shipment) held() p21.Shipment {
	held := p21.Shipment{Number: string(i.ShipmentNumber), Order: string(i.SalesOrderNumber), Date: i.ShipDate.Date, Carrier: string(i.CarrierId),
		Tracking: i.TrackingNumber, Location: string(i.LocationId), ChangedAt: i.LastModified.Time, RowVersion: string(i.RowVersion)}
	for _, l := range i.LineItems {
		held.Lines = append(held.Lines, p21.ShipmentLine{Line: l.LineNumber, Item: l.ProductCode, Quantity: l.Quantity.Decimal})
	}
	return held
}

// selected is the filter of a selection, and the same for one row.
func (s *System) selected(of p21.Selection) (filter string, matches func(company string, order key, at stamp) bool) {
	filter = "CompanyId eq " + rest.Literal(s.company)
	if of.Order != "" {
		filter += " and SalesOrderNumber eq " + rest.Literal(of.Order)
		of.Since = time.Time{}
	} else if !of.Since.IsZero() {
		filter += " and " + since(of.Since)
	}
	return filter, func(company string, order key, at stamp) bool {
		return company == s.company && (of.Order == "" || string(order) == of.Order) && changed(at, of.Since)
	}
}

// Shipments implements p21.System.
func (s *System) Shipments(ctx context.Context, of p21.Selection) ([]p21.Shipment, error) {
	const operation = "read shipments"
	filter, matches := s.selected(of)
	rows, err := list(ctx, s.rest, query[shipment]{
		operation: operation, path: shipments, order: "ShipmentNumber", filter: filter,
		matches: func(i shipment) bool { return matches(i.CompanyId, i.SalesOrderNumber, i.LastModified) },
	})
	if err != nil {
		return nil, read(err, operation, "shipments")
	}
	found := make([]p21.Shipment, len(rows))
	for i, row := range rows {
		found[i] = row.held()
	}
	return found, nil
}

// WriteTracking implements p21.System through PUT on a shipment, an extension
// of this project.
func (s *System) WriteTracking(ctx context.Context, t p21.Tracking) error {
	const operation = "write tracking"
	if err := t.Validate(); err != nil {
		return err
	}
	path := shipments + "/" + url.PathEscape(t.Shipment)
	var held shipment
	if err := s.rest.Get(ctx, operation, path, &held); err != nil {
		if p21.TypeOf(err) == p21.NotFound {
			return err
		}
		return rest.NotSent(read(err, operation, "single shipments"))
	}
	if held.CompanyId != s.company || string(held.ShipmentNumber) != t.Shipment {
		return rest.Wrong(operation, fmt.Sprintf("company %s has no shipment %s", s.company, t.Shipment))
	}
	if held.TrackingNumber == t.Number && string(held.CarrierId) == t.Carrier {
		return nil
	}
	var given shipment
	err := s.rest.Put(ctx, operation, path, t.Shipment+"/"+t.Number,
		struct{ CarrierId, TrackingNumber, RowVersion string }{t.Carrier, t.Number, string(held.RowVersion)}, &given)
	if err != nil {
		return s.write(ctx, err, shipments, operation, "tracking numbers", func(f *p21.Features) *bool { return &f.TrackingWrite })
	}
	if given.TrackingNumber != t.Number || string(given.CarrierId) != t.Carrier {
		return rest.Otherwise(operation, t.Shipment, "the tracking number is "+given.TrackingNumber)
	}
	return nil
}

type invoice struct {
	CompanyId        string
	InvoiceNumber    key
	SalesOrderNumber key
	CustomerNumber   key
	CustomerPONumber string
	InvoiceDate      day
	InvoiceType      string
	TotalAmount      rest.Number
	AmountPaid       rest.Number
	OpenBalance      rest.Number
	CurrencyCode     string
	Period           int
	FiscalYear       int
	LineItems        []struct {
		LineNumber  int
		ProductCode string
		Quantity    rest.Number
		UnitPrice   rest.Number
		LineTotal   rest.Number
		CostAmount  rest.Number
	}
	LastModified stamp
}

func (i invoice) held() p21.Invoice {
	held := p21.Invoice{Number: string(i.InvoiceNumber), Order: string(i.SalesOrderNumber), Customer: string(i.CustomerNumber), Reference: i.CustomerPONumber,
		Date: i.InvoiceDate.Date, Type: i.InvoiceType, Total: i.TotalAmount.Decimal, Paid: i.AmountPaid.Decimal, Balance: i.OpenBalance.Decimal,
		Currency: money.Currency(i.CurrencyCode), Period: i.Period, FiscalYear: i.FiscalYear, ChangedAt: i.LastModified.Time}
	for _, l := range i.LineItems {
		held.Lines = append(held.Lines, p21.InvoiceLine{Line: l.LineNumber, Item: l.ProductCode, Quantity: l.Quantity.Decimal, UnitPrice: l.UnitPrice.Decimal,
			Total: l.LineTotal.Decimal, Cost: l.CostAmount.Decimal})
	}
	return held
}

// Invoices implements p21.System.
func (s *System) Invoices(ctx context.Context, of p21.Selection) ([]p21.Invoice, error) {
	const operation = "read invoices"
	filter, matches := s.selected(of)
	rows, err := list(ctx, s.rest, query[invoice]{
		operation: operation, path: invoices, order: "InvoiceNumber", filter: filter,
		matches: func(i invoice) bool { return matches(i.CompanyId, i.SalesOrderNumber, i.LastModified) },
	})
	if err != nil {
		return nil, read(err, operation, "invoices")
	}
	found := make([]p21.Invoice, len(rows))
	for i, row := range rows {
		found[i] = row.held()
		if !found[i].Total.Sub(found[i].Paid).Equal(found[i].Balance) {
			return nil, rest.Broken(operation, "invoice %s: %s less %s is not %s", row.InvoiceNumber, row.TotalAmount, row.AmountPaid, row.OpenBalance)
		}
	}
	return found, nil
}
