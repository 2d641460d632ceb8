package web

import (
	"net/http"
	"strings"

	"tieout/app/fault"
)

// protect sets the headers that tell a browser what these pages may do.
func (s *server) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", s.policy(visitOf(r.Context()).nonce))
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		header.Set("Cache-Control", "no-store")
		if s.secure() {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// policy allows this site's own files and scripts that carry the nonce, and no
// inline script or style. Browsers check form-action along redirects too, and
// signing out leads through the identity provider.
func (s *server) policy(nonce string) string {
	forms := strings.Join(append([]string{"'self'"}, s.provider.origins()...), " ")
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'self'; font-src 'self'; img-src 'self'; " +
		"connect-src 'self'; form-action " + forms + "; base-uri 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types htmx"
}

// sameOrigin refuses what another site's page makes a browser send here.
func (s *server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := protection.Check(r); err != nil {
			s.fail(w, r, fault.Wrap(err, fault.Forbidden, "This request came from a page of another site. Nothing was changed."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
