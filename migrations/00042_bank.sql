-- Bank statements, and which of their lines are Amazon's deposits.

-- +goose Up
CREATE TABLE bank_account (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL UNIQUE CHECK (btrim(name) <> ''),
    number      text        NOT NULL DEFAULT '', -- IBAN or number as the bank writes it; empty: its files do not say
    currency    text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    gl_account  text        NOT NULL DEFAULT '', -- P21's account of the bank
    csv_mapping jsonb,                           -- how its CSV files are written, as chosen last
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    version     int         NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX bank_account_number ON bank_account (number, currency) WHERE number <> '';

-- Whose deposits come to an account.
CREATE TABLE bank_account_connection (
    bank_account_id bigint NOT NULL REFERENCES bank_account (id),
    connection_id   bigint NOT NULL REFERENCES connection (id),
    PRIMARY KEY (bank_account_id, connection_id)
);
CREATE INDEX bank_account_connection_connection ON bank_account_connection (connection_id);

-- One account's part of one file. It says how many of its lines were new when it
-- was read: the others had come with an overlapping statement.
CREATE TABLE bank_statement (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank_account_id bigint      NOT NULL REFERENCES bank_account (id),
    document_id     bigint      NOT NULL REFERENCES document (id),
    position        int         NOT NULL, -- among the file's statements
    format          text        NOT NULL CHECK (format IN ('csv', 'ofx', 'camt.053', 'bai2')),
    number          text        NOT NULL, -- the bank's own
    from_on         date,
    to_on           date,
    opening         numeric(19, 4),
    closing         numeric(19, 4),
    line_count      int         NOT NULL CHECK (line_count >= 0),
    line_sum        numeric(19, 4) NOT NULL,
    new_count       int         NOT NULL CHECK (new_count BETWEEN 0 AND line_count),
    new_sum         numeric(19, 4) NOT NULL,
    problem_count   int         NOT NULL CHECK (problem_count >= 0),
    opened_in       xid8        NOT NULL DEFAULT pg_current_xact_id(),
    created_by      bigint      REFERENCES person (id),
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (bank_account_id, document_id, position),
    CHECK ((from_on IS NULL) = (to_on IS NULL)),
    CONSTRAINT bank_statement_ties CHECK (problem_count > 0 OR opening + line_sum = closing) -- what does not add up is said
);
CREATE INDEX bank_statement_document ON bank_statement (document_id);

-- What could not be read of a file, by its line.
CREATE TABLE bank_problem (
    document_id bigint NOT NULL REFERENCES document (id),
    position    int    NOT NULL,
    line_no     int    NOT NULL, -- 0: the file as a whole
    message     text   NOT NULL,
    PRIMARY KEY (document_id, position)
);

-- A booked movement: evidence. It is known again by the bank's id, or by account,
-- day, amount, description and its number among equals.
CREATE TABLE bank_line (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bank_account_id bigint  NOT NULL REFERENCES bank_account (id),
    statement_id    bigint  NOT NULL REFERENCES bank_statement (id), -- that told it first
    line_no         int     NOT NULL, -- of the document
    identity        bytea   NOT NULL,
    booked_on       date    NOT NULL,
    value_on        date,
    amount          numeric(19, 4) NOT NULL CHECK (amount <> 0), -- positive: into the account
    description     text    NOT NULL,
    refs            text[]  NOT NULL,
    bank_ref        text    NOT NULL, -- the bank's own id
    reversal        boolean NOT NULL,
    returned        text    NOT NULL, -- why a payment came back
    likely          boolean NOT NULL, -- it looks like Amazon's
    UNIQUE (bank_account_id, identity)
);
CREATE INDEX bank_line_booked ON bank_line (booked_on DESC, id DESC);
CREATE INDEX bank_line_statement ON bank_line (statement_id);

-- A line that is not Amazon's, by a person's word; taken back, not deleted.
CREATE TABLE bank_line_ignored (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line_id    bigint      NOT NULL REFERENCES bank_line (id),
    reason     text        NOT NULL CHECK (btrim(reason) <> ''),
    ignored_by bigint      NOT NULL REFERENCES person (id),
    ignored_at timestamptz NOT NULL,
    ended_by   bigint      REFERENCES person (id),
    ended_at   timestamptz,
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX bank_line_ignored_one ON bank_line_ignored (line_id) WHERE ended_at IS NULL;

-- Deposits and lines that belong together, and why.
CREATE TABLE deposit_match (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    currency   text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    rule       text        NOT NULL CHECK (rule IN ('named', 'amount', 'sum', 'hand')),
    reason     text        NOT NULL CHECK (btrim(reason) <> ''),
    difference text        NOT NULL DEFAULT '', -- what explains amounts that have no other side; empty: there are none
    restores   bigint      UNIQUE REFERENCES deposit_match (id), -- the undone match that this one makes again
    matched_by bigint      REFERENCES person (id), -- null: a job
    matched_at timestamptz NOT NULL
);

-- How much of a line belongs to a deposit. A part without one side is an
-- explained difference.
CREATE TABLE deposit_match_part (
    match_id      bigint NOT NULL REFERENCES deposit_match (id),
    position      int    NOT NULL,
    line_id       bigint REFERENCES bank_line (id),
    settlement_id bigint REFERENCES settlement (id),
    amount        numeric(19, 4) NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (match_id, position),
    CHECK (line_id IS NOT NULL OR settlement_id IS NOT NULL)
);
CREATE INDEX deposit_match_part_line ON deposit_match_part (line_id);
CREATE INDEX deposit_match_part_settlement ON deposit_match_part (settlement_id);
-- A re-issued report's settlement is found by what it replaced.
CREATE INDEX settlement_amazon_id ON settlement (connection_id, amazon_id);

CREATE TABLE deposit_unmatch (
    match_id bigint      PRIMARY KEY REFERENCES deposit_match (id),
    reason   text        NOT NULL CHECK (btrim(reason) <> ''),
    done_by  bigint      NOT NULL REFERENCES person (id),
    done_at  timestamptz NOT NULL
);

CREATE VIEW deposit_part AS
SELECT p.match_id, p.line_id, p.settlement_id, p.amount FROM deposit_match_part p
WHERE NOT EXISTS (SELECT 1 FROM deposit_unmatch u WHERE u.match_id = p.match_id);

-- The days that statements tell of, per connection and currency.
CREATE VIEW bank_coverage AS
SELECT c.connection_id, a.currency, min(s.from_on) AS from_on, max(s.to_on) AS to_on
FROM bank_account a JOIN bank_account_connection c ON c.bank_account_id = a.id JOIN bank_statement s ON s.bank_account_id = a.id
GROUP BY c.connection_id, a.currency;

-- Every deposit with what is matched of it. A bank takes up to five days.
CREATE VIEW deposit AS
SELECT d.settlement_id, d.connection_id, d.amazon_id, d.currency, d.due_on, d.amount, d.matched,
       CASE WHEN d.amount = 0 AND d.matched = 0 THEN 'nothing'
            WHEN d.matched = d.amount THEN 'received'
            WHEN d.matched <> 0 THEN 'differs'
            WHEN d.amount < 0 THEN 'owed'
            WHEN v.from_on IS NULL THEN 'unwatched'
            WHEN d.due_on < v.from_on THEN 'before'
            WHEN d.due_on + 5 > v.to_on THEN 'under_way'
            ELSE 'missing' END AS state
FROM (SELECT s.id AS settlement_id, s.connection_id, s.amazon_id, s.currency, (coalesce(s.deposit_at, s.end_at) AT TIME ZONE 'UTC')::date AS due_on, s.deposit AS amount,
             coalesce((SELECT sum(p.amount) FROM settlement o JOIN deposit_part p ON p.settlement_id = o.id
                       WHERE o.connection_id = s.connection_id AND o.amazon_id = s.amazon_id), 0)::numeric(19, 4) AS matched
      FROM settlement s WHERE s.replaced_at IS NULL) d
LEFT JOIN bank_coverage v ON v.connection_id = d.connection_id AND v.currency = d.currency;

-- Lines enter in the transaction that read their statement, and the statement
-- says how many with which sum.
-- +goose StatementBegin
CREATE FUNCTION bank_line_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM bank_statement s WHERE s.id = NEW.statement_id AND s.bank_account_id = NEW.bank_account_id AND s.opened_in = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'bank lines are written with their statement only' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER bank_line_insert BEFORE INSERT ON bank_line FOR EACH ROW EXECUTE FUNCTION bank_line_insert();

-- +goose StatementBegin
CREATE FUNCTION bank_statement_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n     bigint;
    total numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount), 0) INTO n, total FROM bank_line WHERE statement_id = NEW.id;
    IF n <> NEW.new_count OR total <> NEW.new_sum THEN
        RAISE EXCEPTION 'bank statement %: % lines with % are stored, % with % are told', NEW.id, n, total, NEW.new_count, NEW.new_sum USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER bank_statement_sealed AFTER INSERT ON bank_statement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_statement_sealed();

