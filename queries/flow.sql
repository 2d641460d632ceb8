-- name: AddFlow :execrows
-- Nothing is sent to another system before a person has looked and said so.
INSERT INTO flow (connection_id, name, every_seconds, overlap_seconds, paused_at) VALUES (@connection_id, @name, @every_seconds, @overlap_seconds, now())
ON CONFLICT (connection_id, name) DO NOTHING;

-- name: GetFlow :one
SELECT f.connection_id, c.name AS connection_name, f.name, f.every_seconds, f.overlap_seconds, f.read_until, f.next_at, f.settings, f.paused_at,
       f.paused_by, coalesce(p.name, '') AS paused_name, f.pause_reason, f.failing_since, f.held_until, f.failure, f.failures, f.version
FROM flow f JOIN connection c ON c.id = f.connection_id LEFT JOIN person p ON p.id = f.paused_by
WHERE f.connection_id = $1 AND f.name = $2;

-- name: ListFlows :many
SELECT f.connection_id, c.name AS connection_name, f.name, f.every_seconds, f.overlap_seconds, f.read_until, f.next_at, f.settings, f.paused_at,
       f.paused_by, coalesce(p.name, '') AS paused_name, f.pause_reason, f.failing_since, f.held_until, f.failure, f.failures, f.version
FROM flow f JOIN connection c ON c.id = f.connection_id LEFT JOIN person p ON p.id = f.paused_by
WHERE sqlc.narg(connection_id)::bigint IS NULL OR f.connection_id = sqlc.narg(connection_id)
ORDER BY f.name, c.name;

-- name: DueFlows :many
-- What stands further ahead than it may be planned or held was written under a
-- clock that was wrong.
SELECT f.connection_id, f.name, f.next_at, f.every_seconds FROM flow f JOIN connection c ON c.id = f.connection_id
WHERE (f.next_at <= @now::timestamptz OR f.next_at - make_interval(secs => f.every_seconds + 60) > @now::timestamptz)
  AND f.paused_at IS NULL AND c.paused_at IS NULL AND (f.held_until IS NULL OR f.held_until <= @now::timestamptz OR f.held_until > @longest_hold::timestamptz)
ORDER BY f.next_at;

-- name: PlanFlow :execrows
-- The next reading is planned before this one begins; only one planner wins.
UPDATE flow SET next_at = @next_at WHERE connection_id = @connection_id AND name = @name AND next_at = @planned;

-- name: FlowsToWork :many
-- Flows with records that nobody has in hand although their time has come, and
-- how many, as far as it matters.
SELECT f.connection_id, f.name AS flow, w.waiting FROM flow f JOIN connection c ON c.id = f.connection_id
CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM (
    SELECT FROM flow_record r WHERE r.connection_id = f.connection_id AND r.flow = f.name AND r.state IN ('received', 'ready', 'delivering')
      AND r.waits = '' AND NOT is_held(r.held_until) AND (r.retry_at IS NULL OR r.retry_at <= @now::timestamptz OR r.retry_at > @longest_off::timestamptz)
    UNION ALL SELECT FROM flow_hint h WHERE h.connection_id = f.connection_id AND h.flow = f.name AND NOT is_held(h.held_until) LIMIT 1000) x) w
WHERE f.paused_at IS NULL AND c.paused_at IS NULL AND (f.held_until IS NULL OR f.held_until <= @now::timestamptz OR f.held_until > @longest_hold::timestamptz) AND w.waiting > 0;

-- name: FlowReadUntil :exec
-- Nothing is read further than now: what says otherwise was written under a clock that was wrong.
UPDATE flow SET read_until = @read_until WHERE connection_id = @connection_id AND name = @name
  AND (read_until IS NULL OR read_until < @read_until OR read_until > @latest::timestamptz);

-- name: PauseFlow :execrows
UPDATE flow SET paused_at = @paused_at, paused_by = @paused_by, pause_reason = @pause_reason, version = version + 1
WHERE connection_id = @connection_id AND name = @name AND paused_at IS NULL AND version = @version;

-- name: ResumeFlow :execrows
UPDATE flow SET paused_at = NULL, paused_by = NULL, pause_reason = '', failing_since = NULL, held_until = NULL, failure = '', failures = 0, version = version + 1
WHERE connection_id = @connection_id AND name = @name AND version = @version;

