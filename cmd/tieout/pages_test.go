package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/web/webtest"
)

// TestEveryPageAnswersWhoMaySeeIt opens each page as people of different roles.
func TestEveryPageAnswersWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 0 FROM kind WHERE connection_id = (SELECT min(id) FROM connection)`)
	s.eventually(t, `SELECT count(*) > 5 FROM journal_entry WHERE status = 'draft'`)
	settlement, entry := s.number(t, `SELECT min(settlement_id) FROM journal_entry WHERE status = 'draft'`), s.number(t, `SELECT min(id) FROM journal_entry WHERE status = 'draft'`)
	connection := s.number(t, `SELECT connection_id FROM settlement WHERE id = $1`, settlement)
	books := []string{"/", "/settlements", "/settlements?state=draft&currency=USD&from=2026-01-01", "/entries", "/exceptions", "/rules", "/rules?try=Order+/+ItemPrice+/+Principal", "/rules/backtest", "/rules/backtest?from=2026-01-01&to=2026-12-31&show=all", fmt.Sprintf("/rules/backtest/kinds/%d?connection=%d", s.number(t, `SELECT min(id) FROM kind WHERE connection_id = $1`, connection), connection), "/admin/periods", "/admin/rates", "/admin/rates/sources", "/admin/rates?pair=GBP-USD&from=2026-01-01", "/admin/reference", "/unsettled", "/cost", "/cost?state=open&period=2026-10", "/entries/by-hand", "/revaluation", "/reconciliation/deposits", "/reconciliation/statements", "/unsettled?state=held&currency=USD", "/refunds", "/reconciliation", "/reconciliation/returns", "/reconciliation/stock?state=all", "/refunds?state=all&finding=not_returned", "/reports", "/reimbursements", "/reimbursements?state=all&cause=lost", "/reports?by=sku-month&sort=-change&from=2026-09&to=2026-11", "/reports/amounts?part=8&from=2026-10&to=2026-11",
		fmt.Sprintf("/settlements/%d", settlement), fmt.Sprintf("/settlements/%d/lines", settlement), fmt.Sprintf("/settlements/%d/lines?q=BRW&min=-5&totals=1", settlement),
		fmt.Sprintf("/settlements/%d/lines?type=Order&category=sales", settlement), fmt.Sprintf("/settlements/%d/lines/4", settlement), fmt.Sprintf("/settlements/%d/documents", settlement), fmt.Sprintf("/settlements/%d/changes", settlement),
		fmt.Sprintf("/settlements/%d/history", settlement), fmt.Sprintf("/settlements/%d/compare", settlement), fmt.Sprintf("/entries/%d", entry), fmt.Sprintf("/entries/%d/lines/1", entry), "/search?q=1", "/preferences",
		"/flows", fmt.Sprintf("/flows/orders/%d", connection), fmt.Sprintf("/flows/orders/%d/mapping", connection), "/orders", "/orders?state=exception", "/products",
		fmt.Sprintf("/flows/inventory/%d", connection), fmt.Sprintf("/flows/returns/%d/mapping", connection), "/shipments", "/inventory", "/returns"}
	exports := []string{"/unsettled/export.xlsx", "/cost/export.xlsx", "/rules/backtest/export.xlsx", fmt.Sprintf("/settlements/%d/export.xlsx", settlement), fmt.Sprintf("/entries/%d/export.xlsx", entry)}
	books = append(books, "/close", "/close?state=open", fmt.Sprintf("/close/%d/2026-10", connection))
	exports = append(exports, "/close/export.xlsx", fmt.Sprintf("/close/%d/2026-10/export.xlsx", connection))
	administration := []string{"/admin/connections", fmt.Sprintf("/admin/connections/%d", connection), "/admin/people", "/admin/policies", "/admin/alerts", "/admin/personal"}
	people := []struct {
		name                           string
		exports, administration, audit bool
		uploads, creates               bool
	}{
		{"amy.accountant", true, false, false, true, false},
		{"adam.admin", false, true, true, false, true},
		{"audrey.auditor", true, true, true, false, false},
		{"vera.viewer", false, false, false, false, false},
	}
	for _, p := range people {
		tab := s.signIn(t, p.name)
		for _, path := range books {
			expect(tab, p.name, path, true)
		}
		for _, path := range exports {
			expect(tab, p.name, path, p.exports)
		}
		for _, path := range administration {
			expect(tab, p.name, path, p.administration)
		}
		expect(tab, p.name, "/admin/audit", p.audit)
		expect(tab, p.name, "/settlements/upload", p.uploads)
		expect(tab, p.name, "/admin/connections/new", p.creates)
	}
}

// TestTheFirstPageSaysWhatToDoFirst opens a program that nobody configured yet.
func TestTheFirstPageSaysWhatToDoFirst(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, false)
	for who, advice := range map[string]string{"adam.admin": "Create the first connection", "amy.accountant": "An administrator connects Amazon"} {
		require.Contains(t, s.signIn(t, who).text(), advice)
	}
	require.NoError(t, s.furnish(t.Context(), s.sandbox))
	tab := s.signIn(t, "amy.accountant")
	require.Contains(t, tab.text(), "Upload reports")
	for _, page := range []string{"/settlements", "/entries", "/exceptions", "/rules", "/search?q=1"} {
		expect(tab, "amy.accountant", page, true)
	}
}

func expect(b *tab, who, path string, allowed bool) {
	b.t.Helper()
	answer := b.request(http.MethodGet, path, "")
	body, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	want := http.StatusForbidden
	if allowed {
		want = http.StatusOK
	}
	require.Equal(b.t, want, answer.StatusCode, "%s opens %s", who, path)
	for _, secret := range b.s.writeOnly() {
		require.NotContains(b.t, string(body), secret, path)
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
		require.Contains(b.t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Empty(b.t, webtest.Unsafe(string(body)), path)
	}
}

// writeOnly are the secrets that people type and no page gives back.
func (s *site) writeOnly() []string {
	secrets := []string{"plain-secret", s.config.VaultKey.Reveal(), s.config.OIDCClientSecret.Reveal()}
	for _, side := range s.sandbox.Connections() {
		secrets = append(secrets, side.ClientSecret, side.RefreshToken, side.P21Password, side.QueueSecret)
	}
	return slices.DeleteFunc(secrets, func(text string) bool { return text == "" })
}

// TestAdministrationAndRulesByTheirForms changes settings, rates, policies and
// rules as people do, with the refusals beside them.
func TestAdministrationAndRulesByTheirForms(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.eventually(t, `SELECT count(*) > 5 FROM journal_entry WHERE status = 'draft'`)
	connection := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	amy, carl, adam := s.signIn(t, "amy.accountant"), s.signIn(t, "carl.controller"), s.signIn(t, "adam.admin")
	post := func(b *tab, path, form string, want int) {
		t.Helper()
		answer := b.request(http.MethodPost, path, form)
		body, _ := io.ReadAll(answer.Body) // what it says is for the message below
		require.Equal(t, want, answer.StatusCode, "%s %s: %.2000s", path, form, body)
	}
	set := func() string {
		return fmt.Sprintf("set=%d.%d.%d", connection, s.number(t, `SELECT id FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted')`, connection),
			s.number(t, `SELECT version FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted')`, connection))
	}
	post(carl, "/rules/begin", fmt.Sprintf("set=%d.0.0", connection), http.StatusForbidden)
	post(amy, "/rules/begin", fmt.Sprintf("set=%d.0.0", connection), http.StatusSeeOther)
	post(amy, "/rules/add", set()+"&category=fba_fees&account=6120-000&sign=0", http.StatusUnprocessableEntity)
	post(amy, "/rules/add", set()+"&transaction_type=FBAFees&amount_type=Seasonal*&category=fba_fees&account=6120-000&sign=0&position=1", http.StatusSeeOther)
	stale := set()
	post(amy, "/rules/accounts", set()+"&slot-sales=4110-000", http.StatusSeeOther)
	post(amy, "/rules/accounts", stale+"&slot-sales=4120-000", http.StatusConflict)
	post(amy, "/rules/submit", set(), http.StatusSeeOther)
	post(amy, "/rules/publish", set(), http.StatusForbidden)
	post(carl, "/rules/publish", set(), http.StatusSeeOther)
	require.EqualValues(t, 2, s.number(t, `SELECT number FROM rule_set WHERE connection_id = $1 AND state = 'published'`, connection))

	post(amy, "/admin/rates", "rates=2026-11-20,GBP,USD,1.2715%0A2026-11-2x,GBP,USD,1", http.StatusUnprocessableEntity)
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM exchange_rate`), "all or nothing")
	post(amy, "/admin/rates", "rates=2026-11-20,GBP,USD,1.2715", http.StatusSeeOther)
	post(amy, fmt.Sprintf("/admin/policies/%d", connection), "version=2", http.StatusForbidden)
	version := s.number(t, `SELECT version FROM policy WHERE connection_id = $1`, connection)
	post(adam, fmt.Sprintf("/admin/policies/%d", connection), fmt.Sprintf("version=%d&second_approval_from=100&fresh_sign_in_minutes=10&closed_period=exception&rate_source=deposit_date&rounding_limit=1", version), http.StatusSeeOther)
	require.EqualValues(t, 10, s.number(t, `SELECT fresh_sign_in_minutes FROM policy WHERE connection_id = $1`, connection))
	post(adam, "/admin/audit/verify", "", http.StatusSeeOther)
	post(adam, fmt.Sprintf("/admin/connections/%d/test", connection), "", http.StatusOK)
	post(amy, fmt.Sprintf("/admin/connections/%d/subscribe", connection), "", http.StatusForbidden)
	post(adam, fmt.Sprintf("/admin/connections/%d/subscribe", connection), "", http.StatusSeeOther)
	s.eventually(t, `SELECT count(*) > 0 FROM notice_queue WHERE connection_id = $1 AND read_at IS NOT NULL`, connection)
	page, err := io.ReadAll(adam.request(http.MethodGet, fmt.Sprintf("/admin/connections/%d", connection), "").Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "The queue answers")
}
