-- +goose Up
-- Amazon tells of changes through a queue. What it tells is a hint: the object is
-- read anew at its source, and polling finds what was never told.
ALTER TABLE connection
    ADD queue_url    text  NOT NULL DEFAULT '', -- of the SQS queue; '': none
    ADD queue_region text  NOT NULL DEFAULT '',
    ADD queue_key_id text  NOT NULL DEFAULT '', -- '': the machine's own role
    ADD queue_secret bytea;                     -- sealed

-- Each notification once, however often it is delivered.
CREATE TABLE notice (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id   bigint      NOT NULL REFERENCES connection (id),
    notification_id text        NOT NULL CHECK (notification_id <> ''),
    type            text        NOT NULL,
    event_at        timestamptz,
    published_at    timestamptz,
    document_id     bigint      NOT NULL REFERENCES document (id),
    outcome         text        NOT NULL CHECK (outcome IN ('hint', 'kept', 'unreadable')), -- kept: nobody here asked for its type
    detail          text        NOT NULL DEFAULT '',
    received_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (connection_id, notification_id)
);
CREATE INDEX notice_list ON notice (connection_id, id);
CREATE TRIGGER notice_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON notice FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How the reading of each queue goes.
CREATE TABLE notice_queue (
    connection_id bigint      PRIMARY KEY REFERENCES connection (id),
    read_at       timestamptz,               -- the last time that it answered
    failure       text        NOT NULL DEFAULT '',
    failing_since timestamptz,
    CHECK ((failure = '') = (failing_since IS NULL))
);

-- Objects that a notification names and that are still to be read anew: one row
-- however often they are named.
CREATE TABLE flow_hint (
    connection_id bigint      NOT NULL,
    flow          text        NOT NULL,
    key           text        NOT NULL CHECK (key <> ''),
    changed_at    timestamptz NOT NULL,            -- when the source says it changed
    told          bigint      NOT NULL DEFAULT 1,  -- how often; a hint that grew while it was worked on stays
    told_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    holder        text        NOT NULL DEFAULT '', -- who reads it now
    held_until    timestamptz,
    tries         int         NOT NULL DEFAULT 0,
    PRIMARY KEY (connection_id, flow, key),
    FOREIGN KEY (connection_id, flow) REFERENCES flow (connection_id, name)
);

-- +goose Down
DROP TABLE flow_hint;
DROP TABLE notice_queue;
DROP TABLE notice;
ALTER TABLE connection DROP queue_url, DROP queue_region, DROP queue_key_id, DROP queue_secret;
