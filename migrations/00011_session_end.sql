-- +goose Up
-- The groups as the identity provider named them at the last sign-in: when the
-- role of a group changes, its people change at once. Sessions begun before
-- signed_out_at are void: of a disabled person, or after "sign out everywhere".
ALTER TABLE person ADD COLUMN groups text[] NOT NULL DEFAULT '{}';
ALTER TABLE person ADD COLUMN signed_out_at timestamptz;

-- +goose Down
ALTER TABLE person DROP COLUMN signed_out_at;
ALTER TABLE person DROP COLUMN groups;
