-- name: KeepStock :exec
-- What is older than what is known changes nothing.
INSERT INTO stock AS s (connection_id, item_code, location, on_hand, allocated, available, unit_cost, changed_at)
SELECT @connection_id, unnest(@items::text[]), unnest(@locations::text[]), unnest(@on_hand::numeric[]), unnest(@allocated::numeric[]), unnest(@available::numeric[]),
       unnest(@unit_costs::numeric[]), unnest(@changed_at::timestamptz[])
ON CONFLICT (connection_id, item_code, location) DO UPDATE
SET on_hand = excluded.on_hand, allocated = excluded.allocated, available = excluded.available, unit_cost = excluded.unit_cost, changed_at = excluded.changed_at
WHERE s.changed_at <= excluded.changed_at;

-- name: SKUsToStock :many
-- SKUs that Amazon is not known to fulfil, whose map in force on a day has one of
-- the items or was made since; a general map goes before one of a marketplace.
SELECT DISTINCT ON (m.sku) m.sku, m.id, m.made_at,
       EXISTS (SELECT FROM listing l WHERE l.connection_id = m.connection_id AND l.sku = m.sku AND l.channel = 'MFN')::boolean AS own
FROM sku_map m
WHERE m.connection_id = @connection_id AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
  AND (m.made_at > @made_since::timestamptz OR @every_one::boolean
       OR EXISTS (SELECT FROM sku_map_part p WHERE p.sku_map_id = m.id AND p.item_code = ANY (@codes::text[])))
  AND NOT EXISTS (SELECT FROM listing l WHERE l.connection_id = m.connection_id AND l.sku = m.sku AND l.channel = 'FBA')
ORDER BY m.sku, m.marketplace, m.id;

-- name: StockOfMaps :many
-- What each location has of the items of maps; a location has a row per item.
SELECT p.sku_map_id, p.item_code, p.quantity, s.location, s.available, s.changed_at
FROM sku_map_part p JOIN stock s ON s.connection_id = p.connection_id AND s.item_code = p.item_code
WHERE p.sku_map_id = ANY (@maps::bigint[])
ORDER BY p.sku_map_id, p.position, s.location;

-- name: PartsOfMaps :many
SELECT p.sku_map_id, p.item_code, p.quantity FROM sku_map_part p WHERE p.sku_map_id = ANY (@maps::bigint[]) ORDER BY p.sku_map_id, p.position;

-- name: MapOfSKU :one
SELECT m.id, m.made_at,
       EXISTS (SELECT FROM listing l WHERE l.connection_id = m.connection_id AND l.sku = m.sku AND l.channel = 'MFN')::boolean AS own
FROM sku_map m
WHERE m.connection_id = @connection_id AND m.sku = @sku AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
ORDER BY m.marketplace LIMIT 1;
