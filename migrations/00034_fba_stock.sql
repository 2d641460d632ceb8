-- +goose Up
-- What Amazon last said it has of each SKU in its warehouses, in units.
CREATE TABLE fba_stock (
    connection_id     bigint      NOT NULL REFERENCES connection (id),
    marketplace       text        NOT NULL CHECK (marketplace <> ''),
    sku               text        NOT NULL CHECK (sku <> ''),
    fnsku             text        NOT NULL,
    condition         text        NOT NULL,
    asin              text        NOT NULL,
    title             text        NOT NULL,
    fulfillable       int         NOT NULL,
    inbound_working   int         NOT NULL,
    inbound_shipped   int         NOT NULL,
    inbound_receiving int         NOT NULL,
    orders            int         NOT NULL, -- reserved for buyers
    transfers         int         NOT NULL, -- reserved, between warehouses
    processing        int         NOT NULL, -- reserved, inside a warehouse
    unfulfillable     int         NOT NULL,
    researching       int         NOT NULL,
    changed_at        timestamptz NOT NULL, -- at Amazon
    read_at           timestamptz NOT NULL,
    PRIMARY KEY (connection_id, marketplace, sku, fnsku, condition)
);

-- A difference between what Amazon has of an item and what P21 believes, since
-- when it is exactly this, and who approved that P21 is adjusted by it. Another
-- difference is another row: the approval does not pass to it.
CREATE TABLE fba_difference (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    item_code     text        NOT NULL CHECK (item_code <> ''),
    units         numeric     NOT NULL CHECK (units <> 0), -- to be added in P21
    since         timestamptz NOT NULL,
    approved_by   bigint      REFERENCES person (id),
    approved_at   timestamptz,
    PRIMARY KEY (connection_id, item_code),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

-- +goose StatementBegin
CREATE FUNCTION fba_difference_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.units <> OLD.units OR NEW.since <> OLD.since) AND NEW.approved_by IS NOT NULL THEN
        RAISE EXCEPTION 'an approval is of one difference and does not pass to another' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER fba_difference_approval BEFORE UPDATE ON fba_difference
    FOR EACH ROW EXECUTE FUNCTION fba_difference_approval();

-- +goose Down
DROP TABLE fba_difference;
DROP FUNCTION fba_difference_approval;
DROP TABLE fba_stock;
