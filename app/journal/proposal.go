package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// EntryType says what an entry is made of.
type EntryType string

// The types. All but the first two are proposed: by a job or a person, on
// evidence that is no settlement line.
const (
	Settled     EntryType = "settlement"
	Reversal    EntryType = "reversal"
	Accrual     EntryType = "accrual"     // earned in the period, in no settlement yet
	Deferral    EntryType = "deferral"    // sold in the period, held by Amazon
	Revaluation EntryType = "revaluation" // open balances in other currencies at the closing rate
	Cost        EntryType = "cost"        // cost of what was sold
)

// Proposed reports whether entries of the type come from proposals.
func (t EntryType) Proposed() bool { return t.code() != "" }

// code stands in references.
func (t EntryType) code() string {
	return map[EntryType]string{Accrual: "ACC", Deferral: "DEF", Revaluation: "FX", Cost: "COGS"}[t]
}

// Title names the type on screens.
func (t EntryType) Title() string {
	return map[EntryType]string{Settled: "Settlement", Reversal: "Reversal", Accrual: "Accrual", Deferral: "Deferred sales", Revaluation: "Revaluation", Cost: "Cost of goods sold"}[t]
}

// Evidence is one thing that a line of a proposed entry is made of.
type Evidence struct {
	Line       int    // the line's number
	Position   int    // within the line; given when it is stored
	Subject    string // a transaction's id, an account, an item
	Detail     string
	Quantity   decimal.NullDecimal
	Amount     decimal.Decimal // in the entry's currency; positive credits the line's account
	DocumentID int64           // where it was read; 0: nowhere
}

// Proposal is an entry that is not made of settlement lines. Its Clearing line,
// if it has one, balances the others and needs no evidence; nor does a line of
// the category rounding.
type Proposal struct {
	ConnectionID int64
	Type         EntryType
	Subject      string // unique within connection, type and period: "USD"
	Currency     money.Currency
	On           period.Date // decides the period
	Description  string
	Rate         decimal.Decimal // functional for one of Currency
	RateNote     string
	RuleSetID    int64 // 0: no mapping rules had a say
	Lines        []Line
	Evidence     []Evidence
	ReverseOn    period.Date // its mirror is posted on that day by itself; zero: it stays
}

// Proposed is what became of a proposal.
type Proposed struct {
	ID      int64 // 0: there is no entry
	Status  Status
	Changed bool // the draft is new or was rebuilt
	Differs bool // the entry is beyond draft and holds something else
}

// reference is what P21 knows a proposed entry by.
func (p Proposal) reference(in period.Period, version int) string {
	return fmt.Sprintf("AMZ-%s-%d-%s-%04d%02d-%d", p.Type.code(), p.ConnectionID, p.Subject, in.FiscalYear, in.Number, version)
}

// Propose drafts the one live entry of a subject and period, or rebuilds its
// draft; what is submitted or beyond stays as it is. A proposal without lines
// discards the draft. Drafting in a period that is closed is fault.Conflict.
func (s *Service) Propose(ctx context.Context, tx *database.Tx, p Proposal, actor audit.Actor) (Proposed, error) {
	result, err := propose(ctx, tx, p, actor)
	if err != nil {
		return result, database.Translate(fmt.Errorf("propose %s %s of %s: %w", p.Type, p.Subject, p.On, err))
	}
	return result, nil
}

func propose(ctx context.Context, tx *database.Tx, p Proposal, actor audit.Actor) (Proposed, error) {
	db := sqlc.New(tx)
	books, err := db.BooksOfConnection(ctx, p.ConnectionID)
	if err != nil {
		return Proposed{}, fmt.Errorf("read connection: %w", err)
	}
	if err := p.validate(); err != nil {
		return Proposed{}, err
	}
	in, err := openPeriod(ctx, db, p)
	if err != nil {
		return Proposed{}, err
	}
	live, err := db.LiveProposal(ctx, sqlc.LiveProposalParams{ConnectionID: p.ConnectionID, EntryType: string(p.Type), Subject: p.Subject,
		FiscalYear: int32(in.FiscalYear), Period: int32(in.Number)})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Proposed{}, fmt.Errorf("look for its entry: %w", err)
	}
	hash, err := p.hash(books)
	if err != nil {
		return Proposed{}, err
	}
	same := bytes.Equal(live.PlanHash, hash)
	switch {
	case live.ID != 0 && Status(live.Status) != Draft:
		return Proposed{live.ID, Status(live.Status), false, !same}, nil
	case live.ID == 0 && len(p.Lines) == 0:
		return Proposed{}, nil
	case live.ID != 0 && same:
		return Proposed{live.ID, Draft, false, false}, nil
	case len(p.Lines) == 0:
		return Proposed{}, dropProposal(ctx, tx, p, live, actor)
	case in.Closed:
		return Proposed{}, fault.New(fault.Conflict, "Period %s is closed; nothing is drafted in it.", in.Key())
	}
	return p.store(ctx, tx, in, books, live.ID, hash, actor)
}

