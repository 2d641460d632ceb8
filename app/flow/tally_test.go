package flow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALargeCountStaysForAMinute(t *testing.T) {
	t.Parallel()
	var counts tally
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	us, uk := Place{1, "orders"}, Place{2, "orders"}
	require.Empty(t, counts.known(Place{}, now))
	counts.put(us, done{delivered: 9000, at: now})
	counts.put(uk, done{delivered: 7000, at: now.Add(30 * time.Second)})
	require.Len(t, counts.known(Place{}, now.Add(59*time.Second)), 2)
	require.Equal(t, map[Place]done{us: {delivered: 9000, at: now}}, counts.known(Place{Connection: 1, Flow: "orders"}, now.Add(59*time.Second)))
	require.Empty(t, counts.known(us, now.Add(time.Minute)), "it is counted again")
	require.Empty(t, counts.known(Place{Connection: 1, Flow: "returns"}, now))
	require.Len(t, counts.known(Place{Flow: "orders"}, now.Add(time.Minute)), 1)
}
