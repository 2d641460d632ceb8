package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/static"
	"tieout/views"
)

// pages are routes that do what tests need.
func pages(s *server) []Route {
	fails := map[string]error{
		"invalid":      fault.InvalidFields(map[string]string{"rate": "Above zero.", "day": "A date."}),
		"notfound":     fault.New(fault.NotFound, "There is no settlement 9."),
		"conflict":     fault.Wrap(errors.New("secret cause"), fault.Conflict, "Somebody was faster."),
		"forbidden":    fault.New(fault.Forbidden, "Not you."),
		"unauthorised": fault.New(fault.Unauthorised, "This approval needs a sign-in of the last 5 minutes."),
		"unavailable":  fault.New(fault.Unavailable, "P21 does not answer."),
		"internal":     errors.New("secret cause"),
		"trigger":      fmt.Errorf("approve: %w", &pgconn.PgError{Code: "TO004", Message: "this approval needs a sign-in of the last 5 minutes"}),
	}
	return []Route{
		{GET, "/page", signedIn, func(r *request) error {
			return r.show(views.Failure(r.page("A page", views.Settlements), views.Problem{Status: 404, Message: "content"}))
		}, 0},
		{GET, "/fail/:how", signedIn, func(r *request) error { return fails[r.Param("how")] }, 0},
		{POST, "/fail/:how", signedIn, func(r *request) error { return fails[r.Param("how")] }, 0},
		{GET, "/panic", signedIn, func(*request) error { panic("secret cause") }, 0},
		{POST, "/save", signedIn, func(r *request) error {
			in, err := r.form()
			if err != nil {
				return err
			}
			r.flash(views.Done, "Saved", in.text("what", 100))
			return r.goTo("/page?n=%d", 1)
		}, 0},
		{POST, "/upload", signedIn, func(r *request) error {
			n, err := io.Copy(io.Discard, r.Request().Body)
			if err != nil {
				return err
			}
			return r.String(http.StatusOK, fmt.Sprint(n))
		}, 3 << 20},
		{GET, "/list/:id", signedIn, func(r *request) error {
			id, err := r.pathID("id")
			if err != nil {
				return err
			}
			in := r.query()
			status, day := in.choice("status", "all", "open"), in.date("from")
			if err := in.err(); err != nil {
				return err
			}
			shown := r.format().Value(decimal.NewFromInt(-12), "USD").Text
			return r.String(http.StatusOK, fmt.Sprint(id, " ", status, " ", day, " ", r.connection(), " ", shown, " ", r.actor().Name, " ", r.link("after", nextKey("a"), "empty", "")))
		}, 0},
		{POST, "/back", signedIn, func(r *request) error { return r.goBack() }, 0},
	}
}

func TestErrorsBecomePages(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	for _, c := range []struct {
		how    string
		status int
		holds  []string
	}{
		{"invalid", 422, []string{"Some fields need another value.", "day: A date. rate: Above zero."}},
		{"notfound", 404, []string{"There is no settlement 9."}},
		{"conflict", 409, []string{"Somebody was faster."}},
		{"forbidden", 403, []string{"Not you."}},
		{"unavailable", 503, []string{"P21 does not answer.", `href="/fail/unavailable"`}},
		{"internal", 500, []string{"Something went wrong on our side"}},
	} {
		answer := b.get("/fail/" + c.how)
		require.Equal(t, c.status, answer.StatusCode, c.how)
		for _, text := range append(c.holds, answer.Header.Get("X-Request-Id"), "viewer person") {
			require.Contains(t, answer.body, text, c.how)
		}
		require.NotContains(t, answer.body, "secret cause", c.how)
	}
	require.Contains(t, site.log.String(), "secret cause")
	require.Equal(t, http.StatusNotFound, b.get("/nowhere").StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, b.post("/page", nil).StatusCode)
	require.Equal(t, http.StatusNotFound, site.browser(t).get("/nowhere").StatusCode)
}

func TestAHandlerReadsItsRequestAndLinksToTheNextPage(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b, person := site.person(t, identity.Viewer)
	require.NoError(t, site.Identity.SetPreferences(t.Context(), person.ID, identity.Preferences{Zone: "UTC", Theme: "dark", Negatives: "parentheses"}))
	answer := b.get("/list/7?status=open&from=2026-11-30&connection=3&empty=&before=x")
	require.Equal(t, "7 open 2026-11-30 3 (12.00) viewer person /list/7?after="+nextKey("a")+"&before=x&connection=3&from=2026-11-30&status=open", answer.body)
	require.Equal(t, http.StatusNotFound, b.get("/list/seven").StatusCode)
	wrong := b.get("/list/7?status=shut&from=yesterday")
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.body, "from: A date such as 2026-11-30. status: Choose one of: all, open.")
}

