-- +goose Up
-- What the version after that takes away, once nobody uses it any more.
DROP INDEX soak_record_note;
ALTER TABLE flow_record DROP COLUMN soak_note;
ALTER TABLE outbound_message DROP COLUMN soak_note;
ALTER TABLE journal_entry DROP COLUMN soak_mark;
DROP TABLE soak_thing;

-- +goose Down
SELECT 1;
