package views_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	. "tieout/views" //nolint:revive // stories read as pages do
)

// browser is a tab of the machine's chromium that remembers every complaint
// of the page: console errors, refused policies, failed loads.
type browser struct {
	context.Context
	mu         sync.Mutex
	complaints []string
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; `make test` installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stopAllocator)
	limited, cancel := context.WithTimeout(allocator, 5*time.Minute)
	t.Cleanup(cancel)
	tab, closeTab := chromedp.NewContext(limited)
	t.Cleanup(closeTab)
	b := &browser{Context: tab}
	require.NoError(t, chromedp.Listen(tab, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
				b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			b.complaints = append(b.complaints, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError {
				for _, argument := range e.Args {
					b.complaints = append(b.complaints, string(argument.Value))
				}
			}
		}
	}))
	b.do(t, chromedp.EmulateViewport(1440, 900))
	return b
}

// do runs steps in the page.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(b, steps...), "the page said: %v", b.complaints)
}

// open shows a page and waits until it is there: a navigation may be told as
// done while the page before it still stands.
func (b *browser) open(t *testing.T, url string) {
	t.Helper()
	b.do(t, chromedp.Navigate(url))
	there := fmt.Sprintf(`location.href === %q && document.readyState === "complete"`, url)
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(b, 2*time.Second)
		defer cancel()
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](there))
		return err == nil && yes
	}, time.Minute, 20*time.Millisecond, url)
}

// value evaluates an expression in the page.
func value[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	found, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	require.NoError(t, err)
	return found
}

// until waits for a condition of the page.
func (b *browser) until(t *testing.T, condition string) {
	t.Helper()
	_, err := chromedp.Run(b, chromedp.Poll[bool](condition))
	require.NoError(t, err, condition)
}

