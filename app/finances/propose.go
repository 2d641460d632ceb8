package finances

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
)

// Books are the rules that the transactions of one currency become an entry by.
type Books struct {
	ConnectionID    int64
	Currency        money.Currency
	Functional      money.Currency
	Period          period.Period // that ends
	Rules           *mapping.Matcher
	Rate            decimal.Decimal // functional for one of Currency, at the period's end
	RateNote        string
	RoundingLimit   decimal.Decimal // of the functional currency
	DeferredAccount string          // of held sales
}

// Movement is a transaction between sale and settlement.
type Movement struct {
	Transaction string // Amazon's id
	Type, Order string
	Posted      period.Date
	Released    period.Date // past or expected
	Held        bool        // it is not released yet
	Settled     bool        // a settlement carries it
	DocumentID  int64
	Total       decimal.Decimal
	Parts       []Part
}

// heldAt reports whether Amazon held the money at the end of a day.
func (m Movement) heldAt(d period.Date) bool {
	return !d.Before(m.Posted) && (m.Held || d.Before(m.Released))
}

// accruedAt reports whether the money was earned by the end of a day, and no
// settlement has it yet.
func (m Movement) accruedAt(d period.Date) bool {
	return !m.Held && !m.Settled && !d.Before(m.Posted) && !d.Before(m.Released)
}

// Recognised is what live deferrals of earlier periods carry of a transaction on
// one account; Rate is that of the entry that recognised it.
type Recognised struct {
	Transaction                            string
	Account, Branch, Marketplace, Category string
	Amount, Rate                           decimal.Decimal
}

// Missing is a kind that no rule takes, or whose account nobody has picked.
// Transactions with one are left out whole: nothing is guessed.
type Missing struct {
	Kind         mapping.Kind
	Transactions int64
	Amount       decimal.Decimal
}

// place is what one line of an entry stands for.
type place struct {
	account, branch, marketplace string
	side                         int // 0 netted; +1 and -1 where the rule keeps them apart
}

// amount is what one transaction puts on a place.
type amount struct {
	place
	category            string
	transaction, detail string
	quantity            int
	documentID          int64
	value, rate         decimal.Decimal
}

// Accrue returns the entry of what was earned by the period's end and is in no
// settlement. It ends on the first day of the next period, when the settlement's
// own lines take its place.
func Accrue(b Books, list []Movement) (journal.Proposal, map[string]Missing) {
	w := writing{Books: b, missing: map[string]Missing{}}
	for _, m := range list {
		if m.accruedAt(b.Period.Ends) {
			w.add(m)
		}
	}
	p := w.proposal(journal.Accrual)
	p.ReverseOn = b.Period.Ends.AddDays(1)
	p.Description = fmt.Sprintf("Amazon, %s earned by %s and not settled: %s", b.Currency, b.Period.Ends, w.count())
	w.lines(&p, mapping.SlotClearing, b.Rules.RuleSet().Accounts[mapping.SlotClearing], "Earned, not settled", w.exact().Round(b.Functional.MinorDigits()))
	return p, w.missing
}

// Defer returns the entry that brings the deferred receivable to what Amazon
// holds at the period's end: what was sold in the period and is held, less what
// earlier entries recognised and is released by now. balance is what live
// entries of earlier periods left on the receivable, in functional currency.
func Defer(b Books, list []Movement, before []Recognised, balance decimal.Decimal) (journal.Proposal, map[string]Missing) {
	w := writing{Books: b, missing: map[string]Missing{}}
	byTransaction := map[string][]Recognised{}
	for _, r := range before {
		byTransaction[r.Transaction] = append(byTransaction[r.Transaction], r)
	}
	held := decimal.Zero // in functional currency, each at the rate that it was recognised at
	for _, m := range list {
		if !m.heldAt(b.Period.Ends) {
			continue
		}
		if sum, worth, ok := total(byTransaction[m.Transaction]); ok && sum.Equal(m.Total) { // recognised, and still held
			held = held.Add(worth)
			delete(byTransaction, m.Transaction)
			continue
		}
		// New, or Amazon says another amount now: then it is recognised anew.
		held = held.Add(w.add(m).Mul(b.Rate))
	}
	for _, r := range before {
		if byTransaction[r.Transaction] == nil {
			continue
		}
		w.amounts = append(w.amounts, amount{place: place{account: r.Account, branch: r.Branch, marketplace: r.Marketplace}, category: r.Category, transaction: r.Transaction,
			detail: "Released", value: r.Amount.Neg(), rate: r.Rate})
	}
	p := w.proposal(journal.Deferral)
	p.Description = fmt.Sprintf("Amazon, sales in %s held at %s: %s", b.Currency, b.Period.Ends, w.count())
	w.lines(&p, "deferred", b.DeferredAccount, "Held by Amazon", held.Round(b.Functional.MinorDigits()).Sub(balance))
	return p, w.missing
}

