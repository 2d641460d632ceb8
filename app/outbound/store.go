package outbound

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/fault"
	"tieout/sqlc"
)

// Deliverer runs the protocol for one worker process.
type Deliverer struct {
	pool   *pgxpool.Pool
	worker string // unique per process and delivery
	timing Timing
	log    *slog.Logger
}

// NewDeliverer returns a Deliverer; worker names the process in the log of
// steps and must be unique among all processes.
func NewDeliverer(pool *pgxpool.Pool, worker string, timing Timing, log *slog.Logger) *Deliverer {
	return &Deliverer{pool, worker, timing, log}
}

// Intend writes the intent within the caller's transaction and returns the
// message's id. The same reference with the same content returns the message
// that is there; with another content it is a conflict.
func Intend(ctx context.Context, tx sqlc.DBTX, m Message) (int64, error) {
	sum := sha256.Sum256(m.Payload)
	hash := sum[:]
	if m.Hash != nil {
		hash = m.Hash
	}
	db := sqlc.New(tx)
	id, err := db.IntendMessage(ctx, sqlc.IntendMessageParams{
		ConnectionID: m.ConnectionID, Kind: m.Kind, Target: m.Target, Reference: m.Reference, ObjectID: m.ObjectID,
		Payload: m.Payload, PayloadHash: hash,
	})
	if err == nil {
		return id, event(ctx, tx, id, "intended", m.Reference, "")
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("write intent of %s: %w", m.Reference, err)
	}
	known, err := db.MessageByReference(ctx, sqlc.MessageByReferenceParams{Kind: m.Kind, Target: m.Target, Reference: m.Reference})
	if err != nil {
		return 0, fmt.Errorf("read intent of %s: %w", m.Reference, err)
	}
	if string(known.PayloadHash) != string(hash) {
		return 0, fault.New(fault.Conflict, "%s was sent before with another content.", m.Reference)
	}
	return known.ID, nil
}

// Finish records a delivery's result within the caller's transaction.
func Finish(ctx context.Context, tx sqlc.DBTX, id int64, r Result) error {
	_, err := sqlc.New(tx).FinishMessage(ctx, sqlc.FinishMessageParams{ID: id, State: r.State, RemoteKey: r.Key, Error: r.Reason})
	if err != nil {
		return fmt.Errorf("finish message %d: %w", id, err)
	}
	return event(ctx, tx, id, r.State, firstOf(r.Reason, r.Key), "")
}

// Reopen lets an unknown message be sent again, because a person looked and
// says that the other side does not hold it.
func Reopen(ctx context.Context, tx sqlc.DBTX, id int64, person, reason string) error {
	changed, err := sqlc.New(tx).ReopenMessage(ctx, id)
	if err != nil {
		return fmt.Errorf("reopen message %d: %w", id, err)
	}
	if changed == 0 {
		return fault.New(fault.Conflict, "This message is not waiting for a decision any more.")
	}
	return event(ctx, tx, id, "to be sent again", reason, person)
}

