package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/rates"
	"tieout/sqlc"
)

// Drafted is what drafting a settlement came to.
type Drafted struct {
	Entries  []int64
	Problems []Problem
}

// Draft makes or remakes the draft entries of a settlement under the published
// rule set. Entries beyond draft stay as they are; what they do not carry is
// built again. Problems become exceptions, and exceptions whose cause is gone
// are resolved. Doing it twice changes nothing.
func (s *Service) Draft(ctx context.Context, settlementID int64, actor audit.Actor) (Drafted, error) {
	var result Drafted
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		var err error
		result, err = s.draft(ctx, tx, settlementID, actor)
		return err
	})
	if err != nil {
		return Drafted{}, fmt.Errorf("draft settlement %d: %w", settlementID, err)
	}
	return result, nil
}

func (s *Service) draft(ctx context.Context, tx *database.Tx, settlementID int64, actor audit.Actor) (Drafted, error) {
	db := sqlc.New(tx)
	st, err := db.LockSettlement(ctx, settlementID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Drafted{}, fault.New(fault.NotFound, "There is no settlement %d.", settlementID)
	}
	if err != nil {
		return Drafted{}, fmt.Errorf("lock settlement: %w", err)
	}
	if st.ReplacedAt != nil {
		return Drafted{}, s.discardDrafts(ctx, tx, st, nil, "the report was re-issued", actor)
	}
	if st.ReplacesID != nil {
		if err := s.retire(ctx, tx, *st.ReplacesID, actor); err != nil {
			return Drafted{}, err
		}
	}
	rollups, err := uncarried(ctx, db, settlementID)
	if err != nil {
		return Drafted{}, err
	}
	plans, ruleSetID, problems, err := s.plan(ctx, tx, st, rollups)
	if err != nil {
		return Drafted{}, err
	}
	if err := s.raise(ctx, tx, st, problems, actor); err != nil {
		return Drafted{}, err
	}
	entries, err := s.store(ctx, tx, st, plans, ruleSetID, actor)
	return Drafted{entries, problems}, err
}

func uncarried(ctx context.Context, db *sqlc.Queries, settlementID int64) ([]Rollup, error) {
	rows, err := db.UncarriedRollups(ctx, settlementID)
	if err != nil {
		return nil, fmt.Errorf("read rollups: %w", err)
	}
	rollups := make([]Rollup, len(rows))
	for i, r := range rows {
		rollups[i] = Rollup{
			KindID: r.KindID, PostedOn: period.DateOf(r.PostedOn), ProductGroup: r.ProductGroup, Fulfillment: r.Fulfillment,
			CorrectionID: r.CorrectionID, Lines: r.Lines, Amount: r.Amount,
			Kind: mapping.Kind{Marketplace: r.Marketplace, TransactionType: r.TransactionType, AmountType: r.AmountType,
				AmountDescription: r.AmountDescription, Sign: int(r.Sign)},
		}
	}
	return rollups, nil
}

// plan builds the entries; without a published rule set everything waits.
func (s *Service) plan(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, rollups []Rollup) ([]Plan, int64, []Problem, error) {
	set, err := s.rules(ctx, tx, st.ConnectionID)
	if err != nil {
		return nil, 0, nil, err
	}
	if set == nil {
		return nil, 0, []Problem{{Class: AccountMissing, Subject: "rule set",
			Sentence: "This connection has no published mapping rules yet. Pick its accounts under Mapping rules and publish them."}}, nil
	}
	books, err := booksOf(ctx, tx, st, set)
	if err != nil {
		return nil, 0, nil, err
	}
	plans, problems := Build(books, rollups)
	return plans, set.ID, problems, nil
}

func booksOf(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, set *mapping.RuleSet) (Books, error) {
	db := sqlc.New(tx)
	zone, err := time.LoadLocation(st.TimeZone)
	if err != nil {
		return Books{}, fmt.Errorf("load time zone of %s: %w", st.ConnectionName, err)
	}
	calendar, err := calendarOf(ctx, db, st.ConnectionID)
	if err != nil {
		return Books{}, err
	}
	deposit := st.EndAt
	if st.DepositAt != nil {
		deposit = *st.DepositAt
	}
	b := Books{
		AmazonID: st.AmazonID, Currency: money.Currency(st.Currency), FunctionalCurrency: money.Currency(st.FunctionalCurrency),
		StartAt: st.StartAt.In(zone), EndAt: st.EndAt.In(zone), DepositOn: period.DateOf(deposit.In(zone)), Marketplaces: st.Marketplaces,
		Calendar: calendar, MoveToFirstOpen: st.ClosedPeriod == "first_open", RateByPostedDate: st.RateSource == "posted_date",
		RoundingLimit: st.RoundingLimit, Rules: mapping.Compile(*set),
	}
	if b.Accrued, err = accruedOf(ctx, db, st.ID); err != nil {
		return b, err
	}
	b.Rates, err = ratesOf(ctx, tx, st.ConnectionID, b)
	return b, err
}

