package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/cost"
	"tieout/views"
)

const costPageSize = 100

// costList shows what was counted of settlements and returns, and how far its
// cost is on the way to P21.
func (s *server) costList(r *request) error {
	f, err := r.costFilter()
	if err != nil {
		return err
	}
	list, err := s.Costs.List(r.ctx(), f)
	if err != nil {
		return err
	}
	sums, err := s.Costs.Sums(r.ctx(), f.Connection, f.Period)
	if err != nil {
		return err
	}
	page := r.page("Cost of goods", views.Costs)
	model := views.CostList{}
	if model.Filter, err = s.costFilterBar(r, f); err != nil {
		return err
	}
	model.Without = map[string]bool{views.CostConnection: oneConnection(page, f.Connection)}
	model.Summary, model.Export = "By settlement and period", r.listExport()
	if model.Empty, err = s.noCosts(r, f); err != nil {
		return err
	}
	if model.Chooser, err = s.chooser(r, listCosts); err != nil {
		return err
	}
	for _, sum := range sums {
		model.Sums = append(model.Sums, views.CostSum{Currency: string(sum.Amount.Currency), Shipped: countText(sum.Shipped), Returned: countText(sum.Returned), Kept: countText(sum.Kept), Waiting: countText(sum.Waiting),
			Amount: r.format().Money(sum.Amount), Posted: r.format().Money(sum.Posted)})
	}
	for _, c := range list {
		model.Rows = append(model.Rows, r.costRow(c))
	}
	if len(list) == costPageSize {
		p := list[len(list)-1].Place()
		model.Pager.Next = r.link("after", nextKey(p.Starts.String(), strconv.FormatInt(p.ID, 10)))
	}
	if f.After != (cost.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.CostListView(page, model))
}

// noCosts says what to do where the list is empty.
func (s *server) noCosts(r *request, f cost.Filter) (views.Empty, error) {
	booked, err := s.Costs.Booked(r.ctx(), f.Connection)
	switch {
	case err != nil:
		return views.Empty{}, err
	case !booked:
		return views.Empty{Icon: "package", Title: "The cost of goods is not booked here",
			Text: "Where revenue comes from settlements alone, an administrator can have it booked: with its two accounts and the first day, under Policies.", Action: views.Link{Text: "Policies", Href: "/admin/policies"}}, nil
	case f.Text != "" || f.Period != "" || f.State != "":
		return views.Empty{Icon: "search", Title: "Nothing matches", Text: "Clear the filter to see everything that was counted."}, nil
	}
	return views.Empty{Icon: "inbox", Title: "Nothing is counted yet", Text: "Settlements are counted by themselves, minutes after they come."}, nil
}

func (r *request) costFilter() (cost.Filter, error) {
	in := r.query()
	f := cost.Filter{Connection: r.connection(), Period: in.text("period", 7), Text: in.text("q", 60), PageSize: costPageSize,
		State: cost.State(in.choice("state", "", string(cost.Waiting), string(cost.Open), string(cost.Posted)))}
	if starts, id, ok := in.dayKey("after"); ok {
		f.After = cost.Place{Starts: starts, ID: id}
	}
	return f, in.err()
}

func (s *server) costFilterBar(r *request, f cost.Filter) (views.Filter, error) {
	keys, err := s.Costs.Periods(r.ctx(), f.Connection)
	if err != nil {
		return views.Filter{}, err
	}
	periods := []views.Option{{Label: "Any"}}
	for _, key := range keys {
		periods = append(periods, views.Option{Value: key, Label: key})
	}
	bar := views.Filter{Action: "/cost", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "Settlement or returns", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "period", Label: "Period", Value: f.Period, Options: periods},
		{Name: "state", Label: "State", Value: string(f.State), Options: []views.Option{{Label: "Any"}, {Value: string(cost.Open), Label: "Not posted"}, {Value: string(cost.Waiting), Label: "Without a cost"}, {Value: string(cost.Posted), Label: "Posted"}}},
	}}
	if f.Connection != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.Connection, 10)}}
	}
	if f.Text != "" || f.Period != "" || f.State != "" {
		bar.Clear = r.link("q", "", "period", "", "state", "", "after", "")
	}
	return bar, nil
}

func costPath(id int64) string { return fmt.Sprintf("/cost/%d", id) }

// countText is a number, nothing for none.
func countText(n int64) string {
	if n == 0 {
		return ""
	}
	return views.Count(int(n))
}

func (r *request) costRow(c cost.Count) views.CostRow {
	row := views.CostRow{ID: c.ID, Of: views.Link{Text: c.Of(), Href: costPath(c.ID)}, Connection: c.ConnectionName, Period: c.Period, Shipped: countText(c.Shipped), Returned: countText(c.Returned),
		Kept: countText(c.Kept), Waiting: countText(c.Waiting), Status: r.costPill(c), Replaced: c.Replaced}
	if c.EntryID != 0 {
		row.Amount = r.format().Money(c.Amount)
		row.Entry = views.Link{Text: c.Reference, Href: fmt.Sprintf("/entries/%d", c.EntryID)}
	}
	return row
}

// costPill says how far a count is.
func (r *request) costPill(c cost.Count) views.Pill {
	switch {
	case c.Waiting > 0:
		return views.Pill{State: views.Waiting, Text: "Waits for a cost"}
	case c.EntryID != 0 && c.Carried == c.Moves:
		return entryPill(string(c.Status))
	case c.EntryID != 0:
		return views.Pill{State: views.Waiting, Text: "More to book", Hint: "Units came up after the entry was handed in"}
	case c.Moves == 0 || c.Shipped == c.Returned:
		return views.Pill{Text: "Nothing to book"}
	case c.SettlementID == 0 && !c.Ends.Before(r.today()):
		return views.Pill{Text: "Period runs", Hint: "What came back is booked when the period is over"}
	}
	return views.Pill{State: views.Waiting, Text: "Not drafted"}
}

// costStateTitle names a count's state in a workbook.
func (r *request) costStateTitle(c cost.Count) string { return r.costPill(c).Text }

// costListExport sends the workbook of the filtered counts.
func (s *server) costListExport(r *request) error {
	f, err := r.costFilter()
	if err != nil {
		return err
	}
	bar, err := s.costFilterBar(r, f)
	if err != nil {
		return err
	}
	about, err := s.about(r, bar)
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, cost.Place{}
	rows := rowsOf(func() ([]cost.Count, error) { return s.Costs.List(r.ctx(), f) }, func(last cost.Count) { f.After = last.Place() })
	return r.workbook("cost-of-goods", func(w io.Writer) error { return s.Workbooks.CostList(w, about, rows, r.costStateTitle) })
}
