-- +goose Up
-- What a person must decide. One row per cause, however many records wait on it.
CREATE TABLE exception (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint      NOT NULL REFERENCES connection (id),
    class         text        NOT NULL, -- unmapped_kind, out_of_balance, unreadable_line, ...
    cause         text        NOT NULL, -- what makes two of a class the same: a kind's id, a settlement's id
    title         text        NOT NULL,
    detail        jsonb       NOT NULL DEFAULT '{}',
    settlement_id bigint      REFERENCES settlement (id),
    entry_id      bigint      REFERENCES journal_entry (id),
    kind_id       int         REFERENCES kind (id),
    records       bigint      NOT NULL DEFAULT 1,
    amount        numeric(19, 4),        -- money at stake
    currency      text        NOT NULL DEFAULT '',
    state         text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'ignored')),
    assigned_to   bigint      REFERENCES person (id),
    snoozed_until timestamptz,
    resolution    text        NOT NULL DEFAULT '',
    resolved_by   bigint      REFERENCES person (id),
    resolved_at   timestamptz,
    opened_at     timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    version       int         NOT NULL DEFAULT 1,
    CHECK ((state = 'open') = (resolved_at IS NULL)),
    CHECK (state <> 'ignored' OR length(trim(resolution)) > 0)
);
CREATE UNIQUE INDEX exception_open ON exception (connection_id, class, cause) WHERE state = 'open';
CREATE INDEX exception_list ON exception (state, connection_id, class, id);
CREATE INDEX exception_settlement ON exception (settlement_id);
CREATE INDEX exception_kind ON exception (kind_id);

-- +goose Down
DROP TABLE exception;
