-- +goose Up
-- People come from the identity provider; nobody is created by hand.
CREATE TABLE person (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer        text        NOT NULL,
    subject       text        NOT NULL,
    email         text        NOT NULL DEFAULT '',
    name          text        NOT NULL,
    roles         text[]      NOT NULL DEFAULT '{}',
    time_zone     text        NOT NULL DEFAULT 'UTC',
    theme         text        NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    negatives     text        NOT NULL DEFAULT 'minus' CHECK (negatives IN ('minus', 'parentheses')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    signed_in_at  timestamptz,
    disabled_at   timestamptz,
    UNIQUE (issuer, subject),
    CONSTRAINT person_roles_known CHECK (roles <@ ARRAY['viewer', 'ops', 'accountant', 'approver', 'admin', 'auditor'])
);

-- Which role a group of the identity provider gives.
CREATE TABLE group_role (
    group_name text NOT NULL,
    role       text NOT NULL CHECK (role IN ('viewer', 'ops', 'accountant', 'approver', 'admin', 'auditor')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_name, role)
);

-- Server-side sessions, in the shape that scs's pgxstore reads.
CREATE TABLE sessions (
    token  text PRIMARY KEY,
    data   bytea       NOT NULL,
    expiry timestamptz NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);

-- +goose Down
DROP TABLE sessions;
DROP TABLE group_role;
DROP TABLE person;
