package jobs_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/exception"
	"tieout/app/notify"
	"tieout/app/vault"
	"tieout/cmd/sandbox/misbehave"
	"tieout/jobs"
)

// alerting gives the seller alerts and a webhook that is told of the groups.
func (s *seller) alerting(t *testing.T, address string, groups ...alert.Group) {
	t.Helper()
	key, err := vault.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	require.NoError(t, err)
	secrets, err := vault.Open(t.Context(), vault.Database{Pool: s.pool}, key)
	require.NoError(t, err)
	s.services.Alerts = alert.NewService(alert.Needs{Pool: s.pool, Clock: clock.System{}, Vault: secrets, Mail: notify.NewMail(notify.MailServer{}), Jobs: s.queue,
		PublicURL: "https://tieout.example", Webhook: notify.NewWebhook(notify.WebhookSettings{Private: true}, clock.System{}), Log: slog.New(slog.DiscardHandler)})
	c := alert.NewChannel(alert.ByWebhook)
	c.Name, c.Address, c.Groups = "Hook", address, groups
	_, _, err = s.services.Alerts.Create(t.Context(), c, audit.Job("test"))
	require.NoError(t, err)
}

func (s *seller) lookOften(t *testing.T) *jobs.Worker {
	t.Helper()
	worker, err := jobs.Start(t.Context(), s.pool, s.queue, s.services, jobs.Settings{Workers: 2, PollReports: time.Hour, SyncAccounts: time.Hour, Sweep: time.Hour, Alerts: time.Second}, clock.System{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return worker
}

func stop(t *testing.T, worker *jobs.Worker) {
	t.Helper()
	require.NoError(t, worker.Stop(context.WithoutCancel(t.Context())))
}

// A worker dies while it sends; the next one sends the same message again and
// the receiver knows it by its id.
func TestAnAlertSurvivesTheWorkerThatSendsIt(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	ids, dies := make(chan string, 10), make(chan struct{})
	var calls atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		ids <- r.Header.Get("webhook-id")
		if calls.Add(1) == 1 {
			close(dies)
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	s.alerting(t, receiver.URL, alert.Posting)
	_, err := exception.Raise(t.Context(), s.pool, exception.Raised{ConnectionID: s.connection, Class: exception.PostingRefused, Cause: "1", Title: "Refused"})
	require.NoError(t, err)
	first := s.lookOften(t)
	<-dies
	dead, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cancel()
	_ = first.Stop(dead) // its jobs are cut off
	receiver.CloseClientConnections()
	s.eventually(t, `SELECT count(*) = 1 FROM alert_message WHERE state = 'waiting' AND attempts = 1`)
	_, err = s.pool.Exec(t.Context(), `UPDATE river_job SET state = 'available', scheduled_at = now(), finalized_at = NULL WHERE kind = 'tell' AND state <> 'completed'`)
	require.NoError(t, err)

	second := s.lookOften(t)
	defer stop(t, second)
	s.eventually(t, `SELECT count(*) = 1 FROM alert_message WHERE state = 'sent'`)
	require.Equal(t, <-ids, <-ids)
	s.eventually(t, `SELECT count(*) >= 3 FROM river_job WHERE kind = 'look_for_alerts' AND state = 'completed'`)
	require.Empty(t, ids, "later looks tell nothing twice")
}

// Amazon's failures reach the channel from the jobs that meet them.
func TestJobsFindThatAmazonCannotBeUsed(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	s.alerting(t, "http://127.0.0.1:1/", alert.System)
	_, err := s.sandbox.Plan.Add(misbehave.Rule{Side: "amazon", Operation: "getReports", Kind: misbehave.Status, Status: 403})
	require.NoError(t, err)
	worker := s.lookOften(t)
	defer stop(t, worker)
	s.eventually(t, `SELECT count(*) = 1 FROM system_reach WHERE system = 'amazon' AND down_since IS NOT NULL AND words <> ''`)
}

func TestRetriesOfAlertsBackOffWithChance(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer receiver.Close()
	s.alerting(t, receiver.URL, alert.Posting)
	_, err := exception.Raise(t.Context(), s.pool, exception.Raised{ConnectionID: s.connection, Class: exception.PostingRefused, Cause: "1", Title: "Refused"})
	require.NoError(t, err)
	worker := s.lookOften(t)
	defer stop(t, worker)
	s.eventually(t, `SELECT count(*) = 1 FROM river_job WHERE kind = 'tell' AND state = 'retryable' AND scheduled_at BETWEEN now() + interval '20 seconds' AND now() + interval '37 seconds'`)
	s.eventually(t, `SELECT count(*) = 1 FROM alert_message WHERE answer LIKE '500 %' AND state = 'waiting'`)
}
