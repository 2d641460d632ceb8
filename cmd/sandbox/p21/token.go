package p21

import (
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"time"
)

// grant is the answer to a sign-in. A user's says ExpiresInSeconds, a consumer
// key's ExpiresIn.
type grant struct {
	XMLName          xml.Name `xml:"http://schemas.datacontract.org/2004/07/P21.Soa.Service.Entities TokenResponse" json:"-"`
	AccessToken      string
	RefreshToken     string
	ExpiresInSeconds int64 `json:",omitempty" xml:",omitempty"`
	ExpiresIn        int64 `json:",omitempty" xml:",omitempty"`
	TokenType        string
}

// serveToken opens a session. Names of fields are read without regard to case,
// as the real one does.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Username, Password, ClientSecret, GrantType string }
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&asked); err != nil {
		writeError(w, http.StatusBadRequest, nativeError{"The request is invalid.", "P21.Security.Common.SecurityException"})
		return
	}
	byKey := asked.ClientSecret == s.config.ClientSecret && asked.GrantType == "client_credentials"
	byUser := asked.ClientSecret == "" && strings.EqualFold(asked.Username, s.config.Username) && asked.Password == s.config.Password
	if !byKey && !byUser {
		writeError(w, http.StatusUnauthorized, nativeError{"Invalid username or password", "P21.Security.Common.SecurityException"})
		return
	}
	token, asXML := s.open()
	answer := grant{AccessToken: token, TokenType: "Bearer"}
	if seconds := int64(s.config.TokenLife / time.Second); byKey {
		answer.ExpiresIn = seconds
	} else {
		answer.ExpiresInSeconds, answer.RefreshToken = seconds, rand.Text()
	}
	if asXML {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		_ = xml.NewEncoder(w).Encode(answer)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) open() (token string, asXML bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token = rand.Text() + rand.Text()
	s.tokens[token] = s.config.Clock.Now().Add(s.config.TokenLife)
	s.signIns++
	return token, s.tokenXML
}

func (s *Server) knows(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ends, ok := s.tokens[token]
	if ok && !s.config.Clock.Now().Before(ends) {
		delete(s.tokens, token)
		ok = false
	}
	return ok
}

// ExpireTokens ends every session.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// SetTokenXML makes sign-in answer in XML, or in JSON again.
func (s *Server) SetTokenXML(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenXML = on
}

// SignIns is how often somebody signed in.
func (s *Server) SignIns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signIns
}

func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !s.knows(token) {
			writeJSON(w, http.StatusUnauthorized, map[string]string{"Message": "Authorization has been denied for this request."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// nativeError is P21's error envelope.
type nativeError struct{ ErrorMessage, ErrorType string }

func writeError(w http.ResponseWriter, status int, e nativeError) { writeJSON(w, status, e) }

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the caller has gone away when this fails
}
