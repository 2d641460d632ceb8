package flow

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tieout/sqlc"
)

// The breaker: after so many failures in a row a flow stops asking, and tries
// again after a pause that doubles up to a limit. One answer ends it.
const (
	Patience  = 3 // failures in a row before people are told
	firstHold = 15 * time.Second
	longHold  = 5 * time.Minute
)

// Times that stand further ahead were written while a clock was wrong, and do
// not count.
const (
	longestHold = 2 * longHold
	longestOff  = 2 * time.Hour // of a record
)

// hold counts a failure of the other side and, past the patience, lets the flow
// wait instead of burning attempts.
func (s *Service) hold(ctx context.Context, db *sqlc.Queries, connectionID int64, name, words string) error {
	state, err := db.GetFlow(ctx, sqlc.GetFlowParams{ConnectionID: connectionID, Name: name})
	if err != nil {
		return fmt.Errorf("read flow %s: %w", name, err)
	}
	now := s.Clock.Now()
	if left(state.HeldUntil, now) > 0 {
		return nil // it was counted
	}
	until := now.Add(pause(int(state.Failures) + 1))
	if _, err := db.HoldFlow(ctx, sqlc.HoldFlowParams{ConnectionID: connectionID, Name: name, Now: now, HeldUntil: &until, Failure: words, Seen: state.Failures}); err != nil {
		return fmt.Errorf("hold flow %s: %w", name, err)
	}
	return nil
}

// pause is how long a flow waits after so many failures in a row, with jitter
// so that several flows do not come back at once.
func pause(failures int) time.Duration {
	if failures < Patience {
		return time.Second
	}
	d := min(firstHold<<min(failures-Patience, 10), longHold)
	return d + rand.N(d/4+1)
}

// answered ends a hold.
func answered(ctx context.Context, db *sqlc.Queries, connectionID int64, name string) error {
	if _, err := db.ReleaseFlow(ctx, sqlc.ReleaseFlowParams{ConnectionID: connectionID, Name: name}); err != nil {
		return fmt.Errorf("release flow %s: %w", name, err)
	}
	return nil
}

// again is when a record that met a passing failure is tried next.
func again(now time.Time, tries int, least time.Duration) time.Time {
	d := max(min(2*time.Second<<min(tries, 10), 10*time.Minute), least)
	return now.Add(min(d+rand.N(d/4+1), longestOff))
}

// left is how long a hold goes on.
func left(until *time.Time, now time.Time) time.Duration {
	if until == nil || until.Sub(now) > longestHold {
		return 0
	}
	return max(until.Sub(now), 0)
}
