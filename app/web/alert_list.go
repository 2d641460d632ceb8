package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tieout/app/alert"
	"tieout/app/identity"
	"tieout/views"
)

const newestAlerts = 50

// alertList shows who is told what, and what became of the newest alerts.
func (s *server) alertList(r *request) error { return s.showAlerts(r, http.StatusOK, nil) }

// showAlerts shows the list; wrong is about the ends of client secrets.
func (s *server) showAlerts(r *request, status int, wrong map[string]string) error {
	channels, err := s.Alerts.Channels(r.ctx())
	if err != nil {
		return err
	}
	told, err := s.Alerts.Newest(r.ctx(), newestAlerts)
	if err != nil {
		return err
	}
	looked, err := s.Alerts.LookedAt(r.ctx())
	if err != nil {
		return err
	}
	lead := "Occasions have not been looked for yet; the program does so every minute while it works."
	if !looked.IsZero() {
		lead = "Occasions were looked for " + r.format().Ago(looked, s.Clock.Now()).Text + "."
	}
	connections, err := s.Alerts.Connections(r.ctx())
	if err != nil {
		return err
	}
	titles := map[int64]string{}
	for _, c := range connections {
		titles[c.ID] = c.Title
	}
	model := views.AdminPage{Sheets: []views.AdminSheet{{Title: "Channels", Lead: lead, Table: s.channelTable(r, channels, titles)},
		{Title: "Newest alerts", Lead: "The last 50. What failed or was refused can be sent again, under the same id.", Table: s.toldTable(r, told)}}}
	model.Alerts = s.mailNotice(channels)
	if r.person.Can(identity.ManageAlerts) {
		model.Buttons = []views.Button{{Label: "New mail channel", Icon: "plus", Href: "/admin/alerts/new?kind=mail"}, {Label: "New webhook", Icon: "plus", Look: views.Primary, Href: "/admin/alerts/new?kind=webhook"}}
	}
	if r.person.Can(identity.ManageAlerts) && len(connections) > 0 {
		ends, err := s.secretEnds(r, connections, wrong)
		if err != nil {
			return err
		}
		model.Sheets = append(model.Sheets, ends)
	}
	return r.adminAs(status, views.Alerts, "Webhooks and alerts", model)
}

// mailNotice says that mail goes nowhere.
func (s *server) mailNotice(channels []alert.Channel) []views.Alert {
	if s.Alerts.Mail.Configured() {
		return nil
	}
	notice := views.Alert{State: views.Info, Title: "Mail is not set up.", Text: "TIEOUT_SMTP_URL and TIEOUT_SMTP_FROM name the mail server and the sender; the program reads them when it starts."}
	for _, c := range channels {
		if c.Kind == alert.ByMail && c.On() {
			notice.State, notice.Title = views.Wrong, "Mail is not set up, so mail channels tell nobody."
		}
	}
	return []views.Alert{notice}
}

func (s *server) channelTable(r *request, channels []alert.Channel, titles map[int64]string) *views.Table {
	table := &views.Table{ID: "channels", Caption: "Channels", Columns: []views.Column{{Label: "Channel"}, {Label: "To", Kind: views.Wrap}, {Label: "Is told", Kind: views.Wrap}, {Label: "Connections", Kind: views.Wrap}, {Label: "State", Kind: views.Tight}},
		Empty: views.Empty{Icon: "bell", Title: "Nobody is told anything", Text: "A channel tells people by mail, or another program by a signed webhook, when something needs them."}}
	for _, c := range channels {
		state, kind := views.Pill{State: views.Done, Text: "On"}, "Webhook"
		if !c.On() {
			state = views.Pill{State: views.Neutral, Text: "Off"}
		}
		if c.Kind == alert.ByMail {
			kind = "Mail"
		}
		name := views.Text(c.Name)
		if r.person.Can(identity.ManageAlerts) {
			name = views.RowLink(views.Link{Text: c.Name, Href: channelPath(c.ID)})
		}
		told := views.Counted(len(c.Groups), "kind of occasion", "kinds of occasions")
		if len(c.Groups) == len(alert.Groups()) {
			told = "Everything"
		}
		table.Rows = append(table.Rows, cells(views.Stacked(name, kind), views.Text(receiver(c)), views.Text(told), views.Text(connectionNames(c, titles)), views.Stacked(views.StatusPill(state), c.OffReason)))
	}
	return table
}

