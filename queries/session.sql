-- name: FindSession :one
SELECT data, expiry FROM sessions WHERE token = $1 AND expiry > now();

-- name: BeginSession :exec
-- Sign-ins are rare enough to sweep out what has expired.
WITH swept AS (DELETE FROM sessions WHERE expiry < now() AND token <> $1)
INSERT INTO sessions (token, data, expiry) VALUES ($1, $2, $3)
ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry;

-- name: KeepSession :exec
-- Only what is still there: a request that overlapped with a sign-out must not
-- bring the session back.
UPDATE sessions SET data = $2, expiry = $3 WHERE token = $1;

-- name: TouchSession :exec
UPDATE sessions SET expiry = $2 WHERE token = $1;

-- name: EndSession :exec
DELETE FROM sessions WHERE token = $1;
