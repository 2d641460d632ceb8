-- +goose Up
-- What a version fills in and then holds to.
UPDATE flow_record SET soak_note = state WHERE id % 2 = 0;
CREATE INDEX soak_record_note ON flow_record (soak_note);
ALTER TABLE journal_entry ADD CHECK (soak_mark >= 0) NOT VALID;

-- +goose Down
DROP INDEX soak_record_note;