// receiver is who a channel tells. Of a webhook's address only the host is
// shown: its path may be as good as a password.
func receiver(c alert.Channel) string {
	if c.Kind == alert.ByMail {
		return c.Address
	}
	if u, err := url.Parse(c.Address); err == nil {
		return u.Host
	}
	return ""
}

func connectionNames(c alert.Channel, titles map[int64]string) string {
	if len(c.Connections) == 0 {
		return "All"
	}
	var names []string
	for _, id := range c.Connections {
		names = append(names, titles[id])
	}
	return strings.Join(names, ", ")
}

func (s *server) toldTable(r *request, told []alert.Told) *views.Table {
	table := &views.Table{ID: "alerts", Caption: "Newest alerts", Columns: []views.Column{{Label: "When", Kind: views.Tight}, {Label: "Channel", Kind: views.Tight}, {Label: "Alert", Kind: views.Wrap}, {Label: "State", Kind: views.Tight},
		{Label: "Attempts", Kind: views.TightNumber}, {Label: "The other side's words", Kind: views.Wrap}, {Label: "Change", Kind: views.Tight, Quiet: true}},
		Empty: views.Empty{Icon: "bell", Title: "Nothing was told yet"}}
	for _, t := range told {
		again := views.Nothing()
		if (t.State == "failed" || t.State == "refused") && t.ChannelDeletedAt == nil && t.MessageID != nil && r.person.Can(identity.ManageAlerts) {
			again = views.PostButton(views.Button{Label: "Send again", Icon: "rotate-ccw", Action: fmt.Sprintf("/admin/alerts/messages/%d/retry", *t.MessageID)})
		}
		table.Rows = append(table.Rows, cells(views.Moment(r.format().Ago(t.CreatedAt, s.Clock.Now())), views.Text(t.ChannelName), views.Anchor(views.Link{Text: t.Title, Href: t.Path}),
			views.StatusPill(toldPill(t)), views.Text(views.Count(int(t.Attempts))), views.Soft(t.Answer), again))
	}
	return table
}

func toldPill(t alert.Told) views.Pill {
	switch {
	case t.State == "sent":
		return views.Pill{State: views.Done, Text: "Sent"}
	case t.State == "failed":
		return views.Pill{State: views.Wrong, Text: "Failed"}
	case t.State == "refused":
		return views.Pill{State: views.Wrong, Text: "Refused"}
	case t.State == "dropped":
		return views.Pill{State: views.Neutral, Text: "Not needed"}
	case t.Attempts > 0:
		return views.Pill{State: views.Waiting, Text: "Tried again soon"}
	}
	return views.Pill{State: views.Info, Text: "On its way"}
}

// secretEnds asks when Amazon's client secrets end.
func (s *server) secretEnds(r *request, connections []alert.Connection, wrong map[string]string) (views.AdminSheet, error) {
	ends, err := s.Alerts.SecretEnds(r.ctx())
	if err != nil {
		return views.AdminSheet{}, err
	}
	known := map[int64]string{}
	for _, e := range ends {
		known[e.ConnectionID] = e.EndsOn.Format(time.DateOnly)
	}
	form := &views.AdminForm{Action: "/admin/alerts/secrets", Submit: views.Button{Label: "Save", Icon: "check"}}
	for _, c := range connections {
		name := endField(c.ID)
		form.Fields = append(form.Fields, views.Field{Name: name, Label: c.Title, Type: "date", Value: known[c.ID], Error: wrong[name]})
	}
	return views.AdminSheet{Title: "When Amazon's client secrets end", Lead: "Seller Central shows the day beside the application's credentials. Without a day nobody is told.", Form: form}, nil
}

func endField(connectionID int64) string { return fmt.Sprintf("ends_on-%d", connectionID) }
