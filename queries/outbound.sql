-- name: IntendMessage :one
-- The intent is written once per reference. A refused message may be tried
-- again with another content, because the other side surely holds none of it.
INSERT INTO outbound_message (connection_id, kind, target, reference, object_id, payload, payload_hash)
VALUES (@connection_id, @kind, @target, @reference, @object_id, @payload, @payload_hash)
ON CONFLICT (kind, target, reference) DO UPDATE
SET payload = excluded.payload, payload_hash = excluded.payload_hash, object_id = excluded.object_id, state = 'intended',
    lookups = 0, first_lookup = NULL, error = '', updated_at = now()
WHERE outbound_message.state = 'refused'
RETURNING id;

-- name: MessageByReference :one
SELECT id, state, payload_hash FROM outbound_message WHERE kind = $1 AND target = $2 AND reference = $3;

-- name: GetMessage :one
SELECT id, connection_id, kind, target, reference, object_id, payload, payload_hash, state, attempts, lookups, first_lookup, sent_at,
       remote_key, error, request_id, holder, held_until, created_at, updated_at
FROM outbound_message WHERE id = $1;

-- name: MessageOfObject :one
SELECT id, connection_id, kind, target, reference, object_id, payload, payload_hash, state, attempts, lookups, first_lookup, sent_at,
       remote_key, error, request_id, holder, held_until, created_at, updated_at
FROM outbound_message WHERE kind = $1 AND object_id = $2 ORDER BY id DESC LIMIT 1;

-- name: HoldMessage :execrows
-- One worker at a time has a message in hand, and nobody one that has arrived.
UPDATE outbound_message SET holder = @holder, held_until = clock_timestamp() + make_interval(secs => @seconds::double precision), updated_at = now()
WHERE id = @id AND state <> 'confirmed' AND NOT is_held(held_until);

-- name: ReleaseMessage :exec
UPDATE outbound_message SET holder = '', held_until = NULL, updated_at = now() WHERE id = @id AND holder = @holder;

-- name: MessageSending :execrows
-- Written before the request leaves: from here on the other side may hold it.
UPDATE outbound_message SET state = 'sending', attempts = attempts + 1, sent_at = clock_timestamp(), lookups = 0, first_lookup = NULL,
    held_until = clock_timestamp() + make_interval(secs => @seconds::double precision), error = '', updated_at = now()
WHERE id = @id AND state IN ('intended', 'sending') AND holder = @holder;

-- name: MessageNotSent :exec
-- The request surely never left.
UPDATE outbound_message SET state = 'intended', error = @error, updated_at = now()
WHERE id = @id AND state = 'sending' AND holder = @holder;

-- name: MessageSent :exec
UPDATE outbound_message SET state = 'sent', remote_key = @remote_key, updated_at = now()
WHERE id = @id AND state IN ('intended', 'sending', 'sent', 'unknown') AND holder = @holder;

-- name: MessageError :exec
UPDATE outbound_message SET error = @error, updated_at = now() WHERE id = @id AND holder = @holder;

-- name: MessageLookup :one
UPDATE outbound_message SET lookups = lookups + 1, first_lookup = least(first_lookup, clock_timestamp()), updated_at = now()
WHERE id = @id AND holder = @holder
RETURNING lookups, first_lookup, (extract(epoch FROM clock_timestamp() - first_lookup))::double precision AS seconds;

-- name: FinishMessage :execrows
UPDATE outbound_message SET state = @state, remote_key = CASE WHEN @remote_key::text = '' THEN remote_key ELSE @remote_key END,
    error = @error, holder = '', held_until = NULL, updated_at = now()
WHERE id = @id AND state NOT IN ('confirmed');

-- name: ReopenMessage :execrows
-- A person says that the other side does not hold it: it may be sent again.
UPDATE outbound_message SET state = 'intended', lookups = 0, first_lookup = NULL, error = '', updated_at = now()
WHERE id = @id AND state = 'unknown';

-- name: InsertMessageEvent :exec
INSERT INTO outbound_event (message_id, step, detail, actor) VALUES ($1, $2, $3, $4);

-- name: MessageEvents :many
SELECT at, step, detail, actor FROM outbound_event WHERE message_id = $1 ORDER BY id;

-- name: StrandedMessages :many
-- Messages that nobody has in hand and that are not finished.
SELECT id, kind, object_id FROM outbound_message
WHERE state IN ('intended', 'sending', 'sent') AND NOT is_held(held_until)
ORDER BY id LIMIT 500;

-- name: SetMessageAside :execrows
-- A person takes the matter in hand: nothing is sent any more. Not while a worker has it.
UPDATE outbound_message SET state = 'unknown', error = @error, holder = '', held_until = NULL, updated_at = now()
WHERE id = @id AND state IN ('intended', 'sending', 'sent') AND NOT is_held(held_until);

-- name: WaitingMessages :many
-- Connections whose P21 does not answer: how many journal entries wait, and since when.
SELECT c.id AS connection_id, c.name, c.title, count(*) AS messages, min(m.created_at)::timestamptz AS since
FROM outbound_message m JOIN connection c ON c.id = m.connection_id
WHERE m.kind = 'journal_entry' AND m.state IN ('intended', 'sending', 'sent') AND m.error <> '' AND m.created_at < now() - make_interval(secs => @patience::double precision)
GROUP BY c.id ORDER BY since;
