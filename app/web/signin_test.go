package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/identity"
)

// withProvider opens a site whose people come from a provider that can lie.
func withProvider(t *testing.T, o options) (*site, *twisted) {
	t.Helper()
	p := newTwisted(t)
	more := o.config
	o.routes = pages
	o.config = func(c *Config) {
		c.OIDC.Issuer, c.OIDC.ClientSecret, c.OIDC.Scopes = p.url, clientSecret, []string{"openid", "profile", "email"}
		if more != nil {
			more(c)
		}
	}
	site := open(t, o)
	require.NoError(t, site.Identity.SetGroupRoles(t.Context(), audit.Job("test"), "accounting", []identity.Role{identity.Accountant}))
	return site, p
}

// signIn goes the whole way and returns where it ended, with the address of
// the callback.
func (b *browser) signIn(start string) (last page, callback string) {
	b.t.Helper()
	toProvider := b.get(start)
	require.Equal(b.t, http.StatusSeeOther, toProvider.StatusCode, toProvider.body)
	callback = b.get(toProvider.to()).to()
	return b.get(callback), callback
}

// cookie is the session's token as the browser holds it.
func (b *browser) cookie() string {
	for _, c := range b.http.Jar.Cookies(b.site.public) {
		if c.Name == b.site.sessions.Cookie.Name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) signedIn() bool { return b.get("/page").StatusCode == http.StatusOK }

func TestSigningInLeadsToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	b := site.browser(t)
	asked := b.get("/page?q=1")
	signIn := b.get(asked.to())
	require.Contains(t, signIn.body, "Continue with Contoso")
	require.Contains(t, signIn.body, `href="/sign-in/start?return=%2Fpage%3Fq%3D1"`)
	last, _ := b.signIn("/sign-in/start?return=%2Fpage%3Fq%3D1")
	require.Equal(t, "/page?q=1", last.to())
	require.Contains(t, b.get("/page").body, "Accountant")

	sent := provider.requests["authorize"]
	require.Equal(t, "code", sent.Get("response_type"))
	require.Equal(t, "S256", sent.Get("code_challenge_method"))
	require.Equal(t, site.url+"/sign-in/callback", sent.Get("redirect_uri"))
	require.NotEmpty(t, sent.Get("nonce"))
	require.GreaterOrEqual(t, len(sent.Get("state")), 26)
	require.Empty(t, sent.Get("prompt"))
	require.Equal(t, "/page", b.get("/sign-in?return=/page").to(), "somebody signed in is not asked again")
	require.Contains(t, b.get("/page").Header.Get("Content-Security-Policy"), "form-action 'self' "+provider.url)
}

func TestWhatTheProviderSaysMustBeProved(t *testing.T) {
	t.Parallel()
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for name, twist := range map[string]func(*twisted){
		"another nonce":     func(p *twisted) { p.twist = func(c map[string]any) { c["nonce"] = "x" } },
		"no nonce":          func(p *twisted) { p.twist = func(c map[string]any) { delete(c, "nonce") } },
		"another audience":  func(p *twisted) { p.twist = func(c map[string]any) { c["aud"] = "other" } },
		"another issuer":    func(p *twisted) { p.twist = func(c map[string]any) { c["iss"] = "https://evil.example" } },
		"expired":           func(p *twisted) { p.twist = func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() } },
		"signed by another": func(p *twisted) { p.sign = other },
		"no subject":        func(p *twisted) { p.twist = func(c map[string]any) { c["sub"] = "" } },
		"two people": func(p *twisted) {
			delete(p.claims, "groups")
			p.info = map[string]any{"sub": "eve", "groups": []string{"accounting"}}
		},
		"user info refused":  func(p *twisted) { delete(p.claims, "groups"); p.info = nil },
		"group of no role":   func(p *twisted) { p.claims["groups"] = []string{"kitchen"} },
		"no groups":          func(p *twisted) { p.claims["groups"] = []string{} },
		"groups of a number": func(p *twisted) { p.claims["groups"] = 7 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, provider := withProvider(t, options{})
			provider.set(twist)
			b := site.browser(t)
			last, _ := b.signIn("/sign-in/start")
			require.GreaterOrEqual(t, last.StatusCode, 400)
			require.Less(t, last.StatusCode, 600)
			require.Contains(t, last.body, "Signing in did not work")
			require.Contains(t, last.body, "Continue with Contoso")
			require.False(t, b.signedIn())
		})
	}
}

