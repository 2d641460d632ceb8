-- +goose Up
-- Each settlement's sum per kind, corrections apart: a few hundred rows where
-- the rollups, by day and product group, are thousands.
CREATE VIEW kind_sum AS
SELECT settlement_id, ref AS kind_id, lines, amount FROM line_block WHERE dimension = 'kind'
UNION ALL
SELECT settlement_id, kind_id, lines, amount FROM rollup WHERE correction_id <> 0;
CREATE INDEX rollup_correction ON rollup (settlement_id) WHERE correction_id <> 0;

-- +goose Down
DROP INDEX rollup_correction;
DROP VIEW kind_sum;
