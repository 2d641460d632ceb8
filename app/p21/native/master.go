package native

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

type customer struct {
	CustomerID   rest.Number  `json:"customer_id"`
	CompanyID    text         `json:"company_id"`
	CustomerName text         `json:"customer_name"`
	TermsID      text         `json:"terms_id"`
	CurrencyID   *rest.Number `json:"currency_id"`
	LegacyID     text         `json:"legacy_id"`
	DeleteFlag   text         `json:"delete_flag"`
}

const customerColumns = "customer_id,company_id,customer_name,terms_id,currency_id,delete_flag"

func (s *System) customers(ctx context.Context, operation, columns, filter string, matches func(customer) bool) ([]p21.Customer, error) {
	rows, err := table(ctx, s.rest, query[customer]{
		operation: operation, table: "customer", order: "customer_id", columns: columns,
		filter:  filter + " and company_id eq " + rest.Literal(s.company),
		matches: func(c customer) bool { return matches(c) && c.CompanyID.is(s.company) },
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	known, err := s.readCurrencies(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]p21.Customer, len(rows))
	for i, c := range rows {
		found[i] = p21.Customer{Company: c.CompanyID.trimmed(), Number: id(c.CustomerID), Name: c.CustomerName.trimmed(), Reference: c.LegacyID.trimmed(),
			Terms: c.TermsID.trimmed(), Active: !c.DeleteFlag.is("Y"), Currency: s.currencyOf(glLine{CurrencyId: c.CurrencyID}, known)}
	}
	return found, nil
}

// FindCustomer implements p21.System. The reference is the customer's legacy id.
func (s *System) FindCustomer(ctx context.Context, reference string) ([]p21.Customer, error) {
	const operation = "find customers"
	found, err := s.customers(ctx, operation, customerColumns+",legacy_id", "legacy_id eq "+rest.Literal(reference)+" and delete_flag eq 'N'",
		func(c customer) bool { return c.LegacyID.is(reference) && !c.DeleteFlag.is("Y") })
	return found, read(err, operation, "customers by reference")
}

// Customer implements p21.System. It asks for columns that every site has, so
// that Reference and Email stay empty.
func (s *System) Customer(ctx context.Context, name string) (p21.Customer, error) {
	const operation = "read customer"
	missing := &p21.Error{Operation: operation, Type: p21.NotFound, Message: fmt.Sprintf("company %s has no customer %s", s.company, name)}
	if !number(name) {
		return p21.Customer{}, missing
	}
	found, err := s.customers(ctx, operation, customerColumns, "customer_id eq "+name, func(c customer) bool { return id(c.CustomerID) == name })
	if err != nil {
		return p21.Customer{}, err
	}
	if len(found) == 0 {
		return p21.Customer{}, missing
	}
	return found[0], nil
}

const entities = "/api/entity/customers/"

// CreateCustomer implements p21.System. It fills in the site's own template; a
// body without a key is a new customer.
func (s *System) CreateCustomer(ctx context.Context, c p21.Customer) (p21.Customer, error) {
	const operation = "create customer"
	if err := c.Validate(); err != nil {
		return p21.Customer{}, err
	}
	c = c.Fitted()
	entity, err := s.customerEntity(ctx, operation, c)
	if err != nil {
		return p21.Customer{}, err
	}
	var given struct{ CustomerId rest.Number }
	if err := s.rest.Post(ctx, operation, entities, c.Company+"/"+c.Reference, entity, &given); err != nil {
		return p21.Customer{}, err
	}
	key := id(given.CustomerId)
	if given.CustomerId.IsZero() {
		return p21.Customer{}, rest.Broken(operation, "the answer gives no customer number")
	}
	held, err := s.Customer(ctx, key)
	switch {
	case err != nil:
		return p21.Customer{}, rest.Unread(operation, key, err)
	case held.Name != c.Name || held.Currency != c.Currency:
		return p21.Customer{}, rest.Otherwise(operation, key, fmt.Sprintf("%s in %s", held.Name, held.Currency))
	}
	held.Reference, held.Email, held.Notes = c.Reference, c.Email, c.Notes
	return held, nil
}

func (s *System) customerEntity(ctx context.Context, operation string, c p21.Customer) (map[string]any, error) {
	if c.Company != s.company {
		return nil, rest.Wrong(operation, fmt.Sprintf("it is for company %s, this connection for %s", c.Company, s.company))
	}
	known, err := s.readCurrencies(ctx)
	if err != nil {
		return nil, rest.NotSent(err)
	}
	at := slices.IndexFunc(known, func(k currency) bool { return k.iso() == c.Currency })
	if at < 0 {
		return nil, rest.Wrong(operation, fmt.Sprintf("P21 has no currency described as %s", c.Currency))
	}
	template := map[string]json.RawMessage{}
	if err := s.rest.Get(ctx, operation, entities+"new", &template); err != nil {
		return nil, rest.NotSent(err)
	}
	entity := map[string]any{}
	for name, value := range template {
		entity[name] = value
	}
	delete(entity, "CustomerId")
	entity["CompanyId"], entity["CustomerName"], entity["CurrencyId"] = c.Company, c.Name, known[at].CurrencyID
	entity["LegacyId"], entity["EmailAddress"] = c.Reference, c.Email
	if c.Terms != "" {
		entity["TermsId"] = c.Terms
	}
	return entity, nil
}

type item struct {
	UID          rest.Number `json:"inv_mast_uid"`
	ItemID       text        `json:"item_id"`
	ItemDesc     text        `json:"item_desc"`
	ExtendedDesc text        `json:"extended_desc"`
	Unit         text        `json:"default_selling_unit"`
	Price1       rest.Number `json:"price1"`
	Inactive     text        `json:"inactive"`
	DeleteFlag   text        `json:"delete_flag"`
	DateModified string      `json:"date_last_modified"`
}

const itemColumns = "inv_mast_uid,item_id,item_desc,extended_desc,default_selling_unit,price1,inactive,delete_flag,date_last_modified"

func (i item) active() bool { return !i.Inactive.is("Y") && !i.DeleteFlag.is("Y") }

func (s *System) item(i item) (p21.Item, error) {
	at, err := s.stamp(i.DateModified)
	return p21.Item{Code: i.ItemID.trimmed(), Description: i.ItemDesc.trimmed(), Extended: i.ExtendedDesc.trimmed(), Unit: i.Unit.trimmed(),
		ListPrice: i.Price1.Decimal, Active: i.active(), ChangedAt: at}, err
}

// since is a filter for what has changed, in the server's local time, and a
// little before.
func (s *System) since(at time.Time) string {
	return "date_last_modified ge " + at.Add(-s.slack).In(s.zone).Format("2006-01-02T15:04:05")
}

// changed repeats that filter.
func (s *System) changed(modified string, at time.Time) bool {
	when, err := s.stamp(modified)
	return at.IsZero() || err != nil || !when.Before(at.Add(-s.slack).Truncate(time.Second))
}

// Items implements p21.System.
func (s *System) Items(ctx context.Context, changedSince time.Time) iter.Seq2[p21.Item, error] {
	q := query[item]{operation: "read items", table: "inv_mast", order: "item_id", columns: itemColumns, filter: "delete_flag eq 'N'",
		matches: func(i item) bool { return !i.DeleteFlag.is("Y") && s.changed(i.DateModified, changedSince) }}
	if !changedSince.IsZero() {
		q.filter += " and " + s.since(changedSince)
	}
	return func(yield func(p21.Item, error) bool) {
		for row, err := range rows(ctx, s.rest, q) {
			held := p21.Item{}
			if err == nil {
				if held, err = s.item(row); err != nil {
					err = rest.Broken(q.operation, "item %s: %v", row.ItemID, err)
				}
			}
			if !yield(held, err) || err != nil {
				return
			}
		}
	}
}

// Item implements p21.System.
func (s *System) Item(ctx context.Context, code string) (p21.Item, error) {
	const operation = "read item"
	code = strings.ToUpper(code)
	found, err := s.itemsByCode(ctx, operation, []string{code})
	if err != nil {
		return p21.Item{}, err
	}
	if len(found) == 0 {
		return p21.Item{}, &p21.Error{Operation: operation, Type: p21.NotFound, Message: "there is no item " + code}
	}
	held, err := s.item(found[0])
	if err != nil {
		return p21.Item{}, rest.Broken(operation, "item %s: %v", code, err)
	}
	return held, nil
}

func (s *System) itemsByCode(ctx context.Context, operation string, codes []string) ([]item, error) {
	codes = slices.Compact(slices.Sorted(slices.Values(codes)))
	literals := make([]string, len(codes))
	for i, code := range codes {
		literals[i] = rest.Literal(code)
	}
	return chained(ctx, s.rest, query[item]{
		operation: operation, table: "inv_mast", order: "item_id", columns: itemColumns, filter: "delete_flag eq 'N'",
		matches: func(i item) bool { return !i.DeleteFlag.is("Y") && slices.Contains(codes, i.ItemID.trimmed()) },
	}, "item_id", literals)
}

// codes returns item codes by inv_mast_uid.
func (s *System) codes(ctx context.Context, operation string, uids []rest.Number) (map[string]string, error) {
	var literals []string
	for _, uid := range uids {
		literals = append(literals, id(uid))
	}
	literals = slices.Compact(slices.Sorted(slices.Values(literals)))
	q := query[item]{operation: operation, table: "inv_mast", order: "inv_mast_uid", columns: "inv_mast_uid,item_id",
		matches: func(i item) bool { _, ok := slices.BinarySearch(literals, id(i.UID)); return ok }}
	read := func() ([]item, error) { return chained(ctx, s.rest, q, "inv_mast_uid", literals) }
	if len(literals) > pageSize {
		read = func() ([]item, error) { return table(ctx, s.rest, q) } // fewer requests
	}
	found, err := read()
	if err != nil {
		return nil, err
	}
	codes := map[string]string{}
	for _, i := range found {
		codes[id(i.UID)] = i.ItemID.trimmed()
	}
	for _, uid := range literals {
		if codes[uid] == "" {
			return nil, rest.Broken(operation, "there is no item with the key %s", uid)
		}
	}
	return codes, nil
}
