-- name: SalesToSum :many
-- Settlements whose sales are not summed, and those that a re-issue replaced.
SELECT s.id, (s.replaced_at IS NOT NULL)::boolean AS replaced
FROM settlement s LEFT JOIN sale_reading r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND (r.settlement_id IS NULL) = (s.replaced_at IS NULL) ORDER BY s.id;

-- name: ForgetSales :exec
-- The sums go with the reading.
DELETE FROM sale_reading WHERE settlement_id = $1;

-- name: BeginSales :exec
INSERT INTO sale_reading (settlement_id, summed_at) VALUES (@settlement_id, @now);

-- name: SumSales :exec
-- Amazon's own orders only: those of other channels have other ids.
INSERT INTO settled_sale (settlement_id, order_id, sku, amount, posted_on)
SELECT l.settlement_id, l.order_id, coalesce(p.sku, ''), sum(l.amount), min(l.posted_on)
FROM settlement_line l LEFT JOIN product p ON p.id = l.product_id
WHERE l.settlement_id = @settlement_id AND l.kind_id = ANY (@kinds::int[]) AND l.order_id ~ '^[0-9]{3}-[0-9]{7}-[0-9]{7}$'
GROUP BY l.settlement_id, l.order_id, coalesce(p.sku, '');

-- name: NoteOrders :execrows
-- Orders that changed since. The day of shipping stays the one on which Amazon first said so.
INSERT INTO held_order AS h (record_id, connection_id, order_id, content, currency, amount, placed_on, shipped_on, skus)
SELECT r.id, r.connection_id, r.key, r.latest, r.currency, coalesce(r.amount, 0), coalesce((c.source->>'createdTime')::timestamptz, r.source_at)::date,
       CASE WHEN c.source->'fulfillment'->>'fulfillmentStatus' = 'SHIPPED' THEN r.source_at::date END,
       coalesce((SELECT array_agg(DISTINCT i->'product'->>'sellerSku') FROM jsonb_array_elements(c.source->'orderItems') i WHERE i->'product'->>'sellerSku' <> ''), '{}')
FROM flow_record r JOIN flow_content c ON c.record_id = r.id AND c.number = r.latest LEFT JOIN held_order o ON o.record_id = r.id
WHERE r.connection_id = @connection_id AND r.flow = @flow AND (o.record_id IS NULL OR o.content <> r.latest)
ON CONFLICT (record_id) DO UPDATE SET content = excluded.content, currency = excluded.currency, amount = excluded.amount, placed_on = excluded.placed_on,
    shipped_on = CASE WHEN excluded.shipped_on IS NOT NULL THEN coalesce(h.shipped_on, excluded.shipped_on) END, skus = excluded.skus;

-- name: ProceedsKnown :one
-- Up to when settlements and orders are known, and from when on both are.
SELECT c.functional_currency,
       coalesce((SELECT max(s.end_at) FROM sale_reading r JOIN settlement s ON s.id = r.settlement_id WHERE s.connection_id = c.id), 'epoch')::timestamptz AS settled_to,
       coalesce((SELECT min(s.start_at) FROM sale_reading r JOIN settlement s ON s.id = r.settlement_id WHERE s.connection_id = c.id), 'epoch')::timestamptz AS settled_from,
       coalesce((SELECT f.read_until FROM flow f WHERE f.connection_id = c.id AND f.name = @flow), 'epoch')::timestamptz AS ordered_to,
       coalesce((SELECT min(h.placed_on) FROM held_order h WHERE h.connection_id = c.id), 'epoch')::date AS ordered_from
FROM connection c WHERE c.id = @connection_id;

-- name: UnknownSales :many
-- Settled items of orders that are not held, or that the order has not, from a day on.
SELECT x.order_id, x.sku, s.currency, sum(x.amount)::numeric AS amount, min(x.posted_on)::date AS posted_on, max(s.id)::bigint AS settlement_id, (h.record_id IS NOT NULL)::boolean AS held, coalesce(h.record_id, 0)::bigint AS record_id
FROM settled_sale x JOIN settlement s ON s.id = x.settlement_id
LEFT JOIN held_order h ON h.connection_id = s.connection_id AND h.order_id = x.order_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND x.posted_on >= @from_day::date AND (h.record_id IS NULL OR x.sku <> '' AND x.sku <> ALL (h.skus))
GROUP BY x.order_id, x.sku, s.currency, h.record_id ORDER BY x.order_id, x.sku, s.currency;

-- name: NeverSettled :many
-- Orders shipped before a day, since settlements are known, that no settlement pays.
SELECT h.record_id, h.order_id, h.currency, h.amount, h.shipped_on, h.skus
FROM held_order h
WHERE h.connection_id = @connection_id AND h.shipped_on < @late::date AND h.shipped_on >= @from_day::date AND h.amount > 0 AND h.currency <> ''
  AND NOT EXISTS (SELECT 1 FROM settled_sale x JOIN settlement s ON s.id = x.settlement_id WHERE x.order_id = h.order_id AND s.connection_id = h.connection_id AND s.replaced_at IS NULL)
ORDER BY h.order_id;

-- name: SalesTotals :many
-- What settlements pay of orders from a day on.
SELECT s.currency, count(*) AS items, sum(x.amount)::numeric AS amount
FROM settled_sale x JOIN settlement s ON s.id = x.settlement_id WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND x.posted_on >= @from_day::date
GROUP BY s.currency ORDER BY s.currency;
