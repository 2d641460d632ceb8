package mapping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Load returns a rule set with its rules and picks; NotFound when there is none.
func Load(ctx context.Context, db sqlc.DBTX, id int64) (*RuleSet, error) {
	q := sqlc.New(db)
	row, err := q.GetRuleSet(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "This rule set does not exist.")
	}
	if err != nil {
		return nil, fmt.Errorf("load rule set %d: %w", id, err)
	}
	set := &RuleSet{
		ID: row.ID, ConnectionID: row.ConnectionID, Number: int(row.Number), State: State(row.State), Template: row.Template, Note: row.Note,
		BasedOn: idOf(row.BasedOn), Extension: row.Extension, CreatedBy: idOf(row.CreatedBy), CreatedAt: row.CreatedAt,
		SubmittedBy: idOf(row.SubmittedBy), SubmittedAt: timeOf(row.SubmittedAt),
		PublishedBy: idOf(row.PublishedBy), PublishedAt: timeOf(row.PublishedAt), Version: int(row.Version),
		Accounts: map[string]string{},
	}
	rules, err := q.RulesOfSet(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load rules of set %d: %w", id, err)
	}
	for _, r := range rules {
		set.Rules = append(set.Rules, ruleOf(r))
	}
	accounts, err := q.AccountsOfSet(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load account picks of set %d: %w", id, err)
	}
	for _, a := range accounts {
		set.Accounts[a.Slot] = a.Account
	}
	return set, nil
}

// LoadPublished returns the set that entries of the connection are built with;
// NotFound when nothing has been published yet.
func LoadPublished(ctx context.Context, db sqlc.DBTX, connectionID int64) (*RuleSet, error) {
	id, err := sqlc.New(db).PublishedRuleSetID(ctx, connectionID)
	return loadPublished(ctx, db, id, err)
}

func loadPublished(ctx context.Context, db sqlc.DBTX, id int64, err error) (*RuleSet, error) {
	return loadFound(ctx, db, id, err, "This connection has no published mapping rules yet.")
}

// LoadPrepared returns the set in preparation, draft or submitted; NotFound
// when there is none.
func LoadPrepared(ctx context.Context, db sqlc.DBTX, connectionID int64) (*RuleSet, error) {
	id, err := sqlc.New(db).PreparedRuleSetID(ctx, connectionID)
	return loadFound(ctx, db, id, err, "Nobody is preparing mapping rules for this connection.")
}

// LoadNumber returns the connection's set of that number; NotFound when there
// is none.
func LoadNumber(ctx context.Context, db sqlc.DBTX, connectionID int64, number int) (*RuleSet, error) {
	id, err := sqlc.New(db).RuleSetIDByNumber(ctx, sqlc.RuleSetIDByNumberParams{ConnectionID: connectionID, Number: int32(number)})
	return loadFound(ctx, db, id, err, "This rule set does not exist.")
}

func loadFound(ctx context.Context, db sqlc.DBTX, id int64, err error, missing string) (*RuleSet, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "%s", missing)
	}
	if err != nil {
		return nil, fmt.Errorf("find rule set: %w", err)
	}
	return Load(ctx, db, id)
}

// Version is one line of a connection's history of rule sets.
type Version struct {
	ID        int64
	Number    int
	State     State
	Template  string
	Note      string
	BasedOn   int64
	Extension bool
	Rules     int
	CreatedAt time.Time
	CreatedBy string // a name; empty: the program

	SubmittedAt time.Time
	SubmittedBy string
	PublishedAt time.Time
	PublishedBy string
	Editors     []string
}

// History returns the connection's rule sets, what is being prepared first,
// then the newest publication.
func History(ctx context.Context, db sqlc.DBTX, connectionID int64) ([]Version, error) {
	rows, err := sqlc.New(db).ListRuleSets(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("list rule sets: %w", err)
	}
	versions := make([]Version, len(rows))
	for i, r := range rows {
		versions[i] = Version{
			ID: r.ID, Number: int(r.Number), State: State(r.State), Template: r.Template, Note: r.Note, BasedOn: idOf(r.BasedOn),
			Extension: r.Extension, Rules: int(r.Rules), CreatedAt: r.CreatedAt, CreatedBy: r.CreatedName,
			SubmittedAt: timeOf(r.SubmittedAt), SubmittedBy: r.SubmittedName,
			PublishedAt: timeOf(r.PublishedAt), PublishedBy: r.PublishedName, Editors: r.Editors,
		}
	}
	return versions, nil
}

