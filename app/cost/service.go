package cost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// returnsFlow is the flow whose records say what came back.
const returnsFlow = "returns"

// actor is who counts.
func actor() audit.Actor { return audit.Job("cost") }

// Service counts, proposes entries and lists.
type Service struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	entries *journal.Service
}

// NewService returns the service of a database. entries may be nil where nothing
// is proposed.
func NewService(pool *pgxpool.Pool, c clock.Clock, entries *journal.Service) *Service {
	return &Service{pool, c, entries}
}

// Update counts what settlements and returns of a connection say by now, and
// brings the entries that nobody has handed in up to date with it. Where the cost
// of goods is not booked, drafts of it are dropped.
func (s *Service) Update(ctx context.Context, connectionID int64) error {
	return s.update(ctx, connectionID, source{id: none})
}

// Again takes the costs anew, as P21 has them now, in the drafts of what was
// counted together.
func (s *Service) Again(ctx context.Context, countID int64, who audit.Actor) error {
	c, err := s.Get(ctx, countID)
	if err != nil {
		return err
	}
	for _, e := range c.All {
		if e.Status != journal.Draft {
			continue
		}
		err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
			return audit.Write(ctx, tx, audit.Event{Actor: who, Action: "costs taken again", ObjectType: "journal_entry", ObjectID: e.ID, ConnectionID: c.ConnectionID})
		})
		if err != nil {
			return fmt.Errorf("note that costs are taken again: %w", err)
		}
		return s.update(ctx, c.ConnectionID, source{id: c.SettlementID})
	}
	return fault.New(fault.Conflict, "There is no draft whose costs could be taken again: what is handed in keeps them. Send the entry back to draft, or reverse it.")
}

func (s *Service) update(ctx context.Context, connectionID int64, afresh source) error {
	db := sqlc.New(s.pool)
	row, err := db.CostBooks(ctx, connectionID)
	if err != nil {
		return fmt.Errorf("read what connection %d decided about costs: %w", connectionID, err)
	}
	b, err := s.books(ctx, db, row)
	if err != nil {
		return err
	}
	if row.Booked {
		if err := s.count(ctx, b); err != nil {
			return err
		}
	}
	sources, err := db.CostSources(ctx, sqlc.CostSourcesParams{ConnectionID: connectionID, CostFrom: b.CostFrom})
	if err != nil {
		return fmt.Errorf("find what is to be booked: %w", err)
	}
	var failed []error
	problems := problems{}
	for _, one := range sources {
		of := source{id: one.SettlementID, amazonID: one.AmazonID, replaced: one.Replaced, afresh: one.SettlementID == afresh.id}
		found, err := s.propose(ctx, b, of)
		if err != nil {
			failed = append(failed, fmt.Errorf("cost of %s: %w", of, err))
			continue
		}
		problems.add(found)
	}
	if len(failed) > 0 {
		return errors.Join(failed...) // what stands in the way is said when all of it is known
	}
	return s.say(ctx, b, problems)
}

// books are a connection's decisions and calendar.
type books struct {
	sqlc.CostBooksRow
	zone     *time.Location
	calendar period.Calendar
	currency money.Currency
	today    period.Date
}

func (s *Service) books(ctx context.Context, db *sqlc.Queries, row sqlc.CostBooksRow) (books, error) {
	b := books{CostBooksRow: row, currency: money.Currency(row.FunctionalCurrency)}
	var err error
	if b.zone, err = time.LoadLocation(row.TimeZone); err != nil {
		return b, fmt.Errorf("load time zone of %s: %w", row.Name, err)
	}
	b.today = period.DateOf(s.clock.Now().In(b.zone))
	periods, err := db.PeriodsOfConnection(ctx, row.ID)
	if err != nil {
		return b, fmt.Errorf("read fiscal periods: %w", err)
	}
	for _, p := range periods {
		b.calendar = append(b.calendar, period.Period{FiscalYear: int(p.FiscalYear), Number: int(p.Number), Starts: period.DateOf(p.StartsOn), Ends: period.DateOf(p.EndsOn), Closed: p.Closed, Locked: p.ClosedHere})
	}
	return b, nil
}

// since is the moment from which on costs are booked.
func (b books) since() time.Time {
	y, m, d := b.CostFrom.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, b.zone)
}

// count writes down what settlements shipped and what came back since it was
// counted last.
func (s *Service) count(ctx context.Context, b books) error {
	db := sqlc.New(s.pool)
	list, err := db.SettlementsToCost(ctx, sqlc.SettlementsToCostParams{ConnectionID: b.ID, Since: b.since()})
	if err != nil {
		return fmt.Errorf("find settlements to count: %w", err)
	}
	for _, one := range list {
		_, first := b.calendar.Find(period.DateOf(one.StartAt.In(b.zone)))
		_, last := b.calendar.Find(period.DateOf(one.EndAt.In(b.zone)))
		if !first || !last {
			continue // its own entries wait for the same periods, and say so
		}
		if err := s.countSettlement(ctx, one.ID); err != nil {
			return fmt.Errorf("count settlement %d: %w", one.ID, err)
		}
	}
	if err := s.countReturns(ctx, b); err != nil {
		return fmt.Errorf("count returns: %w", err)
	}
	return nil
}

