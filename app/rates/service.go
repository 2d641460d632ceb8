package rates

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Jobs starts background work in the transaction of the data it concerns.
type Jobs interface {
	// Redraft builds the drafts of a connection again, because a rate changed.
	Redraft(ctx context.Context, tx pgx.Tx, connectionID int64) error
}

// Ledger reads the rates that P21 keeps for a connection's company from a day on.
type Ledger func(ctx context.Context, connectionID int64, since period.Date) ([]Entry, error)

// Needs lists what a Service works with. Jobs, Ledger and Source may be nil
// where nothing is drafted or read.
type Needs struct {
	Pool      *pgxpool.Pool
	Clock     clock.Clock
	Documents *document.Store
	Jobs      Jobs
	Ledger    Ledger
	Source    *Source
}

// Service holds the use cases of exchange rates.
type Service struct{ Needs }

// NewService returns a Service.
func NewService(n Needs) *Service { return &Service{n} }

// Load returns the table of a connection between two days, for the currencies
// named and the pivot.
func Load(ctx context.Context, db sqlc.DBTX, connectionID int64, since, until period.Date, currencies ...money.Currency) (Table, error) {
	list, err := settings(ctx, db, connectionID)
	if err != nil {
		return Table{}, err
	}
	if len(list) == 0 {
		return Table{}, fault.New(fault.NotFound, "There is no connection %d.", connectionID)
	}
	codes := []string{}
	for _, c := range append(currencies, list[0].Pivot) {
		codes = append(codes, string(c))
	}
	rows, err := sqlc.New(db).RatesBetween(ctx, sqlc.RatesBetweenParams{ConnectionID: connectionID, SinceOn: since.AddDays(-Age).Time(), UntilOn: until.Time(), Currencies: codes})
	if err != nil {
		return Table{}, fmt.Errorf("read exchange rates: %w", err)
	}
	days := make([]Day, len(rows))
	for i, r := range rows {
		days[i] = Day{ID: r.ID, ConnectionID: orZero(r.ConnectionID), Pair: pair(r.Base, r.Quote), On: period.DateOf(r.RateOn), Value: r.Rate}
	}
	return NewTable(list[0], days), nil
}

// Table is Load on the service's database.
func (s *Service) Table(ctx context.Context, connectionID int64, since, until period.Date, currencies ...money.Currency) (Table, error) {
	return Load(ctx, s.Pool, connectionID, since, until, currencies...)
}

func pair(base, quote string) Pair { return Pair{money.Currency(base), money.Currency(quote)} }

