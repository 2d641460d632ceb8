// Package catalog says which P21 items one unit of an Amazon SKU stands for:
// the SKU maps, with the items and listings that they join. A map is valid from
// a day on; it is ended and followed by another one, never rewritten.
package catalog

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// EveryMarketplace is the marketplace of a map that holds in all of them.
const EveryMarketplace = ""

// Item is a product of P21.
type Item struct {
	Code        string
	Description string
	Extended    string
	Unit        string
	ListPrice   decimal.NullDecimal
	Currency    money.Currency // of ListPrice
	UnitCost    decimal.NullDecimal
	Active      bool
	Identifiers []string // UPC, EAN, ASIN
}

// Listing is what Amazon shows of an SKU in one marketplace.
type Listing struct {
	Marketplace string // Amazon's id
	SKU         string
	ASIN, FNSKU string
	Title       string
	Identifiers []string // UPC, EAN, GTIN
	Channel     Channel
	Status      string
	SeenAt      time.Time
}

// Channel says who ships.
type Channel string

// The channels.
const (
	FBA Channel = "FBA"
	MFN Channel = "MFN"
)

// Part is one item of what an SKU stands for.
type Part struct {
	Code     string
	Quantity int                 // of the item in one unit of the SKU
	Share    decimal.NullDecimal // of the price; none: by list price

	// As the item stands now; not needed to map.
	Description string
	Active      bool
	ListPrice   decimal.NullDecimal
	Currency    money.Currency
}

// Parts are the items that one unit of an SKU stands for.
type Parts []Part

// String writes the parts as people say them: "2 x MUG-01 + BOX-03".
func (p Parts) String() string {
	texts := make([]string, len(p))
	for i, part := range p {
		texts[i] = part.Code
		if part.Quantity != 1 {
			texts[i] = fmt.Sprintf("%d x %s", part.Quantity, part.Code)
		}
	}
	return strings.Join(texts, " + ")
}

// Active reports whether P21 still sells every part.
func (p Parts) Active() bool {
	for _, part := range p {
		if !part.Active {
			return false
		}
	}
	return len(p) > 0
}

// Equal reports whether both say the same about price and quantity, in
// whatever order.
func (p Parts) Equal(q Parts) bool {
	if len(p) != len(q) {
		return false
	}
	others := map[string]Part{}
	for _, part := range q {
		others[part.Code] = part
	}
	for _, part := range p {
		other, ok := others[part.Code]
		if !ok || other.Quantity != part.Quantity || other.Share.Valid != part.Share.Valid || !other.Share.Decimal.Equal(part.Share.Decimal) {
			return false
		}
	}
	return true
}

// Mapping is a map with its parts.
type Mapping struct {
	ID           int64
	ConnectionID int64
	Marketplace  string // Amazon's id, or EveryMarketplace
	SKU          string
	From         period.Date
	To           period.Date // exclusive; zero: open
	Parts        Parts
	Note         string
	MadeBy       string // a name; empty: the program
	MadeAt       time.Time
	Version      int
}

// Open reports whether the map has no end.
func (m Mapping) Open() bool { return m.To == period.Date{} }

// Void reports whether the map was withdrawn before it was ever valid.
func (m Mapping) Void() bool { return m.From == m.To }

// In reports whether the map holds on the day.
func (m Mapping) In(day period.Date) bool {
	return !day.Before(m.From) && (m.Open() || day.Before(m.To))
}

// Over reports whether the map does not hold on the day or any later one.
func (m Mapping) Over(day period.Date) bool { return m.Void() || (!m.Open() && !day.Before(m.To)) }

// New is a map to be made.
type New struct {
	ConnectionID int64
	Marketplace  string
	SKU          string
	From         period.Date
	To           period.Date // exclusive; zero: open
	Parts        Parts
	Note         string
}

// Limits of what people write.
const (
	maxSKU      = 120
	maxNote     = 1000
	maxParts    = 50
	maxQuantity = 100_000
	shareDigits = 8
)

// Field names the form field of a part: "code.1" is that of the first one.
func Field(name string, part int) string { return fmt.Sprintf("%s.%d", name, part+1) }

// Validate returns what is wrong, per field.
func (n New) Validate() map[string]string {
	wrong := map[string]string{}
	if n.SKU == "" || n.SKU != strings.TrimSpace(n.SKU) || len(n.SKU) > maxSKU {
		wrong["sku"] = fmt.Sprintf("An SKU has 1 to %d characters and no blanks around it.", maxSKU)
	}
	if n.From == (period.Date{}) {
		wrong["from"] = "Say from which day on."
	}
	if n.To != (period.Date{}) && n.To.Before(n.From) {
		wrong["to"] = "The end lies before the beginning."
	}
	if len(n.Note) > maxNote {
		wrong["note"] = fmt.Sprintf("Notes have at most %d characters.", maxNote)
	}
	n.Parts.validate(wrong)
	return wrong
}

func (p Parts) validate(wrong map[string]string) {
	if len(p) == 0 {
		wrong[Field("code", 0)] = "Choose an item."
	}
	if len(p) > maxParts {
		wrong[Field("code", maxParts)] = fmt.Sprintf("A kit has at most %d parts.", maxParts)
	}
	seen := map[string]bool{}
	for i, part := range p {
		switch {
		case strings.TrimSpace(part.Code) == "":
			wrong[Field("code", i)] = "Choose an item."
		case seen[part.Code]:
			wrong[Field("code", i)] = part.Code + " is a part already; raise its quantity there."
		}
		seen[part.Code] = true
		if part.Quantity < 1 || part.Quantity > maxQuantity {
			wrong[Field("quantity", i)] = fmt.Sprintf("A whole number from 1 to %d.", maxQuantity)
		}
	}
	p.validateShares(wrong)
}

func (p Parts) validateShares(wrong map[string]string) {
	one := decimal.NewFromInt(1)
	given, sum := 0, decimal.Zero
	for i, part := range p {
		if !part.Share.Valid {
			continue
		}
		given++
		share := part.Share.Decimal
		sum = sum.Add(share)
		if share.IsNegative() || share.GreaterThan(one) || !share.Equal(share.Truncate(shareDigits)) {
			wrong[Field("share", i)] = "A share lies from 0 to 1, with at most 8 decimals."
		}
	}
	if given == 0 {
		return
	}
	for i, part := range p {
		if !part.Share.Valid {
			wrong[Field("share", i)] = "Give every part its share, or none."
		}
	}
	if given == len(p) && !sum.Equal(one) {
		wrong[Field("share", 0)] = fmt.Sprintf("The shares sum to %s instead of 1.", sum)
	}
}

// Suggestion is an item that an SKU may stand for, and why.
type Suggestion struct {
	ProductCode string
	Description string
	Quantity    int
	Reason      string
	Score       float64 // 0 to 1; for the order of suggestions alone
}
