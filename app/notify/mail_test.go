package notify_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"tieout/app/notify"
)

// post is a mail server on loopback that keeps what it is handed.
type post struct {
	port  int
	roots *x509.CertPool
	got   chan letter
	// refuse is the reply to every letter's content; nil takes it.
	refuse error
}

type letter struct {
	user, from string
	to         []string
	tls        bool
	content    []byte
}

// NewSession implements smtp.Backend.
func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, encrypted := c.TLSConnectionState()
	return &session{post: p, letter: letter{tls: encrypted}}, nil
}

type session struct {
	post   *post
	letter letter
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "robot" || password != "p@ss:w/rd" {
			return errors.New("wrong user or password")
		}
		s.letter.user = user
		return nil
	}), nil
}
func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.letter.from = from; return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = append(s.letter.to, to)
	return nil
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.post.refuse != nil {
		return s.post.refuse
	}
	s.letter.content = content
	s.post.got <- s.letter
	return nil
}

func openPost(t *testing.T, security notify.Security) *post {
	t.Helper()
	certificate, roots := selfSigned(t)
	p := &post{roots: roots, got: make(chan letter, 10)}
	server := smtp.NewServer(p)
	server.AllowInsecureAuth = security == notify.NoTLS
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	if security == notify.StartTLS {
		server.TLSConfig = config
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.port = socket.Addr().(*net.TCPAddr).Port
	if security == notify.ImplicitTLS {
		socket = tls.NewListener(socket, config)
	}
	go func() { _ = server.Serve(socket) }()
	t.Cleanup(func() { _ = server.Close() })
	return p
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}

func (p *post) server(security notify.Security) notify.MailServer {
	return notify.MailServer{Host: "127.0.0.1", Port: p.port, Security: security, User: "robot", Password: "p@ss:w/rd", RootCAs: p.roots,
		From: mail.Address{Name: "Tieout", Address: "tieout@example.com"}, Timeout: 10 * time.Second}
}

func TestMailArrivesOverEveryKindOfSecurity(t *testing.T) {
	t.Parallel()
	for _, security := range []notify.Security{notify.ImplicitTLS, notify.StartTLS, notify.NoTLS} {
		p := openPost(t, security)
		answer := notify.NewMail(p.server(security)).Send(t.Context(), []string{"finance@example.com", "ops@example.com"}, message())
		require.Equal(t, notify.Delivered, answer.Outcome, "%s: %s", security, answer.Words)
		got := <-p.got
		require.Equal(t, "robot", got.user, security)
		require.Equal(t, security != notify.NoTLS, got.tls, security)
		require.Equal(t, []string{"finance@example.com", "ops@example.com"}, got.to)
		read, err := mail.ReadMessage(bytes.NewReader(got.content))
		require.NoError(t, err)
		require.Equal(t, "<msg_7@example.com>", read.Header.Get("Message-ID"), "a retry is recognisable")
		require.Equal(t, "Tieout: A report cannot be read", read.Header.Get("Subject"))
		require.Equal(t, "auto-generated", read.Header.Get("Auto-Submitted"))
		parts := partsOf(t, read)
		require.Contains(t, parts["text/plain"], "A report cannot be read\r\nLine 4\r\nConnection: us\r\n23 Nov 2026 12:00 UTC\r\nhttps://tieout.example/exceptions/3")
		require.Contains(t, parts["text/html"], `<a href="https://tieout.example/exceptions/3">A report cannot be read</a>`)
	}
}

func partsOf(t *testing.T, m *mail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts, reader := map[string]string{}, multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return parts
		}
		require.NoError(t, err)
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		parts[kind] = string(text)
	}
}

func TestAServerWithoutTLSOrWithAnotherCertificateGetsNothing(t *testing.T) {
	t.Parallel()
	plain := openPost(t, notify.NoTLS)
	answer := notify.NewMail(plain.server(notify.StartTLS)).Send(t.Context(), []string{"a@example.com"}, message())
	require.Equal(t, notify.Later, answer.Outcome, answer.Words)
	require.Empty(t, plain.got)

	p := openPost(t, notify.StartTLS)
	strange := p.server(notify.StartTLS)
	strange.RootCAs = x509.NewCertPool()
	answer = notify.NewMail(strange).Send(t.Context(), []string{"a@example.com"}, message())
	require.Equal(t, notify.Later, answer.Outcome)
	require.Contains(t, answer.Words, "certificate")
	require.Empty(t, p.got)
}

