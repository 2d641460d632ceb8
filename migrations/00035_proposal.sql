-- +goose Up
-- Entries that are not made of settlement lines: accruals, deferred sales,
-- revaluations, cost of goods. What such an entry rests on is its evidence.
ALTER TABLE journal_entry
    ALTER COLUMN settlement_id DROP NOT NULL,
    ALTER COLUMN rule_set_id DROP NOT NULL,
    DROP CONSTRAINT journal_entry_entry_type_check,
    ADD COLUMN subject    text    NOT NULL DEFAULT '', -- what a proposed entry is about, within its type and period
    ADD COLUMN reverse_on date,                        -- its mirror is posted on that day by itself
    ADD COLUMN scheduled  boolean NOT NULL DEFAULT false, -- a reversal that its entry's approval covers
    ADD CONSTRAINT journal_entry_type CHECK (entry_type IN ('settlement', 'reversal', 'accrual', 'deferral', 'revaluation', 'cost')),
    ADD CONSTRAINT journal_entry_settled CHECK (entry_type <> 'settlement' OR settlement_id IS NOT NULL),
    ADD CONSTRAINT journal_entry_ruled CHECK (settlement_id IS NULL OR rule_set_id IS NOT NULL),
    ADD CONSTRAINT journal_entry_proposed CHECK (entry_type IN ('settlement', 'reversal') OR (settlement_id IS NULL AND subject <> '')),
    ADD CONSTRAINT journal_entry_subject CHECK (entry_type NOT IN ('settlement', 'reversal') OR (subject = '' AND reverse_on IS NULL)),
    ADD CONSTRAINT journal_entry_reverse_on CHECK (reverse_on > entry_on),
    ADD CONSTRAINT journal_entry_scheduled CHECK (NOT scheduled OR entry_type = 'reversal');
-- One live entry per subject and period.
CREATE UNIQUE INDEX journal_entry_proposal ON journal_entry (connection_id, entry_type, subject, fiscal_year, period)
    WHERE subject <> '' AND status NOT IN ('reversed', 'discarded');
CREATE INDEX journal_entry_period ON journal_entry (connection_id, fiscal_year, period, entry_type);
CREATE INDEX journal_entry_due ON journal_entry (reverse_on) WHERE reverse_on IS NOT NULL AND status = 'posted';

-- Which transactions, balances or units a line of a proposed entry is made of.
CREATE TABLE journal_evidence (
    entry_id    bigint NOT NULL REFERENCES journal_entry (id),
    line_no     int    NOT NULL,
    seq    int    NOT NULL CHECK (seq > 0),
    subject     text   NOT NULL CHECK (subject <> ''), -- a transaction, an account, an item
    detail      text   NOT NULL DEFAULT '',
    quantity    numeric(19, 4),
    amount      numeric(19, 4) NOT NULL, -- positive credits the line's account
    document_id bigint REFERENCES document (id),
    PRIMARY KEY (entry_id, line_no, seq)
);
CREATE INDEX journal_evidence_subject ON journal_evidence (subject, entry_id);
CREATE TRIGGER journal_evidence_change BEFORE INSERT OR UPDATE OR DELETE ON journal_evidence
    FOR EACH ROW EXECUTE FUNCTION journal_content_change();

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION journal_hash(entry bigint) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to((jsonb_build_array(
        e.reference, e.company, e.journal, e.fiscal_year, e.period, e.entry_on, e.currency, e.functional_currency,
        trim_scale(e.rate), e.description, e.rule_set_id, e.reverses_id,
        (SELECT jsonb_agg(jsonb_build_array(l.line_no, l.account, l.branch, l.marketplace, l.category, l.clearing, l.description,
                trim_scale(l.debit), trim_scale(l.credit), trim_scale(l.functional_debit), trim_scale(l.functional_credit))
            ORDER BY l.line_no)
         FROM journal_line l WHERE l.entry_id = e.id))
        || CASE WHEN e.subject = '' THEN '[]' ELSE jsonb_build_array(e.entry_type, e.subject, e.reverse_on) END)::text, 'UTF8'))
    FROM journal_entry e WHERE e.id = entry
$$;

