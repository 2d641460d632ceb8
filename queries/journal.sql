-- name: LockSettlement :one
-- Everything that drafts or approves entries of a settlement goes one at a time.
SELECT s.id, s.connection_id, s.amazon_id, s.currency, s.start_at, s.end_at, s.deposit_at, s.deposit, s.marketplaces, s.replaced_at, s.replaces_id,
       c.time_zone, c.functional_currency, c.p21_company, c.p21_journal, c.name AS connection_name,
       coalesce(p.closed_period, 'exception')::text AS closed_period, coalesce(p.rate_source, 'deposit_date')::text AS rate_source,
       coalesce(p.rounding_limit, 1)::numeric AS rounding_limit, b.difference
FROM settlement s
JOIN connection c ON c.id = s.connection_id
LEFT JOIN policy p ON p.connection_id = c.id
JOIN settlement_balance b ON b.settlement_id = s.id
WHERE s.id = $1
FOR UPDATE OF s;

-- name: UncarriedRollups :many
-- Rollups that no entry beyond draft carries: what a (re)build works on.
SELECT r.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign,
       r.posted_on, r.product_group, r.fulfillment, r.correction_id, r.lines, r.amount
FROM rollup r JOIN kind k ON k.id = r.kind_id
WHERE r.settlement_id = $1 AND NOT EXISTS (
    SELECT 1 FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id
    WHERE x.settlement_id = r.settlement_id AND x.kind_id = r.kind_id AND x.posted_on = r.posted_on
      AND x.product_group = r.product_group AND x.fulfillment = r.fulfillment AND x.correction_id = r.correction_id
      AND e.entry_type = 'settlement' AND e.status NOT IN ('draft', 'discarded', 'reversed'))
ORDER BY r.kind_id, r.posted_on, r.product_group, r.fulfillment, r.correction_id;

-- name: PeriodsOfConnection :many
-- A period is closed when P21 says so, and when it was closed here.
SELECT p.fiscal_year, p.number, p.starts_on, p.ends_on, (p.closed OR period_closed(p.connection_id, p.fiscal_year, p.number))::boolean AS closed, period_closed(p.connection_id, p.fiscal_year, p.number) AS closed_here
FROM fiscal_period p WHERE p.connection_id = $1 ORDER BY p.starts_on, p.number;

-- name: DraftsOfSettlement :many
SELECT id, fiscal_year, period, version, reference, row_version, plan_hash FROM journal_entry
WHERE settlement_id = @settlement_id::bigint AND entry_type = 'settlement' AND status = 'draft' ORDER BY id;

-- name: LastVersion :one
-- Counted over every reading of the settlement: a reference is never used twice.
SELECT coalesce(max(e.version), 0)::int FROM journal_entry e
JOIN settlement s ON s.id = e.settlement_id
WHERE s.connection_id = @connection_id AND s.amazon_id = @amazon_id AND e.fiscal_year = @fiscal_year AND e.period = @period
  AND e.entry_type = 'settlement';

-- name: BooksOfConnection :one
-- What an entry without a settlement is written into; proposals of a connection go one at a time.
SELECT c.id, c.name, c.time_zone, c.functional_currency, c.p21_company, c.p21_journal FROM connection c WHERE c.id = $1 FOR NO KEY UPDATE;

-- name: LiveProposal :one
SELECT id, status, reference, plan_hash FROM journal_entry
WHERE connection_id = @connection_id AND entry_type = @entry_type AND subject = @subject AND fiscal_year = @fiscal_year AND period = @period
  AND status NOT IN ('reversed', 'discarded');

-- name: LastProposalVersion :one
SELECT coalesce(max(e.version), 0)::int FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.entry_type = @entry_type AND e.subject = @subject AND e.fiscal_year = @fiscal_year AND e.period = @period;

-- name: ClearEvidence :exec
DELETE FROM journal_evidence WHERE entry_id = $1;

