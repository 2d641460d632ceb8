package settlement

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/sqlc"
)

// Line is one line with its kind's names.
type Line = sqlc.GetLineRow

// LineFilter selects lines of one settlement; zero values select everything.
type LineFilter struct {
	KindIDs   []int32 // any of them
	OrderID   string  // Amazon's or the merchant's order id, exact
	SKU       string  // exact
	NoSKU     bool    // only lines without one
	MinAmount decimal.NullDecimal
	MaxAmount decimal.NullDecimal
	From, To  *time.Time // accounting dates, inclusive
	AfterRow  int32      // keyset: the last line of the page before
	AfterPart int16
	PageSize  int
}

// narrow reports whether the filter leaves lines out.
func (f LineFilter) narrow() bool {
	return len(f.KindIDs) > 0 || f.OrderID != "" || f.SKU != "" || f.NoSKU || f.MinAmount.Valid || f.MaxAmount.Valid || f.From != nil || f.To != nil
}

// Page is a page of lines.
type Page struct {
	Lines []Line
	More  bool
	// SearchedTo is the row up to which was searched when the search stopped for
	// its budget before the page was full; 0 when it did not.
	SearchedTo int32
}

// searchBudget is how many rows one page looks at before it shows what it has:
// it bounds the time of a page whatever is filtered.
const searchBudget = 48 * rowsPerBlock

// GetLine returns one line; fault.NotFound when there is none.
func (s *Service) GetLine(ctx context.Context, settlementID int64, row int32, part int16) (Line, error) {
	l, err := sqlc.New(s.pool).GetLine(ctx, sqlc.GetLineParams{SettlementID: settlementID, LineNo: row, Part: part})
	if errors.Is(err, pgx.ErrNoRows) {
		return l, fault.New(fault.NotFound, "Settlement %d has no line %d.", settlementID, row)
	}
	if err != nil {
		return l, fmt.Errorf("read line %d of settlement %d: %w", row, settlementID, err)
	}
	return l, nil
}

// Lines returns a page of lines in the report's order. Filters on kinds,
// products and orders skip the blocks that hold none; the rest is bounded by a budget.
func (s *Service) Lines(ctx context.Context, d Detail, f LineFilter) (Page, error) {
	productID, known, err := s.productOf(ctx, d, f.SKU)
	if err != nil || !known {
		return Page{}, err
	}
	ranges, err := s.ranges(ctx, d, f, productID)
	if err != nil {
		return Page{}, err
	}
	var page Page
	looked := int32(0)
	for _, r := range ranges {
		if looked >= searchBudget {
			page.SearchedTo = r.from - 1
			return page, nil
		}
		looked += r.to - r.from + 1
		lines, err := s.linesBetween(ctx, d.ID, f, productID, r, f.PageSize+1-len(page.Lines))
		if err != nil {
			return Page{}, err
		}
		page.Lines = append(page.Lines, lines...)
		if len(page.Lines) > f.PageSize {
			page.Lines, page.More = page.Lines[:f.PageSize], true
			return page, nil
		}
	}
	return page, nil
}

func (s *Service) productOf(ctx context.Context, d Detail, sku string) (id int32, known bool, err error) {
	if sku == "" {
		return 0, true, nil
	}
	id, err = sqlc.New(s.pool).ProductBySKU(ctx, sqlc.ProductBySKUParams{ConnectionID: d.ConnectionID, Sku: sku})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("find product %q: %w", sku, err)
	}
	return id, true, nil
}

// ranges returns the rows worth looking at after the filter's key.
func (s *Service) ranges(ctx context.Context, d Detail, f LineFilter, productID int32) ([]rowRange, error) {
	last, err := sqlc.New(s.pool).LastRow(ctx, d.ID)
	if err != nil {
		return nil, fmt.Errorf("find the last row: %w", err)
	}
	blocks := allBlocks(last)
	if len(f.KindIDs) > 0 {
		if err := s.narrow(ctx, blocks, d.ID, byKind, f.KindIDs...); err != nil {
			return nil, err
		}
	}
	if productID != 0 {
		if err := s.narrow(ctx, blocks, d.ID, byProduct, productID); err != nil {
			return nil, err
		}
	}
	if f.OrderID != "" {
		if err := s.narrowToOrder(ctx, blocks, d.ID, f.OrderID); err != nil {
			return nil, err
		}
	}
	return blocks.runs(max(f.AfterRow, 1), last), nil
}

