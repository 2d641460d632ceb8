package alert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/notify"
	"tieout/sqlc"
)

// States of an alert and its message.
const (
	known   = "known"
	waiting = "waiting"
	sent    = "sent"
	failed  = "failed"
	refused = "refused"
	dropped = "dropped"
)

// Unsent says that the other side may take a message another time.
type Unsent struct{ Words string }

func (e *Unsent) Error() string { return "the alert was not taken: " + e.Words }

// letter is a message on its way.
type letter struct {
	notify.Message
	row     int64
	channel sqlc.AlertChannel
	now     time.Time
}

// Send tells a message, once. *Unsent asks to be called again later; with last
// set it is written down as failed instead. A message that is settled is left
// alone.
func (s *Service) Send(ctx context.Context, messageID int64, last bool) error {
	l, err := s.begin(ctx, messageID)
	if err != nil || l == nil {
		return err
	}
	answer, err := s.deliver(ctx, *l)
	if err != nil {
		return err
	}
	if answer.Outcome == notify.Later && !last {
		return s.postpone(ctx, *l, answer)
	}
	return s.settle(ctx, *l, answer)
}

// begin opens an attempt; nil when nothing is left to tell.
func (s *Service) begin(ctx context.Context, id int64) (*letter, error) {
	var l *letter
	err := database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		l = nil
		db := sqlc.New(tx)
		m, err := db.LockAlertMessage(ctx, id)
		if errors.Is(err, pgx.ErrNoRows) || (err == nil && m.State != waiting) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read alert message %d: %w", id, err)
		}
		channel, err := db.GetAlertChannel(ctx, m.ChannelID)
		if err != nil {
			return fmt.Errorf("read alert channel %d: %w", m.ChannelID, err)
		}
		if channel.OffAt != nil || channel.DeletedAt != nil {
			return finish(ctx, db, id, dropped, "The channel was switched off before it was told.")
		}
		items, err := s.items(ctx, db, id)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return finish(ctx, db, id, dropped, "All of it was settled before it was told.")
		}
		if err := db.BeginAlertAttempt(ctx, sqlc.BeginAlertAttemptParams{ID: id, Now: tx.Now}); err != nil {
			return fmt.Errorf("begin attempt of alert message %d: %w", id, err)
		}
		l = &letter{Message: notify.Message{ID: m.Key, At: m.CreatedAt, Items: items}, row: id, channel: channel, now: tx.Now}
		return nil
	})
	return l, err
}

// items returns what is still worth telling.
func (s *Service) items(ctx context.Context, db *sqlc.Queries, messageID int64) ([]notify.Item, error) {
	if err := db.DropQuietAlerts(ctx, &messageID); err != nil {
		return nil, fmt.Errorf("drop settled alerts: %w", err)
	}
	rows, err := db.AlertsOfMessage(ctx, &messageID)
	if err != nil {
		return nil, fmt.Errorf("read alerts of message %d: %w", messageID, err)
	}
	items := make([]notify.Item, len(rows))
	for i, r := range rows {
		items[i] = notify.Item{ID: r.ID, Occasion: r.Class, Connection: r.ConnectionName, Title: r.Title, Text: r.Body, Link: s.PublicURL + r.Path, At: r.HappenedAt.UTC()}
	}
	return items, nil
}

// deliver asks the other side; an error is this program's own.
func (s *Service) deliver(ctx context.Context, l letter) (notify.Answer, error) {
	if Kind(l.channel.Kind) == ByMail {
		to, err := notify.ParseRecipients(l.channel.Address)
		if err != nil {
			return notify.Answer{Outcome: notify.Refused, Words: sentence(err)}, nil
		}
		return s.Mail.Send(ctx, to, l.Message), nil
	}
	secrets, err := s.secrets(l)
	if err != nil {
		return notify.Answer{}, err
	}
	return s.Webhook.Send(ctx, notify.Target{URL: l.channel.Address, Secrets: secrets}, l.Message), nil
}

// secrets returns the signing secrets in force, the newest first.
func (s *Service) secrets(l letter) ([]string, error) {
	secret, err := s.Vault.Open(l.channel.Secret, place(l.channel.ID))
	if err != nil {
		return nil, err
	}
	list := []string{secret}
	if l.channel.OldUntil != nil && l.now.Before(*l.channel.OldUntil) {
		old, err := s.Vault.Open(l.channel.OldSecret, place(l.channel.ID))
		if err != nil {
			return nil, err
		}
		list = append(list, old)
	}
	return list, nil
}

