package web

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/closing"
	"tieout/app/identity"
	"tieout/app/insight"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/settlement"
	"tieout/views"
)

// overviewShow says what waits, what is wrong and what blocks the next close.
func (s *server) overviewShow(r *request) error {
	start, err := s.overviewStart(r)
	if err != nil {
		return err
	}
	model := views.OverviewPage{Start: start}
	if start != nil {
		return r.show(views.OverviewView(r.page("Overview", views.Overview), model))
	}
	r.connection() // reads the address once, for all of them
	var page views.Page
	parts := []func() error{func() error { page = r.page("Overview", views.Overview); return nil }}
	for _, part := range []func(*request, *views.OverviewPage) error{s.overviewClose, s.overviewMoney, s.overviewEntries, s.overviewExceptions, s.overviewFlows, s.overviewReserves, s.overviewHeld, s.overviewTrends} {
		parts = append(parts, func() error { return part(r, &model) })
	}
	if err := atOnce(parts...); err != nil {
		return err
	}
	return r.show(views.OverviewView(page, model))
}

// overviewStart says what to do first while there is nothing to show; nil: there is.
func (s *server) overviewStart(r *request) (*views.Empty, error) {
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return nil, err
	}
	if len(connections) == 0 {
		start := &views.Empty{Icon: "plug", Title: "Nothing is connected yet", Text: "An administrator connects Amazon and Prophet 21 first."}
		if r.person.Can(identity.ManageConnections) {
			start.Text, start.Action = "A connection pairs an Amazon seller account with a Prophet 21 company.", views.Link{Text: "Create the first connection", Href: "/admin/connections/new"}
		}
		return start, nil
	}
	settlements, err := s.Settlements.Totals(r.ctx(), settlement.Filter{})
	if err != nil || len(settlements) > 0 {
		return nil, err
	}
	start := &views.Empty{Icon: "receipt-text", Title: "No settlement yet", Text: "Amazon's settlement reports are fetched by themselves, back to 90 days. Older ones can be uploaded."}
	if r.person.Can(identity.UploadReports) {
		start.Action = views.Link{Text: "Upload reports", Href: "/settlements/upload"}
	}
	return start, nil
}

