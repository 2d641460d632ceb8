package alert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/notify"
	"tieout/app/vault"
)

var admin = audit.Actor{Name: "Ada"}

// desk is a service with one webhook receiver, and jobs that run when the test
// wants it.
type desk struct {
	*alert.Service
	t      *testing.T
	pool   *pgxpool.Pool
	clock  *clock.Fixed
	server *httptest.Server

	mu       sync.Mutex
	messages []int64 // asked to be sent
	refuse   error   // of the queue
	status   int
	got      []told
}

// told is a request as the receiver saw it.
type told struct {
	header http.Header
	body   []byte
	items  []notify.Item
}

func (d *desk) Tell(_ context.Context, _ pgx.Tx, id int64) error {
	if d.refuse != nil {
		return d.refuse
	}
	d.messages = append(d.messages, id)
	return nil
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Now()), status: 204}
	d.server = httptest.NewServer(http.HandlerFunc(d.receive))
	t.Cleanup(d.server.Close)
	secrets, err := vault.Open(t.Context(), vault.Database{Pool: d.pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
	require.NoError(t, err)
	d.Service = alert.NewService(alert.Needs{Pool: d.pool, Clock: d.clock, Vault: secrets, Mail: notify.NewMail(notify.MailServer{}), Jobs: d, PublicURL: "https://tieout.example",
		Webhook: notify.NewWebhook(notify.WebhookSettings{Private: true}, d.clock), Log: slog.New(slog.DiscardHandler)})
	d.exec(`INSERT INTO connection (name, title, amazon_region) VALUES ('us', 'Contoso US', 'na'), ('eu', '', 'eu')`)
	return d
}

func (d *desk) receive(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var envelope struct {
		Data struct{ Alerts []notify.Item }
	}
	_ = json.Unmarshal(body, &envelope)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, told{r.Header, body, envelope.Data.Alerts})
	w.WriteHeader(d.status)
}

func (d *desk) exec(sql string, args ...any) {
	d.t.Helper()
	_, err := d.pool.Exec(d.t.Context(), sql, args...)
	require.NoError(d.t, err)
}

// text returns the one value of a query.
func (d *desk) text(sql string, args ...any) string {
	d.t.Helper()
	var value string
	require.NoError(d.t, d.pool.QueryRow(d.t.Context(), sql, args...).Scan(&value))
	return value
}

func (d *desk) channel(groups ...alert.Group) (id int64, secret string) {
	d.t.Helper()
	c := alert.NewChannel(alert.ByWebhook)
	c.Name, c.Address = fmt.Sprintf("hook %d", time.Now().UnixNano()), d.server.URL
	if len(groups) > 0 {
		c.Groups = groups
	}
	id, secret, err := d.Create(d.t.Context(), c, admin)
	require.NoError(d.t, err)
	return id, secret
}

func (d *desk) raise(connection int64, class exception.Class, cause string) int64 {
	d.t.Helper()
	id, err := exception.Raise(d.t.Context(), d.pool, exception.Raised{ConnectionID: connection, Class: class, Cause: cause, Title: "About " + cause})
	require.NoError(d.t, err)
	return id
}

func (d *desk) clear(connection int64, class exception.Class, cause string) {
	d.t.Helper()
	require.NoError(d.t, exception.Clear(d.t.Context(), d.pool, connection, class, cause, "gone", admin))
}

func (d *desk) scan() { d.t.Helper(); require.NoError(d.t, d.Scan(d.t.Context())) }

// send works the queue.
func (d *desk) send() {
	d.t.Helper()
	for _, id := range d.messages {
		require.NoError(d.t, d.Send(d.t.Context(), id, false))
	}
	d.messages = nil
}

// heard returns the titles the receiver was told since the last call.
func (d *desk) heard() (titles []string) {
	d.scan()
	d.send()
	for _, g := range d.got {
		for _, item := range g.items {
			titles = append(titles, item.Title)
		}
	}
	d.got = nil
	return titles
}

