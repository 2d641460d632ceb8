-- name: InsertTask :one
INSERT INTO task (connection_id, kind, title, unit, total, created_by) VALUES (@connection_id, @kind, @title, @unit, @total, @created_by) RETURNING id;

-- name: StartTask :exec
UPDATE task SET state = 'running', started_at = coalesce(started_at, now()), done = 0, message = '' WHERE id = $1 AND state IN ('waiting', 'running', 'failed');

-- name: AdvanceTask :one
UPDATE task SET done = @done WHERE id = @id RETURNING cancel_requested;

-- name: FinishTask :exec
UPDATE task SET state = @state, message = @message, link = @link, done = CASE WHEN @state::text = 'done' THEN greatest(total, done) ELSE done END, finished_at = now()
WHERE id = @id;

-- name: CancelTask :execrows
UPDATE task SET cancel_requested = true WHERE id = $1 AND state IN ('waiting', 'running');

-- name: GetTask :one
SELECT id, connection_id, kind, title, state, done, total, unit, message, link, cancel_requested, created_by, created_at, started_at, finished_at
FROM task WHERE id = $1;

-- name: RecentTasks :many
SELECT id, connection_id, kind, title, state, done, total, unit, message, link, cancel_requested, created_by, created_at, started_at, finished_at
FROM task ORDER BY id DESC LIMIT $1;
