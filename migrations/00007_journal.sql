-- +goose Up
CREATE TABLE journal_entry (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id       bigint      NOT NULL REFERENCES connection (id),
    settlement_id       bigint      NOT NULL REFERENCES settlement (id),
    entry_type          text        NOT NULL CHECK (entry_type IN ('settlement', 'reversal')),
    status              text        NOT NULL DEFAULT 'draft' CHECK (status IN
                            ('draft', 'submitted', 'approved', 'posting', 'posted', 'unknown', 'reversed', 'discarded')),
    reference           text        NOT NULL, -- what P21 knows it by: settlement, period, version
    version             int         NOT NULL CHECK (version > 0),
    company             text        NOT NULL,
    journal             text        NOT NULL,
    fiscal_year         int         NOT NULL,
    period              int         NOT NULL,
    moved_from          text        NOT NULL DEFAULT '', -- the closed period its lines belong to, when policy moved them
    entry_on            date        NOT NULL,
    currency            text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    functional_currency text        NOT NULL CHECK (functional_currency ~ '^[A-Z]{3}$'),
    rate                numeric(20, 10) NOT NULL CHECK (rate > 0), -- functional for one of currency
    rate_note           text        NOT NULL DEFAULT '',
    description         text        NOT NULL,
    rule_set_id         bigint      NOT NULL REFERENCES rule_set (id),
    reverses_id         bigint      REFERENCES journal_entry (id),
    clearing            numeric(19, 4) NOT NULL, -- its share of the deposit: debit positive
    total               numeric(19, 4) NOT NULL, -- sum of debits
    functional_total    numeric(19, 4) NOT NULL,
    content_hash        bytea,                   -- frozen on submission
    reason              text        NOT NULL DEFAULT '', -- of the last rejection, failure or reversal
    p21_number          text        NOT NULL DEFAULT '',
    drafted_at          timestamptz NOT NULL DEFAULT now(),
    submitted_by        bigint      REFERENCES person (id),
    submitted_at        timestamptz,
    approved_at         timestamptz,
    posted_at           timestamptz,
    row_version         int         NOT NULL DEFAULT 1, -- optimistic lock of forms
    UNIQUE (company, reference),
    CHECK ((entry_type = 'reversal') = (reverses_id IS NOT NULL)),
    CHECK ((status IN ('posted', 'reversed')) = (p21_number <> '')),
    CHECK (status IN ('draft', 'discarded') OR content_hash IS NOT NULL)
);
CREATE INDEX journal_entry_settlement ON journal_entry (settlement_id, fiscal_year, period, version);
CREATE INDEX journal_entry_status ON journal_entry (status, connection_id, id);
CREATE INDEX journal_entry_list ON journal_entry (connection_id, entry_on DESC, id DESC);
CREATE UNIQUE INDEX journal_entry_number ON journal_entry (company, p21_number) WHERE p21_number <> '';
CREATE UNIQUE INDEX journal_entry_reversal ON journal_entry (reverses_id) WHERE status <> 'discarded';
-- One live entry per settlement and period.
CREATE UNIQUE INDEX journal_entry_live ON journal_entry (settlement_id, fiscal_year, period)
    WHERE entry_type = 'settlement' AND status NOT IN ('reversed', 'discarded');

CREATE TABLE journal_line (
    entry_id          bigint NOT NULL REFERENCES journal_entry (id),
    line_no           int    NOT NULL,
    account           text   NOT NULL,
    branch            text   NOT NULL DEFAULT '',
    marketplace       text   NOT NULL DEFAULT '',
    category          text   NOT NULL,
    clearing          boolean NOT NULL DEFAULT false, -- the balancing line
    description       text   NOT NULL DEFAULT '',
    debit             numeric(19, 4) NOT NULL DEFAULT 0 CHECK (debit >= 0),
    credit            numeric(19, 4) NOT NULL DEFAULT 0 CHECK (credit >= 0),
    functional_debit  numeric(19, 4) NOT NULL DEFAULT 0 CHECK (functional_debit >= 0),
    functional_credit numeric(19, 4) NOT NULL DEFAULT 0 CHECK (functional_credit >= 0),
    PRIMARY KEY (entry_id, line_no),
    CHECK (debit = 0 OR credit = 0),
    CHECK (functional_debit = 0 OR functional_credit = 0)
);

