package revaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

// slots are the accounts whose balances are open items.
func slots() []string {
	return []string{mapping.SlotClearing, mapping.SlotReserve, mapping.SlotReceivable, deferred}
}

// deferred is the slot of what Amazon holds back of sales, where a rule set has it.
const deferred = "deferred"

// Service computes and drafts revaluations.
type Service struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	entries *journal.Service
	rules   journal.RuleSource
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock, entries *journal.Service, rules journal.RuleSource) *Service {
	return &Service{pool, c, entries, rules}
}

// Periods returns a connection's periods that have begun, the newest first.
func (s *Service) Periods(ctx context.Context, connectionID int64) ([]period.Period, error) {
	rows, err := sqlc.New(s.pool).PeriodsOfConnection(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read fiscal periods: %w", err)
	}
	var list []period.Period
	today := s.Today()
	for _, r := range rows {
		p := period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Number), Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn), Closed: r.Closed}
		if !today.Before(p.Starts) {
			list = append(list, p)
		}
	}
	slices.Reverse(list)
	return list, nil
}

// Today is the day by the service's clock.
func (s *Service) Today() period.Date { return period.DateOf(s.clock.Now()) }

// Compute values a connection's open balances at a period's end, by currency, and
// lists the deposits of the period.
func (s *Service) Compute(ctx context.Context, connectionID int64, p period.Period) ([]Computation, []Realised, error) {
	db := sqlc.New(s.pool)
	settings, err := rates.NewService(rates.Needs{Pool: s.pool, Clock: s.clock}).Settings(ctx, connectionID)
	if err != nil {
		return nil, nil, err
	}
	if len(settings) == 0 {
		return nil, nil, fault.New(fault.NotFound, "There is no connection %d.", connectionID)
	}
	set, err := s.rules(ctx, s.pool, connectionID)
	if err != nil {
		return nil, nil, err
	}
	if set == nil {
		return nil, nil, nil // nothing was drafted yet
	}
	named := map[string]string{}
	accounts := []string{}
	for _, slot := range slots() {
		if account := set.Accounts[slot]; account != "" && named[account] == "" {
			named[account], accounts = slot, append(accounts, account)
		}
	}
	b := book{settings: settings[0], period: p, set: set, named: named, by: map[money.Currency]*Computation{}}
	year, number := int32(p.FiscalYear), int32(p.Number)
	open, err := db.OpenBalances(ctx, sqlc.OpenBalancesParams{ConnectionID: connectionID, FiscalYear: year, Period: number, Accounts: accounts})
	if err != nil {
		return nil, nil, fmt.Errorf("read open balances: %w", err)
	}
	for _, r := range open {
		b.open(money.Currency(r.Currency), Balance{Account: r.Account, Slot: named[r.Account], Foreign: r.Balance, Carried: r.Carried})
	}
	received, err := db.ReceivedDeposits(ctx, sqlc.ReceivedDepositsParams{ConnectionID: connectionID, FiscalYear: year, Period: number, EndsOn: p.Ends.Time()})
	if err != nil {
		return nil, nil, fmt.Errorf("read deposits received: %w", err)
	}
	for _, r := range received {
		b.received(r)
	}
	if err := s.rest(ctx, db, &b); err != nil {
		return nil, nil, err
	}
	return b.list(), b.realised, nil
}

// book gathers what a computation needs.
type book struct {
	settings rates.Settings
	period   period.Period
	set      *mapping.RuleSet
	named    map[string]string // account -> slot
	by       map[money.Currency]*Computation
	realised []Realised
}

func (b *book) of(currency money.Currency) *Computation {
	c := b.by[currency]
	if c == nil {
		c = &Computation{ConnectionID: b.settings.ConnectionID, ConnectionName: b.settings.ConnectionName, Period: b.period, Currency: currency, Functional: b.settings.Functional,
			Gain: b.set.Accounts[mapping.SlotFXGain], Loss: b.set.Accounts[mapping.SlotFXLoss], RuleSetID: b.set.ID}
		b.by[currency] = c
	}
	return c
}

func (b *book) open(currency money.Currency, balance Balance) {
	c := b.of(currency)
	c.Balances = append(c.Balances, balance)
}

// received takes a deposit that came by the period's end off its account.
func (b *book) received(r sqlc.ReceivedDepositsRow) {
	currency, on := money.Currency(r.Currency), period.DateOf(r.ReceivedOn)
	c := b.of(currency)
	for i := range c.Balances {
		if c.Balances[i].Account == r.Account {
			c.Balances[i].Foreign, c.Balances[i].Carried = c.Balances[i].Foreign.Sub(r.Balance), c.Balances[i].Carried.Sub(r.Carried)
		}
	}
	if b.period.Contains(on) {
		b.realised = append(b.realised, Realised{SettlementID: r.ID, AmazonID: r.AmazonID, Currency: currency, On: on, Foreign: r.Balance, Carried: r.Carried})
	}
}

