package web

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/period"
	"tieout/app/sheet"
	"tieout/app/sheet/sheettest"
	p21stand "tieout/cmd/sandbox/p21"
)

// accrued drafts an accrual on more evidence than a page holds, a cent a piece.
func (o *office) accrued() int64 {
	o.t.Helper()
	sold := decimal.New(evidencePageSize+50, -2)
	picks := p21stand.Picks()
	p := journal.Proposal{ConnectionID: o.connection, Type: journal.Accrual, Subject: "USD", Currency: "USD", Description: "Earned by 2026-10-31", Rate: decimal.New(1, 0),
		On: period.Date{Year: 2026, Month: 10, Day: 31}, ReverseOn: period.Date{Year: 2026, Month: 11, Day: 1},
		Lines: []journal.Line{{Number: 1, Account: picks[string(mapping.Sales)], Category: string(mapping.Sales), Credit: sold, FunctionalCredit: sold},
			{Number: 2, Account: picks[mapping.SlotClearing], Category: mapping.SlotClearing, Clearing: true, Debit: sold, FunctionalDebit: sold}}}
	for i := range evidencePageSize + 50 {
		p.Evidence = append(p.Evidence, journal.Evidence{Line: 1, Subject: fmt.Sprintf("=T-%d", i), Amount: decimal.New(1, -2)})
	}
	var result journal.Proposed
	require.NoError(o.t, database.WithTx(o.t.Context(), o.pool, o.clock, func(tx *database.Tx) (err error) {
		result, err = o.Entries.Propose(o.t.Context(), tx, p, audit.Job("test"))
		return err
	}))
	return result.ID
}

func TestAnAccrualLeadsToItsEvidence(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.accrued()
	shown := o.viewer.get(entryAt(id, "")).content()
	for _, text := range []string{"AMZ-ACC-", "Accrual USD", "Reversed on", "Evidence", "250 pieces"} {
		require.Contains(t, shown, text)
	}
	require.NotContains(t, shown, "/settlements/0")
	require.Contains(t, o.viewer.get("/entries").content(), "Accrual USD")
	first := o.viewer.get(entryAt(id, "lines/1")).content()
	require.Contains(t, first, "=T-0<")
	require.NotContains(t, first, "=T-200<")
	second := o.viewer.get(entryAt(id, "lines/1?after="+nextKey("1", "200")))
	require.Contains(t, second.content(), "=T-200<")
	require.Contains(t, o.viewer.get(entryAt(id, "lines/2")).content(), "=T-0<", "behind the balancing line stands everything")
}

func TestTheWorkbookOfAnAccrualTiesOut(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	var book bytes.Buffer
	require.NoError(t, sheet.NewBook(o.pool).Journal(t.Context(), &book, o.accrued()))
	ties := 0
	for _, row := range sheettest.Calculated(t, book.Bytes()) {
		if strings.HasPrefix(row[0], "Debits = credits") || row[0] == "Lines = evidence" {
			ties++
			require.Equal(t, "2.50", sheettest.Number(t, row[1]).StringFixed(2))
			require.True(t, sheettest.Number(t, row[3]).IsZero(), row[3])
		}
	}
	require.Equal(t, 3, ties)
}