-- name: HoldFlow :execrows
-- The other side does not answer: nothing is sent before held_until. Failures that
-- come at once, from records that were on their way together, count as one.
UPDATE flow SET failing_since = coalesce(failing_since, @now::timestamptz), held_until = @held_until, failure = @failure, failures = failures + 1
WHERE connection_id = @connection_id AND name = @name AND failures = @seen;

-- name: ReleaseFlow :execrows
-- The other side answers again.
UPDATE flow SET failing_since = NULL, held_until = NULL, failure = '', failures = 0
WHERE connection_id = @connection_id AND name = @name AND failing_since IS NOT NULL;

-- name: ScheduleFlow :execrows
UPDATE flow SET every_seconds = @every_seconds, overlap_seconds = @overlap_seconds, next_at = @next_at, version = version + 1
WHERE connection_id = @connection_id AND name = @name AND version = @version;

-- name: ReadFlowFrom :execrows
-- The next reading begins at a moment that was read before, or before the first.
UPDATE flow SET read_until = @since::timestamptz, next_at = @next_at, version = version + 1
WHERE connection_id = @connection_id AND name = @name AND version = @version;

-- name: BeginRun :one
INSERT INTO flow_run (connection_id, flow, trigger, person_id, since, until) VALUES (@connection_id, @flow, @trigger, @person_id, @since, @until) RETURNING id;

-- name: CountRun :exec
UPDATE flow_run SET pages = pages + 1, found = found + @found, changed = changed + @changed WHERE id = @id;

-- name: EndRun :exec
UPDATE flow_run SET state = @state, error = @error, finished_at = clock_timestamp() WHERE id = @id AND state = 'running';

-- name: ListRuns :many
SELECT r.id, r.connection_id, r.flow, r.trigger, r.person_id, coalesce(p.name, '') AS person_name, r.since, r.until, r.state, r.pages, r.found,
       r.changed, r.error, r.started_at, r.finished_at
FROM flow_run r LEFT JOIN person p ON p.id = r.person_id
WHERE r.connection_id = @connection_id AND r.flow = @flow ORDER BY r.id DESC LIMIT @size;

-- name: ReceiveRecord :one
-- A content that is known, or older than what is known, changes nothing. What is
-- known from after @latest was written under a clock that was wrong.
INSERT INTO flow_record AS r (connection_id, flow, key, latest_hash, source_at) VALUES (@connection_id, @flow, @key, @hash, @source_at)
ON CONFLICT (connection_id, flow, key) DO UPDATE SET latest = r.latest + 1, latest_hash = excluded.latest_hash, source_at = excluded.source_at
WHERE r.latest_hash <> excluded.latest_hash AND (r.source_at <= excluded.source_at OR r.source_at > @latest::timestamptz)
RETURNING r.id, r.latest, r.state;

-- name: AddContent :exec
INSERT INTO flow_content (record_id, number, hash, source, source_at, document_id, position)
VALUES (@record_id, @number, @hash, @source, @source_at, @document_id, @position);

-- name: AdoptContent :execrows
-- What is being delivered, or may have been, keeps its content until that is settled; what a person ignored stays ignored.
UPDATE flow_record SET content = latest, state = 'received', waits = '', exception_id = NULL, problem = '', reason = '', retry_at = NULL, tries = 0,
       changed_at = clock_timestamp()
WHERE id = @id AND content < latest AND state NOT IN ('delivering', 'unknown') AND NOT (state = 'ignored' AND ignored_by IS NOT NULL);

-- name: RenewRecords :exec
-- Another version maps what was done before anew; what a person ignored stays ignored.
UPDATE flow_record SET state = 'received', reason = '', retry_at = NULL, tries = 0, changed_at = clock_timestamp()
WHERE connection_id = @connection_id AND flow = @flow AND (state = 'delivered' OR state = 'ignored' AND ignored_by IS NULL);

-- name: ClaimRecords :many
-- Oldest first, so that what waited goes on in order.
UPDATE flow_record SET holder = @holder, held_until = clock_timestamp() + make_interval(secs => @seconds::double precision)
WHERE id IN (
    SELECT r.id FROM flow_record r
    WHERE r.connection_id = @connection_id AND r.flow = @flow AND r.state IN ('received', 'ready', 'delivering') AND r.waits = ''
      AND NOT is_held(r.held_until) AND (r.retry_at IS NULL OR r.retry_at <= @now::timestamptz OR r.retry_at > @longest_off::timestamptz)
    ORDER BY r.source_at, r.id LIMIT @size FOR UPDATE SKIP LOCKED)
