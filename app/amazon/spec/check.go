package spec

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
)

// Check wraps a server that stands in for Amazon: each request that reaches it
// and each answer that it gives is held against the models, and a difference
// fails the test. Paths that begin with one of except (the token endpoint,
// document downloads, controls of the server) are passed through; any other
// path must be in a model. An answer that is cut off on purpose (a hijacked
// connection, a handler that panics with http.ErrAbortHandler) is not checked.
func (s *Spec) Check(t testing.TB, next http.Handler, except ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range except {
			if strings.HasPrefix(r.URL.Path, prefix) {
				next.ServeHTTP(w, r)
				return
			}
		}
		if err := s.ValidateRequest(r); err != nil {
			t.Errorf("request: %v", err)
			if errors.Is(err, ErrUnknownPath) {
				http.NotFound(w, r)
				return
			}
		}
		seen := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		if seen.hijacked {
			return
		}
		if err := s.ValidateResponse(r, seen.status, w.Header(), seen.body.Bytes()); err != nil {
			t.Errorf("%v\n%s", err, seen.body.String())
		}
	})
}

// recorder passes an answer on and keeps a copy.
type recorder struct {
	http.ResponseWriter
	status   int
	body     bytes.Buffer
	hijacked bool
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Flush and Hijack keep the wrapped writer's abilities.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.hijacked = true
	return http.NewResponseController(r.ResponseWriter).Hijack()
}
