package mapping_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/mapping"
)

// withVAT are the regions that keep all tax of sales on one slot.
var withVAT = map[string]bool{"uk": true, "eu": true, "jp": true, "au": true}

func suffix(r mapping.Region) string {
	if r.Code == "" {
		return ""
	}
	return "-" + r.Code
}

func templateOf(t *testing.T, mode string, r mapping.Region) *mapping.RuleSet {
	t.Helper()
	template, ok, err := mapping.FindTemplate("amazon-" + mode + suffix(r))
	require.NoError(t, err)
	require.True(t, ok, "%s %s", mode, r.Title)
	return &mapping.RuleSet{Template: template.Name, Rules: template.Rules}
}

// eachTemplate runs a test with every shipped template.
func eachTemplate(t *testing.T, test func(t *testing.T, set *mapping.RuleSet, r mapping.Region)) {
	templates, err := mapping.Templates()
	require.NoError(t, err)
	require.Len(t, templates, 14)
	for _, r := range mapping.Regions() {
		for _, mode := range []string{"summary", "invoiced"} {
			t.Run(mode+suffix(r), func(t *testing.T) {
				t.Parallel()
				test(t, templateOf(t, mode, r), r)
			})
		}
	}
}

func TestEveryTemplateMapsTheWholeVocabularyByCategory(t *testing.T) {
	t.Parallel()
	words := readVocabulary(t)
	eachTemplate(t, func(t *testing.T, set *mapping.RuleSet, _ mapping.Region) {
		matcher := mapping.Compile(*set)
		for _, v := range words {
			for _, sign := range []int{-1, 0, 1} {
				subject := v.subject(sign)
				rule, ok := matcher.Match(subject)
				require.True(t, ok, "unmapped: %s (%+d)", subject.Kind, sign)
				require.Equal(t, v.category, string(rule.Category), "%s (%+d) by rule %d", subject.Kind, sign, rule.Position)
				require.NotEmpty(t, rule.Slot)
				require.NotEqual(t, mapping.SlotNone, rule.Slot)
			}
		}
		_, ok := matcher.Match(mapping.Subject{Kind: mapping.Kind{TransactionType: "Order", AmountType: "ItemFees", AmountDescription: "SomethingNewFee", Sign: -1}})
		require.False(t, ok, "nothing new is guessed")
	})
}

func TestTaxGoesToTheSlotOfTheRegion(t *testing.T) {
	t.Parallel()
	words := readVocabulary(t)
	eachTemplate(t, func(t *testing.T, set *mapping.RuleSet, r mapping.Region) {
		matcher := mapping.Compile(*set)
		for _, v := range words {
			rule, ok := matcher.Match(v.subject(1))
			require.True(t, ok)
			if rule.Slot == mapping.SlotReceivable || rule.Slot == mapping.SlotTaxAtSource {
				continue // an invoice's own tax; India
			}
			switch mapping.Category(v.category) {
			case mapping.VAT:
				require.Contains(t, []string{string(mapping.VAT), mapping.SlotVATOnFees}, rule.Slot, "%v", v)
				require.Equal(t, v.amountType == "ItemWithheldTax" || v.transactionType == "Commingling VAT", rule.Slot == string(mapping.VAT), "%v", v)
			case mapping.SalesTaxCollected, mapping.SalesTaxWithheld:
				want := v.category
				if withVAT[r.Code] {
					want = string(mapping.VAT)
				}
				require.Equal(t, want, rule.Slot, "%v", v)
			}
			require.Equal(t, r.Code == "eu" && rule.Slot == string(mapping.VAT), rule.ByMarketplace, "%v", v)
		}
	})
}

// needed picks an account of its own for each slot that asks for one, and
// fills the rest as a new connection does.
func needed(t *testing.T, w *world, set *mapping.RuleSet) (picks map[string]string, filled *mapping.RuleSet) {
	t.Helper()
	picks = map[string]string{}
	for i, slot := range set.Slots() {
		require.NotEmpty(t, slot.Title)
		require.NotEmpty(t, slot.Hint, slot.Name)
		if slot.Like == "" && !slot.Optional() {
			picks[slot.Name] = fmt.Sprintf("4%02d0", i)
		}
	}
	filled, err := w.service.Install(t.Context(), audit.Job("setup"), w.connection, set.Template, picks)
	require.NoError(t, err)
	return picks, filled
}

