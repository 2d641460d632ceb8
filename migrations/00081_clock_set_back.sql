-- What was written under a clock that was ahead, and was then set right, must not
-- wait until that time has come.

-- +goose Up
-- +goose StatementBegin
-- Whether somebody has it in hand. Nothing is held for as long as an hour.
CREATE FUNCTION is_held(until timestamptz) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(until BETWEEN clock_timestamp() AND clock_timestamp() + interval '1 hour', false)
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- How many tokens a bucket holds at a time; whoever asks has the same clock.
CREATE OR REPLACE FUNCTION rate_bucket_level(b rate_bucket, at timestamptz) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN b.updated_at > at + interval '1 minute' THEN b.burst
        ELSE least(b.burst, b.tokens + b.rate * greatest(0, extract(epoch FROM at - b.updated_at)::double precision)) END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rate_bucket_level(b rate_bucket, at timestamptz) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT least(b.burst, b.tokens + b.rate * greatest(0, extract(epoch FROM at - b.updated_at)::double precision))
$$;
-- +goose StatementEnd
DROP FUNCTION is_held;
