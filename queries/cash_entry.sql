-- name: CashOfSettlement :many
-- What a deposit pays of each order, beside the order's invoices and what people
-- have entered of it in P21. An order that a re-issued report no longer pays is
-- there as long as something of it stands entered.
WITH paid AS (
    SELECT o.order_id, o.principal + o.tax + o.shipping + o.promotion + o.refund AS applied FROM settled_order o WHERE o.settlement_id = @settlement_id AND o.order_id > @after::text
), done AS (
    SELECT x.order_id, sum(x.amount) AS entered, max(e.id) AS entry_id FROM cash_entry_order x JOIN cash_entry e ON e.id = x.entry_id
    WHERE x.settlement_id = @settlement_id AND x.order_id > @after::text AND e.undone_at IS NULL GROUP BY x.order_id
)
SELECT coalesce(p.order_id, d.order_id)::text AS order_id, coalesce(p.applied, 0)::numeric AS applied, coalesce(d.entered, 0)::numeric AS entered,
       coalesce(e.id, 0)::bigint AS entry_id, coalesce(e.reference, '')::text AS reference, coalesce(i.numbers, '{}')::text[] AS numbers,
       coalesce((SELECT n.customer FROM invoice n WHERE n.connection_id = s.connection_id AND n.order_id = coalesce(p.order_id, d.order_id) ORDER BY n.number LIMIT 1), '')::text AS customer,
       coalesce(i.invoiced + i.credited, 0)::numeric AS due, coalesce(i.difference, 0)::numeric AS difference, coalesce(i.cause, '')::text AS cause
FROM paid p FULL JOIN done d ON d.order_id = p.order_id
JOIN settlement s ON s.id = @settlement_id
LEFT JOIN cash_entry e ON e.id = d.entry_id
LEFT JOIN open_item i ON i.connection_id = s.connection_id AND i.order_id = coalesce(p.order_id, d.order_id) AND i.currency = s.currency
WHERE @state::text = '' OR (coalesce(p.applied, 0) <> coalesce(d.entered, 0)) = (@state::text = 'to_enter')
ORDER BY 1 LIMIT @size::int;

-- name: CashTotal :one
WITH paid AS (
    SELECT o.order_id, o.principal + o.tax + o.shipping + o.promotion + o.refund AS applied FROM settled_order o WHERE o.settlement_id = @settlement_id
), done AS (
    SELECT x.order_id, sum(x.amount) AS entered FROM cash_entry_order x JOIN cash_entry e ON e.id = x.entry_id
    WHERE x.settlement_id = @settlement_id AND e.undone_at IS NULL GROUP BY x.order_id
)
SELECT count(p.order_id) AS orders, coalesce(sum(p.applied), 0)::numeric AS applied, coalesce(sum(d.entered), 0)::numeric AS entered,
       count(*) FILTER (WHERE coalesce(p.applied, 0) <> coalesce(d.entered, 0)) AS to_enter,
       coalesce((SELECT r.rule_set_id FROM settled_reading r WHERE r.settlement_id = @settlement_id), 0)::bigint AS rule_set_id
FROM paid p FULL JOIN done d ON d.order_id = p.order_id;

-- name: LockCash :one
-- People enter the cash of a deposit one after the other.
SELECT s.connection_id, s.currency FROM settlement s WHERE s.id = $1 FOR NO KEY UPDATE;

-- name: CashToEnter :many
-- What is left to enter of a deposit's orders: of those named, or of all.
WITH paid AS (
    SELECT o.order_id, o.principal + o.tax + o.shipping + o.promotion + o.refund AS applied FROM settled_order o WHERE o.settlement_id = @settlement_id
), done AS (
    SELECT x.order_id, sum(x.amount) AS entered FROM cash_entry_order x JOIN cash_entry e ON e.id = x.entry_id
    WHERE x.settlement_id = @settlement_id AND e.undone_at IS NULL GROUP BY x.order_id
)
SELECT coalesce(p.order_id, d.order_id)::text AS order_id, (coalesce(p.applied, 0) - coalesce(d.entered, 0))::numeric AS amount
FROM paid p FULL JOIN done d ON d.order_id = p.order_id
WHERE coalesce(p.applied, 0) <> coalesce(d.entered, 0) AND (cardinality(@orders::text[]) = 0 OR coalesce(p.order_id, d.order_id) = ANY (@orders::text[]))
ORDER BY 1;

