-- name: NoteLedgerLosses :exec
-- Days of the ledger that are new or were corrected. A unit that is damaged leaves the sellable ones for another disposition.
INSERT INTO ledger_loss (record_id, content, connection_id, sku, country, on_day, lost, found, damaged)
SELECT r.id, r.latest, r.connection_id, c.source->>'sku', coalesce(c.source->>'country', ''), split_part(r.key, ' ', 1)::date,
       greatest(-m.lost, 0), greatest(m.found, 0), greatest(-m.damaged, 0)
FROM flow_record r JOIN flow_content c ON c.record_id = r.id AND c.number = r.latest
CROSS JOIN LATERAL (
    SELECT coalesce(sum((x->'moves'->>'Lost')::int), 0)::int AS lost, coalesce(sum((x->'moves'->>'Found')::int), 0)::int AS found,
           coalesce(sum(least((x->'moves'->>'Damaged')::int, 0)) FILTER (WHERE x->>'disposition' = 'SELLABLE'), 0)::int AS damaged
    FROM jsonb_array_elements(c.source->'rows') x) m
WHERE r.connection_id = @connection_id AND r.flow = @flow AND c.source->>'sku' <> '' AND jsonb_typeof(c.source->'rows') = 'array'
  AND NOT EXISTS (SELECT 1 FROM ledger_loss x WHERE x.record_id = r.id AND x.content = r.latest)
  AND (m.lost <> 0 OR m.found <> 0 OR m.damaged <> 0 OR EXISTS (SELECT 1 FROM ledger_loss x WHERE x.record_id = r.id))
ON CONFLICT (record_id) DO UPDATE SET content = excluded.content, lost = excluded.lost, found = excluded.found, damaged = excluded.damaged;

-- name: LedgerLosses :many
SELECT sku, country, on_day, sum(lost)::int AS lost, sum(found)::int AS found, sum(damaged)::int AS damaged
FROM ledger_loss WHERE connection_id = @connection_id GROUP BY sku, country, on_day ORDER BY sku, on_day, country;

-- name: ReimbursementsToRead :many
SELECT s.id FROM settlement s LEFT JOIN reimbursement_reading r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND r.settlement_id IS NULL AND s.replaced_at IS NULL ORDER BY s.id;

-- name: ForgetReimbursements :exec
-- Of settlements that a re-issue replaced.
DELETE FROM reimbursement_reading r USING settlement s WHERE s.id = r.settlement_id AND s.connection_id = @connection_id AND s.replaced_at IS NOT NULL;

-- name: BeginReimbursements :exec
INSERT INTO reimbursement_reading (settlement_id, read_at) VALUES (@settlement_id, @now);

-- name: PutReimbursement :exec
INSERT INTO reimbursement (settlement_id, line_no, part, sku, cause, posted_on, units, amount)
VALUES (@settlement_id, @line_no, @part, @sku, @cause, @posted_on, @units, @amount);

-- name: ReimbursementsOf :many
SELECT r.settlement_id, r.line_no, r.part, r.sku, r.cause, r.posted_on, r.units, r.amount
FROM reimbursement r JOIN settlement s ON s.id = r.settlement_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL ORDER BY r.posted_on, r.settlement_id, r.line_no, r.part;

-- name: ClaimDays :one
SELECT coalesce((SELECT p.claim_days FROM policy p WHERE p.connection_id = @connection_id), 60)::int;

