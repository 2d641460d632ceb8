-- name: GetRuleSet :one
SELECT id, connection_id, number, state, template, note, based_on, extension, created_by, created_at,
       submitted_by, submitted_at, published_by, published_at, version
FROM rule_set WHERE id = $1;

-- name: PublishedRuleSetID :one
SELECT id FROM rule_set WHERE connection_id = $1 AND state = 'published';

-- name: PreparedRuleSetID :one
SELECT id FROM rule_set WHERE connection_id = $1 AND state IN ('draft', 'submitted') AND NOT extension;

-- name: RuleSetIDByNumber :one
SELECT id FROM rule_set WHERE connection_id = $1 AND number = $2;

-- name: LockRuleSet :one
SELECT id, connection_id, number, state, note, based_on, version FROM rule_set WHERE id = $1 FOR NO KEY UPDATE;

-- name: ListRuleSets :many
SELECT r.id, r.number, r.state, r.template, r.note, r.based_on, r.extension, r.created_at, r.submitted_at, r.published_at, r.version,
       coalesce(c.name, '') AS created_name, coalesce(s.name, '') AS submitted_name, coalesce(p.name, '') AS published_name,
       (SELECT count(*) FROM mapping_rule m WHERE m.rule_set_id = r.id)::int AS rules,
       coalesce((SELECT array_agg(e.name ORDER BY e.name) FROM rule_set_editor x JOIN person e ON e.id = x.person_id
                 WHERE x.rule_set_id = r.id), '{}')::text[] AS editors
FROM rule_set r
LEFT JOIN person c ON c.id = r.created_by
LEFT JOIN person s ON s.id = r.submitted_by
LEFT JOIN person p ON p.id = r.published_by
WHERE r.connection_id = $1
ORDER BY coalesce(r.published_at, 'infinity') DESC, r.number DESC;

-- name: RulesOfSet :many
SELECT id, lineage, position, marketplace_match, marketplace, transaction_type_match, transaction_type, amount_type_match, amount_type,
       amount_description_match, amount_description, sign, product_group, fulfillment, category, slot, account, branch,
       by_marketplace, gross, note
FROM mapping_rule WHERE rule_set_id = $1 ORDER BY position;

-- name: AccountsOfSet :many
SELECT slot, account FROM rule_set_account WHERE rule_set_id = $1 ORDER BY slot;

-- name: LockConnectionRules :one
-- One numbering, one publication at a time per connection.
SELECT id FROM connection WHERE id = $1 FOR NO KEY UPDATE;

-- name: InsertRuleSet :one
INSERT INTO rule_set (connection_id, number, state, template, note, based_on, extension, created_by, published_at)
SELECT @connection_id, coalesce(max(number), 0) + 1, @state, @template, @note, sqlc.narg(based_on)::bigint, @extension,
       sqlc.narg(created_by)::bigint, sqlc.narg(published_at)::timestamptz
FROM rule_set WHERE connection_id = @connection_id
RETURNING id;

-- name: CopyRules :exec
INSERT INTO mapping_rule (rule_set_id, lineage, position, marketplace_match, marketplace, transaction_type_match, transaction_type,
    amount_type_match, amount_type, amount_description_match, amount_description, sign, product_group, fulfillment, category, slot,
    account, branch, by_marketplace, gross, note)
SELECT @to_set::bigint, lineage, position, marketplace_match, marketplace, transaction_type_match, transaction_type,
    amount_type_match, amount_type, amount_description_match, amount_description, sign, product_group, fulfillment, category, slot,
    account, branch, by_marketplace, gross, note
FROM mapping_rule WHERE rule_set_id = @from_set::bigint;

-- name: CopyAccounts :exec
INSERT INTO rule_set_account (rule_set_id, slot, account)
SELECT @to_set::bigint, slot, account FROM rule_set_account WHERE rule_set_id = @from_set::bigint;

-- name: NextLineages :many
SELECT nextval('mapping_rule_lineage')::bigint FROM generate_series(1, @wanted::int);

