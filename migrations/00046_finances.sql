-- What Amazon says of a seller's money before a settlement has it.

-- +goose Up
-- Up to when transactions of a connection are known.
CREATE TABLE finance_reading (
    connection_id bigint      PRIMARY KEY REFERENCES connection (id),
    read_to       timestamptz NOT NULL, -- what was posted before is known
    read_at       timestamptz NOT NULL
);

-- One movement of money, as Amazon said it last.
CREATE TABLE finance_transaction (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id  bigint      NOT NULL REFERENCES connection (id),
    transaction_id text        NOT NULL CHECK (transaction_id <> ''),
    type           text        NOT NULL,
    settles_as     text        NOT NULL, -- transaction type of the settlement lines it becomes; empty: not known
    description    text        NOT NULL,
    status         text        NOT NULL CHECK (status IN ('DEFERRED', 'RELEASED', 'DEFERRED_RELEASED')),
    posted_at      timestamptz NOT NULL,
    posted_on      date        NOT NULL, -- in the books' time zone
    currency       text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total          numeric(19, 4) NOT NULL,
    marketplace    text        NOT NULL,
    order_id       text        NOT NULL,
    deferral       text        NOT NULL, -- why it is held back: DD7, B2B
    matures_at     timestamptz,          -- when it is released, as Amazon says
    released_at    timestamptz,          -- null: it is held back
    released_on    date,
    due_on         date        NOT NULL, -- of the release, past or expected; 9999-12-31: Amazon does not say
    release_of     text        NOT NULL DEFAULT '', -- the transaction whose release this one tells of
    aside          boolean     NOT NULL, -- no money of its own: tells of another's release, or of a payout
    settlement_ref text        NOT NULL, -- Amazon's id of its settlement, once Amazon says it
    settlement_id  bigint      REFERENCES settlement (id), -- that carries it; null: none yet
    document_id    bigint      NOT NULL REFERENCES document (id),
    raw_offset     bigint      NOT NULL,
    raw_length     int         NOT NULL,
    content_hash   bytea       NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    UNIQUE (connection_id, transaction_id),
    CHECK ((status = 'DEFERRED') = (released_at IS NULL)),
    CHECK ((released_at IS NULL) = (released_on IS NULL)),
    CHECK (settlement_id IS NULL OR status <> 'DEFERRED')
);
CREATE INDEX finance_transaction_open ON finance_transaction (connection_id, due_on, id) WHERE settlement_id IS NULL;
CREATE INDEX finance_transaction_list ON finance_transaction (due_on, id);
CREATE INDEX finance_transaction_order ON finance_transaction (connection_id, order_id) WHERE order_id <> '';
CREATE INDEX finance_transaction_settlement ON finance_transaction (settlement_id) WHERE settlement_id IS NOT NULL;

-- What a transaction is made of: the leaves of its breakdowns, each as the kind
-- of settlement amount that it becomes.
CREATE TABLE finance_part (
    transaction_id     bigint NOT NULL REFERENCES finance_transaction (id),
    number             int    NOT NULL,
    path               text   NOT NULL, -- Amazon's names from the root to the leaf
    sku                text   NOT NULL,
    quantity           int    NOT NULL,
    fulfillment        text   NOT NULL,
    transaction_type   text   NOT NULL,
    amount_type        text   NOT NULL,
    amount_description text   NOT NULL,
    amount             numeric(19, 4) NOT NULL,
    PRIMARY KEY (transaction_id, number)
);

-- Every state that Amazon told of a transaction, with its bytes.
CREATE TABLE finance_version (
    transaction_id bigint      NOT NULL REFERENCES finance_transaction (id),
    number         int         NOT NULL CHECK (number > 0),
    status         text        NOT NULL,
    total          numeric(19, 4) NOT NULL,
    document_id    bigint      NOT NULL REFERENCES document (id),
    raw_offset     bigint      NOT NULL,
    raw_length     int         NOT NULL,
    seen_at        timestamptz NOT NULL,
    PRIMARY KEY (transaction_id, number)
);
CREATE TRIGGER finance_version_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON finance_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- At commit a transaction is the sum of its parts.
-- +goose StatementBegin
CREATE FUNCTION finance_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    t finance_transaction;
    parts numeric;
BEGIN
    SELECT * INTO t FROM finance_transaction WHERE id = CASE WHEN TG_TABLE_NAME = 'finance_transaction' THEN (to_jsonb(NEW)->>'id')::bigint
        ELSE (to_jsonb(coalesce(NEW, OLD))->>'transaction_id')::bigint END;
    SELECT coalesce(sum(p.amount), 0) INTO parts FROM finance_part p WHERE p.transaction_id = t.id;
    IF parts <> t.total THEN
        RAISE EXCEPTION 'transaction % is %, its parts add up to %', t.transaction_id, t.total, parts USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER finance_transaction_adds_up AFTER INSERT OR UPDATE OF total ON finance_transaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION finance_adds_up();
CREATE CONSTRAINT TRIGGER finance_part_adds_up AFTER INSERT OR UPDATE OR DELETE ON finance_part
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION finance_adds_up();

-- A transaction is evidence: who, when and in which currency never change; what
-- was released is not held back again.
-- +goose StatementBegin
CREATE FUNCTION finance_transaction_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'transaction % is evidence and cannot be deleted', OLD.transaction_id USING ERRCODE = 'TO003';
    END IF;
    IF (NEW.connection_id, NEW.transaction_id, NEW.currency) <> (OLD.connection_id, OLD.transaction_id, OLD.currency) THEN
        RAISE EXCEPTION 'transaction % is evidence: its currency and id cannot change', OLD.transaction_id USING ERRCODE = 'TO003';
    END IF;
    IF NEW.status = 'DEFERRED' AND OLD.status <> 'DEFERRED' THEN
        RAISE EXCEPTION 'transaction % was released and cannot be held back again', OLD.transaction_id USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER finance_transaction_change BEFORE UPDATE OR DELETE ON finance_transaction
    FOR EACH ROW EXECUTE FUNCTION finance_transaction_change();

-- What the books do with sales that Amazon holds back.
ALTER TABLE policy
    ADD COLUMN held_sales text NOT NULL DEFAULT 'on_release' CHECK (held_sales IN ('on_release', 'on_sale')),
    ADD COLUMN deferred_account text NOT NULL DEFAULT '', -- receivable for them; used with on_sale
    ADD CHECK (held_sales = 'on_release' OR deferred_account <> '');

-- +goose Down
ALTER TABLE policy DROP COLUMN deferred_account, DROP COLUMN held_sales;
DROP TABLE finance_version;
DROP TABLE finance_part;
DROP TABLE finance_transaction;
DROP TABLE finance_reading;
DROP FUNCTION finance_adds_up;
DROP FUNCTION finance_transaction_change;
