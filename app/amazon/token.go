package amazon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Scope makes a call grantless: on behalf of the application, not of a seller.
type Scope string

// The scopes that Amazon knows; "" is the seller's own grant.
const (
	Notifications Scope = "sellingpartnerapi::notifications"
	Rotation      Scope = "sellingpartnerapi::client_credential:rotation"
)

// tokenOperation names Login with Amazon in errors.
const tokenOperation = "token"

// early is how long before its end a token counts as expired; short-lived
// tokens lose a tenth of their life instead.
const early = time.Minute

// access is one access token. Its address is its identity: whoever was refused
// with it drops it, and nobody drops its successor.
type access struct {
	value Secret
	until time.Time
}

// tokens gets access tokens and shares them: one request at a time per scope,
// however many callers wait for it.
type tokens struct {
	client *Client
	flight singleflight.Group

	mu   sync.Mutex
	held map[Scope]*access
}

func newTokens(c *Client) *tokens { return &tokens{client: c, held: map[Scope]*access{}} }

// get returns a token that is not about to expire.
func (t *tokens) get(ctx context.Context, scope Scope) (*access, error) {
	if a := t.valid(scope); a != nil {
		return a, nil
	}
	// A caller that gives up must not fail the others: the request outlives it.
	lasting := context.WithoutCancel(ctx)
	result := t.flight.DoChan(string(scope), func() (any, error) {
		if a := t.valid(scope); a != nil {
			return a, nil
		}
		return t.fetch(lasting, scope)
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*access), nil
	}
}

func (t *tokens) valid(scope Scope) *access {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.held[scope]; a != nil && t.client.cfg.Clock.Now().Before(a.until) {
		return a
	}
	return nil
}

// drop forgets a token that Amazon refused.
func (t *tokens) drop(scope Scope, refused *access) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held[scope] == refused {
		delete(t.held, scope)
	}
}

func (t *tokens) fetch(ctx context.Context, scope Scope) (*access, error) {
	a, err := t.request(ctx, scope)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[scope] = a
	return a, nil
}

func (t *tokens) request(ctx context.Context, scope Scope) (a *access, err error) {
	if scope == personal {
		return t.client.personalAccess(ctx)
	}
	err = t.client.retry(ctx, func() (err error) {
		a, err = t.client.requestToken(ctx, scope)
		return err
	})
	return a, err
}

// requestToken asks Login with Amazon once.
func (c *Client) requestToken(ctx context.Context, scope Scope) (*access, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	form := url.Values{"client_id": {c.cfg.ClientID}, "client_secret": {c.cfg.ClientSecret.Reveal()}}
	if scope == "" {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", c.cfg.RefreshToken.Reveal())
	} else {
		form.Set("grant_type", "client_credentials")
		form.Set("scope", string(scope))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.LWAURL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("make token request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", c.agent)
	asked := c.cfg.Clock.Now()
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, lose(tokenOperation, err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, lose(tokenOperation, err)
	}
	return readToken(answer, raw, asked)
}

func readToken(answer *http.Response, raw []byte, asked time.Time) (*access, error) {
	var body struct {
		Token     string  `json:"access_token"`
		ExpiresIn float64 `json:"expires_in"` // seconds
		Code      string  `json:"error"`
		Message   string  `json:"error_description"`
	}
	err := json.Unmarshal(raw, &body)
	if answer.StatusCode != http.StatusOK {
		return nil, &Error{
			Operation: tokenOperation, Status: answer.StatusCode, Code: body.Code, Message: body.Message,
			RequestID: answer.Header.Get(headerRequestID), after: retryAfter(answer.Header),
		}
	}
	if err != nil || body.Token == "" {
		return nil, &lost{tokenOperation, fmt.Errorf("the answer holds no token")}
	}
	return newAccess(Hide(body.Token), asked, time.Duration(body.ExpiresIn*float64(time.Second))), nil
}

// newAccess returns a token that counts as expired somewhat early.
func newAccess(value Secret, asked time.Time, life time.Duration) *access {
	return &access{value, asked.Add(life - min(early, life/10))}
}