-- Which rollups a journal line is made of: the way from a number to its lines.
CREATE TABLE journal_source (
    entry_id      bigint NOT NULL REFERENCES journal_entry (id),
    line_no       int    NOT NULL, -- 0: amounts that are zero and need no line
    settlement_id bigint NOT NULL,
    kind_id       int    NOT NULL,
    posted_on     date   NOT NULL,
    product_group text   NOT NULL,
    fulfillment   text   NOT NULL,
    correction_id bigint NOT NULL DEFAULT 0,
    rule_id       bigint NOT NULL,
    lines         int    NOT NULL,
    amount        numeric(19, 4) NOT NULL,
    PRIMARY KEY (entry_id, kind_id, posted_on, product_group, fulfillment, correction_id)
);
CREATE INDEX journal_source_settlement ON journal_source (settlement_id, kind_id);

-- Everyone who prepared an entry: none of them approves it.
CREATE TABLE journal_preparer (
    entry_id  bigint      NOT NULL REFERENCES journal_entry (id),
    person_id bigint      NOT NULL REFERENCES person (id),
    what      text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entry_id, person_id, what)
);

CREATE TABLE approval (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id     bigint      NOT NULL REFERENCES journal_entry (id),
    person_id    bigint      NOT NULL REFERENCES person (id),
    content_hash bytea       NOT NULL, -- what was approved is what is posted
    signed_in_at timestamptz NOT NULL, -- the identity provider's auth_time
    at           timestamptz NOT NULL DEFAULT now(),
    voided_at    timestamptz,
    void_reason  text        NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX approval_live ON approval (entry_id, person_id) WHERE voided_at IS NULL;

CREATE TABLE comment (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_type text        NOT NULL CHECK (object_type IN ('settlement', 'journal_entry', 'exception', 'rule_set')),
    object_id   bigint      NOT NULL,
    person_id   bigint      NOT NULL REFERENCES person (id),
    body        text        NOT NULL CHECK (length(trim(body)) > 0),
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comment_object ON comment (object_type, object_id, id);

CREATE TABLE attachment (
    entry_id    bigint      NOT NULL REFERENCES journal_entry (id),
    document_id bigint      NOT NULL REFERENCES document (id),
    added_by    bigint      NOT NULL REFERENCES person (id),
    added_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entry_id, document_id)
);

-- Hash of everything that will be posted.
-- +goose StatementBegin
CREATE FUNCTION journal_hash(entry bigint) RETURNS bytea LANGUAGE sql STABLE AS $$
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

-- Raises the first invariant that stands between an entry and its submission.
-- +goose StatementBegin
CREATE FUNCTION journal_require(entry bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    e journal_entry;
    d numeric; c numeric; fd numeric; fc numeric; n int; clear_sum numeric;
    gap numeric; gap_lines bigint;
    settlement_name text;
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
    IF e.entry_type = 'reversal' THEN
        IF EXISTS (
            SELECT 1 FROM (SELECT account, branch, marketplace, clearing, debit, credit, functional_debit, functional_credit, count(*) AS n
                           FROM journal_line WHERE entry_id = e.id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) r
            FULL JOIN (SELECT account, branch, marketplace, clearing, credit AS debit, debit AS credit,
                              functional_credit AS functional_debit, functional_debit AS functional_credit, count(*) AS n
                       FROM journal_line WHERE entry_id = e.reverses_id GROUP BY 1, 2, 3, 4, 5, 6, 7, 8) o
            USING (account, branch, marketplace, clearing, debit, credit, functional_debit, functional_credit, n)
            WHERE r.account IS NULL OR o.account IS NULL) THEN
            RAISE EXCEPTION 'reversal % is not the mirror of the entry it reverses', e.reference USING ERRCODE = 'TO001';
        END IF;
        RETURN;
    END IF;
    SELECT s.amazon_id INTO settlement_name FROM settlement s WHERE s.id = e.settlement_id;
    SELECT difference INTO gap FROM settlement_balance WHERE settlement_id = e.settlement_id;
    IF gap <> 0 THEN
        RAISE EXCEPTION 'settlement % is out of balance by %: its lines do not add up to the deposit', settlement_name, gap
            USING ERRCODE = 'TO001';
    END IF;
    -- The lines are still the ones that were sealed.
    IF EXISTS (SELECT 1 FROM settlement s, LATERAL (SELECT count(*) AS n, coalesce(sum(l.amount), 0) AS total
                   FROM settlement_line l WHERE l.settlement_id = s.id) l
               WHERE s.id = e.settlement_id AND (l.n <> s.line_count OR l.total <> s.line_sum)) THEN
        RAISE EXCEPTION 'settlement %: its stored lines are not the ones it was sealed with', settlement_name USING ERRCODE = 'TO001';
    END IF;
    -- Every rollup once, over all live entries of the settlement.
    SELECT count(*) INTO gap_lines FROM (
        SELECT r.settlement_id FROM rollup r
        LEFT JOIN journal_source x USING (settlement_id, kind_id, posted_on, product_group, fulfillment, correction_id)
        LEFT JOIN journal_entry le ON le.id = x.entry_id AND le.entry_type = 'settlement' AND le.status NOT IN ('reversed', 'discarded')
        WHERE r.settlement_id = e.settlement_id
        GROUP BY r.settlement_id, r.kind_id, r.posted_on, r.product_group, r.fulfillment, r.correction_id, r.lines, r.amount
        HAVING count(le.id) <> 1
            OR sum(x.amount) FILTER (WHERE le.id IS NOT NULL) <> r.amount
            OR sum(x.lines) FILTER (WHERE le.id IS NOT NULL) <> r.lines) missed;
    IF gap_lines <> 0 THEN
        RAISE EXCEPTION 'settlement % has % amounts that its entries do not carry exactly once: resolve its unmapped kinds and rebuild it',
            settlement_name, gap_lines USING ERRCODE = 'TO001';
    END IF;
    -- Each journal line is the sum of its sources.
    IF EXISTS (
        SELECT 1 FROM (SELECT line_no, sum(credit - debit) AS net FROM journal_line
                       WHERE entry_id = e.id AND NOT clearing AND category <> 'rounding' GROUP BY line_no) l
        FULL JOIN (SELECT line_no, sum(amount) AS net FROM journal_source WHERE entry_id = e.id AND line_no > 0 GROUP BY line_no) x USING (line_no)
        WHERE l.net IS DISTINCT FROM x.net) THEN
        RAISE EXCEPTION 'entry %: a line differs from the settlement amounts it is made of', e.reference USING ERRCODE = 'TO001';
    END IF;
    IF (SELECT coalesce(sum(amount), 0) FROM journal_source WHERE entry_id = e.id) <> e.clearing THEN
        RAISE EXCEPTION 'entry %: the clearing account does not carry the sum of its lines', e.reference USING ERRCODE = 'TO001';
    END IF;
END
$$;
-- +goose StatementEnd

-- How many different people must approve an entry.
-- +goose StatementBegin
CREATE FUNCTION journal_approvals_needed(entry bigint) RETURNS int LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN e.functional_total >= p.second_approval_from THEN 2 ELSE 1 END
    FROM journal_entry e LEFT JOIN policy p ON p.connection_id = e.connection_id
    WHERE e.id = entry
$$;
-- +goose StatementEnd

-- The life of an entry. Every rule of invariants 2 to 5 that a handler could
-- get wrong is held here.
-- +goose StatementBegin
CREATE FUNCTION journal_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approvals int;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'journal entry % cannot be deleted; discard the draft', OLD.reference USING ERRCODE = 'TO003';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a journal entry begins as a draft' USING ERRCODE = 'TO001';
        END IF;
        RETURN NEW;
    END IF;
    NEW.row_version := OLD.row_version + 1;
    IF OLD.status = NEW.status THEN
        IF OLD.status <> 'draft' AND (to_jsonb(NEW) - ARRAY['row_version', 'reason']) <> (to_jsonb(OLD) - ARRAY['row_version', 'reason']) THEN
            RAISE EXCEPTION 'journal entry % is % and its content cannot change', OLD.reference, OLD.status USING ERRCODE = 'TO003';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT (OLD.status, NEW.status) IN (
        ('draft', 'submitted'), ('draft', 'discarded'),
        ('submitted', 'draft'), ('submitted', 'approved'),
        ('approved', 'draft'), ('approved', 'posting'),
        ('posting', 'posted'), ('posting', 'unknown'), ('posting', 'draft'),
        ('unknown', 'posting'), ('unknown', 'posted'),
        ('posted', 'reversed')) THEN
        RAISE EXCEPTION 'journal entry % cannot go from % to %', OLD.reference, OLD.status, NEW.status USING ERRCODE = 'TO003';
    END IF;
    IF OLD.status <> 'draft' AND
        (to_jsonb(NEW) - ARRAY['row_version', 'reason', 'status', 'content_hash', 'submitted_by', 'submitted_at', 'approved_at', 'posted_at', 'p21_number'])
        <> (to_jsonb(OLD) - ARRAY['row_version', 'reason', 'status', 'content_hash', 'submitted_by', 'submitted_at', 'approved_at', 'posted_at', 'p21_number']) THEN
        RAISE EXCEPTION 'journal entry % is % and its content cannot change', OLD.reference, OLD.status USING ERRCODE = 'TO003';
    END IF;
    CASE NEW.status
    WHEN 'submitted' THEN
        IF NEW.submitted_by IS NULL OR NEW.submitted_at IS NULL THEN
            RAISE EXCEPTION 'an entry is submitted by a person' USING ERRCODE = 'TO001';
        END IF;
        PERFORM journal_require(NEW.id);
        IF EXISTS (SELECT 1 FROM settlement s WHERE s.id = NEW.settlement_id AND s.replaced_at IS NOT NULL) AND NEW.entry_type = 'settlement' THEN
            RAISE EXCEPTION 'settlement of % has been replaced by a re-issued report', NEW.reference USING ERRCODE = 'TO001';
        END IF;
        NEW.content_hash := journal_hash(NEW.id);
        INSERT INTO journal_preparer (entry_id, person_id, what) VALUES (NEW.id, NEW.submitted_by, 'submitted')
            ON CONFLICT DO NOTHING;
    WHEN 'approved' THEN
        SELECT count(DISTINCT a.person_id) INTO approvals FROM approval a
            WHERE a.entry_id = NEW.id AND a.voided_at IS NULL AND a.content_hash = OLD.content_hash;
        IF approvals < journal_approvals_needed(NEW.id) THEN
            RAISE EXCEPTION 'journal entry % has % of % approvals', NEW.reference, approvals, journal_approvals_needed(NEW.id)
                USING ERRCODE = 'TO002';
        END IF;
        IF journal_hash(NEW.id) <> OLD.content_hash OR NEW.content_hash <> OLD.content_hash THEN
            RAISE EXCEPTION 'journal entry % differs from what was approved', NEW.reference USING ERRCODE = 'TO001';
        END IF;
    WHEN 'posting', 'posted', 'unknown' THEN
        IF journal_hash(NEW.id) <> OLD.content_hash OR NEW.content_hash <> OLD.content_hash THEN
            RAISE EXCEPTION 'journal entry % differs from what was approved', NEW.reference USING ERRCODE = 'TO001';
        END IF;
    WHEN 'draft' THEN
        -- Back to draft voids what was approved.
        UPDATE approval SET voided_at = clock_timestamp(), void_reason = 'the entry went back to draft'
            WHERE entry_id = NEW.id AND voided_at IS NULL;
        NEW.content_hash := NULL;
        NEW.submitted_by := NULL;
        NEW.submitted_at := NULL;
        NEW.approved_at := NULL;
    WHEN 'reversed' THEN
        IF NOT EXISTS (SELECT 1 FROM journal_entry r WHERE r.reverses_id = NEW.id AND r.status = 'posted') THEN
            RAISE EXCEPTION 'journal entry % is reversed by a posted reversal only', NEW.reference USING ERRCODE = 'TO001';
        END IF;
    ELSE
    END CASE;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_entry_change BEFORE INSERT OR UPDATE OR DELETE ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_entry_change();

-- Lines and sources change only while their entry is a draft.
-- +goose StatementBegin
CREATE FUNCTION journal_content_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    e journal_entry;
BEGIN
    SELECT * INTO e FROM journal_entry WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.entry_id ELSE NEW.entry_id END FOR SHARE;
    IF e.status <> 'draft' OR (TG_OP = 'UPDATE' AND NEW.entry_id <> OLD.entry_id) THEN
        RAISE EXCEPTION 'journal entry % is % and its content cannot change', e.reference, e.status USING ERRCODE = 'TO003';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_line_change BEFORE INSERT OR UPDATE OR DELETE ON journal_line
    FOR EACH ROW EXECUTE FUNCTION journal_content_change();
CREATE TRIGGER journal_source_change BEFORE INSERT OR UPDATE OR DELETE ON journal_source
    FOR EACH ROW EXECUTE FUNCTION journal_content_change();

-- An approval is of a submitted entry's frozen content, by an approver who did
-- not prepare it; it is withdrawn, never deleted or changed.
-- +goose StatementBegin
CREATE FUNCTION approval_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    e journal_entry;
    p policy;
    who person;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an approval is evidence and cannot be deleted' USING ERRCODE = 'TO003';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.voided_at IS NOT NULL
            OR (to_jsonb(NEW) - ARRAY['voided_at', 'void_reason']) <> (to_jsonb(OLD) - ARRAY['voided_at', 'void_reason']) THEN
            RAISE EXCEPTION 'an approval is evidence and cannot be changed' USING ERRCODE = 'TO003';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO e FROM journal_entry WHERE id = NEW.entry_id FOR SHARE;
    SELECT * INTO p FROM policy WHERE connection_id = e.connection_id;
    SELECT * INTO who FROM person WHERE id = NEW.person_id;
    IF e.status <> 'submitted' THEN
        RAISE EXCEPTION 'journal entry % is % and not waiting for approval', e.reference, e.status USING ERRCODE = 'TO001';
    END IF;
    IF NEW.content_hash <> e.content_hash THEN
        RAISE EXCEPTION 'journal entry % changed since it was shown; read it again', e.reference USING ERRCODE = 'TO001';
    END IF;
    IF NOT 'approver' = ANY (who.roles) OR who.disabled_at IS NOT NULL THEN
        RAISE EXCEPTION 'only an approver may approve a journal entry' USING ERRCODE = 'TO002';
    END IF;
    IF cardinality(coalesce(p.approver_ids, '{}')) > 0 AND NOT NEW.person_id = ANY (p.approver_ids) THEN
        RAISE EXCEPTION 'the policy of this connection names other approvers' USING ERRCODE = 'TO002';
    END IF;
    IF EXISTS (SELECT 1 FROM journal_preparer x WHERE x.entry_id = e.id AND x.person_id = NEW.person_id) THEN
        RAISE EXCEPTION 'a person never approves what that person prepared' USING ERRCODE = 'TO002';
    END IF;
    IF p.fresh_sign_in_minutes IS NOT NULL
        AND NEW.signed_in_at < clock_timestamp() - make_interval(mins => p.fresh_sign_in_minutes) THEN
        RAISE EXCEPTION 'this approval needs a sign-in of the last % minutes', p.fresh_sign_in_minutes USING ERRCODE = 'TO004';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER approval_change BEFORE INSERT OR UPDATE OR DELETE ON approval
    FOR EACH ROW EXECUTE FUNCTION approval_change();
CREATE TRIGGER journal_preparer_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_preparer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER comment_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON comment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Rollups stay as they are once an entry that carries them has left draft.
-- +goose StatementBegin
CREATE FUNCTION rollup_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_settlement bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.settlement_id ELSE OLD.settlement_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM journal_entry e WHERE e.settlement_id = of_settlement AND e.entry_type = 'settlement'
               AND e.status NOT IN ('draft', 'discarded', 'reversed')) THEN
        RAISE EXCEPTION 'the sums of a settlement are fixed once an entry of it has been submitted' USING ERRCODE = 'TO003';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER rollup_change BEFORE INSERT OR UPDATE OR DELETE ON rollup
    FOR EACH ROW EXECUTE FUNCTION rollup_change();

-- +goose Down
DROP TRIGGER rollup_change ON rollup;
DROP FUNCTION rollup_change;
DROP TABLE attachment;
DROP TABLE comment;
DROP TABLE approval;
DROP TABLE journal_preparer;
DROP TABLE journal_source;
DROP TABLE journal_line;
DROP TABLE journal_entry CASCADE;
DROP FUNCTION journal_entry_change;
DROP FUNCTION journal_content_change;
DROP FUNCTION approval_change;
DROP FUNCTION journal_require;
DROP FUNCTION journal_hash;
DROP FUNCTION journal_approvals_needed;
