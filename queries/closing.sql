-- name: PeriodToClose :one
-- A period with what its connection decides. Closed is what P21 says.
SELECT p.connection_id, c.name AS connection_name, c.title AS connection_title, c.time_zone, c.functional_currency, p.fiscal_year, p.number, p.starts_on, p.ends_on,
       p.closed, p.synced_at, coalesce(l.rate_source, 'deposit_date')::text AS rate_source, coalesce(l.approver_ids, '{}')::bigint[] AS approver_ids, l.fresh_sign_in_minutes, l.books_from
FROM fiscal_period p JOIN connection c ON c.id = p.connection_id LEFT JOIN policy l ON l.connection_id = p.connection_id
WHERE p.connection_id = @connection_id AND p.fiscal_year = @fiscal_year AND p.number = @number;

-- name: NextPeriodToClose :one
-- The earliest period with settlements that is over and that nobody closed, here or in P21. While there is none, the
-- one that today falls into.
SELECT p.connection_id, p.fiscal_year, p.number, p.starts_on, p.ends_on FROM fiscal_period p
WHERE p.connection_id = @connection_id AND NOT period_closed(p.connection_id, p.fiscal_year, p.number)
  AND ((NOT p.closed AND p.ends_on < @today::date AND p.ends_on >= (SELECT min(s.start_at)::date FROM settlement s WHERE s.connection_id = p.connection_id))
       OR @today::date BETWEEN p.starts_on AND p.ends_on)
ORDER BY p.starts_on, p.number LIMIT 1;

-- name: CyclesAround :many
-- Current settlements that end after a moment and start before another one.
SELECT s.id, s.amazon_id, s.currency, s.start_at, s.end_at, s.deposit_at, s.deposit, b.difference
FROM settlement s JOIN settlement_balance b ON b.settlement_id = s.id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.end_at > @since AND s.start_at < @ends
ORDER BY s.currency, s.start_at, s.id;

-- name: EntriesOfPeriod :many
-- Every entry of a period, of whatever kind, by state and currency.
SELECT e.status, e.currency, count(*) AS entries, sum(e.total)::numeric AS total
FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status <> 'discarded'
GROUP BY e.status, e.currency ORDER BY e.status, e.currency;

-- name: UndraftedOfPeriod :many
-- Amounts with a date of the period that no entry carries.
WITH cycle AS MATERIALIZED (
    SELECT s.id, s.currency FROM settlement s WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.end_at > @begins AND s.start_at < @ends
), carried AS MATERIALIZED (
    SELECT x.settlement_id, x.kind_id, x.posted_on, x.product_group, x.fulfillment, x.correction_id
    FROM cycle c JOIN journal_entry e ON e.settlement_id = c.id JOIN journal_source x ON x.entry_id = e.id
    WHERE x.posted_on BETWEEN @starts_on AND @ends_on AND e.status NOT IN ('discarded', 'reversed')
)
SELECT c.currency, count(DISTINCT c.id) AS settlements, sum(r.amount)::numeric AS amount
FROM cycle c JOIN rollup r ON r.settlement_id = c.id
WHERE r.posted_on BETWEEN @starts_on AND @ends_on AND r.amount <> 0
  AND NOT EXISTS (SELECT 1 FROM carried k WHERE k.settlement_id = r.settlement_id AND k.kind_id = r.kind_id AND k.posted_on = r.posted_on AND k.product_group = r.product_group
      AND k.fulfillment = r.fulfillment AND k.correction_id = r.correction_id)
GROUP BY c.currency ORDER BY c.currency;

-- name: ReissuesOfPeriod :many
-- Posted entries of a period whose report was re-issued and that are not reversed yet.
SELECT e.currency, count(*) AS entries, sum(e.total)::numeric AS total
FROM journal_entry e JOIN settlement s ON s.id = e.settlement_id
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status = 'posted' AND e.entry_type = 'settlement' AND s.replaced_at IS NOT NULL
GROUP BY e.currency ORDER BY e.currency;

-- name: AccrualsOfPeriod :many
SELECT e.currency FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.entry_type = 'accrual' AND e.status IN ('posted', 'reversed')
GROUP BY e.currency ORDER BY e.currency;

