-- name: FinanceReadTo :one
-- Up to when transactions are known, and since when some are held that Amazon must have released meanwhile.
SELECT coalesce((SELECT r.read_to FROM finance_reading r WHERE r.connection_id = @connection_id), 'epoch')::timestamptz AS read_to,
       coalesce((SELECT min(t.posted_at) FROM finance_transaction t
                 WHERE t.connection_id = @connection_id AND t.status = 'DEFERRED' AND (t.matures_at IS NULL OR t.matures_at <= @now::timestamptz)), @now::timestamptz)::timestamptz AS due_since;

-- name: SetFinanceReadTo :exec
-- What was read further than now was read under a clock that was wrong.
INSERT INTO finance_reading (connection_id, read_to, read_at) VALUES (@connection_id, @read_to, @now)
ON CONFLICT (connection_id) DO UPDATE SET read_to = CASE WHEN finance_reading.read_to > @now THEN excluded.read_to ELSE greatest(finance_reading.read_to, excluded.read_to) END,
    read_at = excluded.read_at;

-- name: KnownTransactions :many
SELECT id, transaction_id, status, content_hash, released_at, released_on FROM finance_transaction
WHERE connection_id = @connection_id AND transaction_id = ANY (@ids::text[]);

-- name: PutTransaction :one
INSERT INTO finance_transaction (connection_id, transaction_id, type, settles_as, description, status, posted_at, posted_on, currency, total, marketplace, order_id, deferral,
    matures_at, released_at, released_on, due_on, release_of, settlement_ref, document_id, raw_offset, raw_length, content_hash, aside, first_seen_at, changed_at)
VALUES (@connection_id, @transaction_id, @type, @settles_as, @description, @status, @posted_at, @posted_on, @currency, @total, @marketplace, @order_id, @deferral,
    @matures_at, @released_at, @released_on, @due_on, @release_of, @settlement_ref, @document_id, @raw_offset, @raw_length, @content_hash, @aside, @now, @now)
ON CONFLICT (connection_id, transaction_id) DO UPDATE SET type = excluded.type, settles_as = excluded.settles_as, description = excluded.description, status = excluded.status,
    posted_at = excluded.posted_at, posted_on = excluded.posted_on, total = excluded.total, marketplace = excluded.marketplace, order_id = excluded.order_id, deferral = excluded.deferral,
    matures_at = excluded.matures_at, released_at = excluded.released_at, released_on = excluded.released_on, due_on = excluded.due_on, release_of = excluded.release_of,
    settlement_ref = excluded.settlement_ref, document_id = excluded.document_id, raw_offset = excluded.raw_offset, raw_length = excluded.raw_length,
    content_hash = excluded.content_hash, aside = excluded.aside, changed_at = excluded.changed_at
RETURNING id;

-- name: ClearParts :exec
DELETE FROM finance_part WHERE transaction_id = ANY (@ids::bigint[]);

-- name: InsertParts :copyfrom
INSERT INTO finance_part (transaction_id, number, path, sku, quantity, fulfillment, transaction_type, amount_type, amount_description, amount)
VALUES (@transaction_id, @number, @path, @sku, @quantity, @fulfillment, @transaction_type, @amount_type, @amount_description, @amount);

-- name: AddFinanceVersion :exec
INSERT INTO finance_version (transaction_id, number, status, total, document_id, raw_offset, raw_length, seen_at)
SELECT @transaction_id, coalesce(max(v.number), 0) + 1, @status, @total, @document_id, @raw_offset, @raw_length, @now
FROM finance_version v WHERE v.transaction_id = @transaction_id;

-- name: NoteReleases :exec
-- A release that Amazon tells of as a transaction of its own moves no money beside the one that it releases.
UPDATE finance_transaction e SET aside = true FROM finance_transaction o
WHERE e.connection_id = @connection_id AND e.release_of <> '' AND NOT e.aside AND o.connection_id = e.connection_id AND o.transaction_id = e.release_of;

-- name: ReleaseByOwnTransaction :exec
-- And it says when.
UPDATE finance_transaction o SET status = 'DEFERRED_RELEASED', released_at = e.posted_at, released_on = e.posted_on, due_on = e.posted_on, changed_at = @now
FROM finance_transaction e
WHERE o.connection_id = @connection_id AND e.connection_id = o.connection_id AND e.release_of = o.transaction_id AND e.release_of <> '' AND e.aside AND o.released_at IS DISTINCT FROM e.posted_at;