RETURNING id, connection_id, flow, key, state, content, latest, source_at, version_id, target, delivered_hash, deliveries, message_id, remote_key, tries;

-- name: UnclaimRecords :exec
UPDATE flow_record SET holder = '', held_until = NULL WHERE id = ANY (@ids::bigint[]) AND holder = @holder;

-- name: ContentOfRecord :one
SELECT source, source_at, document_id, position, number, received_at FROM flow_content WHERE record_id = @record_id AND number = @number;

-- name: MappedRecord :execrows
UPDATE flow_record SET state = 'ready', version_id = @version_id, target = @target, title = @title, amount = @amount, currency = @currency, waits = '',
       exception_id = NULL, problem = '', changed_at = clock_timestamp()
WHERE id = @id AND holder = @holder AND state IN ('received', 'ready') AND content = @content;

-- name: SameRecord :execrows
-- The other side holds just this already.
UPDATE flow_record SET state = 'delivered', version_id = @version_id, target = @target, title = @title, amount = @amount, currency = @currency, waits = '',
       exception_id = NULL, problem = '', holder = '', held_until = NULL, changed_at = clock_timestamp()
WHERE id = @id AND holder = @holder AND state = 'received' AND remote_key <> '' AND content = @content;

-- name: WaitingRecord :execrows
UPDATE flow_record SET state = 'received', waits = @waits, title = @title, amount = @amount, currency = @currency, holder = '', held_until = NULL,
       changed_at = clock_timestamp()
WHERE id = @id AND holder = @holder AND state IN ('received', 'ready') AND content = @content;

-- name: SkippedRecord :execrows
UPDATE flow_record SET state = 'ignored', reason = @reason, title = @title, amount = @amount, currency = @currency, waits = '', holder = '', held_until = NULL,
       changed_at = clock_timestamp()
WHERE id = @id AND holder = @holder AND state IN ('received', 'ready') AND content = @content;

-- name: StoppedRecord :execrows
-- An exception stands for it now.
UPDATE flow_record SET state = @state, exception_id = @exception_id, problem = @problem, title = CASE WHEN @title::text = '' THEN title ELSE @title END,
       amount = coalesce(@amount, amount), currency = CASE WHEN @currency::text = '' THEN currency ELSE @currency END,
       remote_key = CASE WHEN @remote_key::text = '' THEN remote_key ELSE @remote_key END, holder = '', held_until = NULL, changed_at = clock_timestamp()
WHERE id = @id AND holder = @holder AND state IN ('received', 'ready', 'delivering') AND content = @content;

-- name: TargetOfRecord :one
SELECT target, state, content < latest AS behind FROM flow_record WHERE id = $1 FOR UPDATE;

-- name: DeliveringRecord :execrows
UPDATE flow_record SET state = 'delivering', message_id = @message_id, changed_at = clock_timestamp() WHERE id = @id AND holder = @holder AND state = 'ready';

-- name: DeliveredRecord :execrows
UPDATE flow_record SET state = 'delivered', remote_key = @remote_key, delivered_hash = @delivered_hash, deliveries = deliveries + 1, tries = 0, retry_at = NULL,
       exception_id = NULL, problem = '', holder = '', held_until = NULL, delivered_at = clock_timestamp(), changed_at = clock_timestamp()
WHERE id = @id AND state IN ('delivering', 'unknown');

-- name: RetryRecord :exec
UPDATE flow_record SET retry_at = @retry_at, tries = tries + 1, problem = @problem, holder = '', held_until = NULL WHERE id = @id AND holder = @holder;

-- name: ReleaseRecords :execrows
-- The cause is gone: what waited on it goes on, and is remembered. What may have
-- been sent is looked up before it is sent again.
WITH released AS (
    UPDATE flow_record SET state = CASE state WHEN 'unknown' THEN 'delivering' ELSE 'received' END, exception_id = NULL, problem = '', retry_at = NULL, tries = 0,
           changed_at = clock_timestamp()
    WHERE exception_id = @exception_id AND state IN ('exception', 'unknown') RETURNING id
)
INSERT INTO exception_release (exception_id, record_id) SELECT @exception_id::bigint, id FROM released
ON CONFLICT (exception_id, record_id) DO UPDATE SET released_at = excluded.released_at;

