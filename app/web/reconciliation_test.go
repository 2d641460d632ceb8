package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/app/sheet"
)

// twoSides is a reconciliation with one open item.
type twoSides struct{ day period.Date }

func (twoSides) Name() reconcile.Name { return reconcile.Returns }

func (s twoSides) Compare(context.Context, int64) (reconcile.Comparison, error) {
	at := s.day.Time()
	return reconcile.Comparison{LeftAt: at, RightAt: at, Totals: []reconcile.Total{{Currency: "USD", Compared: 3, Left: decimal.RequireFromString("100.25"), Right: decimal.RequireFromString("88.05")}},
		Open: []reconcile.Open{{Key: "111-1111111-1111111 CUP", Currency: "USD", Left: decimal.RequireFromString("12.20"), Cause: "Refunded, not returned", Detail: "Nothing came back.",
			Since: s.day, Object: "refund_case", ObjectID: 5}}}, nil
}

func TestADifferenceIsExplainedInTheBrowserAndTheWorkbookProvesTheNumber(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	service := reconcile.NewService(o.pool, o.clock, twoSides{period.DateOf(clock.System{}.Now()).AddDays(-40)})
	o.Reconcile, o.Workbooks = service, sheet.NewBook(o.pool)
	o.Compare = func(context.Context, int64) error { return nil }
	require.NoError(t, o.register(o.reconciliationRoutes()))
	o.shows("/reconciliation", "Not compared")
	o.shows("/reconciliation/returns", "It has not been compared yet.")
	require.NoError(t, service.CheckAll(t.Context(), o.connection))
	o.shows("/reconciliation", "Refunds and returns", "12.20", "Differs", "/reconciliation/returns/export.xlsx")
	require.NotContains(t, o.accountant.get("/reconciliation").body, "Bank statement", "nobody compares deposits here")
	o.shows("/reconciliation/returns", "12.20", "Differs", "Refunded, not returned", "31 to 45 days", "111-1111111-1111111 CUP", "88.05")
	list, err := service.List(t.Context(), reconcile.Filter{Name: reconcile.Returns, PageSize: 1})
	require.NoError(t, err)
	item := openPath(list[0].ID)
	o.shows(item, "Nothing came back.", "/refunds/5", "Nobody has explained it")

	explain := func(b *browser, seen, reason string) page {
		return b.post(item+"/explain", url.Values{"seen": {seen}, "reason": {reason}})
	}
	require.Equal(t, http.StatusForbidden, explain(o.viewer, "12.2", "claimed").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, explain(o.ops, "12.2", "").StatusCode)
	require.Equal(t, http.StatusConflict, explain(o.ops, "12.3", "claimed, case 17").StatusCode)
	require.Equal(t, http.StatusSeeOther, explain(o.ops, "12.2", "claimed, case 17").StatusCode)
	o.shows("/reconciliation", "0.00", "Explained")
	o.shows("/reconciliation/returns?state=explained", "claimed, case 17", "Explained")
	o.shows(item, "claimed, case 17", "Undo")
	require.Equal(t, "12.2", o.sumOf("/reconciliation/returns/export.xlsx", "Items", 4).String())
	require.Equal(t, http.StatusOK, o.accountant.get("/reconciliation/export.xlsx").StatusCode)

	whole, err := service.Get(t.Context(), list[0].ID)
	require.NoError(t, err)
	withdraw := fmt.Sprintf("/reconciliation/notes/%d/withdraw", whole.Note.ID)
	require.Equal(t, http.StatusSeeOther, o.ops.post(withdraw, nil).StatusCode)
	require.Equal(t, http.StatusConflict, o.ops.post(withdraw, nil).StatusCode)
	o.shows("/reconciliation", "12.20", "Differs")
	o.shows(item, "Withdrawn")

	mark := url.Values{"item": {fmt.Sprintf("%d.12.2", list[0].ID)}, "return": {"/reconciliation/returns?state=all"}}
	o.shows("/reconciliation/returns", "Sign as explained", mark.Get("item"))
	require.Equal(t, http.StatusForbidden, o.viewer.post("/reconciliation/items/explain", mark).StatusCode)
	require.Contains(t, o.ops.post("/reconciliation/items/explain", mark).body, "Why may these differences stay?")
	mark.Set("reason", " ")
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post("/reconciliation/items/explain", mark).StatusCode)
	mark.Set("reason", "lost in the mail")
	require.Equal(t, mark.Get("return"), o.ops.post("/reconciliation/items/explain", mark).to())
	o.shows("/reconciliation/returns?state=explained", "lost in the mail")
	require.Equal(t, mark.Get("return"), o.ops.post("/reconciliation/items/explain", mark).to())
	again := o.ops.get("/reconciliation/returns?state=all").body
	require.Contains(t, again, "0 of 1 difference explained")
	require.Contains(t, again, "has explained it already")
	for _, wrong := range []string{"", "x.1", "7.money", "7"} {
		require.Equal(t, http.StatusUnprocessableEntity, o.ops.post("/reconciliation/items/explain", url.Values{"item": {wrong}, "reason": {"whatever it is"}}).StatusCode, wrong)
	}
	require.Equal(t, http.StatusSeeOther, o.ops.post(fmt.Sprintf("/reconciliation/returns/pairs?connection=%d", o.connection), nil).StatusCode)
	for _, nothing := range []string{"/reconciliation/weather", "/reconciliation/items/999999", "/reconciliation/items/x"} {
		require.Equal(t, http.StatusNotFound, o.accountant.get(nothing).StatusCode, nothing)
	}
}
