package mapping

import (
	"slices"
	"strings"
)

// Region is a country, or several with one sort of tax, in whose words a
// template names its accounts. Its template is the base with a small overlay:
// slots that the country keeps together, and other titles and hints.
type Region struct {
	Code         string // "uk"; empty for the base, which speaks as in the United States
	Title        string
	Currencies   []string
	Marketplaces []string // Amazon's ids
	overlay      []regional
}

// regional is what a region says of one slot.
type regional struct {
	Slot
	into          string // its rules use this slot instead
	byMarketplace bool   // its rules make a journal line per marketplace, for returns country by country
}

// ownPick as Like asks for an account of its own; empty keeps the base's.
const ownPick = "-"

// Regions returns the regions that templates are shipped for, the base first.
func Regions() []Region {
	return []Region{
		{Title: "United States and elsewhere", Currencies: []string{"USD"}, Marketplaces: []string{"ATVPDKIKX0DER"}},
		{Code: "ca", Title: "Canada", Currencies: []string{"CAD"}, Marketplaces: []string{"A2EUQ1WTGCTBG2"}, overlay: []regional{
			say(string(SalesTaxCollected), "GST/HST and QST/PST payable", "Liability. Tax that buyers pay.", ""),
			say(string(SalesTaxWithheld), "GST/HST and QST/PST withheld by Amazon", "Liability. The same account as the tax payable nets to zero where Amazon remits.", ""),
			say(SlotVATOnFees, "GST/HST and QST on Amazon's fees", "Asset. Input tax credits and refunds.", ownPick),
			say(string(VAT), "VAT of sales abroad", "Liability. Marketplace VAT that Amazon remits.", ""),
		}},
		{Code: "mx", Title: "Mexico", Currencies: []string{"MXN"}, Marketplaces: []string{"A1AM78C64UM0Y8"}, overlay: []regional{
			say(string(SalesTaxCollected), "IVA trasladado (IVA charged)", "Liability. IVA that buyers pay.", ""),
			say(string(SalesTaxWithheld), "IVA retenido (IVA withheld by Amazon)", "Asset. The part that Amazon pays to the SAT; it counts against the IVA that you owe.", ownPick),
			say(SlotIncomeTax, "ISR retenido (income tax withheld by Amazon)", "Asset. Counts against the income tax of the year.", ownPick),
			say(SlotVATOnFees, "IVA acreditable on Amazon's fees", "Asset. Input tax.", ownPick),
			say(SlotTaxAtSource, "", "", string(SalesTaxCollected)),
			say(string(VAT), "VAT of sales abroad", "Liability. Marketplace VAT that Amazon remits.", ""),
		}},
		{Code: "uk", Title: "United Kingdom", Currencies: []string{"GBP"}, Marketplaces: []string{"A1F83G8C2ARO7P"}, overlay: withVAT(
			say(string(VAT), "Output VAT", "Liability. VAT that buyers pay. What Amazon remits nets to zero here; the rest is yours to declare.", ownPick),
			say(SlotVATOnFees, "Input VAT on Amazon's fees", "Asset. Where the reverse charge applies the settlement has no such line; the VAT return books it.", ownPick))},
		{Code: "eu", Title: "European Union", Currencies: []string{"EUR", "SEK", "PLN"},
			Marketplaces: []string{"A1PA6795UKMFR9", "A13V1IB3VIYZZH", "APJ6JRA9NG5V4", "A1RKKUPIHCS9HS", "A1805IZSGTT6HS", "AMEN7PMS3EDWL", "A28R8C7NBKEWEA", "A1C3SOZRARQ6R3", "A2NODRKZP88ZB9"},
			overlay: withVAT(
				perMarketplace(say(string(VAT), "Output VAT, domestic and OSS", "Liability. One journal line per marketplace. What Amazon remits nets to zero; the rest is yours to declare.", ownPick)),
				say(SlotVATOnFees, "Input VAT on Amazon's fees", "Asset. Where the reverse charge applies the settlement has no such line; the VAT return books it.", ownPick))},
		{Code: "jp", Title: "Japan", Currencies: []string{"JPY"}, Marketplaces: []string{"A1VC38T7YXB528"}, overlay: withVAT(
			say(string(VAT), "Consumption tax received (仮受消費税)", "Liability. Consumption tax that buyers pay.", ownPick),
			say(SlotVATOnFees, "Consumption tax paid on Amazon's fees (仮払消費税)", "Asset. Input tax.", ownPick))},
		{Code: "au", Title: "Australia", Currencies: []string{"AUD"}, Marketplaces: []string{"A39IBJ37TRP1C6"}, overlay: withVAT(
			say(string(VAT), "GST collected", "Liability. GST that buyers pay, on low value goods too. What Amazon remits nets to zero here.", ownPick),
			say(SlotVATOnFees, "GST on Amazon's fees (input tax credits)", "Asset. Claimed in the activity statement.", ownPick))},
	}
}