-- name: ReleasedRecords :many
-- What an exception let go, in the order in which it goes on.
SELECT r.id, r.key, r.state, r.waits, r.source_at, r.title, r.amount, r.currency, r.problem, r.reason, r.remote_key
FROM exception_release x JOIN flow_record r ON r.id = x.record_id WHERE x.exception_id = @exception_id ORDER BY r.source_at, r.id LIMIT @size;

-- name: ReleaseProgress :one
SELECT count(*) AS released, count(*) FILTER (WHERE r.state IN ('delivered', 'ignored') OR r.waits <> '') AS arrived, count(*) FILTER (WHERE r.state IN ('exception', 'unknown')) AS stopped
FROM exception_release x JOIN flow_record r ON r.id = x.record_id WHERE x.exception_id = @exception_id;

-- name: ReleaseRecord :one
UPDATE flow_record SET state = CASE state WHEN 'unknown' THEN 'delivering' ELSE 'received' END, exception_id = NULL, problem = '', retry_at = NULL, tries = 0,
       changed_at = clock_timestamp()
WHERE id = @id AND exception_id = @exception_id AND state IN ('exception', 'unknown') RETURNING flow;

-- name: WaitingOnException :one
SELECT count(*) AS records, coalesce(sum(amount), 0)::numeric AS amount, coalesce(max(currency), '')::text AS currency
FROM flow_record WHERE exception_id = @exception_id;

-- name: AddFlowEvent :exec
INSERT INTO flow_event (record_id, step, detail, actor) VALUES (@record_id, @step, @detail, @actor);

-- name: FlowEvents :many
SELECT at, step, detail, actor FROM flow_event WHERE record_id = $1 ORDER BY id;

-- name: CountOpenRecords :many
-- Of one flow or of all.
SELECT connection_id, flow, state, (waits <> '')::boolean AS waiting, count(*) AS records, min(source_at)::timestamptz AS oldest
FROM flow_record
WHERE (@connection_id::bigint = 0 OR connection_id = @connection_id) AND (@flow::text = '' OR flow = @flow) AND state IN ('received', 'ready', 'delivering', 'exception', 'unknown')
GROUP BY 1, 2, 3, 4;

-- name: CountDoneRecords :many
-- Of one flow or of all, but for those whose number is known.
-- Materialized: a plan for all arguments would count first and leave out then.
WITH asked AS MATERIALIZED (
    SELECT f.connection_id, f.name FROM flow f
    WHERE (@connection_id::bigint = 0 OR f.connection_id = @connection_id) AND (@flow::text = '' OR f.name = @flow)
      AND NOT EXISTS (SELECT 1 FROM (SELECT unnest(@known_connections::bigint[]) AS connection_id, unnest(@known_flows::text[]) AS flow) k WHERE k.connection_id = f.connection_id AND k.flow = f.name))
SELECT f.connection_id, f.name AS flow, d.delivered, d.ignored
FROM asked f CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE r.state = 'delivered') AS delivered, count(*) FILTER (WHERE r.state = 'ignored') AS ignored
    FROM flow_record r WHERE r.connection_id = f.connection_id AND r.flow = f.name AND r.state IN ('delivered', 'ignored')) d;

-- name: NewestDeliveries :many
SELECT f.connection_id, f.name AS flow,
       coalesce((SELECT max(r.delivered_at) FROM flow_record r WHERE r.connection_id = f.connection_id AND r.flow = f.name AND r.state = 'delivered'), 'epoch')::timestamptz AS at
FROM flow f WHERE (@connection_id::bigint = 0 OR f.connection_id = @connection_id) AND (@flow::text = '' OR f.name = @flow);

-- name: GetRecord :one
SELECT r.id, r.connection_id, c.name AS connection_name, r.flow, r.key, r.state, r.content, r.latest, r.source_at, r.title, r.amount, r.currency, r.waits, r.version_id,
       r.target, r.deliveries, r.message_id, r.remote_key, r.exception_id, r.problem, r.reason, r.retry_at, r.tries, r.received_at, r.changed_at, r.delivered_at,
       coalesce(v.number, 0)::int AS version_number
