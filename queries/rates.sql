-- name: RateSettings :many
-- Every connection, with what is set for its rates.
SELECT c.id, c.name, c.title, c.functional_currency, coalesce(s.from_p21, false)::boolean AS from_p21, coalesce(s.daily_url, '')::text AS daily_url,
       coalesce(s.inverse, false)::boolean AS inverse, coalesce(s.pivot, '')::text AS pivot, coalesce(s.most_move, 10)::numeric AS most_move, coalesce(s.version, 0)::int AS version
FROM connection c LEFT JOIN rate_setting s ON s.connection_id = c.id
WHERE (@connection_id::bigint = 0 OR c.id = @connection_id::bigint) ORDER BY c.name;

-- name: PutRateSetting :execrows
INSERT INTO rate_setting (connection_id, from_p21, daily_url, inverse, pivot, most_move, version)
VALUES (@connection_id, @from_p21, @daily_url, @inverse, @pivot, @most_move, 1)
ON CONFLICT (connection_id) DO UPDATE SET from_p21 = excluded.from_p21, daily_url = excluded.daily_url, inverse = excluded.inverse, pivot = excluded.pivot,
    most_move = excluded.most_move, version = rate_setting.version + 1, updated_at = now()
WHERE rate_setting.version = @expected::int;

-- name: RateReadings :many
SELECT connection_id, origin, read_at, document_id, rates, stored, problem FROM rate_reading ORDER BY connection_id, origin;

-- name: PutRateReading :exec
INSERT INTO rate_reading (connection_id, origin, read_at, document_id, rates, stored, problem)
VALUES (@connection_id, @origin, @read_at, @document_id, @rates, @stored, @problem)
ON CONFLICT (connection_id, origin) DO UPDATE SET read_at = excluded.read_at, document_id = excluded.document_id, rates = excluded.rates, stored = excluded.stored, problem = excluded.problem;

-- name: RatesBetween :many
-- What is in force for a connection between two days: its own rates and those for all.
SELECT id, connection_id, base, quote, rate_on, rate FROM exchange_rate
WHERE ended_at IS NULL AND (connection_id IS NULL OR connection_id = @connection_id::bigint) AND rate_on BETWEEN @since_on::date AND @until_on::date
  AND base = ANY (@currencies::text[]) AND quote = ANY (@currencies::text[])
ORDER BY rate_on DESC, connection_id NULLS LAST;

-- name: ListRates :many
-- With the rate before it, of the same scope, within a week
SELECT r.id, coalesce(r.connection_id, 0)::bigint AS connection_id, coalesce(c.name, '')::text AS connection_name, r.base, r.quote, r.rate_on, r.rate, r.version, r.origin, r.source, r.reason,
       coalesce(p.name, '')::text AS entered_name, r.created_at, coalesce(before.rate, 0)::numeric AS before,
       (SELECT count(*) FROM journal_rate x JOIN journal_entry e ON e.id = x.entry_id WHERE x.rate_id = r.id AND e.status NOT IN ('draft', 'discarded')) AS entries
FROM exchange_rate r LEFT JOIN connection c ON c.id = r.connection_id LEFT JOIN person p ON p.id = r.entered_by
LEFT JOIN LATERAL (SELECT b.rate FROM exchange_rate b WHERE b.base = r.base AND b.quote = r.quote AND b.rate_on < r.rate_on AND b.rate_on >= r.rate_on - 7
                   AND b.connection_id IS NOT DISTINCT FROM r.connection_id AND b.ended_at IS NULL ORDER BY b.rate_on DESC LIMIT 1) before ON true
WHERE r.ended_at IS NULL AND (@connection_id::bigint = 0 OR r.connection_id IS NULL OR r.connection_id = @connection_id)
  AND (@base::text = '' OR r.base = @base) AND (@quote::text = '' OR r.quote = @quote)
  AND (sqlc.narg(from_on)::date IS NULL OR r.rate_on >= sqlc.narg(from_on)) AND (sqlc.narg(to_on)::date IS NULL OR r.rate_on <= sqlc.narg(to_on))
  AND (@after_id::bigint = 0 OR (r.rate_on, r.id) < (@after_on::date, @after_id::bigint))
ORDER BY r.rate_on DESC, r.id DESC LIMIT @page_size;

-- name: RatePairs :many
SELECT DISTINCT base, quote FROM exchange_rate WHERE ended_at IS NULL ORDER BY base, quote;

