-- Cost of goods sold: units that settlements shipped and that came back, at what
-- P21 says they cost.

-- +goose Up
-- From which day on the books take it from here, and its two accounts. Where P21
-- invoices the orders it books their cost itself.
ALTER TABLE policy
    ADD COLUMN cost_from     date,                     -- null: it is not booked
    ADD COLUMN cost_account  text NOT NULL DEFAULT '', -- cost of goods sold
    ADD COLUMN stock_account text NOT NULL DEFAULT '', -- inventory in Amazon's warehouses
    ADD CONSTRAINT policy_cost CHECK (cost_from IS NULL OR (cost_account <> '' AND stock_account <> '' AND cost_account <> stock_account));

-- +goose StatementBegin
CREATE FUNCTION policy_cost() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mode text;
BEGIN
    IF NEW.cost_from IS NOT NULL THEN
        SELECT c.revenue_mode INTO mode FROM connection c WHERE c.id = NEW.connection_id FOR SHARE;
        IF mode <> 'summary' THEN
            RAISE EXCEPTION 'the cost of goods is booked here only where revenue comes from settlements alone: P21 books it with its invoices' USING ERRCODE = 'TO001';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION connection_cost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.revenue_mode <> 'summary' AND EXISTS (SELECT 1 FROM policy p WHERE p.connection_id = NEW.id AND p.cost_from IS NOT NULL) THEN
        RAISE EXCEPTION 'the cost of goods is booked here: end that under Policies before P21 invoices the orders and books it a second time' USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER policy_cost BEFORE INSERT OR UPDATE ON policy FOR EACH ROW EXECUTE FUNCTION policy_cost();
CREATE TRIGGER connection_cost BEFORE UPDATE ON connection FOR EACH ROW EXECUTE FUNCTION connection_cost();

-- One count of a settlement: its lines that say what was shipped.
CREATE TABLE cost_reading (
    settlement_id bigint      PRIMARY KEY REFERENCES settlement (id),
    lines         int         NOT NULL CHECK (lines >= 0),                      -- that say what was shipped
    unread        int         NOT NULL CHECK (unread BETWEEN 0 AND lines),      -- of those: without a SKU or a quantity
    quantity      bigint      NOT NULL,                                         -- of the others
    read_at       timestamptz NOT NULL
);

-- What was counted of a settlement, or of what came back, in one fiscal period.
CREATE TABLE cost_count (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connection (id),
    settlement_id bigint REFERENCES cost_reading (settlement_id), -- null: what came back
    fiscal_year   int    NOT NULL,
    period        int    NOT NULL,
    moves         int    NOT NULL DEFAULT 0, -- that change the stock
    shipped       bigint NOT NULL DEFAULT 0, -- units
    returned      bigint NOT NULL DEFAULT 0, -- that can be sold again
    kept          bigint NOT NULL DEFAULT 0, -- that came back and cannot: they stay in the cost
    waiting       bigint NOT NULL DEFAULT 0 CHECK (waiting >= 0), -- units without an item or a cost, as last looked
    UNIQUE NULLS NOT DISTINCT (connection_id, settlement_id, fiscal_year, period)
);
CREATE INDEX cost_count_period ON cost_count (connection_id, fiscal_year, period);
CREATE INDEX cost_count_settlement ON cost_count (settlement_id);

