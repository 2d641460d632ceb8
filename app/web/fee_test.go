package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/fee"
	"tieout/app/insight"
	"tieout/app/period"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

func TestFeesLeadToTheirLinesAndAddUpInExcel(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.Fees, o.Workbooks, o.Insight = fee.NewService(o.pool, o.clock), sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register(append(o.feeRoutes(), o.settlementRoutes()...)))
	o.load(1, seller.Whole)
	month, err := o.Fees.DefaultMonth(t.Context(), o.connection)
	require.NoError(t, err)
	f := fee.Filter{Connection: o.connection, From: month, To: month, Group: fee.BySKU, Sort: "-sales", PageSize: 100}
	kinds, err := o.Fees.Tell(t.Context(), o.connection)
	require.NoError(t, err)
	totals, err := o.Fees.Totals(t.Context(), f, kinds)
	require.NoError(t, err)
	require.Len(t, totals, 1)
	require.True(t, totals[0].Fees.IsPositive() && totals[0].Sales.IsPositive())
	rows, err := o.Fees.Summary(t.Context(), f, kinds)
	require.NoError(t, err)
	o.shows("/reports", rows[0].SKU, "Total in USD", "FBA fulfilment", "% of sales")
	require.True(t, totals[0].Sales.Equal(o.sumOf("/reports/export.xlsx", "Fees", 5)))
	o.shows("/reports?by=month&from=2020-01&to=2020-02", "No amounts in these months")
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.get("/reports?by=year").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.get("/reports?from=2010-01&to=2026-01").StatusCode)

	// From a number to the settlement's kinds, and on to lines with the same sum.
	path := feeMadePath(f, rows[0], true) + strconv.Itoa(int(fee.Referral))
	made, sums, err := o.Fees.Made(t.Context(), fee.Question{Connection: o.connection, Currency: "USD", From: month, To: month, Marketplace: rows[0].Marketplace, SKU: rows[0].SKU, Part: fee.Referral, PageSize: 100})
	require.NoError(t, err)
	require.True(t, sums[0].Amount.Value.Neg().Equal(rows[0].Charged[fee.Referral]))
	o.shows(path, made[0].AmazonID, made[0].Kind.AmountDescription, "Total")
	lines := linesOf(fee.Question{From: month, To: month, SKU: rows[0].SKU}, made[0])
	body := o.accountant.get(lines + "&totals=1").body
	require.Contains(t, body, fmt.Sprintf("%d lines", made[0].Lines))
	require.Contains(t, body, made[0].Amount.Value.StringFixed(2))

	// Amounts without an SKU lead to lines without one.
	account := fee.Question{Connection: o.connection, From: month, To: month, SKU: fee.None, Part: fee.AllFees, PageSize: 100}
	made, _, err = o.Fees.Made(t.Context(), account)
	require.NoError(t, err)
	require.NotEmpty(t, made)
	require.Contains(t, o.accountant.get(linesOf(account, made[0])+"&totals=1").body, made[0].Amount.Value.StringFixed(2))
}

func TestAChangeIsSaidInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1.2 points up", changeOf(decimal.RequireFromString("1.2"), "points", true).Text)
	require.True(t, changeOf(decimal.RequireFromString("1.2"), "points", true).Bad, "costs rise")
	require.False(t, changeOf(decimal.RequireFromString("1.2"), "%", false).Bad, "sales rise")
	require.Equal(t, "0.5 % down", changeOf(decimal.RequireFromString("-0.5"), "%", false).Text)
	require.Equal(t, "same", changeOf(decimal.Zero, "%", false).Text)
	f := fee.Filter{From: period.Date{Year: 2026, Month: 9, Day: 1}, To: period.Date{Year: 2026, Month: 10, Day: 1}, Group: fee.BySKU}
	require.Regexp(t, regexp.MustCompile("Sep 2026 to Oct 2026 against as many months before"), feeSummary(f))
}
