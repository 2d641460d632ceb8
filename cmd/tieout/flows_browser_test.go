package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

// settleFlows waits until the flow of orders has nothing left that it could do.
func (s *site) settleFlows(t testing.TB) {
	t.Helper()
	s.eventually(t, `SELECT count(*) = (SELECT count(*) FROM connection) FROM flow WHERE name = 'orders' AND read_until IS NOT NULL`)
	s.eventually(t, `SELECT count(*) = 0 FROM flow_record WHERE state IN ('received', 'ready', 'delivering') AND waits = ''`)
}

// focused is the text of what has the focus.
func (b *tab) focused() string {
	b.t.Helper()
	text, err := chromedp.Run(b, chromedp.Evaluate[string](`document.activeElement?.innerText ?? ""`))
	require.NoError(b.t, err)
	return strings.TrimSpace(text)
}

// TestAnUnknownSKUIsMappedFromTheQueueByKeyboardAlone opens the queue, looks at
// the keys and into the search box, goes to the cause, opens it beside the list, and takes the first suggestion.
func TestAnUnknownSKUIsMappedFromTheQueueByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.settleFlows(t)
	waiting := s.number(t, `SELECT count(*) FROM flow_record WHERE state = 'exception'`)
	require.Positive(t, waiting)
	olga := s.signIn(t, "olga.ops")
	olga.open("/exceptions?class=unknown_sku")
	olga.do(chromedp.KeyEvent("?"), chromedp.WaitVisible(chromedp.CSS("dialog#keyboard[open]")), chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS("dialog#keyboard[open]")))
	olga.do(chromedp.KeyEvent("/"), chromedp.WaitVisible(chromedp.CSS("dialog#palette[open] input")), chromedp.KeyEvent(kb.Escape), chromedp.WaitNotPresent(chromedp.CSS("dialog#palette[open]")))
	olga.do(chromedp.KeyEvent("j"+kb.Enter), chromedp.WaitVisible(chromedp.CSS("#panel[open] #panel-body h1")))
	for range 40 {
		if olga.focused() == "Use this" {
			break
		}
		olga.do(chromedp.KeyEvent(kb.Tab))
	}
	require.Equal(t, "Use this", olga.focused())
	olga.do(chromedp.KeyEvent(kb.Enter))
	olga.says("is mapped")
	s.eventually(t, `SELECT count(*) = 1 FROM exception WHERE class = 'unknown_sku' AND state = 'resolved'`)
	s.settleFlows(t)
	require.Less(t, s.number(t, `SELECT count(*) FROM flow_record WHERE state = 'exception'`), waiting)
	olga.open("/exceptions/%d", s.number(t, `SELECT id FROM exception WHERE class = 'unknown_sku' AND state = 'resolved'`))
	olga.says("What waited on it goes on, oldest first")
}

// TestAFieldMappingIsEditedWithAPreviewAndUsed changes a formula, sees what it
// comes to while typing, saves it, uses it, and finds it in P21.
func TestAFieldMappingIsEditedWithAPreviewAndUsed(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.settleFlows(t)
	us := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	olga := s.signIn(t, "olga.ops")
	olga.open("/flows/orders/%d/mapping", us)
	source := `//th[label='source']/../td/textarea`
	field, err := chromedp.Run(olga, chromedp.Evaluate[string](fmt.Sprintf(`document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue.id`, source)))
	require.NoError(t, err)
	_, err = chromedp.Run(olga, chromedp.Evaluate[string](fmt.Sprintf(`document.getElementById(%q).focus(), document.getElementById(%q).select(), ""`, field, field)))
	require.NoError(t, err)
	olga.do(chromedp.KeyEvent(`"SHOP-" + country`))
	olga.says("SHOP-US")
	olga.do(chromedp.SendKeys(chromedp.CSS(`[name=note]`), "Our own word for it."), chromedp.Click(chromedp.CSS(`button[value=save]`)))
	olga.says("Version 3 is saved.")
	olga.do(chromedp.Click(chromedp.CSS(`form[action$="/mapping/use"] button`)), chromedp.WaitVisible(chromedp.CSS(`#confirm[open] button[value=yes]`)), chromedp.Click(chromedp.CSS(`#confirm button[value=yes]`)))
	olga.says("Version 3 is in use.")

	order := amazonstand.PlacedOrder{Account: "us", ID: "111-0000001-0000001", Created: s.sandbox.Now().Add(-time.Hour), Updated: s.sandbox.Now().Add(-3 * time.Minute),
		Items: []amazonstand.PlacedItem{{SKU: seller.Products()[0].SKU, Title: "A kettle", Quantity: 2, UnitPrice: decimal.NewFromInt(25)}}}
	require.NoError(t, s.sandbox.Amazon.PlaceOrders(order))
	olga.open("/flows/orders/%d", us)
	olga.do(chromedp.Click(chromedp.CSS(`form[action$="/run"] button`)))
	olga.says("Asked for.")
	s.eventually(t, `SELECT count(*) = 1 FROM flow_record WHERE key = $1 AND state = 'delivered'`, order.ID)
	held := s.sandbox.P21.OrdersByReference("ACME", order.ID)
	require.Len(t, held, 1)
	require.Equal(t, "SHOP-US", held[0].Source)
}

// TestAFlowIsPausedWithABannerAndResumed pauses the flow of orders and finds the
// banner on every page until it goes on.
func TestAFlowIsPausedWithABannerAndResumed(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.settleFlows(t)
	us := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	olga, amy := s.signIn(t, "olga.ops"), s.signIn(t, "amy.accountant")
	olga.open("/flows/orders/%d", us)
	olga.do(chromedp.Click(chromedp.CSS(`[data-dialog=pause]`)), chromedp.SendKeys(chromedp.CSS(`#pause [name=reason]`), "Stock count until Monday."), chromedp.Click(chromedp.CSS(`#pause button[type=submit]`)))
	olga.says("Paused by Olga Ops")
	amy.open("/settlements")
	amy.says("is paused.")
	amy.says("Stock count until Monday.")
	olga.do(chromedp.Click(chromedp.CSS(`form[action$="/resume"] button`)))
	olga.says("Resumed.")
	amy.open("/settlements")
	require.NotContains(t, amy.text(), "is paused.")
}
