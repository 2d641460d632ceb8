package amazon

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/clock"
)

// A call may be late on its way: Amazon's bucket was full meanwhile, and the
// calls behind it arrive with it.
func TestCallsThatAreLateFindRoom(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		op := Operation{Name: "op", Rate: 0.5 + 600*r.Float64(), Burst: float64(2 + r.IntN(30))}
		start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		sent, slowest := make([]time.Time, 500), start
		for i, at := range sendings(op, start, len(sent)) {
			// Calls overtake each other or not; a late one holds up all behind it.
			arrival := at.Add(time.Duration(r.Float64() * float64(late)))
			if slowest.Before(arrival) && r.IntN(4) > 0 {
				slowest = arrival
			}
			sent[i] = arrival
			if arrival.Before(slowest) {
				sent[i] = slowest
			}
		}
		amazons := bucket{rate: op.Rate, burst: op.Burst, tokens: op.Burst, at: start}
		for i, at := range sent {
			if at.Before(amazons.at) {
				at = amazons.at // in the order of arrival, whose times only count upwards
			}
			amazons.fill(at)
			taken, _ := amazons.take()
			require.True(t, taken, "seed %d: call %d of %+v is refused", seed, i, op)
		}
	}
}

// sendings are the times at which a limiter sends calls that never wait for anything else.
func sendings(op Operation, start time.Time, calls int) []time.Time {
	at, now := make([]time.Time, calls), clock.NewFixed(start)
	plan := op.careful()
	b := bucket{rate: plan.Rate, burst: plan.Burst, tokens: plan.Burst, at: start}
	for i := range at {
		for {
			b.fill(now.Now())
			taken, wait := b.take()
			if taken {
				break
			}
			now.Advance(wait)
		}
		at[i] = now.Now()
	}
	return at
}