// Chart returns the connection's chart of accounts as last read from P21.
func Chart(ctx context.Context, db sqlc.DBTX, connectionID int64) ([]Account, error) {
	rows, err := sqlc.New(db).ChartOfAccounts(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read chart of accounts: %w", err)
	}
	chart := make([]Account, len(rows))
	for i, r := range rows {
		chart[i] = Account{Number: r.Account, Description: r.Description, Active: r.Active, Control: r.Control}
	}
	return chart, nil
}

// Totals returns everything imported for the connection, summed up by what
// rules look at. It reads sums by month, never lines.
func Totals(ctx context.Context, db sqlc.DBTX, connectionID int64) ([]Amount, error) {
	rows, err := sqlc.New(db).SubjectTotals(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("sum up months: %w", err)
	}
	kinds, err := kindsOf(ctx, db, connectionID)
	if err != nil {
		return nil, err
	}
	amounts := make([]Amount, len(rows))
	for i, r := range rows {
		amounts[i] = Amount{KindID: r.KindID, Subject: subjectOf(kinds[r.KindID], r.ProductGroup, r.Fulfillment),
			Currency: money.Currency(r.Currency), Lines: r.Lines, Value: r.Amount}
	}
	return amounts, nil
}

// kindsOf returns the connection's kinds by number. Read after sums it knows
// every kind that they name.
func kindsOf(ctx context.Context, db sqlc.DBTX, connectionID int64) (map[int32]Kind, error) {
	rows, err := sqlc.New(db).Kinds(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("list kinds: %w", err)
	}
	kinds := make(map[int32]Kind, len(rows))
	for _, r := range rows {
		kinds[r.ID] = kindOf(r.Marketplace, r.TransactionType, r.AmountType, r.AmountDescription, r.Sign)
	}
	return kinds, nil
}

// TotalsByPeriod is Totals of the settlements in a range, per fiscal period:
// each sum says one of its days. Where periods are months it reads sums by
// month, otherwise rollups, a few times as many.
func TotalsByPeriod(ctx context.Context, db sqlc.DBTX, connectionID int64, within Range, calendar period.Calendar) ([]Amount, error) {
	sums := sumsByMonth
	if !monthly(within, calendar) {
		sums = sumsByStretch
	}
	rows, err := sums(ctx, db, connectionID, within, calendar)
	if err != nil {
		return nil, err
	}
	kinds, err := kindsOf(ctx, db, connectionID)
	if err != nil {
		return nil, err
	}
	amounts := make([]Amount, len(rows))
	for i, r := range rows {
		amounts[i] = Amount{KindID: r.KindID, Subject: subjectOf(kinds[r.KindID], r.ProductGroup, r.Fulfillment),
			PostedOn: period.DateOf(r.FirstOn), Currency: money.Currency(r.Currency), Lines: r.Lines, Value: r.Amount}
	}
	return amounts, nil
}

// monthly reports whether each calendar month is, as a whole, of one period or
// of none, and posted within the range or not.
func monthly(within Range, calendar period.Calendar) bool {
	for _, p := range append(period.Calendar{{Starts: within.PostedFrom, Ends: within.PostedTo}}, calendar...) {
		if p.Starts != (period.Date{}) && p.Starts.Day != 1 || p.Ends != (period.Date{}) && p.Ends.AddDays(1).Day != 1 {
			return false
		}
	}
	return true
}

