-- +goose Up
-- Every exchange with Amazon or P21 is a flow: trigger, extract, map, check,
-- deliver. One row per connection and flow says when it runs and how far its
-- source has been read.
CREATE TABLE flow (
    connection_id   bigint      NOT NULL REFERENCES connection (id),
    name            text        NOT NULL CHECK (name ~ '^[a-z][a-z_]{1,30}$'),
    every_seconds   int         NOT NULL CHECK (every_seconds BETWEEN 10 AND 604800),
    overlap_seconds int         NOT NULL CHECK (overlap_seconds BETWEEN 0 AND 604800), -- read again, so that nothing slips between two polls
    read_until      timestamptz,                             -- the source has been read up to here
    next_at         timestamptz NOT NULL DEFAULT now(),
    settings        jsonb       NOT NULL DEFAULT '{}',       -- what the flow itself asks of an administrator
    paused_at       timestamptz,                             -- until a person resumes it
    paused_by       bigint      REFERENCES person (id),      -- NULL while paused: it has not begun yet
    pause_reason    text        NOT NULL DEFAULT '',
    failing_since   timestamptz,                             -- the other side does not answer
    held_until      timestamptz,                             -- nothing is sent before
    failure         text        NOT NULL DEFAULT '',         -- in the other side's words
    failures        int         NOT NULL DEFAULT 0,          -- in a row
    version         int         NOT NULL DEFAULT 1,
    PRIMARY KEY (connection_id, name),
    CHECK (paused_by IS NULL OR paused_at IS NOT NULL),
    CHECK ((failing_since IS NULL) = (held_until IS NULL))
);

-- Field mappings and checks are data: numbered versions, of which one is in use.
CREATE TABLE flow_version (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL,
    flow          text        NOT NULL,
    number        int         NOT NULL CHECK (number > 0),
    note          text        NOT NULL DEFAULT '',
    made_by       bigint      REFERENCES person (id), -- NULL: shipped with the program
    made_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (connection_id, flow, number),
    FOREIGN KEY (connection_id, flow) REFERENCES flow (connection_id, name)
);
CREATE TABLE flow_field (
    version_id bigint NOT NULL REFERENCES flow_version (id),
    list       text   NOT NULL DEFAULT '', -- '': of the record itself
    name       text   NOT NULL,
    formula    text   NOT NULL CHECK (length(trim(formula)) > 0),
    PRIMARY KEY (version_id, list, name)
);
CREATE TABLE flow_check (
    version_id bigint NOT NULL REFERENCES flow_version (id),
    name       text   NOT NULL CHECK (length(trim(name)) > 0),
    list       text   NOT NULL DEFAULT '',
    formula    text   NOT NULL CHECK (length(trim(formula)) > 0), -- holds when all is well
    message    text   NOT NULL CHECK (length(trim(message)) > 0),
    severity   text   NOT NULL CHECK (severity IN ('error', 'warning')),
    PRIMARY KEY (version_id, name)
);
-- Which version was in use from when: taking a version back is a new row.
CREATE TABLE flow_use (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id bigint      NOT NULL REFERENCES flow_version (id),
    since      timestamptz NOT NULL DEFAULT clock_timestamp(),
    person_id  bigint      REFERENCES person (id)
);
CREATE INDEX flow_use_version ON flow_use (version_id);

-- +goose StatementBegin
CREATE FUNCTION flow_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        touched := OLD.version_id;
    ELSE
        touched := NEW.version_id;
    END IF;
    IF EXISTS (SELECT 1 FROM flow_use u WHERE u.version_id = touched) THEN
        RAISE EXCEPTION 'a version that was in use cannot be changed; make a new one' USING ERRCODE = 'TO003';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER flow_field_change BEFORE INSERT OR UPDATE OR DELETE ON flow_field FOR EACH ROW EXECUTE FUNCTION flow_rule_change();
