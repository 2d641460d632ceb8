-- What a fee is made of: by product, or of all products together, which is the same
-- amounts in a few rows.

-- +goose Up
CREATE VIEW fee_amount WITH (security_invoker = true) AS
SELECT false AS summed, settlement_id, month, kind_id, product_id, lines, quantity, amount FROM sku_amount
UNION ALL
SELECT true, settlement_id, month, kind_id, NULL, lines, quantity, amount FROM month_sum;

-- +goose Down
DROP VIEW fee_amount;
