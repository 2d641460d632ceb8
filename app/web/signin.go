package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tieout/app/database"
	"tieout/app/fault"
	"tieout/views"
)

// Addresses of signing in and out. The callback is registered at the identity
// provider.
const (
	signInPath    = "/sign-in"
	startPath     = "/sign-in/start"
	callbackPath  = "/sign-in/callback"
	signedOutPath = "/signed-out"
)

const (
	flowLife   = 15 * time.Minute // to type a password, find the telephone
	flowsKept  = 5                // sign-ins under way in one browser: tabs
	clockDrift = 30 * time.Second // between the provider's clock and ours
)

// attempt is one sign-in under way. It stays on the server; the browser and the
// provider see its state only.
type attempt struct {
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // PKCE
	Return   string    `json:"return"`
	Fresh    bool      `json:"fresh"` // the credentials must be asked for again
	Began    time.Time `json:"began"`
}

// signInPage leads to the identity provider.
func (s *server) signInPage(r *request) error {
	if elsewhere := s.canonical(r); elsewhere != "" {
		return r.Redirect(http.StatusSeeOther, elsewhere)
	}
	back, fresh := safePath(r.QueryParam("return")), r.QueryParam("fresh") == "1"
	if r.visit.person != nil && !fresh {
		return r.Redirect(http.StatusSeeOther, back)
	}
	page := s.signInView(r, back, fresh)
	if _, err := s.provider.find(r.ctx()); err != nil {
		r.cause = err
		page.Message = &views.Alert{State: views.Wrong, Title: "Not available right now", Text: fault.MessageOf(err), Action: views.Link{Text: "Try again", Href: r.link()}}
	}
	return r.show(views.SignIn(page))
}

func (s *server) signInView(r *request, back string, fresh bool) views.SignInPage {
	query := url.Values{}
	if back != "/" {
		query.Set("return", back)
	}
	fresh = fresh && r.visit.person != nil
	if fresh {
		query.Set("fresh", "1")
	}
	page := views.SignInPage{
		Provider: s.config.OIDC.Name, Environment: views.Environment(s.config.Environment), Fresh: fresh, Href: address(startPath, query),
	}
	for _, p := range s.config.DemoPeople {
		page.People = append(page.People, views.Person{Name: p.Name, Roles: p.Roles})
	}
	return page
}

// signInFailed says why nobody was signed in and lets the person try again.
func (s *server) signInFailed(r *request, attempt attempt, err error) error {
	err = database.Translate(err)
	r.cause = err
	page := s.signInView(r, safePath(attempt.Return), attempt.Fresh)
	page.Message = &views.Alert{State: views.Wrong, Title: "Signing in did not work", Text: fault.MessageOf(err)}
	return r.showAs(statusOf(err), views.SignIn(page))
}

// signInStart begins the code flow: state, nonce and PKCE verifier are made
// here and kept in the session.
func (s *server) signInStart(r *request) error {
	if elsewhere := s.canonical(r); elsewhere != "" {
		return r.Redirect(http.StatusSeeOther, elsewhere)
	}
	attempt := attempt{
		Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Return: safePath(r.QueryParam("return")),
		Fresh: r.QueryParam("fresh") == "1" && r.visit.person != nil, Began: s.Clock.Now(),
	}
	f, err := s.provider.find(r.ctx())
	if err != nil {
		return s.signInFailed(r, attempt, err)
	}
	state := rand.Text()
	if err := s.keepAttempt(r.ctx(), state, attempt); err != nil {
		return err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(attempt.Verifier), oidc.Nonce(attempt.Nonce)}
	if attempt.Fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return r.Redirect(http.StatusSeeOther, f.oauth.AuthCodeURL(state, options...))
}

// keepAttempt remembers a sign-in under way and forgets old ones.
func (s *server) keepAttempt(ctx context.Context, state string, attempt attempt) error {
	encoded, err := json.Marshal(attempt)
	if err != nil {
		return fmt.Errorf("keep sign-in: %w", err)
	}
	type kept struct {
		key   string
		began time.Time
	}
	var others []kept
	for _, key := range s.sessions.Keys(ctx) {
		if strings.HasPrefix(key, keyFlow) {
			others = append(others, kept{key, readAttempt(s.sessions.GetString(ctx, key)).Began})
		}
	}
	slices.SortFunc(others, func(a, b kept) int { return b.began.Compare(a.began) })
	for i, other := range others {
		if i >= flowsKept-1 || s.Clock.Now().Sub(other.began) > flowLife {
			s.sessions.Remove(ctx, other.key)
		}
	}
	s.sessions.Put(ctx, keyFlow+state, string(encoded))
	return nil
}

func readAttempt(encoded string) attempt {
	var f attempt
	if err := json.Unmarshal([]byte(encoded), &f); err != nil {
		return attempt{}
	}
	return f
}

