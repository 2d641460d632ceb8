package web

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/outbound"
	"tieout/app/period"
	"tieout/views"
)

func (r *request) entryModel(d entryDetail) views.EntryPage {
	e := d.entry
	able := r.entryAbility(d)
	model := views.EntryPage{
		Status: entryPill(e.Status), Reversal: e.EntryType == "reversal", Actions: able.buttons, Forms: able.forms, Why: able.why,
		Print: len(d.lines) > 0, Alerts: entryAlerts(e), Facts: r.entryFacts(e), Delivery: r.deliveryModel(d),
		History: d.history, Comments: d.comments, Signatures: r.signatures(d),
	}
	model.Lines, model.Totals = r.entryLines(e, d.lines)
	for _, finding := range d.checks {
		model.Checks = append(model.Checks, checkOf(finding))
	}
	given := 0
	for _, a := range d.approvals {
		approval := views.EntryApproval{Who: a.Name, When: r.format().Time(a.At), Hash: views.Short(hex.EncodeToString(a.ContentHash), 10)}
		if a.VoidedAt != nil {
			approval.Voided = a.VoidReason
		} else {
			given++
		}
		model.Approvals = append(model.Approvals, approval)
	}
	model.Needed = fmt.Sprintf("%d of %s", given, views.Counted(int(e.ApprovalsNeeded), "approval", "approvals"))
	if d.previous != nil {
		model.Previous = views.Link{Text: d.previous.Reference, Href: entryPath(*d.previous, "")}
		model.Changes = r.entryChanges(money.Currency(e.Currency), journal.Compare(d.before, d.lines))
	}
	for _, file := range d.attachments {
		model.Attachments = append(model.Attachments, views.EntryFile{Name: file.Name, Size: views.Bytes(file.Size), Who: file.AddedName,
			When: r.format().Time(file.AddedAt), Href: fmt.Sprintf("%s/%d", entryPath(e, "attachments"), file.ID)})
	}
	if r.person.Can(identity.Comment) {
		model.Comment, model.Attach = entryPath(e, "comment"), entryPath(e, "attachments")
	}
	return model
}

func checkOf(f journal.Finding) views.Check {
	check := views.Check{State: views.Done, Name: f.Name, Reason: f.Reason}
	if !f.OK {
		check.State = views.Wrong
	}
	return check
}

// entryAlerts say what a person must know before anything else.
func entryAlerts(e journal.Entry) []views.Alert {
	var alerts []views.Alert
	add := func(state views.State, title, text string, link views.Link) {
		alerts = append(alerts, views.Alert{State: state, Title: title, Text: text, Action: link})
	}
	ends := e.ReverseOn != nil
	reversal := views.Link{Text: "Open the reversal", Href: fmt.Sprintf("/entries/%d", e.ReversedBy)}
	switch status := journal.Status(e.Status); {
	case status == journal.Draft && e.Reason != "" && e.EntryType != "reversal":
		add(views.Waiting, "This entry was sent back.", e.Reason, views.Link{})
	case status == journal.Unknown:
		add(views.Wrong, "Whether Prophet 21 holds this entry cannot be known.",
			e.Reason+" Look in Prophet 21 for the reference "+e.Reference+" before you decide: nothing is sent again by itself.", views.Link{})
	case status == journal.Posted && e.ReversedBy != 0 && ends:
		add(views.Info, "This entry ended on its day.", "Its mirror was approved with it.", reversal)
	case status == journal.Posted && e.ReversedBy != 0:
		add(views.Info, "A reversal of this entry is under way.", "", reversal)
	case status == journal.Reversed:
		add(views.Info, "This entry was reversed.", "", reversal)
	}
	if e.MovedFrom != "" {
		add(views.Info, "Moved from period "+e.MovedFrom+".", "That period is closed, or its accrual has these amounts and ends in this one.", views.Link{})
	}
	return alerts
}

func (r *request) entryFacts(e journal.Entry) []views.Fact {
	f := r.format()
	currency := money.Currency(e.Currency)
	facts := []views.Fact{
		entryAbout(e),
		{Name: "Connection", Value: views.Text(e.ConnectionName)},
		{Name: "Period", Value: views.Text(periodKey(e.FiscalYear, e.Period))},
		{Name: "Date", Value: views.Moment(f.Day(period.DateOf(e.EntryOn)))},
		{Name: "Debits", Value: views.Money(f.Value(e.Total, currency))},
		{Name: "Clearing", Value: views.Money(f.Value(e.Clearing, currency))},
		{Name: "Journal", Value: views.Text(strings.TrimSpace(e.Company + " " + e.Journal))},
	}
	if e.RuleSetID != 0 {
		facts = append(facts, views.Fact{Name: "Rules", Value: views.Anchor(views.Link{Text: fmt.Sprintf("Set %d", e.RuleSetNumber), Href: ruleSetPath(e.RuleSetID)})})
	}
	if e.ReverseOn != nil {
		facts = append(facts, views.Fact{Name: "Reversed on", Value: views.Moment(f.Day(period.DateOf(*e.ReverseOn)))})
	}
	if e.Currency != e.FunctionalCurrency {
		rate := fmt.Sprintf("1 %s = %s %s", e.Currency, e.Rate.String(), e.FunctionalCurrency)
		facts = append(facts, views.Fact{Name: "Rate", Value: views.Together(views.Text(rate), views.Soft(e.RateNote))})
	}
	if e.P21Number != "" {
		facts = append(facts, views.Fact{Name: "P21 number", Value: views.Copyable(e.P21Number, e.P21Number)})
	}
	if e.ReversesID != nil {
		facts = append(facts, views.Fact{Name: "Reverses", Value: views.Anchor(views.Link{Text: "Entry " + strconv.FormatInt(*e.ReversesID, 10), Href: fmt.Sprintf("/entries/%d", *e.ReversesID)})})
	}
	return append(facts, views.Fact{Name: "Description", Value: views.Text(e.Description)})
}

