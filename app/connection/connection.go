// Package connection knows the pairings of one Amazon seller account and one
// P21 company: their endpoints, sealed credentials, policies, and what was last
// read from P21 about accounts and periods.
package connection

import (
	"net/url"
	"regexp"
	"slices"
	"time"

	"tieout/app/money"
)

// Connection is one pairing. Secrets are not part of it: they are written and
// used, never shown.
type Connection struct {
	ID                 int64
	Name               string // short name for the shell and URLs; fixed
	Title              string
	Environment        string // sandbox or production
	AmazonRegion       string // na, eu, fe
	MarketplaceIDs     []string
	SellerID           string
	AmazonEndpoint     string // empty: the region's own
	LWAURL             string // empty: Amazon's own
	LWAClientID        string
	P21URL             string
	P21Adapter         string // seedv2 or native
	P21Company         string
	P21Username        string
	P21Journal         string // two-character journal id
	P21PositiveDebit   bool   // native adapter: a positive amount is a debit
	FunctionalCurrency money.Currency
	TimeZone           string
	RevenueMode        string // summary or invoiced
	QueueURL           string // where Amazon's notifications arrive; empty: nowhere
	QueueRegion        string // of AWS, such as us-east-1
	QueueKeyID         string // empty: the machine's own role
	PausedAt           *time.Time
	Has                Held
	Version            int32
}

// Held says which secrets are stored.
type Held struct {
	LWAClientSecret, RefreshToken, P21Password, P21ClientSecret, QueueSecret bool
}

// Secrets are credentials to be sealed; an empty one leaves the stored one.
type Secrets struct {
	LWAClientSecret, RefreshToken, P21Password, P21ClientSecret, QueueSecret string
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Validate returns what is wrong, field by field; nil when nothing is.
func (c Connection) Validate() map[string]string {
	wrong := map[string]string{}
	need := func(ok bool, field, message string) {
		if !ok {
			wrong[field] = message
		}
	}
	need(namePattern.MatchString(c.Name), "name", "Lower-case letters, digits and hyphens, beginning with a letter or digit.")
	need(slices.Contains([]string{"sandbox", "production"}, c.Environment), "environment", "sandbox or production.")
	need(slices.Contains([]string{"na", "eu", "fe"}, c.AmazonRegion), "amazon_region", "na, eu or fe.")
	need(slices.Contains([]string{"seedv2", "native"}, c.P21Adapter), "p21_adapter", "seedv2 or native.")
	need(slices.Contains([]string{"summary", "invoiced"}, c.RevenueMode), "revenue_mode", "summary or invoiced.")
	need(c.FunctionalCurrency.Valid(), "functional_currency", "A currency code such as USD.")
	need(c.P21Company != "", "p21_company", "The company's id in P21.")
	need(len(c.P21Journal) == 2, "p21_journal", "P21's journal ids have two characters.")
	need(validZone(c.TimeZone), "time_zone", "A time zone such as America/New_York.")
	need(c.QueueURL == "" || c.QueueRegion != "", "queue_region", "The AWS region of the queue, such as us-east-1.")
	for field, address := range map[string]string{"amazon_endpoint": c.AmazonEndpoint, "lwa_url": c.LWAURL, "p21_url": c.P21URL, "queue_url": c.QueueURL} {
		need(address == "" || validURL(address), field, "An address that begins with https:// (or http:// on this machine).")
	}
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

func validZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

func validURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	host := u.Hostname()
	return u.Scheme == "http" && (host == "localhost" || host == "127.0.0.1" || host == "::1")
}

// Summary is a connection in a list.
type Summary struct {
	ID                 int64
	Name, Title        string
	Environment        string
	AmazonRegion       string
	MarketplaceIDs     []string
	P21Adapter         string
	P21Company         string
	FunctionalCurrency string
	TimeZone           string
	PausedAt           *time.Time
	Settlements        int64
	SyncedAt           time.Time // when accounts were last read from P21; 1970 when never
}

// Account is a GL account as last read from P21.
type Account struct {
	Number, Description, Type, Branch string
	Active, Control                   bool
	SyncedAt                          time.Time
}
