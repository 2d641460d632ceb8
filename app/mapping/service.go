package mapping

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/sqlc"
)

// objectType is what the audit log calls a rule set.
const objectType = "rule_set"

// Service carries out what people do with mapping rules. Every change is one
// transaction with its audit event; who changed a set is never its publisher.
type Service struct {
	pool  *pgxpool.Pool
	clock clock.Clock
	inUse *shelf
}

// NewService returns a service on the pool.
func NewService(pool *pgxpool.Pool, c clock.Clock) *Service {
	return &Service{pool, c, &shelf{sets: map[int64]*Matcher{}}}
}

// Load returns a rule set by id.
func (s *Service) Load(ctx context.Context, id int64) (*RuleSet, error) { return Load(ctx, s.pool, id) }

// Published returns the connection's set in use; NotFound when there is none.
func (s *Service) Published(ctx context.Context, connectionID int64) (*RuleSet, error) {
	m, err := s.InUse(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	return m.set.copied(), nil
}

// InUse returns the connection's set in use, prepared for matching; NotFound when
// there is none.
func (s *Service) InUse(ctx context.Context, connectionID int64) (*Matcher, error) {
	id, err := sqlc.New(s.pool).PublishedRuleSetID(ctx, connectionID)
	if m := s.inUse.get(connectionID, id); err == nil && m != nil {
		return m, nil
	}
	set, err := loadPublished(ctx, s.pool, id, err)
	if err != nil {
		return nil, err
	}
	m := Compile(*set)
	s.inUse.put(connectionID, m)
	return m, nil
}

// Prepared returns the connection's set in preparation.
func (s *Service) Prepared(ctx context.Context, connectionID int64) (*RuleSet, error) {
	return LoadPrepared(ctx, s.pool, connectionID)
}

// Number returns the connection's set of that number.
func (s *Service) Number(ctx context.Context, connectionID int64, number int) (*RuleSet, error) {
	return LoadNumber(ctx, s.pool, connectionID, number)
}

// Chart returns the connection's chart of accounts as last read from P21.
func (s *Service) Chart(ctx context.Context, connectionID int64) ([]Account, error) {
	return Chart(ctx, s.pool, connectionID)
}

// History returns the connection's rule sets, the newest first.
func (s *Service) History(ctx context.Context, connectionID int64) ([]Version, error) {
	return History(ctx, s.pool, connectionID)
}

// Diff returns what turns one set into another.
func (s *Service) Diff(ctx context.Context, oldID, newID int64) (Diff, error) {
	old, err := s.Load(ctx, oldID)
	if err != nil {
		return Diff{}, err
	}
	new, err := s.Load(ctx, newID)
	if err != nil {
		return Diff{}, err
	}
	return Compare(*old, *new), nil
}

// Problems returns what stands between a set and its publication.
func (s *Service) Problems(ctx context.Context, set *RuleSet) ([]Problem, error) {
	chart, err := Chart(ctx, s.pool, set.ConnectionID)
	if err != nil {
		return nil, err
	}
	return Check(*set, chart, ""), nil
}

// Coverage returns what a set makes of everything imported so far.
func (s *Service) Coverage(ctx context.Context, set *RuleSet) (Coverage, error) {
	amounts, err := Totals(ctx, s.pool, set.ConnectionID)
	if err != nil {
		return Coverage{}, err
	}
	return Cover(Compile(*set), amounts), nil
}

// Try returns what a set makes of pasted text; see ParseSamples.
func (s *Service) Try(ctx context.Context, set *RuleSet, text string) ([]Trial, error) {
	samples, err := ParseSamples(text)
	if err != nil {
		return nil, err
	}
	q := sqlc.New(s.pool)
	for i := range samples {
		if samples[i].SKU == "" {
			continue
		}
		group, err := q.ProductGroupOf(ctx, sqlc.ProductGroupOfParams{ConnectionID: set.ConnectionID, Sku: samples[i].SKU})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, fmt.Errorf("find product group: %w", err)
		}
		samples[i].ProductGroup = group
	}
	return Compile(*set).Try(samples), nil
}

// Suggest ranks targets for a kind by its likeness to what the published set
// maps; see the function Suggest.
func (s *Service) Suggest(ctx context.Context, connectionID int64, kindID int32) (Kind, []Suggestion, error) {
	kind, err := findKind(ctx, sqlc.New(s.pool), connectionID, kindID)
	if err != nil {
		return Kind{}, nil, err
	}
	set, err := s.Published(ctx, connectionID)
	if err != nil {
		return Kind{}, nil, err
	}
	known, err := kindsOf(ctx, s.pool, connectionID)
	if err != nil {
		return Kind{}, nil, err
	}
	kinds := make([]Kind, 0, len(known))
	for _, id := range slices.Sorted(maps.Keys(known)) {
		kinds = append(kinds, known[id])
	}
	var template *Matcher
	if shipped, ok, err := FindTemplate(set.Template); err != nil {
		return Kind{}, nil, err
	} else if ok {
		template = Compile(RuleSet{Rules: shipped.Rules})
	}
	return kind, Suggest(kind, Compile(*set), template, kinds), nil
}

