-- +goose Up
-- A reversal is not reversed: its settlement or subject is drafted again
-- instead, and the books would hold both.
-- +goose StatementBegin
CREATE FUNCTION journal_reversal_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM journal_entry o WHERE o.id = NEW.reverses_id AND o.entry_type = 'reversal') THEN
        RAISE EXCEPTION 'a reversal is not reversed; what it took back is drafted again' USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_reversal_insert BEFORE INSERT ON journal_entry
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION journal_reversal_insert();

-- +goose Down
DROP TRIGGER journal_reversal_insert ON journal_entry;
DROP FUNCTION journal_reversal_insert;
