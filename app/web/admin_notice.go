package web

import (
	"fmt"
	"strings"

	"tieout/app/connection"
	"tieout/app/identity"
	"tieout/app/notice"
	"tieout/views"
)

// noticeSheet says what came through a connection's queue.
func (s *server) noticeSheet(r *request, c connection.Connection) (*views.AdminSheet, error) {
	if s.Notices == nil || s.Flows == nil || c.ID == 0 || c.QueueURL == "" {
		return nil, nil
	}
	o, err := s.Notices.Overview(r.ctx(), c.ID)
	if err != nil {
		return nil, err
	}
	table := views.Table{Caption: "Notifications by type", Columns: []views.Column{{Label: "Type"}, {Label: "What became of them"}, {Label: "Received", Kind: views.Number}, {Label: "The last one", Kind: views.Tight}},
		Empty: views.Empty{Icon: "plug", Title: "Nothing has arrived yet", Text: "Subscribe once; then Amazon tells of each change within seconds. Polling finds what it never tells."}}
	for _, n := range o.Counts {
		table.Rows = append(table.Rows, cells(views.Text(typeOf(n.Type)), views.Text(outcomeOf(n.Outcome)), views.Text(views.Count(int(n.Notices))), views.Moment(r.format().Ago(n.ReceivedAt, s.Clock.Now()))))
	}
	lead := "Wanted: " + strings.Join(s.Notices.Kinds(), ", ") + "."
	titles := s.flowTitles()
	for _, p := range o.Pending {
		lead += fmt.Sprintf(" To be read anew for %s: %d, the oldest named %s.", titles[p.Flow], p.Hints, r.format().Ago(p.Oldest, s.Clock.Now()).Text)
	}
	return &views.AdminSheet{Title: "Notifications", Lead: lead, Checks: r.queueChecks(o), Table: &table}, nil
}

func (s *server) flowTitles() map[string]string {
	titles := map[string]string{}
	for _, d := range s.Flows.Definitions() {
		titles[d.Name] = d.Title
	}
	return titles
}

// queueChecks say whether the queue answers.
func (r *request) queueChecks(o notice.Overview) []views.Check {
	now := r.server.Clock.Now()
	switch {
	case o.Failure != "":
		return []views.Check{{State: views.Wrong, Name: o.Failure, Reason: "This began " + r.format().Ago(*o.Since, now).Text + ". Polling goes on."}}
	case o.ReadAt != nil:
		return []views.Check{{State: views.Done, Name: "The queue answers", Reason: "Read " + r.format().Ago(*o.ReadAt, now).Text}}
	}
	return nil
}

func typeOf(kind string) string {
	if kind == "" {
		return "Unknown"
	}
	return kind
}

func outcomeOf(outcome string) string {
	switch outcome {
	case "hint":
		return "Had something read anew"
	case "unreadable":
		return "Kept; it cannot be read"
	}
	return "Kept; nothing here is about it"
}

// connectionSubscribe has Amazon send its notifications to the connection's queue.
func (s *server) connectionSubscribe(r *request) error {
	c, err := s.connectionOf(r)
	if err != nil {
		return err
	}
	list, err := s.Notices.Subscribe(r.ctx(), c.ID, r.actor())
	if err != nil {
		return err
	}
	fresh := 0
	for _, one := range list {
		if one.New {
			fresh++
		}
	}
	r.flash(views.Done, "Amazon sends its notifications to the queue.", fmt.Sprintf("%d types, %d of them new.", len(list), fresh))
	return r.goTo("/admin/connections/%d", c.ID)
}

// noticeRoutes are the actions on a connection's notifications.
func (s *server) noticeRoutes() []Route {
	if s.Notices == nil {
		return nil
	}
	return []Route{{POST, "/admin/connections/:id/subscribe", identity.ManageConnections, s.connectionSubscribe, 0}}
}
