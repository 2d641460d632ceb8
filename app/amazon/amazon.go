// Package amazon is the client of Amazon's Selling Partner API as Amazon's own
// models define it: one transport (token, rate limit, headers, retries, errors)
// and one small file per API on top of it.
//
// Sources: amzn/selling-partner-api-models (Swagger 2.0) and
// developer-docs.amazon.com/sp-api. Tests hold every exchange against the
// models (package spec).
package amazon

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tieout/app/clock"
)

// LWAURL is where Login with Amazon gives out tokens, for every region.
const LWAURL = "https://api.amazon.com/auth/o2/token"

// Config says which seller is called, as which application, and how. The first
// group is required, everything else has a default.
type Config struct {
	Key          string // calls are counted per key and operation, as Amazon does per application and seller
	Endpoint     string // Region.Endpoint, or where a stand-in listens
	ClientID     string
	ClientSecret Secret
	RefreshToken Secret

	LWAURL      string // default LWAURL
	Application string // for the user agent, default "Tieout"
	Version     string // for the user agent, default "1"

	Limiter   Limiter           // default: counts in this process only
	Transport http.RoundTripper // default: a transport of its own
	Clock     clock.Clock       // default: the machine's
	Pause     Pause             // default: Sleep
	Log       *slog.Logger      // default: discards

	Tries       int           // how often a call is sent before its failure counts, default 5
	Backoff     Backoff       // between tries, default 0.5 s doubling up to 30 s
	Timeout     time.Duration // for one try, default 30 s
	IdleTimeout time.Duration // for one read of a document, default 60 s
	MaxDocument int64         // bytes of a document after decompression, default 16 GiB
	MaxContent  int64         // bytes of a document that is read whole, default 512 MiB
}

// Client calls the API for one seller; safe for concurrent use, and meant to be
// shared, because the token is.
type Client struct {
	cfg       Config
	agent     string
	http      *http.Client // never follows a redirect: the token must not travel
	documents *http.Client
	tokens    *tokens
}

// New checks the configuration and returns a client; nothing is sent.
func New(cfg Config) (*Client, error) {
	cfg = cfg.withDefaults()
	for _, address := range []string{cfg.Endpoint, cfg.LWAURL} {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	switch {
	case cfg.Key == "":
		return nil, errors.New("amazon: no connection key")
	case cfg.ClientID == "" || cfg.ClientSecret.Empty() || cfg.RefreshToken.Empty():
		return nil, errors.New("amazon: client id, client secret and refresh token are required")
	}
	agent, err := userAgent(cfg.Application, cfg.Version)
	if err != nil {
		return nil, err
	}
	cfg.Endpoint = strings.TrimRight(cfg.Endpoint, "/")
	c := &Client{cfg: cfg, agent: agent, documents: &http.Client{Transport: cfg.Transport}}
	c.http = &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c.tokens = newTokens(c)
	return c, nil
}

// String names the client without what it holds.
func (c *Client) String() string { return "amazon client " + c.cfg.Key }

// GoString is String for %#v.
func (c *Client) GoString() string { return c.String() }

func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("amazon: %q is not an address such as https://sellingpartnerapi-na.amazon.com", address)
	}
	return nil
}

func (c Config) withDefaults() Config {
	def(&c.LWAURL, LWAURL)
	def(&c.Application, "Tieout")
	def(&c.Version, "1")
	def(&c.Tries, 5)
	def(&c.Backoff, Backoff{Base: 500 * time.Millisecond, Cap: 30 * time.Second})
	def(&c.Timeout, 30*time.Second)
	def(&c.IdleTimeout, time.Minute)
	def(&c.MaxDocument, 16<<30)
	def(&c.MaxContent, 512<<20)
	def[clock.Clock](&c.Clock, clock.System{})
	if c.Pause == nil {
		c.Pause = Sleep
	}
	if c.Limiter == nil {
		c.Limiter = NewMemory(c.Clock, c.Pause)
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func def[T comparable](at *T, value T) {
	var zero T
	if *at == zero {
		*at = value
	}
}
