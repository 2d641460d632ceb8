package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"tieout/app/clock"
	"tieout/app/notify"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func message() notify.Message {
	return notify.Message{ID: "msg_7", At: noon, Items: []notify.Item{{ID: 3, Occasion: "exception", Connection: "us", Title: "A report cannot be read",
		Text: "Line 4", Link: "https://tieout.example/exceptions/3", At: noon}}}
}

// received is a request as a receiver saw it.
type received struct {
	header http.Header
	body   []byte
}

// receiver answers with a status and keeps what it got.
func receiver(t *testing.T, status int, answer string) (address string, got chan received) {
	t.Helper()
	got = make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Header, body}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func local() *notify.Webhook {
	return notify.NewWebhook(notify.WebhookSettings{Private: true, Timeout: 5 * time.Second}, clock.NewFixed(noon))
}

// independent computes the scheme's signature from its description.
func independent(t *testing.T, secret, id, timestamp string, body []byte) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
	require.NoError(t, err)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join([]string{id, timestamp, string(body)}, ".")))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestAWebhookIsSignedAsTheSchemeSays(t *testing.T) {
	t.Parallel()
	address, got := receiver(t, 204, "")
	fresh, old := notify.NewSecret(), notify.NewSecret()
	answer := local().Send(t.Context(), notify.Target{URL: address, Secrets: []string{fresh, old}}, message())
	require.Equal(t, notify.Answer{Outcome: notify.Delivered, Words: "204 No Content"}, answer)

	r := <-got
	require.Equal(t, "msg_7", r.header.Get("webhook-id"))
	stamp := r.header.Get("webhook-timestamp")
	require.Equal(t, "1795435200", stamp)
	require.Equal(t, independent(t, fresh, "msg_7", stamp, r.body)+" "+independent(t, old, "msg_7", stamp, r.body), r.header.Get("webhook-signature"))
	var body struct {
		Type string
		Data struct {
			ID     string
			Alerts []notify.Item
		}
	}
	require.NoError(t, json.Unmarshal(r.body, &body))
	require.Equal(t, "alerts", body.Type)
	require.Equal(t, message().Items, body.Data.Alerts)
	require.NoError(t, notify.Verify(fresh, r.header, r.body, noon))
	require.NoError(t, notify.Verify(old, r.header, r.body, noon), "both secrets are good while one replaces the other")
}

// The example of the scheme's own specification, so that the test does not rest
// on this program's reading of it.
func TestVerifyAcceptsTheExampleOfTheScheme(t *testing.T) {
	t.Parallel()
	header := http.Header{"Webhook-Id": {"msg_p5jXN8AQM9LWM0D4loKWxJek"}, "Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}}
	require.NoError(t, notify.Verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", header, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)))
}

func TestVerifyRefusesTamperingReplayAndOtherSecrets(t *testing.T) {
	t.Parallel()
	address, got := receiver(t, 200, "")
	secret := notify.NewSecret()
	require.Equal(t, notify.Delivered, local().Send(t.Context(), notify.Target{URL: address, Secrets: []string{secret}}, message()).Outcome)
	r := <-got
	changed := func(name, value string) http.Header {
		h := r.header.Clone()
		h.Set(name, value)
		return h
	}
	for name, c := range map[string]struct {
		secret string
		header http.Header
		body   []byte
		now    time.Time
		said   string
	}{
		"another body":            {secret, r.header, append([]byte(" "), r.body...), noon, "no signature"},
		"another id":              {secret, changed("webhook-id", "msg_8"), r.body, noon, "no signature"},
		"a moved timestamp":       {secret, changed("webhook-timestamp", "1795435201"), r.body, noon, "no signature"},
		"another secret":          {notify.NewSecret(), r.header, r.body, noon, "no signature"},
		"no signature":            {secret, changed("webhook-signature", ""), r.body, noon, "no signature"},
		"another version":         {secret, changed("webhook-signature", strings.Replace(r.header.Get("webhook-signature"), "v1,", "v1a,", 1)), r.body, noon, "no signature"},
		"a replay after a while":  {secret, r.header, r.body, noon.Add(6 * time.Minute), "too far from now"},
		"a message of the future": {secret, r.header, r.body, noon.Add(-6 * time.Minute), "too far from now"},
		"no timestamp":            {secret, changed("webhook-timestamp", "soon"), r.body, noon, "no webhook-id or webhook-timestamp"},
		"no readable secret":      {"whsec_???", r.header, r.body, noon, "not whsec_"},
	} {
		require.ErrorContains(t, notify.Verify(c.secret, c.header, c.body, c.now), c.said, name)
	}
}

func TestTheStatusDecidesWhatBecomesOfAMessage(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]notify.Outcome{200: notify.Delivered, 202: notify.Delivered, 302: notify.Refused, 400: notify.Refused, 404: notify.Refused,
		408: notify.Later, 410: notify.Gone, 429: notify.Later, 500: notify.Later, 503: notify.Later} {
		address, got := receiver(t, status, "so\r\nit\x1b[31m is")
		answer := local().Send(t.Context(), notify.Target{URL: address, Secrets: []string{notify.NewSecret()}}, message())
		require.Equal(t, want, answer.Outcome, status)
		require.Contains(t, answer.Words, "so it [31m is", "the words are one line without control characters")
		<-got
		require.Empty(t, got, "a redirect is not followed")
	}
}

func TestALongOrSlowAnswerIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 1 << 16 {
			n, err := io.WriteString(w, strings.Repeat("x", 1<<10))
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	}))
	defer server.Close()
	answer := local().Send(t.Context(), notify.Target{URL: server.URL, Secrets: []string{notify.NewSecret()}}, message())
	require.Equal(t, notify.Delivered, answer.Outcome)
	require.LessOrEqual(t, len([]rune(answer.Words)), 400)
	server.CloseClientConnections()
	require.Less(t, sent.Load(), int64(1<<26), "the receiver was cut off")

	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does a server notice that its client went
		<-r.Context().Done()
	}))
	defer silent.Close()
	hasty := notify.NewWebhook(notify.WebhookSettings{Private: true, Timeout: 100 * time.Millisecond}, clock.NewFixed(noon))
	answer = hasty.Send(t.Context(), notify.Target{URL: silent.URL + "/secret-path", Secrets: []string{notify.NewSecret()}}, message())
	require.Equal(t, notify.Later, answer.Outcome)
	require.NotContains(t, answer.Words, "secret-path")
}

