package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/outbound"
	"tieout/app/period"
	"tieout/sqlc"
)

// Entry is a journal entry as screens and exports read it.
type Entry = sqlc.GetEntryRow

// EntryLine is a line with its account's name and how many settlement lines
// are in it.
type EntryLine = sqlc.LinesOfEntryRow

// Item is an entry in a list.
type Item = sqlc.ListEntriesRow

// Get returns an entry; fault.NotFound when there is none.
func (s *Service) Get(ctx context.Context, id int64) (Entry, error) {
	e, err := sqlc.New(s.pool).GetEntry(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, fault.New(fault.NotFound, "There is no journal entry %d.", id)
	}
	if err != nil {
		return e, fmt.Errorf("read journal entry %d: %w", id, err)
	}
	return e, nil
}

// Lines returns an entry's lines in order.
func (s *Service) Lines(ctx context.Context, id int64) ([]EntryLine, error) {
	lines, err := sqlc.New(s.pool).LinesOfEntry(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read lines of entry %d: %w", id, err)
	}
	return lines, nil
}

// Part is one kind within a journal line.
type Part struct {
	Line     int
	KindID   int32
	Kind     mapping.Kind
	RuleID   int64
	Category mapping.Category // where all of an entry's parts are read
	First    period.Date      // accounting dates of its settlement lines
	Last     period.Date
	Lines    int64
	Amount   decimal.Decimal
}

// Parts returns what one line of an entry is made of, by kind, most money first.
func (s *Service) Parts(ctx context.Context, id int64, line int) ([]Part, error) {
	rows, err := sqlc.New(s.pool).KindsOfLine(ctx, sqlc.KindsOfLineParams{EntryID: id, LineNo: int32(line)})
	if err != nil {
		return nil, fmt.Errorf("read parts of entry %d: %w", id, err)
	}
	parts := make([]Part, len(rows))
	for i, r := range rows {
		parts[i] = Part{Line: line, KindID: r.KindID, RuleID: r.RuleID, First: period.DateOf(r.FirstOn), Last: period.DateOf(r.LastOn),
			Lines: r.Lines, Amount: r.Amount, Kind: kindOf(r.Marketplace, r.TransactionType, r.AmountType, r.AmountDescription, r.Sign)}
	}
	return parts, nil
}

// AllParts returns what every line of an entry is made of, in order of line.
func (s *Service) AllParts(ctx context.Context, id int64) ([]Part, error) {
	rows, err := sqlc.New(s.pool).SourcesOfEntry(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read parts of entry %d: %w", id, err)
	}
	parts := make([]Part, len(rows))
	for i, r := range rows {
		parts[i] = Part{Line: int(r.LineNo), KindID: r.KindID, RuleID: r.RuleID, Category: mapping.Category(r.Category), First: period.DateOf(r.FirstOn), Last: period.DateOf(r.LastOn),
			Lines: r.Lines, Amount: r.Amount, Kind: kindOf(r.Marketplace, r.TransactionType, r.AmountType, r.AmountDescription, r.Sign)}
	}
	return parts, nil
}

func kindOf(marketplace, transaction, amountType, description string, sign int16) mapping.Kind {
	return mapping.Kind{Marketplace: marketplace, TransactionType: transaction, AmountType: amountType, AmountDescription: description, Sign: int(sign)}
}

// Filter selects entries of a list; zero values select everything.
type Filter struct {
	ConnectionID int64
	Status       Status
	WaitingFor   int64  // entries this person could approve
	Period       string // "2026-11"
	Search       string // part of a reference, or a P21 number
	AfterOn      *time.Time
	AfterID      int64
	PageSize     int32
}

// List returns a page of entries, newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Item, error) {
	items, err := sqlc.New(s.pool).ListEntries(ctx, sqlc.ListEntriesParams{
		ConnectionID: database.Key(f.ConnectionID), Status: string(f.Status), WaitingFor: f.WaitingFor, Period: f.Period, Search: f.Search,
		AfterOn: f.AfterOn, AfterID: f.AfterID, PageSize: f.PageSize,
	})
	if err != nil {
		return nil, fmt.Errorf("list journal entries: %w", err)
	}
	return items, nil
}

// Sum is the entries of one state and currency.
type Sum = sqlc.CountEntriesRow

