// Package views draws every page and component from typed view models.
//
// A view model holds only what is shown, already formatted (see Format); the
// components know no SQL, no HTTP framework and no business rule. A page is a
// templ component NAMEView that takes a Page (the frame) and its own NAMEPage.
//
// # Pages and fragments
//
// Every page is rendered whole: htmx picks the part it needs with hx-select, so
// a handler never asks whether a request came from a script, and every address
// works by itself. Only the messages of a progress stream (ProgressBody) are
// smaller. What an answer must do:
//
//   - render into a buffer before it writes a status;
//   - send the content security policy with a nonce that is new for each answer,
//     and render with templ.WithNonce and the same nonce;
//   - answer an error with Failure (or LoneFailure) and the error's status: the
//     script shows it in place of the content;
//   - answer a form with errors by the same page, status 422;
//   - answer htmx without a session by HX-Redirect to the sign-in page, since a
//     followed redirect would be looked for its fragment.
//
// # Content security policy
//
// Neither inline scripts nor inline styles are allowed, nor eval. An element
// with hx-* attributes carries hx-nonce={ templ.GetNonce(ctx) }; without it
// htmx ignores the element. A test walks every story for that.
//
// # To add a page
//
// Write its model in NAME.go, turning typed rows into a Table there, and its
// markup in NAME.templ; run go tool templ generate -path views; add stories for
// nothing, one, many, errors and long names in NAME_test.go and name their
// function in stories(). The tests then check its markup, labels, headings,
// classes and width, and that it obeys the policy in a browser.
package views
