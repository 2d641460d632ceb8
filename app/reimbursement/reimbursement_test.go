package reimbursement_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/reimbursement"
	"tieout/app/settlement"
)

type books struct {
	*reimbursement.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	connection int64
	lines      int
}

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))}
	b.Service = reimbursement.NewService(b.pool, b.clock, settlement.NewService(b.pool, b.clock, nil, slog.New(slog.DiscardHandler)))
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&b.connection))
	return b
}

func (b *books) exec(work func(exec func(sql string, args ...any))) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		exec := func(sql string, args ...any) {
			_, err := tx.Exec(b.t.Context(), sql, args...)
			require.NoError(b.t, err)
		}
		exec(`SET LOCAL session_replication_role = replica`)
		work(exec)
		return nil
	}))
}

// ledger stores a day as the flow of the ledger does; again is a correction.
func (b *books) ledger(day, sku string, lost, found, damaged int) {
	b.t.Helper()
	b.exec(func(exec func(string, ...any)) {
		key := day + " US " + sku
		exec(`INSERT INTO flow_record (connection_id, flow, key, source_at, latest, latest_hash) VALUES ($1, 'fba_ledger', $2, $3::date, 1, '')
			ON CONFLICT (connection_id, flow, key) DO UPDATE SET latest = flow_record.latest + 1`, b.connection, key, day)
		exec(`INSERT INTO flow_content (record_id, number, source, source_at, document_id, position, hash)
			SELECT id, latest, jsonb_build_object('sku', $1::text, 'country', 'US', 'rows', jsonb_build_array(
				jsonb_build_object('disposition', 'SELLABLE', 'moves', jsonb_build_object('Lost', -$2::int, 'Found', $3::int, 'Damaged', -$4::int)),
				jsonb_build_object('disposition', 'WAREHOUSE_DAMAGED', 'moves', jsonb_build_object('Lost', 0, 'Found', 0, 'Damaged', $4::int)))), source_at, 1, 0, '' FROM flow_record WHERE key = $5`,
			sku, lost, found, damaged, key)
	})
}

