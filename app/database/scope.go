package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ScopedSuffix ends the name of the role as which the program reads and writes
// for somebody who sees some connections only. Row-level security holds that
// role; the program's own goes around it.
const ScopedSuffix = "_scoped"

type scopeKey struct{}

// Scoped returns a context whose queries see nothing of other connections than
// these: none listed, nothing of any.
func Scoped(ctx context.Context, connections []int64) context.Context {
	ids := make([]string, len(connections))
	for i, id := range connections {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return context.WithValue(ctx, scopeKey{}, strings.Join(ids, ","))
}

// prepare gives a session the scope of whoever asks before they have it. What a
// session has is remembered with it; one that could not be changed is closed.
func prepare(ctx context.Context, conn *pgx.Conn) (bool, error) {
	want, scoped := ctx.Value(scopeKey{}).(string)
	known := conn.PgConn().CustomData()
	have, was := known[ScopedSuffix].(string)
	if scoped == was && want == have {
		return true, nil
	}
	role := "'none'"
	if scoped {
		role = "session_user || '" + ScopedSuffix + "'"
	}
	if _, err := conn.Exec(ctx, "SELECT set_config('role', "+role+", false), set_config('tieout.connections', $1, false)", want); err != nil {
		return false, fmt.Errorf("set the connections that are seen: %w", err)
	}
	delete(known, ScopedSuffix)
	if scoped {
		known[ScopedSuffix] = want
	}
	return true, nil
}

// Rower is the part of a pool or transaction that HoldsScopes needs.
type Rower interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// HoldsScopes reports whether this database keeps Scoped contexts from other
// connections: Grant made the role for it.
func HoldsScopes(ctx context.Context, db Rower) (bool, error) {
	var holds bool
	err := db.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = session_user || $1 AND NOT r.rolsuper AND NOT r.rolbypassrls
		                 AND pg_has_role(session_user, r.oid, 'MEMBER') AND has_table_privilege(r.oid, 'settlement', 'SELECT'))
		   AND EXISTS (SELECT FROM pg_class c WHERE c.oid = 'settlement'::regclass AND c.relrowsecurity)`, ScopedSuffix).Scan(&holds)
	if err != nil {
		return false, fmt.Errorf("look for the role of scoped people: %w", err)
	}
	return holds, nil
}

// everybodys are the tables whose rows belong to no connection. river_ and its
// jobs, which name connections, are shown to nobody who is scoped.
func everybodys() []string {
	return []string{
		"alert_watch", "audit_head", "failed_sign_in", "goose_db_version", "group_role", "hidden_columns", "person", "person_connection", "person_origin", "personal_hash_key", "rate_bucket",
		"river_client", "river_client_queue", "river_job", "river_leader", "river_migration", "river_notification", "river_queue", "schema_floor",
		"saved_filter", "sessions", "vault_keyset", "worker",
	}
}

// unreferenced are references without a foreign key, which would cost a look-up
// for each line.
func unreferenced(table string) []reference {
	switch table {
	case "line_block", "month_sum", "order_block", "rollup", "settlement_line", "sku_sum":
		return []reference{{"settlement", []string{"settlement_id"}, []string{"id"}}}
	case "document_chunk":
		return []reference{{"document", []string{"document_id"}, []string{"id"}}}
	}
	return nil
}

// inScope is true of the connections that whoever asks may see; the sub-select
// is computed once for a query.
const inScope = "connection_id = ANY ((SELECT connection_scope())::bigint[])"

// written are the rules that columns and foreign keys do not tell.
func written() map[string]string {
	return map[string]string{
		"connection":         "id = ANY ((SELECT connection_scope())::bigint[])",
		"alert_channel":      "connection_ids <> '{}' AND connection_ids <@ (SELECT connection_scope())::bigint[]",
		"bank_account":       "account_in_scope(id)",
		"deposit_match":      "match_in_scope(id)",
		"deposit_match_part": visible("deposit_match_part", reference{"bank_line", []string{"line_id"}, []string{"id"}}) + " AND " + visible("deposit_match_part", reference{"settlement", []string{"settlement_id"}, []string{"id"}}),
		"document":           inScope + " OR connection_id IS NULL AND statement_in_scope(id)",
		"comment": `CASE object_type WHEN 'settlement' THEN EXISTS (SELECT FROM settlement p WHERE p.id = object_id) WHEN 'journal_entry' THEN EXISTS (SELECT FROM journal_entry p WHERE p.id = object_id)
		WHEN 'exception' THEN EXISTS (SELECT FROM exception p WHERE p.id = object_id) WHEN 'rule_set' THEN EXISTS (SELECT FROM rule_set p WHERE p.id = object_id) ELSE false END`,
	}
}

// reference is a foreign key: to which table, from and to which columns.
type reference struct {
	To         string
	From, Keys []string
}

// visible is true of a row whose parent may be seen, or that has none.
func visible(table string, r reference) string {
	name := func(column string) string { return pgx.Identifier{table, column}.Sanitize() }
	var none, same []string
	for i, column := range r.From {
		none = append(none, name(column)+" IS NULL")
		same = append(same, pgx.Identifier{"p", r.Keys[i]}.Sanitize()+" = "+name(column))
	}
	return "(" + strings.Join(none, " OR ") + " OR EXISTS (SELECT FROM " + pgx.Identifier{r.To}.Sanitize() + " p WHERE " + strings.Join(same, " AND ") + "))"
}

// owned is a table as the catalog has it.
type owned struct {
	Name       string
	Connection bool // it has a connection_id
	Nullable   bool // which may be NULL
}

// Rules returns which rows of each table somebody sees who is scoped; a table
// without one belongs to nobody's connection. A row is seen where its connection
// is, otherwise where everything is that it refers to. It is an error where
// nothing tells.
func Rules(ctx context.Context, tx pgx.Tx) (map[string]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname::text, a.attname IS NOT NULL, a.attname IS NOT NULL AND NOT a.attnotnull
		FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'connection_id' AND NOT a.attisdropped
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowToStructByPos[owned])
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	references, err := foreignKeys(ctx, tx)
	if err != nil {
		return nil, err
	}
	rules := map[string]string{}
	for _, t := range tables {
		if slices.Contains(everybodys(), t.Name) {
			continue
		}
		rule := ruleOf(t, references[t.Name])
		if rule == "" {
			return nil, fmt.Errorf("nothing says whose the rows of %s are: say so in app/database/scope.go", t.Name)
		}
		rules[t.Name] = rule
	}
	return rules, nil
}

func ruleOf(t owned, parents []reference) string {
	if rule, ok := written()[t.Name]; ok {
		return rule
	}
	if t.Connection && t.Nullable && t.Name != "audit_event" { // an event of no connection may be about any
		return "connection_id IS NULL OR " + inScope
	}
	if t.Connection {
		return inScope
	}
	var all []string
	for _, r := range append(parents, unreferenced(t.Name)...) {
		if r.To != t.Name && !slices.Contains(everybodys(), r.To) {
			all = append(all, visible(t.Name, r))
		}
	}
	return strings.Join(all, " AND ")
}

func foreignKeys(ctx context.Context, tx pgx.Tx) (map[string][]reference, error) {
	rows, err := tx.Query(ctx, `
		SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,
		       ARRAY (SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY n (num, i) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.num ORDER BY n.i),
		       ARRAY (SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY n (num, i) JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.num ORDER BY n.i)
		FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1, 2, k.conname`)
	if err != nil {
		return nil, fmt.Errorf("list foreign keys: %w", err)
	}
	list := map[string][]reference{}
	var table string
	var r reference
	if _, err := pgx.ForEachRow(rows, []any{&table, &r.To, &r.From, &r.Keys}, func() error {
		list[table] = append(list[table], reference{r.To, slices.Clone(r.From), slices.Clone(r.Keys)})
		return nil
	}); err != nil {
		return nil, fmt.Errorf("list foreign keys: %w", err)
	}
	return list, nil
}

// prepareScoped makes the role of scoped people and lets the program's go around
// row-level security. Only a superuser may; where the owner is none and nobody
// did it for them, it reports false and people cannot be scoped.
func prepareScoped(ctx context.Context, tx pgx.Tx, role string) (bool, error) {
	scoped := role + ScopedSuffix
	var ready bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_roles r, pg_roles s WHERE r.rolname = $1 AND r.rolbypassrls AND s.rolname = $2 AND pg_has_role(r.oid, s.oid, 'MEMBER'))`,
		role, scoped).Scan(&ready)
	if err != nil || ready {
		return ready, err
	}
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		for _, statement := range []string{
			"DO $$ BEGIN CREATE ROLE " + pgx.Identifier{scoped}.Sanitize() + " NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
			"ALTER ROLE " + pgx.Identifier{role}.Sanitize() + " BYPASSRLS",
			"GRANT " + pgx.Identifier{scoped}.Sanitize() + " TO " + pgx.Identifier{role}.Sanitize(),
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("prepare role %s: %w", scoped, err)
			}
		}
		return nil
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == pgerrcode.InsufficientPrivilege {
		return false, nil
	}
	return err == nil, err
}

