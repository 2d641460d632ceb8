package settlement_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/invariant"
	"tieout/app/settlement"
)

const samples = "../../../shared/reference/settlement/samples"

func sample(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(samples, name))
	if os.IsNotExist(err) {
		t.Skip("the reference reports are not beside this checkout")
	}
	require.NoError(t, err)
	return text
}

type bundle struct {
	pool       *pgxpool.Pool
	service    *settlement.Service
	connection int64
}

func setup(t *testing.T) bundle {
	t.Helper()
	pool := dbtest.New(t)
	b := bundle{pool: pool, service: settlement.NewService(pool, clock.System{}, nil, slog.New(slog.DiscardHandler))}
	err := pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, time_zone) VALUES ('us', 'na', 'America/New_York') RETURNING id`).Scan(&b.connection)
	require.NoError(t, err)
	return b
}

func (b bundle) load(ctx context.Context, name string, text []byte) (settlement.Imported, error) {
	return b.service.Import(ctx, settlement.Source{ConnectionID: b.connection, Name: name, From: document.FromUpload, Actor: audit.Job("test")}, bytes.NewReader(text))
}

func TestSamplesAreImportedAndTieOut(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"v2-usd-9464.txt", "v2-gbp-6076.txt", "v2-eur-0821.txt", "v1-cad-4910.txt", "v1-cad-5138.txt", "v1-cad-0009.txt"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			imported, err := b.load(t.Context(), name, sample(t, name))
			require.NoError(t, err)
			require.Len(t, imported.Settlements, 1)
			require.Zero(t, imported.Settlements[0].Difference())
			require.Equal(t, settlement.New, imported.Settlements[0].Outcome)

			again, err := b.load(t.Context(), name, sample(t, name))
			require.NoError(t, err)
			require.Equal(t, settlement.Identical, again.Settlements[0].Outcome)
			require.Equal(t, imported.Settlements[0].ID, again.Settlements[0].ID)
			require.Equal(t, imported.Document.ID, again.Document.ID)

			checks, err := invariant.Verify(t.Context(), b.pool)
			require.NoError(t, err)
			for _, c := range checks {
				require.True(t, c.Holds(), "%s: %v", c.Name, c.Examples)
			}
		})
	}
}

func TestARawRowStandsWhereItsLineSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := sample(t, "v2-usd-9464.txt")
	imported, err := b.load(t.Context(), "r", text)
	require.NoError(t, err)
	rows, err := b.pool.Query(t.Context(), `SELECT l.raw_offset, l.raw_length, coalesce(l.order_id, ''), p.sku FROM settlement_line l LEFT JOIN product p ON p.id = l.product_id WHERE l.product_id IS NOT NULL`)
	require.NoError(t, err)
	defer rows.Close()
	n := 0
	for rows.Next() {
		var offset, length int64
		var order, sku string
		require.NoError(t, rows.Scan(&offset, &length, &order, &sku))
		raw := string(text[offset : offset+length])
		require.Contains(t, raw, order)
		require.Contains(t, strings.Split(raw, "\t"), sku)
		n++
	}
	require.NoError(t, rows.Err())
	require.Positive(t, n)
	_ = imported
}

func TestAnAmendedReportReplacesTheReadingAndIsAnException(t *testing.T) {
	t.Parallel()
	b := setup(t)
	text := sample(t, "v2-usd-9464.txt")
	first, err := b.load(t.Context(), "first", text)
	require.NoError(t, err)
	amended := bytes.Replace(text, []byte("\t68.99\t"), []byte("\t68.98\t"), 1)
	second, err := b.load(t.Context(), "second", amended)
	require.NoError(t, err)
	require.Equal(t, settlement.Amended, second.Settlements[0].Outcome)
	require.Equal(t, first.Settlements[0].ID, second.Settlements[0].ReplacesID)
	require.EqualValues(t, 100, second.Settlements[0].Difference())
	var classes []string
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT array_agg(class ORDER BY class) FROM exception WHERE state = 'open'`).Scan(&classes))
	require.Equal(t, []string{"amended_report", "out_of_balance"}, classes)
}

func TestAFileThatIsNoReportSaysSoAndItsBytesAreKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.load(t.Context(), "page.html", []byte("<!doctype html><html><body>sign in</body></html>"))
	require.ErrorContains(t, err, "a web page")
	var documents int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM document`).Scan(&documents))
	require.Equal(t, 1, documents)
}

func TestASettlementIsSealedOnlyWhenItsSumsBySKUCarryEveryLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, err := b.load(t.Context(), "usd", sample(t, "v2-usd-9464.txt"))
	require.NoError(t, err)
	id := in.Settlements[0].ID
	var sums, lines int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*), sum(lines) FROM sku_sum WHERE settlement_id = $1`, id).Scan(&sums, &lines))
	require.Equal(t, in.Settlements[0].Lines, lines)
	require.Less(t, sums, lines)
	// Another settlement with the lines and rollups of the first, and sums that leave some out.
	for _, left := range []string{`amount <> 0`, `product_id <> 0`} {
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			for _, statement := range []string{
				`INSERT INTO settlement_import (connection_id, document_id, format) SELECT connection_id, document_id, format FROM settlement_import LIMIT 1`,
				`INSERT INTO rollup SELECT 9999, kind_id, posted_on, product_group, fulfillment, correction_id, lines, quantity, amount FROM rollup`,
				`INSERT INTO sku_sum SELECT 9999, month, product_id, kind_id, lines, quantity, amount FROM sku_sum WHERE ` + left,
				`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
				 SELECT 9999, connection_id, import_id, document_id, 'another', currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces FROM settlement LIMIT 1`,
			} {
				if _, err := tx.Exec(t.Context(), statement); err != nil {
					return err
				}
			}
			_, err := tx.Exec(t.Context(), `SET CONSTRAINTS settlement_summed_up IMMEDIATE`)
			return err
		})
		require.ErrorContains(t, err, "sums by SKU carry", left)
	}
	_, err = b.pool.Exec(t.Context(), `INSERT INTO sku_sum VALUES ($1, '2026-10-01', 0, 1, 1, 1, 1)`, id)
	require.ErrorContains(t, err, "written by an import only")
}