FROM flow_record r JOIN connection c ON c.id = r.connection_id LEFT JOIN flow_version v ON v.id = r.version_id WHERE r.id = $1;

-- name: ContentsOfRecord :many
SELECT number, source, source_at, document_id, position, received_at FROM flow_content WHERE record_id = $1 ORDER BY number;

-- name: ListRecords :many
SELECT r.id, r.connection_id, c.name AS connection_name, r.key, r.state, r.source_at, r.title, r.amount, r.currency, r.waits, r.remote_key, r.exception_id,
       r.problem, r.reason, r.changed_at
FROM flow_record r JOIN connection c ON c.id = r.connection_id
WHERE r.flow = @flow AND (sqlc.narg(connection_id)::bigint IS NULL OR r.connection_id = sqlc.narg(connection_id))
  AND (@state::text = '' OR r.state = @state)
  AND (@text::text = '' OR r.key LIKE @text || '%' OR (r.remote_key <> '' AND r.remote_key LIKE @text || '%'))
  AND (@before_id::bigint = 0 OR r.id < @before_id)
ORDER BY r.id DESC LIMIT @size;

-- name: RecordsOfException :many
SELECT r.id, r.key, r.state, r.source_at, r.title, r.amount, r.currency, r.problem FROM flow_record r
WHERE r.exception_id = @exception_id ORDER BY r.source_at, r.id LIMIT @size;

-- name: RecentContents :many
SELECT r.id, r.key, c.number, c.source FROM flow_record r JOIN flow_content c ON c.record_id = r.id AND c.number = r.content
WHERE r.connection_id = @connection_id AND r.flow = @flow ORDER BY r.id DESC LIMIT @size;

-- name: AddVersion :one
INSERT INTO flow_version (connection_id, flow, number, note, made_by)
SELECT @connection_id, @flow, coalesce(max(v.number), 0) + 1, @note, @made_by FROM flow_version v WHERE v.connection_id = @connection_id AND v.flow = @flow
RETURNING id, number;

-- name: AddField :exec
INSERT INTO flow_field (version_id, list, name, formula) VALUES (@version_id, @list, @name, @formula);

-- name: AddCheck :exec
INSERT INTO flow_check (version_id, name, list, formula, message, severity) VALUES (@version_id, @name, @list, @formula, @message, @severity);

-- name: UseVersion :exec
INSERT INTO flow_use (version_id, person_id) VALUES (@version_id, @person_id);

-- name: VersionInUse :one
SELECT v.id, v.number FROM flow_use u JOIN flow_version v ON v.id = u.version_id
WHERE v.connection_id = @connection_id AND v.flow = @flow ORDER BY u.id DESC LIMIT 1;

-- name: GetVersion :one
SELECT v.id, v.connection_id, v.flow, v.number, v.note, v.made_by, coalesce(p.name, '') AS made_name, v.made_at,
       EXISTS (SELECT 1 FROM flow_use u WHERE u.version_id = v.id)::boolean AS used
FROM flow_version v LEFT JOIN person p ON p.id = v.made_by WHERE v.connection_id = @connection_id AND v.flow = @flow AND v.number = @number;

-- name: ListVersions :many
SELECT v.id, v.number, v.note, coalesce(p.name, '') AS made_name, v.made_at, coalesce(max(u.since), 'epoch')::timestamptz AS used_at
FROM flow_version v LEFT JOIN person p ON p.id = v.made_by LEFT JOIN flow_use u ON u.version_id = v.id
WHERE v.connection_id = @connection_id AND v.flow = @flow GROUP BY v.id, p.name ORDER BY v.number DESC;

-- name: FieldsOfVersion :many
SELECT list, name, formula FROM flow_field WHERE version_id = $1 ORDER BY list, name;

-- name: ChecksOfVersion :many
SELECT name, list, formula, message, severity FROM flow_check WHERE version_id = $1 ORDER BY name;

-- name: FlowsOfException :many
SELECT DISTINCT flow FROM flow_record WHERE exception_id = @exception_id ORDER BY flow;