func findKind(ctx context.Context, q *sqlc.Queries, connectionID int64, kindID int32) (Kind, error) {
	row, err := q.KindOfConnection(ctx, sqlc.KindOfConnectionParams{ID: kindID, ConnectionID: connectionID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Kind{}, fault.New(fault.NotFound, "This sort of amount does not exist in the connection.")
	}
	if err != nil {
		return Kind{}, fmt.Errorf("find kind %d: %w", kindID, err)
	}
	return kindOf(row.Marketplace, row.TransactionType, row.AmountType, row.AmountDescription, row.Sign), nil
}

// Backtest compares what two sets make of the settlements in a range. It works
// on sums per kind and fiscal period, however many lines they stand for.
func (s *Service) Backtest(ctx context.Context, old, new *RuleSet, within Range) (Backtest, error) {
	calendar, err := calendarOf(ctx, s.pool, new.ConnectionID)
	if err != nil {
		return Backtest{}, err
	}
	amounts, err := TotalsByPeriod(ctx, s.pool, new.ConnectionID, within, calendar)
	if err != nil {
		return Backtest{}, err
	}
	result := Replay(Compile(*old), Compile(*new), amounts, calendar)
	result.Settlements, err = sqlc.New(s.pool).SettlementsInRange(ctx, sqlc.SettlementsInRangeParams{
		ConnectionID: new.ConnectionID, EndsFrom: dayOf(within.From), EndsTo: dayOf(within.To),
	})
	if err != nil {
		return Backtest{}, fmt.Errorf("count settlements: %w", err)
	}
	return result, nil
}

// Places returns the settlements in a range that hold lines of a kind, and the
// kind; NotFound when the connection has no such kind.
func (s *Service) Places(ctx context.Context, connectionID int64, kindID int32, productGroup, fulfillment string, within Range) (Kind, []Place, error) {
	kind, err := findKind(ctx, sqlc.New(s.pool), connectionID, kindID)
	if err != nil {
		return Kind{}, nil, err
	}
	places, err := Places(ctx, s.pool, connectionID, kindID, productGroup, fulfillment, within)
	return kind, places, err
}

// Calendar returns the connection's fiscal periods in order.
func (s *Service) Calendar(ctx context.Context, connectionID int64) (period.Calendar, error) {
	return calendarOf(ctx, s.pool, connectionID)
}

// Offered returns the name of the shipped template that fits a connection: by
// the countries where it sells and by its revenue mode.
func (s *Service) Offered(ctx context.Context, connectionID int64) (string, error) {
	c, err := sqlc.New(s.pool).ConnectionForRules(ctx, connectionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.New(fault.NotFound, "This connection does not exist.")
	}
	if err != nil {
		return "", fmt.Errorf("read connection: %w", err)
	}
	return offered(c.RevenueMode, c.AmazonRegion, c.FunctionalCurrency, c.MarketplaceIds), nil
}

// Install publishes a connection's very first set from a shipped template, as
// the program does when it sets a connection up. Slots without a pick take the
// account of the slot they are like; Invalid when one stays empty.
func (s *Service) Install(ctx context.Context, actor audit.Actor, connectionID int64, template string, picks map[string]string) (*RuleSet, error) {
	first, err := fromTemplate(template, picks)
	if err != nil {
		return nil, err
	}
	if missing := first.Missing(); len(missing) > 0 {
		return nil, fault.New(fault.Invalid, "Pick an account for %s.", missing[0].Title)
	}
	return s.create(ctx, actor, connectionID, "installed", func(tx *database.Tx, q *sqlc.Queries) (int64, error) {
		id, err := q.InsertRuleSet(ctx, sqlc.InsertRuleSetParams{ConnectionID: connectionID, State: string(Published), Template: template, PublishedAt: &tx.Now})
		if err != nil {
			return 0, fmt.Errorf("begin rule set: %w", err)
		}
		return id, fill(ctx, q, id, first)
	})
}

// Begin starts a draft: a copy of the published set, or the shipped template
// when one is named or nothing is published yet. Conflict when a set is being
// prepared already.
func (s *Service) Begin(ctx context.Context, actor audit.Actor, connectionID int64, template string, picks map[string]string) (*RuleSet, error) {
	if err := onlyPeople(actor); err != nil {
		return nil, err
	}
	return s.create(ctx, actor, connectionID, "begun", func(tx *database.Tx, q *sqlc.Queries) (int64, error) {
		if _, err := q.PreparedRuleSetID(ctx, connectionID); err == nil {
			return 0, fault.New(fault.Conflict, "A set of rules is being prepared already; go on with it or discard it.")
		}
		base, err := LoadPublished(ctx, tx, connectionID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return 0, err
		}
		return begin(ctx, q, actor, connectionID, base, template, picks)
	})
}

func begin(ctx context.Context, q *sqlc.Queries, actor audit.Actor, connectionID int64, base *RuleSet, template string, picks map[string]string) (int64, error) {
	content := base
	if base == nil || template != "" {
		if template == "" {
			return 0, fault.New(fault.Invalid, "Nothing is published yet; choose a template to begin with.")
		}
		if base != nil && len(picks) == 0 {
			picks = base.Accounts
		}
		var err error
		if content, err = fromTemplate(template, picks); err != nil {
			return 0, err
		}
	}
	params := sqlc.InsertRuleSetParams{ConnectionID: connectionID, State: string(Draft), Template: content.Template, CreatedBy: &actor.PersonID}
	if base != nil {
		params.BasedOn = &base.ID
	}
	id, err := q.InsertRuleSet(ctx, params)
	if err != nil {
		return 0, fmt.Errorf("begin rule set: %w", err)
	}
	if err := fill(ctx, q, id, content); err != nil {
		return 0, err
	}
	return id, addEditor(ctx, q, id, actor)
}

// create runs work under the connection's lock, writes the audit event and
// returns the new set.
func (s *Service) create(ctx context.Context, actor audit.Actor, connectionID int64, action string, work func(*database.Tx, *sqlc.Queries) (int64, error)) (*RuleSet, error) {
	var set *RuleSet
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		q := sqlc.New(tx)
		if err := lockConnection(ctx, q, connectionID); err != nil {
			return err
		}
		id, err := work(tx, q)
		if err != nil {
			return err
		}
		if set, err = Load(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{
			Actor: actor, Action: action, ObjectType: objectType, ObjectID: id, ConnectionID: connectionID, After: summaryOf(set), At: tx.Now,
		})
	})
	if err != nil {
		return nil, database.Translate(err)
	}
	return set, nil
}

