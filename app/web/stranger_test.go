package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/closing/binder"
	"tieout/app/connection"
	"tieout/app/fbastock"
	"tieout/app/finances"
	"tieout/app/identity"
	"tieout/app/insight"
	"tieout/app/notice"
	"tieout/app/notify"
	"tieout/app/rates"
	"tieout/app/revaluation"
	"tieout/app/sheet"
	"tieout/app/web/webtest"
)

// TestASessionIsNeverTheOneFromBefore follows the session's token through its
// life: it changes at each sign-in, and the one before is dead on the server.
func TestASessionIsNeverTheOneFromBefore(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	dead := func(token, why string) {
		t.Helper()
		thief := site.browser(t)
		thief.http.Jar.SetCookies(site.public, []*http.Cookie{{Name: site.sessions.Cookie.Name, Value: token, Path: "/"}})
		require.False(t, thief.signedIn(), why)
		require.Equal(t, http.StatusSeeOther, thief.post("/save", url.Values{"what": {"x"}}).StatusCode)
	}
	b := site.browser(t)
	b.get("/sign-in/start")
	before := b.cookie()
	require.NotEmpty(t, before)
	b.signIn("/sign-in/start")
	first := b.cookie()
	dead(before, "the token from before the sign-in")
	b.signIn("/sign-in/start?fresh=1")
	second := b.cookie()
	require.NotEqual(t, first, second)
	dead(first, "the token from before the credentials were asked for again")
	require.True(t, b.signedIn())

	b.post("/sign-out", nil)
	dead(second, "the token of a session that was signed out")
	b.signIn("/sign-in/start")
	require.NotContains(t, []string{before, first, second}, b.cookie())
	require.True(t, b.signedIn())
}

// TestAForgedTokenSignsNobodyIn has the provider's answer carry tokens as
// attackers make them.
func TestAForgedTokenSignsNobodyIn(t *testing.T) {
	t.Parallel()
	secretly := func(text string) []byte {
		mac := hmac.New(sha256.New, []byte(clientSecret))
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	for name, twist := range map[string]func(*twisted){
		"alg none":                      func(p *twisted) { p.header, p.seal = map[string]any{"alg": "none"}, func(string) []byte { return nil } },
		"alg NoNe":                      func(p *twisted) { p.header, p.seal = map[string]any{"alg": "NoNe"}, func(string) []byte { return nil } },
		"a hash of the client's secret": func(p *twisted) { p.header, p.seal = map[string]any{"alg": "HS256"}, secretly },
		"an empty signature":            func(p *twisted) { p.seal = func(string) []byte { return nil } },
		"a key that nobody published": func(p *twisted) {
			p.header = map[string]any{"kid": "2"}
			p.seal = func(string) []byte { return make([]byte, 64) }
		},
		"a key that it brings itself": func(p *twisted) {
			p.header, p.seal = map[string]any{"jwk": map[string]any{"kty": "oct", "k": "c2VjcmV0"}, "alg": "HS256"}, secretly
		},
		"several audiences, not ours": func(p *twisted) { p.twist = func(c map[string]any) { c["aud"] = []string{"other", "third"} } },
		"no expiry":                   func(p *twisted) { p.twist = func(c map[string]any) { delete(c, "exp") } },
		"not valid yet":               func(p *twisted) { p.twist = func(c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() } },
		"no issuer":                   func(p *twisted) { p.twist = func(c map[string]any) { delete(c, "iss") } },
		"no audience":                 func(p *twisted) { p.twist = func(c map[string]any) { delete(c, "aud") } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, provider := withProvider(t, options{})
			provider.set(twist)
			b := site.browser(t)
			last, _ := b.signIn("/sign-in/start")
			require.Equal(t, http.StatusForbidden, last.StatusCode, last.body)
			require.Contains(t, last.body, "Signing in did not work")
			require.False(t, b.signedIn())
		})
	}
}

