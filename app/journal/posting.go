package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/sqlc"
)

// messageKind is the outbound kind of journal entries.
const messageKind = "journal_entry"

// Post takes an approved entry to P21, or goes on where an earlier attempt
// stopped. It returns an *outbound.Retry when it has to go on later. Running it
// any number of times leaves one journal in P21.
func (s *Service) Post(ctx context.Context, id int64) error {
	message, err := s.intend(ctx, id)
	if err != nil || message == 0 {
		return err
	}
	e, err := sqlc.New(s.pool).GetEntry(ctx, id)
	if err != nil {
		return fmt.Errorf("read journal entry %d: %w", id, err)
	}
	ledger, err := s.ledgers(ctx, e.ConnectionID)
	if err != nil {
		return fmt.Errorf("connect to P21 of %s: %w", e.ConnectionName, err)
	}
	var result outbound.Result
	side, err := newLedgerSide(ctx, ledger)
	if err != nil {
		err = s.deliver.Postpone(ctx, message, fmt.Errorf("ask P21 of %s what it can do: %w", e.ConnectionName, err))
	} else {
		result, err = s.deliver.Deliver(ctx, message, side)
	}
	if errors.Is(err, outbound.ErrHeld) {
		return nil // the worker that has it finishes it
	}
	if err != nil {
		return err
	}
	return s.finish(ctx, id, message, result)
}

// intend moves an approved entry to posting and writes the intent, in one
// transaction. It returns 0 when there is nothing to post.
func (s *Service) intend(ctx context.Context, id int64) (message int64, err error) {
	err = s.change(ctx, "post", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		db := sqlc.New(tx)
		switch Status(e.Status) {
		case Approved:
			if _, err := db.StartPosting(ctx, id); err != nil {
				return err
			}
		case Posting:
		default:
			return nil
		}
		payload, err := payloadOf(ctx, db, id)
		if err != nil {
			return err
		}
		message, err = outbound.Intend(ctx, tx, outbound.Message{ConnectionID: e.ConnectionID, Kind: messageKind, Target: e.Company,
			Reference: e.Reference, ObjectID: id, Payload: payload})
		if err != nil || Status(e.Status) == Posting {
			return err
		}
		return audit.Write(ctx, tx, event(e, audit.Job("posting"), "posting", map[string]any{"status": Posting}, ""))
	})
	return message, err
}

// Intended is an entry as it is meant for P21.
func (s *Service) Intended(ctx context.Context, id int64) (p21.Journal, error) {
	return intended(ctx, sqlc.New(s.pool), id)
}

func intended(ctx context.Context, db *sqlc.Queries, id int64) (p21.Journal, error) {
	e, err := db.GetEntry(ctx, id)
	if err != nil {
		return p21.Journal{}, fmt.Errorf("read entry: %w", err)
	}
	lines, err := linesOf(ctx, db, id)
	if err != nil {
		return p21.Journal{}, err
	}
	return ledgerJournal(e, lines), nil
}

func payloadOf(ctx context.Context, db *sqlc.Queries, id int64) ([]byte, error) {
	j, err := intended(ctx, db, id)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("write payload: %w", err)
	}
	return payload, nil
}

func ledgerJournal(e sqlc.GetEntryRow, lines []Line) p21.Journal {
	j := p21.Journal{
		Company: e.Company, Reference: e.Reference, JournalID: e.Journal, Date: period.DateOf(e.EntryOn), Period: int(e.Period),
		FiscalYear: int(e.FiscalYear), Currency: money.Currency(e.Currency), FunctionalCurrency: money.Currency(e.FunctionalCurrency),
		ExchangeRate: e.Rate, Description: e.Description,
	}
	for _, l := range lines {
		j.Lines = append(j.Lines, p21.Line{Number: l.Number, Account: l.Account, Branch: l.Branch, Debit: l.Debit, Credit: l.Credit,
			FunctionalDebit: l.FunctionalDebit, FunctionalCredit: l.FunctionalCredit, Description: l.Description})
	}
	return j
}

// finish records what delivery came to, in one transaction with the entry.
func (s *Service) finish(ctx context.Context, id, message int64, r outbound.Result) error {
	return s.change(ctx, "record posting of", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if Status(e.Status) != Posting && Status(e.Status) != Unknown {
			return nil // another worker recorded it
		}
		if err := outbound.Finish(ctx, tx, message, r); err != nil {
			return err
		}
		switch r.State {
		case outbound.Confirmed:
			return s.posted(ctx, tx, e, r.Key, audit.Job("posting"), "posted")
		case outbound.Declined:
			return s.refused(ctx, tx, e, r.Reason)
		}
		return s.unknown(ctx, tx, e, r, audit.Job("posting"))
	})
}

