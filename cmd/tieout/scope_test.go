package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
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
)

// examples are, by what stands for an object in a route, the path of one of a
// connection's objects. An empty answer: the connection has none.
var examples = []struct{ route, query string }{
	{"/accruals/:id", `SELECT '/accruals/' || min(id) FROM journal_entry WHERE connection_id = $1 AND entry_type = 'accrual'`},
	{"/admin/alerts/:id", `SELECT '/admin/alerts/' || min(id) FROM alert_channel WHERE connection_ids = ARRAY[$1::bigint]`}, {"/admin/alerts/messages/:id", `SELECT '/admin/alerts/messages/' || min(m.id) FROM alert_message m JOIN alert_channel c ON c.id = m.channel_id WHERE c.connection_ids = ARRAY[$1::bigint]`},
	{"/admin/connections/:id", `SELECT '/admin/connections/' || $1::bigint`},
	{"/admin/policies/:id", `SELECT '/admin/policies/' || $1::bigint`},
	{"/admin/rates/sources/:id", `SELECT '/admin/rates/sources/' || $1::bigint`},
	{"/admin/rates/:id", `SELECT '/admin/rates/' || min(id) FROM exchange_rate WHERE connection_id = $1`},
	{"/close/:connection/:period", `SELECT '/close/' || connection_id || '/' || fiscal_year || '-' || lpad(number::text, 2, '0') FROM fiscal_period WHERE connection_id = $1 ORDER BY starts_on DESC LIMIT 1`},
	{"/cost/:id", `INSERT INTO cost_count (connection_id, fiscal_year, period) VALUES ($1, 2020, 1) ON CONFLICT (connection_id, settlement_id, fiscal_year, period) DO UPDATE SET moves = 0 RETURNING '/cost/' || id`},
	{"/entries/:id/attachments/:document", `SELECT '/entries/' || e.id || '/attachments/' || a.document_id FROM attachment a JOIN journal_entry e ON e.id = a.entry_id WHERE e.connection_id = $1 LIMIT 1`},
	{"/entries/:id", `SELECT '/entries/' || min(id) FROM journal_entry WHERE connection_id = $1 AND settlement_id IS NOT NULL`},
	{"/exceptions/:id", `SELECT '/exceptions/' || min(id) FROM exception WHERE connection_id = $1`},
	{"/flows/:name/:connection", `SELECT '/flows/orders/' || $1::bigint`},
	{"/products/:sku", `SELECT '/products/' || min(sku) || '?connection=' || $1::bigint FROM listing WHERE connection_id = $1`},
	{"/products/workbook/:connection", `SELECT '/products/workbook/' || $1::bigint`},
	{"/receivable/:connection/:order", `INSERT INTO open_item (connection_id, order_id, currency, invoiced, credited, bills, numbers, settled, principal, tax, shipping, promotion, refund, difference, state, cause, tolerance) VALUES ($1, 'none', 'USD', 0, 0, 0, '{}', false, 0, 0, 0, 0, 0, 0, 'open', '', 0) ON CONFLICT (connection_id, order_id, currency) DO UPDATE SET bills = 0 RETURNING '/receivable/' || connection_id || '/' || order_id`},
	{"/reconciliation/accounts/:id", `SELECT '/reconciliation/accounts/' || min(bank_account_id) FROM bank_account_connection a WHERE connection_id = $1 AND NOT EXISTS (SELECT FROM bank_account_connection o WHERE o.bank_account_id = a.bank_account_id AND o.connection_id <> $1)`},
	{"/reconciliation/deposits/lines/:id", `SELECT '/reconciliation/deposits/lines/' || min(l.id) FROM bank_line l JOIN bank_account_connection c USING (bank_account_id) WHERE c.connection_id = $1`}, {"/reconciliation/deposits/matches/:id", `SELECT '/reconciliation/deposits/matches/' || min(p.match_id) FROM deposit_match_part p JOIN settlement s ON s.id = p.settlement_id WHERE s.connection_id = $1`}, {"/reconciliation/statements/:id", `SELECT '/reconciliation/statements/' || min(s.document_id) FROM bank_statement s JOIN bank_account_connection c USING (bank_account_id) WHERE c.connection_id = $1`},
	{"/reconciliation/items/:id", `SELECT '/reconciliation/items/' || min(id) FROM reconciliation_item WHERE connection_id = $1`},
	{"/reconciliation/notes/:id", `SELECT '/reconciliation/notes/' || min(id) FROM reconciliation_note WHERE connection_id = $1`},
	{"/records/:id/documents/:document", `SELECT '/records/' || r.id || '/documents/' || c.document_id FROM flow_record r JOIN flow_content c ON c.record_id = r.id WHERE r.connection_id = $1 LIMIT 1`},
	{"/records/:id", `SELECT '/records/' || min(id) FROM flow_record WHERE connection_id = $1`},
	{"/refunds/:id", `INSERT INTO refund_case (connection_id, order_id, sku, finding, currency, amount, units, since, seen_at) VALUES ($1, 'none', 'none', 'not_returned', 'USD', 1, 0, now(), now()) ON CONFLICT (connection_id, order_id, sku, finding, currency) DO UPDATE SET seen_at = now() RETURNING '/refunds/' || id`},
	{"/reimbursements/:id", `INSERT INTO loss_case (connection_id, sku, country, cause, on_day, due_on, units, found, paid_units, cost_currency, price_currency, seen_at) VALUES ($1, 'none', 'US', 'lost', '2026-11-01', '2026-12-31', 1, 0, 0, '', '', now()) ON CONFLICT (connection_id, sku, country, cause, on_day) DO UPDATE SET seen_at = now() RETURNING '/reimbursements/' || id`},
	{"/rules/backtest/kinds/:id", `SELECT '/rules/backtest/kinds/' || min(id) FROM kind WHERE connection_id = $1`},
	{"/rules/versions/:id", `SELECT '/rules/versions/' || min(id) FROM rule_set WHERE connection_id = $1`},
	{"/rules/:connection/upload", `SELECT '/rules/' || $1::bigint || '/upload'`},
	{"/rules/:id", `SELECT '/rules/' || min(m.id) FROM mapping_rule m JOIN rule_set s ON s.id = m.rule_set_id WHERE s.connection_id = $1`},
	{"/settlements/:id/cash/:entry", `SELECT '/settlements/' || c.settlement_id || '/cash/' || c.id FROM cash_entry c JOIN settlement s ON s.id = c.settlement_id WHERE s.connection_id = $1 LIMIT 1`}, {"/settlements/:id/documents/:document", `SELECT '/settlements/' || id || '/documents/' || document_id FROM settlement WHERE connection_id = $1 LIMIT 1`},
	{"/settlements/upload/:task", `SELECT '/settlements/upload/' || min(id) FROM task WHERE connection_id = $1`},
	{"/settlements/:id", `SELECT '/settlements/' || min(settlement_id) FROM journal_entry WHERE connection_id = $1`},
	{"/tasks/:id", `SELECT '/tasks/' || min(id) FROM task WHERE connection_id = $1`},
	{"/unsettled/:id", `SELECT '/unsettled/' || min(id) FROM finance_transaction WHERE connection_id = $1`},
}

