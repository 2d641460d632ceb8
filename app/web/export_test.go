package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// TestAFileThatFailsHalfwayIsNoFile: before its first byte a failure is an error
// like any other; after that whoever downloads is told by the connection.
func TestAFileThatFailsHalfwayIsNoFile(t *testing.T) {
	t.Parallel()
	gone := errors.New("the database went away")
	seen := &visit{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, asked *http.Request) {
		r := &request{Context: echo.New().NewContext(asked, w), visit: seen}
		err := r.file("lines.xlsx", workbookType, func(w io.Writer) error {
			if asked.URL.Path == "/early" {
				return gone
			}
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
			return gone
		})
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}))
	t.Cleanup(site.Close)
	get := func(path string) (int, error) {
		answer, err := site.Client().Get(site.URL + path)
		require.NoError(t, err)
		defer func() { _ = answer.Body.Close() }()
		_, err = io.Copy(io.Discard, answer.Body)
		return answer.StatusCode, err
	}
	status, err := get("/early")
	require.NoError(t, err)
	require.Equal(t, http.StatusInternalServerError, status)
	_, err = get("/late")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorIs(t, seen.cause, gone, "it is in the log")
}