// narrow keeps the blocks that hold any of the refs.
func (s *Service) narrow(ctx context.Context, blocks blockSet, settlementID int64, dimension string, refs ...int32) error {
	rows, err := sqlc.New(s.pool).LineBlocks(ctx, sqlc.LineBlocksParams{SettlementID: settlementID, Dimension: dimension, Refs: refs})
	if err != nil {
		return fmt.Errorf("read line blocks: %w", err)
	}
	bitmaps := make([][]byte, len(rows))
	for i, r := range rows {
		bitmaps[i] = r.Blocks
	}
	blocks.keep(bitmaps...)
	return nil
}

// narrowToOrder keeps the blocks that all buckets of the id hold.
func (s *Service) narrowToOrder(ctx context.Context, blocks blockSet, settlementID int64, orderID string) error {
	buckets := bucketsOf([]byte(orderID))
	held, err := sqlc.New(s.pool).OrderBlocks(ctx, sqlc.OrderBlocksParams{SettlementID: &settlementID, FirstBucket: buckets[0], SecondBucket: buckets[1]})
	if err != nil {
		return fmt.Errorf("read order blocks: %w", err)
	}
	if len(held) == 0 {
		blocks.keep()
		return nil
	}
	blocks.keep(held[0].First)
	blocks.keep(held[0].Second)
	return nil
}

const lineColumns = `l.settlement_id, l.line_no, l.part, l.kind_id, k.marketplace, k.transaction_type, k.amount_type, k.amount_description, k.sign,
	l.posted_at, l.posted_on, l.amount, coalesce(p.sku, ''), coalesce(p.product_group, ''), l.quantity, l.fulfillment,
	coalesce(l.order_id, ''), coalesce(l.merchant_order_id, ''), coalesce(l.adjustment_id, ''), coalesce(l.shipment_id, ''),
	coalesce(l.order_item_code, ''), coalesce(l.promotion_id, ''), l.raw_offset, l.raw_length`

// condition is a growing WHERE clause with numbered arguments.
type condition struct {
	text strings.Builder
	args []any
}

func (c *condition) and(clause string, args ...any) {
	for _, a := range args {
		c.args = append(c.args, a)
		clause = strings.Replace(clause, "?", fmt.Sprintf("$%d", len(c.args)), 1)
	}
	if c.text.Len() > 0 {
		c.text.WriteString(" AND ")
	}
	c.text.WriteString(clause)
}

func (f LineFilter) where(settlementID int64, productID int32) *condition {
	c := &condition{}
	c.and("l.settlement_id = ?", settlementID)
	if len(f.KindIDs) > 0 {
		c.and("l.kind_id = ANY (?)", f.KindIDs)
	}
	if productID != 0 {
		c.and("l.product_id = ?", productID)
	}
	if f.NoSKU {
		c.and("l.product_id IS NULL")
	}
	if f.OrderID != "" {
		c.and("(l.order_id = ? OR l.merchant_order_id = ?)", f.OrderID, f.OrderID)
	}
	if f.MinAmount.Valid {
		c.and("l.amount >= ?", f.MinAmount.Decimal)
	}
	if f.MaxAmount.Valid {
		c.and("l.amount <= ?", f.MaxAmount.Decimal)
	}
	if f.From != nil {
		c.and("l.posted_on >= ?", *f.From)
	}
	if f.To != nil {
		c.and("l.posted_on <= ?", *f.To)
	}
	if f.AfterRow > 0 {
		c.and("(l.line_no, l.part) > (?, ?)", f.AfterRow, f.AfterPart)
	}
	return c
}

