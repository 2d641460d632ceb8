package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/app/money"
	"tieout/views"
)

const (
	exceptionPageSize = 50
	stateOpen         = "open"
)

// exceptionQueue lists exceptions.
func (s *server) exceptionQueue(r *request) error {
	filter, err := r.exceptionFilter()
	if err != nil {
		return err
	}
	list, err := s.Exceptions.List(r.ctx(), filter)
	if err != nil {
		return err
	}
	counts, err := s.Exceptions.Counts(r.ctx(), filter.ConnectionID)
	if err != nil {
		return err
	}
	people, err := s.resolvers(r)
	if err != nil {
		return err
	}
	queue := views.ExceptionQueue{
		Causes: r.causes(counts, filter.Class), Filter: r.exceptionFilterBar(filter, people), Outcomes: s.takeOutcomes(r.ctx()),
	}
	queue.Summary, queue.Export = "The most money first", r.listExport()
	if queue.Chooser, err = s.chooser(r, listExceptions); err != nil {
		return err
	}
	page := r.page("Exceptions", views.Exceptions)
	queue.Without = map[string]bool{views.ExceptionConnection: oneConnection(page, filter.ConnectionID), views.ExceptionClass: filter.Class != ""}
	if r.person.Can(identity.ResolveExceptions) && (filter.State == stateOpen || filter.State == "") {
		queue.Bulk = exceptionBulk()
	}
	for _, e := range list {
		queue.Rows = append(queue.Rows, r.exceptionRow(e))
	}
	if len(list) == exceptionPageSize {
		last := list[len(list)-1]
		queue.Pager.Next = r.link("after", nextKey(last.Amount.Decimal.Abs().String(), strconv.FormatInt(last.ID, 10)))
	}
	if filter.AfterWeight.Valid {
		queue.Pager.First = r.link("after", "")
	}
	return r.show(views.ExceptionQueueView(page, queue))
}

// exceptionFilter reads what the address asks for; open ones by default.
func (r *request) exceptionFilter() (exception.Filter, error) {
	in := r.query()
	classes := []string{""}
	for _, class := range exceptionClasses() {
		classes = append(classes, string(class))
	}
	filter := exception.Filter{
		ConnectionID: r.connection(), Class: exception.Class(in.choice("class", classes...)), PageSize: exceptionPageSize,
		State: in.choice("state", stateOpen, "resolved", "ignored", "any"), Snoozed: in.checked("snoozed"),
	}
	if filter.State == "any" {
		filter.State = ""
	}
	if filter.State != stateOpen {
		filter.Snoozed = true // only open ones are put off
	}
	switch who := in.text("assignee", 20); who {
	case "me":
		filter.Assignee = r.person.ID
	case "nobody":
		filter.Assignee = exception.Nobody
	default:
		filter.Assignee = in.id("assignee")
	}
	if key := in.key("after", 2); key != nil {
		if weight, err := money.ParseNumber(key[0]); err == nil {
			filter.AfterWeight, filter.AfterID = decimal.NewNullDecimal(weight), parseID(key[1])
		}
	}
	return filter, in.err()
}

// resolvers are the people to whom exceptions can be assigned.
func (s *server) resolvers(r *request) ([]identity.Person, error) {
	people, err := s.Identity.List(r.ctx())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(people, func(p identity.Person) bool {
		return !p.DisabledAt.IsZero() || !p.Can(identity.ResolveExceptions)
	}), nil
}

