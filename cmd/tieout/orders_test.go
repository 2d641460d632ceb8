package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/catalog"
	"tieout/app/period"
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

	sold, err := s.sandbox.Amazon.Sold("us", s.sandbox.Now().Add(-20*time.Hour))
	require.NoError(t, err)
	compared := 0
	for _, order := range sold {
		if order.MultiChannel || order.Status == seller.Pending || order.Status == seller.Cancelled || order.Updated.After(s.sandbox.Now().Add(-5*time.Minute)) {
			continue
		}
		held := s.sandbox.P21.OrdersByReference("ACME", order.ID)
		require.Len(t, held, 1, order.ID)
		compared++
	}
	require.Positive(t, compared)
}
