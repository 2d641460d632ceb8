-- The close of a fiscal period: one person asks with a checklist that is frozen, another one closes, and nothing enters
-- the books of the period until it is reopened.

-- +goose Up
CREATE TABLE period_close (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id  bigint      NOT NULL,
    fiscal_year    int         NOT NULL,
    period         int         NOT NULL,
    state          text        NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'withdrawn', 'refused', 'closed', 'reopened')),
    checklist      text        NOT NULL,                 -- JSON, as it was when the close was asked for
    checklist_hash bytea       NOT NULL,                 -- SHA-256 of that text
    note           text        NOT NULL DEFAULT '',      -- of the preparer
    requested_by   bigint      NOT NULL REFERENCES person (id),
    requested_at   timestamptz NOT NULL,
    decided_by     bigint      REFERENCES person (id),   -- who closed, refused or withdrew it
    decided_at     timestamptz,
    signed_in_at   timestamptz,                          -- of who closed it: the identity provider's auth_time
    reason         text        NOT NULL DEFAULT '',      -- why it was refused
    reopened_by    bigint      REFERENCES person (id),
    reopened_at    timestamptz,
    reopen_reason  text        NOT NULL DEFAULT '',
    FOREIGN KEY (connection_id, fiscal_year, period) REFERENCES fiscal_period (connection_id, fiscal_year, number),
    CHECK (checklist_hash = sha256(convert_to(checklist, 'UTF8'))),
    CHECK ((state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
    CHECK (state <> 'refused' OR length(btrim(reason)) > 0),
    CHECK ((state = 'reopened') = (reopened_by IS NOT NULL) AND (reopened_by IS NULL) = (reopened_at IS NULL)),
    CHECK (state <> 'reopened' OR length(btrim(reopen_reason)) > 0)
);
-- One request or close of a period at a time.
CREATE UNIQUE INDEX period_close_live ON period_close (connection_id, fiscal_year, period) WHERE state IN ('requested', 'closed');
CREATE INDEX period_close_history ON period_close (connection_id, fiscal_year, period, id);

-- Whether a period is closed here, whatever P21 says of it.
-- +goose StatementBegin
CREATE FUNCTION period_closed(of_connection bigint, of_year int, of_period int) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM period_close c
                   WHERE c.connection_id = of_connection AND c.fiscal_year = of_year AND c.period = of_period AND c.state = 'closed')
$$;
-- +goose StatementEnd

-- A close is prepared by one person and made by another one with the role of an approver; what was decided stays.
-- +goose StatementBegin
CREATE FUNCTION period_close_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who  person;
    p    policy;
    item text;
    name text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'the close of a period is evidence and cannot be deleted' USING ERRCODE = 'TO003';
    END IF;
    name := format('%s-%s', NEW.fiscal_year, lpad(NEW.period::text, 2, '0'));
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' THEN
            RAISE EXCEPTION 'the close of a period begins with a request' USING ERRCODE = 'TO001';
        END IF;
        SELECT * INTO who FROM person WHERE id = NEW.requested_by;
        IF NOT 'accountant' = ANY (who.roles) OR who.disabled_at IS NOT NULL THEN
            RAISE EXCEPTION 'an accountant asks for the close of a period' USING ERRCODE = 'TO002';
        END IF;
        SELECT i->>'title' INTO item FROM jsonb_array_elements(NEW.checklist::jsonb->'items') i
            WHERE i->>'state' = 'blocks' AND (btrim(coalesce(i->>'waiver', '')) = '' OR NOT (i->>'waivable')::boolean) LIMIT 1;
        IF item IS NOT NULL THEN
            RAISE EXCEPTION 'period % cannot be closed: "%" stands in the way', name, item USING ERRCODE = 'TO001';
        END IF;
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - ARRAY['state', 'decided_by', 'decided_at', 'signed_in_at', 'reason', 'reopened_by', 'reopened_at', 'reopen_reason'])
        <> (to_jsonb(OLD) - ARRAY['state', 'decided_by', 'decided_at', 'signed_in_at', 'reason', 'reopened_by', 'reopened_at', 'reopen_reason']) THEN
        RAISE EXCEPTION 'what was asked for with the close of period % cannot be changed', name USING ERRCODE = 'TO003';
    END IF;
    IF NOT (OLD.state, NEW.state) IN (('requested', 'withdrawn'), ('requested', 'refused'), ('requested', 'closed'), ('closed', 'reopened')) THEN
        RAISE EXCEPTION 'the close of period % is % and cannot be changed', name, OLD.state USING ERRCODE = 'TO003';
    END IF;
    IF NEW.state = 'reopened' THEN
        IF (NEW.decided_by, NEW.decided_at, NEW.signed_in_at, NEW.reason) IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.signed_in_at, OLD.reason) THEN
            RAISE EXCEPTION 'who closed period % cannot be changed', name USING ERRCODE = 'TO003';
        END IF;
        SELECT * INTO who FROM person WHERE id = NEW.reopened_by;
        IF NOT 'approver' = ANY (who.roles) OR who.disabled_at IS NOT NULL THEN
            RAISE EXCEPTION 'only an approver may reopen a period' USING ERRCODE = 'TO002';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state = 'withdrawn' THEN
        RETURN NEW;
    END IF;
    SELECT * INTO who FROM person WHERE id = NEW.decided_by;
    SELECT * INTO p FROM policy WHERE connection_id = NEW.connection_id;
    IF NOT 'approver' = ANY (who.roles) OR who.disabled_at IS NOT NULL THEN
        RAISE EXCEPTION 'only an approver may decide on the close of a period' USING ERRCODE = 'TO002';
    END IF;
    IF NEW.state = 'refused' THEN
        RETURN NEW;
    END IF;
    IF NEW.decided_by = NEW.requested_by THEN
        RAISE EXCEPTION 'a person never approves what that person prepared' USING ERRCODE = 'TO002';
    END IF;
    IF cardinality(coalesce(p.approver_ids, '{}')) > 0 AND NOT NEW.decided_by = ANY (p.approver_ids) THEN
        RAISE EXCEPTION 'the policy of this connection names other approvers' USING ERRCODE = 'TO002';
    END IF;
    IF p.fresh_sign_in_minutes IS NOT NULL
        AND coalesce(NEW.signed_in_at, 'epoch') < clock_timestamp() - make_interval(mins => p.fresh_sign_in_minutes) THEN
        RAISE EXCEPTION 'this approval needs a sign-in of the last % minutes', p.fresh_sign_in_minutes USING ERRCODE = 'TO004';
    END IF;
    -- Whoever writes an entry of the period shares this row: none slips in while it is being closed.
    PERFORM 1 FROM fiscal_period f WHERE f.connection_id = NEW.connection_id AND f.fiscal_year = NEW.fiscal_year AND f.number = NEW.period FOR UPDATE;
    SELECT e.reference INTO item FROM journal_entry e
        WHERE e.connection_id = NEW.connection_id AND e.fiscal_year = NEW.fiscal_year AND e.period = NEW.period
          AND e.status IN ('approved', 'posting', 'unknown') LIMIT 1;
    IF item IS NOT NULL THEN
        RAISE EXCEPTION 'period % cannot be closed: entry % is on its way to P21', name, item USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER period_close_change BEFORE INSERT OR UPDATE OR DELETE ON period_close
    FOR EACH ROW EXECUTE FUNCTION period_close_change();
