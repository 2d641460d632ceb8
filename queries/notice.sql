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
