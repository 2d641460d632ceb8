package sheet_test

import (
	"bytes"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/sheet"
	"tieout/app/sheet/sheettest"
)

// backtest moves shipping from the account of sales to one of its own, and
// leaves one kind without a rule.
func backtest(t *testing.T) []byte {
	t.Helper()
	order := mapping.Rule{Position: 1, Marketplace: mapping.Anything, TransactionType: mapping.Exactly("Order"), AmountType: mapping.Anything, AmountDescription: mapping.Anything, Category: mapping.Sales, Slot: "sales"}
	shipping := order
	shipping.AmountDescription, shipping.Category, shipping.Account = mapping.Exactly("Shipping"), mapping.ShippingIncome, "4050"
	picks := map[string]string{"sales": "4000"}
	amount := func(description string, day int, currency money.Currency, value string) mapping.Amount {
		return mapping.Amount{KindID: 1, Subject: mapping.Subject{Kind: mapping.Kind{TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: description, Sign: 1}},
			PostedOn: period.Date{Year: 2026, Month: 10, Day: day}, Currency: currency, Lines: 3, Value: decimal.RequireFromString(value)}
	}
	lost := amount("Principal", 1, "USD", "-1.25")
	lost.TransactionType = "Refund"
	calendar := period.Calendar{{FiscalYear: 2026, Number: 10, Starts: period.Date{Year: 2026, Month: 10, Day: 1}, Ends: period.Date{Year: 2026, Month: 10, Day: 31}}}
	result := mapping.Replay(mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{order}, Accounts: picks}), mapping.Compile(mapping.RuleSet{Rules: []mapping.Rule{shipping, order}, Accounts: picks}),
		[]mapping.Amount{amount("Principal", 2, "USD", "100.10"), amount("Shipping", 2, "USD", "9.05"), amount("Shipping", 3, "CAD", "4.00"), lost}, calendar)
	var out bytes.Buffer
	require.NoError(t, sheet.NewBook(nil).Backtest(&out, [][2]string{{"Connection", "us"}}, result, map[string]string{"4000": "=Sales"}))
	return out.Bytes()
}

func TestTheBacktestTiesOutInLibreOffice(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for _, row := range sheettest.Calculated(t, backtest(t)) {
		if len(row) >= 8 && (row[2] == "USD" || row[2] == "CAD") {
			for _, cell := range row[3:8] {
				found[row[0]+" "+row[2]] = append(found[row[0]+" "+row[2]], sheettest.Number(t, cell).StringFixed(2))
			}
		}
		if row[0] == "Lines that move" {
			require.Equal(t, "6", row[1])
		}
	}
	require.Equal(t, map[string][]string{
		"none USD":         {"-1.25", "-1.25", "0.00", "0.00", "0.00"},
		"4000 USD":         {"109.15", "100.10", "-9.05", "-9.05", "0.00"},
		"4050 USD":         {"0.00", "9.05", "9.05", "9.05", "0.00"},
		"4000 CAD":         {"4.00", "0.00", "-4.00", "-4.00", "0.00"},
		"4050 CAD":         {"0.00", "4.00", "4.00", "4.00", "0.00"},
		"All accounts USD": {"107.90", "107.90", "0.00", "0.00", "0.00"},
		"All accounts CAD": {"4.00", "4.00", "0.00", "0.00", "0.00"},
	}, found)
}

func TestTheBacktestHasLiveDifferencesAndNamesAsText(t *testing.T) {
	t.Parallel()
	book, err := excelize.OpenReader(bytes.NewReader(backtest(t)))
	require.NoError(t, err)
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows("Accounts")
	require.NoError(t, err)
	require.Len(t, rows, 6)
	for i := range rows[1:] {
		cell, err := excelize.CoordinatesToCellName(7, i+2)
		require.NoError(t, err)
		formula, err := book.GetCellFormula("Accounts", cell)
		require.NoError(t, err)
		require.Contains(t, formula, "ROUND(F")
	}
	formula, err := book.GetCellFormula("Accounts", "B3")
	require.NoError(t, err)
	require.Empty(t, formula, "a name is never a formula")
	moved, err := book.GetRows("Lines that move")
	require.NoError(t, err)
	require.Len(t, moved, 3)
	require.Equal(t, []string{"1", "4000", "1", "4050"}, moved[1][10:14])
}
