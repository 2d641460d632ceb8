package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/settlement"
	"tieout/views"
)

// settlementDetail is what the pages of one settlement share.
type settlementDetail struct {
	settlement.Detail
	rules   *mapping.Matcher // nil while nothing is published
	rollups []settlement.Rollup
}

func (d settlementDetail) base() string { return fmt.Sprintf("/settlements/%d", d.ID) }

func (d settlementDetail) currency() money.Currency { return money.Currency(d.Currency) }

// zoned is an instant's day in the books' time zone.
func (d settlementDetail) cycle(f views.Format) string {
	return f.Cycle(period.DateOf(d.StartAt), period.DateOf(d.EndAt))
}

func (s *server) settlementDetail(r *request) (settlementDetail, error) {
	id, err := r.pathID("id")
	if err != nil {
		return settlementDetail{}, err
	}
	detail, err := s.Settlements.Get(r.ctx(), id)
	return settlementDetail{Detail: detail}, err
}

// withRules reads the sums of the settlement and the rules in use.
func (s *server) withRules(r *request, d *settlementDetail) error {
	var err error
	if d.rollups, err = s.Settlements.Rollups(r.ctx(), d.ID); err != nil {
		return err
	}
	if d.rules, err = s.Rules.InUse(r.ctx(), d.ConnectionID); fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func (s *server) settlementPage(r *request, d settlementDetail, tab string) (views.Page, views.SettlementHead) {
	crumb := views.Link{Text: "Settlements", Href: "/settlements"}
	page := r.page("Settlement "+d.AmazonID, views.Settlements, crumb)
	head := views.SettlementHead{
		Tie:    views.Tie{Difference: r.format().Value(d.Difference, d.currency()), Hint: "Lines " + money.Format(d.LineSum, d.currency()) + " against deposit " + money.Format(d.Deposit, d.currency())},
		Tabs:   views.SettlementTabs(d.base(), tab, views.Count(int(d.LineCount)), "", s.invoices(r, d.ConnectionID)),
		Status: views.Pill{State: views.Done, Text: "Current report"},
	}
	if !d.Difference.IsZero() {
		head.Status = views.Pill{State: views.Wrong, Text: "Out of balance"}
	}
	if d.ReplacedAt != nil {
		head.Status = views.Pill{State: views.Neutral, Text: "Replaced by a re-issue"}
	}
	if r.person.Can(identity.Export) {
		head.Actions = append(head.Actions, views.Button{Label: "Excel", Icon: "download", Href: d.base() + "/export.xlsx"})
	}
	return page, head
}

// settlementShow is the overview of a settlement.
func (s *server) settlementShow(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	return s.settlementOverview(r, d, 200, nil, nil)
}

// settlementOverview shows the overview; typed and wrong are of a form that is
// shown again, by the id of the unmapped kind or "correction".
func (s *server) settlementOverview(r *request, d settlementDetail, status int, typed map[string]string, wrong map[string]string) error {
	if err := s.withRules(r, &d); err != nil {
		return err
	}
	entries, err := s.Entries.OfSettlement(r.ctx(), d.ID)
	if err != nil {
		return err
	}
	accounts, err := s.Connections.Accounts(r.ctx(), d.ConnectionID)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "")
	categories, unmapped := r.categories(d, accounts)
	model := views.SettlementPage{Head: head, Facts: r.settlementFacts(d), Categories: categories, Accounts: accountOptions(accounts)}
	model.Deposit = views.CategoryRow{Name: "Deposit", Step: views.Step{Value: d.Deposit, Total: true}, Amount: r.format().Value(d.Deposit, d.currency()), Lines: views.Count(int(d.LineCount))}
	if model.Unmapped, err = s.unmappedModels(r, d, unmapped, typed, wrong); err != nil {
		return err
	}
	for _, e := range entries {
		model.Entries = append(model.Entries, views.SettlementEntry{Reference: e.Reference, Href: fmt.Sprintf("/entries/%d", e.ID), Period: periodKey(e.FiscalYear, e.Period),
			Version: fmt.Sprint(e.Version), Status: entryPill(e.Status), Debits: r.format().Value(e.Total, money.Currency(e.Currency)), Posted: e.P21Number})
	}
	if model.Reissued, err = s.reissuedModel(r, d); err != nil {
		return err
	}
	if model.Ties, err = s.settlementTies(r, d); err != nil {
		return err
	}
	if s.Deposits != nil && d.ReplacedAt == nil {
		bank, err := s.bankTie(r, d.ID)
		if err != nil {
			return err
		}
		model.Ties = append(model.Ties, bank)
	}
	if model.Correction, err = s.correctionModel(r, d, typed, wrong); err != nil {
		return err
	}
	model.Alerts = settlementAlerts(d)
	return r.showAs(status, views.SettlementView(page, model))
}

