-- name: KeepFBAStock :exec
-- What was read later stays. What was read long after now was dated by a clock that was wrong.
INSERT INTO fba_stock (connection_id, marketplace, sku, fnsku, condition, asin, title, fulfillable, inbound_working, inbound_shipped, inbound_receiving,
                       orders, transfers, processing, unfulfillable, researching, changed_at, read_at)
SELECT @connection_id, @marketplace, unnest(@skus::text[]), unnest(@fnskus::text[]), unnest(@conditions::text[]), unnest(@asins::text[]), unnest(@titles::text[]),
       unnest(@fulfillable::int[]), unnest(@inbound_working::int[]), unnest(@inbound_shipped::int[]), unnest(@inbound_receiving::int[]),
       unnest(@orders::int[]), unnest(@transfers::int[]), unnest(@processing::int[]), unnest(@unfulfillable::int[]), unnest(@researching::int[]),
       unnest(@changed_at::timestamptz[]), @read_at
ON CONFLICT (connection_id, marketplace, sku, fnsku, condition) DO UPDATE
SET asin = excluded.asin, title = excluded.title, fulfillable = excluded.fulfillable, inbound_working = excluded.inbound_working,
    inbound_shipped = excluded.inbound_shipped, inbound_receiving = excluded.inbound_receiving, orders = excluded.orders, transfers = excluded.transfers,
    processing = excluded.processing, unfulfillable = excluded.unfulfillable, researching = excluded.researching,
    changed_at = greatest(excluded.changed_at, fba_stock.changed_at), read_at = excluded.read_at
WHERE fba_stock.read_at <= excluded.read_at OR fba_stock.read_at > excluded.read_at + interval '1 hour';

-- name: DropFBAStock :many
-- What a whole reading did not name any more.
DELETE FROM fba_stock WHERE connection_id = @connection_id AND read_at < @begun RETURNING sku;

-- name: ListFBAStock :many
SELECT marketplace, sku, fnsku, condition, asin, title, fulfillable, inbound_working, inbound_shipped, inbound_receiving, orders, transfers, processing,
       unfulfillable, researching
FROM fba_stock WHERE connection_id = @connection_id
ORDER BY sku, marketplace, fnsku, condition;

-- name: StockOfItems :many
SELECT item_code, location, on_hand, allocated, available, unit_cost, changed_at
FROM stock WHERE connection_id = @connection_id AND item_code = ANY (@codes::text[])
ORDER BY item_code, location;

-- name: MapsMadeSince :many
-- SKUs that were mapped, or whose map was ended, since then; in force today or not.
SELECT DISTINCT sku FROM sku_map WHERE connection_id = @connection_id AND made_at > @since::timestamptz;

-- name: NoteFBADifference :one
-- Another difference begins anew, unapproved.
INSERT INTO fba_difference AS d (connection_id, item_code, units, since)
VALUES (@connection_id, @item_code, @units, @now)
ON CONFLICT (connection_id, item_code) DO UPDATE
SET units = excluded.units,
    since = CASE WHEN d.units = excluded.units AND d.since <> @used::timestamptz AND (d.since - interval '1 hour' <= @now OR d.approved_by IS NOT NULL) THEN d.since ELSE excluded.since END,
    approved_by = CASE WHEN d.units = excluded.units AND d.since <> @used::timestamptz THEN d.approved_by END,
    approved_at = CASE WHEN d.units = excluded.units AND d.since <> @used::timestamptz THEN d.approved_at END
RETURNING since, approved_by;

-- name: EndFBADifference :exec
DELETE FROM fba_difference WHERE connection_id = @connection_id AND item_code = @item_code;

-- name: ApproveFBADifference :execrows
UPDATE fba_difference SET approved_by = @person_id::bigint, approved_at = @now::timestamptz
WHERE connection_id = @connection_id AND item_code = @item_code AND units = @units AND approved_by IS NULL;

-- name: FBADifferences :many
-- Differences that stand, with what both sides have as the exception says, the cost of a unit in P21, and the item's record.
SELECT d.item_code, d.units, d.since, coalesce(e.detail->>'amazon', '')::text AS amazon, coalesce(e.detail->>'prophet_21', '')::text AS prophet_21, coalesce(e.title, '')::text AS title,
       coalesce((SELECT max(s.unit_cost) FROM stock s WHERE s.connection_id = d.connection_id AND s.item_code = d.item_code), 0)::numeric AS unit_cost,
       coalesce(r.id, 0)::bigint AS record_id
FROM fba_difference d
LEFT JOIN exception e ON e.connection_id = d.connection_id AND e.class = @class::text AND e.cause = d.item_code AND e.state = 'open'
LEFT JOIN flow_record r ON r.connection_id = d.connection_id AND r.flow = @flow::text AND r.key = d.item_code
WHERE d.connection_id = @connection_id ORDER BY d.item_code;

-- name: FBAStockKnown :one
SELECT c.functional_currency, (SELECT count(*) FROM flow_record r WHERE r.connection_id = c.id AND r.flow = @flow::text AND r.key NOT LIKE 'sku %') AS items,
       coalesce((SELECT max(s.read_at) FROM fba_stock s WHERE s.connection_id = c.id), 'epoch')::timestamptz AS amazon,
       coalesce((SELECT f.read_until FROM flow f WHERE f.connection_id = c.id AND f.name = @flow::text), 'epoch')::timestamptz AS compared
FROM connection c WHERE c.id = @connection_id;

-- name: MovementsOfItem :many
-- Days of Amazon's ledger on which SKUs of an item moved, the newest first.
SELECT l.id, l.key, l.title
FROM flow_record i JOIN flow_content c ON c.record_id = i.id AND c.number = i.latest
CROSS JOIN LATERAL jsonb_array_elements(c.source->'skus') s
JOIN flow_record l ON l.connection_id = i.connection_id AND l.flow = @ledger::text AND l.key LIKE '% % ' || replace(replace(s->>'sku', '%', '\%'), '_', '\_')
WHERE i.id = @record_id ORDER BY l.key DESC LIMIT @size;
