package web

import (
	"fmt"

	"github.com/a-h/templ"

	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/views"
)

// shownWaiting is how many waiting records an exception's page lists.
const shownWaiting = 200

// waitingRecords adds the records that wait on an exception, each with a way to
// try it alone, and the button that tries them all.
func (s *server) waitingRecords(r *request, e exception.Exception, model *views.ExceptionPage) error {
	items, err := s.Flows.Waiting(r.ctx(), e.ID, shownWaiting)
	if err != nil {
		return err
	}
	may := e.State == stateOpen && r.person.Can(identity.ResolveExceptions)
	table := views.Table{ID: "waiting", Caption: "What waits on it", Summary: fmt.Sprintf("What waits on it, oldest first: %s", views.Counted(int(e.Records), "record", "records")), Inside: true,
		Columns: []views.Column{{Label: "Record", Kind: views.Tight}, {Label: "What", Kind: views.Clip}, {Label: "Changed", Kind: views.Tight}, {Label: "Why", Kind: views.Wrap}, {Label: "Amount", Kind: views.Number}, {Label: "", Kind: views.Tight, Quiet: true}},
		Empty:   views.Empty{Icon: "circle-check", Title: "Nothing waits on it any more"}}
	for _, item := range items {
		table.Rows = append(table.Rows, r.waitingRow(e, item, may))
	}
	model.Records = &table
	if may && len(items) > 0 {
		again := views.Button{Label: "Try again", Icon: "rotate-ccw", Action: exceptionPath(e, "retry")}
		if model.Map == nil {
			again.Look = views.Primary
		}
		model.Actions = append([]views.Button{again}, model.Actions...)
	}
	return nil
}

func (r *request) waitingRow(e exception.Exception, item flow.Item, may bool) views.Row {
	amount, again := views.Nothing(), templ.Component(templ.NopComponent)
	if item.Amount.Valid {
		amount = views.Money(r.format().Value(item.Amount.Decimal, money.Currency(item.Currency)))
	}
	if may {
		again = views.PostButton(views.Button{Label: "Try again", Look: views.Quiet, Action: exceptionPath(e, "retry")}, views.Hidden{Name: "record", Value: fmt.Sprint(item.ID)})
	}
	return cells(views.RowLink(views.Link{Text: item.Key, Href: fmt.Sprintf("/records/%d", item.ID)}), views.Text(item.Title),
		views.Moment(r.format().Ago(item.SourceAt, r.server.Clock.Now())), views.Text(item.Problem), amount, again)
}

// exceptionRetry takes up again what waits on an exception, or one record of it.
func (s *server) exceptionRetry(r *request) error {
	e, in, err := s.exceptionInput(r)
	if err != nil {
		return err
	}
	record := in.id("record")
	if err := in.err(); err != nil {
		return err
	}
	released, err := s.retry(r, e, record)
	if err != nil {
		return err
	}
	r.flash(views.Done, "Tried again.", views.Counted(int(released), "record goes on", "records go on")+", oldest first.")
	return r.backToException(e)
}

func (s *server) retry(r *request, e exception.Exception, record int64) (int64, error) {
	if e.Flow == "" || s.Flows == nil {
		return 0, fault.New(fault.Conflict, "Nothing that could be tried again waits on this.")
	}
	return s.Flows.Retry(r.ctx(), e, record, r.actor())
}

// exceptionRetryMany takes up again what waits on the selected exceptions.
func (s *server) exceptionRetryMany(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	return s.exceptionEach(r, in, "tried again", func(seen seenException) error {
		e, err := s.Exceptions.Get(r.ctx(), seen.id)
		if err != nil {
			return err
		}
		_, err = s.retry(r, e, 0)
		return err
	})
}
