package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"tieout/app/database"
	"tieout/app/fault"
	"tieout/views"
)

// statusGone is what nginx made customary for a browser that went away.
const statusGone = 499

// fail answers with an error: the one place where an error becomes a status
// and a page. The cause is kept for the log and not shown.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	err = database.Translate(framework(err))
	v := visitOf(r.Context())
	v.cause = err
	if response, ok := w.(*echo.Response); ok && response.Committed {
		return
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		w.WriteHeader(statusGone)
		return
	}
	if fault.Is(err, fault.Unauthorised) && expectsPage(r) {
		s.askSignIn(w, r)
		return
	}
	status := statusOf(err)
	var many *tooMany
	if errors.As(err, &many) {
		w.Header().Set("Retry-After", strconv.Itoa(many.seconds()))
	}
	if !expectsPage(r) {
		http.Error(w, fault.MessageOf(err), status)
		return
	}
	s.showProblem(w, r, status, err)
}

// showProblem renders the error inside the page's frame for somebody who is
// signed in. htmx puts it where the page's content was.
func (s *server) showProblem(w http.ResponseWriter, r *http.Request, status int, err error) {
	v := visitOf(r.Context())
	problem := views.Problem{Status: status, Message: fault.MessageOf(err), RequestID: v.id}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		problem.Status = http.StatusUnprocessableEntity
	case status == http.StatusMethodNotAllowed:
		problem.Status = http.StatusNotFound
	case fault.Is(err, fault.Unavailable) && r.Method == http.MethodGet:
		problem.Retry = r.URL.RequestURI()
	}
	for _, field := range sortedFields(err) {
		problem.Message += " " + field
	}
	page := views.LoneFailure(problem)
	if v.person != nil && status != http.StatusTooManyRequests { // the frame costs what is being spared
		page = views.Failure(s.frame(r, v, title(status)), problem)
	}
	var body bytes.Buffer
	if err := page.Render(templ.WithNonce(r.Context(), v.nonce), &body); err != nil {
		v.cause = errors.Join(v.cause, err)
		http.Error(w, problem.Message, status)
		return
	}
	if scripted(r) {
		w.Header().Set("HX-Retarget", "#content")
		w.Header().Set("HX-Reselect", "#content")
		w.Header().Set("HX-Reswap", "outerHTML")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(views.Legible(body.Bytes())) // the browser may have gone
}

// askSignIn leads to the sign-in page and afterwards back to the page where the
// person was. What was posted is not sent again: the person does that.
func (s *server) askSignIn(w http.ResponseWriter, r *http.Request) {
	back := r.URL.RequestURI()
	switch {
	case scripted(r):
		back = pathOf(r.Header.Get("HX-Current-URL"))
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		back = pathOf(r.Referer())
	}
	query := url.Values{}
	if back = safePath(back); back != "/" {
		query.Set("return", back)
	}
	if visitOf(r.Context()).person != nil {
		query.Set("fresh", "1")
	}
	target := signInPath
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	if scripted(r) {
		w.Header().Set("HX-Redirect", target)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// framework turns errors of echo and net/http into ours.
func framework(err error) error {
	var large *http.MaxBytesError
	var routing *echo.HTTPError
	switch {
	case errors.As(err, &large):
		return fault.Wrap(err, fault.Invalid, "This is larger than the %s that are taken here.", views.Bytes(large.Limit))
	case errors.As(err, &routing) && (routing.Code == http.StatusNotFound || routing.Code == http.StatusMethodNotAllowed):
		return fault.Wrap(err, fault.NotFound, "Nothing answers at this address.")
	}
	return err
}

func statusOf(err error) int {
	var large *http.MaxBytesError
	var many *tooMany
	var routing *echo.HTTPError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &many):
		return http.StatusTooManyRequests
	case errors.As(err, &routing) && routing.Code == http.StatusMethodNotAllowed:
		return http.StatusMethodNotAllowed
	}
	switch fault.CodeOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unauthorised:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// scripted reports whether htmx asks.
func scripted(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// expectsPage is false for streams and for other programs' data.
func expectsPage(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return scripted(r) || accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*")
}

func title(status int) string { return http.StatusText(status) }
