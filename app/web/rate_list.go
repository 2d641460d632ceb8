package web

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/rates"
	"tieout/views"
)

const (
	ratePageSize = 100
	gapRows      = 50 // of the days without a rate that the page names
)

// rateList shows the exchange rates in force, the newest day first, and the days
// that lack one.
func (s *server) rateList(r *request) error { return s.showRates(r, http.StatusOK, nil, nil) }

// showRates shows the list; typed is what was sent in its form, with what is
// wrong about it.
func (s *server) showRates(r *request, status int, typed *input, wrong map[string]string) error {
	f, err := r.rateFilter()
	if err != nil {
		return err
	}
	list, err := s.Rates.List(r.ctx(), f)
	if err != nil {
		return err
	}
	gaps, err := s.Rates.Gaps(r.ctx(), f.ConnectionID)
	if err != nil {
		return err
	}
	settings, err := s.Rates.Settings(r.ctx(), 0)
	if err != nil {
		return err
	}
	page := r.page("Exchange rates", views.Rates, views.Link{Text: "Administration", Href: "/admin"})
	model := views.RateList{}
	if model.Filter, err = s.rateFilterBar(r, f); err != nil {
		return err
	}
	model.Summary, model.Export = "In force", r.listExport()
	if model.Chooser, err = s.chooser(r, listRates); err != nil {
		return err
	}
	model.Without = map[string]bool{"connection": oneConnection(page, f.ConnectionID)}
	model.Gaps = r.rateGaps(gaps, settings)
	if len(gaps) > gapRows {
		model.Alerts = []views.Alert{{State: views.Waiting, Title: views.Counted(len(gaps), "day lacks a rate.", "days lack a rate."), Text: fmt.Sprintf("The newest %d are listed.", gapRows)}}
	}
	for _, x := range list {
		model.Rows = append(model.Rows, r.rateRow(x, settings))
	}
	if len(list) == ratePageSize {
		last := list[len(list)-1]
		model.Pager.Next = r.link("after", nextKey(last.On.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (rates.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	if r.person.Can(identity.ManageRates) {
		model.Sheets = s.rateSheets(settings, typed, wrong)
	}
	return r.showAs(status, views.RateListView(page, model))
}

func (r *request) rateFilter() (rates.Filter, error) {
	in := r.query()
	f := rates.Filter{ConnectionID: r.connection(), From: in.date("from"), To: in.date("to"), PageSize: ratePageSize}
	base, quote, _ := strings.Cut(in.text("pair", 7), "-")
	f.Base, f.Quote = money.Currency(base), money.Currency(quote)
	if on, id, ok := in.dayKey("after"); ok {
		f.After = rates.Place{On: on, ID: id}
	}
	return f, in.err()
}

func (s *server) rateFilterBar(r *request, f rates.Filter) (views.Filter, error) {
	pairs, err := s.Rates.Pairs(r.ctx())
	if err != nil {
		return views.Filter{}, err
	}
	options := []views.Option{{Label: "Any pair"}}
	for _, p := range pairs {
		options = append(options, views.Option{Value: fmt.Sprintf("%s-%s", p.Base, p.Quote), Label: fmt.Sprintf("%s to %s", p.Base, p.Quote)})
	}
	chosen := ""
	if f.Base != "" {
		chosen = fmt.Sprintf("%s-%s", f.Base, f.Quote)
	}
	bar := views.Filter{Action: "/admin/rates", Slim: true, Fields: []views.Field{
		{Name: "pair", Label: "Pair", Value: chosen, Options: options},
		{Name: "from", Label: "From", Type: "date", Value: dayText(f.From)},
		{Name: "to", Label: "To", Type: "date", Value: dayText(f.To)},
	}}
	if f.ConnectionID != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)}}
	}
	if chosen != "" || dayText(f.From) != "" || dayText(f.To) != "" {
		bar.Clear = r.link("pair", "", "from", "", "to", "", "after", "")
	}
	return bar, nil
}

func ratePath(id int64) string { return fmt.Sprintf("/admin/rates/%d", id) }

