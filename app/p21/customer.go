package p21

import (
	"context"
	"unicode/utf8"

	"tieout/app/money"
)

// Customers are the customers of one P21 company.
type Customers interface {
	// FindCustomer returns every customer with this reference of ours, by number.
	FindCustomer(ctx context.Context, reference string) ([]Customer, error)
	// Customer returns the customer with this number; Type NotFound when there is none.
	Customer(ctx context.Context, number string) (Customer, error)
	// CreateCustomer enters a customer and returns it as P21 holds it. It is
	// sent at most once.
	CreateCustomer(ctx context.Context, c Customer) (Customer, error)
}

// Customer is who orders are sold to: one per marketplace, as a rule.
type Customer struct {
	Company   string
	Number    string // P21's
	Name      string
	Reference string // ours, e.g. AMAZON-US
	Currency  money.Currency
	Terms     string // id of the payment terms
	Email     string
	Active    bool
	Notes     []string // what was cut to fit
}

const (
	customerName      = 50
	customerReference = 50
	termsWidth        = 2
	emailWidth        = 255
)

// Validate returns an *Error of type Validation when no P21 could take the customer.
func (c Customer) Validate() error {
	wrong := complaints{}
	wrong.text(c.Company, companyWidth, "Company")
	wrong.require(c.Name != "", "Name", "is missing")
	wrong.text(c.Reference, customerReference, "Reference")
	wrong.require(c.Currency.Valid(), "Currency", "is not an ISO 4217 code")
	wrong.optional(c.Terms, termsWidth, "Terms")
	wrong.require(utf8.RuneCountInString(c.Email) <= emailWidth, "Email", "is longer than 255 characters")
	return wrong.err("create customer", "the customer is not complete")
}

// Fitted returns the customer with a name that P21 can hold, and a note when it
// had to be cut.
func (c Customer) Fitted() Customer {
	notes := Notes{}
	c.Name = notes.Cut("name", c.Name, customerName)
	c.Notes = notes
	return c
}