-- name: ExceptionsOfPeriod :many
-- What is open, and whether money of the period hangs on it: by its entry, its settlement, its kind, or, where it names
-- none of them, because it was there before the period's end.
SELECT (coalesce(x.amount, 0) <> 0 AND CASE
            WHEN x.entry_id IS NOT NULL THEN EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = x.entry_id AND e.fiscal_year = @fiscal_year AND e.period = @period)
            WHEN x.settlement_id IS NOT NULL THEN EXISTS (SELECT 1 FROM settlement s WHERE s.id = x.settlement_id AND s.replaced_at IS NULL AND s.end_at > @begins AND s.start_at < @ends)
            WHEN x.kind_id IS NOT NULL THEN EXISTS (SELECT 1 FROM settlement s JOIN rollup r ON r.settlement_id = s.id WHERE s.connection_id = x.connection_id AND s.replaced_at IS NULL
                AND s.end_at > @begins AND s.start_at < @ends AND r.kind_id = x.kind_id AND r.posted_on BETWEEN @starts_on AND @ends_on)
            ELSE x.opened_at < @ends END)::boolean AS within,
       x.currency, count(*) AS causes, coalesce(sum(abs(x.amount)), 0)::numeric AS amount
FROM exception x WHERE x.connection_id = @connection_id AND x.state = 'open'
GROUP BY 1, 2 ORDER BY 1 DESC, 2;

-- name: RateDaysOfPeriod :many
-- Days of the period for which an amount has to be converted.
SELECT DISTINCT s.currency, (CASE WHEN @by_posted_date::boolean THEN r.posted_on ELSE (coalesce(s.deposit_at, s.end_at) AT TIME ZONE @zone::text)::date END)::date AS day
FROM settlement s JOIN rollup r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.currency <> @functional_currency AND s.end_at > @begins AND s.start_at < @ends
  AND r.posted_on BETWEEN @starts_on AND @ends_on AND r.amount <> 0
ORDER BY 1, 2;

-- name: ListPeriodCloses :many
-- Periods with how far their close is, the newest first. Keyset on (starts_on, connection).
SELECT p.connection_id, c.name AS connection_name, c.title AS connection_title, p.fiscal_year, p.number, p.starts_on, p.ends_on, p.closed AS closed_in_p21,
       coalesce(l.state, 'open')::text AS state, coalesce(r.name, '') AS requested_name, coalesce(l.requested_at, 'epoch')::timestamptz AS requested_at, coalesce(d.name, '') AS decided_name, l.decided_at,
       coalesce(o.name, '') AS reopened_name, l.reopened_at,
       (SELECT count(*) FROM journal_entry e WHERE e.connection_id = p.connection_id AND e.fiscal_year = p.fiscal_year AND e.period = p.number
           AND e.status NOT IN ('posted', 'reversed', 'discarded')) AS open_entries,
       (SELECT count(*) FROM journal_entry e WHERE e.connection_id = p.connection_id AND e.fiscal_year = p.fiscal_year AND e.period = p.number
           AND e.status IN ('posted', 'reversed')) AS posted_entries
FROM fiscal_period p JOIN connection c ON c.id = p.connection_id
LEFT JOIN LATERAL (SELECT x.state, x.requested_by, x.requested_at, x.decided_by, x.decided_at, x.reopened_by, x.reopened_at FROM period_close x
    WHERE x.connection_id = p.connection_id AND x.fiscal_year = p.fiscal_year AND x.period = p.number AND x.state IN ('requested', 'closed', 'reopened')
    ORDER BY x.id DESC LIMIT 1) l ON true
LEFT JOIN person r ON r.id = l.requested_by LEFT JOIN person d ON d.id = l.decided_by LEFT JOIN person o ON o.id = l.reopened_by
WHERE (@connection_id::bigint = 0 OR p.connection_id = @connection_id) AND p.starts_on <= @today::date
  AND (@state::text = '' OR coalesce(l.state, 'open') = @state)
  AND p.ends_on >= (SELECT min(s.start_at)::date FROM settlement s WHERE s.connection_id = p.connection_id)
  AND (sqlc.narg(after_on)::date IS NULL OR (p.starts_on, -p.connection_id) < (sqlc.narg(after_on)::date, 0 - @after_connection::bigint))
ORDER BY p.starts_on DESC, p.connection_id LIMIT @page_size;

-- name: ClosesOfPeriod :many
-- Every request of a period and what became of it, the newest first.
SELECT x.id, x.state, x.checklist, x.checklist_hash, x.note, x.requested_by, r.name AS requested_name, x.requested_at, coalesce(d.name, '') AS decided_name, x.decided_at, x.reason,
       coalesce(o.name, '') AS reopened_name, x.reopened_at, x.reopen_reason
FROM period_close x JOIN person r ON r.id = x.requested_by LEFT JOIN person d ON d.id = x.decided_by LEFT JOIN person o ON o.id = x.reopened_by
WHERE x.connection_id = @connection_id AND x.fiscal_year = @fiscal_year AND x.period = @period ORDER BY x.id DESC;

