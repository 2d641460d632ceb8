package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/insight"
	"tieout/app/reimbursement"
	"tieout/app/settlement"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

func TestLostUnitsAreClaimedInTheBrowserAndAddUpInExcel(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	service := reimbursement.NewService(o.pool, o.clock, settlement.NewService(o.pool, o.clock, o, slog.New(slog.DiscardHandler)))
	o.Reimbursements, o.Workbooks, o.Insight = service, sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register(append(o.reimbursementRoutes(), o.settlementRoutes()...)))
	id, _ := o.load(1, seller.Whole)
	// The ledger lost two units of the SKU whose first lost unit the settlement pays for.
	o.exec(`SET session_replication_role = replica;
		INSERT INTO flow_record (id, connection_id, flow, key, source_at, latest, latest_hash) OVERRIDING SYSTEM VALUE SELECT 9001, 1, 'fba_ledger', 'x', now(), 1, '';
		CREATE TEMP TABLE pays AS SELECT l.kind_id, l.product_id, l.posted_on FROM settlement_line l JOIN kind k ON k.id = l.kind_id WHERE k.amount_type = 'FBA Inventory Reimbursement' AND k.sign = 1 ORDER BY l.line_no LIMIT 1;
		UPDATE kind SET amount_description = 'something else' || id WHERE amount_type = 'FBA Inventory Reimbursement' AND id NOT IN (SELECT kind_id FROM pays);
		UPDATE kind SET amount_description = 'WAREHOUSE_LOST' WHERE id IN (SELECT kind_id FROM pays);
		INSERT INTO ledger_loss SELECT 9001, 1, p.connection_id, p.sku, 'US', x.posted_on - 1, 2, 0, 0 FROM pays x JOIN product p ON p.id = x.product_id;
		RESET session_replication_role`)
	require.NoError(t, service.Check(t.Context(), o.connection))
	cases, err := service.List(t.Context(), reimbursement.Filter{PageSize: 10})
	require.NoError(t, err)
	require.Len(t, cases, 1)
	one := cases[0]
	require.Equal(t, []int{2, 1, 1}, []int{one.Units, one.Paid, one.Missing()})

	o.shows("/reimbursements", one.SKU, "Lost", "Too late to claim")
	o.shows("/reimbursements?cause=damaged", "Nothing is missing")
	path := reimbursementPath(one.ID)
	o.shows(path, "Paid by Amazon", fmt.Sprintf("/settlements/%d/lines/", id), "Claim until", "1 unit")
	require.Equal(t, "2", o.sumOf("/reimbursements/export.xlsx", "Reimbursements", 6).String())

	require.Equal(t, http.StatusForbidden, o.viewer.post(path+"/claim", url.Values{"claim": {"17"}}).StatusCode)
	empty := o.ops.post(path+"/claim", url.Values{"claim": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, empty.StatusCode)
	require.Contains(t, empty.body, "The number of the case at Amazon")
	require.Equal(t, http.StatusSeeOther, o.ops.post(path+"/claim", url.Values{"claim": {"17-4711"}}).StatusCode)
	o.shows("/reimbursements?state=claimed", "17-4711")
	require.Equal(t, http.StatusSeeOther, o.ops.post(path+"/settle", url.Values{"note": {"Refused."}}).StatusCode)
	o.shows("/reimbursements?state=settled&q=4711", one.SKU, "Settled")
	require.Equal(t, http.StatusSeeOther, o.ops.post(path+"/reopen", nil).StatusCode)
	o.shows("/reimbursements?state=open", one.SKU)
	require.Equal(t, http.StatusNotFound, o.accountant.get("/reimbursements/999999").StatusCode)
}
