package amazon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	headerToken     = "x-amz-access-token"
	headerDate      = "x-amz-date"
	headerRequestID = "x-amzn-RequestId"
	headerRate      = "x-amzn-RateLimit-Limit"

	formatDate = "20060102T150405Z"

	maxAnswer = 32 << 20 // bytes of one JSON answer; the largest page is far below
)

// request is one call of an operation.
type request struct {
	op     Operation
	method string
	path   string // escaped
	query  url.Values
	body   any   // sent as JSON; nil for none
	scope  Scope // "" for the seller's token
}

// call sends r, as often as it takes, and decodes the answer into out; nil
// where the answer is empty. Errors are faults around *Error, *BusyError or a failure of the network.
func (c *Client) call(ctx context.Context, r request, out any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("write %s: %w", r.op.Name, err)
		}
	}
	refreshed := false
	var try func() error
	try = func() error {
		if err := c.cfg.Limiter.Wait(ctx, c.cfg.Key, r.op.careful()); err != nil {
			return err
		}
		token, err := c.tokens.get(ctx, r.scope)
		if err != nil {
			return err
		}
		err = c.send(ctx, r, body, token, out)
		var refused *Error
		if errors.As(err, &refused) && refused.Denied() && !refreshed {
			refreshed = true // it may have been the token's age, which Amazon does not say
			c.tokens.drop(r.scope, token)
			return try()
		}
		return err
	}
	return c.retry(ctx, try)
}

// send sends r once.
func (c *Client) send(ctx context.Context, r request, body []byte, token *access, out any) error {
	within, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	message, err := http.NewRequestWithContext(within, r.method, c.cfg.Endpoint+r.path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make %s: %w", r.op.Name, err)
	}
	message.URL.RawQuery = r.query.Encode()
	message.Header.Set(headerToken, token.value.Reveal())
	message.Header.Set(headerDate, c.cfg.Clock.Now().UTC().Format(formatDate))
	message.Header.Set("User-Agent", c.agent)
	message.Header.Set("Accept", "application/json")
	if body != nil {
		message.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(message)
	if err != nil {
		return lose(r.op.Name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	c.count(ctx, r.op, answer)
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil && answer.StatusCode < 300 {
		return lose(r.op.Name, err)
	}
	return decode(r.op.Name, answer, raw, out)
}

// count tells the limiter what the answer says about the rate. The answer
// counts even if that fails.
func (c *Client) count(ctx context.Context, op Operation, answer *http.Response) {
	var err error
	rate, no := strconv.ParseFloat(answer.Header.Get(headerRate), 64)
	if no == nil && rate > 0 && !math.IsInf(rate, 0) {
		err = c.cfg.Limiter.Observed(ctx, c.cfg.Key, op, op.sustained(rate))
	}
	if answer.StatusCode == http.StatusTooManyRequests {
		err = errors.Join(err, c.cfg.Limiter.Drained(ctx, c.cfg.Key, op))
	}
	if err != nil {
		c.cfg.Log.WarnContext(ctx, "amazon: rate limit not recorded", "connection", c.cfg.Key, "operation", op.Name, "error", err)
	}
}

// decode reads an answer: a payload, a list of errors, or, from operations of
// the v0 style, both at once.
func decode(operation string, answer *http.Response, raw []byte, out any) error {
	var list struct {
		Errors []struct{ Code, Message, Details string }
	}
	unreadable := json.Unmarshal(raw, &list)
	good := answer.StatusCode >= 200 && answer.StatusCode < 300
	if good && len(list.Errors) == 0 {
		if out == nil {
			return nil
		}
		if err := json.Unmarshal(raw, out); err != nil {
			return &lost{operation, fmt.Errorf("the answer cannot be read: %w", err)}
		}
		return nil
	}
	e := &Error{
		Operation: operation, Status: answer.StatusCode,
		RequestID: answer.Header.Get(headerRequestID), after: retryAfter(answer.Header),
	}
	if unreadable != nil || len(list.Errors) == 0 {
		e.Message = http.StatusText(e.Status)
		return e
	}
	e.Code, e.Details = list.Errors[0].Code, list.Errors[0].Details
	var messages []string
	for _, each := range list.Errors {
		messages = append(messages, each.Message)
	}
	e.Message = strings.Join(messages, "; ")
	return e
}

// retryAfter reads the seconds of Retry-After, 0 when there is none.
func retryAfter(h http.Header) time.Duration {
	s, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(s) * time.Second
}
