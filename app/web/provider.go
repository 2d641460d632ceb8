package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tieout/app/clock"
	"tieout/app/fault"
	"tieout/app/identity"
)

// OIDC names the identity provider and this program's registration there.
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret string // "" for a public client
	Name         string // as people know it: "Contoso single sign-on"
	Scopes       []string
	GroupsClaim  string // a claim's name, or a path with dots into nested claims
}

// Providers answer quickly or not at all; a browser waits meanwhile.
const (
	providerTimeout = 10 * time.Second
	providerPause   = 2 * time.Second // between two tries to find it
)

// providerAnswer is how many bytes of an answer are read: its description, its
// keys, a token with many groups. The library would read as much as comes.
const providerAnswer = 1 << 20

// brief cuts answers off.
type brief struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b brief) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = http.MaxBytesReader(nil, answer.Body, providerAnswer)
	return answer, nil
}

// provider talks to the identity provider. It is looked for when somebody first
// signs in, and again until it answers: it may be down when the program starts.
type provider struct {
	config   OIDC
	redirect string
	client   *http.Client
	clock    clock.Clock

	mu      sync.Mutex
	found   *found
	failure error
	tried   time.Time
}

// found is what discovery told.
type found struct {
	oidc       *oidc.Provider
	oauth      oauth2.Config
	verifier   *oidc.IDTokenVerifier
	endSession string
	origins    []string
}

func newProvider(config OIDC, redirect string, clock clock.Clock) *provider {
	return &provider{config: config, redirect: redirect, client: &http.Client{Timeout: providerTimeout, Transport: brief{http.DefaultTransport}}, clock: clock}
}

// find returns the provider, asking for its discovery document when needed;
// fault.Unavailable when it does not answer.
func (p *provider) find(ctx context.Context) (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.failure != nil && time.Since(p.tried) < providerPause {
		return nil, p.failure
	}
	f, err := p.discover(ctx)
	p.found, p.tried, p.failure = f, time.Now(), err
	return f, err
}

func (p *provider) discover(ctx context.Context) (*found, error) {
	// The keys are fetched later with this context's client: the request must not end it.
	discovered, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "%s does not answer, so nobody can sign in right now. People who are signed in are not affected.", p.config.Name)
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := discovered.Claims(&more); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "%s describes itself in a way that cannot be read.", p.config.Name)
	}
	endpoint := discovered.Endpoint()
	if p.config.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &found{
		oidc: discovered,
		oauth: oauth2.Config{
			ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, RedirectURL: p.redirect,
			Scopes: p.config.Scopes, Endpoint: endpoint,
		},
		verifier:   discovered.Verifier(&oidc.Config{ClientID: p.config.ClientID}),
		endSession: more.EndSession,
		origins:    originsOf(p.config.Issuer, endpoint.AuthURL, more.EndSession),
	}, nil
}

// origins returns where browsers are sent to sign in and out.
func (p *provider) origins() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found.origins
	}
	return originsOf(p.config.Issuer)
}

