package web

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"tieout/app/identity"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/views"
)

const openPageSize = 100

func ageOf(since, today period.Date) int { return int(today.Time().Sub(since.Time()).Hours() / 24) }

// reconciliationShow shows one reconciliation: the number, and the items that
// it is made of.
func (s *server) reconciliationShow(r *request) error {
	f, err := r.openFilter()
	if err != nil {
		return err
	}
	items, err := s.Reconcile.List(r.ctx(), f)
	if err != nil {
		return err
	}
	page := r.page(f.Name.Title(), views.Reconciling, views.Link{Text: "Reconciliation", Href: page0("/reconciliation", f.Connection)})
	model := views.Reconciliation{Left: f.Name.Left(), Right: f.Name.Right(), Filter: r.openFilterBar(f), Lead: leadOf(f.Name)}
	model.Without = map[string]bool{views.ReconciliationConnection: oneConnection(page, f.Connection)}
	model.Summary, model.Export = "Items, the oldest first", r.listExport()
	if f.State == "" {
		model.Empty = views.Empty{Icon: "circle-check", Title: "Nothing is open", Text: "Every difference is explained, or there is none."}
	}
	if model.Chooser, err = s.chooser(r, listOpen); err != nil {
		return err
	}
	if err := s.openSums(r, f, &model); err != nil {
		return err
	}
	if model.Buttons, err = s.openButtons(r, f); err != nil {
		return err
	}
	model.Outcomes, model.Bulk = s.takeOutcomes(r.ctx()), r.openBulk()
	for _, i := range items {
		model.Rows = append(model.Rows, r.openRow(i))
	}
	if len(items) == openPageSize {
		last := items[len(items)-1]
		model.Pager.Next = r.link("after", nextKey(last.Since.String(), strconv.FormatInt(last.ID, 10)))
	}
	if f.After != (reconcile.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.ReconciliationView(page, model))
}

// openButtons compare again, and match what comes to nothing together.
func (s *server) openButtons(r *request, f reconcile.Filter) ([]views.Button, error) {
	if !r.person.Can(identity.ResolveExceptions) {
		return nil, nil
	}
	var buttons []views.Button
	if f.Connection != 0 {
		pairs, err := s.Reconcile.Pairs(r.ctx(), f.Connection, f.Name)
		if err != nil {
			return nil, err
		}
		if pairs > 0 {
			buttons = append(buttons, views.Button{Label: "Match " + views.Counted(pairs, "pair", "pairs"), Icon: "link-2", Action: fmt.Sprintf("/reconciliation/%s/pairs?connection=%d", f.Name, f.Connection),
				Confirm: "Match every two items that come to nothing together where nothing else could be meant?"})
		}
	}
	if s.Compare != nil {
		buttons = append(buttons, r.compareButton())
	}
	return buttons, nil
}

func page0(path string, connectionID int64) string {
	if connectionID == 0 {
		return path
	}
	return fmt.Sprintf("%s?connection=%d", path, connectionID)
}

// leadOf says what is compared and when something counts as open.
func leadOf(n reconcile.Name) string {
	switch n {
	case reconcile.Orders:
		return "Each order and item that a settlement pays must be an order that is held, and each order that was shipped 30 days ago must have been settled."
	case reconcile.Invoices:
		return "What settlements pay of each order must be what P21 has invoiced of it. Invoices of the last 30 days may still be settled."
	case reconcile.Returns:
		return "Refunds must come back within 45 days, returns must be refunded within 30, and P21 must have a return of each within 3."
	case reconcile.Accounts:
		return "What the entries posted from here add to clearing, reserve and receivable in each period must be what P21's general ledger has there."
	case reconcile.Stock:
		return "What Amazon has of each item must be what P21 believes is at the location that stands for Amazon's warehouses."
	case reconcile.Journals:
		return "Every entry that was posted is read back by its reference: P21 must have it once and as it was approved."
	case reconcile.Deposits:
		return "Every deposit that Amazon announces must be on a bank statement."
	}
	return ""
}

