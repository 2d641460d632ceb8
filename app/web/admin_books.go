package web

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/period"
	"tieout/views"
)

// policyList shows what the controller decided, connection by connection.
func (s *server) policyList(r *request) error { return s.showPolicies(r, 200, 0, nil) }

func (s *server) showPolicies(r *request, status int, of int64, wrong map[string]string) error {
	list, err := s.Connections.List(r.ctx())
	if err != nil {
		return err
	}
	model := views.AdminPage{}
	for _, c := range list {
		p, err := s.Connections.Policy(r.ctx(), c.ID)
		if err != nil {
			return err
		}
		shown := map[string]string{}
		if c.ID == of {
			shown = wrong
		}
		second := ""
		if p.SecondApprovalFrom.Valid {
			second = p.SecondApprovalFrom.Decimal.StringFixed(2)
		}
		suffix := fmt.Sprintf("-%d", c.ID)
		form := &views.AdminForm{Action: fmt.Sprintf("/admin/policies/%d", c.ID), Submit: views.Button{Label: "Save", Icon: "check"},
			Hidden: []views.Hidden{{Name: "version", Value: fmt.Sprint(p.Version)}}, Fields: []views.Field{
				{Name: "second_approval_from", Label: "Two approvers from (" + c.FunctionalCurrency + ")", Value: second, Hint: "Empty: one approver is enough.", Error: shown["second_approval_from"], Mono: true, Suffix: suffix},
				{Name: "fresh_sign_in_minutes", Label: "Approving needs a sign-in of the last minutes", Value: fmt.Sprint(p.FreshSignInMinutes), Hint: "0: any live session may approve.", Error: shown["fresh_sign_in_minutes"], Suffix: suffix},
				{Name: "closed_period", Label: "Lines of a closed period", Options: choices(p.ClosedPeriod, "exception", "are an exception", "first_open", "go to the first open period"), Suffix: suffix},
				{Name: "rate_source", Label: "Exchange rate", Options: choices(p.RateSource, "deposit_date", "of the deposit date", "posted_date", "of each line's posted date"), Suffix: suffix},
				{Name: "held_sales", Label: "Sales that Amazon holds back", Options: choices(p.HeldSales, connection.OnRelease, "are income when released", connection.OnSale, "are income when sold"), Error: shown["held_sales"], Suffix: suffix},
				{Name: "deferred_account", Label: "Deferred receivable", Value: p.DeferredAccount, Hint: "Account that held sales stand on, where they are income when sold.", Error: shown["deferred_account"], Mono: true, Suffix: suffix},
				{Name: "rounding_limit", Label: "Rounding allowed per entry", Value: p.RoundingLimit.StringFixed(2), Error: shown["rounding_limit"], Mono: true, Suffix: suffix}}}
		if s.invoices(r, c.ID) {
			form.Fields = append(form.Fields, views.Field{Name: "receivable_tolerance", Label: "Rounding of an order on the receivable", Value: p.ReceivableTolerance.StringFixed(2),
				Hint: "In the order's currency. Orders are judged by it within minutes.", Error: shown["receivable_tolerance"], Mono: true, Suffix: suffix})
		}
		if s.Costs != nil && !s.invoices(r, c.ID) {
			form.Fields = append(form.Fields, costPolicy(p, shown, suffix)...)
		}
		if s.Reimbursements != nil {
			form.Fields = append(form.Fields, views.Field{Name: "claim_days", Label: "Days in which Amazon takes claims for lost units", Value: fmt.Sprint(p.ClaimDays),
				Hint: "60 since October 2024. Deadlines follow within minutes.", Error: shown["claim_days"], Suffix: suffix})
		}
		form.Fields = append(form.Fields, views.Field{Name: "books_from", Label: "Books are kept here from", Type: "date", Value: dayText(p.BooksFrom),
			Hint: "Closing expects no settlement from before. Empty: from the first day of every period.", Error: shown["books_from"], Suffix: suffix})
		form.Fields = append(form.Fields, views.Field{Name: "match_deposits", Label: "Deposits that a bank line names with the exact amount",
			Options: choices(p.MatchDeposits, connection.ByHand, "are matched by a person", connection.Automatic, "are matched by themselves"), Suffix: suffix})
		if !r.person.Can(identity.ManagePolicies) {
			form.Why = "An administrator changes policies."
		}
		model.Sheets = append(model.Sheets, views.AdminSheet{Title: cmp.Or(c.Title, c.Name), Form: form})
	}
	return r.adminAs(status, views.Policies, "Policies", model)
}

