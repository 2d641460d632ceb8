package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/views"
)

// ruleForm reads which set, in which version, a form is about.
func (r *request) ruleForm() (in *input, connection int64, edit mapping.Edit, err error) {
	in, err = r.form()
	if err != nil {
		return nil, 0, edit, err
	}
	parts := strings.Split(in.text("set", 60), ".")
	if len(parts) != 3 {
		return in, 0, edit, fault.New(fault.Invalid, "The form does not say which rules it is about. Open the page again.")
	}
	version, err := strconv.Atoi(parts[2])
	if err != nil {
		return in, 0, edit, fault.Wrap(err, fault.Invalid, "The form does not say which rules it is about. Open the page again.")
	}
	return in, parseID(parts[0]), mapping.Edit{SetID: parseID(parts[1]), Version: version}, nil
}

func (r *request) toRules(connection int64) error { return r.goTo("/rules?connection=%d", connection) }

// ruleDone ends a change: problems of fields are shown on the page again.
func (s *server) ruleDone(r *request, connection int64, err error) error {
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showRules(r, http.StatusUnprocessableEntity, connection, wrong)
	}
	if err != nil {
		return err
	}
	return r.toRules(connection)
}

// ruleBegin starts a draft: of the rules in use, a shipped template, or an
// older version.
func (s *server) ruleBegin(r *request) error {
	in, connection, _, err := r.ruleForm()
	if err != nil {
		return err
	}
	return s.ruleDone(r, connection, s.beginAs(r, connection, in.text("from", 60)))
}

func (s *server) ruleAdd(r *request) error {
	in, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	rule, position := in.rule()
	problem := in.err()
	if problem == nil {
		_, problem = s.Rules.AddRule(r.ctx(), r.actor(), edit, rule, position)
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		rule.Position = position
		return s.ruleAddAgain(r, connection, rule, wrong)
	}
	return s.ruleDone(r, connection, problem)
}

// ruleAddAgain shows the form of a new rule as it was typed, with what is wrong.
func (s *server) ruleAddAgain(r *request, connection int64, rule mapping.Rule, wrong map[string]string) error {
	d, err := s.ruleDesk(r, connection)
	if err != nil {
		return err
	}
	page := r.page("Add a rule", views.MappingRules, views.Link{Text: "Mapping rules", Href: fmt.Sprintf("/rules?connection=%d", connection)})
	return r.showAs(http.StatusUnprocessableEntity, views.AdminView(page, views.AdminPage{Sheets: []views.AdminSheet{addSheet(d, rule, wrong)}}))
}

// ruleDelete takes a rule out of the draft.
func (s *server) ruleDelete(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	_, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	if _, err = s.Rules.DeleteRule(r.ctx(), r.actor(), edit, id); err != nil {
		return err
	}
	r.flash(views.Done, "The rule is deleted.", "It is deleted from the draft alone.")
	return r.toRules(connection)
}

// ruleAccounts saves the account of every slot.
func (s *server) ruleAccounts(r *request) error {
	in, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	picks := map[string]string{}
	for name := range in.values {
		if slot, ok := strings.CutPrefix(name, "slot-"); ok {
			picks[slot] = in.text(name, 60)
		}
	}
	_, err = s.Rules.SetAccounts(r.ctx(), r.actor(), edit, picks)
	return s.ruleDone(r, connection, err)
}

func (s *server) ruleSubmit(r *request) error {
	_, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	if _, err := s.Rules.Submit(r.ctx(), r.actor(), edit, ""); err != nil {
		return err
	}
	r.flash(views.Done, "The rules wait for a second person.", "An approver publishes them.")
	return r.toRules(connection)
}

func (s *server) ruleWithdraw(r *request) error {
	_, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	_, err = s.Rules.Withdraw(r.ctx(), r.actor(), edit, "taken back to draft")
	return s.ruleDone(r, connection, err)
}

func (s *server) ruleDiscard(r *request) error {
	_, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	return s.ruleDone(r, connection, s.Rules.Discard(r.ctx(), r.actor(), edit))
}

// rulePublish puts the rules to use; drafts are built again with them.
func (s *server) rulePublish(r *request) error {
	_, connection, edit, err := r.ruleForm()
	if err != nil {
		return err
	}
	if _, err := s.Rules.Publish(r.ctx(), r.actor(), edit); err != nil {
		return err
	}
	if err := s.Redraft(r.ctx(), connection); err != nil {
		return err
	}
	r.flash(views.Done, "The rules are in use.", "Every draft is built again with them.")
	return r.toRules(connection)
}
