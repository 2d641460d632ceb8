-- +goose Up
-- What P21 has invoiced for Amazon's orders, as read last. A credit memo is an
-- invoice below zero.
CREATE TABLE invoice (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    number        text        NOT NULL CHECK (number <> ''),
    p21_order     text        NOT NULL,
    order_id      text        NOT NULL CHECK (order_id <> ''), -- Amazon's
    customer      text        NOT NULL,
    type          text        NOT NULL,
    invoiced_on   date        NOT NULL,
    total         numeric(19, 4) NOT NULL,
    currency      text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    changed_at    timestamptz NOT NULL, -- P21's
    PRIMARY KEY (connection_id, number)
);
CREATE INDEX invoice_order ON invoice (connection_id, order_id);

-- What a settlement pays of each order on the receivable: summed once from its
-- lines by a rule set, so that open items never read them.
CREATE TABLE settled_reading (
    settlement_id bigint      PRIMARY KEY REFERENCES settlement (id),
    rule_set_id   bigint      NOT NULL REFERENCES rule_set (id),
    summed_at     timestamptz NOT NULL
);

CREATE TABLE settled_order (
    settlement_id bigint NOT NULL REFERENCES settled_reading (settlement_id) ON DELETE CASCADE,
    order_id      text   NOT NULL CHECK (order_id <> ''),
    principal     numeric(19, 4) NOT NULL,
    tax           numeric(19, 4) NOT NULL, -- collected and withheld
    shipping      numeric(19, 4) NOT NULL, -- gift wrap too
    promotion     numeric(19, 4) NOT NULL,
    refund        numeric(19, 4) NOT NULL, -- below zero
    PRIMARY KEY (settlement_id, order_id)
);
CREATE INDEX settled_order_order ON settled_order (order_id);

-- An order on the receivable in one currency: both sides added up, and why they
-- differ. Made of invoice and settled_order whenever either changes.
CREATE TABLE open_item (
    connection_id bigint  NOT NULL REFERENCES connection (id),
    order_id      text    NOT NULL CHECK (order_id <> ''),
    currency      text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    invoiced      numeric(19, 4) NOT NULL,
    credited      numeric(19, 4) NOT NULL CHECK (credited <= 0),
    bills         int     NOT NULL,
    numbers       text[]  NOT NULL, -- of invoices and credit memos
    invoiced_on   date,             -- of the first
    settled       boolean NOT NULL,
    principal     numeric(19, 4) NOT NULL,
    tax           numeric(19, 4) NOT NULL,
    shipping      numeric(19, 4) NOT NULL,
    promotion     numeric(19, 4) NOT NULL,
    refund        numeric(19, 4) NOT NULL,
    difference    numeric(19, 4) NOT NULL CHECK (difference = invoiced + credited - principal - tax - shipping - promotion - refund),
    state         text    NOT NULL CHECK (state IN ('open', 'paid', 'variance', 'no_invoice', 'void')),
    cause         text    NOT NULL, -- of a variance; empty: nothing to explain
    PRIMARY KEY (connection_id, order_id, currency),
    CHECK ((invoiced_on IS NULL) = (numbers = '{}')),
    CHECK ((state IN ('variance', 'no_invoice')) = (cause <> '')),
    CHECK (state <> 'paid' OR difference = 0)
);
-- What is not settled on both sides is little beside what is.
CREATE INDEX open_item_unpaid ON open_item (connection_id, state, order_id, currency) WHERE state NOT IN ('paid', 'void');

-- +goose Down
DROP TABLE open_item;
DROP TABLE settled_order;
DROP TABLE settled_reading;
DROP TABLE invoice;
