package seedv2

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

const orders = "/api/v2/SalesOrders"

// facadeDigits is how many decimals the facade takes.
const facadeDigits = 4

type order struct {
	SalesOrderNumber  key    `json:",omitempty"`
	OrderStatus       string `json:",omitempty"`
	CreatedAt         string `json:",omitempty"`
	LastModified      string `json:",omitempty"`
	RowVersion        key    `json:",omitempty"`
	CompanyId         string
	CustomerNumber    key
	ExternalReference string
	AmazonOrderId     string `json:",omitempty"` // an older word of the facade for ExternalReference
	CustomerPONumber  string
	OrderSource       string
	OrderDate         string
	RequestedDate     string `json:",omitempty"`
	CurrencyCode      string
	LocationId        key
	ShippingAddress   address
	LineItems         []orderLine
	OrderTotal        rest.Number
}

type address struct {
	Name, AddressLine1, AddressLine2, City, StateOrRegion, PostalCode, CountryCode, Phone, Email string
}

type orderLine struct {
	LineNumber            int
	ExternalLineReference string
	ProductCode           string
	Quantity              rest.Number
	UnitOfMeasure         string `json:",omitempty"`
	UnitPrice             rest.Number
	LineTotal             rest.Number
	TaxAmount             rest.Number
}

// FindOrders implements p21.System.
func (s *System) FindOrders(ctx context.Context, reference string) ([]p21.SalesOrder, error) {
	const operation = "find orders"
	rows, err := list(ctx, s.rest, query[order]{
		operation: operation, path: orders, order: "SalesOrderNumber",
		filter:  fmt.Sprintf("CompanyId eq %s and ExternalReference eq %s", rest.Literal(s.company), rest.Literal(reference)),
		matches: func(o order) bool { return o.CompanyId == s.company && o.reference() == reference },
	})
	if err != nil {
		return nil, read(err, operation, "sales orders")
	}
	found := make([]p21.SalesOrder, len(rows))
	for i, row := range rows {
		if found[i], err = row.held(); err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
	}
	return found, nil
}

// ReadOrder implements p21.System.
func (s *System) ReadOrder(ctx context.Context, number string) (p21.SalesOrder, error) {
	const operation = "read order"
	var held order
	if err := s.rest.Get(ctx, operation, orders+"/"+url.PathEscape(number), &held); err != nil {
		return p21.SalesOrder{}, read(err, operation, "sales orders")
	}
	if string(held.SalesOrderNumber) != number || held.CompanyId != s.company {
		return p21.SalesOrder{}, rest.Broken(operation, "asked for %s of %s, got %s of %s", number, s.company, held.SalesOrderNumber, held.CompanyId)
	}
	o, err := held.held()
	if err != nil {
		return p21.SalesOrder{}, rest.Broken(operation, "%v", err)
	}
	return o, nil
}

// PostOrder implements p21.System. The server refuses a second order with the
// same reference: Type Duplicate, with its number in ExistingKey.
func (s *System) PostOrder(ctx context.Context, o p21.SalesOrder) (p21.SalesOrder, error) {
	const operation = "post order"
	if err := o.Validate(); err != nil {
		return p21.SalesOrder{}, err
	}
	if err := s.own(operation, o.Company); err != nil {
		return p21.SalesOrder{}, err
	}
	asked, notes := orderOf(o)
	var given order
	if err := s.rest.Post(ctx, operation, orders, o.Company+"/"+o.Reference, asked, &given); err != nil {
		return p21.SalesOrder{}, err
	}
	if given.SalesOrderNumber == "" || given.reference() != o.Reference {
		return p21.SalesOrder{}, rest.Broken(operation, "the answer is not about %s or gives no number", o.Reference)
	}
	return s.confirmed(ctx, operation, string(given.SalesOrderNumber), o, notes)
}

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

// ChangeOrder implements p21.System.
func (s *System) ChangeOrder(ctx context.Context, o p21.SalesOrder) (p21.SalesOrder, error) {
	const operation = "change order"
	if err := o.ValidateChange(); err != nil {
		return p21.SalesOrder{}, err
	}
	if err := s.own(operation, o.Company); err != nil {
		return p21.SalesOrder{}, err
	}
	before, err := s.ReadOrder(ctx, o.Number)
	if err != nil {
		return p21.SalesOrder{}, rest.NotSent(err)
	}
	if err := o.CheckChange(before); err != nil {
		return p21.SalesOrder{}, err
	}
	if o.Status == p21.Cancelled {
		o.Lines = before.Lines
	}
	asked, notes := orderOf(o)
	asked.SalesOrderNumber, asked.OrderStatus, asked.RowVersion = key(o.Number), string(o.Status), key(o.RowVersion)
	var given order
	if err := s.rest.Put(ctx, operation, orders+"/"+url.PathEscape(o.Number), o.Number+"/"+o.RowVersion, asked, &given); err != nil {
		return p21.SalesOrder{}, s.write(ctx, err, orders, operation, "changes of sales orders", func(f *p21.Features) *bool { return &f.OrderChange })
	}
	return s.confirmed(ctx, operation, o.Number, o, notes)
}

