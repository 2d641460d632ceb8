package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reimbursement"
	"tieout/views"
)

const reimbursementPageSize = 100

func lossTitle(c reimbursement.Cause) string {
	if c == reimbursement.Damaged {
		return "Damaged"
	}
	return "Lost"
}

func lossStateTitle(s reimbursement.State) string {
	switch s {
	case reimbursement.Open:
		return "Open"
	case reimbursement.Claimed:
		return "Claimed"
	case reimbursement.Reimbursed:
		return "Reimbursed"
	case reimbursement.Settled:
		return "Settled"
	}
	return string(s)
}

func lossPill(c reimbursement.Case, today period.Date) views.Pill {
	switch c.State() {
	case reimbursement.Open:
		if c.DaysLeft(today) < 0 {
			return views.Pill{State: views.Wrong, Text: "Too late"}
		}
		return views.Pill{State: views.Waiting, Text: "Open"}
	case reimbursement.Claimed:
		return views.Pill{State: views.Info, Text: "Claimed"}
	case reimbursement.Reimbursed:
		if c.Paid == 0 {
			return views.Pill{State: views.Done, Text: "Found"}
		}
		return views.Pill{State: views.Done, Text: "Reimbursed"}
	case reimbursement.Settled:
	}
	return views.Pill{State: views.Done, Text: "Settled"}
}

// dueText says how much time there is.
func dueText(days int) string {
	switch {
	case days < 0:
		return views.Counted(-days, "day", "days") + " too late"
	case days == 0:
		return "today"
	}
	return views.Counted(days, "day", "days") + " left"
}

// reimbursementList shows what Amazon lost or damaged, what falls due first at
// the top.
func (s *server) reimbursementList(r *request) error {
	f, err := r.reimbursementFilter()
	if err != nil {
		return err
	}
	list, err := s.Reimbursements.List(r.ctx(), f)
	if err != nil {
		return err
	}
	sums, err := s.Reimbursements.Sums(r.ctx(), f.Connection)
	if err != nil {
		return err
	}
	page := r.page("Reimbursements", views.Reimbursements)
	model := views.ReimbursementList{Filter: r.reimbursementFilterBar(f)}
	model.Without = map[string]bool{views.LossConnection: oneConnection(page, f.Connection)}
	model.Summary, model.Export = "By SKU and day", r.listExport()
	if model.Chooser, err = s.chooser(r, listReimbursements); err != nil {
		return err
	}
	for _, sum := range sums {
		model.Sums = append(model.Sums, views.LossSum{Cause: views.Link{Text: lossTitle(sum.Cause), Href: r.link("cause", string(sum.Cause), "state", "", "after", "")},
			Cases: views.Count(int(sum.Cases)), Units: views.Count(int(sum.Units)), Soon: views.Count(int(sum.Soon)), Late: views.Count(int(sum.Late)), Cost: r.refunded(sum.Cost)})
	}
	for _, c := range list {
		model.Rows = append(model.Rows, r.lossRow(c))
	}
	if len(list) == reimbursementPageSize {
		last := list[len(list)-1]
		model.Pager.Next = r.link("after", nextKey(last.Due.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (reimbursement.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.ReimbursementListView(page, model))
}

func (r *request) reimbursementFilter() (reimbursement.Filter, error) {
	in := r.query()
	f := reimbursement.Filter{Connection: r.connection(), Text: in.text("q", 120), PageSize: reimbursementPageSize,
		State: in.choice("state", "", string(reimbursement.Open), string(reimbursement.Claimed), string(reimbursement.Reimbursed), string(reimbursement.Settled), "all"),
		Cause: reimbursement.Cause(in.choice("cause", "", string(reimbursement.Lost), string(reimbursement.Damaged)))}
	if due, id, ok := in.dayKey("after"); ok {
		f.After = reimbursement.Place{Due: due, ID: id}
	}
	return f, in.err()
}

func (r *request) reimbursementFilterBar(f reimbursement.Filter) views.Filter {
	states := []views.Option{{Label: "Missing"}}
	for _, s := range []reimbursement.State{reimbursement.Open, reimbursement.Claimed, reimbursement.Reimbursed, reimbursement.Settled} {
		states = append(states, views.Option{Value: string(s), Label: lossStateTitle(s)})
	}
	bar := views.Filter{Action: "/reimbursements", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "SKU or case", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "cause", Label: "Cause", Value: string(f.Cause), Options: []views.Option{{Label: "Either"}, {Value: string(reimbursement.Lost), Label: "Lost"}, {Value: string(reimbursement.Damaged), Label: "Damaged"}}},
		{Name: "state", Label: "State", Value: f.State, Options: append(states, views.Option{Value: "all", Label: "All"})},
	}}
	for _, field := range bar.Fields {
		for i := range field.Options {
			field.Options[i].Current = field.Options[i].Value == field.Value
		}
	}
	if f.Connection != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.Connection, 10)}}
	}
	if f.Text != "" || f.State != "" || f.Cause != "" {
		bar.Clear = r.link("q", "", "state", "", "cause", "", "after", "")
	}
	return bar
}

func reimbursementPath(id int64) string { return fmt.Sprintf("/reimbursements/%d", id) }

func (r *request) lossRow(c reimbursement.Case) views.LossRow {
	row := views.LossRow{ID: c.ID, SKU: views.Link{Text: c.SKU, Href: reimbursementPath(c.ID)}, Connection: c.ConnectionName, Country: c.Country, Cause: lossTitle(c.Cause), Day: r.format().Day(c.Day),
		Units: strconv.Itoa(c.Units), Found: unitsText(c.Found), Paid: unitsText(c.Paid), Missing: unitsText(c.Missing()), Due: r.format().Day(c.Due),
		Cost: r.refunded(c.Worth(c.Cost)), Price: r.refunded(c.Worth(c.Price)), Status: lossPill(c, r.today()), Claim: c.Claim}
	if c.State() == reimbursement.Open {
		row.Left = dueText(c.DaysLeft(r.today()))
	}
	return row
}

// reimbursementExport sends the workbook of the filtered cases.
func (s *server) reimbursementExport(r *request) error {
	f, err := r.reimbursementFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.reimbursementFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, reimbursement.Place{}
	rows := rowsOf(func() ([]reimbursement.Case, error) { return s.Reimbursements.List(r.ctx(), f) }, func(last reimbursement.Case) { f.After = last.Place() })
	return r.workbook("reimbursements", func(w io.Writer) error { return s.Workbooks.LossList(w, about, rows, lossTitle, lossStateTitle) })
}

// worthEach is what a unit is worth, for people.
func (r *request) worthEach(a money.Amount, unknown string) string {
	if a.Currency == "" {
		return unknown
	}
	return r.format().Money(money.New(a.Value.Round(2), a.Currency)).Text + " " + string(a.Currency)
}