// takeAttempt returns the sign-in that state belongs to, once.
func (s *server) takeAttempt(ctx context.Context, state string) (attempt, error) {
	f := readAttempt(s.sessions.PopString(ctx, keyFlow+state))
	if state == "" || f.Nonce == "" || s.Clock.Now().Sub(f.Began) > flowLife {
		return attempt{}, fault.New(fault.Forbidden, "This sign-in was completed before, took too long, or began in another browser. Nobody was signed in; begin again.")
	}
	return f, nil
}

// signInCallback is where the provider sends the browser back to.
func (s *server) signInCallback(r *request) error {
	attempt, err := s.takeAttempt(r.ctx(), r.QueryParam("state"))
	if err != nil {
		return s.signInFailed(r, attempt, s.counted(r, err))
	}
	now, err := s.answered(r, attempt)
	if err != nil {
		return s.signInFailed(r, attempt, s.counted(r, err))
	}
	now.claims.From = s.knownOrigin(r)
	if err := s.beginSession(r, now); err != nil {
		return s.signInFailed(r, attempt, err)
	}
	return r.Redirect(http.StatusSeeOther, attempt.Return)
}

// answered reads the provider's answer and has it proved.
func (s *server) answered(r *request, attempt attempt) (signedInNow, error) {
	if issuer := r.QueryParam("iss"); issuer != "" && issuer != s.config.OIDC.Issuer {
		return signedInNow{}, fault.New(fault.Forbidden, "This answer came from another identity provider. Nobody was signed in.")
	}
	if code := r.QueryParam("error"); code != "" {
		return signedInNow{}, fault.New(fault.Forbidden, "%s refused: %s.", s.config.OIDC.Name, said(code, r.QueryParam("error_description")))
	}
	f, err := s.provider.find(r.ctx())
	if err != nil {
		return signedInNow{}, err
	}
	now, err := s.provider.exchange(r.ctx(), f, r.QueryParam("code"), attempt)
	if err != nil {
		return signedInNow{}, err
	}
	if attempt.Fresh && now.authTime.Before(attempt.Began.Add(-clockDrift)) {
		return signedInNow{}, s.notFresh(now)
	}
	return now, nil
}

func (s *server) notFresh(now signedInNow) error {
	if now.authTime.IsZero() {
		return fault.New(fault.Forbidden, "%s does not say when you signed in (claim auth_time), so this cannot count as a fresh sign-in. Ask an administrator.", s.config.OIDC.Name)
	}
	return fault.New(fault.Forbidden, "%s did not ask for your credentials again, so this does not count as a fresh sign-in.", s.config.OIDC.Name)
}

// beginSession signs the person in under a new session token: one that existed
// before the sign-in may be known to somebody else. Whoever is refused is not
// signed in any longer either.
func (s *server) beginSession(r *request, now signedInNow) error {
	ctx := r.ctx()
	person, err := s.Identity.SignIn(ctx, now.claims, r.id)
	if fault.Is(err, fault.Forbidden) {
		r.visit.person = nil
		return errors.Join(err, s.sessions.Destroy(ctx))
	}
	if err != nil {
		return err
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	s.sessions.Put(ctx, keyPerson, strconv.FormatInt(person.ID, 10))
	s.sessions.Put(ctx, keyBegan, formatTime(s.Clock.Now()))
	s.sessions.Put(ctx, keyIDToken, now.idToken)
	s.sessions.Remove(ctx, keyAuthTime)
	if !now.authTime.IsZero() {
		s.sessions.Put(ctx, keyAuthTime, formatTime(now.authTime))
	}
	return nil
}

// signOut ends the session here and, where the provider offers it, there.
func (s *server) signOut(r *request) error {
	idToken := s.sessions.GetString(r.ctx(), keyIDToken)
	if err := s.sessions.Destroy(r.ctx()); err != nil {
		return err
	}
	if idToken == "" {
		return r.Redirect(http.StatusSeeOther, signedOutPath)
	}
	f, err := s.provider.find(r.ctx())
	if err != nil || f.endSession == "" {
		return r.Redirect(http.StatusSeeOther, signedOutPath)
	}
	end, err := url.Parse(f.endSession)
	if err != nil {
		return fmt.Errorf("read end session endpoint: %w", err)
	}
	query := end.Query()
	query.Set("id_token_hint", idToken)
	query.Set("client_id", s.config.OIDC.ClientID)
	query.Set("post_logout_redirect_uri", s.config.PublicURL+signedOutPath)
	end.RawQuery = query.Encode()
	return r.Redirect(http.StatusSeeOther, end.String())
}

// signedOutPage says that the session is closed.
func (s *server) signedOutPage(r *request) error { return r.show(views.SignedOut(signInPath)) }

// canonical returns this address at the public host when the browser came by
// another name of the same machine: cookies of one are not sent to the other.
func (s *server) canonical(r *request) string {
	if r.Request().Host == s.public.Host {
		return ""
	}
	return s.config.PublicURL + r.Request().URL.RequestURI()
}
