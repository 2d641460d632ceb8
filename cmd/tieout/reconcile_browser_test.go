package main

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/period"
	"tieout/app/reconcile"
)

// oneOpen is a reconciliation that nobody compares meanwhile, with one open item.
type oneOpen struct{ day period.Date }

func (oneOpen) Name() reconcile.Name { return reconcile.Accounts }

func (o oneOpen) Compare(context.Context, int64) (reconcile.Comparison, error) {
	value := decimal.RequireFromString("412.50")
	return reconcile.Comparison{LeftAt: o.day.Time(), RightAt: o.day.Time(), Totals: []reconcile.Total{{Currency: "USD", Compared: 1, Left: value}},
		Open: []reconcile.Open{{Key: "1210-000 2026-10", Currency: "USD", Left: value, Cause: "Amount differs", Detail: "Prophet 21 has less.", Since: o.day, Object: "account"}}}, nil
}

// TestADifferenceIsExplainedAndTakenBackInTheBrowser signs a reason and undoes it.
func TestADifferenceIsExplainedAndTakenBackInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, true)
	connection := s.number(t, `SELECT min(id) FROM connection`)
	require.NoError(t, reconcile.NewService(s.pool, s.clock, oneOpen{period.DateOf(s.clock.Now()).AddDays(-3)}).CheckAll(t.Context(), connection))
	tab := s.signIn(t, "amy.accountant")
	number := func() string {
		tab.open("/reconciliation/accounts?connection=%d", connection)
		text, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector(".figure .value").innerText`))
		require.NoError(t, err)
		return text
	}
	require.Contains(t, number(), "412.50")
	tab.says("Differs")
	tab.do(chromedp.Click(chromedp.CSS(`a.row-link`)))
	tab.says("Nobody has explained it")
	tab.do(chromedp.SendKeys(chromedp.CSS(`textarea[name=reason]`), "Somebody booked it on Monday"), chromedp.Click(chromedp.CSS(`form[action$="/explain"] button`)))
	tab.says("It is shown apart and counts no more")
	require.Contains(t, number(), "0.00")
	tab.says("Nothing is open")
	tab.open("/reconciliation/accounts?connection=%d&state=explained", connection)
	tab.says("Somebody booked it on Monday")
	tab.do(chromedp.Click(chromedp.CSS(`a.row-link`)))
	tab.says("Stands")
	tab.do(chromedp.Click(chromedp.CSS(`form[action$="/withdraw"] button`)))
	tab.says("The difference counts again")
	require.Contains(t, number(), "412.50")
}
