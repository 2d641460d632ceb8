-- name: RefundsToSum :many
-- Settlements whose refunds are not summed, and those that a re-issue replaced.
SELECT s.id, (s.replaced_at IS NOT NULL)::boolean AS replaced
FROM settlement s LEFT JOIN refund_reading r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND (r.settlement_id IS NULL) = (s.replaced_at IS NULL) ORDER BY s.id;

-- name: ForgetRefunds :exec
-- The sums go with the reading.
DELETE FROM refund_reading WHERE settlement_id = $1;

-- name: BeginRefunds :exec
INSERT INTO refund_reading (settlement_id, summed_at) VALUES (@settlement_id, @now);

-- name: SumRefunds :exec
-- Of what the seller ships Amazon reports no returns.
INSERT INTO refunded (settlement_id, order_id, sku, amount, reimbursed, posted_on)
SELECT l.settlement_id, l.order_id, p.sku, coalesce(-sum(l.amount) FILTER (WHERE l.kind_id = ANY (@refunds::int[])), 0),
       coalesce(sum(l.amount) FILTER (WHERE l.kind_id = ANY (@reimbursements::int[])), 0), max(l.posted_on)
FROM settlement_line l JOIN product p ON p.id = l.product_id
WHERE l.settlement_id = @settlement_id AND l.kind_id = ANY (@refunds::int[] || @reimbursements::int[]) AND l.order_id <> '' AND p.sku <> '' AND l.fulfillment <> 'MFN'
GROUP BY l.settlement_id, l.order_id, p.sku;

-- name: NoteReturned :exec
-- Returns that were read since.
INSERT INTO returned (record_id, connection_id, order_id, sku, returned_on, quantity)
SELECT r.id, r.connection_id, c.source->'return'->>'OrderID', c.source->'return'->>'SKU', r.source_at::date, (c.source->'return'->>'Quantity')::int
FROM flow_record r JOIN flow_content c ON c.record_id = r.id AND c.number = r.latest
WHERE r.connection_id = @connection_id AND r.flow = @flow AND NOT EXISTS (SELECT 1 FROM returned x WHERE x.record_id = r.id)
  AND c.source->'return'->>'OrderID' <> '' AND c.source->'return'->>'SKU' <> '';

-- name: FindRefundCases :exec
-- What one side lacks, as far as both are known: refunds from the first return on that was read, returns that the
-- settlements at hand reach beyond.
WITH paid AS (
    SELECT r.order_id, r.sku, s.currency, sum(r.amount) AS amount, sum(r.reimbursed) AS reimbursed, max(r.posted_on) AS posted_on
    FROM refunded r JOIN settlement s ON s.id = r.settlement_id
    WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL GROUP BY r.order_id, r.sku, s.currency
), back AS (
    SELECT b.order_id, b.sku, min(b.returned_on) AS returned_on, sum(b.quantity)::int AS units FROM returned b WHERE b.connection_id = @connection_id GROUP BY b.order_id, b.sku
), known AS (
    SELECT (SELECT min(b.returned_on) FROM returned b WHERE b.connection_id = @connection_id) AS returns_from,
           (SELECT min(s.start_at)::date FROM settlement s WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL) AS refunds_from,
           (SELECT max(s.end_at)::date FROM settlement s WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL) AS refunds_to
), found AS (
    SELECT p.order_id, p.sku, 'not_returned' AS finding, p.currency, p.amount, 0 AS units, p.posted_on AS since
    FROM paid p CROSS JOIN known k
    WHERE p.amount > 0 AND p.reimbursed <= 0 AND p.posted_on >= k.returns_from AND p.posted_on + @return_days::int < @today::date
      AND NOT EXISTS (SELECT 1 FROM back b WHERE b.order_id = p.order_id AND b.sku = p.sku)
    UNION ALL
    SELECT b.order_id, b.sku, 'not_refunded', '', 0, b.units, b.returned_on
    FROM back b CROSS JOIN known k
    WHERE b.returned_on >= k.refunds_from AND b.returned_on + @refund_days::int < k.refunds_to
      AND NOT EXISTS (SELECT 1 FROM paid p WHERE p.order_id = b.order_id AND p.sku = b.sku AND p.amount > 0)
)
INSERT INTO refund_case (connection_id, order_id, sku, finding, currency, amount, units, since, seen_at)
SELECT @connection_id, f.order_id, f.sku, f.finding, f.currency, f.amount, f.units, f.since, @now::timestamptz FROM found f
ON CONFLICT (connection_id, order_id, sku, finding, currency) DO UPDATE SET amount = excluded.amount, units = excluded.units, since = excluded.since, seen_at = excluded.seen_at;

