package alert

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tieout/app/notify"
	"tieout/sqlc"
)

// HasChannel reports whether a webhook of that name is on and wants to be told
// of orders of a connection.
func (s *Service) HasChannel(ctx context.Context, connectionID int64, name string) (bool, error) {
	row, err := s.byName(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	c := channelOf(row)
	return c.Kind == ByWebhook && c.On() && c.wants(Fulfilment, connectionID), nil
}

// TellChannel posts an event to the webhook of a name, once.
func (s *Service) TellChannel(ctx context.Context, connectionID int64, name string, e notify.Event) (notify.Answer, error) {
	has, err := s.HasChannel(ctx, connectionID, name)
	if err != nil {
		return notify.Answer{}, err
	}
	if !has {
		return notify.Answer{Outcome: notify.Gone, Words: "there is no such webhook any more"}, nil
	}
	row, err := s.byName(ctx, name)
	if err != nil {
		return notify.Answer{}, err
	}
	secrets, err := s.secrets(letter{channel: row, now: s.Clock.Now()})
	if err != nil {
		return notify.Answer{}, err
	}
	return s.Webhook.Post(ctx, notify.Target{URL: row.Address, Secrets: secrets}, e), nil
}

func (s *Service) byName(ctx context.Context, name string) (sqlc.AlertChannel, error) {
	row, err := sqlc.New(s.Pool).AlertChannelByName(ctx, name)
	if err != nil {
		return row, fmt.Errorf("read alert channel %q: %w", name, err)
	}
	return row, nil
}
