-- name: NextSettlementID :one
SELECT nextval(pg_get_serial_sequence('settlement', 'id'))::bigint;

-- name: OpenImport :one
INSERT INTO settlement_import (connection_id, document_id, format, created_by)
VALUES ($1, $2, $3, $4) RETURNING id;

-- name: ImportOfDocument :exec
UPDATE settlement_import SET document_id = @document_id WHERE id = @id;

-- name: UpsertKind :one
INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign)
VALUES (@connection_id, @marketplace, @transaction_type, @amount_type, @amount_description, @sign)
ON CONFLICT (connection_id, marketplace, transaction_type, amount_type, amount_description, sign)
DO UPDATE SET sign = excluded.sign
RETURNING id;

-- name: ProductsOfConnection :many
SELECT id, sku, product_group FROM product WHERE connection_id = $1;

-- name: UpsertProduct :one
INSERT INTO product (connection_id, sku) VALUES ($1, $2)
ON CONFLICT (connection_id, sku) DO UPDATE SET sku = excluded.sku
RETURNING id, product_group;

-- name: LockSettlementName :exec
-- One writer per settlement of a connection, also while no row exists yet.
SELECT pg_advisory_xact_lock(hashtextextended('settlement/' || @connection_id::bigint || '/' || @amazon_id::text, 0));

-- name: CurrentSettlement :one
SELECT id, content_hash, document_id, deposit, line_sum FROM settlement
WHERE connection_id = $1 AND amazon_id = $2 AND replaced_at IS NULL;

-- name: ReplaceSettlement :exec
UPDATE settlement SET replaced_at = now() WHERE id = $1 AND replaced_at IS NULL;

-- name: InsertSettlement :exec
INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit_at, deposit,
    row_count, line_count, line_sum, problem_count, content_hash, marketplaces, replaces_id)
VALUES (@id, @connection_id, @import_id, @document_id, @amazon_id, @currency, @start_at, @end_at, @deposit_at, @deposit,
    @row_count, @line_count, @line_sum, @problem_count, @content_hash, @marketplaces, @replaces_id);

-- name: GetSettlement :one
SELECT s.id, s.connection_id, c.name AS connection_name, c.title AS connection_title, c.time_zone, c.functional_currency,
       s.import_id, s.document_id, s.amazon_id, s.currency, s.start_at, s.end_at, s.deposit_at, s.deposit, s.row_count, s.line_count,
       s.line_sum, s.problem_count, s.marketplaces, s.replaces_id, s.replaced_at, s.created_at,
       b.correction, b.difference, i.format,
       coalesce((SELECT n.id FROM settlement n WHERE n.replaces_id = s.id LIMIT 1), 0)::bigint AS replaced_by
FROM settlement s
JOIN connection c ON c.id = s.connection_id
JOIN settlement_balance b ON b.settlement_id = s.id
JOIN settlement_import i ON i.id = s.import_id
WHERE s.id = $1;

-- name: SettlementByAmazonID :one
SELECT id FROM settlement WHERE amazon_id = @amazon_id AND replaced_at IS NULL
  AND (sqlc.narg(connection_id)::bigint IS NULL OR connection_id = sqlc.narg(connection_id)) ORDER BY id LIMIT 1;

-- name: ListSettlements :many
-- Newest cycle first; keyset on (end_at, id).
SELECT s.id, s.connection_id, c.name AS connection_name, s.amazon_id, s.currency, s.start_at, s.end_at, s.deposit_at, s.deposit,
       s.line_count, s.marketplaces, s.problem_count, b.difference,
       (SELECT count(*) FROM exception x WHERE x.state = 'open' AND x.connection_id = s.connection_id AND (x.settlement_id = s.id
           OR (x.class = 'unmapped_kind' AND EXISTS (SELECT 1 FROM rollup r WHERE r.kind_id = x.kind_id AND r.settlement_id = s.id)))) AS exceptions,
       coalesce((SELECT string_agg(DISTINCT e.status, ',') FROM journal_entry e
                 WHERE e.settlement_id = s.id AND e.entry_type = 'settlement' AND e.status NOT IN ('discarded', 'reversed')), '')::text AS entry_states
