package queue_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/queue"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/sqs"
)

func open(t *testing.T) (*sqs.Server, *misbehave.Plan, *queue.Queue) {
	t.Helper()
	plan := misbehave.New(1)
	stand := sqs.New(1, plan)
	server := httptest.NewServer(http.StripPrefix("/sqs", stand))
	t.Cleanup(server.Close)
	q, err := queue.Open(t.Context(), queue.Address{URL: server.URL + "/sqs/000000000000/us", Region: "us-east-1", KeyID: "AKIATEST", Secret: "plain-secret"})
	require.NoError(t, err)
	return stand, plan, q
}

func TestMessagesComeUntilTheyAreDeleted(t *testing.T) {
	t.Parallel()
	stand, _, q := open(t)
	for range 12 {
		stand.Send("us", []byte("{}"))
	}
	waiting, err := q.Waiting(t.Context())
	require.NoError(t, err)
	require.Equal(t, 12, waiting)
	first, err := q.Receive(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, first, 10)
	rest, err := q.Receive(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, rest, 2, "what somebody has in hand is hidden")
	require.NoError(t, q.Delete(t.Context(), first))
	require.NoError(t, q.Delete(t.Context(), nil))
	require.Equal(t, 2, stand.Waiting("us"))
}

func TestAReaderWaitsForTheFirstMessage(t *testing.T) {
	t.Parallel()
	stand, _, q := open(t)
	got := make(chan []queue.Message, 1)
	go func() {
		list, err := q.Receive(t.Context(), 20*time.Second)
		if err == nil {
			got <- list
		}
		close(got)
	}()
	stand.Send("us", []byte("hello"))
	list := <-got
	require.Len(t, list, 1)
	require.Equal(t, "hello", string(list[0].Body))
}

func TestFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	_, plan, q := open(t)
	_, err := plan.Add(misbehave.Rule{Side: "sqs", Kind: misbehave.ExpiredToken})
	require.NoError(t, err)
	_, err = q.Receive(t.Context(), 0)
	require.True(t, fault.Is(err, fault.Invalid), err)
	require.Contains(t, fault.MessageOf(err), "The security token included in the request is expired (ExpiredToken)")
	require.NotContains(t, err.Error(), "plain-secret")

	plan.Clear()
	_, err = plan.Add(misbehave.Rule{Side: "sqs", Kind: misbehave.Status, Status: 503})
	require.NoError(t, err)
	_, err = q.Waiting(t.Context())
	require.True(t, fault.Is(err, fault.Unavailable), err)

	_, err = queue.Open(t.Context(), queue.Address{URL: "https://sqs.us-east-1.amazonaws.com/", Region: "us-east-1"})
	require.True(t, fault.Is(err, fault.Invalid), err)
}