-- name: UnitWorth :many
-- What a unit of each SKU costs in P21 by the map in force, and sold for on average since a month; below zero where that is not known whole.
WITH asked AS (
    SELECT unnest(@skus::text[]) AS sku
), mapped AS (
    SELECT DISTINCT ON (m.sku) m.sku, m.id FROM sku_map m JOIN asked a ON a.sku = m.sku
    WHERE m.connection_id = @connection_id AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
    ORDER BY m.sku, m.marketplace, m.id
), cost AS (
    SELECT m.sku, CASE WHEN bool_and(coalesce(k.unit_cost, i.unit_cost) IS NOT NULL) THEN sum(p.quantity * coalesce(k.unit_cost, i.unit_cost)) END AS each
    FROM mapped m JOIN sku_map_part p ON p.sku_map_id = m.id JOIN item i ON i.connection_id = p.connection_id AND i.code = p.item_code
    LEFT JOIN LATERAL (SELECT s.unit_cost FROM stock s WHERE s.connection_id = p.connection_id AND s.item_code = p.item_code AND s.unit_cost > 0
                       ORDER BY s.changed_at DESC, s.location LIMIT 1) k ON true
    GROUP BY m.sku
), sold AS (
    SELECT DISTINCT ON (p.sku) p.sku, s.currency, sum(x.amount) / sum(x.quantity) AS each
    FROM product p JOIN asked a ON a.sku = p.sku JOIN sku_sum x ON x.product_id = p.id JOIN settlement s ON s.id = x.settlement_id
    JOIN kind k ON k.id = x.kind_id
    WHERE p.connection_id = @connection_id AND s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.end_at >= @ends_from::timestamptz
      AND x.month >= @from_month::date AND k.transaction_type = 'Order' AND k.amount_type = 'ItemPrice' AND k.amount_description = 'Principal' AND k.sign = 1
    GROUP BY p.sku, s.currency HAVING sum(x.quantity) > 0 ORDER BY p.sku, sum(x.quantity) DESC, s.currency
)
SELECT a.sku::text AS sku, coalesce(c.each, -1)::numeric AS cost, coalesce(o.currency, '')::text AS currency, coalesce(round(o.each, 6), -1)::numeric AS price
FROM asked a LEFT JOIN cost c ON c.sku = a.sku LEFT JOIN sold o ON o.sku = a.sku;

-- name: DropLossPayments :exec
DELETE FROM loss_payment p USING loss_case c WHERE c.id = p.case_id AND c.connection_id = $1;

-- name: PutLossCase :one
INSERT INTO loss_case (connection_id, sku, country, cause, on_day, due_on, units, found, paid_units, cost_each, cost_currency, price_each, price_currency, seen_at)
VALUES (@connection_id, @sku, @country, @cause, @on_day, @due_on, @units, @found, @paid_units, @cost_each, @cost_currency, @price_each, @price_currency, @now)
ON CONFLICT (connection_id, sku, country, cause, on_day) DO UPDATE SET due_on = excluded.due_on, units = excluded.units, found = excluded.found, paid_units = excluded.paid_units,
    cost_each = excluded.cost_each, cost_currency = excluded.cost_currency, price_each = excluded.price_each, price_currency = excluded.price_currency, seen_at = excluded.seen_at
RETURNING id;

-- name: PutLossPayment :exec
INSERT INTO loss_payment (case_id, settlement_id, line_no, part, units, amount) VALUES (@case_id, @settlement_id, @line_no, @part, @units, @amount);

-- name: DropLossCases :exec
-- Losses that Amazon's ledger does not show any more, where nobody did anything.
DELETE FROM loss_case WHERE connection_id = @connection_id AND seen_at < @now AND claimed_at IS NULL AND done_at IS NULL;

-- name: EndLossCases :exec
-- And where somebody did: nothing is missing.
UPDATE loss_case SET found = units, paid_units = 0 WHERE connection_id = @connection_id AND seen_at < @now;

-- name: ListLossCases :many
SELECT f.id, f.connection_id, c.name AS connection_name, f.sku, f.country, f.cause, f.on_day, f.due_on, f.units, f.found, f.paid_units, f.cost_each, f.cost_currency, f.price_each, f.price_currency,
       f.claim, f.claimed_at, coalesce(q.name, '') AS claimed_name, f.note, f.done_at, coalesce(p.name, '') AS done_name
