package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStrangersGetNothingFromAnAnswerOfTheProvider signs people in at the stand-in
// for an identity provider, and plays what was seen on the way back.
func TestStrangersGetNothingFromAnAnswerOfTheProvider(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, false)
	carl := &traveller{t: t, s: s}
	carl.comeIn("carl.controller", "/sign-in/start")
	first, answer := carl.session(), carl.callback
	require.Contains(t, answer, "code=")
	require.True(t, carl.isIn())
	require.False(t, (&traveller{t: t, s: s}).with(first+"x").isIn())
	require.True(t, (&traveller{t: t, s: s}).with(first).isIn(), "the token is what lets in")

	carl.comeIn("carl.controller", "/sign-in/start?fresh=1")
	second := carl.session()
	require.NotEqual(t, first, second)
	require.False(t, (&traveller{t: t, s: s}).with(first).isIn(), "the token from before the credentials were asked for again")
	require.NotEqual(t, answer, carl.callback)
	for _, old := range []string{answer, carl.callback} {
		for name, who := range map[string]*traveller{"a stranger": {t: t, s: s}, "the person": carl} {
			require.Equal(t, http.StatusForbidden, who.get(old).StatusCode, name)
		}
	}
	require.True(t, carl.isIn())

	mallory := &traveller{t: t, s: s}
	mallory.get("/sign-in/start")
	planted := mallory.session()
	victim := (&traveller{t: t, s: s}).with(planted)
	victim.comeIn("amy.accountant", "/sign-in/start")
	require.True(t, victim.isIn())
	require.False(t, mallory.isIn(), "the token that was planted is signed in")

	carl.send(http.MethodPost, "/sign-out")
	require.False(t, (&traveller{t: t, s: s}).with(second).isIn(), "a session that was signed out")
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM audit_event WHERE action = 'signed in from somewhere new' AND actor = 'Carl Controller'`), "told once of one browser")
	require.Zero(t, s.number(t, `SELECT count(*) FROM audit_event WHERE action = 'signed in from somewhere new' AND actor = 'Amy Accountant'`))
}

// traveller is a browser that remembers the provider's answer.
type traveller struct {
	t        *testing.T
	s        *site
	http     *http.Client
	callback string
}

func (p *traveller) client() *http.Client {
	p.t.Helper()
	if p.http != nil {
		return p.http
	}
	jar, err := cookiejar.New(nil)
	require.NoError(p.t, err)
	p.http = &http.Client{Jar: jar, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(next.URL.Path, "/sign-in/callback") {
			p.callback = next.URL.RequestURI()
		}
		return nil
	}}
	return p.http
}

func (p *traveller) base() *url.URL {
	p.t.Helper()
	base, err := url.Parse(p.s.url)
	require.NoError(p.t, err)
	return base
}

// with is the browser with somebody's session.
func (p *traveller) with(token string) *traveller {
	p.client().Jar.SetCookies(p.base(), []*http.Cookie{{Name: "tieout", Value: token, Path: "/"}})
	return p
}

func (p *traveller) session() string {
	for _, c := range p.client().Jar.Cookies(p.base()) {
		if c.Name == "tieout" {
			return c.Value
		}
	}
	return ""
}

func (p *traveller) send(method, path string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.s.url+path, nil)
	require.NoError(p.t, err)
	answer, err := p.client().Do(request)
	require.NoError(p.t, err)
	require.NoError(p.t, answer.Body.Close())
	return answer
}

func (p *traveller) get(path string) *http.Response {
	p.t.Helper()
	return p.send(http.MethodGet, path)
}

// isIn reports whether the browser sees a page for people.
func (p *traveller) isIn() bool {
	p.t.Helper()
	return p.get("/preferences").Request.URL.Path == "/preferences"
}

// comeIn goes the whole way through the provider.
func (p *traveller) comeIn(who, start string) {
	p.t.Helper()
	c := &clerk{client: p.client(), base: p.s.url}
	require.NoError(p.t, c.begin(p.t.Context(), p.s.sandbox.Issuer, who, start))
}
