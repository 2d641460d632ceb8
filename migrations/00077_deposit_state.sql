-- The state of a deposit asks what is matched four times: it is added up once.

-- +goose Up
CREATE OR REPLACE VIEW deposit WITH (security_invoker = true) AS
SELECT s.id AS settlement_id, s.connection_id, s.amazon_id, s.currency, d.due_on, s.deposit AS amount, m.matched,
       CASE WHEN s.deposit = 0 AND m.matched = 0 THEN 'nothing'
            WHEN m.matched = s.deposit THEN 'received'
            WHEN m.matched <> 0 THEN 'differs'
            WHEN s.deposit < 0 THEN 'owed'
            WHEN EXISTS (SELECT 1 FROM kind k JOIN kind_sum r ON r.kind_id = k.id JOIN settlement n ON n.id = r.settlement_id
                         WHERE s.deposit > 0 AND k.connection_id = s.connection_id AND k.amount_description ILIKE 'Transfer of funds unsuccessful%' AND r.amount = s.deposit
                           AND n.connection_id = s.connection_id AND n.currency = s.currency AND n.replaced_at IS NULL
                           AND n.start_at BETWEEN s.end_at - interval '1 day' AND s.end_at + interval '26 hours') THEN 'bounced'
            WHEN v.from_on IS NULL THEN 'unwatched'
            WHEN d.due_on < v.from_on THEN 'before'
            WHEN d.due_on + 5 > v.to_on THEN 'under_way'
            ELSE 'missing' END AS state
FROM settlement s
CROSS JOIN LATERAL (SELECT coalesce(sum(p.amount), 0)::numeric(19, 4) AS matched FROM settlement o JOIN deposit_part p ON p.settlement_id = o.id
                    WHERE o.connection_id = s.connection_id AND o.amazon_id = s.amazon_id) m
CROSS JOIN LATERAL (SELECT (coalesce(s.deposit_at, s.end_at) AT TIME ZONE 'UTC')::date AS due_on) d
LEFT JOIN bank_coverage v ON v.connection_id = s.connection_id AND v.currency = s.currency
WHERE s.replaced_at IS NULL;

-- +goose Down
CREATE OR REPLACE VIEW deposit WITH (security_invoker = true) AS
SELECT d.settlement_id, d.connection_id, d.amazon_id, d.currency, d.due_on, d.amount, d.matched,
       CASE WHEN d.amount = 0 AND d.matched = 0 THEN 'nothing'
            WHEN d.matched = d.amount THEN 'received'
            WHEN d.matched <> 0 THEN 'differs'
            WHEN d.amount < 0 THEN 'owed'
            WHEN d.bounced THEN 'bounced'
            WHEN v.from_on IS NULL THEN 'unwatched'
            WHEN d.due_on < v.from_on THEN 'before'
            WHEN d.due_on + 5 > v.to_on THEN 'under_way'
            ELSE 'missing' END AS state
FROM (SELECT s.id AS settlement_id, s.connection_id, s.amazon_id, s.currency, (coalesce(s.deposit_at, s.end_at) AT TIME ZONE 'UTC')::date AS due_on, s.deposit AS amount,
             coalesce((SELECT sum(p.amount) FROM settlement o JOIN deposit_part p ON p.settlement_id = o.id
                       WHERE o.connection_id = s.connection_id AND o.amazon_id = s.amazon_id), 0)::numeric(19, 4) AS matched,
             EXISTS (SELECT 1 FROM kind k JOIN kind_sum r ON r.kind_id = k.id JOIN settlement n ON n.id = r.settlement_id
                     WHERE s.deposit > 0 AND k.connection_id = s.connection_id AND k.amount_description ILIKE 'Transfer of funds unsuccessful%' AND r.amount = s.deposit
                       AND n.connection_id = s.connection_id AND n.currency = s.currency AND n.replaced_at IS NULL
                       AND n.start_at BETWEEN s.end_at - interval '1 day' AND s.end_at + interval '26 hours') AS bounced
      FROM settlement s WHERE s.replaced_at IS NULL) d
LEFT JOIN bank_coverage v ON v.connection_id = d.connection_id AND v.currency = d.currency;
