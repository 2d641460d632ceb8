package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/views"
)

// ruleShow shows one rule: a form in a draft, what it says elsewhere.
func (s *server) ruleShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	d, err := s.ruleDesk(r, r.connection())
	if err != nil {
		return err
	}
	rule, err := d.rule(id)
	if err != nil {
		return err
	}
	return s.showRule(r, http.StatusOK, d, rule, nil)
}

// rule finds a rule of the set that the desk shows.
func (d ruleDesk) rule(id int64) (mapping.Rule, error) {
	if set := d.shown(); set != nil {
		i := slices.IndexFunc(set.Rules, func(rule mapping.Rule) bool { return rule.ID == id })
		if i >= 0 {
			return set.Rules[i], nil
		}
	}
	return mapping.Rule{}, fault.New(fault.NotFound, "This rule is not in the set any more. Open the list again.")
}

func (s *server) showRule(r *request, status int, d ruleDesk, rule mapping.Rule, wrong map[string]string) error {
	set := d.shown()
	coverage, err := s.Rules.Coverage(r.ctx(), set)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("Rule %d of set %d", rule.Position, set.Number)
	form := &views.AdminForm{Action: "/rules/edit", Submit: views.Button{Label: "Save the rule", Icon: "check", Look: views.Primary}, Fields: ruleFields(rule, wrong),
		Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, d.prepared)}, {Name: "rule", Value: strconv.FormatInt(rule.ID, 10)}}}
	if !d.editable(r) {
		form.Why = "Rules are changed in a draft."
		for i := range form.Fields {
			form.Fields[i].Disabled = true
		}
	}
	model := views.AdminPage{Sheets: []views.AdminSheet{{Title: "What it matches and where it sends it", Form: form, Checks: standing(rule, set, coverage)}}}
	if d.editable(r) {
		model.Buttons = []views.Button{{Label: "Delete the rule", Icon: "trash-2", Look: views.Danger, Action: fmt.Sprintf("/rules/%d/delete", rule.ID), Name: "set", Value: setKey(d.connection, d.prepared)}}
	}
	page := r.page(title, views.MappingRules, views.Link{Text: "Mapping rules", Href: fmt.Sprintf("/rules?connection=%d", d.connection)})
	return r.showAs(status, views.AdminView(page, model))
}

// standing says how a rule fares among the others with what was imported so far.
func standing(rule mapping.Rule, set *mapping.RuleSet, c mapping.Coverage) []views.Check {
	i := slices.IndexFunc(set.Rules, func(x mapping.Rule) bool { return x.ID == rule.ID })
	count := c.Rules[i]
	checks := []views.Check{{State: views.Info, Name: "Takes now", Reason: fmt.Sprintf("%s, %s.", views.Counted(count.Kinds, "kind", "kinds"), views.Counted(int(count.Lines), "line", "lines"))}}
	if text := shadowOf(c.Shadows[i], set); text != "" {
		checks = append(checks, views.Check{State: views.Waiting, Name: "Among the others", Reason: text})
	}
	return checks
}

