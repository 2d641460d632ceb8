package web

import (
	"fmt"

	"github.com/a-h/templ"

	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/views"
)

const (
	publishDialogID = "publish"
	publishAccounts = 10 // shown in the dialog; the backtest shows all
)

// preparedBy reports whether the person prepared the set that waits.
func (d ruleDesk) preparedBy(person int64) bool {
	return d.prepared != nil && (d.prepared.SubmittedBy == person || d.prepared.CreatedBy == person)
}

// publishDialog shows what the set would have made of the last two years to
// the person who is about to publish it.
func (s *server) publishDialog(r *request, d ruleDesk) ([]views.AdminDialog, error) {
	if d.prepared == nil || d.prepared.State != mapping.Submitted || !r.person.Can(identity.PublishRules) || d.preparedBy(r.person.ID) {
		return nil, nil
	}
	old := d.published
	if old == nil {
		old = &mapping.RuleSet{ConnectionID: d.connection}
	}
	result, err := s.Rules.Backtest(r.ctx(), old, d.prepared, r.lastYears())
	if err != nil {
		return nil, err
	}
	sheet := views.AdminSheet{Title: fmt.Sprintf("Publish set %d", d.prepared.Number), Lead: fmt.Sprintf("Backtest over the settlements of the last %d months. Drafts are built again; what is submitted or posted stays.", backtestMonths),
		Checks: r.backtestChecks(result), Table: r.publishTable(result), Form: &views.AdminForm{Action: "/rules/publish",
			Hidden: []views.Hidden{{Name: "set", Value: setKey(d.connection, d.prepared)}}, Submit: views.Button{Label: "Publish", Icon: "stamp", Look: views.Primary}}}
	more := views.Link{Text: "The whole backtest, with the lines that move", Href: r.backtestAddress(d.prepared, d.published)}
	return []views.AdminDialog{{ID: publishDialogID, Sheet: sheet, More: more}}, nil
}

// backtestChecks is a backtest in a few sentences.
func (r *request) backtestChecks(result mapping.Backtest) []views.Check {
	moves := views.Check{State: views.Waiting, Name: "Lines that move", Reason: fmt.Sprintf("%s of %s in %s.", views.Count(int(result.MovedLines)),
		views.Count(int(result.Lines)), views.Counted(int(result.Settlements), "settlement", "settlements"))}
	if !result.Changed() {
		moves = views.Check{State: views.Done, Name: "Nothing moves", Reason: fmt.Sprintf("%s in %s.", views.Counted(int(result.Lines), "line", "lines"), views.Counted(int(result.Settlements), "settlement", "settlements"))}
	}
	unmapped := views.Check{State: views.Done, Name: "Unmapped lines", Reason: fmt.Sprintf("%s before, %s after.", views.Count(int(result.UnmappedOld)), views.Count(int(result.UnmappedNew)))}
	if result.UnmappedNew > 0 {
		unmapped.State = views.Waiting
	}
	checks := []views.Check{moves, unmapped}
	if c := result.Clearing; c.Old != c.New {
		checks = append(checks, views.Check{State: views.Waiting, Name: "Clearing account", Reason: fmt.Sprintf("%s instead of %s.", orNone(c.New), orNone(c.Old))})
	}
	return checks
}

// publishTable lists the accounts that change, over all periods.
func (r *request) publishTable(result mapping.Backtest) *views.Table {
	table := &views.Table{ID: "publish-accounts", Caption: "Accounts that change", Dense: true, Passed: true, Columns: []views.Column{{Label: "Account", Kind: views.Tight}, {Label: "Before", Kind: views.Number}, {Label: "After", Kind: views.Number}, {Label: "Difference", Kind: views.Number}}}
	left := 0
	for _, d := range result.Sums() {
		if !d.Changed() {
			continue
		}
		if len(table.Rows) == publishAccounts {
			left++
			continue
		}
		f := r.format()
		table.Rows = append(table.Rows, views.Row{Cells: []templ.Component{codeOrNothing(d.Account), views.Money(f.Value(d.Old, d.Currency)), views.Money(f.Value(d.New, d.Currency)), views.Money(f.Value(d.Difference(), d.Currency))}})
	}
	if len(table.Rows) == 0 {
		return nil
	}
	if left > 0 {
		table.Summary = fmt.Sprintf("%d accounts change; the first %d are shown", left+len(table.Rows), len(table.Rows))
	}
	return table
}
