-- name: RaiseException :one
-- The same cause again refreshes the open row: its count, its money, its text.
INSERT INTO exception (connection_id, class, cause, title, detail, settlement_id, entry_id, kind_id, records, amount, currency)
VALUES (@connection_id, @class, @cause, @title, @detail, @settlement_id, @entry_id, @kind_id, @records, @amount, @currency)
ON CONFLICT (connection_id, class, cause) WHERE state = 'open' DO UPDATE
SET title = excluded.title, detail = excluded.detail, settlement_id = excluded.settlement_id, entry_id = excluded.entry_id,
    kind_id = excluded.kind_id, records = excluded.records, amount = excluded.amount, currency = excluded.currency,
    updated_at = now(), version = exception.version + 1
RETURNING id, (xmax = 0)::boolean AS opened;

-- name: WeighException :exec
-- How much waits on an open cause now.
UPDATE exception SET records = greatest(@records::bigint, 1), amount = @amount, currency = @currency, flow = @flow, updated_at = now() WHERE id = @id AND state = 'open';

-- name: OpenException :one
SELECT id FROM exception WHERE connection_id = @connection_id AND class = @class AND cause = @cause AND state = 'open';

-- name: ResolveException :execrows
UPDATE exception
SET state = 'resolved', resolution = @resolution, resolved_by = @resolved_by, resolved_at = now(), updated_at = now(), version = version + 1
WHERE connection_id = @connection_id AND class = @class AND cause = @cause AND state = 'open';

-- name: GetException :one
SELECT e.id, e.connection_id, c.name AS connection_name, e.class, e.cause, e.title, e.detail, e.settlement_id, e.entry_id, e.kind_id, e.flow,
       e.records, e.amount, e.currency, e.state, e.assigned_to, coalesce(a.name, '') AS assigned_name, e.snoozed_until, e.resolution,
       coalesce(r.name, '') AS resolved_name, e.resolved_at, e.opened_at, e.updated_at, e.version, coalesce(k.marketplace, '') AS marketplace
FROM exception e
JOIN connection c ON c.id = e.connection_id
LEFT JOIN person a ON a.id = e.assigned_to
LEFT JOIN person r ON r.id = e.resolved_by
LEFT JOIN kind k ON k.id = e.kind_id
WHERE e.id = $1;

-- name: ListExceptions :many
-- Open ones by money at stake, then age; keyset on (rank, id).
SELECT e.id, e.connection_id, c.name AS connection_name, e.class, e.cause, e.title, e.settlement_id, e.entry_id, e.kind_id, e.flow,
       e.records, e.amount, e.currency, e.state, e.assigned_to, coalesce(a.name, '') AS assigned_name, e.snoozed_until,
       e.resolution, coalesce(r.name, '') AS resolved_name, e.resolved_at,
       e.opened_at, e.version, coalesce(abs(e.amount), 0)::numeric AS weight, coalesce(k.marketplace, '') AS marketplace
FROM exception e
JOIN connection c ON c.id = e.connection_id
LEFT JOIN person a ON a.id = e.assigned_to
LEFT JOIN person r ON r.id = e.resolved_by
LEFT JOIN kind k ON k.id = e.kind_id
WHERE (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
  AND (@class::text = '' OR e.class = @class)
  AND (@state::text = '' OR e.state = @state)
  AND (@assignee::bigint = 0 OR e.assigned_to = @assignee OR (@assignee = -1 AND e.assigned_to IS NULL))
  AND (@snoozed::boolean OR e.snoozed_until IS NULL OR e.snoozed_until < now())
  AND (sqlc.narg(after_weight)::numeric IS NULL
       OR (coalesce(abs(e.amount), 0), e.id) < (sqlc.narg(after_weight)::numeric, @after_id::bigint))
ORDER BY coalesce(abs(e.amount), 0) DESC, e.id DESC
LIMIT @page_size;

-- name: CountExceptions :many
SELECT e.class, count(*) AS causes, sum(e.records)::bigint AS records, min(e.opened_at)::timestamptz AS oldest
FROM exception e
WHERE e.state = 'open'
  AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
  AND (e.snoozed_until IS NULL OR e.snoozed_until < now())
GROUP BY e.class ORDER BY e.class;

-- name: MoneyAtStake :many
-- Of the open, unsnoozed causes, per class and currency, whatever the sign.
SELECT e.class, e.currency, sum(abs(e.amount))::numeric AS amount
FROM exception e
WHERE e.state = 'open' AND e.amount <> 0
  AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
  AND (e.snoozed_until IS NULL OR e.snoozed_until < now())
GROUP BY e.class, e.currency ORDER BY e.class, sum(abs(e.amount)) DESC;

-- name: OpenExceptionsOfSettlement :many
SELECT id, class, cause, title, kind_id, records, amount, currency, opened_at
FROM exception WHERE settlement_id = $1 AND state = 'open' ORDER BY class, id;

-- name: AssignException :execrows
UPDATE exception SET assigned_to = @assigned_to, updated_at = now(), version = version + 1
WHERE id = @id AND state = 'open' AND version = @version;

-- name: SnoozeException :execrows
UPDATE exception SET snoozed_until = @snoozed_until, updated_at = now(), version = version + 1
WHERE id = @id AND state = 'open' AND version = @version;

-- name: IgnoreException :execrows
UPDATE exception
SET state = 'ignored', resolution = @resolution, resolved_by = @resolved_by, resolved_at = now(), updated_at = now(), version = version + 1
WHERE id = @id AND state = 'open' AND version = @version;