-- name: InsertEvidence :copyfrom
INSERT INTO journal_evidence (entry_id, line_no, seq, subject, detail, quantity, amount, document_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: EvidenceOfEntry :many
-- Of one line, or of all for 0.
SELECT line_no, seq, subject, detail, quantity, amount, coalesce(document_id, 0)::bigint AS document_id FROM journal_evidence
WHERE entry_id = @entry_id AND (@line_no::int = 0 OR line_no = @line_no) AND (line_no, seq) > (@after_line::int, @after_seq::int)
ORDER BY line_no, seq LIMIT @page_size;

-- name: EvidenceSums :many
SELECT line_no, count(*) AS pieces, sum(amount)::numeric AS amount FROM journal_evidence WHERE entry_id = $1 GROUP BY line_no ORDER BY line_no;

-- name: DueReversals :many
-- Posted entries that end by themselves, on or before today in their books.
SELECT e.id FROM journal_entry e JOIN connection c ON c.id = e.connection_id
WHERE e.status = 'posted' AND e.reverse_on <= timezone(c.time_zone, @now::timestamptz)::date
  AND NOT EXISTS (SELECT 1 FROM journal_entry r WHERE r.reverses_id = e.id AND r.status <> 'discarded')
ORDER BY e.id LIMIT 500;

-- name: InsertEntry :one
INSERT INTO journal_entry (connection_id, settlement_id, entry_type, subject, reverse_on, scheduled, reference, version, company, journal, fiscal_year, period, moved_from,
    entry_on, currency, functional_currency, rate, rate_note, description, rule_set_id, reverses_id, clearing, total, functional_total, reason, plan_hash)
VALUES (@connection_id, nullif(@settlement_id::bigint, 0), @entry_type, @subject, @reverse_on, @scheduled, @reference, @version, @company, @journal, @fiscal_year, @period, @moved_from,
    @entry_on, @currency, @functional_currency, @rate, @rate_note, @description, nullif(@rule_set_id::bigint, 0), @reverses_id, @clearing, @total, @functional_total, @reason, @plan_hash)
RETURNING id;

-- name: RedraftEntry :exec
UPDATE journal_entry
SET moved_from = @moved_from, entry_on = @entry_on, rate = @rate, rate_note = @rate_note, description = @description, rule_set_id = nullif(@rule_set_id::bigint, 0), reverse_on = @reverse_on,
    company = @company, journal = @journal, functional_currency = @functional_currency,
    clearing = @clearing, total = @total, functional_total = @functional_total, plan_hash = @plan_hash, drafted_at = now()
WHERE id = @id AND status = 'draft';

-- name: ClearSources :exec
DELETE FROM journal_source WHERE entry_id = $1;

-- name: ClearLines :exec
DELETE FROM journal_line WHERE entry_id = $1;

-- name: InsertLines :copyfrom
INSERT INTO journal_line (entry_id, line_no, account, branch, marketplace, category, clearing, description, debit, credit, functional_debit, functional_credit)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: InsertSources :copyfrom
INSERT INTO journal_source (entry_id, line_no, settlement_id, kind_id, posted_on, product_group, fulfillment, correction_id, rule_id, lines, amount)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: RatesOfEntry :many
-- The rates that an entry names, as they stood when it was made.
SELECT r.id, r.base, r.quote, r.rate_on, r.rate FROM journal_rate x JOIN exchange_rate r ON r.id = x.rate_id WHERE x.entry_id = $1 ORDER BY r.rate_on, r.id;

-- name: RollupsOfEntry :many
-- The amounts that an entry carries, as their settlement has them now.
SELECT x.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign,
       x.posted_on, x.product_group, x.fulfillment, x.correction_id, (r.settlement_id IS NOT NULL)::boolean AS known,
       coalesce(r.lines, 0)::int AS lines, coalesce(r.amount, 0)::numeric AS amount
FROM journal_source x JOIN kind k ON k.id = x.kind_id
LEFT JOIN rollup r ON r.settlement_id = x.settlement_id AND r.kind_id = x.kind_id AND r.posted_on = x.posted_on
    AND r.product_group = x.product_group AND r.fulfillment = x.fulfillment AND r.correction_id = x.correction_id
    AND r.settlement_id = ANY (ARRAY(SELECT DISTINCT o.settlement_id FROM journal_source o WHERE o.entry_id = $1)) -- so that no other is read
WHERE x.entry_id = $1
ORDER BY x.kind_id, x.posted_on, x.product_group, x.fulfillment, x.correction_id;

-- name: PostedEntries :many
SELECT id FROM journal_entry WHERE entry_type = 'settlement' AND status IN ('posted', 'reversed') ORDER BY id;

-- name: GetEntry :one
SELECT e.id, e.connection_id, c.name AS connection_name, coalesce(e.settlement_id, 0)::bigint AS settlement_id, coalesce(s.amazon_id, '')::text AS amazon_id,
       e.entry_type, e.subject, e.reverse_on, e.scheduled, e.status, e.reference, e.version,
       e.company, e.journal, e.fiscal_year, e.period, e.moved_from, e.entry_on, e.currency, e.functional_currency, e.rate, e.rate_note,
       e.description, coalesce(e.rule_set_id, 0)::bigint AS rule_set_id, coalesce(rs.number, 0)::int AS rule_set_number, e.reverses_id, e.clearing, e.total, e.functional_total, e.content_hash,
       e.reason, e.p21_number, e.drafted_at, e.submitted_by, coalesce(p.name, '') AS submitted_name, e.submitted_at, e.approved_at, e.posted_at,
       e.row_version, journal_approvals_needed(e.id)::int AS approvals_needed,
       coalesce(pol.approver_ids, '{}')::bigint[] AS approver_ids, pol.fresh_sign_in_minutes,
       coalesce((SELECT r.id FROM journal_entry r WHERE r.reverses_id = e.id AND r.status <> 'discarded'), 0)::bigint AS reversed_by
FROM journal_entry e
JOIN connection c ON c.id = e.connection_id
LEFT JOIN settlement s ON s.id = e.settlement_id
LEFT JOIN rule_set rs ON rs.id = e.rule_set_id
LEFT JOIN person p ON p.id = e.submitted_by
LEFT JOIN policy pol ON pol.connection_id = e.connection_id
WHERE e.id = $1;

-- name: LockEntry :one
SELECT id, connection_id, coalesce(settlement_id, 0)::bigint AS settlement_id, entry_type, scheduled, status, reference, row_version, content_hash, reverses_id, company
FROM journal_entry WHERE id = $1 FOR UPDATE;

-- name: LinesOfEntry :many
SELECT l.line_no, l.account, coalesce(a.description, '')::text AS account_name, coalesce(a.active, false)::boolean AS account_active,
       coalesce(a.control, false)::boolean AS account_control, (a.account IS NOT NULL)::boolean AS account_known,
       l.branch, l.marketplace, l.category, l.clearing, l.description, l.debit, l.credit, l.functional_debit, l.functional_credit,
       (coalesce(x.lines, 0) + coalesce(v.lines, 0))::bigint AS source_lines
FROM journal_line l
JOIN journal_entry e ON e.id = l.entry_id
LEFT JOIN gl_account a ON a.connection_id = e.connection_id AND a.account = l.account
LEFT JOIN (SELECT line_no, sum(lines) AS lines FROM journal_source o WHERE o.entry_id = $1 GROUP BY line_no) x ON x.line_no = l.line_no
LEFT JOIN (SELECT line_no, count(*) AS lines FROM journal_evidence o WHERE o.entry_id = $1 GROUP BY line_no) v ON v.line_no = l.line_no
WHERE l.entry_id = $1 ORDER BY l.line_no;

-- name: KindsOfLine :many
-- What a journal line is made of, by kind.
SELECT x.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign, x.rule_id,
       min(x.posted_on)::date AS first_on, max(x.posted_on)::date AS last_on, sum(x.lines)::bigint AS lines, sum(x.amount)::numeric AS amount
FROM journal_source x JOIN kind k ON k.id = x.kind_id
WHERE x.entry_id = @entry_id AND x.line_no = @line_no
GROUP BY x.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign, x.rule_id
ORDER BY abs(sum(x.amount)) DESC, x.kind_id;

-- name: SourcesOfEntry :many
SELECT x.line_no, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign, x.kind_id, x.rule_id, r.category,
       min(x.posted_on)::date AS first_on, max(x.posted_on)::date AS last_on, sum(x.lines)::bigint AS lines, sum(x.amount)::numeric AS amount
FROM journal_source x JOIN kind k ON k.id = x.kind_id JOIN mapping_rule r ON r.id = x.rule_id
WHERE x.entry_id = $1
GROUP BY x.line_no, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign, x.kind_id, x.rule_id, r.category
ORDER BY x.line_no, abs(sum(x.amount)) DESC, x.kind_id;

-- name: SubmitEntry :execrows
UPDATE journal_entry SET status = 'submitted', submitted_by = @person_id, submitted_at = now(), reason = ''
WHERE id = @id AND status = 'draft' AND row_version = @row_version;

-- name: InsertApproval :one
INSERT INTO approval (entry_id, person_id, content_hash, signed_in_at) VALUES (@entry_id, @person_id, @content_hash, @signed_in_at) RETURNING id;

-- name: CountApprovals :one
SELECT count(DISTINCT a.person_id)::int AS given, journal_approvals_needed(@entry_id)::int AS needed
FROM approval a JOIN journal_entry e ON e.id = a.entry_id
WHERE a.entry_id = @entry_id AND a.voided_at IS NULL AND a.content_hash = e.content_hash;

-- name: ApproveEntry :exec
UPDATE journal_entry SET status = 'approved', approved_at = now() WHERE id = $1 AND status = 'submitted';

-- name: BackToDraft :execrows
UPDATE journal_entry SET status = 'draft', reason = @reason WHERE id = @id AND status = ANY (@from_states::text[]);

-- name: StartPosting :execrows
UPDATE journal_entry SET status = 'posting' WHERE id = $1 AND status IN ('approved', 'unknown');

-- name: MarkPosted :execrows
UPDATE journal_entry SET status = 'posted', p21_number = @p21_number, posted_at = now(), reason = ''
WHERE id = @id AND status IN ('posting', 'unknown');

-- name: MarkUnknown :execrows
UPDATE journal_entry SET status = 'unknown', reason = @reason WHERE id = @id AND status = 'posting';

-- name: MarkReversed :execrows
UPDATE journal_entry SET status = 'reversed' WHERE id = $1 AND status = 'posted';

-- name: DiscardEntry :execrows
UPDATE journal_entry SET status = 'discarded', reason = @reason WHERE id = @id AND status = 'draft';

-- name: EditEntry :execrows
UPDATE journal_entry SET description = @description, entry_on = @entry_on WHERE id = @id AND status = 'draft' AND row_version = @row_version;

-- name: AddPreparer :exec
INSERT INTO journal_preparer (entry_id, person_id, what) VALUES (@entry_id, @person_id, @what) ON CONFLICT DO NOTHING;

-- name: Preparers :many
SELECT DISTINCT person_id FROM journal_preparer WHERE entry_id = $1;

-- name: ApprovalsOfEntry :many
SELECT a.id, a.person_id, p.name, a.content_hash, a.at, a.signed_in_at, a.voided_at, a.void_reason
FROM approval a JOIN person p ON p.id = a.person_id WHERE a.entry_id = $1 ORDER BY a.id;

-- name: EntriesOfSettlement :many
SELECT e.id, e.entry_type, e.status, e.reference, e.version, e.fiscal_year, e.period, e.entry_on, e.currency, e.clearing, e.total, e.p21_number,
       e.reason, e.posted_at
FROM journal_entry e WHERE e.settlement_id = @settlement_id::bigint AND e.status <> 'discarded' ORDER BY e.fiscal_year, e.period, e.version, e.id;

-- name: ListEntries :many
-- Newest first; keyset on (entry_on, id).
SELECT e.id, e.connection_id, c.name AS connection_name, coalesce(e.settlement_id, 0)::bigint AS settlement_id, coalesce(s.amazon_id, '')::text AS amazon_id,
       e.entry_type, e.subject, e.status, e.reference, e.fiscal_year,
       e.period, e.entry_on, e.currency, e.clearing, e.total, e.functional_currency, e.functional_total, e.p21_number, e.reason, e.row_version, e.content_hash,
       coalesce(p.name, '') AS submitted_name, e.submitted_at, e.posted_at
FROM journal_entry e
JOIN connection c ON c.id = e.connection_id
LEFT JOIN settlement s ON s.id = e.settlement_id
LEFT JOIN person p ON p.id = e.submitted_by
WHERE e.status <> 'discarded'
  AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
  AND (@status::text = '' OR e.status = @status)
  AND (@waiting_for::bigint = 0 OR (e.status = 'submitted'
       AND NOT EXISTS (SELECT 1 FROM journal_preparer x WHERE x.entry_id = e.id AND x.person_id = @waiting_for)
       AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.entry_id = e.id AND a.person_id = @waiting_for AND a.voided_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM policy l WHERE l.connection_id = e.connection_id AND cardinality(l.approver_ids) > 0
                       AND NOT @waiting_for = ANY (l.approver_ids))))
  AND (@period::text = '' OR e.fiscal_year || '-' || lpad(e.period::text, 2, '0') = @period)
  AND (@search::text = '' OR e.reference ILIKE '%' || @search || '%' OR e.p21_number = @search)
  AND (sqlc.narg(after_on)::date IS NULL OR (e.entry_on, e.id) < (sqlc.narg(after_on)::date, @after_id::bigint))