-- name: GetRate :one
SELECT r.id, coalesce(r.connection_id, 0)::bigint AS connection_id, coalesce(c.name, '')::text AS connection_name, r.base, r.quote, r.rate_on, r.rate, r.version, r.origin, r.source, r.reason,
       coalesce(p.name, '')::text AS entered_name, r.created_at, r.ended_at, coalesce(r.document_id, 0)::bigint AS document_id
FROM exchange_rate r LEFT JOIN connection c ON c.id = r.connection_id LEFT JOIN person p ON p.id = r.entered_by WHERE r.id = $1;

-- name: RateVersions :many
-- All versions of the rate of a pair and day, the newest first.
SELECT r.id, r.rate, r.version, r.origin, r.source, r.reason, coalesce(p.name, '')::text AS entered_name, r.created_at, r.ended_at, coalesce(r.document_id, 0)::bigint AS document_id
FROM exchange_rate r LEFT JOIN person p ON p.id = r.entered_by
WHERE r.base = @base AND r.quote = @quote AND r.rate_on = @rate_on AND coalesce(r.connection_id, 0) = @connection_id::bigint ORDER BY r.version DESC;

-- name: EntriesOnRate :many
-- Entries that rest on any version of a rate.
SELECT e.id, e.reference, e.status, r.version, r.rate
FROM exchange_rate r JOIN journal_rate x ON x.rate_id = r.id JOIN journal_entry e ON e.id = x.entry_id
WHERE r.base = @base AND r.quote = @quote AND r.rate_on = @rate_on AND coalesce(r.connection_id, 0) = @connection_id::bigint AND e.status <> 'discarded' ORDER BY e.id DESC LIMIT 200;

-- name: LatestRate :one
-- The last version of the rate of a pair and day, in force or ended.
SELECT id, rate, version, ended_at, origin FROM exchange_rate
WHERE base = @base AND quote = @quote AND rate_on = @rate_on AND coalesce(connection_id, 0) = @connection_id::bigint ORDER BY version DESC LIMIT 1;

-- name: RateBefore :one
-- The last rate before a day, within a week.
SELECT rate_on, rate FROM exchange_rate
WHERE base = @base AND quote = @quote AND coalesce(connection_id, 0) = @connection_id::bigint AND ended_at IS NULL
  AND rate_on < @day::date AND rate_on + 7 >= @day::date
ORDER BY rate_on DESC LIMIT 1;

-- name: InsertRate :one
INSERT INTO exchange_rate (connection_id, base, quote, rate_on, rate, version, origin, source, reason, entered_by, document_id)
VALUES (@connection_id, @base, @quote, @rate_on, @rate, @version, @origin, @source, @reason, @entered_by, @document_id) RETURNING id;

-- name: EndRate :execrows
UPDATE exchange_rate SET ended_at = @now::timestamptz WHERE id = @id AND ended_at IS NULL;

-- name: DaysConverted :many
-- Days whose rate settlements need, by the policy of their connection.
SELECT s.connection_id, s.currency, c.functional_currency, d.day::date AS day, count(*) AS settlements, min(s.id)::bigint AS settlement_id
FROM settlement s JOIN connection c ON c.id = s.connection_id LEFT JOIN policy p ON p.connection_id = c.id
CROSS JOIN LATERAL (
    SELECT (coalesce(s.deposit_at, s.end_at) AT TIME ZONE c.time_zone)::date AS day WHERE coalesce(p.rate_source, 'deposit_date') = 'deposit_date'
    UNION
    SELECT r.posted_on FROM rollup r WHERE r.settlement_id = s.id AND p.rate_source = 'posted_date' AND r.amount <> 0) d
WHERE s.replaced_at IS NULL AND s.currency <> c.functional_currency AND (@connection_id::bigint = 0 OR s.connection_id = @connection_id)
GROUP BY s.connection_id, s.currency, c.functional_currency, d.day ORDER BY d.day DESC, s.connection_id, s.currency;

-- name: CurrenciesOf :many
-- The currencies that a connection's settlements are in, with the first day of each.
SELECT s.currency, min(s.start_at)::timestamptz AS since FROM settlement s WHERE s.connection_id = $1 AND s.replaced_at IS NULL GROUP BY s.currency ORDER BY s.currency;

-- name: InsertEntryRate :exec
INSERT INTO journal_rate (entry_id, rate_id) VALUES (@entry_id, @rate_id) ON CONFLICT DO NOTHING;

-- name: ClearEntryRates :exec
DELETE FROM journal_rate WHERE entry_id = $1;

-- name: CopyEntryRates :exec
-- A reversal rests on what the entry rests on that it reverses.
INSERT INTO journal_rate (entry_id, rate_id) SELECT @to_id::bigint, x.rate_id FROM journal_rate x WHERE x.entry_id = @from_id;
