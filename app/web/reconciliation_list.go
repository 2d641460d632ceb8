package web

import (
	"fmt"
	"io"
	"strconv"

	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/reconcile"
	"tieout/views"
)

// reconciliationList shows what must agree with what, one number each.
func (s *server) reconciliationList(r *request) error {
	list, err := s.standings(r)
	if err != nil {
		return err
	}
	page := r.page("Reconciliation", views.Reconciling)
	model := views.Reconciliations{One: oneConnection(page, r.connection()), Export: r.listExport()}
	if s.Compare != nil && r.person.Can(identity.ResolveExceptions) {
		model.Buttons = []views.Button{r.compareButton()}
	}
	for _, st := range list {
		model.Rows = append(model.Rows, r.standingRow(st))
	}
	return r.show(views.ReconciliationsView(page, model))
}

func (r *request) compareButton() views.Button {
	action := "/reconciliation/check"
	if id := r.connection(); id != 0 {
		action += "?connection=" + strconv.FormatInt(id, 10)
	}
	return views.Button{Label: "Compare now", Icon: "rotate-ccw", Action: action}
}

// standings are those that somebody compares and that the connections have.
func (s *server) standings(r *request) ([]reconcile.Standing, error) {
	all, err := s.Reconcile.Standing(r.ctx(), r.connection(), "", r.today())
	if err != nil {
		return nil, err
	}
	var list []reconcile.Standing
	for _, st := range all {
		if s.Reconcile.Has(st.Name) && !st.NotApplicable {
			list = append(list, st)
		}
	}
	return list, nil
}

func reconciliationPath(n reconcile.Name, connectionID int64) string {
	path := "/reconciliation/" + string(n)
	if connectionID != 0 {
		path += "?connection=" + strconv.FormatInt(connectionID, 10)
	}
	return path
}

func (r *request) standingRow(st reconcile.Standing) views.ReconciliationRow {
	row := views.ReconciliationRow{Name: views.Link{Text: st.Name.Title(), Href: reconciliationPath(st.Name, st.ConnectionID)}, Connection: st.ConnectionName,
		Left: st.Name.Left(), Right: st.Name.Right(), Status: standingPill(st), Numbers: r.moneys(st.Unexplained), LeftAt: r.format().Time(st.LeftAt), RightAt: r.format().Time(st.RightAt)}
	if r.server.Workbooks != nil && r.person.Can(identity.Export) {
		row.Export = views.Link{Text: "Excel", Href: fmt.Sprintf("/reconciliation/%s/export.xlsx?connection=%d", st.Name, st.ConnectionID)}
	}
	if !st.Compared {
		return row
	}
	row.Open = views.Count(int(st.OpenCount))
	if st.OpenCount > 0 {
		row.Oldest = strconv.Itoa(ageOf(st.Oldest, r.today()))
	}
	if st.ExplainedCount > 0 {
		row.Explained = views.Count(int(st.ExplainedCount))
	}
	if st.Units.IsPositive() {
		row.Units = views.Counted(int(st.Units.IntPart()), "unit", "units")
	}
	return row
}

func (r *request) moneys(list []money.Amount) []views.Amount {
	var shown []views.Amount
	for _, a := range list {
		shown = append(shown, r.format().Money(a))
	}
	return shown
}

// standingPill says in words what the number says in figures.
func standingPill(st reconcile.Standing) views.Pill {
	switch {
	case !st.Compared:
		return views.Pill{State: views.Waiting, Text: "Not compared", Hint: st.Problem}
	case st.Problem != "":
		return views.Pill{State: views.Wrong, Text: "Out of date", Hint: st.Problem}
	case st.OpenCount > 0:
		return views.Pill{State: views.Wrong, Text: "Differs"}
	case st.LeftAt.IsZero() || st.RightAt.IsZero():
		return views.Pill{Text: "Nothing to compare", Hint: "One of the sides has not been read yet."}
	case st.ExplainedCount > 0:
		return views.Pill{State: views.Done, Text: "Explained"}
	}
	return views.Pill{State: views.Done, Text: "Agrees"}
}

// reconciliationsExport sends the workbook of all of them.
func (s *server) reconciliationsExport(r *request) error {
	list, err := s.standings(r)
	if err != nil {
		return err
	}
	about, err := s.about(r, views.Filter{})
	if err != nil {
		return err
	}
	return r.workbook("reconciliation", func(w io.Writer) error {
		return s.Workbooks.Reconciliations(w, about, list, func(st reconcile.Standing) string { return standingPill(st).Text })
	})
}

// reconciliationCheck has everything compared again soon.
func (s *server) reconciliationCheck(r *request) error {
	if s.Compare == nil {
		return nil
	}
	if err := s.Compare(r.ctx(), r.connection()); err != nil {
		return err
	}
	r.flash(views.Done, "Both sides are being compared.", "Load the page again in a moment.")
	return r.backTo("/reconciliation")
}
