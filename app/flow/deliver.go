package flow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"tieout/app/audit"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/sqlc"
)

// deliver takes a record's message as far as it can be taken now.
func (w worker) deliver(ctx context.Context, r sqlc.ClaimRecordsRow, messageID int64) error {
	target, err := w.flow.Target(ctx, recordOf(r))
	if err != nil {
		return w.later(ctx, r, err)
	}
	if target, err = w.guarded(ctx, target, r.ID, messageID); err != nil {
		return fmt.Errorf("deliver %s: %w", r.Key, err)
	}
	result, err := w.Deliverer.Deliver(ctx, messageID, target)
	var retry *outbound.Retry
	switch {
	case errors.As(err, &retry) && retry.Waits(): // no failure of the other side
		return w.wait(ctx, r, fault.MessageOf(retry.Cause), retry.After)
	case errors.As(err, &retry):
		return w.later(ctx, r, retry.Cause)
	case errors.Is(err, outbound.ErrHeld): // a worker that is gone had it in hand; its hold runs out
		return w.wait(ctx, r, "another worker has it in hand", 5*time.Second)
	case err != nil:
		return fmt.Errorf("deliver %s: %w", r.Key, err)
	}
	result.Reason = w.words.Redact(result.Reason)
	return w.settle(ctx, r, messageID, result)
}

// settle records what a delivery came to, in one transaction with the message.
func (w worker) settle(ctx context.Context, r sqlc.ClaimRecordsRow, messageID int64, result outbound.Result) error {
	return pgx.BeginFunc(ctx, w.Pool, func(tx pgx.Tx) error {
		if err := outbound.Finish(ctx, tx, messageID, result); err != nil {
			return err
		}
		switch result.State {
		case outbound.Confirmed:
			return w.delivered(ctx, tx, r.ConnectionID, r.ID, result.Key)
		case outbound.Declined:
			return w.raise(ctx, tx, r, "exception", "", &Obstacle{Class: exception.DeliveryRefused, Cause: w.definition.Name + "/" + cause(result.Reason),
				Title: w.definition.To + ": " + result.Reason, Words: result.Reason})
		}
		class := exception.DeliveryUnknown
		if result.Differ {
			class = exception.DeliveryMismatch
		}
		return w.raise(ctx, tx, r, "unknown", result.Key, &Obstacle{Class: class, Cause: w.definition.Name + "/" + r.Key, Title: r.Key + ": " + result.Reason, Words: result.Reason})
	})
}

// delivered writes down that the other side holds the record, and lets a newer
// content that waited for this go on.
func (w worker) delivered(ctx context.Context, tx pgx.Tx, connectionID, id int64, key string) error {
	db := sqlc.New(tx)
	held, err := db.TargetOfRecord(ctx, id)
	if err != nil {
		return fmt.Errorf("read target: %w", err)
	}
	hash, err := w.heldHash(ctx, tx, id, held.Target)
	if err != nil {
		return err
	}
	if _, err := db.DeliveredRecord(ctx, sqlc.DeliveredRecordParams{ID: id, RemoteKey: key, DeliveredHash: hash}); err != nil {
		return fmt.Errorf("record delivery: %w", err)
	}
	if err := note(ctx, db, id, "delivered", key, ""); err != nil {
		return err
	}
	if _, err := db.AdoptContent(ctx, id); err != nil {
		return fmt.Errorf("adopt newer content: %w", err)
	}
	return answered(ctx, db, connectionID, w.definition.Name)
}

// cause makes refusals that differ in their numbers alone one cause: a person
// sees "unknown product" once, not once per order.
func cause(reason string) string {
	var out []rune
	for _, c := range reason {
		if c >= '0' && c <= '9' {
			c = '#'
			if len(out) > 0 && out[len(out)-1] == '#' {
				continue
			}
		}
		out = append(out, c)
	}
	return string(out[:min(len(out), 200)])
}

// later puts a record off because of a passing failure, and counts the failure
// against the other side.
func (w worker) later(ctx context.Context, r sqlc.ClaimRecordsRow, because error) error {
	var pause *Pause
	if errors.As(because, &pause) {
		return w.wait(ctx, r, w.words.Redact(pause.Words), pause.Least)
	}
	words := w.words.Redact(fault.MessageOf(because))
	if !passing(because) {
		return w.stop(ctx, r, &Obstacle{Class: exception.DeliveryRefused, Cause: w.definition.Name + "/" + cause(words), Title: w.definition.To + ": " + words, Words: words})
	}
	ctx = context.WithoutCancel(ctx)
	if err := w.hold(ctx, sqlc.New(w.Pool), r.ConnectionID, w.definition.Name, words); err != nil {
		return err
	}
	return w.wait(ctx, r, words, 0)
}

func (w worker) wait(ctx context.Context, r sqlc.ClaimRecordsRow, words string, least time.Duration) error {
	at := again(w.Clock.Now(), int(r.Tries), least)
	err := sqlc.New(w.Pool).RetryRecord(ctx, sqlc.RetryRecordParams{ID: r.ID, Holder: w.holder, RetryAt: &at, Problem: words})
	if err != nil {
		return fmt.Errorf("put %s off: %w", r.Key, err)
	}
	return nil
}

