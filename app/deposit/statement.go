package deposit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/bank"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// documentKind is what statements are called among documents.
const documentKind = "bank_statement"

// Statement is one account's part of a file, as it was read in.
type Statement struct {
	ID               int64
	AccountID        int64
	AccountName      string
	Currency         money.Currency
	DocumentID       int64
	File             string
	Format           bank.Format
	Number           string
	From, To         period.Date // zero: not told
	Opening, Closing *decimal.Decimal
	Lines, New       int // New: the others had come before
	Sum              decimal.Decimal
	Problems         int
	By               string
	At               time.Time
}

// Missing is what the lines lack to the closing balance; told is false when not
// both balances are known.
func (s Statement) Missing() (missing decimal.Decimal, told bool) {
	if s.Opening == nil || s.Closing == nil {
		return decimal.Zero, false
	}
	return s.Closing.Sub(*s.Opening).Sub(s.Sum), true
}

// Taken is what became of a file.
type Taken struct {
	DocumentID int64
	File       bank.File
	Statements []TakenStatement
	LeftOut    []string // statements that belong to no account here, and why
	Unmapped   bool     // a CSV file whose columns nobody has chosen
}

// TakenStatement is what became of one statement.
type TakenStatement struct {
	Account    string
	Lines, New int
	Known      bool // the same file was read before; nothing was changed
}

// Keep stores a file as it came. The same bytes again are the same document.
func (s *Service) Keep(ctx context.Context, name string, r io.Reader, actor audit.Actor) (int64, error) {
	data, err := io.ReadAll(io.LimitReader(r, bank.MaxSize+1))
	if err != nil {
		return 0, fault.Wrap(err, fault.Invalid, "%s did not arrive whole. Send it again.", name)
	}
	if len(data) > bank.MaxSize {
		return 0, fault.New(fault.Invalid, "%s has more than %d MB. Ask the bank for a shorter period.", name, bank.MaxSize>>20)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return 0, fault.New(fault.Invalid, "%s is empty.", name)
	}
	doc, _, err := s.documents.Put(ctx, document.Meta{Kind: documentKind, Name: name, Source: document.FromUpload, CreatedBy: actor.PersonID}, bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("store %s: %w", name, err)
	}
	return doc.ID, nil
}

// Bytes returns a statement's file and its name.
func (s *Service) Bytes(ctx context.Context, documentID int64) (data []byte, name string, err error) {
	doc, err := s.documents.Get(ctx, documentID)
	if err != nil {
		return nil, "", err
	}
	if doc.Meta.Kind != documentKind {
		return nil, "", fault.New(fault.NotFound, "There is no such statement.")
	}
	r, err := s.documents.Open(ctx, documentID)
	if err != nil {
		return nil, "", fmt.Errorf("open statement: %w", err)
	}
	data, err = io.ReadAll(io.LimitReader(r, bank.MaxSize+1))
	if closing := r.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, "", fmt.Errorf("read statement: %w", err)
	}
	return data, doc.Meta.Name, nil
}

// Take reads a kept file in. Statements go to the account that they name;
// accountID is for files that name none.
func (s *Service) Take(ctx context.Context, documentID, accountID int64, actor audit.Actor) (Taken, error) {
	taken := Taken{DocumentID: documentID}
	data, _, err := s.Bytes(ctx, documentID)
	if err != nil {
		return taken, err
	}
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return taken, err
	}
	chosen := slices.IndexFunc(accounts, func(a Account) bool { return a.ID == accountID })
	mapping := bank.Mapping{}
	if bank.Detect(data) == bank.CSV {
		if chosen < 0 || accounts[chosen].Mapping == nil {
			taken.Unmapped, taken.File.Format = true, bank.CSV
			return taken, nil
		}
		mapping = *accounts[chosen].Mapping
	}
	taken.File = bank.Read(data, mapping)
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		taken.Statements, taken.LeftOut = nil, nil
		t := taking{tx, documentID, actor, taken.File.Format}
		var events []audit.Event
		for position, statement := range taken.File.Statements {
			account, why := belongs(statement, accounts, accountID, taken.File)
			if account == nil {
				taken.LeftOut = append(taken.LeftOut, why)
				continue
			}
			done, event, err := t.statement(ctx, *account, position, statement)
			if err != nil {
				return err
			}
			taken.Statements = append(taken.Statements, done)
			if event != nil {
				events = append(events, *event)
			}
		}
		if err := t.problems(ctx, taken.File); err != nil {
			return err
		}
		return audit.Write(ctx, tx.Tx, events...)
	})
	return taken, database.Translate(err)
}

