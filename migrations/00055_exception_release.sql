-- Which records an exception let go when its cause was gone, so that everybody
-- can watch them arrive.

-- +goose Up
CREATE TABLE exception_release (
    exception_id bigint      NOT NULL REFERENCES exception (id),
    record_id    bigint      NOT NULL REFERENCES flow_record (id),
    released_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (exception_id, record_id)
);

-- +goose Down
DROP TABLE exception_release;
