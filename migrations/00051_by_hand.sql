-- Entries that people enter in P21 by hand while it does not answer.

-- +goose Up
-- Who took an entry, which number it has in P21 and who says so, and what P21
-- held under it once it could be asked.
CREATE TABLE journal_by_hand (
    entry_id     bigint      PRIMARY KEY REFERENCES journal_entry (id),
    taken_by     bigint      NOT NULL REFERENCES person (id),
    taken_at     timestamptz NOT NULL,
    number       text        NOT NULL DEFAULT '',
    recorded_by  bigint      REFERENCES person (id),
    recorded_at  timestamptz,
    confirmed_by bigint      REFERENCES person (id),
    confirmed_at timestamptz,
    outcome      text        NOT NULL DEFAULT '' CHECK (outcome IN ('', 'agrees', 'differs', 'absent')), -- empty: P21 was not asked yet
    difference   text        NOT NULL DEFAULT '',
    held         jsonb,      -- what P21 shows, where it differs
    checked_at   timestamptz,
    CHECK ((number = '') = (recorded_by IS NULL)),
    CHECK ((recorded_by IS NULL) = (recorded_at IS NULL)),
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CHECK (confirmed_by IS NULL OR number <> ''),
    CHECK (confirmed_by <> recorded_by), -- the second person
    CHECK ((outcome = '') = (checked_at IS NULL)),
    CHECK ((outcome IN ('differs', 'absent')) = (difference <> ''))
);
CREATE INDEX journal_by_hand_unread ON journal_by_hand (entry_id) WHERE outcome <> 'agrees';

-- A confirmed number stays, and so does an agreement with P21.
-- +goose StatementBegin
CREATE FUNCTION journal_by_hand_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry_status text;
BEGIN
    SELECT e.status INTO entry_status FROM journal_entry e WHERE e.id = OLD.entry_id;
    IF TG_OP = 'DELETE' THEN
        IF OLD.confirmed_by IS NOT NULL OR OLD.outcome <> '' OR entry_status IN ('posted', 'reversed') THEN
            RAISE EXCEPTION 'who entered an entry by hand is evidence and cannot be deleted' USING ERRCODE = 'TO003';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.outcome = 'agrees' OR NEW.entry_id <> OLD.entry_id
        OR (OLD.confirmed_by IS NOT NULL OR entry_status IN ('posted', 'reversed'))
           AND (to_jsonb(NEW) - ARRAY['outcome', 'difference', 'held', 'checked_at']) <> (to_jsonb(OLD) - ARRAY['outcome', 'difference', 'held', 'checked_at']) THEN
        RAISE EXCEPTION 'the number of an entry that was entered by hand is confirmed and cannot change' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER journal_by_hand_change BEFORE UPDATE OR DELETE ON journal_by_hand
    FOR EACH ROW EXECUTE FUNCTION journal_by_hand_change();
CREATE TRIGGER journal_by_hand_truncate BEFORE TRUNCATE ON journal_by_hand FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE journal_by_hand;
DROP FUNCTION journal_by_hand_change;