// OfObject returns the newest message of an object, false when there is none.
func OfObject(ctx context.Context, db sqlc.DBTX, kind string, objectID int64) (Message, bool, error) {
	row, err := sqlc.New(db).MessageOfObject(ctx, sqlc.MessageOfObjectParams{Kind: kind, ObjectID: objectID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Message{}, false, nil
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("read message of %s %d: %w", kind, objectID, err)
	}
	return message(row), true, nil
}

// Step is one entry of a message's history.
type Step = sqlc.MessageEventsRow

// Steps returns a message's history, oldest first.
func Steps(ctx context.Context, db sqlc.DBTX, id int64) ([]Step, error) {
	steps, err := sqlc.New(db).MessageEvents(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read steps of message %d: %w", id, err)
	}
	return steps, nil
}

// Stranded returns the object ids of unfinished messages of a kind that nobody
// has in hand: what a crash left behind.
func (d *Deliverer) Stranded(ctx context.Context, kind string) ([]int64, error) {
	rows, err := sqlc.New(d.pool).StrandedMessages(ctx)
	if err != nil {
		return nil, fmt.Errorf("find stranded messages: %w", err)
	}
	var objects []int64
	for _, r := range rows {
		if r.Kind == kind {
			objects = append(objects, r.ObjectID)
		}
	}
	return objects, nil
}

// Release gives a message back before its hold runs out.
func (d *Deliverer) Release(ctx context.Context, id int64) error {
	return sqlc.New(d.pool).ReleaseMessage(ctx, sqlc.ReleaseMessageParams{ID: id, Holder: d.worker})
}

func (d *Deliverer) hold(ctx context.Context, id int64) (Message, error) {
	db := sqlc.New(d.pool)
	held, err := db.HoldMessage(ctx, sqlc.HoldMessageParams{ID: id, Holder: d.worker, Seconds: d.timing.Hold.Seconds()})
	if err != nil {
		return Message{}, fmt.Errorf("hold message %d: %w", id, err)
	}
	if held == 0 {
		return Message{}, ErrHeld
	}
	row, err := db.GetMessage(ctx, id)
	if err != nil {
		return Message{}, fmt.Errorf("read message %d: %w", id, err)
	}
	return message(row), nil
}

func message(r sqlc.OutboundMessage) Message {
	return Message{
		ID: r.ID, ConnectionID: r.ConnectionID, Kind: r.Kind, Target: r.Target, Reference: r.Reference, ObjectID: r.ObjectID,
		Payload: r.Payload, State: r.State, Attempts: int(r.Attempts), RemoteKey: r.RemoteKey, Error: r.Error, SentAt: r.SentAt, UpdatedAt: r.UpdatedAt,
	}
}

func (d *Deliverer) sending(ctx context.Context, m Message) error {
	return d.step(ctx, m, "sending", fmt.Sprintf("attempt %d", m.Attempts+1), func(db *sqlc.Queries) error {
		changed, err := db.MessageSending(ctx, sqlc.MessageSendingParams{ID: m.ID, Holder: d.worker, Seconds: d.timing.Hold.Seconds()})
		if err == nil && changed == 0 {
			return ErrHeld
		}
		return err
	})
}

func (d *Deliverer) sent(ctx context.Context, m Message, key string) error {
	return d.step(ctx, m, "accepted", key, func(db *sqlc.Queries) error {
		return db.MessageSent(ctx, sqlc.MessageSentParams{ID: m.ID, RemoteKey: key, Holder: d.worker})
	})
}

func (d *Deliverer) notSent(ctx context.Context, m Message, words string) error {
	return d.step(ctx, m, "not sent", words, func(db *sqlc.Queries) error {
		return db.MessageNotSent(ctx, sqlc.MessageNotSentParams{ID: m.ID, Error: words, Holder: d.worker})
	})
}

func (d *Deliverer) step(ctx context.Context, m Message, step, detail string, change func(*sqlc.Queries) error) error {
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := change(sqlc.New(tx)); err != nil {
			return err
		}
		return event(ctx, tx, m.ID, step, detail, d.worker)
	})
	if err != nil {
		return fmt.Errorf("record %q of message %d: %w", step, m.ID, err)
	}
	return nil
}

func (d *Deliverer) lookedUp(ctx context.Context, m Message) (lookups int, seconds float64, err error) {
	row, err := sqlc.New(d.pool).MessageLookup(ctx, sqlc.MessageLookupParams{ID: m.ID, Holder: d.worker})
	if err != nil {
		return 0, 0, fmt.Errorf("record look-up of message %d: %w", m.ID, err)
	}
	return int(row.Lookups), row.Seconds, nil
}

// Postpone records that the target could not be asked at all and says when to
// go on; ErrHeld when another worker has the message.
func (d *Deliverer) Postpone(ctx context.Context, id int64, cause error) error {
	m, err := d.hold(ctx, id)
	if err != nil {
		return err
	}
	return d.later(ctx, m, cause)
}

// SetAside ends the sending of a message because a person takes the matter in
// hand; its outcome is unknown until somebody settles it. It returns ErrHeld
// while a worker has it.
func SetAside(ctx context.Context, tx sqlc.DBTX, id int64, person, reason string) error {
	changed, err := sqlc.New(tx).SetMessageAside(ctx, sqlc.SetMessageAsideParams{ID: id, Error: reason})
	if err != nil {
		return fmt.Errorf("set message %d aside: %w", id, err)
	}
	if changed == 0 {
		return ErrHeld
	}
	return event(ctx, tx, id, "set aside", reason, person)
}

// later releases the message and says when to go on.
func (d *Deliverer) later(ctx context.Context, m Message, cause error) error {
	ctx = context.WithoutCancel(ctx)
	db := sqlc.New(d.pool)
	if err := db.MessageError(ctx, sqlc.MessageErrorParams{ID: m.ID, Error: cause.Error(), Holder: d.worker}); err != nil {
		return fmt.Errorf("record error of message %d: %w", m.ID, errors.Join(err, cause))
	}
	if err := d.Release(ctx, m.ID); err != nil {
		return fmt.Errorf("release message %d: %w", m.ID, errors.Join(err, cause))
	}
	return &Retry{After: d.timing.RetryInterval, Cause: cause}
}

// note keeps a step that is told but decides nothing; losing one is no harm.
func (d *Deliverer) note(ctx context.Context, id int64, step, detail string) {
	if err := event(context.WithoutCancel(ctx), d.pool, id, step, detail, d.worker); err != nil {
		d.log.Warn("note outbound step", "message", id, "step", step, "error", err)
	}
}

func event(ctx context.Context, db sqlc.DBTX, id int64, step, detail, actor string) error {
	err := sqlc.New(db).InsertMessageEvent(ctx, sqlc.InsertMessageEventParams{MessageID: id, Step: step, Detail: detail, Actor: actor})
	if err != nil {
		return fmt.Errorf("write outbound event: %w", err)
	}
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
