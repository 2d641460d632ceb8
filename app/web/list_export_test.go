package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/identity"
	"tieout/app/insight"
	"tieout/app/settlement"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/seller"
)

// openLists opens an office with a few cycles, exceptions and workbooks.
func openLists(t *testing.T) (o *office, settlements []int64) {
	t.Helper()
	o = openOffice(t)
	o.Workbooks, o.Insight = sheet.NewBook(o.pool), insight.NewReader(o.pool)
	require.NoError(t, o.register(append(o.settlementRoutes(), o.exportRoutes()...)))
	for cycle := range 3 {
		id, _ := o.load(cycle, seller.Whole)
		settlements = append(settlements, id)
	}
	for i, amount := range []string{"-12.34", "1000.01", "0.05"} {
		o.exec(`INSERT INTO exception (connection_id, class, cause, title, records, amount, currency, state, resolution, resolved_at)
			VALUES ($1, $2, $3, $4, 1, $5::numeric, 'USD', $6, 'gone', CASE WHEN $6 <> 'open' THEN now() END)`, o.connection, []string{"out_of_balance", "chain_broken", "chain_broken"}[i], fmt.Sprint(i),
			fmt.Sprintf("=Cause %d", i), amount, []string{"open", "open", "resolved"}[i])
	}
	return o, settlements
}

// exported is a workbook that the site sent.
type exported struct {
	t       *testing.T
	content []byte
	file    *excelize.File
}

// export gets a workbook by the link that the list shows.
func (b *browser) export(list string) exported {
	b.t.Helper()
	page := b.get(list)
	require.Equal(b.t, http.StatusOK, page.StatusCode, page.body)
	link := regexp.MustCompile(`href="([^"]*export\.xlsx[^"]*)" download`).FindStringSubmatch(page.content())
	require.NotNil(b.t, link, "%s has no export", list)
	return b.workbook(strings.ReplaceAll(link[1], "&amp;", "&"))
}

func (b *browser) workbook(path string) exported {
	b.t.Helper()
	answer := b.get(path)
	require.Equal(b.t, http.StatusOK, answer.StatusCode, answer.body)
	require.Equal(b.t, workbookType, answer.Header.Get("Content-Type"))
	file, err := excelize.OpenReader(strings.NewReader(answer.body), excelize.Options{RawCellValue: true})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = file.Close() })
	return exported{b.t, []byte(answer.body), file}
}

// column returns a column's values by its heading.
func (e exported) column(heading string) []string {
	e.t.Helper()
	rows, err := e.file.GetRows(e.file.GetSheetName(0))
	require.NoError(e.t, err)
	at := slices.Index(rows[0], heading)
	require.GreaterOrEqual(e.t, at, 0, "%s in %v", heading, rows[0])
	values := []string{}
	for _, row := range rows[1:] {
		value := ""
		if at < len(row) {
			value = row[at]
		}
		values = append(values, value)
	}
	return values
}

// sum adds up a column to the cent.
func (e exported) sum(heading string) decimal.Decimal {
	e.t.Helper()
	total := decimal.Zero
	for _, value := range e.column(heading) {
		if value != "" {
			total = total.Add(decimal.RequireFromString(value).Round(4))
		}
	}
	return total
}

// filter returns the sheet that says what was filtered.
func (e exported) filter() map[string]string {
	e.t.Helper()
	require.Equal(e.t, "Filter", e.file.GetSheetName(1))
	rows, err := e.file.GetRows("Filter")
	require.NoError(e.t, err)
	said := map[string]string{}
	for _, row := range slices.Backward(rows) { // what was filtered stands above the totals
		if len(row) >= 2 {
			said[row[0]] = row[1]
		}
	}
	return said
}

// kind returns a cell's type in the second row of a column.
func (e exported) kind(heading string) excelize.CellType {
	e.t.Helper()
	name := e.file.GetSheetName(0)
	rows, err := e.file.GetRows(name)
	require.NoError(e.t, err)
	cell, err := excelize.CoordinatesToCellName(slices.Index(rows[0], heading)+1, 2)
	require.NoError(e.t, err)
	kind, err := e.file.GetCellType(name, cell)
	require.NoError(e.t, err)
	return kind
}

