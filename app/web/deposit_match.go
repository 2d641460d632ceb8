package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/app/reconcile/match"
	"tieout/views"
)

func matchPath(id int64) string { return fmt.Sprintf("%s/matches/%d", depositBase, id) }

// depositMatches shows matches, the newest first.
func (s *server) depositMatches(r *request) error {
	in := r.query()
	f := deposit.MatchFilter{Connection: r.connection(), State: in.choice("state", "", "undone", "all"), AfterID: in.id("after"), PageSize: bankPageSize}
	if err := in.err(); err != nil {
		return err
	}
	list, err := s.Deposits.Matches(r.ctx(), f)
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Deposits and bank", "Matches")
	if err != nil {
		return err
	}
	model.Filter = &views.Filter{Action: depositBase + "/matches", Slim: true, Keep: r.keepConnection(),
		Fields: []views.Field{{Name: "state", Label: "State", Value: f.State, Options: []views.Option{{Label: "Standing"}, {Value: "undone", Label: "Taken apart"}, {Value: "all", Label: "All"}}}}}
	listing := views.Listing{Summary: "Matches", Empty: views.Empty{Icon: "inbox", Title: "Nothing is matched yet", Text: "Accept suggestions, or match by hand.", Action: views.Link{Text: "Suggestions", Href: r.scoped(depositBase)}}}
	if len(list) == bankPageSize {
		listing.Pager.Next = r.link("after", strconv.FormatInt(list[len(list)-1].ID, 10))
	}
	if f.AfterID != 0 {
		listing.Pager.First = r.link("after", "")
	}
	model.Tables = []views.Table{views.MatchTable(listing, r.matchRows(list))}
	return r.show(views.DepositView(page, model))
}

func (r *request) matchRows(list []deposit.Match) []views.MatchRow {
	var rows []views.MatchRow
	for _, m := range list {
		row := views.MatchRow{Match: views.Link{Text: r.format().Time(m.At).Text, Href: matchPath(m.ID)}, By: byWhom(m.By), Reason: m.Reason, Amount: r.format().Money(m.Total()), Status: matchPill(m)}
		for _, p := range m.Parts {
			if link := (views.Link{Text: p.AmazonID, Href: settlementPath(p.SettlementID)}); p.SettlementID != 0 && !slices.Contains(row.Deposits, link) {
				row.Deposits = append(row.Deposits, link)
			}
			if link := (views.Link{Text: r.dayOrNone(p.Booked).Text, Href: bankLinePath(p.LineID)}); p.LineID != 0 && !slices.Contains(row.Lines, link) {
				row.Lines = append(row.Lines, link)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func byWhom(name string) string {
	if name == "" {
		return "By rule"
	}
	return name
}

func matchPill(m deposit.Match) views.Pill {
	switch {
	case !m.Stands():
		return views.Pill{State: views.Neutral, Text: "Taken apart"}
	case m.Difference != "":
		return views.Pill{State: views.Info, Text: "With a difference"}
	}
	return views.Pill{State: views.Done, Text: "Matched"}
}

func ruleTitle(rule match.Rule) string {
	switch rule {
	case match.Named:
		return "The bank's text names the settlement"
	case match.SameAmount:
		return "The only one of its amount"
	case match.SameSum:
		return "The only ones that add up"
	}
	return "By hand"
}

// depositMatchShow shows a match: what belongs together, who said so and why.
func (s *server) depositMatchShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	return s.showMatch(r, http.StatusOK, id, nil)
}

func (s *server) showMatch(r *request, status int, id int64, wrong map[string]string) error {
	m, err := s.Deposits.Match(r.ctx(), id)
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Match "+strconv.FormatInt(id, 10), "Matches")
	if err != nil {
		return err
	}
	model.Facts = []views.Fact{{Name: "State", Value: views.StatusPill(matchPill(m))}, {Name: "Amount", Value: views.Money(r.format().Money(m.Total()))}, {Name: "By", Value: views.Text(byWhom(m.By))},
		{Name: "On", Value: views.Moment(r.format().Time(m.At))}, {Name: "Rule", Value: views.Text(ruleTitle(m.Rule))}, {Name: "Why", Value: views.Text(m.Reason)}}
	if m.Difference != "" {
		model.Facts = append(model.Facts, views.Fact{Name: "Difference", Value: views.Text(m.Difference)})
	}
	if !m.Stands() {
		model.Facts = append(model.Facts, views.Fact{Name: "Taken apart by", Value: views.Text(m.UndoneBy)}, views.Fact{Name: "On", Value: views.Moment(r.format().Time(m.UndoneAt))}, views.Fact{Name: "Because", Value: views.Text(m.Undone)})
	}
	var rows []views.PartRow
	for _, p := range m.Parts {
		row := views.PartRow{Account: p.Account, Text: p.Description, Amount: r.format().Value(p.Amount, m.Currency)}
		if p.SettlementID != 0 {
			row.Deposit = views.Link{Text: p.AmazonID, Href: settlementPath(p.SettlementID)}
		}
		if p.LineID != 0 {
			row.Line = views.Link{Text: r.dayOrNone(p.Booked).Text, Href: bankLinePath(p.LineID)}
		}
		rows = append(rows, row)
	}
	model.Tables = []views.Table{views.PartTable(rows)}
	if r.mayMatch() {
		model.Sheets = r.matchForms(m, wrong)
	}
	return r.showAs(status, views.DepositView(page, model))
}

func (r *request) matchForms(m deposit.Match, wrong map[string]string) []views.AdminSheet {
	switch {
	case m.Stands():
		return []views.AdminSheet{{Title: "Take it apart", Lead: "The match stays on record, and can be made again.", Form: &views.AdminForm{Action: matchPath(m.ID) + "/unmatch", Submit: views.Button{Label: "Unmatch", Icon: "undo-2"},
			Fields: []views.Field{{Name: "reason", Label: "Why", Error: wrong["reason"], Required: true, Width: "wide"}}}}}
	case !m.Restored:
		return []views.AdminSheet{{Title: "Undo", Lead: "Makes the same match again.", Form: &views.AdminForm{Action: matchPath(m.ID) + "/restore", Submit: views.Button{Label: "Match again", Icon: "rotate-ccw"}}}}
	}
	return nil
}

func (s *server) depositUnmatch(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	reason := in.text("reason", 500)
	if err := in.err(); err != nil {
		return err
	}
	err = s.Deposits.Unmatch(r.ctx(), id, reason, r.actor())
	if wrong := fault.FieldsOf(err); wrong != nil {
		return s.showMatch(r, http.StatusUnprocessableEntity, id, wrong)
	}
	if err != nil {
		return err
	}
	r.flash(views.Done, "Taken apart.", "Both sides are open again. Match again undoes this.")
	return r.goTo("%s", matchPath(id))
}

func (s *server) depositRestore(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	again, err := s.Deposits.Restore(r.ctx(), id, r.actor())
	if err != nil {
		return err
	}
	r.flash(views.Done, "Matched again.", "")
	return r.goTo("%s", matchPath(again))
}
