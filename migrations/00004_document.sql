-- +goose Up
-- Raw payloads as they came, kept before anything is interpreted. The bytes lie
-- in independently compressed chunks, so that a document of any size streams in
-- and out in flat memory and one line is read without touching the rest.
CREATE TABLE document (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      REFERENCES connection (id),
    kind          text        NOT NULL, -- settlement_report, attachment, ...
    name          text        NOT NULL, -- file name or report id
    source        text        NOT NULL, -- amazon, upload, command
    content_type  text        NOT NULL DEFAULT '',
    sha256        bytea       NOT NULL,
    size          bigint      NOT NULL,
    stored_size   bigint      NOT NULL,
    created_by    bigint      REFERENCES person (id),
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX document_sha256 ON document (sha256);
CREATE INDEX document_connection ON document (connection_id, id);

CREATE TABLE document_chunk (
    document_id bigint NOT NULL,
    raw_offset  bigint NOT NULL,
    raw_length  int    NOT NULL,
    data        bytea  NOT NULL, -- zstd
    PRIMARY KEY (document_id, raw_offset)
);
ALTER TABLE document_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TRIGGER document_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER document_chunk_immutable BEFORE UPDATE OR TRUNCATE ON document_chunk
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Chunks of a download that broke off have no document; only those may go.
-- +goose StatementBegin
CREATE FUNCTION document_chunk_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM document d WHERE d.id = OLD.document_id) THEN
        RAISE EXCEPTION 'document chunk is evidence and cannot be changed or deleted' USING ERRCODE = 'TO003';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER document_chunk_delete BEFORE DELETE ON document_chunk FOR EACH ROW EXECUTE FUNCTION document_chunk_delete();

-- A settlement report at Amazon, by Amazon's id: found once, downloaded once.
CREATE TABLE amazon_report (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    report_id     text        NOT NULL,
    report_type   text        NOT NULL,
    data_start    timestamptz,
    data_end      timestamptz,
    reported_at   timestamptz NOT NULL, -- Amazon's createdTime
    document_ref  text        NOT NULL, -- Amazon's reportDocumentId
    state         text        NOT NULL DEFAULT 'found' CHECK (state IN ('found', 'stored', 'imported', 'failed')),
    document_id   bigint      REFERENCES document (id),
    error         text        NOT NULL DEFAULT '',
    found_at      timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, report_id),
    CHECK ((state IN ('stored', 'imported')) <= (document_id IS NOT NULL))
);

-- Long work that a person watches: progress in rows or bytes, live over SSE.
CREATE TABLE task (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id    bigint      REFERENCES connection (id),
    kind             text        NOT NULL,
    title            text        NOT NULL,
    state            text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    done             bigint      NOT NULL DEFAULT 0,
    total            bigint      NOT NULL DEFAULT 0,
    unit             text        NOT NULL DEFAULT '',
    message          text        NOT NULL DEFAULT '',
    link             text        NOT NULL DEFAULT '',
    cancel_requested boolean     NOT NULL DEFAULT false,
    created_by       bigint      REFERENCES person (id),
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz
);
CREATE INDEX task_open ON task (id) WHERE state IN ('waiting', 'running');

-- +goose Down
DROP TABLE task;
DROP TABLE amazon_report;
DROP TABLE document_chunk;
DROP TABLE document;
DROP FUNCTION document_chunk_delete;
