-- +goose Up
-- The audit log: append-only and hash-chained. The trigger gives each event its
-- number, the hash of the event before it and its own hash, so that the chain
-- holds whatever writes to the table. Writers lock the head until they commit:
-- write the event last in a transaction.
CREATE TABLE audit_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq      bigint NOT NULL,
    hash     bytea  NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, sha256('tieout'));

CREATE TABLE audit_event (
    seq           bigint      PRIMARY KEY,
    at            timestamptz NOT NULL,
    actor_id      bigint      REFERENCES person (id), -- null: a job
    actor         text        NOT NULL,               -- the person's name, or the job
    action        text        NOT NULL,
    object_type   text        NOT NULL,
    object_id     text        NOT NULL,
    connection_id bigint,
    before        jsonb,
    after         jsonb,
    reason        text        NOT NULL DEFAULT '',
    request_id    text        NOT NULL DEFAULT '',
    prev_hash     bytea       NOT NULL,
    hash          bytea       NOT NULL
);
CREATE INDEX audit_event_object ON audit_event (object_type, object_id, seq);
CREATE INDEX audit_event_actor ON audit_event (actor_id, seq);
CREATE INDEX audit_event_at ON audit_event (at);

-- The text that is hashed. Instants are written as microseconds since 1970 so
-- that no session setting changes them.
-- +goose StatementBegin
CREATE FUNCTION audit_text(e audit_event) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_array(
        e.seq, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_id, e.actor, e.action,
        e.object_type, e.object_id, e.connection_id, e.before, e.after, e.reason, e.request_id)::text
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_head;
BEGIN
    SELECT * INTO head FROM audit_head FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.at := coalesce(NEW.at, clock_timestamp());
    NEW.prev_hash := head.hash;
    NEW.hash := sha256(head.hash || convert_to(audit_text(NEW), 'UTF8'));
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- Refuses any change to rows that are evidence. The message is for people.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is evidence and cannot be changed or deleted', replace(TG_TABLE_NAME, '_', ' ')
        USING ERRCODE = 'TO003';
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_event_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE audit_event CASCADE;
DROP FUNCTION audit_chain;
DROP TABLE audit_head;
DROP FUNCTION refuse_change;