-- name: LeaveReplacedSettlements :exec
UPDATE finance_transaction t SET settlement_id = NULL FROM settlement s
WHERE t.connection_id = @connection_id AND s.id = t.settlement_id AND s.replaced_at IS NOT NULL;

-- name: CarryByReference :exec
UPDATE finance_transaction t SET settlement_id = s.id FROM settlement s
WHERE t.connection_id = @connection_id AND t.settlement_id IS NULL AND t.status <> 'DEFERRED' AND t.settlement_ref <> ''
  AND s.connection_id = t.connection_id AND s.amazon_id = t.settlement_ref AND s.currency = t.currency AND s.replaced_at IS NULL;

-- name: CarryByOrder :exec
-- Where Amazon names no settlement: the one with lines of the order of the same sort, that was open when it was released.
UPDATE finance_transaction t SET settlement_id = m.id
FROM (SELECT DISTINCT s.id, s.currency, s.start_at, s.end_at, l.order_id, k.transaction_type
      FROM settlement s JOIN settlement_line l ON l.settlement_id = s.id JOIN kind k ON k.id = l.kind_id
      WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL AND s.end_at > @since AND l.order_id <> ''
        AND EXISTS (SELECT 1 FROM finance_transaction o WHERE o.connection_id = s.connection_id AND o.settlement_id IS NULL AND o.currency = s.currency AND o.order_id <> '' AND o.settles_as <> ''
                      AND NOT o.aside AND o.released_at BETWEEN s.start_at AND s.end_at)) m
WHERE t.connection_id = @connection_id AND t.settlement_id IS NULL AND t.status <> 'DEFERRED' AND NOT t.aside AND t.order_id = m.order_id AND t.settles_as = m.transaction_type
  AND t.currency = m.currency AND t.released_at BETWEEN m.start_at - interval '1 day' AND m.end_at + interval '1 day';

-- name: CarryByTime :exec
-- What belongs to no order is carried by the settlement that was open when it was released; the reserve that a settlement ends with is posted minutes after its end.
UPDATE finance_transaction t SET settlement_id = s.id FROM settlement s
WHERE t.connection_id = @connection_id AND t.settlement_id IS NULL AND t.status <> 'DEFERRED' AND (t.order_id = '' OR t.settles_as = '') AND NOT t.aside
  AND s.connection_id = t.connection_id AND s.currency = t.currency AND s.replaced_at IS NULL
  AND tstzrange(s.start_at, s.end_at) @> t.released_at
      - CASE WHEN EXISTS (SELECT 1 FROM finance_part p WHERE p.transaction_id = t.id AND p.amount_description = 'Current Reserve Amount') THEN interval '1 hour' ELSE interval '0' END;

-- name: ListTransactions :many
SELECT t.id, t.connection_id, c.name AS connection_name, t.transaction_id, t.type, t.description, t.status, t.posted_on, t.currency, t.total, t.marketplace, t.order_id, t.deferral,
       t.released_on, t.due_on, t.settlement_id, coalesce(s.amazon_id, t.settlement_ref)::text AS settlement
FROM finance_transaction t JOIN connection c ON c.id = t.connection_id LEFT JOIN settlement s ON s.id = t.settlement_id
WHERE (@connection_id::bigint = 0 OR t.connection_id = @connection_id) AND NOT t.aside
  AND CASE @state::text WHEN 'held' THEN t.status = 'DEFERRED' AND t.settlement_id IS NULL WHEN 'released' THEN t.status <> 'DEFERRED' AND t.settlement_id IS NULL
      WHEN 'settled' THEN t.settlement_id IS NOT NULL WHEN 'all' THEN true ELSE t.settlement_id IS NULL END
  AND (@currency::text = '' OR t.currency = @currency) AND (@type::text = '' OR t.type = @type)
  AND (@any_due::boolean OR t.due_on = @due::date)
  AND (@pattern::text = '' OR t.order_id ILIKE @pattern OR t.transaction_id ILIKE @pattern)
  AND (@after_id::bigint = 0 OR (t.due_on, t.id) > (@after_due::date, @after_id::bigint))
ORDER BY t.due_on, t.id LIMIT @page_size;