func (s *Service) posted(ctx context.Context, tx *database.Tx, e sqlc.LockEntryRow, number string, actor audit.Actor, action string) error {
	db := sqlc.New(tx)
	if _, err := db.MarkPosted(ctx, sqlc.MarkPostedParams{ID: e.ID, P21Number: number}); err != nil {
		return err
	}
	for _, class := range []exception.Class{exception.PostingRefused, exception.PostingUnknown, exception.PostingMismatch} {
		if err := exception.Clear(ctx, tx, e.ConnectionID, class, fmt.Sprint(e.ID), "the entry is posted as "+number, actor); err != nil {
			return err
		}
	}
	if e.ReversesID != nil && !e.Scheduled { // an entry that ended on its day stays posted
		if err := s.reversed(ctx, tx, *e.ReversesID, actor); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, event(e, actor, action, map[string]any{"status": Posted, "p21_number": number}, ""))
}

// reversed marks the entry that a posted reversal names and lets its settlement
// be drafted again.
func (s *Service) reversed(ctx context.Context, tx *database.Tx, original int64, actor audit.Actor) error {
	e, err := lock(ctx, tx, original)
	if err != nil {
		return err
	}
	if _, err := sqlc.New(tx).MarkReversed(ctx, original); err != nil {
		return err
	}
	if e.SettlementID != 0 {
		if err := s.jobs.Draft(ctx, tx.Tx, e.SettlementID); err != nil {
			return err
		}
	}
	return audit.Write(ctx, tx, event(e, actor, "reversed", map[string]any{"status": Reversed}, ""))
}

// refused sends the entry back to draft with P21's words.
func (s *Service) refused(ctx context.Context, tx *database.Tx, e sqlc.LockEntryRow, reason string) error {
	if err := toDraft(ctx, tx, e, reason, Posting); err != nil {
		return err
	}
	_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: e.ConnectionID, Class: exception.PostingRefused, Cause: fmt.Sprint(e.ID),
		Title: "P21 refused " + e.Reference + ": " + reason, EntryID: e.ID, SettlementID: e.SettlementID, Detail: map[string]any{"reason": reason}})
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, event(e, audit.Job("posting"), "refused", map[string]any{"status": Draft}, reason))
}

func (s *Service) unknown(ctx context.Context, tx *database.Tx, e sqlc.LockEntryRow, r outbound.Result, actor audit.Actor) error {
	if _, err := sqlc.New(tx).MarkUnknown(ctx, sqlc.MarkUnknownParams{ID: e.ID, Reason: r.Reason}); err != nil {
		return err
	}
	class := exception.PostingUnknown
	if r.Differ {
		class = exception.PostingMismatch
	}
	_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: e.ConnectionID, Class: class, Cause: fmt.Sprint(e.ID),
		Title: e.Reference + ": " + r.Reason, EntryID: e.ID, SettlementID: e.SettlementID, Detail: map[string]any{"reason": r.Reason, "key": r.Key}})
	if err != nil {
		return err
	}
	return audit.Write(ctx, tx, event(e, actor, "unknown", map[string]any{"status": Unknown}, r.Reason))
}

// ByHand takes an entry out of the queue while P21 does not answer, because a
// person enters it there by hand. Nothing is sent any more; somebody who did
// not prepare it records its number with MarkPosted.
func (s *Service) ByHand(ctx context.Context, id int64, actor audit.Actor) error {
	message, ok, err := outbound.OfObject(ctx, s.pool, messageKind, id)
	if err != nil {
		return err
	}
	if !ok || message.Error == "" {
		return fault.New(fault.Conflict, "Nothing keeps this entry from P21; it is posted by itself.")
	}
	return s.change(ctx, "take by hand", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if Status(e.Status) != Posting {
			return Changed()
		}
		reason := fmt.Sprintf("P21 did not answer; %s enters it by hand.", actor.Name)
		err := outbound.SetAside(ctx, tx, message.ID, actor.Name, reason)
		if errors.Is(err, outbound.ErrHeld) {
			return fault.New(fault.Conflict, "It is being sent at this moment. Try again in a minute.")
		}
		if err != nil {
			return err
		}
		if err := sqlc.New(tx).TakeByHand(ctx, sqlc.TakeByHandParams{EntryID: id, PersonID: actor.PersonID, Now: tx.Now}); err != nil {
			return fmt.Errorf("note who enters it: %w", err)
		}
		return s.unknown(ctx, tx, e, outbound.Result{State: outbound.Unknown, Reason: reason}, actor)
	})
}

