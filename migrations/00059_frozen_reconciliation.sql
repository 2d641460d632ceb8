-- What every reconciliation came to when a period was closed: frozen with the close, as the binder shows it.

-- +goose Up
CREATE TABLE period_close_reconciliation (
    close_id     bigint NOT NULL REFERENCES period_close (id),
    name         text   NOT NULL CHECK (name ~ '^[a-z][a-z_]{1,30}$'),
    content      text   NOT NULL,  -- JSON: both sides' totals and every item with the note on it
    content_hash bytea  NOT NULL,  -- SHA-256 of that text; the event of the close has it too
    PRIMARY KEY (close_id, name),
    CHECK (content_hash = sha256(convert_to(content, 'UTF8')))
);

-- It is written in the transaction that closes the period, and stays.
-- +goose StatementBegin
CREATE FUNCTION period_close_reconciliation_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'what was reconciled at a close is evidence and cannot be changed' USING ERRCODE = 'TO003';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM period_close c WHERE c.id = NEW.close_id AND c.state = 'requested') THEN
        RAISE EXCEPTION 'what was reconciled is frozen before the period is closed, not later' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER period_close_reconciliation_change BEFORE INSERT OR UPDATE OR DELETE ON period_close_reconciliation
    FOR EACH ROW EXECUTE FUNCTION period_close_reconciliation_change();
CREATE TRIGGER period_close_reconciliation_truncate BEFORE TRUNCATE ON period_close_reconciliation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE period_close_reconciliation;
DROP FUNCTION period_close_reconciliation_change;
