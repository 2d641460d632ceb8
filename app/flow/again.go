package flow

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/sqlc"
)

// SendAgain lets what is of unknown outcome be sent once more, because a person
// looked at the other side and it is not there; reason says where. The other
// side is asked once more before anything leaves.
func (s *Service) SendAgain(ctx context.Context, e exception.Exception, reason string, actor audit.Actor) (released int64, err error) {
	if len(strings.TrimSpace(reason)) < 10 {
		return 0, fault.InvalidFields(map[string]string{"reason": "Say where you looked and that it is not there (at least 10 characters)."})
	}
	if e.Class != exception.DeliveryUnknown {
		return 0, fault.New(fault.Conflict, "Only what is of unknown outcome can be sent again by a person's word.")
	}
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		undecided, err := sqlc.New(tx).UndecidedMessages(ctx, &e.ID)
		if err != nil {
			return fmt.Errorf("read undecided messages: %w", err)
		}
		for _, id := range undecided {
			if err := outbound.Reopen(ctx, tx, id, actor.Name, reason); err != nil {
				return err
			}
		}
		if released, err = s.Release(ctx, tx, e.ConnectionID, e.Class, e.Cause, "To be sent again: "+reason, actor); err != nil {
			return err
		}
		if released == 0 {
			return fault.New(fault.Conflict, "Nothing waits on this any more.")
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "to be sent again", ObjectType: "exception", ObjectID: e.ID, ConnectionID: e.ConnectionID, Reason: reason, After: map[string]any{"records": released}})
	})
	return released, err
}