// LookAgain asks P21 once more for an entry whose outcome is unknown and
// records what is found. It sends nothing.
func (s *Service) LookAgain(ctx context.Context, id int64, actor audit.Actor) (found bool, err error) {
	e, message, side, err := s.undecided(ctx, id)
	if err != nil {
		return false, err
	}
	held, err := side.Find(ctx, message)
	if err != nil {
		return false, fault.Wrap(err, fault.Unavailable, "P21 does not answer. Try again in a moment.")
	}
	if len(held) == 0 {
		return false, nil
	}
	if len(held) > 1 || held[0].Difference != "" {
		return false, fault.New(fault.Conflict, "P21 holds %d journals under %s, or one that differs: %s. Correct it in P21 first.", len(held), e.Reference, held[0].Difference)
	}
	return true, s.settle(ctx, id, message.ID, told{held[0].Key, "found in P21", true, false}, actor)
}

// MarkPosted records the P21 number of an unknown entry that a person found.
// The number is read back and compared where P21 can be asked; while it does
// not answer the number is taken as it is, and the audit log says so.
func (s *Service) MarkPosted(ctx context.Context, id int64, number string, actor audit.Actor) error {
	return s.markPosted(ctx, id, number, false, actor)
}

func (s *Service) markPosted(ctx context.Context, id int64, number string, second bool, actor audit.Actor) error {
	if number == "" {
		return fault.InvalidFields(map[string]string{"p21_number": "The journal's number in P21."})
	}
	e, message, side, err := s.undecided(ctx, id)
	blind := told{number, "number entered while P21 did not answer", false, second}
	if fault.Is(err, fault.Unavailable) {
		return s.settle(ctx, id, message.ID, blind, actor)
	}
	if err != nil {
		return err
	}
	if !side.CanLookUp() {
		return s.settle(ctx, id, message.ID, told{number, "number entered", false, second}, actor)
	}
	held, err := side.Read(ctx, message, number)
	switch {
	case fault.Is(err, fault.Unavailable):
		return s.settle(ctx, id, message.ID, blind, actor)
	case err != nil:
		return fault.Wrap(err, fault.Conflict, "P21 has no journal %s that could be read: %v", number, err)
	case held.Difference != "":
		return fault.New(fault.Conflict, "Journal %s in P21 is not %s: %s.", number, e.Reference, held.Difference)
	}
	return s.settle(ctx, id, message.ID, told{number, "number entered", true, second}, actor)
}

// SendAgain lets an unknown entry be sent once more, because a person looked in
// P21 and it is not there. P21 is asked again before anything leaves.
func (s *Service) SendAgain(ctx context.Context, id int64, reason string, actor audit.Actor) error {
	if len(reason) < 10 {
		return fault.InvalidFields(map[string]string{"reason": "Say where you looked in P21 and that it is not there (at least 10 characters)."})
	}
	_, message, _, err := s.undecided(ctx, id)
	if err != nil {
		return err
	}
	return s.change(ctx, "send again", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if Status(e.Status) != Unknown {
			return Changed()
		}
		if err := outbound.Reopen(ctx, tx, message.ID, actor.Name, reason); err != nil {
			return err
		}
		if err := sqlc.New(tx).GiveBack(ctx, id); err != nil {
			return fmt.Errorf("note that nobody enters it by hand: %w", err)
		}
		if _, err := sqlc.New(tx).StartPosting(ctx, id); err != nil {
			return err
		}
		if err := s.jobs.Post(ctx, tx.Tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, event(e, actor, "to be sent again", map[string]any{"status": Posting}, reason))
	})
}

func (s *Service) undecided(ctx context.Context, id int64) (sqlc.GetEntryRow, outbound.Message, *ledgerSide, error) {
	e, err := s.Get(ctx, id)
	if err != nil {
		return e, outbound.Message{}, nil, err
	}
	if Status(e.Status) != Unknown {
		return e, outbound.Message{}, nil, Changed()
	}
	message, ok, err := outbound.OfObject(ctx, s.pool, messageKind, id)
	if err != nil || !ok {
		return e, message, nil, fmt.Errorf("read message of entry %d: %w", id, err)
	}
	ledger, err := s.ledgers(ctx, e.ConnectionID)
	if err != nil {
		return e, message, nil, err
	}
	side, err := newLedgerSide(ctx, ledger)
	return e, message, side, err
}