FROM settlement s
JOIN connection c ON c.id = s.connection_id
JOIN settlement_balance b ON b.settlement_id = s.id
WHERE s.replaced_at IS NULL
  AND (sqlc.narg(connection_id)::bigint IS NULL OR s.connection_id = sqlc.narg(connection_id))
  AND (@currency::text = '' OR s.currency = @currency)
  AND (@search::text = '' OR s.amazon_id LIKE @search || '%')
  AND (sqlc.narg(ends_from)::timestamptz IS NULL OR s.end_at >= sqlc.narg(ends_from))
  AND (sqlc.narg(ends_before)::timestamptz IS NULL OR s.end_at < sqlc.narg(ends_before))
  AND (@state::text = ''
       OR (@state = 'out_of_balance' AND b.difference <> 0)
       OR (@state = 'exceptions' AND EXISTS (SELECT 1 FROM exception x WHERE x.state = 'open' AND x.connection_id = s.connection_id AND (x.settlement_id = s.id
              OR (x.class = 'unmapped_kind' AND EXISTS (SELECT 1 FROM rollup r WHERE r.kind_id = x.kind_id AND r.settlement_id = s.id)))))
       OR (@state NOT IN ('out_of_balance', 'exceptions') AND EXISTS (SELECT 1 FROM journal_entry e
              WHERE e.settlement_id = s.id AND e.entry_type = 'settlement' AND e.status = @state)))
  AND (sqlc.narg(after_end)::timestamptz IS NULL OR (s.end_at, s.id) < (sqlc.narg(after_end)::timestamptz, @after_id::bigint))
ORDER BY s.end_at DESC, s.id DESC
LIMIT @page_size;

-- name: TotalSettlements :many
-- Totals of the filtered set, per currency.
SELECT s.currency, count(*) AS settlements, sum(s.deposit)::numeric AS deposit, sum(s.line_count)::bigint AS lines
FROM settlement s
JOIN settlement_balance b ON b.settlement_id = s.id
WHERE s.replaced_at IS NULL
  AND (sqlc.narg(connection_id)::bigint IS NULL OR s.connection_id = sqlc.narg(connection_id))
  AND (@currency::text = '' OR s.currency = @currency)
  AND (@search::text = '' OR s.amazon_id LIKE @search || '%')
  AND (sqlc.narg(ends_from)::timestamptz IS NULL OR s.end_at >= sqlc.narg(ends_from))
  AND (sqlc.narg(ends_before)::timestamptz IS NULL OR s.end_at < sqlc.narg(ends_before))
  AND (@state::text = ''
       OR (@state = 'out_of_balance' AND b.difference <> 0)
       OR (@state = 'exceptions' AND EXISTS (SELECT 1 FROM exception x WHERE x.state = 'open' AND x.connection_id = s.connection_id AND (x.settlement_id = s.id
              OR (x.class = 'unmapped_kind' AND EXISTS (SELECT 1 FROM rollup r WHERE r.kind_id = x.kind_id AND r.settlement_id = s.id)))))
       OR (@state NOT IN ('out_of_balance', 'exceptions') AND EXISTS (SELECT 1 FROM journal_entry e
              WHERE e.settlement_id = s.id AND e.entry_type = 'settlement' AND e.status = @state)))
GROUP BY s.currency ORDER BY s.currency;

-- name: NeighbourSettlements :one
-- The cycle before and after in the same account and currency, 0 where there is none.
SELECT coalesce((SELECT p.id FROM settlement p WHERE p.connection_id = s.connection_id AND p.currency = s.currency AND p.replaced_at IS NULL
           AND (p.end_at, p.id) < (s.end_at, s.id) ORDER BY p.end_at DESC, p.id DESC LIMIT 1), 0)::bigint AS previous,
       coalesce((SELECT n.id FROM settlement n WHERE n.connection_id = s.connection_id AND n.currency = s.currency AND n.replaced_at IS NULL
           AND (n.end_at, n.id) > (s.end_at, s.id) ORDER BY n.end_at, n.id LIMIT 1), 0)::bigint AS next
FROM settlement s WHERE s.id = $1;

-- name: RollupsOfSettlement :many
SELECT r.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign,
       r.posted_on, r.product_group, r.fulfillment, r.correction_id, r.lines, r.quantity, r.amount
