-- What no settlement has yet is little beside all that ever was settled, and it is
-- what people look at.

-- +goose Up
CREATE INDEX finance_transaction_unsettled ON finance_transaction (due_on, id) WHERE settlement_id IS NULL;

-- +goose Down
DROP INDEX finance_transaction_unsettled;