// Sums counts the filtered set per state and currency, whatever the state asked
// for.
func (s *Service) Sums(ctx context.Context, f Filter) ([]Sum, error) {
	sums, err := sqlc.New(s.pool).CountEntries(ctx, sqlc.CountEntriesParams{
		ConnectionID: database.Key(f.ConnectionID), WaitingFor: f.WaitingFor, Period: f.Period, Search: f.Search})
	if err != nil {
		return nil, fmt.Errorf("count journal entries: %w", err)
	}
	return sums, nil
}

// Periods returns the keys of the fiscal periods that have entries, newest
// first; connectionID 0 is all.
func (s *Service) Periods(ctx context.Context, connectionID int64) ([]string, error) {
	periods, err := sqlc.New(s.pool).EntryPeriods(ctx, database.Key(connectionID))
	if err != nil {
		return nil, fmt.Errorf("list periods of entries: %w", err)
	}
	return periods, nil
}

// WaitingFor counts the entries that a person could approve.
func (s *Service) WaitingFor(ctx context.Context, personID int64) (int64, error) {
	n, err := sqlc.New(s.pool).WaitingFor(ctx, personID)
	if err != nil {
		return 0, fmt.Errorf("count waiting entries: %w", err)
	}
	return n, nil
}

// OfSettlement returns a settlement's entries, discarded ones left out.
func (s *Service) OfSettlement(ctx context.Context, settlementID int64) ([]sqlc.EntriesOfSettlementRow, error) {
	entries, err := sqlc.New(s.pool).EntriesOfSettlement(ctx, settlementID)
	if err != nil {
		return nil, fmt.Errorf("read entries of settlement %d: %w", settlementID, err)
	}
	return entries, nil
}

// Approvals returns who approved an entry, voided approvals included.
func (s *Service) Approvals(ctx context.Context, id int64) ([]Approval, error) {
	approvals, err := sqlc.New(s.pool).ApprovalsOfEntry(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read approvals of entry %d: %w", id, err)
	}
	return approvals, nil
}

// Preparers returns the people who prepared an entry and so cannot approve it.
func (s *Service) Preparers(ctx context.Context, id int64) ([]int64, error) {
	people, err := sqlc.New(s.pool).Preparers(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read preparers of entry %d: %w", id, err)
	}
	return people, nil
}

// Remark is what a person wrote about an object.
type Remark = sqlc.CommentsOfRow

// Event is an entry of the audit log about an object.
type Event = sqlc.HistoryOfRow

// Comments returns the remarks on an entry.
func (s *Service) Comments(ctx context.Context, id int64) ([]Remark, error) {
	comments, err := sqlc.New(s.pool).CommentsOf(ctx, sqlc.CommentsOfParams{ObjectType: "journal_entry", ObjectID: id})
	if err != nil {
		return nil, fmt.Errorf("read comments of entry %d: %w", id, err)
	}
	return comments, nil
}

// History returns the audit events of an entry, oldest first.
func (s *Service) History(ctx context.Context, id int64) ([]Event, error) {
	events, err := sqlc.New(s.pool).HistoryOf(ctx, sqlc.HistoryOfParams{ObjectType: "journal_entry", ObjectID: fmt.Sprint(id)})
	if err != nil {
		return nil, fmt.Errorf("read history of entry %d: %w", id, err)
	}
	return events, nil
}

// Delivery returns how far an entry's way to P21 has come, step by step.
func (s *Service) Delivery(ctx context.Context, id int64) (outbound.Message, []outbound.Step, error) {
	m, ok, err := outbound.OfObject(ctx, s.pool, messageKind, id)
	if err != nil || !ok {
		return m, nil, err
	}
	steps, err := outbound.Steps(ctx, s.pool, m.ID)
	return m, steps, err
}

// PreviousVersion returns the version before an entry, false when it is the first.
func (s *Service) PreviousVersion(ctx context.Context, e Entry) (int64, bool, error) {
	id, err := sqlc.New(s.pool).PreviousVersion(ctx, sqlc.PreviousVersionParams{ConnectionID: e.ConnectionID, AmazonID: e.AmazonID,
		EntryType: e.EntryType, Subject: e.Subject, FiscalYear: e.FiscalYear, Period: e.Period, Version: e.Version})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("find previous version of entry %d: %w", e.ID, err)
	}
	return id, true, nil
}

// Finding is one check of an entry, green or red with a reason.
type Finding struct {
	Name   string
	OK     bool
	Reason string
}