func (r *request) rateRow(x rates.Rate, settings []rates.Settings) views.RateRow {
	row := views.RateRow{ID: x.ID, On: views.Link{Text: x.On.String(), Href: ratePath(x.ID)}, From: string(x.Base), To: string(x.Quote), Rate: x.Value.String(), Connection: holdsFor(x),
		Source: sourceTitle(x), By: x.By, Note: x.Reason, Version: strconv.Itoa(x.Version)}
	if !x.Before.IsZero() {
		move := rates.Move(x.Before, x.Value)
		row.Move = move.StringFixed(2)
		for _, set := range settings {
			row.Unusual = row.Unusual || (x.ConnectionID == 0 || x.ConnectionID == set.ConnectionID) && move.Abs().GreaterThan(set.MostMove)
		}
	}
	if x.Entries > 0 {
		row.Entries = views.Count(int(x.Entries))
	}
	return row
}

func holdsFor(x rates.Rate) string {
	if x.ConnectionID == 0 {
		return "all"
	}
	return x.ConnectionName
}

func sourceTitle(x rates.Rate) string {
	switch x.Origin {
	case rates.P21:
		return "Prophet 21"
	case rates.Daily:
		return x.Source
	case rates.Upload:
		return "File"
	case rates.ByHand:
	}
	return "By hand"
}

func (r *request) rateGaps(gaps []rates.Gap, settings []rates.Settings) []views.RateGap {
	names := map[int64]string{}
	for _, x := range settings {
		names[x.ConnectionID] = cmp.Or(x.Title, x.ConnectionName)
	}
	var list []views.RateGap
	for _, g := range gaps[:min(len(gaps), gapRows)] {
		list = append(list, views.RateGap{On: r.format().Day(g.On), From: string(g.Base), To: string(g.Quote), Connection: names[g.ConnectionID],
			Waiting: views.Link{Text: views.Counted(int(g.Settlements), "settlement", "settlements"), Href: fmt.Sprintf("/settlements/%d", g.SettlementID)}})
	}
	return list
}

// rateSheets are the forms that add rates.
func (s *server) rateSheets(settings []rates.Settings, typed *input, wrong map[string]string) []views.AdminSheet {
	value := func(name string) string {
		if typed == nil {
			return ""
		}
		return typed.values.Get(name)
	}
	scope := []views.Option{{Value: "", Label: "every connection", Current: value("connection") == ""}}
	for _, x := range settings {
		id := strconv.FormatInt(x.ConnectionID, 10)
		scope = append(scope, views.Option{Value: id, Label: cmp.Or(x.Title, x.ConnectionName), Current: value("connection") == id})
	}
	form := &views.AdminForm{Action: "/admin/rates", Submit: views.Button{Label: "Store the rates", Icon: "check"}, Fields: []views.Field{
		{Name: "rates", Label: "One rate per line: day, from, to, rate", Rows: 4, Mono: true, Value: value("rates"), Error: wrong["rates"], Place: "2026-11-20, GBP, USD, 1.2715", Required: true},
		{Name: "connection", Label: "They hold for", Options: scope},
		{Name: "reason", Label: "Reason", Value: value("reason"), Error: wrong["reason"], Hint: "Needed where a rate of the same day changes."}}}
	if wrong["confirm"] != "" {
		form.Fields = append(form.Fields, views.Field{Name: "confirm", Label: "The unusual rates are right", Type: "checkbox", Error: wrong["confirm"]})
	}
	sheets := []views.AdminSheet{{Title: "Add rates", Form: form}}
	if s.Workbooks == nil {
		return sheets
	}
	return append(sheets, views.AdminSheet{Title: "Upload rates", Lead: "An Excel or CSV file with the headings Day, From, To, Rate and, if you like, Reason: such as the export of this list. You see what it changes before anything is stored.",
		Form: &views.AdminForm{Action: "/admin/rates/upload", Files: true, Submit: views.Button{Label: "Show what it changes", Icon: "upload"},
			Fields: []views.Field{{Name: "file", Label: "File of rates (.xlsx, .csv)", Type: "file"}}}})
}

// rateExport sends the workbook of the filtered rates.
func (s *server) rateExport(r *request) error {
	f, err := r.rateFilter()
	if err != nil {
		return err
	}
	bar, err := s.rateFilterBar(r, f)
	if err != nil {
		return err
	}
	about, err := s.about(r, bar)
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, rates.Place{}
	rows := rowsOf(func() ([]rates.Rate, error) { return s.Rates.List(r.ctx(), f) }, func(last rates.Rate) { f.After = last.Place() })
	return r.workbook("exchange-rates", func(w io.Writer) error { return s.Workbooks.RateList(w, about, rows) })
}
