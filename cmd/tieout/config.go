package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"tieout/app/identity"
	"tieout/app/notify"
	"tieout/app/personal"
	"tieout/app/vault"
)

// Config is everything the program takes from its environment. A value of type
// Secret may also come from a file: TIEOUT_VAULT_KEY_FILE names the file that
// holds TIEOUT_VAULT_KEY.
type Config struct {
	DatabaseURL Secret `env:"TIEOUT_DATABASE_URL"` // DATABASE_URL is read too
	DataDir     string `env:"TIEOUT_DATA_DIR" envDefault:".tieout"`

	Environment string `env:"TIEOUT_ENVIRONMENT" envDefault:"production"` // sandbox or production: shown on every page
	Listen      string `env:"TIEOUT_LISTEN" envDefault:"127.0.0.1:8080"`
	PublicURL   string `env:"TIEOUT_PUBLIC_URL"` // as browsers reach it; without it, http at the listen address

	OIDCIssuer       string   `env:"TIEOUT_OIDC_ISSUER"`
	OIDCClientID     string   `env:"TIEOUT_OIDC_CLIENT_ID"`
	OIDCClientSecret Secret   `env:"TIEOUT_OIDC_CLIENT_SECRET"` // none for a public client
	OIDCName         string   `env:"TIEOUT_OIDC_NAME" envDefault:"single sign-on"`
	OIDCScopes       []string `env:"TIEOUT_OIDC_SCOPES" envDefault:"openid,profile,email"`
	OIDCGroupsClaim  string   `env:"TIEOUT_OIDC_GROUPS_CLAIM" envDefault:"groups"`
	GroupRoles       string   `env:"TIEOUT_GROUP_ROLES"` // group=role;group=role: used while no group has a role yet

	SessionIdle     time.Duration `env:"TIEOUT_SESSION_IDLE" envDefault:"30m"`
	SessionLifetime time.Duration `env:"TIEOUT_SESSION_LIFETIME" envDefault:"12h"`

	PersonRate   float64        `env:"TIEOUT_PERSON_RATE" envDefault:"20"`              // requests per second of one person; ten seconds' worth may come at once; 0: no limit, here and below
	StrangerRate float64        `env:"TIEOUT_STRANGER_RATE" envDefault:"10"`            // requests per second, from one address, of people who are not signed in
	SignInRate   float64        `env:"TIEOUT_SIGN_IN_RATE" envDefault:"30"`             // sign-ins per minute from one address; a minute's worth may come at once
	HeavyAtOnce  int            `env:"TIEOUT_HEAVY_AT_ONCE" envDefault:"4"`             // exports and searches that one person runs at once
	Proxies      []netip.Prefix `env:"TIEOUT_PROXIES" envDefault:"127.0.0.0/8,::1/128"` // networks of our own proxies: their X-Forwarded-For says who asks

	VaultKey Secret `env:"TIEOUT_VAULT_KEY"` // 32 bytes in base64

	Workers        int           `env:"TIEOUT_WORKERS" envDefault:"4"`                // jobs at once
	ImportWorkers  int           `env:"TIEOUT_IMPORT_WORKERS" envDefault:"2"`         // reports read at once
	FlowParallel   int           `env:"TIEOUT_FLOW_PARALLEL" envDefault:"8"`          // records of a flow on their way at once
	SettlementPoll time.Duration `env:"TIEOUT_SETTLEMENT_POLL" envDefault:"15m"`      // how often Amazon is asked for new reports
	FinancesPoll   time.Duration `env:"TIEOUT_FINANCES_POLL" envDefault:"1h"`         // between two readings of the transactions that settlements will have
	AmazonOrders   string        `env:"TIEOUT_AMAZON_ORDERS" envDefault:"2026-01-01"` // version of Amazon's orders that is read; v0 ends on 2027-03-27
	MasterDataPoll time.Duration `env:"TIEOUT_MASTER_DATA_POLL" envDefault:"6h"`      // accounts, periods and items of P21; listings of Amazon

	PersonalDays int `env:"TIEOUT_PERSONAL_DAYS" envDefault:"30"` // buyers' data is destroyed so long after delivery; Amazon allows 30 at most

	OutboundTimeout  time.Duration `env:"TIEOUT_OUTBOUND_TIMEOUT" envDefault:"60s"`  // one request to P21
	ReadBackWindow   time.Duration `env:"TIEOUT_READ_BACK_WINDOW" envDefault:"15m"`  // how long a write without an answer is looked for before it may be sent again
	ReadBackInterval time.Duration `env:"TIEOUT_READ_BACK_INTERVAL" envDefault:"1m"` // between two look-ups
	ShutdownTimeout  time.Duration `env:"TIEOUT_SHUTDOWN_TIMEOUT" envDefault:"30s"`  // what runs may finish

	SMTPURL        Secret `env:"TIEOUT_SMTP_URL"`                           // smtp://user:password@host:587?tls=starttls; tls is implicit, starttls or none
	SMTPFrom       string `env:"TIEOUT_SMTP_FROM"`                          // Tieout <tieout@example.com>
	WebhookPrivate bool   `env:"TIEOUT_WEBHOOK_PRIVATE" envDefault:"false"` // webhooks and daily rates may come and go in private networks

	LogLevel     slog.Level `env:"TIEOUT_LOG_LEVEL" envDefault:"info"`
	LogFormat    string     `env:"TIEOUT_LOG_FORMAT" envDefault:"text"` // text or json
	MetricsToken Secret     `env:"TIEOUT_METRICS_TOKEN"`                // without it /metrics answers this machine only
}

