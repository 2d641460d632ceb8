package flow_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
)

func TestARecordIsDeliveredOnceHoweverOftenItIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	w.run()
	w.tell(flowtest.Box("A", "ann", "kettle"), 5) // later, with the same content
	w.run()
	require.Equal(t, "delivered", w.state("A"))
	require.Equal(t, []string{"A"}, w.Sent)
	require.JSONEq(t, `{"header": {"number": "A", "receiver": "ANN", "price": "20.2"}, "lists": {"things": [{"name": "kettle", "units": 1}]}}`, w.Held["A"][0])
	require.EqualValues(t, 1, w.number(`SELECT count(*) FROM flow_content`))
	require.EqualValues(t, 3, w.number(`SELECT count(*) FROM flow_run WHERE state = 'done'`))
}

func TestANewContentIsDeliveredAsAChangeAndAnOldOneIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	w.tell(flowtest.Box("A", "bob", "kettle"), 2)
	w.run()
	w.tell(flowtest.Box("A", "late", "kettle"), 1)
	w.run()
	require.Equal(t, []string{"A", "A/2"}, w.Sent)
	require.Contains(t, w.Held["A/2"][0], "BOB")
	silent := flowtest.Box("A", "Bob", "kettle") // maps to the same
	w.tell(silent, 3)
	w.run()
	require.Len(t, w.Sent, 2)
	require.Equal(t, "delivered", w.state("A"))
	require.Equal(t, "K-A", w.text(`SELECT remote_key FROM flow_record`))
}

func TestWhatIsPendingWaitsAndWhatIsCancelledIsNeverSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pending, cancelled := flowtest.Box("A", "ann", "kettle"), flowtest.Box("B", "bob", "kettle")
	pending.Status, cancelled.Status = "pending", "cancelled"
	w.tell(pending, 0)
	w.tell(cancelled, 0)
	w.run()
	require.Equal(t, "received It is pending.", w.state("A"))
	require.Equal(t, "ignored Cancelled before it was sent.", w.state("B"))
	require.Empty(t, w.Sent)
	w.tell(flowtest.Box("A", "ann", "kettle"), 1)
	w.run()
	require.Equal(t, "delivered", w.state("A"))
}

