-- Cash that people applied in P21, which has no public call for it.

-- +goose Up
-- What somebody entered in P21 at once of a deposit. Never changed, only undone.
CREATE TABLE cash_entry (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    settlement_id bigint      NOT NULL REFERENCES settlement (id),
    reference     text        NOT NULL CHECK (length(btrim(reference)) > 0), -- P21's: of the receipt or the batch
    orders        int         NOT NULL CHECK (orders > 0),
    amount        numeric(19, 4) NOT NULL, -- in the settlement's currency
    entered_by    bigint      NOT NULL REFERENCES person (id),
    entered_at    timestamptz NOT NULL,
    undone_by     bigint      REFERENCES person (id),
    undone_at     timestamptz,
    undone_reason text        NOT NULL DEFAULT '',
    UNIQUE (id, settlement_id),
    CHECK ((undone_by IS NULL) = (undone_at IS NULL)),
    CHECK ((undone_at IS NOT NULL) = (length(btrim(undone_reason)) > 0))
);
CREATE INDEX cash_entry_settlement ON cash_entry (settlement_id, id);

-- Its orders. What is left to enter of an order is what its deposit pays of it
-- less what stands here and is not undone.
CREATE TABLE cash_entry_order (
    entry_id      bigint NOT NULL,
    settlement_id bigint NOT NULL,
    order_id      text   NOT NULL CHECK (order_id <> ''),
    amount        numeric(19, 4) NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry_id, order_id),
    FOREIGN KEY (entry_id, settlement_id) REFERENCES cash_entry (id, settlement_id)
);
CREATE INDEX cash_entry_order_settlement ON cash_entry_order (settlement_id, order_id);

-- +goose StatementBegin
CREATE FUNCTION cash_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL
       OR (NEW.id, NEW.settlement_id, NEW.reference, NEW.orders, NEW.amount, NEW.entered_by, NEW.entered_at)
          IS DISTINCT FROM (OLD.id, OLD.settlement_id, OLD.reference, OLD.orders, OLD.amount, OLD.entered_by, OLD.entered_at) THEN
        RAISE EXCEPTION 'cash that was entered is undone once, with a reason, and never changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION cash_entry_order_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the orders of cash that was entered do not change' USING ERRCODE = 'check_violation';
END $$;

CREATE FUNCTION cash_entry_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM cash_entry_order o WHERE o.entry_id = NEW.id HAVING count(*) = NEW.orders AND sum(o.amount) = NEW.amount) THEN
        RAISE EXCEPTION 'the orders of cash entry % do not add up to it', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER cash_entry_change BEFORE UPDATE OR DELETE ON cash_entry FOR EACH ROW EXECUTE FUNCTION cash_entry_change();
CREATE TRIGGER cash_entry_order_immutable BEFORE UPDATE OR DELETE ON cash_entry_order FOR EACH ROW EXECUTE FUNCTION cash_entry_order_immutable();
CREATE CONSTRAINT TRIGGER cash_entry_adds_up AFTER INSERT ON cash_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cash_entry_adds_up();

-- Orders that are added to an entry later would change it.
-- +goose StatementBegin
CREATE FUNCTION cash_entry_order_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT a.entry_id FROM added a) n JOIN cash_entry e ON e.id = n.entry_id
               WHERE NOT EXISTS (SELECT FROM cash_entry_order o WHERE o.entry_id = e.id HAVING count(*) = e.orders AND sum(o.amount) = e.amount)) THEN
        RAISE EXCEPTION 'the orders of a cash entry are added at once and add up to it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cash_entry_order_insert AFTER INSERT ON cash_entry_order REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION cash_entry_order_insert();

-- Up to which difference of an order on the receivable is rounding, in the
-- order's currency: what is decided, and what each item was judged by.
ALTER TABLE policy ADD COLUMN receivable_tolerance numeric(19, 4) NOT NULL DEFAULT 0.05 CHECK (receivable_tolerance >= 0);
ALTER TABLE open_item ADD COLUMN tolerance numeric(19, 4) NOT NULL DEFAULT 0.05 CHECK (tolerance >= 0);
ALTER TABLE open_item ALTER COLUMN tolerance DROP DEFAULT;

-- +goose Down
ALTER TABLE open_item DROP COLUMN tolerance;
ALTER TABLE policy DROP COLUMN receivable_tolerance;
DROP TABLE cash_entry_order;
DROP TABLE cash_entry;
DROP FUNCTION cash_entry_order_insert;
DROP FUNCTION cash_entry_adds_up;
DROP FUNCTION cash_entry_order_immutable;
DROP FUNCTION cash_entry_change;