func originsOf(addresses ...string) []string {
	var origins []string
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// signedInNow is what the provider says after a sign-in.
type signedInNow struct {
	claims   identity.Claims
	authTime time.Time // zero: the provider does not say
	idToken  string
}

// exchange trades the code for the identity, verifying issuer, audience,
// signature, expiry and nonce.
func (p *provider) exchange(ctx context.Context, f *found, code string, attempt attempt) (signedInNow, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := f.oauth.Exchange(ctx, code, oauth2.VerifierOption(attempt.Verifier))
	if err != nil {
		return signedInNow{}, p.refused(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return signedInNow{}, fault.New(fault.Unavailable, "%s sent no identity with its answer.", p.config.Name)
	}
	idToken, err := f.verifier.Verify(ctx, raw)
	if err != nil {
		return signedInNow{}, fault.Wrap(err, fault.Forbidden, "What %s sent could not be verified. Nobody was signed in.", p.config.Name)
	}
	if idToken.Nonce == "" || idToken.Nonce != attempt.Nonce {
		return signedInNow{}, fault.New(fault.Forbidden, "What %s sent belongs to another sign-in. Nobody was signed in.", p.config.Name)
	}
	claims := map[string]json.RawMessage{}
	if err := idToken.Claims(&claims); err != nil {
		return signedInNow{}, fmt.Errorf("read claims: %w", err)
	}
	if err := p.addUserInfo(ctx, f, token, idToken.Subject, claims); err != nil {
		return signedInNow{}, err
	}
	return signedInNow{p.claims(idToken, claims), authTime(claims), raw}, nil
}

// refused explains why the provider gave no token for the code.
func (p *provider) refused(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) && answered.ErrorCode != "" {
		return fault.Wrap(err, fault.Forbidden, "%s refused this sign-in: %s.", p.config.Name, said(answered.ErrorCode, answered.ErrorDescription))
	}
	return fault.Wrap(err, fault.Unavailable, "%s did not complete the sign-in. Try again in a moment.", p.config.Name)
}

// said writes an error of the provider for people.
func said(code, description string) string {
	const most = 300
	text := code
	if description != "" {
		text += " (" + strings.TrimRight(description, ".") + ")"
	}
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// addUserInfo asks the user-info endpoint for what the token leaves out: many
// providers put groups only there.
func (p *provider) addUserInfo(ctx context.Context, f *found, token *oauth2.Token, subject string, claims map[string]json.RawMessage) error {
	if f.oidc.UserInfoEndpoint() == "" || (p.groups(claims) != nil && claims["name"] != nil && claims["email"] != nil) {
		return nil
	}
	info, err := f.oidc.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "%s did not say who signed in. Try again in a moment.", p.config.Name)
	}
	if info.Subject != subject {
		return fault.New(fault.Forbidden, "%s named two different people for one sign-in. Nobody was signed in.", p.config.Name)
	}
	more := map[string]json.RawMessage{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("read user info: %w", err)
	}
	for name, value := range more {
		if _, known := claims[name]; !known {
			claims[name] = value
		}
	}
	return nil
}

func (p *provider) claims(token *oidc.IDToken, claims map[string]json.RawMessage) identity.Claims {
	name := text(claims["name"])
	if name == "" {
		name = text(claims["preferred_username"])
	}
	return identity.Claims{Issuer: token.Issuer, Subject: token.Subject, Name: name, Email: text(claims["email"]), Groups: p.groups(claims)}
}

// groups reads the configured claim: a list of texts, or one text. nil means
// that there is no such claim.
func (p *provider) groups(claims map[string]json.RawMessage) []string {
	raw := find(claims, p.config.GroupsClaim)
	if raw == nil {
		return nil
	}
	list := []string{}
	if err := json.Unmarshal(raw, &list); err == nil {
		return list
	}
	if one := text(raw); one != "" {
		return []string{one}
	}
	return []string{}
}

// find looks a claim up by its name, then as a path with dots.
func find(claims map[string]json.RawMessage, name string) json.RawMessage {
	if raw, ok := claims[name]; ok {
		return raw
	}
	outer, inner, ok := strings.Cut(name, ".")
	if !ok {
		return nil
	}
	nested := map[string]json.RawMessage{}
	if err := json.Unmarshal(claims[outer], &nested); err != nil {
		return nil
	}
	return find(nested, inner)
}

func text(raw json.RawMessage) string {
	var value string
	if err := json.Unmarshal(raw, &value); err != nil {
		return ""
	}
	return value
}

func authTime(claims map[string]json.RawMessage) time.Time {
	var seconds json.Number
	if err := json.Unmarshal(claims["auth_time"], &seconds); err != nil {
		return time.Time{}
	}
	whole, err := seconds.Int64()
	if err != nil || whole <= 0 {
		return time.Time{}
	}
	return time.Unix(whole, 0).UTC()
}
