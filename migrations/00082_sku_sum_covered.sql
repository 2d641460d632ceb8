-- Fees by SKU add up tens of thousands of these sums: found in the index, they need
-- no look at the table.

-- +goose Up
ALTER TABLE sku_sum DROP CONSTRAINT sku_sum_pkey;
ALTER TABLE sku_sum ADD PRIMARY KEY (settlement_id, month, product_id, kind_id) INCLUDE (quantity, amount);

-- +goose Down
ALTER TABLE sku_sum DROP CONSTRAINT sku_sum_pkey;
ALTER TABLE sku_sum ADD PRIMARY KEY (settlement_id, month, product_id, kind_id);