// pay stores a line of a settlement with the bitmaps that find it.
func (b *books) pay(id int, day, sku, description, amount string, units int) {
	b.t.Helper()
	b.lines++
	b.exec(func(exec func(string, ...any)) {
		exec(`INSERT INTO settlement_import (id, connection_id, document_id, format) OVERRIDING SYSTEM VALUE VALUES (1, $1, 1, 'XML') ON CONFLICT DO NOTHING`, b.connection)
		exec(`INSERT INTO document (id, connection_id, kind, name, source, sha256, size, stored_size) OVERRIDING SYSTEM VALUE VALUES (1, $1, 'settlement_report', '', 'upload', '', 0, 0) ON CONFLICT DO NOTHING`, b.connection)
		exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
			VALUES ($1::bigint, $2, 1, 1, $1::bigint::text, 'USD', '2026-09-02', '2026-11-20', 0, 0, 0, 0, '', '{}') ON CONFLICT DO NOTHING`, id, b.connection)
		exec(`INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, '', 'other-transaction', 'FBA Inventory Reimbursement', $2, sign($3::numeric)) ON CONFLICT DO NOTHING`, b.connection, description, amount)
		exec(`INSERT INTO product (connection_id, sku) VALUES ($1, $2) ON CONFLICT DO NOTHING`, b.connection, sku)
		exec(`INSERT INTO line_block SELECT $1, 'kind', k.id, 1, 0, '\x01' FROM kind k WHERE k.amount_description = $2 AND k.sign = sign($3::numeric) ON CONFLICT DO NOTHING`, id, description, amount)
		exec(`INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, product_id, posted_on, part, amount, fulfillment, quantity)
			SELECT $1, now(), 0, 0, $2, k.id, p.id, $3::date, 0, $4::numeric, '', $5 FROM kind k, product p WHERE k.amount_description = $6 AND k.sign = sign($4::numeric) AND p.sku = $7`,
			id, b.lines, day, amount, units, description, sku)
	})
}

func (b *books) found(f reimbursement.Filter) (list []string) {
	b.t.Helper()
	b.clock.Advance(time.Second)
	require.NoError(b.t, b.Check(b.t.Context(), b.connection))
	f.PageSize = 100
	cases, err := b.List(b.t.Context(), f)
	require.NoError(b.t, err)
	for _, c := range cases {
		list = append(list, fmt.Sprintf("%s %s %s until %s: %d, %d found, %d paid, %s", c.SKU, c.Cause, c.Day, c.Due, c.Units, c.Found, c.Paid, c.State()))
	}
	return list
}

func TestWhatAmazonLostIsListedUntilItIsFoundOrPaidWhatIsDueFirstAtTheTop(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.ledger("2026-10-10", "CUP", 3, 0, 0)
	b.ledger("2026-10-01", "POT", 0, 0, 1)
	b.ledger("2026-10-02", "PAN", 2, 2, 0) // lost and found the same day
	require.Equal(t, []string{"POT damaged 2026-10-01 until 2026-11-30: 1, 0 found, 0 paid, open", "CUP lost 2026-10-10 until 2026-12-09: 3, 0 found, 0 paid, open"}, b.found(reimbursement.Filter{}))
	b.ledger("2026-10-20", "CUP", 0, 1, 0)
	b.pay(1, "2026-10-25", "CUP", "WAREHOUSE_LOST", "20", 1)
	b.pay(1, "2026-10-25", "CUP", "CS_ERROR_ITEMS", "20", 1) // for something else
	want := []string{"POT damaged 2026-10-01 until 2026-11-30: 1, 0 found, 0 paid, open", "CUP lost 2026-10-10 until 2026-12-09: 3, 1 found, 1 paid, open"}
	require.Equal(t, want, b.found(reimbursement.Filter{}))
	require.Equal(t, want, b.found(reimbursement.Filter{}), "checked twice")
	b.pay(2, "2026-11-02", "POT", "WAREHOUSE_DAMAGE", "9", 1)
	require.Equal(t, want[1:], b.found(reimbursement.Filter{}))
	require.Len(t, b.found(reimbursement.Filter{State: "reimbursed"}), 2, "POT is paid, PAN was found")
	b.exec(func(exec func(string, ...any)) { exec(`UPDATE settlement SET replaced_at = now() WHERE id = 2`) })
	require.Equal(t, want, b.found(reimbursement.Filter{}), "a settlement that was replaced pays nothing")
	b.exec(func(exec func(string, ...any)) {
		exec(`INSERT INTO policy (connection_id, claim_days) VALUES ($1, 90)`, b.connection)
	})
	require.Contains(t, b.found(reimbursement.Filter{})[0], "until 2026-12-30")
	b.ledger("2026-10-01", "POT", 0, 0, 0)
	require.Len(t, b.found(reimbursement.Filter{}), 1, "Amazon corrected its ledger")
	sums, err := b.Sums(t.Context(), b.connection)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 1}, []int64{sums[0].Cases, sums[0].Units})
}

func TestACaseIsClaimedSettledAndOpenedAgain(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.ledger("2026-10-10", "CUP", 3, 0, 0)
	require.Len(t, b.found(reimbursement.Filter{}), 1)
	cases, err := b.List(t.Context(), reimbursement.Filter{PageSize: 1})
	require.NoError(t, err)
	id := cases[0].ID
	actor := audit.Actor{Name: "Olga"}
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Olga') RETURNING id`).Scan(&actor.PersonID))
	require.NotNil(t, fault.FieldsOf(b.ClaimIt(t.Context(), id, " ", actor)))
	require.NoError(t, b.ClaimIt(t.Context(), id, "17", actor))
	require.Contains(t, b.found(reimbursement.Filter{State: "claimed", Text: "17"})[0], "claimed")
	require.NoError(t, b.Settle(t.Context(), id, "refused", actor))
	require.True(t, fault.Is(b.Settle(t.Context(), id, "again", actor), fault.Conflict))
	require.Empty(t, b.found(reimbursement.Filter{}))
	require.NoError(t, b.Reopen(t.Context(), id, actor))
	require.Contains(t, b.found(reimbursement.Filter{})[0], "open")
	require.NoError(t, b.ClaimIt(t.Context(), id, "18", actor))
	b.ledger("2026-10-10", "CUP", 0, 0, 0)
	require.Contains(t, b.found(reimbursement.Filter{State: "all"})[0], "3 found", "what somebody claimed stays when the ledger is corrected")
	var events int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'loss_case'`).Scan(&events))
	require.Equal(t, 4, events)
}

func TestTheDatabaseRefusesCasesThatDoNotAddUp(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.ledger("2026-10-10", "CUP", 3, 0, 0)
	b.pay(1, "2026-10-25", "CUP", "WAREHOUSE_LOST", "20", 1)
	require.Contains(t, b.found(reimbursement.Filter{})[0], "1 paid")
	for statement, says := range map[string]string{
		`UPDATE loss_case SET found = 3`:                                         "loss_case_units",
		`UPDATE loss_case SET paid_units = 2`:                                    "its lines pay",
		`DELETE FROM loss_payment`:                                               "its lines pay",
		`UPDATE loss_payment SET units = 2; UPDATE loss_case SET paid_units = 2`: "more units than it has",
		`UPDATE loss_case SET claimed_at = now()`:                                "check constraint",
		`UPDATE loss_case SET done_at = now()`:                                   "check constraint",
		`UPDATE loss_case SET due_on = on_day - 1`:                               "check constraint",
		`UPDATE policy SET claim_days = 0; INSERT INTO policy (connection_id, claim_days) SELECT id, 0 FROM connection`: "check constraint",
	} {
		_, err := b.pool.Exec(t.Context(), statement)
		require.ErrorContains(t, err, says, statement)
	}
}