FROM rollup r JOIN kind k ON k.id = r.kind_id
WHERE r.settlement_id = $1
ORDER BY r.kind_id, r.posted_on, r.product_group, r.fulfillment, r.correction_id;

-- name: ProblemsOfImport :many
SELECT position, settlement_id, line_no, column_name, value, rule, raw_offset, raw_length
FROM settlement_problem WHERE import_id = @import_id AND position > @after ORDER BY position LIMIT @page_size;

-- name: ReadingsOfSettlement :many
-- Every reading of the same settlement, newest first.
SELECT s.id, s.document_id, d.name, d.source, d.sha256, d.size, d.created_at AS stored_at, coalesce(p.name, '') AS stored_by,
       s.line_count, s.line_sum, s.deposit, s.replaced_at, s.created_at, i.format
FROM settlement s
JOIN document d ON d.id = s.document_id
JOIN settlement_import i ON i.id = s.import_id
LEFT JOIN person p ON p.id = d.created_by
WHERE s.connection_id = @connection_id AND s.amazon_id = @amazon_id
ORDER BY s.id DESC;

-- name: InsertCorrection :one
INSERT INTO settlement_correction (settlement_id, marketplace, transaction_type, amount_type, amount_description, posted_on, amount, reason, written_by)
VALUES (@settlement_id, @marketplace, @transaction_type, @amount_type, @amount_description, @posted_on, @amount, @reason, @written_by)
RETURNING id;

-- name: CorrectionOfSettlement :one
SELECT c.id, c.settlement_id, c.marketplace, c.transaction_type, c.amount_type, c.amount_description, c.posted_on, c.amount, c.reason,
       c.written_by, w.name AS written_name, c.written_at, c.approved_by, coalesce(a.name, '') AS approved_name, c.approved_at
FROM settlement_correction c
JOIN person w ON w.id = c.written_by
LEFT JOIN person a ON a.id = c.approved_by
WHERE c.settlement_id = $1 AND c.withdrawn_at IS NULL;

-- name: ApproveCorrection :execrows
UPDATE settlement_correction SET approved_by = @approved_by, approved_at = now()
WHERE id = @id AND approved_at IS NULL AND withdrawn_at IS NULL;

-- name: WithdrawCorrection :execrows
UPDATE settlement_correction SET withdrawn_at = now() WHERE id = @id AND approved_at IS NULL AND withdrawn_at IS NULL;

-- name: InsertRollup :exec
INSERT INTO rollup (settlement_id, kind_id, posted_on, product_group, fulfillment, correction_id, lines, quantity, amount)
VALUES (@settlement_id, @kind_id, @posted_on, @product_group, @fulfillment, @correction_id, @lines, @quantity, @amount);

-- name: OrderBlocks :many
-- The blocks of one settlement, or of each current one, that two buckets of order ids share.
SELECT s.id, s.amazon_id, a.blocks AS first, b.blocks AS second FROM settlement s
JOIN order_block a ON a.settlement_id = s.id AND a.bucket = @first_bucket
JOIN order_block b ON b.settlement_id = s.id AND b.bucket = @second_bucket
WHERE s.id = sqlc.narg(settlement_id)::bigint OR (sqlc.narg(settlement_id)::bigint IS NULL AND s.replaced_at IS NULL)
ORDER BY s.end_at DESC, s.id DESC;

-- name: CountOrderLines :many
-- Lines of an order among runs of rows.
SELECT r.settlement_id::bigint AS settlement_id, count(*) AS lines
FROM (SELECT unnest(@settlement_ids::bigint[]) AS settlement_id, unnest(@first_rows::int[]) AS lo, unnest(@last_rows::int[]) AS hi) r
CROSS JOIN LATERAL (
    SELECT 1 FROM settlement_line l WHERE l.settlement_id = r.settlement_id AND l.line_no BETWEEN r.lo AND r.hi
       AND (l.order_id = @order_id::text OR l.merchant_order_id = @order_id::text) OFFSET 0) l
GROUP BY r.settlement_id;

