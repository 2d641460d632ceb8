package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/sqlc"
)

// The systems on the other side.
const (
	Amazon = "amazon"
	P21    = "p21"
)

// Reached writes down whether a system could be used, as the call that ended
// with err found. An error that says nothing about the system changes nothing.
func (s *Service) Reached(ctx context.Context, connectionID int64, system string, err error) error {
	db := sqlc.New(s.Pool)
	switch {
	case err == nil:
		err = db.SystemAnswered(ctx, sqlc.SystemAnsweredParams{ConnectionID: connectionID, System: system, TriedAt: s.Clock.Now()})
	case unusable(err):
		err = db.SystemSilent(ctx, sqlc.SystemSilentParams{ConnectionID: connectionID, System: system, TriedAt: s.Clock.Now(), Words: fault.MessageOf(err)})
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("record reach of %s: %w", system, err)
	}
	return nil
}

// unusable reports whether an error means that the system cannot be used: it
// does not answer, or it no longer lets this program in. A rate limit is an
// answer.
func unusable(err error) bool {
	var busy *amazon.BusyError
	var said *amazon.Error
	if errors.As(err, &busy) || (errors.As(err, &said) && said.Throttled()) || errors.Is(err, context.Canceled) {
		return false
	}
	code := fault.CodeOf(err)
	return code == fault.Unavailable || code == fault.Forbidden || code == fault.Unauthorised
}

// SecretEnd is when Amazon's client secret of a connection ends; Amazon shows
// it in Seller Central and tells no program.
type SecretEnd struct {
	ConnectionID int64
	Name         string
	EndsOn       time.Time // a day
}

// SecretEnds returns what is known of the ends of client secrets.
func (s *Service) SecretEnds(ctx context.Context) ([]SecretEnd, error) {
	rows, err := sqlc.New(s.Pool).SecretsEnding(ctx)
	if err != nil {
		return nil, fmt.Errorf("read ends of client secrets: %w", err)
	}
	list := make([]SecretEnd, len(rows))
	for i, r := range rows {
		list[i] = SecretEnd{r.ConnectionID, cmp.Or(r.Title, r.Name), r.EndsOn}
	}
	return list, nil
}

// SetSecretEnds stores when client secrets end, by connection; the zero time
// is unknown. What stays as it was is not written.
func (s *Service) SetSecretEnds(ctx context.Context, ends map[int64]time.Time, actor audit.Actor) error {
	err := database.WithTx(ctx, s.Pool, s.Clock, func(tx *database.Tx) error {
		var events []audit.Event
		for _, id := range slices.Sorted(maps.Keys(ends)) {
			var on *time.Time
			if day := ends[id]; !day.IsZero() {
				on = &day
			}
			changed, err := sqlc.New(tx).SetSecretEnd(ctx, sqlc.SetSecretEndParams{ID: id, EndsOn: on})
			if err != nil {
				return fmt.Errorf("store end of client secret: %w", err)
			}
			if changed > 0 {
				events = append(events, audit.Event{Actor: actor, Action: "said when the client secret ends", ObjectType: "connection", ObjectID: id, ConnectionID: id, After: map[string]any{"lwa_secret_expires": on}})
			}
		}
		return audit.Write(ctx, tx, events...)
	})
	return database.Translate(err)
}

// Connection is one that a channel can be told of.
type Connection struct {
	ID    int64
	Title string
}

// Connections returns what a channel can choose from.
func (s *Service) Connections(ctx context.Context) ([]Connection, error) {
	rows, err := sqlc.New(s.Pool).ConnectionChoices(ctx)
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	list := make([]Connection, len(rows))
	for i, r := range rows {
		list[i] = Connection{r.ID, cmp.Or(r.Title, r.Name)}
	}
	return list, nil
}