// accruedOf are the periods whose accruals have a settlement's lines already.
func accruedOf(ctx context.Context, db *sqlc.Queries, settlementID int64) (map[string]bool, error) {
	rows, err := db.AccruedPeriods(ctx, settlementID)
	if err != nil {
		return nil, fmt.Errorf("read accrued periods: %w", err)
	}
	accrued := map[string]bool{}
	for _, r := range rows {
		accrued[period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Period)}.Key()] = true
	}
	return accrued, nil
}

// calendarOf reads the periods. One that was closed here counts as closed,
// exactly as one that was closed in P21.
func calendarOf(ctx context.Context, db *sqlc.Queries, connectionID int64) (period.Calendar, error) {
	rows, err := db.PeriodsOfConnection(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("read fiscal periods: %w", err)
	}
	calendar := make(period.Calendar, len(rows))
	for i, r := range rows {
		calendar[i] = period.Period{FiscalYear: int(r.FiscalYear), Number: int(r.Number),
			Starts: period.DateOf(r.StartsOn), Ends: period.DateOf(r.EndsOn), Closed: r.Closed, Locked: r.ClosedHere}
	}
	return calendar, nil
}

// ratesOf reads the rates around a settlement.
func ratesOf(ctx context.Context, tx *database.Tx, connectionID int64, b Books) (Rates, error) {
	if b.Currency == b.FunctionalCurrency {
		return nil, nil
	}
	table, err := rates.Load(ctx, tx, connectionID, period.DateOf(b.StartAt), latestOf(period.DateOf(b.EndAt), b.DepositOn), b.Currency, b.FunctionalCurrency)
	if err != nil {
		return nil, err
	}
	return func(on period.Date) (rates.Quotation, bool) {
		return table.Find(rates.Pair{Base: b.Currency, Quote: b.FunctionalCurrency}, on)
	}, nil
}

func latestOf(a, b period.Date) period.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// store writes the plans over the drafts that are there, one per period, and
// discards drafts that no plan stands for any more.
func (s *Service) store(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, plans []Plan, ruleSetID int64, actor audit.Actor) ([]int64, error) {
	kept := make([]int64, 0, len(plans))
	drafts, err := sqlc.New(tx).DraftsOfSettlement(ctx, st.ID)
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	for _, plan := range plans {
		hash, err := plan.hash(st, ruleSetID)
		if err != nil {
			return nil, err
		}
		id, same := int64(0), false
		for _, d := range drafts {
			if int(d.FiscalYear) == plan.Period.FiscalYear && int(d.Period) == plan.Period.Number {
				id, same = d.ID, bytes.Equal(d.PlanHash, hash)
			}
		}
		if !same {
			if id, err = s.storePlan(ctx, tx, st, plan, ruleSetID, id, hash); err != nil {
				return nil, err
			}
		}
		kept = append(kept, id)
	}
	return kept, s.discardDrafts(ctx, tx, st, kept, "rebuilt without it", actor)
}

