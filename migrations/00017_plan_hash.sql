-- +goose Up
-- Of what a draft was built from: drafting again with the same result leaves
-- the draft, and what a person wrote into it, alone.
ALTER TABLE journal_entry ADD COLUMN plan_hash bytea;

-- +goose Down
ALTER TABLE journal_entry DROP COLUMN plan_hash;