func TestAPanicBecomesAPage(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	answer := site.as(t, identity.Viewer).get("/panic")
	require.Equal(t, http.StatusInternalServerError, answer.StatusCode)
	require.NotContains(t, answer.body, "secret cause")
	require.Contains(t, answer.body, answer.Header.Get("X-Request-Id"))
	require.Contains(t, site.log.String(), "panic: secret cause")
}

func TestErrorsReachScriptsWhereTheContentIs(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	answer := site.as(t, identity.Viewer).get("/fail/conflict", "HX-Request", "true")
	require.Equal(t, http.StatusConflict, answer.StatusCode)
	require.Equal(t, "#content", answer.Header.Get("HX-Retarget"))
	require.Equal(t, "#content", answer.Header.Get("HX-Reselect"))
	require.Equal(t, "outerHTML", answer.Header.Get("HX-Reswap"))
	require.Contains(t, answer.body, `id="content"`)

	other := site.as(t, identity.Auditor).get("/fail/conflict", "Accept", "application/json")
	require.Equal(t, "Somebody was faster.\n", other.body)
	require.Equal(t, http.StatusUnauthorized, site.browser(t).get("/page", "Accept", "text/event-stream").StatusCode)
}

func TestNobodyIsAskedToSignInAndComesBack(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.browser(t)
	require.Equal(t, "/sign-in?return=%2Fpage%3Fafter%3D1%26q%3Dx", b.get("/page?after=1&q=x").to())
	require.Equal(t, "/sign-in?return=%2Fpage", b.post("/save", nil, "Referer", site.url+"/page").to())
	require.Equal(t, "/sign-in", b.post("/save", nil).to())

	answer := b.get("/page?fragment=1", "HX-Request", "true", "HX-Current-URL", site.url+"/page?q=x")
	require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	require.Equal(t, "/sign-in?return=%2Fpage%3Fq%3Dx", answer.Header.Get("HX-Redirect"))
}

func TestAnApprovalThatNeedsAFreshSignInLeadsThereAndBack(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Approver)
	for _, how := range []string{"unauthorised", "trigger"} {
		answer := b.post("/fail/"+how, nil, "Referer", site.url+"/page?id=7")
		require.Equal(t, "/sign-in?fresh=1&return=%2Fpage%3Fid%3D7", answer.to(), how)
	}
	confirm := b.get("/sign-in?fresh=1&return=%2Fpage%3Fid%3D7")
	require.Equal(t, http.StatusOK, confirm.StatusCode)
	require.Contains(t, confirm.body, "Confirm that it is you")
	require.Contains(t, confirm.body, `href="/sign-in/start?fresh=1&amp;return=%2Fpage%3Fid%3D7"`)

	start, err := url.Parse(b.get("/sign-in/start?fresh=1").to())
	require.NoError(t, err)
	require.Equal(t, "login", start.Query().Get("prompt"))
	require.Equal(t, "0", start.Query().Get("max_age"))
}

func TestEveryAnswerCarriesItsProtection(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	script := regexp.MustCompile(`<script[^>]*>`)
	seen := map[string]bool{}
	for _, path := range []string{"/page", "/page", "/fail/internal", "/nowhere"} {
		answer := b.get(path)
		policy := answer.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "frame-ancestors 'none'")
		require.NotContains(t, policy, "unsafe")
		nonce := regexp.MustCompile(`script-src 'nonce-([A-Z2-7]+)'`).FindStringSubmatch(policy)
		require.NotNil(t, nonce, policy)
		require.False(t, seen[nonce[1]], "a nonce is used twice")
		seen[nonce[1]] = true
		for _, tag := range script.FindAllString(answer.body, -1) {
			require.Contains(t, tag, `nonce="`+nonce[1]+`"`, path)
			require.Contains(t, tag, "src=", path)
		}
		require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "same-origin", answer.Header.Get("Referrer-Policy"))
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		require.Regexp(t, `^app;dur=\d+\.\d$`, answer.Header.Get("Server-Timing"))
		require.Empty(t, answer.Header.Get("Strict-Transport-Security"))
	}
}

