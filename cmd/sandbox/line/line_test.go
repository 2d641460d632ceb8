package line_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/cmd/sandbox/line"
)

const long = 64 << 10

// fixture is a server behind a line; each request has a connection of its own.
type fixture struct {
	line   *line.Line
	client *http.Client
	asked  atomic.Int64
}

func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // what arrives of it
		f.asked.Add(1)
		_, _ = w.Write(bytes.Repeat([]byte("x"), long))
	}))
	t.Cleanup(server.Close)
	var err error
	f.line, err = line.Open(t.Context(), 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.line.Close()) })
	f.line.To("tcp", server.Listener.Addr().String())
	f.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	return f
}

func (f *fixture) ask() (string, error) {
	answer, err := f.client.Post("http://"+f.line.Addr()+"/", "text/plain", strings.NewReader("question"))
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestAGoodLineChangesNothing(t *testing.T) {
	t.Parallel()
	f := start(t)
	for range 3 {
		body, err := f.ask()
		require.NoError(t, err)
		require.Len(t, body, long)
	}
	require.Empty(t, f.line.Struck())
}

func TestALineIsBadInEachWayAndGoodAgain(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct {
		fault line.Fault
		says  func(t *testing.T, f *fixture, body string, took time.Duration, err error)
	}{
		{line.Fault{Kind: line.Latency, Delay: 100 * time.Millisecond}, func(t *testing.T, _ *fixture, body string, took time.Duration, err error) {
			require.NoError(t, err)
			require.Len(t, body, long)
			require.Greater(t, took, 100*time.Millisecond, "half of the delay at least, each way")
		}},
		{line.Fault{Kind: line.Reset}, func(t *testing.T, _ *fixture, _ string, _ time.Duration, err error) { require.Error(t, err) }},
		{line.Fault{Kind: line.Truncated, Bytes: 1000}, func(t *testing.T, f *fixture, body string, _ time.Duration, err error) {
			require.Error(t, err)
			require.Less(t, len(body), 1000)
			require.EqualValues(t, 1, f.asked.Load(), "it was done, and only the answer is lost")
		}},
		{line.Fault{Kind: line.Throttled, Bytes: 4 * long}, func(t *testing.T, _ *fixture, body string, took time.Duration, err error) {
			require.NoError(t, err)
			require.Len(t, body, long)
			require.Greater(t, took, 200*time.Millisecond)
		}},
	} {
		t.Run(string(bad.fault.Kind), func(t *testing.T) {
			t.Parallel()
			f := start(t)
			f.line.Break(bad.fault)
			begun := time.Now()
			body, err := f.ask()
			bad.says(t, f, body, time.Since(begun), err)
			require.Positive(t, f.line.Struck()[bad.fault.Kind])
			f.line.Mend()
			body, err = f.ask()
			require.NoError(t, err)
			require.Len(t, body, long)
		})
	}
}

func TestAHalfOpenLineIsSilentUntilItIsMended(t *testing.T) {
	t.Parallel()
	f := start(t)
	open, err := net.Dial("tcp", f.line.Addr())
	require.NoError(t, err)
	defer func() { _ = open.Close() }()
	f.line.Break(line.Fault{Kind: line.HalfOpen})
	_, err = io.WriteString(open, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err, "it is taken")
	require.NoError(t, open.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	_, err = open.Read(make([]byte, 1))
	var late net.Error
	require.True(t, errors.As(err, &late) && late.Timeout(), "nothing comes: %v", err)
	require.Zero(t, f.asked.Load())

	f.line.Mend()
	require.NoError(t, open.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = open.Read(make([]byte, 1))
	require.Error(t, err)
	require.False(t, errors.As(err, &late) && late.Timeout(), "the connection is told that it is over: %v", err)
	require.Zero(t, f.asked.Load(), "what was swallowed never arrives")
	_, err = f.ask()
	require.NoError(t, err)
}

func TestAPartOfTheConnectionsIsStruck(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.line.Break(line.Fault{Kind: line.Truncated, Part: 0.5, Bytes: 100})
	failed := 0
	for range 40 {
		if _, err := f.ask(); err != nil {
			failed++
		}
	}
	require.Equal(t, f.line.Struck()[line.Truncated], failed)
	require.Greater(t, failed, 5)
	require.Less(t, failed, 35)
}