-- name: SumUnsettled :many
-- What no settlement has yet, by whether it is held, and when it is released.
SELECT t.connection_id, c.name AS connection_name, t.currency, t.held, t.due_on, t.transactions, t.total
FROM unsettled_sum t JOIN connection c ON c.id = t.connection_id
WHERE (@connection_id::bigint = 0 OR t.connection_id = @connection_id) AND t.transactions > 0
ORDER BY c.name, t.currency, t.held, t.due_on;

-- name: GetTransaction :one
SELECT t.id, t.connection_id, c.name AS connection_name, t.transaction_id, t.type, t.description, t.status, t.posted_on, t.currency, t.total, t.marketplace, t.order_id, t.deferral,
       t.released_on, t.due_on, t.settlement_id, coalesce(s.amazon_id, t.settlement_ref)::text AS settlement, t.document_id, t.raw_offset, t.raw_length, t.release_of, t.aside
FROM finance_transaction t JOIN connection c ON c.id = t.connection_id LEFT JOIN settlement s ON s.id = t.settlement_id WHERE t.id = $1;

-- name: PartsOfTransaction :many
SELECT number, path, sku, quantity, fulfillment, transaction_type, amount_type, amount_description, amount FROM finance_part WHERE transaction_id = $1 ORDER BY number;

-- name: VersionsOfTransaction :many
SELECT number, status, total, document_id, raw_offset, raw_length, seen_at FROM finance_version WHERE transaction_id = $1 ORDER BY number;

-- name: FinanceBooks :one
SELECT c.id, c.name, c.time_zone, c.functional_currency, c.p21_company, p.held_sales, p.deferred_account, p.rounding_limit
FROM connection c JOIN policy p ON p.connection_id = c.id WHERE c.id = $1;

-- name: FinanceCurrencies :many
SELECT DISTINCT currency FROM finance_transaction WHERE connection_id = $1 ORDER BY currency;

-- name: Movements :many
-- What moves between sale and settlement around a day: posted by then, and not carried or released after it.
-- Before the first settlement that is known the books know nothing; the reserve of the one before it is posted within the hour.
SELECT t.id, t.transaction_id, t.type, t.order_id, t.status, t.marketplace, t.posted_on, coalesce(t.released_on, t.due_on) AS released_on, (t.released_on IS NULL)::boolean AS held,
       coalesce(t.settlement_id, 0)::bigint AS settlement_id, t.total, t.document_id,
       p.number, p.path, p.sku, p.quantity, p.fulfillment, p.transaction_type, p.amount_type, p.amount_description, p.amount, coalesce(x.product_group, '')::text AS product_group
FROM finance_transaction t JOIN finance_part p ON p.transaction_id = t.id LEFT JOIN product x ON x.connection_id = t.connection_id AND x.sku = p.sku AND p.sku <> ''
WHERE t.connection_id = @connection_id AND t.currency = @currency AND NOT t.aside AND t.posted_on <= @until_on::date
  AND (t.settlement_id IS NULL OR t.released_on > @until_on::date)
  AND (t.released_on IS NULL OR t.released_on > @until_on::date
       OR t.released_at - interval '1 hour' >= coalesce((SELECT min(s.start_at) FROM settlement s WHERE s.connection_id = t.connection_id AND s.currency = t.currency), 'epoch'))
ORDER BY t.posted_at, t.id, p.number;

-- name: OpenUnknownCharges :many
SELECT cause FROM exception WHERE connection_id = @connection_id AND class = 'unknown_charge' AND state = 'open' AND cause NOT LIKE 'document/%';

-- name: RecognisedBefore :many
-- What live deferrals of earlier periods carry, by transaction and account, each at the rate of the entry that recognised it.
SELECT x.subject AS transaction_id, l.account, l.branch, l.marketplace, min(l.category)::text AS category, sum(x.amount)::numeric AS amount,
       (array_agg(e.rate ORDER BY e.fiscal_year, e.period))[1]::numeric AS rate
FROM journal_entry e JOIN journal_evidence x ON x.entry_id = e.id JOIN journal_line l ON l.entry_id = x.entry_id AND l.line_no = x.line_no
WHERE e.connection_id = @connection_id AND e.entry_type = 'deferral' AND e.subject = @currency::text AND e.status NOT IN ('reversed', 'discarded')
  AND (e.fiscal_year, e.period) < (@fiscal_year::int, @period::int)