-- name: LockPeriod :exec
-- Requests and decisions about a period go one at a time.
SELECT 1 FROM fiscal_period WHERE connection_id = @connection_id AND fiscal_year = @fiscal_year AND number = @number FOR UPDATE;

-- name: RequestClose :one
INSERT INTO period_close (connection_id, fiscal_year, period, checklist, checklist_hash, note, requested_by, requested_at)
VALUES (@connection_id, @fiscal_year, @period, @checklist, @checklist_hash, @note, @person_id, now()) RETURNING id;

-- name: DecideClose :execrows
UPDATE period_close SET state = @state, decided_by = @person_id, decided_at = now(), signed_in_at = @signed_in_at, reason = @reason
WHERE id = @id AND state = 'requested';

-- name: FreezeReconciliation :exec
INSERT INTO period_close_reconciliation (close_id, name, content, content_hash) VALUES (@close_id, @name, @content, @content_hash);

-- name: FrozenReconciliations :many
SELECT name, content, content_hash FROM period_close_reconciliation WHERE close_id = @close_id ORDER BY name;

-- name: ReopenPeriod :execrows
UPDATE period_close SET state = 'reopened', reopened_by = @person_id, reopened_at = now(), reopen_reason = @reason WHERE id = @id AND state = 'closed';

-- name: SettlementsOfBinder :many
-- Current settlements that reach into a period or have an entry in it, with their amounts before, within and after it.
SELECT s.id, s.amazon_id, s.currency, s.deposit, b.difference,
       coalesce(sum(r.amount) FILTER (WHERE r.posted_on < @starts_on), 0)::numeric AS before, coalesce(sum(r.amount) FILTER (WHERE r.posted_on BETWEEN @starts_on AND @ends_on), 0)::numeric AS within,
       coalesce(sum(r.amount) FILTER (WHERE r.posted_on > @ends_on), 0)::numeric AS after
FROM settlement s JOIN settlement_balance b ON b.settlement_id = s.id LEFT JOIN rollup r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND ((s.replaced_at IS NULL AND s.end_at > @begins AND s.start_at < @ends)
      OR EXISTS (SELECT 1 FROM journal_entry e WHERE e.settlement_id = s.id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status IN ('posted', 'reversed')))
GROUP BY s.id, b.difference ORDER BY s.amazon_id, s.id;

-- name: EntriesOfBinder :many
SELECT e.id, e.reference, e.entry_type, e.status, e.currency, e.functional_currency, e.total, e.functional_total, e.clearing, e.p21_number, e.entry_on, e.content_hash
FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status IN ('posted', 'reversed') ORDER BY e.reference;

-- name: SourcesOfBinder :many
-- What the entries of a period carry of each settlement.
SELECT e.reference, s.id AS settlement_id, s.amazon_id, sum(x.amount)::numeric AS amount
FROM journal_entry e JOIN journal_source x ON x.entry_id = e.id JOIN settlement s ON s.id = x.settlement_id
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status IN ('posted', 'reversed')
GROUP BY e.reference, s.id, s.amazon_id ORDER BY e.reference, s.id;

-- name: CarriersOfBinder :many
-- Which entries carry a settlement's amounts of the period: those of the period first, then the ones that are in force.
SELECT c.reference, sum(c.amount)::numeric AS amount
FROM (SELECT DISTINCT ON (x.kind_id, x.posted_on, x.product_group, x.fulfillment, x.correction_id) e.reference, x.amount
      FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id
      WHERE x.settlement_id = @settlement_id AND x.posted_on BETWEEN @starts_on AND @ends_on AND e.status IN ('posted', 'reversed')
      ORDER BY x.kind_id, x.posted_on, x.product_group, x.fulfillment, x.correction_id, (e.fiscal_year = @fiscal_year AND e.period = @period) DESC, e.status, e.id DESC) c
GROUP BY c.reference ORDER BY c.reference;

-- name: LinesOfBinder :many
SELECT e.reference, l.line_no, l.account, l.branch, l.marketplace, l.category, l.clearing, l.description, l.debit, l.credit, l.functional_debit, l.functional_credit
FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
WHERE e.connection_id = @connection_id AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status IN ('posted', 'reversed') ORDER BY e.reference, l.line_no;

-- name: AuditSpanOfClose :one
-- From the first event of the period to the one that closed it.
SELECT coalesce((SELECT min(a.seq) FROM audit_event a WHERE a.at >= @begins::timestamptz), 0)::bigint AS first, c.seq AS last
FROM audit_event c WHERE c.object_type = 'period_close' AND c.object_id = @close_id AND c.action = 'closed';
