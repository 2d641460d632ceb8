package deposit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Filter selects deposits.
type Filter struct {
	Connection int64 // 0: all
	Settlement int64
	Currency   money.Currency
	State      string // of State, "open" for all that is not received, "all"
	Text       string // part of a settlement id or amount
	After      Place
	PageSize   int
}

// states are those that the filter selects.
func (f Filter) states() []string {
	if f.State != "open" {
		return []string{f.State}
	}
	var open []string
	for _, state := range States() {
		if state != Received && state != Nothing {
			open = append(open, string(state))
		}
	}
	return open
}

func like(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// Deposits returns a page of deposits, the newest first.
func (s *Service) Deposits(ctx context.Context, f Filter) ([]Deposit, error) {
	return deposits(ctx, s.pool, f)
}

func deposits(ctx context.Context, db sqlc.DBTX, f Filter) ([]Deposit, error) {
	rows, err := sqlc.New(db).ListAwaited(ctx, sqlc.ListAwaitedParams{ConnectionID: f.Connection, SettlementID: f.Settlement, Currency: string(f.Currency), AnyState: f.State == "all", States: f.states(), Pattern: like(f.Text),
		AfterID: f.After.ID, AfterOn: f.After.On.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list deposits: %w", err)
	}
	list := make([]Deposit, len(rows))
	for i, r := range rows {
		currency := money.Currency(r.Currency)
		list[i] = Deposit{SettlementID: r.SettlementID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, AmazonID: r.AmazonID, Due: period.DateOf(r.DueOn),
			Amount: money.New(r.Amount, currency), Matched: money.New(r.Matched, currency), State: State(r.State)}
	}
	return list, nil
}

// Deposit returns a settlement's deposit; fault.NotFound when there is none, or
// a re-issue replaced it.
func (s *Service) Deposit(ctx context.Context, settlementID int64) (Deposit, error) {
	return oneDeposit(ctx, s.pool, settlementID)
}

func oneDeposit(ctx context.Context, db sqlc.DBTX, settlementID int64) (Deposit, error) {
	list, err := deposits(ctx, db, Filter{Settlement: settlementID, State: "all", PageSize: 1})
	if err != nil {
		return Deposit{}, err
	}
	if len(list) == 0 || settlementID == 0 {
		return Deposit{}, fault.New(fault.NotFound, "There is no such deposit, or its settlement was re-issued.")
	}
	return list[0], nil
}

// StateSum is what stands in one state in one currency.
type StateSum struct {
	Currency money.Currency
	State    State
	Deposits int64
	Open     money.Amount
}

// Sums returns deposits by currency and state.
func (s *Service) Sums(ctx context.Context, connectionID int64) ([]StateSum, error) {
	rows, err := sqlc.New(s.pool).SumAwaited(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("add deposits up: %w", err)
	}
	sums := make([]StateSum, len(rows))
	for i, r := range rows {
		currency := money.Currency(r.Currency)
		sums[i] = StateSum{currency, State(r.State), r.Deposits, money.New(r.Amount.Sub(r.Matched), currency)}
	}
	return sums, nil
}

// LineState says where a bank line stands.
type LineState string

// The states by which lines are listed.
const (
	LineAmazon  LineState = "amazon"  // it looks like Amazon's, and no deposit is matched
	LineOpen    LineState = "open"    // all that is not matched
	LineDiffers LineState = "differs" // part of it is matched
	LineMatched LineState = "matched"
	LineIgnored LineState = "ignored"
	LineAll     LineState = "all"
)

// State of the line.
func (l Line) State() LineState {
	switch {
	case l.Ignored != "":
		return LineIgnored
	case l.Matched.Value.Equal(l.Amount.Value):
		return LineMatched
	case !l.Matched.Value.IsZero():
		return LineDiffers
	case l.Likely && l.Amount.Value.IsPositive():
		return LineAmazon
	}
	return LineOpen
}

// LineFilter selects bank lines.
type LineFilter struct {
	Connection, Account, Statement int64 // 0: all
	Currency                       money.Currency
	State                          LineState
	Text                           string
	After                          Place
	PageSize                       int
}

// Lines returns a page of bank lines, the newest first.
func (s *Service) Lines(ctx context.Context, f LineFilter) ([]Line, error) {
	rows, err := sqlc.New(s.pool).ListBankLines(ctx, sqlc.ListBankLinesParams{ConnectionID: f.Connection, BankAccountID: f.Account, StatementID: f.Statement, Currency: string(f.Currency), State: string(f.State),
		Pattern: like(f.Text), AfterID: f.After.ID, AfterOn: f.After.On.Time(), PageSize: int32(f.PageSize)})
	if err != nil {
		return nil, fmt.Errorf("list bank lines: %w", err)
	}
	list := make([]Line, len(rows))
	for i, r := range rows {
		list[i] = lineOf(sqlc.GetBankLineRow(r))
	}
	return list, nil
}

// Line returns one line; fault.NotFound when there is none.
func (s *Service) Line(ctx context.Context, id int64) (Line, error) { return oneLine(ctx, s.pool, id) }

func oneLine(ctx context.Context, db sqlc.DBTX, id int64) (Line, error) {
	r, err := sqlc.New(db).GetBankLine(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Line{}, fault.New(fault.NotFound, "There is no such bank line.")
	}
	if err != nil {
		return Line{}, fmt.Errorf("read bank line %d: %w", id, err)
	}
	return lineOf(r), nil
}

func lineOf(r sqlc.GetBankLineRow) Line {
	currency := money.Currency(r.Currency)
	l := Line{ID: r.ID, AccountID: r.BankAccountID, AccountName: r.AccountName, StatementID: r.StatementID, Number: int(r.LineNo), Booked: period.DateOf(r.BookedOn), Value: dayOf(r.ValueOn),
		Amount: money.New(r.Amount, currency), Matched: money.New(r.Matched, currency), Description: r.Description, References: r.Refs, BankID: r.BankRef, Reversal: r.Reversal, Returned: r.Returned,
		Likely: r.Likely, IgnoredBy: r.IgnoredName}
	if r.Ignored != nil {
		l.Ignored, l.IgnoredAt = *r.Ignored, *r.IgnoredAt
	}
	return l
}

// MatchFilter selects matches.
type MatchFilter struct {
	Connection, Line, Settlement int64  // 0: all
	State                        string // "" standing, "undone", "all"
	AfterID                      int64
	PageSize                     int
}

// Matches returns a page of matches with their parts, the newest first.
func (s *Service) Matches(ctx context.Context, f MatchFilter) ([]Match, error) {
	return matches(ctx, s.pool, sqlc.ListDepositMatchesParams{ConnectionID: f.Connection, LineID: f.Line, SettlementID: f.Settlement, State: f.State, AfterID: f.AfterID, PageSize: int32(f.PageSize)})
}

// Match returns one match; fault.NotFound when there is none.
func (s *Service) Match(ctx context.Context, id int64) (Match, error) {
	return oneMatch(ctx, s.pool, id)
}

func oneMatch(ctx context.Context, db sqlc.DBTX, id int64) (Match, error) {
	list, err := matches(ctx, db, sqlc.ListDepositMatchesParams{ID: id, State: "all", PageSize: 1})
	if err != nil {
		return Match{}, err
	}
	if len(list) == 0 || id == 0 {
		return Match{}, fault.New(fault.NotFound, "There is no such match.")
	}
	return list[0], nil
}

func matches(ctx context.Context, db sqlc.DBTX, p sqlc.ListDepositMatchesParams) ([]Match, error) {
	rows, err := sqlc.New(db).ListDepositMatches(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list matches: %w", err)
	}
	list, at, ids := make([]Match, len(rows)), map[int64]int{}, make([]int64, len(rows))
	for i, r := range rows {
		list[i] = Match{ID: r.ID, Currency: money.Currency(r.Currency), Rule: ruleOf(r.Rule), Reason: r.Reason, Difference: r.Difference, By: r.MatchedName, At: r.MatchedAt, UndoneBy: r.UndoneName, Restored: r.Restored}
		if r.Undone != nil {
			list[i].Undone, list[i].UndoneAt = *r.Undone, *r.DoneAt
		}
		at[r.ID], ids[i] = i, r.ID
	}
	parts, err := sqlc.New(db).PartsOfMatches(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list parts of matches: %w", err)
	}
	for _, r := range parts {
		m := &list[at[r.MatchID]]
		m.Parts = append(m.Parts, Part{LineID: r.LineID, Booked: dayOf(r.BookedOn), Account: r.AccountName, Description: r.Description, SettlementID: r.SettlementID, ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName,
			AmazonID: r.AmazonID, Amount: r.Amount})
	}
	return list, nil
}

// Figure is the one number of a connection's deposits in one currency: what they
// say that no bank line shows, less what Amazon's bank lines show that no deposit
// says. Deposits outside the days of the statements are in none of it.
type Figure struct {
	ConnectionID int64
	Unexplained  money.Amount
	Items        int64       // deposits and lines behind it
	From, To     period.Date // that statements tell of
}

// Figures returns the unexplained difference of every connection and currency
// that has bank statements; connectionID 0 is everywhere. Where none is listed,
// nothing is reconciled, which is not the same as no difference.
func (s *Service) Figures(ctx context.Context, connectionID int64) ([]Figure, error) {
	db := sqlc.New(s.pool)
	covered, err := db.BankCoverage(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read days of statements: %w", err)
	}
	open, err := db.UnexplainedDeposits(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("add up what is unexplained: %w", err)
	}
	type key struct {
		connection int64
		currency   string
	}
	at := map[key]int{}
	list := make([]Figure, len(covered))
	for i, c := range covered {
		at[key{c.ConnectionID, c.Currency}] = i
		list[i] = Figure{ConnectionID: c.ConnectionID, Unexplained: money.Amount{Currency: money.Currency(c.Currency)}, From: period.DateOf(c.FromOn), To: period.DateOf(c.ToOn)}
	}
	for _, o := range open {
		i, known := at[key{o.ConnectionID, o.Currency}]
		if !known {
			i = len(list)
			list = append(list, Figure{ConnectionID: o.ConnectionID})
		}
		list[i].Unexplained, list[i].Items = money.New(o.Amount, money.Currency(o.Currency)), o.Items
	}
	return list, nil
}
