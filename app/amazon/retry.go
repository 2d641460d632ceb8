package amazon

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Backoff is exponential with full jitter: the n-th wait is drawn from 0 to
// Base times 2^(n-1), at most Cap.
type Backoff struct {
	Base, Cap time.Duration
}

// longestAfter bounds what a Retry-After may ask for.
const longestAfter = 5 * time.Minute

// wait returns the pause after the n-th failure, n from 1; not shorter than
// what the answer asked for.
func (b Backoff) wait(n int, err error) time.Duration {
	ceiling := b.Cap
	if n < 32 {
		ceiling = min(b.Cap, b.Base<<(n-1))
	}
	wait := time.Duration(rand.Int64N(int64(max(ceiling, 1))))
	var answered *Error
	if errors.As(err, &answered) {
		wait = max(wait, min(answered.after, longestAfter))
	}
	return wait
}

// retry runs try until it succeeds, fails for good or has failed cfg.Tries
// times, and explains the last failure.
func (c *Client) retry(ctx context.Context, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if err == nil {
			return nil
		}
		if n >= c.cfg.Tries || !retryable(err) || ctx.Err() != nil {
			return explain(err)
		}
		wait := c.cfg.Backoff.wait(n, err)
		c.cfg.Log.DebugContext(ctx, "amazon: trying again", "connection", c.cfg.Key, "after", wait, "error", err)
		if stop := c.cfg.Pause(ctx, wait); stop != nil {
			return fmt.Errorf("%w; the last try: %w", stop, err)
		}
	}
}
