-- name: BeginReconciliation :exec
INSERT INTO reconciliation (connection_id, name, state, note, checked_at, left_at, right_at)
VALUES (@connection_id, @name, CASE WHEN @note::text = '' THEN 'compared' ELSE 'not_applicable' END, @note, @now::timestamptz, @left_at, @right_at)
ON CONFLICT (connection_id, name) DO UPDATE SET state = excluded.state, note = excluded.note, checked_at = excluded.checked_at, left_at = excluded.left_at, right_at = excluded.right_at;

-- name: FailReconciliation :exec
-- What was found before stays, and says since when.
INSERT INTO reconciliation (connection_id, name, state, note) VALUES (@connection_id, @name, 'failed', @note)
ON CONFLICT (connection_id, name) DO UPDATE SET state = excluded.state, note = excluded.note;

-- name: ClearTotals :exec
DELETE FROM reconciliation_total WHERE connection_id = @connection_id AND name = @name;

-- name: PutTotal :exec
INSERT INTO reconciliation_total (connection_id, name, currency, compared, left_sum, right_sum) VALUES (@connection_id, @name, @currency, @compared, @left_sum, @right_sum);

-- name: DropOpen :execrows
-- Items that agree by now.
DELETE FROM reconciliation_item i WHERE i.connection_id = @connection_id AND i.name = @name
  AND NOT EXISTS (SELECT 1 FROM (SELECT unnest(@keys::text[]) AS key, unnest(@currencies::text[]) AS currency) k WHERE k.key = i.key AND k.currency = i.currency);

-- name: PutOpen :execrows
-- An item that has not changed is not written.
INSERT INTO reconciliation_item AS i (connection_id, name, key, currency, left_amount, right_amount, difference, units, cause, detail, hint, since, object_type, object_id, found_at)
SELECT @connection_id::bigint, @name::text, n.key, n.currency, n.left_amount, n.right_amount, n.left_amount - n.right_amount, CASE WHEN n.counted THEN n.units END, n.cause, n.detail, n.hint, n.since, n.object_type, n.object_id, @now::timestamptz
FROM (SELECT unnest(@keys::text[]) AS key, unnest(@currencies::text[]) AS currency, unnest(@lefts::numeric[]) AS left_amount, unnest(@rights::numeric[]) AS right_amount,
             unnest(@units::numeric[]) AS units, unnest(@counted::boolean[]) AS counted, unnest(@causes::text[]) AS cause, unnest(@details::text[]) AS detail, unnest(@hints::text[]) AS hint,
             unnest(@since::date[]) AS since, unnest(@object_types::text[]) AS object_type, unnest(@object_ids::bigint[]) AS object_id) n
ON CONFLICT (connection_id, name, key, currency) DO UPDATE SET left_amount = excluded.left_amount, right_amount = excluded.right_amount, difference = excluded.difference, units = excluded.units,
    cause = excluded.cause, detail = excluded.detail, hint = excluded.hint, since = excluded.since, object_type = excluded.object_type, object_id = excluded.object_id
WHERE (i.left_amount, i.right_amount, i.units, i.cause, i.detail, i.hint, i.since, i.object_type, i.object_id)
    IS DISTINCT FROM (excluded.left_amount, excluded.right_amount, excluded.units, excluded.cause, excluded.detail, excluded.hint, excluded.since, excluded.object_type, excluded.object_id);

-- name: ListReconciliations :many
SELECT r.connection_id, r.name, (r.state = 'not_applicable')::boolean AS not_applicable, r.note, r.checked_at, r.left_at, r.right_at
FROM reconciliation r WHERE (@connection_id::bigint = 0 OR r.connection_id = @connection_id) ORDER BY r.connection_id, r.name;

-- name: ConnectionNames :many
SELECT id, coalesce(nullif(title, ''), name)::text AS title FROM connection WHERE (@id::bigint = 0 OR id = @id) ORDER BY name, id;

-- name: ReconciliationCurrencies :many
SELECT connection_id, name, currency FROM reconciliation_total WHERE (@connection_id::bigint = 0 OR connection_id = @connection_id) ORDER BY connection_id, name, currency;

-- name: StandOfItems :many
-- Open and explained items up to a day, by currency.
SELECT i.connection_id, i.name, i.currency, count(*) FILTER (WHERE n.id IS NULL) AS open, count(*) FILTER (WHERE n.id IS NOT NULL) AS explained,
       coalesce(sum(i.difference) FILTER (WHERE n.id IS NULL), 0)::numeric AS unexplained, coalesce(sum(i.difference) FILTER (WHERE n.id IS NOT NULL), 0)::numeric AS noted,
       coalesce(sum(abs(i.units)) FILTER (WHERE n.id IS NULL), 0)::numeric AS units,
       coalesce(min(i.since) FILTER (WHERE n.id IS NULL), 'epoch')::date AS oldest