// reissuedModel compares a re-issue with what Prophet 21 holds of the report
// before it; nil when it holds nothing.
func (s *server) reissuedModel(r *request, d settlementDetail) (*views.Reissued, error) {
	if d.ReplacesID == nil || d.ReplacedAt != nil {
		return nil, nil
	}
	changes, posted, err := s.Entries.Reissued(r.ctx(), d.ID, *d.ReplacesID)
	if err != nil || !posted {
		return nil, err
	}
	return &views.Reissued{Lines: views.Link{Text: "Line by line", Href: d.base() + "/changes"}, Before: views.Link{Text: "The report before", Href: fmt.Sprintf("/settlements/%d", *d.ReplacesID)}, Changes: r.entryChanges(d.currency(), changes)}, nil
}

func settlementAlerts(d settlementDetail) []views.Alert {
	var alerts []views.Alert
	if d.ReplacedBy != 0 {
		alerts = append(alerts, views.Alert{State: views.Info, Title: "Amazon re-issued this settlement.", Text: "This is the older reading; it stays as evidence.",
			Action: views.Link{Text: "Open the current one", Href: fmt.Sprintf("/settlements/%d", d.ReplacedBy)}})
	}
	if d.ProblemCount > 0 {
		alerts = append(alerts, views.Alert{State: views.Wrong, Title: views.Counted(int(d.ProblemCount), "row could not be read.", "rows could not be read."),
			Text: "They are kept with their raw bytes and the reason.", Action: views.Link{Text: "See them", Href: fmt.Sprintf("/settlements/%d/documents", d.ID)}})
	}
	return alerts
}

func (r *request) settlementFacts(d settlementDetail) views.SettlementFacts {
	f := r.format()
	facts := views.SettlementFacts{
		Connection: views.Link{Text: d.ConnectionName, Href: fmt.Sprintf("/settlements?connection=%d", d.ConnectionID)}, Cycle: d.cycle(f),
		Marketplaces: strings.Join(d.Marketplaces, ", "), Deposit: f.Value(d.Deposit, d.currency()), Lines: views.Count(int(d.LineCount)), Format: d.Format,
	}
	if d.DepositAt != nil {
		facts.DepositDate = f.Day(period.DateOf(*d.DepositAt))
	}
	if d.rules != nil {
		facts.RuleSet = views.Link{Text: fmt.Sprintf("Rule set %d", d.rules.RuleSet().Number), Href: fmt.Sprintf("/rules?connection=%d", d.ConnectionID)}
	}
	return facts
}

// unmappedKind is a kind that no rule matches, with its sum.
type unmappedKind struct {
	id     int32
	kind   mapping.Kind
	lines  int
	amount decimal.Decimal
}

// categories sums the rollups by category, in the order of the waterfall.
func (r *request) categories(d settlementDetail, chart []connection.Account) ([]views.CategoryRow, []unmappedKind) {
	type sum struct {
		lines    int
		amount   decimal.Decimal
		accounts map[string]bool
		kinds    map[int32]bool
	}
	sums := map[mapping.Category]*sum{}
	missing := map[int32]*unmappedKind{}
	for _, x := range d.rollups {
		rule, ok := d.match(x)
		if !ok {
			m := missing[x.KindID]
			if m == nil {
				m = &unmappedKind{id: x.KindID, kind: kindOfRollup(x)}
				missing[x.KindID] = m
			}
			m.lines += int(x.Lines)
			m.amount = m.amount.Add(x.Amount)
			continue
		}
		c := sums[rule.Category]
		if c == nil {
			c = &sum{accounts: map[string]bool{}, kinds: map[int32]bool{}}
			sums[rule.Category] = c
		}
		c.lines += int(x.Lines)
		c.amount = c.amount.Add(x.Amount)
		c.kinds[x.KindID] = true
		if account, ok := d.rules.RuleSet().Account(rule); ok {
			c.accounts[account] = true
		}
	}
	names := map[string]string{}
	for _, a := range chart {
		names[a.Number] = a.Description
	}
	var rows []views.CategoryRow
	for _, info := range mapping.Categories() {
		c := sums[info.Category]
		if c == nil {
			continue
		}
		row := views.CategoryRow{Name: info.Title, Step: views.Step{Value: c.amount}, Lines: views.Count(c.lines),
			Amount: r.format().Value(c.amount, d.currency()).Linked(d.base()+"/lines?category="+string(info.Category), "lines of "+info.Title)}
		for _, account := range sortedKeys(c.accounts) {
			row.Accounts = append(row.Accounts, views.Link{Text: strings.TrimSpace(account + " " + names[account])})
		}
		rows = append(rows, row)
	}
	list := make([]unmappedKind, 0, len(missing))
	for _, m := range missing {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b unmappedKind) int { return int(a.id - b.id) })
	if len(list) > 0 {
		row := views.CategoryRow{Name: "Not mapped yet", State: views.Waiting, Note: views.Counted(len(list), "kind has no account yet", "kinds have no account yet")}
		total, lines := decimal.Zero, 0
		for _, m := range list {
			total, lines = total.Add(m.amount), lines+m.lines
		}
		row.Step, row.Lines = views.Step{Value: total}, views.Count(lines)
		row.Amount = r.format().Value(total, d.currency()).Linked(d.base()+"/lines?category=unmapped", "lines that no rule matches")
		rows = append(rows, row)
	}
	return rows, list
}

