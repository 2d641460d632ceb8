package web

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tieout/app/fault"
	"tieout/static"
)

// healthz says that the process answers.
func (s *server) healthz(r *request) error { return r.String(http.StatusOK, "ok\n") }

// readyz says whether the database answers and has the schema that this
// program needs.
func (s *server) readyz(r *request) error {
	ctx, cancel := context.WithTimeout(r.ctx(), 3*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		r.cause = fmt.Errorf("not ready: %w", err)
		return r.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return r.String(http.StatusOK, "ready\n")
}

// metricsShow gives Prometheus its numbers. With a token configured the token
// decides; without one only this machine is answered, and not through a proxy,
// since behind a proxy on this machine everybody comes from it.
func (s *server) metricsShow(r *request) error {
	if !s.mayReadMetrics(r.Request()) {
		return fault.New(fault.NotFound, "Nothing answers at this address.")
	}
	promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}).ServeHTTP(r.Response(), r.Request())
	return nil
}

func (s *server) mayReadMetrics(r *http.Request) bool {
	if s.config.MetricsToken != "" {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && subtle.ConstantTimeCompare([]byte(given), []byte(s.config.MetricsToken)) == 1
	}
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	ip := net.ParseIP(host(r.RemoteAddr))
	return ip != nil && ip.IsLoopback()
}

// staticFile serves styles, scripts and icons.
func (s *server) staticFile(r *request) error {
	r.Response().Header().Del("Cache-Control") // the files say it themselves
	static.Handler().ServeHTTP(r.Response(), r.Request())
	return nil
}

const jobsPath = "/admin/jobs"

// jobScreens shows the job engine's own screens. They are a page of their own
// kind, with styles set by script.
func (s *server) jobScreens(r *request) error {
	r.Response().Header().Set("Content-Security-Policy",
		"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	s.Jobs.ServeHTTP(r.Response(), r.Request())
	return nil
}
