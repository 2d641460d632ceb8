package web

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/views"
)

// ruleDesk is one connection's rules: the set in use and the one in preparation.
type ruleDesk struct {
	connection int64
	name       string
	published  *mapping.RuleSet // nil: none yet
	prepared   *mapping.RuleSet // nil: none
}

// shown is the set that the page is about.
func (d ruleDesk) shown() *mapping.RuleSet {
	if d.prepared != nil {
		return d.prepared
	}
	return d.published
}

func (d ruleDesk) editable(r *request) bool {
	return d.prepared != nil && d.prepared.State == mapping.Draft && r.person.Can(identity.EditRules)
}

// ruleDesk finds the connection that the page is about: the chosen one,
// otherwise the first.
func (s *server) ruleDesk(r *request, id int64) (ruleDesk, error) {
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return ruleDesk{}, err
	}
	d := ruleDesk{connection: id}
	for _, c := range connections {
		if d.connection == 0 {
			d.connection = c.ID
		}
		if c.ID == d.connection {
			d.name = cmp.Or(c.Title, c.Name)
		}
	}
	if d.connection == 0 {
		return d, fault.New(fault.NotFound, "There is no connection yet; an administrator creates the first one.")
	}
	if d.published, err = s.Rules.Published(r.ctx(), d.connection); err != nil && !fault.Is(err, fault.NotFound) {
		return d, err
	}
	if d.prepared, err = s.Rules.Prepared(r.ctx(), d.connection); err != nil && !fault.Is(err, fault.NotFound) {
		return d, err
	}
	return d, nil
}

// ruleList shows the rules in their order with what they match now.
func (s *server) ruleList(r *request) error {
	return s.showRules(r, http.StatusOK, r.connection(), nil)
}

func (s *server) showRules(r *request, status int, connection int64, wrong map[string]string) error {
	d, err := s.ruleDesk(r, connection)
	if err != nil {
		return err
	}
	model := views.AdminPage{Buttons: r.ruleButtons(d)}
	set := d.shown()
	if set == nil {
		model.Sheets = []views.AdminSheet{{Title: "No rules yet", Lead: "Begin with the shipped template of your country: it covers Amazon's whole vocabulary and asks for about 25 accounts."}}
		if r.person.Can(identity.EditRules) {
			begin, err := s.beginSheet(r, d, nil)
			if err != nil {
				return err
			}
			model.Sheets = append(model.Sheets, begin)
		}
		return r.showAs(status, views.AdminView(r.page("Mapping rules, "+d.name, views.MappingRules), model))
	}
	coverage, err := s.Rules.Coverage(r.ctx(), set)
	if err != nil {
		return err
	}
	if model.Alerts, err = s.ruleAlerts(r, d); err != nil {
		return err
	}
	if model.Dialogs, err = s.publishDialog(r, d); err != nil {
		return err
	}
	model.Sheets = append(model.Sheets, r.trySheet(s, d))
	if len(coverage.Unmapped) > 0 {
		model.Sheets = append(model.Sheets, r.unmappedSheet(coverage))
	}
	model.Sheets = append(model.Sheets, views.AdminSheet{Title: fmt.Sprintf("Rules of set %d", set.Number), Lead: "The first rule that matches wins. A number opens the rule.", Table: r.ruleTable(d, set, coverage)})
	if d.editable(r) {
		model.Sheets = append(model.Sheets, addSheet(d, freshRule(), nil))
		if s.Workbooks != nil {
			model.Sheets = append(model.Sheets, bookSheet(d))
		}
	}
	accounts, err := s.accountSheet(r, d, set, wrong)
	if err != nil {
		return err
	}
	history, err := s.historySheets(r, d)
	if err != nil {
		return err
	}
	model.Sheets = append(append(model.Sheets, accounts), history...)
	return r.showAs(status, views.AdminView(r.page("Mapping rules, "+d.name, views.MappingRules), model))
}

