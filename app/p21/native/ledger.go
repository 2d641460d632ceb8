package native

import (
	"context"
	"fmt"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// AccountLines implements p21.Ledger: table gl by account, year and period. There
// is no table of balances that the public record describes.
func (s *System) AccountLines(ctx context.Context, account string, year, number int) ([]p21.AccountLine, error) {
	const operation = "read general ledger"
	rows, err := table(ctx, s.rest, query[glRow]{
		operation: operation, table: "gl", order: "gl_uid",
		columns: "gl_uid,company_no,account_number,period,year_for_period,journal_id,amount,source,description,transaction_date,transaction_number",
		filter: fmt.Sprintf("company_no eq %s and account_number eq %s and year_for_period eq %d and period eq %d",
			rest.Literal(s.company), rest.Literal(account), year, number),
		matches: func(r glRow) bool {
			return r.CompanyNo.is(s.company) && r.AccountNumber.is(account) && r.YearForPeriod.IntPart() == int64(year) && r.Period.IntPart() == int64(number)
		},
	})
	if err != nil {
		return nil, err
	}
	lines := make([]p21.AccountLine, len(rows))
	for i, r := range rows {
		on, err := day(r.TransactionDate)
		if err != nil {
			return nil, rest.Broken(operation, "transaction %s: %v", id(r.TransactionNumber), err)
		}
		debit, credit := s.split(r.Amount)
		lines[i] = p21.AccountLine{Number: id(r.TransactionNumber), Reference: r.Source.trimmed(), JournalID: r.JournalID.trimmed(), Date: on, Description: r.Description.trimmed(), Amount: debit.Sub(credit)}
	}
	return lines, nil
}
