package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/money"
	"tieout/app/rates"
	"tieout/views"
)

// rateShow shows a rate with its history and what rests on it.
func (s *server) rateShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.showRate(r, http.StatusOK, id, nil, nil)
}

func (s *server) showRate(r *request, status int, id int64, typed *input, wrong map[string]string) error {
	x, versions, entries, err := s.Rates.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("%s to %s of %s", x.Base, x.Quote, x.On)
	page := r.page(title, views.Rates, views.Link{Text: "Exchange rates", Href: "/admin/rates"})
	model := views.AdminPage{Sheets: []views.AdminSheet{{Title: "Versions", Table: r.rateVersions(versions)}, {Title: "Entries that rest on it", Table: restingTable(entries)}}}
	switch {
	case !x.EndedAt.IsZero():
		model.Alerts = []views.Alert{{State: views.Info, Title: "This version is not in force.", Text: "It stays for the entries that rest on it.", Action: views.Link{Text: "Latest version", Href: ratePath(versions[0].ID)}}}
	case r.person.Can(identity.ManageRates):
		model.Sheets = append(model.Sheets, rateForms(x, rested(entries), typed, wrong)...)
	}
	return r.showAs(status, views.AdminView(page, model))
}

func (r *request) rateVersions(versions []rates.Rate) *views.Table {
	table := &views.Table{ID: "versions", Caption: "Versions", Columns: []views.Column{{Label: "Version", Kind: views.TightNumber}, {Label: "Rate", Kind: views.TightNumber}, {Label: "State", Kind: views.Tight}, {Label: "Holds for", Kind: views.Tight},
		{Label: "Source", Kind: views.Tight}, {Label: "By", Kind: views.Tight}, {Label: "Entered", Kind: views.Tight}, {Label: "Reason", Kind: views.Wrap}}}
	for _, v := range versions {
		state := views.Pill{State: views.Done, Text: "In force"}
		if !v.EndedAt.IsZero() {
			state = views.Pill{State: views.Neutral, Text: "Ended"}
		}
		by := v.By
		if by == "" {
			by = "a job"
		}
		table.Rows = append(table.Rows, cells(views.Text(strconv.Itoa(v.Version)), views.Text(v.Value.String()), views.StatusPill(state), views.Text(holdsFor(v)), views.Text(sourceTitle(v)), views.Text(by),
			views.Moment(r.format().Time(v.At)), views.Text(v.Reason)))
	}
	return table
}

func restingTable(entries []rates.Resting) *views.Table {
	table := &views.Table{ID: "entries", Caption: "Entries", Columns: []views.Column{{Label: "Entry", Kind: views.Tight}, {Label: "State", Kind: views.Tight}, {Label: "Version", Kind: views.TightNumber}, {Label: "Rate", Kind: views.TightNumber}},
		Empty: views.Empty{Icon: "book-open-text", Title: "No entry rests on it"}}
	for _, e := range entries {
		table.Rows = append(table.Rows, cells(views.Anchor(views.Link{Text: e.Reference, Href: fmt.Sprintf("/entries/%d", e.ID)}), views.Text(e.Status), views.Text(strconv.Itoa(e.Version)), views.Text(e.Value.String())))
	}
	return table
}

// rested reports whether a submitted entry rests on the rate.
func rested(entries []rates.Resting) bool {
	return slices.ContainsFunc(entries, func(e rates.Resting) bool { return e.Status != string(journal.Draft) })
}

func rateForms(x rates.Rate, rested bool, typed *input, wrong map[string]string) []views.AdminSheet {
	value := func(name, otherwise string) string {
		if typed == nil {
			return otherwise
		}
		return typed.values.Get(name)
	}
	change := &views.AdminForm{Action: ratePath(x.ID), Submit: views.Button{Label: "Store a new version", Icon: "check"}, Fields: []views.Field{
		{Name: "rate", Label: fmt.Sprintf("%s for 1 %s", x.Quote, x.Base), Value: value("rate", x.Value.String()), Error: wrong["rate"], Mono: true, Required: true},
		{Name: "reason", Label: "Reason", Value: value("reason", ""), Error: wrong["reason"], Required: true, Width: "wide"}}}
	if wrong["confirm"] != "" {
		change.Fields = append(change.Fields, views.Field{Name: "confirm", Label: "The rate is right", Type: "checkbox", Error: wrong["confirm"]})
	}
	correct := views.AdminSheet{Title: "Correct it", Lead: "The correction is a new version. Entries that are submitted keep the one they rest on; drafts are built again.", Form: change}
	if rested {
		return []views.AdminSheet{correct}
	}
	withdraw := &views.AdminForm{Action: ratePath(x.ID) + "/withdraw", Submit: views.Button{Label: "Withdraw it", Icon: "x", Look: views.Danger},
		Fields: []views.Field{{Name: "reason", Label: "Reason", Suffix: "-withdraw", Error: wrong["withdraw"], Required: true, Width: "wide"}}}
	return []views.AdminSheet{
		correct,
		{Title: "Withdraw it", Lead: "No submitted entry rests on it. Settlements that need the day wait for another rate.", Form: withdraw}}
}

// rateChange stores a correction.
func (s *server) rateChange(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	x, _, _, err := s.Rates.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	if !x.EndedAt.IsZero() {
		return fault.New(fault.Conflict, "Somebody else has changed this rate meanwhile. Read it again.")
	}
	e := rates.Entry{ConnectionID: x.ConnectionID, Pair: x.Pair, On: x.On, Reason: in.needed("reason", 500, "Say why it changes.")}
	text := in.needed("rate", 40, "The rate.")
	if e.Value, err = money.ParsePlain(text); err != nil {
		in.refuse("rate", "A rate such as 1.2715.")
	}
	problem := in.err()
	if problem == nil {
		_, problem = s.Rates.Store(r.ctx(), []rates.Entry{e}, rates.How{Origin: rates.ByHand, Source: r.person.Name, Confirmed: in.checked("confirm")}, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showRate(r, http.StatusUnprocessableEntity, id, in, wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Stored.", "Drafts that use it are built again.")
	return r.goTo("/admin/rates?pair=%s-%s&from=%s&to=%s", x.Base, x.Quote, x.On, x.On)
}

// rateWithdraw takes a rate out of force.
func (s *server) rateWithdraw(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	err = s.Rates.Withdraw(r.ctx(), id, strings.TrimSpace(in.text("reason", 500)), r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showRate(r, http.StatusUnprocessableEntity, id, nil, map[string]string{"withdraw": wrong["reason"]})
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Withdrawn.", "It is not used any more; its history stays.")
	return r.goTo("/admin/rates")
}
