package web

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/revaluation"
	"tieout/views"
)

// revaluationRoutes are the screens of what is open in other currencies.
func (s *server) revaluationRoutes() []Route {
	if s.Revaluation == nil {
		return nil
	}
	routes := []Route{
		{GET, "/revaluation", identity.ViewBooks, s.revaluationShow, 0},
		{POST, "/revaluation/draft", identity.PrepareEntries, s.revaluationDraft, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, Route{GET, "/revaluation/export.xlsx", identity.Export, s.revaluationExport, 0})
	}
	return routes
}

// valued is a connection's revaluation at the end of a period.
type valued struct {
	id       int64
	title    string
	period   period.Period
	list     []revaluation.Computation
	realised []revaluation.Realised
}

// revaluationOf computes what the address asks for: every connection, or one, at
// the end of the period that is named, or of the last one that has ended.
func (s *server) revaluationOf(r *request) (all []valued, keys []string, chosen string, err error) {
	in := r.query()
	chosen = in.text("period", 7)
	if err := in.err(); err != nil {
		return nil, nil, "", err
	}
	connections, err := s.Connections.List(r.ctx())
	if err != nil {
		return nil, nil, "", err
	}
	for _, c := range connections {
		if id := r.connection(); id != 0 && id != c.ID {
			continue
		}
		periods, err := s.Revaluation.Periods(r.ctx(), c.ID)
		if err != nil {
			return nil, nil, "", err
		}
		for _, p := range periods {
			if len(all) == 0 {
				keys = append(keys, p.Key())
			}
			if chosen == "" && p.Ends.Before(s.Revaluation.Today()) {
				chosen = p.Key()
			}
		}
		for _, p := range periods {
			if p.Key() != chosen {
				continue
			}
			list, realised, err := s.Revaluation.Compute(r.ctx(), c.ID, p)
			if err != nil {
				return nil, nil, "", err
			}
			all = append(all, valued{c.ID, cmp.Or(c.Title, c.Name), p, list, realised})
		}
	}
	return all, keys, chosen, nil
}

// revaluationShow shows the computation per account, and what was realised.
func (s *server) revaluationShow(r *request) error {
	all, keys, chosen, err := s.revaluationOf(r)
	if err != nil {
		return err
	}
	model := views.RevaluationPage{Filter: r.revaluationFilter(keys, chosen), Export: r.listExport()}
	for _, v := range all {
		names, err := s.accountNames(r, v.id)
		if err != nil {
			return err
		}
		for _, c := range v.list {
			model.Parts = append(model.Parts, s.revaluationPart(r, v, c, names))
		}
		r.realisedRows(&model, v)
	}
	if len(model.Parts) == 0 {
		model.Empty = views.Empty{Icon: "circle-check", Title: "Nothing is open in another currency", Text: "Settlements whose currency is not the company's leave balances here: on the clearing account until the deposit comes, on the reserve and the receivable."}
	}
	return r.show(views.RevaluationView(r.page("Revaluation", views.Revaluation), model))
}

func (r *request) revaluationFilter(keys []string, chosen string) views.Filter {
	bar := views.Filter{Action: "/revaluation", Slim: true}
	options := []views.Option{}
	for _, key := range keys {
		options = append(options, views.Option{Value: key, Label: key})
	}
	bar.Fields = []views.Field{{Name: "period", Label: "End of period", Value: chosen, Options: options}}
	if connection := r.connection(); connection != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(connection, 10)}}
	}
	return bar
}

