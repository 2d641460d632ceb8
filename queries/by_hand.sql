-- name: WaitingToPost :many
-- Entries that P21's silence keeps from being posted.
SELECT e.id FROM journal_entry e
WHERE e.status = 'posting' AND (@connection_id::bigint = 0 OR e.connection_id = @connection_id)
  AND EXISTS (SELECT 1 FROM outbound_message m WHERE m.kind = 'journal_entry' AND m.object_id = e.id AND m.error <> '' AND m.state IN ('intended', 'sending', 'sent'))
ORDER BY e.entry_on, e.id;

-- name: TakeByHand :exec
INSERT INTO journal_by_hand (entry_id, taken_by, taken_at) VALUES (@entry_id, @person_id, @now)
ON CONFLICT (entry_id) DO UPDATE SET taken_by = excluded.taken_by, taken_at = excluded.taken_at, number = '', recorded_by = NULL, recorded_at = NULL;

-- name: GiveBack :exec
-- The entry is to be sent after all.
DELETE FROM journal_by_hand WHERE entry_id = $1;

-- name: GetByHand :one
SELECT entry_id, taken_by, number, recorded_by, confirmed_by, outcome, difference FROM journal_by_hand WHERE entry_id = $1 FOR UPDATE;

-- name: RecordNumber :execrows
UPDATE journal_by_hand SET number = @number, recorded_by = @person_id::bigint, recorded_at = @now::timestamptz WHERE entry_id = @entry_id AND confirmed_by IS NULL;

-- name: ConfirmNumber :execrows
UPDATE journal_by_hand SET confirmed_by = @person_id::bigint, confirmed_at = @now::timestamptz WHERE entry_id = @entry_id AND number = @number AND confirmed_by IS NULL;

-- name: UnreadNumber :exec
-- A number that one person told while P21 could not be asked: it is read back too.
INSERT INTO journal_by_hand (entry_id, taken_by, taken_at, number, recorded_by, recorded_at) VALUES (@entry_id, @person_id, @now, @number, @person_id, @now)
ON CONFLICT (entry_id) DO UPDATE SET number = excluded.number, recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at;

-- name: NoteReadBack :exec
UPDATE journal_by_hand SET outcome = @outcome, difference = @difference, held = @held, checked_at = @now::timestamptz WHERE entry_id = @entry_id;

-- name: ListByHand :many
-- What is by hand and not settled, and what was read back of late; the oldest first.
SELECT e.id, e.connection_id, c.name AS connection_name, e.reference, e.company, e.status, e.entry_on, e.currency, e.total, e.functional_currency, e.functional_total, e.p21_number,
       h.number, h.taken_at, t.name AS taken_name, h.recorded_by, coalesce(r.name, '')::text AS recorded_name, h.recorded_at, coalesce(k.name, '')::text AS confirmed_name, h.confirmed_at,
       h.outcome, h.difference, h.checked_at
FROM journal_by_hand h JOIN journal_entry e ON e.id = h.entry_id JOIN connection c ON c.id = e.connection_id JOIN person t ON t.id = h.taken_by
LEFT JOIN person r ON r.id = h.recorded_by LEFT JOIN person k ON k.id = h.confirmed_by
WHERE (@connection_id::bigint = 0 OR e.connection_id = @connection_id) AND (e.status = 'unknown' OR h.outcome <> 'agrees' OR h.checked_at > @since::timestamptz)
ORDER BY e.entry_on, e.id LIMIT 2000;

-- name: ByHandOf :one
SELECT h.number, h.taken_at, t.name AS taken_name, coalesce(r.name, '')::text AS recorded_name, h.recorded_at, coalesce(k.name, '')::text AS confirmed_name, h.confirmed_at, h.outcome, h.difference, h.checked_at
FROM journal_by_hand h JOIN person t ON t.id = h.taken_by LEFT JOIN person r ON r.id = h.recorded_by LEFT JOIN person k ON k.id = h.confirmed_by WHERE h.entry_id = $1;

-- name: UnreadByHand :many
-- Posted by hand, and not in agreement with P21 yet.
SELECT e.id, e.connection_id FROM journal_by_hand h JOIN journal_entry e ON e.id = h.entry_id
WHERE e.status IN ('posted', 'reversed') AND h.outcome <> 'agrees' ORDER BY e.id LIMIT 500;

-- name: EntryByReference :one
SELECT e.id, e.connection_id, e.company, e.status, e.total, e.functional_total, e.currency, h.number, coalesce(h.recorded_by, 0)::bigint AS recorded_by, (h.entry_id IS NOT NULL)::boolean AS by_hand
FROM journal_entry e LEFT JOIN journal_by_hand h ON h.entry_id = e.id WHERE e.reference = @reference AND (@company::text = '' OR e.company = @company) ORDER BY e.id DESC LIMIT 1;

-- name: NumberTaken :one
-- The entry of the company that has the number already.
SELECT e.reference FROM journal_entry e LEFT JOIN journal_by_hand h ON h.entry_id = e.id
WHERE e.company = @company AND e.id <> @entry_id AND (e.p21_number = @number OR (h.number = @number AND e.status = 'unknown')) LIMIT 1;
