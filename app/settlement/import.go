package settlement

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/settlement/report"
)

// Jobs starts background work in the transaction of the data it concerns.
type Jobs interface {
	Draft(ctx context.Context, tx pgx.Tx, settlementID int64) error
}

// Service holds the use cases of settlements.
type Service struct {
	pool      *pgxpool.Pool
	documents *document.Store
	clock     clock.Clock
	jobs      Jobs
	log       *slog.Logger
}

// NewService returns a Service. jobs may be nil where nothing is imported.
func NewService(pool *pgxpool.Pool, c clock.Clock, jobs Jobs, log *slog.Logger) *Service {
	return &Service{pool, document.NewStore(pool), c, jobs, log}
}

// Import reads a report while it comes in: the bytes go into the document
// store, the lines into the database, in one pass and in flat memory. The
// document is durable before any line becomes visible. Importing the same
// report again changes nothing; another content for a known settlement
// replaces its reading and is an exception.
//
// A file that is no settlement report is a fault.Invalid; its bytes are kept.
func (s *Service) Import(ctx context.Context, src Source, in io.Reader) (Imported, error) {
	in, err := report.Decompress(in)
	if err != nil {
		return Imported{}, err
	}
	keep, err := s.documents.Begin(ctx, document.Meta{ConnectionID: src.ConnectionID, Kind: document.SettlementReport, Name: src.Name,
		Source: src.From, ContentType: src.ContentType, CreatedBy: src.Actor.PersonID})
	if err != nil {
		return Imported{}, err
	}
	kept := &keeper{writer: keep}
	defer kept.abort()
	imported, err := s.read(ctx, src, io.TeeReader(in, keep), kept, nil)
	if repeat := (*partlyKnown)(nil); errors.As(err, &repeat) {
		return s.reread(ctx, src, kept.document.ID, repeat.skip)
	}
	return imported, err
}

// ImportDocument reads a report whose bytes are stored already.
func (s *Service) ImportDocument(ctx context.Context, src Source, documentID int64) (Imported, error) {
	return s.reread(ctx, src, documentID, nil)
}

func (s *Service) reread(ctx context.Context, src Source, documentID int64, skip map[string]bool) (Imported, error) {
	doc, err := s.documents.Get(ctx, documentID)
	if err != nil {
		return Imported{}, err
	}
	in, err := s.documents.Open(ctx, documentID)
	if err != nil {
		return Imported{}, err
	}
	defer func() { _ = in.Close() }() // only frees memory
	imported, err := s.read(ctx, src, in, &keeper{document: doc, done: true}, skip)
	if repeat := (*partlyKnown)(nil); errors.As(err, &repeat) && skip == nil {
		return s.reread(ctx, src, documentID, repeat.skip)
	}
	return imported, err
}

// keeper makes the document durable at the right moment.
type keeper struct {
	writer   *document.Writer
	document document.Document
	done     bool
}

// id is the document's id as far as it is known.
func (k *keeper) id() int64 {
	if k.done {
		return k.document.ID
	}
	return k.writer.ID()
}

func (k *keeper) commit(ctx context.Context) error {
	if k.done {
		return nil
	}
	k.done = true
	doc, _, err := k.writer.Commit(ctx)
	k.document = doc
	return err
}

func (k *keeper) abort() {
	if !k.done {
		k.done = true
		k.writer.Abort()
	}
}

// partlyKnown means that some settlements of the file are stored already and
// others are not: the file is read again without the known ones.
type partlyKnown struct{ skip map[string]bool }

func (p *partlyKnown) Error() string { return "some settlements of the report are stored already" }

// errNothingNew rolls an import back that said nothing new.
var errNothingNew = errors.New("nothing new")