func TestSomebodyWithoutARoleIsToldTheirGroups(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	provider.set(func(p *twisted) { p.claims["groups"] = []string{"kitchen", "interns"} })
	b := site.browser(t)
	last, _ := b.signIn("/sign-in/start")
	require.Equal(t, http.StatusForbidden, last.StatusCode)
	require.Contains(t, last.body, "interns, kitchen")
}

func TestAnotherStateIsRefused(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	callback := b.get(b.get("/sign-in/start").to()).to()
	forged, err := url.Parse(callback)
	require.NoError(t, err)
	for _, state := range []string{"", "x", "flow/x"} {
		query := forged.Query()
		query.Set("state", state)
		answer := b.get("/sign-in/callback?" + query.Encode())
		require.Equal(t, http.StatusForbidden, answer.StatusCode)
		require.Contains(t, answer.body, "began in another browser")
	}
	require.False(t, b.signedIn())

	other := site.browser(t)
	require.Equal(t, http.StatusForbidden, other.get(callback).StatusCode, "a callback works in another browser")
	require.False(t, other.signedIn())
}

func TestACallbackWorksOnce(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	last, callback := b.signIn("/sign-in/start")
	require.Equal(t, http.StatusSeeOther, last.StatusCode)
	require.Equal(t, http.StatusForbidden, b.get(callback).StatusCode)
	require.True(t, b.signedIn(), "the session that exists is not harmed")
}

func TestACodeThatWasUsedIsRefusedByTheProvider(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	b := site.browser(t)
	callback := b.get(b.get("/sign-in/start").to()).to()
	provider.set(func(p *twisted) { clear(p.grants) })
	answer := b.get(callback)
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.Contains(t, answer.body, "invalid_grant (The code is unknown or was used)")
}

func TestErrorsOfTheProviderAreShownAsText(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	start, err := url.Parse(b.get("/sign-in/start?return=/page").to())
	require.NoError(t, err)
	query := url.Values{"state": {start.Query().Get("state")}, "error": {"access_denied"}, "error_description": {"<b>Not you." + strings.Repeat("x", 1000)}}
	answer := b.get("/sign-in/callback?" + query.Encode())
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.Contains(t, answer.body, "Contoso refused: access_denied (&lt;b&gt;Not you.x")
	require.NotContains(t, answer.body, strings.Repeat("x", 400))
	require.Contains(t, answer.body, "return=%2Fpage", "trying again leads to the same page")
	require.NotContains(t, b.get("/sign-in/callback?error=access_denied&error_description=phish&state=x").body, "phish")
}

func TestAnAnswerInTheNameOfAnotherProviderIsRefused(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	callback := b.get(b.get("/sign-in/start").to()).to()
	answer := b.get(callback + "&iss=https%3A%2F%2Fevil.example")
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.Contains(t, answer.body, "another identity provider")
}

func TestASignInGivesANewSession(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	toProvider := b.get("/sign-in/start")
	before := b.cookie()
	require.NotEmpty(t, before)
	require.Equal(t, "/", b.get(b.get(toProvider.to()).to()).to())
	require.NotEqual(t, before, b.cookie())

	thief := site.browser(t)
	thief.http.Jar.SetCookies(site.public, []*http.Cookie{{Name: site.sessions.Cookie.Name, Value: before, Path: "/"}})
	require.False(t, thief.signedIn(), "a token known before the sign-in is signed in")

	chosen := site.browser(t)
	chosen.http.Jar.SetCookies(site.public, []*http.Cookie{{Name: site.sessions.Cookie.Name, Value: "chosen-by-somebody", Path: "/"}})
	last, _ := chosen.signIn("/sign-in/start")
	require.Equal(t, http.StatusSeeOther, last.StatusCode)
	require.NotEqual(t, "chosen-by-somebody", chosen.cookie())
}

