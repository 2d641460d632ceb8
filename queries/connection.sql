-- name: InsertConnection :one
INSERT INTO connection (name, title, environment, amazon_region, marketplace_ids, seller_id, amazon_endpoint, lwa_url, lwa_client_id,
    p21_url, p21_adapter, p21_company, p21_username, p21_journal, p21_positive_debit, functional_currency, time_zone, revenue_mode, queue_url, queue_region, queue_key_id)
VALUES (@name, @title, @environment, @amazon_region, @marketplace_ids, @seller_id, @amazon_endpoint, @lwa_url, @lwa_client_id,
    @p21_url, @p21_adapter, @p21_company, @p21_username, @p21_journal, @p21_positive_debit, @functional_currency, @time_zone, @revenue_mode, @queue_url, @queue_region, @queue_key_id)
RETURNING id;

-- name: UpdateConnection :execrows
UPDATE connection
SET title = @title, environment = @environment, amazon_region = @amazon_region, marketplace_ids = @marketplace_ids, seller_id = @seller_id,
    amazon_endpoint = @amazon_endpoint, lwa_url = @lwa_url, lwa_client_id = @lwa_client_id, p21_url = @p21_url, p21_adapter = @p21_adapter,
    p21_company = @p21_company, p21_username = @p21_username, p21_journal = @p21_journal, p21_positive_debit = @p21_positive_debit,
    functional_currency = @functional_currency, time_zone = @time_zone, revenue_mode = @revenue_mode, queue_url = @queue_url,
    queue_region = @queue_region, queue_key_id = @queue_key_id, updated_at = now(), version = version + 1
WHERE id = @id AND version = @version;

-- name: SealSecrets :exec
-- A secret that is not given stays as it is.
UPDATE connection
SET lwa_client_secret = coalesce(sqlc.narg(lwa_client_secret), lwa_client_secret),
    refresh_token = coalesce(sqlc.narg(refresh_token), refresh_token),
    p21_password = coalesce(sqlc.narg(p21_password), p21_password),
    p21_client_secret = coalesce(sqlc.narg(p21_client_secret), p21_client_secret),
    queue_secret = coalesce(sqlc.narg(queue_secret), queue_secret),
    updated_at = now()
WHERE id = @id;

-- name: LockSecrets :many
SELECT id, lwa_client_secret, refresh_token, p21_password, p21_client_secret, queue_secret FROM connection ORDER BY id FOR UPDATE;

-- name: GetConnection :one
SELECT id, name, title, environment, amazon_region, marketplace_ids, seller_id, amazon_endpoint, lwa_url, lwa_client_id,
       lwa_client_secret, refresh_token, lwa_secret_expires, p21_url, p21_adapter, p21_company, p21_username, p21_password, p21_client_secret,
       p21_journal, p21_positive_debit, functional_currency, time_zone, revenue_mode, paused_at, created_at, updated_at, version, queue_url, queue_region,
       queue_key_id, queue_secret
FROM connection WHERE id = $1;

-- name: ConnectionByName :one
SELECT id FROM connection WHERE name = $1;

-- name: ListConnections :many
SELECT c.id, c.name, c.title, c.environment, c.amazon_region, c.marketplace_ids, c.p21_adapter, c.p21_company, c.functional_currency,
       c.time_zone, c.paused_at, c.version,
       (SELECT count(*) FROM settlement s WHERE s.connection_id = c.id AND s.replaced_at IS NULL) AS settlements,
       coalesce((SELECT max(a.synced_at) FROM gl_account a WHERE a.connection_id = c.id), 'epoch')::timestamptz AS synced_at
FROM connection c ORDER BY c.name;

-- name: PauseConnection :execrows
UPDATE connection SET paused_at = CASE WHEN @paused::boolean THEN coalesce(paused_at, now()) END, updated_at = now(), version = version + 1
WHERE id = @id;