// keydown presses a key whose default the page prevents; chromedp would type
// its character all the same.
func (b *browser) keydown(t *testing.T, key string) {
	t.Helper()
	value[bool](t, b, fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: %q, bubbles: true, cancelable: true}))`, key))
}

// text reads an element once it is visible.
func (b *browser) text(t *testing.T, selector string) string {
	t.Helper()
	found, err := chromedp.Run(b, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(t, err, selector)
	return found
}

// said returns and forgets the complaints so far.
func (b *browser) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.complaints
	b.complaints = nil
	return said
}

func TestEveryStoryObeysThePolicyAndFitsTheWindow(t *testing.T) {
	t.Parallel()
	mux := storyServer()
	mux.HandleFunc("GET /progress/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /imports/{id}/progress", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /settlements/1/lines", func(w http.ResponseWriter, r *http.Request) { show(w, r, DataTable(sampleTable(2))) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := openBrowser(t)
	for _, width := range []int64{1440, 900} {
		b.do(t, chromedp.EmulateViewport(width, 900))
		for _, s := range stories() {
			b.open(t, server.URL+"/story/"+s.name)
			overflow := value[int](t, b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
			require.Empty(t, b.said(), s.name)
			require.LessOrEqual(t, overflow, 0, "%s is wider than a window of %d", s.name, width)
		}
	}
}

// listServer answers a list page whose rows depend on the query, and takes
// posts of its bulk actions.
func listServer(t *testing.T) (url string, posted chan string) {
	t.Helper()
	posted = make(chan string, 4)
	mux := storyServer()
	mux.HandleFunc("GET /settlements", func(w http.ResponseWriter, r *http.Request) {
		switch q := r.URL.Query().Get("q"); {
		case strings.HasPrefix(q, "d"): // a slow typist's first letter already
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(render(t, Failure(frame("Failure", Settlements), Problem{Status: 503, Message: "The database does not answer."}))))
			return
		case strings.HasPrefix(q, "g"):
			http.Error(w, "a proxy's own words", http.StatusBadGateway)
			return
		}
		rows := 12
		if r.URL.Query().Get("q") != "" {
			rows = 2
		}
		show(w, r, wrap(frame("Settlements", Settlements), FilterBar(sampleFilter()), DataTable(sampleTable(rows))))
	})
	mux.HandleFunc("GET /search", func(w http.ResponseWriter, r *http.Request) {
		show(w, r, SearchPage(frame("Search", Overview), Search{Query: r.FormValue("q"), Groups: []HitGroup{{Title: "Settlements", Hits: []Hit{{Icon: "receipt-text", Text: "Found " + r.FormValue("q"), Href: "/story/table-none"}}}}}))
	})
	mux.HandleFunc("POST /approve", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		posted <- strings.Join(r.PostForm["id"], ",")
		http.Redirect(w, r, "/settlements", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, posted
}

// openList shows the list of listServer with its scripts running.
func openList(t *testing.T) (b *browser, url string, posted chan string) {
	t.Helper()
	url, posted = listServer(t)
	b = openBrowser(t)
	b.do(t, chromedp.Navigate(url+"/settlements"), chromedp.WaitVisible(chromedp.CSS("html.scripted table")))
	return b, url, posted
}

func TestRowsAreChosenByKeyboardWithAnExactTotal(t *testing.T) {
	t.Parallel()
	b, _, posted := openList(t)
	b.do(t, chromedp.KeyEvent("jxjjx"))
	require.Equal(t, "2", b.text(t, "[data-count]"))
	require.Equal(t, "-24,162.02 USD", b.text(t, "[data-total]"), "-20,000.00 and -4,162.02")
	b.do(t,
		chromedp.Click(chromedp.CSS(".bulk .button.primary")),
		chromedp.WaitVisible(chromedp.CSS("#confirm[open]")),
		chromedp.Click(chromedp.CSS("#confirm button[value=yes]")),
	)
	select {
	case ids := <-posted:
		require.Equal(t, "15900000001,15900000003", ids)
	case <-b.Done():
		t.Fatal("nothing was posted")
	}
	require.Empty(t, b.said())
}

func TestAFilterRefreshesTheTableAndTheAddress(t *testing.T) {
	t.Parallel()
	b, url, _ := openList(t)
	b.keydown(t, "/")
	b.do(t, chromedp.KeyEvent("159"))
	b.until(t, `location.search.includes("q=159") && document.querySelectorAll("#results tbody tr").length === 2`)
	require.Equal(t, url+"/settlements?connection=1&q=159&status=open&from=2026-11-01", value[string](t, b, `location.href`), "empty filters stay out")
	require.Equal(t, "q", value[string](t, b, `document.activeElement.name`), "the person goes on typing")
	b.do(t, chromedp.NavigateBack())
	b.until(t, `!location.search.includes("q=159")`)
	require.Empty(t, b.said())
}

func TestAFailureIsShownInPlaceOfTheTable(t *testing.T) {
	t.Parallel()
	b, url, _ := openList(t)
	b.keydown(t, "/")
	b.do(t, chromedp.KeyEvent("down"))
	b.until(t, `document.querySelector("#content h1")?.textContent === "Not available right now"`)
	require.Equal(t, url+"/settlements", value[string](t, b, `location.href`), "the address stays where it works")
}

func TestAForeignFailureLeavesThePageAlone(t *testing.T) {
	t.Parallel()
	b, _, _ := openList(t)
	b.keydown(t, "/")
	b.do(t, chromedp.KeyEvent("gone"))
	b.until(t, `document.getElementById("live").textContent.startsWith("That did not work")`)
	require.Equal(t, 12, value[int](t, b, `document.querySelectorAll("#results tbody tr").length`))
}

func TestARowOpensInTheSidePanelWithoutLosingThePlace(t *testing.T) {
	t.Parallel()
	b, url, _ := openList(t)
	b.do(t, chromedp.KeyEvent("jj"+kb.Enter), chromedp.WaitVisible(chromedp.CSS("#panel[open] #panel-body h1")))
	require.Equal(t, "Settlements", b.text(t, "#panel-body h1"))
	require.Equal(t, url+"/settlements", value[string](t, b, `location.href`))
	require.Equal(t, "/story/table-one", value[string](t, b, `document.querySelector("[data-panel-link]").getAttribute("href")`))
	b.do(t, chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS("#panel[open]")))
	require.Equal(t, 1, value[int](t, b, `[...document.querySelectorAll("#results tbody tr")].findIndex((r) => r.contains(document.activeElement))`), "the focus is back on the row")
	require.Empty(t, b.said())
}

func TestThePaletteFindsAndGoes(t *testing.T) {
	t.Parallel()
	b, _, _ := openList(t)
	b.do(t,
		chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)),
		chromedp.WaitVisible(chromedp.CSS("#palette[open]")),
		chromedp.KeyEvent("999"),
	)
	b.until(t, `document.querySelector("#palette-results a")?.textContent.includes("Found 999")`)
	b.keydown(t, "ArrowDown")
	b.keydown(t, "Enter")
	b.do(t, chromedp.WaitVisible(chromedp.CSS(".empty")))
	require.Equal(t, "/story/table-none", value[string](t, b, `location.pathname`))
	require.Empty(t, b.said())
}

func TestTheThemeIsKept(t *testing.T) {
	t.Parallel()
	b, _, _ := openList(t)
	b.do(t,
		chromedp.Click(chromedp.CSS(`details.menu:has(.avatar) > summary`)),
		chromedp.Click(chromedp.CSS(`[data-theme-choice][value="dark"]`)),
	)
	require.Equal(t, "dark", value[string](t, b, `getComputedStyle(document.documentElement).colorScheme`))
	require.Contains(t, value[string](t, b, `document.cookie`), "theme=dark")
	require.Empty(t, b.said())
}

// workServer shows a piece of work whose progress comes from the channel, and
// which has ended when the channel is closed. The first so many requests for
// its stream are cut off, and the files of the given kind take their time.
func workServer(t *testing.T, step <-chan Progress, cutOff int32, slow string) (url string) {
	t.Helper()
	ended := make(chan struct{})
	var asked atomic.Int32
	mux := storyServer()
	mux.HandleFunc("GET /work", func(w http.ResponseWriter, r *http.Request) {
		part := LiveProgress(Live{ID: "job", Stream: "/work/progress", Reload: "/work", Progress: Progress{Title: "Import", State: Info}})
		select {
		case <-ended:
			part = AlertBox(Alert{State: Done, Title: "Imported"})
		default:
		}
		show(w, r, wrap(frame("Work", Settlements), part))
	})
	mux.HandleFunc("GET /work/progress", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= cutOff {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case progress, more := <-step:
				if !more {
					close(ended)
					fmt.Fprint(w, "event: done\ndata: -\n\n")
					return
				}
				fmt.Fprintf(w, "data: %s\n\n", strings.ReplaceAll(render(t, ProgressBody(progress)), "\n", "\ndata: "))
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, slow) {
			time.Sleep(700 * time.Millisecond)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/work"
}

func TestProgressStreamsAndEndsWithTheResult(t *testing.T) {
	t.Parallel()
	for _, slow := range []string{"nothing", ".js", ".css"} {
		t.Run("slow "+slow, func(t *testing.T) {
			t.Parallel()
			step := make(chan Progress, 1) // the test waits for the page alone, which has a limit
			url := workServer(t, step, 0, slow)
			b := openBrowser(t)
			b.open(t, url)
			step <- Progress{Title: "Import", State: Info, Percent: 41, Done: "412 of 1,000 lines"}
			b.do(t, chromedp.WaitVisible(chromedp.CSS(`progress[value="41"]`)))
			close(step)
			b.do(t, chromedp.WaitVisible(chromedp.CSS(".alert.done")))
			require.Empty(t, b.said())
		})
	}
}

func TestAStreamThatCannotBeginIsAskedForAgain(t *testing.T) {
	t.Parallel()
	step := make(chan Progress, 1)
	step <- Progress{Title: "Import", State: Info, Percent: 41}
	url := workServer(t, step, 8, "nothing") // chromium itself asks again a few times
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS(`progress[value="41"]`)))
	close(step)
	b.do(t, chromedp.WaitVisible(chromedp.CSS(".alert.done")))
}

func TestDialogsOpenWithoutScripts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(storyServer())
	t.Cleanup(server.Close)
	b := openBrowser(t)
	b.do(t,
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		}),
		chromedp.Navigate(server.URL+"/story/parts#reject"),
		chromedp.WaitVisible(chromedp.CSS("#reject textarea")),
	)
	require.Empty(t, b.said())
}
