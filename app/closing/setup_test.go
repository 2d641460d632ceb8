package closing_test

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
	"tieout/app/closing"
	"tieout/app/connection"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/settlement"
	"tieout/app/vault"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/sqlc"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// office is a seller with a P21 and the people who close its periods.
type office struct {
	*closing.Service
	t           *testing.T
	pool        *pgxpool.Pool
	settlements *settlement.Service
	entries     *journal.Service
	books       *seller.Books
	connection  int64
	redrafts    int

	accountant, approver, second audit.Actor
}

// Draft, Redraft and Post are the jobs; tests do them when they want to.
func (o *office) Draft(context.Context, pgx.Tx, int64) error   { return nil }
func (o *office) Post(context.Context, pgx.Tx, int64) error    { return nil }
func (o *office) Redraft(context.Context, pgx.Tx, int64) error { o.redrafts++; return nil }

func open(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, pool: dbtest.New(t)}
	fixed, log := clock.NewFixed(now), slog.New(slog.DiscardHandler)
	stand, err := p21stand.New(p21stand.Config{Clock: fixed})
	require.NoError(t, err)
	server := httptest.NewServer(stand)
	t.Cleanup(server.Close)
	secrets, err := vault.Open(t.Context(), vault.Database{Pool: o.pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
	require.NoError(t, err)
	connections := connection.NewService(o.pool, fixed, secrets, amazon.NewMemory(fixed, amazon.Sleep), o)
	rules := mapping.NewService(o.pool, fixed)
	o.settlements = settlement.NewService(o.pool, fixed, o, log)
	timing := outbound.Timing{Hold: 5 * time.Second, Request: 2 * time.Second, LookUps: 2, RetryInterval: time.Millisecond}
	o.entries = journal.NewService(journal.Needs{Pool: o.pool, Clock: fixed, Rules: published, Jobs: o, Log: log, Deliverer: outbound.NewDeliverer(o.pool, "worker", timing, log),
		Ledgers: func(ctx context.Context, id int64) (p21.Ledger, error) { return connections.Ledger(ctx, id) }})
	o.Service = closing.NewService(closing.Needs{Pool: o.pool, Clock: fixed, Jobs: o})
	o.accountant, o.approver, o.second = o.person("amy", "accountant"), o.person("carl", "approver"), o.person("dora", "accountant", "approver")

	o.connection, err = connections.Create(t.Context(), connection.Connection{Name: "us", Environment: "sandbox", AmazonRegion: "na", P21URL: server.URL,
		P21Adapter: p21.SeedV2, P21Company: "ACME", P21Username: p21stand.DemoUser, P21Journal: "AZ", P21PositiveDebit: true, FunctionalCurrency: "USD",
		TimeZone: "America/New_York", RevenueMode: "summary"}, connection.Secrets{P21Password: p21stand.DemoPassword}, audit.Job("test"))
	require.NoError(t, err)
	_, _, err = connections.Sync(t.Context(), o.connection, audit.Job("test"))
	require.NoError(t, err)
	_, err = rules.Install(t.Context(), audit.Job("test"), o.connection, "amazon-summary", p21stand.Picks())
	require.NoError(t, err)
	o.books, o.redrafts = sellerOf(7), 0
	return o
}

func published(ctx context.Context, db sqlc.DBTX, id int64) (*mapping.RuleSet, error) {
	set, err := mapping.LoadPublished(ctx, db, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return set, err
}

func (o *office) person(name string, roles ...string) audit.Actor {
	var id int64
	err := o.pool.QueryRow(o.t.Context(), `INSERT INTO person (issuer, subject, name, roles) VALUES ('test', $1, $1, $2) RETURNING id`, name, roles).Scan(&id)
	require.NoError(o.t, err)
	return audit.Actor{PersonID: id, Name: name}
}

// exec changes the database behind the program's back.
func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	_, err := o.pool.Exec(o.t.Context(), sql, args...)
	require.NoError(o.t, err)
}

// refused tries to change the database and expects it to say why not.
func (o *office) refused(why, sql string, args ...any) {
	o.t.Helper()
	_, err := o.pool.Exec(o.t.Context(), sql, args...)
	require.ErrorContains(o.t, err, why, sql)
}

// load imports a cycle of the seller and drafts it.
func (o *office) load(cycle int) journal.Drafted {
	o.t.Helper()
	var text bytes.Buffer
	require.NoError(o.t, o.books.WriteReport(&text, cycle, seller.Whole))
	imported, err := o.settlements.Import(o.t.Context(), settlement.Source{ConnectionID: o.connection, Name: "r", From: document.FromUpload, Actor: audit.Job("test")}, &text)
	require.NoError(o.t, err)
	drafted, err := o.entries.Draft(o.t.Context(), imported.Settlements[0].ID, audit.Job("test"))
	require.NoError(o.t, err)
	return drafted
}

// post takes a draft all the way into P21.
func (o *office) post(id int64) {
	o.t.Helper()
	e, err := o.entries.Get(o.t.Context(), id)
	require.NoError(o.t, err)
	require.NoError(o.t, o.entries.Submit(o.t.Context(), id, e.RowVersion, o.accountant))
	e, err = o.entries.Get(o.t.Context(), id)
	require.NoError(o.t, err)
	_, err = o.entries.Approve(o.t.Context(), id, e.ContentHash, now, o.approver)
	require.NoError(o.t, err)
	require.NoError(o.t, o.entries.Post(o.t.Context(), id))
}

// october is the period that tests close; the cycles that reach into it are
// those from firstCycle to lastCycle.
func (o *office) october() closing.Key {
	return closing.Key{ConnectionID: o.connection, FiscalYear: 2026, Number: 10}
}

// cycles returns the seller's cycles that reach into October.
func (o *office) cycles() (numbers []int) {
	from, until := time.Date(2026, 10, 1, 4, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC)
	for n := range 60 {
		s := o.books.Settlement(n)
		if s.End.After(from) && s.Start.Before(until) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// posted loads October and posts everything of it.
func (o *office) posted() {
	o.t.Helper()
	for _, n := range o.cycles() {
		for _, id := range o.load(n).Entries {
			e, err := o.entries.Get(o.t.Context(), id)
			require.NoError(o.t, err)
			if e.Period == 10 {
				o.post(id)
			}
		}
	}
	o.exec(`UPDATE exception SET state = 'resolved', resolved_at = now() WHERE state = 'open'`)
}

// closed takes October all the way.
func (o *office) closed() closing.Whole {
	o.t.Helper()
	require.NoError(o.t, o.Request(o.t.Context(), o.october(), "All agreed.", nil, o.accountant))
	w := o.get()
	require.NoError(o.t, o.Approve(o.t.Context(), o.october(), w.Attempts[0].Hash, now, o.approver))
	return o.get()
}

func (o *office) get() closing.Whole {
	o.t.Helper()
	w, err := o.Get(o.t.Context(), o.october())
	require.NoError(o.t, err)
	return w
}

// lateReport drafts a cycle of another seller account, imported once.
func (o *office) lateReport(cycle int) journal.Drafted {
	o.t.Helper()
	books := sellerOf(8)
	var text bytes.Buffer
	require.NoError(o.t, books.WriteReport(&text, cycle, seller.Whole))
	imported, err := o.settlements.Import(o.t.Context(), settlement.Source{ConnectionID: o.connection, Name: "late", From: document.FromUpload, Actor: audit.Job("test")}, &text)
	require.NoError(o.t, err)
	drafted, err := o.entries.Draft(o.t.Context(), imported.Settlements[0].ID, audit.Job("test"))
	require.NoError(o.t, err)
	return drafted
}

// sellerOf is a seller whose every amount the shipped rules know.
func sellerOf(seed uint64) *seller.Books {
	account := seller.Accounts(seed, now, 2)[0]
	account.NovelCycle = -1
	return seller.NewBooks(account)
}
