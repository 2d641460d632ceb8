-- +goose Up
-- Orders are found as kinds and products are: by bitmaps of blocks. An id falls
-- into two of 8,192 buckets, told by its MD5; the blocks that stand in both
-- bitmaps hold the id, or in few cases another one. The block range index that
-- did this cost a quarter of an import.
CREATE TABLE order_block (
    settlement_id bigint NOT NULL,
    bucket        int    NOT NULL,
    blocks        bytea  NOT NULL, -- bit n: rows n*1024 to n*1024+1023, as in line_block
    PRIMARY KEY (settlement_id, bucket)
);

INSERT INTO order_block (settlement_id, bucket, blocks)
WITH mention AS (
    SELECT l.settlement_id, b.bucket, l.line_no / 1024 AS block
    FROM settlement_line l
    CROSS JOIN LATERAL (VALUES (l.order_id), (l.merchant_order_id)) o (id)
    CROSS JOIN LATERAL (VALUES (('x' || substr(md5(o.id), 1, 3))::bit(12)::int), (('x' || substr(md5(o.id), 4, 3))::bit(12)::int + 4096)) b (bucket)
    WHERE o.id IS NOT NULL
), octet AS (
    SELECT settlement_id, bucket, block / 8 AS at, bit_or(1 << block % 8) AS bits FROM mention GROUP BY settlement_id, bucket, block / 8
), spaced AS (
    SELECT settlement_id, bucket, at, bits, at - coalesce(lag(at) OVER (PARTITION BY settlement_id, bucket ORDER BY at), -1) - 1 AS gap FROM octet
)
SELECT settlement_id, bucket, decode(string_agg(repeat('00', gap) || lpad(to_hex(bits), 2, '0'), '' ORDER BY at), 'hex')
FROM spaced GROUP BY settlement_id, bucket;

DROP INDEX settlement_line_places;

-- +goose Down
CREATE INDEX settlement_line_places ON settlement_line USING brin (
    settlement_id, order_id text_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.01),
    merchant_order_id text_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.01)) WITH (pages_per_range = 64);
DROP TABLE order_block;
