-- Exchange rates with their history, where they come from, and what rests on them.

-- +goose Up
-- A rate is written once. A correction is a new version; the old one stays, and
-- the entries that rest on it still show it.
ALTER TABLE exchange_rate DROP CONSTRAINT exchange_rate_pkey;
ALTER TABLE exchange_rate
    ADD COLUMN id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ADD COLUMN connection_id bigint REFERENCES connection (id), -- null: for every connection
    ADD COLUMN version       int    NOT NULL DEFAULT 1 CHECK (version > 0),
    ADD COLUMN origin        text   NOT NULL DEFAULT 'hand' CHECK (origin IN ('hand', 'upload', 'p21', 'daily')),
    ADD COLUMN reason        text   NOT NULL DEFAULT '',
    ADD COLUMN entered_by    bigint REFERENCES person (id),   -- null: a job
    ADD COLUMN document_id   bigint REFERENCES document (id), -- the file it was read from
    ADD COLUMN ended_at      timestamptz;                     -- a later version took its place, or it was withdrawn
CREATE UNIQUE INDEX exchange_rate_in_force ON exchange_rate (base, quote, rate_on, coalesce(connection_id, 0)) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX exchange_rate_version ON exchange_rate (base, quote, rate_on, coalesce(connection_id, 0), version);
CREATE INDEX exchange_rate_list ON exchange_rate (rate_on DESC, id DESC) WHERE ended_at IS NULL;

-- Which rates an entry rests on.
CREATE TABLE journal_rate (
    entry_id bigint NOT NULL REFERENCES journal_entry (id),
    rate_id  bigint NOT NULL REFERENCES exchange_rate (id),
    PRIMARY KEY (entry_id, rate_id)
);
CREATE INDEX journal_rate_rate ON journal_rate (rate_id);
-- Of entries that are older than this table: the rates of the days that their note and amounts name.
INSERT INTO journal_rate (entry_id, rate_id)
SELECT e.id, r.id FROM journal_entry e JOIN exchange_rate r ON r.base = e.currency AND r.quote = e.functional_currency
WHERE e.currency <> e.functional_currency AND e.status <> 'discarded'
  AND (r.rate_on::text = right(e.rate_note, 10)
       OR e.rate_note LIKE 'each amount%' AND EXISTS (SELECT 1 FROM journal_source x WHERE x.entry_id = e.id AND r.rate_on BETWEEN x.posted_on - 7 AND x.posted_on));
CREATE TRIGGER journal_rate_change BEFORE INSERT OR UPDATE OR DELETE ON journal_rate
    FOR EACH ROW EXECUTE FUNCTION journal_content_change();
CREATE TRIGGER journal_rate_truncate BEFORE TRUNCATE ON journal_rate FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A rate is never rewritten or deleted; it only ends.
-- +goose StatementBegin
CREATE FUNCTION exchange_rate_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
        OR (to_jsonb(NEW) - 'ended_at') <> (to_jsonb(OLD) - 'ended_at') THEN
        RAISE EXCEPTION 'the rate of % to % of % cannot be changed or deleted; a correction is a new version', OLD.base, OLD.quote, OLD.rate_on
            USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER exchange_rate_change BEFORE UPDATE OR DELETE ON exchange_rate FOR EACH ROW EXECUTE FUNCTION exchange_rate_change();
CREATE TRIGGER exchange_rate_truncate BEFORE TRUNCATE ON exchange_rate FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One that a submitted entry rests on ends only where another version follows.
-- +goose StatementBegin
CREATE FUNCTION exchange_rate_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM journal_rate x JOIN journal_entry e ON e.id = x.entry_id WHERE x.rate_id = NEW.id AND e.status NOT IN ('draft', 'discarded'))
        AND NOT EXISTS (SELECT 1 FROM exchange_rate r WHERE r.base = NEW.base AND r.quote = NEW.quote AND r.rate_on = NEW.rate_on
                        AND r.connection_id IS NOT DISTINCT FROM NEW.connection_id AND r.version > NEW.version) THEN
        RAISE EXCEPTION 'entries rest on the rate of % to % of %; enter the right one instead of withdrawing it', NEW.base, NEW.quote, NEW.rate_on
            USING ERRCODE = 'TO003';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER exchange_rate_end AFTER UPDATE ON exchange_rate DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION exchange_rate_end();

-- Where a connection's rates come from, and what may be derived from them.
CREATE TABLE rate_setting (
    connection_id bigint  PRIMARY KEY REFERENCES connection (id),
    from_p21      boolean NOT NULL DEFAULT false,
    daily_url     text    NOT NULL DEFAULT '', -- a daily file in the format of the ECB; empty: none
    inverse       boolean NOT NULL DEFAULT false, -- the rate of the other direction may be turned around
    pivot         text    NOT NULL DEFAULT '' CHECK (pivot = '' OR pivot ~ '^[A-Z]{3}$'), -- two rates may be joined through it; empty: never
    most_move     numeric(7, 2) NOT NULL DEFAULT 10 CHECK (most_move > 0 AND most_move <= 10000), -- percent against the day before; more needs a person
    version       int     NOT NULL DEFAULT 1,
    updated_at    timestamptz NOT NULL DEFAULT now()
);

-- What the last look at a source came to.
CREATE TABLE rate_reading (
    connection_id bigint NOT NULL REFERENCES connection (id),
    origin        text   NOT NULL CHECK (origin IN ('p21', 'daily')),
    read_at       timestamptz NOT NULL,
    document_id   bigint REFERENCES document (id),
    rates         int    NOT NULL DEFAULT 0, -- in the answer, of the currencies in use
    stored        int    NOT NULL DEFAULT 0, -- new among them
    problem       text   NOT NULL DEFAULT '',
    PRIMARY KEY (connection_id, origin)
);

-- +goose Down
DROP TABLE rate_reading;
DROP TABLE rate_setting;
DROP TRIGGER exchange_rate_end ON exchange_rate;
DROP FUNCTION exchange_rate_end;
DROP TRIGGER exchange_rate_change ON exchange_rate;
DROP TRIGGER exchange_rate_truncate ON exchange_rate;
DROP FUNCTION exchange_rate_change;
DROP TABLE journal_rate;
DELETE FROM exchange_rate WHERE ended_at IS NOT NULL OR connection_id IS NOT NULL;
DROP INDEX exchange_rate_in_force;
DROP INDEX exchange_rate_version;
DROP INDEX exchange_rate_list;
ALTER TABLE exchange_rate DROP COLUMN id, DROP COLUMN connection_id, DROP COLUMN version, DROP COLUMN origin, DROP COLUMN reason,
    DROP COLUMN entered_by, DROP COLUMN document_id, DROP COLUMN ended_at;
ALTER TABLE exchange_rate ADD PRIMARY KEY (base, quote, rate_on);