// validate refuses what the database would refuse on submission.
func (p Proposal) validate() error {
	debit, credit, functionalDebit, functionalCredit := decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero
	net := map[int]decimal.Decimal{}
	for _, l := range p.Lines {
		debit, credit = debit.Add(l.Debit), credit.Add(l.Credit)
		functionalDebit, functionalCredit = functionalDebit.Add(l.FunctionalDebit), functionalCredit.Add(l.FunctionalCredit)
		if !l.Clearing && l.Category != mapping.SlotRounding {
			net[l.Number] = l.Credit.Sub(l.Debit)
		}
	}
	if !debit.Equal(credit) || !functionalDebit.Equal(functionalCredit) {
		return fmt.Errorf("debits %s, credits %s, functional debits %s, credits %s", debit, credit, functionalDebit, functionalCredit)
	}
	for _, e := range p.Evidence {
		net[e.Line] = net[e.Line].Sub(e.Amount)
	}
	for line, left := range net {
		if !left.IsZero() {
			return fmt.Errorf("line %d differs from its evidence by %s", line, left)
		}
	}
	return nil
}

// openPeriod is the fiscal period of the proposal's day.
func openPeriod(ctx context.Context, db *sqlc.Queries, p Proposal) (period.Period, error) {
	calendar, err := calendarOf(ctx, db, p.ConnectionID)
	if err != nil {
		return period.Period{}, err
	}
	in, ok := calendar.Find(p.On)
	if !ok {
		return in, fault.New(fault.Conflict, "P21 has no fiscal period for %s.", p.On)
	}
	return in, nil
}