ORDER BY e.entry_on DESC, e.id DESC
LIMIT @page_size;

-- name: CountEntries :many
-- Of the filtered set, per state and currency.
SELECT e.status, e.currency, count(*) AS entries, sum(e.total)::numeric AS total, sum(e.clearing)::numeric AS clearing, min(e.drafted_at)::timestamptz AS oldest
FROM journal_entry e
WHERE e.status <> 'discarded'
  AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
  AND (@period::text = '' OR e.fiscal_year || '-' || lpad(e.period::text, 2, '0') = @period)
  AND (@waiting_for::bigint = 0 OR (e.status = 'submitted'
       AND NOT EXISTS (SELECT 1 FROM journal_preparer x WHERE x.entry_id = e.id AND x.person_id = @waiting_for)
       AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.entry_id = e.id AND a.person_id = @waiting_for AND a.voided_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM policy l WHERE l.connection_id = e.connection_id AND cardinality(l.approver_ids) > 0
                       AND NOT @waiting_for = ANY (l.approver_ids))))
  AND (@search::text = '' OR e.reference ILIKE '%' || @search || '%' OR e.p21_number = @search)
GROUP BY e.status, e.currency ORDER BY e.status, e.currency;

-- name: WaitingFor :one
-- Entries that this person could approve.
SELECT count(*) FROM journal_entry e
WHERE e.status = 'submitted'
  AND NOT EXISTS (SELECT 1 FROM journal_preparer x WHERE x.entry_id = e.id AND x.person_id = @person_id)
  AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.entry_id = e.id AND a.person_id = @person_id AND a.voided_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM policy l WHERE l.connection_id = e.connection_id AND cardinality(l.approver_ids) > 0
                  AND NOT @person_id = ANY (l.approver_ids));

