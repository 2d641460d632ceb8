-- name: ResolveSKUs :many
-- The parts of each SKU's map in force on a day: that of the marketplace before the general one.
SELECT m.sku, m.id, m.marketplace, m.valid_from, m.valid_to, p.item_code, p.quantity, p.share, i.description, i.active, i.list_price, i.currency
FROM (
    SELECT DISTINCT ON (s.sku) s.id, s.connection_id, s.sku, s.marketplace, s.valid_from, s.valid_to
    FROM sku_map s
    WHERE s.connection_id = @connection_id AND s.sku = ANY (@skus::text[]) AND s.marketplace IN (@marketplace::text, '')
      AND s.valid_from <= @on_day::date AND (s.valid_to IS NULL OR s.valid_to > @on_day::date)
    ORDER BY s.sku, s.marketplace DESC
) m
JOIN sku_map_part p ON p.sku_map_id = m.id
JOIN item i ON i.connection_id = p.connection_id AND i.code = p.item_code
ORDER BY m.sku, p.position;

-- name: InsertSKUMap :one
INSERT INTO sku_map (connection_id, marketplace, sku, stem, valid_from, valid_to, parts, note, made_by, made_at)
VALUES (@connection_id, @marketplace, @sku, @stem, @valid_from, @valid_to, @parts, @note, @made_by, @made_at)
RETURNING id;

-- name: InsertSKUMapPart :exec
INSERT INTO sku_map_part (sku_map_id, connection_id, position, item_code, quantity, share)
VALUES (@sku_map_id, @connection_id, @position, @item_code, @quantity, @share);

-- name: EndSKUMap :execrows
UPDATE sku_map SET valid_to = @valid_to, note = @note, version = version + 1 WHERE id = @id AND version = @version;

-- name: LockSKUMap :one
SELECT id, connection_id, marketplace, sku, valid_from, valid_to, note, version FROM sku_map WHERE id = $1 FOR UPDATE;

-- name: SKUMapsOf :many
-- Every map of the SKUs that ever was, with its parts; no SKUs: those of the whole connection that are not over.
SELECT m.id, m.connection_id, m.marketplace, m.sku, m.valid_from, m.valid_to, m.note, m.made_at, coalesce(a.name, '') AS made_name, m.version,
       p.item_code, p.quantity, p.share, i.description, i.active, i.list_price, i.currency
FROM sku_map m
JOIN sku_map_part p ON p.sku_map_id = m.id
JOIN item i ON i.connection_id = p.connection_id AND i.code = p.item_code
LEFT JOIN person a ON a.id = m.made_by
WHERE (sqlc.narg(connection_id)::bigint IS NULL OR m.connection_id = sqlc.narg(connection_id))
  AND (sqlc.narg(skus)::text[] IS NULL OR m.sku = ANY (sqlc.narg(skus)::text[]))
  AND (sqlc.narg(not_over)::date IS NULL OR m.valid_to IS NULL OR (m.valid_to > sqlc.narg(not_over)::date AND m.valid_to > m.valid_from))
ORDER BY m.connection_id, m.sku, m.marketplace, m.valid_from DESC, m.id DESC, p.position;

-- name: ItemsByCode :many
SELECT code, description, unit, active, list_price, currency FROM item WHERE connection_id = @connection_id AND code = ANY (@codes::text[]) ORDER BY code;

-- name: SearchItems :many
-- By the beginning of the code, or anywhere in the description.
SELECT code, description, unit, active, list_price, currency FROM item
WHERE connection_id = @connection_id AND (@prefix::text = '' OR code ILIKE @prefix::text OR description ILIKE @anywhere::text)
ORDER BY active DESC, code LIMIT @page_size;

-- name: ListingsOfSKU :many
SELECT marketplace, sku, asin, fnsku, title, identifiers, channel, status, seen_at
FROM listing WHERE connection_id = @connection_id AND sku = @sku ORDER BY marketplace;

-- name: ListProducts :many
-- Listings, and maps of what is not listed, each with the map of the day; keyset on (sku, marketplace, connection).
-- Items are read for the rows of the page alone.
SELECT x.connection_id, c.name AS connection_name, x.marketplace, x.sku, x.asin, x.title, x.channel, x.status,
       coalesce(x.map_id, 0)::bigint AS map_id, coalesce(x.valid_from, @on_day::date)::date AS valid_from, x.valid_to,
       coalesce(p.codes, '{}')::text[] AS codes, coalesce(p.quantities, '{}')::int[] AS quantities,
       (CASE WHEN x.map_id IS NULL THEN 'unmapped' WHEN x.active THEN 'mapped' ELSE 'inactive' END)::text AS state
