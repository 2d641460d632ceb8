-- name: Kinds :many
-- Of a connection, or with 0 of all.
SELECT connection_id, id, marketplace, transaction_type, amount_type, amount_description, sign
FROM kind WHERE @connection_id::bigint = 0 OR connection_id = @connection_id ORDER BY connection_id, id;