func (r *request) ruleButtons(d ruleDesk) []views.Button {
	post := func(label, icon, what string, look views.Look, why string) views.Button {
		button := views.Button{Label: label, Icon: icon, Look: look, Action: "/rules/" + what, Name: "set", Value: setKey(d.connection, d.prepared), Why: why}
		return button
	}
	var buttons []views.Button
	if d.shown() != nil && r.server.Workbooks != nil && r.person.Can(identity.Export) {
		buttons = append(buttons, views.Button{Label: "Excel", Icon: "download", Href: fmt.Sprintf("/rules/export.xlsx?connection=%d", d.connection)})
	}
	if d.prepared != nil {
		buttons = append(buttons, views.Button{Label: "Backtest", Icon: "history", Href: r.backtestAddress(d.prepared, d.published)})
	}
	edits, publishes := r.person.Can(identity.EditRules), r.person.Can(identity.PublishRules)
	switch {
	case d.prepared == nil && edits:
		buttons = append(buttons, post("Begin a draft", "pencil", "begin", views.Primary, ""))
	case d.prepared == nil:
	case d.prepared.State == mapping.Draft && edits:
		buttons = append(buttons, post("Submit for publication", "send", "submit", views.Primary, ""), post("Discard the draft", "trash-2", "discard", views.Danger, ""))
	case d.prepared.State == mapping.Submitted:
		if publishes {
			button := views.Button{Label: "Publish", Icon: "stamp", Look: views.Primary, Dialog: publishDialogID}
			if d.preparedBy(r.person.ID) {
				button = post("Publish", "stamp", "publish", views.Primary, "You prepared these rules, so someone else publishes them.")
			}
			buttons = append(buttons, button)
		}
		if edits {
			buttons = append(buttons, post("Take back to draft", "undo-2", "withdraw", views.Ordinary, ""))
		}
	}
	return buttons
}

// setKey names the connection and the version of the set that a form is about.
func setKey(connection int64, set *mapping.RuleSet) string {
	if set == nil {
		return fmt.Sprintf("%d.0.0", connection)
	}
	return fmt.Sprintf("%d.%d.%d", connection, set.ID, set.Version)
}

func (s *server) ruleAlerts(r *request, d ruleDesk) ([]views.Alert, error) {
	var alerts []views.Alert
	if d.prepared != nil {
		text := "The rules in use stay as they are until it is published by a second person."
		alerts = append(alerts, views.Alert{State: views.Info, Title: fmt.Sprintf("Set %d is a %s.", d.prepared.Number, d.prepared.State), Text: text})
		problems, err := s.Rules.Problems(r.ctx(), d.prepared)
		if err != nil {
			return nil, err
		}
		for i, p := range problems {
			if i == 5 {
				alerts = append(alerts, views.Alert{State: views.Waiting, Title: fmt.Sprintf("And %d more.", len(problems)-i)})
				break
			}
			where := d.prepared.Slot(p.Slot).Title
			if p.Position > 0 {
				where = fmt.Sprintf("Rule %d", p.Position)
			}
			alerts = append(alerts, views.Alert{State: views.Waiting, Title: where, Text: p.Message})
		}
	}
	return alerts, nil
}

// trySheet says which rule takes a pasted line.
func (r *request) trySheet(s *server, d ruleDesk) views.AdminSheet {
	text := r.QueryParam("try")
	sheet := views.AdminSheet{Title: "Try a line", Form: &views.AdminForm{Action: "/rules", Get: true, Hidden: []views.Hidden{{Name: "connection", Value: strconv.FormatInt(d.connection, 10)}},
		Submit: views.Button{Label: "Try", Icon: "search"}, Fields: []views.Field{{Name: "try", Label: "A line of a report, or: Order / ItemPrice / Principal", Value: text, Mono: true}}}}
	if text == "" {
		return sheet
	}
	trials, err := s.Rules.Try(r.ctx(), d.shown(), text)
	if err != nil {
		sheet.Checks = []views.Check{{State: views.Wrong, Name: "This cannot be read", Reason: fault.MessageOf(err)}}
		return sheet
	}
	for _, t := range trials {
		check := views.Check{State: views.Wrong, Name: t.Kind.String(), Reason: "No rule matches."}
		if t.Mapped() {
			check.State, check.Reason = views.Done, fmt.Sprintf("Rule %d: %s, account %s.", t.Rules[0].Position, t.Rules[0].Category.Title(), t.Account)
			if len(t.Rules) > 1 {
				check.Reason += fmt.Sprintf(" It wins over %d later rules, the next is rule %d.", len(t.Rules)-1, t.Rules[1].Position)
			}
		}
		sheet.Checks = append(sheet.Checks, check)
	}
	return sheet
}