func TestOnlyHTTPSLeavesTheMachine(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://hooks.example.com/x?y=1", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:8/x"} {
		require.NoError(t, notify.CheckURL(good), good)
	}
	for bad, said := range map[string]string{"http://hooks.example.com/x": "needs https", "ftp://x": "such as https", "https://": "such as https", "x": "such as https",
		"https://a:b@x/": "name or a password", "https://x/#y": "after #", "https://x\r\nHost: y/": "such as https"} {
		require.ErrorContains(t, notify.CheckURL(bad), said, bad)
	}
}

func TestPrivateAddressesAreRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	careful := notify.NewWebhook(notify.WebhookSettings{Timeout: 2 * time.Second}, clock.NewFixed(noon))
	for _, host := range []string{"127.0.0.1", "localhost", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]", "[::]", "[fe80::1]",
		"[fd00::1]", "[fd00:ec2::254]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a00:1]", "[2002:7f00:1::1]", "[::7f00:1]", "224.0.0.1", "255.255.255.255"} {
		answer := careful.Send(t.Context(), notify.Target{URL: "https://" + host + ":1/", Secrets: []string{notify.NewSecret()}}, message())
		require.Equal(t, notify.Refused, answer.Outcome, "%s: %s", host, answer.Words)
		require.Contains(t, answer.Words, "private network", host)
	}
}

// A name that answers with a public address first and a private one afterwards
// gains nothing: the address that is dialled is the one looked at.
func TestAnAnswerOfANameServerDoesNotGetAroundTheRefusal(t *testing.T) {
	t.Parallel()
	reached := make(chan received, 1)
	inside := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- received{header: r.Header} }))
	defer inside.Close()
	at, err := url.Parse(inside.URL)
	require.NoError(t, err)
	// 203.0.113.0/24 is documentation's: refused as well, so that nothing leaves the machine.
	names := nameServer(t, [4]byte{203, 0, 113, 9}, [4]byte{127, 0, 0, 1})
	careful := notify.NewWebhook(notify.WebhookSettings{Resolver: names, Timeout: 5 * time.Second}, clock.NewFixed(noon))
	for _, address := range []string{"203.0.113.9", "127.0.0.1"} {
		answer := careful.Send(t.Context(), notify.Target{URL: "https://rebinding.test:" + at.Port(), Secrets: []string{notify.NewSecret()}}, message())
		require.Equal(t, notify.Refused, answer.Outcome)
		require.Contains(t, answer.Words, address+":"+at.Port()+" is an address of a private network")
	}
	require.Empty(t, reached)
}

// nameServer answers each look-up of an IPv4 address with the next of a list.
func nameServer(t *testing.T, addresses ...[4]byte) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	go func() {
		buffer, next := make([]byte, 1500), 0
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			reply := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}, Questions: m.Questions}
			if q.Type == dnsmessage.TypeA {
				reply.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: addresses[min(next, len(addresses)-1)]}}}
				next++
			}
			if packed, err := reply.Pack(); err == nil {
				_, _ = socket.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}
