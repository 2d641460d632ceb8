-- +goose Up
-- The data keys that seal secrets, wrapped by the master key of the configuration.
CREATE TABLE vault_keyset (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE vault_keyset;
