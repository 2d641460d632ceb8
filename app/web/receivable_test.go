package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/insight"
	"tieout/app/mapping"
	"tieout/app/p21"
	"tieout/app/receivable"
	"tieout/app/sheet"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

func TestADepositIsAppliedToOrdersToTheCent(t *testing.T) {
	t.Parallel()
	o := openOfficeWith(t, p21.SeedV2, "amazon-invoiced")
	_, err := o.pool.Exec(t.Context(), `UPDATE connection SET revenue_mode = 'invoiced'`)
	require.NoError(t, err)
	service := receivable.NewService(o.pool, o.clock)
	o.Receivable, o.Workbooks, o.Insight = service, sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register(o.receivableRoutes()))
	id, drafted := o.load(3, seller.Whole)
	require.Empty(t, drafted.Problems)
	require.NoError(t, service.Settle(t.Context(), o.connection))

	total, err := service.CashTotal(t.Context(), id)
	require.NoError(t, err)
	require.Positive(t, total.Orders)
	var posted decimal.Decimal
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT coalesce(sum(l.credit - l.debit), 0) FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id WHERE e.settlement_id = $1 AND l.account = $2`,
		id, p21stand.Picks()[mapping.SlotReceivable]).Scan(&posted))
	require.True(t, posted.Equal(total.Amount), "the entries post %s to the receivable, the orders add up to %s", posted, total.Amount)

	o.shows(fmt.Sprintf("/settlements/%d/cash", id), "Applied to orders", "Unexplained", "Cash application")
	o.shows("/receivable", "Not invoiced", "Variances by cause")
	items, err := service.List(t.Context(), receivable.Filter{Connections: []int64{o.connection}, PageSize: 1})
	require.NoError(t, err)
	o.shows(itemPath(o.connection, items[0].Order), "P21 has no invoice of the order", "Settled by Amazon")

	o.entersCash(id, total)

	var deposit decimal.Decimal
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT deposit FROM settlement WHERE id = $1`, id).Scan(&deposit))
	require.True(t, deposit.Equal(o.sumOf(fmt.Sprintf("/settlements/%d/cash/export.xlsx", id), "Cash application", 5)), "the sheet adds up to the deposit")
	require.True(t, total.Amount.Equal(o.sumOf("/receivable/export.xlsx?state=all", "Receivable", 8)), "what is settled")
}

// entersCash enters an order by itself and the rest at once, and takes the rest back.
func (o *office) entersCash(id int64, total receivable.Total) {
	o.t.Helper()
	page := fmt.Sprintf("/settlements/%d/cash", id)
	list, err := o.Receivable.Cash(o.t.Context(), id, receivable.CashFilter{State: "to_enter", PageSize: 2})
	require.NoError(o.t, err)
	require.Len(o.t, list, 2)
	one := url.Values{"order": {list[0].Order}}
	require.Equal(o.t, http.StatusForbidden, o.viewer.post(page+"/enter", one).StatusCode)
	asked := o.accountant.post(page+"/enter", one)
	require.Equal(o.t, http.StatusOK, asked.StatusCode, asked.body)
	require.Contains(o.t, asked.body, "Reference in Prophet 21")
	one.Set("amount", list[0].Amount.String())
	one.Set("reference", "")
	require.Equal(o.t, http.StatusUnprocessableEntity, o.accountant.post(page+"/enter", one).StatusCode)
	one.Set("reference", "CR-1001")
	require.Equal(o.t, http.StatusSeeOther, o.accountant.post(page+"/enter", one).StatusCode)
	o.shows(page+"?state=entered", "CR-1001", list[0].Order)
	require.NotContains(o.t, o.accountant.get(page+"?state=to_enter").body, "/"+list[0].Order)

	rest := url.Values{"all": {"1"}, "amount": {total.Amount.String()}, "reference": {"CR-1002"}}
	require.Equal(o.t, http.StatusConflict, o.accountant.post(page+"/enter", rest).StatusCode, "one order is entered already")
	rest.Set("amount", total.Amount.Sub(list[0].Amount).String())
	require.Equal(o.t, http.StatusSeeOther, o.accountant.post(page+"/enter", rest).StatusCode)
	o.shows("/receivable/cash", "Nothing is left to enter here")
	o.shows("/receivable/cash?state=entered", "Entered")
	entries, err := o.Receivable.CashEntries(o.t.Context(), id)
	require.NoError(o.t, err)
	entry := cashEntryPath(id, entries[0].ID)
	o.shows(entry, "CR-1002", list[1].Order)
	require.Equal(o.t, http.StatusUnprocessableEntity, o.accountant.post(entry+"/undo", nil).StatusCode)
	require.Equal(o.t, http.StatusSeeOther, o.accountant.post(entry+"/undo", url.Values{"reason": {"Another month."}}).StatusCode)
	o.shows(entry, "Undone by", "Another month.")
	o.shows("/receivable/cash", "to enter")
	require.True(o.t, list[0].Amount.Equal(o.sumOf(page+"/export.xlsx?state=entered", "Cash application", 8)), "what is entered")
	require.True(o.t, total.Amount.Sub(list[0].Amount).Equal(o.sumOf("/receivable/cash/export.xlsx", "Deposits", 7)), "what is left")
}

// shows opens a page and looks for words on it.
func (o *office) shows(path string, words ...string) {
	o.t.Helper()
	answer := o.accountant.get(path)
	require.Equal(o.t, http.StatusOK, answer.StatusCode, answer.body)
	for _, w := range words {
		require.Contains(o.t, answer.body, w)
	}
}

// sumOf adds a column of a workbook up.
func (o *office) sumOf(path, name string, column int) (sum decimal.Decimal) {
	o.t.Helper()
	answer := o.accountant.send(http.MethodGet, path, "")
	require.Equal(o.t, http.StatusOK, answer.StatusCode, answer.body)
	book, err := excelize.OpenReader(bytes.NewReader([]byte(answer.body)))
	require.NoError(o.t, err)
	defer func() { _ = book.Close() }()
	rows, err := book.GetRows(name, excelize.Options{RawCellValue: true})
	require.NoError(o.t, err)
	for _, row := range rows[1:] {
		if len(row) > column && row[column] != "" {
			value, err := decimal.NewFromString(row[column])
			require.NoError(o.t, err)
			sum = sum.Add(value.Round(4))
		}
	}
	return sum
}
