package web

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/rates"
	"tieout/views"
)

// rateSources shows where each connection's rates come from, and what may be
// derived from them.
func (s *server) rateSources(r *request) error {
	return s.showRateSources(r, http.StatusOK, 0, nil, nil)
}

func (s *server) showRateSources(r *request, status int, of int64, typed *rates.Settings, wrong map[string]string) error {
	list, err := s.Rates.Settings(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	readings, err := s.Rates.Readings(r.ctx())
	if err != nil {
		return err
	}
	model := views.AdminPage{}
	for _, x := range list {
		shown := map[string]string{}
		if x.ConnectionID == of && typed != nil {
			x, shown = *typed, wrong
		}
		model.Sheets = append(model.Sheets, r.rateSource(x, readings, shown))
		if r.person.Can(identity.ManageRates) && (x.FromP21 || x.DailyURL != "") {
			model.Buttons = append(model.Buttons, views.Button{Label: "Read rates of " + cmp.Or(x.Title, x.ConnectionName), Icon: "rotate-ccw", Action: fmt.Sprintf("/admin/rates/sources/%d/read", x.ConnectionID)})
		}
	}
	page := r.page("Sources of exchange rates", views.Rates, views.Link{Text: "Administration", Href: "/admin"}, views.Link{Text: "Exchange rates", Href: "/admin/rates"})
	return r.showAs(status, views.AdminView(page, model))
}

func (r *request) rateSource(x rates.Settings, readings []rates.Reading, wrong map[string]string) views.AdminSheet {
	suffix := fmt.Sprintf("-%d", x.ConnectionID)
	form := &views.AdminForm{Action: fmt.Sprintf("/admin/rates/sources/%d", x.ConnectionID), Submit: views.Button{Label: "Save", Icon: "check"},
		Hidden: []views.Hidden{{Name: "version", Value: fmt.Sprint(x.Version)}}, Fields: []views.Field{
			{Name: "from_p21", Label: "Prophet 21's exchange rates", Options: choices(yesNo(x.FromP21), "no", "are not read", "yes", "are read"), Suffix: suffix},
			{Name: "daily_url", Label: "Daily file (eurofxref XML or CSV)", Value: x.DailyURL, Error: wrong["daily_url"], Place: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml", Suffix: suffix, Width: "wide"},
			{Name: "inverse", Label: "The rate of the other direction", Options: choices(yesNo(x.Inverse), "no", "is not used", "yes", "may be turned around"), Suffix: suffix},
			{Name: "pivot", Label: "Joined through", Value: string(x.Pivot), Error: wrong["pivot"], Hint: "Such as EUR: GBP to USD by way of EUR. Empty: never.", Place: "EUR", Mono: true, Suffix: suffix},
			{Name: "most_move", Label: "Largest usual move (%)", Value: x.MostMove.String(), Error: wrong["most_move"], Mono: true, Suffix: suffix}}}
	if !r.person.Can(identity.ManageConnections) {
		form.Why = "An administrator decides where rates come from."
	}
	sheet := views.AdminSheet{Title: fmt.Sprintf("%s, books in %s", cmp.Or(x.Title, x.ConnectionName), x.Functional), Form: form}
	for _, reading := range readings {
		if reading.ConnectionID == x.ConnectionID && (reading.Origin == rates.P21 && x.FromP21 || reading.Origin == rates.Daily && x.DailyURL != "") {
			sheet.Checks = append(sheet.Checks, r.rateReading(reading))
		}
	}
	return sheet
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

func (r *request) rateReading(x rates.Reading) views.Check {
	name := "Prophet 21"
	if x.Origin == rates.Daily {
		name = "Daily file"
	}
	words := fmt.Sprintf("Read %s: %s of the currencies in use, %d stored.", r.format().Time(x.At).Text, views.Counted(x.Rates, "rate", "rates"), x.Stored)
	if x.Problem != "" {
		return views.Check{State: views.Wrong, Name: name, Reason: x.Problem + " " + words}
	}
	return views.Check{State: views.Done, Name: name, Reason: words}
}

// rateSourceSave stores where a connection's rates come from.
func (s *server) rateSourceSave(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	list, err := s.Rates.Settings(r.ctx(), id)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fault.New(fault.NotFound, "There is no connection %d.", id)
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	x := list[0]
	x.Version = int32(parseID(in.text("version", 10)))
	x.FromP21, x.Inverse = in.choice("from_p21", "no", "yes") == "yes", in.choice("inverse", "no", "yes") == "yes"
	x.DailyURL, x.Pivot, x.MostMove = in.text("daily_url", 500), money.Currency(in.text("pivot", 3)), decimal.Zero
	if move := in.amount("most_move"); move.Valid {
		x.MostMove = move.Decimal
	}
	problem := in.err()
	if problem == nil {
		problem = s.Rates.SetSettings(r.ctx(), x, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showRateSources(r, http.StatusUnprocessableEntity, id, &x, wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Saved.", "Drafts are built again under the new settings.")
	return r.goTo("/admin/rates/sources")
}

// rateSourceRead asks a connection's sources now.
func (s *server) rateSourceRead(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	list, err := s.Rates.Settings(r.ctx(), id)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fault.New(fault.NotFound, "There is no connection %d.", id)
	}
	if err := s.Rates.Read(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "Read.", "What each source said stands below.")
	return r.goTo("/admin/rates/sources")
}
