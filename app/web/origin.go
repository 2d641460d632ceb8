package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"tieout/app/fault"
	"tieout/app/identity"
)

// browserLife is how long a browser is known again; browsers keep no cookie longer.
const browserLife = 400 * 24 * time.Hour

// browserCookie names a browser in which somebody signed in, so that a sign-in
// from another one can be told. It lets nobody in.
func (s *server) browserCookie() string {
	if s.secure() {
		return "__Host-tieout-browser"
	}
	return "tieout-browser"
}

// origin is where a request comes from. Of what names the browser only the hash
// is told further.
func (s *server) origin(r *request) identity.Origin {
	from := identity.Origin{Address: s.addressOf(r.Request()), Agent: r.Request().UserAgent()}
	if cookie, err := r.Request().Cookie(s.browserCookie()); err == nil && len(cookie.Value) == len(rand.Text()) {
		from.Browser = hashed(cookie.Value)
	}
	return from
}

// knownOrigin is origin of somebody who signs in: a browser without a name gets one.
func (s *server) knownOrigin(r *request) identity.Origin {
	from := s.origin(r)
	if from.Browser != "" {
		return from
	}
	name := rand.Text()
	http.SetCookie(r.Response(), &http.Cookie{Name: s.browserCookie(), Value: name, Path: "/", MaxAge: int(browserLife.Seconds()), HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode})
	from.Browser = hashed(name)
	return from
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// counted counts a sign-in that was not proved. That the provider does not answer
// is nobody's attempt.
func (s *server) counted(r *request, err error) error {
	if fault.Is(err, fault.Unavailable) {
		return err
	}
	return errors.Join(err, s.Identity.SignInFailed(r.ctx(), s.origin(r), fault.MessageOf(err), r.id))
}
