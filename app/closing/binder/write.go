package binder

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/closing"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/app/reconcile"
	"tieout/sqlc"
)

// Workbooks writes the workbooks that a binder holds.
type Workbooks interface {
	Journal(ctx context.Context, w io.Writer, entryID int64) error
	Settlement(ctx context.Context, w io.Writer, settlementID int64) error
	Checklist(w io.Writer, period closing.Whole) error
	Reconciliation(w io.Writer, about [][2]string, name reconcile.Name, totals []reconcile.Total, rows iter.Seq2[reconcile.Item, error], state func(reconcile.Item) string) error
}

// Service makes binders.
type Service struct {
	pool    *pgxpool.Pool
	closing *closing.Service
	books   Workbooks
}

// NewService returns a Service.
func NewService(pool *pgxpool.Pool, periods *closing.Service, books Workbooks) *Service {
	return &Service{pool, periods, books}
}

// Closed returns a period that a binder can be made of; fault.Conflict when it
// is not closed.
func (s *Service) Closed(ctx context.Context, key closing.Key) (closing.Whole, error) {
	w, err := s.closing.Get(ctx, key)
	if err != nil {
		return w, err
	}
	if w.State != closing.Closed {
		return w, fault.New(fault.Conflict, "Period %s is %s; a binder is made of a closed one.", key, w.State)
	}
	return w, nil
}

// Write streams the binder of a closed period and returns the SHA-256 of its
// manifest, which the audit log keeps.
func (s *Service) Write(ctx context.Context, out io.Writer, key closing.Key, actor audit.Actor) (string, error) {
	w, err := s.Closed(ctx, key)
	if err != nil {
		return "", err
	}
	a, _ := w.Latest()
	b := &writer{Service: s, whole: w, attempt: a, zip: zip.NewWriter(out), manifest: Manifest{Format: format, Connection: w.Connection, Period: key.String(),
		From: w.Period.Starts.String(), To: w.Period.Ends.String(), Settlements: []Settlement{}, Entries: []Entry{},
		Close: Close{ID: a.ID, Prepared: a.Preparer, RequestedAt: moment(a.RequestedAt), Closed: a.DecidedBy, ClosedAt: moment(a.DecidedAt), Checklist: hex.EncodeToString(a.Hash)}}}
	for _, step := range []func(context.Context) error{b.checklist, b.reconciliations, b.journal, b.settlements, b.entries, b.audit} {
		if err := step(ctx); err != nil {
			return "", fmt.Errorf("binder of period %s: %w", key, err)
		}
	}
	sum, err := b.seal()
	if err != nil {
		return "", fmt.Errorf("binder of period %s: %w", key, err)
	}
	return sum, audit.Write(ctx, s.pool, audit.Event{Actor: actor, Action: "binder written", ObjectType: "period_close", ObjectID: a.ID, ConnectionID: key.ConnectionID,
		After: map[string]any{"period": key.String(), "manifest": sum}})
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// writer is a binder in the making.
type writer struct {
	*Service
	whole    closing.Whole
	attempt  closing.Attempt
	zip      *zip.Writer
	manifest Manifest
}

// counter counts and hashes what goes through.
type counter struct {
	to   io.Writer
	size int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.size += int64(n)
	return n, err
}

// create begins a file; its moment is that of the close, so that the same
// content makes the same binder.
func (b *writer) create(name string) (io.Writer, error) {
	out, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: b.attempt.DecidedAt.UTC().Truncate(2 * time.Second)})
	if err != nil {
		return nil, fmt.Errorf("begin %s: %w", name, err)
	}
	return out, nil
}

