-- +goose Up
-- Processes that work jobs say every few seconds that they live: the jobs of
-- one that was killed are taken up by another at once, not when their time is up.
CREATE TABLE worker (
    id      text        PRIMARY KEY,
    beat_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- +goose Down
DROP TABLE worker;
