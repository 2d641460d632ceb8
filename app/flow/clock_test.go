package flow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
)

// A clock that is a day ahead dates everything a day ahead: when the flow is read
// next, how far it was read, until when it waits, how new a content is.
func TestWhatAWrongClockWroteHoldsNothingUp(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{5 * time.Hour, 24 * time.Hour} {
		t.Run(step.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			right := w.clock.Now()
			w.clock.Advance(step)
			w.Answer = &flow.Pause{Words: "The shelf is being cleaned.", Least: time.Minute}
			w.tell(flowtest.Box("A", "ann", "kettle"), 0)
			w.tell(flowtest.Box("B", "bob", "kettle"), 0)
			require.NoError(t, w.Due(t.Context()))
			w.run()
			require.Equal(t, "received The shelf is being cleaned.", w.state("A"), "put off under the wrong clock")
			w.Answer, w.Down = nil, fault.New(fault.Unavailable, "The shelf does not answer.")
			for range 4 {
				w.clock.Advance(2 * time.Minute)
				w.run()
			}
			require.EqualValues(t, 1, w.number(`SELECT count(*) FROM flow WHERE held_until > $1 AND next_at > $1 AND read_until >= $1`, right.Add(step)))

			w.clock.Advance(right.Sub(w.clock.Now()))
			w.Down = nil
			before := w.queue.read.Load()
			require.NoError(t, w.Due(t.Context()))
			require.Greater(t, w.queue.read.Load(), before, "it is read at once, not tomorrow")
			require.Positive(t, w.queue.work.Load())
			w.Listed = nil
			w.tell(flowtest.Box("B", "ben", "kettle"), 0)
			w.tell(flowtest.Box("C", "cat", "kettle"), 0)
			w.run()
			for _, key := range []string{"A", "B", "C"} {
				require.Equal(t, "delivered", w.state(key), key)
			}
			require.Contains(t, w.Held["B"][0], "BEN", "what is told now is newer than what was told tomorrow")
			require.EqualValues(t, 1, w.number(`SELECT count(*) FROM flow WHERE held_until IS NULL AND read_until = $1`, right))
		})
	}
}
