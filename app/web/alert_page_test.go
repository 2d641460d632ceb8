package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/clock"
	"tieout/app/exception"
	"tieout/app/identity"
	"tieout/app/notify"
	"tieout/app/vault"
)

// bells is a site with alerts and one receiver.
type bells struct {
	*site
	t        *testing.T
	receiver *httptest.Server
	status   int
	got      []string
	messages []int64
	admin    *browser
}

func (b *bells) Tell(_ context.Context, _ pgx.Tx, id int64) error {
	b.messages = append(b.messages, id)
	return nil
}

func openBells(t *testing.T, mail notify.MailServer) *bells {
	t.Helper()
	b := &bells{t: t, status: 200}
	b.receiver = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.got = append(b.got, string(body))
		w.WriteHeader(b.status)
		_, _ = io.WriteString(w, "<b>thank you</b>")
	}))
	t.Cleanup(b.receiver.Close)
	b.site = open(t, options{stored: func(d *Dependencies, pool *pgxpool.Pool) {
		secrets, err := vault.Open(t.Context(), vault.Database{Pool: pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
		require.NoError(t, err)
		d.Alerts = alert.NewService(alert.Needs{Pool: pool, Clock: clock.System{}, Vault: secrets, Mail: notify.NewMail(mail), Jobs: b, PublicURL: "https://tieout.example",
			Webhook: notify.NewWebhook(notify.WebhookSettings{Private: true}, clock.System{}), Log: slog.New(slog.DiscardHandler)})
	}})
	_, err := b.pool.Exec(t.Context(), `INSERT INTO connection (name, title, amazon_region) VALUES ('us', 'Contoso US', 'na')`)
	require.NoError(t, err)
	b.admin = b.as(t, identity.Admin)
	return b
}

func (b *bells) form(name string, more ...string) url.Values {
	form := url.Values{"kind": {"webhook"}, "version": {"0"}, "name": {name}, "address": {b.receiver.URL + "/hook-path"}, "down_minutes": {"10"}, "silent_days": {"16"}, "expiry_days": {"14"}, "group-balance": {"on"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

func TestThePagesOfAlertsAdmitExactlyThoseWithTheirPermission(t *testing.T) {
	t.Parallel()
	walk(t, openBells(t, notify.MailServer{}).site)
}

func TestASecretIsShownOnceAndIsNowhereElse(t *testing.T) {
	t.Parallel()
	b := openBells(t, notify.MailServer{})
	made := b.admin.post("/admin/alerts/new", b.form("Ops"))
	require.Equal(t, http.StatusOK, made.StatusCode)
	require.Equal(t, "no-store", made.Header.Get("Cache-Control"))
	secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)
	first := secret.FindString(made.content())
	require.NotEmpty(t, first)
	for _, path := range []string{"/admin/alerts", "/admin/alerts/1"} {
		require.NotContains(t, b.admin.get(path).body, "whsec_", path)
	}
	second := secret.FindString(b.admin.post("/admin/alerts/1/rotate", nil).content())
	require.NotEmpty(t, second)
	require.NotEqual(t, first, second)
	require.Contains(t, b.admin.get("/admin/alerts/1").content(), "Two secrets sign until")
	require.NotContains(t, b.log.String(), "whsec_")
	var kept int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM sessions WHERE position('whsec_'::bytea in data) > 0`).Scan(&kept))
	require.Zero(t, kept)
	auditor := b.as(t, identity.Auditor).get("/admin/alerts")
	require.Contains(t, auditor.content(), "127.0.0.1:")
	require.NotContains(t, auditor.content(), "hook-path")
	require.NotContains(t, auditor.content(), "/admin/alerts/new")
}

func TestATestShowsWhatTheOtherSideAnswered(t *testing.T) {
	t.Parallel()
	b := openBells(t, notify.MailServer{})
	b.admin.post("/admin/alerts/new", b.form("Ops"))
	page := b.admin.post("/admin/alerts/1/test", nil)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, page.content(), "The test was taken")
	require.Contains(t, page.content(), "200 OK: &lt;b&gt;thank you&lt;/b&gt;")
	require.Contains(t, b.got[0], "This is a test")
	b.status = 410
	page = b.admin.post("/admin/alerts/1/test", nil)
	require.Contains(t, page.content(), "The test was not taken")
	require.Contains(t, page.content(), "The receiver answered 410 Gone.")
}

func TestAChannelIsChangedSwitchedAndDeletedByItsForms(t *testing.T) {
	t.Parallel()
	b := openBells(t, notify.MailServer{})
	wrong := b.admin.post("/admin/alerts/new", b.form("", "address", "http://hooks.example.com/", "down_minutes", "0"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Contains(t, wrong.content(), "A whole number from 1 to 1440.")
	wrong = b.admin.post("/admin/alerts/new", b.form("", "address", "http://hooks.example.com/"))
	require.Contains(t, wrong.content(), "The address needs https")
	require.Contains(t, wrong.content(), `value="http://hooks.example.com/"`, "what was typed stays")

	b.admin.post("/admin/alerts/new", b.form("Ops", "connection-1", "on"))
	require.Contains(t, b.admin.get("/admin/alerts").content(), "Contoso US")
	saved := b.admin.post("/admin/alerts/1", b.form("Night shift", "version", "1"))
	require.Equal(t, "/admin/alerts/1", saved.to())
	require.Equal(t, http.StatusConflict, b.admin.post("/admin/alerts/1", b.form("Day shift", "version", "1")).StatusCode, "a stale form")
	require.Equal(t, "/admin/alerts/1", b.admin.post("/admin/alerts/1/switch", url.Values{"what": {"off"}}).to())
	require.Contains(t, b.admin.get("/admin/alerts").content(), "By admin person.")
	b.admin.post("/admin/alerts/1/switch", url.Values{"what": {"on"}})
	require.NotContains(t, b.admin.get("/admin/alerts/1").content(), "switched off")
	require.Equal(t, "/admin/alerts", b.admin.post("/admin/alerts/1/delete", nil).to())
	require.Equal(t, http.StatusNotFound, b.admin.get("/admin/alerts/1").StatusCode)
	var kept string
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT name FROM alert_channel WHERE deleted_at IS NOT NULL`).Scan(&kept))
	require.Equal(t, "Night shift", kept)
}

func TestAnAlertThatFailedIsSentAgainFromThePage(t *testing.T) {
	t.Parallel()
	b := openBells(t, notify.MailServer{})
	b.admin.post("/admin/alerts/new", b.form("Ops"))
	_, err := exception.Raise(t.Context(), b.pool, exception.Raised{ConnectionID: 1, Class: exception.OutOfBalance, Cause: "1", Title: "Settlement 1 is out of balance"})
	require.NoError(t, err)
	require.NoError(t, b.Alerts.Scan(t.Context()))
	require.Contains(t, b.admin.get("/admin/alerts").content(), "On its way")
	b.status = 404
	require.NoError(t, b.Alerts.Send(t.Context(), b.messages[0], false))
	list := b.admin.get("/admin/alerts").content()
	require.Contains(t, list, `<a href="/exceptions/1">Settlement 1 is out of balance</a>`)
	require.Contains(t, list, "404 Not Found")
	retry := fmt.Sprintf("/admin/alerts/messages/%d/retry", b.messages[0])
	require.Contains(t, list, retry)
	require.NotContains(t, b.as(t, identity.Auditor).get("/admin/alerts").content(), retry)
	require.Equal(t, "/admin/alerts", b.admin.post(retry, nil).to())
	b.status = 200
	require.NoError(t, b.Alerts.Send(t.Context(), b.messages[1], false))
	require.Contains(t, b.admin.get("/admin/alerts").content(), "Sent")
	require.Equal(t, http.StatusConflict, b.admin.post(retry, nil).StatusCode)
}

func TestThePageSaysWhenMailIsNotSetUp(t *testing.T) {
	t.Parallel()
	b := openBells(t, notify.MailServer{})
	require.Contains(t, b.admin.get("/admin/alerts").content(), "Mail is not set up.")
	made := b.admin.post("/admin/alerts/new", b.form("Finance", "kind", "mail", "address", "finance@example.com"))
	require.Equal(t, "/admin/alerts/1", made.to())
	require.Contains(t, b.admin.get("/admin/alerts").content(), "so mail channels tell nobody")
	require.Contains(t, b.admin.get("/admin/alerts/1").content(), "TIEOUT_SMTP_URL")
	require.Contains(t, b.admin.post("/admin/alerts/1/test", nil).content(), "Mail is not set up: TIEOUT_SMTP_URL")

	with := openBells(t, notify.MailServer{Host: "127.0.0.1", Port: 1, Security: notify.NoTLS})
	require.NotContains(t, with.admin.get("/admin/alerts").content(), "Mail is not set up")
}

func TestTheEndOfAClientSecretIsKept(t *testing.T) {
	t.Parallel()
	b := openBells(t, notify.MailServer{})
	require.Equal(t, http.StatusUnprocessableEntity, b.admin.post("/admin/alerts/secrets", url.Values{"ends_on-1": {"soon"}}).StatusCode)
	require.Equal(t, "/admin/alerts", b.admin.post("/admin/alerts/secrets", url.Values{"ends_on-1": {"2027-03-01"}}).to())
	require.Contains(t, b.admin.get("/admin/alerts").content(), `value="2027-03-01"`)
	b.admin.post("/admin/alerts/secrets", url.Values{"ends_on-1": {""}})
	require.NotContains(t, b.admin.get("/admin/alerts").content(), "2027-03-01")
}
