package main

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/period"
	amazonstand "tieout/cmd/sandbox/amazon"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

func (s *site) mapSKU(t testing.TB, connection int64, sku string) {
	t.Helper()
	_, err := s.catalog.Map(t.Context(), audit.Job("test"), catalog.New{ConnectionID: connection, SKU: sku, From: period.Date{Year: 2020, Month: 1, Day: 1},
		Parts: catalog.Parts{{Code: p21stand.ProductCode(sku), Quantity: 1}}})
	require.NoError(t, err, sku)
}

// TestEveryOrderOfAmazonIsOnceInP21 reads a day of orders, maps what is unknown,
// and compares both sides.
func TestEveryOrderOfAmazonIsOnceInP21(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	us := s.number(t, `SELECT id FROM connection WHERE name = 'us'`)
	s.eventually(t, `SELECT count(*) > 0 FROM flow_run WHERE flow = 'orders' AND state = 'done' AND connection_id = $1`, us)
	s.eventually(t, `SELECT count(*) = 0 FROM flow_record WHERE state IN ('received', 'ready', 'delivering') AND waits = ''`)
	rows, err := s.pool.Query(t.Context(), `SELECT e.connection_id, e.cause FROM exception e WHERE e.class = 'unknown_sku' AND e.state = 'open'`)
	require.NoError(t, err)
	type unknown struct {
		connection int64
		sku        string
	}
	var list []unknown
	for rows.Next() {
		var u unknown
		require.NoError(t, rows.Scan(&u.connection, &u.sku))
		list = append(list, u)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, list, "one SKU in five is not mapped")
	for _, u := range list {
		s.mapSKU(t, u.connection, u.sku)
	}
	s.eventually(t, `SELECT count(*) = 0 FROM flow_record WHERE state NOT IN ('delivered', 'ignored') AND waits = ''`)
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM exception WHERE flow = 'orders' AND state = 'open'`))

	sold, err := s.sandbox.Amazon.Orders("us", s.sandbox.Now().Add(-20*time.Hour))
	require.NoError(t, err)
	compared := 0
	for _, order := range sold {
		if order.Channel.Name == amazon.ChannelNonAmazon || !order.Firm() || order.Cancelled() || order.Updated.After(s.sandbox.Now().Add(-5*time.Minute)) {
			continue
		}
		held := s.sandbox.P21.OrdersByReference("ACME", order.ID)
		require.Len(t, held, 1, order.ID)
		compared++
	}
	require.Positive(t, compared)
}

// place puts an order on a seller's list and has it read and worked on, beside
// the jobs that do so by themselves.
func (s *site) place(t testing.TB, order amazonstand.PlacedOrder) {
	t.Helper()
	connection := s.connection(t, order.Account)
	require.NoError(t, s.sandbox.Amazon.PlaceOrders(order))
	require.NoError(t, s.flows.Fetch(t.Context(), connection, "orders", order.ID))
	require.NoError(t, s.flows.Work(t.Context(), connection, "orders"))
}

// TestChangesAndCancellationsFollowIntoP21 changes orders after P21 has them,
// through either adapter.
func TestChangesAndCancellationsFollowIntoP21(t *testing.T) {
	t.Parallel()
	s := startSite(t)
	s.settleFlows(t)
	products := seller.Products()
	for account, company := range map[string]string{"us": "ACME", "uk": "ACMEUK", "eu": "ACMEEU"} {
		now := s.sandbox.Now()
		order := amazonstand.PlacedOrder{Account: account, ID: "111-0000002-0000002", Created: now.Add(-2 * time.Hour), Updated: now.Add(-time.Hour), Status: amazon.OrderUnshipped, Items: []amazonstand.PlacedItem{
			{ID: "10", SKU: products[0].SKU, Title: "First", Quantity: 3, UnitPrice: decimal.NewFromInt(30)},
			{ID: "11", SKU: products[1].SKU, Title: "Second", Quantity: 1, UnitPrice: decimal.RequireFromString("12.50"), Shipping: decimal.RequireFromString("4.99")}}}
		s.place(t, order)
		delivered := `SELECT count(*) = 1 FROM flow_record r JOIN connection c ON c.id = r.connection_id WHERE c.name = $1 AND r.key = $2 AND r.state = 'delivered' AND r.deliveries = $3`
		s.eventually(t, delivered, account, order.ID, 1)
		held := s.sandbox.P21.OrdersByReference(company, order.ID)
		require.Len(t, held, 1, account)
		require.Len(t, held[0].Lines, 2)
		require.Equal(t, "17.49", held[0].Lines[1].Total.StringFixed(2), "shipping belongs to its line")

		order.Items[0].Cancelled, order.Updated = 1, now.Add(-50*time.Minute)
		s.place(t, order)
		s.eventually(t, delivered, account, order.ID, 2)
		held = s.sandbox.P21.OrdersByReference(company, order.ID)
		require.Len(t, held, 1, account)
		require.Equal(t, "2", held[0].Lines[0].Quantity.String(), account)

		order.Status, order.Updated = amazon.OrderCancelled, now.Add(-40*time.Minute)
		s.place(t, order)
		s.eventually(t, delivered, account, order.ID, 3)
		held = s.sandbox.P21.OrdersByReference(company, order.ID)
		require.Len(t, held, 1, account)
		require.EqualValues(t, "Cancelled", held[0].Status, account)

		s.place(t, order) // told again
		late := order
		late.Status, late.Updated = amazon.OrderUnshipped, now.Add(-55*time.Minute)
		s.place(t, late)
		s.settleFlows(t)
		require.EqualValues(t, "Cancelled", s.sandbox.P21.OrdersByReference(company, order.ID)[0].Status, "what arrives late changes nothing")
	}
}