func (s *server) overviewMoney(r *request, model *views.OverviewPage) error {
	if err := s.overviewDeposits(r, model); err != nil {
		return err
	}
	waiting, err := s.Insight.Waiting(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	for _, w := range waiting {
		model.Figures = append(model.Figures, views.Figure{Name: "Not posted yet", Value: money.Format(w.Deposit, money.Currency(w.Currency)), Currency: w.Currency,
			Note: views.Counted(int(w.Settlements), "settlement", "settlements"), Href: "/settlements?currency=" + w.Currency})
	}
	if len(model.Figures) > 4 {
		model.Figures = model.Figures[:4]
	}
	return nil
}

// overviewDeposits says what of the deposits no bank statement explains.
func (s *server) overviewDeposits(r *request, model *views.OverviewPage) error {
	if s.Deposits == nil {
		return nil
	}
	figures, err := s.Deposits.Figures(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	for _, f := range joined(figures) {
		if f.Items > 0 {
			model.Figures = append(model.Figures, views.Figure{Name: "Deposits not reconciled", Value: money.Format(f.Unexplained.Value, f.Unexplained.Currency), Currency: string(f.Unexplained.Currency),
				Note: views.Counted(int(f.Items), "open item", "open items"), Href: r.scoped(depositBase)})
		}
	}
	model.Figures = model.Figures[:min(2, len(model.Figures))]
	return nil
}

func (s *server) overviewEntries(r *request, model *views.OverviewPage) error {
	sums, err := s.Entries.Sums(r.ctx(), journal.Filter{ConnectionID: r.connection()})
	if err != nil {
		return err
	}
	for _, sum := range sums {
		count := views.StateCount{Status: entryPill(sum.Status), Count: views.Count(int(sum.Entries)),
			Amount: r.format().Value(sum.Total, money.Currency(sum.Currency)), Href: "/entries?state=" + sum.Status}
		if !journal.Status(sum.Status).Final() {
			count.Oldest = views.Span(s.Clock.Now().Sub(sum.Oldest))
		}
		model.Entries = append(model.Entries, count)
	}
	return nil
}

func (s *server) overviewExceptions(r *request, model *views.OverviewPage) error {
	counts, err := s.Exceptions.Counts(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	for _, c := range counts {
		cause := views.CauseCount{Cause: classTitle(c.Class), Count: views.Count(int(c.Causes)),
			Oldest: views.Span(s.Clock.Now().Sub(c.Oldest)), Href: "/exceptions?class=" + string(c.Class), State: views.Waiting}
		for _, m := range c.Money {
			cause.Amount = append(cause.Amount, r.format().Money(m))
		}
		model.Exceptions = append(model.Exceptions, cause)
	}
	return nil
}

func (s *server) overviewFlows(r *request, model *views.OverviewPage) error {
	flows, err := s.Insight.Flows(r.ctx())
	if err != nil {
		return err
	}
	for _, f := range flows {
		if r.connection() != 0 && f.ID != r.connection() {
			continue
		}
		health := views.FlowHealth{Name: "Settlement reports", Connection: cmp.Or(f.Title, f.Name), Href: "/settlements?connection=" + strconv.FormatInt(f.ID, 10),
			Status: flowPill(f), Throughput: views.Counted(int(f.Imported), "report", "reports")}
		if f.FoundAt.After(time.Unix(0, 0)) {
			health.Success = r.format().Ago(f.FoundAt, s.Clock.Now())
		}
		if f.Waiting > 0 {
			health.Lag = views.Counted(int(f.Waiting), "report waits", "reports wait")
		}
		model.Flows = append(model.Flows, health)
	}
	return nil
}

func flowPill(f insight.Flow) views.Pill {
	switch {
	case f.PausedAt != nil:
		return views.Pill{State: views.Waiting, Text: "Paused"}
	case f.Failed > 0:
		return views.Pill{State: views.Wrong, Text: views.Counted(int(f.Failed), "report unreadable", "reports unreadable")}
	case f.Waiting > 0:
		return views.Pill{State: views.Info, Text: "Fetching"}
	}
	return views.Pill{State: views.Done, Text: "Up to date"}
}

func (s *server) overviewReserves(r *request, model *views.OverviewPage) error {
	reserves, err := s.Insight.Reserves(r.ctx(), r.connection())
	if err != nil {
		return err
	}
	for _, x := range reserves {
		currency := money.Currency(x.Currency)
		held := views.ReserveHeld{Connection: x.Name, Held: r.format().Value(x.Held, currency), Href: fmt.Sprintf("/settlements/%d", x.SettlementID),
			Tie: views.Tie{Difference: r.format().Value(decimal.Zero, currency), Hint: "Each cycle releases what the one before held."}, Release: "with the next settlement"}
		if !x.Chained {
			held.Tie.Difference = r.format().Value(x.Held, currency)
			held.Release = "the chain is broken"
		}
		model.Reserves = append(model.Reserves, held)
	}
	return nil
}

const trendCycles = 13

// overviewTrends draws sales, fees and refunds over the newest cycles of one
// connection: the chosen one, otherwise the first.
func (s *server) overviewTrends(r *request, model *views.OverviewPage) error {
	id := r.connection()
	if id == 0 {
		connections, err := s.Insight.Connections(r.ctx())
		if err != nil || len(connections) == 0 {
			return err
		}
		id = connections[0].ID
	}
	rules, err := s.Rules.InUse(r.ctx(), id)
	if err != nil {
		return nil // without rules there are no categories to draw
	}
	sums, err := s.Insight.Cycles(r.ctx(), id, trendCycles)
	if err != nil {
		return err
	}
	model.Trends = trends(rules, sums)
	return nil
}

func trends(rules *mapping.Matcher, sums []insight.CycleSum) []views.Trend {
	type cycle struct {
		label                string
		sales, fees, refunds decimal.Decimal
	}
	var cycles []cycle
	categories := map[int32]mapping.CategoryInfo{} // by kind; none for what no rule takes
	last := int64(0)
	for _, x := range sums {
		if x.ID != last {
			last = x.ID
			cycles = append(cycles, cycle{label: x.EndAt.Format("2 Jan")})
		}
		c := &cycles[len(cycles)-1]
		info, known := categories[x.KindID]
		if !known {
			if rule, ok := rules.Match(mapping.Subject{Kind: x.Kind}); ok {
				info, _ = rule.Category.Info()
			}
			categories[x.KindID] = info
		}
		switch {
		case info.Category == mapping.Sales:
			c.sales = c.sales.Add(x.Amount)
		case info.Class == mapping.ClassFees:
			c.fees = c.fees.Sub(x.Amount)
		case info.Category == mapping.Refunds:
			c.refunds = c.refunds.Sub(x.Amount)
		}
	}
	if len(cycles) == 0 {
		return nil
	}
	sales, fees, refunds := views.Trend{Title: "Sales per cycle"}, views.Trend{Title: "Fees, % of sales", Line: true}, views.Trend{Title: "Refunds, % of sales", Line: true}
	share := func(part, whole decimal.Decimal) decimal.Decimal {
		if whole.IsZero() {
			return decimal.Zero
		}
		return part.Shift(2).DivRound(whole, 1)
	}
	for _, c := range cycles {
		sales.Points = append(sales.Points, views.Point{Label: c.label, Text: money.Format(c.sales, ""), Value: c.sales})
		fees.Points = append(fees.Points, views.Point{Label: c.label, Text: views.Percent(c.fees, c.sales), Value: share(c.fees, c.sales)})
		refunds.Points = append(refunds.Points, views.Point{Label: c.label, Text: views.Percent(c.refunds, c.sales), Value: share(c.refunds, c.sales)})
	}
	list := []views.Trend{sales, fees, refunds}
	for i := range list {
		list[i].Figure = list[i].Points[len(list[i].Points)-1].Text
		if n := len(list[i].Points); n > 1 {
			list[i].Note = "against " + list[i].Points[n-2].Text + " the cycle before"
		}
	}
	return list
}

// overviewClose shows what stands between the books and the next close: of the
// chosen connection, otherwise of the one that is the furthest behind.
func (s *server) overviewClose(r *request, model *views.OverviewPage) error {
	if s.Closing == nil {
		return nil
	}
	connections, err := s.Insight.Connections(r.ctx())
	if err != nil {
		return err
	}
	var next closing.Listed
	for _, c := range connections {
		if r.connection() != 0 && c.ID != r.connection() {
			continue
		}
		candidate, ok, err := s.Closing.Next(r.ctx(), c.ID)
		if err != nil {
			return err
		}
		if ok && (next.Connection == "" || candidate.Period.Ends.Before(next.Period.Ends)) {
			next = candidate
			next.Connection = cmp.Or(c.Title, c.Name)
		}
	}
	if next.Connection == "" {
		return nil
	}
	list, err := s.Closing.Checklist(r.ctx(), next.Key)
	if err != nil {
		return err
	}
	model.Close = views.Close{Period: next.Key.String(), Connection: next.Connection, Href: closePath(next.Key, "")}
	for _, i := range list.Items {
		if i.State == closing.Note {
			continue
		}
		check := views.Check{State: views.Done, Name: i.Title, Reason: i.Why}
		if i.InTheWay() {
			check.State, check.Fix = views.Waiting, views.Link{Text: "Show", Href: i.Fix}
		}
		model.Close.Checks = append(model.Close.Checks, check)
	}
	return nil
}
