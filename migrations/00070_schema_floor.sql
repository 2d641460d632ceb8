-- +goose Up
-- The oldest program that understands this schema, by the newest migration that
-- it knows. A migration that takes away what the version before still uses
-- raises it: programs that know less refuse to start, and stop being ready.
CREATE TABLE schema_floor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint  NOT NULL
);
INSERT INTO schema_floor (version) VALUES (0);

-- +goose StatementBegin
CREATE FUNCTION schema_floor_rises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version < OLD.version THEN
        RAISE EXCEPTION 'the oldest program that understands the schema is never an older one again' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER schema_floor_rises BEFORE UPDATE ON schema_floor FOR EACH ROW EXECUTE FUNCTION schema_floor_rises();

-- +goose Down
DROP TABLE schema_floor;
DROP FUNCTION schema_floor_rises();
