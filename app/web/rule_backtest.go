package web

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/views"
)

// backtestMonths is how far back a backtest looks where nobody chose a range.
const backtestMonths = 24

// backtestDesk is what a backtest compares, and over which settlements.
type backtestDesk struct {
	ruleDesk
	old, new *mapping.RuleSet // old is empty, with number 0, when nothing was published before
	within   mapping.Range
	period   string
	calendar period.Calendar
}

// backtestDesk reads what the address asks for. Without sets it compares the
// draft with what is in use.
func (s *server) backtestDesk(r *request) (backtestDesk, error) {
	in := r.query()
	b := backtestDesk{within: mapping.Range{From: in.date("from"), To: in.date("to")}, period: in.text("period", 10)}
	oldID, newID := in.id("old"), in.id("new")
	if err := in.err(); err != nil {
		return b, err
	}
	connection := r.connection()
	if newID != 0 {
		set, err := s.Rules.Load(r.ctx(), newID)
		if err != nil {
			return b, err
		}
		b.new, connection = set, set.ConnectionID
	}
	var err error
	if b.ruleDesk, err = s.ruleDesk(r, connection); err != nil {
		return b, err
	}
	if b.new == nil {
		b.new = b.shown()
	}
	if b.new == nil {
		return b, fault.New(fault.NotFound, "There are no rules yet.")
	}
	if b.old, err = s.backtestOld(r, b, oldID); err != nil {
		return b, err
	}
	if b.calendar, err = s.Rules.Calendar(r.ctx(), b.connection); err != nil {
		return b, err
	}
	return b, b.choosePeriod()
}

// backtestOld is the chosen set, otherwise the one in use, otherwise the one
// that the new set came from.
func (s *server) backtestOld(r *request, b backtestDesk, id int64) (*mapping.RuleSet, error) {
	if id == 0 {
		if b.published != nil && b.published.ID != b.new.ID {
			return b.published, nil
		}
		before, err := s.versionBefore(r, b.new)
		if before == nil && err == nil {
			before = &mapping.RuleSet{ConnectionID: b.connection}
		}
		return before, err
	}
	old, err := s.Rules.Load(r.ctx(), id)
	if err != nil {
		return nil, err
	}
	if old.ConnectionID != b.connection {
		return nil, fault.New(fault.NotFound, "This connection has no such rule set.")
	}
	return old, nil
}

func (b *backtestDesk) choosePeriod() error {
	if b.period == "" {
		return nil
	}
	for _, p := range b.calendar {
		if p.Key() == b.period {
			b.within.PostedFrom, b.within.PostedTo = p.Starts, p.Ends
			return nil
		}
	}
	return fault.New(fault.Invalid, "There is no fiscal period %q; a period is written as 2026-11.", b.period)
}

