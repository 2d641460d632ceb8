-- name: PutInvoice :execrows
-- An older reading never replaces a newer one.
INSERT INTO invoice (connection_id, number, p21_order, order_id, customer, type, invoiced_on, total, currency, changed_at)
SELECT c.id, @number, @p21_order, @order_id, @customer, @type, @invoiced_on, @total, coalesce(nullif(@currency::text, ''), c.functional_currency), @changed_at
FROM connection c WHERE c.id = @connection_id
ON CONFLICT (connection_id, number) DO UPDATE SET p21_order = excluded.p21_order, order_id = excluded.order_id, customer = excluded.customer, type = excluded.type,
    invoiced_on = excluded.invoiced_on, total = excluded.total, currency = excluded.currency, changed_at = excluded.changed_at
WHERE invoice.changed_at <= excluded.changed_at;

-- name: InvoicesReadTo :one
-- Up to when invoices are known, and when the oldest settlement begins.
SELECT coalesce((SELECT max(i.changed_at) FROM invoice i WHERE i.connection_id = @connection_id), 'epoch')::timestamptz AS known,
       coalesce((SELECT min(s.start_at) FROM settlement s WHERE s.connection_id = @connection_id), 'epoch')::timestamptz AS oldest;

-- name: SettlementsToSum :many
-- Settlements whose orders are not summed by the rules of their entries, or,
-- while they have none, by those in use; and those that a re-issue replaced.
SELECT s.id, coalesce(e.rule_set_id, p.id, 0)::bigint AS rule_set_id, (s.replaced_at IS NOT NULL)::boolean AS replaced
FROM settlement s
LEFT JOIN settled_reading r ON r.settlement_id = s.id
LEFT JOIN LATERAL (SELECT max(j.rule_set_id) AS rule_set_id FROM journal_entry j WHERE j.settlement_id = s.id AND j.entry_type = 'settlement' AND j.status NOT IN ('reversed', 'discarded')) e ON true
LEFT JOIN rule_set p ON p.connection_id = s.connection_id AND p.state = 'published'
WHERE s.connection_id = @connection_id
  AND CASE WHEN s.replaced_at IS NOT NULL THEN r.settlement_id IS NOT NULL
           ELSE coalesce(e.rule_set_id, p.id) IS NOT NULL AND coalesce(e.rule_set_id, p.id) IS DISTINCT FROM r.rule_set_id END
ORDER BY s.id;

-- name: KindsOfSettlement :many
SELECT DISTINCT k.id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign
FROM line_block b JOIN kind k ON k.id = b.ref WHERE b.settlement_id = @settlement_id AND b.dimension = 'kind' ORDER BY k.id;

-- name: ForgetSums :many
-- Returns the orders that were summed. Their rows go with the reading.
WITH gone AS (DELETE FROM settled_reading r WHERE r.settlement_id = @settlement_id RETURNING r.settlement_id)
SELECT o.order_id FROM settled_order o JOIN gone g ON g.settlement_id = o.settlement_id;

-- name: BeginSums :exec
INSERT INTO settled_reading (settlement_id, rule_set_id, summed_at) VALUES (@settlement_id, @rule_set_id, @now);

-- name: SumOrders :many
-- Lines of the given kinds by order; parts says for each kind what it is of.
INSERT INTO settled_order (settlement_id, order_id, principal, tax, shipping, promotion, refund)
SELECT l.settlement_id, l.order_id,
       coalesce(sum(l.amount) FILTER (WHERE p.part = 'principal'), 0), coalesce(sum(l.amount) FILTER (WHERE p.part = 'tax'), 0),
       coalesce(sum(l.amount) FILTER (WHERE p.part = 'shipping'), 0), coalesce(sum(l.amount) FILTER (WHERE p.part = 'promotion'), 0),
       coalesce(sum(l.amount) FILTER (WHERE p.part = 'refund'), 0)
FROM settlement_line l JOIN (SELECT unnest(@kinds::int[]) AS kind_id, unnest(@parts::text[]) AS part) p USING (kind_id)
WHERE l.settlement_id = @settlement_id AND l.order_id <> ''
GROUP BY l.settlement_id, l.order_id
RETURNING order_id;

