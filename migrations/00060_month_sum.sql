-- What a rule set would make of years is asked of sums by month.

-- +goose Up
-- Rollups by month instead of by day, corrections included: a sixth of the rows.
-- The database keeps them itself, so that they are the rollups whoever writes those.
CREATE TABLE month_sum (
    settlement_id bigint NOT NULL,
    month         date   NOT NULL CHECK (extract(day FROM month) = 1), -- of the accounting date
    kind_id       int    NOT NULL,
    product_group text   NOT NULL,
    fulfillment   text   NOT NULL,
    lines         bigint NOT NULL CHECK (lines > 0),
    amount        numeric(19, 4) NOT NULL,
    PRIMARY KEY (settlement_id, month, kind_id, product_group, fulfillment)
);

INSERT INTO month_sum (settlement_id, month, kind_id, product_group, fulfillment, lines, amount)
SELECT settlement_id, date_trunc('month', posted_on)::date, kind_id, product_group, fulfillment, sum(lines), sum(amount)
FROM rollup GROUP BY 1, 2, 3, 4, 5;

-- +goose StatementBegin
CREATE FUNCTION month_sum_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO month_sum AS m (settlement_id, month, kind_id, product_group, fulfillment, lines, amount)
    SELECT r.settlement_id, date_trunc('month', r.posted_on)::date, r.kind_id, r.product_group, r.fulfillment, sum(r.lines), sum(r.amount)
    FROM added r GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (settlement_id, month, kind_id, product_group, fulfillment) DO UPDATE SET lines = m.lines + excluded.lines, amount = m.amount + excluded.amount;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER month_sum_add AFTER INSERT ON rollup REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION month_sum_add();

-- Where rollups are changed or removed, the sums of their settlements are made anew.
-- +goose StatementBegin
CREATE FUNCTION month_sum_remake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM month_sum m WHERE m.settlement_id IN (SELECT r.settlement_id FROM removed r);
    INSERT INTO month_sum (settlement_id, month, kind_id, product_group, fulfillment, lines, amount)
    SELECT r.settlement_id, date_trunc('month', r.posted_on)::date, r.kind_id, r.product_group, r.fulfillment, sum(r.lines), sum(r.amount)
    FROM rollup r WHERE r.settlement_id IN (SELECT x.settlement_id FROM removed x) GROUP BY 1, 2, 3, 4, 5;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER month_sum_update AFTER UPDATE ON rollup REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION month_sum_remake();
CREATE TRIGGER month_sum_delete AFTER DELETE ON rollup REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION month_sum_remake();

-- A rollup stays with its settlement, or its sums would not be found again.
-- +goose StatementBegin
CREATE FUNCTION rollup_settlement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a rollup stays with its settlement' USING ERRCODE = 'TO003';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER rollup_settlement_stays BEFORE UPDATE ON rollup
    FOR EACH ROW WHEN (OLD.settlement_id <> NEW.settlement_id) EXECUTE FUNCTION rollup_settlement_stays();

-- Nobody else writes them.
-- +goose StatementBegin
CREATE FUNCTION month_sum_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'sums by month follow the rollups and are not written by hand' USING ERRCODE = 'TO003';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER month_sum_own BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON month_sum
    FOR EACH STATEMENT EXECUTE FUNCTION month_sum_own();

-- +goose Down
DROP TRIGGER rollup_settlement_stays ON rollup;
DROP TRIGGER month_sum_delete ON rollup;
DROP TRIGGER month_sum_update ON rollup;
DROP TRIGGER month_sum_add ON rollup;
DROP TABLE month_sum;
DROP FUNCTION month_sum_own;
DROP FUNCTION rollup_settlement_stays;
DROP FUNCTION month_sum_remake;
DROP FUNCTION month_sum_add;