// costPolicy are the fields that have the cost of goods booked.
func costPolicy(p connection.Policy, shown map[string]string, suffix string) []views.Field {
	from := ""
	if p.CostFrom != (period.Date{}) {
		from = p.CostFrom.String()
	}
	return []views.Field{
		{Name: "cost_from", Label: "Cost of goods is booked from", Type: "date", Value: from, Hint: "The first day of a fiscal period. Empty: it is not booked here.", Error: shown["cost_from"], Suffix: suffix},
		{Name: "cost_account", Label: "Cost of goods sold", Value: p.CostAccount, Hint: "Account of the cost of what Amazon shipped.", Error: shown["cost_account"], Mono: true, Suffix: suffix},
		{Name: "stock_account", Label: "Inventory at Amazon", Value: p.StockAccount, Hint: "Account that it is taken out of.", Error: shown["stock_account"], Mono: true, Suffix: suffix},
	}
}

func (s *server) policySave(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	p, err := s.Connections.Policy(r.ctx(), id)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	p.Version = int32(parseID(in.text("version", 10)))
	p.SecondApprovalFrom, p.FreshSignInMinutes = in.amount("second_approval_from"), in.number("fresh_sign_in_minutes", 0, 1440)
	p.ClosedPeriod, p.RateSource = in.text("closed_period", 20), in.text("rate_source", 20)
	p.HeldSales, p.DeferredAccount = in.choice("held_sales", connection.OnRelease, connection.OnSale), in.text("deferred_account", 40)
	p.CostFrom, p.CostAccount, p.StockAccount = in.date("cost_from"), in.text("cost_account", 40), in.text("stock_account", 40)
	p.RoundingLimit = decimal.Zero
	if limit := in.amount("rounding_limit"); limit.Valid {
		p.RoundingLimit = limit.Decimal
	}
	if tolerance := in.amount("receivable_tolerance"); tolerance.Valid {
		p.ReceivableTolerance = tolerance.Decimal
	}
	if days := in.number("claim_days", 1, 730); days != 0 {
		p.ClaimDays = days
	}
	p.BooksFrom = in.date("books_from")
	p.MatchDeposits = in.choice("match_deposits", connection.ByHand, connection.Automatic)
	problem := in.err()
	if problem == nil {
		problem = s.Connections.SetPolicy(r.ctx(), p, r.actor())
	}
	if wrong := fault.FieldsOf(problem); wrong != nil {
		return s.showPolicies(r, 422, id, wrong)
	}
	if problem != nil {
		return problem
	}
	r.flash(views.Done, "Saved.", "Drafts are built again under the new policy.")
	return r.goTo("/admin/policies")
}

