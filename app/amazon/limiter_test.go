package amazon_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
)

// ticker is a clock whose pauses pass at once.
type ticker struct {
	*clock.Fixed
	mu     sync.Mutex
	paused time.Duration
}

func newTicker() *ticker { return &ticker{Fixed: clock.NewFixed(begin)} }

func (k *ticker) pause(ctx context.Context, d time.Duration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.paused += d
	k.Advance(d)
	return ctx.Err()
}

func TestMemoryAllowsTheBurstAndThenTheRate(t *testing.T) {
	t.Parallel()
	k := newTicker()
	m := amazon.NewMemory(k, k.pause)
	op := amazon.Operation{Name: "op", Rate: 0.5, Burst: 3}
	for range 3 {
		require.NoError(t, m.Wait(t.Context(), "a", op))
	}
	require.Zero(t, k.paused, "the burst needs no wait")
	require.NoError(t, m.Wait(t.Context(), "b", op))
	require.NoError(t, m.Wait(t.Context(), "a", amazon.Operation{Name: "other", Rate: 1, Burst: 1}))
	require.Zero(t, k.paused, "other sellers and operations have buckets of their own")

	require.NoError(t, m.Wait(t.Context(), "a", op))
	require.Equal(t, 2*time.Second, k.paused)
	require.NoError(t, m.Observed(t.Context(), "a", op, 4))
	require.NoError(t, m.Wait(t.Context(), "a", op))
	require.Equal(t, 2250*time.Millisecond, k.paused, "at the rate that Amazon stated")

	k.Advance(time.Hour)
	require.NoError(t, m.Drained(t.Context(), "a", op))
	require.NoError(t, m.Wait(t.Context(), "a", op))
	require.Equal(t, 2500*time.Millisecond, k.paused, "the bucket was full and was emptied")
}

func TestMemoryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := amazon.NewMemory(clock.System{}, amazon.Sleep)
	require.ErrorIs(t, m.Wait(ctx, "a", amazon.Operation{Name: "op", Rate: 1, Burst: 1}), context.Canceled)
}

// slow needs an hour for the second call.
var slow = amazon.Operation{Name: "op", Rate: 1. / 3600, Burst: 1}

func TestACallBeyondTheDeadlineFailsAtOnce(t *testing.T) {
	t.Parallel()
	for name, limiter := range map[string]amazon.Limiter{
		"memory":     amazon.NewMemory(clock.System{}, amazon.Sleep),
		"postgresql": amazon.NewStore(dbtest.New(t), amazon.Sleep),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		require.NoError(t, limiter.Wait(ctx, "a", slow), name)
		var busy *amazon.BusyError
		require.ErrorAs(t, limiter.Wait(ctx, "a", slow), &busy, name)
		require.InDelta(t, time.Hour.Seconds(), busy.After.Seconds(), 60, name)
		require.Equal(t, "op", busy.Operation, name)
		cancel()
	}
}

func TestABusyOperationIsUnavailableToPeople(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.on(pathParticipations, say(200, oneShop))
	client := f.client(func(c *amazon.Config) { c.Limiter = amazon.NewMemory(clock.System{}, amazon.Sleep) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 13 { // the burst is 15, two of which are left to chance
		_, err := client.Participations(ctx)
		require.NoError(t, err)
	}
	_, err := client.Participations(ctx)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	require.Contains(t, fault.MessageOf(err), "Amazon's rate limit allows getMarketplaceParticipations again in ")
	require.Equal(t, 13, f.called(pathParticipations))
}

func TestStoreTakesTheBurstTheStatedRateAndTheEmptying(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store := amazon.NewStore(pool, func(context.Context, time.Duration) error { return errNotNow })
	op := amazon.Operation{Name: "op", Rate: 0.001, Burst: 3}
	for range 3 {
		require.NoError(t, store.Wait(t.Context(), "a", op))
	}
	require.ErrorIs(t, store.Wait(t.Context(), "a", op), errNotNow)
	require.NoError(t, store.Wait(t.Context(), "b", op), "other sellers have buckets of their own")

	later := func(seconds int) {
		_, err := pool.Exec(t.Context(), "UPDATE rate_bucket SET updated_at = updated_at - make_interval(secs => $1)", seconds)
		require.NoError(t, err)
	}
	later(1001)
	require.NoError(t, store.Wait(t.Context(), "a", op), "one token has flowed back")
	require.ErrorIs(t, store.Wait(t.Context(), "a", op), errNotNow)

	require.NoError(t, store.Observed(t.Context(), "a", op, 0.1))
	later(11)
	require.NoError(t, store.Wait(t.Context(), "a", op), "at the rate that Amazon stated")
	require.ErrorIs(t, store.Wait(t.Context(), "a", op), errNotNow)

	later(3600)
	require.NoError(t, store.Drained(t.Context(), "a", op))
	require.ErrorIs(t, store.Wait(t.Context(), "a", op), errNotNow, "the bucket was full and was emptied")

	later(3600)
	op.Burst = 2
	require.NoError(t, store.Wait(t.Context(), "a", op))
	require.NoError(t, store.Wait(t.Context(), "a", op))
	require.ErrorIs(t, store.Wait(t.Context(), "a", op), errNotNow, "a model's new burst counts at once")

	later(-5 * 3600)
	require.NoError(t, store.Wait(t.Context(), "a", op), "it was emptied under a clock that was ahead")
	require.NoError(t, store.Wait(t.Context(), "a", op))
	require.ErrorIs(t, store.Wait(t.Context(), "a", op), errNotNow, "and begins full")
}

var errNotNow = context.DeadlineExceeded

func TestStoreReportsADatabaseThatIsGone(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store := amazon.NewStore(pool, amazon.Sleep)
	pool.Close()
	require.Error(t, store.Wait(t.Context(), "a", slow))
	require.Error(t, store.Observed(t.Context(), "a", slow, 1))
	require.Error(t, store.Drained(t.Context(), "a", slow))
}

func TestThreeClientsNeverExceedTheSharedRate(t *testing.T) {
	t.Parallel()
	const (
		clients, workers, each = 3, 4, 6
		rate                   = 60.
		burst                  = 15. // of the model
	)
	var mu sync.Mutex
	var arrivals []time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			say(200, `{"access_token":"Atza|1","expires_in":3600}`)(w, r)
			return
		}
		mu.Lock()
		arrivals = append(arrivals, time.Now())
		mu.Unlock()
		say(200, oneShop, "x-amzn-RateLimit-Limit", "60.0")(w, r)
	}))
	defer server.Close()

	address := dbtest.URL(t)
	start := time.Now()
	var group errgroup.Group
	for range clients {
		pool, err := database.Open(t.Context(), address)
		require.NoError(t, err)
		defer pool.Close()
		client, err := amazon.New(amazon.Config{
			Key: "acme", Endpoint: server.URL, LWAURL: server.URL + "/token",
			ClientID: "id", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r"),
			Limiter: amazon.NewStore(pool, amazon.Sleep),
		})
		require.NoError(t, err)
		for range workers {
			group.Go(func() error {
				for range each {
					if _, err := client.Participations(t.Context()); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	require.NoError(t, group.Wait())
	require.Len(t, arrivals, clients*workers*each)
	for n, at := range arrivals {
		// The n-th call cannot arrive before n tokens were given out.
		require.LessOrEqual(t, float64(n+1), burst+rate*at.Sub(start).Seconds()+1e-6, "call %d after %s", n+1, at.Sub(start))
	}
}
