-- +goose Up
-- Trigram likeness and exclusion constraints come with PostgreSQL itself; both
-- extensions are trusted, so the owner of the database may add them.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- What P21 sells, as last read.
CREATE TABLE item (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connection (id),
    code          text        NOT NULL CHECK (code <> '' AND code = btrim(code) AND length(code) <= 60),
    description   text        NOT NULL DEFAULT '',
    extended      text        NOT NULL DEFAULT '',
    unit          text        NOT NULL DEFAULT '',
    list_price    numeric(19, 6) CHECK (list_price >= 0),
    currency      text        NOT NULL DEFAULT '' CHECK (currency ~ '^([A-Z]{3})?$'),
    unit_cost     numeric(19, 6) CHECK (unit_cost >= 0),
    active        boolean     NOT NULL DEFAULT true,
    identifiers   text[]      NOT NULL DEFAULT '{}', -- UPC, EAN, ASIN, as P21's cross references give them
    squeezed      text        NOT NULL GENERATED ALWAYS AS (upper(regexp_replace(code, '[^A-Za-z0-9]', '', 'g'))) STORED,
    changed_at    timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL,
    UNIQUE (connection_id, code),
    CHECK (list_price IS NULL OR currency <> '')
);
CREATE INDEX item_squeezed ON item (connection_id, squeezed);
CREATE INDEX item_identifiers ON item USING gin (identifiers);
CREATE INDEX item_description ON item USING gin (description gin_trgm_ops);

-- What Amazon sells for us, as last read.
CREATE TABLE listing (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connection (id),
    marketplace   text        NOT NULL CHECK (marketplace <> ''), -- Amazon's id
    sku           text        NOT NULL CHECK (sku <> '' AND sku = btrim(sku) AND length(sku) <= 120),
    asin          text        NOT NULL DEFAULT '',
    fnsku         text        NOT NULL DEFAULT '',
    title         text        NOT NULL DEFAULT '',
    identifiers   text[]      NOT NULL DEFAULT '{}', -- UPC, EAN, GTIN
    channel       text        NOT NULL CHECK (channel IN ('FBA', 'MFN')),
    status        text        NOT NULL DEFAULT '' CHECK (length(status) <= 40), -- as Amazon says it
    changed_at    timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL,
    UNIQUE (sku, marketplace, connection_id)
);
CREATE INDEX listing_connection ON listing (connection_id, sku, marketplace);
CREATE INDEX listing_asin ON listing (asin) WHERE asin <> '';

-- What one unit of an SKU stands for, from a day on and before another. A map
-- is never rewritten: it is ended, and another one follows.
CREATE TABLE sku_map (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connection (id),
    marketplace   text        NOT NULL DEFAULT '', -- Amazon's id; empty: all
    sku           text        NOT NULL CHECK (sku <> '' AND sku = btrim(sku) AND length(sku) <= 120),
    stem          text        NOT NULL,            -- the SKU without endings such as -2PK, see app/catalog
    valid_from    date        NOT NULL,
    valid_to      date        CHECK (valid_to >= valid_from), -- exclusive; null: open; equal: was never valid
    parts         smallint    NOT NULL CHECK (parts BETWEEN 1 AND 50),
    note          text        NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
    made_by       bigint      REFERENCES person (id), -- null: the program
    made_at       timestamptz NOT NULL,
    version       int         NOT NULL DEFAULT 1,
    UNIQUE (id, connection_id),
    CONSTRAINT sku_map_overlap EXCLUDE USING gist
        (connection_id WITH =, marketplace WITH =, sku WITH =, daterange(valid_from, valid_to) WITH &&)
);
CREATE INDEX sku_map_sku ON sku_map (sku, marketplace, connection_id, valid_from);
CREATE INDEX sku_map_stem ON sku_map (connection_id, stem);

CREATE TABLE sku_map_part (
    sku_map_id    bigint   NOT NULL,
    connection_id bigint   NOT NULL,
    position      smallint NOT NULL CHECK (position > 0),
    item_code     text     NOT NULL,
    quantity      int      NOT NULL CHECK (quantity BETWEEN 1 AND 100000), -- of the item in one unit of the SKU
    share         numeric(9, 8) CHECK (share BETWEEN 0 AND 1),             -- of the price; null: by list price
    PRIMARY KEY (sku_map_id, item_code),
    UNIQUE (sku_map_id, position),
    FOREIGN KEY (sku_map_id, connection_id) REFERENCES sku_map (id, connection_id),
    FOREIGN KEY (connection_id, item_code) REFERENCES item (connection_id, code)
);
CREATE INDEX sku_map_part_item ON sku_map_part (connection_id, item_code);

-- +goose StatementBegin
CREATE FUNCTION sku_map_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.connection_id, NEW.marketplace, NEW.sku, NEW.stem, NEW.valid_from, NEW.parts, NEW.made_by, NEW.made_at)
        IS DISTINCT FROM (OLD.id, OLD.connection_id, OLD.marketplace, OLD.sku, OLD.stem, OLD.valid_from, OLD.parts, OLD.made_by, OLD.made_at) THEN
        RAISE EXCEPTION 'an SKU map is not rewritten: end it and make another' USING ERRCODE = 'TO003';
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'a change of an SKU map counts its version up by one' USING ERRCODE = 'TO001';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION sku_map_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'SKU maps and their parts are history: nothing of them is changed or deleted' USING ERRCODE = 'TO003';
END
$$;

-- Whole when the transaction ends: as many parts as the map was made with, and
-- shares of all of them or of none, one in sum.
CREATE FUNCTION sku_map_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    map    bigint;
    wanted int;
    found  int;
    shared int;
    total  numeric;
BEGIN
    IF TG_TABLE_NAME = 'sku_map' THEN
        map := NEW.id;
    ELSE
        map := NEW.sku_map_id;
    END IF;
    SELECT m.parts INTO wanted FROM sku_map m WHERE m.id = map;
    SELECT count(*), count(p.share), sum(p.share) INTO found, shared, total FROM sku_map_part p WHERE p.sku_map_id = map;
    IF found <> wanted THEN
        RAISE EXCEPTION 'an SKU map made with % parts has %', wanted, found USING ERRCODE = 'TO001';
    END IF;
    IF shared > 0 AND (shared <> found OR total <> 1) THEN
        RAISE EXCEPTION 'the shares of an SKU map are given for all parts or none, and sum to 1' USING ERRCODE = 'TO001';
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER sku_map_change BEFORE UPDATE ON sku_map FOR EACH ROW EXECUTE FUNCTION sku_map_change();
CREATE TRIGGER sku_map_keep BEFORE DELETE OR TRUNCATE ON sku_map FOR EACH STATEMENT EXECUTE FUNCTION sku_map_keep();
CREATE TRIGGER sku_map_part_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON sku_map_part FOR EACH STATEMENT EXECUTE FUNCTION sku_map_keep();
CREATE CONSTRAINT TRIGGER sku_map_whole AFTER INSERT ON sku_map DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sku_map_whole();
CREATE CONSTRAINT TRIGGER sku_map_part_whole AFTER INSERT ON sku_map_part DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sku_map_whole();

-- +goose Down
DROP TABLE sku_map_part;
DROP TABLE sku_map;
DROP FUNCTION sku_map_whole();
DROP FUNCTION sku_map_keep();
DROP FUNCTION sku_map_change();
DROP TABLE listing;
DROP TABLE item;
