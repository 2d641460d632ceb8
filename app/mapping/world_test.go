package mapping_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/mapping"
)

// world is a connection with a chart of accounts and people in their roles.
type world struct {
	pool       *pgxpool.Pool
	service    *mapping.Service
	connection int64
	anna, olaf audit.Actor // accountants
	ben        audit.Actor // approver
	vera       audit.Actor // viewer
	paul       audit.Actor // accountant and approver
}

// account numbers of the chart that are not fit for journals.
const (
	inactiveAccount = "8888"
	controlAccount  = "9999"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	pool := dbtest.New(t)
	w := &world{pool: pool, service: mapping.NewService(pool, clock.NewFixed(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)))}
	person := func(name string, roles ...string) audit.Actor {
		return audit.Actor{PersonID: w.id(t, `INSERT INTO person (issuer, subject, name, roles) VALUES ('test', $1, $1, $2) RETURNING id`, name, roles), Name: name}
	}
	w.anna, w.olaf = person("Anna", "accountant"), person("Olaf", "accountant")
	w.ben, w.vera = person("Ben", "approver"), person("Vera", "viewer")
	w.paul = person("Paul", "accountant", "approver")
	w.connection = w.id(t, `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`)
	for _, account := range picks() {
		w.exec(t, `INSERT INTO gl_account (connection_id, account, description, synced_at) VALUES ($1, $2, 'Account ' || $2, now()) ON CONFLICT DO NOTHING`, w.connection, account)
	}
	w.exec(t, `INSERT INTO gl_account (connection_id, account, description, active, control, synced_at)
		VALUES ($1, $2, 'Old', false, false, now()), ($1, $3, 'Payables', true, true, now())`, w.connection, inactiveAccount, controlAccount)
	return w
}

// picks gives every slot an account of its own.
func picks() map[string]string {
	accounts := map[string]string{}
	for i, slot := range mapping.AllSlots() {
		accounts[slot.Name] = "4" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + "0"
	}
	return accounts
}

func (w *world) id(t testing.TB, sql string, args ...any) int64 {
	t.Helper()
	var id int64
	require.NoError(t, w.pool.QueryRow(t.Context(), sql, args...).Scan(&id))
	return id
}

func (w *world) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := w.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// installed publishes the shipped template.
func (w *world) installed(t testing.TB) *mapping.RuleSet {
	t.Helper()
	set, err := w.service.Install(t.Context(), audit.Job("setup"), w.connection, "amazon-summary", picks())
	require.NoError(t, err)
	return set
}

// begun is a draft of Anna's, based on the installed template.
func (w *world) begun(t testing.TB) *mapping.RuleSet {
	t.Helper()
	w.installed(t)
	set, err := w.service.Begin(t.Context(), w.anna, w.connection, "", nil)
	require.NoError(t, err)
	return set
}

// submitted is Anna's draft with one more rule, handed over.
func (w *world) submitted(t *testing.T) *mapping.RuleSet {
	t.Helper()
	set := w.begun(t)
	set, err := w.service.AddRule(t.Context(), w.anna, editOf(set), ownRule("Own fee"), 1)
	require.NoError(t, err)
	set, err = w.service.Submit(t.Context(), w.anna, editOf(set), "Own fee")
	require.NoError(t, err)
	return set
}

func editOf(set *mapping.RuleSet) mapping.Edit {
	return mapping.Edit{SetID: set.ID, Version: set.Version}
}

func ownRule(description string) mapping.Rule {
	rule := mapping.RuleFor(mapping.Kind{TransactionType: "other-transaction", AmountType: "other-transaction", AmountDescription: description}, mapping.OtherExpense)
	rule.Marketplace = mapping.Anything
	return rule
}

// kind records a kind of the connection.
func (w *world) kind(t testing.TB, k mapping.Kind) int32 {
	t.Helper()
	return int32(w.id(t, `INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`, w.connection, k.Marketplace, k.TransactionType, k.AmountType, k.AmountDescription, k.Sign))
}

// posting is one rollup of a settlement.
type posting struct {
	kind   int32
	on     string
	lines  int
	amount string
}

// settle stores a settlement of one line per posting, the rest of the lines
// being zero, as the pipeline would.
func (w *world) settle(t *testing.T, amazonID, currency, start, end string, postings ...posting) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		return settle(t.Context(), tx, w.connection, amazonID, currency, start, end, postings)
	}))
}

func settle(ctx context.Context, tx pgx.Tx, connection int64, amazonID, currency, start, end string, postings []posting) error {
	var document, reading, settlement int64
	if err := tx.QueryRow(ctx, `INSERT INTO document (connection_id, kind, name, source, sha256, size, stored_size)
		VALUES ($1, 'settlement_report', $2::text, 'upload', sha256(convert_to($2::text, 'UTF8')), 1, 1) RETURNING id`, connection, amazonID).Scan(&document); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, `INSERT INTO settlement_import (connection_id, document_id, format) VALUES ($1, $2, 'FLAT_FILE_V2') RETURNING id`,
		connection, document).Scan(&reading); err != nil {
		return err
	}
	if err := tx.QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('settlement', 'id'))`).Scan(&settlement); err != nil {
		return err
	}
	line := 1
	for _, p := range postings {
		for n := range p.lines {
			amount := "0"
			if n == 0 {
				amount = p.amount
			}
			line++
			if _, err := tx.Exec(ctx, `INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, posted_on, part, amount, fulfillment)
				VALUES ($1, $2::date, 0, 0, $3, $4, $2::date, 0, $5::numeric, '')`, settlement, p.on, line, p.kind, amount); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO rollup (settlement_id, kind_id, posted_on, product_group, fulfillment, lines, amount)
			VALUES ($1, $2, $3::date, '', '', $4, $5::numeric)`, settlement, p.kind, p.on, p.lines, p.amount); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO sku_sum (settlement_id, month, product_id, kind_id, lines, quantity, amount)
		SELECT settlement_id, date_trunc('month', posted_on), 0, kind_id, sum(lines), 0, sum(amount) FROM rollup WHERE settlement_id = $1 GROUP BY 1, 2, 4`, settlement); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit,
			row_count, line_count, line_sum, content_hash, marketplaces)
		SELECT $1, $2, $3, $4, $5::text, $6, $7::timestamptz, $8::timestamptz, sum(amount), count(*), count(*), sum(amount), sha256(convert_to($5::text, 'UTF8')), '{Amazon.com}'
		FROM settlement_line WHERE settlement_id = $1`, settlement, connection, reading, document, amazonID, currency, start, end)
	return err
}

// requireFault checks the code of an error and that its message is for people.
func requireFault(t *testing.T, code fault.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, fault.CodeOf(err), "%v", err)
}
