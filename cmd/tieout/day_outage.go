package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"tieout/app/amazon"
	"tieout/app/database/private"
)

// interrupt takes the database away for a while, in the middle of everything.
// The program must say so meanwhile, and be well again afterwards by itself.
func (w *dayWorld) interrupt(ctx context.Context, outage time.Duration) error {
	say(w.env, "The database is gone for %s.", outage)
	err := w.postgres.Interrupt(ctx, w.env.postgres, private.Immediate, func(ctx context.Context) error {
		if err := w.expect(ctx, http.StatusServiceUnavailable); err != nil {
			return err
		}
		return amazon.Sleep(ctx, outage)
	})
	if err != nil {
		return fmt.Errorf("take the database away: %w", err)
	}
	if err := w.expect(ctx, http.StatusOK); err != nil {
		return err
	}
	say(w.env, "The database is back.")
	return nil
}

// recovery is how long the program may take to notice either.
const recovery = 30 * time.Second

// expect waits until the program says of itself that it is ready, or not.
func (w *dayWorld) expect(ctx context.Context, status int) error {
	for until := time.Now().Add(recovery); ; {
		got, err := w.readiness(ctx)
		if err != nil {
			return fmt.Errorf("ask the program whether it is ready: %w", err)
		}
		if got == status {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("the program answers %d when asked whether it is ready, not %d", got, status)
		}
		if err := amazon.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

func (w *dayWorld) readiness(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/readyz", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
