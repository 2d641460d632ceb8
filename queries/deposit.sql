-- name: ListBankAccounts :many
SELECT a.id, a.name, a.number, a.currency, a.gl_account, a.csv_mapping, a.version,
       (SELECT array_agg(c.connection_id ORDER BY c.connection_id) FROM bank_account_connection c WHERE c.bank_account_id = a.id)::bigint[] AS connections,
       coalesce(v.from_on, '0001-01-01')::date AS from_on, coalesce(v.to_on, '0001-01-01')::date AS to_on, v.statements
FROM bank_account a
CROSS JOIN LATERAL (SELECT min(s.from_on) AS from_on, max(s.to_on) AS to_on, count(*) AS statements FROM bank_statement s WHERE s.bank_account_id = a.id) v
ORDER BY a.name;

-- name: InsertBankAccount :one
INSERT INTO bank_account (name, number, currency, gl_account) VALUES (@name, @number, @currency, @gl_account) RETURNING id;

-- name: UpdateBankAccount :execrows
UPDATE bank_account SET name = @name, number = @number, currency = @currency, gl_account = @gl_account, updated_at = @now, version = version + 1
WHERE id = @id AND version = @version;

-- name: UnlinkBankAccount :exec
DELETE FROM bank_account_connection WHERE bank_account_id = $1;

-- name: LinkBankAccount :exec
INSERT INTO bank_account_connection (bank_account_id, connection_id) SELECT @bank_account_id, unnest(@connections::bigint[]);

-- name: SetBankMapping :exec
UPDATE bank_account SET csv_mapping = @csv_mapping, updated_at = @now WHERE id = @id;

-- name: LockBankAccount :one
-- Whoever reads a statement in holds its account until the end.
SELECT currency FROM bank_account WHERE id = $1 FOR UPDATE;

-- name: StatementsOfDocument :many
SELECT position FROM bank_statement WHERE bank_account_id = @bank_account_id AND document_id = @document_id;

-- name: KnownBankLines :many
SELECT identity FROM bank_line WHERE bank_account_id = @bank_account_id AND identity = ANY (@identities::bytea[]);

-- name: InsertBankStatement :one
INSERT INTO bank_statement (bank_account_id, document_id, position, format, number, from_on, to_on, opening, closing, line_count, line_sum, new_count, new_sum, problem_count, created_by, created_at)
VALUES (@bank_account_id, @document_id, @position, @format, @number, @from_on, @to_on, @opening, @closing, @line_count, @line_sum, @new_count, @new_sum, @problem_count, @created_by, @now) RETURNING id;

-- name: InsertBankLines :copyfrom
INSERT INTO bank_line (bank_account_id, statement_id, line_no, identity, booked_on, value_on, amount, description, refs, bank_ref, reversal, returned, likely)
VALUES (@bank_account_id, @statement_id, @line_no, @identity, @booked_on, @value_on, @amount, @description, @refs, @bank_ref, @reversal, @returned, @likely);

-- name: InsertBankProblems :exec
INSERT INTO bank_problem (document_id, position, line_no, message)
SELECT @document_id, unnest(@positions::int[]), unnest(@line_nos::int[]), unnest(@messages::text[])
ON CONFLICT DO NOTHING;

-- name: BankProblems :many
SELECT line_no, message FROM bank_problem WHERE document_id = $1 ORDER BY position;

-- name: ListBankStatements :many
SELECT s.id, s.bank_account_id, a.name AS account_name, a.currency, s.document_id, d.name AS file_name, s.format, s.number, s.from_on, s.to_on, s.opening, s.closing,
       s.line_count, s.line_sum, s.new_count, s.problem_count, coalesce(p.name, '') AS created_name, s.created_at
FROM bank_statement s JOIN bank_account a ON a.id = s.bank_account_id JOIN document d ON d.id = s.document_id LEFT JOIN person p ON p.id = s.created_by
WHERE (@connection_id::bigint = 0 OR EXISTS (SELECT 1 FROM bank_account_connection c WHERE c.bank_account_id = a.id AND c.connection_id = @connection_id))
  AND (@bank_account_id::bigint = 0 OR a.id = @bank_account_id) AND (@document_id::bigint = 0 OR s.document_id = @document_id) AND (@after_id::bigint = 0 OR s.id < @after_id)
