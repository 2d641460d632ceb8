package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"tieout/app/alert"
	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/settlement"
	"tieout/app/task"
	"tieout/sqlc"
)

// FindReports looks at Amazon's list of settlement reports: of one connection,
// or of all when ConnectionID is 0.
type FindReports struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (FindReports) Kind() string { return "find_reports" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (FindReports) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueReports} }

// FindReports enqueues a look at Amazon's list for one connection.
func (q *Queue) FindReports(ctx context.Context, connectionID int64) error {
	if _, err := q.client.Insert(ctx, FindReports{connectionID}, nil); err != nil {
		return fmt.Errorf("enqueue find_reports: %w", err)
	}
	return nil
}

// LookForReports is FindReports within a transaction.
func (q *Queue) LookForReports(ctx context.Context, tx pgx.Tx, connectionID int64) error {
	return q.insert(ctx, tx, FindReports{connectionID})
}

type findWorker struct {
	river.WorkerDefaults[FindReports]
	connections *connection.Service
	queue       *Queue
	pool        *pgxpool.Pool
	clock       clock.Clock
	alerts      *alert.Service
}

func (w *findWorker) Work(ctx context.Context, job *river.Job[FindReports]) error {
	if job.Args.ConnectionID == 0 {
		return w.all(ctx)
	}
	id := job.Args.ConnectionID
	client, err := w.connections.Amazon(ctx, id)
	if fault.Is(err, fault.Invalid) {
		return nil // no credentials yet: nothing to look at
	}
	if err != nil {
		return err
	}
	since, err := sqlc.New(w.pool).ReportWatermark(ctx, id)
	if err != nil {
		return fmt.Errorf("read watermark: %w", err)
	}
	// Amazon lists a report up to two days after it made it; look a week back.
	since = since.Add(-7 * 24 * time.Hour)
	if oldest := w.clock.Now().Add(-amazon.KeepsReports); since.Before(oldest) {
		since = oldest
	}
	query := amazon.ReportQuery{Types: []string{amazon.SettlementReport}, Statuses: []amazon.ReportStatus{amazon.ReportDone}, CreatedSince: since}
	for report, err := range client.Reports(ctx, query) {
		if err != nil {
			return later(reached(ctx, w.alerts, id, alert.Amazon, fmt.Errorf("list settlement reports: %w", err)))
		}
		if report.DocumentID == "" {
			continue
		}
		if err := w.found(ctx, id, report); err != nil {
			return err
		}
	}
	if err := reached(ctx, w.alerts, id, alert.Amazon, nil); err != nil {
		return err
	}
	return w.fetchAgain(ctx, id)
}

func (w *findWorker) all(ctx context.Context) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.PausedAt != nil {
			continue
		}
		if _, err := w.queue.client.Insert(ctx, FindReports{c.ID}, nil); err != nil {
			return fmt.Errorf("enqueue find_reports: %w", err)
		}
	}
	return nil
}

// found records a report and asks for its download, in one transaction.
func (w *findWorker) found(ctx context.Context, id int64, r amazon.Report) error {
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		fresh, err := sqlc.New(tx).FoundReport(ctx, sqlc.FoundReportParams{ConnectionID: id, ReportID: r.ID, ReportType: r.Type,
			DataStart: instantOrNil(r.DataStart), DataEnd: instantOrNil(r.DataEnd), ReportedAt: r.Created, DocumentRef: r.DocumentID})
		if err != nil {
			return fmt.Errorf("record report %s: %w", r.ID, err)
		}
		if fresh == 0 {
			return nil
		}
		return w.queue.insert(ctx, tx, FetchReport{id, r.ID})
	})
}

// fetchAgain asks for reports whose download a crash or an outage kept from
// happening.
func (w *findWorker) fetchAgain(ctx context.Context, id int64) error {
	reports, err := sqlc.New(w.pool).ReportsToFetch(ctx, id)
	if err != nil {
		return fmt.Errorf("read reports to fetch: %w", err)
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		for _, report := range reports {
			if err := w.queue.insert(ctx, tx, FetchReport{id, report}); err != nil {
				return err
			}
		}
		return nil
	})
}

func instantOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// later turns a throttled or unavailable Amazon into a pause that costs no
// attempt.
func later(err error) error {
	var busy *amazon.BusyError
	if errors.As(err, &busy) {
		return river.JobSnooze(time.Minute)
	}
	return err
}

// FetchReport downloads and imports one report.
type FetchReport struct {
	ConnectionID int64  `json:"connection_id" river:"unique"`
	ReportID     string `json:"report_id" river:"unique"`
}

// Kind implements river.JobArgs.
func (FetchReport) Kind() string { return "fetch_report" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (FetchReport) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueReports, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
}

type fetchWorker struct {
	river.WorkerDefaults[FetchReport]
	connections *connection.Service
	settlements *settlement.Service
	pool        *pgxpool.Pool
}

// Timeout allows for a large report over a slow line; the client itself gives
// up on a line that stands still.
func (w *fetchWorker) Timeout(*river.Job[FetchReport]) time.Duration { return 2 * time.Hour }

func (w *fetchWorker) Work(ctx context.Context, job *river.Job[FetchReport]) error {
	a := job.Args
	r, err := sqlc.New(w.pool).GetReport(ctx, sqlc.GetReportParams{ConnectionID: a.ConnectionID, ReportID: a.ReportID})
	if err != nil {
		return fmt.Errorf("read report %s: %w", a.ReportID, err)
	}
	if r.State == "imported" || r.State == "failed" {
		return nil
	}
	imported, err := w.fetch(ctx, r)
	if fault.Is(err, fault.Invalid) {
		return w.record(ctx, r, "failed", imported.Document.ID, fault.MessageOf(err))
	}
	if err != nil {
		return later(err)
	}
	return w.record(ctx, r, "imported", imported.Document.ID, "")
}

// fetch imports from the document that is there already, or from Amazon.
func (w *fetchWorker) fetch(ctx context.Context, r sqlc.AmazonReport) (settlement.Imported, error) {
	src := settlement.Source{ConnectionID: r.ConnectionID, Name: r.ReportID, From: document.FromAmazon, ContentType: "text/tab-separated-values", Actor: audit.Job("download")}
	if r.DocumentID != nil {
		return w.settlements.ImportDocument(ctx, src, *r.DocumentID)
	}
	sibling, err := sqlc.New(w.pool).SiblingReport(ctx, sqlc.SiblingReportParams{ConnectionID: r.ConnectionID, DocumentRef: r.DocumentRef})
	if err == nil && sibling != nil {
		return w.settlements.ImportDocument(ctx, src, *sibling)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return settlement.Imported{}, fmt.Errorf("look for the same document: %w", err)
	}
	client, err := w.connections.Amazon(ctx, r.ConnectionID)
	if err != nil {
		return settlement.Imported{}, err
	}
	content, err := client.Download(ctx, r.DocumentRef)
	if err != nil {
		return settlement.Imported{}, fmt.Errorf("download report %s: %w", r.ReportID, err)
	}
	defer func() { _ = content.Close() }() // everything that matters was read
	src.ContentType, src.Charset = content.ContentType, content.Charset
	return w.settlements.Import(ctx, src, content)
}

func (w *fetchWorker) record(ctx context.Context, r sqlc.AmazonReport, state string, documentID int64, problem string) error {
	var doc *int64
	if documentID != 0 {
		doc = &documentID
	}
	err := sqlc.New(w.pool).SetReport(ctx, sqlc.SetReportParams{ConnectionID: r.ConnectionID, ReportID: r.ReportID, State: state, DocumentID: doc, Error: problem})
	if err != nil {
		return fmt.Errorf("record report %s: %w", r.ReportID, err)
	}
	return nil
}

// Import reads a report that somebody uploaded.
type Import struct {
	TaskID       int64  `json:"task_id"`
	DocumentID   int64  `json:"document_id"`
	ConnectionID int64  `json:"connection_id"`
	Name         string `json:"name"`
	PersonID     int64  `json:"person_id"`
	PersonName   string `json:"person_name"`
}

// Kind implements river.JobArgs.
func (Import) Kind() string { return "import" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Import) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueReports} }