// computed opens the workbook with LibreOffice and returns the rows of its
// second sheet, where the totals stand.
func (e exported) computed() [][]string {
	e.t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		e.t.Skip("LibreOffice is not installed; `make test` installs it")
	}
	dir := e.t.TempDir()
	path := filepath.Join(dir, "book.xlsx")
	require.NoError(e.t, os.WriteFile(path, e.content, 0o600))
	convert := exec.CommandContext(e.t.Context(), office, "--headless", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"),
		"--convert-to", `csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2`, "--outdir", dir, path)
	convert.Env = append(os.Environ(), "HOME="+dir)
	said, err := convert.CombinedOutput()
	require.NoError(e.t, err, "%s", said)
	content, err := os.ReadFile(filepath.Join(dir, "book-Filter.csv"))
	require.NoError(e.t, err, "%s", said)
	reader := csv.NewReader(bytes.NewReader(content))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	require.NoError(e.t, err)
	return rows
}

// shown returns the first column's links of the list on a page.
func (p page) shown(pattern string) []string {
	values := []string{}
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(p.content(), -1) {
		if !slices.Contains(values, found[1]) {
			values = append(values, found[1])
		}
	}
	return values
}

func TestTheSettlementListExportsWhatItFilters(t *testing.T) {
	t.Parallel()
	o, ids := openLists(t)
	all := o.accountant.export("/settlements")
	require.Len(t, all.column("Settlement"), 3)
	require.Equal(t, o.accountant.get("/settlements").shown(`href="/settlements/\d+"[^>]*>\s*(\d{6,})`), all.column("Settlement"), "in the list's order")

	d, err := o.Settlements.Get(t.Context(), ids[1])
	require.NoError(t, err)
	one := o.accountant.export("/settlements?" + url.Values{"q": {d.AmazonID}, "currency": {d.Currency}}.Encode())
	require.Equal(t, []string{d.AmazonID}, one.column("Settlement"))
	require.True(t, d.Deposit.Equal(one.sum("Deposit")), one.sum("Deposit"))
	require.Equal(t, excelize.CellTypeInlineString, one.kind("Settlement"), "an id is text")
	require.Contains(t, []excelize.CellType{excelize.CellTypeNumber, excelize.CellTypeUnset}, one.kind("Deposit"), "an amount is a number")
	said := one.filter()
	require.Equal(t, d.AmazonID, said["Settlement id"])
	require.Equal(t, d.Currency, said["Currency"])
	require.Equal(t, "1", said["Rows"])
	require.Equal(t, o.who[o.accountant].Name, said["By"])
	require.Contains(t, said["Address"], "/settlements?currency="+d.Currency)

	totals, err := o.Settlements.Totals(t.Context(), settlement.Filter{})
	require.NoError(t, err)
	require.True(t, totals[0].Deposit.Equal(all.sum("Deposit")))
}

func TestTheTotalsOfAListAgreeInLibreOffice(t *testing.T) {
	t.Parallel()
	o, _ := openLists(t)
	totals, err := o.Settlements.Totals(t.Context(), settlement.Filter{})
	require.NoError(t, err)
	found := false
	for _, row := range o.accountant.export("/settlements").computed() {
		if row[0] != totals[0].Currency || len(row) < 5 {
			continue
		}
		found = true
		require.Equal(t, fmt.Sprint(totals[0].Settlements), row[1])
		require.Equal(t, fmt.Sprint(totals[0].Lines), row[2])
		require.True(t, decimal.RequireFromString(plainOf(row[3])).IsZero(), row[3])
		require.Equal(t, totals[0].Deposit.StringFixed(2), plainOf(row[4]))
	}
	require.True(t, found)
}

// plainOf takes the currency and the commas off an amount.
func plainOf(text string) string {
	return regexp.MustCompile(`[^0-9.-]`).ReplaceAllString(text, "")
}

