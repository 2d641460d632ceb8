package misbehave

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
)

// Kind is one way to misbehave.
type Kind string

// The kinds. "Before" kinds never reach the stand-in: nothing was written.
// "After" kinds let it do its work first: a write has happened although the
// caller does not learn so.
const (
	Status           Kind = "status"            // before: answer Rule.Status (default 503)
	Reset            Kind = "reset"             // before: drop the connection
	ExpiredToken     Kind = "expired_token"     // before: answer as for an expired token (401 or 403, as the side does)
	StatusAfter      Kind = "status_after"      // after: answer Rule.Status (default 500)
	ResetAfter       Kind = "reset_after"       // after: drop the connection, the answer is lost
	TruncatedBody    Kind = "truncated_body"    // after: the connection drops in the middle of the body
	TruncatedPayload Kind = "truncated_payload" // after: a well-formed answer with half the bytes, e.g. half a gzip
	SlowBody         Kind = "slow_body"         // after: the body comes in Rule.Pieces pieces, Rule.Delay apart
	Delay            Kind = "delay"             // wait Rule.Delay, then answer normally
)

func kinds() []Kind {
	return []Kind{Status, Reset, ExpiredToken, StatusAfter, ResetAfter, TruncatedBody, TruncatedPayload, SlowBody, Delay}
}

// Rule says which requests are treated how. Empty conditions match anything;
// all that are given must match.
type Rule struct {
	ID int `json:"id"` // given by the plan

	Side      string `json:"side,omitempty"`      // name of the stand-in: amazon or p21
	Method    string `json:"method,omitempty"`    // GET, POST, ...
	Path      string `json:"path,omitempty"`      // path.Match pattern, or a prefix when it ends in "/**"
	Operation string `json:"operation,omitempty"` // the stand-in's own name for what is asked

	Kind   Kind              `json:"kind"`
	Status int               `json:"status,omitempty"` // of Status and StatusAfter
	Header map[string]string `json:"header,omitempty"` // added to the answers of Status and StatusAfter, e.g. Retry-After
	Body   string            `json:"body,omitempty"`   // of Status and StatusAfter; empty: as the side writes errors
	Delay  Duration          `json:"delay,omitempty"`  // of Delay, and between the pieces of SlowBody
	Pieces int               `json:"pieces,omitempty"` // of SlowBody, default 10

	Skip        int     `json:"skip,omitempty"`        // let this many matching requests pass first
	Count       int     `json:"count,omitempty"`       // strike this often, then never again; 0: always
	Probability float64 `json:"probability,omitempty"` // strike with this chance; 0: always

	Matched int `json:"matched"` // requests that met the conditions so far
	Struck  int `json:"struck"`  // requests that were treated so far
}

func (r Rule) validate() error {
	known := false
	for _, k := range kinds() {
		known = known || r.Kind == k
	}
	switch {
	case !known:
		return fmt.Errorf("kind %q is none of %v", r.Kind, kinds())
	case r.Status != 0 && (r.Status < 200 || r.Status > 599):
		return fmt.Errorf("status %d is not between 200 and 599", r.Status)
	case r.Probability < 0 || r.Probability > 1:
		return fmt.Errorf("probability %v is not between 0 and 1", r.Probability)
	case r.Skip < 0 || r.Count < 0 || r.Pieces < 0 || r.Delay < 0:
		return fmt.Errorf("skip, count, pieces and delay cannot be negative")
	case r.Kind == Delay && r.Delay == 0:
		return fmt.Errorf("kind delay needs a delay such as \"2s\"")
	}
	if _, err := path.Match(r.Path, ""); err != nil {
		return fmt.Errorf("path %q: %w", r.Path, err)
	}
	return nil
}

func (r Rule) matches(side, operation string, request *http.Request) bool {
	switch {
	case r.Side != "" && r.Side != side:
		return false
	case r.Method != "" && !strings.EqualFold(r.Method, request.Method):
		return false
	case r.Operation != "" && r.Operation != operation:
		return false
	}
	return r.Path == "" || pathMatches(r.Path, request.URL.Path)
}

func pathMatches(pattern, requested string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "**"); ok {
		return strings.HasPrefix(requested, prefix)
	}
	matched, err := path.Match(pattern, requested)
	return err == nil && matched
}

// Duration is a time.Duration that JSON writes as "1.5s".
type Duration time.Duration

// MarshalJSON writes the duration as Go does.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("a duration is written \"1.5s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	*d = Duration(parsed)
	return err
}