// file writes a file and notes it in the manifest.
func (b *writer) file(name string, write func(io.Writer) error) error {
	out, err := b.create(name)
	if err != nil {
		return err
	}
	hash := sha256.New()
	count := &counter{to: io.MultiWriter(out, hash)}
	if err := write(count); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	b.manifest.Files = append(b.manifest.Files, File{name, count.size, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

func (b *writer) checklist(context.Context) error {
	err := b.file(checklistFile, func(w io.Writer) error {
		_, err := io.WriteString(w, b.attempt.Text)
		return err
	})
	if err != nil {
		return err
	}
	return b.file(checklistBook, func(w io.Writer) error {
		return inOrder(w, func(w io.Writer) error { return b.books.Checklist(w, b.whole) })
	})
}

// reconciliations writes what each came to at the close, as evidence and as the
// workbook that its screen exports.
func (b *writer) reconciliations(ctx context.Context) error {
	rows, err := sqlc.New(b.pool).FrozenReconciliations(ctx, b.attempt.ID)
	if err != nil {
		return fmt.Errorf("read reconciliations: %w", err)
	}
	for _, r := range rows {
		frozen, err := reconcile.ReadFrozen(r.Content)
		if err != nil {
			return err
		}
		x := Reconciled{Name: r.Name, SHA256: hex.EncodeToString(r.ContentHash), Evidence: fileName("reconciliations", r.Name, ".json"), File: fileName("reconciliations", r.Name, ".xlsx")}
		x.Unexplained, x.Open = frozen.Unexplained(b.whole.Period.Ends)
		if err := b.file(x.Evidence, func(w io.Writer) error {
			_, err := io.WriteString(w, r.Content)
			return err
		}); err != nil {
			return err
		}
		if err := b.file(x.File, func(w io.Writer) error {
			return inOrder(w, func(w io.Writer) error { return b.reconciliation(w, frozen) })
		}); err != nil {
			return err
		}
		b.manifest.Reconciled = append(b.manifest.Reconciled, x)
	}
	return nil
}

func (b *writer) reconciliation(w io.Writer, f reconcile.Frozen) error {
	about := [][2]string{{"Connection", f.Connection}, {"Period", b.manifest.Period}, {"As of", "The close, " + moment(b.attempt.DecidedAt)}, {"Compared", moment(f.Checked)}}
	if f.Problem != "" {
		about = append(about, [2]string{"Not compared since", f.Problem})
	}
	items := func(yield func(reconcile.Item, error) bool) {
		for _, i := range f.Items {
			if !yield(i, nil) {
				return
			}
		}
	}
	return b.books.Reconciliation(w, about, f.Name, f.Totals, items, standing)
}

// standing says of an item what its screen says.
func standing(i reconcile.Item) string {
	switch {
	case !i.Explained():
		return "Open"
	case i.Note.Paired:
		return "Matched"
	}
	return "Explained"
}

func (b *writer) year() (connection int64, year, number int32) {
	return b.whole.Key.ConnectionID, int32(b.whole.Key.FiscalYear), int32(b.whole.Key.Number)
}

var journalHead = []string{"reference", "line", "account", "branch", "marketplace", "category", "clearing", "description", "debit", "credit", "functional_debit", "functional_credit"}

func (b *writer) journal(ctx context.Context) error {
	connection, year, number := b.year()
	lines, err := sqlc.New(b.pool).LinesOfBinder(ctx, sqlc.LinesOfBinderParams{ConnectionID: connection, FiscalYear: year, Period: number})
	if err != nil {
		return fmt.Errorf("read journal lines: %w", err)
	}
	return b.file(journalFile, func(w io.Writer) error {
		out := csv.NewWriter(w)
		rows := [][]string{journalHead}
		for _, l := range lines {
			rows = append(rows, []string{l.Reference, strconv.Itoa(int(l.LineNo)), l.Account, l.Branch, l.Marketplace, l.Category, strconv.FormatBool(l.Clearing), l.Description,
				l.Debit.String(), l.Credit.String(), l.FunctionalDebit.String(), l.FunctionalCredit.String()})
		}
		return out.WriteAll(rows)
	})
}

func (b *writer) settlements(ctx context.Context) error {
	q := sqlc.New(b.pool)
	connection, year, number := b.year()
	starts, ends := b.whole.Period.Starts.Time(), b.whole.Period.Ends.Time()
	rows, err := q.SettlementsOfBinder(ctx, sqlc.SettlementsOfBinderParams{ConnectionID: connection, FiscalYear: year, Period: number, StartsOn: starts, EndsOn: ends, Begins: b.whole.Begins, Ends: b.whole.Until})
	if err != nil {
		return fmt.Errorf("read settlements: %w", err)
	}
	for _, r := range rows {
		name := settlementName(r.AmazonID, r.ID)
		s := Settlement{AmazonID: name, Currency: r.Currency, Deposit: r.Deposit, Difference: r.Difference, Before: r.Before, Within: r.Within, After: r.After, Carried: []Part{},
			LeftOut: r.Within, File: fileName("settlements", name, ".xlsx")}
		carriers, err := q.CarriersOfBinder(ctx, sqlc.CarriersOfBinderParams{SettlementID: r.ID, StartsOn: starts, EndsOn: ends, FiscalYear: year, Period: number})
		if err != nil {
			return fmt.Errorf("read what carries settlement %s: %w", r.AmazonID, err)
		}
		for _, c := range carriers {
			s.Carried = append(s.Carried, Part{c.Reference, c.Amount})
			s.LeftOut = s.LeftOut.Sub(c.Amount)
		}
		if err := b.file(s.File, func(w io.Writer) error {
			return inOrder(w, func(w io.Writer) error { return b.books.Settlement(ctx, w, r.ID) })
		}); err != nil {
			return err
		}
		b.manifest.Settlements = append(b.manifest.Settlements, s)
	}
	return nil
}

// settlementName tells readings of one settlement apart: a re-issued one may
// have entries in the period beside the current one.
func settlementName(amazonID string, id int64) string { return fmt.Sprintf("%s-%d", amazonID, id) }

func (b *writer) entries(ctx context.Context) error {
	q := sqlc.New(b.pool)
	connection, year, number := b.year()
	rows, err := q.EntriesOfBinder(ctx, sqlc.EntriesOfBinderParams{ConnectionID: connection, FiscalYear: year, Period: number})
	if err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	sources, err := q.SourcesOfBinder(ctx, sqlc.SourcesOfBinderParams{ConnectionID: connection, FiscalYear: year, Period: number})
	if err != nil {
		return fmt.Errorf("read what entries carry: %w", err)
	}
	for _, r := range rows {
		e := Entry{Reference: r.Reference, Type: r.EntryType, Status: r.Status, P21Number: r.P21Number, On: period.DateOf(r.EntryOn).String(), Currency: r.Currency, Functional: r.FunctionalCurrency,
			Total: r.Total, FunctionalTotal: r.FunctionalTotal, Clearing: r.Clearing, ContentHash: hex.EncodeToString(r.ContentHash), Sources: []Part{}, File: fileName("entries", r.Reference, ".xlsx")}
		for _, x := range sources {
			if x.Reference == r.Reference {
				e.Sources = append(e.Sources, Part{settlementName(x.AmazonID, x.SettlementID), x.Amount})
			}
		}
		if err := b.file(e.File, func(w io.Writer) error {
			return inOrder(w, func(w io.Writer) error { return b.books.Journal(ctx, w, r.ID) })
		}); err != nil {
			return err
		}
		b.manifest.Entries = append(b.manifest.Entries, e)
	}
	return nil
}

var auditHead = []string{"event", "at", "actor", "action", "object", "id", "reason", "content", "hash_before", "hash"}

func (b *writer) audit(ctx context.Context) error {
	span, err := sqlc.New(b.pool).AuditSpanOfClose(ctx, sqlc.AuditSpanOfCloseParams{Begins: b.whole.Begins, CloseID: strconv.FormatInt(b.attempt.ID, 10)})
	if err != nil {
		return fmt.Errorf("find the events of the period: %w", err)
	}
	b.manifest.Audit = Audit{First: span.First, Last: span.Last}
	return b.file(auditFile, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(auditHead); err != nil {
			return err
		}
		err := audit.Extract(ctx, b.pool, span.First, span.Last, b.whole.Key.ConnectionID, func(c audit.Chained) error {
			if c.Seq == span.First {
				b.manifest.Audit.Before = hex.EncodeToString(c.PrevHash)
			}
			b.manifest.Audit.Head = hex.EncodeToString(c.Hash)
			return out.Write([]string{strconv.FormatInt(c.Seq, 10), moment(c.At), c.Actor, c.Action, c.ObjectType, c.ObjectID, c.Reason, c.Text, hex.EncodeToString(c.PrevHash), hex.EncodeToString(c.Hash)})
		})
		if err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	})
}

// seal writes the manifest and its hash and ends the binder.
func (b *writer) seal() (string, error) {
	text, err := json.MarshalIndent(b.manifest, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	sum := sha256.Sum256(text)
	told := hex.EncodeToString(sum[:])
	for _, f := range []struct{ name, text string }{{manifestFile, string(text)}, {sumFile, told + "\n"}} {
		out, err := b.create(f.name)
		if err != nil {
			return "", err
		}
		if _, err := io.WriteString(out, f.text); err != nil {
			return "", fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	if err := b.zip.Close(); err != nil {
		return "", fmt.Errorf("end binder: %w", err)
	}
	return told, nil
}

// sum adds parts up.
func sum(parts []Part) decimal.Decimal {
	total := decimal.Zero
	for _, p := range parts {
		total = total.Add(p.Amount)
	}
	return total
}