-- name: AddCashEntry :one
INSERT INTO cash_entry (settlement_id, reference, orders, amount, entered_by, entered_at)
VALUES (@settlement_id, @reference, @orders, @amount, @person_id, @now) RETURNING id;

-- name: AddCashEntryOrders :exec
INSERT INTO cash_entry_order (entry_id, settlement_id, order_id, amount)
SELECT @entry_id, @settlement_id, unnest(@orders::text[]), unnest(@amounts::numeric[]);

-- name: UndoCashEntry :execrows
UPDATE cash_entry SET undone_by = @person_id, undone_at = @now, undone_reason = @reason WHERE id = @id AND undone_at IS NULL;

-- name: CashEntriesOfSettlement :many
SELECT e.id, e.settlement_id, e.reference, e.orders, e.amount, e.entered_at, p.name AS entered_name, e.undone_at, coalesce(u.name, '')::text AS undone_name, e.undone_reason
FROM cash_entry e JOIN person p ON p.id = e.entered_by LEFT JOIN person u ON u.id = e.undone_by
WHERE e.settlement_id = @settlement_id ORDER BY e.id DESC;

-- name: GetCashEntry :one
SELECT e.id, e.settlement_id, e.reference, e.orders, e.amount, e.entered_at, p.name AS entered_name, e.undone_at, coalesce(u.name, '')::text AS undone_name, e.undone_reason
FROM cash_entry e JOIN person p ON p.id = e.entered_by LEFT JOIN person u ON u.id = e.undone_by
WHERE e.id = @id AND e.settlement_id = @settlement_id;

-- name: OrdersOfCashEntry :many
SELECT x.order_id, x.amount FROM cash_entry_order x WHERE x.entry_id = @entry_id AND x.order_id > @after::text ORDER BY x.order_id LIMIT @size::int;

-- name: ListDeposits :many
-- Deposits that pay orders, the newest first, with what is left to enter.
WITH shown AS (
    SELECT s.id, s.connection_id, s.amazon_id, s.currency, s.end_at, s.deposit, t.orders, t.applied, t.entered, t.to_enter
    FROM settlement s CROSS JOIN LATERAL (
        SELECT count(p.order_id) AS orders, coalesce(sum(p.applied), 0) AS applied, coalesce(sum(d.entered), 0) AS entered,
               count(*) FILTER (WHERE coalesce(p.applied, 0) <> coalesce(d.entered, 0)) AS to_enter, count(*) AS all_orders
        FROM (SELECT o.order_id, o.principal + o.tax + o.shipping + o.promotion + o.refund AS applied FROM settled_order o WHERE o.settlement_id = s.id) p
        FULL JOIN (SELECT x.order_id, sum(x.amount) AS entered FROM cash_entry_order x JOIN cash_entry e ON e.id = x.entry_id
                   WHERE x.settlement_id = s.id AND e.undone_at IS NULL GROUP BY x.order_id) d ON d.order_id = p.order_id) t
    WHERE s.connection_id = ANY (@connections::bigint[]) AND t.all_orders > 0
      AND (@text::text = '' OR s.amazon_id LIKE @text::text || '%') AND (s.end_at, s.id) < (@before_end::timestamptz, @before_id::bigint)
)
SELECT h.id, h.connection_id, c.name AS connection_name, h.amazon_id, h.currency, h.end_at, h.deposit, h.orders::bigint AS orders, h.applied::numeric AS applied,
       h.entered::numeric AS entered, h.to_enter::bigint AS to_enter
FROM shown h JOIN connection c ON c.id = h.connection_id
WHERE @state::text = 'all' OR (h.to_enter > 0) = (@state::text = '')
ORDER BY h.end_at DESC, h.id DESC LIMIT @size::int;
