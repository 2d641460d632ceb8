package seedv2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

type account struct {
	CompanyId   string
	GLAccount   string
	Description string
	AccountType string
	ControlType string
	Branch      string
	Active      bool
}

type fiscalPeriod struct {
	CompanyId     string
	FiscalYear    int
	Period        int
	BeginningDate string
	EndingDate    string
	Closed        bool
}

type journal struct {
	JournalEntryNumber     key    `json:",omitempty"`
	Status                 string `json:",omitempty"`
	PostedAt               string `json:",omitempty"`
	CompanyId              string
	ExternalReference      string
	JournalId              string
	TransactionDate        string
	Period                 int
	FiscalYear             int
	CurrencyCode           string
	FunctionalCurrencyCode string `json:",omitempty"`
	ExchangeRate           rest.Number
	Description            string
	Lines                  []line
}

type line struct {
	LineNumber       int
	GLAccount        string
	Branch           string `json:",omitempty"`
	Debit            rest.Number
	Credit           rest.Number
	FunctionalDebit  *rest.Number
	FunctionalCredit *rest.Number
	Description      string
}

// key is a number that servers write as text or as a JSON number.
type key string

// UnmarshalJSON takes either form.
func (k *key) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, (*string)(k))
	}
	var digits json.Number
	err := json.Unmarshal(raw, &digits)
	*k = key(digits)
	return err
}

func journalOf(j p21.Journal) journal {
	lines := make([]line, len(j.Lines))
	for i, l := range j.Lines {
		debit, credit := rest.NumberOf(l.FunctionalDebit), rest.NumberOf(l.FunctionalCredit)
		lines[i] = line{
			LineNumber: l.Number, GLAccount: l.Account, Branch: l.Branch, Description: l.Description,
			Debit: rest.NumberOf(l.Debit), Credit: rest.NumberOf(l.Credit), FunctionalDebit: &debit, FunctionalCredit: &credit,
		}
	}
	return journal{
		CompanyId: j.Company, ExternalReference: j.Reference, JournalId: j.JournalID,
		TransactionDate: j.Date.String(), Period: j.Period, FiscalYear: j.FiscalYear,
		CurrencyCode: string(j.Currency), FunctionalCurrencyCode: string(j.FunctionalCurrency), ExchangeRate: rest.NumberOf(j.ExchangeRate),
		Description: j.Description, Lines: lines,
	}
}

// posted translates an answer; functional is the functional currency where the
// answer does not name it.
func (j journal) posted(functional money.Currency) (p21.Posted, error) {
	date, err := period.ParseDate(j.TransactionDate)
	if err != nil {
		return p21.Posted{}, fmt.Errorf("journal %s: %w", j.JournalEntryNumber, err)
	}
	var at time.Time
	if j.PostedAt != "" {
		if at, err = time.Parse(time.RFC3339, j.PostedAt); err != nil {
			return p21.Posted{}, fmt.Errorf("journal %s: %q is not a time", j.JournalEntryNumber, j.PostedAt)
		}
	}
	if j.FunctionalCurrencyCode != "" {
		functional = money.Currency(j.FunctionalCurrencyCode)
	}
	posted := p21.Posted{
		Number: string(j.JournalEntryNumber), PostedAt: at.UTC(),
		Journal: p21.Journal{
			Company: j.CompanyId, Reference: j.ExternalReference, JournalID: j.JournalId,
			Date: date, Period: j.Period, FiscalYear: j.FiscalYear,
			Currency: money.Currency(j.CurrencyCode), FunctionalCurrency: functional, ExchangeRate: j.ExchangeRate.Decimal,
			Description: j.Description, Lines: make([]p21.Line, len(j.Lines)),
		},
	}
	for i, l := range j.Lines {
		held := p21.Line{
			Number: l.LineNumber, Account: l.GLAccount, Branch: l.Branch, Description: l.Description,
			Debit: l.Debit.Decimal, Credit: l.Credit.Decimal,
		}
		if l.FunctionalDebit == nil || l.FunctionalCredit == nil {
			posted.FunctionalUnknown = true
		} else {
			held.FunctionalDebit, held.FunctionalCredit = l.FunctionalDebit.Decimal, l.FunctionalCredit.Decimal
		}
		posted.Lines[i] = held
	}
	return posted, nil
}