// passing reports whether waiting may help; the end of this program does not
// count as a failure of the other side.
func passing(err error) bool {
	code := fault.CodeOf(err)
	return code == fault.Unavailable || code == fault.Internal && !errors.Is(err, context.Canceled)
}

// encode writes what a record was mapped to, and the hash of it.
func encode(m Mapped) (target, hash []byte, err error) {
	if target, err = json.Marshal(m); err != nil {
		return nil, nil, fmt.Errorf("write mapped record: %w", err)
	}
	hash, err = hashOf(target)
	return target, hash, err
}

// hashOf is the hash of a target whatever PostgreSQL did to its blanks and the
// order of its names.
func hashOf(target []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(target))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("read mapped record: %w", err)
	}
	canonical, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write mapped record: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return sum[:], nil
}

// stop puts a record aside behind a cause that a person must remove.
func (w worker) stop(ctx context.Context, r sqlc.ClaimRecordsRow, o *Obstacle) error {
	err := pgx.BeginFunc(ctx, w.Pool, func(tx pgx.Tx) error { return w.raise(ctx, tx, r, "exception", "", o) })
	if errors.Is(err, errMoved) {
		return nil // the next round sees to the new content
	}
	return err
}

// raise opens or refreshes the exception of a cause and puts the record behind it.
func (w worker) raise(ctx context.Context, tx pgx.Tx, r sqlc.ClaimRecordsRow, state, remoteKey string, o *Obstacle) error {
	if o.Amount.Currency != "" {
		w.source.Amount = o.Amount
	}
	amount, currency := stake(w.source)
	quiet := w.redact(*o)
	o = &quiet
	id, err := exception.Raise(ctx, tx, exception.Raised{ConnectionID: r.ConnectionID, Class: o.Class, Cause: o.Cause, Title: o.Title, Detail: o.Detail})
	if err != nil {
		return err
	}
	db := sqlc.New(tx)
	changed, err := db.StoppedRecord(ctx, sqlc.StoppedRecordParams{ID: r.ID, Holder: w.holder, Content: r.Content, State: state, ExceptionID: &id, Problem: o.Words,
		Title: w.source.Title, Amount: amount, Currency: currency, RemoteKey: remoteKey})
	if err != nil {
		return fmt.Errorf("put %s aside: %w", r.Key, err)
	}
	if changed == 0 {
		return errMoved
	}
	if err := note(ctx, db, r.ID, string(o.Class), o.Words, ""); err != nil {
		return err
	}
	return weigh(ctx, tx, id, w.definition.Name)
}

// errMoved rolls an exception back whose record has another content by now.
var errMoved = errors.New("the record has changed meanwhile")

// weigh brings an exception's count and money up to date. The exception's row
// is locked by then, so that nobody's record is missed.
func weigh(ctx context.Context, tx pgx.Tx, exceptionID int64, flow string) error {
	waiting, err := sqlc.New(tx).WaitingOnException(ctx, &exceptionID)
	if err != nil {
		return fmt.Errorf("count waiting records: %w", err)
	}
	return exception.Weigh(ctx, tx, exceptionID, flow, waiting.Records, decimal.NewNullDecimal(waiting.Amount), waiting.Currency)
}

// Release lets everything go on that waits on a cause, because it is gone.
func (s *Service) Release(ctx context.Context, tx pgx.Tx, connectionID int64, class exception.Class, cause, resolution string, actor audit.Actor) (released int64, err error) {
	id, open, err := exception.Open(ctx, tx, connectionID, class, cause)
	if err != nil || !open {
		return 0, err
	}
	flows, err := sqlc.New(tx).FlowsOfException(ctx, &id)
	if err != nil {
		return 0, fmt.Errorf("read flows of exception: %w", err)
	}
	if err := sqlc.New(tx).LookAgain(ctx, sqlc.LookAgainParams{ExceptionID: &id}); err != nil {
		return 0, fmt.Errorf("look again: %w", err)
	}
	if released, err = sqlc.New(tx).ReleaseRecords(ctx, id); err != nil {
		return 0, fmt.Errorf("release records: %w", err)
	}
	for _, flow := range flows {
		if err := s.Jobs.WorkFlow(ctx, tx, connectionID, flow, 1); err != nil {
			return 0, err
		}
	}
	return released, exception.Clear(ctx, tx, connectionID, class, cause, resolution, actor)
}

// obstacleOf makes one obstacle of what failed; nil when nothing stops the record.
func obstacleOf(d Definition, failed []Failed) *Obstacle {
	var first *Failed
	words := ""
	for i, f := range failed {
		if f.Severity != Stops {
			continue
		}
		if first == nil {
			first = &failed[i]
		} else {
			words += " "
		}
		words += f.String()
	}
	if first == nil {
		return nil
	}
	o := &Obstacle{Class: exception.MappingFailed, Cause: d.Name + "/" + first.Name, Title: fmt.Sprintf("%s: the formula of %s does not come out", d.Title, first.Name), Words: words}
	if first.Check {
		o.Class, o.Title = exception.CheckFailed, fmt.Sprintf("%s: %s", d.Title, first.Message)
	}
	return o
}