func (d settlementDetail) match(x settlement.Rollup) (mapping.Rule, bool) {
	if d.rules == nil {
		return mapping.Rule{}, false
	}
	return d.rules.Match(mapping.Subject{Kind: kindOfRollup(x), ProductGroup: x.ProductGroup, Fulfillment: x.Fulfillment})
}

func kindOfRollup(x settlement.Rollup) mapping.Kind {
	return mapping.Kind{Marketplace: x.Marketplace, TransactionType: x.TransactionType, AmountType: x.AmountType, AmountDescription: x.AmountDescription, Sign: int(x.Sign)}
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func accountOptions(chart []connection.Account) []views.Account {
	var options []views.Account
	for _, a := range chart {
		if a.Active && !a.Control {
			options = append(options, views.Account{Number: a.Number, Name: a.Description})
		}
	}
	return options
}

func (s *server) unmappedModels(r *request, d settlementDetail, kinds []unmappedKind, typed, wrong map[string]string) ([]views.UnmappedKind, error) {
	var models []views.UnmappedKind
	for _, k := range kinds {
		id := fmt.Sprint(k.id)
		model := views.UnmappedKind{ID: id, Name: k.kind.String(), Marketplace: k.kind.Marketplace, Lines: views.Counted(k.lines, "line", "lines"),
			Amount: r.format().Value(k.amount, d.currency()).Linked(d.base()+"/lines?kind="+id, "lines of "+k.kind.String()), Action: d.base() + "/resolve"}
		_, suggestions, err := s.Rules.Suggest(r.ctx(), d.ConnectionID, k.id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		category := mapping.Category("")
		if len(suggestions) > 0 {
			best := suggestions[0]
			model.Suggestion, model.Reason, category = best.Account, best.Reason, best.Category
		}
		if typed["kind"] == id {
			model.Value, model.Problem = typed["account"], errors.Join(problemsOf(wrong)...).Error()
			category = mapping.Category(typed["category"])
		}
		for _, info := range mapping.Categories() {
			if info.Category != mapping.Memo {
				model.Categories = append(model.Categories, views.Option{Value: string(info.Category), Label: info.Title, Current: info.Category == category})
			}
		}
		if !r.person.Can(identity.EditRules) {
			model.Why = "An accountant resolves this."
		}
		models = append(models, model)
	}
	return models, nil
}

func problemsOf(fields map[string]string) []error {
	problems := []error{errors.New("")}[:0]
	for _, message := range fields {
		problems = append(problems, errors.New(message))
	}
	if len(problems) == 0 {
		problems = append(problems, errors.New("this was refused"))
	}
	return problems
}

// settlementTies are the tie-outs besides the deposit: the chain of reserves
// and debts, tax, clearing.
func (s *server) settlementTies(r *request, d settlementDetail) ([]views.Check, error) {
	open, err := s.Exceptions.OfSettlement(r.ctx(), d.ID)
	if err != nil {
		return nil, err
	}
	tie := views.Check{State: views.Done, Name: "Lines against deposit", Reason: "The difference is 0.00 " + d.Currency + "."}
	if !d.Difference.IsZero() {
		tie.State, tie.Reason = views.Wrong, "The lines miss the deposit by "+money.Format(d.Difference, d.currency())+" "+d.Currency+"."
	}
	chain := views.Check{State: views.Done, Name: "Reserve and debt of the cycle before", Reason: "What the cycle before left is taken over here."}
	tax := views.Check{State: views.Done, Name: "Collected and withheld tax", Reason: "They cancel on every order where Amazon remits."}
	for _, x := range open {
		fix := views.Link{Text: "Open the exception", Href: fmt.Sprintf("/exceptions/%d", x.ID)}
		switch x.Class {
		case "chain_broken":
			chain = views.Check{State: views.Wrong, Name: chain.Name, Reason: x.Title, Fix: fix}
		case "tax_residue":
			tax = views.Check{State: views.Wrong, Name: tax.Name, Reason: x.Title, Fix: fix}
		}
	}
	return []views.Check{tie, chain, tax}, nil
}