-- name: InsertRules :copyfrom
INSERT INTO mapping_rule (rule_set_id, lineage, position, marketplace_match, marketplace, transaction_type_match, transaction_type,
    amount_type_match, amount_type, amount_description_match, amount_description, sign, product_group, fulfillment, category, slot,
    account, branch, by_marketplace, gross, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21);

-- name: InsertAccounts :copyfrom
INSERT INTO rule_set_account (rule_set_id, slot, account) VALUES ($1, $2, $3);

-- name: UpdateRule :execrows
UPDATE mapping_rule
SET marketplace_match = @marketplace_match, marketplace = @marketplace, transaction_type_match = @transaction_type_match,
    transaction_type = @transaction_type, amount_type_match = @amount_type_match, amount_type = @amount_type,
    amount_description_match = @amount_description_match, amount_description = @amount_description, sign = @sign,
    product_group = @product_group, fulfillment = @fulfillment, category = @category, slot = @slot, account = @account,
    branch = @branch, by_marketplace = @by_marketplace, gross = @gross, note = @note
WHERE id = @id AND rule_set_id = @rule_set_id;

-- name: DeleteRule :execrows
DELETE FROM mapping_rule WHERE id = $1 AND rule_set_id = $2;

-- name: DeleteRules :exec
DELETE FROM mapping_rule WHERE rule_set_id = $1;

-- name: OrderRules :exec
-- Positions follow the order of the ids, from 1.
UPDATE mapping_rule m SET position = o.position
FROM unnest(@ids::bigint[]) WITH ORDINALITY AS o (id, position)
WHERE m.id = o.id AND m.rule_set_id = @rule_set_id AND m.position <> o.position;

-- name: SetAccount :exec
INSERT INTO rule_set_account (rule_set_id, slot, account) VALUES ($1, $2, $3)
ON CONFLICT (rule_set_id, slot) DO UPDATE SET account = excluded.account;

-- name: ClearAccount :exec
DELETE FROM rule_set_account WHERE rule_set_id = $1 AND slot = $2;

-- name: ClearAccounts :exec
DELETE FROM rule_set_account WHERE rule_set_id = $1;

-- name: TouchRuleSet :one
UPDATE rule_set SET version = version + 1 WHERE id = $1 RETURNING version;

-- name: NoteRuleSet :exec
UPDATE rule_set SET note = $2 WHERE id = $1;

-- name: RebaseRuleSet :exec
UPDATE rule_set SET based_on = @based_on::bigint WHERE id = @id;

