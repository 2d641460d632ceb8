package notify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"time"
)

// Security is how a connection to a mail server is kept from listeners.
type Security string

// Kinds of security.
const (
	ImplicitTLS Security = "implicit" // from the first byte
	StartTLS    Security = "starttls" // before anything of use is said; never without
	NoTLS       Security = "none"     // this machine only
)

// MailServer is where mail is handed in. The zero value is none.
type MailServer struct {
	Host           string
	Port           int
	Security       Security
	User, Password string
	From           mail.Address
	Timeout        time.Duration  // of a whole delivery; 0 is 30 seconds
	RootCAs        *x509.CertPool // nil: the machine's
}

// Configured reports whether there is a server.
func (s MailServer) Configured() bool { return s.Host != "" }

// String names the server without its password.
func (s MailServer) String() string { return fmt.Sprintf("%s:%d (%s)", s.Host, s.Port, s.Security) }

// ParseMailServer reads a server's address such as
// smtp://user:pass@mail.example.com:587?tls=starttls. Its errors repeat nothing
// of the address, which holds a password.
func ParseMailServer(address string) (MailServer, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" {
		return MailServer{}, errors.New("an address such as smtp://user:password@mail.example.com:587?tls=starttls is expected; signs like @ : / in the password are written as %40 %3A %2F")
	}
	if (u.Path != "" && u.Path != "/") || u.Fragment != "" {
		return MailServer{}, errors.New("a mail server's address has no path; a / or # of the password is written as %2F or %23")
	}
	s := MailServer{Host: u.Hostname(), Security: StartTLS, User: u.User.Username()}
	s.Password, _ = u.User.Password()
	if u.Scheme == "smtps" {
		s.Security = ImplicitTLS
	}
	if err := s.readQuery(u); err != nil {
		return MailServer{}, err
	}
	if s.Security == NoTLS && !Loopback(s.Host) {
		return MailServer{}, errors.New("tls=none is for a server on this machine only")
	}
	if (s.User == "") != (s.Password == "") {
		return MailServer{}, errors.New("a user and a password belong together")
	}
	return s, s.readPort(u.Port())
}

func (s *MailServer) readQuery(u *url.URL) error {
	for name, values := range u.Query() {
		if name != "tls" {
			return fmt.Errorf("%q is not known; only tls is", name)
		}
		switch mode := Security(values[0]); {
		case mode != ImplicitTLS && mode != StartTLS && mode != NoTLS:
			return errors.New("tls is one of implicit, starttls, none")
		case u.Scheme == "smtps" && mode != ImplicitTLS:
			return errors.New("smtps is implicit TLS; tls says otherwise")
		default:
			s.Security = mode
		}
	}
	return nil
}

// readPort falls back to the ports of RFC 8314 and RFC 6409.
func (s *MailServer) readPort(text string) error {
	if text == "" {
		s.Port = map[Security]int{ImplicitTLS: 465, StartTLS: 587, NoTLS: 25}[s.Security]
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return errors.New("the port is not between 1 and 65535")
	}
	s.Port = n
	return nil
}

// ParseRecipients reads addresses with commas between them.
func ParseRecipients(text string) ([]string, error) {
	list, err := mail.ParseAddressList(text)
	if err != nil {
		return nil, errors.New("addresses such as finance@example.com are expected, with commas between them")
	}
	var to []string
	for _, a := range list {
		if oneLine(a.Address) != a.Address {
			return nil, errors.New("an address is one word")
		}
		to = append(to, a.Address)
	}
	return to, nil
}
