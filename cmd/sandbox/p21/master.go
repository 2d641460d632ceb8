package p21

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/cmd/sandbox/seller"
)

// Item is a product of the master that all companies share.
type Item struct {
	UID         int64           `json:"uid"`
	Code        string          `json:"code"`
	Description string          `json:"description"`
	Extended    string          `json:"extended,omitempty"`
	Unit        string          `json:"unit"`
	ListPrice   decimal.Decimal `json:"listPrice"`
	Active      bool            `json:"active"`
	ModifiedAt  time.Time       `json:"modifiedAt"`
}

// Customer is a customer of one company.
type Customer struct {
	Number    int64     `json:"number"`
	Company   string    `json:"company"`
	Name      string    `json:"name"`
	Reference string    `json:"reference,omitempty"`
	Currency  string    `json:"currency"`
	Terms     string    `json:"terms,omitempty"`
	Email     string    `json:"email,omitempty"`
	CreatedAt time.Time `json:"createdAt"`
}

// Location is a place where a company keeps stock.
type Location struct {
	ID, Company, Name string
	Amazon            bool // its stock is with Amazon
}

// Stock is what a location has of an item. Cost is in the company's currency.
type Stock struct {
	Item       string          `json:"item"`
	Location   string          `json:"location"`
	Company    string          `json:"company"`
	OnHand     decimal.Decimal `json:"onHand"`
	Allocated  decimal.Decimal `json:"allocated"`
	InTransit  decimal.Decimal `json:"inTransit"`
	Cost       decimal.Decimal `json:"cost"`
	ModifiedAt time.Time       `json:"modifiedAt"`
	Version    int64           `json:"version"`
}

// Adjustment is a change of the quantity on hand that somebody asked for.
type Adjustment struct {
	Reference string          `json:"reference,omitempty"` // the native surface has none
	Item      string          `json:"item"`
	Location  string          `json:"location"`
	Delta     decimal.Decimal `json:"delta"`
	Reason    string          `json:"reason"`
	At        time.Time       `json:"at"`
}

// Items that Amazon does not sell: a code that needs escaping in an address,
// and one that takes no orders.
const (
	CartonItem   = "PKG-BOX/12"
	InactiveItem = "BRW-MILL-99"
)

// ReasonIDs are the adjustment reasons that are active.
func ReasonIDs() []string { return []string{"AMZ", "CYCLE", "DAMAGE"} }

// masterSince is when the master was entered.
var masterSince = time.Date(2024, 1, 2, 9, 0, 0, 0, time.UTC)

// ProductCode is the code under which the master has what Amazon knows under a
// SKU. The company's codes grew over the years, so that mapping them is work:
//
//	BRW-POUR-01  the SKU itself (brewing)
//	KITKNIF08    without dashes (kitchen)
//	OUT-LANT     without the size suffix (outdoor)
func ProductCode(sku string) string {
	switch {
	case strings.HasPrefix(sku, "KIT-"):
		return strings.ReplaceAll(sku, "-", "")
	case strings.HasPrefix(sku, "OUT-"):
		return sku[:strings.LastIndex(sku, "-")]
	}
	return sku
}

func masterItems() []Item {
	var items []Item
	add := func(code, title string, cents int64, active bool) {
		items = append(items, Item{UID: int64(5001 + len(items)), Code: code, Description: cut(title, 40), Extended: title, Unit: "EA",
			ListPrice: decimal.New(cents, -2), Active: active, ModifiedAt: masterSince})
	}
	for _, p := range seller.Products() {
		add(ProductCode(p.SKU), p.Title, p.Cents(), true)
	}
	add(CartonItem, "Shipping carton 12 x 12 x 12 in", 185, true)
	add(InactiveItem, "Electric mill, discontinued", 9900, false)
	return items
}

func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width])
	}
	return text
}

// sellsThrough says which seller of the demonstration belongs to which company.
func sellsThrough() map[string]string {
	return map[string]string{"us": "ACME", "uk": "ACMEUK", "eu": "ACMEEU"}
}

// CustomerReference is the reference of the customer that stands for a
// marketplace: AMAZON-DE for Amazon.de, AMAZON-US for Amazon.com.
func CustomerReference(m seller.Market) string {
	country := strings.ToUpper(m.Name[strings.LastIndex(m.Name, ".")+1:])
	if country == "COM" {
		country = "US"
	}
	return "AMAZON-" + country
}

