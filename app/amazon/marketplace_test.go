package amazon_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
)

func TestRegionsHaveEndpoints(t *testing.T) {
	t.Parallel()
	require.Equal(t, "https://sellingpartnerapi-na.amazon.com", amazon.NorthAmerica.Endpoint())
	require.Equal(t, "https://sellingpartnerapi-eu.amazon.com", amazon.Europe.Endpoint())
	require.Equal(t, "https://sellingpartnerapi-fe.amazon.com", amazon.FarEast.Endpoint())
	require.Empty(t, amazon.Region("").Endpoint())
}

func TestMarketplacesAreFoundByIDAndDomain(t *testing.T) {
	t.Parallel()
	all := amazon.Marketplaces("")
	require.Len(t, all, 23)
	require.Len(t, amazon.Marketplaces(amazon.NorthAmerica), 4)
	require.Len(t, amazon.Marketplaces(amazon.Europe), 16)
	require.Len(t, amazon.Marketplaces(amazon.FarEast), 3)
	ids, domains := map[string]bool{}, map[string]bool{}
	for _, m := range all {
		ids[m.ID], domains[m.Domain] = true, true
		byID, ok := amazon.MarketplaceByID(m.ID)
		require.True(t, ok)
		require.Equal(t, m, byID)
		byDomain, ok := amazon.MarketplaceByDomain(m.Domain)
		require.True(t, ok)
		require.Equal(t, m, byDomain)
		require.Len(t, m.Country, 2)
		require.Len(t, m.Currency, 3)
		require.NotEmpty(t, m.Region.Endpoint())
	}
	require.Len(t, ids, 23)
	require.Len(t, domains, 23)
	german, ok := amazon.MarketplaceByDomain("amazon.DE")
	require.True(t, ok)
	require.Equal(t, "A1PA6795UKMFR9", german.ID)
	_, ok = amazon.MarketplaceByDomain("")
	require.False(t, ok)
	_, ok = amazon.MarketplaceByID("ATVPDKIKX0DEX")
	require.False(t, ok)
}
