-- +goose Up
-- What a version adds: columns, a table, an index.
ALTER TABLE journal_entry ADD COLUMN soak_mark int NOT NULL DEFAULT 0;
ALTER TABLE flow_record ADD COLUMN soak_note text;
ALTER TABLE outbound_message ADD COLUMN soak_note text NOT NULL DEFAULT '';
CREATE TABLE soak_thing (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connection (id),
    note          text   NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE soak_thing;
ALTER TABLE outbound_message DROP COLUMN soak_note;
ALTER TABLE flow_record DROP COLUMN soak_note;
ALTER TABLE journal_entry DROP COLUMN soak_mark;
