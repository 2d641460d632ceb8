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

const objectType = "alert_channel"

// rotation is how long the secret before goes on signing.
const rotation = 24 * time.Hour

// place is what a channel's secret is bound to in the vault; both columns hold
// the same secrets in turn.
func place(id int64) string { return fmt.Sprintf("alert_channel/%d/secret", id) }

// Channels returns the channels that are not deleted, by name.
func (s *Service) Channels(ctx context.Context) ([]Channel, error) {
	return channels(ctx, s.Pool)
}

func channels(ctx context.Context, db sqlc.DBTX) ([]Channel, error) {
	rows, err := sqlc.New(db).ListAlertChannels(ctx)
	if err != nil {
		return nil, fmt.Errorf("list alert channels: %w", err)
	}
	list := make([]Channel, len(rows))
	for i, r := range rows {
		list[i] = channelOf(r)
	}
	return list, nil
}

// Channel returns one channel; fault.NotFound when there is none.
func (s *Service) Channel(ctx context.Context, id int64) (Channel, error) {
	row, err := get(ctx, s.Pool, id)
	return channelOf(row), err
}

func get(ctx context.Context, db sqlc.DBTX, id int64) (sqlc.AlertChannel, error) {
	row, err := sqlc.New(db).GetAlertChannel(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && row.DeletedAt != nil) {
		return sqlc.AlertChannel{}, fault.New(fault.NotFound, "There is no alert channel %d.", id)
	}
	if err != nil {
		return row, fmt.Errorf("read alert channel %d: %w", id, err)
	}
	return row, nil
}

// Create stores a channel. What is open already is not told to it. secret is
// the signing secret of a webhook, which nobody is shown again.
func (s *Service) Create(ctx context.Context, c Channel, actor audit.Actor) (id int64, secret string, err error) {
	if err := c.validate(); err != nil {
		return 0, "", err
	}
	if c.Kind == ByWebhook {
		secret = notify.NewSecret()
	}
	err = s.within(ctx, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		if id, err = db.NextAlertChannel(ctx); err != nil {
			return fmt.Errorf("number alert channel: %w", err)
		}
		sealed, err := s.Vault.Seal(secret, place(id))
		if err != nil {
			return err
		}
		_, err = db.InsertAlertChannel(ctx, sqlc.InsertAlertChannelParams{ID: id, Kind: string(c.Kind), Name: c.Name, Address: c.Address, Secret: sealed, Occasions: c.groupNames(),
			ConnectionIds: append([]int64{}, c.Connections...), DownMinutes: int32(c.DownMinutes), SilentDays: int32(c.SilentDays), ExpiryDays: int32(c.ExpiryDays)})
		if err != nil {
			return named(err)
		}
		if err := s.know(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "created", ObjectType: objectType, ObjectID: id, After: c})
	})
	return id, secret, err
}

// Change stores another name, address or choice. What the channel was to be
// told by its old choice it still is; what is open by the new one it is not.
func (s *Service) Change(ctx context.Context, c Channel, actor audit.Actor) error {
	if err := c.validate(); err != nil {
		return err
	}
	return s.change(ctx, c.ID, "changed", actor, c, func(tx *database.Tx, before Channel) error {
		if err := s.collect(ctx, tx, before); err != nil {
			return err
		}
		changed, err := sqlc.New(tx).UpdateAlertChannel(ctx, sqlc.UpdateAlertChannelParams{ID: c.ID, Version: c.Version, Name: c.Name, Address: c.Address, Occasions: c.groupNames(),
			ConnectionIds: append([]int64{}, c.Connections...), DownMinutes: int32(c.DownMinutes), SilentDays: int32(c.SilentDays), ExpiryDays: int32(c.ExpiryDays)})
		if err != nil {
			return named(err)
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "This channel changed while you looked at it. Read it again.")
		}
		return s.know(ctx, tx, c.ID)
	})
}

