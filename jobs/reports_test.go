package jobs_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/database/dbtest"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/settlement"
	"tieout/app/vault"
	"tieout/cmd/sandbox/misbehave"
	"tieout/cmd/sandbox/server"
	"tieout/jobs"
	"tieout/sqlc"
)

// seller is a connection to a simulated Amazon whose every marketplace lists
// each settlement once more, with workers that are not started yet.
type seller struct {
	sandbox    *server.Server
	pool       *pgxpool.Pool
	queue      *jobs.Queue
	services   jobs.Services
	connection int64
}

func newSeller(t *testing.T) *seller {
	t.Helper()
	sandbox, err := server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", Seed: 7, OrdersPerDay: 2, RateScale: 20_000})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sandbox.Close() })
	s := &seller{sandbox: sandbox, pool: dbtest.New(t)}
	log := slog.New(slog.DiscardHandler)
	s.queue, err = jobs.NewQueue(s.pool, log)
	require.NoError(t, err)
	key, err := vault.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	require.NoError(t, err)
	secrets, err := vault.Open(t.Context(), vault.Database{Pool: s.pool}, key)
	require.NoError(t, err)
	s.services.Connections = connection.NewService(s.pool, clock.System{}, secrets, amazon.NewStore(s.pool, amazon.Sleep), s.queue)
	s.services.Settlements = settlement.NewService(s.pool, clock.System{}, s.queue, log)
	s.services.Catalog = catalog.NewService(s.pool, clock.System{}, nil)
	noRules := func(context.Context, sqlc.DBTX, int64) (*mapping.RuleSet, error) { return nil, nil }
	s.services.Entries = journal.NewService(journal.Needs{Pool: s.pool, Clock: clock.System{}, Rules: noRules, Jobs: s.queue, Log: log})
	for _, side := range sandbox.Connections() {
		if side.Name != "eu" {
			continue
		}
		s.connection, err = s.services.Connections.Create(t.Context(), connection.Connection{Name: side.Name, Environment: "sandbox", AmazonRegion: side.Region, MarketplaceIDs: side.MarketplaceIDs,
			SellerID: side.SellerID, AmazonEndpoint: side.AmazonURL, LWAURL: side.LWAURL, LWAClientID: side.ClientID, P21URL: side.P21URL, P21Adapter: side.P21Adapter,
			P21Company: side.P21Company, P21Username: side.P21Username, P21Journal: "AZ", P21PositiveDebit: true, FunctionalCurrency: money.Currency(side.Currency),
			TimeZone: side.TimeZone, RevenueMode: "summary"}, connection.Secrets{LWAClientSecret: side.ClientSecret, RefreshToken: side.RefreshToken, P21Password: side.P21Password}, audit.Job("test"))
		require.NoError(t, err)
	}
	return s
}

func (s *seller) work(t *testing.T) {
	t.Helper()
	worker, err := jobs.Start(t.Context(), s.pool, s.queue, s.services, jobs.Settings{Workers: 2, PollReports: time.Hour, SyncAccounts: time.Hour, Sweep: time.Hour}, clock.System{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, worker.Stop(context.WithoutCancel(t.Context()))) })
}

func (s *seller) eventually(t *testing.T, query string, args ...any) {
	t.Helper()
	require.Eventually(t, func() bool {
		var yes bool
		return s.pool.QueryRow(t.Context(), query, args...).Scan(&yes) == nil && yes
	}, time.Minute, 50*time.Millisecond, query)
}

