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
	ID    string // Amazon's marketplace id
	Name  string // as marketplace-name says it
	Share int    // of orders, in percent
}

// Account is one seller account: one currency, one chain of settlements.
type Account struct {
	Key          string
	SellerID     string
	Region       string
	Currency     string
	Markets      []Market
	NonAmazon    string // marketplace-name of multi-channel orders
	Tax          Tax
	TaxPercent   int64
	Style        Style
	OrdersPerDay int
	Lean         int // every so many cycles ends below zero; 0: never
	First        time.Time
	Cycle        time.Duration
	Seed         uint64
	NovelCycle   int // the cycle with amount types nobody has seen; -1: none
}

// Cycles of Amazon are two weeks long.
const cycleLength = 14 * 24 * time.Hour

// Accounts returns the three accounts of the demonstration. Their history
// begins a year before now; the newest finished cycle has novel amount types.
func Accounts(seed uint64, now time.Time, ordersPerDay int) []*Account {
	first := now.UTC().Add(-26 * cycleLength).Truncate(24 * time.Hour)
	accounts := []*Account{
		{Key: "us", SellerID: "A2TIEOUTUS0001", Region: "na", Currency: "USD", NonAmazon: "Non-Amazon US", Tax: Facilitator, TaxPercent: 7,
			Markets: []Market{{"ATVPDKIKX0DER", "Amazon.com", 100}}, OrdersPerDay: ordersPerDay, First: first.Add(14*time.Hour + 28*time.Minute + 39*time.Second)},
		{Key: "uk", SellerID: "A2TIEOUTUK0002", Region: "eu", Currency: "GBP", NonAmazon: "Non-Amazon UK", Tax: SellerOwed, TaxPercent: 20,
			Markets: []Market{{"A1F83G8C2ARO7P", "Amazon.co.uk", 100}}, Style: Style{Dotted: true}, OrdersPerDay: max(ordersPerDay/4, 1), Lean: 5,
			First: first.Add(10*time.Hour + 37*time.Second)},
		{Key: "eu", SellerID: "A2TIEOUTEU0003", Region: "eu", Currency: "EUR", NonAmazon: "Non-Amazon DE", Tax: MarketplaceVAT, TaxPercent: 19,
			Markets: []Market{{"A1PA6795UKMFR9", "Amazon.de", 60}, {"A13V1IB3VIYZZH", "Amazon.fr", 25}, {"APJ6JRA9NG5V4", "Amazon.it", 15}},
			Style:   Style{Dotted: true, Comma: true}, OrdersPerDay: max(ordersPerDay/2, 1), Lean: 9, First: first.Add(8*time.Hour + 59*time.Minute + 52*time.Second)},
	}
	for _, a := range accounts {
		a.Seed, a.Cycle = seed, cycleLength
		a.NovelCycle = -1
		if a.Key == "us" {
			a.NovelCycle = a.Finished(now) - 1
		}
	}
	return accounts
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

// chance returns the random source of one thing of the account: the same
// whenever it is asked for.
func (a *Account) chance(what string, n int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(a.Key))
	h.Write([]byte(what))
	return rand.New(rand.NewPCG(a.Seed^h.Sum64(), uint64(n)*0x9e3779b97f4a7c15+1))
}

// item is something the seller sells.
type item struct {
	sku, title string
	cents      int64
	heavy      bool
}

// catalog are the seller's products.
var catalog = []item{
	{"BRW-POUR-01", "Pour Over Coffee Maker 800 ml", 3499, false}, {"BRW-FILT-40", "Paper Filters, 400 pcs", 1299, false},
	{"BRW-KETL-02", "Gooseneck Kettle 1 l", 5995, true}, {"BRW-GRND-07", "Hand Grinder, Steel Burrs", 6899, false},
	{"BRW-SCAL-03", "Coffee Scale 0.1 g with Timer", 2799, false}, {"BRW-CARF-05", "Glass Carafe 1 l", 2450, true},
	{"BRW-MUGS-04", "Stoneware Mugs, Set of 4", 3899, true}, {"BRW-TRVL-11", "Travel Mug 350 ml", 2295, false},
	{"KIT-KNIF-08", "Chef Knife 20 cm", 7450, false}, {"KIT-BORD-02", "Walnut Cutting Board", 4999, true},
	{"KIT-PAN-024", "Carbon Steel Pan 24 cm", 4590, true}, {"KIT-PAN-028", "Carbon Steel Pan 28 cm", 5490, true},
	{"KIT-WHSK-01", "Balloon Whisk 30 cm", 1195, false}, {"KIT-SPAT-06", "Silicone Spatulas, Set of 3", 1550, false},
	{"KIT-SALT-03", "Salt Box, Acacia", 2690, false}, {"KIT-TOWL-05", "Linen Towels, Set of 5", 2990, false},
	{"OUT-LANT-01", "Rechargeable Lantern 500 lm", 3990, false}, {"OUT-STOV-02", "Folding Camp Stove", 4750, false},
	{"OUT-BOTL-10", "Insulated Bottle 1 l", 3150, false}, {"OUT-HAMM-03", "Travel Hammock, Double", 3690, false},
	{"OUT-CHAR-04", "Folding Camp Chair", 6290, true}, {"OUT-TARP-05", "Ripstop Tarp 3x3 m", 5450, false},
	{"OUT-MUG-012", "Titanium Mug 450 ml \"Solo\"", 2890, false}, {"OUT-ROPE-06", "Utility Cord 30 m", 990, false},
}