ORDER BY s.id DESC LIMIT @page_size;

-- name: ListBankLines :many
SELECT l.id, l.bank_account_id, a.name AS account_name, a.currency, l.statement_id, l.line_no, l.booked_on, l.value_on, l.amount, l.description, l.refs, l.bank_ref, l.reversal, l.returned, l.likely,
       coalesce(m.matched, 0)::numeric AS matched, i.reason AS ignored, coalesce(w.name, '') AS ignored_name, i.ignored_at
FROM bank_line l JOIN bank_account a ON a.id = l.bank_account_id
LEFT JOIN bank_line_ignored i ON i.line_id = l.id AND i.ended_at IS NULL LEFT JOIN person w ON w.id = i.ignored_by
LEFT JOIN LATERAL (SELECT sum(p.amount) AS matched FROM deposit_part p WHERE p.line_id = l.id) m ON true
WHERE (@connection_id::bigint = 0 OR EXISTS (SELECT 1 FROM bank_account_connection c WHERE c.bank_account_id = a.id AND c.connection_id = @connection_id))
  AND (@bank_account_id::bigint = 0 OR a.id = @bank_account_id) AND (@statement_id::bigint = 0 OR l.statement_id = @statement_id)
  AND (@currency::text = '' OR a.currency = @currency)
  AND (@state::text = 'all' OR CASE WHEN i.id IS NOT NULL THEN @state::text = 'ignored'
                                    WHEN coalesce(m.matched, 0) = l.amount THEN @state::text = 'matched'
                                    WHEN coalesce(m.matched, 0) <> 0 THEN @state::text IN ('differs', 'open', 'amazon')
                                    WHEN l.likely AND l.amount > 0 THEN @state::text IN ('amazon', 'open')
                                    ELSE @state::text = 'open' END)
  AND (@pattern::text = '' OR l.description ILIKE @pattern OR l.bank_ref ILIKE @pattern OR array_to_string(l.refs, ' ') ILIKE @pattern OR l.amount::text ILIKE @pattern)
  AND (@after_id::bigint = 0 OR (l.booked_on, l.id) < (@after_on::date, @after_id::bigint))
ORDER BY l.booked_on DESC, l.id DESC LIMIT @page_size;

-- name: GetBankLine :one
SELECT l.id, l.bank_account_id, a.name AS account_name, a.currency, l.statement_id, l.line_no, l.booked_on, l.value_on, l.amount, l.description, l.refs, l.bank_ref, l.reversal, l.returned, l.likely,
       coalesce((SELECT sum(p.amount) FROM deposit_part p WHERE p.line_id = l.id), 0)::numeric AS matched, i.reason AS ignored, coalesce(w.name, '') AS ignored_name, i.ignored_at
FROM bank_line l JOIN bank_account a ON a.id = l.bank_account_id
LEFT JOIN bank_line_ignored i ON i.line_id = l.id AND i.ended_at IS NULL LEFT JOIN person w ON w.id = i.ignored_by
WHERE l.id = $1;

-- name: IgnoreBankLine :exec
INSERT INTO bank_line_ignored (line_id, reason, ignored_by, ignored_at) VALUES (@line_id, @reason, @person_id, @now);

-- name: EndIgnoring :execrows
UPDATE bank_line_ignored SET ended_by = @person_id, ended_at = @now WHERE line_id = @line_id AND ended_at IS NULL;

