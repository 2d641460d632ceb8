package static_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/static"
)

var names = []string{
	"app.css", "app.js", "icons.svg", "favicon.svg", "inter-latin-wght-normal.woff2",
}

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(static.Handler())
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func TestEveryFileIsServedForAYearUnderItsHash(t *testing.T) {
	t.Parallel()
	server := serve(t)
	for _, name := range names {
		response, body := get(t, server.URL+static.URL(name))
		require.Equal(t, http.StatusOK, response.StatusCode, name)
		require.NotEmpty(t, body, name)
		require.Contains(t, response.Header.Get("Cache-Control"), "immutable", name)
		require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	}
}

func TestAnOldHashGetsTheCurrentFileUncached(t *testing.T) {
	t.Parallel()
	response, body := get(t, serve(t).URL+"/static/0123456789abcdef/app.js")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "no-cache", response.Header.Get("Cache-Control"))
	require.Contains(t, body, "use strict")
}

func TestAKnownETagIsNotSentAgain(t *testing.T) {
	t.Parallel()
	server := serve(t)
	first, _ := get(t, server.URL+static.URL("app.css"))
	second, body := get(t, server.URL+static.URL("app.css"), "If-None-Match", first.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, second.StatusCode)
	require.Empty(t, body)
}

func TestCompressedAnswersUnpackToTheSameFile(t *testing.T) {
	t.Parallel()
	server := serve(t)
	_, plain := get(t, server.URL+static.URL("app.css"), "Accept-Encoding", "identity")
	response, packed := get(t, server.URL+static.URL("app.css"), "Accept-Encoding", "br, gzip")
	require.Equal(t, "gzip", response.Header.Get("Content-Encoding"))
	require.Contains(t, response.Header.Values("Vary"), "Accept-Encoding")
	reader, err := gzip.NewReader(strings.NewReader(packed))
	require.NoError(t, err)
	unpacked, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, plain, string(unpacked))
}

func TestTheStyleSheetRefersToHashedFiles(t *testing.T) {
	t.Parallel()
	server := serve(t)
	_, css := get(t, server.URL+static.URL("app.css"), "Accept-Encoding", "identity")
	found := regexp.MustCompile(`url\("([^"]+)"\)`).FindAllStringSubmatch(css, -1)
	require.NotEmpty(t, found)
	for _, match := range found {
		response, _ := get(t, server.URL+match[1])
		require.Equal(t, http.StatusOK, response.StatusCode, match[1])
		require.Contains(t, response.Header.Get("Cache-Control"), "immutable", match[1])
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	server := serve(t)
	for _, path := range []string{"/static/", "/static/x/none.css", "/static/%2e%2e/go.mod", "/app.css"} {
		response, _ := get(t, server.URL+path)
		require.Equal(t, http.StatusNotFound, response.StatusCode, path)
	}
	response, err := http.Post(server.URL+static.URL("app.css"), "text/plain", nil) //nolint:noctx // loopback
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

func TestAPageLoadsUnderSixtyKilobytesBesidesTheFont(t *testing.T) {
	t.Parallel()
	server := serve(t)
	total := 0
	for _, name := range names {
		if strings.HasSuffix(name, ".woff2") {
			continue
		}
		_, body := get(t, server.URL+static.URL(name), "Accept-Encoding", "gzip")
		total += len(body)
	}
	require.Less(t, total, 60_000, "leaves 40 kB of the page's 100 kB for its HTML")
}

func TestScriptsNeedNeitherEvalNorInlineCode(t *testing.T) {
	t.Parallel()
	js, err := os.ReadFile("app.js")
	require.NoError(t, err)
	for _, forbidden := range []string{"eval(", "new Function", "innerHTML", "insertAdjacentHTML", "document.write", ".style."} {
		require.NotContains(t, string(js), forbidden)
	}
}

func TestHtmxAndItsExtensionsComeTogether(t *testing.T) {
	t.Parallel()
	_, js := get(t, serve(t).URL+static.URL("app.js"), "Accept-Encoding", "identity")
	at := -1
	for _, part := range []string{"var htmx=", `registerExtension("hx-csp"`, `registerExtension("sse"`, "Tieout in the browser"} {
		next := strings.Index(js, part)
		require.Greater(t, next, at, part)
		at = next
	}
}

func TestAnUnknownNamePanics(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { static.URL("none.css") })
}
