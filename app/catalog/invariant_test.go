package catalog_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

func TestTheDatabaseKeepsMapsWholeWhateverSQLSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.mapped(t, w.new("GIFT", "2026-01-01", part("MUG-01", 1), part("CARD", 1)))
	const insert = `INSERT INTO sku_map (connection_id, marketplace, sku, stem, valid_from, valid_to, parts, made_at) VALUES ($1, '', $2, '', $3::date, $4::date, $5, now())`
	const piece = `INSERT INTO sku_map_part (sku_map_id, connection_id, position, item_code, quantity, share) SELECT id, connection_id, $1, $2, $3, $4 FROM sku_map WHERE sku = $5 ORDER BY id DESC LIMIT 1`
	type step struct {
		sql  string
		args []any
	}
	for name, c := range map[string]struct {
		code  string
		steps []step
	}{
		"two maps on one day": {"23P01", []step{{insert, []any{w.connection, "GIFT", "2026-06-01", nil, 1}}, {piece, []any{1, "CARD", 1, nil, "GIFT"}}}},
		"no part":             {"TO001", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 1}}}},
		"a part too few":      {"TO001", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 2}}, {piece, []any{1, "CARD", 1, nil, "NEW"}}}},
		"made for no parts":   {"23514", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 0}}}},
		"a part added later":  {"TO001", []step{{piece, []any{3, "BOX-03", 1, nil, "GIFT"}}}},
		"a part twice":        {"23505", []step{{piece, []any{3, "CARD", 1, nil, "GIFT"}}}},
		"quantity of nothing": {"23514", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 1}}, {piece, []any{1, "CARD", 0, nil, "NEW"}}}},
		"item that P21 lacks": {"23503", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 1}}, {piece, []any{1, "NONE", 1, nil, "NEW"}}}},
		"shares not one":      {"TO001", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 2}}, {piece, []any{1, "CARD", 1, "0.5", "NEW"}}, {piece, []any{2, "MUG-01", 1, "0.4", "NEW"}}}},
		"shares of some":      {"TO001", []step{{insert, []any{w.connection, "NEW", "2026-06-01", nil, 2}}, {piece, []any{1, "CARD", 1, "1", "NEW"}}, {piece, []any{2, "MUG-01", 1, nil, "NEW"}}}},
		"an end before":       {"23514", []step{{insert, []any{w.connection, "NEW", "2026-06-01", "2026-05-31", 1}}}},
		"another SKU":         {"TO003", []step{{`UPDATE sku_map SET sku = 'OTHER', version = version + 1 WHERE id = $1`, []any{id}}}},
		"another beginning":   {"TO003", []step{{`UPDATE sku_map SET valid_from = '2025-01-01', version = version + 1 WHERE id = $1`, []any{id}}}},
		"another maker":       {"TO003", []step{{`UPDATE sku_map SET made_by = NULL, version = version + 1 WHERE id = $1`, []any{id}}}},
		"the same version":    {"TO001", []step{{`UPDATE sku_map SET valid_to = '2026-12-01' WHERE id = $1`, []any{id}}}},
		"a map deleted":       {"TO003", []step{{`DELETE FROM sku_map WHERE id = $1`, []any{id}}}},
		"all maps truncated":  {"TO003", []step{{`TRUNCATE sku_map, sku_map_part`, nil}}},
		"a part changed":      {"TO003", []step{{`UPDATE sku_map_part SET quantity = 9 WHERE sku_map_id = $1`, []any{id}}}},
		"a part deleted":      {"TO003", []step{{`DELETE FROM sku_map_part WHERE sku_map_id = $1`, []any{id}}}},
	} {
		err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			for _, s := range c.steps {
				if _, err := tx.Exec(t.Context(), s.sql, s.args...); err != nil {
					return err
				}
			}
			return nil
		})
		var pg *pgconn.PgError
		require.ErrorAs(t, err, &pg, name)
		require.Equal(t, c.code, pg.Code, "%s: %s", name, pg.Message)
	}
	require.Equal(t, "MUG-01 + CARD", w.resolve(t, us, "GIFT", "2026-11-01"))
}

func TestAMapMayFollowAnotherOnTheDayItEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.new("GIFT", "2026-01-01", part("MUG-01", 1))
	first.To = day("2026-06-01")
	w.mapped(t, first)
	w.mapped(t, w.new("GIFT", "2026-06-01", part("CARD", 1)))
	other := w.new("GIFT", "2026-02-01", part("BOX-03", 1))
	other.Marketplace = us
	w.mapped(t, other)
}
