-- name: OpenBalances :many
-- What posted entries leave on accounts in other currencies, up to a period.
SELECT e.currency, l.account, sum(l.debit - l.credit)::numeric AS balance, sum(l.functional_debit - l.functional_credit)::numeric AS carried
FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id
WHERE e.connection_id = @connection_id AND e.status IN ('posted', 'reversed') AND e.currency <> e.functional_currency
  AND (e.fiscal_year, e.period) <= (@fiscal_year::int, @period::int) AND l.account = ANY (@accounts::text[])
GROUP BY e.currency, l.account ORDER BY e.currency, l.account;

-- name: ReceivedDeposits :many
-- What entries up to a period put on the clearing account for deposits that came by its end.
SELECT s.id, s.amazon_id, s.currency, (s.deposit_at AT TIME ZONE c.time_zone)::date AS received_on, l.account,
       sum(l.debit - l.credit)::numeric AS balance, sum(l.functional_debit - l.functional_credit)::numeric AS carried
FROM settlement s JOIN connection c ON c.id = s.connection_id
JOIN journal_entry e ON e.settlement_id = s.id AND e.status IN ('posted', 'reversed') AND (e.fiscal_year, e.period) <= (@fiscal_year::int, @period::int)
JOIN journal_line l ON l.entry_id = e.id AND l.clearing
WHERE s.connection_id = @connection_id AND s.currency <> c.functional_currency AND s.deposit > 0 AND s.deposit_at IS NOT NULL
  AND (s.deposit_at AT TIME ZONE c.time_zone)::date <= @ends_on::date
GROUP BY s.id, c.id, l.account ORDER BY s.deposit_at, s.id;

-- name: UnpostedForeign :many
-- Entries in other currencies of a period or before that are not posted.
SELECT e.currency, count(*) AS entries FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.currency <> e.functional_currency AND e.status IN ('draft', 'submitted', 'approved', 'posting', 'unknown')
  AND (e.fiscal_year, e.period) <= (@fiscal_year::int, @period::int)
GROUP BY e.currency;

-- name: RevaluationsOf :many
-- The live revaluation entries of a period.
SELECT e.id, e.subject, e.reference, e.status, e.functional_total FROM journal_entry e
WHERE e.connection_id = @connection_id AND e.entry_type = 'revaluation' AND e.fiscal_year = @fiscal_year AND e.period = @period AND e.status NOT IN ('reversed', 'discarded');
