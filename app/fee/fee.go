// Package fee sums what is sold and what Amazon charges for it, by SKU,
// marketplace and month, beside the months before, and says which settlements
// and kinds a number is made of. It reads the sums that imports keep, never
// lines.
package fee

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

// Part is what an amount counts as.
type Part int

// The parts. Fees are charged when above zero.
const (
	Nothing     Part = iota
	Sales            // item price, refunds apart
	Referral         // selling fees: commission and closing fees
	Fulfilment       // what Amazon charges for picking, packing and shipping
	Storage          // in Amazon's warehouses
	Advertising      // paid from the balance
	Other            // every other fee: inbound freight, subscription, administration of refunds
	Unmapped         // no rule says what it is
	AllFees          // referral to other, for the way down to their lines
	Units            // the lines that units are counted on
)

// Fees returns the parts that fees are told apart by, in the order of the page.
func Fees() []Part { return []Part{Referral, Fulfilment, Storage, Advertising, Other} }

// Title names the part for people.
func (p Part) Title() string {
	switch p {
	case Nothing:
		return ""
	case Sales:
		return "Sales"
	case Referral:
		return "Referral"
	case Fulfilment:
		return "FBA fulfilment"
	case Storage:
		return "Storage"
	case Advertising:
		return "Advertising"
	case Other:
		return "Other fees"
	case Unmapped:
		return "Without a rule"
	case AllFees:
		return "Fees"
	case Units:
		return "Units"
	}
	return ""
}

// partOf says what an amount of a category counts as.
func partOf(c mapping.Category) Part {
	switch c {
	case mapping.Sales:
		return Sales
	case mapping.SellingFees:
		return Referral
	case mapping.FBAFees:
		return Fulfilment
	case mapping.StorageFees:
		return Storage
	case mapping.Advertising:
		return Advertising
	}
	if info, _ := c.Info(); info.Class == mapping.ClassFees {
		return Other
	}
	return Nothing
}

// counts reports whether units are counted on lines of a kind. Amazon repeats an
// item's quantity on every one of its lines; what other channels sold from
// Amazon's warehouses stands there with a price of zero.
func counts(k mapping.Kind) bool {
	return mapping.Key(k.TransactionType) == "order" && mapping.Key(k.AmountType) == "itemprice" && mapping.Key(k.AmountDescription) == "principal"
}

// Group is what the rows of a summary are.
type Group string

// The groups.
const (
	BySKU         Group = "sku"         // and marketplace, all months together
	BySKUAndMonth Group = "sku-month"   // and marketplace
	ByMarketplace Group = "marketplace" // all months together
	ByMonth       Group = "month"       // and marketplace
)

// Groups returns every group, the usual one first.
func Groups() []Group { return []Group{BySKU, BySKUAndMonth, ByMarketplace, ByMonth} }

func (g Group) sku() bool { return g == BySKU || g == BySKUAndMonth }

// Monthly reports whether rows are of single months.
func (g Group) Monthly() bool { return g == BySKUAndMonth || g == ByMonth }

// None stands for "without one" where a marketplace or an SKU is asked for.
const None = "-"

// Filter selects amounts. Months are named by their first day.
type Filter struct {
	Connection  int64 // 0: all
	From, To    period.Date
	Marketplace string // empty: any; None: amounts of none
	Text        string // part of an SKU
	Group       Group
	Sort        string // see Sorts; with a hyphen before it: the greatest first
	PageSize    int
	After       *Place
}

// Sorts returns what a summary can be sorted by; the SKU and marketplace come
// first and settle ties.
func Sorts() []string {
	return []string{"sku", "month", "units", "sales", "fees", "unit", "share", "change"}
}

// months is how many months the filter reaches over.
func (f Filter) months() int {
	return (f.To.Year-f.From.Year)*12 + int(f.To.Month) - int(f.From.Month) + 1
}

// span is how many months lie between a row and what it is compared with.
func (f Filter) span() int {
	if f.Group.Monthly() {
		return 1
	}
	return f.months()
}

// prior is the first month that rows are compared with.
func (f Filter) prior() period.Date { return period.DateOf(f.From.Time().AddDate(0, -f.span(), 0)) }

// Place is a row's place in the list.
type Place struct {
	Value                      decimal.Decimal
	SKU, Marketplace, Currency string
	Month                      period.Date
	Connection                 int64
}

// Row is a line of the summary, or a total.
type Row struct {
	ConnectionID     int64 // 0: of all
	ConnectionName   string
	Currency         money.Currency
	Marketplace, SKU string
	Month            period.Date
	Units            int64
	Sales            decimal.Decimal
	Charged          map[Part]decimal.Decimal // by the parts that are fees
	Fees             decimal.Decimal
	Unmapped         decimal.Decimal

	PriorUnits int64
	PriorSales decimal.Decimal
	PriorFees  decimal.Decimal
	value      decimal.Decimal
}

// Place of the row.
func (r Row) Place() Place {
	return Place{r.value, r.SKU, r.Marketplace, string(r.Currency), r.Month, r.ConnectionID}
}

// PerUnit is what a sold unit is charged; false where none was sold.
func (r Row) PerUnit() (decimal.Decimal, bool) {
	if r.Units <= 0 {
		return decimal.Zero, false
	}
	return r.Fees.DivRound(decimal.NewFromInt(r.Units), 4), true
}

// Share is fees in percent of sales; false where nothing was sold.
func (r Row) Share() (decimal.Decimal, bool) { return percent(r.Fees, r.Sales) }

// ShareChange is by how many points the share has risen; false where either
// side sold nothing.
func (r Row) ShareChange() (decimal.Decimal, bool) {
	now, ok := r.Share()
	before, known := percent(r.PriorFees, r.PriorSales)
	return now.Sub(before), ok && known
}

// SalesChange is by how many percent sales have risen; false where there were
// none before.
func (r Row) SalesChange() (decimal.Decimal, bool) {
	return percent(r.Sales.Sub(r.PriorSales), r.PriorSales)
}

func percent(part, whole decimal.Decimal) (decimal.Decimal, bool) {
	if !whole.IsPositive() {
		return decimal.Zero, false
	}
	return part.Shift(2).DivRound(whole, 1), true
}

// Made is what a number is made of: amounts of a kind in a settlement.
type Made struct {
	SettlementID int64
	AmazonID     string
	Start, End   time.Time
	KindID       int32
	Kind         mapping.Kind
	Lines, Units int64
	Amount       money.Amount
}

// Sum is what the numbers of a currency add up to.
type Sum struct {
	Lines, Units int64
	Amount       money.Amount
}

// Question asks what a number is made of.
type Question struct {
	Connection  int64
	Currency    money.Currency // empty: all
	From, To    period.Date    // months
	Marketplace string         // empty: any; None: of none
	SKU         string         // exact; empty: any; None: lines without one
	Text        string         // part of an SKU
	Part        Part
	PageSize    int
	AfterID     int64
	AfterKind   int32
}

// asked reports whether a kind belongs to what is asked for.
func (q Question) asked(t told) bool {
	switch q.Part {
	case Units:
		return t.counted
	case AllFees:
		return slices.Contains(Fees(), t.part)
	}
	return t.part == q.Part
}
