// Package jobs runs work in the background on River, the job engine in
// PostgreSQL: each file is one flow's jobs. A job parses its arguments and calls
// the package that does the work; nothing is decided here but when and how
// often.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"tieout/app/alert"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/cost"
	"tieout/app/deposit"
	"tieout/app/finances"
	"tieout/app/flow"
	"tieout/app/journal"
	"tieout/app/notice"
	"tieout/app/outbound"
	"tieout/app/personal"
	"tieout/app/rates"
	"tieout/app/receivable"
	"tieout/app/reconcile"
	"tieout/app/reference"
	"tieout/app/refund"
	"tieout/app/reimbursement"
	"tieout/app/revaluation"
	"tieout/app/settlement"
)

// Queues: posting and downloads do not wait behind each other or behind drafts.
const (
	queueDraft    = "draft"
	queuePost     = "post"
	queueReports  = "reports"
	queueFlows    = "flows"
	queueFinances = "finances"
	queueAlerts   = "alerts"
	queueNotices  = "notices"
)

// Queue enqueues jobs in the transaction of the data they concern.
type Queue struct {
	client *river.Client[pgx.Tx]
}

// NewQueue returns a Queue on pool; it works nothing itself.
func NewQueue(pool *pgxpool.Pool, log *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return &Queue{client}, nil
}

// Client is the engine's client, for its own screens.
func (q *Queue) Client() *river.Client[pgx.Tx] { return q.client }

func (q *Queue) insert(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
	if _, err := q.client.InsertTx(ctx, tx, args, nil); err != nil {
		return fmt.Errorf("enqueue %s: %w", args.Kind(), err)
	}
	return nil
}

// Services is what the jobs call.
type Services struct {
	Connections    *connection.Service
	Settlements    *settlement.Service
	Entries        *journal.Service
	Deliverer      *outbound.Deliverer
	Catalog        *catalog.Service
	Flows          *flow.Service          // nil: no flows
	Alerts         *alert.Service         // nil: nobody is told anything
	Notices        *notice.Service        // nil: Amazon's queues are not read
	Personal       *personal.Ring         // nil: there is no personal data
	Receivable     *receivable.Service    // nil: P21 invoices no orders
	Reference      *reference.Service     // nil: P21 is not asked for customers
	Reimbursements *reimbursement.Service // nil: what Amazon lost is not held beside what it paid
	Refunds        *refund.Service        // nil: refunds are not held beside returns
	Rates          *rates.Service         // nil: no exchange rates are read
	Revaluation    *revaluation.Service   // nil: nothing is revalued
	Reconcile      *reconcile.Service     // nil: nothing is compared
	Deposits       *deposit.Service       // nil: no deposit is matched by itself
	Finances       *finances.Service      // nil: Amazon is not asked for transactions
	Costs          *cost.Service          // nil: no cost of goods is booked
}

// Settings say how often and how much.
type Settings struct {
	Name         string        // of the process, see WorkerName; what it holds is free soon after it is gone
	Workers      int           // per queue
	PollReports  time.Duration // between two looks at Amazon's list of reports
	PollFinances time.Duration // between two readings of Amazon's transactions
	SyncAccounts time.Duration // between two readings of P21's accounts, periods and items, and of Amazon's listings
	Sweep        time.Duration // between two looks for work that a crash left behind
	Flows        time.Duration // between two looks for flows whose time has come
	Alerts       time.Duration // between two looks for occasions to tell
	PersonalDays int           // personal data is destroyed so long after delivery
}

// Worker works jobs until it is stopped.
type Worker struct {
	client *river.Client[pgx.Tx]
	end    func(context.Context) // says that this process works no more
	quit   chan<- struct{}       // closed: jobs that only wait for something stop waiting
}

// readByHand is between two looks at P21 for what people entered there.
const readByHand = time.Minute

// jobTimeout bounds a job; only imports and downloads may take longer.
const jobTimeout = 5 * time.Minute

