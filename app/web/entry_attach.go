package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"tieout/app/fault"
	"tieout/views"
)

// entryAttach keeps a file with an entry. It streams: nothing is held in memory.
func (s *server) entryAttach(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	part, err := r.uploaded("file")
	if err != nil {
		return err
	}
	name := fileName(part.FileName())
	kind := part.Header.Get("Content-Type")
	if err := s.Entries.Attach(r.ctx(), id, name, kind, part, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Attached", name)
	return r.goTo("/entries/%d", id)
}

// uploaded returns the file that a form sends in a field.
func (r *request) uploaded(field string) (*multipart.Part, error) {
	none := fault.InvalidFields(map[string]string{field: "Choose a file."})
	parts, err := r.Request().MultipartReader()
	if err != nil {
		return nil, none
	}
	for {
		part, err := parts.NextPart()
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			return nil, err
		case errors.Is(err, io.EOF):
			return nil, none
		case err != nil:
			return nil, fault.Wrap(err, fault.Invalid, "The form could not be read.")
		case part.FormName() == field && part.FileName() != "":
			return part, nil
		}
	}
}

// fileName is a file's name without a path, and without what would break a header
// or a line, or make its ending look like another one.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '"' || c == utf8.RuneError {
			return '_'
		}
		return c
	}, name)
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:120])
	}
	return name
}
