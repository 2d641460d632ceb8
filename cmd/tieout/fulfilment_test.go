package main

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fulfilment"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// unmapped is an SKU of the catalogue that nobody has mapped yet.
func (s *site) unmapped(t testing.TB, connection int64) string {
	t.Helper()
	for _, p := range seller.Products() {
		if s.number(t, `SELECT count(*) FROM sku_map WHERE connection_id = $1 AND sku = $2`, connection, p.SKU) == 0 {
			return p.SKU
		}
	}
	t.Fatal("every SKU is mapped")
	return ""
}

// TestOrdersOfOtherChannelsAreShippedByAmazon enters orders in P21 through either
// adapter, lets a person map what is unknown, and takes them to Amazon in either
// version.
func TestOrdersOfOtherChannelsAreShippedByAmazon(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	olga := s.actor(t, "olga", "ops")
	for account, side := range map[string]struct{ company, location, country, version string }{
		"us": {"ACME", "20", "US", string(amazon.Fulfillment2026)}, "uk": {"ACMEUK", "40", "GB", string(amazon.Fulfillment2020)}} {
		connection := s.connection(t, account)
		state, err := s.flows.Get(t.Context(), connection, fulfilment.Name)
		require.NoError(t, err)
		require.NoError(t, s.flows.Configure(t.Context(), connection, fulfilment.Name, state.Version, map[string]string{fulfilment.VersionSetting: side.version}, olga))
		sku := s.unmapped(t, connection)
		entered, err := s.sandbox.P21.EnterOrder(p21stand.Order{Company: side.company, Reference: "WEB-1", Source: "WEBSHOP", Location: side.location,
			ShipTo: p21stand.Address{Name: "Ada Example", Line1: "1 Test Street", City: "Example", PostalCode: "12345", Country: side.country},
			Lines:  []p21stand.OrderLine{{Item: p21stand.ProductCode(sku), Quantity: decimal.NewFromInt(2)}}})
		require.NoError(t, err)
		require.NoError(t, s.flows.Fetch(t.Context(), connection, fulfilment.Name, fmt.Sprint(entered.Number)))
		require.NoError(t, s.flows.Work(t.Context(), connection, fulfilment.Name))
		key := fmt.Sprint(entered.Number)
		in := `SELECT count(*) = 1 FROM flow_record WHERE flow = 'fulfilment' AND connection_id = $1 AND key = $2 AND state = $3`
		s.eventually(t, in, connection, key, "exception")
		s.mapSKU(t, connection, sku)
		s.eventually(t, in, connection, key, "delivered")
		all, err := s.sandbox.Amazon.Fulfilled(account)
		require.NoError(t, err)
		id := fmt.Sprintf("%s-%s", side.company, key)
		require.Contains(t, all, id, account)

		require.NoError(t, s.sandbox.P21.CancelOrder(entered.Number))
		require.NoError(t, s.flows.Fetch(t.Context(), connection, fulfilment.Name, id), "as a notification names it")
		require.NoError(t, s.flows.Work(t.Context(), connection, fulfilment.Name))
		s.eventually(t, in, connection, key, "delivered")
		all, err = s.sandbox.Amazon.Fulfilled(account)
		require.NoError(t, err)
		require.Equal(t, "Cancelled", all[id], account)
	}
}

func TestTheDemonstrationsWebShopsSellOnce(t *testing.T) {
	t.Parallel()
	sandbox, err := server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", OIDCAddr: "127.0.0.1:0", Seed: 7, OrdersPerDay: 1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sandbox.Close() })
	require.NoError(t, shopOrders(sandbox))
	require.NoError(t, shopOrders(sandbox))
	for _, side := range sandbox.Connections() {
		require.Len(t, sandbox.P21.Orders(side.P21Company), 4, side.Name)
	}
}