// Start begins to work. Several processes may do so; River shares the work out
// and elects the one that schedules.
func Start(ctx context.Context, pool *pgxpool.Pool, q *Queue, s Services, set Settings, c clock.Clock, log *slog.Logger) (*Worker, error) {
	workers, quit := river.NewWorkers(), make(chan struct{})
	river.AddWorker(workers, &draftWorker{settlements: s.Settlements, entries: s.Entries, queue: q, finances: s.Finances != nil, costs: s.Costs != nil})
	river.AddWorker(workers, &redraftWorker{entries: s.Entries, queue: q, pool: pool, costs: s.Costs != nil})
	river.AddWorker(workers, &postWorker{entries: s.Entries})
	river.AddWorker(workers, &byHandWorker{entries: s.Entries})
	river.AddWorker(workers, &sweepWorker{entries: s.Entries, queue: q, pool: pool})
	if s.Receivable != nil {
		river.AddWorker(workers, &receivableWorker{connections: s.Connections, receivable: s.Receivable})
	}
	if s.Reimbursements != nil {
		river.AddWorker(workers, &reimbursementWorker{connections: s.Connections, reimbursements: s.Reimbursements})
	}
	if s.Refunds != nil {
		river.AddWorker(workers, &refundWorker{connections: s.Connections, refunds: s.Refunds})
	}
	if s.Reconcile != nil {
		river.AddWorker(workers, &reconcileWorker{connections: s.Connections, reconcile: s.Reconcile, deposits: s.Deposits})
	}
	if s.Finances != nil {
		river.AddWorker(workers, &dueFinancesWorker{connections: s.Connections, queue: q})
		river.AddWorker(workers, &financesWorker{finances: s.Finances})
		river.AddWorker(workers, &closeFinancesWorker{finances: s.Finances, pool: pool})
	}
	if s.Reference != nil {
		river.AddWorker(workers, &customerWorker{connections: s.Connections, reference: s.Reference})
	}
	if s.Rates != nil {
		river.AddWorker(workers, &rateWorker{connections: s.Connections, rates: s.Rates})
	}
	if s.Costs != nil {
		river.AddWorker(workers, &costWorker{connections: s.Connections, costs: s.Costs})
	}
	if s.Revaluation != nil {
		river.AddWorker(workers, &revaluationWorker{connections: s.Connections, revaluation: s.Revaluation})
	}
	river.AddWorker(workers, &importWorker{settlements: s.Settlements, pool: pool})
	river.AddWorker(workers, &findWorker{connections: s.Connections, queue: q, pool: pool, clock: c, alerts: s.Alerts})
	river.AddWorker(workers, &fetchWorker{connections: s.Connections, settlements: s.Settlements, pool: pool})
	river.AddWorker(workers, &syncWorker{connections: s.Connections, alerts: s.Alerts})
	river.AddWorker(workers, &itemWorker{connections: s.Connections, catalog: s.Catalog})
	river.AddWorker(workers, &listingWorker{connections: s.Connections, catalog: s.Catalog})
	if s.Flows != nil {
		river.AddWorker(workers, &dueWorker{flows: s.Flows, connections: s.Connections})
		river.AddWorker(workers, &readFlowWorker{flows: s.Flows})
		river.AddWorker(workers, &workFlowWorker{flows: s.Flows})
	}
	if s.Notices != nil {
		river.AddWorker(workers, &dueNoticesWorker{notices: s.Notices, queue: q})
		river.AddWorker(workers, &noticesWorker{notices: s.Notices, quit: quit})
	}
	if s.Personal != nil {
		river.AddWorker(workers, &purgeWorker{ring: s.Personal, clock: c, days: set.PersonalDays, log: log})
	}
	river.AddWorker(workers, &lookWorker{alerts: s.Alerts})
	river.AddWorker(workers, &tellWorker{alerts: s.Alerts})
	own := life{pool, cmp.Or(set.Name, WorkerName()), log, newHand()}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		ID: own.id, Logger: log, Workers: workers, JobTimeout: jobTimeout, ErrorHandler: &errorLog{pool, log},
		Middleware: []rivertype.Middleware{river.WorkerMiddlewareFunc(own.hand.work)},
		// What a killed worker or an outage leaves running is taken up sooner, see life; this is for jobs that hang.
		RescueStuckJobsAfter: jobTimeout + time.Minute,
		FetchPollInterval:    time.Second,
		// The engine's tenth of a second would be a third of the time of a posting.
		FetchCooldown: 10 * time.Millisecond,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: set.Workers}, queueDraft: {MaxWorkers: set.Workers}, queuePost: {MaxWorkers: set.Workers}, queueReports: {MaxWorkers: 2}, queueFinances: {MaxWorkers: 4},
			queueFlows: {MaxWorkers: set.Workers}, queueAlerts: {MaxWorkers: 2}, queueNotices: {MaxWorkers: 8},
		},
		PeriodicJobs: periodic(set, s),
	})
	if err != nil {
		return nil, fmt.Errorf("open job engine: %w", err)
	}
	end, err := own.begin(ctx)
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		end(ctx)
		return nil, fmt.Errorf("start job engine: %w", err)
	}
	return &Worker{client, end, quit}, nil
}