GROUP BY x.subject, l.account, l.branch, l.marketplace HAVING sum(x.amount) <> 0 ORDER BY x.subject, l.account, l.branch, l.marketplace;

-- name: DeferredBalance :one
-- What they left on the deferred receivable, in functional currency.
SELECT coalesce(sum(l.functional_debit - l.functional_credit), 0)::numeric AS balance
FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id AND l.clearing
WHERE e.connection_id = @connection_id AND e.entry_type = 'deferral' AND e.subject = @currency::text AND e.status NOT IN ('reversed', 'discarded')
  AND (e.fiscal_year, e.period) < (@fiscal_year::int, @period::int);

-- name: DraftedPeriods :many
SELECT DISTINCT e.fiscal_year, e.period FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.entry_type IN ('accrual', 'deferral') AND e.status = 'draft';

-- name: OpenCloseProblems :many
SELECT class, cause FROM exception WHERE connection_id = @connection_id AND state = 'open' AND settlement_id IS NULL AND entry_id IS NULL
  AND class IN ('account_problem', 'rounding_limit', 'missing_rate') AND cause ~ '^(accrual|deferral|close)/';

-- name: AccruedPeriods :many
-- Periods whose accrual was handed in before a settlement came: its lines of them go into the period that the accrual ends in.
SELECT e.fiscal_year, e.period FROM journal_entry e JOIN settlement s ON s.id = @settlement_id
WHERE e.connection_id = s.connection_id AND e.entry_type = 'accrual' AND e.currency = s.currency AND e.status NOT IN ('draft', 'reversed', 'discarded') AND e.submitted_at < s.created_at;

-- name: ListAccruals :many
SELECT e.id, e.connection_id, c.name AS connection_name, e.reference, e.entry_type, e.status, e.fiscal_year, e.period, e.entry_on, e.currency, e.clearing, coalesce(a.transactions, 0)::bigint AS transactions
FROM journal_entry e JOIN connection c ON c.id = e.connection_id LEFT JOIN accrual_comparison a ON a.entry_id = e.id
WHERE e.entry_type IN ('accrual', 'deferral') AND e.status <> 'discarded' AND (@connection_id::bigint = 0 OR e.connection_id = @connection_id)
ORDER BY e.entry_on DESC, e.id DESC LIMIT 24;

-- name: GetAccrual :one
SELECT e.id, e.connection_id, c.name AS connection_name, e.reference, e.entry_type, e.status, e.fiscal_year, e.period, e.entry_on, e.currency, e.clearing,
       a.compared_at, coalesce(a.transactions, 0)::bigint AS transactions, coalesce(a.settled, 0)::bigint AS settled, coalesce(a.settlements, '{}')::bigint[] AS settlements,
       ARRAY (SELECT s.amazon_id FROM settlement s WHERE s.id = ANY (a.settlements) ORDER BY s.id)::text[] AS amazon_ids, coalesce(a.differing, 0)::bigint AS differing
FROM journal_entry e JOIN connection c ON c.id = e.connection_id LEFT JOIN accrual_comparison a ON a.entry_id = e.id WHERE e.id = $1 AND e.entry_type = 'accrual';

-- name: AccrualDifferences :many
SELECT position, account, order_id, coalesce(transaction_id, 0)::bigint AS transaction_id, accrued, open, settled
FROM accrual_difference WHERE entry_id = @entry_id AND of_order = @of_order AND position > @after_position ORDER BY position LIMIT @page_size;

-- name: AccrualsToCompare :many
-- Those that may be beside settlements otherwise than is kept: never compared, changed, not all settled, or settled by a report that another one replaced.
SELECT e.id, e.row_version, e.entry_type, e.entry_on, coalesce(e.rule_set_id, 0)::bigint AS rule_set_id,
       coalesce(a.row_version, -1)::int AS compared_version, coalesce(a.transactions, -1)::bigint AS transactions, coalesce(a.settled, 0)::bigint AS settled, coalesce(a.settlements, '{}')::bigint[] AS settlements
FROM journal_entry e LEFT JOIN accrual_comparison a ON a.entry_id = e.id
WHERE e.connection_id = @connection_id AND e.entry_type IN ('accrual', 'deferral') AND e.status <> 'discarded'
  AND (a.entry_id IS NULL OR a.row_version <> e.row_version
       OR e.entry_type = 'accrual' AND (a.settled < a.transactions OR EXISTS (SELECT 1 FROM settlement s WHERE s.id = ANY (a.settlements) AND s.replaced_at IS NOT NULL)))