func orZero(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

// Settings returns every connection's settings; connectionID 0 is all.
func (s *Service) Settings(ctx context.Context, connectionID int64) ([]Settings, error) {
	return settings(ctx, s.Pool, connectionID)
}

func settings(ctx context.Context, db sqlc.DBTX, connectionID int64) ([]Settings, error) {
	rows, err := sqlc.New(db).RateSettings(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read settings of rates: %w", err)
	}
	list := make([]Settings, len(rows))
	for i, r := range rows {
		list[i] = Settings{ConnectionID: r.ID, ConnectionName: r.Name, Title: r.Title, Functional: money.Currency(r.FunctionalCurrency), FromP21: r.FromP21, DailyURL: r.DailyUrl,
			Inverse: r.Inverse, Pivot: money.Currency(r.Pivot), MostMove: r.MostMove, Version: r.Version}
	}
	return list, nil
}

// Validate returns what is wrong, by field.
func (x Settings) Validate() map[string]string {
	wrong := map[string]string{}
	if x.Pivot != "" && !x.Pivot.Valid() {
		wrong["pivot"] = "A currency's code such as EUR, or nothing."
	}
	if !x.MostMove.IsPositive() || x.MostMove.GreaterThan(decimal.New(10_000, 0)) || !x.MostMove.Equal(x.MostMove.Round(2)) {
		wrong["most_move"] = "A percentage above 0, such as 10."
	}
	if x.DailyURL != "" {
		if err := CheckURL(x.DailyURL); err != nil {
			wrong["daily_url"] = fault.MessageOf(err)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

// SetSettings changes a connection's settings. Drafts are built again: what may
// be derived may have changed.
func (s *Service) SetSettings(ctx context.Context, x Settings, actor audit.Actor) error {
	if wrong := x.Validate(); wrong != nil {
		return fault.InvalidFields(wrong)
	}
	return s.change(ctx, "set where rates come from", func(tx *database.Tx) error {
		before, err := settings(ctx, tx, x.ConnectionID)
		if err != nil {
			return err
		}
		if len(before) == 0 {
			return fault.New(fault.NotFound, "There is no connection %d.", x.ConnectionID)
		}
		changed, err := sqlc.New(tx).PutRateSetting(ctx, sqlc.PutRateSettingParams{ConnectionID: x.ConnectionID, FromP21: x.FromP21, DailyUrl: x.DailyURL,
			Inverse: x.Inverse, Pivot: string(x.Pivot), MostMove: x.MostMove, Expected: x.Version})
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "These settings changed while you looked at them. Read them again.")
		}
		if err := s.redraft(ctx, tx, x.ConnectionID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "rate settings changed", ObjectType: "connection", ObjectID: x.ConnectionID, ConnectionID: x.ConnectionID, Before: before[0], After: x})
	})
}

func (s *Service) change(ctx context.Context, what string, work func(*database.Tx) error) error {
	if err := database.WithTx(ctx, s.Pool, s.Clock, work); err != nil {
		return database.Translate(fmt.Errorf("%s: %w", what, err))
	}
	return nil
}

// redraft asks for the drafts of a connection; 0 is all.
func (s *Service) redraft(ctx context.Context, tx *database.Tx, connectionID int64) error {
	if s.Jobs == nil {
		return nil
	}
	list, err := settings(ctx, tx, connectionID)
	if err != nil {
		return err
	}
	for _, x := range list {
		if err := s.Jobs.Redraft(ctx, tx.Tx, x.ConnectionID); err != nil {
			return fmt.Errorf("ask for drafts: %w", err)
		}
	}
	return nil
}

// Preview says what storing entries would do.
func (s *Service) Preview(ctx context.Context, list []Entry) ([]Change, error) {
	return compare(ctx, s.Pool, list, true)
}

// compare holds entries beside what is in force, and each beside the rate before
// it, which may be one of the entries too: an unusual one only if trusted. The
// changes stand by day, the oldest first.
func compare(ctx context.Context, db sqlc.DBTX, list []Entry, trusted bool) ([]Change, error) {
	all, err := settings(ctx, db, 0)
	if err != nil {
		return nil, err
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return a.On.Time().Compare(b.On.Time()) })
	told := map[string]decimal.Decimal{}
	changes := make([]Change, len(sorted))
	for i, e := range sorted {
		c, err := compareOne(ctx, sqlc.New(db), e, told)
		if err != nil {
			return nil, err
		}
		c.Most = most(all, e.ConnectionID)
		if trusted || !c.Unusual() {
			told[e.place(e.On)] = e.Value
		}
		changes[i] = c
	}
	return changes, nil
}

func (e Entry) place(on period.Date) string {
	return fmt.Sprint(e.ConnectionID, e.Base, e.Quote, on)
}

// most is the smallest move that the connections concerned let pass.
func most(all []Settings, connectionID int64) decimal.Decimal {
	least := decimal.New(10, 0)
	known := false
	for _, x := range all {
		if (connectionID == 0 || connectionID == x.ConnectionID) && (!known || x.MostMove.LessThan(least)) {
			least, known = x.MostMove, true
		}
	}
	return least
}