// Secret is a value that is never printed.
type Secret string

// String hides the value; of a database URL everything but the password stays.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	if u, err := url.Parse(string(s)); err == nil && strings.HasPrefix(u.Scheme, "postgres") && u.Query().Get("password") == "" {
		return u.Redacted()
	}
	return "(set)"
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the value from the log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

const prefix = "TIEOUT_"

// LoadConfig reads the configuration from environ, as os.Environ gives it. The
// error names every variable that is unknown, unreadable or wrong, all at once.
// What a command needs besides is asked with the Need methods.
func LoadConfig(environ []string) (Config, error) {
	values := env.ToMap(environ)
	problems := readFiles(values)
	if url := values["DATABASE_URL"]; url != "" && values["TIEOUT_DATABASE_URL"] == "" {
		values["TIEOUT_DATABASE_URL"] = url
	}
	problems = append(problems, unknown(values)...)
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: values}); err != nil {
		problems = append(problems, named(err)...)
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + c.Listen
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	problems = append(problems, c.check()...)
	return c, errors.Join(problems...)
}

// readFiles replaces each X_FILE of a secret X by the file's content.
func readFiles(values map[string]string) []error {
	var problems []error
	for _, key := range secrets() {
		name := values[key+"_FILE"]
		delete(values, key+"_FILE")
		if name == "" {
			continue
		}
		if values[key] != "" {
			problems = append(problems, fmt.Errorf("%s and %s_FILE are both set; keep one", key, key))
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s_FILE: %w", key, err))
			continue
		}
		values[key] = strings.TrimRight(string(content), "\r\n")
	}
	return problems
}

func unknown(values map[string]string) []error {
	known := map[string]bool{}
	for _, v := range variables() {
		known[v.key] = true
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if strings.HasPrefix(key, prefix) && !known[key] {
			problems = append(problems, fmt.Errorf("%s is not a variable of this program; `tieout config` lists them", key))
		}
	}
	return problems
}

// named says the variable's name where the parser says the field's. Values of
// secrets are strings, which always parse, so that none is in a message.
func named(err error) []error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return []error{err}
	}
	keys := map[string]string{}
	for _, v := range variables() {
		keys[v.field] = v.key
	}
	var problems []error
	for _, one := range all.Errors {
		var parse env.ParseError
		if errors.As(one, &parse) {
			one = fmt.Errorf("%s: %w", keys[parse.Name], parse.Err)
		}
		problems = append(problems, one)
	}
	return problems
}