func (s *seller) number(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, s.pool.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

func (s *seller) calls(operation string) int {
	for _, u := range s.sandbox.Amazon.Usage() {
		if u.Operation == operation {
			return u.Calls
		}
	}
	return 0
}

const allRead = `SELECT count(*) > 0 AND bool_and(state = 'imported') FROM amazon_report`

func TestReportsAreFoundOnceAndDownloadedOnce(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	const again = 30
	for range again { // the same content, listed anew
		require.NoError(t, s.sandbox.Amazon.Reissue("eu", 20, nil))
	}
	s.work(t)
	s.eventually(t, allRead)
	reports, settlements := s.number(t, `SELECT count(*) FROM amazon_report`), s.number(t, `SELECT count(*) FROM settlement`)
	require.Greater(t, reports, 100, "more than a page")
	require.Greater(t, s.calls("getReports"), 1, "page by page")
	require.Equal(t, 3*(settlements+again), reports, "each of three marketplaces lists every settlement")
	require.Equal(t, settlements, s.number(t, `SELECT count(*) FROM document`), "the same bytes are kept once")
	require.Equal(t, reports, s.calls("getReportDocument"))
	require.Equal(t, settlements, s.number(t, `SELECT count(*) FROM audit_event WHERE object_type = 'settlement' AND action = 'imported'`))

	before := s.calls("getReports")
	require.NoError(t, s.queue.FindReports(t.Context(), s.connection))
	s.eventually(t, `SELECT count(*) = 3 AND bool_and(state = 'completed') FROM river_job WHERE kind = 'find_reports'`)
	s.eventually(t, `SELECT count(*) = 0 FROM river_job WHERE kind = 'fetch_report' AND state <> 'completed'`)
	require.Greater(t, s.calls("getReports"), before, "it did look")
	require.Equal(t, reports, s.calls("getReportDocument"), "nothing is downloaded twice")
	require.Equal(t, reports, s.number(t, `SELECT count(*) FROM amazon_report`))
}

func TestAFailingAmazonCostsTimeAndNoReport(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	for _, rule := range []misbehave.Rule{
		{Operation: "getReports", Kind: misbehave.Reset, Count: 1},
		{Operation: "getReportDocument", Skip: 2, Kind: misbehave.Status, Status: 429, Count: 1},
		{Operation: "getReportDocument", Skip: 4, Kind: misbehave.Status, Status: 503, Count: 1},
		{Operation: "document", Skip: 3, Kind: misbehave.TruncatedPayload, Count: 1},
		{Operation: "document", Skip: 5, Kind: misbehave.TruncatedBody, Count: 1},
	} {
		rule.Side = "amazon"
		_, err := s.sandbox.Plan.Add(rule)
		require.NoError(t, err)
	}
	s.work(t)
	s.eventually(t, `SELECT count(*) > 10 FROM amazon_report`)
	s.eventually(t, `SELECT count(*) > 0 FROM river_job WHERE kind = 'fetch_report' AND state IN ('retryable', 'completed') AND cardinality(errors) > 0`)
	s.eventually(t, allRead)
	for _, rule := range s.sandbox.Plan.Rules() {
		require.Equal(t, 1, rule.Struck, "%+v", rule)
	}
	require.Equal(t, 3*s.number(t, `SELECT count(*) FROM settlement`), s.number(t, `SELECT count(*) FROM amazon_report`))
	require.Zero(t, s.number(t, `SELECT count(*) FROM settlement_balance WHERE difference <> 0`), "half a report was taken for a whole one")
	require.Zero(t, s.number(t, `SELECT count(*) FROM exception WHERE class IN ('unreadable_file', 'unreadable_lines')`))
}

func TestItemsAreReadFromP21AndAgainWithoutAChange(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	s.work(t)
	items := func() (n int, changed time.Time) {
		_ = s.pool.QueryRow(t.Context(), `SELECT count(*), coalesce(max(changed_at), 'epoch') FROM item WHERE connection_id = $1 AND active AND list_price > 0`, s.connection).Scan(&n, &changed)
		return n, changed
	}
	require.Eventually(t, func() bool { n, _ := items(); return n > 20 }, time.Minute, 50*time.Millisecond)
	n, changed := items()
	_, err := s.queue.Client().Insert(t.Context(), jobs.SyncItems{ConnectionID: s.connection}, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var done bool
		err := s.pool.QueryRow(t.Context(), `SELECT count(*) = 2 FROM river_job WHERE kind = 'sync_items' AND state = 'completed'`).Scan(&done)
		return err == nil && done
	}, time.Minute, 50*time.Millisecond)
	again, changedAgain := items()
	require.Equal(t, n, again)
	require.Equal(t, changed, changedAgain)
}