// TestAnAnswerBelongsToTheSignInThatAskedForIt plays answers of the provider
// back: again, in another browser, and into another sign-in.
func TestAnAnswerBelongsToTheSignInThatAskedForIt(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	for name, play := range map[string]func(stolen, own string) []string{
		"the whole answer of another browser": func(stolen, _ string) []string { return []string{stolen} },
		"its code in a sign-in of one's own": func(stolen, own string) []string {
			return []string{"/sign-in/callback?" + url.Values{"code": {part(t, stolen, "code")}, "state": {part(t, own, "state")}}.Encode()}
		},
		"one's own answer after a wrong one": func(_, own string) []string {
			return []string{"/sign-in/callback?" + url.Values{"state": {part(t, own, "state")}}.Encode(), own}
		},
		"its state with one's own code": func(stolen, own string) []string {
			return []string{"/sign-in/callback?" + url.Values{"code": {part(t, own, "code")}, "state": {part(t, stolen, "state")}}.Encode()}
		},
	} {
		victim, attacker := site.browser(t), site.browser(t)
		stolen := victim.get(victim.get("/sign-in/start").to()).to() // with its code, not used yet
		own := attacker.get(attacker.get("/sign-in/start").to()).to()
		for _, answer := range play(stolen, own) {
			require.Equal(t, http.StatusForbidden, attacker.get(answer).StatusCode, name)
			require.False(t, attacker.signedIn(), name)
		}
	}
	b := site.browser(t)
	last, callback := b.signIn("/sign-in/start")
	require.Equal(t, http.StatusSeeOther, last.StatusCode)
	require.Equal(t, http.StatusForbidden, b.get(callback).StatusCode, "again")
	require.True(t, b.signedIn())
}

func part(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	require.NotEmpty(t, u.Query().Get(name))
	return u.Query().Get(name)
}

