-- name: CostBooks :one
-- What a connection decided about the cost of goods.
SELECT c.id, c.name, c.time_zone, c.functional_currency, c.revenue_mode, coalesce(p.cost_from, '9999-12-31')::date AS cost_from, (p.cost_from IS NOT NULL AND c.revenue_mode = 'summary')::boolean AS booked,
       p.cost_account, p.stock_account, p.closed_period
FROM connection c JOIN policy p ON p.connection_id = c.id WHERE c.id = $1;

-- name: SettlementsToCost :many
-- Current settlements of a day or after that are not counted.
SELECT s.id, s.start_at, s.end_at FROM settlement s
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.end_at >= @since::timestamptz AND NOT EXISTS (SELECT FROM cost_reading r WHERE r.settlement_id = s.id)
ORDER BY s.id;

-- name: BeginCostReading :execrows
-- Kinds come in as those that say what was shipped, and those that take that back.
INSERT INTO cost_reading (settlement_id, lines, unread, quantity, read_at)
SELECT @settlement_id::bigint, count(*), count(*) FILTER (WHERE NOT x.readable), coalesce(sum(x.quantity) FILTER (WHERE x.readable), 0), @now
FROM (SELECT coalesce(p.sku, '') <> '' AND coalesce(l.quantity, 0) > 0 AS readable, CASE WHEN l.kind_id = ANY (@taken::int[]) THEN -l.quantity ELSE l.quantity END AS quantity
      FROM settlement_line l LEFT JOIN product p ON p.id = l.product_id
      WHERE l.settlement_id = @settlement_id AND l.kind_id = ANY (@shipped::int[] || @taken::int[]) AND l.fulfillment = 'AFN') x
ON CONFLICT DO NOTHING;

-- name: BeginCostCounts :exec
INSERT INTO cost_count (connection_id, settlement_id, fiscal_year, period)
SELECT DISTINCT f.connection_id, l.settlement_id, f.fiscal_year, f.number
FROM settlement_line l JOIN settlement s ON s.id = l.settlement_id
JOIN fiscal_period f ON f.connection_id = s.connection_id AND l.posted_on BETWEEN f.starts_on AND f.ends_on
WHERE l.settlement_id = @settlement_id AND l.kind_id = ANY (@kinds::int[]) AND l.fulfillment = 'AFN' AND l.quantity > 0 AND l.product_id IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: CountShipped :exec
INSERT INTO cost_move (count_id, on_day, marketplace, sku, lines, quantity)
SELECT n.id, x.posted_on, x.marketplace, x.sku, x.lines, x.quantity
FROM (SELECT l.posted_on, k.marketplace, p.sku, count(*) AS lines, sum(CASE WHEN l.kind_id = ANY (@taken::int[]) THEN -l.quantity ELSE l.quantity END) AS quantity
      FROM settlement_line l JOIN product p ON p.id = l.product_id JOIN kind k ON k.id = l.kind_id
      WHERE l.settlement_id = @settlement_id AND l.kind_id = ANY (@shipped::int[] || @taken::int[]) AND l.fulfillment = 'AFN' AND p.sku <> '' AND l.quantity > 0
      GROUP BY l.posted_on, k.marketplace, p.sku) x
JOIN cost_count n ON n.settlement_id = @settlement_id
JOIN fiscal_period f ON f.connection_id = n.connection_id AND f.fiscal_year = n.fiscal_year AND f.number = n.period AND x.posted_on BETWEEN f.starts_on AND f.ends_on
ORDER BY x.posted_on, x.sku, x.marketplace;

-- name: ReturnsToCost :many
-- Returns from a moment on that Amazon told of, or told otherwise, since they were counted last; orders of other
-- channels and rows that could not be read are left out. A day without a time is that day wherever the books are.
SELECT r.id AS record_id, c.number AS content, (c.source->'return'->>'SKU')::text AS sku, (upper(c.source->'return'->>'Disposition') = 'SELLABLE')::boolean AS sellable,
       (c.source->'return'->>'Quantity')::int AS units,
       (CASE WHEN c.source_at = date_trunc('day', c.source_at, 'UTC') THEN timezone('UTC', c.source_at) ELSE timezone(@zone::text, c.source_at) END)::date AS on_day,
       coalesce(m.quantity, 0)::int AS counted, coalesce(m.kept, 0)::int AS kept
