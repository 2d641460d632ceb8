package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
	"time"

	"tieout/app/p21"
)

const (
	signInOperation = "sign in"

	tokenPath      = "/api/security/token/v2"
	renewBefore    = 5 * time.Minute
	silentLifetime = time.Hour // when the answer does not say how long the token lasts; P21's default is a day
)

// login is the body of a token call: a user, or a consumer key.
type login struct {
	ClientSecret string `json:"ClientSecret,omitempty"`
	GrantType    string `json:"GrantType,omitempty"`
	Username     string `json:"username,omitempty"`
	Password     string `json:"password,omitempty"`
}

func loginOf(cfg p21.Config) login {
	if cfg.ClientSecret != "" {
		return login{ClientSecret: cfg.ClientSecret, GrantType: "client_credentials", Username: cfg.Username}
	}
	return login{Username: cfg.Username, Password: cfg.Password}
}

// grant is the answer: ExpiresInSeconds for users, ExpiresIn for consumer keys,
// JSON or, from some middleware whatever was asked for, XML.
type grant struct {
	AccessToken      string
	ExpiresInSeconds int64
	ExpiresIn        int64
}

// tokens keeps the one token: each sign-in opens a session at the server and
// may end earlier ones, so that many callers must share it.
type tokens struct {
	turn  chan struct{} // held by the one caller that signs in
	mu    sync.Mutex
	value string
	renew time.Time
}

func newTokens() tokens { return tokens{turn: make(chan struct{}, 1)} }

func (t *tokens) current() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value
}

func (t *tokens) fresh(now time.Time) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value, t.value != "" && now.Before(t.renew)
}

func (t *tokens) keep(value string, renew time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.value, t.renew = value, renew
}

// forget drops the token unless another caller has replaced it already.
func (t *tokens) forget(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == value {
		t.value = ""
	}
}

// token returns the shared token, signing in when there is none or it ends soon.
func (c *Client) token(ctx context.Context) (string, error) {
	if value, ok := c.tokens.fresh(c.clock.Now()); ok {
		return value, nil
	}
	select {
	case c.tokens.turn <- struct{}{}:
		defer func() { <-c.tokens.turn }()
	case <-ctx.Done():
		return "", &p21.Error{Operation: signInOperation, Type: p21.Unavailable, Message: reason(ctx.Err()), Cause: ctx.Err()}
	}
	if value, ok := c.tokens.fresh(c.clock.Now()); ok {
		return value, nil // another caller signed in meanwhile
	}
	granted, err := c.signIn(ctx)
	if err != nil {
		return "", err
	}
	c.tokens.keep(granted.AccessToken, c.clock.Now().Add(granted.renewAfter()))
	return granted.AccessToken, nil
}

// signIn makes one token call. Whatever goes wrong, nothing of the caller's
// has been sent: its errors are never Sent.
func (c *Client) signIn(ctx context.Context) (grant, error) {
	a, err := c.send(ctx, c.reads, request{operation: signInOperation, method: http.MethodPost, path: tokenPath, body: c.login}, "")
	if err != nil {
		return grant{}, unsent(err)
	}
	if a.status < 200 || a.status > 299 {
		refused := a.refusal()
		if refused.Type == p21.Validation {
			refused.Type = p21.Unauthorized // 400 is what a wrong password gets
		}
		return grant{}, unsent(refused)
	}
	granted, err := parseGrant(a.body)
	if err != nil || granted.AccessToken == "" {
		return grant{}, unsent(a.failure(p21.Malformed, "the sign-in answer holds no token", err))
	}
	return granted, nil
}

func unsent(err error) error {
	if failure, ok := asError(err); ok {
		failure.Sent = false
		if failure.Type == p21.Business || failure.Type == p21.NotFound {
			failure.Type = p21.Unauthorized
		}
	}
	return err
}

func parseGrant(body []byte) (grant, error) {
	var granted grant
	if trimmed := bytes.TrimSpace(body); bytes.HasPrefix(trimmed, []byte("<")) {
		err := xml.Unmarshal(trimmed, &granted)
		granted.AccessToken = strings.TrimSpace(granted.AccessToken)
		return granted, err
	}
	return granted, json.Unmarshal(body, &granted)
}

// renewAfter is how long to use the token: until five minutes before its end,
// or half of a life shorter than ten minutes.
func (g grant) renewAfter() time.Duration {
	seconds := max(g.ExpiresInSeconds, g.ExpiresIn)
	if seconds <= 0 {
		return silentLifetime
	}
	life := time.Duration(min(seconds, 10*365*24*3600)) * time.Second // "never" is 20 years
	return max(life-renewBefore, life/2)
}
