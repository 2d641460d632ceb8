// Package seller simulates Amazon sellers: orders, fees, refunds, reserves,
// storage, advertising, reimbursements and tax, cycle after cycle, as the
// settlement reports that Amazon would make of them. Everything follows from
// the seed: the same seed gives the same reports, to the byte.
package seller

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Tax says how an account's marketplaces treat tax.
type Tax int

const (
	Facilitator    Tax = iota // US: collected and withheld by Amazon, two lines that cancel
	SellerOwed                // UK: collected, remitted by the seller
	MarketplaceVAT            // EU: VAT withheld by Amazon where it applies
)

// Style is how a marketplace writes a report.
type Style struct {
	Dotted bool // 15.11.2024 instead of 2024-11-15
	Comma  bool // 12,50 instead of 12.50
}

// Market is one storefront of an account.
type Market struct {
	ID      string // Amazon's marketplace id
	Name    string // as marketplace-name says it
	Share   int    // of orders, in percent
	VAT     int64  // in hundredths of a percent; 0: sales tax by state
	Digital int64  // surcharge on the commission for digital services tax, in hundredths of a percent
	Prefix  []int  // what its order ids begin with
	Coupon  string // title of its coupon
}

// Account is one seller account: one currency, one chain of settlements.
type Account struct {
	Key          string
	SellerID     string
	Region       string
	Currency     string
	Markets      []Market
	NonAmazon    string // marketplace-name of multi-channel orders
	Channel      string // what their order ids begin with
	Tax          Tax
	Style        Style
	OrdersPerDay int
	Prices       int64 // in percent of the catalogue's
	Reserve      bool  // Amazon holds back the last day's sales
	Lean         int   // every so many cycles ends below zero; 0: never
	First        time.Time
	Cycle        time.Duration
	Seed         uint64
	NovelCycle   int           // the cycle with amount types nobody has seen; -1: none
	Steady       bool          // no seasons
	Hold         time.Duration // how long Amazon keeps the money of a sale; settlements have the sale when it is released
}

const (
	day         = 24 * time.Hour
	cycleLength = 14 * day
)

// Year is how many cycles are finished in a year.
const Year = 26

// Accounts returns the three accounts of the demonstration. Their history
// begins a year before now; the newest finished cycle of the first has novel
// amount types.
func Accounts(seed uint64, now time.Time, ordersPerDay int) []*Account {
	return History(seed, now, ordersPerDay, Year)
}

// History returns them with so many cycles finished.
func History(seed uint64, now time.Time, ordersPerDay, cycles int) []*Account {
	first := now.UTC().Add(-time.Duration(cycles) * cycleLength).Truncate(day)
	accounts := []*Account{
		american(first.Add(14*time.Hour+28*time.Minute+39*time.Second), ordersPerDay),
		british(first.Add(10*time.Hour+37*time.Second), max(ordersPerDay/4, 1)),
		european(first.Add(8*time.Hour+59*time.Minute+52*time.Second), max(ordersPerDay/2, 1)),
	}
	for _, a := range accounts {
		a.Seed, a.Cycle, a.NovelCycle = seed, cycleLength, -1
	}
	accounts[0].NovelCycle = accounts[0].Finished(now) - 1
	return accounts
}

// Large returns an account whose first settlement, which ends now, has about so
// many lines: for load tests.
func Large(seed uint64, now time.Time, lines int) *Account {
	const linesPerOrder = 7
	a := american(now.UTC().Add(-cycleLength).Truncate(time.Second), max(lines/14/linesPerOrder, 1))
	a.Seed, a.Cycle, a.NovelCycle, a.Steady = seed, cycleLength, -1, true
	return a
}

func american(first time.Time, ordersPerDay int) *Account {
	return &Account{
		Key: "us", SellerID: "A2TIEOUTUS0001", Region: "na", Currency: "USD", NonAmazon: "Non-Amazon US", Channel: "S01", Tax: Facilitator,
		Prices: 100, Reserve: true, OrdersPerDay: ordersPerDay, First: first,
		Markets: []Market{{ID: "ATVPDKIKX0DER", Name: "Amazon.com", Share: 100, Prefix: []int{111, 112, 113, 114}, Coupon: `Save 10% on "Pour Over" brewing`}},
	}
}

func british(first time.Time, ordersPerDay int) *Account {
	return &Account{
		Key: "uk", SellerID: "A2TIEOUTUK0002", Region: "eu", Currency: "GBP", NonAmazon: "Non-Amazon UK", Channel: "S02", Tax: SellerOwed,
		Prices: 85, Lean: 5, OrdersPerDay: ordersPerDay, First: first, Style: Style{Dotted: true},
		Markets: []Market{{ID: "A1F83G8C2ARO7P", Name: "Amazon.co.uk", Share: 100, VAT: 2000, Digital: 200, Prefix: []int{202, 204, 205, 206},
			Coupon: "Save £3 on any kettle"}},
	}
}

func european(first time.Time, ordersPerDay int) *Account {
	return &Account{
		Key: "eu", SellerID: "A2TIEOUTEU0003", Region: "eu", Currency: "EUR", NonAmazon: "Non-Amazon DE", Channel: "S02", Tax: MarketplaceVAT,
		Prices: 95, Reserve: true, Lean: 9, OrdersPerDay: ordersPerDay, First: first, Style: Style{Dotted: true, Comma: true},
		Markets: []Market{
			{ID: "A1PA6795UKMFR9", Name: "Amazon.de", Share: 60, VAT: 1900, Prefix: []int{28, 302, 305, 306}, Coupon: "Spare 10 % auf Küchenhelfer"},
			{ID: "A13V1IB3VIYZZH", Name: "Amazon.fr", Share: 25, VAT: 2000, Digital: 300, Prefix: []int{171, 402, 406}, Coupon: "Économisez 15 % – café"},
			{ID: "APJ6JRA9NG5V4", Name: "Amazon.it", Share: 15, VAT: 2200, Digital: 300, Prefix: []int{404, 407, 408}, Coupon: "Risparmia il 10% sul caffè"},
		},
	}
}

// Start returns when cycle n begins.
func (a *Account) Start(n int) time.Time { return a.First.Add(time.Duration(n) * a.Cycle) }

// End returns when cycle n ends.
func (a *Account) End(n int) time.Time { return a.Start(n + 1) }

// Finished returns how many cycles are over at an instant.
func (a *Account) Finished(now time.Time) int {
	if now.Before(a.First) {
		return 0
	}
	return int(now.Sub(a.First) / a.Cycle)
}

// within reports whether t lies in cycle n.
func (a *Account) within(n int, t time.Time) bool { return !t.Before(a.Start(n)) && t.Before(a.End(n)) }

// days returns the first and the last day of the account's history that cycle n touches.
func (a *Account) days(n int) (first, last int) {
	base := a.First.Truncate(day)
	return int(a.Start(n).Sub(base) / day), int(a.End(n).Sub(base) / day)
}

// chance returns the random source of one thing of the account: the same
// whenever it is asked for.
func (a *Account) chance(what string, n int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(a.Key))
	h.Write([]byte(what))
	return rand.New(rand.NewPCG(a.Seed^h.Sum64(), uint64(n)*0x9e3779b97f4a7c15+1))
}
