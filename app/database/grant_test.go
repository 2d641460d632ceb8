package database_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/database"
	"tieout/app/database/dbtest"
)

// What a program that was taken over would try first.
func TestTheProgramsRoleCannotTouchEvidence(t *testing.T) {
	t.Parallel()
	program, err := database.Open(t.Context(), dbtest.Program(t))
	require.NoError(t, err)
	t.Cleanup(program.Close)
	exec := func(query string) error {
		_, err := program.Exec(t.Context(), query)
		return err
	}
	require.NoError(t, exec(`INSERT INTO audit_event (actor, action, object_type, object_id) VALUES ('job', 'test', 'x', '1')`))

	for _, query := range []string{
		`UPDATE audit_event SET actor = 'nobody'`, `DELETE FROM audit_event`, `TRUNCATE audit_event`,
		`UPDATE audit_head SET seq = 0`, `DELETE FROM audit_head`, `INSERT INTO audit_head (only_row, seq, hash) VALUES (true, 1, 'x')`,
		`UPDATE settlement_line SET amount = 0`, `DELETE FROM settlement_line`, `TRUNCATE settlement_line`,
		`UPDATE document SET size = 0`, `DELETE FROM document`, `UPDATE document_chunk SET data = ''`, `TRUNCATE document_chunk`,
		`DELETE FROM settlement_problem`, `UPDATE bank_line SET amount = 0`, `DELETE FROM flow_content`, `DELETE FROM outbound_event`,
		`TRUNCATE journal_entry CASCADE`, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`, `DELETE FROM goose_db_version`,
		`CREATE TABLE mine (x int)`, `CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
		`SET session_replication_role = replica`, `CREATE TRIGGER mine BEFORE INSERT ON audit_event EXECUTE FUNCTION refuse_change()`,
		`ALTER TABLE audit_event DISABLE TRIGGER ALL`, `ALTER TABLE journal_entry DISABLE TRIGGER USER`, `DROP TABLE audit_event`, `DROP TRIGGER audit_event_immutable ON audit_event`,
		`ALTER FUNCTION audit_chain() SECURITY INVOKER`, `CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
	} {
		require.ErrorContains(t, exec(query), "(SQLSTATE 42501)", query)
	}
}

func TestOnlyARoleThatOwnsNothingIsGrantedAnything(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var owner string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT current_user`).Scan(&owner))
	require.ErrorContains(t, database.Grant(t.Context(), pool, owner), "needs a role of its own")
	require.ErrorContains(t, database.Grant(t.Context(), pool, "nobody at all"), "find role nobody at all")
	require.NoError(t, database.Grant(t.Context(), pool, dbtest.Role), "again, after every migration")
}

// Locking a row needs the right to change it, so a trigger that locks evidence
// acts as the owner.
func TestTriggersThatLockEvidenceActAsItsOwner(t *testing.T) {
	t.Parallel()
	rows, err := dbtest.New(t).Query(t.Context(), `
		SELECT DISTINCT p.proname FROM pg_proc p, pg_class c JOIN pg_trigger g ON g.tgrelid = c.oid AND g.tgfoid = 'refuse_change'::regproc AND g.tgtype & 16 > 0
		WHERE p.pronamespace = 'public'::regnamespace AND NOT p.prosecdef
		  AND p.prosrc ~ ('(FROM|JOIN) ' || c.relname || '\M') AND p.prosrc ~ 'FOR (NO KEY )?(UPDATE|SHARE)' ORDER BY 1`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, names)
}