func say(slot, title, hint, like string) regional {
	return regional{Slot: Slot{Name: slot, Title: title, Hint: hint, Like: like}}
}

func perMarketplace(r regional) regional {
	r.byMarketplace = true
	return r
}

// withVAT keeps all tax of sales on one slot: whether Amazon or the seller owes
// it is told by the amounts of an order and not by their names.
func withVAT(own ...regional) []regional {
	return append(own,
		regional{Slot: Slot{Name: string(SalesTaxCollected)}, into: string(VAT)},
		regional{Slot: Slot{Name: string(SalesTaxWithheld)}, into: string(VAT)},
		say(SlotTaxAtSource, "", "", string(VAT)))
}

// regionOf returns the region of a template by its name, the base otherwise.
func regionOf(template string) Region {
	all := Regions()
	for _, r := range all[1:] {
		if strings.HasSuffix(template, "-"+r.Code) {
			return r
		}
	}
	return all[0]
}

// says returns what the region says of a slot.
func (r Region) says(slot string) regional {
	i := slices.IndexFunc(r.overlay, func(x regional) bool { return x.Name == slot })
	if i < 0 {
		return regional{}
	}
	return r.overlay[i]
}

// Slots returns the pick list in the region's words; slots that it keeps with
// others are left out.
func (r Region) Slots() []Slot {
	var slots []Slot
	for _, slot := range AllSlots() {
		own := r.says(slot.Name)
		if own.into != "" {
			continue
		}
		if own.Title != "" {
			slot.Title, slot.Hint = own.Title, own.Hint
		}
		switch own.Like {
		case "":
		case ownPick:
			slot.Like = ""
		default:
			slot.Like = own.Like
		}
		slots = append(slots, slot)
	}
	return slots
}

// speak returns a base template in the region's words.
func (r Region) speak(base Template) Template {
	if r.Code == "" {
		return base
	}
	t := Template{Name: base.Name + "-" + r.Code, Title: base.Title + ", " + r.Title, Rules: slices.Clone(base.Rules)}
	for i, rule := range t.Rules {
		if into := r.says(rule.Slot).into; into != "" {
			rule.Slot = into
		}
		rule.ByMarketplace = rule.ByMarketplace || r.says(rule.Slot).byMarketplace
		t.Rules[i] = rule
	}
	return t
}

// offered returns the name of the template for a connection: that of its
// revenue mode, in the words of the country where it sells. Of several
// countries the one with the books' currency counts, otherwise the first.
func offered(revenueMode, amazonRegion, functionalCurrency string, marketplaces []string) string {
	var candidates []Region
	for _, id := range marketplaces {
		for _, r := range Regions() {
			if slices.Contains(r.Marketplaces, id) {
				candidates = append(candidates, r)
			}
		}
	}
	if len(candidates) == 0 {
		candidates = regionsOf(amazonRegion)
	}
	region := candidates[0]
	for _, r := range candidates {
		if slices.Contains(r.Currencies, functionalCurrency) {
			region = r
			break
		}
	}
	name := "amazon-" + revenueMode
	if region.Code != "" {
		name += "-" + region.Code
	}
	return name
}

// regionsOf returns the regions of one of Amazon's, the likeliest first.
func regionsOf(amazonRegion string) []Region {
	codes := map[string][]string{"na": {"", "ca", "mx"}, "eu": {"eu", "uk"}, "fe": {"jp", "au"}}[amazonRegion]
	var regions []Region
	for _, code := range codes {
		for _, r := range Regions() {
			if r.Code == code {
				regions = append(regions, r)
			}
		}
	}
	return regions
}
