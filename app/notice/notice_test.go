package notice_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/notice"
	"tieout/app/outbound"
	"tieout/app/queue"
	"tieout/cmd/sandbox/sqs"
)

// parcels is a flow that hears of parcels.
type parcels struct {
	*flowtest.Parcels
	fetched chan string
}

func (p parcels) Hints(kind string, payload json.RawMessage) ([]flow.Hint, error) {
	if kind != "PARCEL_CHANGE" {
		return nil, nil
	}
	var hint struct {
		ID string
		At time.Time
	}
	if err := json.Unmarshal(payload, &hint); err != nil {
		return nil, err
	}
	return []flow.Hint{{Key: hint.ID, At: hint.At}}, nil
}

func (p parcels) Heard() []string { return []string{amazon.OrderChange} } // as if parcels were orders

func (p parcels) Fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	p.fetched <- key
	return p.Parcels.Fetch(ctx, connectionID, key, take)
}

type noJobs struct{}

func (noJobs) ReadFlow(context.Context, pgx.Tx, int64, string, flow.Trigger, int64) error { return nil }
func (noJobs) WorkFlow(context.Context, pgx.Tx, int64, string, int) error                 { return nil }

type office struct {
	*notice.Service
	t          *testing.T
	pool       *pgxpool.Pool
	flow       parcels
	stand      *sqs.Server
	queue      *queue.Queue
	client     *amazon.Client
	looked     int
	asking     atomic.Int32 // requests that the queue is at
	connection int64
}

// Queue implements notice.Sides.
func (o *office) Queue(context.Context, int64) (*queue.Queue, error) { return o.queue, nil }

// Amazon implements notice.Sides.
func (o *office) Amazon(context.Context, int64) (*amazon.Client, error) { return o.client, nil }

// LookForReports implements notice.Jobs.
func (o *office) LookForReports(context.Context, pgx.Tx, int64) error {
	o.looked++
	return nil
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, pool: dbtest.New(t), flow: parcels{flowtest.New(), make(chan string, 100)}, stand: sqs.New(1, nil)}
	server := httptest.NewServer(http.StripPrefix("/sqs", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.asking.Add(1)
		defer o.asking.Add(-1)
		o.stand.ServeHTTP(w, r)
	})))
	t.Cleanup(server.Close)
	var err error
	o.queue, err = queue.Open(t.Context(), queue.Address{URL: server.URL + "/sqs/000000000000/us", Region: "us-east-1", KeyID: "AKIATEST", Secret: "x"})
	require.NoError(t, err)
	log, documents := slog.New(slog.DiscardHandler), document.NewStore(o.pool)
	flows := flow.NewService(flow.Needs{Pool: o.pool, Clock: clock.System{}, Documents: documents, Jobs: noJobs{}, Worker: "one", Parallel: 4, Hold: time.Second, Log: log,
		Deliverer: outbound.NewDeliverer(o.pool, "one", outbound.Timing{Hold: time.Second, Request: 5 * time.Second, LookUps: 1, RetryInterval: time.Millisecond}, log)}, o.flow)
	o.Service = &notice.Service{Pool: o.pool, Clock: clock.System{}, Documents: documents, Flows: flows, Sides: o, Jobs: o, Log: log}
	o.connection = o.number(`INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`)
	require.NoError(t, flows.Install(t.Context(), o.connection))
	o.exec(`UPDATE flow SET paused_at = NULL`)
	return o
}

func (o *office) number(query string, args ...any) (n int64) {
	o.t.Helper()
	require.NoError(o.t, o.pool.QueryRow(o.t.Context(), query, args...).Scan(&n))
	return n
}

func (o *office) exec(query string, args ...any) {
	o.t.Helper()
	_, err := o.pool.Exec(o.t.Context(), query, args...)
	require.NoError(o.t, err)
}

