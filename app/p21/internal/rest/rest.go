// Package rest is the HTTP that both P21 adapters share: the token, one
// request at a time, error envelopes, repeated reads and writes that are sent
// once.
package rest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"tieout/app/clock"
	"tieout/app/p21"
)

const (
	defaultAttempts = 5
	defaultPause    = 500 * time.Millisecond
	longestPause    = 30 * time.Second
	requestTimeout  = time.Minute // when the caller's context has no deadline
	bodyLimit       = 64 << 20
)

// Client talks to one P21 site with one user or key.
type Client struct {
	base     string
	login    login
	clock    clock.Clock
	attempts int
	pause    time.Duration
	tokens   tokens
	ui       atomic.Pointer[string] // address of the UI server; nil until asked

	reads *http.Client
	// writes never reuses a connection: an idle one that the server has just
	// closed would make every such write an unknown outcome, and net/http would
	// send a request with an Idempotency-Key again on its own.
	writes *http.Client
}

// New returns a client for the site; nothing is sent yet.
func New(cfg p21.Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(cfg.URL, "/"))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, &p21.Error{Operation: "open P21", Type: p21.Validation,
			Message: fmt.Sprintf("%q is not an address such as https://p21.example.com", cfg.URL)}
	}
	if cfg.Company == "" {
		return nil, &p21.Error{Operation: "open P21", Type: p21.Validation, Message: "the company is missing"}
	}
	if cfg.ClientSecret == "" && (cfg.Username == "" || cfg.Password == "") {
		return nil, &p21.Error{Operation: "open P21", Type: p21.Validation, Message: "neither a user with a password nor a consumer key is given"}
	}
	c := &Client{
		base:     base.String(),
		login:    loginOf(cfg),
		clock:    cfg.Clock,
		attempts: cfg.Attempts,
		pause:    cfg.Pause,
		tokens:   newTokens(),
	}
	if c.clock == nil {
		c.clock = clock.System{}
	}
	if c.attempts == 0 {
		c.attempts = defaultAttempts
	}
	if c.pause == 0 {
		c.pause = defaultPause
	}
	c.reads, c.writes = httpClients(cfg.Transport)
	return c, nil
}

func httpClients(given *http.Transport) (reads, writes *http.Client) {
	if given == nil {
		given = http.DefaultTransport.(*http.Transport)
	}
	once := given.Clone()
	once.DisableKeepAlives = true
	// A redirect means a wrong address; following it would hand the token on.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: given.Clone(), CheckRedirect: stay}, &http.Client{Transport: once, CheckRedirect: stay}
}

// Get reads path and decodes the JSON answer into into. query holds name and
// value in turn. It is tried again while that may help.
func (c *Client) Get(ctx context.Context, operation, path string, into any, query ...string) error {
	return c.repeat(ctx, func() error {
		return c.authorized(ctx, c.reads, request{operation: operation, method: http.MethodGet, path: path, query: encode(query), into: into})
	})
}

// Post writes body to path and decodes the JSON answer into into. It is sent
// once; only an answer of 401, which proves that nothing was handled, makes it
// sign in again and send a second time. path may be a whole address: that of
// the UI server.
func (c *Client) Post(ctx context.Context, operation, path, key string, body, into any) error {
	return c.write(ctx, request{operation: operation, method: http.MethodPost, path: path, key: key, body: body, into: into})
}

// Put replaces what is at path, like Post.
func (c *Client) Put(ctx context.Context, operation, path, key string, body, into any) error {
	return c.write(ctx, request{operation: operation, method: http.MethodPut, path: path, key: key, body: body, into: into})
}

func (c *Client) write(ctx context.Context, r request) error {
	if err := c.repeat(ctx, func() error { _, err := c.token(ctx); return err }); err != nil {
		return err
	}
	return c.authorized(ctx, c.writes, r)
}

// SignIn gets a new token, whether or not there is one.
func (c *Client) SignIn(ctx context.Context) error {
	if value := c.tokens.current(); value != "" {
		c.tokens.forget(value)
	}
	_, err := c.token(ctx)
	return err
}

// authorized sends r with a token, and once more with a new one when the
// server does not know the first.
func (c *Client) authorized(ctx context.Context, client *http.Client, r request) error {
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	err = c.once(ctx, client, r, token)
	if statusOf(err) != http.StatusUnauthorized {
		return err
	}
	c.tokens.forget(token)
	if token, err = c.token(ctx); err != nil {
		return err
	}
	return c.once(ctx, client, r, token)
}

// repeat tries a read until it succeeds, cannot succeed, or was tried often enough.
func (c *Client) repeat(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		wait, again := c.again(err, attempt)
		if !again {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// again says how long to wait before the next try: full jitter over a doubling
// bound, or what the server asks for when that is bearable.
func (c *Client) again(err error, attempt int) (time.Duration, bool) {
	failure, ok := asError(err)
	if !ok || !failure.Transient() || isWrongAddress(failure) || attempt >= c.attempts {
		return 0, false
	}
	if failure.RetryAfter > 0 {
		return failure.RetryAfter, failure.RetryAfter <= longestPause
	}
	bound := min(c.pause<<min(attempt-1, 8), longestPause)
	return rand.N(bound) + 1, true
}

// WithQuery returns path with a query; pairs holds name and value in turn.
func WithQuery(path string, pairs ...string) string { return path + "?" + encode(pairs) }

// encode writes a query string that OData servers read: names as they are,
// spaces as %20, nothing for an empty value.
func encode(pairs []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pairs[i] + "=" + strings.ReplaceAll(url.QueryEscape(pairs[i+1]), "+", "%20"))
	}
	return b.String()
}

// Literal quotes text for a $filter.
func Literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
