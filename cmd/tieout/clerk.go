package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
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

func (w *world) signIn(ctx context.Context, who string) (*clerk, error) {
	p, err := newClerk(ctx, w.url, w.sandbox.Issuer, who)
	if err == nil {
		w.signedIn = append(w.signedIn, p)
	}
	return p, err
}

// newClerk signs somebody in at base with the identity provider of a stand-in.
func newClerk(ctx context.Context, base, issuer, who string) (*clerk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &clerk{client: &http.Client{Jar: jar, Timeout: time.Minute}, base: base}
	return p, p.begin(ctx, issuer, who, "/sign-in/start")
}

// begin signs somebody in at an identity provider's form.
func (p *clerk) begin(ctx context.Context, issuer, who, start string) error {
	page, err := p.look(ctx, start)
	if err != nil {
		return err
	}
	found := loginRequest.FindStringSubmatch(page)
	if found == nil {
		return fmt.Errorf("sign %s in: the identity provider shows no form", who)
	}
	_, err = p.ask(ctx, http.MethodPost, issuer+"/login", url.Values{"request": {found[1]}, "person": {who}})
	return err
}

// ask sends a request and returns the page that it leads to.
func (p *clerk) ask(ctx context.Context, method, address string, form url.Values) (string, error) {
	return p.send(ctx, method, address, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// send sends a body and returns the page that it leads to.
func (p *clerk) send(ctx context.Context, method, address, contentType string, body io.Reader) (string, error) {
	led, err := p.follow(ctx, method, address, contentType, body)
	return led.page, err
}

// look opens a page of the program.
func (p *clerk) look(ctx context.Context, path string) (string, error) {
	return p.ask(ctx, http.MethodGet, p.base+path, nil)
}

// post sends a page's form and returns where it leads.
func (p *clerk) post(ctx context.Context, path string, form url.Values) (led, error) {
	return p.follow(ctx, http.MethodPost, p.base+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// refused sends a form that must be refused with a word of why.
func (p *clerk) refused(ctx context.Context, path string, form url.Values, word string) error {
	led, err := p.post(ctx, path, form)
	var answer *refusal
	if errors.As(err, &answer) && strings.Contains(answer.page, word) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("POST %s was not refused: it led to %s", path, led.path)
}

// led is a page and its path, with the query.
type led struct{ path, page string }

// refusal is an answer that is none of what was asked for.
type refusal struct {
	what   string
	status int
	page   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s answers %d: %.300s", r.what, r.status, r.page)
}

// follow sends a body and goes where it leads.
func (p *clerk) follow(ctx context.Context, method, address, contentType string, body io.Reader) (led, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return led{}, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return led{}, fmt.Errorf("open %s: %w", r.URL.Path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return led{}, fmt.Errorf("read %s: %w", r.URL.Path, err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusConflict { // a conflict: somebody else was faster
		return led{}, &refusal{method + " " + r.URL.Path, answer.StatusCode, string(page)}
	}
	return led{answer.Request.URL.RequestURI(), string(page)}, nil
}

// desk are the three who take entries from draft to P21.
type desk struct{ accountant, controller, director *clerk }

var entryMarks = regexp.MustCompile(`name="entry" value="([^"]+)"`)

// post has the accountant submit the drafts that a filter of the list shows, and
// both others approve them where they may.
func (d desk) post(ctx context.Context, filter url.Values) error {
	for _, turn := range []struct {
		who           *clerk
		state, action string
	}{{d.accountant, "draft", "/entries/submit"}, {d.controller, "waiting", "/entries/approve"}, {d.director, "waiting", "/entries/approve"}} {
		query := maps.Clone(filter)
		query.Set("state", turn.state)
		for before := ""; ; {
			page, err := turn.who.look(ctx, "/entries?"+query.Encode())
			if err != nil {
				return err
			}
			form := url.Values{}
			for _, mark := range entryMarks.FindAllStringSubmatch(page, -1) {
				form.Add("entry", mark[1])
			}
			marks := form.Encode()
			if len(form) == 0 || marks == before {
				break // nothing is left, or nothing of it may go on
			}
			before = marks
			if _, err := turn.who.post(ctx, turn.action, form); err != nil {
				return err
			}
		}
	}
	return nil
}