func (s *Service) postpone(ctx context.Context, l letter, answer notify.Answer) error {
	err := sqlc.New(s.Pool).SettleAlertMessage(ctx, sqlc.SettleAlertMessageParams{ID: l.row, State: waiting, Answer: answer.Words})
	if err != nil {
		return fmt.Errorf("keep answer to alert message %d: %w", l.row, err)
	}
	return &Unsent{answer.Words}
}

// settle writes down what became of a message; a receiver that is gone switches
// its channel off.
func (s *Service) settle(ctx context.Context, l letter, answer notify.Answer) error {
	state := map[notify.Outcome]string{notify.Delivered: sent, notify.Later: failed, notify.Refused: refused, notify.Gone: refused}[answer.Outcome]
	// The other side may have it: this is written down although the caller stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		return finish(ctx, sqlc.New(tx), l.row, state, answer.Words)
	})
	if err != nil {
		return err
	}
	if answer.Outcome == notify.Gone {
		return s.switchOffGone(ctx, l.channel.ID)
	}
	return nil
}

func (s *Service) switchOffGone(ctx context.Context, channelID int64) error {
	err := s.SwitchOff(ctx, channelID, "The receiver answered 410 Gone.", audit.Job("alerts"))
	if fault.Is(err, fault.NotFound) {
		return nil // deleted meanwhile
	}
	return err
}

func finish(ctx context.Context, db *sqlc.Queries, id int64, state, answer string) error {
	if err := db.SettleAlerts(ctx, sqlc.SettleAlertsParams{MessageID: &id, State: state}); err != nil {
		return fmt.Errorf("settle alerts of message %d: %w", id, err)
	}
	if err := db.SettleAlertMessage(ctx, sqlc.SettleAlertMessageParams{ID: id, State: state, Answer: answer}); err != nil {
		return fmt.Errorf("settle alert message %d: %w", id, err)
	}
	return nil
}

// Test sends a channel one message at once and returns what came of it.
func (s *Service) Test(ctx context.Context, id int64, actor audit.Actor) (notify.Answer, error) {
	channel, err := get(ctx, s.Pool, id)
	if err != nil {
		return notify.Answer{}, err
	}
	now := s.Clock.Now()
	l := letter{channel: channel, now: now, Message: notify.Message{ID: newKey(), At: now, Test: true, Items: []notify.Item{{Occasion: "test",
		Title: "This is a test", Text: actor.Name + " asked whether alerts of the channel " + channel.Name + " arrive.", Link: s.PublicURL + "/admin/alerts", At: now}}}}
	answer, err := s.deliver(ctx, l)
	if err != nil {
		return answer, err
	}
	err = audit.Write(ctx, s.Pool, audit.Event{Actor: actor, Action: "tested", ObjectType: objectType, ObjectID: id, After: map[string]any{"outcome": answer.Outcome, "answer": answer.Words}})
	if err == nil && answer.Outcome == notify.Gone {
		err = s.switchOffGone(ctx, id)
	}
	return answer, err
}

// Told is an alert with what became of it.
type Told = sqlc.NewestAlertsRow

// Newest returns the newest alerts.
func (s *Service) Newest(ctx context.Context, limit int32) ([]Told, error) {
	list, err := sqlc.New(s.Pool).NewestAlerts(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("read newest alerts: %w", err)
	}
	return list, nil
}

// LookedAt returns when occasions were looked for last; zero is never.
func (s *Service) LookedAt(ctx context.Context) (time.Time, error) {
	at, err := sqlc.New(s.Pool).AlertsLookedAt(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read when alerts were looked for: %w", err)
	}
	return orZero(at), nil
}

// Retry sends a failed or refused message again, under its id.
func (s *Service) Retry(ctx context.Context, messageID int64, actor audit.Actor) error {
	return s.within(ctx, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		m, err := db.LockAlertMessage(ctx, messageID)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "There is no alert message %d.", messageID)
		}
		if err != nil {
			return fmt.Errorf("read alert message %d: %w", messageID, err)
		}
		if m.State != failed && m.State != refused {
			return fault.New(fault.Conflict, "This message is %s; only one that failed or was refused is sent again.", m.State)
		}
		if err := db.WakeAlerts(ctx, &messageID); err != nil {
			return fmt.Errorf("wake alerts of message %d: %w", messageID, err)
		}
		if err := db.SettleAlertMessage(ctx, sqlc.SettleAlertMessageParams{ID: messageID, State: waiting, Answer: m.Answer}); err != nil {
			return fmt.Errorf("wake alert message %d: %w", messageID, err)
		}
		if err := s.Jobs.Tell(ctx, tx.Tx, messageID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "sent an alert again", ObjectType: objectType, ObjectID: m.ChannelID, After: map[string]any{"message": m.Key}})
	})
}