// belongs finds the account of a statement, or says why there is none.
func belongs(s bank.Statement, accounts []Account, chosen int64, file bank.File) (*Account, string) {
	number := numberOf(s.Account)
	title := s.Account
	if title == "" {
		title = "without a number"
	}
	for i, a := range accounts {
		if number != "" && a.Number == number && (s.Currency == "" || s.Currency == a.Currency) {
			return &accounts[i], ""
		}
	}
	i := slices.IndexFunc(accounts, func(a Account) bool { return a.ID == chosen })
	if i < 0 {
		return nil, fmt.Sprintf("Account %s (%s, %d lines) is none of yours here. Add it, or choose the account that the file belongs to, and upload the file again.", title, s.Currency, len(s.Lines))
	}
	a := &accounts[i]
	alone := !slices.ContainsFunc(file.Statements, func(o bank.Statement) bool { return o.Account != s.Account })
	switch {
	case s.Currency != "" && s.Currency != a.Currency:
		return nil, fmt.Sprintf("Account %s is in %s and %s in %s. Its %d lines were left out.", title, s.Currency, a.Name, a.Currency, len(s.Lines))
	case number == "" || a.Number == "" && alone:
		return a, ""
	}
	return nil, fmt.Sprintf("The file is of account %s, which is not %s. Its %d lines were left out.", title, a.Name, len(s.Lines))
}

// taking is a file being read in.
type taking struct {
	tx         *database.Tx
	documentID int64
	actor      audit.Actor
	format     bank.Format
}

// problems keeps what could not be read, once.
func (t taking) problems(ctx context.Context, file bank.File) error {
	if len(file.Problems) == 0 {
		return nil
	}
	p := sqlc.InsertBankProblemsParams{DocumentID: t.documentID}
	for i, problem := range file.Problems {
		p.Positions, p.LineNos, p.Messages = append(p.Positions, int32(i)), append(p.LineNos, int32(problem.Line)), append(p.Messages, problem.Message)
	}
	if file.More > 0 {
		p.Positions, p.LineNos, p.Messages = append(p.Positions, int32(len(file.Problems))), append(p.LineNos, 0), append(p.Messages, fmt.Sprintf("%d more problems are not listed.", file.More))
	}
	if err := sqlc.New(t.tx).InsertBankProblems(ctx, p); err != nil {
		return fmt.Errorf("keep problems: %w", err)
	}
	return nil
}

func (t taking) statement(ctx context.Context, account Account, position int, s bank.Statement) (TakenStatement, *audit.Event, error) {
	db := sqlc.New(t.tx)
	done := TakenStatement{Account: account.Name}
	if _, err := db.LockBankAccount(ctx, account.ID); err != nil {
		return done, nil, fmt.Errorf("lock bank account: %w", err)
	}
	positions, err := db.StatementsOfDocument(ctx, sqlc.StatementsOfDocumentParams{BankAccountID: account.ID, DocumentID: t.documentID})
	if err != nil {
		return done, nil, fmt.Errorf("look for statement: %w", err)
	}
	s.Lines = slices.DeleteFunc(slices.Clone(s.Lines), func(l bank.Line) bool { return l.Amount.IsZero() })
	done.Lines = len(s.Lines)
	if slices.Contains(positions, int32(position)) {
		done.Known = true
		return done, nil, nil
	}
	fresh, identities, err := t.fresh(ctx, account.ID, s.Lines)
	if err != nil {
		return done, nil, err
	}
	done.New = len(fresh)
	first, last := s.Days()
	p := sqlc.InsertBankStatementParams{BankAccountID: account.ID, DocumentID: t.documentID, Position: int32(position), Format: string(t.format), Number: s.ID, FromOn: day(first), ToOn: day(last),
		LineCount: int32(len(s.Lines)), LineSum: s.Sum(), NewCount: int32(len(fresh)), NewSum: bank.Statement{Lines: fresh}.Sum(), ProblemCount: int32(s.Problems), CreatedBy: person(t.actor), Now: t.tx.Now}
	if s.Opening != nil {
		p.Opening = decimal.NewNullDecimal(s.Opening.Value)
	}
	if s.Closing != nil {
		p.Closing = decimal.NewNullDecimal(s.Closing.Value)
	}
	id, err := db.InsertBankStatement(ctx, p)
	if err != nil {
		return done, nil, fmt.Errorf("store statement: %w", err)
	}
	lines := make([]sqlc.InsertBankLinesParams, len(fresh))
	for i, l := range fresh {
		lines[i] = sqlc.InsertBankLinesParams{BankAccountID: account.ID, StatementID: id, LineNo: int32(l.Place), Identity: identities[i], BookedOn: l.Booked.Time(), ValueOn: day(l.Value), Amount: l.Amount,
			Description: l.Description, Refs: append([]string{}, l.References...), BankRef: l.BankID, Reversal: l.Reversal, Returned: l.Returned, Likely: likely(l)}
	}
	if _, err := db.InsertBankLines(ctx, lines); err != nil {
		return done, nil, fmt.Errorf("store bank lines: %w", err)
	}
	return done, &audit.Event{Actor: t.actor, Action: "imported", ObjectType: "bank_statement", ObjectID: id,
		After: map[string]any{"account": account.Name, "document": t.documentID, "lines": len(s.Lines), "new": len(fresh), "problems": s.Problems}}, nil
}

