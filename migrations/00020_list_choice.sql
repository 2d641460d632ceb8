-- +goose Up
-- What people keep about lists: columns they do not want to see, and filters
-- under a name.
CREATE TABLE hidden_columns (
    person_id bigint NOT NULL REFERENCES person (id),
    list      text   NOT NULL,
    columns   text[] NOT NULL,
    PRIMARY KEY (person_id, list)
);
CREATE TABLE saved_filter (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id bigint NOT NULL REFERENCES person (id),
    list      text   NOT NULL,
    name      text   NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    query     text   NOT NULL CHECK (length(query) <= 2000),
    UNIQUE (person_id, list, name)
);

-- +goose Down
DROP TABLE saved_filter;
DROP TABLE hidden_columns;