func (r *request) exceptionFilterBar(f exception.Filter, people []identity.Person) views.Filter {
	classes := []views.Option{{Label: "Any"}}
	for _, class := range exceptionClasses() {
		classes = append(classes, views.Option{Value: string(class), Label: classTitle(class)})
	}
	assignees := []views.Option{{Label: "Anyone"}, {Value: "me", Label: "Me"}, {Value: "nobody", Label: "Nobody"}}
	for _, p := range people {
		if p.ID != r.person.ID {
			assignees = append(assignees, views.Option{Value: strconv.FormatInt(p.ID, 10), Label: p.Name})
		}
	}
	query := r.QueryParams()
	bar := views.Filter{Action: "/exceptions", Slim: true, Fields: []views.Field{
		{Name: "class", Label: "Cause", Options: classes, Value: string(f.Class)},
		{Name: "state", Label: "State", Value: query.Get("state"), Options: []views.Option{
			{Label: "Open"}, {Value: "resolved", Label: "Resolved"}, {Value: "ignored", Label: "Ignored"}, {Value: "any", Label: "Any"}}},
		{Name: "assignee", Label: "Assigned to", Options: assignees, Value: query.Get("assignee")},
		{Name: "snoozed", Label: "Snoozed", Value: query.Get("snoozed"), Options: []views.Option{{Label: "Hidden"}, {Value: "1", Label: "Shown too"}}},
	}}
	if f.ConnectionID != 0 {
		bar.Keep = []views.Hidden{{Name: "connection", Value: strconv.FormatInt(f.ConnectionID, 10)}}
	}
	for _, field := range bar.Fields {
		if field.Value != "" {
			bar.Clear = r.link("class", "", "state", "", "assignee", "", "snoozed", "", "after", "")
		}
	}
	return bar
}

// causes are the open classes, the most money first, then the most causes.
func (r *request) causes(counts []exception.Count, current exception.Class) []views.ExceptionCause {
	slices.SortStableFunc(counts, func(a, b exception.Count) int {
		return cmp.Or(largest(b).Cmp(largest(a)), cmp.Compare(b.Causes, a.Causes))
	})
	var causes []views.ExceptionCause
	for _, c := range counts {
		cause := views.ExceptionCause{
			Name: views.Link{Text: classTitle(c.Class), Href: r.link("class", string(c.Class), "state", "", "after", "")}, Current: c.Class == current,
			Open: views.Count(int(c.Causes)), Records: views.Count(int(c.Records)), Oldest: r.format().Ago(c.Oldest, r.server.Clock.Now()),
		}
		for _, amount := range c.Money {
			cause.Money = append(cause.Money, r.format().Money(amount))
		}
		causes = append(causes, cause)
	}
	return causes
}

// largest is the largest sum at stake; sums of different currencies are only
// compared to be put in an order.
func largest(c exception.Count) decimal.Decimal {
	if len(c.Money) == 0 {
		return decimal.Zero
	}
	return c.Money[0].Value
}

func exceptionBulk() []views.Button {
	return []views.Button{
		{Label: "Assign to me", Icon: "user-round", Action: "/exceptions/assign"},
		{Label: "Snooze a day", Icon: "bell", Action: "/exceptions/snooze", Name: "days", Value: "1"},
		{Label: "Snooze a week", Icon: "bell", Action: "/exceptions/snooze", Name: "days", Value: "7"},
		{Label: "Try again", Icon: "rotate-ccw", Action: "/exceptions/retry"},
		{Label: "Ignore…", Icon: "circle-slash", Look: views.Danger, Action: "/exceptions/ignore"},
	}
}

func (r *request) exceptionRow(e exception.Exception) views.ExceptionRow {
	row := views.ExceptionRow{
		Title: views.Link{Text: e.Title, Href: fmt.Sprintf("/exceptions/%d", e.ID)}, Class: classTitle(e.Class), Connection: e.ConnectionName,
		Note: e.Marketplace, Records: views.Count(int(e.Records)), Opened: r.format().Ago(e.OpenedAt, r.server.Clock.Now()), Assigned: e.AssignedName, Status: r.exceptionPill(e),
	}
	if e.Amount.Valid && !e.Amount.Decimal.IsZero() {
		row.Money = r.format().Value(e.Amount.Decimal, money.Currency(e.Currency))
	}
	if e.State != stateOpen {
		row.Muted, row.Note = true, e.Resolution
	} else if r.person.Can(identity.ResolveExceptions) {
		row.Value = fmt.Sprintf("%d.%d", e.ID, e.Version)
	}
	return row
}

func (r *request) exceptionPill(e exception.Exception) views.Pill {
	switch {
	case e.State == "resolved":
		return views.Pill{State: views.Done, Text: "Resolved"}
	case e.State == "ignored":
		return views.Pill{Text: "Ignored", Icon: "circle-slash"}
	case e.SnoozedUntil != nil && e.SnoozedUntil.After(r.server.Clock.Now()):
		return views.Pill{Text: "Snoozed", Icon: "bell", Hint: "until " + r.format().Time(*e.SnoozedUntil).Text}
	}
	return views.Pill{State: views.Waiting, Text: "Open"}
}
