-- name: FrameCounts :one
-- What every page's frame shows, in one look; and whether there is anything to say besides.
SELECT (SELECT count(*) FROM exception x WHERE x.state = 'open' AND (x.snoozed_until IS NULL OR x.snoozed_until < now())
            AND (sqlc.narg(connection_id)::bigint IS NULL OR x.connection_id = sqlc.narg(connection_id))) AS exceptions,
       (SELECT count(*) FROM journal_entry e WHERE e.status = 'submitted'
            AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
            AND NOT EXISTS (SELECT 1 FROM journal_preparer p WHERE p.entry_id = e.id AND p.person_id = @person_id)
            AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.entry_id = e.id AND a.person_id = @person_id AND a.voided_at IS NULL)) AS to_approve,
       (SELECT count(*) FROM journal_entry e WHERE e.status = 'draft'
            AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))) AS to_submit,
       EXISTS (SELECT 1 FROM connection c WHERE c.revenue_mode = 'invoiced') AS invoiced,
       EXISTS (SELECT 1 FROM outbound_message m WHERE m.state IN ('intended', 'sending', 'sent') AND m.error <> '') AS failing,
       EXISTS (SELECT 1 FROM flow f WHERE f.paused_by IS NOT NULL OR f.failures > 0) AS halting;

-- name: StoppedFlows :many
-- Flows that a person paused, and those whose other side does not answer.
SELECT f.connection_id, c.name AS connection_name, c.title AS connection_title, f.name, f.paused_at, f.pause_reason, f.failing_since, f.failure,
       (SELECT count(*) FROM flow_record r WHERE r.connection_id = f.connection_id AND r.flow = f.name AND r.state IN ('received', 'ready', 'delivering') AND r.waits = '') AS waiting
FROM flow f JOIN connection c ON c.id = f.connection_id
WHERE (f.paused_at IS NOT NULL AND f.paused_by IS NOT NULL) OR f.failures >= @patience::int ORDER BY (f.paused_at IS NULL) DESC, coalesce(f.failing_since, f.paused_at);

-- name: ConnectionChoices :many
SELECT id, name, title, functional_currency FROM connection ORDER BY name;

-- name: StuckReports :many
-- Reports that could not be read, and connections that Amazon has not answered for a day.
SELECT c.name, r.report_id, r.error FROM amazon_report r JOIN connection c ON c.id = r.connection_id
WHERE r.state = 'failed' AND r.updated_at > now() - interval '7 days' ORDER BY r.updated_at DESC LIMIT 5;

-- name: FlowHealth :many
SELECT c.id, c.name, c.title, c.paused_at,
       coalesce(max(r.found_at), 'epoch')::timestamptz AS found_at,
       count(r.report_id) FILTER (WHERE r.state = 'imported') AS imported,
       count(r.report_id) FILTER (WHERE r.state IN ('found', 'stored')) AS waiting,
       count(r.report_id) FILTER (WHERE r.state = 'failed') AS failed
FROM connection c LEFT JOIN amazon_report r ON r.connection_id = c.id
GROUP BY c.id ORDER BY c.name;

-- name: ReservesHeld :many
-- What the latest settlement of each connection and currency holds back.
SELECT s.connection_id, c.name, s.currency, s.id AS settlement_id, s.amazon_id,
       coalesce((SELECT -sum(r.amount) FROM kind_sum r JOIN kind k ON k.id = r.kind_id
                 WHERE r.settlement_id = s.id AND regexp_replace(lower(k.amount_description), '[ _-]', '', 'g') = 'currentreserveamount'), 0)::numeric AS held,
       NOT EXISTS (SELECT 1 FROM exception x WHERE x.connection_id = s.connection_id AND x.class = 'chain_broken' AND x.state = 'open') AS chained
FROM (SELECT DISTINCT ON (l.connection_id, l.currency) l.id, l.connection_id, l.currency, l.amazon_id FROM settlement l
      WHERE l.replaced_at IS NULL AND (sqlc.narg(connection_id)::bigint IS NULL OR l.connection_id = sqlc.narg(connection_id))
      ORDER BY l.connection_id, l.currency, l.end_at DESC, l.id DESC) s
JOIN connection c ON c.id = s.connection_id
ORDER BY s.connection_id, s.currency;

-- name: CycleSums :many
-- Sums per kind over the newest cycles of a connection: what trends are made of.
WITH newest AS (
    SELECT s.id, s.end_at FROM settlement s
    WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL ORDER BY s.end_at DESC, s.id DESC LIMIT @cycles)
SELECT n.id, n.end_at, r.kind_id::int AS kind_id, sum(r.amount)::numeric AS amount
FROM newest n JOIN kind_sum r ON r.settlement_id = n.id
GROUP BY n.id, n.end_at, r.kind_id ORDER BY n.end_at, n.id;

-- name: MoneyWaiting :many
-- Deposits of settlements whose entries are not all posted yet.
SELECT s.currency, count(*) AS settlements, sum(s.deposit)::numeric AS deposit
FROM settlement s
WHERE s.replaced_at IS NULL AND (sqlc.narg(connection_id)::bigint IS NULL OR s.connection_id = sqlc.narg(connection_id))
  AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.settlement_id = s.id AND e.entry_type = 'settlement' AND e.status = 'posted'
                  AND NOT EXISTS (SELECT 1 FROM journal_entry o WHERE o.settlement_id = s.id AND o.entry_type = 'settlement'
                                  AND o.status NOT IN ('posted', 'discarded', 'reversed')))
GROUP BY s.currency ORDER BY s.currency;