func TestOneCauseIsToldOnceAndAReopenedOneAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.raise(1, exception.UnreadableLines, "old")
	_, secret := d.channel()
	require.Empty(t, d.heard(), "what is open already is not told")

	first := d.raise(1, exception.UnreadableLines, "new")
	d.scan()
	d.scan()
	d.send()
	require.Len(t, d.got, 1)
	require.NoError(t, notify.Verify(secret, d.got[0].header, d.got[0].body, d.clock.Now()))
	item := d.got[0].items[0]
	require.Equal(t, "About new", item.Title)
	require.Equal(t, "us", item.Connection)
	require.Equal(t, "unreadable", item.Occasion)
	require.Equal(t, fmt.Sprintf("https://tieout.example/exceptions/%d", first), item.Link)
	d.got = nil

	for range 400 {
		d.raise(1, exception.UnreadableLines, "new")
	}
	require.Empty(t, d.heard(), "the same cause is not told again")
	d.clear(1, exception.UnreadableLines, "new")
	require.Empty(t, d.heard())
	d.raise(1, exception.UnreadableLines, "new")
	require.Equal(t, []string{"About new"}, d.heard(), "it is open again")
}

func TestManyOccasionsGoIntoFewMessages(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	for n := range 120 {
		d.raise(1, exception.PostingRefused, fmt.Sprint(n))
	}
	d.scan()
	d.send()
	require.Len(t, d.got, 3)
	require.Len(t, d.got[0].items, 50)
	require.Len(t, d.got[2].items, 20)
	require.NotEqual(t, d.got[0].header.Get("webhook-id"), d.got[1].header.Get("webhook-id"))
}

func TestAChannelIsToldWhatItChose(t *testing.T) {
	t.Parallel()
	d := open(t)
	id, _ := d.channel(alert.Balance)
	d.raise(1, exception.PostingRefused, "posting")
	d.raise(1, exception.OutOfBalance, "balance")
	d.raise(1, "unknown_sku", "sku")
	require.Equal(t, []string{"About balance"}, d.heard())

	c, err := d.Channel(t.Context(), id)
	require.NoError(t, err)
	d.raise(1, exception.OutOfBalance, "just before")
	c.Groups, c.Connections = []alert.Group{alert.Others}, []int64{2}
	require.NoError(t, d.Change(t.Context(), c, admin))
	require.Equal(t, []string{"About just before"}, d.heard(), "its old choice until the change, nothing older by the new one")
	d.raise(1, "unknown_sku", "another connection")
	d.raise(2, "unknown_sku", "of another release")
	d.raise(2, exception.OutOfBalance, "no longer")
	require.Equal(t, []string{"About of another release"}, d.heard())
	require.Equal(t, fault.Conflict, fault.CodeOf(d.Change(t.Context(), c, admin)), "a stale form is refused")
}

func TestWhatIsSettledBeforeItLeavesIsNotTold(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	d.raise(1, exception.OutOfBalance, "short")
	d.raise(1, exception.OutOfBalance, "long")
	d.scan()
	d.clear(1, exception.OutOfBalance, "short")
	d.send()
	require.Len(t, d.got, 1)
	require.Len(t, d.got[0].items, 1)
	require.Equal(t, "About long", d.got[0].items[0].Title)

	d.raise(1, exception.OutOfBalance, "short again")
	d.scan()
	d.clear(1, exception.OutOfBalance, "short again")
	d.send()
	require.Len(t, d.got, 1, "no empty message")
	require.Equal(t, "dropped", d.text(`SELECT state FROM alert_message ORDER BY id DESC LIMIT 1`))
}

func TestAnExceptionThatSomebodySnoozedIsNotToldUntilItWakes(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	id := d.raise(1, exception.OutOfBalance, "x")
	d.exec(`UPDATE exception SET snoozed_until = $2 WHERE id = $1`, id, d.clock.Now().Add(time.Hour))
	require.Empty(t, d.heard())
	d.clock.Advance(2 * time.Hour)
	require.Equal(t, []string{"About x"}, d.heard())
}

func TestAFailedReceiverIsTriedAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	d.raise(1, exception.OutOfBalance, "x")
	d.scan()
	d.status = 500
	message := d.messages[0]
	var unsent *alert.Unsent
	require.ErrorAs(t, d.Send(t.Context(), d.messages[0], false), &unsent)
	require.Contains(t, unsent.Error(), "500 Internal Server Error")
	d.status = 200
	d.send()
	require.Len(t, d.got, 2)
	require.Equal(t, d.got[0].header.Get("webhook-id"), d.got[1].header.Get("webhook-id"))
	require.Equal(t, "sent 2 200 OK", d.text(`SELECT state || ' ' || attempts || ' ' || answer FROM alert_message`))
	require.NoError(t, d.Send(t.Context(), message, false))
	require.Len(t, d.got, 2, "what is sent is not sent again")
}

func TestTheLastAttemptIsWrittenDownAndAPersonCanRetry(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	d.raise(1, exception.OutOfBalance, "x")
	d.scan()
	d.status = 503
	message := d.messages[0]
	require.NoError(t, d.Send(t.Context(), message, true))
	require.Equal(t, "failed", d.text(`SELECT state FROM alert`))
	d.messages, d.status = nil, 400
	require.NoError(t, d.Retry(t.Context(), message, admin))
	d.send()
	require.Equal(t, "refused", d.text(`SELECT state FROM alert`), "4xx is final")
	d.status = 200
	require.NoError(t, d.Retry(t.Context(), message, admin))
	d.send()
	list, err := d.Newest(t.Context(), 50)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "sent", list[0].State)
	require.EqualValues(t, 3, list[0].Attempts)
	require.Equal(t, fault.Conflict, fault.CodeOf(d.Retry(t.Context(), message, admin)))
	require.Equal(t, fault.NotFound, fault.CodeOf(d.Retry(t.Context(), 99, admin)))
}

func TestAReceiverThatIsGoneSwitchesItsChannelOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	id, _ := d.channel()
	d.raise(1, exception.OutOfBalance, "x")
	d.status = 410
	d.heard()
	c, err := d.Channel(t.Context(), id)
	require.NoError(t, err)
	require.False(t, c.On())
	require.Equal(t, "The receiver answered 410 Gone.", c.OffReason)
	d.raise(1, exception.OutOfBalance, "y")
	d.status = 200
	require.Empty(t, d.heard())
	require.NoError(t, d.SwitchOn(t.Context(), id, admin))
	require.Empty(t, d.heard(), "what came up while it was off is not told afterwards")
	d.raise(1, exception.OutOfBalance, "z")
	require.Equal(t, []string{"About z"}, d.heard())
}

// A process killed before its transaction ended leaves nothing behind; one
// killed between the look and the sending leaves the message and its job; one
// killed before it wrote the answer down sends again under the same id.
func TestAKilledProcessLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	d.raise(1, exception.OutOfBalance, "x")
	d.refuse = errors.New("killed")
	require.ErrorContains(t, d.Scan(t.Context()), "killed")
	require.Equal(t, "0 0", d.text(`SELECT count(*) || ' ' || (SELECT count(*) FROM alert_message) FROM alert WHERE state <> 'known'`))

	d.refuse = nil
	d.scan()
	d.scan()
	require.Len(t, d.messages, 1, "looking again makes no second message")

	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { _ = d.Scan(context.WithoutCancel(t.Context())) })
	}
	wait.Wait()
	require.Len(t, d.messages, 1, "nor do several at once")

	message := d.messages[0]
	d.send()
	d.exec(`UPDATE alert_message SET state = 'waiting'`)
	d.exec(`UPDATE alert SET state = 'waiting' WHERE state = 'sent'`)
	require.NoError(t, d.Send(t.Context(), message, false))
	require.Len(t, d.got, 2)
	require.Equal(t, d.got[0].header.Get("webhook-id"), d.got[1].header.Get("webhook-id"))
	require.Equal(t, d.got[0].body, d.got[1].body)
}

func TestARedirectIsRefusedAndSaysSo(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.channel()
	d.raise(1, exception.OutOfBalance, "x")
	d.status = 307
	d.scan()
	d.send()
	require.Len(t, d.got, 1)
	require.Equal(t, "refused 307 Temporary Redirect; redirects are not followed", d.text(`SELECT state || ' ' || answer FROM alert_message`))
}

func verify(secret string, g told, now time.Time) error {
	return notify.Verify(secret, g.header, g.body, now)
}
