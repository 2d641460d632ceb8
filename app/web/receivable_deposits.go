package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/period"
	"tieout/app/receivable"
	"tieout/views"
)

const depositPageSize = 50

// depositList shows which deposits are still to be entered in P21.
func (s *server) depositList(r *request) error {
	f, err := s.depositFilter(r)
	if err != nil {
		return err
	}
	list, err := s.Receivable.Deposits(r.ctx(), f)
	if err != nil {
		return err
	}
	page := r.page("Cash application", views.Receivable, views.Link{Text: "Receivable", Href: "/receivable"})
	model := views.DepositList{Filter: r.depositFilterBar(f)}
	model.Without = map[string]bool{views.DepositConnection: len(f.Connections) == 1}
	model.Summary, model.Export = "The newest first", r.listExport()
	if model.Chooser, err = s.chooser(r, listDeposits); err != nil {
		return err
	}
	for _, d := range list {
		model.Rows = append(model.Rows, r.depositRow(d))
	}
	if len(list) == depositPageSize {
		last := list[len(list)-1].Place()
		model.Pager.Next = r.link("after", nextMoment(last.End, last.ID))
	}
	if f.Before != (receivable.DepositPlace{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.DepositListView(page, model))
}

func (s *server) depositFilter(r *request) (receivable.DepositFilter, error) {
	ids, err := s.invoicing(r)
	if err != nil {
		return receivable.DepositFilter{}, err
	}
	in := r.query()
	f := receivable.DepositFilter{Connections: ids, State: in.choice("state", "", "entered", "all"), Text: in.text("q", 40), PageSize: depositPageSize}
	if end, id, ok := in.momentKey("after"); ok {
		f.Before = receivable.DepositPlace{End: end, ID: id}
	}
	return f, in.err()
}

func (r *request) depositFilterBar(f receivable.DepositFilter) views.Filter {
	bar := views.Filter{Action: "/receivable/cash", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "Settlement", Type: "search", Value: f.Text},
		{Name: "state", Label: "State", Value: f.State, Options: []views.Option{{Label: "To enter"}, {Value: "entered", Label: "Entered"}, {Value: "all", Label: "All"}}}}}
	if id := r.connection(); id != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(id, 10)}}
	}
	if f.Text != "" || f.State != "" {
		bar.Clear = r.link("q", "", "state", "", "after", "")
	}
	return bar
}

func (r *request) depositRow(d receivable.Deposit) views.DepositRow {
	f := r.format()
	row := views.DepositRow{Settlement: views.Link{Text: d.AmazonID, Href: fmt.Sprintf("/settlements/%d/cash", d.SettlementID)}, Connection: d.ConnectionName, End: f.Day(period.DateOf(d.End)), Orders: views.Count(int(d.Orders)),
		Deposit: f.Value(d.Amount, d.Currency), Applied: f.Value(d.Total.Amount, d.Currency), Entered: f.Value(d.Entered, d.Currency), Left: f.Value(d.Left(), d.Currency), Status: views.Pill{State: views.Done, Text: "Entered"}}
	if d.ToEnter > 0 {
		row.Status = views.Pill{State: views.Waiting, Text: views.Counted(int(d.ToEnter), "order", "orders") + " to enter"}
	}
	return row
}

// depositExport sends the workbook of the filtered deposits.
func (s *server) depositExport(r *request) error {
	f, err := s.depositFilter(r)
	if err != nil {
		return err
	}
	about, err := s.about(r, r.depositFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.Before = exportPageSize, receivable.DepositPlace{}
	rows := rowsOf(func() ([]receivable.Deposit, error) { return s.Receivable.Deposits(r.ctx(), f) }, func(last receivable.Deposit) { f.Before = last.Place() })
	return r.workbook("cash-application", func(w io.Writer) error { return s.Workbooks.DepositList(w, about, rows) })
}