// periodList shows the fiscal periods as P21 has them.
func (s *server) periodList(r *request) error {
	periods, err := s.Connections.Periods(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	table := views.Table{Caption: "Fiscal periods", Columns: []views.Column{{Label: "Period", Kind: views.Tight}, {Label: "Connection"}, {Label: "From", Kind: views.Tight}, {Label: "To", Kind: views.Tight},
		{Label: "Open entries", Kind: views.Number}, {Label: "Posted entries", Kind: views.Number}, {Label: "In Prophet 21", Kind: views.Tight}},
		Empty: views.Empty{Icon: "calendar-days", Title: "No periods yet", Text: "They are read from Prophet 21 with the chart of accounts."}}
	for _, p := range periods {
		state := views.Pill{State: views.Done, Text: "Open"}
		if p.Closed {
			state = views.Pill{State: views.Neutral, Text: "Closed", Icon: "lock"}
		}
		key := periodKey(p.FiscalYear, p.Number)
		table.Rows = append(table.Rows, cells(views.RowLink(views.Link{Text: key, Href: fmt.Sprintf("/entries?period=%s&connection=%d", key, p.ConnectionID)}), views.Text(p.ConnectionName),
			views.Moment(r.format().Day(period.DateOf(p.StartsOn))), views.Moment(r.format().Day(period.DateOf(p.EndsOn))), views.Text(views.Count(int(p.OpenEntries))),
			views.Text(views.Count(int(p.PostedEntries))), views.StatusPill(state)))
	}
	return r.admin(views.Periods, "Periods", views.AdminPage{Sheets: []views.AdminSheet{{Title: "Fiscal periods", Table: &table}}})
}

const auditPageSize = 100

// auditList searches the audit log.
func (s *server) auditList(r *request) error {
	in := r.query()
	filter := audit.Filter{ObjectType: in.text("type", 60), ObjectID: in.text("id", 60), Actor: in.text("actor", 80), Action: in.text("action", 60), PageSize: auditPageSize}
	if key := in.key("after", 1); key != nil {
		filter.BeforeSeq = parseID(key[0])
	}
	if err := in.err(); err != nil {
		return err
	}
	events, err := s.Steward.Events(r.ctx(), filter)
	if err != nil {
		return err
	}
	table := views.Table{Caption: "Audit log", Dense: true, Columns: []views.Column{{Label: "Event", Kind: views.Number}, {Label: "When", Kind: views.Tight}, {Label: "Who", Kind: views.Tight}, {Label: "Action", Kind: views.Tight},
		{Label: "Object", Kind: views.Tight}, {Label: "Before", Kind: views.Clip}, {Label: "After", Kind: views.Clip}, {Label: "Reason", Kind: views.Wrap}, {Label: "Hash", Kind: views.Tight}},
		Empty: views.Empty{Icon: "scroll-text", Title: "No event matches"}}
	for _, e := range events {
		hash := hex.EncodeToString(e.Hash)
		table.Rows = append(table.Rows, cells(views.Text(views.Count(int(e.Seq))), views.Moment(r.format().Time(e.At)), views.Text(e.Actor), views.Text(e.Action),
			views.Text(e.ObjectType+" "+e.ObjectID), views.Code(string(e.Before)), views.Code(string(e.After)), views.Text(e.Reason), views.Copyable(views.Short(hash, 10), hash)))
	}
	if len(events) == auditPageSize {
		table.Pager.Next = r.link("after", nextKey(fmt.Sprint(events[len(events)-1].Seq)))
	}
	if filter.BeforeSeq != 0 {
		table.Pager.First = r.link("after", "")
	}
	return r.admin(views.AuditLog, "Audit log", views.AdminPage{
		Buttons: []views.Button{{Label: "Verify the chain", Icon: "shield-check", Action: "/admin/audit/verify"}},
		Sheets:  []views.AdminSheet{{Title: "Events", Lead: "Append-only and hash-chained. Filter with ?type=journal_entry&id=7&actor=Amy&action=approved.", Table: &table}}})
}

// auditVerify recomputes the chain.
func (s *server) auditVerify(r *request) error {
	began := time.Now()
	events, breaks, err := s.Steward.Chain(r.ctx())
	if err != nil {
		return err
	}
	if len(breaks) == 0 {
		r.flash(views.Done, "The chain holds.", fmt.Sprintf("%s events, recomputed in %s.", views.Count(int(events)), time.Since(began).Round(time.Millisecond)))
	} else {
		r.flash(views.Wrong, "The chain is broken.", fmt.Sprintf("Event %d: %s.", breaks[0].Seq, breaks[0].Reason))
	}
	return r.goTo("/admin/audit")
}
