package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestAnSKUIsMappedByKeyboardInTheBrowser opens an unmapped SKU, tabs through
// the form and sends it, without a mouse.
func TestAnSKUIsMappedByKeyboardInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, true)
	connection := s.connection(t, "us")
	const unmapped = "BRW-SCAL-03"
	count := `SELECT count(*) FROM sku_map m JOIN sku_map_part p ON p.sku_map_id = m.id WHERE m.connection_id = $1 AND m.sku = $2 AND p.item_code = 'BRW-SCAL-03' AND p.quantity = 3`
	require.EqualValues(t, 0, s.number(t, count, connection, unmapped))

	olga := s.signIn(t, "olga.ops")
	olga.open("/products?connection=%d&state=unmapped", connection)
	olga.says(unmapped)
	olga.open("/products/%s?connection=%d", unmapped, connection)
	olga.says("The SKU is its code, but for blanks, hyphens and case.")
	focus := `document.getElementById("f-code.1").focus()`
	olga.do(chromedp.WaitVisible(chromedp.CSS("html.scripted #map")), chromedp.Evaluate[chromedp.Void](focus), chromedp.KeyEvent("BRW-SCAL-03"))
	require.Eventually(t, func() bool {
		options, err := chromedp.Run(olga, chromedp.Evaluate[int](`document.querySelectorAll("#items option").length`))
		return err == nil && options == 1
	}, time.Minute, 20*time.Millisecond, "the items offered follow what is typed")
	olga.do(chromedp.KeyEvent(kb.Escape+kb.Tab), chromedp.KeyEvent(kb.Delete+"3"), chromedp.KeyEvent(kb.Enter))
	olga.says(unmapped + " is mapped.")
	olga.says("3 x BRW-SCAL-03")
	require.EqualValues(t, 1, s.number(t, count, connection, unmapped))
}
