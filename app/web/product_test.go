package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/insight"
	"tieout/app/sheet"
)

const (
	shopUS = "ATVPDKIKX0DER"
	shopCA = "A2EUQ1WTGCTBG2"
)

// openProducts opens an office with items, listings and one map.
func openProducts(t *testing.T) *office {
	t.Helper()
	o := openOffice(t)
	o.Workbooks, o.Insight = sheet.NewBook(o.pool), insight.NewReader(o.pool)
	o.Catalog = catalog.NewService(o.pool, o.Clock, nil)
	require.NoError(t, o.register(o.productRoutes()))
	_, err := o.Catalog.UpsertItems(t.Context(), o.connection, func(yield func(catalog.Item, error) bool) {
		for _, i := range []catalog.Item{{Code: "MUG01", Description: "Stoneware mug", Active: true}, {Code: "BOX", Description: "Gift <box>", Active: true}, {Code: "OLD", Description: "Old", Active: false}} {
			if !yield(i, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	_, err = o.Catalog.UpsertListings(t.Context(), o.connection, func(yield func(catalog.Listing, error) bool) {
		for _, l := range []catalog.Listing{{Marketplace: shopUS, SKU: "MUG-01", ASIN: "B1", Title: "Mug & saucer", Channel: catalog.FBA}, {Marketplace: shopUS, SKU: "A/B 50%", ASIN: "B2", Title: "Odd", Channel: catalog.MFN},
			{Marketplace: shopCA, SKU: "GIFT", ASIN: "B3", Title: "Gift", Channel: catalog.FBA}} {
			if !yield(l, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	_, err = o.Catalog.Map(t.Context(), audit.Job("test"), catalog.New{ConnectionID: o.connection, SKU: "GIFT", From: o.Catalog.Today().AddDays(-10), Parts: catalog.Parts{{Code: "BOX", Quantity: 1}}})
	require.NoError(t, err)
	return o
}

func (o *office) product(sku string, pairs ...string) string {
	return productPath(o.connection, sku, pairs...)
}

func (o *office) action(sku, action string) string {
	return strings.Replace(o.product(sku), "?", "/"+action+"?", 1)
}

// parts is what the SKU stands for today.
func (o *office) parts(marketplace, sku string) string {
	o.t.Helper()
	m, _, err := catalog.Resolve(o.t.Context(), o.pool, o.connection, marketplace, sku, o.Catalog.Today())
	require.NoError(o.t, err)
	return m.Parts.String()
}

func TestProductsAreListedWithWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	all := o.viewer.get("/products").content()
	for _, text := range []string{"1 mapped, 2 unmapped", "Mug &amp; saucer", "Amazon.com", "Amazon.ca", "BOX", "A/B 50%"} {
		require.Contains(t, all, text)
	}
	require.NotContains(t, all, "Show what it changes", "a viewer maps nothing")
	unmapped := o.viewer.get("/products?state=unmapped").content()
	require.NotContains(t, unmapped, ">GIFT<")
	require.Contains(t, unmapped, ">MUG-01<")
	require.Contains(t, o.viewer.get("/products?q=saucer").content(), ">MUG-01<")
	require.NotContains(t, o.viewer.get("/products?marketplace="+shopCA).content(), ">MUG-01<")
	require.NotContains(t, o.viewer.get("/products?after="+nextKey("GIFT", shopCA, fmt.Sprint(o.connection))).content(), ">GIFT<")
	require.Equal(t, http.StatusUnprocessableEntity, o.viewer.get("/products?state=else").StatusCode)
	book := o.ops.export("/products?state=mapped")
	require.Equal(t, []string{"GIFT"}, book.column("SKU"))
	require.Equal(t, []string{"BOX"}, book.column("P21 items"))
}

func TestAnSKUIsMappedFromASuggestion(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	shown := o.ops.get(o.product("MUG-01")).content()
	require.Contains(t, shown, "The SKU is its code, but for blanks, hyphens and case.")
	link := regexp.MustCompile(`href="([^"]*code=MUG01[^"]*)#map"`).FindStringSubmatch(shown)
	require.NotNil(t, link)
	filled := o.ops.get(strings.ReplaceAll(link[1], "&amp;", "&")).content()
	require.Contains(t, filled, `value="MUG01"`)
	require.Empty(t, o.parts(shopUS, "MUG-01"), "filling in maps nothing")

	form := url.Values{"marketplace": {""}, "from": {o.Catalog.Today().String()}, "code.1": {"MUG01"}, "quantity.1": {"2"}, "code.2": {""}, "quantity.2": {""}, "return": {"/products"}}
	require.Equal(t, "/products", o.accountant.post(o.action("MUG-01", "map"), form).to())
	require.Equal(t, "2 x MUG01", o.parts(shopUS, "MUG-01"))
	require.Contains(t, o.ops.get(o.product("MUG-01")).content(), "In force")
	require.Equal(t, http.StatusForbidden, o.viewer.post(o.action("MUG-01", "map"), form).StatusCode)
	require.Equal(t, http.StatusForbidden, o.approver.post(o.action("MUG-01", "end"), form).StatusCode)
}

func TestAFormWithMistakesComesBackAsItWasTyped(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	post := func(values url.Values) page {
		answer := o.ops.post(o.action("MUG-01", "map"), values)
		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, answer.body)
		return answer
	}
	today := o.Catalog.Today().String()
	answer := post(url.Values{"from": {today}, "code.1": {"MUG01"}, "quantity.1": {"1"}, "share.1": {"0.5"}, "code.2": {"NONE"}, "quantity.2": {"x"}, "note": {"kept <as> typed"}}).content()
	for _, text := range []string{"kept &lt;as&gt; typed", `value="NONE"`, "is no whole number"} {
		require.Contains(t, answer, text)
	}
	require.Contains(t, post(url.Values{"from": {today}, "code.1": {"NONE"}, "quantity.1": {"1"}}).content(), "P21 has no item")
	require.Contains(t, post(url.Values{"from": {today}, "code.1": {"OLD"}, "quantity.1": {"1"}}).content(), "no longer sells")
	require.Contains(t, post(url.Values{"from": {today}, "code.1": {""}, "quantity.1": {"1"}}).content(), "Choose an item.")
	require.Contains(t, post(url.Values{"from": {""}, "code.1": {"BOX"}, "quantity.1": {"1"}}).content(), "Say from which day on.")
	require.Contains(t, post(url.Values{"from": {today}, "code.1": {"BOX"}, "share.1": {"1e9"}}).content(), "is no share")
	post(url.Values{"marketplace": {"A1PA6795UKMFR9"}, "from": {today}, "code.1": {"BOX"}, "quantity.1": {"1"}})
	require.Empty(t, o.parts(shopUS, "MUG-01"))
}

func TestAMapIsChangedIntoAKitAndEnded(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	key := func() string {
		found := regexp.MustCompile(`name="map" value="([0-9.]+)"`).FindStringSubmatch(o.ops.get(o.product("GIFT")).content())
		require.NotNil(t, found)
		return found[1]
	}
	first := key()
	require.Contains(t, o.ops.get(o.product("GIFT", "map", first)).content(), "Change what it stands for in all marketplaces")
	today := o.Catalog.Today()
	kit := url.Values{"map": {first}, "marketplace": {""}, "from": {today.String()}, "code.1": {"BOX"}, "quantity.1": {"1"}, "share.1": {"0.25"}, "code.2": {"MUG01"}, "quantity.2": {"2"}, "share.2": {"0.75"}}
	require.Equal(t, http.StatusSeeOther, o.ops.post(o.action("GIFT", "map"), kit).StatusCode)
	require.Equal(t, "BOX + 2 x MUG01", o.parts(shopCA, "GIFT"))
	require.Equal(t, http.StatusConflict, o.ops.post(o.action("GIFT", "end"), url.Values{"map": {first}, "to": {today.String()}}).StatusCode, "it changed since")
	require.Equal(t, http.StatusSeeOther, o.ops.post(o.action("GIFT", "end"), url.Values{"map": {key()}, "to": {today.String()}}).StatusCode)
	require.Empty(t, o.parts(shopCA, "GIFT"))
	require.Contains(t, o.viewer.get(o.product("GIFT")).content(), "never valid")
}

func TestAnSKUMayHoldAnySign(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	shown := o.ops.get(o.product("A/B 50%")).content()
	require.Contains(t, shown, "<h1")
	require.Contains(t, shown, "Odd")
	form := url.Values{"from": {o.Catalog.Today().String()}, "code.1": {"BOX"}, "quantity.1": {"1"}}
	require.Equal(t, http.StatusSeeOther, o.ops.post(o.action("A/B 50%", "map"), form).StatusCode)
	require.Equal(t, "BOX", o.parts(shopUS, "A/B 50%"))
}

func TestItemsAreOfferedWhileTyping(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	offered := o.ops.get(fmt.Sprintf("/products/items/search?connection=%d&code.2=gift", o.connection)).body
	require.Contains(t, offered, `value="BOX"`)
	require.Contains(t, offered, "Gift &lt;box&gt;")
	require.NotContains(t, offered, "MUG01")
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.get("/products/items/search?code.1=%ff").StatusCode)
}

func (b *browser) sendBook(path string, content []byte) page {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "maps.xlsx")
	require.NoError(b.t, err)
	_, err = file.Write(content)
	require.NoError(b.t, err)
	require.NoError(b.t, form.Close())
	return b.send(http.MethodPost, path, body.String(), "Content-Type", form.FormDataContentType())
}

func TestSKUMapsAreEditedInExcelWithAPreview(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	book := o.ops.workbook(fmt.Sprintf("/products/sku-map.xlsx?connection=%d", o.connection))
	path := fmt.Sprintf("/products/workbook/%d/upload", o.connection)
	require.Contains(t, o.ops.sendBook(path, book.content).content(), "The workbook changes nothing.")

	edit := func(code string) []byte {
		rows, err := book.file.GetRows("SKU maps")
		require.NoError(t, err)
		for i, row := range rows {
			if row[1] == "MUG-01" {
				cell, err := excelize.CoordinatesToCellName(4, i+1)
				require.NoError(t, err)
				require.NoError(t, book.file.SetCellStr("SKU maps", cell, code))
			}
		}
		var out bytes.Buffer
		require.NoError(t, book.file.Write(&out))
		return out.Bytes()
	}
	wrong := o.ops.sendBook(path, edit("NONE"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.content(), "P21 has no item")
	require.Regexp(t, `D[0-9]+`, wrong.content())

	preview := o.ops.sendBook(path, edit("MUG01")).content()
	require.Contains(t, preview, "1 new, 0 replaced, 0 ended, 0 with another end or note, 1 unchanged.")
	require.Empty(t, o.parts(shopUS, "MUG-01"), "nothing is saved by looking")
	values := url.Values{}
	for _, found := range regexp.MustCompile(`<input type="hidden" name="(connection|plan|book)" value="([^"]*)"`).FindAllStringSubmatch(preview, -1) {
		values.Set(found[1], found[2])
	}
	stale := url.Values{"connection": values["connection"], "book": values["book"], "plan": {"of yesterday"}}
	require.Equal(t, http.StatusUnprocessableEntity, o.ops.post("/products/workbook/apply", stale).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.ops.post("/products/workbook/apply", values).StatusCode)
	require.Equal(t, "MUG01", o.parts(shopUS, "MUG-01"))
	require.Equal(t, http.StatusForbidden, o.viewer.sendBook(path, book.content).StatusCode)
}

func TestEveryProductRouteAdmitsExactlyThoseWithItsPermission(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	for _, route := range o.productRoutes() {
		for b, person := range o.who {
			answer := b.send(route.Method, example(route.Path), "")
			require.Equal(t, !person.Can(route.Needs), answer.StatusCode == http.StatusForbidden, "%s %s as %v: %s", route.Method, route.Path, person.Roles, answer.Status)
			require.Less(t, answer.StatusCode, 500, answer.body)
		}
	}
}

func TestTheProductListKeepsColumnsAndFilters(t *testing.T) {
	t.Parallel()
	o := openProducts(t)
	require.Contains(t, o.viewer.get("/products").headings(), "Channel")
	require.NotContains(t, o.viewer.choose("/products", "channel").headings(), "Channel")
	require.Contains(t, o.ops.get("/products").headings(), "Channel", "of one person alone")
	require.Equal(t, http.StatusSeeOther, o.viewer.post("/lists/products/filters?return=/products", url.Values{"name": {"To do"}, "query": {"state=unmapped"}}).StatusCode)
	require.Contains(t, o.viewer.get("/products").content(), "To do")
}