CREATE TRIGGER flow_check_change BEFORE INSERT OR UPDATE OR DELETE ON flow_check FOR EACH ROW EXECUTE FUNCTION flow_rule_change();
CREATE TRIGGER flow_use_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON flow_use FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One reading of a source.
CREATE TABLE flow_run (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL,
    flow          text        NOT NULL,
    trigger       text        NOT NULL CHECK (trigger IN ('schedule', 'notification', 'person', 'flow')),
    person_id     bigint      REFERENCES person (id),
    since         timestamptz, -- the window that was read
    until         timestamptz,
    state         text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'failed')),
    pages         int         NOT NULL DEFAULT 0,
    found         int         NOT NULL DEFAULT 0, -- records that the source told of
    changed       int         NOT NULL DEFAULT 0, -- of these, new or with another content
    error         text        NOT NULL DEFAULT '',
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at   timestamptz,
    FOREIGN KEY (connection_id, flow) REFERENCES flow (connection_id, name),
    CHECK ((state = 'running') = (finished_at IS NULL))
);
CREATE INDEX flow_run_list ON flow_run (connection_id, flow, id);

-- One business object of a flow, by the source's own key.
CREATE TABLE flow_record (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id  bigint      NOT NULL,
    flow           text        NOT NULL,
    key            text        NOT NULL CHECK (key <> ''),
    state          text        NOT NULL DEFAULT 'received' CHECK (state IN
                       ('received', 'ready', 'delivering', 'delivered', 'exception', 'ignored', 'unknown')),
    content        int         NOT NULL DEFAULT 1,     -- the content it stands on; a newer one may wait for a delivery to end
    latest         int         NOT NULL DEFAULT 1,
    latest_hash    bytea       NOT NULL,
    source_at      timestamptz NOT NULL,               -- when the source says the latest content came to be
    title          text        NOT NULL DEFAULT '',    -- for lists: "2 x Kettle"
    amount         numeric(19, 4),
    currency       text        NOT NULL DEFAULT '',
    waits          text        NOT NULL DEFAULT '',    -- why it is not taken on yet: a pending order
    version_id     bigint      REFERENCES flow_version (id), -- that mapped it
    target         jsonb,                              -- what the mapping came to
    delivered_hash bytea,                              -- of the target that the other side holds
    deliveries     int         NOT NULL DEFAULT 0,
    message_id     bigint      REFERENCES outbound_message (id),
    remote_key     text        NOT NULL DEFAULT '',
    exception_id   bigint      REFERENCES exception (id),
    problem        text        NOT NULL DEFAULT '',
    reason         text        NOT NULL DEFAULT '',    -- why it is ignored
    ignored_by     bigint      REFERENCES person (id), -- NULL: by the flow itself
    retry_at       timestamptz,                        -- not before, after a passing failure
    tries          int         NOT NULL DEFAULT 0,
    holder         text        NOT NULL DEFAULT '',    -- the worker that has it in hand
    held_until     timestamptz,
    received_at    timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now(),
    delivered_at   timestamptz,
    UNIQUE (connection_id, flow, key),
    FOREIGN KEY (connection_id, flow) REFERENCES flow (connection_id, name),
    CHECK ((state = 'exception' OR state = 'unknown') <= (exception_id IS NOT NULL)),
    CHECK (state <> 'ignored' OR length(trim(reason)) > 0),
    CHECK (state <> 'delivered' OR (remote_key <> '' AND delivered_hash IS NOT NULL)),
    CHECK ((target IS NULL) = (version_id IS NULL)),
    CHECK (state NOT IN ('ready', 'delivering', 'delivered') OR target IS NOT NULL),
    CHECK (content BETWEEN 1 AND latest),
    CHECK (amount IS NULL OR currency <> '')
);
-- Each content of a record that the source told of, and where it was read.
CREATE TABLE flow_content (
    record_id   bigint      NOT NULL REFERENCES flow_record (id),
    number      int         NOT NULL CHECK (number > 0),
    hash        bytea       NOT NULL,
    source      jsonb       NOT NULL,
    source_at   timestamptz NOT NULL,
    document_id bigint      NOT NULL REFERENCES document (id),
    position    int         NOT NULL CHECK (position >= 0), -- of the object in the document, from 0
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (record_id, number)
);
ALTER TABLE flow_record ADD CONSTRAINT flow_record_content FOREIGN KEY (id, latest)
    REFERENCES flow_content (record_id, number) DEFERRABLE INITIALLY DEFERRED;
