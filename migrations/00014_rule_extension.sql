-- +goose Up
-- A set that only adds rules for names nobody had mapped changes nothing that is
-- mapped already: its author may publish it at once. Whatever else changes needs
-- a second person, and the database tells the two apart.
ALTER TABLE rule_set ADD COLUMN extension boolean NOT NULL DEFAULT false;

-- A rule keeps its lineage from set to set, so that two sets can be compared.
CREATE SEQUENCE mapping_rule_lineage;
ALTER TABLE mapping_rule ADD COLUMN lineage bigint NOT NULL DEFAULT nextval('mapping_rule_lineage');
ALTER SEQUENCE mapping_rule_lineage OWNED BY mapping_rule.lineage;
ALTER TABLE mapping_rule ADD UNIQUE (rule_set_id, lineage);

-- An extension passes a set in preparation by.
DROP INDEX rule_set_draft;
CREATE UNIQUE INDEX rule_set_draft ON rule_set (connection_id) WHERE state IN ('draft', 'submitted') AND NOT extension;

-- Why a set is more than an extension of its base; null when it is none.
-- +goose StatementBegin
CREATE FUNCTION rule_set_objection(extended bigint, base bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    last int;
BEGIN
    IF base IS NULL THEN
        RETURN 'there is no published set that it adds to';
    END IF;
    SELECT coalesce(max(position), 0) INTO last FROM mapping_rule WHERE rule_set_id = base;
    IF EXISTS (
        (SELECT to_jsonb(r) - ARRAY['id', 'rule_set_id'] FROM mapping_rule r WHERE r.rule_set_id = base
         EXCEPT
         SELECT to_jsonb(r) - ARRAY['id', 'rule_set_id'] FROM mapping_rule r WHERE r.rule_set_id = extended AND r.position <= last)
        UNION ALL
        (SELECT to_jsonb(r) - ARRAY['id', 'rule_set_id'] FROM mapping_rule r WHERE r.rule_set_id = extended AND r.position <= last
         EXCEPT
         SELECT to_jsonb(r) - ARRAY['id', 'rule_set_id'] FROM mapping_rule r WHERE r.rule_set_id = base)) THEN
        RETURN 'it changes, removes or reorders rules';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM mapping_rule r WHERE r.rule_set_id = extended AND r.position > last) THEN
        RETURN 'it adds no rule';
    END IF;
    IF EXISTS (SELECT 1 FROM mapping_rule r WHERE r.rule_set_id = extended AND r.position > last
               AND (r.marketplace_match = 'starts' OR r.transaction_type_match <> 'is' OR r.amount_type_match <> 'is'
                    OR r.amount_description_match <> 'is')) THEN
        RETURN 'a rule of it takes more than one exact name';
    END IF;
    IF EXISTS (SELECT slot, account FROM rule_set_account WHERE rule_set_id = base
               EXCEPT SELECT slot, account FROM rule_set_account WHERE rule_set_id = extended) THEN
        RETURN 'it changes or removes account picks';
    END IF;
    IF EXISTS (SELECT 1 FROM rule_set_account a
               WHERE a.rule_set_id = extended
                 AND NOT EXISTS (SELECT 1 FROM rule_set_account b WHERE b.rule_set_id = base AND b.slot = a.slot)
                 AND (a.slot IN ('clearing', 'rounding')
                      OR EXISTS (SELECT 1 FROM mapping_rule r WHERE r.rule_set_id = base AND r.slot = a.slot AND r.account = ''))) THEN
        RETURN 'it picks an account for rules that were there before';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- The life of a rule set: draft, submitted, published, retired. Publication
