package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"tieout/app/fault"
)

// bodyRate is how many bytes of a request's body come in a second at least, over
// what Limits.Body allows for: less than any line has, more than somebody sends
// who wants to keep a connection.
const bodyRate = 8 << 10

// hurried ends a request whose body dribbles in, whoever reads it: the server
// itself would wait for the rest of one that nobody reads. Only waiting for the
// sender counts, not what the program does with what came.
func (s *server) hurried(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.config.Limits.Body > 0 && r.Body != nil && r.Body != http.NoBody {
			b := &body{ReadCloser: r.Body, connection: http.NewResponseController(w), left: s.config.Limits.Body}
			_ = b.connection.SetReadDeadline(time.Now().Add(b.left)) // not every connection of a test has deadlines
			r.Body = b
		}
		next.ServeHTTP(w, r)
	})
}

// body is a request's body that has to come.
type body struct {
	io.ReadCloser
	connection *http.ResponseController
	left       time.Duration // how long may still be waited for it
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	begun := time.Now()
	_ = b.connection.SetReadDeadline(begun.Add(b.left))
	n, err := b.ReadCloser.Read(p)
	b.left += time.Duration(n)*time.Second/bodyRate - time.Since(begun)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return n, fault.Wrap(err, fault.Invalid, "What you sent did not arrive: the connection was too slow. Nothing was changed. Send it again.")
	}
	if err != nil { // the server itself listens on, for whoever goes away
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}