func (s *Service) countSettlement(ctx context.Context, id int64) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		kinds, err := db.KindsOfSettlement(ctx, id)
		if err != nil {
			return fmt.Errorf("read kinds: %w", err)
		}
		left, taken := []int32{}, []int32{}
		for _, k := range kinds {
			switch {
			case !shipped(mapping.Kind{Marketplace: k.Marketplace, TransactionType: k.TransactionType, AmountType: k.AmountType, AmountDescription: k.AmountDescription}):
			case k.Sign < 0: // the sale is taken back, and may stand there again
				taken = append(taken, k.ID)
			default: // for nothing, too: the goods have left
				left = append(left, k.ID)
			}
		}
		begun, err := db.BeginCostReading(ctx, sqlc.BeginCostReadingParams{SettlementID: id, Shipped: left, Taken: taken, Now: tx.Now})
		if err != nil || begun == 0 {
			return err // another worker was faster
		}
		if err := db.BeginCostCounts(ctx, sqlc.BeginCostCountsParams{SettlementID: id, Kinds: append(append([]int32{}, left...), taken...)}); err != nil {
			return err
		}
		return db.CountShipped(ctx, sqlc.CountShippedParams{SettlementID: id, Shipped: left, Taken: taken})
	})
}

// countReturns writes down returns that are new, and by how much Amazon says
// otherwise of known ones.
func (s *Service) countReturns(ctx context.Context, b books) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		if _, err := db.BooksOfConnection(ctx, b.ID); err != nil { // one at a time
			return fmt.Errorf("lock connection: %w", err)
		}
		rows, err := db.ReturnsToCost(ctx, sqlc.ReturnsToCostParams{ConnectionID: b.ID, Flow: returnsFlow, Since: b.since(), Zone: b.TimeZone})
		if err != nil || len(rows) == 0 {
			return err
		}
		counts := map[string]int64{}
		var p sqlc.CountReturnedParams
		for _, r := range rows {
			in, found := b.calendar.Find(period.DateOf(r.OnDay))
			if !found {
				continue // until P21 has the period
			}
			if counts[in.Key()] == 0 {
				id, err := db.BeginReturnCount(ctx, sqlc.BeginReturnCountParams{ConnectionID: b.ID, FiscalYear: int32(in.FiscalYear), Period: int32(in.Number)})
				if err != nil {
					return err
				}
				counts[in.Key()] = id
			}
			stock, lost := kept(int(r.Units), r.Sellable)
			p.Counts, p.Records, p.Contents = append(p.Counts, counts[in.Key()]), append(p.Records, r.RecordID), append(p.Contents, r.Content)
			p.Days, p.Skus = append(p.Days, r.OnDay), append(p.Skus, strings.TrimSpace(r.Sku))
			p.Quantities, p.Kept = append(p.Quantities, int32(-stock)-r.Counted), append(p.Kept, int32(lost)-r.Kept)
		}
		if len(p.Counts) == 0 {
			return nil
		}
		return db.CountReturned(ctx, p)
	})
}

// marketplaces are Amazon's shops by the name that settlements write.
func marketplaces() (domains, ids []string) {
	for _, m := range amazon.Marketplaces("") {
		domains, ids = append(domains, strings.ToLower(m.Domain)), append(ids, m.ID)
	}
	return domains, ids
}

// problems are what stands in the way, by class and cause.
type problems map[string]exception.Raised

func (p problems) key(r exception.Raised) string { return string(r.Class) + " " + r.Cause }

// add takes problems of another settlement; what waits on one cause adds up.
func (p problems) add(more []exception.Raised) {
	for _, r := range more {
		if known, there := p[p.key(r)]; there {
			r.Records += known.Records
		}
		p[p.key(r)] = r
	}
}

// say opens exceptions for what stands in the way and clears those whose cause is
// gone. What somebody has ignored stays ignored.
func (s *Service) say(ctx context.Context, b books, found problems) error {
	return database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		if b.Booked {
			unread, err := db.UnreadCosts(ctx, sqlc.UnreadCostsParams{ConnectionID: b.ID, Since: b.since()})
			if err != nil {
				return fmt.Errorf("find lines without a quantity: %w", err)
			}
			for _, u := range unread {
				found.add([]exception.Raised{{ConnectionID: b.ID, Class: exception.NoCost, Cause: "settlement/" + u.AmazonID, SettlementID: u.ID, Records: int64(u.Unread),
					Title: fmt.Sprintf("%d lines of settlement %s name no SKU or no quantity; their cost is not booked.", u.Unread, u.AmazonID)}})
			}
		}
		known, err := db.CostProblems(ctx, b.ID)
		if err != nil {
			return fmt.Errorf("read exceptions: %w", err)
		}
		for _, x := range known {
			key := x.Class + " " + x.Cause
			_, still := found[key]
			switch {
			case x.State == "ignored":
				delete(found, key)
			case !still:
				if err := exception.Clear(ctx, tx, b.ID, exception.Class(x.Class), x.Cause, "Its cause is gone.", actor()); err != nil {
					return err
				}
			}
		}
		for _, raised := range found {
			if _, err := exception.Raise(ctx, tx, raised); err != nil {
				return err
			}
		}
		return nil
	})
}