// hash is of everything that the plan puts into an entry.
func (p Plan) hash(st sqlc.LockSettlementRow, ruleSetID int64) ([]byte, error) {
	text, err := json.Marshal([]any{p, ruleSetID, st.P21Company, st.P21Journal, st.FunctionalCurrency})
	if err != nil {
		return nil, fmt.Errorf("hash plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

func (s *Service) storePlan(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, p Plan, ruleSetID, id int64, hash []byte) (int64, error) {
	db := sqlc.New(tx)
	if id == 0 {
		fresh, err := s.insertEntry(ctx, db, st, p, ruleSetID, hash)
		if err != nil {
			return 0, err
		}
		return fresh, p.fill(ctx, tx, fresh, st.ID)
	}
	if err := db.ClearSources(ctx, id); err != nil {
		return 0, fmt.Errorf("clear sources of entry %d: %w", id, err)
	}
	if err := db.ClearLines(ctx, id); err != nil {
		return 0, fmt.Errorf("clear lines of entry %d: %w", id, err)
	}
	if err := db.ClearEntryRates(ctx, id); err != nil {
		return 0, fmt.Errorf("clear rates of entry %d: %w", id, err)
	}
	err := db.RedraftEntry(ctx, sqlc.RedraftEntryParams{
		ID: id, MovedFrom: p.MovedFrom, EntryOn: p.EntryOn.Time(), Rate: p.Rate, RateNote: p.RateNote, Description: p.Description,
		RuleSetID: ruleSetID, Company: st.P21Company, Journal: st.P21Journal, FunctionalCurrency: st.FunctionalCurrency,
		Clearing: p.Clearing, Total: p.Total, FunctionalTotal: p.FunctionalTotal, PlanHash: hash,
	})
	if err != nil {
		return 0, fmt.Errorf("redraft entry %d: %w", id, err)
	}
	return id, p.fill(ctx, tx, id, st.ID)
}

// fill writes what a plan's entry consists of and rests on.
func (p Plan) fill(ctx context.Context, tx *database.Tx, id, settlementID int64) error {
	if err := insertContent(ctx, sqlc.New(tx), id, settlementID, p.Lines, p.Sources); err != nil {
		return err
	}
	return rates.Rest(ctx, tx, id, p.RateIDs)
}

func (s *Service) insertEntry(ctx context.Context, db *sqlc.Queries, st sqlc.LockSettlementRow, p Plan, ruleSetID int64, hash []byte) (int64, error) {
	last, err := db.LastVersion(ctx, sqlc.LastVersionParams{ConnectionID: st.ConnectionID, AmazonID: st.AmazonID,
		FiscalYear: int32(p.Period.FiscalYear), Period: int32(p.Period.Number)})
	if err != nil {
		return 0, fmt.Errorf("number entry: %w", err)
	}
	id, err := db.InsertEntry(ctx, sqlc.InsertEntryParams{
		ConnectionID: st.ConnectionID, SettlementID: st.ID, EntryType: "settlement", Version: last + 1,
		Reference: Reference(st.AmazonID, p.Period, int(last)+1), Company: st.P21Company, Journal: st.P21Journal,
		FiscalYear: int32(p.Period.FiscalYear), Period: int32(p.Period.Number), MovedFrom: p.MovedFrom, EntryOn: p.EntryOn.Time(),
		Currency: st.Currency, FunctionalCurrency: st.FunctionalCurrency, Rate: p.Rate, RateNote: p.RateNote, Description: p.Description,
		RuleSetID: ruleSetID, Clearing: p.Clearing, Total: p.Total, FunctionalTotal: p.FunctionalTotal, PlanHash: hash,
	})
	if err != nil {
		return 0, fmt.Errorf("insert journal entry: %w", err)
	}
	return id, nil
}

func insertContent(ctx context.Context, db *sqlc.Queries, id, settlementID int64, lines []Line, sources []Source) error {
	rows := make([]sqlc.InsertLinesParams, len(lines))
	for i, l := range lines {
		rows[i] = sqlc.InsertLinesParams{EntryID: id, LineNo: int32(l.Number), Account: l.Account, Branch: l.Branch, Marketplace: l.Marketplace,
			Category: l.Category, Clearing: l.Clearing, Description: l.Description, Debit: l.Debit, Credit: l.Credit,
			FunctionalDebit: l.FunctionalDebit, FunctionalCredit: l.FunctionalCredit}
	}
	if _, err := db.InsertLines(ctx, rows); err != nil {
		return fmt.Errorf("insert lines of entry %d: %w", id, err)
	}
	made := make([]sqlc.InsertSourcesParams, len(sources))
	for i, x := range sources {
		made[i] = sqlc.InsertSourcesParams{EntryID: id, LineNo: int32(x.Line), SettlementID: settlementID, KindID: x.Rollup.KindID,
			PostedOn: x.Rollup.PostedOn.Time(), ProductGroup: x.Rollup.ProductGroup, Fulfillment: x.Rollup.Fulfillment,
			CorrectionID: x.Rollup.CorrectionID, RuleID: x.RuleID, Lines: x.Rollup.Lines, Amount: x.Rollup.Amount}
	}
	if _, err := db.InsertSources(ctx, made); err != nil {
		return fmt.Errorf("insert sources of entry %d: %w", id, err)
	}
	return nil
}

// discardDrafts drops drafts that are not kept. Discarded entries stay in the
// table, without content, for the history.
func (s *Service) discardDrafts(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, kept []int64, reason string, actor audit.Actor) error {
	db := sqlc.New(tx)
	drafts, err := db.DraftsOfSettlement(ctx, st.ID)
	if err != nil {
		return fmt.Errorf("read drafts: %w", err)
	}
	for _, d := range drafts {
		if slices.Contains(kept, d.ID) {
			continue
		}
		if err := db.ClearSources(ctx, d.ID); err != nil {
			return fmt.Errorf("clear sources of entry %d: %w", d.ID, err)
		}
		if err := db.ClearLines(ctx, d.ID); err != nil {
			return fmt.Errorf("clear lines of entry %d: %w", d.ID, err)
		}
		if err := db.ClearEntryRates(ctx, d.ID); err != nil {
			return fmt.Errorf("clear rates of entry %d: %w", d.ID, err)
		}
		if _, err := db.DiscardEntry(ctx, sqlc.DiscardEntryParams{ID: d.ID, Reason: reason}); err != nil {
			return fmt.Errorf("discard entry %d: %w", d.ID, err)
		}
		err := audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "discarded", ObjectType: "journal_entry", ObjectID: d.ID,
			ConnectionID: st.ConnectionID, Before: map[string]any{"reference": d.Reference}, Reason: reason})
		if err != nil {
			return err
		}
	}
	return nil
}

// classes ties problem classes to exception classes.
func (c ProblemClass) exception() exception.Class {
	return map[ProblemClass]exception.Class{
		UnmappedKind: exception.UnmappedKind, AccountMissing: exception.AccountProblem, NoPeriod: exception.NoPeriod,
		ClosedPeriod: exception.ClosedPeriod, MissingRate: exception.MissingRate, RoundingLimit: exception.RoundingLimit,
	}[c]
}

// raise opens an exception per problem and resolves the ones of this
// settlement whose problem is gone. An unmapped kind is one exception for the
// whole connection; the others are the settlement's own.
func (s *Service) raise(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, problems []Problem, actor audit.Actor) error {
	present := map[string]bool{}
	for _, p := range problems {
		class := p.Class.exception()
		raised := exception.Raised{
			ConnectionID: st.ConnectionID, Class: class, Title: "Settlement " + st.AmazonID + ": " + p.Sentence, SettlementID: st.ID, KindID: p.KindID, Records: p.Lines,
			Amount: decimal.NewNullDecimal(p.Amount), Currency: st.Currency, Cause: fmt.Sprintf("%d/%s", st.ID, p.Subject),
			Detail: map[string]any{"settlement": st.AmazonID, "subject": p.Subject},
		}
		if p.Class == MissingRate {
			raised.Amount = decimal.NewNullDecimal(st.Deposit) // all of it waits for the rate
		}
		if p.Class == UnmappedKind {
			raised.Cause = fmt.Sprint(p.KindID)
			raised.Title = p.Kind.String()
			if err := s.wholeKind(ctx, tx, &raised); err != nil {
				return err
			}
		}
		if _, err := exception.Raise(ctx, tx, raised); err != nil {
			return err
		}
		present[string(class)+"/"+raised.Cause] = true
	}
	return clearGone(ctx, tx, st, present, actor)
}

// wholeKind counts an unmapped kind over every settlement that waits on it.
func (s *Service) wholeKind(ctx context.Context, tx *database.Tx, r *exception.Raised) error {
	whole, err := sqlc.New(tx).WholeKind(ctx, r.KindID)
	if err != nil {
		return fmt.Errorf("count unmapped kind: %w", err)
	}
	r.Records, r.Amount = whole.Lines, decimal.NewNullDecimal(whole.Amount)
	return nil
}

func clearGone(ctx context.Context, tx *database.Tx, st sqlc.LockSettlementRow, present map[string]bool, actor audit.Actor) error {
	open, err := sqlc.New(tx).OpenExceptionsOfSettlement(ctx, &st.ID)
	if err != nil {
		return fmt.Errorf("read exceptions: %w", err)
	}
	drafting := map[exception.Class]bool{
		exception.UnmappedKind: true, exception.AccountProblem: true, exception.NoPeriod: true,
		exception.ClosedPeriod: true, exception.MissingRate: true, exception.RoundingLimit: true,
	}
	for _, x := range open {
		class := exception.Class(x.Class)
		if !drafting[class] || present[x.Class+"/"+x.Cause] {
			continue
		}
		if err := exception.Clear(ctx, tx, st.ConnectionID, class, x.Cause, "its cause is gone", actor); err != nil {
			return err
		}
	}
	return nil
}