func compareOne(ctx context.Context, db *sqlc.Queries, e Entry, told map[string]decimal.Decimal) (Change, error) {
	c := Change{Entry: e, Sort: New}
	now, err := db.LatestRate(ctx, sqlc.LatestRateParams{Base: string(e.Base), Quote: string(e.Quote), RateOn: e.On.Time(), ConnectionID: e.ConnectionID})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return c, fmt.Errorf("read rate: %w", err)
	}
	if err == nil {
		c.last = now.Version
		if now.EndedAt == nil {
			c.id, c.Before, c.Sort, c.origin = now.ID, now.Rate, Changed, Origin(now.Origin)
		}
		if c.Sort == Changed && now.Rate.Equal(e.Value) {
			c.Sort = Same
		}
	}
	stored, err := db.RateBefore(ctx, sqlc.RateBeforeParams{Base: string(e.Base), Quote: string(e.Quote), Day: e.On.Time(), ConnectionID: e.ConnectionID})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return c, fmt.Errorf("read the rate before: %w", err)
	}
	if err == nil {
		c.Since, c.Last = period.DateOf(stored.RateOn), stored.Rate
	}
	for age := 1; age <= Age; age++ {
		day := e.On.AddDays(-age)
		if value, ok := told[e.place(day)]; ok && !day.Before(c.Since) {
			c.Since, c.Last = day, value
			break
		}
	}
	return c, nil
}

// How says where entries come from.
type How struct {
	Origin     Origin
	Source     string // in words
	DocumentID int64
	Confirmed  bool // a person has looked at unusual moves
}

// Store puts entries into force, all or none. What is the same stays as it is, a
// change needs a reason, and an unusual move a person's word. Drafts that may
// wait for them are built again.
func (s *Service) Store(ctx context.Context, list []Entry, how How, actor audit.Actor) ([]Change, error) {
	for _, e := range list {
		if field, words := e.Problem(); words != "" {
			return nil, fault.InvalidFields(map[string]string{field: words})
		}
	}
	var changes []Change
	err := s.change(ctx, "store exchange rates", func(tx *database.Tx) error {
		var err error
		if changes, err = compare(ctx, tx, list, true); err != nil {
			return err
		}
		if err := allowed(changes, how); err != nil {
			return err
		}
		return s.put(ctx, tx, changes, how, actor)
	})
	return changes, err
}

// allowed refuses changes without a reason and unusual ones that nobody has confirmed.
func allowed(changes []Change, how How) error {
	wrong := map[string]string{}
	for _, c := range changes {
		if c.Sort == Changed && strings.TrimSpace(c.Reason) == "" {
			wrong["reason"] = fmt.Sprintf("The rate of %s to %s of %s is %s now: say why it changes.", c.Base, c.Quote, c.On, c.Before)
		}
		if c.Unusual() && !how.Confirmed {
			wrong["confirm"] = c.Words() + ". Confirm that it is right."
		}
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

func (s *Service) put(ctx context.Context, tx *database.Tx, changes []Change, how How, actor audit.Actor) error {
	var fresh []map[string]any
	concerned := map[int64]bool{}
	for _, c := range changes {
		if c.Sort == Same {
			continue
		}
		id, err := insert(ctx, tx, c, how, actor)
		if err != nil {
			return err
		}
		concerned[c.ConnectionID] = true
		after := map[string]any{"id": id, "pair": c.Base + "/" + c.Quote, "on": c.On.String(), "rate": c.Value, "source": how.Source}
		if c.Sort == New {
			fresh = append(fresh, after)
			continue
		}
		err = audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "rate changed", ObjectType: "exchange_rate", ObjectID: id, ConnectionID: c.ConnectionID,
			Before: map[string]any{"id": c.id, "rate": c.Before}, After: after, Reason: c.Reason})
		if err != nil {
			return err
		}
	}
	for connection := range concerned {
		if err := s.redraft(ctx, tx, connection); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "rates stored", ObjectType: "exchange_rate", ObjectID: fresh[0]["id"], ConnectionID: changes[0].ConnectionID, After: fresh})
}