-- Units of an SKU that left Amazon's stock on a day, or came back into it. Written
-- once, never changed. What Amazon says otherwise of a return later is one more
-- row, of the difference.
CREATE TABLE cost_move (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    count_id    bigint NOT NULL REFERENCES cost_count (id),
    record_id   bigint,                -- the return; null: lines of the settlement
    content     int,                   -- number of its content
    on_day      date   NOT NULL,
    marketplace text   NOT NULL,       -- as the settlement writes it; empty: returns say none
    sku         text   NOT NULL CHECK (sku <> ''),
    lines       int    NOT NULL CHECK (lines > 0),
    quantity    int    NOT NULL,       -- above zero: it left; below: it came back and can be sold again
    kept        int    NOT NULL DEFAULT 0,
    UNIQUE (record_id, content),
    FOREIGN KEY (record_id, content) REFERENCES flow_content (record_id, number) MATCH FULL,
    CHECK (record_id IS NOT NULL OR kept = 0)
);
CREATE UNIQUE INDEX cost_move_settled ON cost_move (count_id, on_day, marketplace, sku) WHERE record_id IS NULL;
CREATE INDEX cost_move_count ON cost_move (count_id, sku, marketplace);
CREATE TRIGGER cost_reading_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON cost_reading FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cost_move_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON cost_move FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cost_count_keep BEFORE DELETE OR TRUNCATE ON cost_count FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Moves are those of the count's own kind, never more than its settlement has, and
-- of a return exactly what Amazon said last. The counts' sums follow.
-- +goose StatementBegin
CREATE FUNCTION cost_move_insert() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    IF EXISTS (SELECT 1 FROM added a JOIN cost_count n ON n.id = a.count_id WHERE (a.record_id IS NULL) <> (n.settlement_id IS NOT NULL)) THEN
        RAISE EXCEPTION 'lines are counted with their settlement, returns by themselves' USING ERRCODE = 'TO001';
    END IF;
    SELECT s.amazon_id INTO wrong FROM cost_reading r JOIN settlement s ON s.id = r.settlement_id
    WHERE r.settlement_id IN (SELECT n.settlement_id FROM added a JOIN cost_count n ON n.id = a.count_id)
      AND (SELECT sum(m.lines) FROM cost_count n JOIN cost_move m ON m.count_id = n.id WHERE n.settlement_id = r.settlement_id) > r.lines - r.unread LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'settlement % is counted already', wrong USING ERRCODE = 'TO001';
    END IF;
    SELECT f.key INTO wrong FROM (SELECT DISTINCT a.record_id FROM added a WHERE a.record_id IS NOT NULL) x
    JOIN flow_record f ON f.id = x.record_id
    CROSS JOIN LATERAL (SELECT sum(m.quantity) AS quantity, sum(m.kept) AS kept, max(m.content) AS content FROM cost_move m WHERE m.record_id = x.record_id) m
    JOIN flow_content c ON c.record_id = x.record_id AND c.number = m.content
    CROSS JOIN LATERAL (SELECT upper(c.source->'return'->>'Disposition') = 'SELLABLE' AS sellable, (c.source->'return'->>'Quantity')::int AS units) b
    WHERE (-m.quantity, m.kept) IS DISTINCT FROM (CASE WHEN b.sellable THEN b.units ELSE 0 END, CASE WHEN b.sellable THEN 0 ELSE b.units END) LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'return % is counted already, or not as Amazon says', wrong USING ERRCODE = 'TO001';
    END IF;
    UPDATE cost_count n SET moves = n.moves + a.moves, shipped = n.shipped + a.shipped, returned = n.returned + a.returned, kept = n.kept + a.kept
    FROM (SELECT x.count_id, count(*) FILTER (WHERE x.quantity <> 0) AS moves, coalesce(sum(x.quantity) FILTER (WHERE x.record_id IS NULL), 0) AS shipped,
                 coalesce(-sum(x.quantity) FILTER (WHERE x.record_id IS NOT NULL), 0) AS returned, sum(x.kept) AS kept FROM added x GROUP BY x.count_id) a
    WHERE n.id = a.count_id;
    RETURN NULL;
END
$$;

-- At commit the moves of a settlement are all of its lines.
CREATE FUNCTION cost_reading_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found_lines bigint;
    found_quantity bigint;
BEGIN
    SELECT coalesce(sum(m.lines), 0), coalesce(sum(m.quantity), 0) INTO found_lines, found_quantity
    FROM cost_count n JOIN cost_move m ON m.count_id = n.id WHERE n.settlement_id = NEW.settlement_id;
    IF found_lines <> NEW.lines - NEW.unread OR found_quantity <> NEW.quantity THEN
        RAISE EXCEPTION 'settlement %: % lines with % units are counted, it has % with %', NEW.settlement_id, found_lines, found_quantity, NEW.lines - NEW.unread, NEW.quantity
            USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cost_move_insert AFTER INSERT ON cost_move REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION cost_move_insert();