func sumsByMonth(ctx context.Context, db sqlc.DBTX, connectionID int64, within Range, _ period.Calendar) ([]sqlc.SumsByMonthRow, error) {
	rows, err := sqlc.New(db).SumsByMonth(ctx, sqlc.SumsByMonthParams{ConnectionID: connectionID, EndsFrom: dayOf(within.From), EndsTo: dayOf(within.To),
		PostedFrom: dayOf(within.PostedFrom), PostedTo: dayOf(within.PostedTo)})
	if err != nil {
		return nil, fmt.Errorf("sum up months: %w", err)
	}
	return rows, nil
}

func sumsByStretch(ctx context.Context, db sqlc.DBTX, connectionID int64, within Range, calendar period.Calendar) ([]sqlc.SumsByMonthRow, error) {
	found, err := sqlc.New(db).SumsByStretch(ctx, sqlc.SumsByStretchParams{ConnectionID: connectionID, EndsFrom: dayOf(within.From), EndsTo: dayOf(within.To),
		PostedFrom: dayOf(within.PostedFrom), PostedTo: dayOf(within.PostedTo), Bounds: boundsOf(calendar)})
	if err != nil {
		return nil, fmt.Errorf("sum up rollups: %w", err)
	}
	rows := make([]sqlc.SumsByMonthRow, len(found))
	for i, r := range found {
		rows[i] = sqlc.SumsByMonthRow(r)
	}
	return rows, nil
}

// boundsOf returns the days on which a period begins, or one before it has
// ended: between two of them all days are of one period or of none.
func boundsOf(calendar period.Calendar) []time.Time {
	bounds := make([]time.Time, 0, 2*len(calendar))
	for _, p := range calendar {
		bounds = append(bounds, p.Starts.Time(), p.Ends.AddDays(1).Time())
	}
	slices.SortFunc(bounds, time.Time.Compare)
	return slices.Compact(bounds)
}

// dayOf is nil for the zero day.
func dayOf(d period.Date) *time.Time {
	if d == (period.Date{}) {
		return nil
	}
	t := d.Time()
	return &t
}

// Place is one settlement that holds lines of a subject.
type Place struct {
	SettlementID int64
	AmazonID     string
	From, To     period.Date // in the books' time zone
	Lines        int64
	Amount       money.Amount
}

// Places returns the settlements in a range that hold lines of a kind's
// subject, the newest first.
func Places(ctx context.Context, db sqlc.DBTX, connectionID int64, kindID int32, productGroup, fulfillment string, within Range) ([]Place, error) {
	rows, err := sqlc.New(db).SettlementsOfSubject(ctx, sqlc.SettlementsOfSubjectParams{
		ConnectionID: connectionID, KindID: kindID, ProductGroup: productGroup, Fulfillment: fulfillment,
		EndsFrom: dayOf(within.From), EndsTo: dayOf(within.To), PostedFrom: dayOf(within.PostedFrom), PostedTo: dayOf(within.PostedTo),
	})
	if err != nil {
		return nil, fmt.Errorf("find settlements of kind %d: %w", kindID, err)
	}
	places := make([]Place, len(rows))
	for i, r := range rows {
		places[i] = Place{r.ID, r.AmazonID, period.DateOf(r.StartOn), period.DateOf(r.EndOn), r.Lines, money.New(r.Amount, money.Currency(r.Currency))}
	}
	return places, nil
}

func calendarOf(ctx context.Context, db sqlc.DBTX, connectionID int64) (period.Calendar, error) {
	rows, err := sqlc.New(db).CalendarOfConnection(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read fiscal periods: %w", err)
	}
	calendar := make(period.Calendar, len(rows))
	for i, r := range rows {
		calendar[i] = period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Number),
			Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn), Closed: r.Closed}
	}
	return calendar, nil
}

func kindOf(marketplace, transactionType, amountType, amountDescription string, sign int16) Kind {
	return Kind{Marketplace: marketplace, TransactionType: transactionType, AmountType: amountType, AmountDescription: amountDescription, Sign: int(sign)}
}

func subjectOf(k Kind, productGroup, fulfillment string) Subject {
	return Subject{Kind: k, ProductGroup: productGroup, Fulfillment: fulfillment}
}