func (s *Service) linesBetween(ctx context.Context, settlementID int64, f LineFilter, productID int32, r rowRange, limit int) ([]Line, error) {
	c := f.where(settlementID, productID)
	c.and("l.line_no BETWEEN ? AND ?", r.from, r.to)
	return queryLines(ctx, s.pool, c, limit)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func queryLines(ctx context.Context, db querier, c *condition, limit int) ([]Line, error) {
	rows, err := db.Query(ctx, fmt.Sprintf(`SELECT %s FROM settlement_line l JOIN kind k ON k.id = l.kind_id LEFT JOIN product p ON p.id = l.product_id
		WHERE %s ORDER BY l.line_no, l.part LIMIT %d`, lineColumns, c.text.String(), limit), c.args...)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Line])
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return lines, nil
}

// LineTotal is the count and sum of a filtered set.
type LineTotal struct {
	Lines  int64
	Amount decimal.Decimal
}

// LineTotal sums all lines that the filter selects, whatever the page. Kinds
// and products alone are answered from what the import counted.
func (s *Service) LineTotal(ctx context.Context, d Detail, f LineFilter) (LineTotal, error) {
	f.AfterRow = 0
	if !f.narrow() {
		return LineTotal{int64(d.LineCount), d.LineSum}, nil
	}
	productID, known, err := s.productOf(ctx, d, f.SKU)
	if err != nil || !known {
		return LineTotal{}, err
	}
	if total, counted, err := s.counted(ctx, d, f, productID); err != nil || counted {
		return total, err
	}
	ranges, err := s.ranges(ctx, d, f, productID)
	if err != nil {
		return LineTotal{}, err
	}
	c := f.where(d.ID, productID)
	c.and("l.line_no BETWEEN r.lo AND r.hi")
	from, to := columns(ranges)
	c.args = append(c.args, from, to)
	var t LineTotal
	// OFFSET keeps the planner at one index scan per run.
	err = s.pool.QueryRow(ctx, fmt.Sprintf(`SELECT count(*), coalesce(sum(m.amount), 0) FROM unnest($%d::int[], $%d::int[]) r (lo, hi)
		CROSS JOIN LATERAL (SELECT l.amount FROM settlement_line l WHERE %s OFFSET 0) m`, len(c.args)-1, len(c.args), c.text.String()), c.args...).Scan(&t.Lines, &t.Amount)
	if err != nil {
		return LineTotal{}, fmt.Errorf("total lines: %w", err)
	}
	return t, nil
}

// counted answers from the line blocks when the filter is on kinds alone or on
// one product alone.
func (s *Service) counted(ctx context.Context, d Detail, f LineFilter, productID int32) (LineTotal, bool, error) {
	other := f.OrderID != "" || f.NoSKU || f.MinAmount.Valid || f.MaxAmount.Valid || f.From != nil || f.To != nil
	dimension, refs := byKind, f.KindIDs
	if productID != 0 {
		dimension, refs, other = byProduct, []int32{productID}, other || len(f.KindIDs) > 0
	}
	if other {
		return LineTotal{}, false, nil
	}
	rows, err := sqlc.New(s.pool).LineBlocks(ctx, sqlc.LineBlocksParams{SettlementID: d.ID, Dimension: dimension, Refs: refs})
	if err != nil {
		return LineTotal{}, false, fmt.Errorf("read line blocks: %w", err)
	}
	var t LineTotal
	for _, r := range rows {
		t.Lines += int64(r.Lines)
		t.Amount = t.Amount.Add(r.Amount)
	}
	return t, true, nil
}

// EachLine streams a settlement's lines in the report's order, for exports:
// memory stays flat whatever the size.
func (s *Service) EachLine(ctx context.Context, settlementID int64, yield func(Line) error) error {
	rows, err := s.pool.Query(ctx, `SELECT `+lineColumns+` FROM settlement_line l JOIN kind k ON k.id = l.kind_id LEFT JOIN product p ON p.id = l.product_id
		WHERE l.settlement_id = $1 ORDER BY l.line_no, l.part`, settlementID)
	if err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		l, err := pgx.RowToStructByPos[Line](rows)
		if err != nil {
			return fmt.Errorf("read line: %w", err)
		}
		if err := yield(l); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	return nil
}
