package native

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// preflight refuses what P21 could not take and returns the id of the
// journal's currency, nil for the functional one.
func (s *System) preflight(ctx context.Context, j p21.Journal) (*rest.Number, error) {
	refuse := func(kind p21.Type, format string, args ...any) error {
		return &p21.Error{Operation: "post journal", Type: kind, Message: fmt.Sprintf(format, args...)}
	}
	if j.Company != s.company || j.FunctionalCurrency != s.functional {
		return nil, refuse(p21.Validation, "the journal is for company %s in %s, this connection for %s in %s",
			j.Company, j.FunctionalCurrency, s.company, s.functional)
	}
	calendar, err := s.Periods(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(calendar, func(p period.Period) bool { return p.FiscalYear == j.FiscalYear && p.Number == j.Period })
	switch {
	case i < 0:
		return nil, refuse(p21.Validation, "company %s has no period %d of %d", s.company, j.Period, j.FiscalYear)
	case calendar[i].Closed:
		return nil, refuse(p21.PeriodClosed, "period %s is closed", calendar[i].Key())
	}
	if err := s.checkAccounts(ctx, j); err != nil {
		return nil, err
	}
	if j.Currency == s.functional {
		return nil, nil
	}
	known, err := s.readCurrencies(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range known {
		if c.iso() == j.Currency {
			return &c.CurrencyID, nil
		}
	}
	return nil, refuse(p21.Validation, "P21 has no currency described as %s", j.Currency)
}

func (s *System) checkAccounts(ctx context.Context, j p21.Journal) error {
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	chart := make(map[string]p21.Account, len(accounts))
	for _, a := range accounts {
		chart[a.Number] = a
	}
	var fields []p21.FieldError
	for i, line := range j.Lines {
		a, exists := chart[line.Account]
		problem := ""
		switch {
		case !exists:
			problem = "does not exist"
		case !a.Active:
			problem = "is not active"
		case line.Branch != "" && line.Branch != a.Branch:
			// P21 keeps the branch with the account, not with the line.
			problem = fmt.Sprintf("belongs to branch %q, not %q", a.Branch, line.Branch)
		default:
			continue
		}
		fields = append(fields, p21.FieldError{Field: fmt.Sprintf("Lines[%d].Account", i), Code: "UnknownAccount",
			Message: fmt.Sprintf("%s %s in company %s", line.Account, problem, s.company)})
	}
	if len(fields) == 0 {
		return nil
	}
	return &p21.Error{Operation: "post journal", Type: p21.Validation, Message: "accounts are wrong", Fields: fields}
}

// notSent marks an error that came before the write. A refused read says
// nothing about the journal, so it is not final.
func notSent(err error) error {
	var failure *p21.Error
	if !errors.As(err, &failure) {
		return err
	}
	failure.Sent = false
	if failure.Operation != "post journal" && p21.OutcomeOf(failure) == p21.Refused {
		failure.Type = p21.Unavailable
	}
	return err
}

// lines writes the journal as P21 takes it.
func (s *System) lines(j p21.Journal, currencyID *rest.Number) []glLine {
	lines := make([]glLine, len(j.Lines))
	for i, line := range j.Lines {
		lines[i] = glLine{
			CompanyNo: j.Company, AccountNumber: line.Account,
			Period: whole(j.Period), YearForPeriod: whole(j.FiscalYear), JournalId: j.JournalID,
			Amount: s.signed(line.FunctionalDebit, line.FunctionalCredit), ForeignAmount: s.signed(line.Debit, line.Credit),
			Description: clip(cmp.Or(line.Description, j.Description)), Source: j.Reference,
			TransactionDate: j.Date.String() + "T00:00:00",
		}
		if currencyID != nil {
			rate := rest.NumberOf(j.ExchangeRate.Round(6)) // the column's scale
			lines[i].CurrencyId, lines[i].ExchangeRateManualEntry = currencyID, &rate
		}
	}
	return lines
}

func whole(n int) rest.Number { return rest.NumberOf(decimal.NewFromInt(int64(n))) }

func (s *System) signed(debit, credit decimal.Decimal) rest.Number {
	if s.creditPositive {
		debit, credit = credit, debit
	}
	return rest.NumberOf(debit.Sub(credit))
}

func (s *System) split(amount rest.Number) (debit, credit decimal.Decimal) {
	if amount.IsNegative() != s.creditPositive {
		return decimal.Zero, amount.Abs()
	}
	return amount.Abs(), decimal.Zero
}

// clip cuts to the width of gl.description.
func clip(s string) string {
	const width = 255
	if runes := []rune(s); len(runes) > width {
		return string(runes[:width])
	}
	return s
}

// posted puts the lines of one transaction together.
func (s *System) posted(lines []glLine, known []currency) (p21.Posted, error) {
	if len(lines) == 0 || lines[0].TransactionNumber == nil {
		return p21.Posted{}, errors.New("the answer shows no transaction number")
	}
	head := lines[0]
	date, err := day(head.TransactionDate)
	if err != nil {
		return p21.Posted{}, err
	}
	at, err := s.stamp(head.DateCreated)
	if err != nil {
		return p21.Posted{}, err
	}
	held := p21.Posted{
		Number: id(*head.TransactionNumber), PostedAt: at,
		Journal: p21.Journal{
			Company: strings.TrimSpace(head.CompanyNo), Reference: strings.TrimSpace(head.Source), JournalID: strings.TrimSpace(head.JournalId),
			Date: date, Period: int(head.Period.IntPart()), FiscalYear: int(head.YearForPeriod.IntPart()),
			Currency: s.currencyOf(head, known), FunctionalCurrency: s.functional, ExchangeRate: decimal.NewFromInt(1),
			Description: strings.TrimSpace(head.Description),
		},
	}
	if head.ExchangeRateManualEntry != nil && !head.ExchangeRateManualEntry.IsZero() {
		held.ExchangeRate = head.ExchangeRateManualEntry.Decimal
	}
	for i, line := range lines {
		if line.TransactionNumber == nil || !line.TransactionNumber.Equal(head.TransactionNumber.Decimal) {
			return p21.Posted{}, errors.New("the lines have different transaction numbers")
		}
		held.Lines = append(held.Lines, s.line(i, line))
	}
	slices.SortStableFunc(held.Lines, func(a, b p21.Line) int { return cmp.Compare(a.Number, b.Number) })
	if t := held.Totals(); !t.FunctionalDebit.Equal(t.FunctionalCredit) {
		return p21.Posted{}, fmt.Errorf("transaction %s does not sum to zero", held.Number)
	}
	return held, nil
}

func (s *System) line(i int, g glLine) p21.Line {
	line := p21.Line{Number: i + 1, Account: strings.TrimSpace(g.AccountNumber), Description: strings.TrimSpace(g.Description)}
	if g.SequenceNumber != nil {
		line.Number = int(g.SequenceNumber.IntPart())
	}
	line.Debit, line.Credit = s.split(g.ForeignAmount)
	line.FunctionalDebit, line.FunctionalCredit = s.split(g.Amount)
	return line
}

// stamp reads a local time of the server.
func (s *System) stamp(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", text, s.zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time", text)
	}
	return at.UTC(), nil
}

