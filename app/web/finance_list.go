package web

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"tieout/app/finances"
	"tieout/app/journal"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/views"
)

const unsettledPageSize = 100

// unsettledList shows what Amazon tells of before a settlement has it, by when
// it is released.
func (s *server) unsettledList(r *request) error {
	f, err := r.unsettledFilter()
	if err != nil {
		return err
	}
	list, err := s.Finances.List(r.ctx(), f)
	if err != nil {
		return err
	}
	sums, err := s.Finances.Sums(r.ctx(), f.Connection)
	if err != nil {
		return err
	}
	accruals, err := s.Finances.Accruals(r.ctx(), f.Connection)
	if err != nil {
		return err
	}
	page := r.page("Unsettled money", views.UnsettledMoney)
	model := views.UnsettledList{Filter: r.unsettledFilterBar(f), Sums: r.unsettledSums(sums)}
	model.Without = map[string]bool{views.UnsettledConnection: oneConnection(page, f.Connection)}
	model.Summary, model.Export = "By day of release", r.listExport()
	if model.Chooser, err = s.chooser(r, listUnsettled); err != nil {
		return err
	}
	for _, a := range accruals {
		model.Accruals = append(model.Accruals, r.accrualRow(a))
	}
	for _, t := range list {
		model.Rows = append(model.Rows, r.unsettledRow(t))
	}
	if len(list) == unsettledPageSize {
		last := list[len(list)-1].Place()
		model.Pager.Next = r.link("after", nextKey(last.Due.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (finances.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.UnsettledListView(page, model))
}

func (r *request) unsettledFilter() (finances.Filter, error) {
	in := r.query()
	f := finances.Filter{Connection: r.connection(), Text: in.text("q", 120), Currency: in.text("currency", 3), PageSize: unsettledPageSize,
		State: finances.State(in.choice("state", "", string(finances.Held), string(finances.Released), string(finances.Settled), string(finances.Every)))}
	if text := in.text("due", 10); text != "" {
		day, err := period.ParseDate(text)
		if err != nil {
			in.refuse("due", "%s", err.Error())
		}
		f.Due = day
	}
	if due, id, ok := in.dayKey("after"); ok {
		f.After = finances.Place{Due: due, ID: id}
	}
	return f, in.err()
}

func (r *request) unsettledFilterBar(f finances.Filter) views.Filter {
	due := ""
	if f.Due != (period.Date{}) {
		due = f.Due.String()
	}
	bar := views.Filter{Action: "/unsettled", Slim: true, Fields: []views.Field{
		{Name: "q", Label: "Order or transaction", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "State", Value: string(f.State), Options: []views.Option{{Label: "Not settled"}, {Value: string(finances.Held), Label: "Held by Amazon"},
			{Value: string(finances.Released), Label: "Released, not settled"}, {Value: string(finances.Settled), Label: "Settled"}, {Value: string(finances.Every), Label: "All"}}},
		{Name: "currency", Label: "Currency", Value: f.Currency, Mono: true},
		{Name: "due", Label: "Released on", Type: "date", Value: due},
	}}
	if f.Connection != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.Connection, 10)}}
	}
	if f.Text != "" || f.State != "" || f.Currency != "" || due != "" {
		bar.Clear = r.link("q", "", "state", "", "currency", "", "due", "", "after", "")
	}
	return bar
}

func unsettledPath(id int64) string { return fmt.Sprintf("/unsettled/%d", id) }

func (r *request) unsettledRow(t finances.Transaction) views.UnsettledRow {
	row := views.UnsettledRow{ID: t.ID, Order: views.Link{Text: transactionName(t), Href: unsettledPath(t.ID)}, Connection: t.ConnectionName, Type: t.Type, Posted: r.format().Day(t.Posted),
		Status: transactionPill(t), Settlement: views.Link{Text: t.Settlement}, Amount: r.format().Money(t.Total)}
	if t.Due != (period.Date{}) {
		row.Due = r.format().Day(t.Due)
	}
	if t.SettlementID != 0 {
		row.Settlement.Href = fmt.Sprintf("/settlements/%d", t.SettlementID)
	}
	return row
}