// query is what reproduces the backtest, as an address carries it.
func (b backtestDesk) query() url.Values {
	query := url.Values{"connection": {strconv.FormatInt(b.connection, 10)}, "new": {strconv.FormatInt(b.new.ID, 10)}}
	for name, value := range map[string]string{"old": idText(b.old.ID), "from": dayText(b.within.From), "to": dayText(b.within.To), "period": b.period} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func dayText(d period.Date) string {
	if d == (period.Date{}) {
		return ""
	}
	return d.String()
}

// backtestAddress is the backtest of a set against the one in use, over the
// settlements of the last two years.
func (r *request) backtestAddress(set *mapping.RuleSet, against *mapping.RuleSet) string {
	b := backtestDesk{ruleDesk: ruleDesk{connection: set.ConnectionID}, old: &mapping.RuleSet{}, new: set, within: r.lastYears()}
	if against != nil {
		b.old = against
	}
	return address("/rules/backtest", b.query())
}

func (r *request) lastYears() mapping.Range {
	return mapping.Range{From: period.DateOf(r.today().Time().AddDate(0, -backtestMonths, 0))}
}

// ruleBacktest shows what another rule set would have made of past settlements.
func (s *server) ruleBacktest(r *request) error {
	b, err := s.backtestDesk(r)
	if err != nil {
		return err
	}
	var page views.Page
	var model views.BacktestPage
	var result mapping.Backtest
	var names map[string]string
	err = atOnce(
		func() (err error) { result, err = s.Rules.Backtest(r.ctx(), b.old, b.new, b.within); return err },
		func() (err error) { names, err = s.accountNames(r, b.connection); return err },
		func() (err error) { model.Filter, err = s.backtestFilter(r, b); return err },
		func() error {
			page = r.page(fmt.Sprintf("Backtest of set %d", b.new.Number), views.MappingRules, r.rulesCrumb(b.connection))
			return nil
		})
	if err != nil {
		return err
	}
	model.Figures, model.Alerts, model.Export = r.backtestFigures(b, result), backtestAlerts(b, result), r.listExport()
	whole := r.QueryParam("show") == "all"
	for _, d := range result.Accounts {
		if whole || d.Changed() {
			model.Accounts = append(model.Accounts, r.backtestAccount(d, names))
		}
	}
	for _, d := range result.Totals() {
		model.Totals = append(model.Totals, r.backtestAccount(d, names))
	}
	model.Whole = views.Link{Text: fmt.Sprintf("Show all %d sums, those that stay as well", len(result.Accounts)), Href: r.link("show", "all")}
	if whole {
		model.Whole = views.Link{Text: "Show only what changes", Href: r.link("show", "")}
	}
	for _, m := range result.Moved {
		model.Moved = append(model.Moved, r.backtestMoved(b, m))
	}
	return r.show(views.BacktestView(page, model))
}

func (r *request) rulesCrumb(connection int64) views.Link {
	return views.Link{Text: "Mapping rules", Href: fmt.Sprintf("/rules?connection=%d", connection)}
}

// accountNames are the descriptions of the chart of accounts by number.
func (s *server) accountNames(r *request, connection int64) (map[string]string, error) {
	chart, err := s.Rules.Chart(r.ctx(), connection)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(chart))
	for _, account := range chart {
		names[account.Number] = account.Description
	}
	return names, nil
}

func backtestAlerts(b backtestDesk, result mapping.Backtest) []views.Alert {
	var alerts []views.Alert
	if b.old.ID == 0 {
		alerts = append(alerts, views.Alert{State: views.Info, Title: "There is no rule set before this one.", Text: "Everything counts as unmapped before."})
	}
	if c := result.Clearing; c.Old != c.New {
		alerts = append(alerts, views.Alert{State: views.Waiting, Title: "The clearing account changes.", Text: fmt.Sprintf("Every entry would balance on %s instead of %s; the lists leave that out.", orNone(c.New), orNone(c.Old))})
	}
	if result.Settlements > 0 && !result.Changed() {
		alerts = append(alerts, views.Alert{State: views.Done, Title: "Nothing moves.", Text: "Both rule sets make the same entries of these settlements."})
	}
	return alerts
}

func orNone(account string) string { return cmp.Or(account, "no account") }

