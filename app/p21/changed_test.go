package p21_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/p21"
	sandbox "tieout/cmd/sandbox/p21"
)

func TestChangedOrdersAreToldSinceAnInstant(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		enter := func(reference string) sandbox.Order {
			o, err := s.server.EnterOrder(sandbox.Order{Company: "ACME", Reference: reference, Source: "WEBSHOP", Location: "20",
				ShipTo: sandbox.Address{Name: "Ada", Line1: "1 Test Street", City: "Austin", State: "TX", PostalCode: "73301", Country: "US"},
				Lines:  []sandbox.OrderLine{{Item: "BRW-POUR-01", Quantity: d("2")}}})
			require.NoError(t, err)
			return o
		}
		first := enter("WEB-1")
		s.clock.Advance(48 * time.Hour) // P21 may write local times: somewhat more than was asked for is told
		second := enter("WEB-2")
		since := s.clock.Now().Add(-time.Hour)

		heads, err := s.system.ChangedOrders(t.Context(), since)
		require.NoError(t, err)
		require.Len(t, heads, 1)
		require.Equal(t, "WEB-2 WEBSHOP 20 Austin", heads[0].Reference+" "+heads[0].Source+" "+heads[0].Location+" "+heads[0].ShipTo.City)
		require.Empty(t, heads[0].Lines)
		require.Empty(t, heads[0].Status, "not told for what is not cancelled")
		require.Equal(t, s.clock.Now(), heads[0].ChangedAt)

		require.NoError(t, s.server.CancelOrder(first.Number))
		require.NoError(t, s.server.ChangeOrder(second.Number, map[int]decimal.Decimal{1: d("1")}))
		heads, err = s.system.ChangedOrders(t.Context(), since)
		require.NoError(t, err)
		require.Len(t, heads, 2)
		require.Equal(t, p21.Cancelled, heads[0].Status)
		whole, err := s.system.ReadOrder(t.Context(), heads[1].Number)
		require.NoError(t, err)
		require.Equal(t, whole.Head(), heads[1])
		require.Equal(t, "1", whole.Lines[0].Quantity.String())
	})
}
