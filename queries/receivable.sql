-- name: PutInvoice :exec
-- An older reading never replaces a newer one.
INSERT INTO invoice (connection_id, number, p21_order, order_id, customer, type, invoiced_on, total, currency, changed_at)
SELECT c.id, @number, @p21_order, coalesce((SELECT r.key FROM flow_record r WHERE r.connection_id = c.id AND r.flow = 'orders' AND r.remote_key = @p21_order::text LIMIT 1), @order_id::text),
       @customer, @type, @invoiced_on, @total, coalesce(nullif(@currency::text, ''), c.functional_currency), @changed_at
FROM connection c WHERE c.id = @connection_id
ON CONFLICT (connection_id, number) DO UPDATE SET p21_order = excluded.p21_order, order_id = excluded.order_id, customer = excluded.customer, type = excluded.type,
    invoiced_on = excluded.invoiced_on, total = excluded.total, currency = excluded.currency, changed_at = excluded.changed_at
WHERE invoice.changed_at <= excluded.changed_at;

-- name: InvoicesReadTo :one
SELECT coalesce(max(changed_at), 'epoch')::timestamptz FROM invoice WHERE connection_id = @connection_id;

-- name: UnsettledReadings :many
-- Current settlements whose orders have not been summed.
SELECT s.id FROM settlement s WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM settled_order o WHERE o.settlement_id = s.id) ORDER BY s.id;

-- name: KindsOfSettlement :many
SELECT DISTINCT k.id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign
FROM line_block b JOIN kind k ON k.id = b.ref WHERE b.settlement_id = @settlement_id AND b.dimension = 'kind' ORDER BY k.id;

-- name: SumOrders :execrows
-- Lines of the given kinds by order; parts says for each kind what it is of.
INSERT INTO settled_order (settlement_id, order_id, principal, tax, shipping, promotion, refund)
SELECT l.settlement_id, l.order_id,
       coalesce(sum(l.amount) FILTER (WHERE p.part = 'principal'), 0), coalesce(sum(l.amount) FILTER (WHERE p.part = 'tax'), 0),
       coalesce(sum(l.amount) FILTER (WHERE p.part = 'shipping'), 0), coalesce(sum(l.amount) FILTER (WHERE p.part = 'promotion'), 0),
       coalesce(sum(l.amount) FILTER (WHERE p.part = 'refund'), 0)
FROM settlement_line l JOIN (SELECT unnest(@kinds::int[]) AS kind_id, unnest(@parts::text[]) AS part) p USING (kind_id)
WHERE l.settlement_id = @settlement_id AND l.order_id <> ''
GROUP BY l.settlement_id, l.order_id
ON CONFLICT DO NOTHING;

-- name: OpenItems :many
-- One row per Amazon order and currency: what P21 invoiced, what Amazon settled.
WITH billed AS (
    SELECT i.order_id, i.currency, sum(i.total) FILTER (WHERE i.total >= 0) AS invoiced, sum(i.total) FILTER (WHERE i.total < 0) AS credited,
           count(*) FILTER (WHERE i.total >= 0) AS invoices, min(i.invoiced_on) AS invoiced_on, array_agg(i.number ORDER BY i.number) AS numbers
    FROM invoice i WHERE i.connection_id = @connection_id AND i.order_id >= @after::text AND (@order_id::text = '' OR i.order_id = @order_id::text) GROUP BY 1, 2
), paid AS (
    SELECT o.order_id, s.currency, sum(o.principal) AS principal, sum(o.tax) AS tax, sum(o.shipping) AS shipping, sum(o.promotion) AS promotion, sum(o.refund) AS refund
    FROM settled_order o JOIN settlement s ON s.id = o.settlement_id
    WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND o.order_id >= @after::text AND (@order_id::text = '' OR o.order_id = @order_id::text) GROUP BY 1, 2
), item AS (
    SELECT coalesce(b.order_id, p.order_id)::text AS order_id, coalesce(b.currency, p.currency)::text AS currency, coalesce(b.invoiced, 0)::numeric AS invoiced, coalesce(b.credited, 0)::numeric AS credited, coalesce(b.invoices, 0)::bigint AS invoices,
    coalesce(b.invoiced_on, 'epoch')::date AS invoiced_on, coalesce(b.numbers, '{}')::text[] AS numbers, (p.order_id IS NOT NULL)::boolean AS settled,
    coalesce(p.principal, 0)::numeric AS principal, coalesce(p.tax, 0)::numeric AS tax, coalesce(p.shipping, 0)::numeric AS shipping,
    coalesce(p.promotion, 0)::numeric AS promotion, coalesce(p.refund, 0)::numeric AS refund
    FROM billed b FULL JOIN paid p ON p.order_id = b.order_id AND p.currency = b.currency
)
SELECT order_id, currency, invoiced, credited, invoices, invoiced_on, numbers, settled, principal, tax, shipping, promotion, refund
FROM item WHERE item.order_id <> '' AND (item.order_id > @after::text OR (item.order_id = @after::text AND item.currency > @after_currency::text)) ORDER BY item.order_id, item.currency LIMIT @page::int;
