package fee

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Service reads summaries.
type Service struct {
	pool  *pgxpool.Pool
	clock clock.Clock
	rules *mapping.Service
}

// NewService returns the service of a database.
func NewService(pool *pgxpool.Pool, c clock.Clock) *Service {
	return &Service{pool, c, mapping.NewService(pool, c)}
}

// Told is what kinds count as by the rules in use, see Tell.
type Told []told

// told is what a kind counts as.
type told struct {
	kind        int32
	marketplace string
	part        Part
	counted     bool
}

// in reports whether the kind is of the marketplace that is asked for.
func (t told) in(asked string) bool {
	return asked == "" || t.marketplace == asked || asked == None && t.marketplace == ""
}

// Tell says what each kind of a connection, or with 0 of all, counts as by the
// rules in use. The amounts of a connection without rules are all without one.
func (s *Service) Tell(ctx context.Context, connectionID int64) (Told, error) {
	kinds, err := sqlc.New(s.pool).Kinds(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read kinds: %w", err)
	}
	list, of := make(Told, len(kinds)), int64(0)
	var rules *mapping.Matcher
	for i, k := range kinds {
		if k.ConnectionID != of {
			if rules, err = s.inUse(ctx, k.ConnectionID); err != nil {
				return nil, err
			}
			of = k.ConnectionID
		}
		list[i] = tellOne(rules, k)
	}
	return list, nil
}

func (s *Service) inUse(ctx context.Context, connectionID int64) (*mapping.Matcher, error) {
	rules, err := s.rules.InUse(ctx, connectionID)
	if fault.Is(err, fault.NotFound) {
		return mapping.Compile(mapping.RuleSet{}), nil
	}
	return rules, err
}

func tellOne(rules *mapping.Matcher, k sqlc.KindsRow) told {
	kind := mapping.Kind{Marketplace: k.Marketplace, TransactionType: k.TransactionType, AmountType: k.AmountType, AmountDescription: k.AmountDescription, Sign: int(k.Sign)}
	t := told{kind: k.ID, marketplace: k.Marketplace, counted: counts(kind)}
	// Rules may tell accounts apart by who ships; the category is the same.
	for _, by := range []string{"", "AFN", "MFN"} {
		if rule, ok := rules.Match(mapping.Subject{Kind: kind, Fulfillment: by}); ok {
			t.part = partOf(rule.Category)
			return t
		}
	}
	if k.Sign != 0 {
		t.part = Unmapped
	}
	return t
}

