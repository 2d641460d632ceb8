-- +goose Up
-- A rule set is numbered, immutable once published, and names every account it
-- uses: a journal entry can be rebuilt from it years later.
CREATE TABLE rule_set (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id    bigint      NOT NULL REFERENCES connection (id),
    number           int         NOT NULL,
    state            text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'submitted', 'published', 'retired')),
    template         text        NOT NULL DEFAULT '',
    note             text        NOT NULL DEFAULT '',
    based_on         bigint      REFERENCES rule_set (id),
    created_by       bigint      REFERENCES person (id),
    created_at       timestamptz NOT NULL DEFAULT now(),
    submitted_by     bigint      REFERENCES person (id),
    submitted_at     timestamptz,
    published_by     bigint      REFERENCES person (id),
    published_at     timestamptz,
    version          int         NOT NULL DEFAULT 1,
    UNIQUE (connection_id, number),
    CHECK ((state IN ('published', 'retired')) <= (published_at IS NOT NULL))
);
-- One published set and one set in preparation per connection.
CREATE UNIQUE INDEX rule_set_published ON rule_set (connection_id) WHERE state = 'published';
CREATE UNIQUE INDEX rule_set_draft ON rule_set (connection_id) WHERE state IN ('draft', 'submitted');

-- Everyone who changed a draft; none of them may publish it.
CREATE TABLE rule_set_editor (
    rule_set_id bigint      NOT NULL REFERENCES rule_set (id) ON DELETE CASCADE,
    person_id   bigint      NOT NULL REFERENCES person (id),
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (rule_set_id, person_id)
);

-- The account picks of a set: most rules say a slot (usually their category),
-- so that a new connection picks about 25 accounts and not one per rule.
CREATE TABLE rule_set_account (
    rule_set_id bigint NOT NULL REFERENCES rule_set (id) ON DELETE CASCADE,
    slot        text   NOT NULL,
    account     text   NOT NULL,
    PRIMARY KEY (rule_set_id, slot)
);

-- Text conditions: any, is (exact) or starts (prefix), compared on a key that
-- ignores case, blanks, hyphens and underscores.
CREATE TABLE mapping_rule (
    id                       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_set_id              bigint   NOT NULL REFERENCES rule_set (id) ON DELETE CASCADE,
    position                 int      NOT NULL,
    marketplace_match        text     NOT NULL DEFAULT 'any' CHECK (marketplace_match IN ('any', 'is', 'starts')),
    marketplace              text     NOT NULL DEFAULT '',
    transaction_type_match   text     NOT NULL DEFAULT 'any' CHECK (transaction_type_match IN ('any', 'is', 'starts')),
    transaction_type         text     NOT NULL DEFAULT '',
    amount_type_match        text     NOT NULL DEFAULT 'any' CHECK (amount_type_match IN ('any', 'is', 'starts')),
    amount_type              text     NOT NULL DEFAULT '',
    amount_description_match text     NOT NULL DEFAULT 'any' CHECK (amount_description_match IN ('any', 'is', 'starts')),
    amount_description       text     NOT NULL DEFAULT '',
    sign                     smallint NOT NULL DEFAULT 0 CHECK (sign IN (-1, 0, 1)), -- 0: either
    product_group            text     NOT NULL DEFAULT '', -- empty: any
    fulfillment              text     NOT NULL DEFAULT '' CHECK (fulfillment IN ('', 'AFN', 'MFN')),
    category                 text     NOT NULL,
    slot                     text     NOT NULL DEFAULT '', -- the account pick it uses, when account is empty
    account                  text     NOT NULL DEFAULT '',
    branch                   text     NOT NULL DEFAULT '',
    by_marketplace           boolean  NOT NULL DEFAULT false, -- one journal line per marketplace
    gross                    boolean  NOT NULL DEFAULT false, -- debits and credits on lines of their own
    note                     text     NOT NULL DEFAULT '',
    UNIQUE (rule_set_id, position) DEFERRABLE INITIALLY DEFERRED,
    CHECK (slot <> '' OR account <> '')
);

-- +goose StatementBegin
CREATE FUNCTION rule_set_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER rule_set_change BEFORE UPDATE OR DELETE ON rule_set FOR EACH ROW EXECUTE FUNCTION rule_set_change();

-- +goose StatementBegin
CREATE FUNCTION rule_set_insert() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER rule_set_insert BEFORE INSERT ON rule_set FOR EACH ROW EXECUTE FUNCTION rule_set_insert();

-- Rules and picks change only while their set is a draft. The first set of a
-- connection is filled in the transaction that creates it.
-- +goose StatementBegin
CREATE FUNCTION rule_set_content() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER mapping_rule_content BEFORE INSERT OR UPDATE OR DELETE ON mapping_rule
    FOR EACH ROW EXECUTE FUNCTION rule_set_content();
CREATE TRIGGER rule_set_account_content BEFORE INSERT OR UPDATE OR DELETE ON rule_set_account
    FOR EACH ROW EXECUTE FUNCTION rule_set_content();

-- +goose Down
DROP TABLE mapping_rule;
DROP TABLE rule_set_account;
DROP TABLE rule_set_editor;
DROP TABLE rule_set;
DROP FUNCTION rule_set_change;
DROP FUNCTION rule_set_insert;
DROP FUNCTION rule_set_content;
