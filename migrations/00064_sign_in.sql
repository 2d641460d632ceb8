-- +goose Up
-- Where people signed in from: a browser, of whose cookie only the hash is kept,
-- and a network address. What is new is told, see app/alert.
CREATE TABLE person_origin (
    person_id bigint      NOT NULL REFERENCES person (id),
    kind      text        NOT NULL CHECK (kind IN ('browser', 'address')),
    value     text        NOT NULL CHECK (length(value) BETWEEN 1 AND 100),
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL CHECK (last_at >= first_at),
    PRIMARY KEY (person_id, kind, value)
);

-- How many sign-ins failed, by address and hour.
CREATE TABLE failed_sign_in (
    address text        NOT NULL CHECK (length(address) <= 100),
    hour    timestamptz NOT NULL CHECK (hour = date_trunc('hour', hour, 'UTC')),
    tries   int         NOT NULL CHECK (tries > 0),
    PRIMARY KEY (address, hour)
);
CREATE INDEX failed_sign_in_hour ON failed_sign_in (hour);

-- Who may come in, and tried to: looked for each minute. queries/alert.sql has the same list.
CREATE INDEX audit_event_access ON audit_event (at) WHERE action IN ('refused at sign-in', 'signed in from somewhere new', 'roles changed at sign-in',
    'sign-ins failed repeatedly', 'set the roles of a group', 'set the connections of a person', 'disabled', 'enabled');

-- +goose Down
DROP INDEX audit_event_access;
DROP TABLE failed_sign_in;
DROP TABLE person_origin;
