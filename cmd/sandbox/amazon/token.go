package amazon

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

const tokenLife = time.Hour

// grant is what an access token opens; account is nil for an application's own.
type grant struct {
	account    *account
	client     string // the application; "" where account is given
	until      time.Time
	restricted []restricted // what personal data it opens
}

// serveToken is Login with Amazon.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		oauthError(w, http.StatusBadRequest, "invalid_request", "The request body is not a form.")
		return
	}
	var owner *account
	known := false
	for _, a := range s.accounts {
		if a.ClientID == r.PostForm.Get("client_id") && a.ClientSecret == r.PostForm.Get("client_secret") {
			known = true
			if a.RefreshToken == r.PostForm.Get("refresh_token") {
				owner = a
			}
		}
	}
	grantType, scope := r.PostForm.Get("grant_type"), r.PostForm.Get("scope")
	switch {
	case !known:
		oauthError(w, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	case grantType == "refresh_token" && scope != "":
		oauthError(w, http.StatusBadRequest, "invalid_request", "The request has both a refresh token and a scope.")
	case grantType == "refresh_token" && owner == nil:
		oauthError(w, http.StatusBadRequest, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
	case grantType == "refresh_token":
		s.giveToken(w, grant{account: owner}, owner.RefreshToken)
	case grantType == "client_credentials" && strings.HasPrefix(scope, "sellingpartnerapi::"):
		s.giveToken(w, grant{client: r.PostForm.Get("client_id")}, "")
	case grantType == "client_credentials":
		oauthError(w, http.StatusBadRequest, "invalid_scope", "The request has an invalid scope.")
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server")
	}
}

func (s *Server) giveToken(w http.ResponseWriter, g grant, refresh string) {
	w.Header().Set("Cache-Control", "no-store")
	answer := map[string]any{"access_token": s.open("Atza|", g), "token_type": "bearer", "expires_in": int(tokenLife / time.Second)}
	if refresh != "" {
		answer["refresh_token"] = refresh
	}
	write(w, http.StatusOK, answer)
}

// open makes a token for g that lives an hour, and forgets those that are over.
func (s *Server) open(prefix string, g grant) string {
	now := s.cfg.Clock()
	g.until = now.Add(tokenLife)
	token := prefix + rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, g := range s.tokens {
		if !now.Before(g.until) {
			delete(s.tokens, old)
		}
	}
	s.tokens[token] = g
	return token
}

// whose returns the account that a request's token opens; otherwise it has
// answered.
func (s *Server) whose(w http.ResponseWriter, r *http.Request) (*account, bool) {
	token := r.Header.Get("x-amz-access-token")
	s.mu.Lock()
	g, known := s.tokens[token]
	s.mu.Unlock()
	switch {
	case token == "":
		writeErrors(w, http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token", "")
	case !known || !s.cfg.Clock().Before(g.until):
		writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "The access token you provided has expired.")
	case g.account == nil:
		writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "The access token you provided is grantless.")
	default:
		return g.account, true
	}
	return nil, false
}

// ExpireTokens ends every access token.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func oauthError(w http.ResponseWriter, status int, code, description string) {
	write(w, status, map[string]string{"error": code, "error_description": description})
}
