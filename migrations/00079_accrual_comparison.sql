-- What an accrual says beside what settlements say of its transactions by now.
-- It is found anew whenever transactions are read or a settlement comes, so that a
-- page reads it in no time however much was accrued. Of a deferral it is the count
-- of its transactions alone.

-- +goose Up
CREATE TABLE accrual_comparison (
    entry_id     bigint      PRIMARY KEY REFERENCES journal_entry (id),
    row_version  int         NOT NULL, -- the entry's
    transactions bigint      NOT NULL CHECK (transactions >= 0),
    settled      bigint      NOT NULL CHECK (settled BETWEEN 0 AND transactions),
    settlements  bigint[]    NOT NULL, -- those that have them
    differing    bigint      NOT NULL CHECK (differing >= 0), -- how many orders differ, each account by itself
    compared_at  timestamptz NOT NULL
);

-- First of each account, then of the orders that differ.
CREATE TABLE accrual_difference (
    entry_id       bigint  NOT NULL REFERENCES accrual_comparison (entry_id),
    position       int     NOT NULL CHECK (position > 0),
    of_order       boolean NOT NULL,
    account        text    NOT NULL,
    order_id       text    NOT NULL, -- '' : belongs to none
    transaction_id bigint  REFERENCES finance_transaction (id), -- one of it; NULL: the accrual had none
    accrued        numeric(19, 4) NOT NULL,
    open           numeric(19, 4) NOT NULL, -- accrued, and in no settlement yet
    settled        numeric(19, 4) NOT NULL,
    PRIMARY KEY (entry_id, of_order, position)
);

-- +goose Down
DROP TABLE accrual_difference;
DROP TABLE accrual_comparison;