// iso is the currency's ISO code when its description is one; P21 has no
// column with the letters of ISO 4217.
func (c currency) iso() money.Currency {
	code := money.Currency(strings.ToUpper(c.CurrencyDesc.trimmed()))
	if !code.Valid() || c.DeleteFlag.is("Y") {
		return ""
	}
	return code
}

// currencyOf names a line's currency: the functional one when the line says
// none, "" when it says one without an ISO code.
func (s *System) currencyOf(line glLine, known []currency) money.Currency {
	if line.CurrencyId == nil || line.CurrencyId.IsZero() {
		return s.functional
	}
	for _, c := range known {
		if c.CurrencyID.Equal(line.CurrencyId.Decimal) {
			return c.iso()
		}
	}
	return ""
}

func (s *System) known() []currency {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.currencies
}

// readCurrencies reads currency_hdr once. A site that keeps the table from this
// user has no known currencies, which matters for foreign journals only.
func (s *System) readCurrencies(ctx context.Context) ([]currency, error) {
	if known := s.known(); known != nil {
		return known, nil
	}
	rows, err := table(ctx, s.rest, query[currency]{
		operation: "read currencies", table: "currency_hdr", order: "currency_id",
		columns: "currency_id,currency_desc,delete_flag", filter: "delete_flag eq 'N'",
		matches: func(c currency) bool { return !c.DeleteFlag.is("Y") },
	})
	var failure *p21.Error
	if errors.As(err, &failure) && (failure.Status == http.StatusNotFound || failure.Status == http.StatusForbidden) {
		rows, err = []currency{}, nil
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.currencies = append([]currency{}, rows...)
	return s.currencies, nil
}
