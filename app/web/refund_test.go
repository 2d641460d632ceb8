package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/insight"
	"tieout/app/p21"
	"tieout/app/refund"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

func TestARefundWithoutAReturnIsSettledInTheBrowserAndAddsUpInExcel(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	service := refund.NewService(o.pool, clock.NewFixed(o.clock.Now().AddDate(0, 6, 0)))
	o.Refunds, o.Workbooks, o.Insight = service, sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register(o.refundRoutes()))
	id, _ := o.load(1, seller.Whole)
	o.exec(`SET session_replication_role = replica;
		INSERT INTO returned (record_id, connection_id, order_id, sku, returned_on, quantity) SELECT 1, id, 'X', 'X', '2020-01-01', 1 FROM connection;
		RESET session_replication_role`)
	require.NoError(t, service.Check(t.Context(), o.connection))
	sums, err := service.Sums(t.Context(), o.connection)
	require.NoError(t, err)
	require.Len(t, sums, 1)
	require.Positive(t, sums[0].Cases, "the settlement has refunds")
	require.True(t, sums[0].Amount.Value.Equal(o.sumOf("/refunds/export.xlsx", "Refunds and returns", 6)))

	cases, err := service.List(t.Context(), refund.Filter{PageSize: 1})
	require.NoError(t, err)
	one := cases[0]
	o.shows("/refunds", "Refunded, not returned", one.Order, one.SKU)
	o.shows("/refunds?finding=not_refunded", "Nothing is missing")
	o.shows(refundPath(one.ID), "Settled by Amazon", "Nothing came back", fmt.Sprintf("/settlements/%d/lines?order=%s", id, one.Order))

	settle := refundPath(one.ID) + "/settle"
	require.Equal(t, http.StatusForbidden, o.viewer.post(settle, url.Values{"note": {"Case 17"}}).StatusCode)
	empty := o.ops.post(settle, url.Values{"note": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, empty.StatusCode)
	require.Contains(t, empty.body, "Say what was done")
	require.Equal(t, http.StatusSeeOther, o.ops.post(settle, url.Values{"note": {"Case 17"}}).StatusCode)
	o.shows("/refunds?state=done", "Case 17", one.Order)
	require.NotContains(t, o.accountant.get("/refunds?q="+one.Order).body, refundPath(one.ID))
	require.Equal(t, http.StatusSeeOther, o.ops.post(refundPath(one.ID)+"/reopen", nil).StatusCode)
	o.shows("/refunds?q="+one.Order, refundPath(one.ID))
	require.Equal(t, http.StatusNotFound, o.accountant.get("/refunds/999999").StatusCode)
}
