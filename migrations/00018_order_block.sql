-- +goose Up
-- Orders are found as kinds and products are: by bitmaps of blocks. An id falls
-- into two of 8,192 buckets, told by its MD5; the blocks that stand in both
-- bitmaps hold the id, or in few cases another one. The block range index that
-- did this cost a quarter of an import.
ALTER TABLE line_block DROP CONSTRAINT line_block_dimension_check,
    ADD CONSTRAINT line_block_dimension_check CHECK (dimension IN ('kind', 'product', 'order'));

INSERT INTO line_block (settlement_id, dimension, ref, lines, amount, blocks)
WITH mention AS (
    SELECT l.settlement_id, bucket.ref, l.line_no / 1024 AS block, l.amount
    FROM settlement_line l
    CROSS JOIN LATERAL (
        SELECT DISTINCT id FROM unnest(ARRAY[l.order_id, l.merchant_order_id]) id WHERE id IS NOT NULL) o
    CROSS JOIN LATERAL (VALUES (('x' || substr(md5(o.id), 1, 3))::bit(12)::int), (('x' || substr(md5(o.id), 4, 3))::bit(12)::int + 4096)) bucket (ref)
), octet AS (
    SELECT settlement_id, ref, block / 8 AS at, bit_or(1 << block % 8) AS bits, count(*) AS lines, sum(amount) AS amount
    FROM mention GROUP BY settlement_id, ref, block / 8
), spaced AS (
    SELECT settlement_id, ref, at, bits, lines, amount, at - coalesce(lag(at) OVER (PARTITION BY settlement_id, ref ORDER BY at), -1) - 1 AS gap FROM octet
)
SELECT settlement_id, 'order', ref, sum(lines), sum(amount), decode(string_agg(repeat('00', gap) || lpad(to_hex(bits), 2, '0'), '' ORDER BY at), 'hex')
FROM spaced GROUP BY settlement_id, ref;

DROP INDEX settlement_line_places;

-- +goose Down
CREATE INDEX settlement_line_places ON settlement_line USING brin (
    settlement_id, order_id text_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.01),
    merchant_order_id text_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.01)) WITH (pages_per_range = 64);
DELETE FROM line_block WHERE dimension = 'order';
ALTER TABLE line_block DROP CONSTRAINT line_block_dimension_check,
    ADD CONSTRAINT line_block_dimension_check CHECK (dimension IN ('kind', 'product'));
