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

	"tieout/app/catalog"
	"tieout/app/cost"
	"tieout/app/fault"
	"tieout/app/insight"
	"tieout/app/journal"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/sheet"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// costed has the cost of goods booked from October on, with an item and a map of
// every product of the seller but one, which it returns.
func (o *office) costed() seller.Product {
	o.t.Helper()
	o.Costs = cost.NewService(o.pool, o.clock, o.Entries)
	o.Workbooks, o.Insight, o.Catalog = sheet.NewBook(o.pool), insight.NewReader(o.pool), catalog.NewService(o.pool, o.clock, nil)
	require.NoError(o.t, o.register(o.costRoutes()))
	products := seller.Products()
	for i, x := range products {
		code := p21stand.ProductCode(x.SKU)
		o.exec(`INSERT INTO item (connection_id, code, unit_cost, changed_at, seen_at) VALUES ($1, $2, $3::numeric / 10000, '2026-09-01', now())`, o.connection, code, 31_415+i*777)
		if i > 0 {
			_, err := o.Catalog.Map(o.t.Context(), o.actor(o.accountant), catalog.New{ConnectionID: o.connection, SKU: x.SKU, From: always(), Parts: catalog.Parts{{Code: code, Quantity: 1}}})
			require.NoError(o.t, err)
		}
	}
	return products[0]
}

func TestTheCostOfGoodsFromTheSettingToP21(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	unmapped := o.costed()
	o.shows("/cost", "The cost of goods is not booked here", "/admin/policies")
	policy, err := o.connections.Policy(t.Context(), o.connection)
	require.NoError(t, err)
	require.Equal(t, period.Date{}, policy.CostFrom, "off until somebody decides it")
	policy.CostFrom = period.Date{Year: 2026, Month: 10, Day: 2}
	for _, c := range []struct{ cost, stock, field, why string }{
		{"", "1320-000", "cost_account", "Choose the account"}, {"5020-000", "", "stock_account", "Choose the account"}, {"5020-000", "5020-000", "stock_account", "Another account"},
		{"5020-000", "nowhere", "stock_account", "no such account"}, {"5020-000", "1320-000", "cost_from", "first day of a fiscal period"},
	} {
		policy.CostAccount, policy.StockAccount = c.cost, c.stock
		require.Contains(t, fault.FieldsOf(o.connections.SetPolicy(t.Context(), policy, o.actor(o.accountant)))[c.field], c.why)
	}
	policy.CostFrom = period.Date{Year: 2026, Month: 10, Day: 1}
	require.NoError(t, o.connections.SetPolicy(t.Context(), policy, o.actor(o.accountant)))
	o.shows("/cost", "Nothing is counted yet")

	settlement, _ := o.load(o.account.Finished(officeDay)-1, seller.Whole)
	require.NoError(t, o.Costs.Update(t.Context(), o.connection))
	list, err := o.Costs.List(t.Context(), cost.Filter{PageSize: 10})
	require.NoError(t, err)
	require.NotEmpty(t, list)
	one := list[0]
	require.Positive(t, one.Waiting, "the seller sold what nobody has mapped")
	o.shows("/cost", one.AmazonID, "Waits for a cost", one.Reference)
	o.shows("/cost?state=posted", "Nothing matches")
	o.shows("/cost?state=waiting&period="+one.Period, one.AmazonID)
	o.shows(costPath(one.ID), "In no entry", "exceptions?class=no_cost", "Take the costs again", fmt.Sprintf("/settlements/%d", settlement))
	exception := o.one(`SELECT id::text FROM exception WHERE class = 'no_cost' AND cause = $1`, unmapped.SKU)
	o.shows("/exceptions/"+exception, "No cost", "No item stands for SKU "+unmapped.SKU, "/exceptions/"+exception+"/map")
	mapped := o.accountant.post("/exceptions/"+exception+"/map", url.Values{"version": {o.one(`SELECT version::text FROM exception WHERE id = $1::bigint`, exception)}, "code": {p21stand.ProductCode(unmapped.SKU)}, "quantity": {"1"}})
	require.Equal(t, http.StatusSeeOther, mapped.StatusCode, mapped.body)
	require.NoError(t, o.Costs.Update(t.Context(), o.connection))
	require.Equal(t, "resolved", o.one(`SELECT state FROM exception WHERE id = $1::bigint`, exception))
	whole, err := o.Costs.Get(t.Context(), one.ID)
	require.NoError(t, err)
	require.Zero(t, whole.Waiting)
	require.Equal(t, whole.Moves, whole.Carried)
	require.Equal(t, one.EntryID, whole.EntryID, "the draft has it too")

	again := costPath(one.ID) + "/again"
	require.Equal(t, http.StatusForbidden, o.viewer.post(again, nil).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.accountant.post(again, nil).StatusCode)
	id := whole.EntryID
	require.NoError(t, o.Entries.Submit(t.Context(), id, o.read(id).RowVersion, o.actor(o.accountant)))
	require.Equal(t, http.StatusConflict, o.accountant.post(again, nil).StatusCode)
	done, err := o.Entries.Approve(t.Context(), id, o.read(id).ContentHash, officeDay, o.actor(o.approver))
	require.NoError(t, err)
	require.True(t, done)
	require.NoError(t, o.Entries.Post(t.Context(), id))
	require.Equal(t, string(journal.Posted), o.read(id).Status, "P21 has it, and was read back")

	item := o.one(`SELECT sku FROM cost_piece WHERE entry_id = $1 ORDER BY seq LIMIT 1`, id)
	units := costUnitsPath(cost.Of{CountID: one.ID, SKU: item, Marketplace: "Amazon.com"})
	for _, line := range []string{"1", "2"} {
		o.shows(fmt.Sprintf("/entries/%d/lines/%s", id, line), item, templEscaped(units))
	}
	o.shows(units, "Day by day", fmt.Sprintf("/settlements/%d/lines?amount_type=ItemPrice", settlement))
	o.shows(costPath(one.ID)+"?q="+item, item, o.read(id).Reference, "Posted")
	require.Equal(t, http.StatusNotFound, o.accountant.get("/cost/999999").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.get("/cost?state=soon").StatusCode)

	total := o.one(`SELECT sum(amount)::numeric(19,2)::text FROM cost_entry`)
	require.Equal(t, total, o.sumOf("/cost/export.xlsx", "Cost of goods", 7).StringFixed(2))
	o.adds(costPath(one.ID)+"/export.xlsx", whole.Amount.Value)
}