func TestAMailServersReplyDecides(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]notify.Outcome{550: notify.Refused, 451: notify.Later} {
		p := openPost(t, notify.StartTLS)
		p.refuse = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: "not today"}
		answer := notify.NewMail(p.server(notify.StartTLS)).Send(t.Context(), []string{"a@example.com"}, message())
		require.Equal(t, want, answer.Outcome, answer.Words)
		require.Contains(t, answer.Words, "not today")
	}
	p := openPost(t, notify.StartTLS)
	wrong := p.server(notify.StartTLS)
	wrong.Password = "something else"
	answer := notify.NewMail(wrong).Send(t.Context(), []string{"a@example.com"}, message())
	require.Equal(t, notify.Later, answer.Outcome, "a password can be mended")
	require.NotContains(t, answer.Words, "something else")
	require.Equal(t, notify.Later, notify.NewMail(notify.MailServer{}).Send(t.Context(), []string{"a@example.com"}, message()).Outcome)
}

func TestATitleCannotAddHeadersOrMarkup(t *testing.T) {
	t.Parallel()
	p := openPost(t, notify.StartTLS)
	m := message()
	m.Items[0].Title = "Hello\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\u2028\u202eevil ä"
	m.Items[0].Text = "x\r\n.\r\nMAIL FROM:<thief@example.com>, אב 12 גד 99"
	answer := notify.NewMail(p.server(notify.StartTLS)).Send(t.Context(), []string{"a@example.com"}, m)
	require.Equal(t, notify.Delivered, answer.Outcome, answer.Words)
	got := <-p.got
	require.Equal(t, []string{"a@example.com"}, got.to)
	require.Empty(t, p.got, "it stays one letter")
	read, err := mail.ReadMessage(bytes.NewReader(got.content))
	require.NoError(t, err)
	require.Empty(t, read.Header.Get("Bcc"))
	subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "Tieout: Hello Bcc: thief@example.com <script>alert(1)</script> evil ä", subject)
	parts := partsOf(t, read)
	require.NotContains(t, parts["text/html"], "<script>")
	require.Contains(t, parts["text/plain"], "x . MAIL FROM:<thief@example.com>, \u2068אב 12 גד\u2069 99", "letters from right to left take no number along")
	require.Equal(t, "Hello\r\n", m.Items[0].Title[:7], "the message itself is not changed")
}

func TestAMailServersAddressIsReadWithClearErrors(t *testing.T) {
	t.Parallel()
	read := func(text string) notify.MailServer {
		s, err := notify.ParseMailServer(text)
		require.NoError(t, err, text)
		return s
	}
	s := read("smtp://user:p%40ss@mail.example.com:2587?tls=starttls")
	require.Equal(t, notify.MailServer{Host: "mail.example.com", Port: 2587, Security: notify.StartTLS, User: "user", Password: "p@ss"}, s)
	require.NotContains(t, s.String(), "p@ss")
	require.Equal(t, 587, read("smtp://mail.example.com").Port)
	require.Equal(t, notify.StartTLS, read("smtp://mail.example.com").Security, "never without TLS by itself")
	require.Equal(t, 465, read("smtps://mail.example.com").Port)
	require.Equal(t, 465, read("smtp://mail.example.com?tls=implicit").Port)
	require.Equal(t, notify.NoTLS, read("smtp://127.0.0.1:25?tls=none").Security)
	for text, said := range map[string]string{
		"mail.example.com:587": "such as smtp://", "http://u:hunter2@x": "such as smtp://", "smtp://": "such as smtp://", "smtp://u:hunter2@x:port": "such as smtp://",
		"smtp://u:hunter2@x?tls=maybe": "implicit, starttls, none", "smtp://u:hunter2@x?tls=none": "this machine only", "smtps://x?tls=starttls": "says otherwise",
		"smtp://x?ssl=1": `"ssl" is not known`, "smtp://hunter2@x": "belong together", "smtp://x:70000": "between 1 and 65535", "smtp://u:hunter2@x/y": "no path",
	} {
		_, err := notify.ParseMailServer(text)
		require.ErrorContains(t, err, said, text)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestRecipientsAreAddresses(t *testing.T) {
	t.Parallel()
	to, err := notify.ParseRecipients("Finance <finance@example.com>, ops@example.com")
	require.NoError(t, err)
	require.Equal(t, []string{"finance@example.com", "ops@example.com"}, to)
	for _, bad := range []string{"", "finance", "a@example.com\r\nBcc: b@example.com", "a@example.com; b@example.com", "\"a\u2028b\"@example.com"} {
		_, err := notify.ParseRecipients(bad)
		require.Error(t, err, "%q", bad)
	}
	require.False(t, strings.Contains(strings.Join(to, ""), " "))
}