func TestEveryTemplateAsksForAbout25AccountsAndItsPairsNetToZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range mapping.Regions() {
		for _, mode := range []string{"summary", "invoiced"} {
			w.connection = w.id(t, `INSERT INTO connection (name, amazon_region) VALUES ($1, 'na') RETURNING id`, "of-"+mode+suffix(r))
			picks, set := needed(t, w, templateOf(t, mode, r))
			require.LessOrEqual(t, len(picks), 26, set.Template)
			require.Empty(t, set.Missing())
			matcher := mapping.Compile(*set)
			for collected, withheld := range map[string]string{"Tax": "Principal", "ShippingTax": "Shipping", "GiftWrapTax": "Other"} {
				sums := map[string]decimal.Decimal{}
				for _, transaction := range []string{"Order", "Refund"} {
					for _, name := range []string{"MarketplaceFacilitatorTax-", "MarketplaceFacilitatorVAT-"} {
						if name == "MarketplaceFacilitatorVAT-" && !withVAT[r.Code] && mode == "summary" {
							continue // a sale abroad
						}
						for _, x := range []struct {
							amountType, description string
							value                   string
						}{{"ItemPrice", collected, "7.25"}, {"ItemWithheldTax", name + withheld, "-7.25"}} {
							value := decimal.RequireFromString(x.value)
							if transaction == "Refund" {
								value = value.Neg()
							}
							target := matcher.Target(mapping.Subject{Kind: mapping.Kind{TransactionType: transaction, AmountType: x.amountType, AmountDescription: x.description, Sign: value.Sign()}})
							require.NotEmpty(t, target.Account)
							if transaction == "Order" {
								sums[target.Account] = sums[target.Account].Add(value)
							}
						}
					}
				}
				if r.Code == "mx" && mode == "summary" {
					require.Len(t, sums, 2, "what Amazon withholds in Mexico is claimed, it does not cancel what is charged")
					continue
				}
				for account, sum := range sums {
					require.True(t, sum.IsZero(), "%s: %s keeps %s", set.Template, account, sum)
				}
			}
		}
	}
}

func TestSlotsSpeakAsTheCountryDoes(t *testing.T) {
	t.Parallel()
	for code, titles := range map[string]map[string]string{
		"":   {"sales_tax_collected": "Sales tax collected"},
		"ca": {"sales_tax_collected": "GST/HST and QST/PST payable"},
		"mx": {"sales_tax_withheld": "IVA retenido (IVA withheld by Amazon)", "income_tax": "ISR retenido (income tax withheld by Amazon)"},
		"uk": {"vat": "Output VAT", "vat_on_fees": "Input VAT on Amazon's fees"},
		"eu": {"vat": "Output VAT, domestic and OSS"},
		"jp": {"vat": "Consumption tax received (仮受消費税)"},
		"au": {"vat": "GST collected", "vat_on_fees": "GST on Amazon's fees (input tax credits)"},
	} {
		set := templateOf(t, "summary", mapping.Region{Code: code})
		found := map[string]string{}
		for _, slot := range set.Slots() {
			found[slot.Name] = slot.Title
		}
		for slot, title := range titles {
			require.Equal(t, title, found[slot])
			require.Equal(t, title, set.Slot(slot).Title)
		}
		_, apart := found["sales_tax_collected"]
		require.Equal(t, !withVAT[code], apart, code)
	}
	uk := templateOf(t, "summary", mapping.Region{Code: "uk"})
	uk.Accounts = map[string]string{"vat": "2200"}
	account, ok := uk.Account(mapping.Rule{Slot: "sales_tax_collected"})
	require.True(t, ok, "a rule that somebody adds by its category")
	require.Equal(t, "2200", account)
}

func TestAConnectionIsOfferedTheTemplateOfItsCountryAndMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		region, currency, mode, want string
		marketplaces                 []string
	}{
		{"na", "USD", "summary", "amazon-summary", nil},
		{"na", "USD", "invoiced", "amazon-invoiced", []string{"ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"}},
		{"na", "CAD", "summary", "amazon-summary-ca", []string{"ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"}},
		{"na", "USD", "summary", "amazon-summary-mx", []string{"A1AM78C64UM0Y8"}},
		{"na", "MXN", "summary", "amazon-summary-mx", nil},
		{"eu", "USD", "summary", "amazon-summary-uk", []string{"A1F83G8C2ARO7P"}},
		{"eu", "GBP", "invoiced", "amazon-invoiced-uk", nil},
		{"eu", "EUR", "summary", "amazon-summary-eu", []string{"A1F83G8C2ARO7P", "A1PA6795UKMFR9"}},
		{"eu", "USD", "summary", "amazon-summary-eu", nil},
		{"fe", "JPY", "summary", "amazon-summary-jp", nil},
		{"fe", "AUD", "invoiced", "amazon-invoiced-au", nil},
	} {
		id := w.id(t, `INSERT INTO connection (name, amazon_region, functional_currency, revenue_mode, marketplace_ids) VALUES ($1, $2, $3, $4, coalesce($5::text[], '{}')) RETURNING id`,
			fmt.Sprintf("c%d", i), c.region, c.currency, c.mode, c.marketplaces)
		name, err := w.service.Offered(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, c.want, name, "%+v", c)
		_, ok, err := mapping.FindTemplate(name)
		require.NoError(t, err)
		require.True(t, ok)
	}
	_, err := w.service.Offered(t.Context(), 99999)
	requireFault(t, fault.NotFound, err)
}