// Checks says what stands between an entry and its posting.
func (s *Service) Checks(ctx context.Context, e Entry, lines []EntryLine) ([]Finding, error) {
	findings, err := s.bookChecks(ctx, e, lines)
	if err != nil {
		return nil, err
	}
	h, byHand, err := s.HandOf(ctx, e.ID)
	if err != nil || !byHand {
		return findings, err
	}
	return append(findings, handChecked(h)), nil
}

// handChecked says what P21 shows of an entry that a person entered there.
func handChecked(h Hand) Finding {
	const name = "Entered by hand"
	switch ReadBack(h.Outcome) {
	case Agrees:
		return Finding{name, true, "P21 shows the same under number " + h.Number + "."}
	case Differs, Absent:
		return Finding{name, false, "P21 was read back: " + h.Difference + "."}
	case NotRead:
	}
	if h.Number == "" {
		return Finding{name, true, h.TakenName + " enters it in P21; nothing is sent."}
	}
	return Finding{name, true, h.RecordedName + " recorded number " + h.Number + "; P21 has not been read back yet."}
}

// bookChecks are the checks against the books.
func (s *Service) bookChecks(ctx context.Context, e Entry, lines []EntryLine) ([]Finding, error) {
	db := sqlc.New(s.pool)
	calendar, err := calendarOf(ctx, db, e.ConnectionID)
	if err != nil {
		return nil, err
	}
	if e.SettlementID == 0 {
		evidenced, err := s.evidenced(ctx, e, lines)
		return []Finding{balanced(e, lines), evidenced, periodOpen(e, calendar), accountsUsable(lines)}, err
	}
	st, err := db.GetSettlement(ctx, e.SettlementID)
	if err != nil {
		return nil, fmt.Errorf("read settlement %d: %w", e.SettlementID, err)
	}
	findings := []Finding{balanced(e, lines), tiesOut(e, st), notReplaced(e, st), periodOpen(e, calendar), accountsUsable(lines)}
	duplicates, err := s.duplicate(ctx, e)
	if err != nil {
		return nil, err
	}
	findings = append(findings, duplicates)
	rebuilt, applies, err := s.rebuiltCheck(ctx, e)
	if err != nil || !applies {
		return findings, err
	}
	return append(findings, rebuilt), nil
}

func balanced(e Entry, lines []EntryLine) Finding {
	debit, credit, functionalDebit, functionalCredit := decimal.Zero, decimal.Zero, decimal.Zero, decimal.Zero
	for _, l := range lines {
		debit, credit = debit.Add(l.Debit), credit.Add(l.Credit)
		functionalDebit, functionalCredit = functionalDebit.Add(l.FunctionalDebit), functionalCredit.Add(l.FunctionalCredit)
	}
	ok := len(lines) >= 2 && debit.Equal(credit) && functionalDebit.Equal(functionalCredit)
	if !ok {
		return Finding{"Balanced", false, fmt.Sprintf("Debits %s, credits %s.", debit.StringFixed(2), credit.StringFixed(2))}
	}
	return Finding{"Balanced", true, fmt.Sprintf("Debits and credits are %s %s.", debit.StringFixed(2), e.Currency)}
}

func tiesOut(e Entry, st sqlc.GetSettlementRow) Finding {
	if e.EntryType == "reversal" {
		return Finding{"Tie-out", true, "Mirror of a posted entry."}
	}
	if !st.Difference.IsZero() {
		return Finding{"Tie-out", false, fmt.Sprintf("The settlement's lines miss its deposit by %s %s.", st.Difference.StringFixed(2), st.Currency)}
	}
	return Finding{"Tie-out", true, "The settlement's lines add up to its deposit, difference 0.00."}
}

// evidenced holds the lines of a proposed entry against what they rest on.
func (s *Service) evidenced(ctx context.Context, e Entry, lines []EntryLine) (Finding, error) {
	if e.ReversesID != nil {
		return Finding{"Evidence", true, "Mirror of a posted entry."}, nil
	}
	sums, err := sqlc.New(s.pool).EvidenceSums(ctx, e.ID)
	if err != nil {
		return Finding{}, fmt.Errorf("add up the evidence of entry %d: %w", e.ID, err)
	}
	left, pieces := map[int32]decimal.Decimal{}, int64(0)
	for _, x := range sums {
		left[x.LineNo] = x.Amount
		pieces += x.Pieces
	}
	for _, l := range lines {
		if l.Clearing || l.Category == mapping.SlotRounding {
			continue
		}
		if gap := l.Credit.Sub(l.Debit).Sub(left[l.LineNo]); !gap.IsZero() {
			return Finding{"Evidence", false, fmt.Sprintf("Line %d differs from its evidence by %s.", l.LineNo, gap.StringFixed(2))}, nil
		}
	}
	return Finding{"Evidence", true, fmt.Sprintf("Every line is the sum of what it rests on: %d pieces.", pieces)}, nil
}