func (r *request) unmappedSheet(c mapping.Coverage) views.AdminSheet {
	table := views.Table{ID: "unmapped", Caption: "Kinds that no rule matches", Columns: []views.Column{{Label: "Kind", Kind: views.Wrap}, {Label: "Lines", Kind: views.Number}, {Label: "Amounts", Kind: views.Number}}}
	for _, u := range c.Unmapped {
		table.Rows = append(table.Rows, views.Row{State: views.Waiting, Cells: []templ.Component{views.Text(u.Kind.String()), views.Text(views.Count(int(u.Lines))), r.sums(u.Count)}})
	}
	return views.AdminSheet{Title: "Kinds that no rule matches", Lead: "Resolve them in the exception queue or on the settlement.", Table: &table}
}

func (r *request) sums(c mapping.Count) templ.Component {
	var list []views.Amount
	for _, sum := range c.Amounts {
		list = append(list, r.format().Money(sum))
	}
	if len(list) == 0 {
		return views.Nothing()
	}
	return views.Amounts(list)
}

func (r *request) ruleTable(d ruleDesk, set *mapping.RuleSet, c mapping.Coverage) *views.Table {
	table := &views.Table{ID: "rules", Caption: "Rules in order", Dense: true, Columns: []views.Column{{Label: "#", Kind: views.Number}, {Label: "Transaction type", Kind: views.Clip}, {Label: "Amount type", Kind: views.Clip},
		{Label: "Description", Kind: views.Clip}, {Label: "Also", Kind: views.Wrap}, {Label: "Category", Kind: views.Clip}, {Label: "Account", Kind: views.Tight}, {Label: "Kinds", Kind: views.Number},
		{Label: "Lines", Kind: views.Number}, {Label: "Amounts", Kind: views.Number}, {Label: "Among the others", Kind: views.Wrap}}}
	if d.editable(r) {
		table.Order = &views.Order{Action: "/rules/order", Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, d.prepared)}}}
	}
	for i, rule := range set.Rules {
		account, ok := set.Account(rule)
		where := views.Code(account)
		if !ok {
			where = views.StatusPill(views.Pill{State: views.Waiting, Text: "Pick " + set.Slot(rule.Slot).Title})
			if rule.Slot == mapping.SlotNone {
				where = views.Soft("no money")
			}
		}
		row := views.Row{ID: strconv.FormatInt(rule.ID, 10), Name: fmt.Sprintf("rule %d", rule.Position), Cells: []templ.Component{
			views.PanelLink(views.Link{Text: strconv.Itoa(rule.Position), Href: fmt.Sprintf("/rules/%d/edit?connection=%d", rule.ID, d.connection)}), views.Text(rule.TransactionType.String()), views.Text(rule.AmountType.String()), views.Text(rule.AmountDescription.String()), views.Soft(alsoOf(rule)),
			views.Text(rule.Category.Title()), where, views.Text(views.Count(c.Rules[i].Kinds)), views.Text(views.Count(int(c.Rules[i].Lines))), r.sums(c.Rules[i]), views.Soft(shadowOf(c.Shadows[i], set))}}
		table.Rows = append(table.Rows, row)
	}
	return table
}

