package jobs_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/audit"
	"tieout/app/document"
	"tieout/app/notify"
	"tieout/app/settlement"
	"tieout/app/settlement/report/reporttest"
)

// A report with one row that cannot be read: its good lines are kept, the bad
// one waits with its bytes, and whoever chose to hear of such settlements does.
func TestABadLineReachesTheFinanceGroup(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	heard := make(chan notify.Item, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			Data struct{ Alerts []notify.Item }
		}
		if json.NewDecoder(r.Body).Decode(&message) == nil {
			for _, item := range message.Data.Alerts {
				heard <- item
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	s.alerting(t, receiver.URL, alert.Unreadable, alert.Balance)

	begins := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	line := reporttest.Line{Transaction: "Order", Marketplace: "Amazon.de", AmountType: "ItemPrice", Description: "Principal", Order: "302-0000001-0000001", Fulfillment: "AFN", SKU: "BRW-1", Quantity: 1, Posted: begins}
	good, bad := line, line
	good.Amount, bad.Amount = 10_0000, 25_0000
	raw := string(reporttest.V2(reporttest.Style{Decimal: ".", Digits: 2, Date: reporttest.European}, reporttest.Settlement{ID: "71000000009", Currency: "EUR", Start: begins, End: begins.AddDate(0, 0, 9), Lines: []reporttest.Line{good, bad}}))
	raw = strings.Replace(raw, "25.00", "25.0O", 1)
	_, err := s.services.Settlements.Import(t.Context(), settlement.Source{ConnectionID: s.connection, Name: "november.txt", From: document.FromUpload, Actor: audit.Job("test")}, strings.NewReader(raw))
	require.NoError(t, err)
	worker := s.lookOften(t)
	defer stop(t, worker)

	titles := (<-heard).Title + "\n" + (<-heard).Title
	require.Contains(t, titles, "could not be read: 1")
	require.Contains(t, titles, "out of balance")
	require.Equal(t, 1, s.number(t, `SELECT count(*) FROM settlement_line`), "the good line is kept")
	require.Equal(t, 1, s.number(t, `SELECT count(*) FROM settlement_problem WHERE value = '25.0O' AND raw_length > 0`), "the bad one waits with its bytes")
}
