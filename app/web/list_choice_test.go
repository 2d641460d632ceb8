package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// headings returns the columns that a page's list draws.
func (p page) headings() []string {
	list := p.content()[strings.Index(p.content(), `id="results"`):]
	list = list[strings.Index(list, "<thead>"):strings.Index(list, "</thead>")]
	var names []string
	for _, found := range regexp.MustCompile(`(?s)<th scope="col"[^>]*>(.*?)</th>`).FindAllStringSubmatch(list, -1) {
		text := strings.TrimSpace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(found[1], ""))
		if text != "" {
			names = append(names, text)
		}
	}
	return names
}

// choose submits the column chooser of a list as it stands there, without the
// given columns.
func (b *browser) choose(list string, without ...string) page {
	b.t.Helper()
	body := b.get(list).content()
	action := regexp.MustCompile(`action="(/lists/\w+/columns)"`).FindStringSubmatch(body)
	require.NotNil(b.t, action, "%s has no column chooser", list)
	form := body[strings.Index(body, action[0]):]
	form = form[:strings.Index(form, "</form>")]
	values := url.Values{}
	for _, found := range regexp.MustCompile(`<input type="(hidden|checkbox)" name="(\w+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		if found[1] == "hidden" || !slices.Contains(without, found[3]) {
			values.Add(found[2], strings.ReplaceAll(found[3], "&amp;", "&"))
		}
	}
	answer := b.post(action[1], values)
	require.Equal(b.t, http.StatusSeeOther, answer.StatusCode, answer.body)
	return b.get(answer.to())
}

func TestEachListHidesTheColumnsThatAPersonDoesNotWant(t *testing.T) {
	t.Parallel()
	o, ids := openLists(t)
	lines := fmt.Sprintf("/settlements/%d/lines", ids[0])
	for _, list := range []struct {
		path, key, label, exported string
	}{
		{"/settlements", "deposited", "Deposited", "Deposited"}, {lines, "sku", "SKU", "SKU"},
		{"/entries", "clearing", "Clearing", "Clearing"}, {"/exceptions", "records", "Records", "Records"},
	} {
		before := o.accountant.get(list.path).headings()
		require.Contains(t, before, list.label)
		after := o.accountant.choose(list.path, list.key).headings()
		require.Equal(t, slices.DeleteFunc(slices.Clone(before), func(name string) bool { return name == list.label }), after)
		require.Equal(t, before, o.approver.get(list.path).headings(), "the columns of somebody else are theirs")
		require.NotEmpty(t, o.accountant.export(list.path).column(list.exported), "the workbook has all columns")
		require.Equal(t, before, o.accountant.choose(list.path).headings(), "and back")
	}
}

func TestAListKeepsItsPlaceAndFirstColumnWhateverIsHidden(t *testing.T) {
	t.Parallel()
	o, _ := openLists(t)
	page := o.accountant.get("/settlements?currency=USD")
	require.Contains(t, page.content(), `name="return" value="/settlements?currency=USD"`)
	all := url.Values{"return": {"/settlements?currency=USD"}}
	for _, found := range regexp.MustCompile(`name="offered" value="(\w+)"`).FindAllStringSubmatch(page.content(), -1) {
		all.Add("offered", found[1])
	}
	require.NotContains(t, all["offered"], "number")
	answer := o.accountant.post("/lists/settlements/columns", all)
	require.Equal(t, "/settlements?currency=USD", answer.to())
	require.Equal(t, []string{"Settlement"}, o.accountant.get(answer.to()).headings())
	require.Equal(t, http.StatusNotFound, o.accountant.post("/lists/people/columns", all).StatusCode)
	require.Equal(t, "/", o.accountant.post("/lists/entries/columns", url.Values{"return": {"//elsewhere.example"}}).to())
}

var filterLink = regexp.MustCompile(`(?s)<nav class="cluster" aria-label="Saved filters">(.*?)</nav>`)

func TestEachListKeepsFiltersUnderAName(t *testing.T) {
	t.Parallel()
	o, ids := openLists(t)
	for list, query := range map[string]string{
		"/settlements": "currency=USD&state=draft", fmt.Sprintf("/settlements/%d/lines", ids[0]): "max=-1&type=Refund",
		"/entries": "q=AMZ&state=draft", "/exceptions": "class=chain_broken&state=any",
	} {
		at := list + "?" + query
		page := o.accountant.get(at + "&after=x&totals=1").content()
		action := regexp.MustCompile(`action="(/lists/\w+/filters\?[^"]*)"`).FindStringSubmatch(page)
		require.NotNil(t, action, list)
		require.Contains(t, page, `name="query" value="`+templEscaped(query)+`"`)
		save := func(name, query string) {
			answer := o.accountant.post(action[1], url.Values{"name": {name}, "query": {query}})
			require.Equal(t, http.StatusSeeOther, answer.StatusCode, answer.body)
			require.True(t, strings.HasPrefix(answer.to(), list), answer.to())
		}
		save("Mine <1>", "q=nothing")
		save("Mine <1>", query)
		shown := o.accountant.get(at).content()
		nav := filterLink.FindStringSubmatch(shown)
		require.NotNil(t, nav)
		require.Contains(t, nav[1], `href="`+templEscaped(at)+`"`)
		require.Contains(t, nav[1], "Mine &lt;1&gt;")
		require.Contains(t, nav[1], `aria-current="true"`)
		require.NotContains(t, nav[1], "nothing", "the same name again replaces it")
		require.Nil(t, filterLink.FindStringSubmatch(o.approver.get(list).content()), "filters are each person's own")

		remove := regexp.MustCompile(`action="(/lists/\w+/filters/\d+/delete\?[^"]*)"`).FindStringSubmatch(shown)
		require.NotNil(t, remove)
		require.Equal(t, http.StatusNotFound, o.approver.post(remove[1], nil).StatusCode, "nobody deletes what is another's")
		require.Equal(t, at, o.accountant.post(remove[1], nil).to())
		require.Nil(t, filterLink.FindStringSubmatch(o.accountant.get(at).content()))
	}
}

func TestAFilterNeedsANameAndAListKeepsOnlySoMany(t *testing.T) {
	t.Parallel()
	o, _ := openLists(t)
	save := func(name, query string) int {
		return o.accountant.post("/lists/entries/filters?return=%2Fentries", url.Values{"name": {name}, "query": {query}}).StatusCode
	}
	require.Equal(t, http.StatusUnprocessableEntity, save(" ", "q=1"))
	require.Equal(t, http.StatusUnprocessableEntity, save("long", "q="+strings.Repeat("x", 2000)))
	require.Equal(t, http.StatusUnprocessableEntity, save("broken", "q=%zz"))
	for i := range 50 {
		require.Equal(t, http.StatusSeeOther, save(fmt.Sprint(i), "q=1"))
	}
	require.Equal(t, http.StatusConflict, save("one more", "q=1"))
	require.Equal(t, http.StatusSeeOther, save("7", "q=2"), "one that is there can be replaced")
}
