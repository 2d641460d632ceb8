package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/cmd/sandbox/server"
)

// system is the P21 side of a connection.
func system(t *testing.T, c server.Connection) p21.System {
	t.Helper()
	opened, err := adapter.Open(c.P21Adapter, p21.Config{URL: c.P21URL, Company: c.P21Company, FunctionalCurrency: money.Currency(c.Currency),
		Username: c.P21Username, Password: c.P21Password})
	require.NoError(t, err)
	return opened
}

func order(c server.Connection, customer, reference string) p21.SalesOrder {
	return p21.SalesOrder{Company: c.P21Company, Customer: customer, Reference: reference, Currency: money.Currency(c.Currency), Location: c.P21Location,
		Date:  period.DateOf(began),
		Lines: []p21.SalesLine{{Number: 1, Item: "KITPAN024", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.RequireFromString("45.90"), Total: decimal.RequireFromString("45.90")}}}
}

func TestEveryMarketplaceOfEveryConnectionCanSellToItsCompany(t *testing.T) {
	t.Parallel()
	for _, c := range start(t).Connections() {
		p := system(t, c)
		require.Len(t, c.P21Customers, len(c.MarketplaceIDs))
		for i, m := range c.MarketplaceIDs {
			o := order(c, c.P21Customers[m], fmt.Sprintf("112-%d", i))
			held, err := p.PostOrder(t.Context(), o)
			require.NoError(t, err, c.Name)
			require.Empty(t, p21.OrderDifference(o, held))
		}
	}
}

func TestOrdersShipAndAreInvoicedAfterAWhileOfTheSandboxsTime(t *testing.T) {
	t.Parallel()
	for want, change := range map[p21.OrderStatus]func(*server.Config){
		p21.Open:     func(c *server.Config) { c.ShipAfter = -1 },
		p21.Shipped:  func(c *server.Config) { c.ShipAfter, c.InvoiceAfter = time.Nanosecond, -1 },
		p21.Invoiced: func(c *server.Config) { c.ShipAfter, c.InvoiceAfter = time.Nanosecond, time.Nanosecond },
	} {
		c := start(t, func(cfg *server.Config) { cfg.Speed = 3600; change(cfg) }).Connections()[0]
		p := system(t, c)
		held, err := p.PostOrder(t.Context(), order(c, c.P21Customers[c.MarketplaceIDs[0]], "112-1"))
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			read, err := p.ReadOrder(t.Context(), held.Number)
			return err == nil && read.Status == want
		}, 10*time.Second, 5*time.Millisecond, want)
	}
}