func lockConnection(ctx context.Context, q *sqlc.Queries, connectionID int64) error {
	_, err := q.LockConnectionRules(ctx, connectionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, "This connection does not exist.")
	}
	if err != nil {
		return fmt.Errorf("lock rules of connection: %w", err)
	}
	return nil
}

// fromTemplate returns the content of a shipped template as a set.
func fromTemplate(name string, picks map[string]string) (*RuleSet, error) {
	template, ok, err := FindTemplate(name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.New(fault.Invalid, "There is no template %q.", name)
	}
	set := &RuleSet{Template: name, Rules: template.Rules, Accounts: fillPicks(regionOf(name).Slots(), picks)}
	used := map[string]bool{}
	for _, slot := range set.Slots() {
		used[slot.Name] = true
	}
	maps.DeleteFunc(set.Accounts, func(slot, _ string) bool { return !used[slot] }) // another template's
	return set, nil
}

// fill writes the rules and picks of content into a new set.
func fill(ctx context.Context, q *sqlc.Queries, id int64, content *RuleSet) error {
	if err := insertRules(ctx, q, id, content.Rules); err != nil {
		return err
	}
	return insertAccounts(ctx, q, id, content.Accounts)
}

// onlyPeople refuses jobs: rules are prepared and published by people.
func onlyPeople(actor audit.Actor) error {
	if actor.PersonID == 0 {
		return fault.New(fault.Forbidden, "Mapping rules are prepared and published by people.")
	}
	return nil
}

func addEditor(ctx context.Context, q *sqlc.Queries, id int64, actor audit.Actor) error {
	if err := q.AddRuleSetEditor(ctx, sqlc.AddRuleSetEditorParams{RuleSetID: id, PersonID: actor.PersonID}); err != nil {
		return fmt.Errorf("record editor: %w", err)
	}
	return nil
}

// summary is what the audit log keeps of a whole set.
type summary struct {
	Number   int               `json:"number"`
	State    State             `json:"state"`
	Template string            `json:"template,omitempty"`
	Rules    int               `json:"rules"`
	Accounts map[string]string `json:"accounts,omitempty"`
	Note     string            `json:"note,omitempty"`
}

func summaryOf(set *RuleSet) summary {
	return summary{set.Number, set.State, set.Template, len(set.Rules), set.Accounts, set.Note}
}