-- name: RuleCauses :many
SELECT e.class, e.cause FROM exception e
WHERE e.connection_id = @connection_id AND e.flow = @flow AND e.state = 'open' AND e.class = ANY (@classes::text[]) ORDER BY e.id;

-- name: UndecidedMessages :many
-- Messages of unknown outcome behind an exception.
SELECT m.id FROM outbound_message m JOIN flow_record r ON r.message_id = m.id
WHERE r.exception_id = $1 AND r.state = 'unknown' AND m.state = 'unknown' ORDER BY r.id;

-- name: LookAgain :exec
-- Messages of unknown outcome behind an exception are looked up once more
-- before anything is sent.
UPDATE outbound_message SET state = 'sending', lookups = 0, first_lookup = NULL, error = '', updated_at = now()
WHERE state = 'unknown' AND id IN (SELECT r.message_id FROM flow_record r WHERE r.exception_id = @exception_id AND r.state = 'unknown'
                                   AND (@record_id::bigint = 0 OR r.id = @record_id));

-- name: KeysOfRemote :many
SELECT remote_key, key FROM flow_record WHERE connection_id = @connection_id AND flow = @flow AND remote_key = ANY (@remote::text[]);

-- name: RemoteOfKeys :many
SELECT key, remote_key FROM flow_record WHERE connection_id = @connection_id AND flow = @flow AND key = ANY (@keys::text[]);

-- name: TargetOfKey :one
SELECT target FROM flow_record WHERE connection_id = @connection_id AND flow = @flow AND key = @key;

-- name: SourcesOfKeys :many
SELECT r.key, c.source FROM flow_record r JOIN flow_content c ON c.record_id = r.id AND c.number = r.content
WHERE r.connection_id = @connection_id AND r.flow = @flow AND r.key = ANY (@keys::text[]);

-- name: IdleExceptions :many
SELECT e.id, e.class, e.cause FROM exception e
WHERE e.connection_id = @connection_id AND e.flow = @flow AND e.state = 'open' AND NOT EXISTS (SELECT 1 FROM flow_record r WHERE r.exception_id = e.id)
ORDER BY e.id;

-- name: LockException :exec
SELECT id FROM exception WHERE id = @id FOR UPDATE;

-- name: ConfigureFlow :execrows
UPDATE flow SET settings = @settings, version = version + 1 WHERE connection_id = @connection_id AND name = @name AND version = @version;

-- name: AddHint :execrows
-- An object whose newest content is at least as new needs no reading.
INSERT INTO flow_hint AS h (connection_id, flow, key, changed_at)
SELECT @connection_id, @flow, @key, @changed_at::timestamptz
WHERE NOT EXISTS (SELECT FROM flow_record r WHERE r.connection_id = @connection_id AND r.flow = @flow AND r.key = @key AND r.source_at >= @changed_at::timestamptz)
  AND EXISTS (SELECT FROM flow f WHERE f.connection_id = @connection_id AND f.name = @flow)
ON CONFLICT (connection_id, flow, key) DO UPDATE SET changed_at = greatest(h.changed_at, excluded.changed_at), told = h.told + 1;

-- name: ClaimHints :many
UPDATE flow_hint h SET holder = @holder, held_until = clock_timestamp() + make_interval(secs => @seconds::double precision), tries = h.tries + 1
WHERE (h.connection_id, h.flow, h.key) IN (
    SELECT c.connection_id, c.flow, c.key FROM flow_hint c WHERE c.connection_id = @connection_id AND c.flow = @flow AND NOT is_held(c.held_until)
    ORDER BY c.told_at LIMIT @size FOR UPDATE SKIP LOCKED)
RETURNING h.key, h.changed_at, h.told, h.tries;

-- name: EndHint :execrows
-- What was told again meanwhile is read once more.
DELETE FROM flow_hint WHERE connection_id = @connection_id AND flow = @flow AND key = @key AND told = @told;

-- name: PutHintOff :exec
UPDATE flow_hint SET holder = '', held_until = clock_timestamp() + make_interval(secs => @seconds::double precision) WHERE connection_id = @connection_id AND flow = @flow AND key = @key;

-- name: HurryFlow :exec
-- A notification that names no object: the source is read soon.
UPDATE flow SET next_at = least(next_at, @now::timestamptz) WHERE connection_id = @connection_id AND name = @name;
