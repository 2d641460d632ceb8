package rest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"tieout/app/p21"
)

type request struct {
	operation string
	method    string
	path      string
	query     string
	key       string // sent as Idempotency-Key, never relied on
	body      any
	into      any
}

// once sends one request and reads its answer.
func (c *Client) once(ctx context.Context, client *http.Client, r request, token string) error {
	answer, err := c.send(ctx, client, r, token)
	if err != nil {
		return err
	}
	if answer.status < 200 || answer.status > 299 {
		return answer.refusal()
	}
	if raw, ok := r.into.(*[]byte); ok {
		*raw = answer.body
		return nil
	}
	if err := json.Unmarshal(answer.body, r.into); err != nil {
		return answer.failure(p21.Malformed, "the answer is not the expected JSON", err)
	}
	return nil
}

// answer is a complete HTTP answer.
type answer struct {
	operation string
	requestID string
	status    int
	header    http.Header
	body      []byte
}

func (c *Client) send(ctx context.Context, client *http.Client, r request, token string) (answer, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	a := answer{operation: r.operation, requestID: rand.Text()}
	// From the moment a connection is handed over the request may be on its way.
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	outgoing, err := c.build(ctx, r, token, a.requestID)
	if err != nil {
		return a, &p21.Error{Operation: r.operation, Type: p21.Validation, Message: "the request cannot be written", Cause: err}
	}
	incoming, err := client.Do(outgoing)
	if err != nil {
		failure := a.failure(p21.Unavailable, reason(err), err)
		failure.Sent = sent.Load()
		return a, failure
	}
	defer incoming.Body.Close()
	a.status, a.header = incoming.StatusCode, incoming.Header
	a.body, err = io.ReadAll(io.LimitReader(incoming.Body, bodyLimit+1))
	switch {
	case err != nil:
		return a, a.failure(p21.Malformed, "the answer broke off", err)
	case len(a.body) > bodyLimit:
		return a, a.failure(p21.Malformed, "the answer is longer than 64 MiB", nil)
	}
	return a, nil
}

func (c *Client) build(ctx context.Context, r request, token, id string) (*http.Request, error) {
	target := r.path
	if strings.HasPrefix(target, "/") {
		target = c.base + target
	}
	if r.query != "" {
		target += "?" + r.query
	}
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	outgoing, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, err
	}
	outgoing.GetBody = nil // without it net/http cannot send a body twice
	outgoing.Header.Set("Accept", "application/json")
	outgoing.Header.Set("User-Agent", "Tieout")
	outgoing.Header.Set("X-Correlation-Id", id)
	if r.body != nil {
		outgoing.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		outgoing.Header.Set("Idempotency-Key", r.key)
	}
	if token != "" {
		outgoing.Header.Set("Authorization", "Bearer "+token)
	}
	return outgoing, nil
}

// failure is an error about an answer that did arrive, at least in part.
func (a answer) failure(kind p21.Type, message string, cause error) *p21.Error {
	return &p21.Error{Operation: a.operation, Status: a.status, Type: kind, Message: message, RequestID: a.requestID, Sent: true, Cause: cause}
}

// reason says in words why no answer came; the cause keeps the details.
func reason(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "the request was given up"
	case strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls:"):
		return "its certificate is not accepted"
	}
	return "the connection failed"
}

func asError(err error) (*p21.Error, bool) {
	var failure *p21.Error
	return failure, errors.As(err, &failure)
}

func statusOf(err error) int {
	if failure, ok := asError(err); ok {
		return failure.Status
	}
	return 0
}

// Broken is an error about an answer whose content contradicts the contract.
func Broken(operation, format string, args ...any) *p21.Error {
	return &p21.Error{Operation: operation, Type: p21.Malformed, Message: fmt.Sprintf(format, args...), Sent: true}
}