func told(notification, parcel string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"notificationType":"PARCEL_CHANGE","EventTime":%q,"payload":{"id":%q,"at":%q,"DestinationPostalCode": "48110"},"NotificationMetadata":{"NotificationId":%q,"PublishTime":%q}}`,
		at.Format(time.RFC3339), parcel, at.Format(time.RFC3339), notification, at.Format(time.RFC3339))
}

// receive takes in what is in the queue and reads what it hints at.
func (o *office) receive() (fetched []string) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(o.t.Context())
	done := make(chan error, 1)
	go func() { done <- o.Receive(ctx, o.connection, nil) }()
	require.Eventually(o.t, func() bool { return o.stand.Waiting("us") == 0 }, time.Minute, 5*time.Millisecond)
	cancel()
	err := <-done
	require.True(o.t, err == nil || errors.Is(err, context.Canceled), err)
	// A request that nobody waits for any more would take the next message into its hands.
	require.Eventually(o.t, func() bool { return o.asking.Load() == 0 }, time.Minute, time.Millisecond)
	return o.follow()
}

func (o *office) follow() (fetched []string) {
	o.t.Helper()
	require.NoError(o.t, o.Flows.Work(o.t.Context(), o.connection, "parcels"))
	for {
		select {
		case key := <-o.flow.fetched:
			fetched = append(fetched, key)
		default:
			return fetched
		}
	}
}

func TestANotificationHasItsObjectReadOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	o := open(t)
	now := time.Now().UTC().Truncate(time.Second)
	o.flow.Tell(t, flowtest.Box("A", "ann", "kettle"), now)
	for _, n := range []string{"n1", "n1", "n2"} {
		o.stand.Send("us", told(n, "A", now))
	}
	require.Equal(t, []string{"A"}, o.receive(), "three messages of two notifications are one reading")
	require.EqualValues(t, 2, o.number(`SELECT count(*) FROM notice WHERE outcome = 'hint'`))
	require.Zero(t, o.stand.Waiting("us"))
	require.EqualValues(t, 1, o.number(`SELECT count(*) FROM flow_record WHERE state = 'delivered'`))
	require.Zero(t, o.number(`SELECT count(*) FROM flow_hint`))

	o.stand.Send("us", told("n3", "A", now.Add(-time.Minute)))
	require.Empty(t, o.receive(), "what is older than what is held needs no reading")
	o.stand.Send("us", told("n4", "B", now))
	require.Equal(t, []string{"B"}, o.receive())
	require.Zero(t, o.number(`SELECT count(*) FROM flow_hint`), "the source does not know it")
}

func TestWhatNobodyCanReadIsKeptAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.flow.Tell(t, flowtest.Box("A", "ann", "kettle"), time.Now())
	for _, body := range []string{"hello", `{"NotificationType":"PARCEL_CHANGE","Payload":5,"NotificationMetadata":{"NotificationId":"bad"}}`,
		`{"NotificationType":"SOMETHING_NEW","Payload":{},"NotificationMetadata":{"NotificationId":"new"}}`} {
		o.stand.Send("us", []byte(body))
	}
	o.stand.Send("us", told("good", "A", time.Now()))
	require.Equal(t, []string{"A"}, o.receive())
	require.EqualValues(t, 2, o.number(`SELECT count(*) FROM notice WHERE outcome = 'unreadable' AND detail <> ''`))
	require.EqualValues(t, 1, o.number(`SELECT count(*) FROM notice WHERE outcome = 'kept' AND type = 'SOMETHING_NEW'`))
	require.EqualValues(t, 4, o.number(`SELECT count(DISTINCT document_id) FROM notice`))
	require.Zero(t, o.stand.Waiting("us"))
	overview, err := o.Overview(t.Context(), o.connection)
	require.NoError(t, err)
	require.Len(t, overview.Counts, 4)
	require.Empty(t, overview.Pending)
	require.NotNil(t, overview.ReadAt)
	require.Empty(t, overview.Failure)
}

// A process is killed after a message was taken in and before it was deleted:
// the message comes again.
func TestAMessageThatWasTakenInAndNotDeletedChangesNothing(t *testing.T) {
	t.Parallel()
	o := open(t)
	now := time.Now()
	o.flow.Tell(t, flowtest.Box("A", "ann", "kettle"), now)
	body := told("n1", "A", now)
	require.NoError(t, o.Take(t.Context(), o.connection, "m1", body))
	require.Equal(t, []string{"A"}, o.follow())
	require.NoError(t, o.Take(t.Context(), o.connection, "m1", body))
	require.Empty(t, o.follow())
	require.EqualValues(t, 1, o.number(`SELECT count(*) FROM notice`))
}

func TestHintsOfAPausedFlowWaitForIt(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.flow.Tell(t, flowtest.Box("A", "ann", "kettle"), time.Now())
	o.exec(`UPDATE flow SET paused_at = now()`)
	require.NoError(t, o.Take(t.Context(), o.connection, "m1", told("n1", "A", time.Now())))
	require.Empty(t, o.follow())
	require.EqualValues(t, 1, o.number(`SELECT count(*) FROM flow_hint`))
	o.exec(`UPDATE flow SET paused_at = NULL`)
	require.Equal(t, []string{"A"}, o.follow())
}

func TestAHintThatComesAgainWhileItIsReadIsFollowedOnceMore(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.flow.Tell(t, flowtest.Box("A", "ann", "kettle"), time.Now().Add(-time.Hour))
	require.NoError(t, o.Take(t.Context(), o.connection, "m1", told("n1", "A", time.Now())))
	o.exec(`CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE flow_hint SET told = told + 1; RETURN NULL; END $$`)
	o.exec(`CREATE TRIGGER again AFTER INSERT ON flow_record FOR EACH ROW EXECUTE FUNCTION again()`) // told while it is read
	require.Equal(t, []string{"A", "A"}, o.follow())
	require.Zero(t, o.number(`SELECT count(*) FROM flow_hint`))
}

func TestWhereABuyerLivesIsNotKept(t *testing.T) {
	t.Parallel()
	o := open(t)
	require.NoError(t, o.Take(t.Context(), o.connection, "m1", told("n1", "A", time.Now())))
	reader, err := o.Documents.Open(t.Context(), o.number(`SELECT document_id FROM notice`))
	require.NoError(t, err)
	defer func() { _ = reader.Close() }()
	text := make([]byte, 4096)
	n, _ := reader.Read(text)
	require.Contains(t, string(text[:n]), `"DestinationPostalCode": ""`)
}

func TestAFinishedSettlementReportIsLookedFor(t *testing.T) {
	t.Parallel()
	o := open(t)
	finished := func(id, kind, status string) []byte {
		return fmt.Appendf(nil, `{"notificationType":"REPORT_PROCESSING_FINISHED","payload":{"reportProcessingFinishedNotification":{"reportId":"1","reportType":%q,"processingStatus":%q}},"notificationMetadata":{"notificationId":%q}}`, kind, status, id)
	}
	require.NoError(t, o.Take(t.Context(), o.connection, "m1", finished("n1", "GET_SOMETHING_OF_ANOTHER_PROGRAM", "DONE")))
	require.NoError(t, o.Take(t.Context(), o.connection, "m2", finished("n2", amazon.SettlementReport, "CANCELLED")))
	require.Zero(t, o.looked)
	require.NoError(t, o.Take(t.Context(), o.connection, "m3", finished("n3", amazon.SettlementReport, "DONE")))
	require.Equal(t, 1, o.looked)
	require.EqualValues(t, 1, o.number(`SELECT count(*) FROM notice WHERE outcome = 'hint'`))
}

// A process that ends does not sit out its wait for a message.
func TestWaitingForAMessageEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	o := open(t)
	quit, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- o.Receive(t.Context(), o.connection, quit) }()
	begun := time.Now()
	close(quit)
	require.NoError(t, <-done)
	require.Less(t, time.Since(begun), 5*time.Second, "it would have waited for ten")
	require.Zero(t, o.number(`SELECT count(*) FROM notice`))
}

func TestAQueueThatDoesNotAnswerIsTold(t *testing.T) {
	t.Parallel()
	o := open(t)
	good := o.queue
	var err error
	o.queue, err = queue.Open(t.Context(), queue.Address{URL: "http://127.0.0.1:1/000000000000/us", Region: "us-east-1", KeyID: "AKIATEST", Secret: "x"})
	require.NoError(t, err)
	require.Error(t, o.Receive(t.Context(), o.connection, nil))
	overview, err := o.Overview(t.Context(), o.connection)
	require.NoError(t, err)
	require.Contains(t, overview.Failure, "does not answer")
	require.NotNil(t, overview.Since)
	o.queue = good
	o.stand.Send("us", []byte("hello"))
	require.Empty(t, o.receive())
	overview, err = o.Overview(t.Context(), o.connection)
	require.NoError(t, err)
	require.Empty(t, overview.Failure)
	require.NotNil(t, overview.ReadAt)
}