-- name: BothSides :many
-- What P21 invoiced and Amazon settled of orders, one row per currency.
WITH billed AS (
    SELECT i.order_id, i.currency, sum(i.total) FILTER (WHERE i.total >= 0) AS invoiced, sum(i.total) FILTER (WHERE i.total < 0) AS credited,
           count(*) FILTER (WHERE i.total >= 0) AS invoices, min(i.invoiced_on) AS invoiced_on, array_agg(i.number ORDER BY i.number) AS numbers
    FROM invoice i WHERE i.connection_id = @connection_id AND i.order_id = ANY (@orders::text[]) GROUP BY 1, 2
), paid AS (
    SELECT o.order_id, s.currency, sum(o.principal) AS principal, sum(o.tax) AS tax, sum(o.shipping) AS shipping, sum(o.promotion) AS promotion, sum(o.refund) AS refund
    FROM settled_order o JOIN settlement s ON s.id = o.settlement_id
    WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND o.order_id = ANY (@orders::text[]) GROUP BY 1, 2
)
SELECT coalesce(b.order_id, p.order_id)::text AS order_id, coalesce(b.currency, p.currency)::text AS currency, coalesce(b.invoiced, 0)::numeric AS invoiced,
       coalesce(b.credited, 0)::numeric AS credited, coalesce(b.invoices, 0)::bigint AS invoices, coalesce(b.invoiced_on, 'epoch')::date AS invoiced_on,
       coalesce(b.numbers, '{}')::text[] AS numbers, (p.order_id IS NOT NULL)::boolean AS settled,
       coalesce(p.principal, 0)::numeric AS principal, coalesce(p.tax, 0)::numeric AS tax, coalesce(p.shipping, 0)::numeric AS shipping,
       coalesce(p.promotion, 0)::numeric AS promotion, coalesce(p.refund, 0)::numeric AS refund,
       coalesce((SELECT y.receivable_tolerance FROM policy y WHERE y.connection_id = @connection_id), 0)::numeric AS tolerance
FROM billed b FULL JOIN paid p ON p.order_id = b.order_id AND p.currency = b.currency;

-- name: ClearItems :exec
DELETE FROM open_item WHERE connection_id = @connection_id AND order_id = ANY (@orders::text[]);

-- name: PutItem :copyfrom
INSERT INTO open_item (connection_id, order_id, currency, invoiced, credited, bills, numbers, invoiced_on, settled, principal, tax, shipping, promotion, refund, difference, state, cause, tolerance)
VALUES (@connection_id, @order_id, @currency, @invoiced, @credited, @bills, @numbers, @invoiced_on, @settled, @principal, @tax, @shipping, @promotion, @refund, @difference, @state, @cause, @tolerance);

-- name: ListItems :many
SELECT i.connection_id, c.name AS connection_name, i.order_id, i.currency, i.invoiced, i.credited, i.bills, i.numbers, i.invoiced_on, i.settled,
       i.principal, i.tax, i.shipping, i.promotion, i.refund, i.cause, i.tolerance
FROM open_item i JOIN connection c ON c.id = i.connection_id
WHERE i.connection_id = ANY (@connections::bigint[]) AND (@state::text = '' AND i.state NOT IN ('paid', 'void') OR i.state = @state::text OR @state::text = 'all')
  AND (@cause::text = '' OR i.cause = @cause::text) AND (@currency::text = '' OR i.currency = @currency::text)
  AND (@text::text = '' OR i.order_id LIKE @text::text || '%' OR @text::text = ANY (i.numbers))
  AND (i.order_id, i.currency, i.connection_id) > (@after_order::text, @after_currency::text, @after_connection::bigint)
ORDER BY i.order_id, i.currency, i.connection_id LIMIT @size::int;

-- name: AgeItems :many
-- What is open by the days since it was invoiced.
SELECT i.currency, CASE WHEN sqlc.arg(today)::date - i.invoiced_on <= 14 THEN 14 WHEN sqlc.arg(today)::date - i.invoiced_on <= 30 THEN 30 WHEN sqlc.arg(today)::date - i.invoiced_on <= 60 THEN 60 ELSE 61 END::int AS days,
       count(*) AS items, sum(i.difference)::numeric AS amount
