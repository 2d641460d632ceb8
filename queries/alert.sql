-- name: ListAlertChannels :many
SELECT id, kind, name, address, secret, old_secret, old_until, occasions, connection_ids, down_minutes, silent_days, expiry_days, off_at, off_reason, deleted_at, created_at, version
FROM alert_channel WHERE deleted_at IS NULL ORDER BY lower(name);

-- name: GetAlertChannel :one
SELECT id, kind, name, address, secret, old_secret, old_until, occasions, connection_ids, down_minutes, silent_days, expiry_days, off_at, off_reason, deleted_at, created_at, version
FROM alert_channel WHERE id = $1;

-- name: InsertAlertChannel :one
-- A webhook's secret is sealed for its id, hence taken from the sequence first.
INSERT INTO alert_channel (id, kind, name, address, secret, occasions, connection_ids, down_minutes, silent_days, expiry_days)
OVERRIDING SYSTEM VALUE
VALUES (@id, @kind, @name, @address, @secret, @occasions, @connection_ids, @down_minutes, @silent_days, @expiry_days) RETURNING id;

-- name: NextAlertChannel :one
SELECT nextval(pg_get_serial_sequence('alert_channel', 'id'))::bigint;

-- name: UpdateAlertChannel :execrows
UPDATE alert_channel SET name = @name, address = @address, occasions = @occasions, connection_ids = @connection_ids, down_minutes = @down_minutes,
    silent_days = @silent_days, expiry_days = @expiry_days, version = version + 1
WHERE id = @id AND version = @version;

-- name: SetAlertSecrets :exec
UPDATE alert_channel SET secret = @secret, old_secret = @old_secret, old_until = @old_until, version = version + 1 WHERE id = @id;

-- name: ResealAlertSecrets :exec
-- The same secrets under another key: nothing that a person sees changes.
UPDATE alert_channel SET secret = @secret, old_secret = @old_secret WHERE id = @id;

-- name: SwitchAlertChannel :execrows
UPDATE alert_channel SET off_at = @off_at, off_reason = @off_reason, version = version + 1
WHERE id = @id AND (off_at IS NULL) <> (sqlc.narg(off_at)::timestamptz IS NULL);

-- name: DeleteAlertChannel :exec
UPDATE alert_channel SET deleted_at = @deleted_at, secret = NULL, old_secret = NULL, old_until = NULL, version = version + 1 WHERE id = @id;

-- name: LockAlertWatch :one
SELECT only_row FROM alert_watch FOR UPDATE;

-- name: MarkAlertsLookedAt :exec
UPDATE alert_watch SET looked_at = @looked_at;

-- name: AlertsLookedAt :one
SELECT looked_at FROM alert_watch;

-- name: UntoldExceptions :many
-- Open causes that a channel has no row of. What is snoozed somebody has seen.
SELECT e.id, e.connection_id, e.class, e.title, e.records, e.amount, e.currency, e.opened_at
FROM exception e
WHERE e.state = 'open' AND (e.snoozed_until IS NULL OR e.snoozed_until < @now::timestamptz)
  AND (e.class = ANY(@classes::text[]) OR (@others::boolean AND e.class <> ALL(@known::text[])))
  AND (cardinality(@connection_ids::bigint[]) = 0 OR e.connection_id = ANY(@connection_ids))
  AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.channel_id = @channel_id AND a.occasion = 'exception/' || e.id)
ORDER BY e.id LIMIT @at_most;

-- name: KnowExceptions :exec
-- What is open before a channel begins is not told to it.
INSERT INTO alert (channel_id, occasion, class, connection_id, exception_id, happened_at, state, created_at)
SELECT @channel_id, 'exception/' || e.id, 'exception', e.connection_id, e.id, e.opened_at, 'known', @now::timestamptz
FROM exception e WHERE e.state = 'open'
ON CONFLICT DO NOTHING;

