package web

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/identity"
)

// slow is a route that makes a file when a test lets it.
func slow(began, goOn chan struct{}) func(*server) []Route {
	return func(s *server) []Route {
		return append(pages(s), Route{GET, "/slow/export.xlsx", signedIn, func(r *request) error {
			began <- struct{}{}
			<-goOn
			return r.String(http.StatusOK, "made")
		}, 0})
	}
}

// TestNobodyWhoClicksIsKeptWaiting lets a person click for an hour as fast as
// people do, on pages that ask for others, with a mouse that rattles.
func TestNobodyWhoClicksIsKeptWaiting(t *testing.T) {
	t.Parallel()
	people := newLimiter(Limits{Person: 20}).people
	chance, now := rand.New(rand.NewPCG(1, 2)), time.Now()
	for end := now.Add(time.Hour); now.Before(end); now = now.Add(time.Duration(chance.IntN(900)) * time.Millisecond) {
		for range 1 + chance.IntN(6) {
			require.Zero(t, people.take("7", now))
		}
		if chance.IntN(100) == 0 {
			for range 40 { // ten tabs opened at once
				require.Zero(t, people.take("7", now))
			}
		}
	}
}

func TestAScriptIsKeptToTheRate(t *testing.T) {
	t.Parallel()
	people, now, admitted := newLimiter(Limits{Person: 20}).people, time.Now(), 0
	for i := range 60 * 500 { // 500 requests a second for a minute
		if people.take("7", now.Add(time.Duration(i)*2*time.Millisecond)) == 0 {
			admitted++
		}
	}
	require.InDelta(t, 200+60*20, admitted, 2)
	require.Zero(t, people.take("8", now.Add(time.Minute)), "somebody else")
	require.Len(t, people.of, 2)
	require.Zero(t, people.take("9", now.Add(time.Hour)))
	require.Len(t, people.of, 1, "who has not asked for long is forgotten")
}

func TestWhoAsksTooOftenIsToldToWait(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages, config: func(c *Config) { c.Limits = Limits{Person: 0.2, Stranger: 0.2} }}) // two at once
	b, other := site.as(t, identity.Viewer), site.as(t, identity.Auditor)
	for range 2 {
		require.Equal(t, http.StatusOK, b.get("/page").StatusCode)
	}
	answer := b.get("/page")
	require.Equal(t, http.StatusTooManyRequests, answer.StatusCode)
	require.Regexp(t, `^[1-5]$`, answer.Header.Get("Retry-After"))
	require.Contains(t, answer.body, "One moment, please")
	require.Regexp(t, `More requests came from you than people make\. Wait \d seconds?, then try again\.`, answer.body)
	require.Contains(t, answer.body, `href="/page"`, "to try again")
	scripted := b.get("/page", "HX-Request", "true")
	require.Equal(t, http.StatusTooManyRequests, scripted.StatusCode)
	require.Equal(t, "#content", scripted.Header.Get("HX-Retarget"))
	require.Contains(t, scripted.body, `id="content"`)
	require.Equal(t, http.StatusTooManyRequests, b.post("/save", nil).StatusCode)
	require.Equal(t, http.StatusOK, other.get("/page").StatusCode, "somebody else is not held up")
	require.Equal(t, "ok\n", b.get("/healthz").body)

	nobody := site.browser(t)
	for range 2 {
		require.Equal(t, http.StatusSeeOther, nobody.get("/page").StatusCode)
	}
	require.Equal(t, http.StatusTooManyRequests, site.browser(t).get("/page").StatusCode, "another browser of the same network")
	require.Equal(t, http.StatusOK, other.get("/page").StatusCode, "people who are signed in are counted by themselves")
}

func TestSignInsFromOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{config: func(c *Config) {
		c.Limits, c.Proxies = Limits{SignIn: 2}, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}})
	for range 2 {
		last, _ := site.browser(t).signIn("/sign-in/start")
		require.Equal(t, http.StatusSeeOther, last.StatusCode)
	}
	refused := site.browser(t).get("/sign-in/start")
	require.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
	require.Contains(t, refused.body, "from your network")
	require.Equal(t, http.StatusOK, site.browser(t).get("/sign-in").StatusCode, "the page itself explains")
	elsewhere := site.browser(t).get("/sign-in/start", "X-Forwarded-For", "203.0.113.9, 127.0.0.2")
	require.Equal(t, http.StatusSeeOther, elsewhere.StatusCode, "our proxy says that it is another network")
}

// TestOnlyOurProxiesSayWhoAsks keeps strangers from choosing an address.
func TestOnlyOurProxiesSayWhoAsks(t *testing.T) {
	t.Parallel()
	ours := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct{ from, forwarded, want string }{
		{"192.0.2.1:1234", "", "192.0.2.1"},
		{"192.0.2.1:1234", "203.0.113.9", "192.0.2.1"},
		{"127.0.0.1:1234", "203.0.113.9", "127.0.0.1"},
		{"10.0.0.7:1234", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.7:1234", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		{"10.0.0.7:1234", "198.51.100.1, 203.0.113.9, 10.0.0.8", "203.0.113.9"},
		{"10.0.1.7:1234", "203.0.113.9", "10.0.1.7"},
		{"10.0.0.7:1234", "nonsense", "10.0.0.7"},
		{"[fd00::1]:1234", "2001:db8::7", "2001:db8::7"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		require.NoError(t, err)
		r.RemoteAddr = c.from
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		require.Equal(t, c.want, addressOf(ours)(r), "%+v", c)
	}
	require.Equal(t, "192.0.2.1", network("192.0.2.1"))
	require.Equal(t, network("2001:db8:1:2::7"), network("2001:db8:1:2:ffff::9"), "a household has many addresses")
	require.NotEqual(t, network("2001:db8:1:2::7"), network("2001:db8:1:3::7"))
	require.Equal(t, "::ffff:192.0.2.1", network("::ffff:192.0.2.1"))
}

func TestAPersonMakesSoManyFilesAtOnce(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	site := open(t, options{routes: slow(began, goOn), config: func(c *Config) { c.Limits = Limits{Heavy: 2, Patience: 50 * time.Millisecond} }})
	b, person := site.person(t, identity.Ops)
	answers := make(chan page, 2)
	ask := func(b *browser) { answers <- b.get("/slow/export.xlsx") }
	for range 2 {
		go ask(site.session(t, person))
		<-began
	}
	third := b.get("/slow/export.xlsx")
	require.Equal(t, http.StatusTooManyRequests, third.StatusCode)
	require.Contains(t, third.body, "You have 2 exports and searches under way already.")
	require.Equal(t, "1", third.Header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, b.get("/page").StatusCode, "pages go on")
	go ask(site.as(t, identity.Auditor))
	<-began
	close(goOn)
	for range 3 {
		require.Equal(t, "made", (<-answers).body)
	}
	go ask(b)
	<-began
	require.Equal(t, "made", (<-answers).body, "a turn came back")
	require.Eventually(t, func() bool {
		site.limiter.heavy.mu.Lock()
		defer site.limiter.heavy.mu.Unlock()
		return len(site.limiter.heavy.of) == 0
	}, 5*time.Second, time.Millisecond, "nothing is remembered of whoever is done")
}

func TestOneMoreWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	site := open(t, options{routes: slow(began, goOn), config: func(c *Config) { c.Limits = Limits{Heavy: 1, Patience: time.Minute} }})
	_, person := site.person(t, identity.Ops)
	answers := make(chan string, 3)
	for range 3 {
		b := site.session(t, person)
		go func() { answers <- b.get("/slow/export.xlsx").body }()
	}
	for range 3 {
		<-began
		goOn <- struct{}{}
		require.Equal(t, "made", <-answers)
	}
}
