-- +goose Up
-- Where people are told what happened: mail addresses and webhooks. A deleted
-- channel stays as what its alerts were told by, without its secrets.
CREATE TABLE alert_channel (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text        NOT NULL CHECK (kind IN ('mail', 'webhook')),
    name           text        NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    address        text        NOT NULL CHECK (length(address) BETWEEN 3 AND 2000), -- recipients with commas, or a URL
    secret         bytea,                             -- sealed; webhooks only
    old_secret     bytea,                             -- signs too until old_until
    old_until      timestamptz,
    occasions      text[]      NOT NULL,              -- groups of occasions that it is told
    connection_ids bigint[]    NOT NULL DEFAULT '{}', -- empty: all
    down_minutes   int         NOT NULL DEFAULT 10 CHECK (down_minutes BETWEEN 1 AND 1440),
    silent_days    int         NOT NULL DEFAULT 16 CHECK (silent_days BETWEEN 1 AND 365),
    expiry_days    int         NOT NULL DEFAULT 14 CHECK (expiry_days BETWEEN 1 AND 180),
    off_at         timestamptz,                       -- switched off
    off_reason     text        NOT NULL DEFAULT '',
    deleted_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    version        int         NOT NULL DEFAULT 1,
    CHECK ((kind = 'webhook' AND deleted_at IS NULL) = (secret IS NOT NULL)),
    CHECK ((old_secret IS NULL) = (old_until IS NULL)),
    CHECK (old_secret IS NULL OR secret IS NOT NULL)
);
CREATE UNIQUE INDEX alert_channel_name ON alert_channel (lower(name)) WHERE deleted_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION alert_channel_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.deleted_at IS NOT NULL THEN
        RAISE EXCEPTION 'a deleted channel is kept as it was' USING ERRCODE = 'TO003';
    END IF;
    IF NEW.kind <> OLD.kind THEN
        RAISE EXCEPTION 'a channel keeps its kind' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER alert_channel_change BEFORE UPDATE OR DELETE ON alert_channel FOR EACH ROW EXECUTE FUNCTION alert_channel_change();

-- What is sent at once. Its key goes with every attempt.
CREATE TABLE alert_message (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id   bigint      NOT NULL REFERENCES alert_channel (id),
    key          text        NOT NULL UNIQUE,
    state        text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed', 'refused', 'dropped')),
    attempts     int         NOT NULL DEFAULT 0,
    answer       text        NOT NULL DEFAULT '', -- the other side's words
    created_at   timestamptz NOT NULL,
    attempted_at timestamptz
);

-- The outbox: one row per channel and occasion, which is also the mark of how
-- far the channel was told. Occasions that were there when a channel began are
-- 'known' and never told.
CREATE TABLE alert (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id    bigint      NOT NULL REFERENCES alert_channel (id),
    occasion      text        NOT NULL,            -- what makes it the same: exception/7, down/3/p21/1795435200
    class         text        NOT NULL,            -- group of occasions
    subject       text        NOT NULL DEFAULT '', -- of a condition that ends by itself: down/3/p21
    ended_at      timestamptz,
    connection_id bigint      REFERENCES connection (id),
    exception_id  bigint      REFERENCES exception (id),
    title         text        NOT NULL DEFAULT '',
    body          text        NOT NULL DEFAULT '',
    path          text        NOT NULL DEFAULT '', -- on this site
    happened_at   timestamptz NOT NULL,
    state         text        NOT NULL CHECK (state IN ('known', 'waiting', 'sent', 'failed', 'refused', 'dropped')),
    message_id    bigint      REFERENCES alert_message (id),
    created_at    timestamptz NOT NULL,
    UNIQUE (channel_id, occasion),
    CHECK (state IN ('known', 'waiting') OR message_id IS NOT NULL)
);
CREATE UNIQUE INDEX alert_condition ON alert (channel_id, subject) WHERE subject <> '' AND ended_at IS NULL;
CREATE INDEX alert_of_message ON alert (message_id);
CREATE INDEX alert_told ON alert (id DESC) WHERE state <> 'known';

-- One row, locked by whoever looks for occasions: two at once would tell twice.
CREATE TABLE alert_watch (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    looked_at timestamptz
);
INSERT INTO alert_watch DEFAULT VALUES;

-- Whether the systems on the other side can be used, as jobs found them.
CREATE TABLE system_reach (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    system        text        NOT NULL CHECK (system IN ('amazon', 'p21')),
    down_since    timestamptz,           -- null: it answered
    tried_at      timestamptz NOT NULL,
    words         text        NOT NULL DEFAULT '',
    PRIMARY KEY (connection_id, system)
);

-- +goose Down
DROP TABLE system_reach;
DROP TABLE alert_watch;
DROP TABLE alert;
DROP TABLE alert_message;
DROP TABLE alert_channel;
DROP FUNCTION alert_channel_change;