func (s *Service) read(ctx context.Context, src Source, in io.Reader, kept *keeper, skip map[string]bool) (Imported, error) {
	connection, err := s.connection(ctx, src.ConnectionID)
	if err != nil {
		return Imported{}, err
	}
	var imported Imported
	err = database.Once(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		sink := newSink(ctx, s.pool, tx, connection, src, kept.id(), skip)
		defer sink.close()
		summary, err := report.Parse(ctx, progress(in, src.Progress), report.Options{Charset: src.Charset}, sink)
		if err := s.keep(ctx, kept, in, err); err != nil {
			return err
		}
		imported = Imported{Document: kept.document, Format: summary.Format, Problems: summary.Problems, Unknown: summary.UnknownColumns}
		if err != nil {
			return err
		}
		if err := unreadableHead(summary); err != nil {
			return err
		}
		if err := sink.finish(); err != nil {
			return err
		}
		imported.Settlements, err = s.seal(ctx, tx, sink, summary, kept.document.ID)
		return err
	})
	if errors.Is(err, errNothingNew) {
		return imported, nil
	}
	if unreadable := (*report.Unreadable)(nil); errors.As(err, &unreadable) {
		return imported, s.refuse(ctx, src, kept.document, err)
	}
	if err != nil {
		return imported, database.Translate(fmt.Errorf("import %s: %w", src.Name, err))
	}
	return imported, nil
}

// keep stores the rest of the bytes, also of a file that turned out unreadable;
// a broken transfer keeps nothing.
func (s *Service) keep(ctx context.Context, kept *keeper, in io.Reader, parsed error) error {
	if kept.done {
		return nil
	}
	if unreadable := (*report.Unreadable)(nil); errors.As(parsed, &unreadable) {
		if _, err := io.Copy(io.Discard, in); err != nil {
			return fmt.Errorf("read the rest: %w", err)
		}
	} else if parsed != nil {
		return parsed
	}
	return kept.commit(ctx)
}

// unreadableHead refuses a report whose summary rows cannot be relied on: its
// lines would have no cycle, no currency or no deposit to be held against.
func unreadableHead(summary report.Summary) error {
	for _, p := range summary.Problems {
		for _, t := range summary.Settlements {
			if p.Line == t.Row {
				return &report.Unreadable{Looks: fmt.Sprintf("a settlement report with a damaged summary row (line %d, %s %q: %s)", p.Line, p.Column, p.Value, p.Rule),
					Advice: "Download it from Amazon again."}
			}
		}
	}
	return nil
}

// refuse tells about a file that could not be read. One that came by itself is
// an exception; a person who uploaded it reads the error.
func (s *Service) refuse(ctx context.Context, src Source, doc document.Document, cause error) error {
	if src.From != document.FromAmazon {
		return cause
	}
	return errors.Join(cause, database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		_, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: src.ConnectionID, Class: exception.UnreadableFile, Cause: src.Name,
			Title:  "Report " + src.Name + " could not be read: " + fault.MessageOf(cause),
			Detail: map[string]any{"document": doc.ID, "reason": cause.Error()}})
		return err
	}))
}

// progress reports the bytes read, about every megabyte.
func progress(in io.Reader, report func(int64)) io.Reader {
	if report == nil {
		return in
	}
	return &counting{in: in, report: report}
}

type counting struct {
	in         io.Reader
	read, told int64
	report     func(int64)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.read += int64(n)
	if c.read-c.told >= 1<<20 || err != nil {
		c.told = c.read
		c.report(c.read)
	}
	return n, err
}

// raiseBalance raises or resolves what the sums of a reading call for.
func raiseBalance(ctx context.Context, tx *database.Tx, src Source, r Reading) error {
	cause := fmt.Sprint(r.ID)
	if r.Difference() == 0 {
		return exception.Clear(ctx, tx, src.ConnectionID, exception.OutOfBalance, cause, "it ties out", src.Actor)
	}
	_, err := exception.Raise(ctx, tx, exception.Raised{
		ConnectionID: src.ConnectionID, Class: exception.OutOfBalance, Cause: cause, SettlementID: r.ID, Records: int64(r.Lines),
		Title:  fmt.Sprintf("Settlement %s is out of balance by %s %s", r.AmazonID, r.Difference(), r.Currency),
		Amount: decimal.NewNullDecimal(r.Difference().Decimal()), Currency: string(r.Currency),
		Detail: map[string]any{"settlement": r.AmazonID, "deposit": r.Deposit.String(), "sum": r.Sum.String()},
	})
	return err
}

func auditImport(src Source, r Reading, documentID int64) audit.Event {
	return audit.Event{Actor: src.Actor, Action: string(r.Outcome), ObjectType: "settlement", ObjectID: r.ID, ConnectionID: src.ConnectionID,
		After: map[string]any{"settlement": r.AmazonID, "document": documentID, "lines": r.Lines, "deposit": r.Deposit.String(), "sum": r.Sum.String(),
			"replaces": r.ReplacesID}}
}
