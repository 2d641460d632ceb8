package amazon

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"tieout/app/clock"
)

// Operation is one call of the API with its default usage plan from the model.
type Operation struct {
	Name  string
	Rate  float64 // calls per second
	Burst float64 // calls that an idle bucket allows at once
}

// late is how much longer than another a call may be on its way without being
// refused for it.
const late = 50 * time.Millisecond

// chance is the part of the burst, a tenth and a call at least, that is left to
// the way: a call that is late meets a bucket that Amazon did not fill beyond its
// brim meanwhile.
func (o Operation) chance() float64 { return max(o.Burst/10, 1) }

// careful asks for what can be kept however the calls arrive: the burst without
// its chance, and no more calls while one is late than the chance has room for.
func (o Operation) careful() Operation {
	o.Rate = o.sustained(o.Rate)
	o.Burst = max(math.Floor(o.Burst-o.chance()), 1)
	return o
}

// sustained is rate, in calls per second, or what the chance has room for.
func (o Operation) sustained(rate float64) float64 {
	return min(rate, o.chance()/late.Seconds())
}

// Limiter counts calls per connection key and operation in token buckets: it
// begins with the operation's default plan and follows what Amazon says.
type Limiter interface {
	// Wait returns when the call may be sent. When that is later than ctx
	// allows it returns *BusyError at once.
	Wait(ctx context.Context, key string, op Operation) error
	// Observed takes the rate that an answer stated, in calls per second.
	Observed(ctx context.Context, key string, op Operation, rate float64) error
	// Drained empties the bucket: Amazon answered 429.
	Drained(ctx context.Context, key string, op Operation) error
}

// BusyError says that the rate limit allows the call only after the caller's
// deadline.
type BusyError struct {
	Operation string
	After     time.Duration // from now
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("Amazon's rate limit allows %s again in %s", e.Operation, e.After.Round(time.Second))
}

// Pause waits for d or until ctx ends, whose cause it returns then.
type Pause func(ctx context.Context, d time.Duration) error

// Sleep is the Pause of real time.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// shortest keeps a bucket that is full but for a rounding error from being
// asked in a tight loop.
const shortest = 5 * time.Millisecond

// await takes a token with take, which returns how long to wait for one, and
// waits as long as ctx allows.
func await(ctx context.Context, op Operation, pause Pause, take func() (taken bool, wait time.Duration, err error)) error {
	for {
		taken, wait, err := take()
		if err != nil || taken {
			return err
		}
		wait = max(wait, shortest)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return &BusyError{op.Name, wait}
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// Memory is a Limiter for one process.
type Memory struct {
	clock clock.Clock
	pause Pause

	mu      sync.Mutex
	buckets map[[2]string]*bucket
}

// NewMemory returns a Limiter that counts in this process only.
func NewMemory(c clock.Clock, pause Pause) *Memory {
	return &Memory{clock: c, pause: pause, buckets: map[[2]string]*bucket{}}
}

// Wait implements Limiter.
func (m *Memory) Wait(ctx context.Context, key string, op Operation) error {
	return await(ctx, op, m.pause, func() (taken bool, wait time.Duration, err error) {
		m.with(key, op, func(b *bucket) { taken, wait = b.take() })
		return taken, wait, ctx.Err()
	})
}

// Observed implements Limiter.
func (m *Memory) Observed(_ context.Context, key string, op Operation, rate float64) error {
	m.with(key, op, func(b *bucket) { b.rate = rate })
	return nil
}

// Drained implements Limiter.
func (m *Memory) Drained(_ context.Context, key string, op Operation) error {
	m.with(key, op, func(b *bucket) { b.tokens = 0 })
	return nil
}

// with runs change on the bucket, filled up to now.
func (m *Memory) with(key string, op Operation, change func(*bucket)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	b, ok := m.buckets[[2]string{key, op.Name}]
	if !ok {
		b = &bucket{rate: op.Rate, burst: op.Burst, tokens: op.Burst, at: now}
		m.buckets[[2]string{key, op.Name}] = b
	}
	b.fill(now)
	change(b)
}

// bucket is the arithmetic that PostgreSQL's rate_bucket has as well.
type bucket struct {
	rate, burst, tokens float64
	at                  time.Time
}

func (b *bucket) fill(now time.Time) {
	b.tokens = math.Min(b.burst, b.tokens+b.rate*math.Max(0, now.Sub(b.at).Seconds()))
	b.at = now
}

func (b *bucket) take() (bool, time.Duration) {
	if b.tokens >= 1 {
		b.tokens--
		return true, 0
	}
	return false, seconds((1 - b.tokens) / b.rate)
}

// seconds rounds up, so that the token is there afterwards.
func seconds(s float64) time.Duration {
	return time.Duration(math.Ceil(s*1e6)) * time.Microsecond
}