-- name: DropRefundCases :exec
-- What is complete by now; what a person has settled stays.
DELETE FROM refund_case WHERE connection_id = @connection_id AND seen_at < @now AND done_at IS NULL;

-- name: ListRefundCases :many
SELECT f.id, f.connection_id, c.name AS connection_name, f.order_id, f.sku, f.finding, f.currency, f.amount, f.units, f.since, f.note, f.done_at, coalesce(p.name, '') AS done_name
FROM refund_case f JOIN connection c ON c.id = f.connection_id LEFT JOIN person p ON p.id = f.done_by
WHERE (@connection_id::bigint = 0 OR f.connection_id = @connection_id) AND (@finding::text = '' OR f.finding = @finding)
  AND (@state::text = 'all' OR (f.done_at IS NOT NULL) = (@state::text = 'done'))
  AND (@pattern::text = '' OR f.order_id ILIKE @pattern OR f.sku ILIKE @pattern)
  AND (@after_id::bigint = 0 OR (f.since, f.id) > (@after_since::date, @after_id::bigint))
ORDER BY f.since, f.id LIMIT @page_size;

-- name: SumRefundCases :many
SELECT f.finding, f.currency, count(*) AS cases, sum(f.units)::bigint AS units, sum(f.amount)::numeric AS amount
FROM refund_case f WHERE (@connection_id::bigint = 0 OR f.connection_id = @connection_id) AND f.done_at IS NULL
GROUP BY f.finding, f.currency ORDER BY f.finding DESC, f.currency;

-- name: GetRefundCase :one
SELECT f.id, f.connection_id, c.name AS connection_name, f.order_id, f.sku, f.finding, f.currency, f.amount, f.units, f.since, f.note, f.done_at, coalesce(p.name, '') AS done_name
FROM refund_case f JOIN connection c ON c.id = f.connection_id LEFT JOIN person p ON p.id = f.done_by WHERE f.id = $1;

-- name: SettleRefundCase :execrows
UPDATE refund_case SET note = @note, done_by = @person_id, done_at = @now WHERE id = @id AND done_at IS NULL;

-- name: ReopenRefundCase :execrows
UPDATE refund_case SET note = '', done_by = NULL, done_at = NULL WHERE id = @id AND done_at IS NOT NULL;

-- name: RefundsOf :many
SELECT s.id, s.amazon_id, s.currency, r.amount, r.reimbursed, r.posted_on FROM refunded r JOIN settlement s ON s.id = r.settlement_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND r.order_id = @order_id AND r.sku = @sku ORDER BY r.posted_on, s.id;

-- name: ReturnsOf :many
SELECT b.record_id, b.returned_on, b.quantity, r.key FROM returned b JOIN flow_record r ON r.id = b.record_id
WHERE b.connection_id = @connection_id AND b.order_id = @order_id AND b.sku = @sku ORDER BY b.returned_on, b.record_id;

-- name: RefundedTotals :many
-- Everything that settlements gave back of what Amazon ships, by currency.
SELECT s.currency, count(*) AS items, sum(r.amount)::numeric AS amount FROM refunded r JOIN settlement s ON s.id = r.settlement_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL GROUP BY s.currency ORDER BY s.currency;

-- name: OpenRefundCases :many
SELECT id, order_id, sku, finding, currency, amount, units, since FROM refund_case WHERE connection_id = @connection_id AND done_at IS NULL ORDER BY id;

-- name: ReturnsWithoutRMA :many
-- What came back before a day and P21 has no return of.
SELECT b.record_id, b.order_id, b.sku, b.returned_on, b.quantity, r.key, r.state, r.problem
FROM returned b JOIN flow_record r ON r.id = b.record_id
WHERE b.connection_id = @connection_id AND r.state NOT IN ('delivered', 'ignored') AND r.remote_key = '' AND b.returned_on < @late::date ORDER BY b.record_id;

-- name: RefundsKnown :one
-- Up to when both sides are known, and what amounts without a currency count in.
SELECT c.functional_currency,
       coalesce((SELECT max(s.end_at) FROM refund_reading r JOIN settlement s ON s.id = r.settlement_id WHERE s.connection_id = c.id), 'epoch')::timestamptz AS refunded,
       coalesce((SELECT f.read_until FROM flow f WHERE f.connection_id = c.id AND f.name = @flow), 'epoch')::timestamptz AS returned
FROM connection c WHERE c.id = @connection_id;
