package web

import (
	"fmt"

	"tieout/app/exception"
	"tieout/app/money"
	"tieout/views"
)

// releasedRecords adds what an exception let go, with how far it is: the page
// follows it until everything has arrived.
func (s *server) releasedRecords(r *request, e exception.Exception, model *views.ExceptionPage) error {
	items, progress, err := s.Flows.Released(r.ctx(), e.ID, shownWaiting)
	if err != nil || progress.Released == 0 {
		return err
	}
	released := &views.ExceptionReleased{Progress: views.Progress{Title: "What waited on it goes on, oldest first", Percent: int(100 * progress.Arrived / progress.Released),
		Done: fmt.Sprintf("%s of %s", views.Count(int(progress.Arrived)), views.Counted(int(progress.Released), "record", "records")), State: views.Done}}
	switch {
	case progress.Under():
		released.Progress.State, released.Follow = views.Info, exceptionPath(e, "")
	case progress.Stopped > 0:
		released.Progress.State = views.Waiting
		released.Progress.Message = views.Counted(int(progress.Stopped), "record has", "records have") + " stopped behind another exception."
	}
	released.Table = views.Table{ID: "let-go", Caption: "What waited on it", Inside: true, Columns: []views.Column{{Label: "Record", Kind: views.Tight}, {Label: "What", Kind: views.Clip},
		{Label: "State", Kind: views.Tight}, {Label: "Other side", Kind: views.Tight}, {Label: "Why", Kind: views.Wrap}, {Label: "Amount", Kind: views.Number}}}
	for _, item := range items {
		amount := views.Nothing()
		if item.Amount.Valid {
			amount = views.Money(r.format().Value(item.Amount.Decimal, money.Currency(item.Currency)))
		}
		released.Table.Rows = append(released.Table.Rows, cells(views.RowLink(views.Link{Text: item.Key, Href: fmt.Sprintf("/records/%d", item.ID)}), views.Text(item.Title),
			views.StatusPill(recordPill(item.State, item.Waits)), views.Code(item.RemoteKey), views.Text(item.Problem), amount))
	}
	model.Released = released
	return nil
}
