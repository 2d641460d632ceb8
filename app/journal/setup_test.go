package journal_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/invariant"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/settlement"
	"tieout/app/vault"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/sqlc"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// bench is a whole back office for one test: a seller, a P21, people.
type bench struct {
	t           *testing.T
	pool        *pgxpool.Pool
	clock       clock.Clock
	p21         *p21stand.Server
	faults      *misbehave.Plan
	connections *connection.Service
	settlements *settlement.Service
	rules       *mapping.Service
	entries     *journal.Service
	books       *seller.Books
	connection  int64
	asked       *jobs
	accountant  audit.Actor
	controller  audit.Actor
	director    audit.Actor
}

// jobs remembers what was asked for; tests do it when they want to.
type jobs struct {
	drafts, posts []int64
}

func (j *jobs) Draft(_ context.Context, _ pgx.Tx, id int64) error {
	j.drafts = append(j.drafts, id)
	return nil
}
func (j *jobs) Post(_ context.Context, _ pgx.Tx, id int64) error {
	j.posts = append(j.posts, id)
	return nil
}
func (j *jobs) Redraft(context.Context, pgx.Tx, int64) error { return nil }

func quickTiming() outbound.Timing {
	return outbound.Timing{Hold: 5 * time.Second, Request: 2 * time.Second, LookUps: 2, LookUpWindow: 0, RetryInterval: time.Millisecond}
}

func setup(t *testing.T, adapter string) *bench {
	t.Helper()
	pool := dbtest.New(t)
	b := &bench{t: t, pool: pool, clock: clock.NewFixed(now), faults: misbehave.New(1), asked: &jobs{}}
	var err error
	b.p21, err = p21stand.New(p21stand.Config{Clock: b.clock, Faults: b.faults})
	require.NoError(t, err)
	server := httptest.NewServer(b.p21)
	t.Cleanup(server.Close)

	secrets, err := vault.Open(t.Context(), vault.Database{Pool: pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	b.connections = connection.NewService(pool, b.clock, secrets, amazon.NewMemory(b.clock, amazon.Sleep), b.asked)
	b.settlements = settlement.NewService(pool, b.clock, b.asked, log)
	b.rules = mapping.NewService(pool, b.clock)
	b.entries = b.service("worker-1")
	b.accountant, b.controller, b.director = b.person("amy", "accountant"), b.person("carl", "approver"), b.person("dora", "approver")

	b.connection, err = b.connections.Create(t.Context(), connection.Connection{Name: "us", Environment: "sandbox", AmazonRegion: "na", P21URL: server.URL,
		P21Adapter: adapter, P21Company: "ACME", P21Username: p21stand.DemoUser, P21Journal: "AZ", P21PositiveDebit: true, FunctionalCurrency: "USD",
		TimeZone: "America/New_York", RevenueMode: "summary"}, connection.Secrets{P21Password: p21stand.DemoPassword}, audit.Job("test"))
	require.NoError(t, err)
	_, _, err = b.connections.Sync(t.Context(), b.connection, audit.Job("test"))
	require.NoError(t, err)
	_, err = b.rules.Install(t.Context(), audit.Job("test"), b.connection, "amazon-summary", p21stand.Picks())
	require.NoError(t, err)
	b.books = seller.NewBooks(seller.Accounts(7, now, 6)[0])
	return b
}

// service returns the entries as another worker process would have them.
func (b *bench) service(worker string) *journal.Service {
	log := slog.New(slog.DiscardHandler)
	return journal.NewService(journal.Needs{Pool: b.pool, Clock: b.clock, Rules: published, Jobs: b.asked, Log: log,
		Deliverer: outbound.NewDeliverer(b.pool, worker, quickTiming(), log),
		Ledgers:   func(ctx context.Context, id int64) (p21.Ledger, error) { return b.connections.Ledger(ctx, id) }})
}

func published(ctx context.Context, db sqlc.DBTX, id int64) (*mapping.RuleSet, error) {
	set, err := mapping.LoadPublished(ctx, db, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return set, err
}

func (b *bench) person(name, role string) audit.Actor {
	var id int64
	err := b.pool.QueryRow(b.t.Context(), `INSERT INTO person (issuer, subject, name, roles) VALUES ('test', $1, $1, ARRAY[$2]) RETURNING id`, name, role).Scan(&id)
	require.NoError(b.t, err)
	return audit.Actor{PersonID: id, Name: name}
}

// load imports a cycle of the simulated seller and drafts it.
func (b *bench) load(cycle int, damage seller.Damage) (int64, journal.Drafted) {
	b.t.Helper()
	var text bytes.Buffer
	require.NoError(b.t, b.books.WriteReport(&text, cycle, damage))
	imported, err := b.settlements.Import(b.t.Context(), settlement.Source{ConnectionID: b.connection, Name: "r", From: document.FromUpload, Actor: audit.Job("test")}, &text)
	require.NoError(b.t, err)
	require.Len(b.t, imported.Settlements, 1)
	id := imported.Settlements[0].ID
	drafted, err := b.entries.Draft(b.t.Context(), id, audit.Job("test"))
	require.NoError(b.t, err)
	return id, drafted
}

// entry imports a whole cycle and returns its first drafted entry.
func (b *bench) entry(cycle int) int64 {
	b.t.Helper()
	_, drafted := b.load(cycle, seller.Whole)
	require.Empty(b.t, drafted.Problems)
	require.NotEmpty(b.t, drafted.Entries)
	return drafted.Entries[0]
}

func (b *bench) get(id int64) journal.Entry {
	b.t.Helper()
	e, err := b.entries.Get(b.t.Context(), id)
	require.NoError(b.t, err)
	return e
}

func (b *bench) submit(id int64) {
	b.t.Helper()
	require.NoError(b.t, b.entries.Submit(b.t.Context(), id, b.get(id).RowVersion, b.accountant))
}

func (b *bench) approve(id int64) {
	b.t.Helper()
	done, err := b.entries.Approve(b.t.Context(), id, b.get(id).ContentHash, now, b.controller)
	require.NoError(b.t, err)
	require.True(b.t, done)
}

// approved returns an approved entry that nobody has begun to post.
func (b *bench) approved(cycle int) int64 {
	b.t.Helper()
	id := b.entry(cycle)
	b.submit(id)
	b.approve(id)
	return id
}

func (b *bench) holds() {
	b.t.Helper()
	checks, err := invariant.Verify(b.t.Context(), b.pool)
	require.NoError(b.t, err)
	for _, c := range checks {
		require.True(b.t, c.Holds(), "%s: %v", c.Name, c.Examples)
	}
	_, differ, err := journal.RebuildPosted(b.t.Context(), b.pool)
	require.NoError(b.t, err)
	require.Empty(b.t, differ)
}