func insert(ctx context.Context, tx *database.Tx, c Change, how How, actor audit.Actor) (int64, error) {
	db := sqlc.New(tx)
	if c.id != 0 {
		if ended, err := db.EndRate(ctx, sqlc.EndRateParams{ID: c.id, Now: tx.Now}); err != nil || ended == 0 {
			return 0, errors.Join(err, overtaken(ended))
		}
	}
	id, err := db.InsertRate(ctx, sqlc.InsertRateParams{ConnectionID: database.Key(c.ConnectionID), Base: string(c.Base), Quote: string(c.Quote), RateOn: c.On.Time(), Rate: c.Value,
		Version: c.last + 1, Origin: string(how.Origin), Source: how.Source, Reason: strings.TrimSpace(c.Reason), EnteredBy: database.Key(actor.PersonID), DocumentID: database.Key(how.DocumentID)})
	if err != nil {
		return 0, fmt.Errorf("store rate: %w", err)
	}
	return id, nil
}

// overtaken is the conflict of a rate that was not in force any more.
func overtaken(ended int64) error {
	if ended == 0 {
		return fault.New(fault.Conflict, "Somebody else has changed this rate meanwhile. Read it again.")
	}
	return nil
}

// Withdraw takes a rate out of force that no submitted entry rests on.
func (s *Service) Withdraw(ctx context.Context, id int64, reason string, actor audit.Actor) error {
	if strings.TrimSpace(reason) == "" {
		return fault.InvalidFields(map[string]string{"reason": "Say why the rate is not to be used."})
	}
	return s.change(ctx, "withdraw exchange rate", func(tx *database.Tx) error {
		db := sqlc.New(tx)
		r, err := db.GetRate(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no exchange rate %d.", id)
		}
		if err != nil {
			return fmt.Errorf("read rate: %w", err)
		}
		ended, err := db.EndRate(ctx, sqlc.EndRateParams{ID: id, Now: tx.Now})
		if err != nil {
			return err
		}
		if ended == 0 {
			return fault.New(fault.Conflict, "It is not in force any more.")
		}
		if err := s.redraft(ctx, tx, r.ConnectionID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "rate withdrawn", ObjectType: "exchange_rate", ObjectID: id, ConnectionID: r.ConnectionID,
			Before: map[string]any{"pair": r.Base + "/" + r.Quote, "on": period.DateOf(r.RateOn).String(), "rate": r.Rate}, Reason: reason})
	})
}

