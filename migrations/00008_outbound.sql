-- +goose Up
-- The one write protocol: intent, lookup, send, read back. A message is written
-- before anything is sent and is unique per target and external reference.
CREATE TABLE outbound_message (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connection (id),
    kind          text        NOT NULL,               -- journal_entry, ...
    target        text        NOT NULL,               -- P21 company or Amazon seller
    reference     text        NOT NULL,
    object_id     bigint      NOT NULL,
    payload       jsonb       NOT NULL,
    payload_hash  bytea       NOT NULL,
    state         text        NOT NULL DEFAULT 'intended' CHECK (state IN
                      ('intended', 'sending', 'sent', 'confirmed', 'refused', 'unknown')),
    attempts      int         NOT NULL DEFAULT 0,
    lookups       int         NOT NULL DEFAULT 0,     -- clean look-ups since the last send that found nothing
    first_lookup  timestamptz,
    sent_at       timestamptz,
    remote_key    text        NOT NULL DEFAULT '',
    error         text        NOT NULL DEFAULT '',
    request_id    text        NOT NULL DEFAULT '',
    holder        text        NOT NULL DEFAULT '',    -- the worker that has it in hand
    held_until    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, target, reference),
    CHECK (state <> 'confirmed' OR remote_key <> '')
);
CREATE INDEX outbound_message_open ON outbound_message (state, id) WHERE state NOT IN ('confirmed', 'refused');
CREATE INDEX outbound_message_object ON outbound_message (kind, object_id);

-- Each step of each message, for the people who ask what happened.
CREATE TABLE outbound_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id bigint      NOT NULL REFERENCES outbound_message (id),
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    step       text        NOT NULL,
    detail     text        NOT NULL DEFAULT '',
    actor      text        NOT NULL DEFAULT ''
);
CREATE INDEX outbound_event_message ON outbound_event (message_id, id);

-- +goose StatementBegin
CREATE FUNCTION outbound_message_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an outbound message is evidence and cannot be deleted' USING ERRCODE = 'TO003';
    END IF;
    IF OLD.state = 'confirmed' AND to_jsonb(NEW) <> to_jsonb(OLD) THEN
        RAISE EXCEPTION 'message % is confirmed and cannot change', OLD.reference USING ERRCODE = 'TO003';
    END IF;
    IF NEW.reference <> OLD.reference OR NEW.kind <> OLD.kind OR NEW.target <> OLD.target THEN
        RAISE EXCEPTION 'a message keeps its reference' USING ERRCODE = 'TO003';
    END IF;
    -- Another content under the same reference is possible only when P21 surely holds none of it.
    IF NEW.payload_hash <> OLD.payload_hash AND OLD.state NOT IN ('intended', 'refused') THEN
        RAISE EXCEPTION 'message % was sent with another content', OLD.reference USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER outbound_message_change BEFORE UPDATE OR DELETE ON outbound_message
    FOR EACH ROW EXECUTE FUNCTION outbound_message_change();
CREATE TRIGGER outbound_event_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON outbound_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE outbound_event;
DROP TABLE outbound_message;
DROP FUNCTION outbound_message_change;
