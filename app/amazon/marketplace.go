package amazon

import "strings"

// Region is one of Amazon's three selling regions; a seller account and its
// tokens belong to one.
type Region string

// The regions, as connections store them.
const (
	NorthAmerica Region = "na"
	Europe       Region = "eu"
	FarEast      Region = "fe"
)

// Endpoint returns the region's address, "" for no region of Amazon's.
// Source: developer-docs.amazon.com/sp-api/docs/sp-api-endpoints.
func (r Region) Endpoint() string {
	switch r {
	case NorthAmerica, Europe, FarEast:
		return "https://sellingpartnerapi-" + string(r) + ".amazon.com"
	}
	return ""
}

// Marketplace is one of Amazon's shops.
type Marketplace struct {
	ID       string
	Name     string // the country's
	Country  string // ISO 3166-1 alpha-2
	Region   Region
	Currency string // the usual one; what a document says counts
	Domain   string // as settlement reports write marketplace-name
	Zone     string // time zone in which Seller Central counts days
}

// Ids and regions: developer-docs.amazon.com/sp-api/docs/marketplace-ids.
var marketplaces = [...]Marketplace{
	{"ATVPDKIKX0DER", "United States", "US", NorthAmerica, "USD", "Amazon.com", "America/Los_Angeles"},
	{"A2EUQ1WTGCTBG2", "Canada", "CA", NorthAmerica, "CAD", "Amazon.ca", "America/Los_Angeles"},
	{"A1AM78C64UM0Y8", "Mexico", "MX", NorthAmerica, "MXN", "Amazon.com.mx", "America/Mexico_City"},
	{"A2Q3Y263D00KWC", "Brazil", "BR", NorthAmerica, "BRL", "Amazon.com.br", "America/Sao_Paulo"},
	{"A1F83G8C2ARO7P", "United Kingdom", "GB", Europe, "GBP", "Amazon.co.uk", "Europe/London"},
	{"A1PA6795UKMFR9", "Germany", "DE", Europe, "EUR", "Amazon.de", "Europe/Berlin"},
	{"A13V1IB3VIYZZH", "France", "FR", Europe, "EUR", "Amazon.fr", "Europe/Paris"},
	{"APJ6JRA9NG5V4", "Italy", "IT", Europe, "EUR", "Amazon.it", "Europe/Rome"},
	{"A1RKKUPIHCS9HS", "Spain", "ES", Europe, "EUR", "Amazon.es", "Europe/Madrid"},
	{"A1805IZSGTT6HS", "Netherlands", "NL", Europe, "EUR", "Amazon.nl", "Europe/Amsterdam"},
	{"AMEN7PMS3EDWL", "Belgium", "BE", Europe, "EUR", "Amazon.com.be", "Europe/Brussels"},
	{"A28R8C7NBKEWEA", "Ireland", "IE", Europe, "EUR", "Amazon.ie", "Europe/Dublin"},
	{"A1C3SOZRARQ6R3", "Poland", "PL", Europe, "PLN", "Amazon.pl", "Europe/Warsaw"},
	{"A2NODRKZP88ZB9", "Sweden", "SE", Europe, "SEK", "Amazon.se", "Europe/Stockholm"},
	{"A33AVAJ2PDY3EV", "Türkiye", "TR", Europe, "TRY", "Amazon.com.tr", "Europe/Istanbul"},
	{"A2VIGQ35RCS4UG", "United Arab Emirates", "AE", Europe, "AED", "Amazon.ae", "Asia/Dubai"},
	{"A17E79C6D8DWNP", "Saudi Arabia", "SA", Europe, "SAR", "Amazon.sa", "Asia/Riyadh"},
	{"ARBP9OOSHTCHU", "Egypt", "EG", Europe, "EGP", "Amazon.eg", "Africa/Cairo"},
	{"AE08WJ6YKNBMC", "South Africa", "ZA", Europe, "ZAR", "Amazon.co.za", "Africa/Johannesburg"},
	{"A21TJRUUN4KGV", "India", "IN", Europe, "INR", "Amazon.in", "Asia/Kolkata"},
	{"A1VC38T7YXB528", "Japan", "JP", FarEast, "JPY", "Amazon.co.jp", "Asia/Tokyo"},
	{"A39IBJ37TRP1C6", "Australia", "AU", FarEast, "AUD", "Amazon.com.au", "Australia/Sydney"},
	{"A19VAU5U5O7RUS", "Singapore", "SG", FarEast, "SGD", "Amazon.sg", "Asia/Singapore"},
}

// Marketplaces returns the shops of a region, or all of them for "".
func Marketplaces(region Region) []Marketplace {
	var list []Marketplace
	for _, m := range marketplaces {
		if region == "" || m.Region == region {
			list = append(list, m)
		}
	}
	return list
}

// MarketplaceByID finds a shop by Amazon's id.
func MarketplaceByID(id string) (Marketplace, bool) {
	for _, m := range marketplaces {
		if m.ID == id {
			return m, true
		}
	}
	return Marketplace{}, false
}

// MarketplaceByDomain finds a shop by its name in settlement reports, such as
// "Amazon.de"; upper and lower case do not count.
func MarketplaceByDomain(domain string) (Marketplace, bool) {
	for _, m := range marketplaces {
		if strings.EqualFold(m.Domain, domain) {
			return m, true
		}
	}
	return Marketplace{}, false
}
