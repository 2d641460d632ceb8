package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/session"
)

// visit is what becomes known about one request while it is answered.
type visit struct {
	id     string // names the request in answers, log and audit log
	nonce  string // of this answer's scripts and htmx attributes
	began  time.Time
	route  string           // its pattern, once matched
	person *identity.Person // nil: nobody is signed in
	cause  error            // what went wrong, for the log
}

type visitKey struct{}

// visitOf returns the request's visit; outside observe an empty one.
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// observe names each request, logs and measures it, and turns a panic into an
// answer.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{id: strings.ToLower(rand.Text()[:16]), nonce: rand.Text(), began: time.Now()}
		r = r.WithContext(session.Remember(context.WithValue(r.Context(), visitKey{}, v)))
		w.Header().Set("X-Request-Id", v.id)
		answer := &answer{ResponseWriter: w, began: v.began}
		defer s.finish(v, r, answer)
		defer s.rescue(v, r, answer)
		next.ServeHTTP(answer, r)
	})
}

func (s *server) rescue(v *visit, r *http.Request, w *answer) {
	problem := recover()
	if problem == nil {
		return
	}
	if problem == http.ErrAbortHandler { //nolint:errorlint // recover gives the value itself
		panic(problem)
	}
	err := fmt.Errorf("panic: %v\n%s", problem, debug.Stack())
	if w.status != 0 {
		v.cause = err
		return
	}
	s.fail(w, r, err)
}

func (s *server) finish(v *visit, r *http.Request, w *answer) {
	took := time.Since(v.began)
	s.metrics.requests.WithLabelValues(r.Method, v.route, strconv.Itoa(w.status)).Observe(took.Seconds())
	level := slog.LevelInfo
	switch {
	case w.status >= 500:
		level = slog.LevelError
	case v.cause != nil && fault.CodeOf(v.cause) == fault.Internal && !errors.Is(v.cause, context.Canceled):
		level = slog.LevelError
	case s.machine[strings.TrimSuffix(v.route, "*")]:
		level = slog.LevelDebug
	}
	// The query is left out: it holds what people search for, and a sign-in's code.
	attributes := []slog.Attr{
		slog.String("id", v.id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.Duration("took", took), slog.String("from", s.addressOf(r)),
	}
	if v.person != nil {
		attributes = append(attributes, slog.Int64("person", v.person.ID))
	}
	if v.cause != nil {
		attributes = append(attributes, slog.String("error", v.cause.Error()))
	}
	s.Log.LogAttrs(r.Context(), level, "request", attributes...)
}

func host(address string) string {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return name
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	began  time.Time
	status int
	bytes  int64
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
		milliseconds := strconv.FormatFloat(float64(time.Since(a.began).Microseconds())/1000, 'f', 1, 64)
		a.Header().Set("Server-Timing", "app;dur="+milliseconds)
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// metrics are the numbers kept about requests.
type metrics struct{ requests *prometheus.HistogramVec }

func newMetrics(registry *prometheus.Registry) (metrics, error) {
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tieout_http_request_seconds", Help: "Time to answer a request, by route.",
		Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 20},
	}, []string{"method", "route", "status"})
	if err := registry.Register(requests); err != nil {
		return metrics{}, fmt.Errorf("register metrics: %w", err)
	}
	return metrics{requests}, nil
}
