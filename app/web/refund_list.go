package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/refund"
	"tieout/views"
)

const refundPageSize = 100

func findingTitle(f refund.Finding) string {
	if f == refund.NotRefunded {
		return "Returned, not refunded"
	}
	return "Refunded, not returned"
}

// refundList shows what one side lacks for longer than it should, the oldest first.
func (s *server) refundList(r *request) error {
	f, err := r.refundFilter()
	if err != nil {
		return err
	}
	list, err := s.Refunds.List(r.ctx(), f)
	if err != nil {
		return err
	}
	sums, err := s.Refunds.Sums(r.ctx(), f.Connection)
	if err != nil {
		return err
	}
	page := r.page("Refunds and returns", views.Refunds)
	model := views.RefundList{Filter: r.refundFilterBar(f)}
	model.Without = map[string]bool{views.RefundConnection: oneConnection(page, f.Connection)}
	model.Summary, model.Export = "By order and SKU", r.listExport()
	if model.Chooser, err = s.chooser(r, listRefunds); err != nil {
		return err
	}
	for _, sum := range sums {
		model.Sums = append(model.Sums, views.RefundSum{Finding: views.Link{Text: findingTitle(sum.Finding), Href: r.link("finding", string(sum.Finding), "state", "", "after", "")},
			Cases: views.Count(int(sum.Cases)), Amount: r.refunded(sum.Amount)})
	}
	for _, c := range list {
		model.Rows = append(model.Rows, r.refundRow(c))
	}
	if len(list) == refundPageSize {
		last := list[len(list)-1]
		model.Pager.Next = r.link("after", nextKey(last.Since.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (refund.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.RefundListView(page, model))
}

func (r *request) refundFilter() (refund.Filter, error) {
	in := r.query()
	f := refund.Filter{Connection: r.connection(), Text: in.text("q", 120), State: in.choice("state", "", "done", "all"), PageSize: refundPageSize,
		Finding: refund.Finding(in.choice("finding", "", string(refund.NotReturned), string(refund.NotRefunded)))}
	if since, id, ok := in.dayKey("after"); ok {
		f.After = refund.Place{Since: since, ID: id}
	}
	return f, in.err()
}

func (r *request) refundFilterBar(f refund.Filter) views.Filter {
	bar := views.Filter{Action: "/refunds", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "Order or SKU", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "finding", Label: "Missing", Value: string(f.Finding), Options: []views.Option{{Label: "Either"}, {Value: string(refund.NotReturned), Label: "The return"}, {Value: string(refund.NotRefunded), Label: "The refund"}}},
		{Name: "state", Label: "State", Value: f.State, Options: []views.Option{{Label: "Open"}, {Value: "done", Label: "Settled"}, {Value: "all", Label: "All"}}},
	}}
	if f.Connection != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.Connection, 10)}}
	}
	if f.Text != "" || f.State != "" || f.Finding != "" {
		bar.Clear = r.link("q", "", "state", "", "finding", "", "after", "")
	}
	return bar
}

func refundPath(id int64) string { return fmt.Sprintf("/refunds/%d", id) }

func (r *request) refundRow(c refund.Case) views.RefundRow {
	return views.RefundRow{ID: c.ID, Order: views.Link{Text: c.Order, Href: refundPath(c.ID)}, SKU: c.SKU, Connection: c.ConnectionName, Finding: findingTitle(c.Finding),
		Since: r.format().Day(c.Since), Age: strconv.Itoa(c.Age(r.today())), Units: unitsText(c.Units), Amount: r.refunded(c.Refunded), Status: refundPill(c), Note: c.Note}
}

func unitsText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func refundPill(c refund.Case) views.Pill {
	if c.Open() {
		return views.Pill{State: views.Waiting, Text: "Open"}
	}
	return views.Pill{State: views.Done, Text: "Settled"}
}

// refundExport sends the workbook of the filtered cases.
func (s *server) refundExport(r *request) error {
	f, err := r.refundFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.refundFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, refund.Place{}
	rows := rowsOf(func() ([]refund.Case, error) { return s.Refunds.List(r.ctx(), f) }, func(last refund.Case) { f.After = last.Place() })
	return r.workbook("refunds", func(w io.Writer) error { return s.Workbooks.RefundList(w, about, rows, findingTitle) })
}
