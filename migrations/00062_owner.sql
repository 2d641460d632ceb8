-- +goose Up
-- The head of the audit chain is moved, and evidence is locked, by the schema's
-- owner alone: who may write an event or a match needs no right to change it.
ALTER FUNCTION audit_chain() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION approval_change() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION bank_line_ignored_insert() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION cost_carried_once() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION deposit_match_part_insert() SECURITY DEFINER SET search_path = public, pg_temp;

-- +goose Down
ALTER FUNCTION audit_chain() SECURITY INVOKER RESET search_path;
ALTER FUNCTION approval_change() SECURITY INVOKER RESET search_path;
ALTER FUNCTION bank_line_ignored_insert() SECURITY INVOKER RESET search_path;
ALTER FUNCTION cost_carried_once() SECURITY INVOKER RESET search_path;
ALTER FUNCTION deposit_match_part_insert() SECURITY INVOKER RESET search_path;
