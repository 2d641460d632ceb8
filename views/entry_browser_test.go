package views_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// storyOf is the view of a story.
func storyOf(t *testing.T, name string) story {
	t.Helper()
	for _, s := range stories() {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("there is no story %q", name)
	return story{}
}

func TestAnEntryIsDecidedInTheSidePanel(t *testing.T) {
	t.Parallel()
	mux := storyServer()
	mux.HandleFunc("GET /entries/{id}", func(w http.ResponseWriter, r *http.Request) { show(w, r, storyOf(t, "entry").view) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(server.URL+"/story/entries"), chromedp.WaitVisible(chromedp.CSS("html.scripted #results table")))
	b.do(t, chromedp.KeyEvent("jj"+kb.Enter), chromedp.WaitVisible(chromedp.CSS("#panel[open] #panel-body h1")))
	require.Equal(t, server.URL+"/story/entries", value[string](t, b, `location.href`), "the list stays where it is")
	require.LessOrEqual(t, value[int](t, b, `(p => p.scrollWidth - p.clientWidth)(document.getElementById("panel"))`), 0, "the entry fits the panel")
	b.do(t, chromedp.Click(chromedp.CSS(`#panel [data-dialog=reject]`)), chromedp.WaitVisible(chromedp.CSS("#reject[open] textarea")))
	require.Equal(t, "reason", value[string](t, b, `document.activeElement.name`))
	require.Empty(t, b.said())
}

func TestAnEntryPrintsOnOnePageToSign(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(storyServer())
	t.Cleanup(server.Close)
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(server.URL+"/story/entry"), chromedp.WaitVisible(chromedp.CSS("html.scripted h1")))
	var pdf []byte
	asStyled := true
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		printed, err := cdp.Call(ctx, target, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: &asStyled})
		pdf = printed.Data
		return err
	}))
	require.Len(t, regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(pdf, -1), 1)
	require.Equal(t, 3, value[int](t, b, `document.querySelectorAll(".signed .rule").length`))
}

func TestTheKeysWalkTheExceptionsAndNotTheirCauses(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(storyServer())
	t.Cleanup(server.Close)
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(server.URL+"/story/exceptions"), chromedp.WaitVisible(chromedp.CSS("html.scripted #results table")))
	b.do(t, chromedp.KeyEvent("jxjx"))
	require.Equal(t, "2", b.text(t, "[data-count]"))
	require.Equal(t, "-14,718.80 USD", b.text(t, "[data-total]"), "-9,812.40 and -4,906.40")
}
