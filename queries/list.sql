-- name: HiddenColumns :many
SELECT unnest(columns)::text AS key FROM hidden_columns WHERE person_id = @person_id AND list = @list;

-- name: HideColumns :exec
INSERT INTO hidden_columns (person_id, list, columns) VALUES (@person_id, @list, @columns)
ON CONFLICT (person_id, list) DO UPDATE SET columns = excluded.columns;

-- name: SavedFilters :many
SELECT id, name, query FROM saved_filter WHERE person_id = @person_id AND list = @list ORDER BY lower(name), id;

-- name: SaveFilter :execrows
-- The same name again keeps the new filter; more than @most are not kept.
INSERT INTO saved_filter (person_id, list, name, query)
SELECT @person_id::bigint, @list::text, @name::text, @query::text
WHERE (SELECT count(*) FROM saved_filter f WHERE f.person_id = @person_id AND f.list = @list AND f.name <> @name) < @most::bigint
ON CONFLICT (person_id, list, name) DO UPDATE SET query = excluded.query;

-- name: DeleteFilter :execrows
DELETE FROM saved_filter WHERE id = @id AND person_id = @person_id AND list = @list;
