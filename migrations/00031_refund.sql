-- Refunds of what Amazon shipped, beside what came back of it.

-- +goose Up
-- What a settlement gave back to buyers and what Amazon paid the seller for it:
-- summed once from its lines, so that the comparison never reads them.
CREATE TABLE refund_reading (
    settlement_id bigint      PRIMARY KEY REFERENCES settlement (id),
    summed_at     timestamptz NOT NULL
);

CREATE TABLE refunded (
    settlement_id bigint NOT NULL REFERENCES refund_reading (settlement_id) ON DELETE CASCADE,
    order_id      text   NOT NULL CHECK (order_id <> ''),
    sku           text   NOT NULL CHECK (sku <> ''),
    amount        numeric(19, 4) NOT NULL, -- item price given back; below zero: a refund that was taken back
    reimbursed    numeric(19, 4) NOT NULL, -- by Amazon to the seller
    posted_on     date   NOT NULL,         -- the last of it
    PRIMARY KEY (settlement_id, order_id, sku)
);

-- Units that came back, as the flow of returns read them.
CREATE TABLE returned (
    record_id     bigint PRIMARY KEY REFERENCES flow_record (id),
    connection_id bigint NOT NULL REFERENCES connection (id),
    order_id      text   NOT NULL,
    sku           text   NOT NULL,
    returned_on   date   NOT NULL,
    quantity      int    NOT NULL
);
CREATE INDEX returned_order ON returned (connection_id, order_id, sku);

-- An SKU of an order of which one side is missing for longer than it should be.
CREATE TABLE refund_case (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connection (id),
    order_id      text   NOT NULL,
    sku           text   NOT NULL,
    finding       text   NOT NULL CHECK (finding IN ('not_returned', 'not_refunded')),
    currency      text   NOT NULL, -- empty: nothing was refunded
    amount        numeric(19, 4) NOT NULL CHECK (amount >= 0),
    units         int    NOT NULL CHECK (units >= 0), -- that came back
    since         date   NOT NULL, -- the last refund, or the first return
    seen_at       timestamptz NOT NULL,
    note          text   NOT NULL DEFAULT '',
    done_by       bigint REFERENCES person (id),
    done_at       timestamptz,
    UNIQUE (connection_id, order_id, sku, finding, currency),
    CHECK ((finding = 'not_returned') = (currency <> '')),
    CHECK ((done_at IS NULL) = (done_by IS NULL)),
    CHECK (done_at IS NULL OR length(btrim(note)) > 0)
);
CREATE INDEX refund_case_open ON refund_case (connection_id, since, id) WHERE done_at IS NULL;

-- +goose Down
DROP TABLE refund_case;
DROP TABLE returned;
DROP TABLE refunded;
DROP TABLE refund_reading;