-- name: EntryPeriods :many
-- The fiscal periods that have entries, newest first.
SELECT (e.fiscal_year || '-' || lpad(e.period::text, 2, '0'))::text AS period FROM journal_entry e
WHERE e.status <> 'discarded' AND (sqlc.narg(connection_id)::bigint IS NULL OR e.connection_id = sqlc.narg(connection_id))
GROUP BY e.fiscal_year, e.period ORDER BY e.fiscal_year DESC, e.period DESC LIMIT 60;

-- name: PreviousVersion :one
SELECT e.id FROM journal_entry e LEFT JOIN settlement s ON s.id = e.settlement_id
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.entry_type = @entry_type
  AND e.subject = @subject AND coalesce(s.amazon_id, '') = @amazon_id::text AND e.version < @version AND e.status <> 'discarded'
ORDER BY e.version DESC LIMIT 1;

-- name: ApprovedEntries :many
-- Approved entries whose posting has not begun, and interrupted ones.
SELECT id FROM journal_entry WHERE status IN ('approved', 'posting') ORDER BY id LIMIT 500;

-- name: SettlementsWithoutEntries :many
-- Current settlements that no live entry carries yet and that nothing blocks:
-- what a new rule set may unlock.
SELECT s.id FROM settlement s
WHERE s.connection_id = $1 AND s.replaced_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.settlement_id = s.id AND e.entry_type = 'settlement'
                  AND e.status NOT IN ('draft', 'discarded', 'reversed'))