func (r *request) backtestFigures(b backtestDesk, result mapping.Backtest) []views.Figure {
	unmapped := views.Figure{Name: "Unmapped lines", Value: views.Count(int(result.UnmappedOld)) + " → " + views.Count(int(result.UnmappedNew)), Pill: views.Pill{State: views.Done, Text: "Every line has a rule"}}
	if result.UnmappedNew > 0 {
		unmapped.Pill = views.Pill{State: views.Waiting, Text: "Lines without a rule"}
	}
	against := "Nothing before"
	if b.old.ID != 0 {
		against = fmt.Sprintf("Set %d, %s", b.old.Number, b.old.State)
	}
	figures := []views.Figure{
		{Name: "Compared", Value: fmt.Sprintf("Set %d", b.new.Number), Note: "with " + lowerFirst(against)},
		{Name: "Settlements", Value: views.Count(int(result.Settlements)), Note: views.Counted(int(result.Lines), "line", "lines")},
		{Name: "Lines that move", Value: views.Count(int(result.MovedLines)), Note: views.Counted(len(result.Moved), "kind", "kinds")}, unmapped,
	}
	for _, t := range result.Totals() {
		tie := views.Figure{Name: "Sum of all accounts", Value: r.format().Value(t.New, t.Currency).Text, Currency: string(t.Currency), Pill: views.Pill{State: views.Done, Text: "The same before"}}
		if t.Changed() {
			tie.Pill = views.Pill{State: views.Wrong, Text: "Differs by " + r.format().Value(t.Difference(), t.Currency).Text}
		}
		figures = append(figures, tie)
	}
	return figures
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

func (r *request) backtestAccount(d mapping.AccountDelta, names map[string]string) views.BacktestAccount {
	f := r.format()
	a := views.BacktestAccount{Account: d.Account, Name: names[d.Account], Period: d.Period, Differs: d.Changed(),
		Old: f.Value(d.Old, d.Currency), New: f.Value(d.New, d.Currency), Change: f.Value(d.Difference(), d.Currency)}
	if d.Account == "" {
		a.Name = "No rule, or no account picked"
	}
	if d.Period == "" {
		a.Period = "no period"
	}
	return a
}

func (r *request) backtestMoved(b backtestDesk, m mapping.Moved) views.BacktestMoved {
	query := b.query()
	for name, value := range map[string]string{"group": m.ProductGroup, "fulfillment": m.Fulfillment} {
		if value != "" {
			query.Set(name, value)
		}
	}
	kind := m.Kind.String()
	if m.Marketplace != "" {
		kind += ", " + m.Marketplace
	}
	return views.BacktestMoved{Kind: views.Link{Text: kind, Href: address(fmt.Sprintf("/rules/backtest/kinds/%d", m.KindID), query)}, Also: subjectAlso(m.Subject),
		Lines: views.Count(int(m.Lines)), Amount: r.format().Money(m.Amount), Old: backtestTarget(m.Old), New: backtestTarget(m.New)}
}

// subjectAlso is what rules may look at besides the names of a kind.
func subjectAlso(x mapping.Subject) string {
	var parts []string
	for _, text := range []string{signText(x.Sign), x.ProductGroup, x.Fulfillment} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

func signText(sign int) string {
	switch sign {
	case 1:
		return "positive"
	case -1:
		return "negative"
	}
	return "zero"
}

func backtestTarget(t mapping.Target) views.BacktestTarget {
	if t.Rule == 0 {
		return views.BacktestTarget{}
	}
	note := t.Category.Title()
	if t.Branch != "" {
		note += ", branch " + t.Branch
	}
	return views.BacktestTarget{Rule: fmt.Sprintf("rule %d", t.Rule), Account: t.Account, Note: note}
}

// backtestFilter chooses the two sets and the settlements.
func (s *server) backtestFilter(r *request, b backtestDesk) (views.Filter, error) {
	versions, err := s.Rules.History(r.ctx(), b.connection)
	if err != nil {
		return views.Filter{}, err
	}
	sets := func(chosen int64) []views.Option {
		var options []views.Option
		if chosen == 0 {
			options = append(options, views.Option{Label: "Nothing", Current: true})
		}
		for _, v := range versions {
			options = append(options, views.Option{Value: strconv.FormatInt(v.ID, 10), Label: fmt.Sprintf("Set %d, %s", v.Number, v.State), Current: v.ID == chosen})
		}
		return options
	}
	periods := []views.Option{{Label: "Any"}}
	for _, p := range slices.Backward(b.calendar) {
		if !r.today().Before(p.Starts) {
			periods = append(periods, views.Option{Value: p.Key(), Label: p.Key(), Current: p.Key() == b.period})
		}
	}
	bar := views.Filter{Action: "/rules/backtest", Keep: []views.Hidden{{Name: "connection", Value: strconv.FormatInt(b.connection, 10)}}, Fields: []views.Field{
		{Name: "old", Label: "Before", Options: sets(b.old.ID)}, {Name: "new", Label: "After", Options: sets(b.new.ID)},
		{Name: "from", Label: "Settlements that end from", Type: "date", Value: dayText(b.within.From)}, {Name: "to", Label: "to", Type: "date", Value: dayText(b.within.To)},
		{Name: "period", Label: "Amounts posted in period", Options: periods},
	}}
	if show := r.QueryParam("show"); show != "" {
		bar.Keep = append(bar.Keep, views.Hidden{Name: "show", Value: show})
	}
	if b.period != "" || b.within != (mapping.Range{}) {
		bar.Clear = r.link("from", "", "to", "", "period", "")
	}
	return bar, nil
}

// ruleBacktestKind shows in which settlements the lines of a sort stand.
func (s *server) ruleBacktestKind(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	b, err := s.backtestDesk(r)
	if err != nil {
		return err
	}
	in := r.query()
	group, fulfillment := in.text("group", 100), in.text("fulfillment", 10)
	if err := in.err(); err != nil {
		return err
	}
	kind, places, err := s.Rules.Places(r.ctx(), b.connection, int32(id), group, fulfillment, b.within)
	if err != nil {
		return err
	}
	subject := mapping.Subject{Kind: kind, ProductGroup: group, Fulfillment: fulfillment}
	model := views.BacktestKindPage{Facts: []views.Fact{{Name: "Marketplace", Value: views.Text(cmp.Or(kind.Marketplace, "none"))}, {Name: "Also", Value: views.Text(subjectAlso(subject))}}}
	for _, side := range []struct {
		name string
		set  *mapping.RuleSet
	}{{"Before", b.old}, {"After", b.new}} {
		model.Facts = append(model.Facts, views.Fact{Name: fmt.Sprintf("%s, set %d", side.name, side.set.Number), Value: views.Text(targetText(mapping.Compile(*side.set).Target(subject)))})
	}
	model.Places, model.Totals = r.backtestPlaces(b, id, places)
	back := views.Link{Text: fmt.Sprintf("Backtest of set %d", b.new.Number), Href: address("/rules/backtest", b.query())}
	page := r.page(kind.String(), views.MappingRules, r.rulesCrumb(b.connection), back)
	return r.show(views.BacktestKindView(page, model))
}

func targetText(t mapping.Target) string {
	if t.Rule == 0 {
		return "no rule"
	}
	return fmt.Sprintf("%s, rule %d, %s", orNone(t.Account), t.Rule, t.Category.Title())
}

// backtestPlaces lists settlements and adds them up. The lines of a settlement
// are those of the kind, posted in the chosen period.
func (r *request) backtestPlaces(b backtestDesk, kind int64, places []mapping.Place) (rows, totals []views.BacktestPlace) {
	sums := map[money.Currency]*mapping.Place{}
	for _, p := range places {
		base := fmt.Sprintf("/settlements/%d", p.SettlementID)
		query := url.Values{"kind": {strconv.FormatInt(kind, 10)}}
		if b.period != "" {
			query.Set("from", b.within.PostedFrom.String())
			query.Set("to", b.within.PostedTo.String())
		}
		rows = append(rows, views.BacktestPlace{Settlement: views.Link{Text: p.AmazonID, Href: base}, Cycle: r.format().Cycle(p.From, p.To), Lines: views.Count(int(p.Lines)),
			Link: views.Link{Text: "Lines", Href: address(base+"/lines", query)}, Amount: r.format().Money(p.Amount)})
		sum := sums[p.Amount.Currency]
		if sum == nil {
			sum = &mapping.Place{Amount: money.Amount{Currency: p.Amount.Currency}}
			sums[p.Amount.Currency] = sum
		}
		sum.Lines += p.Lines
		sum.Amount.Value = sum.Amount.Value.Add(p.Amount.Value)
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		totals = append(totals, views.BacktestPlace{Lines: views.Count(int(sums[currency].Lines)), Amount: r.format().Money(sums[currency].Amount)})
	}
	return rows, totals
}

// ruleBacktestExport sends the backtest as a workbook.
func (s *server) ruleBacktestExport(r *request) error {
	b, err := s.backtestDesk(r)
	if err != nil {
		return err
	}
	bar, err := s.backtestFilter(r, b)
	if err != nil {
		return err
	}
	about, err := s.about(r, bar)
	if err != nil {
		return err
	}
	result, err := s.Rules.Backtest(r.ctx(), b.old, b.new, b.within)
	if err != nil {
		return err
	}
	names, err := s.accountNames(r, b.connection)
	if err != nil {
		return err
	}
	return r.workbook(fmt.Sprintf("backtest-%s-%d", b.name, b.new.Number), func(w io.Writer) error { return s.Workbooks.Backtest(w, about, result, names) })
}
