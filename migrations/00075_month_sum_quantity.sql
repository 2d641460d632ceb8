-- Reports of fees without products are made of sums by month, units included.

-- +goose Up
ALTER TABLE month_sum ADD COLUMN quantity bigint NOT NULL DEFAULT 0;
ALTER TABLE month_sum ALTER COLUMN quantity DROP DEFAULT;

ALTER TABLE month_sum DISABLE TRIGGER month_sum_own;
UPDATE month_sum m SET quantity = r.quantity
FROM (SELECT settlement_id, date_trunc('month', posted_on)::date AS month, kind_id, product_group, fulfillment, sum(quantity) AS quantity FROM rollup GROUP BY 1, 2, 3, 4, 5) r
WHERE (r.settlement_id, r.month, r.kind_id, r.product_group, r.fulfillment) = (m.settlement_id, m.month, m.kind_id, m.product_group, m.fulfillment);
ALTER TABLE month_sum ENABLE TRIGGER month_sum_own;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION month_sum_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO month_sum AS m (settlement_id, month, kind_id, product_group, fulfillment, lines, quantity, amount)
    SELECT r.settlement_id, date_trunc('month', r.posted_on)::date, r.kind_id, r.product_group, r.fulfillment, sum(r.lines), sum(r.quantity), sum(r.amount)
    FROM added r GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (settlement_id, month, kind_id, product_group, fulfillment)
        DO UPDATE SET lines = m.lines + excluded.lines, quantity = m.quantity + excluded.quantity, amount = m.amount + excluded.amount;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION month_sum_remake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM month_sum m WHERE m.settlement_id IN (SELECT r.settlement_id FROM removed r);
    INSERT INTO month_sum (settlement_id, month, kind_id, product_group, fulfillment, lines, quantity, amount)
    SELECT r.settlement_id, date_trunc('month', r.posted_on)::date, r.kind_id, r.product_group, r.fulfillment, sum(r.lines), sum(r.quantity), sum(r.amount)
    FROM rollup r WHERE r.settlement_id IN (SELECT x.settlement_id FROM removed x) GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION month_sum_remake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM month_sum m WHERE m.settlement_id IN (SELECT r.settlement_id FROM removed r);
    INSERT INTO month_sum (settlement_id, month, kind_id, product_group, fulfillment, lines, amount)
    SELECT r.settlement_id, date_trunc('month', r.posted_on)::date, r.kind_id, r.product_group, r.fulfillment, sum(r.lines), sum(r.amount)
    FROM rollup r WHERE r.settlement_id IN (SELECT x.settlement_id FROM removed x) GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION month_sum_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO month_sum AS m (settlement_id, month, kind_id, product_group, fulfillment, lines, amount)
    SELECT r.settlement_id, date_trunc('month', r.posted_on)::date, r.kind_id, r.product_group, r.fulfillment, sum(r.lines), sum(r.amount)
    FROM added r GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (settlement_id, month, kind_id, product_group, fulfillment) DO UPDATE SET lines = m.lines + excluded.lines, amount = m.amount + excluded.amount;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
ALTER TABLE month_sum DROP COLUMN quantity;
