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

	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/queue"
	"tieout/sqlc"
)

// Queues opens the queue of a connection; fault.Unavailable where it has none.
type Queues interface {
	Queue(ctx context.Context, connectionID int64) (*queue.Queue, error)
}

// Service takes notifications in.
type Service struct {
	Pool      *pgxpool.Pool
	Documents *document.Store
	Flows     *flow.Service
	Queues    Queues
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

// Receive takes in what waits in a connection's queue, for a minute.
func (s *Service) Receive(ctx context.Context, connectionID int64) error {
	q, err := s.Queues.Queue(ctx, connectionID)
	if err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < turn; {
		messages, err := q.Receive(ctx, wait)
		if err != nil {
			return err
		}
		if err := s.takeAll(ctx, connectionID, q, messages); err != nil {
			return err
		}
	}
	return nil
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
			heard, err := s.Flows.Hear(ctx, tx, row.ConnectionID, e.NotificationType, e.Payload)
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

// Count is how many notifications of a type came and what became of them.
type Count = sqlc.CountNoticesRow

// Pending is how many objects of a flow are still to be read anew.
type Pending = sqlc.CountHintsRow

// Overview returns what came to a connection so far, and what is still to do.
func (s *Service) Overview(ctx context.Context, connectionID int64) ([]Count, []Pending, error) {
	db := sqlc.New(s.Pool)
	counts, err := db.CountNotices(ctx, connectionID)
	if err != nil {
		return nil, nil, fmt.Errorf("count notifications: %w", err)
	}
	pending, err := db.CountHints(ctx, connectionID)
	if err != nil {
		return nil, nil, fmt.Errorf("count hints: %w", err)
	}
	return counts, pending, nil
}
