package identity

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// requestLife is how long somebody may take to sign in.
const requestLife = time.Hour

// authRequest is one sign-in under way; it implements op.AuthRequest.
type authRequest struct {
	id    string
	asked oidc.AuthRequest
	made  time.Time

	subject  string // "" until somebody has signed in
	authTime time.Time
}

// needsLogin reports whether a session is not enough for the request.
func (a authRequest) needsLogin(s session, now time.Time) bool {
	if slices.Contains(a.asked.Prompt, oidc.PromptLogin) || slices.Contains(a.asked.Prompt, oidc.PromptSelectAccount) {
		return true
	}
	return a.asked.MaxAge != nil && now.Sub(s.authTime) >= time.Duration(*a.asked.MaxAge)*time.Second
}

func (a authRequest) GetID() string                      { return a.id }
func (a authRequest) GetACR() string                     { return "" }
func (a authRequest) GetAMR() []string                   { return []string{"user"} }
func (a authRequest) GetAudience() []string              { return []string{a.asked.ClientID} }
func (a authRequest) GetAuthTime() time.Time             { return a.authTime }
func (a authRequest) GetClientID() string                { return a.asked.ClientID }
func (a authRequest) GetNonce() string                   { return a.asked.Nonce }
func (a authRequest) GetRedirectURI() string             { return a.asked.RedirectURI }
func (a authRequest) GetResponseType() oidc.ResponseType { return a.asked.ResponseType }
func (a authRequest) GetResponseMode() oidc.ResponseMode { return a.asked.ResponseMode }
func (a authRequest) GetScopes() []string                { return a.asked.Scopes }
func (a authRequest) GetState() string                   { return a.asked.State }
func (a authRequest) GetSubject() string                 { return a.subject }
func (a authRequest) Done() bool                         { return a.subject != "" }
func (a authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: a.asked.CodeChallenge, Method: a.asked.CodeChallengeMethod}
}