func notReplaced(e Entry, st sqlc.GetSettlementRow) Finding {
	if st.ReplacedAt != nil && e.EntryType == "settlement" && e.Status != string(Posted) && e.Status != string(Reversed) {
		return Finding{"Current report", false, "Amazon re-issued this settlement; the entry is of the old report."}
	}
	return Finding{"Current report", true, "It is made from the latest report."}
}

func periodOpen(e Entry, calendar period.Calendar) Finding {
	for _, p := range calendar {
		if p.FiscalYear != int(e.FiscalYear) || p.Number != int(e.Period) {
			continue
		}
		if p.Closed && e.Status != string(Posted) && e.Status != string(Reversed) {
			return Finding{"Period open", false, "Period " + p.Key() + " is " + p.ClosedWhere() + "."}
		}
		return Finding{"Period open", true, "Period " + p.Key() + ", " + p.Starts.String() + " to " + p.Ends.String() + "."}
	}
	return Finding{"Period open", false, fmt.Sprintf("P21 has no period %04d-%02d.", e.FiscalYear, e.Period)}
}

func accountsUsable(lines []EntryLine) Finding {
	for _, l := range lines {
		switch {
		case !l.AccountKnown:
			return Finding{"Accounts", false, "Account " + l.Account + " is not in P21's chart of accounts."}
		case !l.AccountActive:
			return Finding{"Accounts", false, "Account " + l.Account + " is inactive in P21."}
		case l.AccountControl:
			return Finding{"Accounts", false, "Account " + l.Account + " is a control account; journals do not post to it."}
		}
	}
	return Finding{"Accounts", true, "All accounts are active."}
}

// duplicate looks for another entry of the same settlement and period.
func (s *Service) duplicate(ctx context.Context, e Entry) (Finding, error) {
	entries, err := s.OfSettlement(ctx, e.SettlementID)
	if err != nil {
		return Finding{}, err
	}
	for _, other := range entries {
		same := other.ID != e.ID && other.EntryType == e.EntryType && other.FiscalYear == e.FiscalYear && other.Period == e.Period
		if same && other.Status != string(Reversed) && e.Status != string(Reversed) {
			return Finding{"No duplicate", false, other.Reference + " is of the same settlement and period."}, nil
		}
	}
	return Finding{"No duplicate", true, "It is the only entry of its settlement and period."}, nil
}

// Carrier is the entry that carries a settlement's amounts of one kind and day.
type Carrier struct {
	ID                int64
	Reference, Status string
}

// CarrierOf returns the live entry and the number of its line that carry a
// kind on a day; false when nothing is drafted yet.
func (s *Service) CarrierOf(ctx context.Context, settlementID int64, kindID int32, on time.Time) (Carrier, int, bool, error) {
	row, err := sqlc.New(s.pool).CarrierOf(ctx, sqlc.CarrierOfParams{SettlementID: settlementID, KindID: kindID, PostedOn: on})
	if errors.Is(err, pgx.ErrNoRows) {
		return Carrier{}, 0, false, nil
	}
	if err != nil {
		return Carrier{}, 0, false, fmt.Errorf("find the entry of settlement %d: %w", settlementID, err)
	}
	return Carrier{row.ID, row.Reference, row.Status}, int(row.LineNo), true, nil
}

// CarriedKey is a kind on an accounting date: the report's lines, or a correction.
type CarriedKey struct {
	KindID     int32
	Day        period.Date
	Correction bool
}

// Carried returns which kinds on which days an entry carries.
func (s *Service) Carried(ctx context.Context, id int64) (map[CarriedKey]bool, error) {
	rows, err := sqlc.New(s.pool).CarriedByEntry(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read sources of entry %d: %w", id, err)
	}
	carried := make(map[CarriedKey]bool, len(rows))
	for _, r := range rows {
		carried[CarriedKey{r.KindID, period.DateOf(r.PostedOn), r.Correction}] = true
	}
	return carried, nil
}
