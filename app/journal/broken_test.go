package journal_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/invariant"
	"tieout/app/p21"
)

var errUndo = errors.New("undo")

// TestVerifyNamesEveryBrokenInvariant breaks the books behind the program's
// back, with triggers switched off, and looks who is named.
func TestVerifyNamesEveryBrokenInvariant(t *testing.T) {
	t.Parallel()
	breaks := map[string][]string{
		"lines-sealed": {
			`UPDATE settlement_line SET amount = amount + 0.01 WHERE line_no = (SELECT min(line_no) FROM settlement_line)`,
			`DELETE FROM settlement_line WHERE line_no = (SELECT min(line_no) FROM settlement_line)`,
			`INSERT INTO settlement_line SELECT l.* FROM (SELECT * FROM settlement_line LIMIT 1) l JOIN LATERAL (SELECT 1) x ON false
			 UNION ALL SELECT 999999, posted_at, raw_offset, raw_length, line_no, kind_id, posted_on, product_id, quantity, part, amount, fulfillment, order_id, merchant_order_id, adjustment_id, shipment_id, order_item_code, promotion_id FROM (SELECT * FROM settlement_line LIMIT 1) y`,
		},
		"rollups-agree": {
			`UPDATE rollup SET amount = amount + 0.01 WHERE ctid = (SELECT min(ctid) FROM rollup)`,
			`UPDATE rollup SET lines = lines + 1 WHERE ctid = (SELECT min(ctid) FROM rollup)`,
			`DELETE FROM rollup WHERE ctid = (SELECT min(ctid) FROM rollup)`,
			`UPDATE line_block SET amount = amount + 0.01 WHERE ctid = (SELECT min(ctid) FROM line_block WHERE dimension = 'kind')`,
		},
		"sku-sums-agree": {
			`UPDATE sku_sum SET amount = amount + 0.01 WHERE ctid = (SELECT min(ctid) FROM sku_sum)`,
			`UPDATE sku_sum SET quantity = quantity + 1 WHERE ctid = (SELECT min(ctid) FROM sku_sum)`,
			`DELETE FROM sku_sum WHERE ctid = (SELECT min(ctid) FROM sku_sum)`,
		},
		"month-sums-agree": {
			`UPDATE month_sum SET amount = amount + 0.01 WHERE ctid = (SELECT min(ctid) FROM month_sum)`,
			`UPDATE month_sum SET lines = lines + 1 WHERE ctid = (SELECT min(ctid) FROM month_sum)`,
			`UPDATE month_sum SET quantity = quantity + 1 WHERE ctid = (SELECT min(ctid) FROM month_sum)`,
			`DELETE FROM month_sum WHERE ctid = (SELECT min(ctid) FROM month_sum)`,
		},
		"unsettled-sums-agree": {
			`INSERT INTO unsettled_sum (connection_id, currency, held, due_on, transactions, total) SELECT min(id), 'USD', false, '0001-01-01', 1, 1 FROM connection`,
		},
		"changes-agree": {
			`INSERT INTO line_comparison (settlement_id, changes, total) SELECT min(id), 0, 0 FROM settlement`,
			`UPDATE settlement SET replaces_id = id; INSERT INTO line_comparison (settlement_id, changes, total) SELECT min(id), 1, 0 FROM settlement`,
		},
		"accruals-agree": {
			`INSERT INTO accrual_comparison (entry_id, row_version, transactions, settled, settlements, differing, compared_at) SELECT min(id), 1, 7, 0, '{}', 0, now() FROM journal_entry WHERE status <> 'discarded'`,
			`INSERT INTO accrual_comparison (entry_id, row_version, transactions, settled, settlements, differing, compared_at) SELECT min(id), 1, 0, 0, '{}', 1, now() FROM journal_entry`,
			`INSERT INTO accrual_comparison (entry_id, row_version, transactions, settled, settlements, differing, compared_at) SELECT min(id), 1, 0, 0, '{}', 0, now() FROM journal_entry;
			 INSERT INTO accrual_difference (entry_id, position, of_order, account, order_id, accrued, open, settled) SELECT min(id), 1, false, '1', '', 1, 0, 0 FROM journal_entry`,
		},
		"settlement-ties-out": {`UPDATE settlement SET deposit = deposit + 1`},
		"entry-balances": {
			`UPDATE journal_line SET debit = debit + 0.01 WHERE clearing`,
			`UPDATE journal_line SET functional_debit = functional_debit + 0.01 WHERE clearing`,
			`UPDATE journal_entry SET total = total + 1`,
		},
		"lines-carried-once": {
			`DELETE FROM journal_source WHERE ctid = (SELECT min(ctid) FROM journal_source)`,
			`UPDATE journal_source SET amount = amount + 1 WHERE ctid = (SELECT min(ctid) FROM journal_source WHERE line_no > 0)`,
			`UPDATE journal_entry SET clearing = clearing + 1`,
			`UPDATE settlement SET deposit = deposit + 1`,
		},
		"four-eyes": {
			`INSERT INTO journal_preparer (entry_id, person_id, what) SELECT entry_id, person_id, 'edited' FROM approval`,
			`UPDATE journal_entry SET submitted_by = (SELECT person_id FROM approval LIMIT 1)`,
			`UPDATE rule_set SET published_by = (SELECT min(id) FROM person), submitted_by = (SELECT min(id) FROM person)`,
		},
		"approved-content": {
			`UPDATE journal_line SET account = '9999-999' WHERE clearing`,
			`UPDATE journal_entry SET description = 'something else'`,
			`UPDATE approval SET voided_at = now()`,
			`DELETE FROM approval`,
		},
		"posted-once": {
			`UPDATE outbound_message SET state = 'unknown'`,
			`UPDATE outbound_message SET remote_key = 'another'`,
			`DELETE FROM outbound_event; DELETE FROM outbound_message`,
			`UPDATE journal_entry SET status = 'reversed' WHERE status = 'posted'`,
			`UPDATE journal_entry SET status = 'draft', p21_number = '' WHERE status = 'posted'`,
		},
		"exact-money":     {`ALTER TABLE journal_source ALTER COLUMN amount TYPE double precision`, `UPDATE journal_entry SET currency = 'EUR'`},
		"nothing-guessed": {`UPDATE journal_source SET rule_id = 0`, `UPDATE rule_set SET state = 'draft', published_at = NULL`},
		"guards-in-place": {`ALTER TABLE approval DISABLE TRIGGER approval_change`, `DROP TRIGGER settlement_line_immutable ON settlement_line`},
		"documents": {
			`UPDATE document SET sha256 = sha256('x')`,
			`DELETE FROM document_chunk`,
		},
		"audit-chain": {
			`UPDATE audit_event SET reason = 'rewritten' WHERE seq = 2`,
			`DELETE FROM audit_event WHERE seq = 2`,
			`UPDATE audit_event SET seq = 100000 WHERE seq = 2; UPDATE audit_event SET seq = 2 WHERE seq = 3; UPDATE audit_event SET seq = 3 WHERE seq = 100000`,
			`DELETE FROM audit_event WHERE seq = (SELECT max(seq) FROM audit_event)`,
			`UPDATE audit_event SET actor = 'nobody' WHERE seq = 1`,
		},
	}
	b := setup(t, p21.SeedV2)
	id := b.approved(20)
	require.NoError(t, b.entries.Post(t.Context(), id))
	b.holds()
	for name, statements := range breaks {
		for _, statement := range statements {
			broken := namedWhenBroken(t, b, statement)
			require.Contains(t, broken, name, "after %s", statement)
		}
	}
	b.holds()
}

// namedWhenBroken runs a statement with triggers off, verifies, and undoes it.
func namedWhenBroken(t *testing.T, b *bench, statement string) []string {
	t.Helper()
	var broken []string
	err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		for _, s := range []string{`SET LOCAL session_replication_role = replica`, statement} {
			if _, err := tx.Exec(t.Context(), s); err != nil {
				return err
			}
		}
		checks, err := invariant.Verify(t.Context(), tx)
		if err != nil {
			return err
		}
		for _, c := range checks {
			if !c.Holds() {
				require.NotEmpty(t, c.Examples)
				broken = append(broken, c.Name)
			}
		}
		return errUndo
	})
	require.ErrorIs(t, err, errUndo)
	return broken
}
