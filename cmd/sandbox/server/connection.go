package server

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"tieout/app/mapping"
	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// Connection is what a program needs to reconcile one of the simulated sellers
// with its company in Prophet 21. Its names are those of a connection of Tieout.
type Connection struct {
	Name, Title string

	Region, SellerID                     string
	MarketplaceIDs                       []string
	AmazonURL, LWAURL                    string
	ClientID, ClientSecret, RefreshToken string

	QueueURL, QueueRegion, QueueKeyID, QueueSecret string // where Amazon tells of changes

	P21URL, P21Adapter, P21Company string
	P21Username, P21Password       string
	P21Location, P21Own            string            // where the company keeps what Amazon stores, and its own
	P21Customers                   map[string]string // marketplace id -> number of the customer that stands for it

	Currency string // functional
	TimeZone string // of the books

	Since time.Time // start of the oldest settlement whose report Amazon still keeps

	Picks map[string]string // mapping slot -> account
}

// company says where a seller's settlements belong.
type company struct{ title, id, adapter, zone string }

// companies are the demo's, one adapter or the other: both are at work.
var companies = map[string]company{
	"us": {"Acme US", "ACME", "seedv2", "America/New_York"},
	"uk": {"Acme UK", "ACMEUK", "native", "Europe/London"},
	"eu": {"Acme Europe", "ACMEEU", "seedv2", "Europe/Berlin"},
}

// Connections returns the connections of the demo, always in the same order.
func (s *Server) Connections() []Connection {
	var list []Connection
	for _, a := range s.sellers {
		of, credentials := companies[a.Key], credentialsOf(a)
		c := Connection{
			Name: a.Key, Title: of.title, Region: a.Region, SellerID: a.SellerID, AmazonURL: s.AmazonURL, LWAURL: s.LWAURL,
			ClientID: credentials.id, ClientSecret: credentials.secret, RefreshToken: credentials.refresh,
			P21URL: s.P21URL, P21Adapter: of.adapter, P21Company: of.id, P21Username: p21.DemoUser, P21Password: p21.DemoPassword,
			Currency: a.Currency, TimeZone: of.zone, Picks: picks(),
		}
		c.QueueURL, c.QueueRegion, c.QueueKeyID, c.QueueSecret = s.queueURL+"/"+a.Key, "us-east-1", "AKIASANDBOX", "sandbox-secret-of-the-queue"
		for n := 0; c.Since.IsZero(); n++ {
			if a.End(n).After(s.Now().Add(-amazon.Kept)) {
				c.Since = a.Start(n)
			}
		}
		for _, m := range a.Markets {
			c.MarketplaceIDs = append(c.MarketplaceIDs, m.ID)
		}
		c.P21Location, c.P21Own, c.P21Customers = s.location(c.P21Company, true), s.location(c.P21Company, false), s.customers(c.P21Company, a.Markets)
		list = append(list, c)
	}
	return list
}

// location is where a company's stock is, that with Amazon or its own.
func (s *Server) location(company string, withAmazon bool) string {
	for _, l := range s.P21.Locations() {
		if l.Company == company && l.Amazon == withAmazon {
			return l.ID
		}
	}
	return ""
}

// customers stand for the marketplaces, by the latter's id.
func (s *Server) customers(company string, markets []seller.Market) map[string]string {
	known := s.P21.Customers(company)
	numbers := map[string]string{}
	for _, m := range markets {
		reference := p21.CustomerReference(m)
		if i := slices.IndexFunc(known, func(c p21.Customer) bool { return c.Reference == reference }); i >= 0 {
			numbers[m.ID] = fmt.Sprint(known[i].Number)
		}
	}
	return numbers
}

// picks returns an account for every slot: the chart's own, else that of the
// slot it is like.
func picks() map[string]string {
	own, all := p21.Picks(), map[string]string{}
	for _, slot := range mapping.AllSlots() {
		if own[slot.Name] != "" {
			all[slot.Name] = own[slot.Name]
		}
	}
	return mapping.FillPicks(all)
}

type credentials struct{ id, secret, refresh string }

// credentialsOf are the same for every run: programs keep them.
func credentialsOf(a *seller.Account) credentials {
	return credentials{
		id:      "amzn1.application-oa2-client.sandbox-" + a.Key,
		secret:  fmt.Sprintf("amzn1.oa2-cs.v1.sandbox-%s-%016x", a.Key, a.Seed),
		refresh: "Atzr|sandbox-" + strings.ToLower(a.SellerID),
	}
}

// Settled returns the end of a seller's newest finished settlement.
func (s *Server) Settled(connection string) time.Time {
	i := slices.IndexFunc(s.sellers, func(a *seller.Account) bool { return a.Key == connection })
	if i < 0 {
		return time.Time{}
	}
	return s.sellers[i].Start(s.sellers[i].Finished(s.Now()))
}

// Bank returns the statement that a seller's bank makes of eighty days, and the
// currency of the account: Amazon keeps its reports for ninety.
func (s *Server) Bank(connection string) (csv []byte, currency string, err error) {
	i := slices.IndexFunc(s.sellers, func(a *seller.Account) bool { return a.Key == connection })
	if i < 0 {
		return nil, "", fmt.Errorf("there is no seller %q", connection)
	}
	var out bytes.Buffer
	err = seller.NewBooks(s.sellers[i]).WriteBank(&out, s.Now().AddDate(0, 0, -80), s.Now(), s.Now())
	return out.Bytes(), s.sellers[i].Currency, err
}
