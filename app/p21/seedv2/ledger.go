package seedv2

import (
	"context"
	"fmt"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
	"tieout/app/period"
)

// ledgerLine is a line of the general ledger.
type ledgerLine struct {
	LineId             key
	CompanyId          string
	GLAccount          string
	FiscalYear         int
	Period             int
	JournalEntryNumber key
	ExternalReference  string
	JournalId          string
	TransactionDate    string
	Description        string
	FunctionalDebit    rest.Number
	FunctionalCredit   rest.Number
}

const ledgerLines = "/api/v2/GLLines"

// AccountLines implements p21.Ledger.
func (s *System) AccountLines(ctx context.Context, account string, year, number int) ([]p21.AccountLine, error) {
	const operation = "read general ledger"
	rows, err := list(ctx, s.rest, query[ledgerLine]{
		operation: operation, path: ledgerLines, order: "LineId",
		filter: fmt.Sprintf("CompanyId eq %s and GLAccount eq %s and FiscalYear eq %d and Period eq %d", rest.Literal(s.company), rest.Literal(account), year, number),
		matches: func(l ledgerLine) bool {
			return l.CompanyId == s.company && l.GLAccount == account && l.FiscalYear == year && l.Period == number
		},
	})
	if err != nil {
		return nil, err
	}
	lines := make([]p21.AccountLine, len(rows))
	for i, r := range rows {
		on, err := period.ParseDate(r.TransactionDate)
		if err != nil {
			return nil, rest.Broken(operation, "journal %s: %v", r.JournalEntryNumber, err)
		}
		lines[i] = p21.AccountLine{Number: string(r.JournalEntryNumber), Reference: r.ExternalReference, JournalID: r.JournalId, Date: on, Description: r.Description,
			Amount: r.FunctionalDebit.Sub(r.FunctionalCredit.Decimal)}
	}
	return lines, nil
}

// readsLedger asks for one line: a server without the general ledger has no such address.
func (s *System) readsLedger(ctx context.Context) (bool, error) {
	var one page[ledgerLine]
	err := s.rest.Get(ctx, "ask for the general ledger", ledgerLines, &one, "$filter", "CompanyId eq "+rest.Literal(s.company), "$orderby", "LineId", "$top", "1", "$skip", "0")
	if err != nil && !rest.RouteMissing(err) {
		return false, err
	}
	return err == nil, nil
}