func ruleOf(r sqlc.RulesOfSetRow) Rule {
	return Rule{
		ID: r.ID, Lineage: r.Lineage, Position: int(r.Position),
		Marketplace:       Condition{Match(r.MarketplaceMatch), r.Marketplace},
		TransactionType:   Condition{Match(r.TransactionTypeMatch), r.TransactionType},
		AmountType:        Condition{Match(r.AmountTypeMatch), r.AmountType},
		AmountDescription: Condition{Match(r.AmountDescriptionMatch), r.AmountDescription},
		Sign:              int(r.Sign), ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment,
		Category: Category(r.Category), Slot: r.Slot, Account: r.Account, Branch: r.Branch,
		ByMarketplace: r.ByMarketplace, Gross: r.Gross, Note: r.Note,
	}
}

// insertRules writes rules at their positions; those without a lineage get one.
func insertRules(ctx context.Context, q *sqlc.Queries, setID int64, rules []Rule) error {
	fresh := 0
	for _, r := range rules {
		if r.Lineage == 0 {
			fresh++
		}
	}
	lineages, err := q.NextLineages(ctx, int32(fresh))
	if err != nil {
		return fmt.Errorf("number new rules: %w", err)
	}
	rows := make([]sqlc.InsertRulesParams, len(rules))
	for i, r := range rules {
		if r.Lineage == 0 {
			r.Lineage, lineages = lineages[0], lineages[1:]
		}
		rows[i] = sqlc.InsertRulesParams{
			RuleSetID: setID, Lineage: r.Lineage, Position: int32(r.Position),
			MarketplaceMatch: string(r.Marketplace.Match), Marketplace: r.Marketplace.Text,
			TransactionTypeMatch: string(r.TransactionType.Match), TransactionType: r.TransactionType.Text,
			AmountTypeMatch: string(r.AmountType.Match), AmountType: r.AmountType.Text,
			AmountDescriptionMatch: string(r.AmountDescription.Match), AmountDescription: r.AmountDescription.Text,
			Sign: int16(r.Sign), ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment, Category: string(r.Category), Slot: r.Slot,
			Account: r.Account, Branch: r.Branch, ByMarketplace: r.ByMarketplace, Gross: r.Gross, Note: r.Note,
		}
	}
	if _, err := q.InsertRules(ctx, rows); err != nil {
		return fmt.Errorf("write rules: %w", err)
	}
	return nil
}

func updateRule(ctx context.Context, q *sqlc.Queries, setID int64, r Rule) error {
	n, err := q.UpdateRule(ctx, sqlc.UpdateRuleParams{
		ID: r.ID, RuleSetID: setID,
		MarketplaceMatch: string(r.Marketplace.Match), Marketplace: r.Marketplace.Text,
		TransactionTypeMatch: string(r.TransactionType.Match), TransactionType: r.TransactionType.Text,
		AmountTypeMatch: string(r.AmountType.Match), AmountType: r.AmountType.Text,
		AmountDescriptionMatch: string(r.AmountDescription.Match), AmountDescription: r.AmountDescription.Text,
		Sign: int16(r.Sign), ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment, Category: string(r.Category), Slot: r.Slot,
		Account: r.Account, Branch: r.Branch, ByMarketplace: r.ByMarketplace, Gross: r.Gross, Note: r.Note,
	})
	if err != nil {
		return fmt.Errorf("write rule: %w", err)
	}
	if n == 0 {
		return fault.New(fault.NotFound, "This rule is not in the draft any more.")
	}
	return nil
}

func insertAccounts(ctx context.Context, q *sqlc.Queries, setID int64, accounts map[string]string) error {
	var rows []sqlc.InsertAccountsParams
	for slot, account := range accounts {
		if account != "" {
			rows = append(rows, sqlc.InsertAccountsParams{RuleSetID: setID, Slot: slot, Account: account})
		}
	}
	if _, err := q.InsertAccounts(ctx, rows); err != nil {
		return fmt.Errorf("write account picks: %w", err)
	}
	return nil
}

func idOf(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
