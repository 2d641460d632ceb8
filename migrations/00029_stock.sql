-- +goose Up
-- What P21 last said it has of each item at each location. P21 tells of changes
-- alone, and what an SKU can be sold depends on all of its items.
CREATE TABLE stock (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    item_code     text        NOT NULL CHECK (item_code <> ''),
    location      text        NOT NULL CHECK (location <> ''),
    on_hand       numeric     NOT NULL,
    allocated     numeric     NOT NULL,
    available     numeric     NOT NULL,
    unit_cost     numeric     NOT NULL,
    changed_at    timestamptz NOT NULL, -- in P21
    PRIMARY KEY (connection_id, item_code, location)
);

-- +goose Down
DROP TABLE stock;