-- name: ProductPlaces :many
SELECT s.id, s.amazon_id, sum(b.lines)::bigint AS lines FROM product p
JOIN line_block b ON b.dimension = 'product' AND b.ref = p.id
JOIN settlement s ON s.id = b.settlement_id
WHERE p.sku = @sku AND s.replaced_at IS NULL GROUP BY s.id ORDER BY s.end_at DESC LIMIT @size;

-- name: LineBlocks :many
SELECT ref, lines, amount, blocks FROM line_block
WHERE settlement_id = @settlement_id AND dimension = @dimension AND ref = ANY (@refs::int[]);

-- name: GetLine :one
SELECT l.settlement_id, l.line_no, l.part, l.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign,
       l.posted_at, l.posted_on, l.amount, coalesce(p.sku, '') AS sku, coalesce(p.product_group, '') AS product_group, l.quantity, l.fulfillment,
       coalesce(l.order_id, '') AS order_id, coalesce(l.merchant_order_id, '') AS merchant_order_id,
       coalesce(l.adjustment_id, '') AS adjustment_id, coalesce(l.shipment_id, '') AS shipment_id,
       coalesce(l.order_item_code, '') AS order_item_code, coalesce(l.promotion_id, '') AS promotion_id, l.raw_offset, l.raw_length
FROM settlement_line l
JOIN kind k ON k.id = l.kind_id
LEFT JOIN product p ON p.id = l.product_id
WHERE l.settlement_id = $1 AND l.line_no = $2 AND l.part = $3;

-- name: SearchProducts :many
SELECT id, sku FROM product WHERE connection_id = @connection_id AND sku ILIKE @pattern ORDER BY sku LIMIT 200;

-- name: ReserveChain :many
-- Held and released per settlement, in order of time: the running reserve.
SELECT s.id, s.amazon_id, s.end_at,
       coalesce(sum(r.amount) FILTER (WHERE regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'previousreserveamountbalance'), 0)::numeric AS released,
       coalesce(sum(-r.amount) FILTER (WHERE regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'currentreserveamount'), 0)::numeric AS held
FROM settlement s
JOIN kind_sum r ON r.settlement_id = s.id
JOIN kind k ON k.id = r.kind_id
WHERE s.connection_id = @connection_id AND s.currency = @currency AND s.replaced_at IS NULL
GROUP BY s.id, s.amazon_id, s.end_at
ORDER BY s.end_at, s.id;

-- name: ChainOfSettlement :one
-- What a cycle brings over from the one before it and what that one left behind.
SELECT p.id AS previous_id, p.amazon_id AS previous_amazon_id, p.end_at AS previous_end, p.deposit AS previous_deposit, s.start_at, s.currency, s.amazon_id, s.connection_id,
       coalesce((SELECT -sum(r.amount) FROM kind_sum r JOIN kind k ON k.id = r.kind_id
                 WHERE r.settlement_id = p.id AND regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'currentreserveamount'), 0)::numeric AS held,
       coalesce((SELECT sum(r.amount) FROM kind_sum r JOIN kind k ON k.id = r.kind_id
                 WHERE r.settlement_id = s.id AND regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'previousreserveamountbalance'), 0)::numeric AS released,
       coalesce((SELECT sum(r.amount) FROM kind_sum r JOIN kind k ON k.id = r.kind_id
                 WHERE r.settlement_id = s.id AND regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'payabletoamazon'), 0)::numeric AS payable
FROM settlement s
JOIN LATERAL (SELECT x.id, x.amazon_id, x.end_at, x.deposit FROM settlement x
              WHERE x.connection_id = s.connection_id AND x.currency = s.currency AND x.replaced_at IS NULL AND (x.end_at, x.id) < (s.end_at, s.id)
              ORDER BY x.end_at DESC, x.id DESC LIMIT 1) p ON true
WHERE s.id = $1;