func TestSecureSitesSaySoAndBindTheirCookie(t *testing.T) {
	t.Parallel()
	site := open(t, options{config: func(c *Config) { c.PublicURL = "https://tieout.example" }})
	answer := site.browser(t).get("/sign-in/start", "Host", "tieout.example")
	require.Equal(t, "max-age=31536000", answer.Header.Get("Strict-Transport-Security"))
	cookie := answer.Header.Get("Set-Cookie")
	require.True(t, strings.HasPrefix(cookie, "__Host-tieout="), cookie)
	for _, attribute := range []string{"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		require.Contains(t, cookie, attribute)
	}
	require.NotContains(t, cookie, "Domain")
	require.NotContains(t, cookie, "Expires")
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		answer := b.post("/save", url.Values{"what": {"x"}}, headers...)
		require.Equal(t, http.StatusForbidden, answer.StatusCode, headers)
		require.Contains(t, answer.body, "another site")
	}
	require.NotContains(t, b.get("/page").body, "Saved")
	require.Equal(t, http.StatusSeeOther, b.post("/save", nil, "Sec-Fetch-Site", "same-origin").StatusCode)
	require.Equal(t, http.StatusSeeOther, b.post("/save", nil, "Origin", site.url).StatusCode)
}

func TestBodiesHaveALimit(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	two, four := strings.Repeat("x", 2<<20), strings.Repeat("x", 4<<20)
	answer := b.post("/save", url.Values{"what": {two}})
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
	require.Contains(t, answer.body, "larger than the 1 MB")
	require.Equal(t, "2097152", b.send(http.MethodPost, "/upload", two).body)
	require.Equal(t, http.StatusRequestEntityTooLarge, b.send(http.MethodPost, "/upload", four).StatusCode)
}

func TestAnOutcomeIsShownOnce(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	answer := b.post("/save", url.Values{"what": {"<b>14 lines</b>"}})
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	require.Equal(t, "/page?n=1", answer.to())
	first := b.get(answer.to())
	require.Contains(t, first.body, "&lt;b&gt;14 lines&lt;/b&gt;")
	require.NotContains(t, b.get("/page").body, "14 lines")

	scripted := b.post("/save", nil, "HX-Request", "true")
	require.Equal(t, http.StatusNoContent, scripted.StatusCode)
	require.Equal(t, "/page?n=1", scripted.Header.Get("HX-Location"))
}

func TestPagesAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	packed := b.get("/page", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
	require.True(t, strings.HasPrefix(packed.body, "\x1f\x8b"))
	plain := b.get("/page", "Accept-Encoding", "identity")
	require.Empty(t, plain.Header.Get("Content-Encoding"))
	require.Contains(t, plain.body, "</html>")
	require.Less(t, len(packed.body), len(plain.body))

	head := b.send(http.MethodHead, "/page", "", "Accept-Encoding", "identity")
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.Empty(t, head.body)
}

func TestTheLogHoldsNoQueriesAndNoTokens(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b, person := site.person(t, identity.Viewer)
	b.get("/page?order=111-2223334-5556667")
	b.get("/sign-in/callback?code=topsecret&state=alsosecret")
	var token string
	for _, cookie := range b.http.Jar.Cookies(site.public) {
		token = cookie.Value
	}
	log := site.log.String()
	require.Contains(t, log, `"path":"/page"`)
	require.Contains(t, log, fmt.Sprintf(`"person":%d`, person.ID))
	for _, secret := range []string{"111-2223334", "topsecret", "alsosecret", token} {
		require.NotEmpty(t, secret)
		require.NotContains(t, log, secret)
	}
	var stored string
	require.NoError(t, site.pool.QueryRow(t.Context(), `SELECT token FROM sessions`).Scan(&stored))
	require.NotEqual(t, token, stored, "the database holds a token that signs in")
}

func TestTheFrameShowsWhatThePersonMayOpen(t *testing.T) {
	t.Parallel()
	var askedFor int64
	site := open(t, options{routes: pages, parts: func(d *Dependencies) {
		d.Chrome = chrome(func(_ identity.Person, connection int64) (Frame, error) {
			askedFor = connection
			return Frame{
				Exceptions: 17, Connections: []ConnectionChoice{{ID: 3, Title: "Contoso US", Note: "USD"}, {ID: 4, Title: "Contoso EU"}},
				Banner: &Banner{Title: "P21 is down", Text: "since 09:12"},
			}, nil
		})
	}})
	viewer := site.as(t, identity.Viewer).get("/page?connection=3&after=abc&q=x")
	require.Equal(t, int64(3), askedFor)
	for _, text := range []string{"17 things wait for you", "Contoso EU", "P21 is down", `href="/page?connection=4&amp;q=x"`, `href="/page?q=x"`, `href="/settlements?connection=3"`, "sandbox"} {
		require.Contains(t, viewer.body, text)
	}
	require.NotContains(t, viewer.body, "/admin/audit")
	require.NotContains(t, viewer.body, "/admin/jobs")
	admin := site.as(t, identity.Admin).get("/page")
	require.Contains(t, admin.body, "/admin/connections")
}