-- name: UntoldAccess :many
-- Who may come in, and tried to, of the last days, where a channel has no row of it.
SELECT e.seq, e.at, e.actor, e.action, e.object_id, e.before, e.after, coalesce(p.name, '') AS person
FROM audit_event e LEFT JOIN person p ON e.object_type = 'person' AND p.id::text = e.object_id
WHERE e.at > @since AND e.action IN ('refused at sign-in', 'signed in from somewhere new', 'roles changed at sign-in',
    'sign-ins failed repeatedly', 'set the roles of a group', 'set the connections of a person', 'disabled', 'enabled')
  AND e.object_type IN ('person', 'sign_in', 'group_role')
  AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.channel_id = @channel_id AND a.occasion = 'access/' || e.seq)
ORDER BY e.seq LIMIT @at_most;

-- name: KnowAccess :exec
-- What happened before a channel begins is not told to it.
INSERT INTO alert (channel_id, occasion, class, happened_at, state, created_at)
SELECT @channel_id, 'access/' || e.seq, 'sign_in', e.at, 'known', @now::timestamptz
FROM audit_event e
WHERE e.at > @since AND e.action IN ('refused at sign-in', 'signed in from somewhere new', 'roles changed at sign-in',
    'sign-ins failed repeatedly', 'set the roles of a group', 'set the connections of a person', 'disabled', 'enabled')
ON CONFLICT DO NOTHING;

-- name: InsertAlert :exec
INSERT INTO alert (channel_id, occasion, class, subject, connection_id, exception_id, title, body, path, happened_at, state, created_at)
VALUES (@channel_id, @occasion, @class, @subject, @connection_id, @exception_id, @title, @body, @path, @happened_at, @state, @created_at)
ON CONFLICT DO NOTHING;

-- name: SystemsDown :many
-- P21 is down, too, while messages to it wait; it is up again once one arrived.
SELECT c.id AS connection_id, c.name, c.title, d.system, min(d.since)::timestamptz AS since, max(d.words)::text AS words, sum(d.waiting)::bigint AS waiting
FROM (SELECT r.connection_id, r.system, r.down_since AS since, r.words, 0::bigint AS waiting
      FROM system_reach r
      WHERE r.down_since IS NOT NULL
        AND NOT (r.system = 'p21' AND EXISTS (SELECT 1 FROM outbound_message o WHERE o.connection_id = r.connection_id AND o.state IN ('confirmed', 'refused') AND o.updated_at > r.tried_at))
      UNION ALL
      SELECT m.connection_id, 'p21', min(m.created_at), '', count(*)
      FROM outbound_message m WHERE m.kind = 'journal_entry' AND m.state IN ('intended', 'sending', 'sent') AND m.error <> '' GROUP BY m.connection_id) d
JOIN connection c ON c.id = d.connection_id
WHERE c.paused_at IS NULL
GROUP BY c.id, d.system ORDER BY c.id, d.system;

-- name: FlowsWaiting :many
SELECT c.id AS connection_id, c.name, c.title, f.name AS flow, f.failing_since::timestamptz AS since, f.failure AS words
FROM flow f JOIN connection c ON c.id = f.connection_id
WHERE f.failing_since IS NOT NULL AND f.failures >= 3 AND f.paused_at IS NULL AND c.paused_at IS NULL ORDER BY c.id, f.name;

-- name: LastReceived :many
SELECT c.id AS connection_id, c.name, c.title,
       greatest(c.created_at, (SELECT max(r.found_at) FROM amazon_report r WHERE r.connection_id = c.id), (SELECT max(s.created_at) FROM settlement s WHERE s.connection_id = c.id))::timestamptz AS last_at
FROM connection c WHERE c.paused_at IS NULL ORDER BY c.id;

-- name: SecretsEnding :many
SELECT id AS connection_id, name, title, lwa_secret_expires::date AS ends_on FROM connection WHERE lwa_secret_expires IS NOT NULL AND paused_at IS NULL ORDER BY id;

