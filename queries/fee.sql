-- name: SumFees :many
-- Amounts and units by what the caller groups by, with those of as many months
-- before. Kinds come in as arrays with what each counts as and the number of its
-- marketplace; books are told apart by their first settlement: many sums are
-- grouped by numbers alone. The sort value is ascending, so that a page begins
-- behind the last row of the one before.
WITH told AS MATERIALIZED (
    -- The planner takes unnest for ten rows and would look at each of them for each
    -- sum; so it takes this for a hundred, or for what there are.
    SELECT (@kinds::int[])[i] AS kind_id, (@parts::int[])[i] AS part, (@counted::boolean[])[i] AS counted, (@markets::int[])[i] AS market
    FROM generate_subscripts(@kinds::int[], 1) i LIMIT cardinality(@kinds::int[])
), cycle AS (
    SELECT s.id, min(s.id) OVER (PARTITION BY s.currency, CASE WHEN @by_connection::boolean THEN s.connection_id ELSE 0 END) AS books FROM settlement s
    WHERE s.replaced_at IS NULL AND (@connection_id::bigint = 0 OR s.connection_id = @connection_id)
      -- Accounting dates lie within a cycle, in another time zone at most.
      -- The planner takes two bounds for few rows, and would then sort the many sums; of coalesce it knows nothing.
      AND coalesce(s.end_at >= @ends_from::timestamptz AND s.start_at < @starts_before::timestamptz, false)
), base AS (
    SELECT c.books, t.market, CASE WHEN @by_sku::boolean THEN a.product_id ELSE 0 END AS product_id, a.month, t.part, sum(a.amount) AS amount, sum(a.quantity) FILTER (WHERE t.counted) AS units
    FROM cycle c JOIN sku_sum a ON a.settlement_id = c.id JOIN told t ON t.kind_id = a.kind_id
    WHERE @by_product::boolean AND a.month = ANY (@every_month::date[])
      AND (@every_sku::boolean OR a.product_id = ANY (@products::int[]))
    GROUP BY 1, 2, 3, 4, 5
    UNION ALL
    SELECT c.books, t.market, 0, date_trunc('month', r.posted_on::timestamp)::date, t.part, r.amount, CASE WHEN t.counted THEN r.quantity END
    FROM cycle c JOIN rollup r ON r.settlement_id = c.id JOIN told t ON t.kind_id = r.kind_id
    WHERE @by_product::boolean AND @every_sku::boolean AND r.correction_id <> 0 -- corrections name no product
      AND r.posted_on >= @prior_from::date AND r.posted_on <= @last_day::date
    UNION ALL
    -- Sums by month say the same of all products together, in a few rows.
    SELECT c.books, t.market, 0, m.month, t.part, sum(m.amount), sum(m.quantity) FILTER (WHERE t.counted)
    FROM cycle c JOIN month_sum m ON m.settlement_id = c.id JOIN told t ON t.kind_id = m.kind_id
    WHERE NOT @by_product::boolean AND m.month >= @prior_from::date AND m.month <= @to_month::date
    GROUP BY 1, 2, 4, 5
), shift AS MATERIALIZED (
    -- Under which month the sums of a month are shown, as what they are and as what was before.
    SELECT m.month::date AS month, p.prior, (m.month + interval '1 month' * p.months)::date AS shown_in
    FROM generate_series(CAST(@prior_from::date AS timestamp), CAST(@to_month::date AS timestamp), interval '1 month') m (month) CROSS JOIN (SELECT 0 AS prior, 0 AS months UNION ALL SELECT 1, @months::int) p
    WHERE (m.month + interval '1 month' * p.months)::date >= @from_month::date AND (m.month + interval '1 month' * p.months)::date <= @to_month::date
), shown AS (
    SELECT b.books, b.market, b.product_id, CASE WHEN @by_month::boolean THEN s.shown_in ELSE @from_month::date END AS month, s.prior, b.part, b.amount, b.units
    FROM base b JOIN shift s ON s.month = b.month
), summed AS (
    SELECT books, market, product_id, month,
           coalesce(sum(units) FILTER (WHERE prior = 0), 0) AS units, coalesce(sum(units) FILTER (WHERE prior = 1), 0) AS prior_units,
           coalesce(sum(amount) FILTER (WHERE prior = 0 AND part = 1), 0) AS sales, coalesce(sum(amount) FILTER (WHERE prior = 1 AND part = 1), 0) AS prior_sales,
           coalesce(-sum(amount) FILTER (WHERE prior = 0 AND part = 2), 0) AS referral, coalesce(-sum(amount) FILTER (WHERE prior = 0 AND part = 3), 0) AS fulfilment,
           coalesce(-sum(amount) FILTER (WHERE prior = 0 AND part = 4), 0) AS storage, coalesce(-sum(amount) FILTER (WHERE prior = 0 AND part = 5), 0) AS advertising,
           coalesce(-sum(amount) FILTER (WHERE prior = 0 AND part = 6), 0) AS other, coalesce(sum(amount) FILTER (WHERE prior = 0 AND part = 7), 0) AS unmapped,
           coalesce(-sum(amount) FILTER (WHERE prior = 0 AND part IN (2, 3, 4, 5, 6)), 0) AS fees, coalesce(-sum(amount) FILTER (WHERE prior = 1 AND part IN (2, 3, 4, 5, 6)), 0) AS prior_fees
    FROM shown GROUP BY 1, 2, 3, 4
), listed AS (
    SELECT coalesce(c.id, 0) AS connection_id, coalesce(c.name, '') AS connection_name, s.currency COLLATE "C" AS currency, (@marketplaces::text[])[x.market] COLLATE "C" AS marketplace, coalesce(p.sku, '') AS sku, x.month, x.units, x.prior_units, x.sales, x.prior_sales,
           x.referral, x.fulfilment, x.storage, x.advertising, x.other, x.unmapped, x.fees, x.prior_fees,
           (CASE @sort::text WHEN 'sales' THEN x.sales WHEN 'units' THEN x.units WHEN 'fees' THEN x.fees
                WHEN 'unit' THEN coalesce(x.fees / nullif(x.units, 0), 0) WHEN 'share' THEN coalesce(x.fees / nullif(x.sales, 0), 0)
                WHEN 'change' THEN coalesce(x.fees / nullif(x.sales, 0), 0) - coalesce(x.prior_fees / nullif(x.prior_sales, 0), 0)
                WHEN 'month' THEN extract(epoch FROM x.month) ELSE 0 END * @direction::int)::numeric AS sort_value
    FROM summed x JOIN settlement s ON s.id = x.books LEFT JOIN product p ON p.id = x.product_id LEFT JOIN connection c ON c.id = s.connection_id AND @by_connection::boolean
    -- What was there before and is no more is still a change; what never was is none.
    WHERE (x.sales, x.fees, x.units, x.unmapped, x.prior_sales, x.prior_fees) <> (0, 0, 0, 0, 0, 0)
)
SELECT connection_id::bigint AS connection_id, connection_name::text AS connection_name, currency::text AS currency, marketplace::text AS marketplace, sku::text AS sku, month::date AS month,
       units::bigint AS units, prior_units::bigint AS prior_units, sales::numeric AS sales, prior_sales::numeric AS prior_sales, referral::numeric AS referral, fulfilment::numeric AS fulfilment,
       storage::numeric AS storage, advertising::numeric AS advertising, other::numeric AS other, unmapped::numeric AS unmapped, fees::numeric AS fees, prior_fees::numeric AS prior_fees,
       round(sort_value, 6)::numeric AS sort_value
