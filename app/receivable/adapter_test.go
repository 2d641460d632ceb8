package receivable_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/flow"
	"tieout/app/orders"
	"tieout/app/receivable"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
)

// P21's invoices are found by the order that the flow of orders brought, through
// either adapter.
func TestAnInvoiceOfP21StandsAgainstAmazonsOrder(t *testing.T) {
	bothsides.Adapters(t, bothsides.Setup{Models: []string{"orders_2026-01-01.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{orders.New(w, (*amazon.Client).Orders2026, w.Resolve, w.Catalog.NoteListings)}
	}}, func(t *testing.T, w *bothsides.World) {
		o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 2})
		service := receivable.NewService(w.Pool, w.Clock)
		told, err := service.Read(t.Context(), w.Connection, w.System)
		require.NoError(t, err)
		require.Zero(t, told, "nothing is invoiced yet")
		require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
		require.NoError(t, w.ERP.InvoiceOrder(o.Number))
		for range 2 {
			_, err = service.Read(t.Context(), w.Connection, w.System)
			require.NoError(t, err)
		}
		whole, err := service.Order(t.Context(), w.Connection, bothsides.OrderID)
		require.NoError(t, err)
		require.Len(t, whole.Items, 1)
		require.Equal(t, receivable.Open, whole.Items[0].State())
		require.Len(t, whole.Bills, 1, "read twice, there once")
		require.Equal(t, "40", whole.Items[0].Due().String())
	})
}