FROM flow_record r JOIN flow_content c ON c.record_id = r.id AND c.number = r.latest
LEFT JOIN LATERAL (SELECT sum(v.quantity) AS quantity, sum(v.kept) AS kept, max(v.content) AS content FROM cost_move v WHERE v.record_id = r.id) m ON true
WHERE r.connection_id = @connection_id AND r.flow = @flow AND c.source_at >= @since::timestamptz AND (m.content IS NULL OR m.content < c.number)
  AND c.source->'return'->>'OrderID' ~ '^\d{3}-\d{7}-\d{7}$' AND c.source->'return'->>'SKU' <> ''
ORDER BY r.id;

-- name: BeginReturnCount :one
INSERT INTO cost_count (connection_id, fiscal_year, period) VALUES (@connection_id, @fiscal_year, @period)
ON CONFLICT (connection_id, settlement_id, fiscal_year, period) DO UPDATE SET waiting = cost_count.waiting RETURNING id;

-- name: CountReturned :exec
INSERT INTO cost_move (count_id, record_id, content, on_day, marketplace, sku, lines, quantity, kept)
SELECT unnest(@counts::bigint[]), unnest(@records::bigint[]), unnest(@contents::int[]), unnest(@days::date[]), '', unnest(@skus::text[]), 1, unnest(@quantities::int[]), unnest(@kept::int[]);

-- name: CostSources :many
-- Settlements, and 0 for returns, that have something to book or to take back: moves that no entry beyond draft
-- carries, drafts, and entries of a report that was re-issued.
SELECT DISTINCT coalesce(n.settlement_id, 0)::bigint AS settlement_id, coalesce(s.amazon_id, '')::text AS amazon_id, (s.replaced_at IS NOT NULL)::boolean AS replaced
FROM cost_count n JOIN fiscal_period f ON f.connection_id = n.connection_id AND f.fiscal_year = n.fiscal_year AND f.number = n.period
LEFT JOIN settlement s ON s.id = n.settlement_id
LEFT JOIN LATERAL (SELECT coalesce(sum(x.moves) FILTER (WHERE e.status <> 'draft'), 0) AS moves, count(*) AS entries, bool_or(e.status = 'draft') AS drafted
    FROM cost_entry x JOIN journal_entry e ON e.id = x.entry_id WHERE x.count_id = n.id AND e.status NOT IN ('reversed', 'discarded')) c ON true
WHERE n.connection_id = @connection_id
  AND (c.drafted OR (s.replaced_at IS NOT NULL AND c.entries > 0) OR (s.replaced_at IS NULL AND f.starts_on >= @cost_from::date AND (c.moves < n.moves OR n.waiting > 0)))
ORDER BY 1;

-- name: LiveCostEntries :many
-- The entries of a settlement, or of returns, that count.
SELECT e.id, e.subject, e.status, e.reference, e.fiscal_year, e.period, p.ends_on, (SELECT sum(x.moves)::bigint FROM cost_entry x WHERE x.entry_id = e.id) AS moves
FROM journal_entry e JOIN fiscal_period p ON p.connection_id = e.connection_id AND p.fiscal_year = e.fiscal_year AND p.number = e.period
WHERE e.connection_id = @connection_id AND e.entry_type = 'cost' AND e.status NOT IN ('reversed', 'discarded')
  AND EXISTS (SELECT FROM cost_entry x JOIN cost_count n ON n.id = x.count_id WHERE x.entry_id = e.id AND n.settlement_id IS NOT DISTINCT FROM nullif(@settlement_id::bigint, 0))
ORDER BY e.id;