func TestAnIdleSessionEnds(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{config: func(c *Config) { c.SessionIdle = 2 * time.Second }})
	b := site.browser(t)
	b.signIn("/sign-in/start")
	require.True(t, b.signedIn())
	require.Eventually(t, func() bool {
		var gone bool
		err := site.pool.QueryRow(t.Context(), `SELECT count(*) = 0 FROM sessions WHERE expiry > now()`).Scan(&gone)
		return err == nil && gone
	}, 10*time.Second, 20*time.Millisecond)
	require.False(t, b.signedIn())
}

func TestUseKeepsASessionButNotBeyondItsLifetime(t *testing.T) {
	t.Parallel()
	const lifetime = 4 * time.Second
	site, _ := withProvider(t, options{config: func(c *Config) { c.SessionIdle, c.SessionLifetime = 2*time.Second, lifetime }})
	b := site.browser(t)
	b.signIn("/sign-in/start")
	began := time.Now()
	require.Eventually(t, func() bool { return !b.signedIn() }, 20*time.Second, 50*time.Millisecond)
	require.Greater(t, time.Since(began), 3*time.Second, "a session in use ended before its lifetime")
}

func TestNoPlaceOutsideIsReturnedTo(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	for _, evil := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/sign-in/start"} {
		b := site.browser(t)
		last, _ := b.signIn("/sign-in/start?" + url.Values{"return": {evil}}.Encode())
		require.Equal(t, "/", last.to(), evil)
		require.Equal(t, "/", b.get("/sign-in?"+url.Values{"return": {evil}}.Encode()).to(), evil)
	}
}

func TestSigningOutEndsTheSessionHereAndThere(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	b := site.browser(t)
	b.signIn("/sign-in/start")
	stolen := b.cookie()
	answer := b.post("/sign-out", nil)
	end, err := url.Parse(answer.to())
	require.NoError(t, err)
	require.Equal(t, provider.url+"/end", end.Scheme+"://"+end.Host+end.Path)
	require.Equal(t, site.url+"/signed-out", end.Query().Get("post_logout_redirect_uri"))
	require.Equal(t, "tieout", end.Query().Get("client_id"))
	require.Equal(t, 2, strings.Count(end.Query().Get("id_token_hint"), "."))
	require.False(t, b.signedIn())

	thief := site.browser(t)
	thief.http.Jar.SetCookies(site.public, []*http.Cookie{{Name: site.sessions.Cookie.Name, Value: stolen, Path: "/"}})
	require.False(t, thief.signedIn())
	require.Contains(t, b.get("/signed-out").body, "You are signed out")
	require.Equal(t, http.StatusMethodNotAllowed, b.get("/sign-out").StatusCode)
}

func TestAFreshSignInMustReallyBeFresh(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	b := site.browser(t)
	b.signIn("/sign-in/start")
	const fresh = "/sign-in/start?fresh=1&return=%2Fpage%3Fid%3D7"

	provider.set(func(p *twisted) { p.claims["auth_time"] = time.Now().Add(-time.Hour).Unix() })
	last, _ := b.signIn(fresh)
	require.Equal(t, http.StatusForbidden, last.StatusCode)
	require.Contains(t, last.body, "did not ask for your credentials again")
	require.Contains(t, last.body, "Confirm that it is you")
	require.True(t, b.signedIn())

	provider.set(func(p *twisted) { p.twist = func(c map[string]any) { delete(c, "auth_time") } })
	last, _ = b.signIn(fresh)
	require.Contains(t, last.body, "auth_time")

	provider.set(func(p *twisted) { p.twist = nil; delete(p.claims, "auth_time") })
	last, _ = b.signIn(fresh)
	require.Equal(t, "/page?id=7", last.to())
	require.Equal(t, "login", provider.requests["authorize"].Get("prompt"))
	require.Equal(t, "0", provider.requests["authorize"].Get("max_age"))
}