// told is the number of an entry in P21 and how it came to be known.
type told struct {
	number, action string
	seen           bool // P21 was asked, and holds the entry under it
	second         bool // somebody else has recorded it before
}

func (s *Service) settle(ctx context.Context, id, message int64, t told, actor audit.Actor) error {
	return s.change(ctx, "settle", id, func(tx *database.Tx, e sqlc.LockEntryRow) error {
		if Status(e.Status) != Unknown {
			return Changed()
		}
		if err := outbound.Finish(ctx, tx, message, outbound.Result{State: outbound.Confirmed, Key: t.number}); err != nil {
			return err
		}
		byHand, err := s.noteNumber(ctx, tx, e, t, actor)
		if err != nil {
			return err
		}
		if err := s.posted(ctx, tx, e, t.number, actor, t.action); err != nil || !byHand || !t.seen {
			return err
		}
		return sqlc.New(tx).NoteReadBack(ctx, sqlc.NoteReadBackParams{EntryID: id, Outcome: string(Agrees), Now: tx.Now})
	})
}

// Stranded returns entries that are approved or posting and that nobody works
// on: a crash may have left them.
func (s *Service) Stranded(ctx context.Context) ([]int64, error) {
	ids, err := sqlc.New(s.pool).ApprovedEntries(ctx)
	if err != nil {
		return nil, fmt.Errorf("find stranded entries: %w", err)
	}
	return ids, nil
}

// Draftable returns the settlements of a connection whose entries are not
// beyond draft yet.
func (s *Service) Draftable(ctx context.Context, connectionID int64) ([]int64, error) {
	ids, err := sqlc.New(s.pool).SettlementsWithoutEntries(ctx, connectionID)
	if err != nil {
		return nil, fmt.Errorf("find settlements to draft: %w", err)
	}
	return ids, nil
}

// Stale returns connections with drafts of an older rule set, or with
// settlements that nobody drafted: a crash may have lost the request.
func (s *Service) Stale(ctx context.Context) ([]int64, error) {
	ids, err := sqlc.New(s.pool).StaleConnections(ctx)
	if err != nil {
		return nil, fmt.Errorf("find stale drafts: %w", err)
	}
	return ids, nil
}

// ledgerSide is a P21 ledger as a target of the write protocol.
type ledgerSide struct {
	ledger p21.Ledger
	able   p21.Capabilities
}

func newLedgerSide(ctx context.Context, ledger p21.Ledger) (*ledgerSide, error) {
	able, err := ledger.Capabilities(ctx)
	if err != nil {
		return nil, err
	}
	return &ledgerSide{ledger, able}, nil
}

func (l *ledgerSide) CanLookUp() bool         { return l.able.JournalRead }
func (l *ledgerSide) RefusesDuplicates() bool { return l.able.RefusesDuplicates }

func (l *ledgerSide) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	intended, err := journalIn(m)
	if err != nil {
		return nil, err
	}
	held, err := l.ledger.FindJournal(ctx, m.Reference)
	if err != nil {
		return nil, err
	}
	found := make([]outbound.Found, len(held))
	for i, h := range held {
		found[i] = outbound.Found{Key: h.Number, Difference: p21.Difference(intended, h)}
	}
	return found, nil
}

func (l *ledgerSide) Send(ctx context.Context, m outbound.Message) (string, error) {
	intended, err := journalIn(m)
	if err != nil {
		return "", err
	}
	posted, err := l.ledger.PostJournal(ctx, intended)
	return posted.Number, err
}

func (l *ledgerSide) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	intended, err := journalIn(m)
	if err != nil {
		return outbound.Found{}, err
	}
	held, err := l.ledger.ReadJournal(ctx, key)
	if err != nil {
		return outbound.Found{}, err
	}
	return outbound.Found{Key: held.Number, Difference: p21.Difference(intended, held)}, nil
}

func journalIn(m outbound.Message) (p21.Journal, error) {
	var j p21.Journal
	if err := json.Unmarshal(m.Payload, &j); err != nil {
		return j, fmt.Errorf("read payload of %s: %w", m.Reference, err)
	}
	return j, nil
}

func (l *ledgerSide) Outcome(err error) (outbound.Outcome, string) {
	words := fault.MessageOf(err)
	switch p21.OutcomeOf(err) {
	case p21.Refused:
		return outbound.Refused, words
	case p21.NotSent:
		return outbound.NotSent, words
	}
	return outbound.Ambiguous, words
}
