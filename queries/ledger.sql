-- name: LedgerPeriods :many
-- Accounts of clearing, reserve and receivable with the fiscal periods that posted entries touch, the newest first.
SELECT DISTINCT l.account, e.fiscal_year, e.period
FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id
WHERE e.connection_id = @connection_id AND e.status IN ('posted', 'reversed')
  AND l.account IN (SELECT a.account FROM rule_set_account a JOIN rule_set r ON r.id = a.rule_set_id
                    WHERE r.connection_id = @connection_id AND r.state IN ('published', 'retired') AND a.slot = ANY (@slots::text[]))
ORDER BY e.fiscal_year DESC, e.period DESC, l.account;

-- name: PostedOnAccount :many
-- What posted entries add to an account in a period, in the functional currency: debits less credits.
SELECT e.id, e.reference, e.entry_on, e.description, sum(l.functional_debit - l.functional_credit)::numeric AS amount
FROM journal_line l JOIN journal_entry e ON e.id = l.entry_id
WHERE e.connection_id = @connection_id AND e.status IN ('posted', 'reversed') AND e.fiscal_year = @fiscal_year AND e.period = @period AND l.account = @account
GROUP BY e.id ORDER BY e.id;

-- name: DepositsOfConnection :many
-- Deposits of settlements that a journal of the bank may be.
SELECT s.amazon_id, s.currency, s.deposit FROM settlement s WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.deposit <> 0 ORDER BY s.id DESC;

-- name: FunctionalCurrency :one
SELECT functional_currency FROM connection WHERE id = @id;

-- name: EntriesToRead :many
-- Posted entries that were never read back, the newest first, then those read longest ago.
SELECT e.id, e.reference, e.p21_number FROM journal_entry e LEFT JOIN journal_reading r ON r.entry_id = e.id
WHERE e.connection_id = @connection_id AND e.status IN ('posted', 'reversed') AND (r.read_at IS NULL OR r.read_at < @stale::timestamptz)
ORDER BY (r.read_at IS NOT NULL), CASE WHEN r.read_at IS NULL THEN e.id END DESC, r.read_at LIMIT @size;

-- name: PutReading :exec
INSERT INTO journal_reading (entry_id, read_at, outcome, numbers, held, detail) VALUES (@entry_id, @now, @outcome, @numbers, @held, @detail)
ON CONFLICT (entry_id) DO UPDATE SET read_at = excluded.read_at, outcome = excluded.outcome, numbers = excluded.numbers, held = excluded.held, detail = excluded.detail;

-- name: Readings :many
-- What was read back and is not equal.
SELECT e.id, e.reference, e.entry_on, e.functional_currency, e.functional_total, r.outcome, r.held, r.detail, r.read_at
FROM journal_reading r JOIN journal_entry e ON e.id = r.entry_id
WHERE e.connection_id = @connection_id AND e.status IN ('posted', 'reversed') AND r.outcome <> 'equal' ORDER BY e.id;

-- name: SumReadings :many
SELECT e.functional_currency, count(*) AS entries, sum(e.functional_total)::numeric AS ours, sum(r.held)::numeric AS held, min(r.read_at)::timestamptz AS oldest, max(e.posted_at)::timestamptz AS posted
FROM journal_reading r JOIN journal_entry e ON e.id = r.entry_id
WHERE e.connection_id = @connection_id AND e.status IN ('posted', 'reversed') GROUP BY e.functional_currency ORDER BY e.functional_currency;
