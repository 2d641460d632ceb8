-- The day from which the books of a connection are kept here: no settlement is expected that ended before. And whether a
-- job may match a deposit with the one bank line that names it and has its amount.

-- +goose Up
ALTER TABLE policy ADD COLUMN books_from date,
    ADD COLUMN match_deposits text NOT NULL DEFAULT 'by_hand' CHECK (match_deposits IN ('by_hand', 'automatic'));

-- +goose Down
ALTER TABLE policy DROP COLUMN match_deposits, DROP COLUMN books_from;
