package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/money"
)

// TestRulesAreEditedInExcelAndComeBackInTheBrowser exports the rules, edits the
// file, looks at the preview, saves it and exports again.
func TestRulesAreEditedInExcelAndComeBackInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, true)
	connection := s.connection(t, "us")
	amy := s.signIn(t, "amy.accountant")
	require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/begin", fmt.Sprintf("set=%d.0.0", connection)).StatusCode)
	export := fmt.Sprintf("/rules/export.xlsx?connection=%d", connection)
	content := amy.download(export)

	upload := func(content []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "rules.xlsx")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		amy.open("/rules?connection=%d", connection)
		form := fmt.Sprintf(`form[action="/rules/%d/upload"]`, connection)
		amy.do(chromedp.SetUploadFiles(chromedp.CSS(form+" input[type=file]"), []string{path}), chromedp.Click(chromedp.CSS(form+" button")))
	}

	upload(content)
	amy.says("The workbook changes nothing.")

	upload(changed(t, content, "Rules", map[string]string{"F2": "upwards", "I3": "Groceries"}))
	amy.says("2 cells cannot be used.")
	amy.says("Groceries")
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'draft' AND r.category = 'groceries'`))

	upload(changed(t, content, "Rules", map[string]string{"K2": "4120-000"}))
	amy.says("Nothing is saved yet.")
	amy.says("account 4120-000")
	amy.press("/rules/workbook")
	amy.says("The draft is what the workbook says.")
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'draft' AND r.position = 1 AND r.account = '4120-000'`))
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'published' AND x.connection_id = $1 AND r.account = '4120-000'`, connection), "what is in use stays")

	upload(amy.download(export))
	amy.says("The workbook changes nothing.")

	vera := s.signIn(t, "vera.viewer")
	require.Equal(t, http.StatusForbidden, vera.request(http.MethodGet, export, "").StatusCode)
	require.Equal(t, http.StatusForbidden, vera.request(http.MethodPost, "/rules/workbook", "").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, amy.request(http.MethodPost, "/rules/workbook", fmt.Sprintf("set=%d.1.1&book=!!", connection)).StatusCode)
}

// download returns a file as the tab's person gets it.
func (b *tab) download(path string) []byte {
	b.t.Helper()
	answer := b.request(http.MethodGet, path, "")
	require.Equal(b.t, http.StatusOK, answer.StatusCode)
	content, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	return content
}

// changed sets cells of a workbook.
func changed(t *testing.T, content []byte, sheet string, values map[string]string) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(content))
	require.NoError(t, err)
	for cell, value := range values {
		require.NoError(t, book.SetCellStr(sheet, cell, value))
	}
	var out bytes.Buffer
	require.NoError(t, book.Write(&out))
	return out.Bytes()
}

// TestRulesAreEditedInPlaceAndDraggedInTheBrowser opens a rule in the side
// panel, moves rows by dragging, and sees who shadows whom.
func TestRulesAreEditedInPlaceAndDraggedInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	connection := s.connection(t, "us")
	s.eventually(t, `SELECT count(*) > 2 FROM settlement WHERE connection_id = $1`, connection)
	s.settled(t)
	amy := s.signIn(t, "amy.accountant")
	begin := func(from string) {
		t.Helper()
		require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/begin", fmt.Sprintf("set=%d.0.0&from=%s", connection, from)).StatusCode)
	}
	begin("")
	rule := func(position int) int64 {
		return s.number(t, `SELECT r.id FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.connection_id = $1 AND x.state = 'draft' AND r.position = $2`, connection, position)
	}
	at := func(id int64) int64 { return s.number(t, `SELECT position FROM mapping_rule WHERE id = $1`, id) }

	second, third := rule(2), rule(3)
	amy.open("/rules?connection=%d", connection)
	panel := `#panel form[action="/rules/edit"] `
	amy.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`a[href="/rules/%d/edit?connection=%d"]`, second, connection))), chromedp.WaitVisible(chromedp.CSS(panel+"[name=account]")),
		chromedp.SetValue(chromedp.CSS(panel+"[name=account]"), "4110-000"), chromedp.SetValue(chromedp.CSS(panel+"[name=position]"), "5"), chromedp.Click(chromedp.CSS(panel+"button[type=submit], "+panel+"button")))
	amy.says("The rule is saved.")
	require.EqualValues(t, 5, at(second))
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM mapping_rule WHERE id = $1 AND account = '4110-000'`, second))
	require.EqualValues(t, 2, at(third), "the others make room")
	_, err := s.pool.Exec(t.Context(), `UPDATE mapping_rule SET note = 'in use' WHERE id = (SELECT min(r.id) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'published')`)
	require.Error(t, err, "rules in use do not change")

	amy.open("/rules?connection=%d", connection)
	amy.do(chromedp.Evaluate[chromedp.Void](`(() => {
		const rows = document.querySelectorAll("tr[draggable=true]");
		const event = (kind, y) => new DragEvent(kind, { bubbles: true, cancelable: true, clientY: y });
		rows[2].dispatchEvent(event("dragstart", 0));
		rows[0].dispatchEvent(event("dragover", rows[0].getBoundingClientRect().top + 1));
		rows[2].dispatchEvent(event("dragend", 0));
	})()`))
	fourth := rule(3)
	s.eventually(t, `SELECT position = 1 FROM mapping_rule WHERE id = $1`, fourth)
	require.EqualValues(t, 3, at(third))

	set := fmt.Sprintf("set=%d.%d.%d", connection, s.number(t, `SELECT id FROM rule_set WHERE connection_id = $1 AND state = 'draft'`, connection), s.number(t, `SELECT version FROM rule_set WHERE connection_id = $1 AND state = 'draft'`, connection))
	require.Equal(t, http.StatusConflict, amy.request(http.MethodPost, "/rules/order", fmt.Sprintf("%s&order=%d&order=%d", set, second, third)).StatusCode, "rules that are missing are not lost")
	require.Equal(t, http.StatusForbidden, s.signIn(t, "vera.viewer").request(http.MethodPost, fmt.Sprintf("/rules/%d/delete", third), set).StatusCode)
	wrong := amy.request(http.MethodPost, "/rules/edit", fmt.Sprintf("%s&rule=%d&transaction_type=Order&category=nonsense&account=%s&note=typed+by+amy", set, second, "4110-000"))
	body, err := io.ReadAll(wrong.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, string(body), "Choose a category.")
	require.Contains(t, string(body), "typed by amy", "nothing typed is lost")
	fresh := amy.request(http.MethodPost, "/rules/add", set+"&transaction_type=*&category=sales&account=4110-000&note=typed+by+amy")
	body, err = io.ReadAll(fresh.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnprocessableEntity, fresh.StatusCode)
	require.Contains(t, string(body), "would hide what is new")
	require.Contains(t, string(body), "typed by amy")

	require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/add", set+"&transaction_type=Order&amount_type=ItemPrice&amount_description=Princ*&category=sales&account=4110-000&position=1").StatusCode)
	amy.open("/rules?connection=%d", connection)
	amy.says("hides kinds from rule")
	amy.says("to rule 1")
	draft := s.number(t, `SELECT id FROM rule_set WHERE connection_id = $1 AND state = 'draft'`, connection)
	amy.open("/rules/versions/%d", draft)
	amy.says("1 added, 1 changed")
	amy.open("/rules/%d/edit?connection=%d", third, connection)
	amy.press("/rules/%d/delete", third)
	amy.says("The rule is deleted.")
	amy.open("/rules/versions/%d", draft)
	amy.says("1 removed")

	carl := s.signIn(t, "carl.controller")
	carl.open("/rules/%d/edit?connection=%d", fourth, connection)
	carl.says("Rules are changed in a draft.")
	require.Equal(t, http.StatusForbidden, carl.request(http.MethodPost, "/rules/order", set).StatusCode)
}

// TestADraftBeginsAsATemplateOrAnOlderVersion publishes a changed set and goes
// back to the one before it, and to the shipped one.
func TestADraftBeginsAsATemplateOrAnOlderVersion(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, true)
	connection := s.connection(t, "us")
	amy, carl := s.signIn(t, "amy.accountant"), s.signIn(t, "carl.controller")
	set := func() string {
		return fmt.Sprintf("set=%d.%d.%d", connection, s.number(t, `SELECT coalesce(max(id), 0) FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted')`, connection),
			s.number(t, `SELECT coalesce(max(version), 0) FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted')`, connection))
	}
	post := func(b *tab, path, form string) {
		t.Helper()
		answer := b.request(http.MethodPost, path, form)
		require.Equal(t, http.StatusSeeOther, answer.StatusCode, path)
	}
	rules := func() int64 {
		return s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.connection_id = $1 AND x.state = 'draft'`, connection)
	}
	first := s.number(t, `SELECT id FROM rule_set WHERE connection_id = $1 AND state = 'published'`, connection)
	post(amy, "/rules/begin", set()+"&from=in+use")
	whole := rules()
	post(amy, "/rules/add", set()+"&transaction_type=Order&amount_type=ItemFees&amount_description=New*&category=selling_fees&account=6110-000")
	post(amy, "/rules/submit", set())
	post(carl, "/rules/publish", set())

	amy.open("/rules?connection=%d", connection)
	amy.says("As set 1 was")
	post(amy, "/rules/begin", fmt.Sprintf("%s&from=%d", set(), first))
	require.Equal(t, whole, rules())
	draft := s.number(t, `SELECT id FROM rule_set WHERE connection_id = $1 AND state = 'draft'`, connection)
	amy.open("/rules/versions/%d", draft)
	amy.says("1 removed")
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM rule_set_account a FULL JOIN (SELECT slot, account FROM rule_set_account WHERE rule_set_id = $2) b USING (slot, account) WHERE a.rule_set_id = $1 AND b.slot IS NULL`, draft, first), "the accounts are those of the old set")
	post(amy, "/rules/discard", set())

	post(amy, "/rules/begin", set()+"&from=amazon-summary")
	require.Equal(t, whole, rules(), "the shipped template")
	other := s.number(t, `SELECT min(id) FROM rule_set WHERE connection_id <> $1`, connection)
	post(amy, "/rules/discard", set())
	require.Equal(t, http.StatusNotFound, amy.request(http.MethodPost, "/rules/begin", fmt.Sprintf("%s&from=%d", set(), other)).StatusCode, "another connection's rules")
}