// Marketplaces are those that the kinds name.
func (k Told) Marketplaces() []string {
	var names []string
	for _, t := range k {
		if t.marketplace != "" {
			names = append(names, t.marketplace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// DefaultMonth is the last month that is over and has amounts.
func (s *Service) DefaultMonth(ctx context.Context, connectionID int64) (period.Date, error) {
	last, err := sqlc.New(s.pool).LastSettled(ctx, connectionID)
	if err != nil {
		return period.Date{}, fmt.Errorf("find the last settlement: %w", err)
	}
	now := s.clock.Now()
	over := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0)
	settled := time.Date(last.Year(), last.Month(), 1, 0, 0, 0, 0, time.UTC)
	if last.Unix() > 0 && settled.Before(over) {
		return period.DateOf(settled), nil
	}
	return period.DateOf(over), nil
}

// Summary returns a page of rows; kinds are told of the filter's connection.
func (s *Service) Summary(ctx context.Context, f Filter, kinds Told) ([]Row, error) {
	p, err := s.params(ctx, f, kinds)
	if err != nil {
		return nil, err
	}
	p.ByConnection, p.BySku, p.ByMonth = true, f.Group.sku(), f.Group.Monthly()
	p.ByProduct = p.ByProduct || p.BySku
	p.Sort, p.Direction = strings.TrimPrefix(f.Sort, "-"), 1
	if p.Sort != f.Sort {
		p.Direction = -1
	}
	if f.After != nil {
		p.First, p.AfterValue, p.AfterSku, p.AfterMarketplace = false, f.After.Value, f.After.SKU, f.After.Marketplace
		p.AfterMonth, p.AfterCurrency, p.AfterConnection = f.After.Month.Time(), f.After.Currency, f.After.Connection
	}
	return s.rows(ctx, p)
}

// Totals adds the filtered rows up, by currency.
func (s *Service) Totals(ctx context.Context, f Filter, kinds Told) ([]Row, error) {
	f.After = nil
	p, err := s.params(ctx, f, kinds)
	if err != nil {
		return nil, err
	}
	// A total of single months is held against the same number of months before.
	oneMarket(&p)
	p.Months = int32(f.months())
	p.PriorFrom = f.From.Time().AddDate(0, -f.months(), 0)
	p.EndsFrom = dayBounds(p.PriorFrom)
	return s.rows(ctx, p)
}

// oneMarket takes all marketplaces together.
func oneMarket(p *sqlc.SumFeesParams) {
	p.Marketplaces = []string{""}
	for i := range p.Markets {
		p.Markets[i] = 1
	}
}

// zoneDays is how far an accounting date, in the books' time zone, may lie
// outside its cycle in UTC.
const zoneDays = 2

func dayBounds(from time.Time) time.Time { return from.AddDate(0, 0, -zoneDays) }

func (s *Service) params(ctx context.Context, f Filter, kinds Told) (p sqlc.SumFeesParams, err error) {
	p = sqlc.SumFeesParams{ConnectionID: f.Connection, FromMonth: f.From.Time(), ToMonth: f.To.Time(), LastDay: f.To.Time().AddDate(0, 1, -1), PriorFrom: f.prior().Time(), EndsFrom: dayBounds(f.prior().Time()),
		StartsBefore: f.To.Time().AddDate(0, 1, zoneDays), Months: int32(f.span()), First: true, PageSize: int32(f.PageSize), Direction: 1,
		Kinds: []int32{}, Parts: []int32{}, Counted: []bool{}, Markets: []int32{}, Marketplaces: []string{}, Products: []int32{}}
	markets := map[string]int32{} // numbered from 1, as arrays in SQL are
	for _, t := range kinds {
		if t.part == Nothing && !t.counted || !t.in(f.Marketplace) {
			continue
		}
		if markets[t.marketplace] == 0 {
			p.Marketplaces = append(p.Marketplaces, t.marketplace)
			markets[t.marketplace] = int32(len(p.Marketplaces))
		}
		p.Kinds, p.Parts, p.Counted, p.Markets = append(p.Kinds, t.kind), append(p.Parts, int32(t.part)), append(p.Counted, t.counted), append(p.Markets, markets[t.marketplace])
	}
	p.EverySku, p.Products, err = s.products(ctx, f.Connection, f.Text, "")
	p.ByProduct = !p.EverySku
	return p, err
}

// products returns whether all are meant, and otherwise which; 0 is the lines
// without an SKU.
func (s *Service) products(ctx context.Context, connectionID int64, text, sku string) (every bool, ids []int32, err error) {
	switch {
	case text == "" && sku == "":
		return true, []int32{}, nil
	case sku == None:
		return false, []int32{0}, nil
	}
	pattern := ""
	if text != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	}
	ids, err = sqlc.New(s.pool).ProductsLike(ctx, sqlc.ProductsLikeParams{ConnectionID: connectionID, Pattern: pattern, Sku: sku})
	if err != nil {
		return false, nil, fmt.Errorf("find SKUs: %w", err)
	}
	return false, ids, nil
}

func (s *Service) rows(ctx context.Context, p sqlc.SumFeesParams) ([]Row, error) {
	for month := p.PriorFrom; !month.After(p.ToMonth); month = month.AddDate(0, 1, 0) {
		p.EveryMonth = append(p.EveryMonth, month)
	}
	var found []sqlc.SumFeesRow
	err := database.PlannedOnce(ctx, s.pool, func(tx pgx.Tx) (err error) {
		found, err = sqlc.New(tx).SumFees(ctx, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sum fees: %w", err)
	}
	list := make([]Row, len(found))
	for i, r := range found {
		list[i] = Row{ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Currency: money.Currency(r.Currency), Marketplace: r.Marketplace, SKU: r.Sku,
			Month: period.DateOf(r.Month), Units: r.Units, Sales: r.Sales, Fees: r.Fees, Unmapped: r.Unmapped,
			Charged:    map[Part]decimal.Decimal{Referral: r.Referral, Fulfilment: r.Fulfilment, Storage: r.Storage, Advertising: r.Advertising, Other: r.Other},
			PriorUnits: r.PriorUnits, PriorSales: r.PriorSales, PriorFees: r.PriorFees, value: r.SortValue}
	}
	return list, nil
}

// Made returns a page of what a number is made of, the newest settlements
// first, with what all of it adds up to.
func (s *Service) Made(ctx context.Context, q Question) ([]Made, []Sum, error) {
	list, err := s.Tell(ctx, q.Connection)
	if err != nil {
		return nil, nil, err
	}
	kinds := []int32{}
	for _, t := range list {
		if q.asked(t) && t.in(q.Marketplace) {
			kinds = append(kinds, t.kind)
		}
	}
	every, products, err := s.products(ctx, q.Connection, q.Text, q.SKU)
	if err != nil {
		return nil, nil, err
	}
	p := sqlc.FeeSourcesParams{ConnectionID: q.Connection, Currency: string(q.Currency), EndsFrom: dayBounds(q.From.Time()), StartsBefore: q.To.Time().AddDate(0, 1, zoneDays),
		FromMonth: q.From.Time(), ToMonth: q.To.Time(), Kinds: kinds, EverySku: every, Products: products,
		AfterID: q.AfterID, AfterKind: q.AfterKind, PageSize: int32(q.PageSize)}
	db := sqlc.New(s.pool)
	rows, err := db.FeeSources(ctx, p)
	if err != nil {
		return nil, nil, fmt.Errorf("read what a fee is made of: %w", err)
	}
	made := make([]Made, len(rows))
	for i, r := range rows {
		made[i] = Made{SettlementID: r.ID, AmazonID: r.AmazonID, Start: r.StartAt, End: r.EndAt, KindID: r.KindID, Lines: r.Lines, Units: r.Units, Amount: money.New(r.Amount, money.Currency(r.Currency)),
			Kind: mapping.Kind{Marketplace: r.Marketplace, TransactionType: r.TransactionType, AmountType: r.AmountType, AmountDescription: r.AmountDescription, Sign: int(r.Sign)}}
	}
	totals, err := db.SumFeeSources(ctx, sqlc.SumFeeSourcesParams{ConnectionID: p.ConnectionID, Currency: p.Currency, EndsFrom: p.EndsFrom, StartsBefore: p.StartsBefore, FromMonth: p.FromMonth,
		ToMonth: p.ToMonth, Kinds: kinds, EverySku: every, Products: products})
	if err != nil {
		return nil, nil, fmt.Errorf("add up what a fee is made of: %w", err)
	}
	sums := make([]Sum, len(totals))
	for i, t := range totals {
		sums[i] = Sum{t.Lines, t.Units, money.New(t.Amount, money.Currency(t.Currency))}
	}
	return made, sums, nil
}