-- What a proposed entry must hold before it is submitted.
CREATE FUNCTION journal_require_proposal(entry bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    e journal_entry;
    d numeric; c numeric; fd numeric; fc numeric; n int; clear_sum numeric;
BEGIN
    SELECT * INTO e FROM journal_entry WHERE id = entry;
    SELECT count(*), coalesce(sum(debit), 0), coalesce(sum(credit), 0), coalesce(sum(functional_debit), 0),
           coalesce(sum(functional_credit), 0), coalesce(sum(debit - credit) FILTER (WHERE clearing), 0)
        INTO n, d, c, fd, fc, clear_sum FROM journal_line WHERE entry_id = entry;
    IF n < 2 THEN
        RAISE EXCEPTION 'entry % has fewer than two lines', e.reference USING ERRCODE = 'TO001';
    END IF;
    IF d <> c OR fd <> fc THEN
        RAISE EXCEPTION 'entry % does not balance: debits %, credits %, in % debits %, credits %',
            e.reference, d, c, e.functional_currency, fd, fc USING ERRCODE = 'TO001';
    END IF;
    IF d <> e.total OR fd <> e.functional_total OR clear_sum <> e.clearing THEN
        RAISE EXCEPTION 'entry %: its totals do not agree with its lines', e.reference USING ERRCODE = 'TO001';
    END IF;
    IF EXISTS (
        SELECT 1 FROM (SELECT line_no, credit - debit AS net FROM journal_line WHERE entry_id = e.id AND NOT clearing AND category <> 'rounding') l
        FULL JOIN (SELECT line_no, sum(amount) AS net FROM journal_evidence WHERE entry_id = e.id GROUP BY line_no) x USING (line_no)
        WHERE l.net IS DISTINCT FROM x.net) THEN
        RAISE EXCEPTION 'entry %: a line differs from the evidence that it rests on', e.reference USING ERRCODE = 'TO001';
    END IF;
END
$$;

DO $$ BEGIN EXECUTE 'ALTER FUNCTION journal_require(bigint) RENAME TO journal_require_settled'; END $$;
CREATE OR REPLACE FUNCTION journal_require(entry bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT e.subject <> '' FROM journal_entry e WHERE e.id = entry) THEN
        PERFORM journal_require_proposal(entry);
    ELSE
        PERFORM journal_require_settled(entry);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION journal_approvals_needed(entry bigint) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN e.scheduled THEN 0 WHEN e.functional_total >= p.second_approval_from THEN 2 ELSE 1 END
    FROM journal_entry e LEFT JOIN policy p ON p.connection_id = e.connection_id
    WHERE e.id = entry
$$;

-- A scheduled reversal is of a posted entry that says when it is reversed, and
-- not before that day: those who approved the entry approved its end. It leaves
-- the entry posted, because the entry was right in its period.
CREATE FUNCTION journal_entry_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original journal_entry;
BEGIN
    IF NEW.entry_type = 'reversal' AND TG_OP = 'INSERT' THEN
        SELECT * INTO original FROM journal_entry WHERE id = NEW.reverses_id;
        IF NEW.settlement_id IS DISTINCT FROM original.settlement_id OR NEW.connection_id <> original.connection_id THEN
            RAISE EXCEPTION 'reversal % is not of the entry that it names', NEW.reference USING ERRCODE = 'TO001';
        END IF;
        IF NEW.scheduled AND (original.status <> 'posted' OR original.reverse_on IS NULL OR NEW.entry_on < original.reverse_on) THEN
            RAISE EXCEPTION 'reversal % was not approved with the entry it reverses', NEW.reference USING ERRCODE = 'TO002';
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.scheduled <> OLD.scheduled THEN
        RAISE EXCEPTION 'whether a reversal was approved with its entry cannot change' USING ERRCODE = 'TO003';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.scheduled AND NEW.entry_on < (SELECT o.reverse_on FROM journal_entry o WHERE o.id = NEW.reverses_id) THEN
        RAISE EXCEPTION 'reversal % was not approved with the entry it reverses', NEW.reference USING ERRCODE = 'TO002';
    END IF;
    IF NEW.status = 'reversed' AND TG_OP = 'UPDATE' AND NOT EXISTS (
        SELECT 1 FROM journal_entry r WHERE r.reverses_id = NEW.id AND r.status = 'posted' AND NOT r.scheduled) THEN
        RAISE EXCEPTION 'journal entry % stays posted: it ended on its own day', NEW.reference USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_entry_schedule BEFORE INSERT OR UPDATE ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_entry_schedule();

-- +goose Down
DROP TRIGGER journal_entry_schedule ON journal_entry;
DROP FUNCTION journal_entry_schedule;
DROP FUNCTION journal_require(bigint);
-- +goose StatementBegin
DO $$ BEGIN EXECUTE 'ALTER FUNCTION journal_require_settled(bigint) RENAME TO journal_require'; END $$;
-- +goose StatementEnd
DROP FUNCTION journal_require_proposal;
DROP TABLE journal_evidence;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION journal_approvals_needed(entry bigint) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN e.functional_total >= p.second_approval_from THEN 2 ELSE 1 END
    FROM journal_entry e LEFT JOIN policy p ON p.connection_id = e.connection_id
    WHERE e.id = entry
$$;
CREATE OR REPLACE FUNCTION journal_hash(entry bigint) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        e.reference, e.company, e.journal, e.fiscal_year, e.period, e.entry_on, e.currency, e.functional_currency,
        trim_scale(e.rate), e.description, e.rule_set_id, e.reverses_id,
        (SELECT jsonb_agg(jsonb_build_array(l.line_no, l.account, l.branch, l.marketplace, l.category, l.clearing, l.description,
                trim_scale(l.debit), trim_scale(l.credit), trim_scale(l.functional_debit), trim_scale(l.functional_credit))
            ORDER BY l.line_no)
         FROM journal_line l WHERE l.entry_id = e.id))::text, 'UTF8'))
    FROM journal_entry e WHERE e.id = entry
$$;
-- +goose StatementEnd
ALTER TABLE journal_entry
    DROP CONSTRAINT journal_entry_type, DROP CONSTRAINT journal_entry_settled, DROP CONSTRAINT journal_entry_ruled,
    DROP COLUMN subject, DROP COLUMN reverse_on, DROP COLUMN scheduled,
    ALTER COLUMN settlement_id SET NOT NULL,
    ALTER COLUMN rule_set_id SET NOT NULL,
    ADD CONSTRAINT journal_entry_entry_type_check CHECK (entry_type IN ('settlement', 'reversal'));
