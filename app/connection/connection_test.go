package connection_test

import (
	"bytes"
	"context"
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
	"tieout/app/fault"
	"tieout/app/vault"
	p21stand "tieout/cmd/sandbox/p21"
)

type redrafts struct{ asked int }

func (r *redrafts) Redraft(context.Context, pgx.Tx, int64) error { r.asked++; return nil }

func setup(t *testing.T) (*connection.Service, *p21stand.Server, *pgxpool.Pool, *redrafts, connection.Connection) {
	t.Helper()
	pool := dbtest.New(t)
	now := clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	stand, err := p21stand.New(p21stand.Config{Clock: now})
	require.NoError(t, err)
	server := httptest.NewServer(stand)
	t.Cleanup(server.Close)
	secrets, err := vault.Open(t.Context(), vault.Database{Pool: pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
	require.NoError(t, err)
	asked := &redrafts{}
	service := connection.NewService(pool, now, secrets, amazon.NewMemory(now, amazon.Sleep), asked)
	return service, stand, pool, asked, connection.Connection{Name: "acme-us", Environment: "sandbox", AmazonRegion: "na", P21URL: server.URL, P21Adapter: "seedv2",
		P21Company: "ACME", P21Username: p21stand.DemoUser, P21Journal: "AZ", P21PositiveDebit: true, FunctionalCurrency: "USD", TimeZone: "America/New_York", RevenueMode: "summary"}
}

func TestSecretsAreSealedAndNeverTold(t *testing.T) {
	t.Parallel()
	service, _, pool, _, c := setup(t)
	id, err := service.Create(t.Context(), c, connection.Secrets{RefreshToken: "Atzr|plain-token", LWAClientSecret: "plain-secret", P21Password: "plain-password"}, audit.Job("test"))
	require.NoError(t, err)
	got, err := service.Get(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, connection.Held{LWAClientSecret: true, RefreshToken: true, P21Password: true}, got.Has)
	var everything string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT (SELECT string_agg(c::text, '') FROM connection c) || (SELECT string_agg(a::text, '') FROM audit_event a)`).Scan(&everything))
	require.NotContains(t, everything, "plain-")

	got.Title = "Another title"
	require.NoError(t, service.Update(t.Context(), got, connection.Secrets{}, audit.Job("test")), "an empty secret leaves the stored one")
	again, err := service.Get(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, got.Has, again.Has)
	require.Equal(t, fault.Conflict, fault.CodeOf(service.Update(t.Context(), got, connection.Secrets{}, audit.Job("test"))), "a stale form is refused")
}

func TestWrongSettingsAreNamedFieldByField(t *testing.T) {
	t.Parallel()
	service, _, _, _, c := setup(t)
	c.Name, c.TimeZone, c.P21Journal, c.P21URL = "Has Blanks", "Mars/Olympus", "TOOLONG", "http://p21.example.com"
	_, err := service.Create(t.Context(), c, connection.Secrets{}, audit.Job("test"))
	fields := fault.FieldsOf(err)
	for _, field := range []string{"name", "time_zone", "p21_journal", "p21_url"} {
		require.Contains(t, fields, field)
	}
}

func TestAccountsAndPeriodsAreReadAndAChangeAsksForDrafts(t *testing.T) {
	t.Parallel()
	service, stand, _, asked, c := setup(t)
	id, err := service.Create(t.Context(), c, connection.Secrets{P21Password: p21stand.DemoPassword}, audit.Job("test"))
	require.NoError(t, err)
	accounts, periods, err := service.Sync(t.Context(), id, audit.Job("test"))
	require.NoError(t, err)
	require.Greater(t, accounts, 50)
	require.GreaterOrEqual(t, periods, 36)
	require.Equal(t, 1, asked.asked)
	_, _, err = service.Sync(t.Context(), id, audit.Job("test"))
	require.NoError(t, err)
	require.Equal(t, 1, asked.asked, "nothing changed")
	require.NoError(t, stand.ClosePeriod("ACME", 2026, 10, true))
	_, _, err = service.Sync(t.Context(), id, audit.Job("test"))
	require.NoError(t, err)
	require.Equal(t, 2, asked.asked)
}

func TestTheTestSaysWhatWorked(t *testing.T) {
	t.Parallel()
	service, _, _, _, c := setup(t)
	id, err := service.Create(t.Context(), c, connection.Secrets{P21Password: "wrong"}, audit.Job("test"))
	require.NoError(t, err)
	steps, err := service.Test(t.Context(), id)
	require.NoError(t, err)
	require.False(t, steps[0].OK, "no Amazon credentials")
	require.False(t, steps[len(steps)-1].OK, "P21 refuses the password")
}

func TestTheWholeOfP21IsThereWhenItsCredentialsAre(t *testing.T) {
	t.Parallel()
	service, _, _, _, c := setup(t)
	id, err := service.Create(t.Context(), c, connection.Secrets{}, audit.Job("test"))
	require.NoError(t, err)
	_, err = service.P21(t.Context(), id)
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = service.Ledger(t.Context(), id)
	require.True(t, fault.Is(err, fault.Invalid))

	c.Name = "with-password"
	id, err = service.Create(t.Context(), c, connection.Secrets{P21Password: p21stand.DemoPassword}, audit.Job("test"))
	require.NoError(t, err)
	system, err := service.P21(t.Context(), id)
	require.NoError(t, err)
	found, err := system.FindCustomer(t.Context(), "AMAZON-US")
	require.NoError(t, err)
	require.Len(t, found, 1)
	ledger, err := service.Ledger(t.Context(), id)
	require.NoError(t, err)
	require.Same(t, system, ledger, "one client, one token")
}
