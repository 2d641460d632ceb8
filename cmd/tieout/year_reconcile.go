package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"tieout/app/period"
	"tieout/app/reconcile"
)

// reconcile has both sides of everything compared, matches what comes to nothing
// together, signs for what is really left, and shows each number.
func (s *staff) reconcile(ctx context.Context, month period.Period) error {
	return s.reconcileAll(ctx, month.Ends, month.Key())
}

func (s *staff) reconcileAll(ctx context.Context, until period.Date, title string) error {
	if _, err := s.accountant.post(ctx, "/reconciliation/check", nil); err != nil {
		return err
	}
	if err := s.world.rest(ctx); err != nil {
		return err
	}
	standings, err := s.world.standings(ctx, until)
	if err != nil {
		return err
	}
	for _, st := range standings {
		if st.OpenCount == 0 || st.Name == reconcile.Deposits {
			continue
		}
		if _, err := s.accountant.post(ctx, fmt.Sprintf("/reconciliation/%s/pairs?connection=%d", st.Name, st.ConnectionID), nil); err != nil {
			return err
		}
		if err := s.explain(ctx, st, until); err != nil {
			return fmt.Errorf("explain %s of %s: %w", st.Name, st.ConnectionName, err)
		}
	}
	say(s.world.env, "\n%s", title)
	return s.world.showStandings(ctx, until)
}

// reasons are what the accountant finds out about differences, by their cause.
// What is not listed here stays open, and in the way of the close.
func reasons() map[string]string {
	return map[string]string{
		"Refunded, not returned": "The buyer kept it; a reimbursement was asked of Amazon.",
		"Shipped, never settled": "Amazon was asked about the order.",
	}
}

var openMarks = regexp.MustCompile(`name="item" value="([^"]+)"`)

// explain signs for the items of each cause, a page at a time.
func (s *staff) explain(ctx context.Context, st reconcile.Standing, until period.Date) error {
	groups, err := s.world.reconciliations().Groups(ctx, st.ConnectionID, st.Name)
	if err != nil {
		return err
	}
	for _, g := range groups {
		reason, known := reasons()[g.Cause]
		if !known {
			continue
		}
		query := url.Values{"connection": {fmt.Sprint(st.ConnectionID)}, "cause": {g.Cause}, "currency": {string(g.Amount.Currency)}, "to": {until.String()}}
		for {
			page, err := s.accountant.look(ctx, fmt.Sprintf("/reconciliation/%s?%s", st.Name, query.Encode()))
			if err != nil {
				return err
			}
			form := url.Values{"reason": {reason}}
			for _, mark := range openMarks.FindAllStringSubmatch(page, -1) {
				form.Add("item", mark[1])
			}
			if len(form["item"]) == 0 {
				break
			}
			if _, err := s.accountant.post(ctx, "/reconciliation/items/explain", form); err != nil {
				return err
			}
		}
	}
	return nil
}

// standings are what each reconciliation of each connection comes to at the end of a day.
func (w *yearWorld) standings(ctx context.Context, until period.Date) ([]reconcile.Standing, error) {
	return w.reconciliations().Standing(ctx, 0, "", until)
}

func (w *yearWorld) showStandings(ctx context.Context, until period.Date) error {
	list, err := w.standings(ctx, until)
	if err != nil {
		return err
	}
	say(w.env, "  %-28s %-12s %16s %6s %10s", "Reconciliation", "Connection", "unexplained", "open", "explained")
	for _, st := range list {
		say(w.env, "  %-28s %-12s %16s %6d %10d  %s", st.Name.Title(), st.ConnectionName, numberOf(st), st.OpenCount, st.ExplainedCount, st.Problem)
	}
	return nil
}

func numberOf(st reconcile.Standing) string {
	if st.NotApplicable {
		return "does not apply"
	}
	if !st.Compared {
		return "not compared"
	}
	var texts []string
	for _, a := range st.Unexplained {
		texts = append(texts, a.Value.StringFixed(2)+" "+string(a.Currency))
	}
	return strings.Join(texts, ", ")
}

// stock has what is asked about stock by now answered.
func (s *staff) stock(ctx context.Context, _ period.Period) error {
	_, err := s.tendStock(ctx)
	return err
}

// finish has stock adjusted and everything compared once more.
func (s *staff) finish(ctx context.Context) error {
	if err := s.adjustStock(ctx); err != nil {
		return err
	}
	say(s.world.env, "\n%d adjustments of stock were approved.", s.adjusted)
	return s.reconcileAll(ctx, period.DateOf(s.world.clock.Now()), "At the end")
}

// reconciled returns errProblems when a reconciliation is not at 0.00 today.
func (w *yearWorld) reconciled(ctx context.Context) error {
	list, err := w.standings(ctx, period.DateOf(w.clock.Now()))
	if err != nil {
		return err
	}
	wrong := false
	for _, st := range list {
		if st.NotApplicable || st.Agrees() {
			continue
		}
		say(w.env, "%s of %s is not reconciled: %s, %d open. %s", st.Name.Title(), st.ConnectionName, numberOf(st), st.OpenCount, st.Problem)
		wrong = true
	}
	if wrong {
		return errProblems
	}
	say(w.env, "\nEvery reconciliation is at 0.00.")
	return nil
}