-- An account keeps its currency once it has statements.
-- +goose StatementBegin
CREATE FUNCTION bank_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.currency <> OLD.currency AND EXISTS (SELECT 1 FROM bank_statement s WHERE s.bank_account_id = NEW.id) THEN
        RAISE EXCEPTION 'the currency of a bank account is fixed once it has a statement' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER bank_account_change BEFORE UPDATE ON bank_account FOR EACH ROW EXECUTE FUNCTION bank_account_change();

CREATE TRIGGER bank_statement_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_statement FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bank_problem_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_problem FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bank_line_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deposit_match_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON deposit_match FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deposit_match_part_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON deposit_match_part FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER deposit_unmatch_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON deposit_unmatch FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Only the end of an ignoring is ever added to it.
-- +goose StatementBegin
CREATE FUNCTION bank_line_ignored_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL OR to_jsonb(NEW) - ARRAY['ended_by', 'ended_at'] <> to_jsonb(OLD) - ARRAY['ended_by', 'ended_at'] THEN
        RAISE EXCEPTION 'bank line ignored is evidence and cannot be changed or deleted' USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER bank_line_ignored_change BEFORE UPDATE OR DELETE ON bank_line_ignored FOR EACH ROW EXECUTE FUNCTION bank_line_ignored_change();

