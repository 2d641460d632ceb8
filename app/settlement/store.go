package settlement

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/settlement/report"
	"tieout/sqlc"
)

func (s *Service) connection(ctx context.Context, id int64) (books, error) {
	c, err := sqlc.New(s.pool).GetConnection(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return books{}, fault.New(fault.NotFound, "There is no connection %d.", id)
	}
	if err != nil {
		return books{}, fmt.Errorf("read connection %d: %w", id, err)
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return books{}, fmt.Errorf("load time zone of %s: %w", c.Name, err)
	}
	return books{id, zone}, nil
}

// seal writes the settlements of a reading after their lines: what the report
// says in sums, who it replaces, and what people must know about it.
func (s *Service) seal(ctx context.Context, tx *database.Tx, k *sink, summary report.Summary, documentID int64) ([]Reading, error) {
	if documentID != k.documentID {
		// The same bytes were stored before; the import belongs to that document.
		if err := sqlc.New(tx).ImportOfDocument(ctx, sqlc.ImportOfDocumentParams{ID: k.importID, DocumentID: documentID}); err != nil {
			return nil, fmt.Errorf("name the document: %w", err)
		}
	}
	readings := make([]Reading, len(k.readings))
	known, fresh := map[string]bool{}, 0
	for i, r := range k.readings {
		var err error
		if readings[i], err = s.compare(ctx, tx, k.books.id, r, summary.Settlements[i]); err != nil {
			return nil, err
		}
		switch {
		case r.skipped:
		case readings[i].Outcome == Identical:
			known[r.header.ID] = true
		default:
			fresh++
		}
	}
	if len(known) > 0 && fresh > 0 {
		return nil, &partlyKnown{known}
	}
	if fresh == 0 {
		return readings, errNothingNew
	}
	return readings, s.write(ctx, tx, k, summary, readings, documentID)
}

// compare holds a reading against what is stored of the settlement.
func (s *Service) compare(ctx context.Context, tx *database.Tx, connectionID int64, r *reading, total report.Total) (Reading, error) {
	db := sqlc.New(tx)
	out := Reading{ID: r.id, AmazonID: r.header.ID, Outcome: New, Currency: r.header.Currency, Deposit: r.header.Deposit, Sum: total.Sum,
		Rows: total.Rows, Lines: total.Lines, Problems: total.Problems}
	if err := db.LockSettlementName(ctx, sqlc.LockSettlementNameParams{ConnectionID: connectionID, AmazonID: r.header.ID}); err != nil {
		return out, fmt.Errorf("lock settlement %s: %w", r.header.ID, err)
	}
	current, err := db.CurrentSettlement(ctx, sqlc.CurrentSettlementParams{ConnectionID: connectionID, AmazonID: r.header.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("read settlement %s: %w", r.header.ID, err)
	}
	if r.skipped || string(current.ContentHash) == string(r.hash.Sum(nil)) {
		out.ID, out.Outcome = current.ID, Identical
		return out, nil
	}
	out.Outcome, out.ReplacesID = Amended, current.ID
	return out, nil
}

func (s *Service) write(ctx context.Context, tx *database.Tx, k *sink, summary report.Summary, readings []Reading, documentID int64) error {
	var events []audit.Event
	for i, r := range readings {
		if r.Outcome == Identical {
			continue
		}
		if err := s.writeSettlement(ctx, tx, k, k.readings[i], r, documentID); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, k.source, r); err != nil {
			return err
		}
		if s.jobs != nil {
			if err := s.jobs.Draft(ctx, tx.Tx, r.ID); err != nil {
				return fmt.Errorf("ask for drafts: %w", err)
			}
		}
		events = append(events, auditImport(k.source, r, documentID))
	}
	if err := writeRollups(ctx, tx, k, readings); err != nil {
		return err
	}
	if err := writeProblems(ctx, tx, k, summary.Problems); err != nil {
		return err
	}
	return audit.Write(ctx, tx, events...)
}

func (s *Service) writeSettlement(ctx context.Context, tx *database.Tx, k *sink, r *reading, out Reading, documentID int64) error {
	db := sqlc.New(tx)
	if out.ReplacesID != 0 {
		if err := db.ReplaceSettlement(ctx, out.ReplacesID); err != nil {
			return fmt.Errorf("replace settlement %s: %w", out.AmazonID, err)
		}
	}
	err := db.InsertSettlement(ctx, sqlc.InsertSettlementParams{
		ID: r.id, ConnectionID: k.books.id, ImportID: k.importID, DocumentID: documentID, AmazonID: r.header.ID, Currency: string(r.header.Currency),
		StartAt: r.header.Start, EndAt: r.header.End, DepositAt: timeOrNil(r.header.DepositDate), Deposit: r.header.Deposit.Decimal(),
		RowCount: int32(out.Rows), LineCount: int32(out.Lines), LineSum: out.Sum.Decimal(), ProblemCount: int32(out.Problems),
		ContentHash: r.hash.Sum(nil), Marketplaces: append([]string{}, slices.Sorted(maps.Keys(r.markets))...), ReplacesID: database.Key(out.ReplacesID),
	})
	if err != nil {
		return fmt.Errorf("seal settlement %s: %w", out.AmazonID, err)
	}
	if err := r.writeBlocks(ctx, tx); err != nil {
		return err
	}
	return r.writeSKUSums(ctx, tx)
}

