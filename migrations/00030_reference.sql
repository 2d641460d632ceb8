-- What P21 says of the customers that orders are to be sold to.

-- +goose Up
CREATE TABLE customer_reading (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    reference     text        NOT NULL CHECK (reference <> ''), -- as orders name the customer
    marketplace   text        NOT NULL,                         -- country, for people
    number        text        NOT NULL DEFAULT '',              -- P21's; empty: P21 has none
    name          text        NOT NULL DEFAULT '',
    found         int         NOT NULL CHECK (found >= 0),      -- customers with the reference; one is right
    active        boolean     NOT NULL DEFAULT false,
    read_at       timestamptz NOT NULL,
    PRIMARY KEY (connection_id, reference),
    CHECK ((found > 0) = (number <> ''))
);

-- +goose Down
DROP TABLE customer_reading;