func TestTheLineListExportsWhatItFilters(t *testing.T) {
	t.Parallel()
	o, ids := openLists(t)
	d, err := o.Settlements.Get(t.Context(), ids[0])
	require.NoError(t, err)
	base := fmt.Sprintf("/settlements/%d/lines", ids[0])
	all := o.accountant.export(base)
	require.Len(t, all.column("Row"), int(d.LineCount))
	require.True(t, d.LineSum.Equal(all.sum("Amount")))
	require.Equal(t, excelize.CellTypeInlineString, all.kind("Order id"))

	query := url.Values{"type": {"Refund"}, "max": {"-1"}}
	want, sum := []string{}, decimal.Zero
	require.NoError(t, o.Settlements.EachLine(t.Context(), ids[0], func(l settlement.Line) error {
		if l.TransactionType == "Refund" && l.Amount.LessThanOrEqual(decimal.NewFromInt(-1)) {
			want, sum = append(want, fmt.Sprint(l.LineNo)), sum.Add(l.Amount)
		}
		return nil
	}))
	require.NotEmpty(t, want)
	some := o.accountant.export(base + "?" + query.Encode())
	require.Equal(t, want, some.column("Row"))
	require.True(t, sum.Equal(some.sum("Amount")))
	require.Equal(t, "Refund", some.filter()["Type"])
	require.Equal(t, d.AmazonID, some.filter()["Settlement"])
	require.NotContains(t, some.column("Account"), "", "rules send every kind somewhere")

	require.Empty(t, o.accountant.export(base+"?type=Nothing").column("Row"), "no kind matches")
}

func TestTheEntryListExportsWhatItFilters(t *testing.T) {
	t.Parallel()
	o, _ := openLists(t)
	submitted := o.submitted(3)
	all := o.accountant.export("/entries")
	require.Greater(t, len(all.column("Reference")), 3)
	require.Equal(t, o.accountant.get("/entries").shown(`href="/entries/\d+"[^>]*>\s*(AMZ-[\w-]+)`), all.column("Reference"))

	some := o.approver.export("/entries?state=submitted")
	e := o.read(submitted)
	require.Equal(t, []string{e.Reference}, some.column("Reference"))
	require.True(t, e.Clearing.Equal(some.sum("Clearing")))
	require.Equal(t, "Submitted", some.filter()["State"])
	require.Equal(t, excelize.CellTypeInlineString, some.kind("P21 number"))
	require.Equal(t, []string{e.Reference}, o.approver.export("/entries?state=waiting").column("Reference"))
	require.Empty(t, o.approver.export("/entries?q=none").column("Reference"))
}

func TestTheExceptionListExportsWhatItFilters(t *testing.T) {
	t.Parallel()
	o, _ := openLists(t)
	open := o.accountant.export("/exceptions")
	titles := open.column("What must be decided")
	require.Subset(t, titles, []string{"=Cause 0", "=Cause 1"}, "text is never a formula")
	require.NotContains(t, titles, "=Cause 2")
	require.Equal(t, "Open", open.filter()["State"])

	some := o.accountant.export("/exceptions?state=any&class=chain_broken")
	require.Equal(t, []string{"=Cause 1", "=Cause 2"}, some.column("What must be decided"))
	require.Equal(t, "1000.06", some.sum("Amount").String())
	require.Equal(t, "12.34", o.accountant.export("/exceptions?class=out_of_balance").sum("At stake").String())
}

func TestListsAreExportedBeyondAPage(t *testing.T) {
	t.Parallel()
	o, ids := openLists(t)
	o.exec(`INSERT INTO exception (connection_id, class, cause, title, records, amount, currency)
		SELECT $1, 'chain_broken', 'many ' || n, 'Many ' || n, 1, 7, 'USD' FROM generate_series(1, $2::int) n`, o.connection, exportPageSize+3)
	require.Len(t, o.accountant.export("/exceptions?class=chain_broken").column("Cause"), exportPageSize+4)
	require.NotEmpty(t, ids)
}

func TestOnlyThoseWhoMayExportSeeTheButton(t *testing.T) {
	t.Parallel()
	o, ids := openLists(t)
	for _, list := range []string{"/settlements", fmt.Sprintf("/settlements/%d/lines", ids[0]), "/entries", "/exceptions"} {
		require.NotContains(t, o.viewer.get(list).body, "export.xlsx")
		require.Equal(t, http.StatusForbidden, o.viewer.get(list+"/export.xlsx").StatusCode)
		require.Equal(t, http.StatusOK, o.as(t, identity.Auditor).get(list+"/export.xlsx?after=x").StatusCode)
	}
}