// TestADraftIsBacktestedAndPublishedByASecondPerson sends sales to another
// account in a draft, looks at what that moves down to the lines, and sees new
// entries use it once somebody else has published it.
func TestADraftIsBacktestedAndPublishedByASecondPerson(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	connection := s.connection(t, "us")
	s.eventually(t, `SELECT count(*) > 2 FROM settlement WHERE connection_id = $1`, connection)
	s.settled(t)
	set := func() string {
		return fmt.Sprintf("set=%d.%d.%d", connection, s.number(t, `SELECT id FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted')`, connection),
			s.number(t, `SELECT version FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted')`, connection))
	}
	amy := s.signIn(t, "amy.accountant")
	require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/begin", fmt.Sprintf("set=%d.0.0", connection)).StatusCode)
	require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/accounts", set()+"&slot-sales=4120-000").StatusCode)
	var principal decimal.Decimal
	var settlements int
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT sum(r.amount), count(DISTINCT s.id) FROM rollup r JOIN kind k ON k.id = r.kind_id JOIN settlement s ON s.id = r.settlement_id
		WHERE s.connection_id = $1 AND s.replaced_at IS NULL AND k.transaction_type = 'Order' AND k.amount_description = 'Principal' AND k.sign = 1 AND k.marketplace = 'Amazon.com'`, connection).Scan(&principal, &settlements))
	moved := money.Format(principal, "USD")

	amy.open("/rules?connection=%d", connection)
	amy.do(chromedp.Click(chromedp.CSS(`.head-actions a[href^="/rules/backtest?"]`)))
	amy.says("Backtest of set 2")
	amy.says(moved)
	accounts := amy.rows("Accounts by period")
	require.NotEmpty(t, accounts)
	address, err := chromedp.Run(amy, chromedp.Evaluate[string](`location.pathname + location.search`))
	require.NoError(t, err)
	amy.open("%s", address)
	require.Equal(t, accounts, amy.rows("Accounts by period"), "the address reproduces the page")
	require.Contains(t, string(amy.download(strings.Replace(address, "/rules/backtest?", "/rules/backtest/export.xlsx?", 1))[:2]), "PK")
	amy.do(chromedp.Click(chromedp.CSS(`#moved tbody a`)))
	amy.says("Settlements with these lines")
	require.Len(t, amy.rows("Settlements"), settlements)
	amy.do(chromedp.Click(chromedp.CSS(`#places tbody a[href*="/lines?"]`)))
	amy.says("Order")
	require.Contains(t, amy.text(), "ItemPrice")

	require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/submit", set()).StatusCode)
	carl := s.signIn(t, "carl.controller")
	carl.open("/rules?connection=%d", connection)
	carl.do(chromedp.Click(chromedp.CSS(`.head-actions a[href="#publish"]`)), chromedp.WaitVisible(chromedp.CSS("#publish form")))
	carl.says("4120-000")
	require.Len(t, carl.rows("Accounts that change"), 2, "one account gives, the other receives")
	carl.press("/rules/publish")
	carl.says("The rules are in use.")
	s.settled(t)
	s.eventually(t, `SELECT count(*) > 0 FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id JOIN rule_set r ON r.id = e.rule_set_id
		WHERE e.connection_id = $1 AND e.status = 'draft' AND r.state = 'published' AND r.number = 2 AND l.account = '4120-000'`, connection)
	other := s.number(t, `SELECT min(id) FROM rule_set WHERE connection_id <> $1`, connection)
	require.Equal(t, http.StatusNotFound, amy.request(http.MethodGet, fmt.Sprintf("/rules/backtest?connection=%d&old=%d", connection, other), "").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, amy.request(http.MethodGet, fmt.Sprintf("/rules/backtest?connection=%d&period=2026-99", connection), "").StatusCode)
}
