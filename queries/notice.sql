-- name: AddNotice :execrows
-- A notification that came before changes nothing.
INSERT INTO notice (connection_id, notification_id, type, event_at, published_at, document_id, outcome, detail)
VALUES (@connection_id, @notification_id, @type, @event_at, @published_at, @document_id, @outcome, @detail)
ON CONFLICT (connection_id, notification_id) DO NOTHING;

-- name: CountNotices :many
SELECT type, outcome, count(*) AS notices, max(received_at)::timestamptz AS received_at, max(published_at) AS published_at
FROM notice WHERE connection_id = $1 GROUP BY type, outcome ORDER BY type, outcome;

-- name: CountHints :many
SELECT flow, count(*) AS hints, min(told_at)::timestamptz AS oldest FROM flow_hint WHERE connection_id = $1 GROUP BY flow ORDER BY flow;

-- name: ConnectionsWithQueue :many
SELECT id FROM connection WHERE queue_url <> '' AND paused_at IS NULL ORDER BY id;

-- name: QueueAnswered :exec
INSERT INTO notice_queue (connection_id, read_at) VALUES (@connection_id, @now::timestamptz)
ON CONFLICT (connection_id) DO UPDATE SET read_at = excluded.read_at, failure = '', failing_since = NULL;

-- name: QueueFailed :exec
INSERT INTO notice_queue AS q (connection_id, failure, failing_since) VALUES (@connection_id, @failure, @now::timestamptz)
ON CONFLICT (connection_id) DO UPDATE SET failure = excluded.failure, failing_since = coalesce(q.failing_since, excluded.failing_since);

-- name: StateOfQueue :one
SELECT connection_id, read_at, failure, failing_since FROM notice_queue WHERE connection_id = $1;
