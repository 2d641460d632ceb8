package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"tieout/app/fault"
	"tieout/app/session"
)

// What a session holds, all of it text.
const (
	keyPerson   = "person"    // id
	keyBegan    = "began"     // when the session began, by our clock
	keyAuthTime = "auth_time" // when the identity provider last saw the person's credentials
	keyIDToken  = "id_token"  // names the session to the identity provider at sign-out
	keyFlash    = "flash"     // the outcome of the last request
	keyFlow     = "flow/"     // + state: a sign-in under way
)

// newSessions returns the manager of server-side sessions. The store holds
// hashes of the tokens only.
func newSessions(config Config, secure bool, store scs.CtxStore, fail func(http.ResponseWriter, *http.Request, error)) *scs.SessionManager {
	m := scs.New()
	m.Store = store
	m.Codec = session.Codec{}
	m.HashTokenInStore = true
	m.IdleTimeout = config.SessionIdle
	m.Lifetime = config.SessionLifetime
	m.Cookie.Name = "tieout"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Persist = false // closing the browser ends it
	if secure {
		m.Cookie.Secure = true
		m.Cookie.Name = "__Host-tieout"
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		fail(w, r, fault.Wrap(err, fault.Unavailable, "Sessions cannot be read right now."))
	}
	return m
}

// withSession reads the session before the routes and writes it after them,
// except for other programs, which have none.
func (s *server) withSession(next http.Handler) http.Handler {
	sessions := s.sessions.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for path := range s.machine {
			if r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path) {
				next.ServeHTTP(w, r)
				return
			}
		}
		sessions.ServeHTTP(w, r)
	})
}

// identify finds out who asks; everything that the request does from here on is
// held to the connections that they see. A session that was ended behind its back
// (a disabled person) is destroyed.
func (s *server) identify(r *request) error {
	id, began := s.signedInAs(r)
	if id == 0 {
		return nil
	}
	person, err := s.Identity.InSession(r.ctx(), id, began)
	if fault.Is(err, fault.Unauthorised) {
		return s.sessions.Destroy(r.ctx())
	}
	if err != nil {
		return err
	}
	r.visit.person = &person
	r.person = person
	r.SetRequest(r.Request().WithContext(person.Context(r.ctx())))
	return nil
}

func (s *server) signedInAs(r *request) (id int64, began time.Time) {
	id = parseID(s.sessions.GetString(r.ctx(), keyPerson))
	began = parseTime(s.sessions.GetString(r.ctx(), keyBegan))
	if began.IsZero() {
		return 0, began
	}
	return id, began
}

func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// parseTime returns the zero time for anything that is not an instant.
func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
