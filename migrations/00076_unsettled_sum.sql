-- What no settlement has yet is shown on the first page: its sums are kept, not
-- added up from tens of thousands of transactions each time.

-- +goose Up
DROP INDEX finance_transaction_unsettled; -- it was for adding them up

CREATE TABLE unsettled_sum (
    connection_id bigint  NOT NULL REFERENCES connection (id),
    currency      text    NOT NULL,
    held          boolean NOT NULL,
    due_on        date    NOT NULL, -- when what is held is released; 0001-01-01 for what is not held
    transactions  bigint  NOT NULL,
    total         numeric(19, 4) NOT NULL,
    PRIMARY KEY (connection_id, currency, held, due_on),
    CHECK (transactions >= 0),
    CHECK (held OR due_on = '0001-01-01')
);

INSERT INTO unsettled_sum (connection_id, currency, held, due_on, transactions, total)
SELECT connection_id, currency, status = 'DEFERRED', CASE WHEN status = 'DEFERRED' THEN due_on ELSE '0001-01-01' END, count(*), sum(total)
FROM finance_transaction WHERE settlement_id IS NULL AND NOT aside GROUP BY 1, 2, 3, 4;

-- In one order, so that two jobs do not wait for each other.
-- +goose StatementBegin
CREATE FUNCTION unsettled_sum_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unsettled_sum AS s (connection_id, currency, held, due_on, transactions, total)
    SELECT t.connection_id, t.currency, t.status = 'DEFERRED', CASE WHEN t.status = 'DEFERRED' THEN t.due_on ELSE '0001-01-01' END, count(*), sum(t.total)
    FROM added t WHERE t.settlement_id IS NULL AND NOT t.aside
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (connection_id, currency, held, due_on) DO UPDATE SET transactions = s.transactions + excluded.transactions, total = s.total + excluded.total;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER unsettled_sum_add AFTER INSERT ON finance_transaction REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION unsettled_sum_add();

-- +goose StatementBegin
CREATE FUNCTION unsettled_sum_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved record;
BEGIN
    FOR moved IN
        SELECT m.connection_id, m.currency, m.held, m.due_on, sum(m.n) AS transactions, sum(m.n * m.total) AS total
        FROM (SELECT t.connection_id, t.currency, t.status = 'DEFERRED' AS held, CASE WHEN t.status = 'DEFERRED' THEN t.due_on ELSE '0001-01-01' END AS due_on, 1 AS n, t.total
              FROM new_rows t WHERE t.settlement_id IS NULL AND NOT t.aside
              UNION ALL
              SELECT t.connection_id, t.currency, t.status = 'DEFERRED', CASE WHEN t.status = 'DEFERRED' THEN t.due_on ELSE '0001-01-01' END, -1, t.total
              FROM old_rows t WHERE t.settlement_id IS NULL AND NOT t.aside) m
        GROUP BY 1, 2, 3, 4 HAVING sum(m.n) <> 0 OR sum(m.n * m.total) <> 0
        ORDER BY 1, 2, 3, 4
    LOOP
        UPDATE unsettled_sum s SET transactions = s.transactions + moved.transactions, total = s.total + moved.total
        WHERE (s.connection_id, s.currency, s.held, s.due_on) = (moved.connection_id, moved.currency, moved.held, moved.due_on);
        IF NOT FOUND THEN
            INSERT INTO unsettled_sum AS s (connection_id, currency, held, due_on, transactions, total)
            VALUES (moved.connection_id, moved.currency, moved.held, moved.due_on, moved.transactions, moved.total)
            ON CONFLICT (connection_id, currency, held, due_on) DO UPDATE SET transactions = s.transactions + excluded.transactions, total = s.total + excluded.total;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER unsettled_sum_change AFTER UPDATE ON finance_transaction REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION unsettled_sum_change();

-- Nobody else writes them.
-- +goose StatementBegin
CREATE FUNCTION unsettled_sum_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'sums of what is unsettled follow the transactions and are not written by hand' USING ERRCODE = 'TO003';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER unsettled_sum_own BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON unsettled_sum
    FOR EACH STATEMENT EXECUTE FUNCTION unsettled_sum_own();

-- +goose Down
DROP TRIGGER unsettled_sum_change ON finance_transaction;
DROP TRIGGER unsettled_sum_add ON finance_transaction;
DROP TABLE unsettled_sum;
DROP FUNCTION unsettled_sum_own;
DROP FUNCTION unsettled_sum_change;
DROP FUNCTION unsettled_sum_add;
CREATE INDEX finance_transaction_unsettled ON finance_transaction (connection_id, currency, due_on) INCLUDE (status, total) WHERE settlement_id IS NULL AND NOT aside;