func TestOneCauseStandsForAllThatWaitOnItAndReleasesThemInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.tell(flowtest.Box(fmt.Sprintf("P%02d", i), "ann", "kettle", "mug"), 20-i)
	}
	w.run()
	require.Empty(t, w.Sent)
	var records int64
	var amount, title string
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT records, amount::text, title FROM exception WHERE state = 'open'`).Scan(&records, &amount, &title))
	require.EqualValues(t, 20, records)
	require.Equal(t, "202.0000", amount)
	require.Equal(t, "Nobody knows mug", title)

	w.Known["mug"] = true
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		released, err := w.Release(t.Context(), tx, w.connection, exception.UnknownSKU, "mug", "Mapped.", w.actor)
		require.EqualValues(t, 20, released)
		return err
	}))
	cause := w.number(`SELECT max(id) FROM exception`)
	let, progress, err := w.Released(t.Context(), cause, 2)
	require.NoError(t, err)
	require.Equal(t, flow.Progress{Released: 20}, progress)
	require.Equal(t, "P19", let[0].Key, "the oldest first")
	one := w.service("in order")
	one.Parallel = 1
	require.NoError(t, one.Work(t.Context(), w.connection, "parcels"))
	require.Len(t, w.Sent, 20)
	require.Equal(t, "P19", w.Sent[0])
	require.Equal(t, "P00", w.Sent[19])
	require.EqualValues(t, 0, w.number(`SELECT count(*) FROM exception WHERE state = 'open'`))
	_, progress, err = w.Released(t.Context(), cause, 2)
	require.NoError(t, err)
	require.Equal(t, flow.Progress{Released: 20, Arrived: 20}, progress)
	require.EqualValues(t, 1, int64(w.queue.work.Load())-w.number(`SELECT count(*) FROM flow_run`))
}

func TestChecksTellEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bad := flowtest.Box("A", " ", "kettle", "kettle")
	bad.Things[0].Units, bad.Things[1].Units = 0, -1
	w.tell(bad, 0)
	dear := flowtest.Box("B", "bob", "kettle")
	dear.Price = dear.Price.Shift(3)
	w.tell(dear, 0)
	w.run()
	require.Equal(t, "exception has a receiver: Nobody is to receive it. units, line 1: No units. units, line 2: No units.", w.state("A"))
	require.Equal(t, "delivered", w.state("B"))
	require.Equal(t, "not dear: It is dear.", w.text(`SELECT detail FROM flow_event WHERE step = 'warning'`))
	good := flowtest.Box("A", "ann", "kettle")
	w.tell(good, 1)
	w.run()
	require.Equal(t, "delivered", w.state("A"))
}

func TestAFlowWaitsWhileTheOtherSideIsAwayAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
	w.Down = fault.New(fault.Unavailable, "P21 cannot be reached now.")
	for range 6 {
		w.goOn()
		w.clock.Advance(time.Hour)
	}
	state, err := w.Get(t.Context(), w.connection, "parcels")
	require.NoError(t, err)
	require.True(t, state.Down())
	require.Equal(t, "P21 cannot be reached now.", state.Failure)
	require.Equal(t, "intended", w.text(`SELECT state FROM outbound_message`), "nothing has left")

	w.Down = nil
	w.clock.Advance(time.Hour)
	require.NoError(t, w.Due(t.Context()))
	require.Positive(t, w.queue.work.Load())
	w.goOn()
	require.Equal(t, "delivered", w.state("A"))
	state, err = w.Get(t.Context(), w.connection, "parcels")
	require.NoError(t, err)
	require.False(t, state.Down())
	require.Nil(t, state.FailingSince)
}

func TestAHeldFlowDoesNotBurnAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := 0
	w.Meet = func(string) { asked++ }
	for i := range 50 {
		w.tell(flowtest.Box(fmt.Sprintf("P%d", i), "ann", "kettle"), 0)
	}
	require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
	w.Down = fault.New(fault.Unavailable, "P21 cannot be reached now.")
	for range 20 {
		w.goOn()
	}
	tries := w.number(`SELECT coalesce(sum(tries), 0) FROM flow_record`)
	require.LessOrEqual(t, tries, int64(8))
	w.Down = nil
	w.clock.Advance(time.Hour)
	w.goOn()
	require.EqualValues(t, 50, w.number(`SELECT count(*) FROM flow_record WHERE state = 'delivered'`))
	require.Equal(t, 50, asked)
}

func TestARefusedReadingStandsOnTheFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Down = fault.New(fault.Forbidden, "Amazon refuses searchOrders: a role is missing.")
	for range flow.Patience {
		require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
		w.clock.Advance(time.Hour)
	}
	state, err := w.Get(t.Context(), w.connection, "parcels")
	require.NoError(t, err)
	require.True(t, state.Down())
	require.Equal(t, "Amazon refuses searchOrders: a role is missing.", state.Failure)
	require.EqualValues(t, flow.Patience, w.number(`SELECT count(*) FROM flow_run WHERE state = 'failed' AND error = 'Amazon refuses searchOrders: a role is missing.'`))
}

func TestFailuresThatComeTogetherCountAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 4 { // as many as are on their way at once
		w.tell(flowtest.Box(fmt.Sprint("P", i), "ann", "kettle"), 0)
	}
	require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
	w.Down = fault.New(fault.Unavailable, "P21 cannot be reached now.")
	w.goOn()
	state, err := w.Get(t.Context(), w.connection, "parcels")
	require.NoError(t, err)
	require.Equal(t, 1, state.Failures)
}

func TestALostAnswerIsLookedUpAndNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Lose = 1
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	require.Equal(t, "delivering", w.state("A")[:10])
	w.clock.Advance(time.Hour)
	w.goOn()
	require.Equal(t, "delivered", w.state("A"))
	require.Equal(t, []string{"A"}, w.Sent)
}

func TestARefusalStandsInTheQueueAndGoesOnAfterAnotherContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Refuses = "customer 100198 is unknown"
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.tell(flowtest.Box("B", "bob", "kettle"), 0)
	w.run()
	require.Equal(t, "exception customer 100198 is unknown", w.state("A"))
	require.EqualValues(t, 2, w.number(`SELECT records FROM exception WHERE class = 'delivery_refused' AND state = 'open'`))
	w.Refuses = ""
	w.tell(flowtest.Box("A", "anna", "kettle"), 1)
	w.run()
	require.Equal(t, "delivered", w.state("A"))
}

func TestSomethingElseUnderTheReferenceIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Held["A"] = []string{`{"header": {}}`}
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	require.Equal(t, "unknown", w.state("A")[:7])
	require.EqualValues(t, 1, w.number(`SELECT count(*) FROM exception WHERE class = 'delivery_mismatch' AND state = 'open'`))
	require.Empty(t, w.Sent)
}

func TestAnUnknownOutcomeIsLookedUpAgainAndNeverSentBlindly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Held["A"] = []string{`{"header": {}}`}
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	e, err := exception.NewQueue(w.pool).Get(t.Context(), w.number(`SELECT exception_id FROM flow_record`))
	require.NoError(t, err)
	released, err := w.Retry(t.Context(), e, 0, w.actor)
	require.NoError(t, err)
	require.EqualValues(t, 1, released)
	w.goOn()
	require.Equal(t, "unknown", w.state("A")[:7], "it is still something else")
	w.Held["A"] = []string{w.text(`SELECT payload::text FROM outbound_message`)} // somebody put it right over there
	e, err = exception.NewQueue(w.pool).Get(t.Context(), w.number(`SELECT exception_id FROM flow_record`))
	require.NoError(t, err)
	_, err = w.Retry(t.Context(), e, 0, w.actor)
	require.NoError(t, err)
	w.goOn()
	require.Equal(t, "delivered", w.state("A"))
	require.Empty(t, w.Sent)
	_, err = w.Retry(t.Context(), e, 0, w.actor)
	require.True(t, fault.Is(err, fault.Conflict))
}

func TestWhatAPersonDidNotFindIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Accepts, w.Drop = true, 1
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	for range 3 {
		w.clock.Advance(time.Hour)
		w.goOn()
	}
	require.Equal(t, "unknown", w.state("A")[:7])
	stands := func() exception.Exception {
		e, err := exception.NewQueue(w.pool).Get(t.Context(), w.number(`SELECT exception_id FROM flow_record`))
		require.NoError(t, err)
		require.Equal(t, exception.DeliveryUnknown, e.Class)
		return e
	}
	_, err := w.Retry(t.Context(), stands(), 0, w.actor)
	require.NoError(t, err)
	w.goOn()
	w.clock.Advance(time.Hour)
	w.goOn()
	require.Equal(t, "unknown", w.state("A")[:7], "to look again sends nothing")
	require.Empty(t, w.Sent)

	_, err = w.SendAgain(t.Context(), stands(), "no", w.actor)
	require.Contains(t, fault.FieldsOf(err), "reason")
	released, err := w.SendAgain(t.Context(), stands(), "Looked under A, it is not there.", w.actor)
	require.NoError(t, err)
	require.EqualValues(t, 1, released)
	w.goOn()
	require.Equal(t, "delivered", w.state("A"))
	require.Equal(t, []string{"A"}, w.Sent)
	require.EqualValues(t, 1, w.number(`SELECT count(*) FROM audit_event WHERE action = 'to be sent again' AND reason LIKE 'Looked under A%'`))
}

func TestWhatIsThereAfterAllIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Accepts, w.Drop = true, 1
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	for range 3 {
		w.clock.Advance(time.Hour)
		w.goOn()
	}
	w.Held["A"] = []string{w.text(`SELECT payload::text FROM outbound_message`)} // it arrived late
	e, err := exception.NewQueue(w.pool).Get(t.Context(), w.number(`SELECT exception_id FROM flow_record`))
	require.NoError(t, err)
	_, err = w.SendAgain(t.Context(), e, "Looked under A, it is not there.", w.actor)
	require.NoError(t, err)
	w.goOn()
	require.Equal(t, "delivered", w.state("A"))
	require.Empty(t, w.Sent)
}

func TestOneOfAGroupIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Refuses = "no"
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.tell(flowtest.Box("B", "bob", "kettle"), 1)
	w.run()
	queue := exception.NewQueue(w.pool)
	e, err := queue.Get(t.Context(), w.number(`SELECT exception_id FROM flow_record WHERE key = 'B'`))
	require.NoError(t, err)
	waiting, err := w.Waiting(t.Context(), e.ID, 10)
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	w.Refuses = ""
	_, err = w.Retry(t.Context(), e, waiting[1].ID, w.actor)
	require.NoError(t, err)
	w.goOn()
	require.Equal(t, "delivered", w.state("B"))
	require.Equal(t, "exception", w.state("A")[:9])
	e, err = queue.Get(t.Context(), e.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, e.Records)
	require.NoError(t, queue.Ignore(t.Context(), e.ID, e.Version, "A test order.", w.actor))
	require.Equal(t, "ignored A test order.", w.state("A")[:21])
	w.tell(flowtest.Box("A", "anna", "kettle"), 3)
	w.run()
	require.Equal(t, "ignored", w.state("A")[:7], "a person has decided")
}

func TestANewContentWaitsForTheDeliveryOfTheOldOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	once := sync.Once{}
	w.Meet = func(string) {
		once.Do(func() { // while it is on its way
			w.Listed = append(w.Listed, flow.Arrival{Key: "A", At: w.clock.Now().Add(time.Minute), Content: []byte(`{"id":"A","to":"bob","price":"1","things":[]}`)})
			w.Mu.Unlock()
			defer w.Mu.Lock()
			require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnNotification, 0))
			require.Equal(t, "delivering", w.state("A"))
		})
	}
	w.run()
	require.Equal(t, []string{"A", "A/2"}, w.Sent)
	require.Contains(t, w.Held["A"][0], "ANN")
	require.Contains(t, w.Held["A/2"][0], "BOB")
}

func TestManyWorkersDeliverEachRecordOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 200 {
		w.tell(flowtest.Box(fmt.Sprintf("P%03d", i), "ann", "kettle"), 0)
	}
	w.Lose = 20
	require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
	for range 10 {
		var group sync.WaitGroup
		for i := range 3 {
			group.Go(func() {
				if err := w.service(fmt.Sprint(i)).Work(t.Context(), w.connection, "parcels"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		w.clock.Advance(time.Hour)
	}
	require.EqualValues(t, 200, w.number(`SELECT count(*) FROM flow_record WHERE state = 'delivered'`))
	require.Len(t, w.Sent, 200)
}

func TestAPausedFlowNeitherReadsNorSends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	require.NoError(t, w.Pause(t.Context(), w.connection, "parcels", 2, "Stock count.", w.actor))
	require.True(t, fault.Is(w.Pause(t.Context(), w.connection, "parcels", 1, "Again.", w.actor), fault.Conflict))
	w.run()
	require.EqualValues(t, 0, w.number(`SELECT count(*) FROM flow_record`))
	require.NoError(t, w.Resume(t.Context(), w.connection, "parcels", 3, w.actor))
	require.Positive(t, w.queue.read.Load())
	w.run()
	require.Equal(t, "delivered", w.state("A"))
	require.EqualValues(t, 3, w.number(`SELECT count(*) FROM audit_event WHERE object_type = 'flow'`))
}

func TestADueFlowIsReadOnceAndPlannedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.pool.Exec(t.Context(), `UPDATE flow SET next_at = $1`, w.clock.Now())
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, w.Due(t.Context()))
	}
	require.EqualValues(t, 1, w.queue.read.Load())
	w.clock.Advance(59 * time.Second)
	require.NoError(t, w.Due(t.Context()))
	require.EqualValues(t, 1, w.queue.read.Load())
	w.clock.Advance(time.Second)
	require.NoError(t, w.Due(t.Context()))
	require.EqualValues(t, 2, w.queue.read.Load())
}

func TestANewFlowDoesNothingBeforeSomebodyLetsItBegin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.number(`INSERT INTO connection (name, amazon_region) VALUES ('other', 'na') RETURNING id`)
	require.NoError(t, w.Install(t.Context(), other))
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.clock.Advance(24 * time.Hour)
	require.NoError(t, w.Due(t.Context()))
	require.NoError(t, w.Service.Read(t.Context(), other, "parcels", flow.OnSchedule, 0))
	require.NoError(t, w.Work(t.Context(), other, "parcels"))
	require.EqualValues(t, 0, w.number(`SELECT count(*) FROM flow_run WHERE connection_id = $1`, other))
	state, err := w.Get(t.Context(), other, "parcels")
	require.NoError(t, err)
	require.True(t, state.New())
	require.NoError(t, w.Resume(t.Context(), other, "parcels", state.Version, w.actor))
	state, err = w.Get(t.Context(), other, "parcels")
	require.NoError(t, err)
	require.False(t, state.Paused())
}

func TestTheDatabaseHoldsTheStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	for _, attempt := range []string{
		`DELETE FROM flow_record`,
		`UPDATE flow_record SET key = 'B'`,
		`UPDATE flow_record SET remote_key = 'K-B'`,
		`UPDATE flow_record SET state = 'ready'`,
		`UPDATE flow_record SET state = 'exception'`,
		`UPDATE flow_record SET state = 'delivering'`,
		`UPDATE flow_record SET content = 2`,
		`UPDATE flow_content SET source = '{}'`,
		`DELETE FROM flow_content`,
		`INSERT INTO flow_record (connection_id, flow, key, latest_hash, source_at) SELECT connection_id, flow, 'C', latest_hash, source_at FROM flow_record`,
		`DELETE FROM flow_event`,
		`UPDATE flow_field SET formula = 'id'`,
		`DELETE FROM flow_check`,
		`INSERT INTO flow_check (version_id, name, formula, message, severity) SELECT id, 'x', 'true', 'x', 'error' FROM flow_version`,
		`UPDATE flow_use SET since = now()`,
		`DELETE FROM flow_use`,
	} {
		_, err := w.pool.Exec(t.Context(), attempt)
		require.Error(t, err, attempt)
	}
}
