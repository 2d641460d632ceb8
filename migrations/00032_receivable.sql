-- +goose Up
-- What P21 has invoiced, as read last. A credit memo is an invoice below zero.
CREATE TABLE invoice (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    number        text        NOT NULL CHECK (number <> ''),
    p21_order     text        NOT NULL,
    order_id      text        NOT NULL, -- Amazon's; empty: of no Amazon order
    customer      text        NOT NULL,
    type          text        NOT NULL,
    invoiced_on   date        NOT NULL,
    total         numeric(19, 4) NOT NULL,
    currency      text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    changed_at    timestamptz NOT NULL, -- P21's
    PRIMARY KEY (connection_id, number)
);
CREATE INDEX invoice_order ON invoice (connection_id, order_id) WHERE order_id <> '';

-- What a settlement pays of each order on the receivable: summed once from its
-- lines, so that open items never read them.
CREATE TABLE settled_order (
    settlement_id bigint NOT NULL REFERENCES settlement (id),
    order_id      text   NOT NULL CHECK (order_id <> ''),
    principal     numeric(19, 4) NOT NULL,
    tax           numeric(19, 4) NOT NULL, -- collected and withheld
    shipping      numeric(19, 4) NOT NULL, -- gift wrap too
    promotion     numeric(19, 4) NOT NULL,
    refund        numeric(19, 4) NOT NULL, -- below zero
    PRIMARY KEY (settlement_id, order_id)
);
CREATE INDEX settled_order_order ON settled_order (order_id);

-- +goose Down
DROP TABLE settled_order;
DROP TABLE invoice;
