package cost

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

func key(year, number int32) string {
	return period.Period{FiscalYear: int(year), Number: int(number)}.Key()
}

// List returns a page of counts.
func (s *Service) List(ctx context.Context, f Filter) ([]Count, error) {
	rows, err := sqlc.New(s.pool).ListCosts(ctx, sqlc.ListCostsParams{ConnectionID: f.Connection, Period: f.Period, State: string(f.State), Search: f.Text,
		AfterID: f.After.ID, AfterOn: f.After.Starts.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list costs: %w", err)
	}
	list := make([]Count, len(rows))
	for i, r := range rows {
		list[i] = countOf(sqlc.GetCostRow{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, FunctionalCurrency: r.FunctionalCurrency, SettlementID: r.SettlementID, AmazonID: r.AmazonID,
			Replaced: r.Replaced, FiscalYear: r.FiscalYear, Period: r.Period, StartsOn: r.StartsOn, EndsOn: r.EndsOn, Moves: r.Moves, Shipped: r.Shipped, Returned: r.Returned, Kept: r.Kept, Waiting: r.Waiting})
		c := &list[i]
		c.Entries, c.Carried, c.Posted, c.Amount.Value = int(r.Entries), int(r.Carried), int(r.Posted), r.Amount
		c.EntryID, c.Reference, c.Status = r.EntryID, r.Reference, journal.Status(r.Status)
	}
	return list, nil
}

func countOf(r sqlc.GetCostRow) Count {
	return Count{ID: r.ID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, SettlementID: r.SettlementID, AmazonID: r.AmazonID, Replaced: r.Replaced, Period: key(r.FiscalYear, r.Period),
		Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn), Moves: int(r.Moves), Shipped: r.Shipped, Returned: r.Returned, Kept: r.Kept, Waiting: r.Waiting,
		Amount: money.Amount{Currency: money.Currency(r.FunctionalCurrency)}}
}

// Sums adds the counts of a connection and period up, by currency; 0 and "" are
// all.
func (s *Service) Sums(ctx context.Context, connectionID int64, periodKey string) ([]Sum, error) {
	rows, err := sqlc.New(s.pool).SumCosts(ctx, sqlc.SumCostsParams{ConnectionID: connectionID, Period: periodKey})
	if err != nil {
		return nil, fmt.Errorf("add costs up: %w", err)
	}
	sums := make([]Sum, len(rows))
	for i, r := range rows {
		currency := money.Currency(r.FunctionalCurrency)
		sums[i] = Sum{r.Shipped, r.Returned, r.Kept, r.Waiting, money.New(r.Amount, currency), money.New(r.Posted, currency)}
	}
	return sums, nil
}

// Periods returns the keys of the periods that something was counted in, the
// newest first.
func (s *Service) Periods(ctx context.Context, connectionID int64) ([]string, error) {
	rows, err := sqlc.New(s.pool).CostPeriods(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read periods of costs: %w", err)
	}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = key(r.FiscalYear, r.Period)
	}
	return keys, nil
}

// Booked reports whether the cost of goods is booked for a connection, or for any
// for 0.
func (s *Service) Booked(ctx context.Context, connectionID int64) (bool, error) {
	list, err := sqlc.New(s.pool).CostsBooked(ctx, connectionID)
	if err != nil {
		return false, fmt.Errorf("read where costs are booked: %w", err)
	}
	return len(list) > 0, nil
}

// Get returns a count with its entries; fault.NotFound when there is none.
func (s *Service) Get(ctx context.Context, id int64) (Whole, error) {
	db := sqlc.New(s.pool)
	r, err := db.GetCost(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Whole{}, fault.New(fault.NotFound, "There is no such count.")
	}
	if err != nil {
		return Whole{}, fmt.Errorf("read count %d: %w", id, err)
	}
	w := Whole{Count: countOf(r)}
	rows, err := db.EntriesOfCost(ctx, id)
	if err != nil {
		return w, fmt.Errorf("read entries of count %d: %w", id, err)
	}
	for _, e := range rows {
		entry := Entry{ID: e.ID, Reference: e.Reference, Status: journal.Status(e.Status), Period: key(e.FiscalYear, e.Period), Units: e.Quantity, Amount: money.New(e.Amount, w.Amount.Currency)}
		w.All = append(w.All, entry)
		if entry.Status == journal.Reversed {
			continue
		}
		if w.Entries++; w.Entries == 1 {
			w.EntryID, w.Reference, w.Status = entry.ID, entry.Reference, entry.Status
		}
		w.Carried, w.Amount.Value = w.Carried+int(e.Moves), w.Amount.Value.Add(e.Amount)
		if entry.Status == journal.Posted {
			w.Posted += int(e.Moves)
		}
	}
	return w, nil
}

// Items returns a page of a count's SKUs, each with its cost; text is part of an
// SKU. after nil: the first page.
func (s *Service) Items(ctx context.Context, c Count, text string, after *ItemPlace, size int) ([]Item, error) {
	p := sqlc.ItemsOfCostParams{CountID: c.ID, Sku: strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text), First: after == nil, PageSize: int32(size)}
	if after != nil {
		p.AfterSku, p.AfterMarketplace, p.AfterEntry, p.AfterSeq = after.SKU, after.Marketplace, after.EntryID, int32(after.Number)
	}
	rows, err := sqlc.New(s.pool).ItemsOfCost(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("read SKUs of count %d: %w", c.ID, err)
	}
	list := make([]Item, len(rows))
	for i, r := range rows {
		list[i] = Item{SKU: r.Sku, Marketplace: r.Marketplace, Quantity: r.Quantity, Kept: r.Kept, EntryID: r.EntryID, Number: int(r.Seq), Each: Each{r.UnitCost, r.Source, r.TakenAt},
			Amount: money.New(r.Amount, c.Amount.Currency)}
	}
	return list, nil
}

// Moves returns a page of the days of an SKU in a count.
func (s *Service) Moves(ctx context.Context, countID int64, sku, marketplace string, after int64, size int) ([]Move, error) {
	rows, err := sqlc.New(s.pool).MovesOfCost(ctx, sqlc.MovesOfCostParams{CountID: countID, Sku: sku, Marketplace: marketplace, AfterID: after, PageSize: int32(size)})
	if err != nil {
		return nil, fmt.Errorf("read days of %s in count %d: %w", sku, countID, err)
	}
	list := make([]Move, len(rows))
	for i, r := range rows {
		list[i] = Move{r.ID, period.DateOf(r.OnDay), r.Marketplace, int(r.Lines), int(r.Quantity), int(r.Kept), r.RecordID, r.RecordKey}
	}
	return list, nil
}