FROM reconciliation_item i
LEFT JOIN reconciliation_note n ON n.connection_id = i.connection_id AND n.name = i.name AND n.key = i.key AND n.currency = i.currency AND n.withdrawn_at IS NULL
    AND n.amount = i.difference AND n.units IS NOT DISTINCT FROM i.units
WHERE (@connection_id::bigint = 0 OR i.connection_id = @connection_id) AND (@name::text = '' OR i.name = @name) AND i.since <= @until::date
GROUP BY i.connection_id, i.name, i.currency ORDER BY i.connection_id, i.name, i.currency;

-- name: ListOpen :many
SELECT i.id, i.connection_id, c.name AS connection_name, i.name, i.key, i.currency, i.left_amount, i.right_amount, i.difference, i.units, i.cause, i.detail, i.hint, i.since,
       i.object_type, i.object_id, coalesce(n.id, 0)::bigint AS note_id, coalesce(n.amount, 0)::numeric AS note_amount, (n.id IS NOT NULL AND n.amount = i.difference AND n.units IS NOT DISTINCT FROM i.units)::boolean AS explained,
       coalesce(n.reason, '')::text AS reason, n.written_at, coalesce(p.name, '')::text AS written_name, (n.pair IS NOT NULL)::boolean AS paired
FROM reconciliation_item i JOIN connection c ON c.id = i.connection_id
LEFT JOIN reconciliation_note n ON n.connection_id = i.connection_id AND n.name = i.name AND n.key = i.key AND n.currency = i.currency AND n.withdrawn_at IS NULL
LEFT JOIN person p ON p.id = n.written_by
WHERE (@connection_id::bigint = 0 OR i.connection_id = @connection_id) AND i.name = @name
  AND (@state::text = 'all' OR (n.id IS NOT NULL AND n.amount = i.difference AND n.units IS NOT DISTINCT FROM i.units) = (@state::text = 'explained'))
  AND (@cause::text = '' OR i.cause = @cause) AND (@currency::text = '' OR i.currency = @currency) AND (@pattern::text = '' OR i.key ILIKE @pattern OR i.detail ILIKE @pattern)
  AND i.since BETWEEN @since_from::date AND @since_to::date
  AND (@after_id::bigint = 0 OR (i.since, i.id) > (@after_since::date, @after_id::bigint))
ORDER BY i.since, i.id LIMIT @page_size;

-- name: GetOpen :one
SELECT i.id, i.connection_id, c.name AS connection_name, i.name, i.key, i.currency, i.left_amount, i.right_amount, i.difference, i.units, i.cause, i.detail, i.hint, i.since,
       i.object_type, i.object_id, coalesce(n.id, 0)::bigint AS note_id, coalesce(n.amount, 0)::numeric AS note_amount, (n.id IS NOT NULL AND n.amount = i.difference AND n.units IS NOT DISTINCT FROM i.units)::boolean AS explained,
       coalesce(n.reason, '')::text AS reason, n.written_at, coalesce(p.name, '')::text AS written_name, (n.pair IS NOT NULL)::boolean AS paired
FROM reconciliation_item i JOIN connection c ON c.id = i.connection_id
LEFT JOIN reconciliation_note n ON n.connection_id = i.connection_id AND n.name = i.name AND n.key = i.key AND n.currency = i.currency AND n.withdrawn_at IS NULL
LEFT JOIN person p ON p.id = n.written_by
WHERE i.id = @id;

-- name: LockOpen :one
SELECT id FROM reconciliation_item WHERE id = @id FOR UPDATE;

-- name: CauseOpen :many
-- Open items by cause and currency.
SELECT i.cause, i.currency, count(*) AS items, sum(i.difference)::numeric AS amount, min(i.since)::date AS oldest
FROM reconciliation_item i
LEFT JOIN reconciliation_note n ON n.connection_id = i.connection_id AND n.name = i.name AND n.key = i.key AND n.currency = i.currency AND n.withdrawn_at IS NULL
    AND n.amount = i.difference AND n.units IS NOT DISTINCT FROM i.units
WHERE (@connection_id::bigint = 0 OR i.connection_id = @connection_id) AND i.name = @name AND n.id IS NULL
GROUP BY i.cause, i.currency ORDER BY i.currency, sum(abs(i.difference)) DESC, i.cause;

-- name: AgeOpen :many
-- Open items by how many days they have been open.
SELECT i.currency, CASE WHEN sqlc.arg(today)::date - i.since <= 30 THEN 30 WHEN sqlc.arg(today)::date - i.since <= 45 THEN 45 WHEN sqlc.arg(today)::date - i.since <= 60 THEN 60 WHEN sqlc.arg(today)::date - i.since <= 90 THEN 90 ELSE 91 END::int AS days,
       count(*) AS items, sum(i.difference)::numeric AS amount