FROM open_item i WHERE i.connection_id = ANY (@connections::bigint[]) AND i.state = 'open'
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: CauseItems :many
SELECT i.currency, i.cause, count(*) AS items, sum(i.difference)::numeric AS amount, sum(abs(i.difference))::numeric AS stake, max(i.tolerance)::numeric AS tolerance
FROM open_item i WHERE i.connection_id = ANY (@connections::bigint[]) AND i.state IN ('variance', 'no_invoice')
GROUP BY 1, 2 ORDER BY 1, 5 DESC;

-- name: ItemsOfOrder :many
SELECT i.connection_id, c.name AS connection_name, i.order_id, i.currency, i.invoiced, i.credited, i.bills, i.numbers, i.invoiced_on, i.settled,
       i.principal, i.tax, i.shipping, i.promotion, i.refund, i.cause, i.tolerance
FROM open_item i JOIN connection c ON c.id = i.connection_id WHERE i.connection_id = @connection_id AND i.order_id = @order_id ORDER BY i.currency;

-- name: InvoicesOfOrder :many
SELECT number, p21_order, customer, type, invoiced_on, total, currency FROM invoice WHERE connection_id = @connection_id AND order_id = @order_id ORDER BY invoiced_on, number;

-- name: SettledOfOrder :many
SELECT o.settlement_id, s.amazon_id, s.end_at, s.currency, o.principal, o.tax, o.shipping, o.promotion, o.refund
FROM settled_order o JOIN settlement s ON s.id = o.settlement_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND o.order_id = @order_id ORDER BY s.end_at, s.id;

-- name: ItemsToReconsider :many
-- Orders whose difference was judged by another tolerance.
SELECT DISTINCT i.order_id FROM open_item i JOIN policy p ON p.connection_id = i.connection_id
WHERE i.connection_id = @connection_id AND i.state = 'variance' AND i.tolerance <> p.receivable_tolerance;

-- name: InvoicedConnections :many
SELECT id FROM connection WHERE revenue_mode = 'invoiced' AND (@id::bigint = 0 OR id = @id::bigint) ORDER BY id;

-- name: DifferingItems :many
-- What does not agree, and what P21 invoiced before a day and Amazon has not settled.
SELECT i.order_id, i.currency, i.invoiced, i.credited, i.bills, i.numbers, i.invoiced_on, i.settled, i.principal, i.tax, i.shipping, i.promotion, i.refund, i.tolerance,
       coalesce(i.invoiced_on, (SELECT min(s.end_at)::date FROM settled_order o JOIN settlement s ON s.id = o.settlement_id
                                WHERE o.order_id = i.order_id AND s.connection_id = i.connection_id AND s.replaced_at IS NULL), now()::date)::date AS since
FROM open_item i
WHERE i.connection_id = @connection_id AND i.state NOT IN ('paid', 'void') AND (i.state <> 'open' OR i.invoiced_on < @late::date)
ORDER BY i.order_id, i.currency;

-- name: SumItems :many
-- Both sides of everything but what Amazon may still settle in time.
SELECT i.currency, count(*) AS items, sum(i.principal + i.tax + i.shipping + i.promotion + i.refund)::numeric AS settled, sum(i.invoiced + i.credited)::numeric AS due
FROM open_item i WHERE i.connection_id = @connection_id AND i.state <> 'void' AND (i.state <> 'open' OR i.invoiced_on < @late::date)
GROUP BY i.currency ORDER BY i.currency;

-- name: ReceivableKnown :one
-- Whether P21 invoices the connection's orders, and up to when both sides are known.
SELECT (c.revenue_mode = 'invoiced')::boolean AS invoiced,
       coalesce((SELECT max(s.end_at) FROM settled_reading r JOIN settlement s ON s.id = r.settlement_id WHERE s.connection_id = c.id), 'epoch')::timestamptz AS settled,
       coalesce((SELECT max(i.changed_at) FROM invoice i WHERE i.connection_id = c.id), 'epoch')::timestamptz AS billed
FROM connection c WHERE c.id = @connection_id;