// total adds up what was recognised of a transaction, and what it was worth.
func total(list []Recognised) (sum, worth decimal.Decimal, ok bool) {
	for _, r := range list {
		sum, worth = sum.Add(r.Amount), worth.Add(r.Amount.Mul(r.Rate))
	}
	return sum, worth, len(list) > 0
}

// writing is an entry in the making.
type writing struct {
	Books
	amounts []amount
	missing map[string]Missing
	taken   int // transactions
	left    int // out
}

func (w *writing) count() string {
	text := fmt.Sprintf("%d transactions", w.taken)
	if w.taken == 1 {
		text = "1 transaction"
	}
	if w.left > 0 {
		text += fmt.Sprintf(", %d left out because no rule takes them", w.left)
	}
	return text
}

// add takes a transaction whole and returns its amount, or leaves it out.
func (w *writing) add(m Movement) decimal.Decimal {
	set := w.Rules.RuleSet()
	sum, complete := decimal.Zero, true
	var found []amount
	for _, part := range m.Parts {
		rule, ok := w.Rules.Match(mapping.Subject{Kind: part.Kind, ProductGroup: part.ProductGroup, Fulfillment: part.Fulfillment})
		account := ""
		if ok {
			account, ok = set.Account(rule)
		}
		if !ok {
			complete = false
			key := part.Kind.String()
			miss := w.missing[key]
			w.missing[key] = Missing{part.Kind, miss.Transactions + 1, miss.Amount.Add(part.Amount)}
			continue
		}
		at := place{account: account, branch: rule.Branch}
		if rule.ByMarketplace {
			at.marketplace = part.Kind.Marketplace
		}
		if rule.Gross {
			at.side = part.Amount.Sign()
		}
		sum = sum.Add(part.Amount)
		found = append(found, amount{place: at, category: string(rule.Category), transaction: m.Transaction, detail: strings.TrimSpace(m.Type + " " + m.Order), quantity: part.Quantity,
			documentID: m.DocumentID, value: part.Amount, rate: w.Rate})
	}
	if !complete {
		w.left++
		return decimal.Zero
	}
	w.taken++
	w.amounts = append(w.amounts, found...)
	return sum
}

func (w *writing) exact() decimal.Decimal {
	sum := decimal.Zero
	for _, a := range w.amounts {
		sum = sum.Add(a.value.Mul(a.rate))
	}
	return sum
}

func (w *writing) proposal(kind journal.EntryType) journal.Proposal {
	return journal.Proposal{ConnectionID: w.ConnectionID, Type: kind, Subject: string(w.Currency), Currency: w.Currency, On: w.Period.Ends, Rate: w.Rate, RateNote: w.RateNote,
		RuleSetID: w.Rules.RuleSet().ID}
}

