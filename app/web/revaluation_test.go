package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/document"
	"tieout/app/mapping"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/app/revaluation"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
	"tieout/sqlc"
)

func TestOpenBalancesAreShownDraftedAndExported(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	o.exec(`UPDATE connection SET functional_currency = 'EUR', p21_company = 'ACMEEU', version = version + 1`)
	_, _, err := o.connections.Sync(t.Context(), o.connection, audit.Job("test"))
	require.NoError(t, err)
	table := rates.NewService(rates.Needs{Pool: o.pool, Clock: o.clock, Documents: document.NewStore(o.pool)})
	var list []rates.Entry
	for n := range 120 {
		list = append(list, rates.Entry{Pair: rates.Pair{Base: "USD", Quote: "EUR"}, On: period.DateOf(officeDay).AddDays(20 - n), Value: decimal.New(9000+int64(n), -4)})
	}
	_, err = table.Store(t.Context(), list, rates.How{Origin: rates.ByHand}, audit.Job("test"))
	require.NoError(t, err)
	rules := func(ctx context.Context, db sqlc.DBTX, id int64) (*mapping.RuleSet, error) {
		return mapping.LoadPublished(ctx, db, id)
	}
	o.Rates, o.Workbooks, o.Connections = table, sheet.NewBook(o.pool), o.connections
	o.Revaluation = revaluation.NewService(o.pool, clock.NewFixed(officeDay.Add(10*24*time.Hour)), o.Entries, rules)
	require.NoError(t, o.register(o.revaluationRoutes()))
	o.shows("/revaluation", "Nothing is open in another currency")
	settlement, drafted := o.load(21, seller.Whole)
	require.Empty(t, drafted.Problems)
	require.NotEmpty(t, drafted.Entries)
	o.exec(fmt.Sprintf(`SET session_replication_role = replica; UPDATE settlement SET deposit_at = '2026-12-05' WHERE id = %d; RESET session_replication_role`, settlement))
	last := o.read(drafted.Entries[len(drafted.Entries)-1])
	key := periodKey(last.FiscalYear, last.Period)
	for _, id := range drafted.Entries {
		require.NoError(t, o.Entries.Submit(t.Context(), id, o.read(id).RowVersion, o.actor(o.accountant)))
		_, err := o.Entries.Approve(t.Context(), id, o.read(id).ContentHash, officeDay, o.actor(o.approver))
		require.NoError(t, err)
		require.NoError(t, o.Entries.Post(t.Context(), id))
	}
	ends := period.DateOf(last.EntryOn.AddDate(0, 1, -last.EntryOn.Day()))
	_, err = table.Store(t.Context(), []rates.Entry{{Pair: rates.Pair{Base: "USD", Quote: "EUR"}, On: ends, Value: decimal.New(95, -2), Reason: "closing"}}, rates.How{Origin: rates.ByHand}, audit.Job("test"))
	require.NoError(t, err)
	page := "/revaluation?period=" + key
	o.shows(page, "USD at the end of "+key, "Closing rate 1 USD = ", "Amazon clearing", "Unrealised")
	form := url.Values{"of": {strconv.FormatInt(o.connection, 10)}, "period": {key}, "currency": {"USD"}}
	require.Equal(t, http.StatusForbidden, o.viewer.post("/revaluation/draft", form).StatusCode)
	answer := o.accountant.post("/revaluation/draft", form)
	require.Equal(t, http.StatusSeeOther, answer.StatusCode, answer.body)
	o.shows(answer.to(), "Revaluation", "Unrealised exchange differences of USD")
	o.shows(page, "Draft it again", "AMZ-FX-")
	require.Equal(t, http.StatusConflict, o.accountant.post("/revaluation/draft", url.Values{"of": form["of"], "period": {"2026-12"}, "currency": {"USD"}}).StatusCode, "it has not ended")
	require.Equal(t, http.StatusOK, o.accountant.get("/revaluation/export.xlsx?period="+key).StatusCode)
}