// nobodys are routes of which no connection is the owner.
var nobodys = []string{"/admin/people/:id", "/lists/:list", "/reconciliation/:name"}

var routeText = regexp.MustCompile(`\{(GET|POST), "(/[^"]*)", (?:identity\.|signedIn)`)

// example is the path of one of a connection's objects for a route; empty when it
// has none. A route without parameters is its own example.
func (s *site) example(t testing.TB, pattern string, connection int64) (path string, known bool) {
	t.Helper()
	if !strings.Contains(pattern, ":") {
		return pattern, true
	}
	at := slices.IndexFunc(examples, func(e struct{ route, query string }) bool {
		return pattern == e.route || strings.HasPrefix(pattern, e.route+"/")
	})
	if at < 0 {
		return "", false
	}
	var object *string
	err := s.pool.QueryRow(t.Context(), examples[at].query, connection).Scan(&object)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", true
	}
	require.NoError(t, err, pattern)
	if object == nil {
		return "", true
	}
	path, query, _ := strings.Cut(*object, "?")
	path += strings.NewReplacer(":line", "1", ":what", "x").Replace(strings.TrimPrefix(pattern, examples[at].route))
	if query != "" {
		path += "?" + query
	}
	return path, true
}

// routesOf reads the table of routes where it is written.
func routesOf(t testing.TB) (list [][2]string) {
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
	adam := s.everybody(t)
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
	s.furnishForScope(t, adam, own, other)
	theirs := &typist{site: s, t: t, person: adam, own: other, routes: routesOf(t), filter: fmt.Sprintf("connection=%d", other), reset: func() {}, random: rand.New(rand.NewPCG(1, 1))}
	theirs.learn(false)
	_, all := ask(GET, "/settlements")
	secrets := s.texts(t, `SELECT title FROM connection WHERE id <> $1 UNION SELECT amazon_id FROM settlement WHERE connection_id <> $1
		UNION SELECT reference FROM journal_entry WHERE connection_id <> $1 UNION SELECT seller_id FROM connection WHERE id <> $1`, own)
	require.True(t, slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(all, secret) }), "everybody sees all connections at first")

	person := s.number(t, `SELECT id FROM person WHERE name ILIKE 'adam%'`)
	_, err := adam.post(t.Context(), fmt.Sprintf("/admin/people/%d/connections", person), url.Values{"scoped": {"1"}, fmt.Sprintf("connection-%d", own): {"1"}})
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
	amy, err := s.identity.Get(t.Context(), person)
	require.NoError(t, err)
	shown, err := chrome{s.program}.Frame(amy.Context(t.Context()), amy, 0)
	require.NoError(t, err)
	require.Len(t, shown.Connections, 1)
	require.EqualValues(t, s.number(t, `SELECT count(*) FROM exception WHERE connection_id = $1 AND state = 'open'`, own), shown.Exceptions)
	opened, mark := 0, s.number(t, `SELECT max(seq) FROM audit_event`)
	formless := s.formless(t, other)
	var bare []string // routes of which there is no object of another connection
	for _, route := range routesOf(t) {
		method, pattern := route[0], route[1]
		if !strings.Contains(pattern, ":") {
			if method == POST {
				theirs.sendsAsTheyStand(pattern, formless, reveals)
			}
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
		path := func(connection int64) string {
			path, known := s.example(t, pattern, connection)
			if !known {
				t.Errorf("%s %s has no example of an object", method, pattern)
			}
			return path
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
		if path(other) == "" && !slices.Contains(bare, examplesOf(pattern)) {
			bare = append(bare, examplesOf(pattern))
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
	bare = slices.DeleteFunc(bare, func(route string) bool { return route == "/accruals/:id" }) // entries that there are near a month's end only
	require.Empty(t, bare, "there is no object of another connection")
	require.Empty(t, s.texts(t, `SELECT action || ' ' || object_type || ' ' || object_id FROM audit_event WHERE seq > $1 AND actor_id = $2 AND connection_id IS NOT NULL AND connection_id <> $3`, mark, person, own),
		"a form about another connection did something there")
	status, _ := ask(GET, "/admin/connections/new")
	require.Equal(t, http.StatusForbidden, status)
	worksOnTheirOwn(t, s, adam, own, other)

	_, err = s.pool.Exec(t.Context(), `UPDATE person SET scoped = false WHERE id = $1`, person)
	require.NoError(t, err)
	s.typeWhatever(t, adam, other, theirs.forms, 1, 0)
}

// examplesOf is what stands for the object of a route.
func examplesOf(pattern string) string {
	at := slices.IndexFunc(examples, func(e struct{ route, query string }) bool {
		return pattern == e.route || strings.HasPrefix(pattern, e.route+"/")
	})
	return examples[at].route
}

// furnishForScope gives both connections one of everything that a demonstration
// has not.
func (s *site) furnishForScope(t *testing.T, person *clerk, connections ...int64) {
	t.Helper()
	for _, id := range connections {
		for _, statement := range []string{
			`INSERT INTO task (connection_id, kind, title, unit, state, finished_at) SELECT id, 'import', title, 'lines', 'done', now() FROM connection WHERE id = $1`,
			`INSERT INTO alert_channel (kind, name, address, occasions, connection_ids) SELECT 'mail', 'finance ' || title, 'finance@example.com', '{}', ARRAY[id] FROM connection WHERE id = $1`,
			`INSERT INTO alert_message (channel_id, key, state, created_at) SELECT id, 'key of ' || id, 'failed', now() FROM alert_channel WHERE connection_ids = ARRAY[$1::bigint]`,
			`WITH c AS (INSERT INTO cash_entry (settlement_id, reference, orders, amount, entered_by, entered_at) SELECT max(s.id), 'CR-1', 1, 1, max(p.id), now() FROM settlement s, person p WHERE s.connection_id = $1 RETURNING id, settlement_id)
				INSERT INTO cash_entry_order (entry_id, settlement_id, order_id, amount) SELECT id, settlement_id, '111-1', 1 FROM c`,
			`INSERT INTO reconciliation_note (connection_id, name, key, currency, amount, units, reason, written_by, written_at)
				SELECT connection_id, name, key, currency, difference, units, 'It is so.', (SELECT max(id) FROM person), now() FROM reconciliation_item WHERE connection_id = $1 LIMIT 1`,
			`WITH s AS (SELECT id, currency, deposit FROM settlement WHERE connection_id = $1 AND deposit > 0 ORDER BY id DESC LIMIT 1),
				m AS (INSERT INTO deposit_match (currency, rule, reason, difference, matched_at) SELECT currency, 'hand', 'It is so.', 'Nothing came.', now() FROM s RETURNING id)
				INSERT INTO deposit_match_part (match_id, position, settlement_id, amount) SELECT m.id, 1, s.id, s.deposit FROM m, s`,
		} {
			_, err := s.pool.Exec(t.Context(), statement, id)
			require.NoError(t, err, statement)
		}
		entry := s.number(t, `SELECT min(id) FROM journal_entry WHERE connection_id = $1 AND settlement_id IS NOT NULL`, id)
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("file", "why.txt")
		require.NoError(t, err)
		_, err = fmt.Fprintf(part, "because %d", id)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		_, err = person.send(t.Context(), POST, fmt.Sprintf("%s/entries/%d/attachments", s.url, entry), w.FormDataContentType(), &body)
		var led *refusal
		require.ErrorAs(t, err, &led)
		require.Equal(t, http.StatusSeeOther, led.status, led.page)
		_, err = person.post(t.Context(), "/admin/rates", url.Values{"connection": {fmt.Sprint(id)}, "rates": {"2026-11-20,GBP,USD,1.2715"}, "reason": {"typed"}})
		require.ErrorAs(t, err, &led)
		require.Equal(t, http.StatusSeeOther, led.status, led.page)
	}
}

// formless are forms that no page of a connection shows at once: only after a
// file, once something is selected, or while there is a draft. They are about the
// connection's objects.
func (s *site) formless(t *testing.T, connection int64) map[string]url.Values {
	t.Helper()
	id := fmt.Sprint(connection)
	entry := fmt.Sprint(s.number(t, `SELECT min(id) FROM journal_entry WHERE connection_id = $1`, connection))
	reference := s.texts(t, `SELECT min(reference) FROM journal_entry WHERE connection_id = $1`, connection)[0]
	item := s.texts(t, `SELECT min(id) || '.' || min(difference) FROM reconciliation_item WHERE connection_id = $1`, connection)[0]
	rule := fmt.Sprint(s.number(t, `SELECT min(m.id) FROM mapping_rule m JOIN rule_set r ON r.id = m.rule_set_id WHERE r.connection_id = $1`, connection))
	set := fmt.Sprintf("%d.%d.1", connection, s.number(t, `SELECT max(id) FROM rule_set WHERE connection_id = $1`, connection))
	sheet := base64.StdEncoding.EncodeToString([]byte("reference,debit,functional_debit,p21_number\n" + reference + ",1,1,77\n"))
	rates := base64.StdEncoding.EncodeToString([]byte("Day,From,To,Rate\n2026-11-21,GBP,USD,1.2\n"))
	list := map[string]url.Values{
		"/entries/by-hand/take": {"entry": {entry}}, "/entries/by-hand/confirm": {"entry": {entry}}, "/entries/by-hand/read": {"entry": {entry}}, "/entries/by-hand/upload": {}, "/entries/by-hand/upload/apply": {"book": {sheet}, "": {reference}},
		"/products/workbook/apply": {"connection": {id}, "book": {sheet}, "plan": {"x"}}, "/admin/rates/upload/apply": {"connection": {id}, "book": {rates}, "reason": {"typed"}},
		"/reconciliation/items/explain": {"item": {item}, "reason": {"It is so."}}, "/revaluation/draft": {"of": {id}, "period": {"2026-10"}, "currency": {"GBP"}},
		"/rules/add": {"set": {set}, "category": {"fba_fees"}, "account": {"6120-000"}, "transaction_type": {"X"}}, "/rules/edit": {"set": {set}, "rule": {rule}, "account": {"6120-000"}}, "/rules/order": {"set": {set}, "order": {rule}}, "/rules/workbook": {"set": {set}, "book": {sheet}},
	}
	for _, action := range []string{"submit", "withdraw", "discard", "publish"} {
		list["/rules/"+action] = url.Values{"set": {set}}
	}
	return list
}

// sendsAsTheyStand sends the forms that pages about another connection showed.
func (y *typist) sendsAsTheyStand(pattern string, formless map[string]url.Values, reveals func(name, body string)) {
	forms := y.forms[pattern]
	if values, known := formless[pattern]; known {
		forms = append(forms, form{action: pattern, values: values})
	}
	if len(forms) == 0 {
		y.t.Errorf("POST %s: no page of another connection has a form of it; add one to the list", pattern)
	}
	for _, f := range forms[:min(len(forms), 3)] {
		body, kind := strings.NewReader(f.values.Encode()), "application/x-www-form-urlencoded"
		if f.many {
			body, kind = y.parts(f)
		}
		status, page := y.exchange(POST, f.action, kind, body)
		if status >= 500 {
			y.t.Errorf("POST %s about another connection answers %d", f.action, status)
		}
		reveals("POST "+f.action, without(page, f.values.Get(""))) // a refusal may repeat what was sent
	}
}

// without takes a text out of a page.
func without(page, text string) string {
	if text == "" {
		return page
	}
	return strings.ReplaceAll(page, text, "")
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
