package views_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"

	"tieout/static"
)

// The storybook renders every component and page with made-up content: nothing,
// one, many, errors, huge numbers, long names, right-to-left text.
//
//	go test ./views -run TestStorybook -shots /tmp/shots            pictures of all
//	go test ./views -run TestStorybook -shots /tmp/shots -story overview
//	go test ./views -run TestStorybook -serve 127.0.0.1:8090 -timeout 0
var (
	shots = flag.String("shots", "", "write a picture of every story into this folder")
	only  = flag.String("story", "", "only stories whose name contains this")
	tall  = flag.Int("tall", 1000, "height of the pictures")
	serve = flag.String("serve", "", "serve the stories at this address until stopped")
)

// story is one rendering of one view.
type story struct {
	name string
	view templ.Component
}

// stories gathers what the *_test.go file of each page adds.
func stories() []story {
	var all []story
	for _, group := range [][]story{
		foundationStories(), loneStories(), overviewStories(), settlementStories(), lineStories(), documentStories(), uploadStories(),
		entryQueueStories(), entryStories(), exceptionStories(),
	} {
		all = append(all, group...)
	}
	return all
}

const nonce = "c3Rvcnlib29r"

// policy is the content security policy that the program sends. The nonce is
// new for every answer, or hx-csp takes a fragment's for stolen.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'self'; font-src 'self'; img-src 'self'; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types htmx"
}

// show answers with a view as the program does.
func show(w http.ResponseWriter, r *http.Request, view templ.Component) {
	var body bytes.Buffer
	fresh := rand.Text()
	if err := view.Render(templ.WithNonce(r.Context(), fresh), &body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy(fresh))
	_, _ = body.WriteTo(w) // the browser may have gone
}

func render(t testing.TB, view templ.Component) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, view.Render(templ.WithNonce(t.Context(), nonce), &out))
	return out.String()
}

// storyServer serves the stories under /story/NAME with the real policy.
func storyServer() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle(static.Prefix, static.Handler())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for _, s := range stories() {
			fmt.Fprintf(w, `<p><a href="/story/%[1]s">%[1]s</a></p>`, html.EscapeString(s.name))
		}
	})
	mux.HandleFunc("GET /story/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, s := range stories() {
			if s.name != r.PathValue("name") {
				continue
			}
			show(w, r, s.view)
			return
		}
		http.NotFound(w, r)
	})
	return mux
}

func TestStorybook(t *testing.T) {
	if *serve != "" {
		require.NoError(t, http.ListenAndServe(*serve, storyServer())) //nolint:gosec // a developer's own machine
	}
	server := httptest.NewServer(storyServer())
	t.Cleanup(server.Close)
	for _, s := range stories() {
		if !strings.Contains(s.name, *only) {
			continue
		}
		response, err := server.Client().Get(server.URL + "/story/" + s.name)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, s.name)
		require.NoError(t, response.Body.Close())
		if *shots != "" {
			picture(t, server.URL, s.name)
		}
	}
}

// picture writes a story in both themes and, wide and narrow, as PNG files.
func picture(t *testing.T, base, name string) {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	require.NoError(t, err, "pictures need chromium")
	require.NoError(t, os.MkdirAll(*shots, 0o755))
	for _, shot := range []struct {
		suffix, width, scheme string
	}{
		{"light", "1440", "1"}, {"dark", "1440", "0"}, {"narrow", "900", "1"},
	} {
		command := exec.CommandContext(context.Background(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
			"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
			"--user-data-dir="+t.TempDir(), "--blink-settings=preferredColorScheme="+shot.scheme, fmt.Sprintf("--window-size=%s,%d", shot.width, *tall),
			"--screenshot="+filepath.Join(*shots, name+"-"+shot.suffix+".png"), base+"/story/"+name)
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
}
