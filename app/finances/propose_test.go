package finances

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

func rules(t *testing.T) *mapping.Matcher {
	t.Helper()
	template, ok, err := mapping.FindTemplate("amazon-summary")
	require.NoError(t, err)
	require.True(t, ok)
	picks := map[string]string{}
	for _, s := range mapping.AllSlots() {
		picks[s.Name] = s.Name
	}
	return mapping.Compile(mapping.RuleSet{ID: 1, Rules: template.Rules, Accounts: picks})
}

func part(transaction, amountType, description, value string) Part {
	amount := decimal.RequireFromString(value)
	return Part{Amount: amount, Fulfillment: "AFN", Kind: mapping.Kind{Marketplace: "Amazon.com", TransactionType: transaction, AmountType: amountType, AmountDescription: description, Sign: amount.Sign()}}
}

func movement(id string, posted, released period.Date, parts ...Part) Movement {
	m := Movement{Transaction: id, Type: "Shipment", Order: "111-" + id, Posted: posted, Released: released, DocumentID: 1, Parts: parts}
	for _, p := range parts {
		m.Total = m.Total.Add(p.Amount)
	}
	return m
}

func months(t *testing.T, n int) []period.Period {
	t.Helper()
	var list []period.Period
	for i := range n {
		first := time.Date(2026, time.January+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		list = append(list, period.Period{FiscalYear: first.Year(), Number: int(first.Month()), Starts: period.DateOf(first), Ends: period.DateOf(first.AddDate(0, 1, -1))})
	}
	return list
}

// company is what the entries leave on its accounts.
type company struct {
	t                  *testing.T
	money, functional  map[string]decimal.Decimal // by account; credits positive
	deferrals, accrued []journal.Proposal
}

func (c *company) post(p journal.Proposal, sign int64) {
	c.t.Helper()
	debit, credit, evidence := decimal.Zero, decimal.Zero, map[int]decimal.Decimal{}
	for _, e := range p.Evidence {
		evidence[e.Line] = evidence[e.Line].Add(e.Amount)
	}
	functional, factor := decimal.Zero, decimal.NewFromInt(sign)
	for _, l := range p.Lines {
		net, worth := l.Credit.Sub(l.Debit), l.FunctionalCredit.Sub(l.FunctionalDebit)
		if !l.Clearing && l.Category != mapping.SlotRounding {
			require.True(c.t, net.Equal(evidence[l.Number]), "a line is the sum of its evidence")
		}
		debit, credit, functional = debit.Add(l.Debit), credit.Add(l.Credit), functional.Add(worth)
		c.money[l.Account] = c.money[l.Account].Add(net.Mul(factor))
		c.functional[l.Account] = c.functional[l.Account].Add(worth.Mul(factor))
	}
	require.True(c.t, debit.Equal(credit) && functional.IsZero(), "balanced in both currencies")
}

// before is what the database reads from live deferrals.
func (c *company) before() (list []Recognised) {
	at := map[[2]string]int{}
	for _, p := range c.deferrals {
		for _, e := range p.Evidence {
			line := p.Lines[e.Line-1]
			key := [2]string{e.Subject, line.Account}
			i, ok := at[key]
			if !ok {
				i = len(list)
				at[key] = i
				list = append(list, Recognised{Transaction: e.Subject, Account: line.Account, Category: line.Category, Rate: p.Rate})
			}
			list[i].Amount = list[i].Amount.Add(e.Amount)
		}
	}
	return slices.DeleteFunc(list, func(r Recognised) bool { return r.Amount.IsZero() })
}

// settle posts what a settlement says, at a rate.
func (c *company) settle(m Movement, rules *mapping.Matcher, rate decimal.Decimal) {
	for _, p := range m.Parts {
		rule, ok := rules.Match(mapping.Subject{Kind: p.Kind, Fulfillment: p.Fulfillment})
		require.True(c.t, ok)
		account, _ := rules.RuleSet().Account(rule)
		c.money[account] = c.money[account].Add(p.Amount)
		c.money["clearing"] = c.money["clearing"].Sub(p.Amount)
		c.functional[account] = c.functional[account].Add(p.Amount.Mul(rate))
		c.functional["clearing"] = c.functional["clearing"].Sub(p.Amount.Mul(rate))
	}
}

// year is what a seller does in a year: sales that are held for a week, some of
// which come back meanwhile, fees, and some whose amount Amazon corrects.
func year(chance *rand.Rand, from period.Date) (list []Movement) {
	for d := range 365 {
		day := from.AddDays(d)
		for n := range 1 + chance.IntN(3) {
			id := fmt.Sprintf("%03d-%d", d, n)
			price := decimal.New(500+chance.Int64N(20000), -2)
			sale := movement(id, day, day.AddDays(7), part("Order", "ItemPrice", "Principal", price.String()), part("Order", "ItemFees", "Commission", price.Mul(decimal.New(-15, -2)).Round(2).String()))
			list = append(list, sale)
			switch chance.IntN(12) {
			case 0: // comes back and is held with its sale
				list = append(list, movement("R"+id, day.AddDays(3), sale.Released, part("Refund", "ItemPrice", "Principal", price.Neg().String())))
			case 1: // comes back, and the refund is taken at once, before the sale is released
				list = append(list, movement("R"+id, day.AddDays(2), day.AddDays(2), part("Refund", "ItemPrice", "Principal", price.Neg().String())))
			}
		}
		if d%30 == 8 {
			list = append(list, movement(fmt.Sprint("F", d), day, day, part("other-transaction", "other-transaction", "Subscription Fee", "-39.99")))
		}
	}
	return list
}

// TestAYearOfHeldSales holds every month end: what is deferred is what Amazon
// holds, each sale is income once and in its own month, and nothing is left when
// all is released.
func TestAYearOfHeldSales(t *testing.T) {
	t.Parallel()
	matcher := rules(t)
	for seed, currency := range []money.Currency{"USD", "EUR", "JPY"} {
		chance := rand.New(rand.NewPCG(uint64(seed), 7))
		calendar := months(t, 15)
		all := year(chance, calendar[0].Starts)
		c := &company{t: t, money: map[string]decimal.Decimal{}, functional: map[string]decimal.Decimal{}}
		settled, closed := map[string]bool{}, period.Date{}
		for i, p := range calendar {
			rate := decimal.New(1, 0)
			if currency != "USD" {
				rate = decimal.New(900+chance.Int64N(300), -3)
			}
			// The cycles of two weeks that end in the month.
			for end := calendar[0].Starts.AddDays(13); !p.Ends.Before(end); end = end.AddDays(14) {
				if !closed.Before(end) {
					continue
				}
				for _, m := range all {
					if !settled[m.Transaction] && !end.Before(m.Released) {
						settled[m.Transaction] = true
						c.settle(m, matcher, rate)
					}
				}
			}
			closed = p.Ends
			if i > 0 {
				c.post(c.accrued[i-1], -1) // ends on the first of this month
			}
			var known []Movement
			held, income := decimal.Zero, decimal.Zero
			for _, m := range all {
				m.Settled = settled[m.Transaction]
				m.Held = p.Ends.Before(m.Released)
				if !p.Ends.Before(m.Posted) {
					known, income = append(known, m), income.Add(m.Total)
					if m.Held {
						held = held.Add(m.Total)
					}
				}
			}
			b := Books{ConnectionID: 1, Currency: currency, Functional: "USD", Period: p, Rules: matcher, Rate: rate, DeferredAccount: "deferred"}
			accrual, missing := Accrue(b, known)
			require.Empty(t, missing)
			require.Equal(t, p.Ends.AddDays(1), accrual.ReverseOn)
			deferral, missing := Defer(b, known, c.before(), c.functional["deferred"].Neg())
			require.Empty(t, missing)
			c.post(accrual, 1)
			c.post(deferral, 1)
			c.accrued, c.deferrals = append(c.accrued, accrual), append(c.deferrals, deferral)

			require.True(t, c.money["deferred"].Neg().Equal(held), "%s %s: deferred %s, held %s", currency, p.Key(), c.money["deferred"].Neg(), held)
			earned := c.money["sales"].Add(c.money["refunds"]).Add(c.money["selling_fees"]).Add(c.money["subscription"])
			require.True(t, earned.Equal(income), "%s %s: recognised %s of %s", currency, p.Key(), earned, income)
			again, _ := Defer(b, known, c.before(), c.functional["deferred"].Neg())
			require.Empty(t, again.Lines, "nothing is deferred twice")
		}
		require.True(t, c.money["deferred"].IsZero(), "all is released")
		require.True(t, c.functional["deferred"].IsZero(), "in both currencies: %s", c.functional["deferred"])
		require.Empty(t, c.accrued[len(c.accrued)-1].Lines)
	}
}

func TestAnAccrualIsOfWhatNoSettlementHas(t *testing.T) {
	t.Parallel()
	p := months(t, 1)[0]
	day := func(n int) period.Date { return p.Starts.AddDays(n - 1) }
	sale := func(id string, posted, released int) Movement {
		return movement(id, day(posted), day(released), part("Order", "ItemPrice", "Principal", "100.00"), part("Order", "ItemFees", "Commission", "-15.00"))
	}
	settled, held, later, unknown := sale("settled", 2, 9), sale("held", 27, 34), sale("later", 33, 40), sale("unknown", 3, 10)
	settled.Settled, held.Held, later.Held = true, true, true
	unknown.Parts = append(unknown.Parts, Part{Amount: decimal.RequireFromString("-1"), Kind: translate("Shipment", []string{"Expenses", "NovelFee"})})
	unknown.Parts[2].Kind.Sign = -1
	b := Books{ConnectionID: 1, Currency: "USD", Functional: "USD", Period: p, Rules: rules(t), Rate: decimal.New(1, 0), DeferredAccount: "deferred"}
	got, missing := Accrue(b, []Movement{settled, held, later, unknown, sale("one", 5, 12), sale("two", 20, 27)})
	var text []string
	for _, l := range got.Lines {
		text = append(text, fmt.Sprint(l.Account, " ", l.Debit, " ", l.Credit, " ", l.Clearing))
	}
	require.Equal(t, []string{"sales 0 200 false", "selling_fees 30 0 false", "clearing 170 0 true"}, text)
	require.Len(t, got.Evidence, 4)
	require.Equal(t, "one", got.Evidence[0].Subject)
	require.Equal(t, "Shipment 111-one", got.Evidence[0].Detail)
	require.Len(t, missing, 1, "what no rule takes is named, and its transaction left out whole")
	require.Contains(t, got.Description, "2 transactions, 1 left out")
}

func TestAHeldSaleWhoseAmountChangesIsRecognisedAnew(t *testing.T) {
	t.Parallel()
	list := months(t, 2)
	b := Books{ConnectionID: 1, Currency: "EUR", Functional: "USD", Period: list[0], Rules: rules(t), Rate: decimal.RequireFromString("1.1"), DeferredAccount: "deferred"}
	first := movement("x", list[0].Ends, list[1].Ends.AddDays(3), part("Order", "ItemPrice", "Principal", "100.00"))
	c := &company{t: t, money: map[string]decimal.Decimal{}, functional: map[string]decimal.Decimal{}}
	p, _ := Defer(b, []Movement{first}, nil, decimal.Zero)
	c.post(p, 1)
	c.deferrals = append(c.deferrals, p)
	b.Period, b.Rate = list[1], decimal.RequireFromString("1.2")
	final := movement("x", list[0].Ends, list[1].Ends.AddDays(3), part("Order", "ItemPrice", "Principal", "90.00"))
	p, _ = Defer(b, []Movement{final}, c.before(), c.functional["deferred"].Neg())
	c.post(p, 1)
	require.Equal(t, "-90", c.money["deferred"].String())
	require.Equal(t, "-108", c.functional["deferred"].String())
	require.Len(t, p.Evidence, 1)
}

func TestPartsOfFeesAreTheFee(t *testing.T) {
	t.Parallel()
	for text, path := range map[string][]string{
		"Order / ItemFees / Commission":                       {"AmazonFees", "Commission", "Base"},
		"Order / ItemPrice / Principal":                       {"Sales", "ProductCharges", "OurPricePrincipal"},
		"Order / ItemPrice / Tax":                             {"Tax", "OurPriceTax"},
		"Finances Shipment / Finances API / Expenses / Novel": {"Expenses", "Novel"},
		"Finances Shipment / Finances API / Not broken down":  {"Not broken down"},
		"Order / ItemFees / FBAPerUnitFulfillmentFee":         {"AmazonFees", "FBAPerUnitFulfillmentFee", "Tax"},
	} {
		require.Equal(t, text, translate("Shipment", path).String())
	}
	require.Equal(t, "FBAFees / FBA Inventory Storage Fee / Tax on fee", translate("ServiceFee", []string{"Expenses", "FBAStorageFee", "Tax"}).String())
	require.Equal(t, "FBAFees / FBA Inventory Storage Fee / Base fee", translate("ServiceFee", []string{"FBAStorageFee"}).String())
	require.Equal(t, "Refund / ItemPrice / Goodwill", translate("Refund", []string{"GoodwillPrincipal"}).String())
}

// TestEveryTranslationFallsToAShippedRule holds the table against the template.
func TestEveryTranslationFallsToAShippedRule(t *testing.T) {
	t.Parallel()
	m := rules(t)
	check := func(transactionType, name string) {
		kind := translate(transactionType, []string{name})
		for _, sign := range []int{-1, 1} {
			kind.Sign = sign
			_, ok := m.Match(mapping.Subject{Kind: kind})
			if ok {
				return
			}
		}
		t.Errorf("%s %s becomes %s, which no shipped rule takes", transactionType, name, kind)
	}
	for transactionType := range settlesAs {
		for name, s := range ofOrder {
			ofRefunds := name == "GoodwillPrincipal" || strings.HasPrefix(name, "RestockingDeduction")
			if transactionType == "Refund" || transactionType == "Shipment" && !ofRefunds || s.amountType == "ItemFees" {
				check(transactionType, name)
			}
		}
	}
	for key := range alone {
		check(key[0], key[1])
	}
}