-- takes the place of the published set that the new one is based on.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rule_set_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    in_use    bigint;
    publisher person;
    objection text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'rule set % is % and cannot be deleted', OLD.number, OLD.state USING ERRCODE = 'TO003';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state = 'published' AND NEW.state = 'retired' AND pg_trigger_depth() > 1
        AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
        RETURN NEW; -- its successor is being published
    END IF;
    IF OLD.state IN ('published', 'retired') THEN
        RAISE EXCEPTION 'rule set % is % and cannot be changed', OLD.number, OLD.state USING ERRCODE = 'TO003';
    END IF;
    IF (NEW.id, NEW.connection_id, NEW.number, NEW.template, NEW.extension, NEW.created_by, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.connection_id, OLD.number, OLD.template, OLD.extension, OLD.created_by, OLD.created_at) THEN
        RAISE EXCEPTION 'where rule set % comes from cannot be changed', OLD.number USING ERRCODE = 'TO003';
    END IF;
    IF NOT (OLD.state, NEW.state) IN (('draft', 'draft'), ('draft', 'submitted'), ('submitted', 'draft'), ('submitted', 'published')) THEN
        IF NEW.state = 'published' THEN
            RAISE EXCEPTION 'a rule set is submitted by one person before another publishes it' USING ERRCODE = 'TO001';
        END IF;
        RAISE EXCEPTION 'rule set % is % and cannot be changed', OLD.number, OLD.state USING ERRCODE = 'TO003';
    END IF;
    IF NEW.state = 'draft' THEN
        NEW.submitted_by := NULL;
        NEW.submitted_at := NULL;
    END IF;
    IF NEW.state <> 'published' THEN
        NEW.published_by := NULL;
        NEW.published_at := NULL;
        IF NEW.state = 'submitted' AND NEW.submitted_by IS NULL THEN
            RAISE EXCEPTION 'a rule set is submitted by a person' USING ERRCODE = 'TO001';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.published_by IS NULL OR NEW.submitted_by IS DISTINCT FROM OLD.submitted_by OR NEW.based_on IS DISTINCT FROM OLD.based_on THEN
        RAISE EXCEPTION 'a rule set is submitted by one person before another publishes it' USING ERRCODE = 'TO001';
    END IF;
    SELECT * INTO publisher FROM person WHERE id = NEW.published_by;
    SELECT r.id INTO in_use FROM rule_set r WHERE r.connection_id = NEW.connection_id AND r.state = 'published' FOR NO KEY UPDATE;
    IF in_use IS DISTINCT FROM NEW.based_on THEN
        RAISE EXCEPTION 'rule set % is not based on the published set; begin again from the published one', NEW.number USING ERRCODE = 'TO001';
    END IF;
    IF NEW.extension THEN
        objection := rule_set_objection(NEW.id, in_use);
        IF objection IS NOT NULL THEN
            RAISE EXCEPTION 'rule set % needs a second person: %', NEW.number, objection USING ERRCODE = 'TO002';
        END IF;
        IF NOT publisher.roles && ARRAY['accountant', 'approver'] OR publisher.disabled_at IS NOT NULL THEN
            RAISE EXCEPTION 'only an accountant or approver may add mapping rules' USING ERRCODE = 'TO002';
        END IF;
    ELSE
        IF NEW.published_by = NEW.submitted_by OR NEW.published_by = NEW.created_by
            OR EXISTS (SELECT 1 FROM rule_set_editor e WHERE e.rule_set_id = NEW.id AND e.person_id = NEW.published_by) THEN
            RAISE EXCEPTION 'a rule set is published by someone who did not prepare it' USING ERRCODE = 'TO002';
        END IF;
        IF NOT 'approver' = ANY (publisher.roles) OR publisher.disabled_at IS NOT NULL THEN
            RAISE EXCEPTION 'only an approver may publish a rule set' USING ERRCODE = 'TO002';
        END IF;
    END IF;
    UPDATE rule_set SET state = 'retired' WHERE id = in_use;
    NEW.published_at := coalesce(NEW.published_at, now());
    RETURN NEW;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rule_set_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A new connection's first set comes from a shipped template and is published by the program
    -- (published_by is null); every other set begins as a draft.
    IF NEW.state <> 'draft' AND (NEW.state <> 'published' OR NEW.template = '' OR NEW.published_by IS NOT NULL OR EXISTS (
        SELECT 1 FROM rule_set r WHERE r.connection_id = NEW.connection_id)) THEN
        RAISE EXCEPTION 'a rule set begins as a draft' USING ERRCODE = 'TO001';
    END IF;
    IF NEW.state = 'draft' AND NEW.created_by IS NULL THEN
        RAISE EXCEPTION 'a draft of a rule set is begun by a person' USING ERRCODE = 'TO001';
    END IF;
    NEW.created_at := transaction_timestamp(); -- rule_set_content relies on it
    NEW.submitted_by := NULL;
    NEW.submitted_at := NULL;
    NEW.published_at := CASE WHEN NEW.state = 'published' THEN coalesce(NEW.published_at, now()) END;
    RETURN NEW;
END
$$;
-- +goose StatementEnd