ORDER BY s.end_at, s.id;

-- name: StaleConnections :many
-- Drafts of another rule set than the published one, and settlements without
-- entries that no exception explains.
SELECT e.connection_id FROM journal_entry e
JOIN rule_set r ON r.connection_id = e.connection_id AND r.state = 'published'
WHERE e.status = 'draft' AND e.entry_type = 'settlement' AND e.rule_set_id <> r.id
UNION
SELECT s.connection_id FROM settlement s
JOIN rule_set r ON r.connection_id = s.connection_id AND r.state = 'published'
WHERE s.replaced_at IS NULL AND s.created_at < now() - interval '1 minute'
  AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.settlement_id = s.id AND e.status NOT IN ('discarded', 'reversed'))
  AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.connection_id = s.connection_id AND x.state = 'open')
  AND EXISTS (SELECT 1 FROM rollup l WHERE l.settlement_id = s.id AND l.amount <> 0);

-- name: InsertComment :one
INSERT INTO comment (object_type, object_id, person_id, body) VALUES (@object_type, @object_id, @person_id, @body) RETURNING id;

-- name: CommentsOf :many
SELECT c.id, c.body, c.at, p.name FROM comment c JOIN person p ON p.id = c.person_id
WHERE c.object_type = @object_type AND c.object_id = @object_id ORDER BY c.id;