func TestApprovalsLearnWhenTheCredentialsWereChecked(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	checked := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	var told time.Time
	require.NoError(t, site.register([]Route{{GET, "/told", signedIn, func(r *request) error {
		told = r.signedInAt()
		return r.NoContent(http.StatusNoContent)
	}, 0}}))
	provider.set(func(p *twisted) { p.claims["auth_time"] = checked.Unix() })
	b := site.browser(t)
	b.signIn("/sign-in/start")
	b.get("/told")
	require.Equal(t, checked, told)

	provider.set(func(p *twisted) { p.twist = func(c map[string]any) { delete(c, "auth_time") } })
	b.signIn("/sign-in/start")
	b.get("/told")
	require.True(t, told.IsZero(), "a provider that does not say it counts as fresh")
}

func TestGroupsMayStandElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claim string
		twist func(*twisted)
	}{
		"only at user info": {"groups", func(p *twisted) {
			delete(p.claims, "groups")
			p.info = map[string]any{"sub": "ada", "groups": []string{"accounting"}}
		}},
		"nested": {"realm_access.roles", func(p *twisted) { p.claims["realm_access"] = map[string]any{"roles": []string{"accounting"}} }},
		"with dots in the name": {"https://contoso.example/groups", func(p *twisted) {
			p.claims["https://contoso.example/groups"] = []string{"accounting"}
		}},
		"a single text": {"role", func(p *twisted) { p.claims["role"] = "accounting" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, provider := withProvider(t, options{config: func(config *Config) { config.OIDC.GroupsClaim = c.claim }})
			provider.set(c.twist)
			b := site.browser(t)
			last, _ := b.signIn("/sign-in/start")
			require.Equal(t, "/", last.to(), last.body)
		})
	}
}

func TestAProviderThatIsDownIsSaidSoAndFoundLater(t *testing.T) {
	t.Parallel()
	site, provider := withProvider(t, options{})
	provider.set(func(p *twisted) { p.down = true })
	b := site.browser(t)
	down := b.get("/sign-in")
	require.Equal(t, http.StatusOK, down.StatusCode)
	require.Contains(t, down.body, "Contoso does not answer")
	require.Equal(t, http.StatusServiceUnavailable, b.get("/sign-in/start").StatusCode)

	provider.set(func(p *twisted) { p.down = false })
	require.Eventually(t, func() bool { return !strings.Contains(b.get("/sign-in").body, "does not answer") }, 10*time.Second, 100*time.Millisecond)
	last, _ := b.signIn("/sign-in/start")
	require.Equal(t, "/", last.to())
}

func TestSeveralTabsMaySignInAtOnceButNotWithoutEnd(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	var callbacks []string
	for range flowsKept + 1 {
		callbacks = append(callbacks, b.get(b.get("/sign-in/start").to()).to())
	}
	require.Equal(t, http.StatusForbidden, b.get(callbacks[0]).StatusCode)
	for _, callback := range callbacks[1:] {
		require.Equal(t, http.StatusSeeOther, b.get(callback).StatusCode)
	}
}

func TestABrowserThatCameByAnotherNameIsSentToThePublicOne(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	for _, path := range []string{"/sign-in?return=%2Fpage", "/sign-in/start?return=%2Fpage"} {
		require.Equal(t, site.url+path, b.get(path, "Host", "localhost:1").to())
	}
}

func TestADisabledPersonIsSignedOutAtOnce(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	b := site.browser(t)
	b.signIn("/sign-in/start")
	people, err := site.Identity.List(t.Context())
	require.NoError(t, err)
	require.NoError(t, site.Identity.Disable(t.Context(), audit.Job("test"), people[0].ID))
	require.False(t, b.signedIn())
	last, _ := b.signIn("/sign-in/start")
	require.Equal(t, http.StatusForbidden, last.StatusCode)
	require.Contains(t, last.body, "disabled")
}