// Rotate gives a webhook a new secret; the old one signs as well for a day.
func (s *Service) Rotate(ctx context.Context, id int64, actor audit.Actor) (secret string, err error) {
	secret = notify.NewSecret()
	err = s.change(ctx, id, "rotated the secret of", actor, nil, func(tx *database.Tx, before Channel) error {
		if before.Kind != ByWebhook {
			return fault.New(fault.Conflict, "Mail is not signed.")
		}
		row, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		sealed, err := s.Vault.Seal(secret, place(id))
		if err != nil {
			return err
		}
		until := tx.Now.Add(rotation)
		err = sqlc.New(tx).SetAlertSecrets(ctx, sqlc.SetAlertSecretsParams{ID: id, Secret: sealed, OldSecret: row.Secret, OldUntil: &until})
		if err != nil {
			return fmt.Errorf("store secret of alert channel %d: %w", id, err)
		}
		return nil
	})
	return secret, err
}

// Reseal seals the secrets of every webhook anew, after the vault has another
// key, and returns how many. It can be repeated.
func (s *Service) Reseal(ctx context.Context) (secrets int, err error) {
	err = s.within(ctx, func(tx *database.Tx) error {
		secrets = 0
		db := sqlc.New(tx)
		rows, err := db.ListAlertChannels(ctx)
		if err != nil {
			return fmt.Errorf("list alert channels: %w", err)
		}
		for _, r := range rows {
			if r.Secret == nil {
				continue
			}
			params := sqlc.ResealAlertSecretsParams{ID: r.ID}
			if params.Secret, err = s.Vault.Again(r.Secret, place(r.ID)); err != nil {
				return err
			}
			if params.OldSecret, err = s.Vault.Again(r.OldSecret, place(r.ID)); err != nil {
				return err
			}
			if err := db.ResealAlertSecrets(ctx, params); err != nil {
				return fmt.Errorf("store secrets of alert channel %d: %w", r.ID, err)
			}
			secrets++
		}
		return nil
	})
	return secrets, err
}

// SwitchOff stops telling; what waits is dropped.
func (s *Service) SwitchOff(ctx context.Context, id int64, reason string, actor audit.Actor) error {
	return s.change(ctx, id, "switched off", actor, nil, func(tx *database.Tx, _ Channel) error {
		return s.turn(ctx, tx, id, &tx.Now, reason)
	})
}

// SwitchOn tells again, from now on.
func (s *Service) SwitchOn(ctx context.Context, id int64, actor audit.Actor) error {
	return s.change(ctx, id, "switched on", actor, nil, func(tx *database.Tx, _ Channel) error {
		if err := s.turn(ctx, tx, id, nil, ""); err != nil {
			return err
		}
		return s.know(ctx, tx, id)
	})
}

func (s *Service) turn(ctx context.Context, tx *database.Tx, id int64, off *time.Time, reason string) error {
	_, err := sqlc.New(tx).SwitchAlertChannel(ctx, sqlc.SwitchAlertChannelParams{ID: id, OffAt: off, OffReason: reason})
	if err != nil {
		return fmt.Errorf("switch alert channel %d: %w", id, err)
	}
	return nil
}

// Delete removes a channel and its secrets; its history stays.
func (s *Service) Delete(ctx context.Context, id int64, actor audit.Actor) error {
	return s.change(ctx, id, "deleted", actor, nil, func(tx *database.Tx, _ Channel) error {
		if err := sqlc.New(tx).DeleteAlertChannel(ctx, sqlc.DeleteAlertChannelParams{ID: id, DeletedAt: &tx.Now}); err != nil {
			return fmt.Errorf("delete alert channel %d: %w", id, err)
		}
		return nil
	})
}

// change runs work on a channel and writes it to the log. It waits for whoever
// looks for occasions, so that a channel is whole when it is told.
func (s *Service) change(ctx context.Context, id int64, action string, actor audit.Actor, after any, work func(*database.Tx, Channel) error) error {
	return s.within(ctx, func(tx *database.Tx) error {
		row, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		before := channelOf(row)
		if err := work(tx, before); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: action, ObjectType: objectType, ObjectID: id, Before: before, After: after})
	})
}

// within runs work in a transaction that nobody looks for occasions beside.
func (s *Service) within(ctx context.Context, work func(*database.Tx) error) error {
	err := database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		if _, err := sqlc.New(tx).LockAlertWatch(ctx); err != nil {
			return fmt.Errorf("lock alerts: %w", err)
		}
		return work(tx)
	})
	return database.Translate(err)
}

// named says which field a taken name is in.
func named(err error) error {
	if fault.Is(database.Translate(err), fault.Conflict) {
		return fault.InvalidFields(map[string]string{"name": "Another channel has this name."})
	}
	return fmt.Errorf("store alert channel: %w", err)
}
