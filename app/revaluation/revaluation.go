// Package revaluation values what is open in other currencies at a period's end:
// the clearing, reserve and receivable accounts, as posted entries left them, at
// the closing rate against what they are carried at. The difference is an entry
// that ends on the first day of the next period. What deposits brought at another
// rate than they were carried at is realised, and shown.
package revaluation

import (
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
)

// Balance is an account with what is open on it in one currency. A debit
// balance is positive.
type Balance struct {
	Account, Slot string
	Foreign       decimal.Decimal // in the other currency
	Carried       decimal.Decimal // in the company's own
	Revalued      decimal.Decimal // at the closing rate; zero without one
}

// Difference is unrealised: positive is a gain.
func (b Balance) Difference() decimal.Decimal { return b.Revalued.Sub(b.Carried) }

// Computation is the revaluation of one currency at a period's end.
type Computation struct {
	ConnectionID   int64
	ConnectionName string
	Period         period.Period
	Currency       money.Currency
	Functional     money.Currency
	Closing        rates.Quotation
	Rated          bool // there is a closing rate
	Balances       []Balance
	Gain, Loss     string // accounts; empty: not picked
	RuleSetID      int64
	Unposted       int64 // entries of the currency that are not posted yet: not in the balances
	Entry          Entry // the live one; ID 0: none
}

// Entry is a revaluation's journal entry.
type Entry struct {
	ID                int64
	Reference, Status string
	Total             decimal.Decimal
}

// Realised is a deposit that came at another rate than it was carried at.
type Realised struct {
	SettlementID int64
	AmazonID     string
	Currency     money.Currency
	On           period.Date
	Foreign      decimal.Decimal
	Carried      decimal.Decimal
	Rate         rates.Quotation
	Rated        bool
	Value        decimal.Decimal // at the day's rate
}

// Difference is realised: positive is a gain.
func (r Realised) Difference() decimal.Decimal { return r.Value.Sub(r.Carried) }

// Total is the sum of the differences.
func (c Computation) Total() decimal.Decimal {
	total := decimal.Zero
	for _, b := range c.Balances {
		total = total.Add(b.Difference())
	}
	return total
}

// Obstacle says in one sentence why no entry can be drafted; empty when one can
// or when nothing differs.
func (c Computation) Obstacle(today period.Date) string {
	switch {
	case !c.Period.Ends.Before(today):
		return fmt.Sprintf("Period %s has not ended yet.", c.Period.Key())
	case !c.Rated:
		return fmt.Sprintf("There is no closing rate of %s to %s for %s.", c.Currency, c.Functional, c.Period.Ends)
	case c.Period.Closed:
		return fmt.Sprintf("Period %s is closed in Prophet 21.", c.Period.Key())
	case c.Gain == "" || c.Loss == "":
		return "No account is picked for unrealised exchange gains and losses."
	}
	return ""
}

// closing says the rate in words.
func (c Computation) closing() string {
	text := fmt.Sprintf("closing rate 1 %s = %s %s of %s", c.Currency, c.Closing.Rate, c.Functional, c.Closing.On)
	if c.Closing.Note != "" {
		text += ", " + c.Closing.Note
	}
	return text
}

// proposal is the entry of a computation: each account to its closing value,
// against gains and losses, in the company's currency, until the next day.
func (c Computation) proposal() journal.Proposal {
	p := journal.Proposal{ConnectionID: c.ConnectionID, Type: journal.Revaluation, Subject: string(c.Currency), Currency: c.Functional, On: c.Period.Ends, Rate: decimal.New(1, 0), RateNote: c.closing(),
		RuleSetID: c.RuleSetID, ReverseOn: c.Period.Ends.AddDays(1), Description: fmt.Sprintf("Unrealised exchange differences of %s at the end of period %s", c.Currency, c.Period.Key())}
	for _, b := range c.Balances {
		c.add(&p, b.Account, b.Slot, "Open "+string(c.Currency)+" at the closing rate", []Balance{b}, false)
	}
	c.add(&p, c.Gain, mapping.SlotFXGain, "Unrealised exchange gains", c.which(1), true)
	c.add(&p, c.Loss, mapping.SlotFXLoss, "Unrealised exchange losses", c.which(-1), true)
	return p
}

// which are the balances that gain (1) or lose (-1).
func (c Computation) which(sign int) (list []Balance) {
	for _, b := range c.Balances {
		if b.Difference().Sign() == sign {
			list = append(list, b)
		}
	}
	return list
}

// add makes the line of an account from balances; the result side takes gains
// as credits, the accounts themselves take them as debits.
func (c Computation) add(p *journal.Proposal, account, category, description string, of []Balance, result bool) {
	line := journal.Line{Number: len(p.Lines) + 1, Account: account, Category: category, Description: description}
	credit := decimal.Zero
	var evidence []journal.Evidence
	for _, b := range of {
		amount := b.Difference().Neg()
		if result {
			amount = b.Difference()
		}
		credit = credit.Add(amount)
		evidence = append(evidence, journal.Evidence{Line: line.Number, Subject: b.Account, Amount: amount,
			Detail: fmt.Sprintf("%s %s, carried at %s, at %s %s", money.Plain(b.Foreign, c.Currency), c.Currency, money.Plain(b.Carried, c.Functional), c.closing(), money.Plain(b.Revalued, c.Functional))})
	}
	if credit.IsZero() {
		return
	}
	if credit.IsPositive() {
		line.Credit = credit
	} else {
		line.Debit = credit.Neg()
	}
	line.FunctionalDebit, line.FunctionalCredit = line.Debit, line.Credit
	p.Lines, p.Evidence = append(p.Lines, line), append(p.Evidence, evidence...)
}
