-- +goose Up
-- When a reconciliation last compared both of its sides, and how fresh they were.
CREATE TABLE reconciliation (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    name          text        NOT NULL CHECK (name ~ '^[a-z][a-z_]{1,30}$'),
    state         text        NOT NULL CHECK (state IN ('compared', 'failed', 'not_applicable')),
    note          text        NOT NULL, -- why it is not compared, or not since checked_at
    checked_at    timestamptz, -- when it was compared; null: never
    left_at       timestamptz, -- up to when the side named first is known; null: nothing is
    right_at      timestamptz,
    PRIMARY KEY (connection_id, name),
    CHECK ((state = 'compared') = (note = '')),
    CHECK (state = 'failed' OR checked_at IS NOT NULL)
);

-- Everything that was compared, agreeing or not, by currency.
CREATE TABLE reconciliation_total (
    connection_id bigint NOT NULL,
    name          text   NOT NULL,
    currency      text   NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    compared      bigint NOT NULL CHECK (compared >= 0),
    left_sum      numeric(19, 4) NOT NULL,
    right_sum     numeric(19, 4) NOT NULL,
    PRIMARY KEY (connection_id, name, currency),
    FOREIGN KEY (connection_id, name) REFERENCES reconciliation (connection_id, name) ON DELETE CASCADE
);

-- What does not agree, as of the last comparison.
CREATE TABLE reconciliation_item (
    id            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint  NOT NULL,
    name          text    NOT NULL,
    key           text    NOT NULL CHECK (key <> ''), -- order and item, account and period, ...
    currency      text    NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    left_amount   numeric(19, 4) NOT NULL,
    right_amount  numeric(19, 4) NOT NULL,
    difference    numeric(19, 4) NOT NULL CHECK (difference = left_amount - right_amount),
    units         numeric,          -- that differ, where units are compared
    cause         text    NOT NULL CHECK (cause <> ''),
    detail        text    NOT NULL,
    hint          text    NOT NULL, -- a likely explanation with its reason; empty: none
    since         date    NOT NULL,
    object_type   text    NOT NULL, -- what the item is about, and where it is seen
    object_id     bigint  NOT NULL,
    found_at      timestamptz NOT NULL,
    UNIQUE (connection_id, name, key, currency),
    FOREIGN KEY (connection_id, name) REFERENCES reconciliation (connection_id, name) ON DELETE CASCADE
);
CREATE INDEX reconciliation_item_list ON reconciliation_item (connection_id, name, since, id);

CREATE SEQUENCE reconciliation_pair;

-- Why an item may stay: signed by a person, of exactly this difference. The
-- item may come and go; another difference is not explained by it.
CREATE TABLE reconciliation_note (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connection (id),
    name          text        NOT NULL,
    key           text        NOT NULL CHECK (key <> ''),
    currency      text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount        numeric(19, 4) NOT NULL,
    units         numeric,
    reason        text        NOT NULL CHECK (length(btrim(reason)) >= 5),
    pair          bigint,     -- two items that a person matched with one another share it
    written_by    bigint      NOT NULL REFERENCES person (id),
    written_at    timestamptz NOT NULL,
    withdrawn_by  bigint      REFERENCES person (id),
    withdrawn_at  timestamptz,
    CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL)),
    CHECK (withdrawn_at IS NULL OR withdrawn_at >= written_at)
);
-- One note stands at a time.
CREATE UNIQUE INDEX reconciliation_note_live ON reconciliation_note (connection_id, name, key, currency) WHERE withdrawn_at IS NULL;
CREATE INDEX reconciliation_note_pair ON reconciliation_note (pair) WHERE pair IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION reconciliation_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a signed note cannot be deleted; withdraw it' USING ERRCODE = 'TO003';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.withdrawn_at IS NOT NULL THEN
            RAISE EXCEPTION 'a note is written before it is withdrawn' USING ERRCODE = 'TO001';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM reconciliation_item i WHERE i.connection_id = NEW.connection_id AND i.name = NEW.name AND i.key = NEW.key
                       AND i.currency = NEW.currency AND i.difference = NEW.amount AND i.units IS NOT DISTINCT FROM NEW.units) THEN
            RAISE EXCEPTION 'no open item % differs by %', NEW.key, NEW.amount USING ERRCODE = 'TO001';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
        OR to_jsonb(NEW) - ARRAY['withdrawn_at', 'withdrawn_by'] <> to_jsonb(OLD) - ARRAY['withdrawn_at', 'withdrawn_by'] THEN
        RAISE EXCEPTION 'a signed note cannot be changed; withdraw it and write another one' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER reconciliation_note_change BEFORE INSERT OR UPDATE OR DELETE ON reconciliation_note
    FOR EACH ROW EXECUTE FUNCTION reconciliation_note_change();

-- +goose Down
DROP TABLE reconciliation_note;
DROP SEQUENCE reconciliation_pair;
DROP FUNCTION reconciliation_note_change;
DROP TABLE reconciliation_item;
DROP TABLE reconciliation_total;
DROP TABLE reconciliation;