func (c Config) check() []error {
	var problems []error
	refuse := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf(key+": "+format, args...))
	}
	if c.Environment != "sandbox" && c.Environment != "production" {
		refuse("TIEOUT_ENVIRONMENT", "%q is neither sandbox nor production", c.Environment)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		refuse("TIEOUT_LOG_FORMAT", "%q is neither text nor json", c.LogFormat)
	}
	if c.AmazonOrders != "2026-01-01" && c.AmazonOrders != "v0" {
		refuse("TIEOUT_AMAZON_ORDERS", "%q is neither 2026-01-01 nor v0", c.AmazonOrders)
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		refuse("TIEOUT_LISTEN", "%q is not host:port", c.Listen)
	}
	problems = append(problems, checkURL("TIEOUT_PUBLIC_URL", c.PublicURL, false)...)
	if c.OIDCIssuer != "" {
		problems = append(problems, checkURL("TIEOUT_OIDC_ISSUER", c.OIDCIssuer, true)...)
	}
	if !slices.Contains(c.OIDCScopes, "openid") {
		refuse("TIEOUT_OIDC_SCOPES", "must contain openid")
	}
	if _, err := identity.ParseGroupRoles(c.GroupRoles); err != nil {
		refuse("TIEOUT_GROUP_ROLES", "%w", err)
	}
	if c.VaultKey != "" {
		if _, err := vault.ParseKey(c.VaultKey.Reveal()); err != nil {
			refuse("TIEOUT_VAULT_KEY", "%w", err)
		}
	}
	if _, err := c.mailServer(); err != nil {
		problems = append(problems, err)
	}
	return append(problems, c.checkNumbers()...)
}

// mailServer is where alerts are handed in; the zero value when there is none.
func (c Config) mailServer() (notify.MailServer, error) {
	if c.SMTPURL == "" && c.SMTPFrom == "" {
		return notify.MailServer{}, nil
	}
	if c.SMTPURL == "" || c.SMTPFrom == "" {
		return notify.MailServer{}, errors.New("TIEOUT_SMTP_URL and TIEOUT_SMTP_FROM belong together; set both or none")
	}
	server, err := notify.ParseMailServer(c.SMTPURL.Reveal())
	if err != nil {
		return notify.MailServer{}, fmt.Errorf("TIEOUT_SMTP_URL: %w", err)
	}
	from, err := mail.ParseAddress(c.SMTPFrom)
	if err != nil {
		return notify.MailServer{}, fmt.Errorf("TIEOUT_SMTP_FROM: %q is not an address such as Tieout <tieout@example.com>", c.SMTPFrom)
	}
	server.From = *from
	return server, nil
}