func TestAFrameThatCannotBeReadDoesNotKeepThePageAway(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages, parts: func(d *Dependencies) {
		d.Chrome = chrome(func(identity.Person, int64) (Frame, error) { return Frame{}, errors.New("secret cause") })
	}})
	answer := site.as(t, identity.Viewer).get("/page")
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Contains(t, answer.body, "Incomplete page")
	require.NotContains(t, answer.body, "secret cause")
	require.Contains(t, site.log.String(), "read page frame: secret cause")
}

func TestTheThemeIsKept(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b, person := site.person(t, identity.Viewer)
	answer := b.post("/preferences/theme", url.Values{"theme": {"dark"}, "return": {"/page?q=1"}})
	require.Equal(t, "/page?q=1", answer.to())
	require.Contains(t, b.get("/page").body, `data-theme="dark"`)
	require.Contains(t, site.session(t, person).get("/page").body, `data-theme="dark"`, "another browser of the person")
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/preferences/theme", url.Values{"theme": {"pink"}}).StatusCode)
}

func TestGoingBackStaysOnThisSite(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	require.Equal(t, "/", b.post("/back", url.Values{"return": {"https://evil.example/"}}).to())
	require.Equal(t, "/", b.post("/back", url.Values{"return": {"//evil.example"}}).to())
	require.Equal(t, "/page?a=b%25", b.post("/back", url.Values{"return": {"/page?a=b%25"}}).to())
	require.Equal(t, "/page", b.post("/back", nil, "Referer", "https://evil.example/page").to())
}

func TestHealthAnswersWithoutASession(t *testing.T) {
	t.Parallel()
	var down error
	site := open(t, options{parts: func(d *Dependencies) { d.Ready = func(context.Context) error { return down } }})
	b := site.browser(t)
	require.Equal(t, "ok\n", b.get("/healthz").body)
	require.Equal(t, "ready\n", b.get("/readyz").body)
	down = errors.New("secret cause")
	answer := b.get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.NotContains(t, answer.body, "secret cause")
	require.Contains(t, site.log.String(), "secret cause")
	require.Empty(t, b.http.Jar.Cookies(site.public))
	require.Equal(t, http.StatusOK, b.get(static.URL("app.css")).StatusCode)
	require.Contains(t, b.get(static.URL("app.css")).Header.Get("Cache-Control"), "immutable")
}

func TestADatabaseThatIsDownIsSaidSo(t *testing.T) {
	t.Parallel()
	site := open(t, options{routes: pages})
	b := site.as(t, identity.Viewer)
	site.pool.Close()
	answer := b.get("/page")
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Contains(t, answer.body, "Sessions cannot be read right now.")
	require.Equal(t, http.StatusOK, b.get("/healthz").StatusCode)
}

func TestMetricsAreForThisMachineOrForTheToken(t *testing.T) {
	t.Parallel()
	near := open(t, options{})
	b := near.browser(t)
	b.get("/healthz")
	require.Contains(t, b.get("/metrics").body, `tieout_http_request_seconds_count{method="GET",route="/healthz",status="200"} 1`)
	require.Equal(t, http.StatusNotFound, b.get("/metrics", "X-Forwarded-For", "203.0.113.9").StatusCode)

	guarded := open(t, options{config: func(c *Config) { c.MetricsToken = "hunter2" }}).browser(t)
	require.Equal(t, http.StatusNotFound, guarded.get("/metrics").StatusCode)
	require.Equal(t, http.StatusNotFound, guarded.get("/metrics", "Authorization", "Bearer hunter").StatusCode)
	require.Equal(t, http.StatusOK, guarded.get("/metrics", "Authorization", "Bearer hunter2", "X-Forwarded-For", "203.0.113.9").StatusCode)
}

func TestTheJobScreensHaveAPolicyOfTheirOwn(t *testing.T) {
	t.Parallel()
	site := open(t, options{})
	admin := site.as(t, identity.Admin)
	answer := admin.get("/admin/jobs/assets/x.js")
	require.Equal(t, "jobs", answer.body)
	require.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'self'")
	require.Equal(t, "jobs", admin.get("/admin/jobs").body)
}
