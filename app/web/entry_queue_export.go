package web

import (
	"io"

	"tieout/app/journal"
)

// entryListExport sends the workbook of the filtered journal entries.
func (s *server) entryListExport(r *request) error {
	f, state, err := r.entryFilter()
	if err != nil {
		return err
	}
	shown := "All"
	switch state {
	case "":
	case waitingForMe:
		shown = "Waiting for " + r.person.Name
	default:
		shown = entryPill(state).Text
	}
	about, err := s.about(r, r.entryFilterBar(f, state, nil), [2]string{"State", shown})
	if err != nil {
		return err
	}
	f.PageSize, f.AfterOn, f.AfterID = exportPageSize, nil, 0
	rows := rowsOf(func() ([]journal.Item, error) { return s.Entries.List(r.ctx(), f) },
		func(last journal.Item) { f.AfterOn, f.AfterID = &last.EntryOn, last.ID })
	return r.workbook("journal-entries", func(w io.Writer) error { return s.Workbooks.EntryList(w, about, rows) })
}