-- name: ListAwaited :many
SELECT d.settlement_id, d.connection_id, c.name AS connection_name, d.amazon_id, d.currency, d.due_on, d.amount, d.matched, d.state
FROM deposit d JOIN connection c ON c.id = d.connection_id
WHERE (@connection_id::bigint = 0 OR d.connection_id = @connection_id) AND (@currency::text = '' OR d.currency = @currency)
  AND (@settlement_id::bigint = 0 OR d.settlement_id = @settlement_id)
  AND (@any_state::boolean OR d.state = ANY (@states::text[]))
  AND (@pattern::text = '' OR d.amazon_id ILIKE @pattern OR d.amount::text ILIKE @pattern)
  AND (@after_id::bigint = 0 OR (d.due_on, d.settlement_id) < (@after_on::date, @after_id::bigint))
ORDER BY d.due_on DESC, d.settlement_id DESC LIMIT @page_size;

-- name: SumAwaited :many
SELECT d.currency, d.state, count(*) AS deposits, sum(d.amount)::numeric AS amount, sum(d.matched)::numeric AS matched
FROM deposit d WHERE (@connection_id::bigint = 0 OR d.connection_id = @connection_id) GROUP BY d.currency, d.state ORDER BY d.currency, d.state;

-- name: OpenBankLines :many
-- What rules may match; a line that was taken for something else is not.
SELECT l.id, l.bank_account_id, a.currency, l.booked_on, (l.amount - coalesce(m.matched, 0))::numeric AS open, l.description, l.refs, l.likely,
       (SELECT array_agg(c.connection_id ORDER BY c.connection_id) FROM bank_account_connection c WHERE c.bank_account_id = a.id)::bigint[] AS connections
FROM bank_line l JOIN bank_account a ON a.id = l.bank_account_id
LEFT JOIN LATERAL (SELECT sum(p.amount) AS matched FROM deposit_part p WHERE p.line_id = l.id) m ON true
WHERE l.booked_on BETWEEN @from_on AND @to_on AND coalesce(m.matched, 0) <> l.amount
  AND NOT EXISTS (SELECT 1 FROM bank_line_ignored i WHERE i.line_id = l.id AND i.ended_at IS NULL)
  AND (@connection_id::bigint = 0 OR EXISTS (SELECT 1 FROM bank_account_connection c WHERE c.bank_account_id = a.id AND c.connection_id = @connection_id))
ORDER BY l.booked_on, l.id LIMIT @most;

-- name: UnexplainedDeposits :many
-- What deposits say that no bank line shows, less what bank lines of Amazon show
-- that no deposit says. A line counts with its account's first connection.
SELECT x.connection_id, x.currency, sum(x.amount)::numeric AS amount, count(*) AS items FROM (
    SELECT d.connection_id, d.currency, d.amount - d.matched AS amount FROM deposit d
    WHERE d.state IN ('missing', 'differs') AND (@connection_id::bigint = 0 OR d.connection_id = @connection_id)
    UNION ALL
    SELECT c.connection_id, a.currency, coalesce(m.matched, 0) - l.amount FROM bank_line l JOIN bank_account a ON a.id = l.bank_account_id
    JOIN LATERAL (SELECT min(b.connection_id) AS connection_id FROM bank_account_connection b WHERE b.bank_account_id = a.id) c ON true
    LEFT JOIN LATERAL (SELECT sum(p.amount) AS matched FROM deposit_part p WHERE p.line_id = l.id) m ON true
    WHERE ((l.likely AND l.amount > 0) OR coalesce(m.matched, 0) <> 0) AND coalesce(m.matched, 0) <> l.amount
      AND NOT EXISTS (SELECT 1 FROM bank_line_ignored i WHERE i.line_id = l.id AND i.ended_at IS NULL)
      AND (@connection_id::bigint = 0 OR c.connection_id = @connection_id)) x
GROUP BY x.connection_id, x.currency ORDER BY x.connection_id, x.currency;

-- name: BankCoverage :many
SELECT v.connection_id, v.currency, coalesce(v.from_on, '0001-01-01')::date AS from_on, coalesce(v.to_on, '0001-01-01')::date AS to_on FROM bank_coverage v WHERE @connection_id::bigint = 0 OR v.connection_id = @connection_id ORDER BY v.connection_id, v.currency;

-- name: MatchesByItself :one
-- Whether a job may match a connection's deposits.
SELECT coalesce((SELECT match_deposits = 'automatic' FROM policy WHERE connection_id = @connection_id), false)::boolean;