-- name: TakenSubjects :many
-- Names of live cost entries: each is there once in a period.
SELECT e.subject, e.fiscal_year, e.period FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.entry_type = 'cost' AND e.status NOT IN ('reversed', 'discarded')
  AND (e.subject = @subject::text OR starts_with(e.subject, @subject::text || '.'));

-- name: MovesToCarry :many
-- Moves of a settlement or of returns that no entry beyond draft carries, with the map in force on the day: that of
-- the marketplace before the general one; a return, of which Amazon does not say the marketplace, takes the general one first.
SELECT v.id, v.count_id, n.fiscal_year, n.period, v.on_day, v.marketplace, v.sku, v.quantity, coalesce(m.id, 0)::bigint AS sku_map_id
FROM cost_count n JOIN fiscal_period f ON f.connection_id = n.connection_id AND f.fiscal_year = n.fiscal_year AND f.number = n.period
JOIN cost_move v ON v.count_id = n.id
LEFT JOIN (SELECT unnest(@domains::text[]) AS domain, unnest(@ids::text[]) AS id) d ON d.domain = lower(v.marketplace)
LEFT JOIN LATERAL (
    SELECT s.id FROM sku_map s
    WHERE s.connection_id = n.connection_id AND s.sku = v.sku AND (v.marketplace = '' OR s.marketplace IN (d.id, ''))
      AND s.valid_from <= v.on_day AND (s.valid_to IS NULL OR s.valid_to > v.on_day)
    ORDER BY CASE WHEN v.marketplace = '' THEN s.marketplace <> '' ELSE s.marketplace = '' END, s.marketplace, s.id LIMIT 1) m ON true
WHERE n.connection_id = @connection_id AND n.settlement_id IS NOT DISTINCT FROM nullif(@settlement_id::bigint, 0) AND f.starts_on >= @cost_from::date AND v.quantity <> 0
  AND NOT EXISTS (SELECT FROM cost_carried x JOIN journal_entry e ON e.id = x.entry_id WHERE x.move_id = v.id AND e.status NOT IN ('draft', 'reversed', 'discarded'))
ORDER BY v.id;

-- name: CostsOfMaps :many
-- What each part of the maps costs in P21: the newest cost of a location that has one, or else the item's; 0: none.
SELECT p.sku_map_id, p.item_code, p.quantity, coalesce(k.unit_cost, i.unit_cost, 0)::numeric AS unit_cost, coalesce(k.location, '')::text AS location,
       coalesce(k.changed_at, i.changed_at)::timestamptz AS changed_at
FROM sku_map_part p JOIN item i ON i.connection_id = p.connection_id AND i.code = p.item_code
LEFT JOIN LATERAL (SELECT s.unit_cost, s.location, s.changed_at FROM stock s WHERE s.connection_id = p.connection_id AND s.item_code = p.item_code AND s.unit_cost > 0
                   ORDER BY s.changed_at DESC, s.location LIMIT 1) k ON true
WHERE p.sku_map_id = ANY (@maps::bigint[]) ORDER BY p.sku_map_id, p.position;

-- name: DraftedCosts :many
-- The costs that drafts hold: they stay until somebody takes P21's again.
SELECT p.count_id, p.marketplace, p.sku, p.sku_map_id, p.unit_cost, p.source, p.taken_at
FROM cost_piece p JOIN journal_entry e ON e.id = p.entry_id JOIN cost_count n ON n.id = p.count_id
WHERE n.connection_id = @connection_id AND n.settlement_id IS NOT DISTINCT FROM nullif(@settlement_id::bigint, 0) AND e.status = 'draft';

-- name: ClearCostCarried :exec
DELETE FROM cost_carried WHERE entry_id = $1;

-- name: ClearCostPieces :exec
DELETE FROM cost_piece WHERE entry_id = $1;

-- name: ClearCostEntry :exec
DELETE FROM cost_entry WHERE entry_id = $1;

