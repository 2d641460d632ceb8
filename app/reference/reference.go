// Package reference says whether what the program knows of P21 and Amazon's
// catalogue is there and fit for use: accounts, periods, customers, items,
// costs, listings and exchange rates.
package reference

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

// Subject is one sort of reference data.
type Subject string

// The subjects, in the order in which they matter.
const (
	Accounts  Subject = "Chart of accounts"
	Periods   Subject = "Fiscal periods"
	Rates     Subject = "Exchange rates"
	Customers Subject = "Customers"
	Items     Subject = "Items"
	Costs     Subject = "Unit costs"
	Listings  Subject = "Listings"
)

// Check is what is known of one subject.
type Check struct {
	Subject Subject
	Known   int64
	ReadAt  time.Time // zero: never, or the subject is not read as a whole
	Missing int64     // how many are missing or of no use
	Named   []string  // some of them
	Words   string    // what that means; empty: all is well
}

// Well reports whether nothing is missing.
func (c Check) Well() bool { return c.Missing == 0 }

// named is how many of what is missing a check names.
const named = 12

// Customer is a customer that orders are sold to.
type Customer struct {
	Reference   string // as orders name it
	Marketplace string // country
}

// Sides are what checks ask beside the database.
type Sides interface {
	P21(ctx context.Context, connectionID int64) (p21.System, error)
	// OrderCustomers returns the customers that the mapping of orders in use names,
	// one per marketplace; none where that depends on more than the marketplace.
	OrderCustomers(ctx context.Context, connectionID int64) ([]Customer, error)
}

// Service checks reference data.
type Service struct {
	pool  *pgxpool.Pool
	clock clock.Clock
	sides Sides
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock, sides Sides) *Service {
	return &Service{pool, c, sides}
}

// ReadCustomers asks P21 for the customers that orders name. It does nothing
// where P21 is not connected or does not tell.
func (s *Service) ReadCustomers(ctx context.Context, connectionID int64) error {
	system, err := s.sides.P21(ctx, connectionID)
	if fault.Is(err, fault.Invalid) {
		return nil
	}
	if err != nil {
		return err
	}
	has, err := system.Features(ctx)
	if err != nil || !has.Customers {
		return err
	}
	wanted, err := s.sides.OrderCustomers(ctx, connectionID)
	if err != nil {
		return err
	}
	var readings []sqlc.PutCustomerReadingParams
	for _, c := range wanted {
		found, err := system.FindCustomer(ctx, c.Reference)
		if err != nil {
			return fmt.Errorf("find customer %s: %w", c.Reference, err)
		}
		readings = append(readings, reading(connectionID, c, found))
	}
	return s.keep(ctx, connectionID, readings)
}

// reading is what P21 has of a customer; the first one counts.
func reading(connectionID int64, c Customer, found []p21.Customer) sqlc.PutCustomerReadingParams {
	r := sqlc.PutCustomerReadingParams{ConnectionID: connectionID, Reference: c.Reference, Marketplace: c.Marketplace, Found: int32(len(found))}
	if len(found) > 0 {
		r.Number, r.Name, r.Active = found[0].Number, found[0].Name, found[0].Active
	}
	return r
}

func (s *Service) keep(ctx context.Context, connectionID int64, readings []sqlc.PutCustomerReadingParams) error {
	return database.Once(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		for _, r := range readings {
			r.ReadAt = tx.Now
			if err := db.PutCustomerReading(ctx, r); err != nil {
				return fmt.Errorf("keep customer %s: %w", r.Reference, err)
			}
		}
		return db.DropCustomerReadings(ctx, sqlc.DropCustomerReadingsParams{ConnectionID: connectionID, ReadAt: tx.Now})
	})
}

// Check returns the state of every subject of a connection.
func (s *Service) Check(ctx context.Context, connectionID int64) ([]Check, error) {
	db := sqlc.New(s.pool)
	known, err := db.CountReference(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("count reference data: %w", err)
	}
	x := checker{s.pool, db, connectionID, s.clock.Now(), known}
	var checks []Check
	for _, check := range []func(context.Context) (Check, error){x.accounts, x.periods, x.rates, x.customers, x.items, x.costs, x.listings} {
		c, err := check(ctx)
		if err != nil {
			return nil, fmt.Errorf("check reference data: %w", err)
		}
		checks = append(checks, c)
	}
	return checks, nil
}

// checker checks one connection.
type checker struct {
	pool       *pgxpool.Pool
	db         *sqlc.Queries
	connection int64
	now        time.Time
	known      sqlc.CountReferenceRow
}

func (x checker) today() period.Date { return period.DateOf(x.now) }

// at is when something was read; the epoch stands for never.
func at(t time.Time) time.Time {
	if t.Unix() == 0 {
		return time.Time{}
	}
	return t
}

