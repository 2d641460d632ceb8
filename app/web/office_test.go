package web

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/connection"
	"tieout/app/document"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/identity"
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

var officeDay = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// office is the back office behind a site: a simulated seller, a stand-in for
// P21, services on the site's database, and people in their roles.
type office struct {
	*site
	t           *testing.T
	clock       clock.Clock
	connections *connection.Service
	account     *seller.Account
	books       *seller.Books
	faults      *misbehave.Plan
	connection  int64
	posts       []int64 // entries whose posting was asked for

	accountant, approver, second, ops, viewer *browser
	who                                       map[*browser]identity.Person
}

// Draft, Post and Redraft are the jobs of the services: drafting happens when
// the test wants it, posting too.
func (o *office) Draft(context.Context, pgx.Tx, int64) error   { return nil }
func (o *office) Redraft(context.Context, pgx.Tx, int64) error { return nil }
func (o *office) Post(_ context.Context, _ pgx.Tx, id int64) error {
	o.posts = append(o.posts, id)
	return nil
}

// redraft drafts what a connection has to draft, at once.
func (o *office) redraft(ctx context.Context, connectionID int64) error {
	ids, err := o.Entries.Draftable(ctx, connectionID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := o.Entries.Draft(ctx, id, audit.Job("drafting")); err != nil {
			return fmt.Errorf("draft %d: %w", id, err)
		}
	}
	return nil
}

func openOffice(t *testing.T) *office {
	t.Helper()
	return openOfficeOn(t, p21.SeedV2)
}

// openOfficeOn opens an office whose P21 is reached through an adapter.
func openOfficeOn(t *testing.T, adapter string) *office {
	t.Helper()
	return openOfficeWith(t, adapter, "amazon-summary")
}

