-- +goose Up
-- The head of the audit chain is moved by the schema's owner alone: who may write
-- an event needs no right to it.
ALTER FUNCTION audit_chain() SECURITY DEFINER SET search_path = public, pg_temp;

-- +goose Down
ALTER FUNCTION audit_chain() SECURITY INVOKER RESET search_path;