-- A part is written with its match, in the match's currency; whoever writes one
-- holds its line and its deposit until the end, so that two people cannot give
-- the same money away at once.
-- +goose StatementBegin
CREATE FUNCTION deposit_match_part_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    m deposit_match;
BEGIN
    SELECT * INTO m FROM deposit_match WHERE id = NEW.match_id AND xmin = pg_current_xact_id()::xid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the parts of a match are written with it' USING ERRCODE = 'TO003';
    END IF;
    IF (NEW.line_id IS NULL OR NEW.settlement_id IS NULL) AND btrim(m.difference) = '' THEN
        RAISE EXCEPTION 'a difference in a match is explained' USING ERRCODE = 'TO001';
    END IF;
    IF NEW.line_id IS NOT NULL THEN
        PERFORM 1 FROM bank_line l JOIN bank_account a ON a.id = l.bank_account_id WHERE l.id = NEW.line_id AND a.currency = m.currency FOR NO KEY UPDATE OF l;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the bank line is not in %', m.currency USING ERRCODE = 'TO001';
        END IF;
        IF EXISTS (SELECT 1 FROM bank_line_ignored i WHERE i.line_id = NEW.line_id AND i.ended_at IS NULL) THEN
            RAISE EXCEPTION 'the bank line is ignored; take that back first' USING ERRCODE = 'TO001';
        END IF;
    END IF;
    IF NEW.settlement_id IS NOT NULL THEN
        PERFORM 1 FROM settlement s JOIN settlement o ON o.connection_id = s.connection_id AND o.amazon_id = s.amazon_id
        WHERE o.id = NEW.settlement_id AND s.replaced_at IS NULL AND s.currency = m.currency FOR NO KEY UPDATE OF s;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the deposit is not in %', m.currency USING ERRCODE = 'TO001';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER deposit_match_part_insert BEFORE INSERT ON deposit_match_part FOR EACH ROW EXECUTE FUNCTION deposit_match_part_insert();

-- Neither a line nor a deposit gives more than it holds.
-- +goose StatementBegin
CREATE FUNCTION deposit_match_conserved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whole numeric;
    given numeric;
BEGIN
    IF NEW.line_id IS NOT NULL THEN
        SELECT l.amount, (SELECT coalesce(sum(p.amount), 0) FROM deposit_part p WHERE p.line_id = l.id) INTO whole, given FROM bank_line l WHERE l.id = NEW.line_id;
        IF given * sign(whole) < 0 OR abs(given) > abs(whole) THEN
            RAISE EXCEPTION 'bank line %: % of % would be matched', NEW.line_id, given, whole USING ERRCODE = 'TO001';
        END IF;
    END IF;
    IF NEW.settlement_id IS NOT NULL THEN
        SELECT d.amount, d.matched INTO whole, given FROM deposit d JOIN settlement s ON s.connection_id = d.connection_id AND s.amazon_id = d.amazon_id WHERE s.id = NEW.settlement_id;
        IF given * sign(whole) < 0 OR abs(given) > abs(whole) THEN
            RAISE EXCEPTION 'deposit of settlement %: % of % would be matched', NEW.settlement_id, given, whole USING ERRCODE = 'TO001';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER deposit_match_conserved AFTER INSERT ON deposit_match_part
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deposit_match_conserved();

-- A line that is matched is not ignored at the same time.
-- +goose StatementBegin
CREATE FUNCTION bank_line_ignored_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM bank_line l WHERE l.id = NEW.line_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM deposit_part p WHERE p.line_id = NEW.line_id) THEN
        RAISE EXCEPTION 'the bank line is matched; undo that first' USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER bank_line_ignored_insert BEFORE INSERT ON bank_line_ignored FOR EACH ROW EXECUTE FUNCTION bank_line_ignored_insert();

-- +goose Down
DROP VIEW deposit;
DROP VIEW bank_coverage;
DROP VIEW deposit_part;
DROP TABLE deposit_unmatch;
DROP TABLE deposit_match_part;
DROP TABLE deposit_match;
DROP TABLE bank_line_ignored;
DROP TABLE bank_line;
DROP TABLE bank_problem;
DROP TABLE bank_statement;
DROP TABLE bank_account_connection;
DROP TABLE bank_account;
DROP INDEX settlement_amazon_id;
DROP FUNCTION bank_line_insert;
DROP FUNCTION bank_statement_sealed;
DROP FUNCTION bank_account_change;
DROP FUNCTION bank_line_ignored_change;
DROP FUNCTION deposit_match_part_insert;
DROP FUNCTION deposit_match_conserved;
DROP FUNCTION bank_line_ignored_insert;
