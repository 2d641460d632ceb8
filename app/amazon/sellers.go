package amazon

import (
	"context"
	"net/http"
)

// Participation is a marketplace in which the seller has an account.
type Participation struct {
	MarketplaceID string
	Country       string // ISO 3166-1 alpha-2
	Currency      string // ISO 4217
	Domain        string // such as www.amazon.com
	Store         string // the store's name there
	Active        bool   // the seller sells there
	Suspended     bool   // listings are suspended
}

var opGetMarketplaceParticipations = Operation{"getMarketplaceParticipations", 0.016, 15}

// Participations returns the seller's marketplaces: the cheapest call that
// proves a connection.
func (c *Client) Participations(ctx context.Context) ([]Participation, error) {
	var answer struct {
		Payload []struct {
			Marketplace struct {
				ID                  string
				CountryCode         string
				DefaultCurrencyCode string
				DomainName          string
			}
			StoreName     string
			Participation struct {
				IsParticipating      bool
				HasSuspendedListings bool
			}
		}
	}
	err := c.call(ctx, request{op: opGetMarketplaceParticipations, method: http.MethodGet, path: "/sellers/v1/marketplaceParticipations"}, &answer)
	if err != nil {
		return nil, err
	}
	list := make([]Participation, 0, len(answer.Payload))
	for _, p := range answer.Payload {
		list = append(list, Participation{
			MarketplaceID: p.Marketplace.ID, Country: p.Marketplace.CountryCode, Currency: p.Marketplace.DefaultCurrencyCode,
			Domain: p.Marketplace.DomainName, Store: p.StoreName,
			Active: p.Participation.IsParticipating, Suspended: p.Participation.HasSuspendedListings,
		})
	}
	return list, nil
}
