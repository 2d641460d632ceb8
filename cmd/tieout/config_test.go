package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/web"
)

const testKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestConfigHasDefaults(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig([]string{"PATH=/bin", "DATABASE_URL=postgres://u:p@db/tieout"})
	require.NoError(t, err)
	require.Equal(t, "postgres://u:p@db/tieout", c.DatabaseURL.Reveal())
	require.Equal(t, "http://127.0.0.1:8080", c.PublicURL)
	require.Equal(t, "production", c.Environment)
	require.Equal(t, 30*time.Minute, c.SessionIdle)
	require.Equal(t, 12*time.Hour, c.SessionLifetime)
	require.Equal(t, []string{"openid", "profile", "email"}, c.OIDCScopes)
	require.Equal(t, slog.LevelInfo, c.LogLevel)
	require.NoError(t, c.NeedDatabase())
	require.Equal(t, web.Limits{Person: 20, Stranger: 10, SignIn: 30, Heavy: 4, Patience: 10 * time.Second, Body: 30 * time.Second}, (&program{config: c}).webConfig(nil).Limits, "nobody has to think of limits to have them")
	require.Equal(t, "[127.0.0.0/8 ::1/128]", fmt.Sprint(c.Proxies))
}

func TestConfigTakesLimitsAndProxies(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig([]string{"TIEOUT_PERSON_RATE=0", "TIEOUT_SIGN_IN_RATE=0.5", "TIEOUT_PROXIES=10.1.0.0/16,fd00::/8"})
	require.NoError(t, err)
	require.Zero(t, c.PersonRate)
	require.Equal(t, 0.5, c.SignInRate)
	require.Equal(t, "[10.1.0.0/16 fd00::/8]", fmt.Sprint(c.Proxies))
}

func TestConfigPrefersItsOwnDatabaseVariable(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig([]string{"DATABASE_URL=postgres://other/db", "TIEOUT_DATABASE_URL=postgres://own/db"})
	require.NoError(t, err)
	require.Equal(t, "postgres://own/db", c.DatabaseURL.Reveal())
}

func TestConfigReadsSecretsFromFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte(testKey+"\n"), 0o600))

	c, err := LoadConfig([]string{"TIEOUT_VAULT_KEY_FILE=" + file})
	require.NoError(t, err)
	require.Equal(t, testKey, c.VaultKey.Reveal())

	_, err = LoadConfig([]string{"TIEOUT_VAULT_KEY_FILE=" + file, "TIEOUT_VAULT_KEY=" + testKey})
	require.ErrorContains(t, err, "TIEOUT_VAULT_KEY and TIEOUT_VAULT_KEY_FILE are both set")

	_, err = LoadConfig([]string{"TIEOUT_VAULT_KEY_FILE=" + file + ".none"})
	require.ErrorContains(t, err, "TIEOUT_VAULT_KEY_FILE")

	_, err = LoadConfig([]string{"TIEOUT_LISTEN_FILE=" + file})
	require.ErrorContains(t, err, "TIEOUT_LISTEN_FILE is not a variable")
}

func TestConfigRefusesEachBadValueByName(t *testing.T) {
	t.Parallel()
	for variable, values := range map[string][]string{
		"TIEOUT_ENVIRONMENT":       {"staging"},
		"TIEOUT_LISTEN":            {"8080", "localhost"},
		"TIEOUT_PUBLIC_URL":        {"tieout.example", "ftp://x", "https://x/path", "https://u:p@x", "http://tieout.example"},
		"TIEOUT_OIDC_ISSUER":       {"x", "http://idp.example", "https://idp.example?a=b"},
		"TIEOUT_OIDC_SCOPES":       {"profile"},
		"TIEOUT_GROUP_ROLES":       {"finance", "finance=boss", "=admin"},
		"TIEOUT_SESSION_IDLE":      {"30", "0s", "-1m", "13h"},
		"TIEOUT_SESSION_LIFETIME":  {"long"},
		"TIEOUT_VAULT_KEY":         {"secret-and-wrong", "AAAA"},
		"TIEOUT_PERSON_RATE":       {"-1", "NaN", "+Inf", "fast"},
		"TIEOUT_STRANGER_RATE":     {"-0.1"},
		"TIEOUT_SIGN_IN_RATE":      {"often"},
		"TIEOUT_HEAVY_AT_ONCE":     {"-1", "1.5"},
		"TIEOUT_PROXIES":           {"10.0.0.1", "proxy.example", "10.0.0.0/33"},
		"TIEOUT_WORKERS":           {"0", "many", "1001"},
		"TIEOUT_IMPORT_WORKERS":    {"-1"},
		"TIEOUT_SETTLEMENT_POLL":   {"0s"},
		"TIEOUT_READ_BACK_WINDOW":  {"x"},
		"TIEOUT_SMTP_URL":          {"smtp://u:secret@mail.example", "mail.example:587"},
		"TIEOUT_SMTP_FROM":         {"tieout@mail.example"},
		"TIEOUT_WEBHOOK_PRIVATE":   {"maybe"},
		"TIEOUT_LOG_LEVEL":         {"loud"},
		"TIEOUT_LOG_FORMAT":        {"xml"},
		"TIEOUT_DATABASE_PASSWORD": {"unknown-and-secret"},
	} {
		for _, value := range values {
			_, err := LoadConfig([]string{variable + "=" + value})
			require.ErrorContains(t, err, variable, value)
			require.NotContains(t, err.Error(), "secret", "a secret's value stands in the error")
		}
	}
}

func TestConfigReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := LoadConfig([]string{"TIEOUT_WORKERS=x", "TIEOUT_LISTEN=x", "TIEOUT_SESSION_IDLE=x", "TIEOUT_TYPO=x", "TIEOUT_VAULT_KEY=x"})
	for _, name := range []string{"TIEOUT_WORKERS", "TIEOUT_LISTEN", "TIEOUT_SESSION_IDLE", "TIEOUT_TYPO", "TIEOUT_VAULT_KEY"} {
		require.ErrorContains(t, err, name)
	}
}

func TestConfigSaysWhatACommandMisses(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig(nil)
	require.NoError(t, err)
	require.EqualError(t, c.NeedDatabase(), "not set: TIEOUT_DATABASE_URL")
	require.EqualError(t, c.NeedWork(), "not set: TIEOUT_DATABASE_URL, TIEOUT_VAULT_KEY")
	require.EqualError(t, c.NeedServe(), "not set: TIEOUT_DATABASE_URL, TIEOUT_OIDC_CLIENT_ID, TIEOUT_OIDC_ISSUER, TIEOUT_VAULT_KEY")
}

func TestConfigReadsTheMailServer(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig([]string{"TIEOUT_SMTP_URL=smtp://robot:hunter2@mail.example?tls=implicit", "TIEOUT_SMTP_FROM=Tieout <tieout@example.com>"})
	require.NoError(t, err)
	server, err := c.mailServer()
	require.NoError(t, err)
	require.Equal(t, "mail.example:465 (implicit)", server.String())
	require.Equal(t, "tieout@example.com", server.From.Address)
	for address, said := range map[string]string{"smtp://u:hunter2@mail.example?tls=maybe": "implicit, starttls, none", "smtp://u:hunter2@mail.example?tls=none": "this machine only", "smtp://u:hunter2@ mail": "such as smtp://"} {
		_, err := LoadConfig([]string{"TIEOUT_SMTP_URL=" + address, "TIEOUT_SMTP_FROM=a@example.com"})
		require.ErrorContains(t, err, said)
		require.ErrorContains(t, err, "TIEOUT_SMTP_URL: ")
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err = LoadConfig([]string{"TIEOUT_SMTP_URL=smtp://mail.example", "TIEOUT_SMTP_FROM=nobody"})
	require.ErrorContains(t, err, "TIEOUT_SMTP_FROM: \"nobody\" is not an address")
}

func TestConfigPrintsWithoutSecrets(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig([]string{
		"DATABASE_URL=postgres://tieout:hunter2@db:5432/tieout", "TIEOUT_VAULT_KEY=" + testKey,
		"TIEOUT_OIDC_CLIENT_SECRET=hunter2", "TIEOUT_METRICS_TOKEN=hunter2", "TIEOUT_SMTP_URL=smtp://u:hunter2@mail.example", "TIEOUT_SMTP_FROM=a@example.com", "TIEOUT_LISTEN=:9000", "TIEOUT_PUBLIC_URL=https://tieout.example/",
	})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, c.Print(&out))
	require.NotContains(t, out.String(), "hunter2")
	require.NotContains(t, out.String(), testKey)
	require.Contains(t, out.String(), "TIEOUT_DATABASE_URL=postgres://tieout:xxxxx@db:5432/tieout\n")
	require.Contains(t, out.String(), "TIEOUT_VAULT_KEY=(set)\n")
	require.Contains(t, out.String(), "TIEOUT_LISTEN=:9000\n")
	require.Contains(t, out.String(), "TIEOUT_PUBLIC_URL=https://tieout.example\n")

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", c.VaultKey)
	require.NotContains(t, log.String(), testKey)
	require.Equal(t, "(set)", Secret("host=db password=hunter2").String())
	require.Equal(t, "(set)", Secret("postgres://db/x?password=hunter2").String())
}