func alsoOf(rule mapping.Rule) string {
	var parts []string
	if rule.Marketplace.String() != "*" {
		parts = append(parts, rule.Marketplace.String())
	}
	switch rule.Sign {
	case 1:
		parts = append(parts, "positive")
	case -1:
		parts = append(parts, "negative")
	}
	for _, text := range []string{rule.ProductGroup, rule.Fulfillment} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// shadowOf says which rules take what this one would match, and the other way round.
func shadowOf(x mapping.Shadow, set *mapping.RuleSet) string {
	if x.Dead() {
		text := fmt.Sprintf("never wins: rule %d takes everything", set.Rules[x.CoveredBy].Position)
		if x.Loses > 0 {
			text += fmt.Sprintf(", %s so far to %s", views.Counted(x.Loses, "kind", "kinds"), rulesNamed(x.LosesTo, set))
		}
		return text
	}
	var parts []string
	if x.Loses > 0 {
		parts = append(parts, fmt.Sprintf("loses %s to %s", views.Counted(x.Loses, "kind", "kinds"), rulesNamed(x.LosesTo, set)))
	}
	if len(x.Hides) > 0 {
		parts = append(parts, "hides kinds from "+rulesNamed(x.Hides, set))
	}
	return strings.Join(parts, "; ")
}

// rulesNamed names rules by position, three at the most.
func rulesNamed(indexes []int, set *mapping.RuleSet) string {
	var names []string
	for i, index := range indexes {
		if i == 3 {
			names = append(names, fmt.Sprintf("%d more", len(indexes)-i))
			break
		}
		names = append(names, strconv.Itoa(set.Rules[index].Position))
	}
	if len(indexes) == 1 {
		return "rule " + names[0]
	}
	return "rules " + strings.Join(names, ", ")
}

// freshRule is what the form of a new rule begins with.
func freshRule() mapping.Rule {
	return mapping.Rule{TransactionType: mapping.Anything, AmountType: mapping.Anything, AmountDescription: mapping.Anything, Marketplace: mapping.Anything}
}

func addSheet(d ruleDesk, rule mapping.Rule, wrong map[string]string) views.AdminSheet {
	return views.AdminSheet{Title: "Add a rule", Lead: "* is anything, Text* begins with Text, \"\" is empty. Case, blanks, hyphens and underscores do not count.", Form: &views.AdminForm{
		Action: "/rules/add", Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, d.prepared)}}, Submit: views.Button{Label: "Add the rule", Icon: "plus"},
		Fields: ruleFields(rule, wrong)}}
}

// accountSheet is the picks of a set: most rules say a slot, not an account.
func (s *server) accountSheet(r *request, d ruleDesk, set *mapping.RuleSet, wrong map[string]string) (views.AdminSheet, error) {
	chart, err := s.Connections.Accounts(r.ctx(), d.connection)
	if err != nil {
		return views.AdminSheet{}, err
	}
	form := &views.AdminForm{Action: "/rules/accounts", Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, d.prepared)}}, Submit: views.Button{Label: "Save the accounts", Icon: "check"}, Accounts: accountOptions(chart)}
	if !d.editable(r) {
		form.Why = "Accounts are picked in a draft."
	}
	for _, slot := range set.Slots() {
		form.Fields = append(form.Fields, views.Field{Name: "slot-" + slot.Name, Label: slot.Title, Hint: slot.Hint, Value: set.Accounts[slot.Name], List: "accounts", Mono: true, Error: wrong["slot-"+slot.Name]})
	}
	return views.AdminSheet{Title: "Accounts", Lead: fmt.Sprintf("%d of %d are picked.", len(set.Slots())-len(set.Missing()), len(set.Slots())), Form: form}, nil
}

func (s *server) historySheets(r *request, d ruleDesk) ([]views.AdminSheet, error) {
	versions, err := s.Rules.History(r.ctx(), d.connection)
	if err != nil {
		return nil, err
	}
	table := &views.Table{ID: "versions", Caption: "Rule sets", Columns: []views.Column{{Label: "Set", Kind: views.Number}, {Label: "State", Kind: views.Tight}, {Label: "Rules", Kind: views.Number},
		{Label: "Prepared by"}, {Label: "Published by"}, {Label: "Published", Kind: views.Tight}, {Label: "Note", Kind: views.Wrap}}}
	for _, v := range versions {
		table.Rows = append(table.Rows, cells(views.RowLink(views.Link{Text: strconv.Itoa(v.Number), Href: fmt.Sprintf("/rules/versions/%d", v.ID)}), views.StatusPill(views.Pill{State: views.Neutral, Text: string(v.State)}), views.Text(views.Count(v.Rules)),
			views.Text(v.CreatedBy), views.Text(v.PublishedBy), views.Moment(r.format().Time(v.PublishedAt)), views.Text(v.Note)))
	}
	sheets := []views.AdminSheet{{Title: "Versions", Lead: "A number opens what the set changed from the one before it.", Table: table}}
	if d.prepared != nil || !r.person.Can(identity.EditRules) {
		return sheets, nil
	}
	begin, err := s.beginSheet(r, d, versions)
	return append(sheets, begin), err
}
