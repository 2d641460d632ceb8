package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

// request is one request with what handlers ask of it.
type request struct {
	echo.Context
	*visit
	server *server
	person identity.Person // zero where nobody is signed in
}

func (r *request) ctx() context.Context { return r.Request().Context() }

// actor is the person as services and the audit log name them.
func (r *request) actor() audit.Actor { return r.person.Actor(r.id) }

// signedInAt returns when the identity provider last checked the person's
// credentials; zero when it does not say. Approvals pass it on.
func (r *request) signedInAt() time.Time {
	return parseTime(r.server.sessions.GetString(r.ctx(), keyAuthTime))
}

// format shows values as the person wants them.
func (r *request) format() views.Format {
	return views.Format{Parentheses: r.person.Negatives == "parentheses", Zone: r.person.Location()}
}

// connection returns the connection that the page is about, 0 for all.
func (r *request) connection() int64 { return parseID(r.QueryParam("connection")) }

// pathID reads an id from the path; fault.NotFound when it is none.
func (r *request) pathID(name string) (int64, error) {
	id := parseID(r.Param(name))
	if id == 0 {
		return 0, fault.New(fault.NotFound, "%q is no id.", r.Param(name))
	}
	return id, nil
}

// parseID returns 0 for anything that is not a positive whole number.
func parseID(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// link is this page's address with some of its query changed: pairs of name
// and value, an empty value removes the name.
func (r *request) link(pairs ...string) string {
	query := url.Values{}
	for name, values := range r.QueryParams() {
		for _, value := range values {
			if value != "" {
				query.Add(name, value)
			}
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Del(pairs[i])
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return address(r.Request().URL.Path, query)
}

func address(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// show answers with a page.
func (r *request) show(view templ.Component) error { return r.showAs(http.StatusOK, view) }

// showAs is show with another status, such as 422 for a form shown again.
func (r *request) showAs(status int, view templ.Component) error {
	var body bytes.Buffer
	if err := view.Render(templ.WithNonce(r.ctx(), r.nonce), &body); err != nil {
		return fmt.Errorf("render %s: %w", r.route, err)
	}
	page := views.Legible(body.Bytes())
	header := r.Response().Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Request().Header.Get("Accept-Encoding"), "gzip") {
		packed, err := r.server.packed(page)
		if err != nil {
			return err
		}
		header.Set("Content-Encoding", "gzip")
		page = packed.Bytes()
	}
	header.Set("Content-Length", strconv.Itoa(len(page)))
	r.Response().WriteHeader(status)
	_, _ = r.Response().Write(page) // the browser may have gone
	return nil
}

// packed compresses a page. A compressor is most of a megabyte, so that they are
// used again.
func (s *server) packed(page []byte) (*bytes.Buffer, error) {
	var out bytes.Buffer
	writer, ok := s.packers.Get().(*gzip.Writer)
	if !ok {
		var err error
		if writer, err = gzip.NewWriterLevel(&out, gzip.BestSpeed); err != nil {
			return nil, fmt.Errorf("compress page: %w", err)
		}
	}
	defer s.packers.Put(writer)
	writer.Reset(&out)
	if _, err := writer.Write(page); err != nil {
		return nil, fmt.Errorf("compress page: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress page: %w", err)
	}
	return &out, nil
}

// goTo ends a POST: the browser gets the page at path.
func (r *request) goTo(path string, args ...any) error {
	if len(args) > 0 {
		path = fmt.Sprintf(path, args...)
	}
	if scripted(r.Request()) {
		r.Response().Header().Set("HX-Location", path)
		r.Response().WriteHeader(http.StatusNoContent)
		return nil
	}
	return r.Redirect(http.StatusSeeOther, path)
}

// goBack ends a POST at the page that the form named in its field "return", or
// at the page it came from.
func (r *request) goBack() error {
	back := r.FormValue("return")
	if back == "" {
		back = pathOf(r.Request().Referer())
	}
	return r.goTo("%s", safePath(back))
}

// flash is shown once, on the next page.
func (r *request) flash(state views.State, title, text string) {
	encoded, err := json.Marshal(views.Alert{State: state, Title: title, Text: text})
	if err != nil {
		r.cause = fmt.Errorf("keep flash: %w", err)
		return
	}
	r.server.sessions.Put(r.ctx(), keyFlash, string(encoded))
}

// takeFlash returns the outcome of the request before this one, once.
func (s *server) takeFlash(ctx context.Context) *views.Alert {
	encoded := s.sessions.PopString(ctx, keyFlash)
	if encoded == "" {
		return nil
	}
	var alert views.Alert
	if err := json.Unmarshal([]byte(encoded), &alert); err != nil {
		return nil // of another version of the program
	}
	return &alert
}

// pathOf returns path and query of an address, "" when it has none.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

// safePath returns text when it is a path on this site, otherwise "/". What a
// browser would read as another site ("//x", "/\x", a scheme) is not one.
func safePath(text string) string {
	if !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t") {
		return "/"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return "/"
	}
	if first, _, _ := strings.Cut(u.Path[1:], "/"); slices.Contains([]string{"sign-in", "sign-out", "signed-out"}, first) {
		return "/" // signing in would lead to signing in, or out
	}
	return u.RequestURI()
}