-- Rules and picks change only while their set is a draft. The first set of a
-- connection, which the program publishes, is filled in the transaction that
-- creates it.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rule_set_content() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent rule_set;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.rule_set_id <> OLD.rule_set_id THEN
        RAISE EXCEPTION 'a rule stays in its set' USING ERRCODE = 'TO003';
    END IF;
    SELECT * INTO parent FROM rule_set
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.rule_set_id ELSE NEW.rule_set_id END FOR SHARE;
    IF FOUND AND parent.state <> 'draft' AND NOT (TG_OP = 'INSERT' AND parent.state = 'published'
        AND parent.published_by IS NULL AND parent.created_at = transaction_timestamp()) THEN
        RAISE EXCEPTION 'rule set % is % and cannot be changed', parent.number, parent.state USING ERRCODE = 'TO003';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- +goose StatementEnd

-- Who edited a set stays known as long as the set exists.
-- +goose StatementBegin
CREATE FUNCTION rule_set_editor_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT 1 FROM rule_set r WHERE r.id = OLD.rule_set_id) THEN
        RETURN OLD; -- its draft is being discarded
    END IF;
    RAISE EXCEPTION 'who edited a rule set cannot be changed' USING ERRCODE = 'TO003';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER rule_set_editor_change BEFORE UPDATE OR DELETE ON rule_set_editor
    FOR EACH ROW EXECUTE FUNCTION rule_set_editor_change();

CREATE TRIGGER rule_set_truncate BEFORE TRUNCATE ON rule_set FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_set_editor_truncate BEFORE TRUNCATE ON rule_set_editor FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_set_account_truncate BEFORE TRUNCATE ON rule_set_account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER mapping_rule_truncate BEFORE TRUNCATE ON mapping_rule FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER mapping_rule_truncate ON mapping_rule;
DROP TRIGGER rule_set_account_truncate ON rule_set_account;
DROP TRIGGER rule_set_editor_truncate ON rule_set_editor;
DROP TRIGGER rule_set_truncate ON rule_set;
DROP TRIGGER rule_set_editor_change ON rule_set_editor;
DROP FUNCTION rule_set_editor_change;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rule_set_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'rule set % is % and cannot be deleted', OLD.number, OLD.state USING ERRCODE = 'TO003';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state IN ('published', 'retired') AND NOT (OLD.state = 'published' AND NEW.state = 'retired') THEN
        RAISE EXCEPTION 'rule set % is % and cannot be changed', OLD.number, OLD.state USING ERRCODE = 'TO003';
    END IF;
    IF NEW.state = 'published' AND OLD.state <> 'published' THEN
        IF OLD.state <> 'submitted' OR NEW.published_by IS NULL THEN
            RAISE EXCEPTION 'a rule set is submitted by one person before another publishes it' USING ERRCODE = 'TO001';
        END IF;
        IF NEW.published_by = NEW.submitted_by OR NEW.published_by = NEW.created_by
            OR EXISTS (SELECT 1 FROM rule_set_editor e WHERE e.rule_set_id = NEW.id AND e.person_id = NEW.published_by) THEN
            RAISE EXCEPTION 'a rule set is published by someone who did not prepare it' USING ERRCODE = 'TO002';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rule_set_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A new connection's first set comes from a shipped template and is published by the program
    -- (published_by is null); every other set begins as a draft.
    IF NEW.state <> 'draft' AND (NEW.template = '' OR EXISTS (
        SELECT 1 FROM rule_set r WHERE r.connection_id = NEW.connection_id)) THEN
        RAISE EXCEPTION 'a rule set begins as a draft' USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION rule_set_content() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent rule_set;
    set_id bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.rule_set_id ELSE NEW.rule_set_id END;
BEGIN
    SELECT * INTO parent FROM rule_set WHERE id = set_id;
    IF FOUND AND parent.state <> 'draft'
        AND NOT (TG_OP = 'INSERT' AND parent.created_at = transaction_timestamp()) THEN
        RAISE EXCEPTION 'rule set % is % and cannot be changed', parent.number, parent.state USING ERRCODE = 'TO003';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
-- +goose StatementEnd
DROP FUNCTION rule_set_objection;
DROP INDEX rule_set_draft;
CREATE UNIQUE INDEX rule_set_draft ON rule_set (connection_id) WHERE state IN ('draft', 'submitted');
ALTER TABLE mapping_rule DROP COLUMN lineage;
ALTER TABLE rule_set DROP COLUMN extension;