CREATE TRIGGER period_close_truncate BEFORE TRUNCATE ON period_close
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- While a period is closed no entry begins in it, moves to it, or goes on from draft to posting in it.
-- +goose StatementBegin
CREATE FUNCTION journal_entry_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved boolean := TG_OP = 'INSERT' OR (NEW.connection_id, NEW.fiscal_year, NEW.period) IS DISTINCT FROM (OLD.connection_id, OLD.fiscal_year, OLD.period);
BEGIN
    IF NOT moved AND (NEW.status = OLD.status OR NEW.status NOT IN ('submitted', 'approved')) THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM fiscal_period f WHERE f.connection_id = NEW.connection_id AND f.fiscal_year = NEW.fiscal_year AND f.number = NEW.period FOR SHARE;
    IF period_closed(NEW.connection_id, NEW.fiscal_year, NEW.period) THEN
        RAISE EXCEPTION 'period %-% is closed; reopen it before entry % can be written in it', NEW.fiscal_year, lpad(NEW.period::text, 2, '0'), NEW.reference
            USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_entry_closed_period BEFORE INSERT OR UPDATE ON journal_entry
    FOR EACH ROW EXECUTE FUNCTION journal_entry_closed_period();

-- The sums that posted entries of a closed period rest on stay, even when the entry was reversed in a later period.
-- +goose StatementBegin
CREATE FUNCTION rollup_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM journal_source x JOIN journal_entry e ON e.id = x.entry_id
               WHERE x.settlement_id = OLD.settlement_id AND x.kind_id = OLD.kind_id AND x.posted_on = OLD.posted_on AND x.product_group = OLD.product_group
                 AND x.fulfillment = OLD.fulfillment AND x.correction_id = OLD.correction_id
                 AND e.status IN ('posted', 'reversed') AND period_closed(e.connection_id, e.fiscal_year, e.period)) THEN
        RAISE EXCEPTION 'entries of a closed period rest on the sums of this settlement' USING ERRCODE = 'TO003';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER rollup_closed_period BEFORE UPDATE OR DELETE ON rollup
    FOR EACH ROW EXECUTE FUNCTION rollup_closed_period();

-- +goose Down
DROP TRIGGER rollup_closed_period ON rollup;
DROP TRIGGER journal_entry_closed_period ON journal_entry;
DROP TABLE period_close;
DROP FUNCTION rollup_closed_period;
DROP FUNCTION journal_entry_closed_period;
DROP FUNCTION period_close_change;
DROP FUNCTION period_closed;
