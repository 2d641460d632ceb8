package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// clerk uses the screens as a browser does, forms and all.
type clerk struct {
	client *http.Client
	base   string
}

var loginRequest = regexp.MustCompile(`name="request" value="([^"]+)"`)

// signIn signs somebody in at the stand-in's identity provider.
func (w *world) signIn(ctx context.Context, who string) (*clerk, error) {
	return newClerk(ctx, w.url, w.sandbox.Issuer, who)
}

// newClerk signs somebody in at base with the identity provider of a stand-in.
func newClerk(ctx context.Context, base, issuer, who string) (*clerk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &clerk{client: &http.Client{Jar: jar, Timeout: time.Minute}, base: base}
	page, err := p.ask(ctx, http.MethodGet, base+"/sign-in/start", nil)
	if err != nil {
		return nil, err
	}
	found := loginRequest.FindStringSubmatch(page)
	if found == nil {
		return nil, fmt.Errorf("sign %s in: the identity provider shows no form", who)
	}
	_, err = p.ask(ctx, http.MethodPost, issuer+"/login", url.Values{"request": {found[1]}, "person": {who}})
	return p, err
}

// ask sends a request and returns the page that it leads to.
func (p *clerk) ask(ctx context.Context, method, address string, form url.Values) (string, error) {
	return p.send(ctx, method, address, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// send sends a body and returns the page that it leads to.
func (p *clerk) send(ctx context.Context, method, address, contentType string, body io.Reader) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return "", err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", r.URL.Path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", r.URL.Path, err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusConflict { // a conflict: somebody else was faster
		return "", fmt.Errorf("%s %s answers %d: %.300s", method, r.URL.Path, answer.StatusCode, page)
	}
	return string(page), nil
}
