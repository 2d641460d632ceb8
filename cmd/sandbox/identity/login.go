package identity

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var (
	//go:embed login.html
	pageText string
	//go:embed login.css
	style []byte
	page  = template.Must(template.New("page").Parse(pageText))
)

const cookieName = "sandbox_identity"

// session is a browser in which somebody is signed in: single sign-on.
type session struct {
	subject  string
	authTime time.Time
}

// pageData is what the one page shows: people, or only a message.
type pageData struct {
	Request string
	People  []Person
	Title   string
	Message string
}

// showLogin asks who signs in, unless the browser's session says it.
func (p *Provider) showLogin(w http.ResponseWriter, r *http.Request) {
	request, ok := p.request(r.URL.Query().Get("request"))
	if !ok {
		p.over(w)
		return
	}
	s, signedIn := p.session(r)
	switch {
	case signedIn && !request.needsLogin(s, p.cfg.Now()):
		p.complete(w, r, request, s)
	case slices.Contains(request.asked.Prompt, oidc.PromptNone):
		op.AuthRequestError(w, r, request, oidc.ErrLoginRequired(), p.op)
	default:
		show(w, http.StatusOK, pageData{Request: request.id, People: People(), Title: "Who is signing in?"}, request.asked.RedirectURI)
	}
}

func (p *Provider) over(w http.ResponseWriter) {
	show(w, http.StatusBadRequest, pageData{Title: "This sign-in is over", Message: "It was completed before or took too long. Go back to the program and begin again."}, "")
}

// login signs a person in, without a password.
func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	request, ok := p.request(r.PostFormValue("request"))
	if !ok {
		p.over(w)
		return
	}
	person, ok := find(r.PostFormValue("person"))
	if !ok {
		http.Error(w, "There is no such person.", http.StatusBadRequest)
		return
	}
	s := session{person.Username, p.cfg.Now()}
	id := rand.Text()
	p.mu.Lock()
	p.sessions[id] = s
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	p.complete(w, r, request, s)
}

// Age makes every browser's sign-in longer ago, as if time had passed.
func (p *Provider) Age(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, s := range p.sessions {
		s.authTime = s.authTime.Add(-by)
		p.sessions[id] = s
	}
}

// complete sends the browser on to where the code is given out.
func (p *Provider) complete(w http.ResponseWriter, r *http.Request, request authRequest, s session) {
	p.mu.Lock()
	if kept, ok := p.requests[request.id]; ok {
		kept.subject, kept.authTime = s.subject, s.authTime
	}
	p.mu.Unlock()
	http.Redirect(w, r, op.AuthCallbackURL(p.op)(r.Context(), request.id), http.StatusSeeOther)
}

func (p *Provider) session(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sessions[cookie.Value]
	return s, ok
}

// endSession ends the browser's session before the library answers.
func (p *Provider) endSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie(cookieName); err == nil {
			p.mu.Lock()
			delete(p.sessions, cookie.Value)
			p.mu.Unlock()
			http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Provider) showSignedOut(w http.ResponseWriter, _ *http.Request) {
	show(w, http.StatusOK, pageData{Title: "Signed out", Message: "You can close this window."}, "")
}

// show renders the page. Browsers hold redirects after a form to form-action,
// so the program that awaits the code is named there.
func show(w http.ResponseWriter, status int, data pageData, redirect string) {
	target := ""
	if u, err := url.Parse(redirect); err == nil && u.Host != "" {
		target = " " + u.Scheme + "://" + u.Host
	}
	var text bytes.Buffer
	if err := page.Execute(&text, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"+target)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = text.WriteTo(w)
}

func serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style)
}