// restrict puts each table's rule into force for the role of scoped people. A
// rule that is in force already is left alone: changing one locks its table.
func restrict(ctx context.Context, tx pgx.Tx, scoped string) error {
	rules, err := Rules(ctx, tx)
	if err != nil {
		return err
	}
	for table, rule := range rules {
		name, policy := pgx.Identifier{table}.Sanitize(), pgx.Identifier{scoped}.Sanitize()
		var inForce bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polrelid = $1::regclass AND p.polname = $2
			AND c.relrowsecurity AND obj_description(p.oid, 'pg_policy') = $3)`, name, scoped, rule).Scan(&inForce)
		if err != nil {
			return fmt.Errorf("look for the rule of %s: %w", table, err)
		}
		if inForce {
			continue
		}
		statements := []string{"ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY", "DROP POLICY IF EXISTS " + policy + " ON " + name}
		statements = append(statements, policies(name, policy, table, rule)...)
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("restrict %s to the connections that are seen: %w", table, err)
			}
		}
	}
	return nil
}

func policies(name, policy, table, rule string) []string {
	check := ""
	if table == "audit_event" { // what nobody scoped reads, such as their own theme, they write
		check = " WITH CHECK (connection_id IS NULL OR " + rule + ")"
	}
	return []string{
		"CREATE POLICY " + policy + " ON " + name + " TO " + policy + " USING (" + rule + ")" + check,
		"COMMENT ON POLICY " + policy + " ON " + name + " IS '" + strings.ReplaceAll(rule, "'", "''") + "'",
	}
}

// CopyFrom implements pgx.Tx. PostgreSQL copies into no table that has rules for
// whoever asks, so that the rows of somebody scoped take a way round.
func (t *Tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if _, scoped := ctx.Value(scopeKey{}).(string); !scoped {
		return t.Tx.CopyFrom(ctx, table, columns, rows)
	}
	quoted := make([]string, len(columns))
	for i, column := range columns {
		quoted[i] = pgx.Identifier{column}.Sanitize()
	}
	list := strings.Join(quoted, ", ")
	if _, err := t.Exec(ctx, "CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT "+list+" FROM "+table.Sanitize()+" WITH NO DATA"); err != nil {
		return 0, fmt.Errorf("make room to copy: %w", err)
	}
	n, err := t.Tx.CopyFrom(ctx, pgx.Identifier{"copied"}, columns, rows)
	if err != nil {
		return 0, err
	}
	for _, statement := range []string{"INSERT INTO " + table.Sanitize() + " (" + list + ") SELECT " + list + " FROM copied", "DROP TABLE copied"} {
		if _, err := t.Exec(ctx, statement); err != nil {
			return 0, fmt.Errorf("copy into %s: %w", table.Sanitize(), err)
		}
	}
	return n, nil
}
