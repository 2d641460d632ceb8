-- name: KindsOfConnection :many
SELECT id, marketplace, transaction_type, amount_type, amount_description, sign
FROM kind WHERE connection_id = $1 ORDER BY id;

-- name: Kinds :many
-- Of a connection, or of all.
SELECT connection_id, id, marketplace, transaction_type, amount_type, amount_description, sign
FROM kind WHERE @connection_id::bigint = 0 OR connection_id = @connection_id ORDER BY connection_id, id;
