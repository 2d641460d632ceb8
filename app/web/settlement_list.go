package web

import (
	"fmt"
	"strconv"
	"strings"

	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/settlement"
	"tieout/views"
)

const settlementPageSize = 50

// settlementList lists settlements, the newest cycle first.
func (s *server) settlementList(r *request) error {
	filter, err := r.settlementFilter()
	if err != nil {
		return err
	}
	items, err := s.Settlements.List(r.ctx(), filter)
	if err != nil {
		return err
	}
	totals, err := s.Settlements.Totals(r.ctx(), filter)
	if err != nil {
		return err
	}
	page := views.SettlementsPage{Filter: r.settlementFilterBar(filter)}
	if r.person.Can(identity.UploadReports) {
		page.Upload = "/settlements/upload"
	}
	for _, item := range items {
		page.Rows = append(page.Rows, r.settlementRow(item))
	}
	n := 0
	for _, total := range totals {
		n += int(total.Settlements)
		page.Totals = append(page.Totals, views.SettlementTotal{
			Label: views.Counted(int(total.Settlements), "settlement", "settlements") + " in " + total.Currency,
			Lines: views.Count(int(total.Lines)), Deposit: r.format().Value(total.Deposit, money.Currency(total.Currency)),
		})
	}
	page.Summary = views.Counted(n, "settlement", "settlements")
	page.Export = r.listExport()
	if page.Chooser, err = s.chooser(r, listSettlements); err != nil {
		return err
	}
	if len(items) == settlementPageSize {
		last := items[len(items)-1]
		page.Pager.Next = r.link("after", nextMoment(last.EndAt, last.ID))
	}
	if filter.AfterEnd != nil {
		page.Pager.First = r.link("after", "")
	}
	return r.show(views.SettlementsView(r.page("Settlements", views.Settlements), page))
}

// settlementFilter reads what the address asks for.
func (r *request) settlementFilter() (settlement.Filter, error) {
	in := r.query()
	f := settlement.Filter{ConnectionID: r.connection(), Search: in.text("q", 40), Currency: strings.ToUpper(in.text("currency", 3)),
		State: in.choice("state", "", "out_of_balance", "exceptions", "draft", "submitted", "approved", "posted"), PageSize: settlementPageSize}
	if from := in.date("from"); from != (period.Date{}) {
		at := from.Time()
		f.EndsFrom = &at
	}
	if to := in.date("to"); to != (period.Date{}) {
		at := to.AddDays(1).Time()
		f.EndsBefore = &at
	}
	if end, id, ok := in.momentKey("after"); ok {
		f.AfterEnd, f.AfterID = &end, id
	}
	return f, in.err()
}

func (r *request) settlementFilterBar(f settlement.Filter) views.Filter {
	query := r.QueryParams()
	state := views.Field{Name: "state", Label: "State", Options: []views.Option{{Label: "Any"}, {Value: "exceptions", Label: "With exceptions"},
		{Value: "out_of_balance", Label: "Out of balance"}, {Value: "draft", Label: "Draft entries"}, {Value: "submitted", Label: "Submitted"},
		{Value: "approved", Label: "Approved"}, {Value: "posted", Label: "Posted"}}}
	for i := range state.Options {
		state.Options[i].Current = state.Options[i].Value == f.State
	}
	bar := views.Filter{Action: "/settlements", Fields: []views.Field{
		{Name: "q", Label: "Settlement id", Type: "search", Value: f.Search, Width: "wide"}, state,
		{Name: "currency", Label: "Currency", Value: f.Currency, Width: "short", Mono: true},
		{Name: "from", Label: "Ended from", Type: "date", Value: query.Get("from")}, {Name: "to", Label: "to", Type: "date", Value: query.Get("to")}}}
	if f.ConnectionID != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)}}
	}
	for _, name := range []string{"q", "state", "currency", "from", "to"} {
		if query.Get(name) != "" {
			bar.Clear = r.link("q", "", "state", "", "currency", "", "from", "", "to", "", "after", "")
		}
	}
	return bar
}

func (r *request) settlementRow(item settlement.Item) views.SettlementRow {
	f, currency := r.format(), money.Currency(item.Currency)
	href := fmt.Sprintf("/settlements/%d", item.ID)
	row := views.SettlementRow{
		Number: item.AmazonID, Href: href, Connection: item.ConnectionName, Marketplaces: strings.Join(item.Marketplaces, ", "),
		Cycle: f.Cycle(period.DateOf(item.StartAt), period.DateOf(item.EndAt)), Lines: views.Count(int(item.LineCount)),
		Status: settlementPill(item.EntryStates, int(item.Exceptions), !item.Difference.IsZero()), Tie: views.Tie{Difference: f.Value(item.Difference, currency)},
		Deposit: f.Value(item.Deposit, currency).Linked(href, "settlement "+item.AmazonID),
	}
	if item.DepositAt != nil {
		row.DepositDate = f.Day(period.DateOf(*item.DepositAt))
	}
	if item.EntryStates != "" {
		row.Entries = views.Link{Text: "Entries", Href: "/entries?q=" + item.AmazonID}
	}
	return row
}

// settlementPill is the state of a settlement: what is wrong with it first,
// then how far its entries are, the least advanced one.
func settlementPill(entryStates string, exceptions int, outOfBalance bool) views.Pill {
	switch {
	case outOfBalance:
		return views.Pill{State: views.Wrong, Text: "Out of balance"}
	case exceptions > 0:
		return views.Pill{State: views.Waiting, Text: views.Counted(exceptions, "exception", "exceptions")}
	case entryStates == "":
		return views.Pill{State: views.Info, Text: "Being drafted"}
	}
	for _, state := range []string{"unknown", "draft", "submitted", "approved", "posting", "posted"} {
		if strings.Contains(","+entryStates+",", ","+state+",") {
			return entryPill(state)
		}
	}
	return views.Pill{State: views.Neutral, Text: entryStates}
}
