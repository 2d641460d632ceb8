package notice_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/notice"
	"tieout/app/queue"
	stand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

// atAmazon gives the office a seller at the stand-in.
func (o *office) atAmazon() {
	o.t.Helper()
	a := seller.Accounts(1, time.Now(), 5)[0]
	s, err := stand.New(stand.Config{Accounts: []stand.Account{{Books: seller.NewBooks(a), ClientID: "c", ClientSecret: "s", RefreshToken: "r"}}, RateScale: 100})
	require.NoError(o.t, err)
	server := httptest.NewServer(s)
	o.t.Cleanup(server.Close)
	o.client, err = amazon.New(amazon.Config{Key: "1", Endpoint: server.URL, LWAURL: server.URL + "/auth/o2/token", ClientID: "c", ClientSecret: amazon.Hide("s"), RefreshToken: amazon.Hide("r")})
	require.NoError(o.t, err)
}

func fresh(list []notice.Subscribed) (kinds []string) {
	for _, s := range slices.DeleteFunc(list, func(s notice.Subscribed) bool { return !s.New }) {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

func TestSubscribingAgainChangesNothingAndAnotherQueueMovesIt(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.atAmazon()
	subscribe := func() []string {
		list, err := o.Subscribe(t.Context(), o.connection, audit.Job("test"))
		require.NoError(t, err)
		require.Len(t, list, 2)
		return fresh(list)
	}
	both := []string{amazon.OrderChange, amazon.ReportProcessingFinished}
	require.Equal(t, both, subscribe())
	require.Empty(t, subscribe())
	before, err := o.client.Subscription(t.Context(), amazon.OrderChange)
	require.NoError(t, err)

	o.queue, err = queue.Open(t.Context(), queue.Address{URL: "https://sqs.us-east-1.amazonaws.com/000000000000/other", Region: "us-east-1", KeyID: "AKIATEST", Secret: "x"})
	require.NoError(t, err)
	require.Equal(t, both, subscribe())
	after, err := o.client.Subscription(t.Context(), amazon.OrderChange)
	require.NoError(t, err)
	require.NotEqual(t, before.DestinationID, after.DestinationID)
	destinations, err := o.client.Destinations(t.Context())
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sqs:us-east-1:000000000000:other", destinations[1].Resource.SQS.ARN)
	require.EqualValues(t, 3, o.number(`SELECT count(*) FROM audit_event WHERE action = 'notifications subscribed'`))
}
