package web

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"tieout/app/money"
	"tieout/app/receivable"
	"tieout/views"
)

const itemPageSize = 100

func itemStates() []views.Option {
	return []views.Option{{Label: "Not paid"}, {Value: "open", Label: "Open"}, {Value: "variance", Label: "Variance"}, {Value: "no_invoice", Label: "Not invoiced"},
		{Value: "paid", Label: "Paid"}, {Value: "void", Label: "Void"}, {Value: "all", Label: "All"}}
}

func causeTitle(c receivable.Cause) string { return c.Title() }

func causeOptions() []views.Option {
	list := []views.Option{{Label: "Any"}}
	for _, c := range receivable.Causes() {
		list = append(list, views.Option{Value: string(c), Label: causeTitle(c)})
	}
	return list
}

func itemPill(i receivable.Item) views.Pill {
	switch i.State() {
	case receivable.Open:
		return views.Pill{State: views.Info, Text: "Open"}
	case receivable.Paid:
		return views.Pill{State: views.Done, Text: "Paid"}
	case receivable.Variance:
		return views.Pill{State: views.Waiting, Text: "Variance"}
	case receivable.NotInvoice:
		return views.Pill{State: views.Waiting, Text: "Not invoiced"}
	case receivable.Void:
	}
	return views.Pill{Text: "Void", Icon: "circle-slash"}
}

// receivableList shows open items with what is open by age and what differs by cause.
func (s *server) receivableList(r *request) error {
	f, err := s.itemFilter(r)
	if err != nil {
		return err
	}
	items, err := s.Receivable.List(r.ctx(), f)
	if err != nil {
		return err
	}
	page := r.page("Receivable", views.Receivable)
	model := views.ReceivablePage{Filter: r.itemFilterBar(f)}
	model.Without = map[string]bool{views.ItemConnection: len(f.Connections) == 1}
	model.Summary, model.Export = "By order", r.listExport()
	if model.Chooser, err = s.chooser(r, listReceivable); err != nil {
		return err
	}
	if err := s.receivableSums(r, f, &model); err != nil {
		return err
	}
	for _, i := range items {
		model.Rows = append(model.Rows, r.itemRow(i))
	}
	if len(items) == itemPageSize {
		last := items[len(items)-1]
		model.Pager.Next = r.link("after", nextKey(last.Order, string(last.Currency), strconv.FormatInt(last.ConnectionID, 10)))
	}
	if f.After != (receivable.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.ReceivableView(page, model))
}

func (s *server) receivableSums(r *request, f receivable.Filter, model *views.ReceivablePage) error {
	ages, err := s.Receivable.Ages(r.ctx(), f.Connections)
	if err != nil {
		return err
	}
	for _, a := range ages {
		label := fmt.Sprintf("up to %d days", a.Days)
		if a.Days > 60 {
			label = "more than 60 days"
		}
		model.Ages = append(model.Ages, views.AgeRow{Label: label, Items: views.Count(int(a.Items)), Amount: r.format().Value(a.Amount, a.Currency)})
	}
	groups, err := s.Receivable.Groups(r.ctx(), f.Connections)
	if err != nil {
		return err
	}
	for _, g := range groups {
		title := causeTitle(g.Cause)
		if g.Cause == receivable.Rounding {
			title += ", up to " + money.Plain(g.Tolerance, g.Currency)
		}
		model.Causes = append(model.Causes, views.CauseRow{Cause: views.Link{Text: title, Href: r.link("state", "all", "cause", string(g.Cause), "currency", string(g.Currency), "after", "")},
			Items: views.Count(int(g.Items)), Amount: r.format().Value(g.Amount, g.Currency), Stake: r.format().Value(g.Stake, g.Currency)})
	}
	return nil
}

func (s *server) itemFilter(r *request) (receivable.Filter, error) {
	ids, err := s.invoicing(r)
	if err != nil {
		return receivable.Filter{}, err
	}
	in := r.query()
	var states, causes []string
	for _, o := range itemStates() {
		states = append(states, o.Value)
	}
	for _, o := range causeOptions() {
		causes = append(causes, o.Value)
	}
	f := receivable.Filter{Connections: ids, State: in.choice("state", states...), Cause: receivable.Cause(in.choice("cause", causes...)),
		Currency: money.Currency(strings.ToUpper(in.text("currency", 3))), Text: in.text("q", 40), PageSize: itemPageSize}
	if key := in.key("after", 3); key != nil {
		f.After = receivable.Place{Order: key[0], Currency: money.Currency(key[1]), Connection: parseID(key[2])}
	}
	return f, in.err()
}

func (r *request) itemFilterBar(f receivable.Filter) views.Filter {
	bar := views.Filter{Action: "/receivable", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "Order or invoice", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "State", Options: itemStates(), Value: f.State},
		{Name: "cause", Label: "Cause", Options: causeOptions(), Value: string(f.Cause)},
		{Name: "currency", Label: "Currency", Value: string(f.Currency), Width: "narrow"}}}
	if id := r.connection(); id != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(id, 10)}}
	}
	if f.Text != "" || f.State != "" || f.Cause != "" || f.Currency != "" {
		bar.Clear = r.link("q", "", "state", "", "cause", "", "currency", "", "after", "")
	}
	return bar
}

func itemPath(connectionID int64, order string) string {
	return fmt.Sprintf("/receivable/%d/%s", connectionID, url.PathEscape(order))
}

func (r *request) itemRow(i receivable.Item) views.ItemRow {
	f := r.format()
	row := views.ItemRow{Order: views.Link{Text: i.Order, Href: itemPath(i.ConnectionID, i.Order)}, Connection: i.ConnectionName, Invoices: strings.Join(i.Invoices, ", "),
		Due: f.Value(i.Due(), i.Currency), Paid: f.Value(i.Paid.Total(), i.Currency), Difference: f.Value(i.Difference(), i.Currency), Status: itemPill(i)}
	if len(i.Invoices) > 0 {
		row.Date = f.Day(i.Date)
		row.Age = strconv.Itoa(i.Age(r.today()))
	}
	if reason, ok := receivable.Explain(i); ok {
		row.Cause = causeTitle(reason.Cause)
	}
	return row
}

// receivableExport sends the workbook of the filtered items.
func (s *server) receivableExport(r *request) error {
	f, err := s.itemFilter(r)
	if err != nil {
		return err
	}
	about, err := s.about(r, r.itemFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, receivable.Place{}
	rows := rowsOf(func() ([]receivable.Item, error) { return s.Receivable.List(r.ctx(), f) }, func(last receivable.Item) { f.After = last.Place() })
	return r.workbook("receivable", func(w io.Writer) error {
		return s.Workbooks.ItemList(w, about, rows, causeTitle)
	})
}
