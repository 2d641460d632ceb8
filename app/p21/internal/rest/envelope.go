package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tieout/app/p21"
)

// envelope is how both surfaces write errors. Native P21 sends the first two
// fields only, with the name of a .NET exception as the type.
type envelope struct {
	ErrorMessage string
	ErrorType    string
	Errors       []p21.FieldError
	ExistingKey  string
}

// refusal turns an answer that is not 2xx into an error.
func (a answer) refusal() *p21.Error {
	var e envelope
	_ = json.Unmarshal(a.body, &e) // proxies and IIS answer in HTML: then there are no words of P21
	failure := a.failure(classify(a.status, e), e.ErrorMessage, nil)
	failure.Fields, failure.ExistingKey = e.Errors, e.ExistingKey
	failure.Sent = !turnedAway(a.status, e)
	failure.RetryAfter = retryAfter(a.header)
	if failure.Message == "" {
		failure.Message = plainMessage(a)
	}
	return failure
}

func plainMessage(a answer) string {
	text := fmt.Sprintf("it answered %d %s", a.status, http.StatusText(a.status))
	if to := a.header.Get("Location"); to != "" && a.status/100 == 3 {
		text += " and points to " + to
	}
	return text
}

// classify finds the type of a failure; the envelope's word counts more than
// the status because native P21 answers 500 to everything.
func classify(status int, e envelope) p21.Type {
	if kind, ok := byWord(e); ok {
		return kind
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return p21.Unauthorized
	case http.StatusTooManyRequests:
		return p21.RateLimited
	case http.StatusConflict:
		return p21.Duplicate // the cautious reading: it may be there, look
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return p21.Validation
	}
	return p21.Unavailable
}

func byWord(e envelope) (p21.Type, bool) {
	switch kind := p21.Type(e.ErrorType); kind {
	case p21.Validation, p21.NotFound, p21.Duplicate, p21.PeriodClosed, p21.Unbalanced, p21.Conflict,
		p21.Unauthorized, p21.RateLimited, p21.Unavailable:
		return kind, true
	case "UnknownAccount":
		return p21.Validation, true
	}
	words := strings.ToLower(e.ErrorMessage)
	switch {
	case strings.HasSuffix(e.ErrorType, "NotFoundException"):
		return p21.NotFound, true
	case !strings.HasSuffix(e.ErrorType, ".BusinessException"):
		return "", false // e.g. P21ServerException: the data layer failed, somewhere
	case strings.Contains(words, "do not balance"):
		return p21.Unbalanced, true
	case strings.Contains(words, "period") && strings.Contains(words, "closed"):
		return p21.PeriodClosed, true
	}
	return p21.Business, true
}

// turnedAway reports whether the answer proves that nothing was handled: by the
// token check, a limit, a redirect, or because no such route exists.
func turnedAway(status int, e envelope) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return true
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return e.ErrorType == ""
	}
	return status/100 == 3
}

// isWrongAddress reports an answer that will stay the same until somebody
// changes the address or the server.
func isWrongAddress(e *p21.Error) bool {
	if e.Type != p21.Unavailable {
		return false // with an envelope the words of P21 decide
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		return true
	}
	return e.Status/100 == 3
}

// RouteMissing reports whether err says that the server does not have the
// route that was asked for.
func RouteMissing(err error) bool {
	failure, ok := asError(err)
	return ok && isWrongAddress(failure) && failure.Status/100 != 3 && failure.Operation != signInOperation
}

func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	sentAt, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, at.Sub(sentAt))
}
