package database_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/database/private"
)

func rulesOf(t *testing.T, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	rules, err := database.Rules(t.Context(), tx)
	require.NoError(t, err)
	require.Greater(t, len(rules), 90)
	return rules
}

func names(t *testing.T, pool *pgxpool.Pool, query string, args ...any) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), query, args...)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}

func TestEveryTableSaysWhoseItsRowsAre(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	scoped := slices.Sorted(maps.Keys(rulesOf(t, pool)))
	require.Equal(t, scoped, names(t, pool, `SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND p.polname = $1 ORDER BY c.relname COLLATE "C"`, dbtest.Role+database.ScopedSuffix))
	_, err := pool.Exec(t.Context(), `CREATE TABLE whose (x int)`)
	require.NoError(t, err)
	require.ErrorContains(t, database.Grant(t.Context(), pool, dbtest.Role), "nothing says whose the rows of whose are")
}

func TestEveryViewReadsAsWhoeverAsks(t *testing.T) {
	t.Parallel()
	require.Empty(t, names(t, dbtest.New(t), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND (relkind = 'm' OR relkind = 'v'
		AND NOT coalesce(reloptions @> '{security_invoker=true}', false))`))
}

// filled is a database with two rows in every table: everything about row n has
// the number n, so that it belongs to connection n. What holds the rows together
// is switched off.
func filled(t *testing.T) (owner, program *pgxpool.Pool, rules map[string]string) {
	t.Helper()
	url := dbtest.URL(t)
	owner, program = opened(t, url), opened(t, as(t, url))
	rules = rulesOf(t, owner) // which foreign keys tell, too
	statements := names(t, owner, `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint
		WHERE contype IN ('c', 'f', 'x') AND connamespace = 'public'::regnamespace AND conrelid <> 0`)
	statements = append(statements, names(t, owner, `SELECT format('ALTER TABLE %s DISABLE TRIGGER ALL', oid::regclass) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`)...)
	_, err := owner.Exec(t.Context(), strings.Join(statements, ";"))
	require.NoError(t, err)
	for table := range rules {
		for _, n := range []int{1, 2} {
			_, err := owner.Exec(t.Context(), row(t, owner, table, n))
			require.NoError(t, err, table)
		}
	}
	return owner, program, rules
}

// row returns the statement that adds row n to a table.
func row(t *testing.T, owner *pgxpool.Pool, table string, n int) string {
	t.Helper()
	return names(t, owner, `
		SELECT format('INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE VALUES (%s)', $1::text, string_agg(quote_ident(attname), ', ' ORDER BY attnum), string_agg(value, ', ' ORDER BY attnum))
		FROM (SELECT attnum, attname, CASE
		        WHEN attname = 'object_type' THEN quote_literal('settlement')
		        WHEN type LIKE '%[]' THEN quote_literal('{' || $2::text || '}') || '::' || type
		        WHEN type = 'boolean' THEN 'true'
		        WHEN type = 'date' THEN quote_literal('2026-01-0' || $2::text)
		        WHEN type LIKE 'timestamp%' THEN quote_literal('2026-01-0' || $2::text || ' 00:00Z')
		        WHEN type = 'daterange' THEN quote_literal('[2026-01-0' || $2::text || ',)')
		        ELSE quote_literal($2::text) END AS value
		      FROM (SELECT attnum, attname, format_type(atttypid, NULL) AS type FROM pg_attribute
		            WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '') c) v`, table, fmt.Sprint(n))[0]
}

func TestSomebodyScopedSeesAndChangesOneConnectionInEveryTable(t *testing.T) {
	t.Parallel()
	owner, program, rules := filled(t)
	first, nothing, both := database.Scoped(t.Context(), []int64{1}), database.Scoped(t.Context(), nil), database.Scoped(t.Context(), []int64{1, 2})
	count := func(ctx context.Context, table string) (n int) {
		require.NoError(t, program.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n), table)
		return n
	}
	changed := 0
	for table, rule := range rules {
		require.Equal(t, []int{2, 1, 0, 2}, []int{count(t.Context(), table), count(first, table), count(nothing, table), count(both, table)}, "%s: %s", table, rule)
		var column string
		var insert, update, remove bool
		require.NoError(t, owner.QueryRow(t.Context(), `SELECT (SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = '' LIMIT 1),
			has_table_privilege($2, $1, 'INSERT'), has_table_privilege($2, $1, 'UPDATE'), has_table_privilege($2, $1, 'DELETE')`, table, dbtest.Role+database.ScopedSuffix).Scan(&column, &insert, &update, &remove))
		if insert {
			changed++
			_, err := program.Exec(first, row(t, owner, table, 2))
			require.ErrorContains(t, err, "row-level security", table)
		}
		if update {
			done, err := program.Exec(first, fmt.Sprintf(`UPDATE %s SET %q = %q`, table, column, column))
			require.NoError(t, err, table)
			require.EqualValues(t, 1, done.RowsAffected(), table)
		}
		if remove {
			done, err := program.Exec(nothing, "DELETE FROM "+table)
			require.NoError(t, err, table)
			require.Zero(t, done.RowsAffected(), table)
		}
	}
	require.Greater(t, changed, 90)
}

func TestRowsOfSomebodyScopedAreCopiedWithinTheirConnections(t *testing.T) {
	t.Parallel()
	_, program, _ := filled(t)
	first := database.Scoped(t.Context(), []int64{1})
	put := func(set int64) error {
		return database.Once(first, program, clock.NewFixed(time.Time{}), func(tx *database.Tx) error {
			for _, slot := range []string{"a", "b"} { // twice in one transaction
				n, err := tx.CopyFrom(first, pgx.Identifier{"rule_set_account"}, []string{"rule_set_id", "slot", "account"}, pgx.CopyFromRows([][]any{{set, slot, "x"}, {set, slot + slot, "y"}}))
				if err != nil {
					return err
				}
				require.EqualValues(t, 2, n)
			}
			return nil
		})
	}
	for range 2 {
		require.NoError(t, put(1))
		_, err := program.Exec(first, `DELETE FROM rule_set_account`)
		require.NoError(t, err)
	}
	require.ErrorContains(t, put(2), "row-level security")
}

// What is asked for one person must not be answered for the one before.
func TestAScopeLastsAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	url := as(t, dbtest.URL(t))
	program := opened(t, url+"&pool_max_conns=1")
	who := func(ctx context.Context) string {
		var role, connections string
		require.NoError(t, program.QueryRow(ctx, `SELECT current_user, coalesce(current_setting('tieout.connections', true), '')`).Scan(&role, &connections))
		return role + " " + connections
	}
	for range 2 {
		require.Equal(t, dbtest.Role+" ", who(t.Context()))
		require.Equal(t, dbtest.Role+"_scoped 1,2", who(database.Scoped(t.Context(), []int64{1, 2})))
		require.Equal(t, dbtest.Role+"_scoped ", who(database.Scoped(t.Context(), nil)))
		require.Equal(t, dbtest.Role+"_scoped 3", who(database.Scoped(t.Context(), []int64{3})))
	}
	holds, err := database.HoldsScopes(database.Scoped(t.Context(), nil), program)
	require.NoError(t, err)
	require.True(t, holds)
	owner := dbtest.New(t)
	holds, err = database.HoldsScopes(t.Context(), owner)
	require.NoError(t, err)
	require.False(t, holds, "the owner is held by nothing")
	require.Error(t, owner.Ping(database.Scoped(t.Context(), []int64{1})), "so it answers nobody who is scoped")
}

func opened(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := database.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func as(t *testing.T, url string) string {
	t.Helper()
	url, err := private.Acting(url, dbtest.Role)
	require.NoError(t, err)
	return url
}