// away are addresses of elsewhere, as browsers read them.
func away() []string {
	return []string{"https://evil.example", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`, "https:evil.example", "https:/evil.example", "HTTPS://evil.example",
		"/\t/evil.example", "\t//evil.example", " //evil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example", "/\x00//evil.example", "\u2028//evil.example", "/%0d%0aSet-Cookie:a=b", "/%0a//evil.example",
		"/%09//evil.example", "/%5Cevil.example", "%2F%2Fevil.example", "/%2Fevil.example", "/%2F%2Fevil.example", "javascript:alert(1)", "data:text/html,x", "//evil.example/%2e%2e", "/.//evil.example", "/..//evil.example",
		"http://user@evil.example", "/@evil.example", "evil.example", "?//evil.example", "#//evil.example", "/sign-in/start", "/sign-out", strings.Repeat("/", 5000) + "evil.example", "/" + strings.Repeat("x", 1<<14)}
}

// stays reports whether a browser that is led there stays on this site.
func stays(location string) bool {
	text := strings.Trim(location, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x1b\x1f ")
	text = strings.NewReplacer("\t", "", "\r", "", "\n", "", `\`, "/").Replace(text)
	return strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && !strings.ContainsAny(location, "\r\n\t\x00")
}

// TestNothingLeadsToAnotherSite asks every place that sends a browser on.
func TestNothingLeadsToAnotherSite(t *testing.T) {
	t.Parallel()
	site, _ := withProvider(t, options{})
	inside, outside := site.as(t, identity.AllRoles()...), site.browser(t)
	clean := func(text string) string { return strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(text) } // what a header can hold
	for _, evil := range away() {
		back := url.Values{"return": {evil}}.Encode()
		if strings.ContainsRune(evil, 0) {
			require.Equal(t, http.StatusUnprocessableEntity, inside.get("/sign-in?"+back).StatusCode, "what is no text is refused as such")
			continue
		}
		for name, to := range map[string]string{
			"signed in already":    inside.get("/sign-in?" + back).to(),
			"the form says so":     inside.post("/back", url.Values{"return": {evil}}).to(),
			"the referrer says so": inside.post("/back", nil, "Referer", clean(evil)).to(),
			"theme":                inside.post("/preferences/theme", url.Values{"theme": {"dark"}, "return": {evil}}).to(),
			"columns of a list":    inside.post("/lists/settlements/columns", url.Values{"return": {evil}}).to(),
			"filter of a list":     inside.post("/lists/settlements/filters", url.Values{"name": {"x"}, "return": {evil}}).to(),
			"scripted":             inside.post("/back", url.Values{"return": {evil}}, "HX-Request", "true").Header.Get("HX-Location"),
		} {
			require.True(t, stays(to), "%s: %q leads to %q", name, evil, to)
		}
		for name, to := range map[string]string{
			"a form of nobody":   outside.post("/save", nil, "Referer", clean(evil)).to(),
			"a script of nobody": outside.get("/page", "HX-Request", "true", "HX-Current-URL", clean(evil)).Header.Get("HX-Redirect"),
			"a page of nobody":   outside.get("/page?return=" + url.QueryEscape(evil)).to(),
		} {
			require.True(t, strings.HasPrefix(to, "/sign-in"), "%s: %q leads to %q", name, evil, to)
			u, err := url.Parse(to)
			require.NoError(t, err)
			require.True(t, stays("/"+strings.TrimPrefix(u.Query().Get("return"), "/")), "%s: %q leads to %q", name, evil, to)
		}
		if len(evil) < 1000 {
			b := site.browser(t)
			last, _ := b.signIn("/sign-in/start?" + back)
			require.True(t, stays(last.to()), "%q leads to %q", evil, last.to())
		}
	}
	for _, path := range []string{"/page?q=1", "/page?q=a%2Fb", "/"} {
		require.Equal(t, path, inside.post("/back", url.Values{"return": {path}}).to(), "a page of this site is returned to")
	}
}

// whole gives a site what it needs for each of its routes. What stands here
// empty answers nothing, but the route is there.
func whole(d *Dependencies, pool *pgxpool.Pool) {
	system, log := clock.System{}, slog.New(slog.DiscardHandler)
	d.Insight, d.Workbooks, d.Catalog = insight.NewReader(pool), sheet.NewBook(pool), catalog.NewService(pool, system, nil)
	d.Connections = connection.NewService(pool, system, nil, nil, nil)
	d.Alerts = alert.NewService(alert.Needs{Pool: pool, Clock: system, Mail: notify.NewMail(notify.MailServer{}), Log: log})
	d.Rates = rates.NewService(rates.Needs{Pool: pool, Clock: system})
	d.Finances = finances.NewService(finances.Needs{Pool: pool, Clock: system})
	d.Revaluation = revaluation.NewService(pool, system, d.Entries, nil)
	d.FBAStock, d.Notices, d.Binders = fbastock.NewApprovals(pool, system, nil), &notice.Service{Pool: pool, Clock: system, Log: log}, &binder.Service{}
	d.Uploads, d.Steward = struct{ Uploads }{}, struct{ Steward }{}
}

// everywhere asks each route of the table as somebody who may all.
func everywhere(t *testing.T, site *site, methods []string, ask func(route Route, method, path string)) {
	t.Helper()
	asked := 0
	for _, route := range site.routes() {
		for _, method := range methods {
			if route.Method != method && route.Method != Anything {
				continue
			}
			ask(route, method, example(route.Path))
			asked++
		}
	}
	require.Greater(t, asked, 80)
}

// TestEveryRouteAnswersWithItsProtection asks every route that shows something.
func TestEveryRouteAnswersWithItsProtection(t *testing.T) {
	t.Parallel()
	site := open(t, options{stored: whole, config: func(c *Config) { c.PublicURL = "https://tieout.example" }})
	member := site.as(t, identity.AllRoles()...)
	everywhere(t, site, []string{GET}, func(route Route, method, path string) {
		for who, b := range map[string]*browser{"nobody": site.browser(t), "a person": member} {
			answer := b.send(method, path, "", "Host", "tieout.example")
			name := who + " " + path + " " + answer.Status
			policy := answer.Header.Get("Content-Security-Policy")
			require.Contains(t, policy, "frame-ancestors 'none'", name)
			require.Equal(t, "DENY", answer.Header.Get("X-Frame-Options"), name)
			require.Contains(t, policy, "base-uri 'none'", name)
			require.NotContains(t, policy, "unsafe-eval", name)
			require.NotContains(t, policy, "*", name)
			if !strings.HasPrefix(route.Path, jobsPath) { // the job engine's own screens set styles by script
				require.NotContains(t, policy, "unsafe", name)
				require.Contains(t, policy, "default-src 'none'", name)
			}
			require.NotRegexp(t, `script-src[^;]*unsafe`, policy, name)
			require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"), name)
			require.Equal(t, "max-age=31536000", answer.Header.Get("Strict-Transport-Security"), name)
			require.Equal(t, "same-origin", answer.Header.Get("Cross-Origin-Opener-Policy"), name)
			require.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"), name)
			for _, cookie := range answer.Cookies() {
				require.True(t, strings.HasPrefix(cookie.Name, "__Host-") && cookie.Secure && cookie.HttpOnly && cookie.Path == "/" && cookie.Domain == "", "%s: %v", name, cookie)
				require.Equal(t, http.SameSiteLaxMode, cookie.SameSite, name)
			}
			if route.Path != "/static/*" {
				require.Equal(t, "no-store", answer.Header.Get("Cache-Control"), name)
			}
			require.Empty(t, webtest.Unsafe(answer.body), name)
		}
	})
}

// TestEveryChangeIsRefusedFromAnotherSite asks every route that changes something.
func TestEveryChangeIsRefusedFromAnotherSite(t *testing.T) {
	t.Parallel()
	site := open(t, options{stored: whole})
	member := site.as(t, identity.AllRoles()...)
	everywhere(t, site, []string{POST}, func(route Route, _, path string) {
		methods := []string{POST}
		if route.Method == Anything {
			methods = []string{POST, http.MethodPut, http.MethodPatch, http.MethodDelete}
		}
		for _, method := range methods {
			for _, from := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
				answer := member.send(method, path, "", from...)
				require.Equal(t, http.StatusForbidden, answer.StatusCode, "%s %s from %v", method, path, from)
				require.Contains(t, answer.body, "another site", "%s %s", method, path)
			}
		}
	})
}

// TestEveryRouteHasALimitOfItsOwn announces more to each route than it takes:
// the answer comes before anything is sent.
func TestEveryRouteHasALimitOfItsOwn(t *testing.T) {
	t.Parallel()
	site := open(t, options{stored: whole})
	member := site.as(t, identity.AllRoles()...)
	patient := &http.Transport{ExpectContinueTimeout: time.Minute}
	t.Cleanup(patient.CloseIdleConnections)
	member.http.Transport = patient
	everywhere(t, site, []string{POST}, func(route Route, method, path string) {
		limit := route.Body
		if limit == 0 {
			limit = usualBody
		}
		require.LessOrEqual(t, limit, int64(4<<30), path)
		request, err := http.NewRequestWithContext(t.Context(), method, site.url+path, io.LimitReader(zeros{}, limit+1))
		require.NoError(t, err)
		request.ContentLength = limit + 1
		request.Header.Set("Expect", "100-continue")
		request.Header.Set("Accept", "text/html")
		answer, err := member.http.Do(request)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode, path)
		require.Regexp(t, `This is larger than the [0-9.]+ [KMG]B that are taken here\.`, string(body), path)
	})
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestFilesAndSearchesTakeTurns keeps the list of what is heavy whole.
func TestFilesAndSearchesTakeTurns(t *testing.T) {
	t.Parallel()
	heavy := map[string]bool{}
	for _, route := range open(t, options{stored: whole}).routes() {
		makes := regexp.MustCompile(`\.(xlsx|csv|zip)$|/search$|backtest$`).MatchString(route.Path) && route.Method == GET
		require.Equal(t, makes, route.heavy(), route.Path)
		heavy[route.Path] = route.heavy()
	}
	for _, path := range []string{"/search", "/entries/export.xlsx", "/entries/by-hand/sheet.csv", "/close/:connection/:period/binder.zip", "/rules/backtest"} {
		require.True(t, heavy[path], path)
	}
}