CREATE CONSTRAINT TRIGGER cost_reading_whole AFTER INSERT ON cost_reading
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cost_reading_whole();

-- Which counts an entry is of.
CREATE TABLE cost_entry (
    entry_id bigint NOT NULL REFERENCES journal_entry (id),
    count_id bigint NOT NULL REFERENCES cost_count (id),
    moves    int    NOT NULL CHECK (moves > 0),
    quantity bigint NOT NULL,
    amount   numeric(19, 4) NOT NULL, -- in the company's currency; above zero: cost
    PRIMARY KEY (entry_id, count_id)
);
CREATE INDEX cost_entry_count ON cost_entry (count_id);

-- Units of an SKU at one cost: a piece of evidence, the same number in each of
-- the entry's two lines.
CREATE TABLE cost_piece (
    entry_id    bigint      NOT NULL,
    seq         int         NOT NULL CHECK (seq > 0),
    count_id    bigint      NOT NULL,
    marketplace text        NOT NULL,
    sku         text        NOT NULL CHECK (sku <> ''),
    sku_map_id  bigint      NOT NULL,                         -- that was in force; maps are never deleted
    unit_cost   numeric     NOT NULL CHECK (unit_cost > 0),   -- of a unit of the SKU
    source      text        NOT NULL CHECK (source <> ''),    -- where that is from
    taken_at    timestamptz NOT NULL,                         -- when it was looked up
    quantity    bigint      NOT NULL,
    digits      smallint    NOT NULL CHECK (digits BETWEEN 0 AND 4), -- of the currency
    amount      numeric(19, 4) NOT NULL,
    PRIMARY KEY (entry_id, seq),
    FOREIGN KEY (entry_id, count_id) REFERENCES cost_entry (entry_id, count_id),
    CONSTRAINT cost_piece_amount CHECK (amount = round(quantity * unit_cost, digits))
);
CREATE INDEX cost_piece_count ON cost_piece (count_id, sku);

-- The moves in each piece.
CREATE TABLE cost_carried (
    entry_id bigint NOT NULL,
    seq      int    NOT NULL,
    move_id  bigint NOT NULL REFERENCES cost_move (id),
    PRIMARY KEY (entry_id, move_id),
    FOREIGN KEY (entry_id, seq) REFERENCES cost_piece (entry_id, seq)
);
CREATE INDEX cost_carried_move ON cost_carried (move_id);
CREATE TRIGGER cost_entry_change BEFORE INSERT OR UPDATE OR DELETE ON cost_entry FOR EACH ROW EXECUTE FUNCTION journal_content_change();
CREATE TRIGGER cost_piece_change BEFORE INSERT OR UPDATE OR DELETE ON cost_piece FOR EACH ROW EXECUTE FUNCTION journal_content_change();
CREATE TRIGGER cost_carried_change BEFORE INSERT OR UPDATE OR DELETE ON cost_carried FOR EACH ROW EXECUTE FUNCTION journal_content_change();

-- A move is in one live entry. The locks let two transactions see each other.
-- +goose StatementBegin
CREATE FUNCTION cost_carried_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    PERFORM 1 FROM cost_move m WHERE m.id IN (SELECT a.move_id FROM added a) ORDER BY m.id FOR NO KEY UPDATE;
    SELECT e.reference INTO other FROM added a JOIN cost_carried x ON x.move_id = a.move_id AND x.entry_id <> a.entry_id
    JOIN journal_entry e ON e.id = x.entry_id WHERE e.status NOT IN ('reversed', 'discarded') LIMIT 1;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'units are in entry % already', other USING ERRCODE = 'TO001';
    END IF;
    IF EXISTS (SELECT 1 FROM added a JOIN cost_piece p ON p.entry_id = a.entry_id AND p.seq = a.seq JOIN cost_move m ON m.id = a.move_id
               WHERE (m.count_id, m.sku, m.marketplace) <> (p.count_id, p.sku, p.marketplace)) THEN
        RAISE EXCEPTION 'units are carried at the cost of their own SKU' USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;