// hash is of everything that the proposal puts into an entry.
func (p Proposal) hash(books sqlc.BooksOfConnectionRow) ([]byte, error) {
	text, err := json.Marshal([]any{p, books.P21Company, books.P21Journal, books.FunctionalCurrency})
	if err != nil {
		return nil, fmt.Errorf("hash proposal: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// totals are the balancing line (debit positive) and the debits in both currencies.
func (p Proposal) totals() (clearing, total, functional decimal.Decimal) {
	for _, l := range p.Lines {
		total, functional = total.Add(l.Debit), functional.Add(l.FunctionalDebit)
		if l.Clearing {
			clearing = clearing.Add(l.Debit).Sub(l.Credit)
		}
	}
	return clearing, total, functional
}

// store writes the proposal over the draft id, or into a new entry for 0.
func (p Proposal) store(ctx context.Context, tx *database.Tx, in period.Period, books sqlc.BooksOfConnectionRow, id int64, hash []byte, actor audit.Actor) (Proposed, error) {
	db, action := sqlc.New(tx), "drafted again"
	clearing, total, functional := p.totals()
	if id == 0 {
		last, err := db.LastProposalVersion(ctx, sqlc.LastProposalVersionParams{ConnectionID: p.ConnectionID, EntryType: string(p.Type), Subject: p.Subject,
			FiscalYear: int32(in.FiscalYear), Period: int32(in.Number)})
		if err != nil {
			return Proposed{}, fmt.Errorf("number entry: %w", err)
		}
		action = "drafted"
		id, err = db.InsertEntry(ctx, sqlc.InsertEntryParams{ConnectionID: p.ConnectionID, EntryType: string(p.Type), Subject: p.Subject, ReverseOn: p.ReverseOn.TimeOrNil(),
			Reference: p.reference(in, int(last)+1), Version: last + 1, Company: books.P21Company, Journal: books.P21Journal,
			FiscalYear: int32(in.FiscalYear), Period: int32(in.Number), EntryOn: p.On.Time(), Currency: string(p.Currency), FunctionalCurrency: books.FunctionalCurrency,
			Rate: p.Rate, RateNote: p.RateNote, Description: p.Description, RuleSetID: p.RuleSetID, Clearing: clearing, Total: total, FunctionalTotal: functional, PlanHash: hash})
		if err != nil {
			return Proposed{}, fmt.Errorf("insert journal entry: %w", err)
		}
	} else {
		if err := clearProposal(ctx, db, id); err != nil {
			return Proposed{}, err
		}
		err := db.RedraftEntry(ctx, sqlc.RedraftEntryParams{ID: id, EntryOn: p.On.Time(), Rate: p.Rate, RateNote: p.RateNote, Description: p.Description, RuleSetID: p.RuleSetID,
			ReverseOn: p.ReverseOn.TimeOrNil(), Company: books.P21Company, Journal: books.P21Journal, FunctionalCurrency: books.FunctionalCurrency,
			Clearing: clearing, Total: total, FunctionalTotal: functional, PlanHash: hash})
		if err != nil {
			return Proposed{}, fmt.Errorf("redraft entry %d: %w", id, err)
		}
	}
	if err := insertContent(ctx, db, id, 0, p.Lines, nil); err != nil {
		return Proposed{}, err
	}
	if err := insertEvidence(ctx, db, id, p.Evidence); err != nil {
		return Proposed{}, err
	}
	err := audit.Write(ctx, tx, audit.Event{Actor: actor, Action: action, ObjectType: "journal_entry", ObjectID: id, ConnectionID: p.ConnectionID,
		After: map[string]any{"status": Draft, "type": p.Type, "subject": p.Subject, "period": in.Key(), "total": total.String()}})
	return Proposed{id, Draft, true, false}, err
}

func clearProposal(ctx context.Context, db *sqlc.Queries, id int64) error {
	if err := db.ClearEvidence(ctx, id); err != nil {
		return fmt.Errorf("clear evidence of entry %d: %w", id, err)
	}
	if err := db.ClearLines(ctx, id); err != nil {
		return fmt.Errorf("clear lines of entry %d: %w", id, err)
	}
	return nil
}

func insertEvidence(ctx context.Context, db *sqlc.Queries, id int64, list []Evidence) error {
	rows, position := make([]sqlc.InsertEvidenceParams, len(list)), map[int]int32{}
	for i, e := range list {
		position[e.Line]++
		rows[i] = sqlc.InsertEvidenceParams{EntryID: id, LineNo: int32(e.Line), Seq: position[e.Line], Subject: e.Subject, Detail: e.Detail,
			Quantity: e.Quantity, Amount: e.Amount, DocumentID: database.Key(e.DocumentID)}
	}
	if _, err := db.InsertEvidence(ctx, rows); err != nil {
		return fmt.Errorf("insert evidence of entry %d: %w", id, err)
	}
	return nil
}

// dropProposal discards the draft of a subject that is nothing any more.
func dropProposal(ctx context.Context, tx *database.Tx, p Proposal, live sqlc.LiveProposalRow, actor audit.Actor) error {
	db := sqlc.New(tx)
	if err := clearProposal(ctx, db, live.ID); err != nil {
		return err
	}
	if _, err := db.DiscardEntry(ctx, sqlc.DiscardEntryParams{ID: live.ID, Reason: "nothing is left of it"}); err != nil {
		return fmt.Errorf("discard entry %d: %w", live.ID, err)
	}
	return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "discarded", ObjectType: "journal_entry", ObjectID: live.ID, ConnectionID: p.ConnectionID,
		Before: map[string]any{"reference": live.Reference}, Reason: "nothing is left of it"})
}

// Place is where a page of evidence begins: behind a line's position.
type Place struct{ Line, Position int }

// EvidenceOf returns what an entry's lines rest on, in order: a page of one
// line, or of all for line 0.
func (s *Service) EvidenceOf(ctx context.Context, id int64, line int, after Place, size int) ([]Evidence, error) {
	rows, err := sqlc.New(s.pool).EvidenceOfEntry(ctx, sqlc.EvidenceOfEntryParams{EntryID: id, LineNo: int32(line), AfterLine: int32(after.Line),
		AfterSeq: int32(after.Position), PageSize: int32(size)})
	if err != nil {
		return nil, fmt.Errorf("read evidence of entry %d: %w", id, err)
	}
	list := make([]Evidence, len(rows))
	for i, r := range rows {
		list[i] = Evidence{Line: int(r.LineNo), Position: int(r.Seq), Subject: r.Subject, Detail: r.Detail, Quantity: r.Quantity, Amount: r.Amount, DocumentID: r.DocumentID}
	}
	return list, nil
}
