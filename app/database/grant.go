package database

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Rights counts what changes in what Grant does, for who keeps a database on
// which it was run.
const Rights = 2

// Grant gives a role what the program does, and takes what it does not: reading
// and adding everywhere, changing and removing where no trigger refuses it to
// everybody. As it owns nothing it can neither switch a trigger off nor change
// the schema. Beside it stands a role of the same rights that sees some
// connections only (scope.go). Run by the schema's owner, after each migration.
func Grant(ctx context.Context, pool *pgxpool.Pool, role string) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := refuseOwner(ctx, tx, role); err != nil {
			return err
		}
		// Two at the same moment would change the same rights.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, migrating); err != nil {
			return fmt.Errorf("wait for other migrations: %w", err)
		}
		rows, err := tx.Query(ctx, changeable)
		if err != nil {
			return fmt.Errorf("list tables: %w", err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[table])
		if err != nil {
			return fmt.Errorf("list tables: %w", err)
		}
		if err := grant(ctx, tx, role, tables); err != nil {
			return err
		}
		scoped, err := prepareScoped(ctx, tx, role)
		if err != nil || !scoped {
			return err
		}
		if err := grant(ctx, tx, role+ScopedSuffix, tables); err != nil {
			return err
		}
		return restrict(ctx, tx, role+ScopedSuffix)
	})
}

func grant(ctx context.Context, tx pgx.Tx, role string, tables []table) error {
	name := pgx.Identifier{role}.Sanitize()
	statements := []string{
		"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM " + name,
		"REVOKE CREATE ON SCHEMA public FROM PUBLIC, " + name,
		"GRANT USAGE ON SCHEMA public TO " + name,
		"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO " + name,
	}
	for _, t := range tables {
		statements = append(statements, "GRANT "+t.rights()+" ON "+pgx.Identifier{t.Name}.Sanitize()+" TO "+name)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("grant to %s: %w", role, err)
		}
	}
	return nil
}

// table is one with what may be done to its rows besides reading them.
type table struct {
	Name                   string
	Insert, Update, Delete bool
}

func (t table) rights() string {
	rights := "SELECT"
	for right, granted := range map[string]bool{", INSERT": t.Insert, ", UPDATE": t.Update, ", DELETE": t.Delete} {
		if granted {
			rights += right
		}
	}
	return rights
}

// changeable says of each table whether rows may be added, changed and removed.
// What a trigger refuses as such is granted to nobody; bits of tgtype are
// PostgreSQL's (pg_trigger.h): 8 is DELETE, 16 is UPDATE. The list of migrations
// is the owner's, the head of the audit chain is moved by its trigger alone.
const changeable = `
SELECT c.relname::text, own.free,
       own.free AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'refuse_change'::regproc AND t.tgtype & 16 > 0),
       own.free AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'refuse_change'::regproc AND t.tgtype & 8 > 0)
FROM pg_class c, LATERAL (SELECT c.relkind <> 'v' AND c.relname NOT IN ('goose_db_version', 'river_migration', 'audit_head', 'schema_floor') AS free) own
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
ORDER BY c.relname`

// refuseOwner refuses a role for which rights mean nothing.
func refuseOwner(ctx context.Context, tx pgx.Tx, role string) error {
	var super, owns bool
	err := tx.QueryRow(ctx, `SELECT rolsuper, EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)
		FROM pg_roles r WHERE rolname = $1`, role).Scan(&super, &owns)
	if err != nil {
		return fmt.Errorf("find role %s: %w", role, err)
	}
	if super || owns {
		return fmt.Errorf("%s owns the tables or is a superuser, so it may do everything whatever is granted; the program needs a role of its own", role)
	}
	return nil
}
