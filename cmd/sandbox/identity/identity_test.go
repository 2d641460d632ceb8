package identity_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"tieout/cmd/sandbox/identity"
)

const (
	public = "http://app.example:8080"
	secret = "s3cret"
)

// moving is the machine's time, moved on by what a test says: the libraries
// compare with their own clocks.
type moving struct {
	mu sync.Mutex
	by time.Duration
}

func (m *moving) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.by)
}

func (m *moving) move(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.by += d
}

// house is the provider on a socket, a program that relies on it and a browser.
type house struct {
	t       *testing.T
	clock   *moving
	issuer  string
	oauth   oauth2.Config
	oidc    *oidc.Provider
	browser *http.Client
}

func newHouse(t *testing.T, secret string) *house {
	t.Helper()
	h := &house{t: t, clock: &moving{}}
	var provider *identity.Provider
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { provider.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var err error
	provider, err = identity.New(identity.Config{Issuer: server.URL, ClientID: "tieout", ClientSecret: secret, PublicURLs: []string{public + "/"}, Now: h.clock.Now})
	require.NoError(t, err)
	h.issuer = server.URL
	h.oidc, err = oidc.NewProvider(t.Context(), server.URL)
	require.NoError(t, err)
	h.oauth = oauth2.Config{ClientID: "tieout", ClientSecret: secret, RedirectURL: public + "/sign-in/callback", Endpoint: h.oidc.Endpoint(),
		Scopes: []string{"openid", "profile", "email", "groups"}}
	if secret == "" {
		h.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	h.browser = &http.Client{Jar: jar, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(next.URL.String(), server.URL) {
			return http.ErrUseLastResponse // back at the program
		}
		return nil
	}}
	return h
}

// visit is where a browser has come to rest.
type visit struct {
	status int
	body   string
	header http.Header
	back   *url.URL // at the program; nil while at the provider
}

func (h *house) at(answer *http.Response, err error) visit {
	h.t.Helper()
	require.NoError(h.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(h.t, err)
	v := visit{status: answer.StatusCode, body: string(body), header: answer.Header}
	if location := answer.Header.Get("Location"); location != "" {
		v.back, err = url.Parse(location)
		require.NoError(h.t, err)
	}
	return v
}

func (h *house) get(address string) visit { return h.at(h.browser.Get(address)) }

// begin opens the authorisation endpoint.
func (h *house) begin(verifier string, options ...oauth2.AuthCodeOption) visit {
	options = append(options, oauth2.S256ChallengeOption(verifier), oidc.Nonce("n-1"))
	return h.get(h.oauth.AuthCodeURL("state-1", options...))
}

// choose clicks on a person.
func (h *house) choose(page visit, username string) visit {
	h.t.Helper()
	require.Equal(h.t, http.StatusOK, page.status)
	require.Contains(h.t, page.body, `id="login-`+username+`"`)
	_, rest, found := strings.Cut(page.body, `name="request" value="`)
	require.True(h.t, found, page.body)
	id, _, _ := strings.Cut(rest, `"`)
	return h.at(h.browser.PostForm(h.issuer+"/login", url.Values{"request": {id}, "person": {username}}))
}

// identified trades the code and returns the verified claims.
func (h *house) identified(v visit, verifier string) (*oauth2.Token, claims) {
	h.t.Helper()
	require.NotNil(h.t, v.back, v.body)
	require.Equal(h.t, "state-1", v.back.Query().Get("state"), v.back)
	token, err := h.oauth.Exchange(h.t.Context(), v.back.Query().Get("code"), oauth2.VerifierOption(verifier))
	require.NoError(h.t, err)
	raw, _ := token.Extra("id_token").(string)
	idToken, err := h.oidc.Verifier(&oidc.Config{ClientID: "tieout"}).Verify(h.t.Context(), raw)
	require.NoError(h.t, err)
	require.Equal(h.t, "n-1", idToken.Nonce)
	var c claims
	require.NoError(h.t, idToken.Claims(&c))
	c.Raw = raw
	return token, c
}

type claims struct {
	Subject  string   `json:"sub"`
	Name     string   `json:"name"`
	Email    string   `json:"email"`
	Groups   []string `json:"groups"`
	AuthTime int64    `json:"auth_time"`
	Raw      string   `json:"-"`
}

func TestEverybodySignsInWithPKCEAndIsInTheirGroups(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{secret, ""} {
		for _, person := range identity.People() {
			h := newHouse(t, kind)
			verifier := oauth2.GenerateVerifier()
			token, c := h.identified(h.choose(h.begin(verifier), person.Username), verifier)
			require.Equal(t, person.Username, c.Subject)
			require.Equal(t, person.Name, c.Name)
			require.Equal(t, person.Email(), c.Email)
			require.Equal(t, person.Groups(), c.Groups)
			require.WithinDuration(t, time.Now(), time.Unix(c.AuthTime, 0), time.Minute)

			info, err := h.oidc.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
			require.NoError(t, err)
			var again claims
			require.NoError(t, info.Claims(&again))
			require.Equal(t, person.Groups(), again.Groups)
			require.Equal(t, person.Name, again.Name)
		}
	}
}

func TestABrowserThatIsSignedInIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	verifier := oauth2.GenerateVerifier()
	_, first := h.identified(h.choose(h.begin(verifier), "amy.accountant"), verifier)
	h.clock.move(time.Minute)
	_, second := h.identified(h.begin(verifier), verifier)
	require.Equal(t, first.Subject, second.Subject)
	require.Equal(t, first.AuthTime, second.AuthTime, "auth_time is when somebody really signed in")
}

func TestPromptLoginAndMaxAgeAskAgain(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]oauth2.AuthCodeOption{
		"prompt=login":          oauth2.SetAuthURLParam("prompt", "login"),
		"prompt=select_account": oauth2.SetAuthURLParam("prompt", "select_account"),
		"max_age=0":             oauth2.SetAuthURLParam("max_age", "0"),
		"max_age=60":            oauth2.SetAuthURLParam("max_age", "60"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, secret)
			verifier := oauth2.GenerateVerifier()
			_, first := h.identified(h.choose(h.begin(verifier), "carl.controller"), verifier)
			h.clock.move(90 * time.Second)
			page := h.begin(verifier, option)
			require.Nil(t, page.back, "the browser must not get through without a click")
			_, second := h.identified(h.choose(page, "carl.controller"), verifier)
			require.Greater(t, second.AuthTime, first.AuthTime+80)
		})
	}
}