func (x checker) accounts(ctx context.Context) (Check, error) {
	c := Check{Subject: Accounts, Known: x.known.Accounts, ReadAt: at(x.known.AccountsAt)}
	if c.Known == 0 {
		c.Missing, c.Words = 1, "None is known: read them from Prophet 21."
		return c, nil
	}
	rows, err := x.db.UnusableAccounts(ctx, sqlc.UnusableAccountsParams{ConnectionID: x.connection, Size: named})
	for _, r := range rows {
		c.Missing, c.Named = r.Total, append(c.Named, r.Account)
		c.Words = "The rules in use name accounts that Prophet 21 does not have, or does not let be posted to."
	}
	return c, err
}

// periods wants today in an open period, and the next two weeks in any.
func (x checker) periods(ctx context.Context) (Check, error) {
	c := Check{Subject: Periods, Known: x.known.Periods, ReadAt: at(x.known.PeriodsAt)}
	today, soon := x.today(), x.today().AddDays(14)
	rows, err := x.db.PeriodsAround(ctx, sqlc.PeriodsAroundParams{ConnectionID: x.connection, First: today.Time(), Last: soon.Time()})
	if err != nil {
		return c, err
	}
	now, next, closed := false, false, false
	for _, r := range rows {
		from, to := period.DateOf(r.StartsOn), period.DateOf(r.EndsOn)
		if !today.Before(from) && !to.Before(today) {
			now, closed = true, r.Closed
		}
		next = next || !soon.Before(from) && !to.Before(soon)
	}
	switch {
	case !now:
		c.Missing, c.Words = 1, "Today is in none of them: open the year in Prophet 21."
	case closed:
		c.Missing, c.Words = 1, "The period of today is closed."
	case !next:
		c.Missing, c.Words = 1, "There is none for two weeks from now: open the next one in Prophet 21 in time."
	}
	return c, nil
}

// rates wants one for the end of the newest settlement of each currency.
func (x checker) rates(ctx context.Context) (Check, error) {
	c := Check{Subject: Rates}
	rows, err := x.db.RatesNeeded(ctx, sqlc.RatesNeededParams{ConnectionID: x.connection, Since: x.now.AddDate(0, -3, 0)})
	for _, r := range rows {
		c.Known++
		pair, on := rates.Pair{Base: money.Currency(r.Currency), Quote: money.Currency(r.FunctionalCurrency)}, period.DateOf(r.SettledAt)
		table, err := rates.Load(ctx, x.pool, x.connection, on, on, pair.Base, pair.Quote)
		if err != nil {
			return c, err
		}
		if _, ok := table.Find(pair, on); !ok {
			c.Missing, c.Named = c.Missing+1, append(c.Named, fmt.Sprintf("%s to %s for %s", pair.Base, pair.Quote, on))
			c.Words = "Settlements cannot be converted."
		}
	}
	return c, err
}

func (x checker) customers(ctx context.Context) (Check, error) {
	c := Check{Subject: Customers}
	rows, err := x.db.CustomerReadings(ctx, x.connection)
	for _, r := range rows {
		c.ReadAt = r.ReadAt
		wrong := ""
		switch {
		case r.Found == 0:
			wrong = "is not there"
		case r.Found > 1:
			wrong = fmt.Sprintf("is there %d times", r.Found)
		case !r.Active:
			wrong = "is not active"
		}
		if wrong == "" {
			c.Known++
			continue
		}
		c.Missing, c.Named = c.Missing+1, append(c.Named, r.Reference+" "+wrong)
		c.Words = "Orders wait for them: enter each once in Prophet 21 with that reference."
	}
	return c, err
}

func (x checker) items(ctx context.Context) (Check, error) {
	c := Check{Subject: Items, Known: x.known.Items, ReadAt: at(x.known.ItemsAt)}
	rows, err := x.db.InactiveItems(ctx, sqlc.InactiveItemsParams{ConnectionID: x.connection, OnDay: x.today().Time(), Size: named})
	for _, r := range rows {
		c.Missing, c.Named = r.Total, append(c.Named, r.ItemCode)
		c.Words = "SKUs stand for items that Prophet 21 does not sell any more."
	}
	return c, err
}

// costs are told with the stock: nothing is missing before that was read.
func (x checker) costs(ctx context.Context) (Check, error) {
	c := Check{Subject: Costs, Known: x.known.Costs}
	if c.Known == 0 {
		return c, nil
	}
	rows, err := x.db.CostlessItems(ctx, sqlc.CostlessItemsParams{ConnectionID: x.connection, OnDay: x.today().Time(), Size: named})
	for _, r := range rows {
		c.Missing, c.Named = r.Total, append(c.Named, r.ItemCode)
		c.Words = "SKUs stand for items without a cost: what is missing of them is worth nothing in the lists."
	}
	return c, err
}

func (x checker) listings(ctx context.Context) (Check, error) {
	c := Check{Subject: Listings, Known: x.known.Listings, ReadAt: at(x.known.ListingsAt)}
	rows, err := x.db.UnmappedListings(ctx, sqlc.UnmappedListingsParams{ConnectionID: x.connection, OnDay: x.today().Time(), Size: named})
	for _, r := range rows {
		c.Missing, c.Named = r.Total, append(c.Named, r.Sku)
		c.Words = "SKUs that Amazon lists stand for no item: their first order will wait."
	}
	return c, err
}
