package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/identity"
)

// reading is a route that reads a form, and says how much it has of it.
func reading(s *server) []Route {
	return append(pages(s), Route{POST, "/read", signedIn, func(r *request) error {
		in, err := r.form()
		if err != nil {
			return err
		}
		return r.String(http.StatusOK, fmt.Sprintf("%d bytes", len(in.values.Get("text"))))
	}, 0})
}

// dribble posts a form whose text comes in pieces, with a pause before each, and
// returns the answer and how long it took until the connection was at its end.
func dribble(t *testing.T, b *browser, path string, pieces int, piece string, pause time.Duration) (answer string, took time.Duration) {
	t.Helper()
	address, err := url.Parse(b.site.url)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", address.Host)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	begun := time.Now()
	var cookies strings.Builder
	for _, c := range b.http.Jar.Cookies(address) {
		fmt.Fprintf(&cookies, "Cookie: %s=%s\r\n", c.Name, c.Value)
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\ntext=",
		path, address.Host, cookies.String(), len("text=")+pieces*len(piece))
	require.NoError(t, err)
	go func() {
		for range pieces {
			time.Sleep(pause) // a slow line
			if _, err := io.WriteString(conn, piece); err != nil {
				return
			}
		}
	}()
	require.NoError(t, conn.SetReadDeadline(begun.Add(20*time.Second)))
	all, err := io.ReadAll(bufio.NewReader(conn))
	require.NoError(t, err)
	return string(all), time.Since(begun)
}

// TestABodyThatDribblesEndsTheRequest posts as slowly as who wants to keep a
// connection does, signed in and not, and as slowly as a poor line is.
func TestABodyThatDribblesEndsTheRequest(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: reading, config: func(c *Config) { c.Limits = Limits{Body: time.Second} }})
	b := site.as(t, identity.Viewer)
	answer, took := dribble(t, b, "/read", 1000, "x", 50*time.Millisecond)
	require.Contains(t, answer, "the connection was too slow")
	require.True(t, strings.HasPrefix(answer, "HTTP/1.1 422 "), answer[:min(len(answer), 40)])
	require.Less(t, took, 10*time.Second)

	_, took = dribble(t, site.browser(t), "/read", 1000, "x", 50*time.Millisecond)
	require.Less(t, took, 10*time.Second, "nobody reads what a stranger sends")

	answer, took = dribble(t, b, "/read", 20, strings.Repeat("x", 2000), 100*time.Millisecond)
	require.Contains(t, answer, "40000 bytes", "20 KB a second are a poor line")
	require.Greater(t, took, time.Second)
}