// entryLines shows the lines and adds them up.
func (r *request) entryLines(e journal.Entry, lines []journal.EntryLine) ([]views.EntryLine, views.EntryLine) {
	var rows []views.EntryLine
	var debit, credit, functionalDebit, functionalCredit decimal.Decimal
	sources := int64(0)
	for _, l := range lines {
		debit, credit = debit.Add(l.Debit), credit.Add(l.Credit)
		functionalDebit, functionalCredit = functionalDebit.Add(l.FunctionalDebit), functionalCredit.Add(l.FunctionalCredit)
		sources += l.SourceLines
		row := r.entryLine(e, l)
		href := fmt.Sprintf("%s/lines/%d", entryPath(e, ""), l.LineNo)
		row.Debit, row.Credit = row.Debit.Linked(href, "what it is made of"), row.Credit.Linked(href, "what it is made of")
		rows = append(rows, row)
	}
	total := r.entryLine(e, journal.EntryLine{Debit: debit, Credit: credit, FunctionalDebit: functionalDebit, FunctionalCredit: functionalCredit, SourceLines: sources})
	return rows, total
}

func (r *request) entryLine(e journal.Entry, l journal.EntryLine) views.EntryLine {
	row := views.EntryLine{
		Number: strconv.Itoa(int(l.LineNo)), Account: l.Account, Name: l.AccountName, Problem: accountProblem(l), About: lineAbout(l),
		Debit: r.unlessZero(l.Debit, e.Currency), Credit: r.unlessZero(l.Credit, e.Currency),
	}
	if l.SourceLines > 0 {
		row.Sources = views.Count(int(l.SourceLines))
	}
	if e.Currency != e.FunctionalCurrency {
		row.FunctionalDebit, row.FunctionalCredit = r.unlessZero(l.FunctionalDebit, e.FunctionalCurrency), r.unlessZero(l.FunctionalCredit, e.FunctionalCurrency)
	}
	return row
}

func (r *request) unlessZero(value decimal.Decimal, currency string) views.Amount {
	if value.IsZero() {
		return views.Amount{}
	}
	return r.format().Value(value, money.Currency(currency))
}

func accountProblem(l journal.EntryLine) string {
	switch {
	case !l.AccountKnown:
		return "Not in P21"
	case !l.AccountActive:
		return "Inactive"
	case l.AccountControl:
		return "Control account"
	}
	return ""
}

// lineAbout says what a line is for.
func lineAbout(l journal.EntryLine) string {
	what := mapping.Category(l.Category).Title()
	if _, of := mapping.Category(l.Category).Info(); !of && l.Description != "" {
		what = l.Description // no category of settlement lines: cost, revaluation, rounding
	}
	if l.Clearing && l.Category == mapping.SlotClearing {
		what = "Clearing"
	}
	parts := []string{what}
	for _, part := range []string{l.Marketplace, l.Branch} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " · ")
}

func lineTitle(l journal.EntryLine) string {
	return fmt.Sprintf("Line %d, %s", l.LineNo, lineAbout(l))
}

func notFoundLine(e journal.Entry, number int64) error {
	return fault.New(fault.NotFound, "Entry %s has no line %d.", e.Reference, number)
}

// entryChanges shows the accounts whose amount differs between two versions.
func (r *request) entryChanges(currency money.Currency, changes []journal.Change) []views.EntryChange {
	f := r.format()
	var rows []views.EntryChange
	for _, c := range changes {
		rows = append(rows, views.EntryChange{Account: c.Account, Name: c.Name, Before: f.Value(c.Before, currency), Now: f.Value(c.Now, currency), Change: f.Value(c.By(), currency)})
	}
	return rows
}