FROM (
    SELECT k.connection_id, k.marketplace, k.sku, k.asin, k.title, k.channel, k.status, m.id AS map_id, m.valid_from, m.valid_to, m.active
    FROM (
        SELECT l.connection_id, l.marketplace, l.sku, l.asin, l.title, l.channel, l.status FROM listing l
        UNION ALL
        SELECT DISTINCT s.connection_id, s.marketplace, s.sku, '', '', '', '' FROM sku_map s
        WHERE NOT EXISTS (SELECT 1 FROM listing x WHERE x.connection_id = s.connection_id AND x.sku = s.sku AND s.marketplace IN ('', x.marketplace))
    ) k
    LEFT JOIN LATERAL (
        SELECT s.id, s.valid_from, s.valid_to,
               (SELECT bool_and(i.active) FROM sku_map_part q JOIN item i ON i.connection_id = q.connection_id AND i.code = q.item_code WHERE q.sku_map_id = s.id) AS active
        FROM sku_map s
        WHERE s.connection_id = k.connection_id AND s.sku = k.sku AND s.marketplace IN (k.marketplace, '')
          AND s.valid_from <= @on_day::date AND (s.valid_to IS NULL OR s.valid_to > @on_day::date)
        ORDER BY s.marketplace DESC LIMIT 1
    ) m ON true
    WHERE (sqlc.narg(connection_id)::bigint IS NULL OR k.connection_id = sqlc.narg(connection_id))
      AND (@marketplace::text = '' OR k.marketplace = @marketplace)
      AND (@pattern::text = '' OR k.sku ILIKE @pattern OR k.title ILIKE @pattern OR k.asin ILIKE @pattern
           OR EXISTS (SELECT 1 FROM sku_map_part q WHERE q.sku_map_id = m.id AND q.item_code ILIKE @pattern))
      AND (@state::text = '' OR (CASE WHEN m.id IS NULL THEN 'unmapped' WHEN m.active THEN 'mapped' ELSE 'inactive' END) = @state)
      AND (@after_sku::text = '' OR (k.sku, k.marketplace, k.connection_id) > (@after_sku::text, @after_marketplace::text, @after_connection::bigint))
    ORDER BY k.sku, k.marketplace, k.connection_id
    LIMIT @page_size
) x
JOIN connection c ON c.id = x.connection_id
LEFT JOIN LATERAL (
    SELECT array_agg(q.item_code ORDER BY q.position) AS codes, array_agg(q.quantity ORDER BY q.position) AS quantities
    FROM sku_map_part q WHERE q.sku_map_id = x.map_id
) p ON true
ORDER BY x.sku, x.marketplace, x.connection_id;

-- name: CountProducts :many
SELECT (CASE WHEN m.id IS NULL THEN 'unmapped' WHEN m.active THEN 'mapped' ELSE 'inactive' END)::text AS state, count(*) AS products
FROM (
    SELECT l.connection_id, l.marketplace, l.sku, l.asin, l.title FROM listing l
    UNION ALL
    SELECT DISTINCT s.connection_id, s.marketplace, s.sku, '', '' FROM sku_map s
    WHERE NOT EXISTS (SELECT 1 FROM listing x WHERE x.connection_id = s.connection_id AND x.sku = s.sku AND s.marketplace IN ('', x.marketplace))
) k
LEFT JOIN LATERAL (
    SELECT s.id, (SELECT bool_and(i.active) FROM sku_map_part q JOIN item i ON i.connection_id = q.connection_id AND i.code = q.item_code WHERE q.sku_map_id = s.id) AS active,
           (SELECT string_agg(q.item_code, ' ') FROM sku_map_part q WHERE q.sku_map_id = s.id) AS codes
    FROM sku_map s
    WHERE s.connection_id = k.connection_id AND s.sku = k.sku AND s.marketplace IN (k.marketplace, '')
      AND s.valid_from <= @on_day::date AND (s.valid_to IS NULL OR s.valid_to > @on_day::date)
    ORDER BY s.marketplace DESC LIMIT 1
) m ON true
WHERE (sqlc.narg(connection_id)::bigint IS NULL OR k.connection_id = sqlc.narg(connection_id))
  AND (@marketplace::text = '' OR k.marketplace = @marketplace)
  AND (@pattern::text = '' OR k.sku ILIKE @pattern OR k.title ILIKE @pattern OR k.asin ILIKE @pattern OR m.codes ILIKE @pattern)
GROUP BY 1 ORDER BY 1;

-- name: SuggestByIdentifier :many
SELECT i.code, i.description, x.identifier::text AS identifier
FROM unnest(@identifiers::text[]) AS x (identifier)
JOIN item i ON i.identifiers @> ARRAY[x.identifier]
WHERE i.connection_id = @connection_id AND i.active
ORDER BY i.code LIMIT 20;

-- name: SuggestBySqueezed :many
SELECT code, description, squeezed FROM item WHERE connection_id = @connection_id AND active AND squeezed = ANY (@squeezed::text[]) ORDER BY code LIMIT 20;

