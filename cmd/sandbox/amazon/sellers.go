package amazon

import (
	"net/http"
	"strings"

	"tieout/app/amazon"
)

type participation struct {
	Marketplace   marketplace `json:"marketplace"`
	StoreName     string      `json:"storeName"`
	Participation struct {
		IsParticipating      bool `json:"isParticipating"`
		HasSuspendedListings bool `json:"hasSuspendedListings"`
	} `json:"participation"`
}

type marketplace struct {
	ID       string `json:"id"`
	Country  string `json:"countryCode"`
	Name     string `json:"name"`
	Currency string `json:"defaultCurrencyCode"`
	Language string `json:"defaultLanguageCode"`
	Domain   string `json:"domainName"`
}

var languages = map[string]string{"US": "en_US", "GB": "en_GB", "DE": "de_DE", "FR": "fr_FR", "IT": "it_IT"}

func (s *Server) serveParticipations(w http.ResponseWriter, _ *http.Request, a *account) {
	list := []participation{}
	for _, m := range a.seller().Markets {
		known, _ := amazon.MarketplaceByID(m.ID)
		p := participation{StoreName: "Brew & Trail", Marketplace: marketplace{
			ID: m.ID, Country: known.Country, Name: m.Name, Currency: a.seller().Currency, Language: languages[known.Country],
			Domain: "www." + strings.ToLower(m.Name),
		}}
		p.Participation.IsParticipating = true
		list = append(list, p)
	}
	write(w, http.StatusOK, map[string]any{"payload": list})
}
