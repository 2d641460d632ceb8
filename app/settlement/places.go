package settlement

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Place is a settlement that an order or a SKU stands in.
type Place struct {
	SettlementID int64
	AmazonID     string
	Lines        int64
	SKU          bool // found as a SKU, not as an order
}

// Places finds an order id, a merchant's order id or a SKU among all lines,
// through the block range index and the counts of the import.
func (s *Service) Places(ctx context.Context, text string, limit int) ([]Place, error) {
	var places []Place
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT s.id, s.amazon_id, count(*), false FROM settlement_line l JOIN settlement s ON s.id = l.settlement_id
			WHERE (l.order_id = $1 OR l.merchant_order_id = $1) AND s.replaced_at IS NULL GROUP BY s.id
			UNION ALL
			(SELECT s.id, s.amazon_id, b.lines, true FROM product p JOIN line_block b ON b.dimension = 'product' AND b.ref = p.id
			 JOIN settlement s ON s.id = b.settlement_id WHERE p.sku = $1 AND s.replaced_at IS NULL ORDER BY s.end_at DESC LIMIT $2)
			LIMIT $2`, text, limit)
		if err != nil {
			return err
		}
		places, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Place])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find %q: %w", text, err)
	}
	return places, nil
}
