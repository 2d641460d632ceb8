-- Which transactions accruals and deferrals rest on.

-- +goose Up
-- A transaction is in one live entry of a period and type, and there once per line.
-- +goose StatementBegin
CREATE FUNCTION finance_evidence_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    e journal_entry;
    twice text;
BEGIN
    SELECT * INTO e FROM journal_entry WHERE id = NEW.entry_id;
    IF e.entry_type NOT IN ('accrual', 'deferral') THEN
        RETURN NULL;
    END IF;
    SELECT o.reference INTO twice FROM journal_evidence x JOIN journal_entry o ON o.id = x.entry_id
    WHERE x.subject = NEW.subject AND o.connection_id = e.connection_id AND o.entry_type = e.entry_type AND o.fiscal_year = e.fiscal_year AND o.period = e.period
      AND o.status NOT IN ('reversed', 'discarded') AND (o.id <> e.id OR (x.line_no = NEW.line_no AND x.seq <> NEW.seq))
    LIMIT 1;
    IF twice IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % is in % already', NEW.subject, twice USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER finance_evidence_once AFTER INSERT OR UPDATE ON journal_evidence
    FOR EACH ROW EXECUTE FUNCTION finance_evidence_once();

-- An accrual is handed in only while no settlement has what it accrues: its
-- lines would be in the books twice.
-- +goose StatementBegin
CREATE FUNCTION finance_accrual_submit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    settled text;
BEGIN
    SELECT t.transaction_id INTO settled FROM journal_evidence x
    JOIN finance_transaction t ON t.connection_id = NEW.connection_id AND t.transaction_id = x.subject
    WHERE x.entry_id = NEW.id AND t.settlement_id IS NOT NULL LIMIT 1;
    IF settled IS NOT NULL THEN
        RAISE EXCEPTION 'accrual % holds transaction %, which a settlement has by now: it is drafted again', NEW.reference, settled USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER finance_accrual_submit BEFORE UPDATE ON journal_entry
    FOR EACH ROW WHEN (NEW.entry_type = 'accrual' AND OLD.status = 'draft' AND NEW.status = 'submitted') EXECUTE FUNCTION finance_accrual_submit();

-- +goose Down
DROP TRIGGER finance_accrual_submit ON journal_entry;
DROP FUNCTION finance_accrual_submit;
DROP TRIGGER finance_evidence_once ON journal_evidence;
DROP FUNCTION finance_evidence_once;
