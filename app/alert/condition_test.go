package alert_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/exception"
	"tieout/app/fault"
)

var away = fault.New(fault.Unavailable, "Amazon does not answer.")

func (d *desk) reached(connection int64, system string, err error) {
	d.t.Helper()
	require.NoError(d.t, d.Reached(d.t.Context(), connection, system, err))
}

func TestASystemThatStaysDownIsToldOnceAndItsReturnToo(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.System)
	d.reached(1, alert.Amazon, nil)
	d.reached(1, alert.Amazon, away)
	require.Empty(t, d.heard(), "not at once")
	since := d.clock.Now().UTC().Format("2 Jan 15:04")
	d.clock.Advance(11 * time.Minute)
	d.reached(1, alert.Amazon, away)
	require.Equal(t, []string{"Amazon of Contoso US cannot be used since " + since + " UTC"}, d.heard())
	d.clock.Advance(time.Hour)
	d.reached(1, alert.Amazon, away)
	require.Empty(t, d.heard())
	d.reached(1, alert.Amazon, nil)
	require.Equal(t, []string{"Over: Amazon of Contoso US cannot be used since " + since + " UTC"}, d.heard())
	require.Empty(t, d.heard())

	d.reached(1, alert.Amazon, away)
	d.clock.Advance(11 * time.Minute)
	require.Len(t, d.heard(), 1, "the next outage is another occasion")
}

func TestAnOutageThatEndsBeforeItIsToldIsNotTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.System)
	d.reached(2, alert.P21, away)
	d.clock.Advance(11 * time.Minute)
	d.scan()
	d.reached(2, alert.P21, nil)
	require.Empty(t, d.heard())
}

func TestMessagesThatWaitForP21AreAnOutage(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.System)
	d.exec(`INSERT INTO outbound_message (connection_id, kind, target, reference, object_id, payload, payload_hash, error, created_at)
		VALUES (1, 'journal_entry', 'ACME', 'R1', 1, '{}', '', 'no answer', $1), (1, 'journal_entry', 'ACME', 'R2', 2, '{}', '', 'no answer', $1)`, d.clock.Now())
	d.clock.Advance(11 * time.Minute)
	d.scan()
	d.send()
	require.Len(t, d.got, 1)
	require.Contains(t, d.got[0].items[0].Title, "Prophet 21 of Contoso US cannot be used since")
	require.Contains(t, d.got[0].items[0].Text, "2 waiting for it")
	d.got = nil
	d.reached(1, alert.P21, away)
	require.Empty(t, d.heard(), "the same outage seen by reading")
	d.clock.Advance(time.Minute)
	d.exec(`UPDATE outbound_message SET state = 'confirmed', remote_key = '1', updated_at = $1`, d.clock.Now())
	require.Len(t, d.heard(), 1, "an entry that arrived ends it")
}

func TestAFlowThatWaitsForItsOtherSideIsTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.System)
	d.exec(`INSERT INTO flow (connection_id, name, every_seconds, overlap_seconds, failing_since, held_until, failure, failures)
		VALUES (1, 'orders', 60, 60, $1, $1, 'P21 answered 503.', 3), (2, 'orders', 60, 60, $1, $1, 'P21 answered 503.', 2)`, d.clock.Now())
	require.Empty(t, d.heard(), "not at once")
	since := d.clock.Now().UTC().Format("2 Jan 15:04")
	d.clock.Advance(11 * time.Minute)
	require.Equal(t, []string{"The flow orders of Contoso US waits since " + since + " UTC"}, d.heard())
	d.exec(`UPDATE flow SET failing_since = NULL, held_until = NULL, failure = '', failures = 0`)
	require.Equal(t, []string{"Over: The flow orders of Contoso US waits since " + since + " UTC"}, d.heard())
}

func TestOnlyWhatSpeaksOfTheSystemCounts(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.System)
	for _, err := range []error{fault.New(fault.Invalid, "no credentials"), errors.New("our mistake"), fault.Wrap(&amazon.BusyError{}, fault.Unavailable, "busy"),
		fault.Wrap(context.Canceled, fault.Unavailable, "stopped")} {
		d.reached(1, alert.Amazon, err)
	}
	d.clock.Advance(time.Hour)
	require.Empty(t, d.heard())
	d.reached(1, alert.Amazon, fault.New(fault.Forbidden, "Amazon refuses."))
	d.clock.Advance(time.Hour)
	require.Len(t, d.heard(), 1, "a system that lets nobody in cannot be used")
}

func TestSilenceAndAnEndingSecretAreToldOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.Silence, alert.Expiry)
	require.Empty(t, d.heard())
	require.NoError(t, d.SetSecretEnds(t.Context(), map[int64]time.Time{1: d.clock.Now().AddDate(0, 0, 20), 2: {}}, admin))
	require.Empty(t, d.heard())
	d.clock.Advance(10*24*time.Hour + time.Hour)
	told := d.heard()
	require.Len(t, told, 1)
	require.Contains(t, told[0], "Amazon's client secret of Contoso US ends on")
	d.clock.Advance(7 * 24 * time.Hour)
	require.Equal(t, []string{"Nothing was received from Contoso US for 17 days", "Nothing was received from eu for 17 days"}, d.heard())
	require.Empty(t, d.heard())
	require.NoError(t, d.SetSecretEnds(t.Context(), map[int64]time.Time{1: d.clock.Now().AddDate(0, 6, 0)}, admin))
	d.exec(`INSERT INTO amazon_report (connection_id, report_id, report_type, reported_at, document_ref, found_at) VALUES (2, 'r', 't', $1, 'd', $1)`, d.clock.Now())
	d.clock.Advance(17 * 24 * time.Hour)
	require.Equal(t, []string{"Nothing was received from eu for 17 days"}, d.heard(), "another silence of one, the same of the other")
	require.Equal(t, "2", d.text(`SELECT count(*)::text FROM audit_event WHERE action = 'said when the client secret ends'`), "what stays unknown is no event")
}

func TestAJobThatFailedForGoodIsTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	fail := func(kind, args string) {
		d.exec(`INSERT INTO river_job (kind, args, max_attempts, attempt, state, finalized_at) VALUES ($1, $2, 3, 3, 'discarded', $3)`, kind, args, d.clock.Now())
	}
	fail("import", `{"connection_id": 1}`)
	id, _ := d.channel(alert.Job)
	c, err := d.Channel(t.Context(), id)
	require.NoError(t, err)
	c.Connections = []int64{2}
	require.NoError(t, d.Change(t.Context(), c, admin))
	fail("fetch_report", `{"connection_id": 1}`)
	fail("fetch_report", `{"connection_id": 2}`)
	fail("sweep", `{}`)
	fail(alert.TellKind, `{"message_id": 1}`)
	require.Equal(t, []string{`The job "fetch report" failed for good`, `The job "sweep" failed for good`}, d.heard())
	require.Empty(t, d.heard())
}

func TestSecretsAreSealedRotatedAndNeverTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	id, first := d.channel()
	second, err := d.Rotate(t.Context(), id, admin)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	signed := func() (n int) {
		d.raise(1, exception.OutOfBalance, d.clock.Now().String())
		d.scan()
		d.send()
		g := d.got[len(d.got)-1]
		for _, secret := range []string{first, second} {
			if verify(secret, g, d.clock.Now()) == nil {
				n++
			}
		}
		return n
	}
	require.Equal(t, 2, signed(), "both sign for a day")
	d.clock.Advance(25 * time.Hour)
	require.Equal(t, 1, signed())
	require.NoError(t, d.Delete(t.Context(), id, admin))
	require.Equal(t, "true", d.text(`SELECT (secret IS NULL AND old_secret IS NULL)::text FROM alert_channel`))
	_, err = d.Channel(t.Context(), id)
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
	_, err = d.pool.Exec(t.Context(), `DELETE FROM alert_channel`)
	require.ErrorContains(t, err, "kept as it was")

	log := d.text(`SELECT string_agg(action || coalesce(before::text, '') || coalesce(after::text, ''), ' ' ORDER BY seq) FROM audit_event`)
	require.NotContains(t, log, "whsec_")
	require.Equal(t, "created, rotated the secret of, deleted", d.text(`SELECT string_agg(action, ', ' ORDER BY seq) FROM audit_event WHERE object_type = 'alert_channel'`))
}

func TestAChannelIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	d := open(t)
	c := alert.NewChannel(alert.ByWebhook)
	c.Address, c.Groups, c.DownMinutes = "http://hooks.example.com/", nil, 0
	_, _, err := d.Create(t.Context(), c, admin)
	require.Equal(t, map[string]string{"name": "A name of at most 80 characters.", "address": "The address needs https; http is for this machine only.",
		"group-unreadable": "Choose at least one occasion.", "down_minutes": "A whole number from 1."}, fault.FieldsOf(err))
	c = alert.NewChannel(alert.ByMail)
	c.Name, c.Address = "Finance", "finance"
	_, _, err = d.Create(t.Context(), c, admin)
	require.Equal(t, map[string]string{"address": "Addresses such as finance@example.com are expected, with commas between them."}, fault.FieldsOf(err))
	c.Address = "finance@example.com"
	_, secret, err := d.Create(t.Context(), c, admin)
	require.NoError(t, err)
	require.Empty(t, secret)
	c.Name = "FINANCE"
	_, _, err = d.Create(t.Context(), c, admin)
	require.Equal(t, "Another channel has this name.", fault.FieldsOf(err)["name"])
	_, err = d.Rotate(t.Context(), 1, admin)
	require.Error(t, err)
}

func TestATestMessageSaysWhatTheOtherSideAnswered(t *testing.T) {
	t.Parallel()
	d := open(t)
	id, secret := d.channel()
	d.status = 418
	answer, err := d.Test(t.Context(), id, admin)
	require.NoError(t, err)
	require.Equal(t, "418 I'm a teapot", answer.Words)
	require.NoError(t, verify(secret, d.got[0], d.clock.Now()))
	require.Contains(t, string(d.got[0].body), `"type":"test"`)
	require.Equal(t, "0", d.text(`SELECT count(*)::text FROM alert`), "a test is no alert")
	d.status = 410
	_, err = d.Test(t.Context(), id, admin)
	require.NoError(t, err)
	c, err := d.Channel(t.Context(), id)
	require.NoError(t, err)
	require.False(t, c.On())
}

func TestTheAuditLogsHeadLeavesOncePerDay(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel(alert.Witness)
	head, err := audit.Head(t.Context(), d.pool)
	require.NoError(t, err)
	titles := d.heard()
	require.Len(t, titles, 1)
	require.Contains(t, titles[0], fmt.Sprintf("ends with event %d", head.Seq))
	require.Contains(t, d.text(`SELECT body FROM alert WHERE class = 'witness'`), head.String())
	require.Empty(t, d.heard(), "not twice on a day")
	d.clock.Advance(24 * time.Hour)
	require.Len(t, d.heard(), 1)
}
