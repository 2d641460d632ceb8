-- name: TakeToken :one
-- Takes a token, or leaves the bucket alone and says how many seconds it needs
-- to hold one. The bucket begins full, at the given rate. No row: another
-- process made the bucket and emptied it at this very moment.
WITH taken AS (
    INSERT INTO rate_bucket AS b (connection_key, operation, rate, burst, tokens, updated_at)
    SELECT @connection_key, @operation, @rate, size.burst, size.burst - 1, clock_timestamp()
    FROM (SELECT @burst::double precision AS burst) size
    ON CONFLICT (connection_key, operation) DO UPDATE
    SET burst = excluded.burst,
        tokens = least(excluded.burst, rate_bucket_level(b, clock_timestamp())) - 1,
        updated_at = clock_timestamp()
    WHERE rate_bucket_level(b, clock_timestamp()) >= 1
    RETURNING true AS taken
)
SELECT taken::boolean AS taken, 0::double precision AS seconds FROM taken
UNION ALL
SELECT false, (greatest(0, 1 - rate_bucket_level(b, clock_timestamp())) / b.rate)::double precision
FROM rate_bucket b
WHERE b.connection_key = @connection_key AND b.operation = @operation AND NOT EXISTS (SELECT FROM taken);

-- name: SetRate :exec
-- What has flowed so far did so at the old rate.
UPDATE rate_bucket b
SET tokens = rate_bucket_level(b, clock_timestamp()), rate = @rate, updated_at = clock_timestamp()
WHERE b.connection_key = @connection_key AND b.operation = @operation AND b.rate <> @rate;

-- name: DrainBucket :exec
UPDATE rate_bucket SET tokens = 0, updated_at = clock_timestamp() WHERE connection_key = @connection_key AND operation = @operation;
