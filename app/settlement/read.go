package settlement

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/settlement/report"
	"tieout/sqlc"
)

// Get returns a settlement; fault.NotFound when there is none.
func (s *Service) Get(ctx context.Context, id int64) (Detail, error) {
	d, err := sqlc.New(s.pool).GetSettlement(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, fault.New(fault.NotFound, "There is no settlement %d.", id)
	}
	if err != nil {
		return d, fmt.Errorf("read settlement %d: %w", id, err)
	}
	return d, nil
}

// Find returns the id of the current reading of Amazon's settlement id;
// connectionID 0 looks in all connections.
func (s *Service) Find(ctx context.Context, connectionID int64, amazonID string) (int64, error) {
	id, err := sqlc.New(s.pool).SettlementByAmazonID(ctx, sqlc.SettlementByAmazonIDParams{AmazonID: amazonID, ConnectionID: database.Key(connectionID)})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.NotFound, "There is no settlement %s.", amazonID)
	}
	if err != nil {
		return 0, fmt.Errorf("find settlement %s: %w", amazonID, err)
	}
	return id, nil
}

// List returns a page of settlements, the newest cycle first.
func (s *Service) List(ctx context.Context, f Filter) ([]Item, error) {
	items, err := sqlc.New(s.pool).ListSettlements(ctx, sqlc.ListSettlementsParams{
		ConnectionID: database.Key(f.ConnectionID), Currency: f.Currency, Search: f.Search, State: f.State, EndsFrom: f.EndsFrom, EndsBefore: f.EndsBefore,
		AfterEnd: f.AfterEnd, AfterID: f.AfterID, PageSize: f.PageSize,
	})
	if err != nil {
		return nil, fmt.Errorf("list settlements: %w", err)
	}
	return items, nil
}

// Totals sums the filtered set per currency.
func (s *Service) Totals(ctx context.Context, f Filter) ([]Total, error) {
	totals, err := sqlc.New(s.pool).TotalSettlements(ctx, sqlc.TotalSettlementsParams{
		ConnectionID: database.Key(f.ConnectionID), Currency: f.Currency, Search: f.Search, State: f.State, EndsFrom: f.EndsFrom, EndsBefore: f.EndsBefore,
	})
	if err != nil {
		return nil, fmt.Errorf("total settlements: %w", err)
	}
	return totals, nil
}

// Neighbours returns the cycles before and after, 0 where there is none.
func (s *Service) Neighbours(ctx context.Context, id int64) (previous, next int64, err error) {
	n, err := sqlc.New(s.pool).NeighbourSettlements(ctx, id)
	if err != nil {
		return 0, 0, fmt.Errorf("find neighbours of settlement %d: %w", id, err)
	}
	return n.Previous, n.Next, nil
}

// Rollups returns the sums that accounting runs on.
func (s *Service) Rollups(ctx context.Context, id int64) ([]Rollup, error) {
	rollups, err := sqlc.New(s.pool).RollupsOfSettlement(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read rollups of settlement %d: %w", id, err)
	}
	return rollups, nil
}

// Readings returns every reading of the same settlement, the newest first.
func (s *Service) Readings(ctx context.Context, d Detail) ([]sqlc.ReadingsOfSettlementRow, error) {
	readings, err := sqlc.New(s.pool).ReadingsOfSettlement(ctx, sqlc.ReadingsOfSettlementParams{ConnectionID: d.ConnectionID, AmazonID: d.AmazonID})
	if err != nil {
		return nil, fmt.Errorf("read readings of settlement %d: %w", d.ID, err)
	}
	return readings, nil
}

// Problems returns a page of the rows that could not be read.
func (s *Service) Problems(ctx context.Context, d Detail, after int32, pageSize int32) ([]Problem, error) {
	problems, err := sqlc.New(s.pool).ProblemsOfImport(ctx, sqlc.ProblemsOfImportParams{ImportID: d.ImportID, After: after, PageSize: pageSize})
	if err != nil {
		return nil, fmt.Errorf("read problems of settlement %d: %w", d.ID, err)
	}
	return problems, nil
}

// History returns the audit events of a settlement, oldest first.
func (s *Service) History(ctx context.Context, id int64) ([]sqlc.HistoryOfRow, error) {
	events, err := sqlc.New(s.pool).HistoryOf(ctx, sqlc.HistoryOfParams{ObjectType: "settlement", ObjectID: fmt.Sprint(id)})
	if err != nil {
		return nil, fmt.Errorf("read history of settlement %d: %w", id, err)
	}
	return events, nil
}

// Reserve is what one settlement held back and released.
type Reserve = sqlc.ReserveChainRow

// ReserveChain returns the running reserve of a connection and currency, oldest first.
func (s *Service) ReserveChain(ctx context.Context, connectionID int64, currency string) ([]Reserve, error) {
	chain, err := sqlc.New(s.pool).ReserveChain(ctx, sqlc.ReserveChainParams{ConnectionID: connectionID, Currency: currency})
	if err != nil {
		return nil, fmt.Errorf("read reserve chain: %w", err)
	}
	return chain, nil
}

// Document returns the facts of a stored report.
func (s *Service) Document(ctx context.Context, id int64) (document.Document, error) {
	return s.documents.Get(ctx, id)
}

// OpenDocument streams a stored report's bytes.
func (s *Service) OpenDocument(ctx context.Context, id int64) (io.ReadCloser, error) {
	return s.documents.Open(ctx, id)
}

// RawRow is one row of a report as it came, with its columns.
type RawRow struct {
	Offset int64
	Text   []byte
	Fields []report.Field
}

// headerBytes is more than the longest header row of any format.
const headerBytes = 4096

// Raw returns the raw row that starts at offset of a settlement's document.
func (s *Service) Raw(ctx context.Context, d Detail, offset int64, length int) (RawRow, error) {
	text, err := s.documents.Range(ctx, d.DocumentID, offset, length)
	if err != nil {
		return RawRow{}, err
	}
	head, err := s.documents.Range(ctx, d.DocumentID, 0, headerBytes)
	if err != nil {
		return RawRow{}, err
	}
	var header []byte
	if report.Format(d.Format) != report.XML {
		header, _, _ = bytes.Cut(head, []byte("\n"))
	}
	return RawRow{Offset: offset, Text: text, Fields: report.Fields(header, text, report.Options{})}, nil
}