-- name: AddRuleSetEditor :exec
INSERT INTO rule_set_editor (rule_set_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: SubmitRuleSet :exec
UPDATE rule_set SET state = 'submitted', submitted_by = @person::bigint, submitted_at = @at::timestamptz, version = version + 1 WHERE id = @id;

-- name: WithdrawRuleSet :exec
UPDATE rule_set SET state = 'draft', version = version + 1 WHERE id = $1;

-- name: PublishRuleSet :exec
UPDATE rule_set SET state = 'published', published_by = @person::bigint, published_at = @at::timestamptz, version = version + 1 WHERE id = @id;

-- name: DeleteRuleSet :exec
DELETE FROM rule_set WHERE id = $1;

-- name: ChartOfAccounts :many
SELECT account, description, active, control FROM gl_account WHERE connection_id = $1 ORDER BY account;

-- name: SubjectTotals :many
-- Everything imported so far, summed up by what rules look at.
SELECT r.kind_id, r.product_group, r.fulfillment, s.currency, sum(r.lines)::bigint AS lines, sum(r.amount)::numeric AS amount
FROM settlement s JOIN month_sum r ON r.settlement_id = s.id
WHERE s.connection_id = $1 AND s.replaced_at IS NULL
GROUP BY r.kind_id, r.product_group, r.fulfillment, s.currency
ORDER BY r.kind_id, r.product_group, r.fulfillment, s.currency;

-- name: SumsByMonth :many
SELECT r.kind_id, r.product_group, r.fulfillment, s.currency, r.month AS first_on, sum(r.lines)::bigint AS lines, sum(r.amount)::numeric AS amount
FROM settlement s JOIN connection c ON c.id = s.connection_id JOIN month_sum r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL
  AND (sqlc.narg(ends_from)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date >= sqlc.narg(ends_from)::date)
  AND (sqlc.narg(ends_to)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date <= sqlc.narg(ends_to)::date)
  AND (sqlc.narg(posted_from)::date IS NULL OR r.month >= sqlc.narg(posted_from)::date)
  AND (sqlc.narg(posted_to)::date IS NULL OR r.month <= sqlc.narg(posted_to)::date)
GROUP BY r.kind_id, r.product_group, r.fulfillment, s.currency, r.month;

-- name: SumsByStretch :many
-- SumsByMonth for periods that are no months: days between two bounds fall into
-- one sum, which says the first of them.
SELECT r.kind_id, r.product_group, r.fulfillment, s.currency, min(r.posted_on)::date AS first_on, sum(r.lines)::bigint AS lines, sum(r.amount)::numeric AS amount
FROM settlement s JOIN connection c ON c.id = s.connection_id JOIN rollup r ON r.settlement_id = s.id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL
  AND (sqlc.narg(ends_from)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date >= sqlc.narg(ends_from)::date)
  AND (sqlc.narg(ends_to)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date <= sqlc.narg(ends_to)::date)
  AND (sqlc.narg(posted_from)::date IS NULL OR r.posted_on >= sqlc.narg(posted_from)::date)
  AND (sqlc.narg(posted_to)::date IS NULL OR r.posted_on <= sqlc.narg(posted_to)::date)
GROUP BY r.kind_id, r.product_group, r.fulfillment, s.currency, width_bucket(r.posted_on, @bounds::date[]);

-- name: SettlementsInRange :one
SELECT count(*) FROM settlement s JOIN connection c ON c.id = s.connection_id
WHERE s.connection_id = @connection_id AND s.replaced_at IS NULL
  AND (sqlc.narg(ends_from)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date >= sqlc.narg(ends_from)::date)
  AND (sqlc.narg(ends_to)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date <= sqlc.narg(ends_to)::date);

-- name: SettlementsOfSubject :many
SELECT s.id, s.amazon_id, s.currency, (s.start_at AT TIME ZONE c.time_zone)::date AS start_on, (s.end_at AT TIME ZONE c.time_zone)::date AS end_on,
       sum(r.lines)::bigint AS lines, sum(r.amount)::numeric AS amount
FROM rollup r JOIN settlement s ON s.id = r.settlement_id JOIN connection c ON c.id = s.connection_id
WHERE r.kind_id = @kind_id AND r.product_group = @product_group AND r.fulfillment = @fulfillment
  AND s.connection_id = @connection_id AND s.replaced_at IS NULL
  AND (sqlc.narg(ends_from)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date >= sqlc.narg(ends_from)::date)
  AND (sqlc.narg(ends_to)::date IS NULL OR (s.end_at AT TIME ZONE c.time_zone)::date <= sqlc.narg(ends_to)::date)
  AND (sqlc.narg(posted_from)::date IS NULL OR r.posted_on >= sqlc.narg(posted_from)::date)
  AND (sqlc.narg(posted_to)::date IS NULL OR r.posted_on <= sqlc.narg(posted_to)::date)
GROUP BY s.id, c.id
ORDER BY s.end_at DESC, s.id DESC;

-- name: ConnectionForRules :one
SELECT amazon_region, functional_currency, revenue_mode, marketplace_ids FROM connection WHERE id = $1;

-- name: CalendarOfConnection :many
SELECT p.fiscal_year, p.number, p.starts_on, p.ends_on, (p.closed OR period_closed(p.connection_id, p.fiscal_year, p.number))::boolean AS closed
FROM fiscal_period p WHERE p.connection_id = $1 ORDER BY p.starts_on, p.number;

-- name: KindOfConnection :one
SELECT id, marketplace, transaction_type, amount_type, amount_description, sign FROM kind WHERE id = $1 AND connection_id = $2;

-- name: ProductGroupOf :one
SELECT product_group FROM product WHERE connection_id = $1 AND sku = $2;
