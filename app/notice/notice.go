// Package notice takes in what Amazon tells through its queue. A notification
// is kept, recognised when it comes again, and becomes hints for the flows it
// is about; it leaves the queue only after that.
package notice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/queue"
	"tieout/sqlc"
)

// Sides opens what a connection has at Amazon.
type Sides interface {
	// Queue is where its notifications arrive; fault.Unavailable where it has none.
	Queue(ctx context.Context, connectionID int64) (*queue.Queue, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
}

// Jobs enqueues what a notification asks for beyond the flows.
type Jobs interface {
	// LookForReports looks at Amazon's list of settlement reports.
	LookForReports(ctx context.Context, tx pgx.Tx, connectionID int64) error
}

// Service takes notifications in.
type Service struct {
	Pool      *pgxpool.Pool
	Clock     clock.Clock
	Documents *document.Store
	Flows     *flow.Service
	Sides     Sides
	Jobs      Jobs
	Log       *slog.Logger
}

const (
	turn = time.Minute      // how long Receive goes on
	wait = 10 * time.Second // for the first of some messages
)

// Connections returns those that have a queue.
func (s *Service) Connections(ctx context.Context) ([]int64, error) {
	ids, err := sqlc.New(s.Pool).ConnectionsWithQueue(ctx)
	if err != nil {
		return nil, fmt.Errorf("list connections with a queue: %w", err)
	}
	return ids, nil
}

// Receive takes in what waits in a connection's queue, for a minute or until quit
// is closed: then it waits for no message any more, and what it has is taken in.
func (s *Service) Receive(ctx context.Context, connectionID int64, quit <-chan struct{}) error {
	q, err := s.Sides.Queue(ctx, connectionID)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-quit:
			cancel()
		case <-waiting.Done():
		}
	}()
	for began := time.Now(); time.Since(began) < turn; {
		messages, err := q.Receive(waiting, wait)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case waiting.Err() != nil && err != nil:
			return nil // what was on its way comes again
		}
		if err := s.answered(ctx, connectionID, err); err != nil {
			return err
		}
		if err := s.takeAll(ctx, connectionID, q, messages); err != nil {
			return err
		}
	}
	return nil
}

// answered notes how a queue answered, and returns failed.
func (s *Service) answered(ctx context.Context, connectionID int64, failed error) error {
	db, now := sqlc.New(s.Pool), s.Clock.Now()
	var err error
	if failed != nil {
		err = db.QueueFailed(ctx, sqlc.QueueFailedParams{ConnectionID: connectionID, Failure: fault.MessageOf(failed), Now: now})
	} else {
		err = db.QueueAnswered(ctx, sqlc.QueueAnsweredParams{ConnectionID: connectionID, Now: now})
	}
	if err != nil {
		return errors.Join(failed, fmt.Errorf("note how the queue answered: %w", err))
	}
	return failed
}

// takeAll takes messages in and deletes those that are safe.
func (s *Service) takeAll(ctx context.Context, connectionID int64, q *queue.Queue, messages []queue.Message) error {
	var safe []queue.Message
	var failed error
	for _, m := range messages {
		if err := s.Take(ctx, connectionID, m.ID, m.Body); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		safe = append(safe, m)
	}
	return errors.Join(failed, q.Delete(context.WithoutCancel(ctx), safe))
}

// errKnown rolls back what a notification would have done that was here before.
var errKnown = errors.New("it was here before")

// Take takes one message in; the same notification again changes nothing.
func (s *Service) Take(ctx context.Context, connectionID int64, messageID string, body []byte) error {
	body = impersonal(body)
	doc, _, err := s.Documents.Put(ctx, document.Meta{ConnectionID: connectionID, Kind: "amazon_notification", Name: messageID, Source: document.FromAmazon, ContentType: "application/json"}, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("keep notification %s: %w", messageID, err)
	}
	row := sqlc.AddNoticeParams{ConnectionID: connectionID, DocumentID: doc.ID, Outcome: "kept"}
	e, unreadable := readEnvelope(body)
	if unreadable != nil {
		hash := sha256.Sum256(body)
		row.NotificationID, row.Outcome, row.Detail = "sha256:"+hex.EncodeToString(hash[:]), "unreadable", fault.MessageOf(unreadable)
		s.Log.Warn("a notification cannot be read; it is kept", "connection", connectionID, "document", doc.ID, "error", unreadable)
		return s.note(ctx, row, envelope{})
	}
	row.NotificationID, row.Type, row.EventAt, row.PublishedAt = e.NotificationMetadata.NotificationID, e.NotificationType, e.EventTime, e.NotificationMetadata.PublishTime
	return s.note(ctx, row, e)
}

// note writes a notification down with the hints that it gives.
func (s *Service) note(ctx context.Context, row sqlc.AddNoticeParams, e envelope) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if row.Outcome != "unreadable" {
			heard, err := s.hear(ctx, tx, row.ConnectionID, e)
			switch {
			case fault.Is(err, fault.Invalid):
				row.Outcome, row.Detail = "unreadable", fault.MessageOf(err)
			case err != nil:
				return err
			case heard:
				row.Outcome = "hint"
			}
		}
		added, err := sqlc.New(tx).AddNotice(ctx, row)
		if err != nil {
			return fmt.Errorf("note notification %s: %w", row.NotificationID, err)
		}
		if added == 0 {
			return errKnown
		}
		return nil
	})
	if errors.Is(err, errKnown) {
		return nil
	}
	return err
}

// hear has whoever a notification is about look anew.
func (s *Service) hear(ctx context.Context, tx pgx.Tx, connectionID int64, e envelope) (heard bool, err error) {
	heard, err = s.Flows.Hear(ctx, tx, connectionID, e.NotificationType, e.Payload)
	if err != nil || e.NotificationType != amazon.ReportProcessingFinished {
		return heard, err
	}
	finished, err := amazon.ReadFinishedReport(e.Payload)
	if err != nil || finished.Type != amazon.SettlementReport || finished.Status != amazon.ReportDone {
		return heard, err
	}
	return true, s.Jobs.LookForReports(ctx, tx, connectionID)
}

// Count is how many notifications of a type came and what became of them.
type Count = sqlc.CountNoticesRow

// Pending is how many objects of a flow are still to be read anew.
type Pending = sqlc.CountHintsRow

// Overview is what came to a connection so far, and what is still to do.
type Overview struct {
	Counts  []Count
	Pending []Pending
	ReadAt  *time.Time // nil: the queue has never answered
	Failure string     // why it does not answer now
	Since   *time.Time // when that began
}

// Overview returns what came to a connection.
func (s *Service) Overview(ctx context.Context, connectionID int64) (o Overview, err error) {
	db := sqlc.New(s.Pool)
	if o.Counts, err = db.CountNotices(ctx, connectionID); err != nil {
		return o, fmt.Errorf("count notifications: %w", err)
	}
	if o.Pending, err = db.CountHints(ctx, connectionID); err != nil {
		return o, fmt.Errorf("count hints: %w", err)
	}
	state, err := db.StateOfQueue(ctx, connectionID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return o, fmt.Errorf("read how the queue answers: %w", err)
	}
	o.ReadAt, o.Failure, o.Since = state.ReadAt, state.Failure, state.FailingSince
	return o, nil
}
