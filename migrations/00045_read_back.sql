-- +goose Up
-- What P21 held of a posted entry when it was read back last, by its reference.
CREATE TABLE journal_reading (
    entry_id bigint      PRIMARY KEY REFERENCES journal_entry (id),
    read_at  timestamptz NOT NULL,
    outcome  text        NOT NULL CHECK (outcome IN ('equal', 'missing', 'duplicate', 'different')),
    numbers  text[]      NOT NULL, -- of the journals found, P21's
    held     numeric(19, 4) NOT NULL, -- functional debits of all of them
    detail   text        NOT NULL,
    CHECK ((outcome = 'equal') = (detail = '')),
    CHECK (outcome <> 'missing' OR (numbers = '{}' AND held = 0)),
    CHECK (outcome <> 'duplicate' OR cardinality(numbers) > 1)
);

-- What a settlement pays of each order and item in sales: summed once from its
-- lines, so that the comparison with orders never reads them.
CREATE TABLE sale_reading (
    settlement_id bigint      PRIMARY KEY REFERENCES settlement (id),
    summed_at     timestamptz NOT NULL
);
CREATE TABLE settled_sale (
    settlement_id bigint NOT NULL REFERENCES sale_reading (settlement_id) ON DELETE CASCADE,
    order_id      text   NOT NULL CHECK (order_id <> ''),
    sku           text   NOT NULL,
    amount        numeric(19, 4) NOT NULL, -- price, fees and tax together
    posted_on     date   NOT NULL,         -- the first of it
    PRIMARY KEY (settlement_id, order_id, sku)
);
CREATE INDEX settled_sale_order ON settled_sale (order_id);

-- Amazon's orders as the flow of orders holds them, with what a comparison needs.
CREATE TABLE held_order (
    record_id     bigint PRIMARY KEY REFERENCES flow_record (id),
    connection_id bigint NOT NULL REFERENCES connection (id),
    order_id      text   NOT NULL,
    content       int    NOT NULL,           -- number of the content that this is of
    currency      text   NOT NULL,           -- empty: Amazon told no amount
    amount        numeric(19, 4) NOT NULL,
    placed_on     date   NOT NULL,
    shipped_on    date,                      -- when Amazon first said so; null: not yet
    skus          text[] NOT NULL
);
CREATE UNIQUE INDEX held_order_order ON held_order (connection_id, order_id);
CREATE INDEX held_order_shipped ON held_order (connection_id, shipped_on) WHERE shipped_on IS NOT NULL;

-- +goose Down
DROP TABLE held_order;
DROP TABLE settled_sale;
DROP TABLE sale_reading;
DROP TABLE journal_reading;
