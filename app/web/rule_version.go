package web

import (
	"fmt"
	"strconv"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/views"
)

func ruleSetPath(id int64) string { return fmt.Sprintf("/rules/versions/%d", id) }

// ruleVersion shows what a set of rules changed from the one before it.
func (s *server) ruleVersion(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	set, err := s.Rules.Load(r.ctx(), id)
	if err != nil {
		return err
	}
	before, err := s.versionBefore(r, set)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("Rule set %d", set.Number)
	page := r.page(title, views.MappingRules, views.Link{Text: "Mapping rules", Href: fmt.Sprintf("/rules?connection=%d", set.ConnectionID)})
	if before == nil {
		text := fmt.Sprintf("%s, %s.", views.Counted(len(set.Rules), "rule", "rules"), views.Counted(len(set.Accounts), "account", "accounts"))
		return r.show(views.AdminView(page, views.AdminPage{Alerts: []views.Alert{{State: views.Info, Title: "It is the first one.", Text: text}}}))
	}
	diff := mapping.Compare(*before, *set)
	model := views.AdminPage{Sheets: diffSheets(diff), Buttons: []views.Button{{Label: "Backtest", Icon: "history", Href: r.backtestAddress(set, before)}}}
	if diff.Empty() {
		model.Alerts = []views.Alert{{State: views.Info, Title: fmt.Sprintf("It says what set %d says.", before.Number)}}
	} else {
		model.Alerts = []views.Alert{{State: views.Info, Title: fmt.Sprintf("Against set %d", before.Number), Text: diffSummary(diff)}}
	}
	return r.show(views.AdminView(page, model))
}

// versionBefore is the set that another began as a copy of, or else the one
// numbered before it; nil: there is none.
func (s *server) versionBefore(r *request, set *mapping.RuleSet) (*mapping.RuleSet, error) {
	if set.BasedOn != 0 {
		return s.Rules.Load(r.ctx(), set.BasedOn)
	}
	if set.Number <= 1 {
		return nil, nil
	}
	before, err := s.Rules.Number(r.ctx(), set.ConnectionID, set.Number-1)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return before, err
}

func diffSummary(d mapping.Diff) string {
	return fmt.Sprintf("%d added, %d changed, %d moved, %d removed; %s.", len(d.Added), len(d.Changed), len(d.Moved), len(d.Removed),
		views.Counted(len(d.Accounts), "account pick", "account picks"))
}

// What a draft may begin as, besides a shipped template or an older version.
const fromInUse = "in use"

// beginSheet offers what a draft may begin as.
func (s *server) beginSheet(r *request, d ruleDesk, versions []mapping.Version) (views.AdminSheet, error) {
	templates, err := mapping.Templates()
	if err != nil {
		return views.AdminSheet{}, err
	}
	offered, err := s.Rules.Offered(r.ctx(), d.connection)
	if err != nil {
		return views.AdminSheet{}, err
	}
	from := views.Field{Name: "from", Label: "From"}
	if d.published != nil {
		from.Options = append(from.Options, views.Option{Value: fromInUse, Label: fmt.Sprintf("The rules in use, set %d", d.published.Number)})
	}
	for _, t := range templates {
		option := views.Option{Value: t.Name, Label: t.Title, Group: "Shipped templates"}
		if t.Name == offered {
			option.Label += " (fits this connection)"
			option.Current = d.published == nil
		}
		from.Options = append(from.Options, option)
	}
	for _, v := range versions {
		if v.State == mapping.Retired {
			from.Options = append(from.Options, views.Option{Value: strconv.FormatInt(v.ID, 10), Label: fmt.Sprintf("As set %d was", v.Number), Group: "Older versions"})
		}
	}
	return views.AdminSheet{Title: "Begin a draft", Lead: "The rules in use stay as they are until a second person publishes the draft. Account picks are kept.", Form: &views.AdminForm{Action: "/rules/begin",
		Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, nil)}}, Fields: []views.Field{from}, Submit: views.Button{Label: "Begin", Icon: "pencil"}}}, nil
}

// beginAs begins a draft as what the form chose.
func (s *server) beginAs(r *request, connection int64, from string) error {
	older := parseID(from)
	switch {
	case from == "" || from == fromInUse:
		template := ""
		if _, err := s.Rules.Published(r.ctx(), connection); fault.Is(err, fault.NotFound) {
			if template, err = s.Rules.Offered(r.ctx(), connection); err != nil {
				return err
			}
		}
		_, err := s.Rules.Begin(r.ctx(), r.actor(), connection, template, nil)
		return err
	case older == 0:
		_, err := s.Rules.Begin(r.ctx(), r.actor(), connection, from, nil)
		return err
	}
	set, err := s.Rules.Load(r.ctx(), older)
	if err != nil {
		return err
	}
	if set.ConnectionID != connection {
		return fault.New(fault.NotFound, "This connection has no such rule set.")
	}
	draft, err := s.Rules.Begin(r.ctx(), r.actor(), connection, "", nil)
	if err != nil {
		return err
	}
	written := mapping.Written{Rules: set.Rules, Accounts: set.Accounts}
	_, err = s.Rules.Replace(r.ctx(), r.actor(), mapping.Edit{SetID: draft.ID, Version: draft.Version}, written.In(draft), set.Accounts)
	return err
}
