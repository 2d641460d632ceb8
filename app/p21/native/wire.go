package native

import (
	"fmt"
	"strings"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// text is a character column; char(n) columns come padded with blanks.
type text string

func (t text) trimmed() string { return strings.TrimSpace(string(t)) }

func (t text) is(value string) bool { return t.trimmed() == strings.TrimSpace(value) }

type account struct {
	CompanyNo           text   `json:"company_no"`
	AccountNo           text   `json:"account_no"`
	AccountDesc         text   `json:"account_desc"`
	AccountType         text   `json:"account_type"`
	BranchID            text   `json:"branch_id"`
	DeleteFlag          text   `json:"delete_flag"`
	AccountDefinitionCd *int64 `json:"account_definition_cd"`
}

func (a account) account() p21.Account {
	return p21.Account{
		Number: a.AccountNo.trimmed(), Description: a.AccountDesc.trimmed(), Type: accountType(a.AccountType.trimmed()),
		Active: !a.DeleteFlag.is("Y"), Branch: a.BranchID.trimmed(),
		// The column "determines whether the account is an AR/AP account"; its codes
		// are not public, so any code counts.
		Control: a.AccountDefinitionCd != nil && *a.AccountDefinitionCd != 0,
	}
}

// accountType translates P21's letter; an unknown one stays as it is.
func accountType(letter string) string {
	switch letter {
	case "A":
		return p21.Asset
	case "L":
		return p21.Liability
	case "C", "O", "Q":
		return p21.Equity
	case "R", "I":
		return p21.Income
	case "E", "X":
		return p21.Expense
	}
	return letter
}

type fiscalPeriod struct {
	CompanyNo            text        `json:"company_no"`
	Period               rest.Number `json:"period"`
	YearForPeriod        rest.Number `json:"year_for_period"`
	PeriodClosed         text        `json:"period_closed"`
	BeginningDate        string      `json:"beginning_date"`
	EndingDate           string      `json:"ending_date"`
	AdjustmentPeriodFlag text        `json:"adjustment_period_flag"`
}

func (p fiscalPeriod) period() (period.Period, error) {
	starts, err := day(p.BeginningDate)
	if err != nil {
		return period.Period{}, fmt.Errorf("period %s of %s: %w", p.Period, p.YearForPeriod, err)
	}
	ends, err := day(p.EndingDate)
	if err != nil {
		return period.Period{}, fmt.Errorf("period %s of %s: %w", p.Period, p.YearForPeriod, err)
	}
	return period.Period{
		FiscalYear: int(p.YearForPeriod.IntPart()), Number: int(p.Period.IntPart()),
		Starts: starts, Ends: ends, Closed: !p.PeriodClosed.is("N"),
	}, nil
}

// day reads the date of a time such as 2026-11-30T23:59:59.
func day(stamp string) (period.Date, error) {
	date, _, _ := strings.Cut(stamp, "T")
	return period.ParseDate(date)
}

type currency struct {
	CurrencyID   rest.Number `json:"currency_id"`
	CurrencyDesc text        `json:"currency_desc"`
	DeleteFlag   text        `json:"delete_flag"`
}

// glLine is a line as /api/accounting/gl/ takes and gives it. What the server
// fills in is left out when empty.
type glLine struct {
	CompanyNo               string
	AccountNumber           string
	Period                  rest.Number
	YearForPeriod           rest.Number
	JournalId               string
	Amount                  rest.Number
	ForeignAmount           rest.Number
	CurrencyId              *rest.Number `json:",omitempty"`
	ExchangeRateManualEntry *rest.Number `json:",omitempty"`
	Description             string
	Source                  string
	TransactionDate         string
	TransactionNumber       *rest.Number `json:",omitempty"`
	SequenceNumber          *rest.Number `json:",omitempty"`
	DateCreated             string       `json:",omitempty"`
}

// glRow is the same line as a row of table gl.
type glRow struct {
	CompanyNo               text         `json:"company_no"`
	AccountNumber           text         `json:"account_number"`
	Period                  rest.Number  `json:"period"`
	YearForPeriod           rest.Number  `json:"year_for_period"`
	JournalID               text         `json:"journal_id"`
	Amount                  rest.Number  `json:"amount"`
	ForeignAmount           rest.Number  `json:"foreign_amount"`
	CurrencyID              *rest.Number `json:"currency_id"`
	ExchangeRateManualEntry *rest.Number `json:"exchange_rate_manual_entry"`
	Source                  text         `json:"source"`
	Description             text         `json:"description"`
	TransactionDate         string       `json:"transaction_date"`
	TransactionNumber       rest.Number  `json:"transaction_number"`
	SequenceNumber          *rest.Number `json:"sequence_number"`
	DateCreated             string       `json:"date_created"`
}

func (r glRow) line() glLine {
	number := r.TransactionNumber
	return glLine{
		CompanyNo: r.CompanyNo.trimmed(), AccountNumber: r.AccountNumber.trimmed(), Period: r.Period, YearForPeriod: r.YearForPeriod,
		JournalId: r.JournalID.trimmed(), Amount: r.Amount, ForeignAmount: r.ForeignAmount, CurrencyId: r.CurrencyID,
		ExchangeRateManualEntry: r.ExchangeRateManualEntry, Description: r.Description.trimmed(), Source: r.Source.trimmed(),
		TransactionDate: r.TransactionDate, TransactionNumber: &number, SequenceNumber: r.SequenceNumber, DateCreated: r.DateCreated,
	}
}

// id writes a numeric key; as a decimal(19,0) it may come as 7.0.
func id(n rest.Number) string { return n.Truncate(0).String() }

// byTransaction groups rows into journals, in the order of their first row.
func byTransaction(rows []glRow) [][]glLine {
	var groups [][]glLine
	place := map[string]int{}
	for _, row := range rows {
		number := id(row.TransactionNumber)
		i, seen := place[number]
		if !seen {
			i = len(groups)
			place[number] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], row.line())
	}
	return groups
}