func TestMaxAgeAcceptsASessionThatIsYoungEnough(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	verifier := oauth2.GenerateVerifier()
	h.identified(h.choose(h.begin(verifier), "carl.controller"), verifier)
	h.clock.move(90 * time.Second)
	require.NotNil(t, h.begin(verifier, oauth2.SetAuthURLParam("max_age", "300")).back)
}

func TestPromptNoneWithoutASessionIsRefusedToTheProgram(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	verifier := oauth2.GenerateVerifier()
	none := oauth2.SetAuthURLParam("prompt", "none")
	v := h.begin(verifier, none)
	require.NotNil(t, v.back)
	require.Equal(t, "login_required", v.back.Query().Get("error"))
	require.Equal(t, "state-1", v.back.Query().Get("state"))
	h.identified(h.choose(h.begin(verifier), "vera.viewer"), verifier)
	h.identified(h.begin(verifier, none), verifier)
}

func TestEndSessionEndsTheBrowsersSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	var discovered struct {
		EndSession string `json:"end_session_endpoint"`
	}
	require.NoError(t, h.oidc.Claims(&discovered))
	verifier := oauth2.GenerateVerifier()
	token, c := h.identified(h.choose(h.begin(verifier), "amy.accountant"), verifier)
	query := url.Values{"id_token_hint": {c.Raw}, "post_logout_redirect_uri": {public + "/signed-out"}, "state": {"bye"}}
	v := h.get(discovered.EndSession + "?" + query.Encode())
	require.Equal(t, public+"/signed-out?state=bye", v.back.String())
	require.Nil(t, h.begin(verifier).back, "the next sign-in asks who it is")
	_, err := h.oidc.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	require.Error(t, err, "the access token has ended as well")

	query.Set("post_logout_redirect_uri", "http://evil.example/signed-out")
	v = h.get(discovered.EndSession + "?" + query.Encode())
	require.Nil(t, v.back)
	require.Equal(t, http.StatusBadRequest, v.status)
	require.Contains(t, h.get(discovered.EndSession).body, "Signed out")
}

func TestWhatTheProviderRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	verifier := oauth2.GenerateVerifier()

	v := h.get(h.oauth.AuthCodeURL("state-1"))
	require.Equal(t, "invalid_request", v.back.Query().Get("error"), "no PKCE")

	elsewhere := h.oauth
	elsewhere.RedirectURL = "http://evil.example/sign-in/callback"
	v = h.get(elsewhere.AuthCodeURL("state-1", oauth2.S256ChallengeOption(verifier)))
	require.Nil(t, v.back, "never redirects to an address that is not registered")
	require.Equal(t, http.StatusBadRequest, v.status)

	code := h.choose(h.begin(verifier), "amy.accountant").back.Query().Get("code")
	exchange := func(o oauth2.Config, verifier string) error {
		_, err := o.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
		return err
	}
	wrongSecret := h.oauth
	wrongSecret.ClientSecret = "guess"
	require.Error(t, exchange(wrongSecret, verifier))
	require.Error(t, exchange(h.oauth, oauth2.GenerateVerifier()), "another verifier")
	require.NoError(t, exchange(h.oauth, verifier))
	require.Error(t, exchange(h.oauth, verifier), "a code is good for once")

	page := h.begin(verifier, oauth2.SetAuthURLParam("prompt", "login"))
	h.clock.move(2 * time.Hour)
	_, rest, _ := strings.Cut(page.body, `name="request" value="`)
	id, _, _ := strings.Cut(rest, `"`)
	v = h.at(h.browser.PostForm(h.issuer+"/login", url.Values{"request": {id}, "person": {"amy.accountant"}}))
	require.Equal(t, http.StatusBadRequest, v.status)
	require.Contains(t, v.body, "This sign-in is over")
}

func TestTheLoginPageKeepsItsOwnPolicy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	page := h.begin(oauth2.GenerateVerifier())
	policy := page.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'; style-src 'self'")
	require.Contains(t, policy, "form-action 'self' "+public, "browsers hold the redirect after the form to it")
	require.NotContains(t, page.body, "<script")
	require.NotContains(t, page.body, "style=")
	require.NotContains(t, page.body, "<style")
	require.Contains(t, h.get(h.issuer+"/login.css").header.Get("Content-Type"), "text/css")
}

func TestDiscoverySaysWhatIsThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, secret)
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, h.issuer+"/.well-known/openid-configuration", nil)
	require.NoError(t, err)
	v := h.at(h.browser.Do(request))
	var d map[string]any
	require.NoError(t, json.Unmarshal([]byte(v.body), &d))
	require.Equal(t, h.issuer, d["issuer"])
	require.Equal(t, []any{"S256"}, d["code_challenge_methods_supported"])
	require.Equal(t, []any{"RS256"}, d["id_token_signing_alg_values_supported"])
	require.Contains(t, d["scopes_supported"], "groups")
}
