package misbehave

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Side is a stand-in as the plan sees it.
type Side struct {
	Name string // what Rule.Side is compared with

	// Operation names what a request asks for; nil: rules with an operation never match.
	Operation func(*http.Request) string

	// Refuse answers with status the way the real server writes such errors;
	// nil: plain text. Rule.Header is already set when it is called.
	Refuse func(w http.ResponseWriter, status int)

	// TokenStatus is the status of an expired token: 401 when zero.
	TokenStatus int
}

// Wrap returns next with the plan's rules applied in front of it. A nil plan
// returns next itself.
func (p *Plan) Wrap(side Side, next http.Handler) http.Handler {
	if p == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		operation := ""
		if side.Operation != nil {
			operation = side.Operation(request)
		}
		rule, struck := p.strike(side.Name, operation, request)
		if !struck {
			next.ServeHTTP(w, request)
			return
		}
		apply(w, request, side, rule, next)
	})
}

func apply(w http.ResponseWriter, request *http.Request, side Side, rule Rule, next http.Handler) {
	switch rule.Kind {
	case Status:
		refuse(w, side, rule, orDefault(rule.Status, http.StatusServiceUnavailable))
	case ExpiredToken:
		refuse(w, side, rule, orDefault(side.TokenStatus, http.StatusUnauthorized))
	case Reset:
		drop(w)
	case Delay:
		delay(w, request, time.Duration(rule.Delay), next)
	default:
		answer := record(next, request)
		applyAfter(w, request, side, rule, answer)
	}
}

// delay reads the body first: a server notices that its caller has gone away
// only once nothing of the request is left to read.
func delay(w http.ResponseWriter, request *http.Request, d time.Duration, next http.Handler) {
	body, err := io.ReadAll(request.Body)
	if err != nil || !wait(request.Context(), d) {
		return
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	next.ServeHTTP(w, request)
}

func applyAfter(w http.ResponseWriter, request *http.Request, side Side, rule Rule, answer *recorded) {
	switch rule.Kind {
	case StatusAfter:
		refuse(w, side, rule, orDefault(rule.Status, http.StatusInternalServerError))
	case ResetAfter:
		drop(w)
	case TruncatedBody:
		body := answer.body.Bytes()
		answer.start(w, len(body))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case TruncatedPayload:
		half := answer.body.Bytes()[:answer.body.Len()/2]
		answer.start(w, len(half))
		_, _ = w.Write(half)
	case SlowBody:
		answer.drip(request.Context(), w, orDefault(rule.Pieces, 10), time.Duration(rule.Delay))
	}
}

func refuse(w http.ResponseWriter, side Side, rule Rule, status int) {
	for name, value := range rule.Header {
		w.Header().Set(name, value)
	}
	switch {
	case rule.Body != "":
		w.WriteHeader(status)
		_, _ = w.Write([]byte(rule.Body))
	case side.Refuse != nil:
		side.Refuse(w, status)
	default:
		http.Error(w, http.StatusText(status), status)
	}
}

// drop ends the connection with a TCP reset, or as abruptly as the protocol
// allows.
func drop(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the server resets the stream
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// recorded is an answer that has not been sent.
type recorded struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func record(next http.Handler, request *http.Request) *recorded {
	answer := &recorded{header: http.Header{}}
	next.ServeHTTP(answer, request)
	return answer
}

func (r *recorded) Header() http.Header { return r.header }

func (r *recorded) WriteHeader(status int) { r.status = orDefault(r.status, status) }

func (r *recorded) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// start sends status and headers, announcing length bytes of body.
func (r *recorded) start(w http.ResponseWriter, length int) {
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(orDefault(r.status, http.StatusOK))
}

func (r *recorded) drip(ctx context.Context, w http.ResponseWriter, pieces int, gap time.Duration) {
	body := r.body.Bytes()
	r.start(w, len(body))
	size := max(1, (len(body)+pieces-1)/pieces)
	for len(body) > 0 {
		n := min(size, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		if body = body[n:]; len(body) > 0 && !wait(ctx, gap) {
			return
		}
	}
}

// wait returns false when the caller went away first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func orDefault(value, fallback int) int {
	if value == 0 {
		return fallback
	}
	return value
}
