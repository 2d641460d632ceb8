package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/flow"
	"tieout/app/money"
	"tieout/views"
)

const recordPageSize = 50

// recordStates are the states of a record as people read them, in their order.
func recordStates() []views.Option {
	return []views.Option{{Label: "Any"}, {Value: "received", Label: "Received"}, {Value: "ready", Label: "Ready"}, {Value: "delivering", Label: "On its way"},
		{Value: "delivered", Label: "Delivered"}, {Value: "exception", Label: "Exception"}, {Value: "unknown", Label: "Outcome unknown"}, {Value: "ignored", Label: "Ignored"}}
}

func recordPill(state, waits string) views.Pill {
	switch state {
	case "received":
		if waits != "" {
			return views.Pill{Text: "Waits", Icon: "clock", Hint: waits}
		}
		return views.Pill{State: views.Info, Text: "Received"}
	case "ready":
		return views.Pill{State: views.Info, Text: "Ready"}
	case "delivering":
		return views.Pill{State: views.Info, Text: "On its way"}
	case "delivered":
		return views.Pill{State: views.Done, Text: "Delivered"}
	case "exception":
		return views.Pill{State: views.Waiting, Text: "Exception"}
	case "unknown":
		return views.Pill{State: views.Wrong, Text: "Outcome unknown"}
	}
	return views.Pill{Text: "Ignored", Icon: "circle-slash"}
}

// recordSection is the rail's entry for a flow's records.
func recordSection(d flow.Definition) views.Section { return views.Section(d.Title) }

// recordList lists the records of a flow, the newest first.
func (s *server) recordList(r *request, d flow.Definition) error {
	f, err := r.recordFilter()
	if err != nil {
		return err
	}
	items, err := s.Flows.Records(r.ctx(), d.Name, f)
	if err != nil {
		return err
	}
	page := r.page(d.Title, recordSection(d))
	model := views.RecordsPage{Caption: d.Title, Key: d.Key, Remote: d.Remote, Filter: r.recordFilterBar(d, f)}
	model.Without = map[string]bool{views.RecordConnection: oneConnection(page, f.ConnectionID)}
	model.Summary, model.Export = "The newest first", r.listExport()
	if model.Chooser, err = s.chooser(r, d.Name); err != nil {
		return err
	}
	model.Empty = views.Empty{Icon: "inbox", Title: "Nothing here", Text: "Records arrive by themselves; the flow's page says when its source was read last.", Action: views.Link{Text: "Flows", Href: "/flows"}}
	for _, item := range items {
		model.Rows = append(model.Rows, r.recordRow(item))
	}
	if len(items) == recordPageSize {
		model.Pager.Next = r.link("after", nextKey(strconv.FormatInt(items[len(items)-1].ID, 10)))
	}
	if f.BeforeID != 0 {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.RecordsView(page, model))
}

// recordFilter reads what the address asks for.
func (r *request) recordFilter() (flow.Filter, error) {
	in := r.query()
	f := flow.Filter{ConnectionID: r.connection(), Text: in.text("q", 60), PageSize: recordPageSize}
	var states []string
	for _, option := range recordStates() {
		states = append(states, option.Value)
	}
	f.State = in.choice("state", states...)
	if key := in.key("after", 1); key != nil {
		f.BeforeID = parseID(key[0])
	}
	return f, in.err()
}

// recordListExport sends the workbook of the filtered records.
func (s *server) recordListExport(r *request, d flow.Definition) error {
	f, err := r.recordFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.recordFilterBar(d, f))
	if err != nil {
		return err
	}
	f.PageSize, f.BeforeID = exportPageSize, 0
	rows := rowsOf(func() ([]flow.Item, error) { return s.Flows.Records(r.ctx(), d.Name, f) }, func(last flow.Item) { f.BeforeID = last.ID })
	return r.workbook(d.Name, func(w io.Writer) error { return s.Workbooks.RecordList(w, about, d, rows) })
}

func (r *request) recordFilterBar(d flow.Definition, f flow.Filter) views.Filter {
	bar := views.Filter{Action: "/" + d.Name, Slim: true, Fields: []views.Field{
		{Name: "q", Label: d.Key + " or " + d.Remote, Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "Status", Options: recordStates(), Value: f.State}}}
	if f.ConnectionID != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)}}
	}
	if f.Text != "" || f.State != "" {
		bar.Clear = r.link("q", "", "state", "", "after", "")
	}
	return bar
}

func (r *request) recordRow(item flow.Item) views.RecordRow {
	row := views.RecordRow{Key: views.Link{Text: item.Key, Href: fmt.Sprintf("/records/%d", item.ID)}, Title: item.Title, Connection: item.ConnectionName,
		Changed: r.format().Ago(item.SourceAt, r.server.Clock.Now()), Status: recordPill(item.State, item.Waits), Remote: item.RemoteKey,
		Words: item.Why(), Muted: item.State == "ignored"}
	if item.Amount.Valid {
		row.Amount = r.format().Value(item.Amount.Decimal, money.Currency(item.Currency))
	}
	return row
}