// openOfficeWith opens an office whose rules are those of a template.
func openOfficeWith(t *testing.T, adapter, template string) *office {
	t.Helper()
	o := &office{t: t, clock: clock.NewFixed(officeDay), faults: misbehave.New(1)}
	o.site = open(t, options{})
	log := slog.New(slog.DiscardHandler)
	secrets, err := vault.Open(t.Context(), vault.Database{Pool: o.pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
	require.NoError(t, err)
	o.connections = connection.NewService(o.pool, o.clock, secrets, amazon.NewMemory(o.clock, amazon.Sleep), o)
	o.Settlements = settlement.NewService(o.pool, o.clock, o, log)
	o.Rules = mapping.NewService(o.pool, o.clock)
	o.Exceptions = exception.NewQueue(o.pool)
	timing := outbound.Timing{Hold: 5 * time.Second, Request: 2 * time.Second, LookUps: 2, RetryInterval: time.Millisecond}
	o.Entries = journal.NewService(journal.Needs{Pool: o.pool, Clock: o.clock, Rules: publishedSet, Jobs: o, Log: log,
		Deliverer: outbound.NewDeliverer(o.pool, "worker", timing, log),
		Ledgers:   func(ctx context.Context, id int64) (p21.Ledger, error) { return o.connections.Ledger(ctx, id) }})
	o.server.Redraft = o.redraft
	o.openBooks(adapter, template)
	o.who = map[*browser]identity.Person{}
	o.accountant, o.approver = o.hire(identity.Accountant), o.hire(identity.Approver)
	o.second, o.ops, o.viewer = o.hire(identity.Approver, identity.Auditor), o.hire(identity.Ops), o.hire(identity.Viewer)
	return o
}

func publishedSet(ctx context.Context, db sqlc.DBTX, id int64) (*mapping.RuleSet, error) {
	set, err := mapping.LoadPublished(ctx, db, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return set, err
}

// openBooks makes the connection with its accounts, periods and rules.
func (o *office) openBooks(adapter, template string) {
	stand, err := p21stand.New(p21stand.Config{Clock: o.clock, Faults: o.faults})
	require.NoError(o.t, err)
	server := httptest.NewServer(stand)
	o.t.Cleanup(server.Close)
	job := audit.Job("test")
	o.connection, err = o.connections.Create(o.t.Context(), connection.Connection{Name: "us", Environment: "sandbox", AmazonRegion: "na", P21URL: server.URL,
		P21Adapter: adapter, P21Company: "ACME", P21Username: p21stand.DemoUser, P21Journal: "AZ", P21PositiveDebit: true, FunctionalCurrency: "USD",
		TimeZone: "America/New_York", RevenueMode: "summary"}, connection.Secrets{P21Password: p21stand.DemoPassword}, job)
	require.NoError(o.t, err)
	_, _, err = o.connections.Sync(o.t.Context(), o.connection, job)
	require.NoError(o.t, err)
	_, err = o.Rules.Install(o.t.Context(), job, o.connection, template, p21stand.Picks())
	require.NoError(o.t, err)
	o.account = seller.Accounts(7, officeDay, 6)[0]
	o.books = seller.NewBooks(o.account)
}

func (o *office) hire(roles ...identity.Role) *browser {
	b, person := o.person(o.t, roles...)
	o.who[b] = person
	return b
}

// load imports a cycle of the seller and drafts it.
func (o *office) load(cycle int, damage seller.Damage) (settlementID int64, drafted journal.Drafted) {
	o.t.Helper()
	return o.take(o.report(cycle, damage))
}

// report is the text of a cycle's report.
func (o *office) report(cycle int, damage seller.Damage) string {
	o.t.Helper()
	var text strings.Builder
	require.NoError(o.t, o.books.WriteReport(&text, cycle, damage))
	return text.String()
}

// take imports a report and drafts its settlement.
func (o *office) take(report string) (settlementID int64, drafted journal.Drafted) {
	o.t.Helper()
	source := settlement.Source{ConnectionID: o.connection, Name: "report.txt", From: document.FromUpload, Actor: audit.Job("test")}
	imported, err := o.Settlements.Import(o.t.Context(), source, strings.NewReader(report))
	require.NoError(o.t, err)
	require.Len(o.t, imported.Settlements, 1)
	settlementID = imported.Settlements[0].ID
	drafted, err = o.Entries.Draft(o.t.Context(), settlementID, audit.Job("drafting"))
	require.NoError(o.t, err)
	return settlementID, drafted
}

// entry imports a whole cycle and returns its first drafted entry.
func (o *office) entry(cycle int) int64 {
	o.t.Helper()
	_, drafted := o.load(cycle, seller.Whole)
	require.Empty(o.t, drafted.Problems)
	require.NotEmpty(o.t, drafted.Entries)
	return drafted.Entries[0]
}

func (o *office) read(id int64) journal.Entry {
	o.t.Helper()
	e, err := o.Entries.Get(o.t.Context(), id)
	require.NoError(o.t, err)
	return e
}

// submitted imports a cycle and submits its first entry as the accountant.
func (o *office) submitted(cycle int) int64 {
	o.t.Helper()
	id := o.entry(cycle)
	require.NoError(o.t, o.Entries.Submit(o.t.Context(), id, o.read(id).RowVersion, o.actor(o.accountant)))
	return id
}

// posted takes the entry of a cycle all the way into P21.
func (o *office) posted(cycle int) int64 {
	o.t.Helper()
	id := o.submitted(cycle)
	done, err := o.Entries.Approve(o.t.Context(), id, o.read(id).ContentHash, officeDay, o.actor(o.approver))
	require.NoError(o.t, err)
	require.True(o.t, done)
	require.NoError(o.t, o.Entries.Post(o.t.Context(), id))
	require.Equal(o.t, string(journal.Posted), o.read(id).Status)
	return id
}

func (o *office) actor(b *browser) audit.Actor { return o.who[b].Actor("test") }

// exec changes the database behind the program's back.
func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	_, err := o.pool.Exec(o.t.Context(), sql, args...)
	require.NoError(o.t, err)
}

// content is the page without its frame.
var contentOf = regexp.MustCompile(`(?s)<main.*</main>`)

func (p page) content() string { return contentOf.FindString(p.body) }

// templEscaped is text as pages write it.
func templEscaped(text string) string { return html.EscapeString(text) }
