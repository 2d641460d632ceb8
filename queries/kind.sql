-- name: KindsOfConnection :many
SELECT id, marketplace, transaction_type, amount_type, amount_description, sign
FROM kind WHERE connection_id = $1 ORDER BY id;