// Stop waits for running jobs, and cancels them when ctx ends first. It is called
// once.
func (w *Worker) Stop(ctx context.Context) error {
	close(w.quit)
	err := w.client.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = w.client.StopAndCancel(hard)
	}
	w.end(context.WithoutCancel(ctx))
	if err != nil {
		return fmt.Errorf("stop job engine: %w", err)
	}
	return nil
}

func periodic(set Settings, s Services) []*river.PeriodicJob {
	every := func(d time.Duration, args river.JobArgs) *river.PeriodicJob {
		return river.NewPeriodicJob(river.PeriodicInterval(d), func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
		}, &river.PeriodicJobOpts{RunOnStart: true})
	}
	list := []*river.PeriodicJob{every(set.PollReports, FindReports{}), every(set.SyncAccounts, Sync{}), every(set.SyncAccounts, SyncItems{}), every(set.SyncAccounts, SyncListings{}), every(set.Sweep, Sweep{}), every(readByHand, ReadByHand{})}
	if s.Flows != nil {
		list = append(list, every(set.Flows, DueFlows{}))
	}
	if s.Receivable != nil {
		list = append(list, every(set.PollReports, SyncReceivable{}))
	}
	if s.Reference != nil {
		list = append(list, every(set.SyncAccounts, SyncCustomers{}))
	}
	if s.Reimbursements != nil {
		list = append(list, every(set.PollReports, CheckReimbursements{}))
	}
	if s.Finances != nil {
		list = append(list, every(set.PollFinances, DueFinances{}))
	}
	if s.Refunds != nil {
		list = append(list, every(set.PollReports, CheckRefunds{}))
	}
	if s.Rates != nil {
		list = append(list, every(set.SyncAccounts, ReadRates{}))
	}
	if s.Reconcile != nil {
		list = append(list, every(set.PollReports, Reconcile{}))
	}
	if s.Costs != nil {
		list = append(list, every(set.PollReports, UpdateCosts{}))
	}
	if s.Revaluation != nil {
		list = append(list, every(set.SyncAccounts, Revalue{}))
	}
	if s.Notices != nil {
		list = append(list, every(set.Flows, DueNotices{}))
	}
	if s.Personal != nil {
		list = append(list, every(time.Hour, PurgePersonal{}))
	}
	if s.Alerts != nil {
		list = append(list, every(set.Alerts, LookForAlerts{}))
	}
	return list
}

// unfinished are the states of a job that is still to be done.
var unfinished = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
	rivertype.JobStateScheduled, rivertype.JobStateRetryable}

// errorLog writes failures where the operator looks.
type errorLog struct {
	pool *pgxpool.Pool
	log  *slog.Logger
}

// HandleError implements river.ErrorHandler.
func (e *errorLog) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	var unknown *river.UnknownJobKindError
	if errors.As(err, &unknown) {
		e.leave(ctx, job)
		return nil
	}
	e.log.Warn("job failed", "job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "args", string(job.EncodedArgs), "error", err)
	return nil
}

// leave gives a job back that this program does not know: a newer one works on
// the same database and does. It costs no attempt. The engine, which is about to
// count one, changes running jobs only.
func (e *errorLog) leave(ctx context.Context, job *rivertype.JobRow) {
	e.log.Info("job left for a newer program", "job", job.ID, "kind", job.Kind)
	_, err := e.pool.Exec(ctx, `UPDATE river_job SET state = 'scheduled', scheduled_at = $2, attempt = greatest(attempt - 1, 0) WHERE id = $1 AND state = 'running'`, job.ID, time.Now().Add(5*time.Second))
	if err != nil {
		e.log.Warn("a job that is a newer program's could not be given back", "job", job.ID, "kind", job.Kind, "error", err)
	}
}

// HandlePanic implements river.ErrorHandler.
func (e *errorLog) HandlePanic(_ context.Context, job *rivertype.JobRow, panicked any, trace string) *river.ErrorHandlerResult {
	e.log.Error("job panicked", "job", job.ID, "kind", job.Kind, "panic", panicked, "trace", trace)
	return nil
}