func (s *server) revaluationPart(r *request, v valued, c revaluation.Computation, names map[string]string) views.RevaluationPart {
	format := r.format()
	part := views.RevaluationPart{Title: fmt.Sprintf("%s: %s at the end of %s", v.title, c.Currency, c.Period.Key())}
	if c.Rated {
		part.Lead = fmt.Sprintf("Closing rate 1 %s = %s %s of %s.", c.Currency, c.Closing.Rate, c.Functional, c.Closing.On)
		if c.Closing.Note != "" {
			part.Lead += " It is " + c.Closing.Note + "."
		}
		part.Total = format.Money(money.New(c.Total(), c.Functional))
	} else {
		part.Lead = fmt.Sprintf("There is no closing rate of %s to %s for %s. Enter it under Exchange rates.", c.Currency, c.Functional, c.Period.Ends)
	}
	if c.Unposted > 0 {
		part.Warning = views.Counted(int(c.Unposted), "entry in "+string(c.Currency)+" is not posted yet and not", "entries in "+string(c.Currency)+" are not posted yet and not") + " in these balances."
	}
	for _, b := range c.Balances {
		row := views.RevaluationRow{Account: b.Account, Name: names[b.Account], Foreign: format.Money(money.New(b.Foreign, c.Currency)), Carried: format.Money(money.New(b.Carried, c.Functional))}
		if row.Name == "" {
			row.Name = mapping.SlotOf(b.Slot).Title
		}
		if c.Rated {
			row.Rate, row.Revalued, row.Difference = c.Closing.Rate.String(), format.Money(money.New(b.Revalued, c.Functional)), format.Money(money.New(b.Difference(), c.Functional))
		}
		part.Rows = append(part.Rows, row)
	}
	if c.Entry.ID != 0 {
		part.Entry = views.Link{Text: c.Entry.Reference, Href: fmt.Sprintf("/entries/%d", c.Entry.ID)}
		part.Status = entryPill(c.Entry.Status)
	}
	part.Draft = s.revaluationForm(r, v, c)
	return part
}

// revaluationForm drafts the entry, where that is possible and anybody's to do.
func (s *server) revaluationForm(r *request, v valued, c revaluation.Computation) *views.AdminForm {
	beyond := c.Entry.ID != 0 && c.Entry.Status != string(journal.Draft)
	if beyond || len(c.Balances) == 0 || c.Rated && c.Total().IsZero() && c.Entry.ID == 0 {
		return nil
	}
	label := "Draft the entry"
	if c.Entry.ID != 0 {
		label = "Draft it again"
	}
	form := &views.AdminForm{Action: "/revaluation/draft", Submit: views.Button{Label: label, Icon: "file-text"},
		Hidden: []views.Hidden{{Name: "of", Value: fmt.Sprint(v.id)}, {Name: "period", Value: c.Period.Key()}, {Name: "currency", Value: string(c.Currency)}}}
	form.Why = c.Obstacle(s.Revaluation.Today())
	if !r.person.Can(identity.PrepareEntries) {
		form.Why = "An accountant drafts it."
	}
	return form
}

func (r *request) realisedRows(model *views.RevaluationPage, v valued) {
	format := r.format()
	for _, x := range v.realised {
		functional := v.list[0].Functional
		row := views.RealisedRow{Settlement: views.Link{Text: x.AmazonID, Href: fmt.Sprintf("/settlements/%d", x.SettlementID)}, On: format.Day(x.On), Foreign: format.Money(money.New(x.Foreign, x.Currency)),
			Carried: format.Money(money.New(x.Carried, functional)), Rate: "no rate"}
		if x.Rated {
			row.Rate, row.Value, row.Difference = x.Rate.Rate.String(), format.Money(money.New(x.Value, functional)), format.Money(money.New(x.Difference(), functional))
		}
		model.Realised = append(model.Realised, row)
	}
}

// revaluationDraft drafts the entry of one currency.
func (s *server) revaluationDraft(r *request) error {
	in, err := r.form()
	if err != nil {
		return err
	}
	id, key, currency := in.id("of"), in.text("period", 7), money.Currency(in.text("currency", 3))
	if err := in.err(); err != nil {
		return err
	}
	periods, err := s.Revaluation.Periods(r.ctx(), id)
	if err != nil {
		return err
	}
	for _, p := range periods {
		if p.Key() != key {
			continue
		}
		proposed, err := s.Revaluation.Draft(r.ctx(), id, p, currency, r.actor())
		if err != nil {
			return err
		}
		if proposed.ID == 0 {
			r.flash(views.Info, "Nothing differs.", "No entry is needed.")
			return r.goTo("/revaluation?period=%s", key)
		}
		r.flash(views.Done, "Drafted.", "It ends by itself on the first day of the next period.")
		return r.goTo("/entries/%d", proposed.ID)
	}
	return fault.New(fault.NotFound, "There is no period %q.", key)
}

// revaluationExport sends the computation as a workbook.
func (s *server) revaluationExport(r *request) error {
	all, keys, chosen, err := s.revaluationOf(r)
	if err != nil {
		return err
	}
	about, err := s.about(r, r.revaluationFilter(keys, chosen))
	if err != nil {
		return err
	}
	var list []revaluation.Computation
	for _, v := range all {
		list = append(list, v.list...)
	}
	return r.workbook("revaluation-"+chosen, func(w io.Writer) error { return s.Workbooks.Revaluation(w, about, list) })
}