ORDER BY e.id;

-- name: AccruedTransactions :many
-- How many transactions an accrual rests on, by the settlement that has them by now; 0: none has.
SELECT coalesce(t.settlement_id, 0)::bigint AS settlement_id, count(DISTINCT x.subject) AS transactions
FROM journal_evidence x JOIN finance_transaction t ON t.connection_id = @connection_id AND t.transaction_id = x.subject
WHERE x.entry_id = @entry_id GROUP BY 1 ORDER BY 1;

-- name: SettledSubjects :many
-- What lines of settlements can be to a rule; no line is anything else.
SELECT DISTINCT k.id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign, coalesce(p.product_group, '')::text AS product_group, r.fulfillment
FROM sku_sum a JOIN rollup r ON r.settlement_id = a.settlement_id AND r.kind_id = a.kind_id JOIN kind k ON k.id = a.kind_id LEFT JOIN product p ON p.id = a.product_id
WHERE a.settlement_id = ANY (@settlements::bigint[]) ORDER BY k.id;

-- name: KeepComparison :exec
INSERT INTO accrual_comparison (entry_id, row_version, transactions, settled, settlements, differing, compared_at) VALUES (@entry_id, @row_version, @transactions, @settled, @settlements, 0, @now)
ON CONFLICT (entry_id) DO UPDATE SET row_version = excluded.row_version, transactions = excluded.transactions, settled = excluded.settled, settlements = excluded.settlements, differing = 0, compared_at = excluded.compared_at;

-- name: ForgetDifferences :exec
DELETE FROM accrual_difference WHERE entry_id = $1;

-- name: KeepDifferences :exec
-- An accrual beside what settlements say up to a day: by account, and by order and
-- account where they differ of what is settled by now. Subjects come in as arrays
-- with the account of each; what has none stands there as such.
WITH told AS MATERIALIZED (
    SELECT unnest(@kinds::int[]) AS kind_id, unnest(@product_groups::text[]) AS product_group, unnest(@fulfillments::text[]) AS fulfillment, unnest(@accounts::text[]) AS account
), piece AS (
    SELECT coalesce(l.order_id, '') COLLATE "C" AS order_id, coalesce(t.account, 'no account') COLLATE "C" AS account, l.amount AS settled, 0::numeric AS accrued, 0::numeric AS open, NULL::bigint AS transaction_id
    FROM settlement_line l LEFT JOIN product p ON p.id = l.product_id
    LEFT JOIN told t ON t.kind_id = l.kind_id AND t.product_group = coalesce(p.product_group, '') AND t.fulfillment = l.fulfillment
    WHERE l.settlement_id = ANY (@settlements::bigint[]) AND l.posted_on <= @until_on::date
    UNION ALL
    SELECT t.order_id, l.account, 0, x.amount, CASE WHEN t.settlement_id IS NULL THEN x.amount ELSE 0 END, t.id
    FROM journal_evidence x JOIN journal_line l ON l.entry_id = x.entry_id AND l.line_no = x.line_no
    JOIN finance_transaction t ON t.connection_id = @connection_id AND t.transaction_id = x.subject
    WHERE x.entry_id = @entry_id::bigint
), kept AS (
    INSERT INTO accrual_difference (entry_id, position, of_order, account, order_id, transaction_id, accrued, open, settled)
    SELECT @entry_id::bigint, row_number() OVER (ORDER BY grouping(order_id) DESC, order_id, account), grouping(order_id) = 0, account, coalesce(order_id, ''),
           CASE WHEN grouping(order_id) = 0 THEN max(transaction_id) END, sum(accrued), sum(open), sum(settled)
    FROM piece GROUP BY GROUPING SETS ((account), (order_id, account))
    HAVING CASE WHEN grouping(order_id) = 0 THEN sum(settled) - sum(accrued) + sum(open) <> 0 ELSE sum(accrued) <> 0 OR sum(settled) <> 0 END
    RETURNING of_order
)
UPDATE accrual_comparison SET differing = (SELECT count(*) FROM kept WHERE of_order) WHERE entry_id = @entry_id::bigint;