// openSums are the figures and sums of everything, whatever the filter.
func (s *server) openSums(r *request, f reconcile.Filter, model *views.Reconciliation) error {
	all, err := s.Reconcile.Standing(r.ctx(), f.Connection, f.Name, r.today())
	if err != nil {
		return err
	}
	st := merged(all, f.Name)
	totals, err := s.Reconcile.Totals(r.ctx(), f.Connection, f.Name)
	if err != nil {
		return err
	}
	model.Status, model.Figures = standingPill(st), r.openFigures(st, totals)
	if st.Problem != "" {
		model.Problem = &views.Alert{State: views.Waiting, Title: "The sides are not compared.", Text: st.Problem}
		if st.Compared {
			model.Problem.Title = "What is shown is of " + r.format().Time(st.Checked).Text + "."
		}
	}
	groups, err := s.Reconcile.Groups(r.ctx(), f.Connection, f.Name)
	if err != nil {
		return err
	}
	for _, g := range groups {
		model.Causes = append(model.Causes, views.ReconciliationSum{Name: views.Link{Text: g.Cause, Href: r.link("cause", g.Cause, "currency", string(g.Amount.Currency), "state", "", "after", "")},
			Items: views.Count(int(g.Items)), Oldest: strconv.Itoa(ageOf(g.Oldest, r.today())), Amount: r.format().Money(g.Amount)})
	}
	ages, err := s.Reconcile.Ages(r.ctx(), f.Connection, f.Name, r.today())
	if err != nil {
		return err
	}
	for _, a := range ages {
		from, to, label := bucketOf(a.Days, r.today())
		model.Ages = append(model.Ages, views.ReconciliationSum{Name: views.Link{Text: label, Href: r.link("from", from, "to", to, "currency", string(a.Amount.Currency), "state", "", "after", "")},
			Items: views.Count(int(a.Items)), Amount: r.format().Money(a.Amount)})
	}
	return nil
}

// bucketOf returns the days that an age stands for, as the filter writes them.
func bucketOf(days int, today period.Date) (from, to, label string) {
	day := func(ago int) string { return today.AddDays(-ago).String() }
	switch days {
	case 30:
		return day(30), "", "up to 30 days"
	case 45:
		return day(45), day(31), "31 to 45 days"
	case 60:
		return day(60), day(46), "46 to 60 days"
	case 90:
		return day(90), day(61), "61 to 90 days"
	}
	return "", day(91), "more than 90 days"
}

// merged is how the connections that are looked at stand together.
func merged(all []reconcile.Standing, name reconcile.Name) reconcile.Standing {
	st := reconcile.Standing{Name: name}
	for _, one := range all {
		if one.Name == name && !one.NotApplicable {
			st = st.With(one)
		}
	}
	if st.Checked.IsZero() && st.Problem == "" {
		st.Problem = "This is not compared here."
	}
	return st
}

func (r *request) openFigures(st reconcile.Standing, totals []reconcile.Total) []views.Figure {
	figure := func(name string, a money.Amount) views.Figure {
		shown := r.format().Money(a)
		return views.Figure{Name: name, Value: shown.Text, Currency: shown.Currency}
	}
	var list []views.Figure
	for _, a := range st.Unexplained {
		one := figure("Unexplained", a)
		one.Pill = standingPill(st)
		if st.Units.IsPositive() {
			one.Note = views.Counted(int(st.Units.IntPart()), "unit", "units")
		}
		list = append(list, one)
	}
	for _, a := range st.Explained {
		list = append(list, figure("Explained", a))
	}
	for _, t := range totals {
		left, right := figure(st.Name.Left(), money.New(t.Left, t.Currency)), figure(st.Name.Right(), money.New(t.Right, t.Currency))
		left.Note, right.Note = views.Count(int(t.Compared))+" compared", "as of "+r.format().Time(st.RightAt).Text
		if !st.LeftAt.IsZero() {
			left.Note += ", as of " + r.format().Time(st.LeftAt).Text
		}
		if st.RightAt.IsZero() {
			right.Note = "nothing read yet"
		}
		list = append(list, left, right)
	}
	return list
}

