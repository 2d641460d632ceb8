package settlement_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/settlement"
	"tieout/cmd/sandbox/seller"
	"tieout/migrations"
)

// TestEveryOrderIsFoundAmongItsBlocks asks for orders that stand all over a
// report of many blocks and holds the answers against a plain count.
func TestEveryOrderIsFoundAmongItsBlocks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := largeReport(t, 30_000)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	imported, err := b.load(t.Context(), "large", text)
	require.NoError(t, err)
	detail, err := b.service.Get(t.Context(), imported.Settlements[0].ID)
	require.NoError(t, err)
	rows, err := b.pool.Query(t.Context(), `SELECT id, count(*), sum(amount) FROM settlement_line l
		CROSS JOIN LATERAL (SELECT DISTINCT unnest(ARRAY[l.order_id, l.merchant_order_id]) AS id) i WHERE id IS NOT NULL GROUP BY id ORDER BY md5(id) LIMIT 150`)
	require.NoError(t, err)
	defer rows.Close()
	asked := 0
	for ; rows.Next(); asked++ {
		var order string
		var lines int64
		var amount decimal.Decimal
		require.NoError(t, rows.Scan(&order, &lines, &amount))
		filter := settlement.LineFilter{OrderID: order, PageSize: 500}
		page, err := b.service.Lines(t.Context(), detail, filter)
		require.NoError(t, err)
		require.Len(t, page.Lines, int(lines), order)
		total, err := b.service.LineTotal(t.Context(), detail, filter)
		require.NoError(t, err)
		require.Equal(t, lines, total.Lines)
		require.True(t, amount.Equal(total.Amount), "%s: %s instead of %s", order, total.Amount, amount)
		places, err := b.service.Places(t.Context(), order, 10)
		require.NoError(t, err)
		require.Equal(t, []settlement.Place{{SettlementID: detail.ID, AmazonID: detail.AmazonID, Lines: lines}}, places)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 150, asked)

	places, err := b.service.Places(t.Context(), "111-0000000-0000000", 10)
	require.NoError(t, err)
	require.Empty(t, places)
}

// TestTheMigrationFindsTheOrdersThatTheImportNotes empties the bitmaps of
// orders and has the migration compute them from the lines.
func TestTheMigrationFindsTheOrdersThatTheImportNotes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := largeReport(t, 30_000)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = b.load(t.Context(), "large", text)
	require.NoError(t, err)
	noted := `SELECT coalesce(string_agg(format('%s %s %s', settlement_id, bucket, blocks), E'\n' ORDER BY settlement_id, bucket), '') FROM order_block`
	var before, after string
	require.NoError(t, b.pool.QueryRow(t.Context(), noted).Scan(&before))
	require.NotEmpty(t, before)
	file, err := migrations.FS.ReadFile("00018_order_block.sql")
	require.NoError(t, err)
	_, statement, _ := strings.Cut(string(file), "\nINSERT INTO order_block")
	statement, _, _ = strings.Cut(statement, ";")
	_, err = b.pool.Exec(t.Context(), `DELETE FROM order_block; INSERT INTO order_block`+statement)
	require.NoError(t, err)
	require.NoError(t, b.pool.QueryRow(t.Context(), noted).Scan(&after))
	require.Equal(t, before, after)
}

// largeReport writes a report of about so many lines.
func largeReport(tb testing.TB, lines int) string {
	tb.Helper()
	account := seller.Accounts(3, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), lines/14/7)[0]
	books := seller.NewBooks(account)
	path := filepath.Join(tb.TempDir(), "large.txt")
	file, err := os.Create(path)
	require.NoError(tb, err)
	require.NoError(tb, books.WriteReport(file, 0, seller.Whole))
	require.NoError(tb, file.Close())
	return path
}
