-- What a re-issued report has otherwise than the one that it replaces, line by
-- line. Lines never change, so it is found once, and a page reads it in no time
-- however long both reports are.

-- +goose Up
CREATE TABLE line_comparison (
    settlement_id bigint      PRIMARY KEY REFERENCES settlement (id), -- the re-issue
    changes       bigint      NOT NULL CHECK (changes >= 0),          -- how many sorts of line differ
    total         numeric     NOT NULL,                               -- by how much the sum of the lines changed
    compared_at   timestamptz NOT NULL DEFAULT now()
);

-- The first of them.
CREATE TABLE line_change (
    settlement_id bigint      NOT NULL REFERENCES line_comparison (settlement_id),
    position      int         NOT NULL CHECK (position > 0),
    kind_id       int         NOT NULL REFERENCES kind (id),
    product_id    int         REFERENCES product (id),
    posted_at     timestamptz NOT NULL,
    posted_on     date        NOT NULL,
    order_id      text        NOT NULL,
    quantity      int,
    amount        numeric(19, 4) NOT NULL, -- of one such line
    lines         bigint      NOT NULL CHECK (lines <> 0), -- how many more the re-issue has; below zero: fewer
    line_no       int         NOT NULL, -- the first such row of the report that has more
    PRIMARY KEY (settlement_id, position)
);

CREATE TRIGGER line_comparison_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON line_comparison
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER line_change_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON line_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE line_change;
DROP TABLE line_comparison;
