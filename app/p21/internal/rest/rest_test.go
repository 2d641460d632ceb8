package rest

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0.1": "0.1", "12345678901234567.8901": "12345678901234567.8901", "-11E-1": "-1.1", "1e3": "1000", "null": "0",
	} {
		var n Number
		require.NoError(t, json.Unmarshal([]byte(text), &n), text)
		require.Equal(t, want, n.String())
		raw, err := json.Marshal(n)
		require.NoError(t, err)
		require.Equal(t, want, string(raw))
	}
	for _, wrong := range []string{`"1.00"`, `1e999999999`, `1e-999999999`, `true`, `{}`} {
		require.Error(t, json.Unmarshal([]byte(wrong), new(Number)), wrong)
	}
	raw, err := json.Marshal(NumberOf(decimal.New(15, 1)))
	require.NoError(t, err)
	require.Equal(t, "150", string(raw))
}

func TestQueriesAreWrittenForOData(t *testing.T) {
	t.Parallel()
	require.Equal(t, "$filter=a%20eq%20%27O%27%27Hara%20%26%20S%C3%B6hne%2B%27&$top=5", encode([]string{"$filter", "a eq " + Literal("O'Hara & Söhne+"), "$top", "5"}))
}

func TestTokensAreRenewedBeforeTheyEnd(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]time.Duration{
		86400: 24*time.Hour - 5*time.Minute,
		600:   5 * time.Minute,
		60:    30 * time.Second,
		0:     time.Hour,
		-5:    time.Hour,
	} {
		require.Equal(t, want, grant{ExpiresInSeconds: seconds}.renewAfter())
	}
	require.Greater(t, grant{ExpiresIn: 630720000}.renewAfter(), 5*365*24*time.Hour, "a key that never expires")
	require.Greater(t, grant{ExpiresIn: 1 << 62}.renewAfter(), time.Hour, "no overflow")
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	require.Equal(t, 7*time.Second, retryAfter(header("Retry-After", "7")))
	date, later := "Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 10:00:30 GMT"
	require.Equal(t, 30*time.Second, retryAfter(header("Retry-After", later, "Date", date)))
	require.Zero(t, retryAfter(header("Retry-After", date, "Date", later)), "in the past")
	require.Zero(t, retryAfter(header("Retry-After", later)))
	require.Zero(t, retryAfter(header("Retry-After", "soon")))
	require.Zero(t, retryAfter(header()))
}

func TestPausesGrowAndStayBounded(t *testing.T) {
	t.Parallel()
	c := &Client{attempts: 100, pause: time.Second}
	for attempt := 1; attempt < 40; attempt++ {
		wait, again := c.again(Broken("read", "x"), attempt)
		require.True(t, again)
		require.Positive(t, wait)
		require.LessOrEqual(t, wait, longestPause+1)
	}
}

func TestTheTokenIsNotGivenToAWorseGuardedServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address, base string
		want          bool
	}{
		{"https://ui.example.com/uiserver0", "https://p21.example.com", true},
		{"http://ui.example.com/uiserver0", "https://p21.example.com", false},
		{"http://127.0.0.1/uiserver0", "http://127.0.0.1", true},
		{"https://127.0.0.1/uiserver0", "http://127.0.0.1", true},
		{"ftp://127.0.0.1/uiserver0", "http://127.0.0.1", false},
		{"/uiserver0", "http://127.0.0.1", false},
		{"", "http://127.0.0.1", false},
		{"https://%zz", "http://127.0.0.1", false},
	} {
		require.Equal(t, c.want, mayHaveToken(c.address, c.base), c.address)
	}
}

func TestEmptyParametersAreLeftOut(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/x?$top=1&a=b", WithQuery("/x", "$filter", "", "$top", "1", "a", "b"))
}