// List returns a page of the rates in force.
func (s *Service) List(ctx context.Context, f Filter) ([]Rate, error) {
	rows, err := sqlc.New(s.Pool).ListRates(ctx, sqlc.ListRatesParams{ConnectionID: f.ConnectionID, Base: string(f.Base), Quote: string(f.Quote), FromOn: f.From.TimeOrNil(), ToOn: f.To.TimeOrNil(),
		AfterID: f.After.ID, AfterOn: f.After.On.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list exchange rates: %w", err)
	}
	list := make([]Rate, len(rows))
	for i, r := range rows {
		list[i] = Rate{Day: Day{r.ID, r.ConnectionID, pair(r.Base, r.Quote), period.DateOf(r.RateOn), r.Rate}, ConnectionName: r.ConnectionName, Version: int(r.Version),
			Origin: Origin(r.Origin), Source: r.Source, Reason: r.Reason, By: r.EnteredName, At: r.CreatedAt, Before: r.Before, Entries: r.Entries}
	}
	return list, nil
}

// Pairs returns the pairs that have rates.
func (s *Service) Pairs(ctx context.Context) ([]Pair, error) {
	rows, err := sqlc.New(s.Pool).RatePairs(ctx)
	if err != nil {
		return nil, fmt.Errorf("list pairs: %w", err)
	}
	list := make([]Pair, len(rows))
	for i, r := range rows {
		list[i] = pair(r.Base, r.Quote)
	}
	return list, nil
}

// Get returns a version of a rate, with all versions of its day, the newest
// first, and the entries that rest on any of them.
func (s *Service) Get(ctx context.Context, id int64) (Rate, []Rate, []Resting, error) {
	db := sqlc.New(s.Pool)
	r, err := db.GetRate(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Rate{}, nil, nil, fault.New(fault.NotFound, "There is no exchange rate %d.", id)
	}
	if err != nil {
		return Rate{}, nil, nil, fmt.Errorf("read exchange rate %d: %w", id, err)
	}
	one := Rate{Day: Day{r.ID, r.ConnectionID, pair(r.Base, r.Quote), period.DateOf(r.RateOn), r.Rate}, ConnectionName: r.ConnectionName, Version: int(r.Version), Origin: Origin(r.Origin),
		Source: r.Source, Reason: r.Reason, By: r.EnteredName, At: r.CreatedAt, EndedAt: timeOrZero(r.EndedAt), DocumentID: r.DocumentID}
	rows, err := db.RateVersions(ctx, sqlc.RateVersionsParams{Base: r.Base, Quote: r.Quote, RateOn: r.RateOn, ConnectionID: r.ConnectionID})
	if err != nil {
		return one, nil, nil, fmt.Errorf("read versions of rate %d: %w", id, err)
	}
	var versions []Rate
	for _, v := range rows {
		versions = append(versions, Rate{Day: Day{v.ID, r.ConnectionID, one.Pair, one.On, v.Rate}, ConnectionName: r.ConnectionName, Version: int(v.Version), Origin: Origin(v.Origin), Source: v.Source,
			Reason: v.Reason, By: v.EnteredName, At: v.CreatedAt, EndedAt: timeOrZero(v.EndedAt), DocumentID: v.DocumentID})
	}
	entries, err := db.EntriesOnRate(ctx, sqlc.EntriesOnRateParams{Base: r.Base, Quote: r.Quote, RateOn: r.RateOn, ConnectionID: r.ConnectionID})
	if err != nil {
		return one, nil, nil, fmt.Errorf("read entries on rate %d: %w", id, err)
	}
	var resting []Resting
	for _, e := range entries {
		resting = append(resting, Resting{e.ID, e.Reference, e.Status, int(e.Version), e.Rate})
	}
	return one, versions, resting, nil
}

func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// Gaps returns the days that settlements are converted at and that have no rate
// under their connection's settings, the newest first; connectionID 0 is all.
func (s *Service) Gaps(ctx context.Context, connectionID int64) ([]Gap, error) {
	rows, err := sqlc.New(s.Pool).DaysConverted(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("find days that need rates: %w", err)
	}
	tables := map[string]Table{}
	var gaps []Gap
	for _, r := range rows {
		key := fmt.Sprint(r.ConnectionID, r.Currency)
		t, known := tables[key]
		if !known {
			oldest := r.Day
			for _, x := range rows {
				if x.ConnectionID == r.ConnectionID && x.Currency == r.Currency {
					oldest = x.Day // they stand by day, the newest first
				}
			}
			t, err = s.Table(ctx, r.ConnectionID, period.DateOf(oldest), period.DateOf(r.Day), money.Currency(r.Currency), money.Currency(r.FunctionalCurrency))
			if err != nil {
				return nil, err
			}
			tables[key] = t
		}
		g := Gap{r.ConnectionID, pair(r.Currency, r.FunctionalCurrency), period.DateOf(r.Day), r.Settlements, r.SettlementID}
		if _, ok := t.Find(g.Pair, g.On); !ok {
			gaps = append(gaps, g)
		}
	}
	return gaps, nil
}

// Rest notes which rates an entry rests on.
func Rest(ctx context.Context, db sqlc.DBTX, entryID int64, rateIDs []int64) error {
	for _, id := range rateIDs {
		if err := sqlc.New(db).InsertEntryRate(ctx, sqlc.InsertEntryRateParams{EntryID: entryID, RateID: id}); err != nil {
			return fmt.Errorf("note the rate of entry %d: %w", entryID, err)
		}
	}
	return nil
}
