package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/insight"
	"tieout/app/mapping"
	"tieout/app/p21"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

// openRules opens an office with two settlements and the screens of rules.
func openRules(t *testing.T) *office {
	t.Helper()
	o := openOfficeOn(t, p21.SeedV2)
	o.Workbooks, o.Insight, o.Connections = sheet.NewBook(o.pool), insight.NewReader(o.pool), o.connections
	require.NoError(t, o.register(o.ruleRoutes()))
	o.load(10, seller.Whole)
	o.load(11, seller.Whole)
	return o
}

// draft is the set in preparation, and what a form about it says.
func (o *office) draft() (*mapping.RuleSet, url.Values) {
	o.t.Helper()
	set, err := o.Rules.Prepared(o.t.Context(), o.connection)
	require.NoError(o.t, err)
	return set, url.Values{"set": {fmt.Sprintf("%d.%d.%d", o.connection, set.ID, set.Version)}}
}

func (o *office) changes(who *browser, path string, pairs ...string) {
	o.t.Helper()
	form := url.Values{"set": {fmt.Sprintf("%d.0.0", o.connection)}}
	if path != "/rules/begin" {
		_, form = o.draft()
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	answer := who.post(path, form)
	require.Equal(o.t, http.StatusSeeOther, answer.StatusCode, answer.body)
}

func TestTheEditorShowsShadowingBothWays(t *testing.T) {
	t.Parallel()
	o := openRules(t)
	o.changes(o.accountant, "/rules/begin")
	o.changes(o.accountant, "/rules/add", "transaction_type", "Order", "amount_type", "ItemPrice", "amount_description", "Princ*", "fulfillment", "AFN", "category", "sales", "account", "4120-000", "position", "1")
	o.changes(o.accountant, "/rules/add", "transaction_type", "Order", "amount_type", "ItemPrice", "amount_description", "Principal Extra", "fulfillment", "AFN", "category", "sales", "account", "4120-000", "position", "2")
	set, _ := o.draft()
	var hidden mapping.Rule
	for _, rule := range set.Rules[2:] {
		if rule.Category == mapping.Sales {
			hidden = rule
		}
	}
	for id, text := range map[int64]string{
		set.Rules[0].ID: fmt.Sprintf("hides kinds from rule %d", hidden.Position),
		hidden.ID:       "kinds to rule 1",
		set.Rules[1].ID: "never wins: rule 1 takes everything",
	} {
		require.Contains(t, o.accountant.get("/rules").content(), text)
		require.Contains(t, o.accountant.get(fmt.Sprintf("/rules/%d/edit?connection=%d", id, o.connection)).content(), text)
	}
}

func TestTheBacktestReadsWithoutScriptsAndAddsUpInExcel(t *testing.T) {
	t.Parallel()
	o := openRules(t)
	o.changes(o.accountant, "/rules/begin")
	o.changes(o.accountant, "/rules/accounts", "slot-sales", "4120-000")
	draft, _ := o.draft()
	published, err := o.Rules.Published(t.Context(), o.connection)
	require.NoError(t, err)
	result, err := o.Rules.Backtest(t.Context(), published, draft, mapping.Range{})
	require.NoError(t, err)
	require.NotEmpty(t, result.Moved)
	require.Positive(t, result.MovedLines)

	path := fmt.Sprintf("/rules/backtest?connection=%d&new=%d&old=%d", o.connection, draft.ID, published.ID)
	shown := o.viewer.get(path).content()
	for _, text := range []string{"Backtest of set 2", "with set 1, published", "4110-000", "4120-000", "The same before", "rule ", fmt.Sprintf("/rules/backtest/kinds/%d?", result.Moved[0].KindID)} {
		require.Contains(t, shown, text)
	}
	require.NotContains(t, shown, "6120-000", "what stays is left out")
	require.Contains(t, o.viewer.get(path+"&show=all").content(), "6120-000")
	require.Contains(t, o.viewer.get(path+"&to=2020-01-01").content(), "No account changes")
	require.Contains(t, o.viewer.get(fmt.Sprintf("/rules/backtest?new=%d&old=%d", published.ID, published.ID)).content(), "Nothing moves.")
	place := o.viewer.get(fmt.Sprintf("/rules/backtest/kinds/%d?new=%d&fulfillment=%s", result.Moved[0].KindID, draft.ID, result.Moved[0].Fulfillment)).content()
	require.Contains(t, place, fmt.Sprintf("/lines?kind=%d", result.Moved[0].KindID))
	require.Equal(t, http.StatusNotFound, o.viewer.get("/rules/backtest/kinds/999999").StatusCode)
	require.Equal(t, http.StatusNotFound, o.viewer.get("/rules/backtest?new=999999").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.viewer.get("/rules/backtest?from=yesterday").StatusCode)

	require.Equal(t, http.StatusForbidden, o.viewer.get("/rules/backtest/export.xlsx").StatusCode)
	book := o.accountant.workbook(strings.Replace(path, "/rules/backtest?", "/rules/backtest/export.xlsx?", 1))
	rows, err := book.file.GetRows("Lines that move")
	require.NoError(t, err)
	require.Len(t, rows, len(result.Moved)+1)

	require.NotContains(t, o.approver.get("/rules").content(), `id="publish"`, "nothing waits for publication")
	o.changes(o.accountant, "/rules/submit")
	shown = o.approver.get("/rules").content()
	require.Contains(t, shown, `<dialog class="dialog" id="publish"`)
	require.Contains(t, shown, "The whole backtest, with the lines that move")
	require.NotContains(t, o.viewer.get("/rules").content(), `id="publish"`)
	o.changes(o.approver, "/rules/publish")
	require.Contains(t, o.viewer.get(ruleSetPath(draft.ID)).content(), "Backtest")
}
