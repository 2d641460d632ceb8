package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/identity"
)

// examples are, by what stands for an object in a route, the path of one of a
// connection's objects. An empty answer: the connection has none.
var examples = []struct{ route, query string }{
	{"/accruals/:id", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/admin/alerts/:id", `SELECT NULL::text WHERE $1::bigint > 0`}, {"/admin/alerts/messages/:id", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/admin/connections/:id", `SELECT '/admin/connections/' || $1::bigint`},
	{"/admin/policies/:id", `SELECT '/admin/policies/' || $1::bigint`},
	{"/admin/rates/sources/:id", `SELECT '/admin/rates/sources/' || $1::bigint`},
	{"/admin/rates/:id", `SELECT '/admin/rates/' || min(id) FROM exchange_rate WHERE connection_id = $1`},
	{"/close/:connection/:period", `SELECT '/close/' || connection_id || '/' || fiscal_year || '-' || lpad(number::text, 2, '0') FROM fiscal_period WHERE connection_id = $1 ORDER BY starts_on DESC LIMIT 1`},
	{"/cost/:id", `SELECT '/cost/' || min(id) FROM cost_count WHERE connection_id = $1`},
	{"/entries/:id/attachments/:document", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/entries/:id", `SELECT '/entries/' || min(id) FROM journal_entry WHERE connection_id = $1 AND settlement_id IS NOT NULL`},
	{"/exceptions/:id", `SELECT '/exceptions/' || min(id) FROM exception WHERE connection_id = $1`},
	{"/flows/:name/:connection", `SELECT '/flows/orders/' || $1::bigint`},
	{"/products/:sku", `SELECT '/products/' || min(sku) || '?connection=' || $1::bigint FROM listing WHERE connection_id = $1`},
	{"/products/workbook/:connection", `SELECT '/products/workbook/' || $1::bigint`},
	{"/receivable/:connection/:order", `SELECT '/receivable/' || connection_id || '/' || order_id FROM open_item WHERE connection_id = $1 LIMIT 1`},
	{"/reconciliation/accounts/:id", `SELECT '/reconciliation/accounts/' || min(bank_account_id) FROM bank_account_connection a WHERE connection_id = $1 AND NOT EXISTS (SELECT FROM bank_account_connection o WHERE o.bank_account_id = a.bank_account_id AND o.connection_id <> $1)`},
	{"/reconciliation/deposits/lines/:id", `SELECT NULL::text WHERE $1::bigint > 0`}, {"/reconciliation/deposits/matches/:id", `SELECT NULL::text WHERE $1::bigint > 0`}, {"/reconciliation/statements/:id", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/reconciliation/items/:id", `SELECT '/reconciliation/items/' || min(id) FROM reconciliation_item WHERE connection_id = $1`},
	{"/reconciliation/notes/:id", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/records/:id/documents/:document", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/records/:id", `SELECT '/records/' || min(id) FROM flow_record WHERE connection_id = $1`},
	{"/refunds/:id", `SELECT '/refunds/' || min(id) FROM refund_case WHERE connection_id = $1`},
	{"/reimbursements/:id", `SELECT '/reimbursements/' || min(id) FROM loss_case WHERE connection_id = $1`},
	{"/rules/backtest/kinds/:id", `SELECT '/rules/backtest/kinds/' || min(id) FROM kind WHERE connection_id = $1`},
	{"/rules/versions/:id", `SELECT '/rules/versions/' || min(id) FROM rule_set WHERE connection_id = $1`},
	{"/rules/:connection/upload", `SELECT '/rules/' || $1::bigint || '/upload'`},
	{"/rules/:id", `SELECT '/rules/' || min(m.id) FROM mapping_rule m JOIN rule_set s ON s.id = m.rule_set_id WHERE s.connection_id = $1`},
	{"/settlements/:id/cash/:entry", `SELECT NULL::text WHERE $1::bigint > 0`}, {"/settlements/:id/documents/:document", `SELECT '/settlements/' || id || '/documents/' || document_id FROM settlement WHERE connection_id = $1 LIMIT 1`},
	{"/settlements/upload/:task", `SELECT NULL::text WHERE $1::bigint > 0`},
	{"/settlements/:id", `SELECT '/settlements/' || min(settlement_id) FROM journal_entry WHERE connection_id = $1`},
	{"/tasks/:id", `SELECT '/tasks/' || min(id) FROM task WHERE connection_id = $1`},
	{"/unsettled/:id", `SELECT '/unsettled/' || min(id) FROM finance_transaction WHERE connection_id = $1`},
}

// nobodys are routes of which no connection is the owner.
var nobodys = []string{"/admin/people/:id", "/lists/:list", "/reconciliation/:name"}

var routeText = regexp.MustCompile(`\{(GET|POST), "(/[^"]*)", (?:identity\.|signedIn)`)

// routesOf reads the table of routes where it is written.
func routesOf(t *testing.T) (list [][2]string) {
	t.Helper()
	files, err := filepath.Glob("../../app/web/*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range routeText.FindAllStringSubmatch(string(text), -1) {
			list = append(list, [2]string{found[1], found[2]})
		}
	}
	require.Greater(t, len(list), 180)
	return list
}

// TestSomebodyScopedSeesNothingOfAnotherConnection asks for every route about an
// object of their own connection, of another one, and about one that is not
// there, as somebody with every role. A new route needs an example.
func TestSomebodyScopedSeesNothingOfAnotherConnection(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	own := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	s.eventually(t, `SELECT count(DISTINCT connection_id) > 1 AND bool_or(connection_id = $1) FROM journal_entry WHERE status = 'draft'`, own)
	other := s.number(t, `SELECT min(connection_id) FROM journal_entry WHERE status = 'draft' AND connection_id <> $1`, own)
	require.NoError(t, s.identity.SetGroupRoles(t.Context(), audit.Job("test"), s.group(t, "adam.admin"), identity.AllRoles()))
	adam, err := newClerk(t.Context(), s.url, s.sandbox.Issuer, "adam.admin")
	require.NoError(t, err)
	adam.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := func(method, path string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
		require.NoError(t, err)
		r.Header.Set("Origin", s.url)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := adam.client.Do(r)
		require.NoError(t, err)
		defer func() { require.NoError(t, answer.Body.Close()) }()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, unpacked(t, body)
	}
	_, all := ask(GET, "/settlements")
	secrets := s.texts(t, `SELECT title FROM connection WHERE id <> $1 UNION SELECT amazon_id FROM settlement WHERE connection_id <> $1
		UNION SELECT reference FROM journal_entry WHERE connection_id <> $1 UNION SELECT seller_id FROM connection WHERE id <> $1`, own)
	require.True(t, slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(all, secret) }), "everybody sees all connections at first")

	person := s.number(t, `SELECT id FROM person WHERE name ILIKE 'adam%'`)
	_, err = adam.post(t.Context(), fmt.Sprintf("/admin/people/%d/connections", person), url.Values{"scoped": {"1"}, fmt.Sprintf("connection-%d", own): {"1"}})
	var led *refusal
	require.ErrorAs(t, err, &led)
	require.Equal(t, http.StatusSeeOther, led.status, led.page)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM audit_event WHERE action = 'set the connections of a person' AND after ->> 'Scoped' = 'true' AND before ->> 'Scoped' = 'false'`))

	reveals := func(name, body string) {
		for _, secret := range secrets {
			if strings.Contains(body, secret) {
				t.Errorf("%s tells %q of another connection", name, secret)
			}
		}
	}
	_, err = s.pool.Exec(t.Context(), `INSERT INTO task (connection_id, kind, title, unit, state, finished_at) SELECT id, 'import', title, 'lines', 'done', now() FROM connection`)
	require.NoError(t, err)
	amy, err := s.identity.Get(t.Context(), person)
	require.NoError(t, err)
	shown, err := chrome{s.program}.Frame(amy.Context(t.Context()), amy, 0)
	require.NoError(t, err)
	require.Len(t, shown.Connections, 1)
	require.EqualValues(t, s.number(t, `SELECT count(*) FROM exception WHERE connection_id = $1 AND state = 'open'`, own), shown.Exceptions)
	opened := 0
	for _, route := range routesOf(t) {
		method, pattern := route[0], route[1]
		if !strings.Contains(pattern, ":") {
			if method == GET {
				for _, query := range []string{"", fmt.Sprintf("?connection=%d", other), "?q=" + url.QueryEscape(secrets[0])} {
					status, body := ask(method, pattern+query)
					if query == "" && status >= 500 {
						t.Errorf("%s answers %d", pattern, status)
					}
					if query == "?q="+url.QueryEscape(secrets[0]) { // the page repeats what was typed
						body = strings.ReplaceAll(body, secrets[0], "")
					}
					reveals(pattern+query, body)
				}
			}
			continue
		}
		if slices.ContainsFunc(nobodys, func(prefix string) bool { return strings.HasPrefix(pattern, prefix) }) {
			continue
		}
		at := slices.IndexFunc(examples, func(e struct{ route, query string }) bool {
			return pattern == e.route || strings.HasPrefix(pattern, e.route+"/")
		})
		if at < 0 {
			t.Errorf("%s %s has no example of an object", method, pattern)
			continue
		}
		path := func(connection int64) string {
			var object *string
			err := s.pool.QueryRow(t.Context(), examples[at].query, connection).Scan(&object)
			if errors.Is(err, pgx.ErrNoRows) {
				return ""
			}
			require.NoError(t, err, pattern)
			if object == nil {
				return ""
			}
			path, query, _ := strings.Cut(*object, "?")
			rest := strings.NewReplacer(":line", "1", ":what", "x").Replace(strings.TrimPrefix(pattern, examples[at].route))
			if query != "" {
				rest += "?" + query
			}
			return path + rest
		}
		if mine := path(own); mine != "" && method == GET {
			status, body := ask(method, mine)
			if status >= 500 {
				t.Errorf("%s answers %d to its own person", mine, status)
			}
			if status == http.StatusOK {
				opened++
			}
			reveals(mine, body)
		}
		if theirs := path(other); theirs != "" {
			status, body := ask(method, theirs)
			refused := status == http.StatusNotFound || method == POST && status >= 400 && status < 500
			if !refused {
				t.Errorf("%s %s of another connection answers %d", method, theirs, status)
			}
			reveals(theirs, body)
		}
		absent := regexp.MustCompile(`:(id|connection|document|order|task|entry)`).ReplaceAllString(pattern, "999999999")
		absent = strings.NewReplacer(":line", "1", ":sku", "none", ":name", "orders", ":period", "2026-10").Replace(absent)
		if pattern == "/products/:sku" { // a SKU that nobody sells can be mapped
			continue
		}
		if status, _ := ask(method, absent); status < 400 || status >= 500 {
			t.Errorf("%s %s, which is not there, answers %d", method, absent, status)
		}
	}
	require.Greater(t, opened, 20)
	status, _ := ask(GET, "/admin/connections/new")
	require.Equal(t, http.StatusForbidden, status)
	worksOnTheirOwn(t, s, adam, own, other)
}

// worksOnTheirOwn has somebody who sees one connection do there what changes
// rows, and try the same elsewhere.
func worksOnTheirOwn(t *testing.T, s *site, person *clerk, own, other int64) {
	t.Helper()
	post := func(path string, form url.Values, want int) {
		t.Helper()
		_, err := person.post(t.Context(), path, form)
		var answer *refusal
		require.ErrorAs(t, err, &answer, path)
		require.Equal(t, want, answer.status, "%s: %s", path, answer.page)
	}
	entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE connection_id = $1 AND status = 'draft'`, own)
	exception := s.number(t, `SELECT min(id) FROM exception WHERE connection_id = $1 AND state = 'open'`, own)
	post("/preferences/theme", url.Values{"theme": {"dark"}}, http.StatusSeeOther)
	post(fmt.Sprintf("/entries/%d/comment", entry), url.Values{"body": {"Looks right."}}, http.StatusSeeOther)
	post(fmt.Sprintf("/exceptions/%d/comment", exception), url.Values{"body": {"Asked."}}, http.StatusSeeOther)
	post(fmt.Sprintf("/entries/%d/submit", entry), url.Values{"version": {fmt.Sprint(s.number(t, `SELECT row_version FROM journal_entry WHERE id = $1`, entry))}}, http.StatusSeeOther)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM journal_entry WHERE id = $1 AND status <> 'draft'`, entry))
	post("/rules/begin", url.Values{"set": {fmt.Sprintf("%d.0.0", own)}}, http.StatusSeeOther)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM rule_set WHERE connection_id = $1 AND state = 'draft'`, own))
	post("/rules/begin", url.Values{"set": {fmt.Sprintf("%d.0.0", other)}}, http.StatusNotFound)
	account := url.Values{"name": {"Second"}, "number": {"77"}, "currency": {"USD"}, "gl_account": {"1010-000"}, fmt.Sprintf("connection-%d", own): {"on"}}
	post("/reconciliation/accounts", account, http.StatusSeeOther)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM bank_account a JOIN bank_account_connection c ON c.bank_account_id = a.id WHERE a.name = 'Second' AND c.connection_id = $1`, own))
}

// GET and POST are what routes are asked with.
const (
	GET  = http.MethodGet
	POST = http.MethodPost
)

// unpacked returns what a workbook or archive holds as one text.
func unpacked(t *testing.T, body []byte) string {
	t.Helper()
	if !bytes.HasPrefix(body, []byte("PK")) {
		return string(body)
	}
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range archive.File {
		in, err := file.Open()
		require.NoError(t, err)
		_, err = io.Copy(&all, in)
		require.NoError(t, err)
	}
	return all.String()
}

func (s *site) texts(t *testing.T, query string, args ...any) (list []string) {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), query, args...)
	require.NoError(t, err)
	list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}

// group is the one that gives somebody a role.
func (s *site) group(t *testing.T, who string) string {
	t.Helper()
	for _, p := range s.sandbox.People() {
		if p.Username == who {
			return p.Groups()[0]
		}
	}
	require.Fail(t, "nobody is called "+who)
	return ""
}