-- name: SetSecretEnd :execrows
UPDATE connection SET lwa_secret_expires = sqlc.narg(ends_on) WHERE id = @id AND lwa_secret_expires IS DISTINCT FROM sqlc.narg(ends_on);

-- name: EndConditions :many
UPDATE alert SET ended_at = @now::timestamptz
WHERE channel_id = @channel_id AND subject <> '' AND ended_at IS NULL AND subject <> ALL(@current::text[])
RETURNING id, occasion, class, connection_id, title, path, state;

-- name: UnsentAlerts :many
SELECT id FROM alert WHERE channel_id = $1 AND state = 'waiting' AND message_id IS NULL ORDER BY id;

-- name: InsertAlertMessage :one
INSERT INTO alert_message (channel_id, key, created_at) VALUES (@channel_id, @key, @created_at) RETURNING id;

-- name: PutAlertsInMessage :exec
UPDATE alert SET message_id = @message_id WHERE id = ANY(@ids::bigint[]);

-- name: LockAlertMessage :one
SELECT id, channel_id, key, state, attempts, answer, created_at, attempted_at FROM alert_message WHERE id = $1 FOR UPDATE;

-- name: BeginAlertAttempt :exec
UPDATE alert_message SET attempts = attempts + 1, attempted_at = @now::timestamptz WHERE id = @id;

-- name: DropQuietAlerts :exec
-- What was settled before it was told is not told.
UPDATE alert a SET state = 'dropped'
WHERE a.message_id = @message_id AND a.state = 'waiting'
  AND (a.ended_at IS NOT NULL OR EXISTS (SELECT 1 FROM exception e WHERE e.id = a.exception_id AND e.state <> 'open'));

-- name: AlertsOfMessage :many
SELECT a.id, a.class, a.title, a.body, a.path, a.happened_at, coalesce(c.name, '') AS connection_name
FROM alert a LEFT JOIN connection c ON c.id = a.connection_id
WHERE a.message_id = $1 AND a.state = 'waiting' ORDER BY a.id;

-- name: SettleAlertMessage :exec
UPDATE alert_message SET state = @state, answer = @answer WHERE id = @id;

-- name: SettleAlerts :exec
UPDATE alert SET state = @state WHERE message_id = @message_id AND state = 'waiting';

-- name: WakeAlerts :exec
UPDATE alert SET state = 'waiting' WHERE message_id = @message_id AND state IN ('failed', 'refused');

-- name: NewestAlerts :many
SELECT a.id, a.channel_id, h.name AS channel_name, h.deleted_at AS channel_deleted_at, a.class, a.title, a.path, a.state, a.happened_at, a.created_at, a.message_id,
       coalesce(m.attempts, 0)::int AS attempts, coalesce(m.answer, '')::text AS answer, m.attempted_at
FROM alert a JOIN alert_channel h ON h.id = a.channel_id LEFT JOIN alert_message m ON m.id = a.message_id
WHERE a.state <> 'known' ORDER BY a.id DESC LIMIT $1;

-- name: SystemAnswered :exec
INSERT INTO system_reach (connection_id, system, tried_at) VALUES (@connection_id, @system, @tried_at)
ON CONFLICT (connection_id, system) DO UPDATE SET down_since = NULL, words = '', tried_at = excluded.tried_at;

-- name: SystemSilent :exec
INSERT INTO system_reach (connection_id, system, tried_at, down_since, words) VALUES (@connection_id, @system, @tried_at, @tried_at, @words)
ON CONFLICT (connection_id, system) DO UPDATE
SET down_since = coalesce(system_reach.down_since, excluded.down_since), words = excluded.words, tried_at = excluded.tried_at;

-- name: AlertChannelByName :one
SELECT id, kind, name, address, secret, old_secret, old_until, occasions, connection_ids, down_minutes, silent_days, expiry_days, off_at, off_reason, deleted_at, created_at, version
FROM alert_channel WHERE lower(name) = lower(@name) AND deleted_at IS NULL;