FROM loss_case f JOIN connection c ON c.id = f.connection_id LEFT JOIN person p ON p.id = f.done_by LEFT JOIN person q ON q.id = f.claimed_by
WHERE (@connection_id::bigint = 0 OR f.connection_id = @connection_id) AND (@cause::text = '' OR f.cause = @cause)
  AND CASE @state::text WHEN '' THEN f.done_at IS NULL AND f.found + f.paid_units < f.units
          WHEN 'open' THEN f.done_at IS NULL AND f.found + f.paid_units < f.units AND f.claimed_at IS NULL
          WHEN 'claimed' THEN f.done_at IS NULL AND f.found + f.paid_units < f.units AND f.claimed_at IS NOT NULL
          WHEN 'reimbursed' THEN f.done_at IS NULL AND f.found + f.paid_units = f.units
          WHEN 'settled' THEN f.done_at IS NOT NULL ELSE true END
  AND (@pattern::text = '' OR f.sku ILIKE @pattern OR f.claim ILIKE @pattern)
  AND (@after_id::bigint = 0 OR (f.due_on, f.id) > (@after_due::date, @after_id::bigint))
ORDER BY f.due_on, f.id LIMIT @page_size;

-- name: SumLossCases :many
-- What is neither found nor paid nor settled, and what of it falls due by a day or is too late.
SELECT f.cause, f.cost_currency, count(*) AS cases, sum(f.units - f.found - f.paid_units)::bigint AS units,
       coalesce(sum(round((f.units - f.found - f.paid_units) * f.cost_each, 2)), 0)::numeric AS cost,
       count(*) FILTER (WHERE f.claimed_at IS NULL AND f.due_on >= @today::date AND f.due_on <= @soon::date) AS soon,
       count(*) FILTER (WHERE f.claimed_at IS NULL AND f.due_on < @today::date) AS late
FROM loss_case f
WHERE (@connection_id::bigint = 0 OR f.connection_id = @connection_id) AND f.done_at IS NULL AND f.found + f.paid_units < f.units
GROUP BY f.cause, f.cost_currency ORDER BY f.cause DESC, f.cost_currency;

-- name: GetLossCase :one
SELECT f.id, f.connection_id, c.name AS connection_name, f.sku, f.country, f.cause, f.on_day, f.due_on, f.units, f.found, f.paid_units, f.cost_each, f.cost_currency, f.price_each, f.price_currency,
       f.claim, f.claimed_at, coalesce(q.name, '') AS claimed_name, f.note, f.done_at, coalesce(p.name, '') AS done_name
FROM loss_case f JOIN connection c ON c.id = f.connection_id LEFT JOIN person p ON p.id = f.done_by LEFT JOIN person q ON q.id = f.claimed_by WHERE f.id = $1;

-- name: PaymentsOfCase :many
SELECT p.settlement_id, s.amazon_id, s.currency, p.line_no, p.part, r.posted_on, p.units, p.amount
FROM loss_payment p JOIN settlement s ON s.id = p.settlement_id JOIN reimbursement r ON (r.settlement_id, r.line_no, r.part) = (p.settlement_id, p.line_no, p.part)
WHERE p.case_id = $1 ORDER BY r.posted_on, p.settlement_id, p.line_no;

-- name: LedgerDaysOf :many
SELECT l.record_id, l.on_day, l.lost, l.found, l.damaged FROM ledger_loss l
WHERE l.connection_id = @connection_id AND l.sku = @sku AND l.on_day >= @from_day::date ORDER BY l.on_day, l.record_id LIMIT 50;

-- name: ClaimLossCase :execrows
UPDATE loss_case SET claim = @claim, claimed_by = @person_id, claimed_at = @now WHERE id = @id AND done_at IS NULL;

-- name: SettleLossCase :execrows
UPDATE loss_case SET note = @note, done_by = @person_id, done_at = @now WHERE id = @id AND done_at IS NULL;

-- name: ReopenLossCase :execrows
UPDATE loss_case SET note = '', done_by = NULL, done_at = NULL, claim = '', claimed_by = NULL, claimed_at = NULL WHERE id = @id AND (done_at IS NOT NULL OR claimed_at IS NOT NULL);
