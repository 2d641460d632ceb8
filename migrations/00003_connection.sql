-- +goose Up
-- A connection pairs one Amazon seller account with one P21 company; everything
-- is scoped by it. Secrets are sealed by the vault (associated data: table,
-- column, id) and never leave the server.
CREATE TABLE connection (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                text        NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    title               text        NOT NULL DEFAULT '',
    environment         text        NOT NULL DEFAULT 'production' CHECK (environment IN ('sandbox', 'production')),
    amazon_region       text        NOT NULL CHECK (amazon_region IN ('na', 'eu', 'fe')),
    marketplace_ids     text[]      NOT NULL DEFAULT '{}',
    seller_id           text        NOT NULL DEFAULT '',
    amazon_endpoint     text        NOT NULL DEFAULT '', -- empty: the region's own
    lwa_url             text        NOT NULL DEFAULT '',
    lwa_client_id       text        NOT NULL DEFAULT '',
    lwa_client_secret   bytea,
    refresh_token       bytea,
    lwa_secret_expires  date,
    p21_url             text        NOT NULL DEFAULT '',
    p21_adapter         text        NOT NULL DEFAULT 'seedv2' CHECK (p21_adapter IN ('seedv2', 'native')),
    p21_company         text        NOT NULL DEFAULT '',
    p21_username        text        NOT NULL DEFAULT '',
    p21_password        bytea,
    p21_client_secret   bytea,
    p21_journal         text        NOT NULL DEFAULT 'AZ',
    p21_positive_debit  boolean     NOT NULL DEFAULT true, -- native adapter: a debit is a positive amount
    functional_currency text        NOT NULL DEFAULT 'USD' CHECK (functional_currency ~ '^[A-Z]{3}$'),
    time_zone           text        NOT NULL DEFAULT 'UTC',
    revenue_mode        text        NOT NULL DEFAULT 'summary' CHECK (revenue_mode IN ('summary', 'invoiced')),
    paused_at           timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    version             int         NOT NULL DEFAULT 1
);

-- What the controller decides per connection.
CREATE TABLE policy (
    connection_id         bigint PRIMARY KEY REFERENCES connection (id),
    second_approval_from  numeric(19, 4) CHECK (second_approval_from >= 0), -- null: one approver is always enough; functional currency
    approver_ids          bigint[] NOT NULL DEFAULT '{}',                   -- empty: anyone with the role approver
    fresh_sign_in_minutes int      CHECK (fresh_sign_in_minutes > 0),       -- null: any live session may approve
    closed_period         text     NOT NULL DEFAULT 'exception' CHECK (closed_period IN ('first_open', 'exception')),
    rate_source           text     NOT NULL DEFAULT 'deposit_date' CHECK (rate_source IN ('deposit_date', 'posted_date')),
    rounding_limit        numeric(19, 4) NOT NULL DEFAULT 1.00 CHECK (rounding_limit >= 0),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    version               int      NOT NULL DEFAULT 1
);

-- +goose StatementBegin
CREATE FUNCTION connection_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Accounting dates and functional amounts of everything imported so far rest on these two.
    IF (NEW.time_zone <> OLD.time_zone OR NEW.functional_currency <> OLD.functional_currency)
        AND EXISTS (SELECT 1 FROM settlement s WHERE s.connection_id = NEW.id) THEN
        RAISE EXCEPTION 'the time zone and the functional currency are fixed once a settlement has been imported'
            USING ERRCODE = 'TO003';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER connection_change BEFORE UPDATE ON connection FOR EACH ROW EXECUTE FUNCTION connection_change();

-- Chart of accounts, periods and rates as last read from P21 or typed in.
CREATE TABLE gl_account (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    account       text        NOT NULL,
    description   text        NOT NULL,
    account_type  text        NOT NULL DEFAULT '',
    branch        text        NOT NULL DEFAULT '',
    active        boolean     NOT NULL DEFAULT true,
    control       boolean     NOT NULL DEFAULT false, -- AR or AP control account: not for journals
    synced_at     timestamptz NOT NULL,
    PRIMARY KEY (connection_id, account)
);

CREATE TABLE fiscal_period (
    connection_id bigint      NOT NULL REFERENCES connection (id),
    fiscal_year   int         NOT NULL,
    number        int         NOT NULL CHECK (number BETWEEN 1 AND 13),
    starts_on     date        NOT NULL,
    ends_on       date        NOT NULL,
    closed        boolean     NOT NULL,
    synced_at     timestamptz NOT NULL,
    PRIMARY KEY (connection_id, fiscal_year, number),
    CHECK (starts_on <= ends_on)
);

-- Units of quote currency for one unit of base currency on a day.
CREATE TABLE exchange_rate (
    base       text          NOT NULL CHECK (base ~ '^[A-Z]{3}$'),
    quote      text          NOT NULL CHECK (quote ~ '^[A-Z]{3}$'),
    rate_on    date          NOT NULL,
    rate       numeric(20, 10) NOT NULL CHECK (rate > 0),
    source     text          NOT NULL,
    created_at timestamptz   NOT NULL DEFAULT now(),
    PRIMARY KEY (base, quote, rate_on),
    CHECK (base <> quote)
);

-- +goose Down
DROP TABLE exchange_rate;
DROP TABLE fiscal_period;
DROP TABLE gl_account;
DROP TABLE policy;
DROP TABLE connection;
DROP FUNCTION connection_change;