-- name: SuggestByASIN :many
-- What other SKUs of the same ASIN stand for, in any connection that has the item too.
SELECT i.code, i.description, p.quantity, m.sku, m.marketplace
FROM listing l
JOIN sku_map m ON m.connection_id = l.connection_id AND m.sku = l.sku AND m.marketplace IN (l.marketplace, '')
JOIN sku_map_part p ON p.sku_map_id = m.id
JOIN item i ON i.connection_id = @connection_id AND i.code = p.item_code AND i.active
WHERE l.asin = ANY (@asins::text[]) AND l.asin <> '' AND m.parts = 1 AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
  AND NOT (m.connection_id = @connection_id AND m.sku = @sku)
ORDER BY m.made_at DESC LIMIT 20;

-- name: SuggestBySKU :many
-- What the same SKU stands for in another marketplace or connection, or stood for before.
SELECT i.code, i.description, p.quantity, m.marketplace, m.connection_id, c.name AS connection_name
FROM sku_map m
JOIN connection c ON c.id = m.connection_id
JOIN sku_map_part p ON p.sku_map_id = m.id
JOIN item i ON i.connection_id = @connection_id AND i.code = p.item_code AND i.active
WHERE m.sku = @sku AND m.parts = 1
ORDER BY (m.connection_id = @connection_id) DESC, m.made_at DESC LIMIT 20;

-- name: SuggestByStem :many
SELECT i.code, i.description, m.sku
FROM sku_map m
JOIN sku_map_part p ON p.sku_map_id = m.id
JOIN item i ON i.connection_id = m.connection_id AND i.code = p.item_code AND i.active
WHERE m.connection_id = @connection_id AND m.stem = @stem AND m.sku <> @sku AND m.parts = 1 AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
ORDER BY m.made_at DESC LIMIT 20;

-- name: SuggestByTitle :many
-- The operator % is what the trigram index answers.
SELECT code, description, similarity(description, @title::text)::float8 AS likeness
FROM item WHERE connection_id = @connection_id AND active AND description % @title::text
ORDER BY similarity(description, @title::text) DESC, code LIMIT @page_size;

-- name: NoteListings :exec
-- What orders mention and nothing is known of yet. Each once: an order may hold a SKU twice.
INSERT INTO listing (connection_id, marketplace, sku, asin, title, channel, changed_at, seen_at)
SELECT DISTINCT ON (m.sku, m.marketplace) @connection_id::bigint, m.marketplace, m.sku, m.asin, m.title, m.channel, @now::timestamptz, @now::timestamptz
FROM (SELECT unnest(@marketplaces::text[]) AS marketplace, btrim(unnest(@skus::text[])) AS sku, unnest(@asins::text[]) AS asin,
             unnest(@titles::text[]) AS title, unnest(@channels::text[]) AS channel) m
WHERE m.sku <> '' AND length(m.sku) <= 120
ORDER BY m.sku, m.marketplace
ON CONFLICT (sku, marketplace, connection_id) DO NOTHING;

-- name: ItemsListedSince :many
-- Items that an SKU was mapped to since, or of whose SKU Amazon shows something else since.
SELECT DISTINCT p.item_code FROM sku_map m JOIN sku_map_part p ON p.sku_map_id = m.id
WHERE m.connection_id = @connection_id AND m.parts = 1
  AND (m.made_at >= @since::timestamptz OR m.sku IN (SELECT l.sku FROM listing l WHERE l.connection_id = @connection_id AND l.changed_at >= @since::timestamptz))
ORDER BY p.item_code;

-- name: PacksOfItems :many
-- SKUs whose map in force on a day has one of the items as its only part: that of the marketplace before the general one.
SELECT p.item_code, m.sku, p.quantity, (m.marketplace <> '')::boolean AS own,
       EXISTS (SELECT 1 FROM listing l WHERE l.connection_id = m.connection_id AND l.sku = m.sku AND l.marketplace = @marketplace::text AND l.channel = 'FBA')::boolean AS fba,
       EXISTS (SELECT 1 FROM listing l WHERE l.connection_id = m.connection_id AND l.sku = m.sku AND l.marketplace = @marketplace::text)::boolean AS listed
FROM sku_map m
JOIN sku_map_part p ON p.sku_map_id = m.id
WHERE m.connection_id = @connection_id AND p.item_code = ANY (@codes::text[]) AND m.parts = 1 AND m.marketplace IN (@marketplace::text, '')
  AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
  AND (m.marketplace <> '' OR NOT EXISTS (
       SELECT 1 FROM sku_map o WHERE o.connection_id = m.connection_id AND o.sku = m.sku AND o.marketplace = @marketplace::text AND @marketplace::text <> ''
         AND o.valid_from <= @on_day::date AND (o.valid_to IS NULL OR o.valid_to > @on_day::date)))
ORDER BY p.item_code, p.quantity, m.sku;
