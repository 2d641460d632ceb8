package web

import (
	"bytes"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/document"
	"tieout/app/identity"
	"tieout/app/p21"
	"tieout/app/rates"
	"tieout/app/sheet"
)

// idOf asks the database for one id.
func (o *office) idOf(sql string) (id int64) {
	o.t.Helper()
	require.NoError(o.t, o.pool.QueryRow(o.t.Context(), sql).Scan(&id))
	return id
}

func TestRatesAreTypedCorrectedUploadedAndExported(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	o.Rates = rates.NewService(rates.Needs{Pool: o.pool, Clock: o.clock, Documents: document.NewStore(o.pool)})
	o.Workbooks = sheet.NewBook(o.pool)
	require.NoError(t, o.register(o.rateRoutes()))
	amy := o.accountant
	o.shows("/admin/rates", "No exchange rates", "Add rates", "Upload rates")
	form := func(lines string) url.Values { return url.Values{"rates": {lines}} }
	bad := amy.post("/admin/rates", form("2026-11-18 GBP USD 1.27\n2026-11-1x, GBP, USD, 1\n2026-11-19, GBP, GBP, 1\n2026-11-19, GBP, USD, -1\nGBP"))
	require.Equal(t, http.StatusUnprocessableEntity, bad.StatusCode)
	for _, words := range []string{"Line 2: ", "Line 3: A rate leads from one currency to another.", "Line 4: Write a rate above zero.", "Line 5: day, from, to and rate are needed.", "Nothing was stored"} {
		require.Contains(t, bad.body, words)
	}
	require.Equal(t, http.StatusForbidden, o.viewer.post("/admin/rates", form("2026-11-18, GBP, USD, 1.27")).StatusCode)
	require.Equal(t, http.StatusSeeOther, amy.post("/admin/rates", form("2026-11-18, gbp, usd, 1.27\n2026-11-19;GBP;USD;1.28")).StatusCode)
	o.shows("/admin/rates", "2026-11-18", "1.27", "0.79")
	o.shows("/admin/rates?pair=EUR-USD", "No exchange rates")
	unusual := amy.post("/admin/rates", form("2026-11-20, GBP, USD, 12.8"))
	require.Equal(t, http.StatusUnprocessableEntity, unusual.StatusCode)
	require.Contains(t, unusual.body, "moves 900.0 % against 1.28 of 2026-11-19")
	confirmed := form("2026-11-20, GBP, USD, 12.8")
	confirmed.Set("confirm", "on")
	require.Equal(t, http.StatusSeeOther, amy.post("/admin/rates", confirmed).StatusCode)

	id := o.idOf(`SELECT id FROM exchange_rate WHERE rate_on = '2026-11-20'`)
	require.Equal(t, http.StatusUnprocessableEntity, amy.post(ratePath(id), url.Values{"rate": {"1,28"}, "reason": {""}}).StatusCode)
	require.Equal(t, http.StatusSeeOther, amy.post(ratePath(id), url.Values{"rate": {"1.285"}, "reason": {"typing error"}}).StatusCode)
	require.Equal(t, http.StatusConflict, amy.post(ratePath(id), url.Values{"rate": {"1.286"}, "reason": {"again"}}).StatusCode, "not the latest version")
	o.shows(ratePath(id), "This version is not in force", "typing error")

	csv := "Day,From,To,Rate\n2026-11-20,GBP,USD,1.29\n2026-11-21,GBP,USD,1.3\n2026-11-18,GBP,USD,1.27\n"
	wrong := amy.sendBook("/admin/rates/upload", []byte("Day;From;To;Rate\n2026-11-20;GBP;USD;abc\n;GBP;USD;1\n2026-11-20;G;USD;1\n"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	for _, cell := range []string{"D2", "A3", "B4"} {
		require.Contains(t, wrong.body, cell)
	}
	preview := amy.sendBook("/admin/rates/upload", []byte(csv))
	require.Equal(t, http.StatusOK, preview.StatusCode)
	require.Contains(t, preview.body, "1 new, 1 changed, 1 as they are, 0 with an unusual move.")
	book := url.Values{"book": {base64.StdEncoding.EncodeToString([]byte(csv))}}
	require.Contains(t, amy.post("/admin/rates/upload/apply", book).body, "say why it changes")
	book.Set("reason", "rates of the bank")
	require.Equal(t, http.StatusSeeOther, amy.post("/admin/rates/upload/apply", book).StatusCode)
	o.shows("/admin/rates", "rates of the bank", "1.29", "1.3")

	export := amy.get("/admin/rates/export.xlsx?from=2026-11-20")
	require.Equal(t, http.StatusOK, export.StatusCode)
	sheetBook, err := excelize.OpenReader(bytes.NewReader([]byte(export.body)))
	require.NoError(t, err)
	rows, err := sheetBook.GetRows("Exchange rates")
	require.NoError(t, err)
	require.Len(t, rows, 3)
	again := amy.sendBook("/admin/rates/upload", []byte(export.body))
	require.Contains(t, again.body, "The file changes nothing.", "what leaves comes back the same")

	latest := o.idOf(`SELECT id FROM exchange_rate WHERE rate_on = '2026-11-21' AND ended_at IS NULL`)
	require.Equal(t, http.StatusUnprocessableEntity, amy.post(ratePath(latest)+"/withdraw", url.Values{"reason": {""}}).StatusCode)
	require.Equal(t, http.StatusSeeOther, amy.post(ratePath(latest)+"/withdraw", url.Values{"reason": {"a Saturday"}}).StatusCode)

	admin := o.hire(identity.Admin)
	require.Contains(t, admin.get("/admin/rates/sources").body, "are not read")
	source := "/admin/rates/sources/" + regexp.MustCompile(`/admin/rates/sources/(\d+)`).FindStringSubmatch(html.UnescapeString(admin.get("/admin/rates/sources").body))[1]
	set := url.Values{"version": {"0"}, "from_p21": {"yes"}, "daily_url": {"http://example.com/x.xml"}, "inverse": {"yes"}, "pivot": {"EUR"}, "most_move": {"10"}}
	require.Contains(t, admin.post(source, set).body, "needs https")
	set.Set("daily_url", "")
	require.Equal(t, http.StatusForbidden, amy.post(source, set).StatusCode)
	require.Equal(t, http.StatusSeeOther, admin.post(source, set).StatusCode)
	require.Equal(t, http.StatusConflict, admin.post(source, set).StatusCode)
	require.Contains(t, amy.get("/admin/rates/sources").body, "An administrator decides where rates come from.")
	require.Equal(t, http.StatusSeeOther, amy.post(source+"/read", nil).StatusCode)
}