-- What a cost entry must hold before it is handed in.
CREATE FUNCTION cost_submit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text;
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT l.line_no, p.seq, p.quantity, CASE WHEN l.category = 'cost' THEN -p.amount ELSE p.amount END AS amount
                       FROM journal_line l JOIN cost_piece p ON p.entry_id = l.entry_id WHERE l.entry_id = NEW.id) w
        FULL JOIN (SELECT v.line_no, v.seq, v.quantity, v.amount FROM journal_evidence v WHERE v.entry_id = NEW.id) f USING (line_no, seq)
        WHERE w.amount IS DISTINCT FROM f.amount OR w.quantity IS DISTINCT FROM f.quantity) THEN
        RAISE EXCEPTION 'entry %: its evidence is not what was counted', NEW.reference USING ERRCODE = 'TO001';
    END IF;
    IF EXISTS (
        SELECT 1 FROM cost_piece p LEFT JOIN LATERAL (SELECT sum(m.quantity) AS quantity FROM cost_carried x JOIN cost_move m ON m.id = x.move_id
            WHERE x.entry_id = p.entry_id AND x.seq = p.seq) m ON true
        WHERE p.entry_id = NEW.id AND p.quantity IS DISTINCT FROM m.quantity)
        OR EXISTS (
        SELECT 1 FROM cost_entry n LEFT JOIN LATERAL (SELECT sum(p.quantity) AS quantity, sum(p.amount) AS amount FROM cost_piece p
            WHERE p.entry_id = n.entry_id AND p.count_id = n.count_id) p ON true
        WHERE n.entry_id = NEW.id AND ((n.quantity, n.amount) IS DISTINCT FROM (p.quantity, p.amount)
            OR n.moves <> (SELECT count(*) FROM cost_carried x JOIN cost_move m ON m.id = x.move_id WHERE x.entry_id = n.entry_id AND m.count_id = n.count_id))) THEN
        RAISE EXCEPTION 'entry %: its quantities are not what was counted', NEW.reference USING ERRCODE = 'TO001';
    END IF;
    IF EXISTS (SELECT 1 FROM cost_entry n JOIN cost_count c ON c.id = n.count_id JOIN settlement s ON s.id = c.settlement_id WHERE n.entry_id = NEW.id AND s.replaced_at IS NOT NULL) THEN
        RAISE EXCEPTION 'settlement of % has been replaced by a re-issued report', NEW.reference USING ERRCODE = 'TO001';
    END IF;
    SELECT o.reference INTO other FROM cost_entry n JOIN cost_count c ON c.id = n.count_id JOIN settlement s ON s.id = c.settlement_id
    JOIN settlement before ON before.connection_id = s.connection_id AND before.amazon_id = s.amazon_id AND before.id <> s.id
    JOIN cost_count bc ON bc.settlement_id = before.id JOIN cost_entry bn ON bn.count_id = bc.id JOIN journal_entry o ON o.id = bn.entry_id
    WHERE n.entry_id = NEW.id AND o.status NOT IN ('reversed', 'discarded') LIMIT 1;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'Amazon re-issued the report of % and entry % still holds the old one: post its reversal first', NEW.reference, other USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cost_carried_once AFTER INSERT ON cost_carried REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION cost_carried_once();
CREATE TRIGGER cost_submit BEFORE UPDATE ON journal_entry
    FOR EACH ROW WHEN (NEW.entry_type = 'cost' AND OLD.status = 'draft' AND NEW.status = 'submitted') EXECUTE FUNCTION cost_submit();

-- +goose Down
DROP TRIGGER cost_submit ON journal_entry;
DROP TABLE cost_carried;
DROP TABLE cost_piece;
DROP TABLE cost_entry;
DROP TABLE cost_move;
DROP TABLE cost_count;
DROP TABLE cost_reading;
DROP FUNCTION cost_submit;
DROP FUNCTION cost_carried_once;
DROP FUNCTION cost_reading_whole;
DROP FUNCTION cost_move_insert;
DROP TRIGGER connection_cost ON connection;
DROP TRIGGER policy_cost ON policy;
DROP FUNCTION connection_cost;
DROP FUNCTION policy_cost;
ALTER TABLE policy DROP COLUMN cost_from, DROP COLUMN cost_account, DROP COLUMN stock_account;