// masterCustomers are one per marketplace, in the seller's currency.
func masterCustomers(cfg Config) []Customer {
	var list []Customer
	for _, a := range seller.Accounts(cfg.Seed, cfg.Clock.Now(), 1) {
		company := sellsThrough()[a.Key]
		if !slices.ContainsFunc(cfg.Companies, func(c Company) bool { return c.ID == company }) {
			continue
		}
		for _, m := range a.Markets {
			list = append(list, Customer{Number: int64(firstCustomer + len(list)), Company: company, Name: m.Name, Reference: CustomerReference(m),
				Currency: a.Currency, Terms: "1", CreatedAt: masterSince})
		}
	}
	return list
}

const firstCustomer = 100_198

// Locations are two for each company: its warehouse and its stock with Amazon.
func (s *Server) Locations() []Location { return locationsOf(s.config.Companies) }

func locationsOf(companies []Company) []Location {
	var list []Location
	for i, c := range companies {
		list = append(list,
			Location{fmt.Sprint(20*i + 10), c.ID, c.Name + " warehouse", false},
			Location{fmt.Sprint(20*i + 20), c.ID, "Amazon FBA", true})
	}
	return list
}

// masterStock follows from the seed.
func masterStock(cfg Config, items []Item) []Stock {
	var list []Stock
	for _, l := range locationsOf(cfg.Companies) {
		for _, item := range items {
			h := fnv.New64a()
			_, _ = h.Write([]byte(item.Code + "@" + l.ID))
			chance := rand.New(rand.NewPCG(cfg.Seed, h.Sum64()))
			list = append(list, Stock{Item: item.Code, Location: l.ID, Company: l.Company,
				OnHand: whole(80 + chance.Int64N(400)), InTransit: whole(chance.Int64N(3) * 24),
				Cost: item.ListPrice.Mul(decimal.New(30+chance.Int64N(15), -2)).Round(4), ModifiedAt: masterSince, Version: 1})
		}
	}
	slices.SortFunc(list, func(a, b Stock) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Location, b.Location))
	})
	return list
}

// enterCustomer adds a customer and gives it a number.
func (t *trade) enterCustomer(c Customer, refuseDuplicates bool) (Customer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.ContainsFunc(t.companies, func(known Company) bool { return known.ID == c.Company }) {
		return Customer{}, refuseTrade("Validation", "CompanyId", "UnknownCompany", "Company %s does not exist", c.Company)
	}
	if c.Name == "" || currencyID(c.Currency) == 0 {
		return Customer{}, refuseTrade("Validation", "CustomerName", "Required", "Customer name and currency are required")
	}
	if refuseDuplicates {
		for _, known := range t.customers.list {
			if known.Company == c.Company && known.Reference == c.Reference && c.Reference != "" {
				return Customer{}, &errRefused{kind: "Duplicate", message: c.Reference + " exists", existing: fmt.Sprint(known.Number)}
			}
		}
	}
	c.Number, c.CreatedAt, c.Name = int64(firstCustomer+len(t.customers.list)), t.now(), cut(c.Name, 50)
	return c, t.commit(tradeEvent{Customers: []Customer{c}})
}

// setStock sets the quantity on hand to what change makes of what is held.
func (t *trade) setStock(a Adjustment, change func(Stock) (decimal.Decimal, error)) (Stock, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.stock.get(stockKey{a.Item, a.Location})
	if !ok {
		return Stock{}, refuseTrade("NotFound", "", "", "Item %s is not stocked at location %s", a.Item, a.Location)
	}
	if !slices.Contains(ReasonIDs(), a.Reason) {
		return Stock{}, refuseTrade("Validation", "Reason", "UnknownReason", "Reason %s is not active", a.Reason)
	}
	for _, known := range t.adjustments {
		if a.Reference != "" && known.Reference == a.Reference {
			return Stock{}, &errRefused{kind: "Duplicate", message: a.Reference + " was applied before", existing: held.Item + "/" + held.Location}
		}
	}
	quantity, err := change(held)
	if err != nil {
		return Stock{}, err
	}
	a.Delta, a.At = quantity.Sub(held.OnHand), t.now()
	held.OnHand, held.ModifiedAt, held.Version = quantity, a.At, held.Version+1
	return held, t.commit(tradeEvent{Stock: []Stock{held}, Adjustments: []Adjustment{a}})
}

// ChangeItem changes description, price and activity of an item.
func (s *Server) ChangeItem(item Item) error {
	t := s.books.trade
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.items.get(item.Code)
	if !ok {
		return fmt.Errorf("there is no item %q", item.Code)
	}
	held.Description, held.Extended, held.ListPrice, held.Active = cut(item.Description, 40), item.Extended, item.ListPrice, item.Active
	held.ModifiedAt = t.now()
	return t.commit(tradeEvent{Items: []Item{held}})
}