// own refuses what is for another company.
func (s *System) own(operation, company string) error {
	if company != s.company {
		return rest.Wrong(operation, fmt.Sprintf("it is for company %s, this connection for %s", company, s.company))
	}
	return nil
}

func (o order) reference() string {
	if o.ExternalReference == "" {
		return o.AmazonOrderId
	}
	return o.ExternalReference
}

// orderOf writes an order as the facade takes it, and what that cost.
func orderOf(o p21.SalesOrder) (order, p21.Notes) {
	var notes p21.Notes
	a := o.ShipTo.Fitted(&notes)
	asked := order{
		CompanyId: o.Company, CustomerNumber: key(o.Customer), ExternalReference: o.Reference, CustomerPONumber: o.Reference, OrderSource: o.Source,
		OrderDate: o.Date.String(), CurrencyCode: string(o.Currency), LocationId: key(o.Location), OrderTotal: rest.NumberOf(o.Total()),
		ShippingAddress: address{a.Name, a.Line1, a.Line2, a.City, a.State, a.PostalCode, a.Country, a.Phone, a.Email},
	}
	if o.Requested.Year > 0 {
		asked.RequestedDate = o.Requested.String()
	}
	for _, l := range o.Lines {
		price := l.UnitPrice.Round(facadeDigits)
		if !price.Equal(l.UnitPrice) {
			notes.Say("the unit price of line %d was rounded to %d decimals; its total was not", l.Number, facadeDigits)
		}
		asked.LineItems = append(asked.LineItems, orderLine{
			LineNumber: l.Number, ExternalLineReference: l.Reference, ProductCode: strings.ToUpper(l.Item), UnitOfMeasure: l.Unit,
			Quantity: rest.NumberOf(l.Quantity), UnitPrice: rest.NumberOf(price), LineTotal: rest.NumberOf(l.Total), TaxAmount: rest.NumberOf(l.Tax),
		})
	}
	return asked, notes
}

// held translates an answer.
func (o order) held() (p21.SalesOrder, error) {
	date, err := period.ParseDate(o.OrderDate)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("order %s: %w", o.SalesOrderNumber, err)
	}
	var requested period.Date
	if o.RequestedDate != "" {
		if requested, err = period.ParseDate(o.RequestedDate); err != nil {
			return p21.SalesOrder{}, fmt.Errorf("order %s: %w", o.SalesOrderNumber, err)
		}
	}
	created, err := instant(o.CreatedAt)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("order %s: %w", o.SalesOrderNumber, err)
	}
	changed, err := instant(o.LastModified)
	if err != nil {
		return p21.SalesOrder{}, fmt.Errorf("order %s: %w", o.SalesOrderNumber, err)
	}
	a := o.ShippingAddress
	held := p21.SalesOrder{
		Company: o.CompanyId, Customer: string(o.CustomerNumber), Reference: o.reference(), Source: o.OrderSource, Date: date, Requested: requested,
		Currency: money.Currency(o.CurrencyCode), Location: string(o.LocationId), Number: string(o.SalesOrderNumber), Status: p21.OrderStatus(o.OrderStatus),
		CreatedAt: created, ChangedAt: changed, RowVersion: string(o.RowVersion),
		ShipTo: p21.Address{Name: a.Name, Line1: a.AddressLine1, Line2: a.AddressLine2, City: a.City, State: a.StateOrRegion, PostalCode: a.PostalCode,
			Country: a.CountryCode, Phone: a.Phone, Email: a.Email},
	}
	sum := decimal.Zero
	for _, l := range o.LineItems {
		held.Lines = append(held.Lines, p21.SalesLine{Number: l.LineNumber, Reference: l.ExternalLineReference, Item: l.ProductCode, Quantity: l.Quantity.Decimal,
			Unit: l.UnitOfMeasure, UnitPrice: l.UnitPrice.Decimal, Total: l.LineTotal.Decimal, Tax: l.TaxAmount.Decimal})
		sum = sum.Add(l.LineTotal.Decimal)
	}
	if !sum.Equal(o.OrderTotal.Decimal) {
		return p21.SalesOrder{}, fmt.Errorf("order %s has the total %s, its lines %s", o.SalesOrderNumber, o.OrderTotal, sum)
	}
	return held, nil
}

// instant reads RFC 3339; empty is the zero time.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time", text)
	}
	return at.UTC(), nil
}
