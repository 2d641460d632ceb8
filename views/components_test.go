package views_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"

	. "tieout/views" //nolint:revive // the package under test
)

func TestRawBytesLoseNothing(t *testing.T) {
	t.Parallel()
	for line, shown := range map[string][]string{
		"a\tb":                {"a", "→\t", "b"},
		"caf\xe9":             {"caf", "&lt;E9&gt;"},
		"\x00\x1b[31m":        {"&lt;00&gt;", "&lt;1B&gt;", "[31m"},
		"left\u202eright":     {"left", "&lt;E2&gt;", "&lt;80&gt;", "&lt;AE&gt;", "right"},
		"<script>alert(1)":    {"&lt;script&gt;alert(1)"},
		"日本語":                 {"日本語"},
		"\xef\xbb\xbfheading": {"&lt;EF&gt;", "&lt;BB&gt;", "&lt;BF&gt;", "heading"},
	} {
		out := render(t, Raw([]byte(line)))
		for _, part := range shown {
			require.Contains(t, out, part, "%q", line)
		}
	}
}

func FuzzRawBytesAreAlwaysPrintable(f *testing.F) {
	f.Add([]byte("15900000001\t12,34\xe4\u202e"))
	f.Fuzz(func(t *testing.T, line []byte) {
		out := render(t, Raw(line))
		require.True(t, bytes.Equal([]byte(strings.ToValidUTF8(out, "?")), []byte(out)))
		require.NotContains(t, out, "\u202e")
		require.NotContains(t, out, "\x00")
	})
}

func TestTheRailHidesWhatThePersonMayNotOpen(t *testing.T) {
	t.Parallel()
	page := frame("Rates", Rates)
	page.Hidden = map[Section]bool{Connections: true, MappingRules: true}
	out := render(t, Layout(page))
	require.NotContains(t, out, `href="/rules`)
	require.NotContains(t, out, `href="/admin/connections`)
	require.Contains(t, out, `href="/admin/people?connection=1" title="Administration"`, "the group opens at its first visible page")
	require.Contains(t, out, `href="/admin/rates?connection=1" title="Exchange rates" aria-current="page"`)
	for _, section := range []Section{People, Policies, Periods, Rates, Reference, Alerts, AuditLog, PersonalData, Jobs} {
		page.Hidden[section] = true
	}
	require.NotContains(t, render(t, Layout(page)), "Administration")
}

func TestHiddenColumnsTakeTheirCellsWithThem(t *testing.T) {
	t.Parallel()
	table := Table{
		Columns: []Column{{Label: "First"}, {Label: "Second", Hidden: true}, {Label: "Third"}},
		Rows:    []Row{{Cells: []templ.Component{Text("one"), Text("two"), Text("three")}}},
		Foot:    []Row{{Cells: []templ.Component{Text("Total"), Text("of two"), nil}}},
	}
	out := render(t, DataTable(table))
	require.NotContains(t, out, "Second")
	require.NotContains(t, out, "two")
	require.Contains(t, out, `<td class="" colspan="2">Total</td>`)
}

func TestTotalsLoadApartWhenTheyCostTime(t *testing.T) {
	t.Parallel()
	table := sampleTable(3)
	require.NotContains(t, render(t, DataTable(table)), `hx-trigger="load"`)
	table.Foot, table.FootURL = nil, "/lines?totals=1"
	require.Contains(t, render(t, DataTable(table)), `<tfoot hx-get="/lines?totals=1" hx-trigger="load" hx-select="tfoot"`)
}

func TestAnUnusableButtonSaysWhy(t *testing.T) {
	t.Parallel()
	why := "You prepared this entry"
	require.Contains(t, render(t, SubmitButton(Button{Label: "Approve", Why: why})), `disabled title="`+why+`"`)
	link := render(t, LinkButton(Button{Label: "Approve", Href: "/approve", Why: why}))
	require.Contains(t, link, why)
	require.NotContains(t, link, "/approve")
	require.NotContains(t, render(t, Actions(frame("", Overview), []Button{{Label: "Approve", Action: "/approve", Why: why}})), "/approve")
}

func TestDangerousLinksAreDefused(t *testing.T) {
	t.Parallel()
	require.Contains(t, render(t, Anchor(Link{Text: "x", Href: "javascript:alert(1)"})), "about:invalid")
}

func TestATieOutIsNeverColourAlone(t *testing.T) {
	t.Parallel()
	require.Contains(t, render(t, TieOut(Tie{Difference: usd("0.00")})), "Ties out")
	require.Contains(t, render(t, TieOut(Tie{Difference: usd("-12.04")})), "Out by")
}

func TestSettlementTabsMarkTheCurrentOne(t *testing.T) {
	t.Parallel()
	for current, label := range map[string]string{"": "Overview", "lines": "Lines", "compare": "Compare"} {
		var marked []string
		for _, tab := range SettlementTabs("/settlements/7", current, "1", "2", true) {
			if tab.Current {
				marked = append(marked, tab.Label)
			}
		}
		require.Equal(t, []string{label}, marked)
	}
}

func TestASlimFilterKeepsItsLabels(t *testing.T) {
	t.Parallel()
	out := render(t, FilterBar(LineFilter("/lines", map[string]string{"sku": "CT"}, []Option{{Label: "Any"}}, nil, []Hidden{{Name: "connection", Value: "1"}})))
	require.Contains(t, out, `<label for="f-type">Type</label>`)
	require.Contains(t, out, `<option value="">Type: Any</option>`)
	require.Contains(t, out, `<details class="menu" open>`, "a filter behind More is set")
	require.Contains(t, out, `name="connection" value="1"`)
	require.Contains(t, out, "Clear")
}

func TestAPageIsLight(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		require.Less(t, len(render(t, s.view)), 100_000, s.name)
	}
}