-- name: InsertCostEntries :copyfrom
INSERT INTO cost_entry (entry_id, count_id, moves, quantity, amount) VALUES ($1, $2, $3, $4, $5);

-- name: InsertCostPieces :copyfrom
INSERT INTO cost_piece (entry_id, seq, count_id, marketplace, sku, sku_map_id, unit_cost, source, taken_at, quantity, digits, amount)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: InsertCostCarried :copyfrom
INSERT INTO cost_carried (entry_id, seq, move_id) VALUES ($1, $2, $3);

-- name: SetCostWaiting :exec
UPDATE cost_count n SET waiting = coalesce(w.units, 0)
FROM cost_count c LEFT JOIN (SELECT unnest(@counts::bigint[]) AS count_id, unnest(@units::bigint[]) AS units) w ON w.count_id = c.id
WHERE n.id = c.id AND c.connection_id = @connection_id AND c.settlement_id IS NOT DISTINCT FROM nullif(@settlement_id::bigint, 0) AND n.waiting <> coalesce(w.units, 0);

-- name: UnreadCosts :many
-- Current settlements with lines that say no SKU or no quantity.
SELECT s.id, s.amazon_id, r.unread FROM cost_reading r JOIN settlement s ON s.id = r.settlement_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND r.unread > 0 AND s.end_at >= @since::timestamptz ORDER BY s.id;

-- name: CostProblems :many
-- Open and ignored ones: what somebody ignored is not raised again.
SELECT class, cause, state FROM exception
WHERE connection_id = @connection_id AND state IN ('open', 'ignored') AND (class = 'no_cost' OR (class IN ('closed_period', 'no_period') AND starts_with(cause, 'cost/')));

-- name: ListCosts :many
-- Counts with their live entries, the newest period first. Keyset on (starts_on, id).
SELECT n.id, n.connection_id, c.name AS connection_name, c.functional_currency, coalesce(n.settlement_id, 0)::bigint AS settlement_id, coalesce(s.amazon_id, '')::text AS amazon_id, (s.replaced_at IS NOT NULL)::boolean AS replaced,
       n.fiscal_year, n.period, f.starts_on, f.ends_on, n.moves, n.shipped, n.returned, n.kept, n.waiting,
       x.entries, x.carried, x.posted, x.amount, x.entry_id, x.reference, x.status
FROM cost_count n JOIN connection c ON c.id = n.connection_id JOIN policy p ON p.connection_id = n.connection_id
JOIN fiscal_period f ON f.connection_id = n.connection_id AND f.fiscal_year = n.fiscal_year AND f.number = n.period
LEFT JOIN settlement s ON s.id = n.settlement_id
CROSS JOIN LATERAL (
    SELECT count(*)::int AS entries, coalesce(sum(v.moves), 0)::int AS carried, coalesce(sum(v.moves) FILTER (WHERE e.status = 'posted'), 0)::int AS posted, coalesce(sum(v.amount), 0)::numeric AS amount,
           coalesce(max(e.id), 0)::bigint AS entry_id, coalesce((array_agg(e.reference ORDER BY e.id DESC))[1], '')::text AS reference, coalesce((array_agg(e.status ORDER BY e.id DESC))[1], '')::text AS status
    FROM cost_entry v JOIN journal_entry e ON e.id = v.entry_id WHERE v.count_id = n.id AND e.status NOT IN ('reversed', 'discarded')) x
WHERE (@connection_id::bigint = 0 OR n.connection_id = @connection_id)
  AND (x.entries > 0 OR (s.replaced_at IS NULL AND f.starts_on >= p.cost_from))
  AND (@period::text = '' OR f.fiscal_year || '-' || lpad(f.number::text, 2, '0') = @period)
  AND (@search::text = '' OR starts_with(coalesce(s.amazon_id, 'returns'), lower(@search::text)))
  AND (@state::text = '' OR (@state = 'waiting' AND n.waiting > 0) OR (@state = 'open' AND x.posted < n.moves) OR (@state = 'posted' AND x.posted = n.moves))
  AND (@after_id::bigint = 0 OR (f.starts_on, n.id) < (@after_on::date, @after_id::bigint))