// rest adds rates, what is not posted, and entries that are there.
func (s *Service) rest(ctx context.Context, db *sqlc.Queries, b *book) error {
	scope := sqlc.UnpostedForeignParams{ConnectionID: b.settings.ConnectionID, FiscalYear: int32(b.period.FiscalYear), Period: int32(b.period.Number)}
	unposted, err := db.UnpostedForeign(ctx, scope)
	if err != nil {
		return fmt.Errorf("count entries that are not posted: %w", err)
	}
	for _, r := range unposted {
		b.of(money.Currency(r.Currency)).Unposted = r.Entries
	}
	entries, err := db.RevaluationsOf(ctx, sqlc.RevaluationsOfParams(scope))
	if err != nil {
		return fmt.Errorf("read revaluations: %w", err)
	}
	for _, r := range entries {
		b.of(money.Currency(r.Subject)).Entry = Entry{r.ID, r.Reference, r.Status, r.FunctionalTotal}
	}
	for currency, c := range b.by {
		table, err := rates.Load(ctx, s.pool, c.ConnectionID, b.period.Starts, b.period.Ends, currency, c.Functional)
		if err != nil {
			return err
		}
		pair := rates.Pair{Base: currency, Quote: c.Functional}
		if c.Closing, c.Rated = table.Find(pair, b.period.Ends); c.Rated {
			for i := range c.Balances {
				c.Balances[i].Revalued = c.Balances[i].Foreign.Mul(c.Closing.Rate).Round(c.Functional.MinorDigits())
			}
		}
		for i := range b.realised {
			r := &b.realised[i]
			if r.Currency != currency {
				continue
			}
			if r.Rate, r.Rated = table.Find(pair, r.On); r.Rated {
				r.Value = r.Foreign.Mul(r.Rate.Rate).Round(c.Functional.MinorDigits())
			}
		}
	}
	return nil
}

func (b *book) list() []Computation {
	var list []Computation
	for _, c := range b.by {
		c.Balances = slices.DeleteFunc(c.Balances, func(x Balance) bool { return x.Foreign.IsZero() && x.Carried.IsZero() })
		list = append(list, *c)
	}
	slices.SortFunc(list, func(x, y Computation) int {
		if x.Currency < y.Currency {
			return -1
		}
		return 1
	})
	return list
}

// Draft drafts the revaluation of a currency at a period's end, or rebuilds its
// draft. Where nothing differs there is no entry.
func (s *Service) Draft(ctx context.Context, connectionID int64, p period.Period, currency money.Currency, actor audit.Actor) (journal.Proposed, error) {
	list, _, err := s.Compute(ctx, connectionID, p)
	if err != nil {
		return journal.Proposed{}, err
	}
	for _, c := range list {
		if c.Currency == currency {
			return s.draft(ctx, c, actor)
		}
	}
	return journal.Proposed{}, fault.New(fault.NotFound, "Nothing in %s is open at the end of period %s.", currency, p.Key())
}

func (s *Service) draft(ctx context.Context, c Computation, actor audit.Actor) (proposed journal.Proposed, err error) {
	if why := c.Obstacle(s.Today()); why != "" {
		return proposed, fault.New(fault.Conflict, "%s", why)
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		before, err := sqlc.New(tx).RevaluationsOf(ctx, sqlc.RevaluationsOfParams{ConnectionID: c.ConnectionID, FiscalYear: int32(c.Period.FiscalYear), Period: int32(c.Period.Number)})
		if err != nil {
			return fmt.Errorf("read revaluations: %w", err)
		}
		for _, e := range before {
			if e.Subject == string(c.Currency) && journal.Status(e.Status) == journal.Draft {
				if err := sqlc.New(tx).ClearEntryRates(ctx, e.ID); err != nil {
					return fmt.Errorf("clear rates of entry %d: %w", e.ID, err)
				}
			}
		}
		if proposed, err = s.entries.Propose(ctx, tx, c.proposal(), actor); err != nil || proposed.Status != journal.Draft {
			return err
		}
		var ids []int64
		for _, part := range c.Closing.Parts {
			ids = append(ids, part.ID)
		}
		return rates.Rest(ctx, tx, proposed.ID, ids)
	})
	return proposed, err
}

// recent is how many ended periods the job looks at.
const recent = 2

// DraftDue drafts what is to be revalued at the end of a connection's last
// periods, once all entries of the currency are posted.
func (s *Service) DraftDue(ctx context.Context, connectionID int64, actor audit.Actor) error {
	periods, err := s.Periods(ctx, connectionID)
	if err != nil {
		return err
	}
	var failed []error
	looked := 0
	for _, p := range periods {
		if p.Closed || !p.Ends.Before(s.Today()) {
			continue
		}
		if looked++; looked > recent {
			break
		}
		list, _, err := s.Compute(ctx, connectionID, p)
		if err != nil {
			return err
		}
		for _, c := range list {
			if c.Unposted > 0 || c.Obstacle(s.Today()) != "" {
				continue
			}
			if _, err := s.draft(ctx, c, actor); err != nil {
				failed = append(failed, fmt.Errorf("%s of %s: %w", c.Currency, p.Key(), err))
			}
		}
	}
	return errors.Join(failed...)
}