FROM reconciliation_item i
LEFT JOIN reconciliation_note n ON n.connection_id = i.connection_id AND n.name = i.name AND n.key = i.key AND n.currency = i.currency AND n.withdrawn_at IS NULL
    AND n.amount = i.difference AND n.units IS NOT DISTINCT FROM i.units
WHERE (@connection_id::bigint = 0 OR i.connection_id = @connection_id) AND i.name = @name AND n.id IS NULL
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: SumTotals :many
SELECT t.name, t.currency, sum(t.compared)::bigint AS compared, sum(t.left_sum)::numeric AS left_sum, sum(t.right_sum)::numeric AS right_sum
FROM reconciliation_total t WHERE (@connection_id::bigint = 0 OR t.connection_id = @connection_id) AND (@name::text = '' OR t.name = @name)
GROUP BY t.name, t.currency ORDER BY t.name, t.currency;

-- name: WriteReconciliationNote :one
INSERT INTO reconciliation_note (connection_id, name, key, currency, amount, units, reason, pair, written_by, written_at)
VALUES (@connection_id, @name, @key, @currency, @amount, @units, @reason, @pair, @written_by, @now) RETURNING id;

-- name: WithdrawReconciliationNote :many
-- A pair is withdrawn together.
UPDATE reconciliation_note n SET withdrawn_by = @person_id::bigint, withdrawn_at = @now::timestamptz
WHERE n.withdrawn_at IS NULL AND (n.id = @id OR n.pair = (SELECT m.pair FROM reconciliation_note m WHERE m.id = @id AND m.pair IS NOT NULL))
RETURNING n.id, n.connection_id, n.name, n.key, n.currency, n.amount, n.reason;

-- name: NotesOfItem :many
SELECT n.id, n.amount, n.units, n.reason, n.pair, n.written_at, w.name AS written_name, n.withdrawn_at, coalesce(u.name, '')::text AS withdrawn_name
FROM reconciliation_note n JOIN person w ON w.id = n.written_by LEFT JOIN person u ON u.id = n.withdrawn_by
WHERE n.connection_id = @connection_id AND n.name = @name AND n.key = @key AND n.currency = @currency ORDER BY n.id DESC;

-- name: OppositesOfItem :many
-- Items that together with this one come to nothing, the nearest in time first.
SELECT o.id, o.key, o.difference, o.cause, o.detail, o.since, abs(o.since - i.since)::int AS days
FROM reconciliation_item i JOIN reconciliation_item o ON o.connection_id = i.connection_id AND o.name = i.name AND o.currency = i.currency AND o.difference = -i.difference AND o.id <> i.id
WHERE i.id = @id AND i.difference <> 0 AND abs(o.since - i.since) <= @days::int
  AND NOT EXISTS (SELECT 1 FROM reconciliation_note n WHERE n.connection_id = o.connection_id AND n.name = o.name AND n.key = o.key AND n.currency = o.currency AND n.withdrawn_at IS NULL)
ORDER BY abs(o.since - i.since), o.id LIMIT 5;

-- name: OnlyOpposites :many
-- Unexplained items that come to nothing together, where each is the only one that the other could be meant with. An
-- amount that very many have is not looked at: every one of them has several that it could be meant with.
WITH free AS (
    SELECT i.id, i.currency, i.difference, i.since, count(*) OVER (PARTITION BY i.currency, i.difference) AS alike FROM reconciliation_item i
    WHERE i.connection_id = @connection_id AND i.name = @name AND i.difference <> 0
      AND NOT EXISTS (SELECT 1 FROM reconciliation_note n WHERE n.connection_id = i.connection_id AND n.name = i.name AND n.key = i.key AND n.currency = i.currency AND n.withdrawn_at IS NULL)
), pairs AS (
    SELECT a.id AS one, b.id AS other, count(*) OVER (PARTITION BY a.id) AS of_one, count(*) OVER (PARTITION BY b.id) AS of_other
    FROM free a JOIN free b ON b.currency = a.currency AND b.difference = -a.difference AND abs(b.since - a.since) <= @days::int WHERE a.difference > 0 AND a.alike <= 50 AND b.alike <= 50
)
SELECT p.one::bigint AS one, p.other::bigint AS other FROM pairs p WHERE p.of_one = 1 AND p.of_other = 1 ORDER BY p.one;

-- name: NextPair :one
SELECT nextval('reconciliation_pair')::bigint;

-- name: ItemOfNote :one
SELECT n.name, coalesce(i.id, 0)::bigint AS item_id FROM reconciliation_note n
LEFT JOIN reconciliation_item i ON i.connection_id = n.connection_id AND i.name = n.name AND i.key = n.key AND i.currency = n.currency WHERE n.id = @id;
