package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/audit"
	"tieout/app/connection"
	"tieout/app/database/dbtest"
	"tieout/app/vault"
)

// TestNothingOpensWithAnOlderKeyAfterItsRotation takes a vault through the three
// steps of the command, and tries the key from before on everything sealed.
func TestNothingOpensWithAnOlderKeyAfterItsRotation(t *testing.T) {
	t.Parallel()
	environ := []string{"TIEOUT_DATABASE_URL=" + dbtest.Program(t), "TIEOUT_VAULT_KEY=" + testKey}
	p, err := open(t.Context(), environment{environ: environ}, Config.NeedWork)
	require.NoError(t, err)
	t.Cleanup(p.close)
	actor := audit.Job("test")
	c := connection.Connection{Name: "us", Environment: "sandbox", AmazonRegion: "na", P21Adapter: "seedv2", P21Company: "ACME", P21Journal: "GJ", FunctionalCurrency: "USD", TimeZone: "UTC", RevenueMode: "summary"}
	id, err := p.connections.Create(t.Context(), c, connection.Secrets{LWAClientSecret: "one", RefreshToken: "two", P21Password: "three", P21ClientSecret: "four", QueueSecret: "five"}, actor)
	require.NoError(t, err)
	hook := alert.NewChannel(alert.ByWebhook)
	hook.Name, hook.Address = "hook", "https://hooks.example.com"
	channel, _, err := p.alerts.Create(t.Context(), hook, actor)
	require.NoError(t, err)
	signing, err := p.alerts.Rotate(t.Context(), channel, actor)
	require.NoError(t, err)
	hash, err := p.personal.Hash(t.Context(), "place", []byte("content"))
	require.NoError(t, err)

	before := p.secrets // as a process has it that was started before all this
	sealed := func() (places map[string][]byte) {
		t.Helper()
		places = map[string][]byte{}
		rows, err := p.pool.Query(t.Context(), `
			SELECT 'connection/' || id || '/' || c.name, c.sealed FROM connection, LATERAL (VALUES ('lwa_client_secret', lwa_client_secret), ('refresh_token', refresh_token), ('p21_password', p21_password),
				('p21_client_secret', p21_client_secret), ('queue_secret', queue_secret)) c (name, sealed)
			UNION ALL SELECT 'alert_channel/' || id || '/secret', secret FROM alert_channel
			UNION ALL SELECT 'personal/hash', sealed FROM personal_hash_key`)
		require.NoError(t, err)
		var place string
		var value []byte
		_, err = pgx.ForEachRow(rows, []any{&place, &value}, func() error { places[place] = value; return nil })
		require.NoError(t, err)
		require.Len(t, places, 7)
		return places
	}
	opens := func(v *vault.Vault, wanted bool, why string) {
		t.Helper()
		for place, value := range sealed() {
			_, err := v.Open(value, place)
			require.Equal(t, wanted, err == nil, "%s: %s", why, place)
		}
	}
	opens(before, true, "nothing has happened")

	code, said, complaints := shell(t, environ, "rotate-keys")
	require.Equal(t, exitOK, code, complaints)
	key := regexp.MustCompile(`--use (\d+)`).FindStringSubmatch(said)[1]
	opens(before, true, "a prepared key seals nothing")
	code, _, complaints = shell(t, environ, "rotate-keys", "--only", key)
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "it does not seal")
	code, _, _ = shell(t, environ, "rotate-keys", "--use", key, "--only", key)
	require.Equal(t, exitFailed, code)

	code, said, complaints = shell(t, environ, "rotate-keys", "--use", key)
	require.Equal(t, exitOK, code, complaints)
	require.Contains(t, said, "rotate-keys --only "+key)
	opens(before, false, "everything is sealed with the new key")
	late, err := before.Seal("two again", "connection/1/refresh_token")
	require.NoError(t, err)
	_, err = p.pool.Exec(t.Context(), `UPDATE connection SET refresh_token = $1 WHERE id = $2`, late, id)
	require.NoError(t, err)

	code, _, complaints = shell(t, environ, "rotate-keys", "--only", key)
	require.Equal(t, exitOK, code, complaints)
	opens(before, false, "what a process of before has sealed meanwhile too")
	after, err := open(t.Context(), environment{environ: environ}, Config.NeedWork)
	require.NoError(t, err)
	t.Cleanup(after.close)
	opens(after.secrets, true, "the program goes on")
	_, err = after.secrets.Open(late, "connection/1/refresh_token")
	require.Error(t, err, "bytes from before, as a backup has them, open no more with this vault")
	text, err := after.secrets.Open(sealed()["connection/1/refresh_token"], "connection/1/refresh_token")
	require.NoError(t, err)
	require.Equal(t, "two again", text)
	text, err = after.secrets.Open(sealed()["alert_channel/1/secret"], "alert_channel/1/secret")
	require.NoError(t, err)
	require.Equal(t, signing, text)
	again, err := after.personal.Hash(t.Context(), "place", []byte("content"))
	require.NoError(t, err)
	require.Equal(t, hash, again)

	other := filepath.Join(t.TempDir(), "vault.key")
	require.NoError(t, os.WriteFile(other, []byte("too short"), 0o600))
	code, _, complaints = shell(t, environ, "rotate-keys", "--vault-key-file", other)
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "32 random bytes")
	const another = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	require.NoError(t, os.WriteFile(other, []byte(another+"\n"), 0o600))
	code, _, complaints = shell(t, environ, "rotate-keys", "--vault-key-file", other)
	require.Equal(t, exitOK, code, complaints)
	_, err = open(t.Context(), environment{environ: environ}, Config.NeedWork)
	require.ErrorContains(t, err, "does not open the stored secrets")
	moved, err := open(t.Context(), environment{environ: []string{environ[0], "TIEOUT_VAULT_KEY=" + another}}, Config.NeedWork)
	require.NoError(t, err)
	t.Cleanup(moved.close)
	opens(moved.secrets, true, "with the other vault key")
}
