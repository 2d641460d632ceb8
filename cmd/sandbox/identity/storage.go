package identity

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const tokenLife = time.Hour

// token is an access token: it opens the user info.
type token struct {
	subject, client string
	until           time.Time
}

type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) Key() any                                    { return k.private }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

type publicKey struct{ signingKey }

func (k publicKey) Key() any                           { return &k.private.PublicKey }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

// storage is what the library asks for; it implements op.Storage.
type storage struct{ *Provider }

var (
	errUnknown     = errors.New("unknown or expired")
	errUnsupported = oidc.ErrUnsupportedGrantType()
)

// CreateAuthRequest keeps a sign-in. Without PKCE there is none.
func (s storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required.")
	}
	a := &authRequest{id: rand.Text(), asked: *asked, made: s.cfg.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.requests {
		if a.made.Sub(old.made) > requestLife {
			s.forget(id)
		}
	}
	s.requests[a.id] = a
	return *a, nil
}

func (s storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	if a, ok := s.request(id); ok {
		return a, nil
	}
	return nil, errUnknown
}

func (s storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id := s.codes[code]
	s.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

func (s storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

func (s storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(id)
	return nil
}

func (s storage) CreateAccessToken(_ context.Context, request op.TokenRequest) (string, time.Time, error) {
	now, id := s.cfg.Now(), rand.Text()
	t := token{request.GetSubject(), s.cfg.ClientID, now.Add(tokenLife)}
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, t := range s.tokens {
		if !now.Before(t.until) {
			delete(s.tokens, old)
		}
	}
	s.tokens[id] = t
	return id, t.until, nil
}

func (s storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errUnsupported
}

func (s storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errUnsupported
}

func (s storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

// TerminateSession ends the person's access tokens; endSession has ended the
// browser's session.
func (s storage) TerminateSession(_ context.Context, subject, clientID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.tokens {
		if t.subject == subject && t.client == clientID {
			delete(s.tokens, id)
		}
	}
	return nil
}

func (s storage) RevokeToken(_ context.Context, id, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, id)
	return nil
}

func (s storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

func (s storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

func (s storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != s.cfg.ClientID {
		return nil, errUnknown
	}
	return client{s.Provider}, nil
}

func (s storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != s.cfg.ClientID || s.cfg.ClientSecret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(s.cfg.ClientSecret)) != 1 {
		return errors.New("client id or secret is wrong")
	}
	return nil
}

// SetUserinfoFromScopes does nothing: SetUserinfoFromRequest does it.
func (s storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest fills the ID token.
func (s storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, request op.IDTokenRequest, _ []string) error {
	return describe(info, request.GetSubject())
}

func (s storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, id, subject, _ string) error {
	s.mu.Lock()
	t, ok := s.tokens[id]
	s.mu.Unlock()
	if !ok || t.subject != subject || !s.cfg.Now().Before(t.until) {
		return errUnknown
	}
	return describe(info, subject)
}

func (s storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnknown
}

func (s storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

func (s storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errUnknown
}

func (s storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errUnsupported
}

func (s storage) Health(context.Context) error { return nil }

func describe(info *oidc.UserInfo, subject string) error {
	person, ok := find(subject)
	if !ok {
		return errUnknown
	}
	info.Subject = subject
	info.Name, info.PreferredUsername = person.Name, person.Username
	info.Email, info.EmailVerified = person.Email(), true
	info.AppendClaims(scopeGroups, person.Groups())
	return nil
}

// request returns a copy of a sign-in that is not over.
func (p *Provider) request(id string) (authRequest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.requests[id]
	if !ok || p.cfg.Now().Sub(a.made) > requestLife {
		return authRequest{}, false
	}
	return *a, true
}

// forget drops a sign-in and its code; the caller holds mu.
func (p *Provider) forget(id string) {
	delete(p.requests, id)
	for code, of := range p.codes {
		if of == id {
			delete(p.codes, code)
		}
	}
}