// lines writes the amounts as lines with their evidence, the balancing line of
// an account that is worth balance in functional currency, and what rounding
// leaves over.
func (w *writing) lines(p *journal.Proposal, category, account, description string, balance decimal.Decimal) {
	digits := w.Functional.MinorDigits()
	buckets := map[place][]amount{}
	for _, a := range w.amounts {
		buckets[a.place] = append(buckets[a.place], a)
	}
	net, functional := decimal.Zero, decimal.Zero
	for _, at := range inOrder(buckets) {
		sum, exact := decimal.Zero, decimal.Zero
		for _, a := range buckets[at] {
			sum, exact = sum.Add(a.value), exact.Add(a.value.Mul(a.rate))
		}
		rounded := exact.Round(digits)
		net, functional = net.Add(sum), functional.Add(rounded)
		if sum.IsZero() && rounded.IsZero() {
			continue
		}
		line := journal.Line{Number: len(p.Lines) + 1, Account: at.account, Branch: at.branch, Marketplace: at.marketplace, Category: mainCategory(buckets[at]), Description: titles(buckets[at])}
		line.Credit, line.Debit = split(sum)
		line.FunctionalCredit, line.FunctionalDebit = split(rounded)
		p.Lines = append(p.Lines, line)
		p.Evidence = append(p.Evidence, evidence(line.Number, buckets[at])...)
	}
	if !net.IsZero() || !balance.IsZero() {
		line := journal.Line{Number: len(p.Lines) + 1, Account: account, Category: category, Clearing: true, Description: description}
		line.Debit, line.Credit = split(net)
		line.FunctionalDebit, line.FunctionalCredit = split(balance)
		p.Lines = append(p.Lines, line)
	}
	if left := functional.Sub(balance); !left.IsZero() {
		line := journal.Line{Number: len(p.Lines) + 1, Account: w.Rules.RuleSet().Accounts[mapping.SlotRounding], Category: mapping.SlotRounding, Description: "Rounding of converted amounts"}
		line.FunctionalDebit, line.FunctionalCredit = split(left)
		p.Lines = append(p.Lines, line)
	}
}

// evidence is one piece per transaction.
func evidence(line int, amounts []amount) []journal.Evidence {
	var list []journal.Evidence
	at := map[string]int{}
	for _, a := range amounts {
		i, ok := at[a.transaction]
		if !ok {
			i = len(list)
			at[a.transaction] = i
			list = append(list, journal.Evidence{Line: line, Subject: a.transaction, Detail: a.detail, DocumentID: a.documentID})
		}
		list[i].Amount = list[i].Amount.Add(a.value)
		if a.quantity != 0 {
			list[i].Quantity = decimal.NewNullDecimal(decimal.NewFromInt(int64(a.quantity)))
		}
	}
	return slices.DeleteFunc(list, func(e journal.Evidence) bool { return e.Amount.IsZero() })
}

func split(amount decimal.Decimal) (positive, negative decimal.Decimal) {
	if amount.IsNegative() {
		return decimal.Zero, amount.Neg()
	}
	return amount, decimal.Zero
}

// inOrder puts places in the order of the waterfall.
func inOrder(buckets map[place][]amount) []place {
	rank := func(p place) int {
		lowest := len(mapping.Categories())
		for _, a := range buckets[p] {
			lowest = min(lowest, mapping.Category(a.category).Order())
		}
		return lowest
	}
	places := make([]place, 0, len(buckets))
	for p := range buckets {
		places = append(places, p)
	}
	slices.SortFunc(places, func(x, y place) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.account, y.account), cmp.Compare(x.branch, y.branch), cmp.Compare(x.marketplace, y.marketplace), cmp.Compare(y.side, x.side))
	})
	return places
}

// categories are those of amounts in the order of the waterfall, each with its money.
func categories(amounts []amount) (list []mapping.Category, weight map[mapping.Category]decimal.Decimal) {
	weight = map[mapping.Category]decimal.Decimal{}
	for _, a := range amounts {
		c := mapping.Category(a.category)
		if _, ok := weight[c]; !ok {
			list = append(list, c)
		}
		weight[c] = weight[c].Add(a.value.Abs())
	}
	slices.SortFunc(list, func(x, y mapping.Category) int { return cmp.Or(cmp.Compare(x.Order(), y.Order()), cmp.Compare(x, y)) })
	return list, weight
}

func mainCategory(amounts []amount) string {
	list, weight := categories(amounts)
	main := list[0]
	for _, c := range list[1:] {
		if weight[c].GreaterThan(weight[main]) {
			main = c
		}
	}
	return string(main)
}

func titles(amounts []amount) string {
	list, _ := categories(amounts)
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Title()
	}
	return strings.Join(names, ", ")
}