ORDER BY f.starts_on DESC, n.id DESC LIMIT @page_size;

-- name: SumCosts :many
-- Live cost and units by currency, of a connection or of all, in a period or in all.
SELECT c.functional_currency, sum(n.shipped)::bigint AS shipped, sum(n.returned)::bigint AS returned, sum(n.kept)::bigint AS kept, sum(n.waiting)::bigint AS waiting,
       coalesce(sum(x.amount), 0)::numeric AS amount, coalesce(sum(x.posted), 0)::numeric AS posted
FROM cost_count n JOIN connection c ON c.id = n.connection_id JOIN policy p ON p.connection_id = n.connection_id
JOIN fiscal_period f ON f.connection_id = n.connection_id AND f.fiscal_year = n.fiscal_year AND f.number = n.period
LEFT JOIN settlement s ON s.id = n.settlement_id
CROSS JOIN LATERAL (SELECT count(*) AS entries, sum(v.amount) AS amount, sum(v.amount) FILTER (WHERE e.status = 'posted') AS posted
    FROM cost_entry v JOIN journal_entry e ON e.id = v.entry_id WHERE v.count_id = n.id AND e.status NOT IN ('reversed', 'discarded')) x
WHERE (@connection_id::bigint = 0 OR n.connection_id = @connection_id) AND (x.entries > 0 OR (s.replaced_at IS NULL AND f.starts_on >= p.cost_from))
  AND (@period::text = '' OR f.fiscal_year || '-' || lpad(f.number::text, 2, '0') = @period)
GROUP BY c.functional_currency ORDER BY c.functional_currency;

-- name: CostPeriods :many
SELECT DISTINCT n.fiscal_year, n.period FROM cost_count n WHERE (@connection_id::bigint = 0 OR n.connection_id = @connection_id) ORDER BY n.fiscal_year DESC, n.period DESC;

-- name: CostsBooked :many
-- Connections whose cost of goods is booked here, of one or of all.
SELECT p.connection_id FROM policy p WHERE p.cost_from IS NOT NULL AND (@connection_id::bigint = 0 OR p.connection_id = @connection_id) ORDER BY 1;

-- name: GetCost :one
SELECT n.id, n.connection_id, c.name AS connection_name, c.functional_currency, coalesce(n.settlement_id, 0)::bigint AS settlement_id, coalesce(s.amazon_id, '')::text AS amazon_id, (s.replaced_at IS NOT NULL)::boolean AS replaced,
       n.fiscal_year, n.period, f.starts_on, f.ends_on, n.moves, n.shipped, n.returned, n.kept, n.waiting
FROM cost_count n JOIN connection c ON c.id = n.connection_id
JOIN fiscal_period f ON f.connection_id = n.connection_id AND f.fiscal_year = n.fiscal_year AND f.number = n.period
LEFT JOIN settlement s ON s.id = n.settlement_id WHERE n.id = $1;

-- name: EntriesOfCost :many
-- Reversed ones too: the way of a count.
SELECT e.id, e.reference, e.status, e.fiscal_year, e.period, x.moves, x.quantity, x.amount
FROM cost_entry x JOIN journal_entry e ON e.id = x.entry_id WHERE x.count_id = $1 AND e.status <> 'discarded' ORDER BY e.id DESC;

-- name: ItemsOfCost :many
-- By SKU, marketplace and cost. Keyset on (sku, marketplace, entry, seq); what no live entry carries has 0 of both.
SELECT i.sku::text AS sku, i.marketplace::text AS marketplace, i.entry_id::bigint AS entry_id, i.seq::int AS seq, i.quantity::bigint AS quantity, i.kept::bigint AS kept,
       coalesce(p.unit_cost, 0)::numeric AS unit_cost, coalesce(p.source, '')::text AS source, coalesce(p.taken_at, 'epoch')::timestamptz AS taken_at, coalesce(p.amount, 0)::numeric AS amount, coalesce(p.digits, 2)::int AS digits