-- name: GetPolicy :one
SELECT connection_id, second_approval_from, approver_ids, fresh_sign_in_minutes, closed_period, rate_source, rounding_limit, receivable_tolerance, claim_days, held_sales, deferred_account, cost_from, cost_account, stock_account, books_from, match_deposits, updated_at, version
FROM policy WHERE connection_id = $1;

-- name: InsertPolicy :exec
INSERT INTO policy (connection_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: UpdatePolicy :execrows
UPDATE policy
SET second_approval_from = @second_approval_from, approver_ids = @approver_ids, fresh_sign_in_minutes = @fresh_sign_in_minutes,
    closed_period = @closed_period, rate_source = @rate_source, rounding_limit = @rounding_limit,
    receivable_tolerance = @receivable_tolerance, claim_days = @claim_days, held_sales = @held_sales, deferred_account = @deferred_account,
    cost_from = @cost_from, cost_account = @cost_account, stock_account = @stock_account, books_from = @books_from, match_deposits = @match_deposits, updated_at = now(), version = version + 1
WHERE connection_id = @connection_id AND version = @version;

-- name: UpsertAccount :exec
INSERT INTO gl_account (connection_id, account, description, account_type, branch, active, control, synced_at)
VALUES (@connection_id, @account, @description, @account_type, @branch, @active, @control, @synced_at)
ON CONFLICT (connection_id, account) DO UPDATE
SET description = excluded.description, account_type = excluded.account_type, branch = excluded.branch, active = excluded.active,
    control = excluded.control, synced_at = excluded.synced_at;

-- name: RetireAccounts :exec
-- Accounts that P21 no longer lists are inactive; entries may still name them.
UPDATE gl_account SET active = false WHERE connection_id = @connection_id AND synced_at < @synced_at;

-- name: AccountsOfConnection :many
SELECT account, description, account_type, branch, active, control, synced_at FROM gl_account WHERE connection_id = $1 ORDER BY account;

-- name: UpsertPeriod :exec
INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at)
VALUES (@connection_id, @fiscal_year, @number, @starts_on, @ends_on, @closed, @synced_at)
ON CONFLICT (connection_id, fiscal_year, number) DO UPDATE
SET starts_on = excluded.starts_on, ends_on = excluded.ends_on, closed = excluded.closed, synced_at = excluded.synced_at;

-- name: ListPeriods :many
SELECT p.connection_id, c.name AS connection_name, p.fiscal_year, p.number, p.starts_on, p.ends_on, p.closed, p.synced_at,
       (SELECT count(*) FROM journal_entry e WHERE e.connection_id = p.connection_id AND e.fiscal_year = p.fiscal_year AND e.period = p.number
           AND e.status NOT IN ('posted', 'reversed', 'discarded')) AS open_entries,
       (SELECT count(*) FROM journal_entry e WHERE e.connection_id = p.connection_id AND e.fiscal_year = p.fiscal_year AND e.period = p.number
           AND e.status IN ('posted', 'reversed')) AS posted_entries
FROM fiscal_period p JOIN connection c ON c.id = p.connection_id
WHERE sqlc.narg(connection_id)::bigint IS NULL OR p.connection_id = sqlc.narg(connection_id)
ORDER BY p.starts_on DESC, c.name LIMIT 200;

-- name: SettlementsWaitingOn :many
-- Current settlements with an open exception of a class.
SELECT DISTINCT settlement_id::bigint FROM exception WHERE connection_id = @connection_id AND class = @class AND state = 'open' AND settlement_id IS NOT NULL;

-- name: BooksFingerprint :one
-- Tells whether accounts or periods changed.
SELECT md5(coalesce((SELECT string_agg(concat_ws('|', account, description, active, control), ',' ORDER BY account) FROM gl_account a WHERE a.connection_id = @connection_id::bigint), '')
    || coalesce((SELECT string_agg(concat_ws('|', fiscal_year, number, starts_on, ends_on, closed), ',' ORDER BY fiscal_year, number) FROM fiscal_period p WHERE p.connection_id = @connection_id::bigint), ''))::text;