-- name: TaxResidue :one
-- Orders whose collected and withheld tax do not cancel, where Amazon withholds.
-- The kinds go in as arrays: lines just imported have no statistics, and a join
-- would be planned as one look at all lines per kind.
WITH tax AS (
    SELECT k.id, (regexp_replace(lower(k.amount_type), '[ _-]', '', 'g') = 'itemwithheldtax') AS withheld
    FROM kind k WHERE k.connection_id = @connection_id
      AND (regexp_replace(lower(k.amount_type), '[ _-]', '', 'g') = 'itemwithheldtax'
           OR (regexp_replace(lower(k.amount_type), '[ _-]', '', 'g') = 'itemprice'
               AND regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') IN ('tax', 'shippingtax', 'giftwraptax')))),
orders AS (
    SELECT l.order_id COLLATE "C" AS order_id, sum(l.amount) AS residue
    FROM settlement_line l
    WHERE l.settlement_id = @settlement_id AND l.order_id IS NOT NULL AND l.kind_id = ANY (ARRAY(SELECT id FROM tax))
    GROUP BY l.order_id COLLATE "C" HAVING bool_or(l.kind_id = ANY (ARRAY(SELECT id FROM tax WHERE withheld))) AND sum(l.amount) <> 0)
SELECT count(*) AS orders, coalesce(sum(residue), 0)::numeric AS residue, coalesce(min(order_id), '')::text AS example FROM orders;

-- name: SettlementAfter :one
SELECT n.id FROM settlement s JOIN settlement n ON n.connection_id = s.connection_id AND n.currency = s.currency AND n.replaced_at IS NULL
    AND (n.end_at, n.id) > (s.end_at, s.id)
WHERE s.id = $1 ORDER BY n.end_at, n.id LIMIT 1;

-- name: ProductBySKU :one
SELECT id FROM product WHERE connection_id = @connection_id AND sku = @sku;

-- name: LastRow :one
SELECT coalesce(max(line_no), 0)::int FROM settlement_line WHERE settlement_id = $1;

-- name: KeepLineChanges :exec
-- What one reading of a settlement has otherwise than another: lines alike are
-- counted on both sides, whatever row they stand in; the row that is named is of the
-- side that has more. Does nothing when it is kept.
WITH differing AS (
    SELECT l.kind_id, l.product_id, l.posted_at, l.posted_on, coalesce(l.order_id, '') AS order_id, l.quantity, l.amount, sum(x.sign) AS lines,
           CASE WHEN sum(x.sign) > 0 THEN min(l.line_no) FILTER (WHERE x.sign > 0) ELSE min(l.line_no) FILTER (WHERE x.sign < 0) END AS line_no
    FROM settlement_line l CROSS JOIN LATERAL (SELECT CASE WHEN l.settlement_id = @settlement_id::bigint THEN 1 ELSE -1 END AS sign) x
    WHERE l.settlement_id IN (@settlement_id::bigint, @replaces_id::bigint) AND NOT EXISTS (SELECT 1 FROM line_comparison c WHERE c.settlement_id = @settlement_id::bigint)
    GROUP BY l.kind_id, l.posted_at, l.posted_on, l.order_id, l.merchant_order_id, l.adjustment_id, l.shipment_id, l.order_item_code, l.promotion_id, l.product_id, l.quantity,
             l.fulfillment, l.amount
    HAVING sum(x.sign) <> 0
), compared AS (
    INSERT INTO line_comparison (settlement_id, changes, total)
    SELECT @settlement_id, count(*), coalesce(sum(d.lines * d.amount), 0) FROM differing d ON CONFLICT (settlement_id) DO NOTHING
)
INSERT INTO line_change (settlement_id, position, kind_id, product_id, posted_at, posted_on, order_id, quantity, amount, lines, line_no)
SELECT @settlement_id, row_number() OVER (ORDER BY d.order_id, d.posted_at, d.kind_id, d.amount, d.lines), d.kind_id, d.product_id, d.posted_at, d.posted_on, d.order_id, d.quantity, d.amount,
       d.lines, d.line_no
FROM differing d ORDER BY 2 LIMIT @size ON CONFLICT (settlement_id, position) DO NOTHING;

-- name: LineComparison :one
SELECT changes, total FROM line_comparison WHERE settlement_id = $1;

-- name: LineChanges :many
SELECT c.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, c.posted_at, c.posted_on, c.order_id, coalesce(p.sku, '')::text AS sku, c.quantity, c.amount,
       c.lines, c.line_no
FROM line_change c JOIN kind k ON k.id = c.kind_id LEFT JOIN product p ON p.id = c.product_id
WHERE c.settlement_id = $1 ORDER BY c.position;