// transactionName is its order, or the beginning of Amazon's id.
func transactionName(t finances.Transaction) string {
	const shown = 14
	if t.Order != "" || len(t.AmazonID) <= shown {
		return cmp.Or(t.Order, t.AmazonID)
	}
	return t.AmazonID[:shown] + "…"
}

func transactionPill(t finances.Transaction) views.Pill {
	switch t.State {
	case finances.Held:
		return views.Pill{State: views.Waiting, Text: "Held"}
	case finances.Settled:
		return views.Pill{State: views.Done, Text: "Settled"}
	}
	return views.Pill{State: views.Info, Text: "Released"}
}

// unsettledSums says what no settlement has, each with a way to what it is made of.
func (r *request) unsettledSums(sums []finances.Sum) []views.UnsettledSum {
	var list []views.UnsettledSum
	for _, sum := range sums {
		query := url.Values{"connection": {strconv.FormatInt(sum.ConnectionID, 10)}, "currency": {string(sum.Total.Currency)}, "state": {string(finances.Released)}}
		one := views.UnsettledSum{State: transactionPill(finances.Transaction{State: finances.Released}), Transactions: views.Count(int(sum.Transactions)), Total: r.format().Money(sum.Total)}
		if sum.Held {
			query.Set("state", string(finances.Held))
			one.State, one.Due = transactionPill(finances.Transaction{State: finances.Held}), views.Link{Text: "not said"}
		}
		if sum.Due != (period.Date{}) {
			query.Set("due", sum.Due.String())
			one.Due = views.Link{Text: r.format().Day(sum.Due).Text, Href: "/unsettled?" + query.Encode()}
		}
		one.Connection = views.Link{Text: sum.ConnectionName, Href: "/unsettled?" + query.Encode()}
		list = append(list, one)
	}
	return list
}

func (r *request) accrualRow(a finances.Accrual) views.AccrualRow {
	row := views.AccrualRow{Entry: views.Link{Text: a.Reference, Href: fmt.Sprintf("/entries/%d", a.ID)}, Connection: a.ConnectionName, Type: a.Type.Title(), Period: a.Period,
		Text: views.Count(int(a.Transactions)), Status: entryPill(string(a.Status)), Net: r.format().Money(a.Net)}
	if a.Type == journal.Accrual {
		row.Compare = views.Link{Text: "Compare", Href: fmt.Sprintf("/accruals/%d", a.ID)}
	}
	return row
}

// unsettledExport sends the workbook of the filtered transactions.
func (s *server) unsettledExport(r *request) error {
	f, err := r.unsettledFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.unsettledFilterBar(f))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, finances.Place{}
	rows := rowsOf(func() ([]finances.Transaction, error) { return s.Finances.List(r.ctx(), f) }, func(last finances.Transaction) { f.After = last.Place() })
	return r.workbook("unsettled", func(w io.Writer) error { return s.Workbooks.UnsettledList(w, about, rows) })
}

// overviewHeld says what Amazon holds back, and until when.
func (s *server) overviewHeld(r *request, model *views.OverviewPage) error {
	if s.Finances == nil {
		return nil
	}
	sums, err := s.Finances.Sums(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	model.Held = r.unsettledSums(byConnection(sums))
	for i, sum := range model.Held {
		if sum.Due.Href == "" && sum.Due.Text != "" {
			model.Held[i].Due.Text = "later"
		}
	}
	return nil
}

// heldDays is how many days of release of one connection the overview shows;
// later ones are one row.
const heldDays = 4

// byConnection keeps the next days of release of each connection and currency.
func byConnection(sums []finances.Sum) (kept []finances.Sum) {
	days := map[string]int{}
	for _, sum := range sums {
		if !sum.Held {
			kept = append(kept, sum)
			continue
		}
		key := fmt.Sprint(sum.ConnectionID, sum.Total.Currency)
		if days[key]++; days[key] <= heldDays {
			kept = append(kept, sum)
			continue
		}
		last := &kept[len(kept)-1]
		last.Due, last.Transactions = period.Date{}, last.Transactions+sum.Transactions
		last.Total = money.New(last.Total.Value.Add(sum.Total.Value), sum.Total.Currency)
	}
	return kept
}
