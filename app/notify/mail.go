package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"tieout/app/legible"
)

// Mail hands messages to a mail server; safe for concurrent use.
type Mail struct{ server MailServer }

// NewMail returns a sender by way of a server; without one it refuses.
func NewMail(server MailServer) *Mail {
	if server.Timeout == 0 {
		server.Timeout = 30 * time.Second
	}
	return &Mail{server}
}

// Configured reports whether there is a server.
func (m *Mail) Configured() bool { return m.server.Configured() }

// Server names the server.
func (m *Mail) Server() string { return m.server.String() }

// Send hands a message in once, for all recipients.
func (m *Mail) Send(ctx context.Context, to []string, message Message) Answer {
	if !m.Configured() {
		return answered(Later, "Mail is not set up: TIEOUT_SMTP_URL and TIEOUT_SMTP_FROM are not set.")
	}
	written, err := m.write(to, message)
	if err != nil {
		return answered(Refused, err.Error())
	}
	client, err := m.client()
	if err != nil {
		return answered(Refused, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, m.server.Timeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, written); err != nil {
		return answered(mailOutcome(err), m.hide(err.Error()))
	}
	return answered(Delivered, strings.TrimSpace(m.server.Host+" took it. "+written.ServerResponse()))
}

func (m *Mail) client() (*gomail.Client, error) {
	s := m.server
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(s.Timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12})}
	switch s.Security {
	case ImplicitTLS:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.User != "" {
		how := gomail.SMTPAuthAutoDiscover
		if s.Security == NoTLS {
			how = gomail.SMTPAuthPlainNoEnc // on this machine only
		}
		options = append(options, gomail.WithSMTPAuth(how), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("use mail server: %w", err)
	}
	return client, nil
}

// mailOutcome reads the server's reply: only a 5xx to the message itself is
// final. A refused sign-in is the operator's to mend, and mail may wait for it.
func mailOutcome(err error) Outcome {
	var failed *gomail.SendError
	if errors.As(err, &failed) && failed.ErrorCode() >= 500 && !failed.IsTemp() {
		return Refused
	}
	return Later
}

// hide keeps the password out of a server's words.
func (m *Mail) hide(text string) string {
	if m.server.Password == "" {
		return text
	}
	return strings.ReplaceAll(text, m.server.Password, "(password)")
}

func (m *Mail) write(to []string, message Message) (*gomail.Msg, error) {
	out := gomail.NewMsg()
	if err := out.FromFormat(oneLine(m.server.From.Name), m.server.From.Address); err != nil {
		return nil, fmt.Errorf("use sender: %w", err)
	}
	if err := out.To(to...); err != nil {
		return nil, fmt.Errorf("use recipients: %w", err)
	}
	page := page{Message: message, Subject: legible.String(subject(message))}
	page.Items = slices.Clone(message.Items)
	out.Subject(page.Subject)
	out.SetDateWithValue(message.At)
	out.SetMessageIDWithValue(message.ID + "@" + domain(m.server.From.Address))
	out.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday answers
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	for i := range page.Items {
		item := &page.Items[i]
		item.Title, item.Text, item.Connection = shown(item.Title), shown(item.Text), shown(item.Connection)
	}
	if err := out.SetBodyTextTemplate(plainText, page); err != nil {
		return nil, fmt.Errorf("write text: %w", err)
	}
	if err := out.AddAlternativeHTMLTemplate(html, page); err != nil {
		return nil, fmt.Errorf("write HTML: %w", err)
	}
	return out, nil
}

type page struct {
	Message
	Subject string
}

// shown is a text as a line of a mail.
func shown(text string) string { return legible.String(oneLine(text)) }

// subject is the one occasion, or how many there are.
func subject(m Message) string {
	switch {
	case m.Test:
		return "Tieout: test message"
	case len(m.Items) == 1:
		return "Tieout: " + clip(oneLine(m.Items[0].Title), 150)
	}
	return fmt.Sprintf("Tieout: %d alerts, first: %s", len(m.Items), clip(oneLine(m.Items[0].Title), 110))
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

var plainText = template.Must(template.New("text").Parse(`{{range .Items}}{{.Title}}
{{with .Text}}{{.}}
{{end}}{{with .Connection}}Connection: {{.}}
{{end}}{{.At.UTC.Format "2 Jan 2006 15:04"}} UTC
{{with .Link}}{{.}}
{{end}}
{{end}}-- 
{{.ID}}
`))

var html = htmltemplate.Must(htmltemplate.New("html").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.5;color:#1a1a1a">
{{range .Items}}<p><strong>{{with .Link}}<a href="{{.}}">{{end}}{{.Title}}{{if .Link}}</a>{{end}}</strong>
{{with .Text}}<br>{{.}}{{end}}
<br><span style="color:#595959">{{with .Connection}}{{.}}, {{end}}{{.At.UTC.Format "2 Jan 2006 15:04"}} UTC</span></p>
{{end}}<p style="color:#595959;font-size:12px">{{.ID}}</p>
</body></html>
`))
