-- Units that Amazon lost or damaged, beside what it paid for them.

-- +goose Up
-- For how many days after a loss Amazon takes claims.
ALTER TABLE policy ADD COLUMN claim_days int NOT NULL DEFAULT 60 CHECK (claim_days BETWEEN 1 AND 730);

-- Days of Amazon's ledger on which units were lost, damaged or found, as the
-- flow of the ledger read them last.
CREATE TABLE ledger_loss (
    record_id     bigint PRIMARY KEY REFERENCES flow_record (id),
    content       int    NOT NULL, -- number of the content it was read from
    connection_id bigint NOT NULL REFERENCES connection (id),
    sku           text   NOT NULL,
    country       text   NOT NULL,
    on_day        date   NOT NULL,
    lost          int    NOT NULL,
    found         int    NOT NULL,
    damaged       int    NOT NULL
);
CREATE INDEX ledger_loss_connection ON ledger_loss (connection_id, sku, on_day);

-- Lines of settlements that pay for lost or damaged units, or take that back.
CREATE TABLE reimbursement_reading (
    settlement_id bigint      PRIMARY KEY REFERENCES settlement (id),
    read_at       timestamptz NOT NULL
);

CREATE TABLE reimbursement (
    settlement_id bigint   NOT NULL REFERENCES reimbursement_reading (settlement_id) ON DELETE CASCADE,
    line_no       int      NOT NULL,
    part          smallint NOT NULL,
    sku           text     NOT NULL,
    cause         text     NOT NULL CHECK (cause IN ('lost', 'damaged', 'reversed')),
    posted_on     date     NOT NULL,
    units         int      NOT NULL CHECK (units >= 0), -- 0: the line does not say
    amount        numeric(19, 4) NOT NULL,
    PRIMARY KEY (settlement_id, line_no, part)
);

-- What was lost or damaged of an SKU on a day, and how far that is settled.
CREATE TABLE loss_case (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connection (id),
    sku           text   NOT NULL,
    country       text   NOT NULL,
    cause         text   NOT NULL CHECK (cause IN ('lost', 'damaged')),
    on_day        date   NOT NULL,
    due_on        date   NOT NULL CHECK (due_on >= on_day), -- the last day on which Amazon takes a claim
    units         int    NOT NULL CHECK (units > 0),
    found         int    NOT NULL CHECK (found >= 0),
    paid_units    int    NOT NULL CHECK (paid_units >= 0),
    cost_each     numeric(19, 6), -- of a unit of the SKU in P21; null: not known
    cost_currency text   NOT NULL,
    price_each    numeric(19, 6), -- at which it sold on average; null: it did not
    price_currency text  NOT NULL,
    seen_at       timestamptz NOT NULL,
    claim         text   NOT NULL DEFAULT '', -- number of the case at Amazon
    claimed_by    bigint REFERENCES person (id),
    claimed_at    timestamptz,
    note          text   NOT NULL DEFAULT '',
    done_by       bigint REFERENCES person (id),
    done_at       timestamptz,
    UNIQUE (connection_id, sku, country, cause, on_day),
    CONSTRAINT loss_case_units CHECK (found + paid_units <= units),
    CHECK ((claim = '') = (claimed_at IS NULL)),
    CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)),
    CHECK ((done_at IS NULL) = (done_by IS NULL)),
    CHECK (done_at IS NULL OR length(btrim(note)) > 0)
);
CREATE INDEX loss_case_due ON loss_case (connection_id, due_on, id);

-- Which lines paid which units; below zero where that was taken back.
CREATE TABLE loss_payment (
    case_id       bigint   NOT NULL REFERENCES loss_case (id) ON DELETE CASCADE,
    settlement_id bigint   NOT NULL,
    line_no       int      NOT NULL,
    part          smallint NOT NULL,
    units         int      NOT NULL CHECK (units <> 0),
    amount        numeric(19, 4) NOT NULL,
    PRIMARY KEY (case_id, settlement_id, line_no, part),
    FOREIGN KEY (settlement_id, line_no, part) REFERENCES reimbursement (settlement_id, line_no, part) ON DELETE CASCADE
);
CREATE INDEX loss_payment_line ON loss_payment (settlement_id, line_no, part);

-- At commit a case is paid by exactly the units of its lines, and no line pays
-- more units than it has.
-- +goose StatementBegin
CREATE FUNCTION loss_case_paid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said int;
    paid int;
    of_case bigint;
BEGIN
    IF TG_TABLE_NAME = 'loss_case' THEN
        of_case := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        of_case := OLD.case_id;
    ELSE
        of_case := NEW.case_id;
    END IF;
    SELECT c.paid_units INTO said FROM loss_case c WHERE c.id = of_case;
    SELECT coalesce(sum(p.units), 0) INTO paid FROM loss_payment p WHERE p.case_id = of_case;
    IF said IS NOT NULL AND said <> paid THEN
        RAISE EXCEPTION 'case % says that % units are paid, its lines pay %', of_case, said, paid USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION loss_payment_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM reimbursement r WHERE (r.settlement_id, r.line_no, r.part) = (NEW.settlement_id, NEW.line_no, NEW.part)
               AND r.units < (SELECT sum(abs(p.units)) FROM loss_payment p WHERE (p.settlement_id, p.line_no, p.part) = (NEW.settlement_id, NEW.line_no, NEW.part))) THEN
        RAISE EXCEPTION 'line % of settlement % pays more units than it has', NEW.line_no, NEW.settlement_id USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER loss_case_paid AFTER INSERT OR UPDATE ON loss_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loss_case_paid();
CREATE CONSTRAINT TRIGGER loss_payment_paid AFTER INSERT OR UPDATE OR DELETE ON loss_payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loss_case_paid();
CREATE CONSTRAINT TRIGGER loss_payment_whole AFTER INSERT OR UPDATE ON loss_payment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loss_payment_whole();

-- +goose Down
DROP TABLE loss_payment;
DROP TABLE loss_case;
DROP TABLE reimbursement;
DROP TABLE reimbursement_reading;
DROP TABLE ledger_loss;
DROP FUNCTION loss_payment_whole;
DROP FUNCTION loss_case_paid;
ALTER TABLE policy DROP COLUMN claim_days;
