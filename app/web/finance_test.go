package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/finances"
	"tieout/app/insight"
	"tieout/app/p21"
	"tieout/app/sheet"
	stand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

// oneSide gives the same seller for every connection.
type oneSide struct{ client *amazon.Client }

// Amazon implements finances.Sides.
func (s oneSide) Amazon(context.Context, int64) (*amazon.Client, error) { return s.client, nil }

// finance gives the office the transactions of its seller, whose sales are held for a week.
func (o *office) finance(now *clock.Fixed) {
	o.t.Helper()
	o.account.Hold = 7 * 24 * time.Hour
	o.account.NovelCycle = -1
	o.books = seller.NewBooks(o.account)
	server, err := stand.New(stand.Config{Now: now.Now, RateScale: 1000, Accounts: []stand.Account{{Books: o.books, ClientID: "c", ClientSecret: "s", RefreshToken: "r"}}})
	require.NoError(o.t, err)
	site := httptest.NewServer(server)
	o.t.Cleanup(site.Close)
	client, err := amazon.New(amazon.Config{Key: "us", Endpoint: site.URL, LWAURL: site.URL + "/auth/o2/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
		Clock: now, Tries: 1, Transport: &http.Transport{DisableKeepAlives: true}, Pause: func(_ context.Context, d time.Duration) error { now.Advance(d); return nil }})
	require.NoError(o.t, err)
	o.Finances = finances.NewService(finances.Needs{Pool: o.pool, Clock: now, Documents: document.NewStore(o.pool), Sides: oneSide{client}, Entries: o.Entries, Rules: publishedSet})
	o.Workbooks, o.Insight = sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(o.t, o.register(o.financeRoutes()))
}

// look reads what is new and brings the ended periods up to date.
func (o *office) look() {
	o.t.Helper()
	require.NoError(o.t, o.Finances.Read(o.t.Context(), o.connection))
	require.NoError(o.t, o.Finances.Close(o.t.Context(), o.connection))
}

func (o *office) one(sql string, args ...any) (text string) {
	o.t.Helper()
	require.NoError(o.t, o.pool.QueryRow(o.t.Context(), sql, args...).Scan(&text))
	return text
}

// TestAPeriodThatEndsWithinACycle goes from the last report before the end of a
// month through its accrual to the report that comes after it.
func TestAPeriodThatEndsWithinACycle(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	end := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n, now := o.account.Finished(end), clock.NewFixed(end.AddDate(0, 0, 2)) // the cycle spans the end of October
	o.finance(now)
	o.load(n-1, seller.Whole)
	require.True(t, now.Now().Before(o.account.End(n)), "its report is not there yet")
	o.look()
	held, err := o.Finances.List(t.Context(), finances.Filter{State: finances.Held, PageSize: 1})
	require.NoError(t, err)
	require.Len(t, held, 1)
	o.shows("/unsettled", "In no settlement yet", "Accrual", "Compare", "AMZ-ACC-")
	o.shows("/unsettled?state=held", held[0].Order)
	o.shows(unsettledPath(held[0].ID), "OurPricePrincipal", "Order / ItemPrice / Principal", "&#34;transactionId&#34;:&#34;"+held[0].AmazonID, "Release expected")
	sum := o.one(`SELECT sum(total)::numeric(19,2)::text FROM finance_transaction WHERE status = 'DEFERRED'`)
	require.Equal(t, sum, o.sumOf("/unsettled/export.xlsx?state=held", "Transactions", 10).StringFixed(2))
	require.Equal(t, http.StatusNotFound, o.accountant.get("/unsettled/999999").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.get("/unsettled?due=soon").StatusCode)

	accruals, err := o.Finances.Accruals(t.Context(), o.connection)
	require.NoError(t, err)
	require.Len(t, accruals, 1)
	id := accruals[0].ID
	require.NoError(t, o.Entries.Submit(t.Context(), id, o.read(id).RowVersion, o.actor(o.accountant)))
	accrued := o.one(`SELECT clearing::text FROM journal_entry WHERE id = $1`, id)

	now.Advance(o.account.End(n).Add(time.Hour).Sub(now.Now()))
	settled, _ := o.load(n, seller.Whole)
	o.exec(`SET session_replication_role = replica; UPDATE settlement SET created_at = '2027-01-01' WHERE start_at = (SELECT max(start_at) FROM settlement); RESET session_replication_role`)
	require.NoError(t, o.redraft(t.Context(), o.connection))
	o.look()
	require.Equal(t, "submitted", o.one(`SELECT status FROM journal_entry WHERE id = $1`, id), "what is handed in stays")
	require.Equal(t, "0", o.one(`SELECT count(*)::text FROM journal_entry WHERE settlement_id = $1 AND period = 10 AND status = 'draft'`, settled), "October has it by the accrual, which ends in November")
	require.Equal(t, "2026-10", o.one(`SELECT moved_from FROM journal_entry WHERE settlement_id = $1 AND period = 11 AND status = 'draft'`, settled))
	require.Equal(t, accrued, o.one(`SELECT sum(l.amount)::text FROM settlement_line l WHERE l.settlement_id = $1 AND l.posted_on <= '2026-10-31'`, settled), "the accrual was what the settlement says, to the cent")
	o.shows(fmt.Sprintf("/accruals/%d", id), "Nothing differs", "Ties out")
	require.Equal(t, http.StatusOK, o.accountant.get(fmt.Sprintf("/accruals/%d/export.xlsx", id)).StatusCode)
	require.Equal(t, http.StatusNotFound, o.accountant.get("/accruals/999999").StatusCode)
}

func TestHeldSalesNeedAnAccountToStandOn(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	p, err := o.connections.Policy(t.Context(), o.connection)
	require.NoError(t, err)
	p.HeldSales = "on_sale"
	for account, why := range map[string]string{"": "Choose the account", "nowhere": "no such account"} {
		p.DeferredAccount = account
		err := o.connections.SetPolicy(t.Context(), p, o.actor(o.accountant))
		require.Contains(t, fault.FieldsOf(err)["deferred_account"], why)
	}
	p.DeferredAccount = o.one(`SELECT min(account) FROM gl_account WHERE active AND NOT control AND connection_id = $1`, o.connection)
	require.NoError(t, o.connections.SetPolicy(t.Context(), p, o.actor(o.accountant)))
}
