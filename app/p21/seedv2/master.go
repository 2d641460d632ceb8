package seedv2

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

const (
	customers = "/api/v2/Customers"
	products  = "/api/v2/Products"
	stock     = "/api/v2/InventoryItems"
)

type customer struct {
	CustomerNumber    key `json:",omitempty"`
	CompanyId         string
	CustomerName      string
	ExternalReference string
	CurrencyCode      string
	TermsId           key
	Email             string
}

func (c customer) held() p21.Customer {
	return p21.Customer{Company: c.CompanyId, Number: string(c.CustomerNumber), Name: c.CustomerName, Reference: c.ExternalReference,
		Currency: money.Currency(c.CurrencyCode), Terms: string(c.TermsId), Email: c.Email, Active: true}
}

// FindCustomer implements p21.System.
func (s *System) FindCustomer(ctx context.Context, reference string) ([]p21.Customer, error) {
	const operation = "find customers"
	rows, err := list(ctx, s.rest, query[customer]{
		operation: operation, path: customers, order: "CustomerNumber",
		filter:  fmt.Sprintf("CompanyId eq %s and ExternalReference eq %s", rest.Literal(s.company), rest.Literal(reference)),
		matches: func(c customer) bool { return c.CompanyId == s.company && c.ExternalReference == reference },
	})
	if err != nil {
		return nil, read(err, operation, "customers")
	}
	found := make([]p21.Customer, len(rows))
	for i, row := range rows {
		found[i] = row.held()
	}
	return found, nil
}

// Customer implements p21.System. The facade tells no inactive customers apart.
func (s *System) Customer(ctx context.Context, number string) (p21.Customer, error) {
	const operation = "read customer"
	var held customer
	if err := s.rest.Get(ctx, operation, customers+"/"+url.PathEscape(number), &held); err != nil {
		return p21.Customer{}, read(err, operation, "customers")
	}
	if held.CompanyId != s.company {
		return p21.Customer{}, &p21.Error{Operation: operation, Type: p21.NotFound, Message: fmt.Sprintf("company %s has no customer %s", s.company, number)}
	}
	if string(held.CustomerNumber) != number {
		return p21.Customer{}, rest.Broken(operation, "asked for customer %s, got %s", number, held.CustomerNumber)
	}
	return held.held(), nil
}

// CreateCustomer implements p21.System.
func (s *System) CreateCustomer(ctx context.Context, c p21.Customer) (p21.Customer, error) {
	const operation = "create customer"
	if err := c.Validate(); err != nil {
		return p21.Customer{}, err
	}
	if err := s.own(operation, c.Company); err != nil {
		return p21.Customer{}, err
	}
	c = c.Fitted()
	var given customer
	err := s.rest.Post(ctx, operation, customers, c.Company+"/"+c.Reference, customer{CompanyId: c.Company, CustomerName: c.Name, ExternalReference: c.Reference,
		CurrencyCode: string(c.Currency), TermsId: key(c.Terms), Email: c.Email}, &given)
	if err != nil {
		return p21.Customer{}, s.write(ctx, err, customers, operation, "new customers", func(f *p21.Features) *bool { return &f.CustomerWrite })
	}
	if given.CustomerNumber == "" || given.ExternalReference != c.Reference {
		return p21.Customer{}, rest.Broken(operation, "the answer is not about %s or gives no number", c.Reference)
	}
	held := given.held()
	held.Notes = c.Notes
	return held, nil
}

type product struct {
	ProductCode         string
	Description         string
	ExtendedDescription string
	UnitOfMeasure       string
	ListPrice           rest.Number
	Active              bool
	LastModified        stamp
}

// stamp is a time in RFC 3339.
type stamp struct{ time.Time }

// UnmarshalJSON takes an empty text for no time.
func (t *stamp) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" {
		return nil
	}
	at, err := instant(text)
	t.Time = at
	return err
}

func (p product) held() p21.Item {
	return p21.Item{Code: p.ProductCode, Description: p.Description, Extended: p.ExtendedDescription, Unit: p.UnitOfMeasure,
		ListPrice: p.ListPrice.Decimal, Active: p.Active, ChangedAt: p.LastModified.Time}
}

// since is a filter for what has changed; the facade tells whole seconds.
func since(at time.Time) string {
	return "LastModified ge " + at.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// changed repeats that filter.
func changed(row stamp, at time.Time) bool {
	return at.IsZero() || !row.Before(at.Truncate(time.Second))
}

// Items implements p21.System.
func (s *System) Items(ctx context.Context, changedSince time.Time) iter.Seq2[p21.Item, error] {
	const operation = "read items"
	q := query[product]{operation: operation, path: products, order: "ProductCode",
		matches: func(p product) bool { return changed(p.LastModified, changedSince) }}
	if !changedSince.IsZero() {
		q.filter = since(changedSince)
	}
	return translated(rows(ctx, s.rest, q), operation, "items", product.held)
}

// translated turns rows into what the program knows.
func translated[Row, Held any](rows iter.Seq2[Row, error], operation, what string, held func(Row) Held) iter.Seq2[Held, error] {
	return func(yield func(Held, error) bool) {
		for row, err := range rows {
			if err != nil {
				var none Held
				yield(none, read(err, operation, what))
				return
			}
			if !yield(held(row), nil) {
				return
			}
		}
	}
}

// Item implements p21.System.
func (s *System) Item(ctx context.Context, code string) (p21.Item, error) {
	const operation = "read item"
	code = strings.ToUpper(code)
	var held product
	if err := s.rest.Get(ctx, operation, products+"/"+url.PathEscape(code), &held); err != nil {
		return p21.Item{}, read(err, operation, "items")
	}
	if held.ProductCode != code {
		return p21.Item{}, rest.Broken(operation, "asked for item %s, got %s", code, held.ProductCode)
	}
	return held.held(), nil
}