// deliveryModel shows how far the way to P21 has come; nil before it begins.
func (r *request) deliveryModel(d entryDetail) *views.EntryDelivery {
	m := d.message
	if m.ID == 0 {
		return nil
	}
	delivery := &views.EntryDelivery{Status: deliveryPill(m.State), Payload: indented(m.Payload), Facts: []views.Fact{
		{Name: "Reference", Value: views.Copyable(m.Reference, m.Reference)},
		{Name: "Company", Value: views.Text(m.Target)},
		{Name: "Tries", Value: views.Text(strconv.Itoa(m.Attempts))},
		{Name: "Last change", Value: views.Moment(r.format().Time(m.UpdatedAt))},
	}}
	if m.RemoteKey != "" {
		delivery.Facts = append(delivery.Facts, views.Fact{Name: "Journal in P21", Value: views.Code(m.RemoteKey)})
	}
	if m.Error != "" {
		delivery.Facts = append(delivery.Facts, views.Fact{Name: "Last answer", Value: views.Text(m.Error)})
	}
	for _, step := range d.steps {
		what := step.Detail
		if step.Actor != "" {
			what = strings.TrimPrefix(what+" · "+step.Actor, " · ")
		}
		delivery.Steps = append(delivery.Steps, views.Event{State: deliveryPill(step.Step).State, Who: step.Step, What: what, When: r.format().Time(step.At)})
	}
	return delivery
}

// indented is JSON for people; what is no JSON stays as it is.
func indented(text []byte) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return text
	}
	return out.Bytes()
}

func deliveryPill(state string) views.Pill {
	pill := views.Pill{State: views.Info, Text: state}
	switch state {
	case outbound.Confirmed:
		pill.State = views.Done
	case outbound.Declined, outbound.Unknown:
		pill.State = views.Wrong
	}
	return pill
}

// signatures are the names at the foot of the printed entry.
func (r *request) signatures(d entryDetail) []views.Signature {
	signatures := []views.Signature{{Role: "Prepared by", Name: d.entry.SubmittedName, When: r.format().Time(orZeroTime(d.entry.SubmittedAt))}}
	for _, a := range d.approvals {
		if a.VoidedAt == nil {
			signatures = append(signatures, views.Signature{Role: "Approved by", Name: a.Name, When: r.format().Time(a.At)})
		}
	}
	for len(signatures) < 1+int(d.entry.ApprovalsNeeded) {
		signatures = append(signatures, views.Signature{Role: "Approved by"})
	}
	return append(signatures, views.Signature{Role: "Posted by"})
}

func orZeroTime(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// partsModel shows what a line is made of.
func (r *request) partsModel(e journal.Entry, line journal.EntryLine, parts []journal.Part) views.EntryParts {
	row := r.entryLine(e, line)
	model := views.EntryParts{Note: partsNote(e, line), Facts: []views.Fact{
		{Name: "Account", Value: views.Together(views.Code(row.Account), views.Text(row.Name))},
		{Name: side(line), Value: views.Money(either(row.Debit, row.Credit))},
		{Name: "For", Value: views.Text(row.About)},
		{Name: "Settlement", Value: views.Anchor(views.Link{Text: e.AmazonID, Href: fmt.Sprintf("/settlements/%d", e.SettlementID)})},
	}}
	lines, sum := int64(0), decimal.Zero
	currency := money.Currency(e.Currency)
	for _, part := range parts {
		lines, sum = lines+part.Lines, sum.Add(part.Amount)
		href := fmt.Sprintf("/settlements/%d/lines?from=%s&kind=%d&to=%s", e.SettlementID, part.First, part.KindID, part.Last)
		model.Rows = append(model.Rows, views.EntryPart{
			Kind: part.Kind.String(), Marketplace: part.Kind.Marketplace, Days: r.days(part.First, part.Last), Lines: views.Count(int(part.Lines)),
			Rule:   views.Link{Text: fmt.Sprintf("Set %d", e.RuleSetNumber), Href: ruleSetPath(e.RuleSetID)},
			Amount: r.format().Value(part.Amount, currency).Linked(href, "its settlement lines"),
		})
	}
	model.Lines, model.Total = views.Count(int(lines)), r.format().Value(sum, currency)
	return model
}

// days is a span of accounting dates.
func (r *request) days(first, last period.Date) string {
	if first == last {
		return r.format().Day(first).Text
	}
	return r.format().Cycle(first, last)
}

func side(l journal.EntryLine) string {
	if l.Credit.IsZero() {
		return "Debit"
	}
	return "Credit"
}

// either is the one of two amounts that is there.
func either(a, b views.Amount) views.Amount {
	if a.Text != "" {
		return a
	}
	return b
}

func partsNote(e journal.Entry, line journal.EntryLine) string {
	sign := "Amounts are from the seller's side, as Amazon reports them: positive raises the payout and is a credit."
	switch {
	case e.SettlementID == 0:
		return "Positive amounts credit the account of their line."
	case line.Clearing:
		return "The clearing line balances the entry: it is what all these amounts leave for the deposit. " + sign
	case line.Category == "rounding":
		return "It holds what converting each line to " + e.FunctionalCurrency + " leaves over."
	case e.ReversesID != nil:
		return "This line mirrors one of the reversed entry; these amounts are behind that one. " + sign
	}
	return sign
}
