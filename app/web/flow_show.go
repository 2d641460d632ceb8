package web

import (
	"fmt"
	"time"

	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/views"
)

// shownRuns is how many readings of the source a flow's page lists.
const shownRuns = 15

// flowShow shows one flow of one connection.
func (s *server) flowShow(r *request) error { return s.showFlow(r, 200, nil, nil) }

func (s *server) showFlow(r *request, status int, typed, wrong map[string]string) error {
	d, state, err := s.flowOf(r)
	if err != nil {
		return err
	}
	counts, err := s.Flows.Count(r.ctx(), state.ConnectionID, state.Name)
	if err != nil {
		return err
	}
	model := views.FlowPage{Card: r.flowCard(d, state, counts), Alert: flowAlert(r, state), Schedule: scheduleSheet(r, state, typed, wrong), Again: againSheet(r, state, typed, wrong)}
	model.Card.Facts = r.flowFacts(state, counts)
	if model.Settings, err = settingsSheet(r, d, state, typed, wrong); err != nil {
		return err
	}
	model.Buttons, model.Forms = flowActions(r, d, state)
	if model.Runs, err = s.runTable(r, state); err != nil {
		return err
	}
	if model.Versions, err = s.versionTable(r, state); err != nil {
		return err
	}
	page := r.page(d.Title+" of "+state.ConnectionName, views.Flows, flowsLink())
	return r.showAs(status, views.FlowView(page, model))
}

func (r *request) flowFacts(state flow.State, c flow.Counts) []views.Fact {
	f, now := r.format(), r.server.Clock.Now()
	facts := []views.Fact{}
	if state.ReadUntil != nil {
		facts = append(facts, views.Fact{Name: "Source read up to", Value: views.Moment(f.Ago(*state.ReadUntil, now))})
	}
	if !state.Paused() {
		facts = append(facts, views.Fact{Name: "Next reading", Value: views.Moment(f.Time(state.NextAt))})
	}
	if !c.Delivery.IsZero() {
		facts = append(facts, views.Fact{Name: "Last delivery", Value: views.Moment(f.Ago(c.Delivery, now))})
	}
	if !c.Oldest.IsZero() && c.Open() > 0 {
		facts = append(facts, views.Fact{Name: "Oldest undelivered", Value: views.Moment(f.Ago(c.Oldest, now))})
	}
	return append(facts, views.Fact{Name: "Ignored", Value: views.Text(views.Count(int(c.Ignored)))})
}

func flowAlert(r *request, state flow.State) *views.Alert {
	switch {
	case state.New():
		return &views.Alert{State: views.Info, Title: "It has not begun yet.", Text: "Look at its mapping, above all at customer and location, then begin. From then on it reads the source and writes to the other side by itself."}
	case state.Paused():
		return &views.Alert{State: views.Waiting, Title: "Paused by " + state.PausedBy, Text: state.PauseReason + " Nothing is read or sent until somebody resumes it; what arrives meanwhile is not lost."}
	case state.Down():
		return &views.Alert{State: views.Wrong, Title: "The other side does not answer", Text: fmt.Sprintf("%s Since %s, %d tries. It is asked again at %s, and everything goes on by itself.",
			state.Failure, r.format().Time(*state.FailingSince).Text, state.Failures, state.HeldUntil.In(r.person.Location()).Format("15:04:05"))}
	}
	return nil
}

// flowActions are the buttons of a flow's head, and their forms.
func flowActions(r *request, d flow.Definition, state flow.State) (buttons []views.Button, forms []views.ActionForm) {
	buttons = []views.Button{{Label: "Records", Icon: "list-checks", Href: fmt.Sprintf("/%s?connection=%d", d.Name, state.ConnectionID)},
		{Label: "Mapping", Icon: "route", Href: flowPath(state, "mapping")}}
	if !r.person.Can(identity.RunFlows) {
		return buttons, nil
	}
	version := fmt.Sprint(state.Version)
	if state.New() {
		return append(buttons, views.Button{Label: "Begin", Icon: "play", Look: views.Primary, Action: flowPath(state, "resume"), Name: "version", Value: version}), nil
	}
	if state.Paused() {
		return append(buttons, views.Button{Label: "Resume", Icon: "play", Look: views.Primary, Action: flowPath(state, "resume"), Name: "version", Value: version}), nil
	}
	pause := pauseForm(state, nil, nil)
	return append(buttons,
		views.Button{Label: "Run now", Icon: "play", Action: flowPath(state, "run"), Name: "version", Value: version},
		views.Button{Label: "Pause", Icon: "pause", Dialog: pause.ID}), []views.ActionForm{pause}
}

func pauseForm(state flow.State, typed_, wrong map[string]string) views.ActionForm {
	return views.ActionForm{ID: "pause", Title: "Pause", Lead: "Nothing is read or sent until somebody resumes it. Everybody sees the reason.", Action: flowPath(state, "pause"),
		Keep: []views.Hidden{{Name: "version", Value: fmt.Sprint(state.Version)}}, Back: flowPath(state, ""), Button: views.Button{Label: "Pause", Icon: "pause"},
		Fields: []views.Field{typed(views.Field{Name: "reason", Label: "Reason", Required: true, Place: "Stock count until Monday"}, typed_, wrong)}}
}