FROM listed
WHERE @first::boolean
   OR (round(sort_value, 6), sku, marketplace, month, currency, connection_id) > (@after_value::numeric, @after_sku::text, @after_marketplace::text, @after_month::date, @after_currency::text, @after_connection::bigint)
ORDER BY round(sort_value, 6), sku, marketplace, month, currency, connection_id LIMIT @page_size;

-- name: FeeSources :many
-- The settlements and kinds that a number is made of.
SELECT s.id, s.amazon_id, s.currency, s.start_at, s.end_at, k.id AS kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign,
       sum(x.lines)::bigint AS lines, sum(x.quantity)::bigint AS units, sum(x.amount)::numeric AS amount
FROM settlement s JOIN fee_amount x ON x.settlement_id = s.id JOIN kind k ON k.id = x.kind_id
WHERE s.replaced_at IS NULL AND (@connection_id::bigint = 0 OR s.connection_id = @connection_id) AND (@currency::text = '' OR s.currency = @currency)
  AND s.end_at >= @ends_from::timestamptz AND s.start_at < @starts_before::timestamptz
  AND x.summed = @every_sku::boolean AND (@every_sku::boolean OR x.product_id = ANY (@products::int[]))
  AND x.month >= @from_month::date AND x.month <= @to_month::date AND x.kind_id = ANY (@kinds::int[])
  AND (@after_id::bigint = 0 OR (s.id, k.id) < (@after_id::bigint, @after_kind::int))
GROUP BY s.id, k.id ORDER BY s.id DESC, k.id DESC LIMIT @page_size;

-- name: SumFeeSources :many
SELECT s.currency, sum(x.lines)::bigint AS lines, sum(x.quantity)::bigint AS units, sum(x.amount)::numeric AS amount
FROM settlement s JOIN fee_amount x ON x.settlement_id = s.id
WHERE s.replaced_at IS NULL AND (@connection_id::bigint = 0 OR s.connection_id = @connection_id) AND (@currency::text = '' OR s.currency = @currency)
  AND s.end_at >= @ends_from::timestamptz AND s.start_at < @starts_before::timestamptz
  AND x.summed = @every_sku::boolean AND (@every_sku::boolean OR x.product_id = ANY (@products::int[]))
  AND x.month >= @from_month::date AND x.month <= @to_month::date AND x.kind_id = ANY (@kinds::int[])
GROUP BY s.currency ORDER BY s.currency;

-- name: LastSettled :one
SELECT coalesce(max(s.end_at), 'epoch')::timestamptz AS last_at FROM settlement s
WHERE s.replaced_at IS NULL AND (@connection_id::bigint = 0 OR s.connection_id = @connection_id);

-- name: ProductsLike :many
-- Products whose SKU holds a text, or is one.
SELECT id FROM product WHERE (@connection_id::bigint = 0 OR connection_id = @connection_id) AND (sku ILIKE @pattern::text OR sku = @sku::text);
