package p21

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Journal is a balanced entry for one company, one fiscal period and one
// currency.
type Journal struct {
	Company            string
	Reference          string // ours; what FindJournal looks for
	JournalID          string // P21's journal, two characters
	Date               period.Date
	Period             int
	FiscalYear         int
	Currency           money.Currency  // of Debit and Credit
	FunctionalCurrency money.Currency  // of FunctionalDebit and FunctionalCredit
	ExchangeRate       decimal.Decimal // functional for one of Currency
	Description        string
	Lines              []Line
}

// Line is one line of a journal. Debit and Credit are never negative and at
// most one of the two is not zero; the functional pair likewise. A line that
// only corrects rounding has functional amounts alone.
type Line struct {
	Number           int
	Account          string
	Branch           string
	Debit            decimal.Decimal
	Credit           decimal.Decimal
	FunctionalDebit  decimal.Decimal
	FunctionalCredit decimal.Decimal
	Description      string
}

// Posted is a journal as P21 holds it.
type Posted struct {
	Journal
	Number   string    // P21's
	PostedAt time.Time // UTC; zero when P21 does not say

	// FunctionalUnknown: the server told no functional amounts; those of the lines are zero.
	FunctionalUnknown bool
}

// Totals are the sums of a journal's lines.
type Totals struct {
	Debit, Credit, FunctionalDebit, FunctionalCredit decimal.Decimal
}

// Totals adds the lines up.
func (j Journal) Totals() Totals {
	var t Totals
	for _, l := range j.Lines {
		t.Debit = t.Debit.Add(l.Debit)
		t.Credit = t.Credit.Add(l.Credit)
		t.FunctionalDebit = t.FunctionalDebit.Add(l.FunctionalDebit)
		t.FunctionalCredit = t.FunctionalCredit.Add(l.FunctionalCredit)
	}
	return t
}

// Widths of P21's columns, in characters.
const (
	companyWidth   = 8
	journalWidth   = 2
	accountWidth   = 32
	referenceWidth = 255
)

// Validate returns an *Error of type Validation or Unbalanced when no P21 could
// take the journal.
func (j Journal) Validate() error {
	var fields []FieldError
	require := func(ok bool, field, message string) {
		if !ok {
			fields = append(fields, FieldError{Field: field, Message: message})
		}
	}
	require(fits(j.Company, companyWidth), "Company", "is missing or longer than 8 characters")
	require(fits(j.Reference, referenceWidth), "Reference", "is missing or longer than 255 characters")
	require(fits(j.JournalID, journalWidth), "JournalID", "is missing or longer than 2 characters")
	require(j.Date.Year > 0, "Date", "is missing")
	require(j.Period > 0 && j.FiscalYear > 0, "Period", "is missing")
	require(j.Currency.Valid() && j.FunctionalCurrency.Valid(), "Currency", "is not an ISO 4217 code")
	require(j.ExchangeRate.IsPositive(), "ExchangeRate", "is not positive")
	require(len(j.Lines) >= 2, "Lines", "are fewer than two")
	for i, l := range j.Lines {
		if problem := l.problem(); problem != "" {
			fields = append(fields, FieldError{Field: fmt.Sprintf("Lines[%d]", i), Message: problem})
		}
	}
	if len(fields) > 0 {
		return &Error{Operation: "post journal", Type: Validation, Message: "the journal is not complete", Fields: fields}
	}
	if t := j.Totals(); !t.Debit.Equal(t.Credit) || !t.FunctionalDebit.Equal(t.FunctionalCredit) {
		return &Error{Operation: "post journal", Type: Unbalanced, Message: fmt.Sprintf(
			"debits %s %s, credits %s; in %s debits %s, credits %s",
			money.Plain(t.Debit, j.Currency), j.Currency, money.Plain(t.Credit, j.Currency),
			j.FunctionalCurrency, money.Plain(t.FunctionalDebit, j.FunctionalCurrency), money.Plain(t.FunctionalCredit, j.FunctionalCurrency))}
	}
	return nil
}

func fits(text string, width int) bool {
	return text != "" && utf8.RuneCountInString(text) <= width
}

func (l Line) problem() string {
	if !fits(l.Account, accountWidth) {
		return "the account is missing or longer than 32 characters"
	}
	zero := true
	for _, amount := range []decimal.Decimal{l.Debit, l.Credit, l.FunctionalDebit, l.FunctionalCredit} {
		if amount.IsNegative() {
			return "an amount is negative"
		}
		if !amount.Equal(amount.Truncate(4)) {
			return "an amount has more than four decimals"
		}
		zero = zero && amount.IsZero()
	}
	switch {
	case zero:
		return "all amounts are zero"
	case !l.Debit.IsZero() && !l.Credit.IsZero(), !l.FunctionalDebit.IsZero() && !l.FunctionalCredit.IsZero():
		return "debit and credit are both given"
	}
	return ""
}

// Difference says in words what P21 holds otherwise than intended; empty when
// it is the same journal. Order of lines, descriptions and the exchange rate do
// not count: P21 may number, cut and round them its own way.
func Difference(intended Journal, held Posted) string {
	var differences []string
	differ := func(what, want, got string) {
		if want != got {
			differences = append(differences, fmt.Sprintf("%s is %s, not %s", what, got, want))
		}
	}
	differ("the company", intended.Company, held.Company)
	differ("the reference", intended.Reference, held.Reference)
	differ("the period", periodKey(intended), periodKey(held.Journal))
	differ("the date", intended.Date.String(), held.Date.String())
	if held.JournalID != "" {
		differ("the journal", intended.JournalID, held.JournalID)
	}
	if held.Currency != "" {
		differ("the currency", string(intended.Currency), string(held.Currency))
	}
	differ("the number of lines", fmt.Sprint(len(intended.Lines)), fmt.Sprint(len(held.Lines)))
	want, got := intended.Totals(), held.Totals()
	differ("the sum of debits", money.Plain(want.Debit, intended.Currency), money.Plain(got.Debit, intended.Currency))
	differ("the sum of credits", money.Plain(want.Credit, intended.Currency), money.Plain(got.Credit, intended.Currency))
	if len(differences) == 0 {
		return linesDifference(intended, held)
	}
	return strings.Join(differences, "; ")
}

func periodKey(j Journal) string {
	return period.Period{FiscalYear: j.FiscalYear, Number: j.Period}.Key()
}

// linesDifference compares the lines as bags.
func linesDifference(intended Journal, held Posted) string {
	left := slices.Clone(held.Lines)
	for _, want := range intended.Lines {
		i := slices.IndexFunc(left, func(got Line) bool { return sameLine(want, got, held.FunctionalUnknown) })
		if i < 0 {
			return fmt.Sprintf("line %d (%s, debit %s, credit %s) is not there",
				want.Number, want.Account, money.Plain(want.Debit, intended.Currency), money.Plain(want.Credit, intended.Currency))
		}
		left = slices.Delete(left, i, i+1)
	}
	return ""
}

func sameLine(want, got Line, functionalUnknown bool) bool {
	same := want.Account == got.Account && want.Debit.Equal(got.Debit) && want.Credit.Equal(got.Credit)
	if got.Branch != "" {
		same = same && want.Branch == got.Branch
	}
	if functionalUnknown {
		return same
	}
	return same && want.FunctionalDebit.Equal(got.FunctionalDebit) && want.FunctionalCredit.Equal(got.FunctionalCredit)
}