func scheduleSheet(r *request, state flow.State, values, wrong map[string]string) views.AdminSheet {
	form := &views.AdminForm{Action: flowPath(state, "schedule"), Submit: views.Button{Label: "Save", Icon: "check"},
		Hidden: []views.Hidden{{Name: "version", Value: fmt.Sprint(state.Version)}}, Fields: []views.Field{
			typed(views.Field{Name: "every", Label: "Read the source every (seconds)", Value: fmt.Sprint(int(state.Every / time.Second)), Mono: true}, values, wrong),
			typed(views.Field{Name: "overlap", Label: "Read again the last (seconds)", Value: fmt.Sprint(int(state.Overlap / time.Second)), Mono: true,
				Hint: "Sources list some changes late; what is known already costs nothing."}, values, wrong)}}
	if !r.person.Can(identity.RunFlows) {
		form.Why = "Operations people and administrators change this."
	}
	return views.AdminSheet{Title: "Schedule", Form: form}
}

// againSheet is the form that has the source read from an earlier day on.
func againSheet(r *request, state flow.State, values, wrong map[string]string) views.AdminSheet {
	form := &views.AdminForm{Action: flowPath(state, "again"), Submit: views.Button{Label: "Read from there", Icon: "rotate-ccw"},
		Hidden: []views.Hidden{{Name: "version", Value: fmt.Sprint(state.Version)}}, Fields: []views.Field{
			typed(views.Field{Name: "since", Label: "From", Type: "date", Required: true, Hint: "For what was there before the flow began, or when something was missed. What is known already costs nothing."}, values, wrong)}}
	if !r.person.Can(identity.RunFlows) {
		form.Why = "Operations people and administrators ask for this."
	}
	return views.AdminSheet{Title: "Read again", Form: form}
}

func (s *server) runTable(r *request, state flow.State) (views.Table, error) {
	table := views.Table{ID: "runs", Caption: "Readings of the source", Summary: "Readings of the source", Inside: true,
		Columns: []views.Column{{Label: "Began", Kind: views.Tight}, {Label: "Because of", Kind: views.Tight}, {Label: "From", Kind: views.Tight}, {Label: "Took", Kind: views.Number},
			{Label: "Pages", Kind: views.Number}, {Label: "Found", Kind: views.Number}, {Label: "Changed", Kind: views.Number}, {Label: "Outcome", Kind: views.Tight}, {Label: "", Kind: views.Clip, Quiet: true}},
		Empty: views.Empty{Icon: "clock", Title: "The source has not been read yet"}}
	runs, err := s.Flows.Runs(r.ctx(), state.ConnectionID, state.Name, shownRuns)
	if err != nil {
		return table, err
	}
	for _, run := range runs {
		outcome := views.Pill{State: views.Info, Text: "Running"}
		took := ""
		if run.FinishedAt != nil {
			took = run.FinishedAt.Sub(run.StartedAt).Round(time.Millisecond).String()
			outcome = views.Pill{State: views.Done, Text: "Done"}
		}
		if run.State == "failed" {
			outcome = views.Pill{State: views.Wrong, Text: "Failed"}
		}
		because := triggerTitle(run.Trigger)
		if run.Person != "" {
			because = run.Person
		}
		since := views.Nothing()
		if run.Since != nil {
			since = views.Moment(r.format().Time(*run.Since))
		}
		table.Rows = append(table.Rows, cells(views.Moment(r.format().Ago(run.StartedAt, s.Clock.Now())), views.Text(because), since, views.Text(took),
			views.Text(views.Count(int(run.Pages))), views.Text(views.Count(int(run.Found))), views.Text(views.Count(int(run.Changed))), views.StatusPill(outcome), views.Soft(run.Error)))
	}
	return table, nil
}

func triggerTitle(t flow.Trigger) string {
	switch t {
	case flow.OnNotification:
		return "Notification"
	case flow.ByPerson:
		return "Somebody"
	case flow.ByFlow:
		return "Another flow"
	}
	return "Schedule"
}

func (s *server) versionTable(r *request, state flow.State) (views.Table, error) {
	table := views.Table{Caption: "Versions of the mapping", Inside: true, Passed: true,
		Columns: []views.Column{{Label: "Version", Kind: views.Tight}, {Label: "What changed", Kind: views.Wrap}, {Label: "By", Kind: views.Tight}, {Label: "Made", Kind: views.Tight}, {Label: "", Kind: views.Tight, Quiet: true}}}
	editions, err := s.Flows.Editions(r.ctx(), state.ConnectionID, state.Name)
	if err != nil {
		return table, err
	}
	for _, e := range editions {
		by := e.MadeBy
		if by == "" {
			by = "Tieout"
		}
		last := views.Nothing()
		switch {
		case e.InUse:
			last = views.StatusPill(views.Pill{State: views.Done, Text: "In use"})
		case r.person.Can(identity.RunFlows):
			last = views.PostButton(views.Button{Label: "Use", Action: flowPath(state, "mapping/use"), Confirm: fmt.Sprintf("Version %d maps every record from now on. It is tried on the newest records first.", e.Number)},
				views.Hidden{Name: "number", Value: fmt.Sprint(e.Number)})
		}
		table.Rows = append(table.Rows, cells(views.RowLink(views.Link{Text: fmt.Sprint(e.Number), Href: fmt.Sprintf("%s?version=%d", flowPath(state, "mapping"), e.Number)}),
			views.Text(e.Note), views.Text(by), views.Moment(r.format().Ago(e.MadeAt, s.Clock.Now())), last))
	}
	return table, nil
}
