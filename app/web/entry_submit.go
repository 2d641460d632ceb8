package web

import (
	"fmt"
	"math"

	"tieout/views"
)

// entrySubmit hands a draft over to the approvers.
func (s *server) entrySubmit(r *request) error {
	id, in, err := r.entryInput()
	if err != nil {
		return err
	}
	version := in.version()
	if err := in.err(); err != nil {
		return err
	}
	if err := s.Entries.Submit(r.ctx(), id, version, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Submitted", "It waits for approval by somebody who did not prepare it.")
	return r.backToEntry(id)
}

// entryInput reads what every action on an entry sends.
func (r *request) entryInput() (id int64, in *input, err error) {
	if id, err = r.pathID("id"); err != nil {
		return 0, nil, err
	}
	in, err = r.form()
	return id, in, err
}

// version is the row version of what the person saw.
func (in *input) version() int32 {
	version := in.number("version", 1, math.MaxInt32)
	if version == 0 {
		in.refuse("version", "The form does not say which state of the entry it is about.")
	}
	return int32(version)
}

// backToEntry goes to the page that the form named, otherwise to the entry.
func (r *request) backToEntry(id int64) error { return r.backTo(fmt.Sprintf("/entries/%d", id)) }