CREATE TRIGGER flow_content_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON flow_content FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE INDEX flow_record_work ON flow_record (connection_id, flow, source_at, id) WHERE state IN ('received', 'ready', 'delivering') AND waits = '';
CREATE INDEX flow_record_list ON flow_record (connection_id, flow, state, id);
CREATE INDEX flow_record_exception ON flow_record (exception_id) WHERE exception_id IS NOT NULL;
CREATE INDEX flow_record_key ON flow_record (key text_pattern_ops);
CREATE INDEX flow_record_remote ON flow_record (remote_key text_pattern_ops) WHERE remote_key <> '';

-- What happened to a record, step by step.
CREATE TABLE flow_event (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_id bigint      NOT NULL REFERENCES flow_record (id),
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    step      text        NOT NULL,
    detail    text        NOT NULL DEFAULT '',
    actor     text        NOT NULL DEFAULT ''
);
CREATE INDEX flow_event_record ON flow_event (record_id, id);
CREATE TRIGGER flow_event_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON flow_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The states follow one another as app/flow says; a record never forgets that
-- the other side holds it.
-- +goose StatementBegin
CREATE FUNCTION flow_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a record is evidence and cannot be deleted' USING ERRCODE = 'TO003';
    END IF;
    IF NEW.connection_id <> OLD.connection_id OR NEW.flow <> OLD.flow OR NEW.key <> OLD.key THEN
        RAISE EXCEPTION 'a record keeps its key' USING ERRCODE = 'TO003';
    END IF;
    IF OLD.remote_key <> '' AND NEW.remote_key <> OLD.remote_key THEN
        RAISE EXCEPTION 'record % is % at the other side and keeps that number', OLD.key, OLD.remote_key USING ERRCODE = 'TO003';
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || ' ' || NEW.state = ANY (ARRAY[
        'received ready', 'received exception', 'received ignored', 'received delivered',
        'ready delivering', 'ready received', 'ready exception', 'ready ignored',
        'delivering delivered', 'delivering ready', 'delivering exception', 'delivering unknown', 'delivering received',
        'exception received', 'exception ready', 'exception ignored',
        'unknown delivering', 'unknown delivered', 'unknown ignored', 'unknown exception',
        'ignored received', 'delivered received'])) THEN
        RAISE EXCEPTION 'record % cannot go from % to %', OLD.key, OLD.state, NEW.state USING ERRCODE = 'TO001';
    END IF;
    IF OLD.state IN ('delivering', 'unknown') AND NEW.state = OLD.state AND (NEW.content <> OLD.content OR NEW.target <> OLD.target) THEN
        RAISE EXCEPTION 'record % is being delivered and cannot change meanwhile', OLD.key USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER flow_record_change BEFORE UPDATE OR DELETE ON flow_record FOR EACH ROW EXECUTE FUNCTION flow_record_change();

-- An exception may stand for records of a flow.
ALTER TABLE exception ADD COLUMN flow text NOT NULL DEFAULT '';
-- Who ignores a cause ignores what waits on it.
-- +goose StatementBegin
CREATE FUNCTION exception_ignored() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE flow_record SET state = 'ignored', reason = NEW.resolution, ignored_by = NEW.resolved_by, exception_id = NULL, changed_at = clock_timestamp()
    WHERE exception_id = NEW.id AND state IN ('exception', 'unknown');
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER exception_ignored AFTER UPDATE OF state ON exception
    FOR EACH ROW WHEN (OLD.state = 'open' AND NEW.state = 'ignored') EXECUTE FUNCTION exception_ignored();

-- +goose Down
DROP TRIGGER exception_ignored ON exception;
DROP FUNCTION exception_ignored;
ALTER TABLE exception DROP COLUMN flow;
DROP TABLE flow_event;
ALTER TABLE flow_record DROP CONSTRAINT flow_record_content;
DROP TABLE flow_content;
DROP TABLE flow_record;
DROP FUNCTION flow_record_change;
DROP TABLE flow_run;
DROP TABLE flow_use;
DROP TABLE flow_check;
DROP TABLE flow_field;
DROP FUNCTION flow_rule_change;
DROP TABLE flow_version;
DROP TABLE flow;
