// Package identity stands in for a company's identity provider: OpenID Connect
// with the code flow and PKCE, single sign-on per browser, prompt, max_age and
// end_session honoured, and one person for each role of Tieout, who signs in by
// a click. Everything is in memory; the signing key is made at the start.
package identity

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Paths below an application's public address that it must be at home at.
const (
	callbackPath  = "/sign-in/callback"
	signedOutPath = "/signed-out"
)

// Person is somebody who can sign in.
type Person struct {
	Username string // and subject
	Name     string
	Roles    []string // of Tieout
}

// Email is the person's address.
func (p Person) Email() string { return p.Username + "@acme.example" }

// Groups are the directory groups that give the person the roles.
func (p Person) Groups() []string {
	groups := []string{}
	for _, role := range p.Roles {
		groups = append(groups, groupOf(role))
	}
	return groups
}

func groupOf(role string) string {
	if role == "ops" {
		return "tieout-ops"
	}
	return "tieout-" + role + "s"
}

// GroupRoles says which group gives which role, as group=role;group=role.
const GroupRoles = "tieout-viewers=viewer;tieout-ops=ops;tieout-accountants=accountant;tieout-approvers=approver;tieout-admins=admin;tieout-auditors=auditor"

// People returns who can sign in.
func People() []Person {
	return []Person{
		{"amy.accountant", "Amy Accountant", []string{"accountant"}},
		{"carl.controller", "Carl Controller", []string{"approver"}},
		{"dora.director", "Dora Director", []string{"approver"}},
		{"olga.ops", "Olga Ops", []string{"ops"}},
		{"adam.admin", "Adam Admin", []string{"admin"}},
		{"audrey.auditor", "Audrey Auditor", []string{"auditor"}},
		{"vera.viewer", "Vera Viewer", []string{"viewer"}},
		{"max.multi", "Max Multi", []string{"accountant", "approver"}},
	}
}

func find(username string) (Person, bool) {
	people := People()
	i := slices.IndexFunc(people, func(p Person) bool { return p.Username == username })
	if i < 0 {
		return Person{}, false
	}
	return people[i], true
}

// Config names the provider and its one client.
type Config struct {
	Issuer       string // where the provider is reached; http is allowed
	ClientID     string
	ClientSecret string   // "" makes the client a public one
	PublicURLs   []string // where the client is reached
	Now          func() time.Time
}

// Provider is the identity provider; safe for concurrent use.
type Provider struct {
	cfg     Config
	op      *op.Provider
	key     signingKey
	handler http.Handler

	mu       sync.Mutex
	urls     []string
	requests map[string]*authRequest
	codes    map[string]string // code -> id of its request
	tokens   map[string]token
	sessions map[string]session // by the browser's cookie
}

// New returns a provider.
func New(cfg Config) (*Provider, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	p := &Provider{
		cfg: cfg, key: signingKey{rand.Text(), private},
		requests: map[string]*authRequest{}, codes: map[string]string{}, tokens: map[string]token{}, sessions: map[string]session{},
	}
	for _, public := range cfg.PublicURLs {
		p.Allow(public)
	}
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true, DefaultLogoutRedirectURI: "/signed-out",
		SupportedScopes: []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, scopeGroups},
		SupportedClaims: []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "preferred_username", "email", "email_verified", "groups"}}
	_, _ = rand.Read(config.CryptoKey[:]) // never fails
	p.op, err = op.NewProvider(config, storage{p}, op.StaticIssuer(cfg.Issuer), op.WithAllowInsecure())
	if err != nil {
		return nil, fmt.Errorf("make identity provider: %w", err)
	}
	p.handler = p.routes()
	return p, nil
}

// Allow makes the client at home at another public address.
func (p *Provider) Allow(publicURL string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if publicURL = strings.TrimRight(publicURL, "/"); publicURL != "" && !slices.Contains(p.urls, publicURL) {
		p.urls = append(p.urls, publicURL)
	}
}

// below returns path below each of the client's addresses.
func (p *Provider) below(path string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, public := range p.urls {
		list = append(list, public+path)
	}
	return list
}

// ServeHTTP answers as the provider.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

func (p *Provider) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", p.showLogin)
	mux.HandleFunc("POST /login", p.login)
	mux.HandleFunc("GET /login.css", serveStyle)
	mux.HandleFunc("GET /signed-out", p.showSignedOut)
	mux.Handle("/end_session", p.endSession(p.op))
	mux.Handle("/", p.op)
	return op.NewIssuerInterceptor(p.op.IssuerFromRequest).Handler(mux)
}