// Import enqueues the reading of an uploaded document, with the task that
// shows its progress.
func (q *Queue) Import(ctx context.Context, tx pgx.Tx, args Import) error {
	return q.insert(ctx, tx, args)
}

type importWorker struct {
	river.WorkerDefaults[Import]
	settlements *settlement.Service
	pool        *pgxpool.Pool
}

// Timeout allows for millions of lines.
func (w *importWorker) Timeout(*river.Job[Import]) time.Duration { return time.Hour }

func (w *importWorker) Work(ctx context.Context, job *river.Job[Import]) error {
	a := job.Args
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := task.Start(ctx, w.pool, a.TaskID); err != nil {
		return err
	}
	src := settlement.Source{ConnectionID: a.ConnectionID, Name: a.Name, From: document.FromUpload,
		Actor: audit.Actor{PersonID: a.PersonID, Name: a.PersonName}, Progress: w.progress(ctx, a.TaskID, cancel)}
	imported, err := w.settlements.ImportDocument(ctx, src, a.DocumentID)
	switch {
	case context.Cause(ctx) == errCancelled:
		return task.Finish(context.WithoutCancel(ctx), w.pool, a.TaskID, task.Cancelled, "Cancelled. Nothing of it was kept but the file.", "")
	case fault.Is(err, fault.Invalid):
		return task.Finish(ctx, w.pool, a.TaskID, task.Failed, fault.MessageOf(err), "")
	case err != nil && job.Attempt >= job.MaxAttempts:
		return errors.Join(err, task.Finish(ctx, w.pool, a.TaskID, task.Failed, fault.MessageOf(err), ""))
	case err != nil:
		return err
	}
	message, link := outcome(imported)
	return task.Finish(ctx, w.pool, a.TaskID, task.Done, message, link)
}

var errCancelled = errors.New("cancelled by a person")

func (w *importWorker) progress(ctx context.Context, id int64, cancel context.CancelCauseFunc) func(int64) {
	var last time.Time
	return func(bytes int64) {
		if time.Since(last) < 300*time.Millisecond {
			return
		}
		last = time.Now()
		if stop, err := task.Advance(ctx, w.pool, id, bytes); err == nil && stop {
			cancel(errCancelled)
		}
	}
}

func outcome(imported settlement.Imported) (message, link string) {
	if len(imported.Settlements) == 0 {
		return "There was no settlement in it.", ""
	}
	for i, r := range imported.Settlements {
		if i > 0 {
			message += " "
		}
		switch {
		case r.Outcome == settlement.Identical:
			message += fmt.Sprintf("Settlement %s was there already; nothing changed.", r.AmazonID)
		case r.Difference() != 0:
			message += fmt.Sprintf("Settlement %s: %d lines, out of balance by %s %s.", r.AmazonID, r.Lines, r.Difference(), r.Currency)
		default:
			message += fmt.Sprintf("Settlement %s: %d lines, ties out to %s %s.", r.AmazonID, r.Lines, r.Deposit, r.Currency)
		}
		if r.Outcome != settlement.Identical && r.Problems > 0 {
			message += fmt.Sprintf(" Rows that could not be read: %d.", r.Problems)
		}
	}
	return message, fmt.Sprintf("/settlements/%d", imported.Settlements[0].ID)
}

// Sync reads accounts and periods from P21: of one connection, or of all when
// ConnectionID is 0.
type Sync struct {
	ConnectionID int64 `json:"connection_id"`
}

// Kind implements river.JobArgs.
func (Sync) Kind() string { return "sync_accounts" }

type syncWorker struct {
	river.WorkerDefaults[Sync]
	connections *connection.Service
	alerts      *alert.Service
}

func (w *syncWorker) Work(ctx context.Context, job *river.Job[Sync]) error {
	if job.Args.ConnectionID != 0 {
		return w.sync(ctx, job.Args.ConnectionID)
	}
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range list {
		err := w.sync(ctx, c.ID)
		if err != nil && !fault.Is(err, fault.Invalid) {
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	return errors.Join(failed...)
}

func (w *syncWorker) sync(ctx context.Context, id int64) error {
	_, _, err := w.connections.Sync(ctx, id, audit.Job("reading accounts"))
	return reached(ctx, w.alerts, id, alert.P21, err)
}