-- name: InsertAttachment :execrows
INSERT INTO attachment (entry_id, document_id, added_by) VALUES (@entry_id, @document_id, @added_by) ON CONFLICT DO NOTHING;

-- name: AttachmentsOf :many
SELECT d.id, d.name, d.size, d.content_type, a.added_at, p.name AS added_name
FROM attachment a JOIN document d ON d.id = a.document_id JOIN person p ON p.id = a.added_by
WHERE a.entry_id = $1 ORDER BY a.added_at;

-- name: HistoryOf :many
SELECT seq, at, actor, action, reason, before, after FROM audit_event
WHERE object_type = @object_type AND object_id = @object_id::text ORDER BY seq;

-- name: CarrierOf :one
-- The live entry and line that carry a kind of a settlement on a day.
SELECT e.id, e.reference, e.status, x.line_no
FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id
WHERE x.settlement_id = @settlement_id AND x.kind_id = @kind_id AND x.posted_on = @posted_on
  AND e.entry_type = 'settlement' AND e.status NOT IN ('discarded', 'reversed')
ORDER BY e.id DESC LIMIT 1;

-- name: ReversalsOfEntry :one
SELECT count(*) FROM journal_entry WHERE reverses_id = @entry_id::bigint;

-- name: CarriedByEntry :many
-- Which kinds on which days an entry carries, corrections apart.
SELECT DISTINCT kind_id, posted_on, (correction_id <> 0)::bool AS correction FROM journal_source WHERE entry_id = $1;

-- name: WholeKind :one
-- An unmapped kind over every settlement that waits on it.
SELECT coalesce(sum(r.lines), 0)::bigint AS lines, coalesce(sum(r.amount), 0)::numeric AS amount
FROM kind_sum r JOIN settlement s ON s.id = r.settlement_id AND s.replaced_at IS NULL
WHERE r.kind_id = $1;