-- name: TakenApart :many
-- What people have taken apart of a connection's deposits: no job puts it together again.
SELECT DISTINCT p.line_id::bigint AS line_id, p.settlement_id::bigint AS settlement_id
FROM deposit_unmatch u JOIN deposit_match_part p ON p.match_id = u.match_id JOIN settlement s ON s.id = p.settlement_id
WHERE s.connection_id = @connection_id AND p.line_id IS NOT NULL;

-- name: InsertDepositMatch :one
INSERT INTO deposit_match (currency, rule, reason, difference, restores, matched_by, matched_at)
VALUES (@currency, @rule, @reason, @difference, @restores, @matched_by, @now) RETURNING id;

-- name: InsertDepositParts :exec
INSERT INTO deposit_match_part (match_id, position, line_id, settlement_id, amount)
SELECT @match_id, unnest(@positions::int[]), nullif(unnest(@line_ids::bigint[]), 0), nullif(unnest(@settlement_ids::bigint[]), 0), unnest(@amounts::numeric[]);

-- name: ListDepositMatches :many
SELECT m.id, m.currency, m.rule, m.reason, m.difference, coalesce(w.name, '') AS matched_name, m.matched_at, u.reason AS undone, coalesce(x.name, '') AS undone_name, u.done_at,
       EXISTS (SELECT 1 FROM deposit_match r WHERE r.restores = m.id) AS restored
FROM deposit_match m LEFT JOIN person w ON w.id = m.matched_by LEFT JOIN deposit_unmatch u ON u.match_id = m.id LEFT JOIN person x ON x.id = u.done_by
WHERE (@id::bigint = 0 OR m.id = @id) AND (@state::text = 'all' OR (u.match_id IS NOT NULL) = (@state::text = 'undone'))
  AND (@connection_id::bigint = 0 OR EXISTS (
      SELECT 1 FROM deposit_match_part p LEFT JOIN settlement s ON s.id = p.settlement_id LEFT JOIN bank_line l ON l.id = p.line_id
      LEFT JOIN bank_account_connection c ON c.bank_account_id = l.bank_account_id
      WHERE p.match_id = m.id AND (s.connection_id = @connection_id OR (s.id IS NULL AND c.connection_id = @connection_id))))
  AND (@line_id::bigint = 0 OR EXISTS (SELECT 1 FROM deposit_match_part p WHERE p.match_id = m.id AND p.line_id = @line_id))
  AND (@settlement_id::bigint = 0 OR EXISTS (SELECT 1 FROM deposit_match_part p JOIN settlement s ON s.id = p.settlement_id JOIN settlement t ON t.connection_id = s.connection_id AND t.amazon_id = s.amazon_id
                                             WHERE p.match_id = m.id AND t.id = @settlement_id))
  AND (@after_id::bigint = 0 OR m.id < @after_id)
ORDER BY m.id DESC LIMIT @page_size;

-- name: PartsOfMatches :many
SELECT p.match_id, coalesce(p.line_id, 0)::bigint AS line_id, coalesce(p.settlement_id, 0)::bigint AS settlement_id, p.amount, coalesce(s.amazon_id, '') AS amazon_id, coalesce(s.connection_id, 0)::bigint AS connection_id, coalesce(c.name, '') AS connection_name,
       l.booked_on, coalesce(l.description, '') AS description, coalesce(a.name, '') AS account_name
FROM deposit_match_part p LEFT JOIN settlement s ON s.id = p.settlement_id LEFT JOIN connection c ON c.id = s.connection_id LEFT JOIN bank_line l ON l.id = p.line_id LEFT JOIN bank_account a ON a.id = l.bank_account_id
WHERE p.match_id = ANY (@match_ids::bigint[]) ORDER BY p.match_id, p.position;

-- name: Unmatch :execrows
INSERT INTO deposit_unmatch (match_id, reason, done_by, done_at) VALUES (@match_id, @reason, @person_id, @now) ON CONFLICT DO NOTHING;