func (r *request) openFilter() (reconcile.Filter, error) {
	name, err := r.reconciliation()
	if err != nil {
		return reconcile.Filter{}, err
	}
	in := r.query()
	f := reconcile.Filter{Connection: r.connection(), Name: name, State: in.choice("state", "", "explained", "all"), Cause: in.text("cause", 120),
		Currency: money.Currency(strings.ToUpper(in.text("currency", 3))), Text: in.text("q", 120), From: in.date("from"), To: in.date("to"), PageSize: openPageSize}
	if since, id, ok := in.dayKey("after"); ok {
		f.After = reconcile.Place{Since: since, ID: id}
	}
	return f, in.err()
}

func (r *request) openFilterBar(f reconcile.Filter) views.Filter {
	bar := views.Filter{Action: "/reconciliation/" + string(f.Name), Slim: true, Fields: []views.Field{
		{Name: "q", Label: "Item or detail", Type: "search", Value: f.Text, Width: "wide"},
		{Name: "state", Label: "State", Value: f.State, Options: []views.Option{{Label: "Open"}, {Value: "explained", Label: "Explained"}, {Value: "all", Label: "All"}}},
		{Name: "cause", Label: "Cause", Value: f.Cause}, {Name: "currency", Label: "Currency", Value: string(f.Currency), Width: "narrow"},
		{Name: "from", Label: "From", Type: "date", Value: dayText(f.From)}, {Name: "to", Label: "To", Type: "date", Value: dayText(f.To)}}}
	if f.Connection != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.Connection, 10)}}
	}
	if f.Text != "" || f.State != "" || f.Cause != "" || f.Currency != "" || dayText(f.From) != "" || dayText(f.To) != "" {
		bar.Clear = r.link("q", "", "state", "", "cause", "", "currency", "", "from", "", "to", "", "after", "")
	}
	return bar
}

func openPath(id int64) string { return fmt.Sprintf("/reconciliation/items/%d", id) }

func (r *request) openRow(i reconcile.Item) views.ReconciliationItemRow {
	f := r.format()
	row := views.ReconciliationItemRow{Key: views.Link{Text: i.Key, Href: openPath(i.ID)}, Connection: i.ConnectionName, Cause: i.Cause, Detail: i.Detail, Since: f.Day(i.Since),
		Age: strconv.Itoa(i.Age(r.today())), Left: f.Value(i.Left, i.Currency), Right: f.Value(i.Right, i.Currency), Difference: f.Value(i.Difference(), i.Currency), Status: openPill(i)}
	if i.Units.Valid {
		row.Units = i.Units.Decimal.String()
	}
	if !i.Explained() {
		row.Mark = openMark(i)
	}
	if i.Note != nil {
		row.Reason, row.By = i.Note.Reason, i.Note.By
	}
	return row
}

func openPill(i reconcile.Item) views.Pill {
	switch {
	case i.Note == nil:
		return views.Pill{State: views.Waiting, Text: "Open"}
	case i.Note.Void:
		return views.Pill{State: views.Wrong, Text: "Note void", Hint: "The difference has changed since it was explained."}
	case i.Note.Paired:
		return views.Pill{State: views.Done, Text: "Matched"}
	}
	return views.Pill{State: views.Done, Text: "Explained"}
}

// reconciliationExport sends the workbook of one reconciliation.
func (s *server) reconciliationExport(r *request) error {
	f, err := r.openFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.openFilterBar(f))
	if err != nil {
		return err
	}
	totals, err := s.Reconcile.Totals(r.ctx(), f.Connection, f.Name)
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, reconcile.Place{}
	if f.State == "" {
		f.State = "all" // the workbook proves the number with what is explained beside it
	}
	rows := rowsOf(func() ([]reconcile.Item, error) { return s.Reconcile.List(r.ctx(), f) }, func(last reconcile.Item) { f.After = last.Place() })
	return r.workbook("reconciliation-"+string(f.Name), func(w io.Writer) error {
		return s.Workbooks.Reconciliation(w, about, f.Name, totals, rows, func(i reconcile.Item) string { return openPill(i).Text })
	})
}