FROM (SELECT v.sku, v.marketplace, coalesce(x.entry_id, 0) AS entry_id, coalesce(x.seq, 0) AS seq, sum(v.quantity) AS quantity, sum(v.kept) AS kept
      FROM cost_move v
      LEFT JOIN (SELECT y.move_id, y.entry_id, y.seq FROM cost_entry n JOIN journal_entry e ON e.id = n.entry_id AND e.status NOT IN ('reversed', 'discarded')
                 JOIN cost_carried y ON y.entry_id = n.entry_id WHERE n.count_id = @count_id) x ON x.move_id = v.id
      WHERE v.count_id = @count_id AND (@sku::text = '' OR v.sku ILIKE '%' || @sku || '%')
      GROUP BY 1, 2, 3, 4) i
LEFT JOIN cost_piece p ON p.entry_id = i.entry_id AND p.seq = i.seq
WHERE @first::boolean OR (i.sku, i.marketplace, i.entry_id, i.seq) > (@after_sku::text, @after_marketplace::text, @after_entry::bigint, @after_seq::int)
ORDER BY i.sku, i.marketplace, i.entry_id, i.seq LIMIT @page_size;

-- name: MovesOfCost :many
-- The days of an SKU, with the return that each is of.
SELECT v.id, v.on_day, v.marketplace, v.lines, v.quantity, v.kept, coalesce(v.record_id, 0)::bigint AS record_id, coalesce(r.key, '')::text AS record_key
FROM cost_move v LEFT JOIN flow_record r ON r.id = v.record_id
WHERE v.count_id = @count_id AND v.sku = @sku AND v.marketplace = @marketplace AND (v.quantity <> 0 OR v.kept <> 0) AND v.id > @after_id ORDER BY v.id LIMIT @page_size;

-- name: CountsOfPieces :many
-- What the pieces of an entry are of.
SELECT p.seq, p.count_id, p.sku, p.marketplace FROM cost_piece p WHERE p.entry_id = @entry_id AND p.seq = ANY (@pieces::int[]);

-- name: OpenCosts :one
-- What of a period's cost is not posted: counts, units without a cost, and settlements that are not counted yet.
SELECT (SELECT count(*) FROM cost_count n LEFT JOIN settlement s ON s.id = n.settlement_id
        WHERE n.connection_id = p.connection_id AND n.fiscal_year = @fiscal_year AND n.period = @period AND s.replaced_at IS NULL
          AND n.moves > (SELECT coalesce(sum(x.moves), 0) FROM cost_entry x JOIN journal_entry e ON e.id = x.entry_id WHERE x.count_id = n.id AND e.status = 'posted')
          -- What adds up to nothing has no entry.
          AND (n.shipped <> n.returned OR n.waiting > 0 OR EXISTS (SELECT FROM cost_entry x JOIN journal_entry e ON e.id = x.entry_id WHERE x.count_id = n.id AND e.status NOT IN ('posted', 'reversed', 'discarded')))) AS counts,
       (SELECT coalesce(sum(n.waiting), 0)::bigint FROM cost_count n LEFT JOIN settlement s ON s.id = n.settlement_id
        WHERE n.connection_id = p.connection_id AND n.fiscal_year = @fiscal_year AND n.period = @period AND s.replaced_at IS NULL) AS waiting,
       (SELECT count(*) FROM settlement s WHERE s.connection_id = p.connection_id AND s.replaced_at IS NULL AND s.end_at > @begins::timestamptz AND s.start_at < @ends::timestamptz
          AND NOT EXISTS (SELECT FROM cost_reading r WHERE r.settlement_id = s.id)) AS uncounted
FROM policy p JOIN fiscal_period f ON f.connection_id = p.connection_id AND f.fiscal_year = @fiscal_year AND f.number = @period
WHERE p.connection_id = @connection_id AND f.starts_on >= p.cost_from;
