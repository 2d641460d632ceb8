package web

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/fault"
)

const clientSecret = "s3cret"

// twisted is an identity provider that checks what a provider checks and lies
// where a test wants it to.
type twisted struct {
	url string
	key *ecdsa.PrivateKey

	mu       sync.Mutex
	down     bool
	claims   map[string]any        // of the id token, besides the usual
	info     map[string]any        // of the user-info endpoint
	twist    func(map[string]any)  // changes the id token before it is signed
	sign     *ecdsa.PrivateKey     // another key than the published one
	header   map[string]any        // of the id token, instead of the usual
	seal     func(string) []byte   // signs in another way
	grants   map[string]grant      // by code
	requests map[string]url.Values // the last request of each endpoint
}

type grant struct{ nonce, challenge, client, redirect string }

func newTwisted(t *testing.T) *twisted {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p := &twisted{key: key, grants: map[string]grant{}, requests: map[string]url.Values{}, claims: map[string]any{
		"sub": "ada", "name": "Ada", "email": "ada@example.com", "groups": []string{"accounting"},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	mux.HandleFunc("GET /keys", p.keys)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// set changes the provider while it runs.
func (p *twisted) set(change func(*twisted)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func (p *twisted) describe(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"issuer": p.url, "authorization_endpoint": p.url + "/authorize", "token_endpoint": p.url + "/token", "jwks_uri": p.url + "/keys",
		"userinfo_endpoint": p.url + "/userinfo", "end_session_endpoint": p.url + "/end", "id_token_signing_alg_values_supported": []string{"ES256"},
	})
}

func (p *twisted) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p.requests["authorize"] = query
	if query.Get("response_type") != "code" || query.Get("code_challenge_method") != "S256" || query.Get("client_id") != "tieout" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.grants[code] = grant{query.Get("nonce"), query.Get("code_challenge"), query.Get("client_id"), query.Get("redirect_uri")}
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {query.Get("state")}}.Encode(), http.StatusFound)
}

func (p *twisted) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	client, secret, ok := r.BasicAuth()
	if !ok {
		client, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if client != "tieout" || secret != clientSecret {
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	g, known := p.grants[r.PostForm.Get("code")]
	delete(p.grants, r.PostForm.Get("code"))
	verifier := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !known || g.redirect != r.PostForm.Get("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(verifier[:]) {
		reply(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "error_description": "The code is unknown or was used."})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": p.url, "aud": "tieout", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix(), "nonce": g.nonce}
	maps.Copy(claims, p.claims)
	if p.twist != nil {
		p.twist(claims)
	}
	reply(w, http.StatusOK, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 3600, "id_token": p.signed(claims)})
}

func (p *twisted) userInfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer access" || p.info == nil {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	reply(w, http.StatusOK, p.info)
}

func (p *twisted) keys(w http.ResponseWriter, _ *http.Request) {
	point, err := p.key.PublicKey.Bytes() // 4, then x and y of 32 bytes each
	if err != nil {
		panic(err)
	}
	reply(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}}})
}

// signed returns the claims as a JWT.
func (p *twisted) signed(claims map[string]any) string {
	key := p.key
	if p.sign != nil {
		key = p.sign
	}
	part := func(value any) string {
		encoded, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(encoded)
	}
	header := map[string]any{"alg": "ES256", "kid": "1", "typ": "JWT"}
	maps.Copy(header, p.header)
	text := part(header) + "." + part(claims)
	if p.seal != nil {
		return text + "." + base64.RawURLEncoding.EncodeToString(p.seal(text))
	}
	sum := sha256.Sum256([]byte(text))
	one, two, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		panic(err)
	}
	signature := make([]byte, 64)
	one.FillBytes(signature[:32])
	two.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// TestAProviderThatNeverEndsIsCutOff has it describe itself for as long as
// somebody listens.
func TestAProviderThatNeverEndsIsCutOff(t *testing.T) {
	t.Parallel()
	told := 0
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.WriteString(w, `{"issuer": "`)
		for ; err == nil && told < 64<<20; told += 1 << 10 {
			_, err = w.Write(bytes.Repeat([]byte("x"), 1<<10))
		}
	}))
	p := newProvider(OIDC{Issuer: endless.URL, Name: "Contoso", ClientID: "tieout"}, "", clock.System{})
	_, err := p.find(t.Context())
	require.True(t, fault.Is(err, fault.Unavailable), "%v", err)
	require.ErrorContains(t, err, "too large")
	endless.Close() // it has answered to the end
	require.Less(t, told, 32<<20)
}