func (c Config) checkNumbers() []error {
	var problems []error
	for key, d := range map[string]time.Duration{
		"TIEOUT_SESSION_IDLE": c.SessionIdle, "TIEOUT_SESSION_LIFETIME": c.SessionLifetime,
		"TIEOUT_SETTLEMENT_POLL": c.SettlementPoll, "TIEOUT_FINANCES_POLL": c.FinancesPoll, "TIEOUT_MASTER_DATA_POLL": c.MasterDataPoll,
		"TIEOUT_OUTBOUND_TIMEOUT": c.OutboundTimeout, "TIEOUT_READ_BACK_WINDOW": c.ReadBackWindow,
		"TIEOUT_READ_BACK_INTERVAL": c.ReadBackInterval, "TIEOUT_SHUTDOWN_TIMEOUT": c.ShutdownTimeout,
	} {
		if d <= 0 {
			problems = append(problems, fmt.Errorf("%s: %v is not above zero", key, d))
		}
	}
	if c.SessionIdle > c.SessionLifetime {
		problems = append(problems, fmt.Errorf("TIEOUT_SESSION_IDLE: %v is longer than TIEOUT_SESSION_LIFETIME, %v", c.SessionIdle, c.SessionLifetime))
	}
	if c.PersonalDays < 1 || c.PersonalDays > personal.MostDays {
		problems = append(problems, fmt.Errorf("TIEOUT_PERSONAL_DAYS: %d is not between 1 and %d, which is what Amazon allows", c.PersonalDays, personal.MostDays))
	}
	for key, n := range map[string]float64{"TIEOUT_PERSON_RATE": c.PersonRate, "TIEOUT_STRANGER_RATE": c.StrangerRate, "TIEOUT_SIGN_IN_RATE": c.SignInRate, "TIEOUT_HEAVY_AT_ONCE": float64(c.HeavyAtOnce)} {
		if !(n >= 0 && n <= 1_000_000) { // no number at all is neither
			problems = append(problems, fmt.Errorf("%s: %v is not between 0, which is no limit, and 1000000", key, n))
		}
	}
	for key, n := range map[string]int{"TIEOUT_WORKERS": c.Workers, "TIEOUT_IMPORT_WORKERS": c.ImportWorkers, "TIEOUT_FLOW_PARALLEL": c.FlowParallel} {
		if n < 1 || n > 1000 {
			problems = append(problems, fmt.Errorf("%s: %d is not between 1 and 1000", key, n))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}

// checkURL accepts http only where nothing leaves the machine. A path is
// part of an issuer's name but not of the address the program is served at.
func checkURL(key, text string, path bool) []error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return []error{fmt.Errorf("%s: %q is not an http or https URL", key, text)}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return []error{fmt.Errorf("%s: only scheme, host and port are expected", key)}
	case !path && u.Path != "":
		return []error{fmt.Errorf("%s: %q must not have a path", key, text)}
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return []error{fmt.Errorf("%s: %q needs https; http is for this machine only", key, text)}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// NeedDatabase tells what is missing for commands that use the database.
func (c Config) NeedDatabase() error {
	return missing(map[string]string{"TIEOUT_DATABASE_URL": c.DatabaseURL.Reveal()})
}

// NeedWork tells what is missing for running jobs.
func (c Config) NeedWork() error {
	return missing(map[string]string{"TIEOUT_DATABASE_URL": c.DatabaseURL.Reveal(), "TIEOUT_VAULT_KEY": c.VaultKey.Reveal()})
}

// NeedServe tells what is missing for serving the screens.
func (c Config) NeedServe() error {
	return missing(map[string]string{
		"TIEOUT_DATABASE_URL": c.DatabaseURL.Reveal(), "TIEOUT_VAULT_KEY": c.VaultKey.Reveal(),
		"TIEOUT_OIDC_ISSUER": c.OIDCIssuer, "TIEOUT_OIDC_CLIENT_ID": c.OIDCClientID,
	})
}

func missing(values map[string]string) error {
	var names []string
	for key, value := range values {
		if value == "" {
			names = append(names, key)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("not set: %s", strings.Join(names, ", "))
}

// Print writes the configuration as it is in force, one variable per line,
// secrets hidden.
func (c Config) Print(w io.Writer) error {
	value := reflect.ValueOf(c)
	for _, v := range variables() {
		if _, err := fmt.Fprintf(w, "%s=%v\n", v.key, value.FieldByName(v.field).Interface()); err != nil {
			return fmt.Errorf("print configuration: %w", err)
		}
	}
	return nil
}

// variable is one field of Config with the variable that sets it.
type variable struct {
	field, key string
	secret     bool
}

// variables reads the tags of Config, so that the list cannot differ from it.
func variables() []variable {
	var list []variable
	for field := range reflect.TypeFor[Config]().Fields() {
		list = append(list, variable{field.Name, field.Tag.Get("env"), field.Type == reflect.TypeFor[Secret]()})
	}
	return list
}

func secrets() []string {
	var keys []string
	for _, v := range variables() {
		if v.secret {
			keys = append(keys, v.key)
		}
	}
	return keys
}
