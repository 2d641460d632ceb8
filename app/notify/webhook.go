package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"tieout/app/clock"
	"tieout/app/fault"
)

// WebhookSettings is what the administrator decides about webhooks.
type WebhookSettings struct {
	Private  bool           // receivers in the own network are allowed
	Timeout  time.Duration  // of a whole request; 0 is 15 seconds
	RootCAs  *x509.CertPool // nil: the machine's
	Resolver *net.Resolver  // nil: the machine's
}

// Webhook posts signed messages; safe for concurrent use.
type Webhook struct {
	client *http.Client
	clock  clock.Clock
}

// Target is a receiver.
type Target struct {
	URL     string
	Secrets []string // the newest first; two while one replaces the other
}

// NewWebhook returns a sender.
func NewWebhook(set WebhookSettings, c clock.Clock) *Webhook {
	return &Webhook{client: NewClient(set), clock: c}
}

// NewClient returns a client for addresses that administrators name: it does not
// reach into private networks unless they are allowed, and follows no redirect.
func NewClient(set WebhookSettings) *http.Client {
	if set.Timeout == 0 {
		set.Timeout = 15 * time.Second
	}
	dialer := &net.Dialer{Timeout: min(set.Timeout, 10*time.Second), Resolver: set.Resolver}
	if !set.Private {
		dialer.Control = refuseInward
	}
	transport := &http.Transport{ // without a proxy: it would resolve names by itself
		DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: set.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 16 << 10, DisableKeepAlives: true,
	}
	return &http.Client{Transport: transport, Timeout: set.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// CheckURL tells what is wrong with a receiver's address; nil when nothing is.
// Where the name leads is looked at when it is dialled.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fault.New(fault.Invalid, "An address such as https://hooks.example.com/tieout.")
	case u.User != nil:
		return fault.New(fault.Invalid, "The address must not hold a name or a password.")
	case u.Fragment != "":
		return fault.New(fault.Invalid, "The address must not have a part after #.")
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		return fault.New(fault.Invalid, "The address needs https; http is for this machine only.")
	}
	return nil
}

// Loopback reports whether a host is this machine by name or number.
func Loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.Unmap().IsLoopback())
}

// envelope is the body that the scheme recommends.
type envelope struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// Event is something that a program is told of.
type Event struct {
	ID   string // the same at every attempt, so that a receiver recognises a repetition
	Type string // with points between its words
	At   time.Time
	Data any // written as JSON
}

// alerts is the data of a message.
type alerts struct {
	ID     string `json:"id"`
	Alerts []Item `json:"alerts"`
}

// Send posts a message once.
func (w *Webhook) Send(ctx context.Context, to Target, m Message) Answer {
	e := Event{ID: m.ID, Type: "alerts", At: m.At, Data: alerts{m.ID, m.Items}}
	if m.Test {
		e.Type = "test"
	}
	return w.Post(ctx, to, e)
}

// Post posts an event once.
func (w *Webhook) Post(ctx context.Context, to Target, e Event) Answer {
	request, err := w.request(ctx, to, e)
	if err != nil {
		return answered(Refused, err.Error())
	}
	response, err := w.client.Do(request)
	if err != nil {
		return unreached(err)
	}
	defer func() { _ = response.Body.Close() }() // what matters was read
	said, _ := io.ReadAll(io.LimitReader(response.Body, 4*maxWords))
	return answered(outcome(response.StatusCode), words(response, string(said)))
}

func (w *Webhook) request(ctx context.Context, to Target, e Event) (*http.Request, error) {
	if err := CheckURL(to.URL); err != nil {
		return nil, err
	}
	body, err := json.Marshal(envelope{e.Type, e.At.UTC(), e.Data})
	if err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	now := w.clock.Now()
	signed, err := signatures(to.Secrets, e.ID, now, body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Tieout")
	request.Header.Set(headerID, e.ID)
	request.Header.Set(headerTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(headerSignature, signed)
	return request, nil
}

// unreached tells why there was no answer. The address, whose path may be a
// secret of the receiver's, is left out.
func unreached(err error) Answer {
	var inside *inwardError
	if errors.As(err, &inside) {
		return answered(Refused, "Not sent: "+inside.Error())
	}
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err
	}
	return answered(Later, "No answer: "+err.Error())
}

// outcome reads a status as the scheme does.
func outcome(status int) Outcome {
	switch {
	case status >= 200 && status < 300:
		return Delivered
	case status == http.StatusGone:
		return Gone
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status >= 500:
		return Later
	}
	return Refused // a redirect, too: nothing is sent where nobody said it should go
}

func words(r *http.Response, body string) string {
	text := strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode)
	if r.StatusCode >= 300 && r.StatusCode < 400 {
		text += "; redirects are not followed"
	}
	if body = oneLine(body); body != "" {
		text += ": " + body
	}
	return text
}
