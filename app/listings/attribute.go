package listings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
)

// attributes are values of a listing by name, as Amazon writes them: each value
// is an object that names the marketplace and, for texts, the language.
type attributes map[string][]map[string]any

// languages that Amazon wants titles in, by country; English elsewhere.
// Source: product type definitions, language_tag.
func language(country string) string {
	switch country {
	case "MX":
		return "es_MX"
	case "BR":
		return "pt_BR"
	case "GB", "IE":
		return "en_GB"
	case "CA":
		return "en_CA"
	case "AU":
		return "en_AU"
	case "DE":
		return "de_DE"
	case "FR":
		return "fr_FR"
	case "BE":
		return "fr_BE"
	case "IT":
		return "it_IT"
	case "ES":
		return "es_ES"
	case "NL":
		return "nl_NL"
	case "PL":
		return "pl_PL"
	case "SE":
		return "sv_SE"
	case "TR":
		return "tr_TR"
	case "JP":
		return "ja_JP"
	case "IN":
		return "en_IN"
	case "SG":
		return "en_SG"
	case "AE", "SA", "EG":
		return "en_AE"
	}
	return "en_US"
}

// texts are the attributes of one text in a language.
func texts() []string {
	return []string{"item_name", "product_description", "brand", "manufacturer", "generic_keyword"}
}

// codes are the attributes of one text in no language.
func codes() []string { return []string{"part_number", "model_number"} }

// attributesOf collects what the formulas gave.
func attributesOf(m flow.Mapped, marketplaceID string) (attributes, error) {
	a := attributes{}
	spoken := m.Text("language")
	for _, name := range texts() {
		if text := m.Text(name); text != "" {
			a[name] = []map[string]any{{"value": text, "language_tag": spoken, "marketplace_id": marketplaceID}}
		}
	}
	for _, name := range codes() {
		if text := m.Text(name); text != "" {
			a[name] = []map[string]any{{"value": text, "marketplace_id": marketplaceID}}
		}
	}
	for _, line := range strings.Split(m.Text("bullet_points"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			a["bullet_point"] = append(a["bullet_point"], map[string]any{"value": line, "language_tag": spoken, "marketplace_id": marketplaceID})
		}
	}
	if price := m.Number("list_price"); price.IsPositive() {
		a["list_price"] = []map[string]any{{"value": number(price), "currency": m.Text("currency"), "marketplace_id": marketplaceID}}
	}
	if price := m.Number("price"); price.IsPositive() {
		a["purchasable_offer"] = []map[string]any{{"marketplace_id": marketplaceID, "currency": m.Text("currency"),
			"our_price": []any{map[string]any{"schedule": []any{map[string]any{"value_with_tax": number(price)}}}}}}
	}
	return a, a.add(m.Text("other"), marketplaceID)
}

// number is an amount as JSON writes it: never through a float.
func number(d decimal.Decimal) json.Number { return json.Number(d.String()) }

// add adds attributes that a formula wrote as JSON.
func (a attributes) add(other, marketplaceID string) error {
	if strings.TrimSpace(other) == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(other))
	decoder.UseNumber()
	var more attributes
	if err := decoder.Decode(&more); err != nil {
		return fault.Wrap(err, fault.Invalid, `"other" is no JSON object of attributes with lists of objects, such as {"color": [{"value": "Red"}]}: %v.`, err)
	}
	for name, values := range more {
		if _, twice := a[name]; twice {
			return fault.New(fault.Invalid, `The attribute %s has a formula of its own and stands in "other" too.`, name)
		}
		if len(values) == 0 {
			return fault.New(fault.Invalid, `The attribute %s in "other" has no value.`, name)
		}
		for _, v := range values {
			if v == nil {
				return fault.New(fault.Invalid, `A value of the attribute %s in "other" is no object.`, name)
			}
			if _, named := v["marketplace_id"]; !named {
				v["marketplace_id"] = marketplaceID
			}
		}
		a[name] = values
	}
	return nil
}

// names of the attributes, in order.
func (a attributes) names() []string { return slices.Sorted(maps.Keys(a)) }

// missing are the attributes that a listing holds otherwise, or not at all.
func (a attributes) missing(held map[string][]map[string]any, marketplaceID string) attributes {
	left := attributes{}
	for name, want := range a {
		if !same(inMarketplace(held[name], marketplaceID), want) {
			left[name] = want
		}
	}
	return left
}

// inMarketplace are the values that are of a marketplace, or of none.
func inMarketplace(values []map[string]any, marketplaceID string) []map[string]any {
	return slices.DeleteFunc(slices.Clone(values), func(v map[string]any) bool {
		of, named := v["marketplace_id"]
		return named && of != marketplaceID
	})
}

// same reports whether a listing's values are those that are wanted; Amazon may
// add to each of them. Their order counts.
func same(held, want []map[string]any) bool {
	return slices.EqualFunc(held, want, func(h, w map[string]any) bool {
		if _, named := h["marketplace_id"]; !named {
			w = maps.Clone(w)
			delete(w, "marketplace_id")
		}
		return covers(h, w)
	})
}

// covers reports whether a value has all that is wanted of it.
func covers(held, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		h, ok := held.(map[string]any)
		for name, value := range w {
			if !ok || !covers(h[name], value) {
				return false
			}
		}
		return ok
	case []any:
		h, ok := held.([]any)
		return ok && slices.EqualFunc(h, w, covers)
	case json.Number:
		h, ok := held.(json.Number)
		return ok && equal(h, w)
	}
	return held == want
}

func equal(a, b json.Number) bool {
	x, errX := money.ParseNumber(a.String())
	y, errY := money.ParseNumber(b.String())
	return a == b || errX == nil && errY == nil && x.Equal(y)
}

// encode writes attributes, names in order, so that equal ones are equal.
func (a attributes) encode() (string, error) {
	raw, err := json.Marshal(a) // encoding/json sorts names
	if err != nil {
		return "", fmt.Errorf("write attributes: %w", err)
	}
	return string(raw), nil
}

func decode(text string) (attributes, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var a attributes
	if err := decoder.Decode(&a); err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return a, nil
}