// fresh returns the lines that are not stored yet, with their identities.
func (t taking) fresh(ctx context.Context, accountID int64, lines []bank.Line) (fresh []bank.Line, identities [][]byte, err error) {
	all := identify(lines)
	known, err := sqlc.New(t.tx).KnownBankLines(ctx, sqlc.KnownBankLinesParams{BankAccountID: accountID, Identities: all})
	if err != nil {
		return nil, nil, fmt.Errorf("look for known lines: %w", err)
	}
	stored := map[string]bool{}
	for _, k := range known {
		stored[string(k)] = true
	}
	for i, l := range lines {
		if !stored[string(all[i])] {
			fresh, identities = append(fresh, l), append(identities, all[i])
		}
	}
	return fresh, identities, nil
}

// identify tells lines apart so that one that comes again in another file is
// known again: by the bank's own id, or by day, amount and description, and in
// either case by its number among those that are equal.
func identify(lines []bank.Line) [][]byte {
	seen := map[string]int{}
	list := make([][]byte, len(lines))
	for i, l := range lines {
		name := "id\x00" + l.BankID
		if l.BankID == "" {
			name = "text\x00" + strings.ToLower(l.Description)
		}
		key := fmt.Sprintf("%s\x00%s\x00%s", name, l.Booked, l.Amount.StringFixed(4))
		seen[key]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
		list[i] = sum[:]
	}
	return list
}

var amazon = regexp.MustCompile(`(?i)\b(amazon|amzn)\b`)

// likely reports whether a line looks as if it came from Amazon.
func likely(l bank.Line) bool {
	return amazon.MatchString(l.Description) || slices.ContainsFunc(l.References, amazon.MatchString)
}

func day(d period.Date) *time.Time {
	if d == (period.Date{}) {
		return nil
	}
	t := d.Time()
	return &t
}

func dayOf(t *time.Time) period.Date {
	if t == nil {
		return period.Date{}
	}
	return period.DateOf(*t)
}

// StatementFilter selects statements.
type StatementFilter struct {
	Connection, Account int64 // 0: all
	AfterID             int64
	PageSize            int
}

// Statements returns a page of statements, the newest reading first.
func (s *Service) Statements(ctx context.Context, f StatementFilter) ([]Statement, error) {
	return s.statements(ctx, sqlc.ListBankStatementsParams{ConnectionID: f.Connection, BankAccountID: f.Account, AfterID: f.AfterID, PageSize: int32(f.PageSize)})
}

func (s *Service) statements(ctx context.Context, p sqlc.ListBankStatementsParams) ([]Statement, error) {
	rows, err := sqlc.New(s.pool).ListBankStatements(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list bank statements: %w", err)
	}
	list := make([]Statement, len(rows))
	for i, r := range rows {
		list[i] = Statement{ID: r.ID, AccountID: r.BankAccountID, AccountName: r.AccountName, Currency: money.Currency(r.Currency), DocumentID: r.DocumentID, File: r.FileName, Format: bank.Format(r.Format),
			Number: r.Number, From: dayOf(r.FromOn), To: dayOf(r.ToOn), Lines: int(r.LineCount), New: int(r.NewCount), Sum: r.LineSum, Problems: int(r.ProblemCount), By: r.CreatedName, At: r.CreatedAt}
		if r.Opening.Valid {
			list[i].Opening = &r.Opening.Decimal
		}
		if r.Closing.Valid {
			list[i].Closing = &r.Closing.Decimal
		}
	}
	return list, nil
}

// File is a file of statements with what became of it.
type File struct {
	DocumentID int64
	Name       string
	Statements []Statement
	Problems   []bank.Problem
}

// File returns what became of a file.
func (s *Service) File(ctx context.Context, documentID int64) (File, error) {
	doc, err := s.documents.Get(ctx, documentID)
	if err != nil {
		return File{}, err
	}
	if doc.Meta.Kind != documentKind {
		return File{}, fault.New(fault.NotFound, "There is no such statement.")
	}
	f := File{DocumentID: documentID, Name: doc.Meta.Name}
	if f.Statements, err = s.statements(ctx, sqlc.ListBankStatementsParams{DocumentID: documentID, PageSize: 200}); err != nil {
		return f, err
	}
	problems, err := sqlc.New(s.pool).BankProblems(ctx, documentID)
	if err != nil {
		return f, fmt.Errorf("list problems: %w", err)
	}
	for _, p := range problems {
		f.Problems = append(f.Problems, bank.Problem{Line: int(p.LineNo), Message: p.Message})
	}
	return f, nil
}
