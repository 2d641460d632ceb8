-- Sums of lines by SKU and month, and what Amazon owes for units it lost.

-- +goose Up
-- Each settlement's sums by SKU, month and kind, corrections apart: what reports
-- by product run on. Written by the import, in its transaction, and never again.
CREATE TABLE sku_sum (
    settlement_id bigint NOT NULL,
    month         date   NOT NULL CHECK (extract(day FROM month) = 1), -- of the accounting date
    product_id    int    NOT NULL,                                     -- 0: lines without a SKU
    kind_id       int    NOT NULL,
    lines         int    NOT NULL CHECK (lines > 0),
    quantity      bigint NOT NULL,
    amount        numeric(19, 4) NOT NULL,
    PRIMARY KEY (settlement_id, month, product_id, kind_id)
);

INSERT INTO sku_sum (settlement_id, month, product_id, kind_id, lines, quantity, amount)
SELECT settlement_id, date_trunc('month', posted_on)::date, coalesce(product_id, 0), kind_id, count(*), coalesce(sum(quantity), 0), sum(amount)
FROM settlement_line GROUP BY 1, 2, 3, 4;

CREATE TRIGGER sku_sum_insert BEFORE INSERT ON sku_sum
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_line_insert();
CREATE TRIGGER sku_sum_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON sku_sum
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- At commit the sums by SKU carry every line, as the rollups do.
-- +goose StatementBegin
CREATE FUNCTION settlement_summed_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    summed_lines bigint;
    summed       numeric;
BEGIN
    SELECT coalesce(sum(lines), 0), coalesce(sum(amount), 0) INTO summed_lines, summed FROM sku_sum WHERE settlement_id = NEW.id;
    IF summed_lines <> NEW.line_count OR summed <> NEW.line_sum THEN
        RAISE EXCEPTION 'settlement %: sums by SKU carry % lines and %, the report has % and %',
            NEW.amazon_id, summed_lines, summed, NEW.line_count, NEW.line_sum USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER settlement_summed_up AFTER INSERT ON settlement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settlement_summed_up();

-- With the corrections, which name no SKU: it adds up to the rollups.
CREATE VIEW sku_amount AS
SELECT settlement_id, month, product_id, kind_id, lines, quantity, amount FROM sku_sum
UNION ALL
SELECT settlement_id, date_trunc('month', posted_on)::date, 0, kind_id, lines, quantity, amount FROM rollup WHERE correction_id <> 0;

-- +goose Down
DROP VIEW sku_amount;
DROP TRIGGER settlement_summed_up ON settlement;
DROP FUNCTION settlement_summed_up;
DROP TABLE sku_sum;