// ruleEdit saves a rule and moves it where its position says.
func (s *server) ruleEdit(r *request) error {
	in, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	d, err := s.ruleDesk(r, connection)
	if err != nil {
		return err
	}
	old, err := d.rule(in.id("rule"))
	if err != nil {
		return err
	}
	rule, position := in.rule()
	rule.ID, rule.Lineage, rule.Position = old.ID, old.Lineage, old.Position
	problem := in.err()
	if problem == nil {
		problem = s.saveRule(r, edit, rule, position)
	}
	if wrong := fault.FieldsOf(problem); wrong != nil && d.editable(r) {
		return s.showRule(r, http.StatusUnprocessableEntity, d, rule, wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "The rule is saved.", "")
	return r.toRules(connection)
}

func (s *server) saveRule(r *request, edit mapping.Edit, rule mapping.Rule, position int) error {
	set, err := s.Rules.UpdateRule(r.ctx(), r.actor(), edit, rule)
	if err != nil || position == 0 || position == rule.Position {
		return err
	}
	_, err = s.Rules.MoveRule(r.ctx(), r.actor(), mapping.Edit{SetID: set.ID, Version: set.Version}, rule.ID, position)
	return err
}

// ruleOrder takes the order that rows were dragged into.
func (s *server) ruleOrder(r *request) error {
	in, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	_, err = s.Rules.OrderRules(r.ctx(), r.actor(), edit, in.ids("order"))
	return s.ruleDone(r, connection, err)
}

// rule reads the fields of ruleFields; position 0 is none.
func (in *input) rule() (mapping.Rule, int) {
	condition := func(name string) mapping.Condition { return mapping.ParseCondition(in.text(name, 1000)) }
	rule := mapping.Rule{TransactionType: condition("transaction_type"), AmountType: condition("amount_type"), AmountDescription: condition("amount_description"),
		Marketplace: condition("marketplace"), Sign: in.number("sign", -1, 1), ProductGroup: in.text("product_group", 100), Fulfillment: in.text("fulfillment", 10),
		Category: mapping.Category(in.text("category", 40)), Slot: in.text("slot", 40), Account: in.text("account", 60), Branch: in.text("branch", 40),
		ByMarketplace: in.checked("by_marketplace"), Gross: in.checked("gross"), Note: in.text("note", 1000)}
	if info, ok := rule.Category.Info(); ok && rule.Account == "" && rule.Slot == "" {
		rule.Slot = info.Slot
	}
	return rule, in.number("position", 0, 10_000)
}

// ruleFields are the fields of a rule, filled with it.
func ruleFields(rule mapping.Rule, wrong map[string]string) []views.Field {
	text := func(name, label, value, hint string) views.Field {
		return views.Field{Name: name, Label: label, Value: value, Hint: hint, Error: wrong[name], Mono: true}
	}
	on := func(name, label string, checked bool) views.Field {
		field := views.Field{Name: name, Label: label, Type: "checkbox"}
		if checked {
			field.Value = "on"
		}
		return field
	}
	category := views.Field{Name: "category", Label: "Category", Error: wrong["category"]}
	for _, info := range mapping.Categories() {
		category.Options = append(category.Options, views.Option{Value: string(info.Category), Label: info.Title, Current: info.Category == rule.Category})
	}
	slot := views.Field{Name: "slot", Label: "Account pick", Hint: "Used while the rule names no account of its own.", Error: wrong["slot"],
		Options: []views.Option{{Value: "", Label: "The category's"}}}
	for _, s := range append(mapping.AllSlots(), mapping.Slot{Name: mapping.SlotNone, Title: "None: rows without an amount"}) {
		slot.Options = append(slot.Options, views.Option{Value: s.Name, Label: s.Title, Current: s.Name == rule.Slot})
	}
	position := ""
	if rule.Position > 0 {
		position = strconv.Itoa(rule.Position)
	}
	return []views.Field{
		text("transaction_type", "Transaction type", rule.TransactionType.String(), ""), text("amount_type", "Amount type", rule.AmountType.String(), ""),
		text("amount_description", "Description", rule.AmountDescription.String(), ""), text("marketplace", "Marketplace", rule.Marketplace.String(), ""),
		{Name: "sign", Label: "Sign", Options: choices(strconv.Itoa(rule.Sign), "0", "Either", "1", "Positive", "-1", "Negative"), Error: wrong["sign"]},
		text("product_group", "Product group", rule.ProductGroup, "Empty is any."),
		{Name: "fulfillment", Label: "Fulfilment", Options: choices(rule.Fulfillment, "", "Either", "AFN", "By Amazon (AFN)", "MFN", "By the seller (MFN)"), Error: wrong["fulfillment"]},
		category, slot, text("account", "Account", rule.Account, "Empty: the account pick's."), text("branch", "Branch", rule.Branch, ""),
		{Name: "position", Label: "Position", Value: position, Type: "number", Hint: "1 is tried first. Empty: at the end.", Error: wrong["position"]},
		{Name: "note", Label: "Note", Value: rule.Note, Error: wrong["note"]},
		on("by_marketplace", "One journal line per marketplace", rule.ByMarketplace), on("gross", "Debits and credits apart", rule.Gross),
	}
}
