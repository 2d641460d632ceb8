package web

import (
	"fmt"
	"slices"

	"tieout/app/flow"
	"tieout/views"
)

// flowList shows every flow of every connection with its five steps.
func (s *server) flowList(r *request) error {
	states, err := s.Flows.List(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	model := views.FlowsPage{Empty: views.Empty{Icon: "workflow", Title: "No flow yet", Text: "They stand here within a minute after a connection was made, and begin when somebody says so.",
		Action: views.Link{Text: "Connections", Href: "/admin/connections"}}}
	definitions := s.Flows.Definitions()
	counts, err := s.Flows.Counts(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	for _, state := range states {
		at := slices.IndexFunc(definitions, func(d flow.Definition) bool { return d.Name == state.Name })
		if at < 0 {
			continue // of a later version of the program
		}
		model.Cards = append(model.Cards, r.flowCard(definitions[at], state, counts[flow.Place{Connection: state.ConnectionID, Flow: state.Name}]))
	}
	return r.show(views.FlowsView(r.page("Flows", views.Flows), model))
}

func flowPath(state flow.State, action string) string {
	path := fmt.Sprintf("/flows/%s/%d", state.Name, state.ConnectionID)
	if action != "" {
		path += "/" + action
	}
	return path
}

// flowCard draws a flow: what stands at each of its steps.
func (r *request) flowCard(d flow.Definition, state flow.State, c flow.Counts) views.FlowCard {
	list := func(which string) string {
		return fmt.Sprintf("/%s?connection=%d&state=%s", d.Name, state.ConnectionID, which)
	}
	card := views.FlowCard{Title: views.Link{Text: d.Title, Href: flowPath(state, "")}, Connection: state.ConnectionName, Way: d.From + " to " + d.To, Status: flowState(state, c)}
	extract := views.FlowStep{Name: "Extract", Count: views.Count(int(c.Waiting)), Unit: "wait for the source", Note: "Pending there"}
	if c.Waiting > 0 {
		extract.Href = list("received")
	}
	deliver := views.FlowStep{Name: "Deliver", Count: views.Count(int(c.Delivered)), Unit: "delivered", Note: d.To, Href: list("delivered")}
	if c.Unknown > 0 {
		deliver.Failed, deliver.State = views.Count(int(c.Unknown))+" of unknown outcome", views.Wrong
	} else if state.Down() {
		deliver.Failed, deliver.State = "Waits for the other side", views.Waiting
	}
	check := views.FlowStep{Name: "Check", Count: views.Count(int(c.Ready + c.Delivering)), Unit: "on their way", Note: "All checks hold"}
	if c.Exception > 0 {
		check.Failed, check.State, check.Href = views.Count(int(c.Exception))+" need a decision", views.Waiting, list("exception")
	}
	card.Steps = []views.FlowStep{
		{Name: "Trigger", Count: views.Span(state.Every), Unit: "apart", Note: "Reads back " + views.Span(state.Overlap)},
		extract,
		{Name: "Map", Count: views.Count(int(c.Received)), Unit: "to be mapped", Note: "Formulas decide", Href: flowPath(state, "mapping")},
		check, deliver,
	}
	return card
}

func flowState(state flow.State, c flow.Counts) views.Pill {
	switch {
	case state.New():
		return views.Pill{Text: "Not begun", Icon: "circle-dashed"}
	case state.Paused():
		return views.Pill{State: views.Waiting, Text: "Paused", Icon: "pause", Hint: state.PauseReason}
	case state.Down():
		return views.Pill{State: views.Wrong, Text: "Waiting for the other side", Hint: state.Failure}
	case c.Exception+c.Unknown > 0:
		return views.Pill{State: views.Waiting, Text: views.Counted(int(c.Exception+c.Unknown), "exception", "exceptions")}
	case c.Received+c.Ready+c.Delivering > 0:
		return views.Pill{State: views.Info, Text: "Working"}
	}
	return views.Pill{State: views.Done, Text: "Up to date"}
}
