-- +goose Up
-- What names or addresses a buyer lies apart from all else, sealed with a key of
-- its own per record; a purge destroys the key and what it sealed.
CREATE TABLE personal_record (
    record_id    bigint PRIMARY KEY REFERENCES flow_record (id),
    key          bytea,                             -- sealed by the vault; NULL: destroyed
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    purged_at    timestamptz,
    purge_reason text        NOT NULL DEFAULT '',
    CHECK ((key IS NULL) = (purged_at IS NOT NULL)),
    CHECK ((purged_at IS NULL) = (purge_reason = ''))
);
CREATE INDEX personal_record_open ON personal_record (record_id) WHERE purged_at IS NULL;
CREATE TABLE personal_part (
    record_id bigint NOT NULL REFERENCES personal_record (record_id),
    place     text   NOT NULL CHECK (place ~ '^(content/[0-9]+|target|payload/[0-9]+)$'),
    fields    int    NOT NULL CHECK (fields > 0),
    sealed    bytea  NOT NULL, -- AES-256-GCM; bound to record and place
    PRIMARY KEY (record_id, place)
);
-- Hashes of contents with personal data are keyed: nobody guesses a name by them.
CREATE TABLE personal_hash_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sealed   bytea NOT NULL
);

-- Documents with personal data are sealed whole; the SHA-256 is of the plain bytes.
ALTER TABLE document ADD COLUMN sealed boolean NOT NULL DEFAULT false;
CREATE TABLE document_key (
    document_id  bigint PRIMARY KEY REFERENCES document (id),
    key          bytea,                             -- sealed by the vault; NULL: destroyed
    purged_at    timestamptz,
    purge_reason text NOT NULL DEFAULT '',
    CHECK ((key IS NULL) = (purged_at IS NOT NULL)),
    CHECK ((purged_at IS NULL) = (purge_reason = ''))
);
CREATE TABLE personal_mention (
    document_id bigint NOT NULL REFERENCES document (id),
    record_id   bigint NOT NULL REFERENCES flow_record (id),
    PRIMARY KEY (document_id, record_id)
);
CREATE INDEX personal_mention_record ON personal_mention (record_id);
-- Chunks go when their document never came to be, or when its key is destroyed.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION document_chunk_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM document d LEFT JOIN document_key k ON k.document_id = d.id WHERE d.id = OLD.document_id AND k.purged_at IS NULL) THEN
        RAISE EXCEPTION 'document chunk is evidence and cannot be changed or deleted' USING ERRCODE = 'TO003';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd

-- Who saw personal data, when, of which record and why; written before it is shown.
CREATE TABLE personal_access (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    person_id     bigint      NOT NULL REFERENCES person (id),
    record_id     bigint      NOT NULL REFERENCES flow_record (id),
    document_id   bigint      REFERENCES document (id), -- NULL: the record's fields
    reason        text        NOT NULL CHECK (length(trim(reason)) >= 10)
);
CREATE INDEX personal_access_record ON personal_access (record_id, id);
CREATE TRIGGER personal_access_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON personal_access
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE personal_access;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION document_chunk_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM document d WHERE d.id = OLD.document_id) THEN
        RAISE EXCEPTION 'document chunk is evidence and cannot be changed or deleted' USING ERRCODE = 'TO003';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
DROP TABLE personal_mention;
DROP TABLE document_key;
ALTER TABLE document DROP COLUMN sealed;
DROP TABLE personal_hash_key;
DROP TABLE personal_part;
DROP TABLE personal_record;
