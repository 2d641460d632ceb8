package web

import (
	"fmt"
	"net/http"
	"slices"

	"tieout/app/alert"
	"tieout/views"
)

// alertNew shows the form of a new channel.
func (s *server) alertNew(r *request) error {
	kind := alert.Kind(r.query().choice("kind", string(alert.ByWebhook), string(alert.ByMail)))
	return s.alertForm(r, http.StatusOK, alert.NewChannel(kind), nil, views.AdminPage{})
}

// alertShow shows a channel.
func (s *server) alertShow(r *request) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	return s.alertForm(r, http.StatusOK, c, nil, views.AdminPage{})
}

func (s *server) channelOf(r *request) (alert.Channel, error) {
	id, err := r.pathID("id")
	if err != nil {
		return alert.Channel{}, err
	}
	return s.Alerts.Channel(r.ctx(), id)
}

// alertForm shows a channel below what model has to say.
func (s *server) alertForm(r *request, status int, c alert.Channel, wrong map[string]string, model views.AdminPage) error {
	connections, err := s.Alerts.Connections(r.ctx())
	if err != nil {
		return err
	}
	form := &views.AdminForm{Action: "/admin/alerts/new", Submit: views.Button{Label: "Save", Icon: "check", Look: views.Primary},
		Hidden: []views.Hidden{{Name: "kind", Value: string(c.Kind)}, {Name: "version", Value: fmt.Sprint(c.Version)}}}
	title := map[alert.Kind]string{alert.ByMail: "New mail channel", alert.ByWebhook: "New webhook"}[c.Kind]
	if c.ID != 0 {
		stored, err := s.Alerts.Channel(r.ctx(), c.ID)
		if err != nil {
			return err
		}
		form.Action, title, model.Buttons = channelPath(c.ID), stored.Name, channelButtons(stored)
		if !stored.On() {
			model.Alerts = append(model.Alerts, views.Alert{State: views.Waiting, Title: "This channel is switched off.", Text: stored.OffReason})
		}
		if stored.RotatingTo.After(s.Clock.Now()) {
			model.Alerts = append(model.Alerts, views.Alert{State: views.Info, Title: "Two secrets sign until " + r.format().Time(stored.RotatingTo).Text + ".", Text: "Give the receiver the new one before then."})
		}
	}
	if c.Kind == alert.ByMail && !s.Alerts.Mail.Configured() {
		model.Alerts = append(model.Alerts, s.mailNotice(nil)...)
	}
	form.Fields, form.Groups = []views.Field{{Name: "name", Label: "Name", Value: c.Name, Error: wrong["name"], Required: true}, addressField(c, wrong)},
		[]views.FieldGroup{occasionGroup(c, wrong), waitGroup(c, wrong), connectionGroup(c, connections)}
	model.Sheets = append(model.Sheets, views.AdminSheet{Title: "Settings", Lead: "What is open already when a channel begins, or changes, is not told to it.", Form: form})
	return r.alertPage(status, title, model)
}

func addressField(c alert.Channel, wrong map[string]string) views.Field {
	if c.Kind == alert.ByMail {
		return views.Field{Name: "address", Label: "Recipients", Value: c.Address, Error: wrong["address"], Hint: "With commas between them.", Place: "finance@example.com", Required: true}
	}
	return views.Field{Name: "address", Label: "Address", Type: "url", Value: c.Address, Error: wrong["address"], Place: "https://hooks.example.com/tieout", Required: true, Mono: true,
		Hint: "https. Addresses of private networks are refused unless TIEOUT_WEBHOOK_PRIVATE allows them."}
}

func occasionGroup(c alert.Channel, wrong map[string]string) views.FieldGroup {
	group := views.FieldGroup{Legend: "Is told when"}
	for _, g := range alert.Groups() {
		group.Fields = append(group.Fields, views.Field{Name: "group-" + string(g), Label: g.Title(), Type: "checkbox", Value: ticked(slices.Contains(c.Groups, g)), Error: wrong["group-"+string(g)]})
	}
	return group
}

func waitGroup(c alert.Channel, wrong map[string]string) views.FieldGroup {
	number := func(name, label string, n int) views.Field {
		return views.Field{Name: name, Label: label, Type: "number", Value: fmt.Sprint(n), Error: wrong[name], Required: true}
	}
	return views.FieldGroup{Legend: "How long before it is told", Fields: []views.Field{number("down_minutes", "Minutes of an outage", c.DownMinutes), number("silent_days", "Days without a report", c.SilentDays),
		number("expiry_days", "Days before a secret ends", c.ExpiryDays)}}
}

func connectionGroup(c alert.Channel, connections []alert.Connection) views.FieldGroup {
	group := views.FieldGroup{Legend: "Of these connections", Hint: "Without a tick: of all, those to come too."}
	for _, x := range connections {
		group.Fields = append(group.Fields, views.Field{Name: fmt.Sprintf("connection-%d", x.ID), Label: x.Title, Type: "checkbox", Value: ticked(slices.Contains(c.Connections, x.ID))})
	}
	return group
}

func ticked(yes bool) string {
	if yes {
		return "on"
	}
	return ""
}

func channelButtons(c alert.Channel) []views.Button {
	base := channelPath(c.ID)
	buttons := []views.Button{{Label: "Send a test", Icon: "send", Action: base + "/test"}}
	if c.Kind == alert.ByWebhook {
		buttons = append(buttons, views.Button{Label: "New secret", Icon: "rotate-ccw", Action: base + "/rotate", Confirm: "Make a new secret? The one in use signs for another day."})
	}
	label, what := "Switch off", "off"
	if !c.On() {
		label, what = "Switch on", "on"
	}
	return append(buttons, views.Button{Label: label, Icon: "pause", Action: base + "/switch", Name: "what", Value: what},
		views.Button{Label: "Delete", Look: views.Danger, Action: base + "/delete", Confirm: "Delete " + c.Name + "? What it was told stays in the history."})
}

// channelInput reads the form of a channel.
func (s *server) channelInput(r *request, c alert.Channel) (alert.Channel, map[string]string, error) {
	in, err := r.form()
	if err != nil {
		return c, nil, err
	}
	if c.ID == 0 {
		c.Kind = alert.Kind(in.choice("kind", string(alert.ByWebhook), string(alert.ByMail)))
	}
	c.Version = int32(in.number("version", 0, 1<<30))
	c.Name, c.Address = in.text("name", 80), in.text("address", 2000)
	c.DownMinutes, c.SilentDays, c.ExpiryDays = in.number("down_minutes", 1, 1440), in.number("silent_days", 1, 365), in.number("expiry_days", 1, 180)
	c.Groups, c.Connections = nil, nil
	for _, g := range alert.Groups() {
		if in.checked("group-" + string(g)) {
			c.Groups = append(c.Groups, g)
		}
	}
	connections, err := s.Alerts.Connections(r.ctx())
	if err != nil {
		return c, nil, err
	}
	for _, x := range connections {
		if in.checked(fmt.Sprintf("connection-%d", x.ID)) {
			c.Connections = append(c.Connections, x.ID)
		}
	}
	return c, in.wrong, nil
}
