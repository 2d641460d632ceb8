-- +goose Up
-- Amazon counts calls per application, seller and operation; all workers of all
-- processes share the count here. A bucket holds at most burst tokens, a call
-- takes one, and rate tokens per second flow back.
CREATE TABLE rate_bucket (
    connection_key text             NOT NULL,
    operation      text             NOT NULL,
    rate           double precision NOT NULL CHECK (rate > 0),    -- tokens per second, as Amazon last said
    burst          double precision NOT NULL CHECK (burst >= 1),
    tokens         double precision NOT NULL CHECK (tokens >= 0), -- at updated_at
    updated_at     timestamptz      NOT NULL,
    PRIMARY KEY (connection_key, operation)
);

-- What is in a bucket now: not before the row is locked, hence clock_timestamp().
-- +goose StatementBegin
CREATE FUNCTION rate_bucket_level(b rate_bucket, at timestamptz) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT least(b.burst, b.tokens + b.rate * greatest(0, extract(epoch FROM at - b.updated_at)::double precision))
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION rate_bucket_level;
DROP TABLE rate_bucket;