// adds reads a count's workbook: its formulas come to what was booked, row by row.
func (o *office) adds(path string, want decimal.Decimal) {
	o.t.Helper()
	answer := o.accountant.send(http.MethodGet, path, "")
	require.Equal(o.t, http.StatusOK, answer.StatusCode, answer.body)
	book, err := excelize.OpenReader(bytes.NewReader([]byte(answer.body)))
	require.NoError(o.t, err)
	defer func() { _ = book.Close() }() // it is only read
	rows, err := book.GetRows("By SKU", excelize.Options{RawCellValue: true})
	require.NoError(o.t, err)
	sum := decimal.Zero
	for i, row := range rows[1:] {
		formula, err := book.GetCellFormula("By SKU", fmt.Sprintf("F%d", i+2))
		require.NoError(o.t, err)
		require.Equal(o.t, fmt.Sprintf("ROUND(C%d*E%d,2)", i+2, i+2), formula)
		value, err := book.CalcCellValue("By SKU", fmt.Sprintf("F%d", i+2), excelize.Options{RawCellValue: true})
		require.NoError(o.t, err)
		require.True(o.t, decimal.RequireFromString(value).Equal(decimal.RequireFromString(row[6])), "row %d: %s is not %s", i+2, value, row[6])
		sum = sum.Add(decimal.RequireFromString(row[6]))
	}
	require.Equal(o.t, want.StringFixed(2), sum.StringFixed(2))
}