// writeBlocks stores where the settlement's kinds, products and orders stand.
func (r *reading) writeBlocks(ctx context.Context, tx *database.Tx) error {
	var lines, orders [][]any
	add := func(dimension string, ref int32, b block) {
		lines = append(lines, []any{r.id, dimension, ref, b.lines, b.amount.Decimal(), []byte(b.blocks)})
	}
	for kind, k := range r.kinds {
		add(byKind, kind, k.block)
	}
	for product, p := range r.products {
		if product != 0 {
			add(byProduct, product, p.block)
		}
	}
	for bucket, blocks := range r.orders {
		if blocks != nil {
			orders = append(orders, []any{r.id, int32(bucket), []byte(blocks)})
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"line_block"}, []string{"settlement_id", "dimension", "ref", "lines", "amount", "blocks"}, pgx.CopyFromRows(lines))
	if err != nil {
		return fmt.Errorf("store line blocks of %s: %w", r.header.ID, err)
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"order_block"}, []string{"settlement_id", "bucket", "blocks"}, pgx.CopyFromRows(orders)); err != nil {
		return fmt.Errorf("store order blocks of %s: %w", r.header.ID, err)
	}
	return nil
}

// tell raises what the reading calls for and resolves what it cures.
func (s *Service) tell(ctx context.Context, tx *database.Tx, src Source, r Reading) error {
	if err := raiseBalance(ctx, tx, src, r); err != nil {
		return err
	}
	if r.Problems > 0 {
		_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: src.ConnectionID, Class: exception.UnreadableLines, Cause: fmt.Sprint(r.ID),
			SettlementID: r.ID, Records: int64(r.Problems), Title: fmt.Sprintf("Rows of settlement %s could not be read: %d", r.AmazonID, r.Problems),
			Detail: map[string]any{"settlement": r.AmazonID, "file": src.Name}})
		if err != nil {
			return err
		}
	}
	if r.ReplacesID == 0 {
		return nil
	}
	for _, class := range []exception.Class{exception.OutOfBalance, exception.UnreadableLines} {
		if err := exception.Clear(ctx, tx, src.ConnectionID, class, fmt.Sprint(r.ReplacesID), "the report was re-issued", src.Actor); err != nil {
			return err
		}
	}
	_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: src.ConnectionID, Class: exception.AmendedReport, Cause: fmt.Sprint(r.ID),
		SettlementID: r.ID, Records: int64(r.Lines), Title: fmt.Sprintf("Amazon re-issued settlement %s with another content", r.AmazonID),
		Currency: string(r.Currency), Detail: map[string]any{"settlement": r.AmazonID, "replaces": r.ReplacesID, "file": src.Name}})
	return err
}

func writeRollups(ctx context.Context, tx *database.Tx, k *sink, readings []Reading) error {
	rows := make([][]any, 0, len(k.rollups))
	for key, sum := range k.rollups {
		if readings[key.reading].Outcome == Identical {
			continue
		}
		day := time.Unix(int64(key.day)*86400, 0).UTC()
		rows = append(rows, []any{k.readings[key.reading].id, key.kind, day, key.group, key.fulfillment, int64(0), sum.lines, sum.quantity, sum.amount.Decimal()})
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"rollup"}, []string{"settlement_id", "kind_id", "posted_on", "product_group", "fulfillment",
		"correction_id", "lines", "quantity", "amount"}, pgx.CopyFromRows(rows))
	if err != nil {
		return fmt.Errorf("store rollups: %w", err)
	}
	return nil
}

func writeProblems(ctx context.Context, tx *database.Tx, k *sink, problems []report.Problem) error {
	rows := make([][]any, 0, len(problems))
	for i, p := range problems {
		var settlement any
		if p.Settlement >= 0 && !k.readings[p.Settlement].skipped {
			settlement = k.readings[p.Settlement].id
		}
		rows = append(rows, []any{k.importID, int32(i + 1), settlement, int32(p.Line), p.Column, p.Value, p.Rule, p.Offset, int32(p.Length)})
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"settlement_problem"}, []string{"import_id", "position", "settlement_id", "line_no", "column_name",
		"value", "rule", "raw_offset", "raw_length"}, pgx.CopyFromRows(rows))
	if err != nil {
		return fmt.Errorf("store problems: %w", err)
	}
	return nil
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
