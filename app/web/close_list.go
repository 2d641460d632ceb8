package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/closing"
	"tieout/views"
)

const closePageSize = 100

func closeTitle(s closing.State) string {
	switch s {
	case closing.Requested:
		return "Waits for approval"
	case closing.Closed:
		return "Closed"
	case closing.Reopened:
		return "Reopened"
	}
	return "Open"
}

func closePill(s closing.State) views.Pill {
	pill := views.Pill{Text: closeTitle(s)}
	switch s {
	case closing.Requested:
		pill.State = views.Waiting
	case closing.Closed:
		pill.State, pill.Icon = views.Done, "lock"
	case closing.Reopened:
		pill.State = views.Info
	}
	return pill
}

func p21Pill(closed bool) views.Pill {
	if closed {
		return views.Pill{Text: "Closed", Icon: "lock"}
	}
	return views.Pill{Text: "Open"}
}

func closePath(k closing.Key, action string) string {
	path := fmt.Sprintf("/close/%d/%s", k.ConnectionID, k)
	if action != "" {
		path += "/" + action
	}
	return path
}

// closeList shows the periods with how far their close is, the newest first.
func (s *server) closeList(r *request) error {
	f, err := r.closeFilter()
	if err != nil {
		return err
	}
	list, err := s.Closing.List(r.ctx(), f)
	if err != nil {
		return err
	}
	page := r.page("Period close", views.PeriodClose)
	model := views.CloseList{Filter: r.closeFilterBar(f)}
	model.Without = map[string]bool{views.CloseConnection: oneConnection(page, f.ConnectionID)}
	model.Summary, model.Export = "By period and connection", r.listExport()
	if model.Chooser, err = s.chooser(r, listCloses); err != nil {
		return err
	}
	for _, x := range list {
		model.Rows = append(model.Rows, r.closeRow(x))
	}
	if len(list) == closePageSize {
		last := list[len(list)-1].Place()
		model.Pager.Next = r.link("after", nextKey(last.Starts.String(), strconv.FormatInt(last.Connection, 10)))
	}
	if f.After != (closing.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.CloseListView(page, model))
}

func (r *request) closeRow(x closing.Listed) views.CloseRow {
	row := views.CloseRow{Period: views.Link{Text: x.Key.String(), Href: closePath(x.Key, "")}, Connection: x.Connection, From: r.format().Day(x.Period.Starts), To: r.format().Day(x.Period.Ends),
		Status: closePill(x.State), P21: p21Pill(x.ClosedInP21), Open: x.OpenEntries, Posted: x.PostedEntries}
	switch x.State {
	case closing.Requested:
		row.By, row.At = x.RequestedBy, r.format().Time(x.RequestedAt)
	case closing.Closed:
		row.By, row.At = x.DecidedBy, r.format().Time(x.DecidedAt)
	case closing.Reopened:
		row.By, row.At = x.ReopenedBy, r.format().Time(x.ReopenedAt)
	}
	return row
}

func (r *request) closeFilter() (closing.Filter, error) {
	in := r.query()
	f := closing.Filter{ConnectionID: r.connection(), PageSize: closePageSize,
		State: closing.State(in.choice("state", "", string(closing.Open), string(closing.Requested), string(closing.Closed), string(closing.Reopened)))}
	if starts, connection, ok := in.dayKey("after"); ok {
		f.After = closing.Place{Starts: starts, Connection: connection}
	}
	return f, in.err()
}

func (r *request) closeFilterBar(f closing.Filter) views.Filter {
	bar := views.Filter{Action: "/close", Slim: true, Fields: []views.Field{{Name: "state", Label: "State", Value: string(f.State), Options: []views.Option{{Label: "Any"}}}}}
	for _, state := range []closing.State{closing.Open, closing.Requested, closing.Closed, closing.Reopened} {
		bar.Fields[0].Options = append(bar.Fields[0].Options, views.Option{Value: string(state), Label: closeTitle(state)})
	}
	if f.ConnectionID != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)}}
	}
	if f.State != "" {
		bar.Clear = r.link("state", "", "after", "")
	}
	return bar
}

// closeListExport sends the workbook of the filtered periods.
func (s *server) closeListExport(r *request) error {
	f, err := r.closeFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.closeFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, closing.Place{}
	rows := rowsOf(func() ([]closing.Listed, error) { return s.Closing.List(r.ctx(), f) }, func(last closing.Listed) { f.After = last.Place() })
	return r.workbook("periods", func(w io.Writer) error { return s.Workbooks.CloseList(w, about, rows, closeTitle) })
}
