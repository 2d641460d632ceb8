package web

import (
	"io"
	"slices"
	"strconv"

	"tieout/app/deposit"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/views"
)

const bankPageSize = 100

// awaitedList shows deposits, the newest first.
func (s *server) awaitedList(r *request) error {
	f, err := r.awaitedFilter()
	if err != nil {
		return err
	}
	list, err := s.Deposits.Deposits(r.ctx(), f)
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Deposits and bank", "Deposits")
	if err != nil {
		return err
	}
	if model.Figures, err = s.depositFigures(r); err != nil {
		return err
	}
	bar := r.awaitedFilterBar(f)
	model.Filter = &bar
	listing := views.Listing{Summary: "Deposits", Without: map[string]bool{views.AwaitedConnection: oneConnection(page, f.Connection)},
		Empty: views.Empty{Icon: "circle-check", Title: "No deposit here", Text: "Every settlement's deposit is listed; choose another state."}}
	var rows []views.AwaitedRow
	for _, d := range list {
		rows = append(rows, r.awaitedRow(d))
	}
	if len(list) == bankPageSize {
		last := list[len(list)-1].Place()
		listing.Pager.Next = r.link("after", nextKey(last.On.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (deposit.Place{}) {
		listing.Pager.First = r.link("after", "")
	}
	model.Tables = []views.Table{views.AwaitedTable(listing, rows)}
	return r.show(views.DepositView(page, model))
}

func (r *request) awaitedRow(d deposit.Deposit) views.AwaitedRow {
	row := views.AwaitedRow{Settlement: views.Link{Text: d.AmazonID, Href: settlementPath(d.SettlementID)}, Connection: d.ConnectionName, Due: r.format().Day(d.Due), Amount: r.format().Money(d.Amount), Status: depositPill(d.State)}
	if !d.Open().Value.IsZero() {
		row.Open = r.format().Money(d.Open())
		row.Act = views.Link{Text: "Match", Href: depositBase + "/match?deposit=" + strconv.FormatInt(d.SettlementID, 10)}
	}
	if slices.Contains([]deposit.State{deposit.Missing, deposit.Differs, deposit.UnderWay}, d.State) {
		row.Age = strconv.Itoa(d.Age(r.today()))
	}
	return row
}

func (r *request) awaitedFilter() (deposit.Filter, error) {
	in := r.query()
	states := []string{"open", "all"}
	for _, state := range deposit.States() {
		states = append(states, string(state))
	}
	f := deposit.Filter{Connection: r.connection(), Currency: money.Currency(in.text("currency", 3)), State: in.choice("state", states...), Text: in.text("q", 60), PageSize: bankPageSize}
	if on, id, ok := in.dayKey("after"); ok {
		f.After = deposit.Place{On: on, ID: id}
	}
	return f, in.err()
}

func (r *request) awaitedFilterBar(f deposit.Filter) views.Filter {
	states := []views.Option{{Value: "open", Label: "All that is open"}, {Value: "all", Label: "All"}}
	for _, state := range deposit.States() {
		states = append(states, views.Option{Value: string(state), Label: depositPill(state).Text})
	}
	bar := views.Filter{Action: depositBase + "/list", Slim: true, Keep: r.keepConnection(), Fields: []views.Field{
		{Name: "q", Label: "Settlement or amount", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "State", Value: f.State, Options: states},
		{Name: "currency", Label: "Currency", Value: string(f.Currency), Width: "short"},
	}}
	if f.Text != "" || f.State != "open" || f.Currency != "" {
		bar.Clear = r.link("q", "", "state", "", "currency", "", "after", "")
	}
	return bar
}

func (r *request) keepConnection() []views.Hidden {
	if id := r.connection(); id != 0 {
		return []views.Hidden{{Name: "connection", Value: strconv.FormatInt(id, 10)}}
	}
	return nil
}

// bankExport sends the workbook of deposits, bank lines and matches.
func (s *server) bankExport(r *request) error {
	about, err := s.about(r, views.Filter{Action: depositBase})
	if err != nil {
		return err
	}
	return r.workbook("deposits", func(w io.Writer) error { return s.Workbooks.Deposits(r.ctx(), w, about, r.connection()) })
}

// mayMatch reports whether the person may match.
func (r *request) mayMatch() bool { return r.person.Can(identity.PrepareEntries) }
