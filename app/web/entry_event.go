package web

import (
	"encoding/json"
	"fmt"

	"tieout/app/journal"
	"tieout/views"
)

// auditEvent is an entry of the audit log as part of an object's history.
func (r *request) auditEvent(e journal.Event) views.Event {
	state, icon := actionSign(e.Action)
	event := views.Event{State: state, Icon: icon, Who: e.Actor, What: e.Action, When: r.format().Time(e.At), Quote: e.Reason}
	var after struct {
		Number   string `json:"p21_number"`
		Reversal int64  `json:"reversal"`
		Name     string `json:"name"`
	}
	if len(e.After) > 0 && json.Unmarshal(e.After, &after) == nil {
		switch {
		case after.Number != "":
			event.What += " as " + after.Number
		case after.Reversal != 0:
			event.Link = views.Link{Text: fmt.Sprintf("entry %d", after.Reversal), Href: fmt.Sprintf("/entries/%d", after.Reversal)}
		case after.Name != "":
			event.What += ": " + after.Name
		}
	}
	return event
}

// actionSign is the colour and icon of what was done.
func actionSign(action string) (views.State, string) {
	switch action {
	case "posted", "found in P21", "number entered", "resolved":
		return views.Done, ""
	case "approved":
		return views.Done, "stamp"
	case "submitted":
		return views.Info, "send"
	case "posting", "to be sent again":
		return views.Info, "loader"
	case "rejected", "refused", "unknown":
		return views.Wrong, ""
	case "withdrawn", "reversed", "reversal drafted":
		return views.Waiting, "undo-2"
	case "edited":
		return views.Neutral, "pencil"
	case "attached a file":
		return views.Neutral, "paperclip"
	case "commented":
		return views.Neutral, "message-square"
	case "assigned":
		return views.Neutral, "user-round"
	case "snoozed":
		return views.Neutral, "bell"
	case "ignored":
		return views.Neutral, "circle-slash"
	}
	return views.Neutral, ""
}

// remarks are comments, in the order in which they were written.
func (r *request) remarks(comments []journal.Remark) []views.Event {
	events := make([]views.Event, len(comments))
	for i, c := range comments {
		events[i] = views.Event{Icon: "message-square", Who: c.Name, When: r.format().Time(c.At), Quote: c.Body}
	}
	return events
}
