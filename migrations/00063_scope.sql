-- +goose Up
-- Whom a person sees: every connection, or those listed and nothing of another.
ALTER TABLE person ADD COLUMN scoped boolean NOT NULL DEFAULT false;
CREATE TABLE person_connection (
    person_id     bigint NOT NULL REFERENCES person (id),
    connection_id bigint NOT NULL REFERENCES connection (id),
    PRIMARY KEY (person_id, connection_id)
);

-- The connections of whoever asks, as app/database sets them; NULL where they
-- are not set, so that nothing is in it.
CREATE FUNCTION connection_scope() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(current_setting('tieout.connections', true), ',')::bigint[]
$$;

-- Whose a thing is, where only other rows say so. They read as the schema's
-- owner: what they look at is what they decide about. A thing that belongs to no
-- connection is everybody's.
-- +goose StatementBegin
CREATE FUNCTION account_in_scope(account bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM bank_account_connection c WHERE c.bank_account_id = account)
        OR EXISTS (SELECT FROM bank_account_connection c WHERE c.bank_account_id = account AND c.connection_id = ANY (connection_scope()))
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION statement_in_scope(document bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM bank_statement s WHERE s.document_id = document)
        OR EXISTS (SELECT FROM bank_statement s WHERE s.document_id = document AND account_in_scope(s.bank_account_id))
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION match_in_scope(match bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM deposit_match_part p WHERE p.match_id = match)
        OR EXISTS (SELECT FROM deposit_match_part p JOIN bank_line l ON l.id = p.line_id WHERE p.match_id = match AND account_in_scope(l.bank_account_id))
        OR EXISTS (SELECT FROM deposit_match_part p JOIN settlement s ON s.id = p.settlement_id WHERE p.match_id = match AND s.connection_id = ANY (connection_scope()))
$$;
-- +goose StatementEnd

-- A view otherwise reads as its owner, whom no rule holds.
ALTER VIEW settlement_balance SET (security_invoker = true);
ALTER VIEW kind_sum SET (security_invoker = true);
ALTER VIEW deposit_part SET (security_invoker = true);
ALTER VIEW bank_coverage SET (security_invoker = true);
ALTER VIEW deposit SET (security_invoker = true);
ALTER VIEW sku_amount SET (security_invoker = true);

-- +goose Down
ALTER VIEW settlement_balance RESET (security_invoker);
ALTER VIEW kind_sum RESET (security_invoker);
ALTER VIEW deposit_part RESET (security_invoker);
ALTER VIEW bank_coverage RESET (security_invoker);
ALTER VIEW deposit RESET (security_invoker);
ALTER VIEW sku_amount RESET (security_invoker);
DROP FUNCTION match_in_scope, statement_in_scope, account_in_scope, connection_scope CASCADE;
DROP TABLE person_connection;
ALTER TABLE person DROP COLUMN scoped;
