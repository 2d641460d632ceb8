-- name: PutCustomerReading :exec
INSERT INTO customer_reading (connection_id, reference, marketplace, number, name, found, active, read_at)
VALUES (@connection_id, @reference, @marketplace, @number, @name, @found, @active, @read_at)
ON CONFLICT (connection_id, reference) DO UPDATE SET marketplace = excluded.marketplace, number = excluded.number, name = excluded.name, found = excluded.found,
    active = excluded.active, read_at = excluded.read_at;

-- name: DropCustomerReadings :exec
-- References that no order names any more.
DELETE FROM customer_reading WHERE connection_id = @connection_id AND read_at < @read_at;

-- name: CustomerReadings :many
SELECT reference, marketplace, number, name, found, active, read_at FROM customer_reading WHERE connection_id = $1 ORDER BY reference;

-- name: CountReference :one
-- How much is known of a connection, and when it was read last.
SELECT (SELECT count(*) FROM gl_account a WHERE a.connection_id = @connection_id AND a.active) AS accounts,
       coalesce((SELECT max(a.synced_at) FROM gl_account a WHERE a.connection_id = @connection_id), 'epoch')::timestamptz AS accounts_at,
       (SELECT count(*) FROM fiscal_period p WHERE p.connection_id = @connection_id) AS periods,
       coalesce((SELECT max(p.synced_at) FROM fiscal_period p WHERE p.connection_id = @connection_id), 'epoch')::timestamptz AS periods_at,
       (SELECT count(*) FROM item i WHERE i.connection_id = @connection_id AND i.active) AS items,
       coalesce((SELECT max(i.seen_at) FROM item i WHERE i.connection_id = @connection_id), 'epoch')::timestamptz AS items_at,
       (SELECT count(*) FROM listing l WHERE l.connection_id = @connection_id) AS listings,
       coalesce((SELECT max(l.seen_at) FROM listing l WHERE l.connection_id = @connection_id), 'epoch')::timestamptz AS listings_at,
       (SELECT count(DISTINCT s.item_code) FROM stock s WHERE s.connection_id = @connection_id AND s.unit_cost > 0) AS costs;

-- name: UnusableAccounts :many
-- Accounts that the rules in use name and P21 does not let be posted to.
SELECT x.account, (a.account IS NOT NULL)::boolean AS known, count(*) OVER () AS total
FROM (SELECT r.account FROM mapping_rule r JOIN rule_set s ON s.id = r.rule_set_id WHERE s.connection_id = @connection_id AND s.state = 'published' AND r.account <> ''
      UNION SELECT p.account FROM rule_set_account p JOIN rule_set s ON s.id = p.rule_set_id WHERE s.connection_id = @connection_id AND s.state = 'published') x
LEFT JOIN gl_account a ON a.connection_id = @connection_id AND a.account = x.account
WHERE a.account IS NULL OR NOT a.active OR a.control
ORDER BY x.account LIMIT @size;

-- name: PeriodsAround :many
-- The periods that the days fall into.
SELECT p.starts_on, p.ends_on, p.closed FROM fiscal_period p WHERE p.connection_id = @connection_id AND p.starts_on <= @last::date AND p.ends_on >= @first::date ORDER BY p.starts_on;

-- name: InactiveItems :many
-- Items that SKU maps in force stand for and P21 does not sell any more.
SELECT p.item_code, count(*) OVER () AS total
FROM sku_map m JOIN sku_map_part p ON p.sku_map_id = m.id JOIN item i ON i.connection_id = p.connection_id AND i.code = p.item_code
WHERE m.connection_id = @connection_id AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date) AND NOT i.active
GROUP BY p.item_code ORDER BY p.item_code LIMIT @size;

-- name: CostlessItems :many
-- Items of SKU maps in force whose cost P21 does not tell.
SELECT p.item_code, count(*) OVER () AS total
FROM sku_map m JOIN sku_map_part p ON p.sku_map_id = m.id
WHERE m.connection_id = @connection_id AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date)
  AND NOT EXISTS (SELECT 1 FROM stock s WHERE s.connection_id = m.connection_id AND s.item_code = p.item_code AND s.unit_cost > 0)
GROUP BY p.item_code ORDER BY p.item_code LIMIT @size;

-- name: UnmappedListings :many
SELECT l.sku, count(*) OVER () AS total FROM listing l
WHERE l.connection_id = @connection_id
  AND NOT EXISTS (SELECT 1 FROM sku_map m WHERE m.connection_id = l.connection_id AND m.sku = l.sku AND m.marketplace IN ('', l.marketplace)
                  AND m.valid_from <= @on_day::date AND (m.valid_to IS NULL OR m.valid_to > @on_day::date))
GROUP BY l.sku ORDER BY l.sku LIMIT @size;

-- name: RatesNeeded :many
-- Currencies of settlements since a day that are not the company's, with the end of the last of them.
SELECT s.currency, c.functional_currency, max(s.end_at)::timestamptz AS settled_at
FROM settlement s JOIN connection c ON c.id = s.connection_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.end_at >= sqlc.arg(since)::timestamptz AND s.currency <> c.functional_currency AND c.functional_currency <> ''
GROUP BY s.currency, c.functional_currency ORDER BY s.currency;
