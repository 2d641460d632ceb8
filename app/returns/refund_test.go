package returns_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/returns"
)

const sixty = 60 * 24 * time.Hour

var now = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

func refund(order string, ago time.Duration, amount, currency string) returns.Refund {
	return returns.Refund{OrderID: order, SKU: "TEA-1", Posted: now.Add(-ago), Amount: decimal.RequireFromString(amount), Currency: currency}
}

func came(order, sku string, ago time.Duration) returns.Return {
	return returns.Return{OrderID: order, SKU: sku, Date: now.Add(-ago), Quantity: 1}
}

func TestWhatIsReturnedAndRefundedIsNoFinding(t *testing.T) {
	t.Parallel()
	require.Empty(t, returns.Check([]returns.Return{came("1", "TEA-1", 2*sixty)}, []returns.Refund{refund("1", 2*sixty, "9.99", "USD")}, sixty, now))
}

func TestARefundWithoutReturnIsFoundAfterThePatience(t *testing.T) {
	t.Parallel()
	refunds := []returns.Refund{
		refund("2", 2*sixty, "5.00", "USD"), refund("2", sixty+time.Hour, "4.99", "USD"), refund("2", 2*sixty, "1.00", "CAD"),
		refund("3", sixty, "7.00", "USD"), refund("4", 2*sixty, "7.00", "USD"), refund("4", 2*sixty, "-7.00", "USD"),
	}
	found := returns.Check([]returns.Return{came("2", "OTHER", time.Hour)}, refunds, sixty, now)
	require.Len(t, found, 1, "order 3 still has time, order 4's was taken back")
	require.Equal(t, returns.NotReturned, found[0].Finding)
	require.Equal(t, "2", found[0].OrderID)
	require.Equal(t, now.Add(-sixty-time.Hour), found[0].Since)
	require.True(t, found[0].AtStake["USD"].Equal(decimal.RequireFromString("9.99")))
	require.True(t, found[0].AtStake["CAD"].Equal(decimal.NewFromInt(1)))
}

func TestAReturnWithoutRefundIsFoundAfterThePatience(t *testing.T) {
	t.Parallel()
	list := []returns.Return{came("6", "B", sixty+time.Hour), came("6", "A", 2*sixty), came("6", "A", time.Hour), came("5", "A", time.Hour)}
	found := returns.Check(list, nil, sixty, now)
	require.Equal(t, []returns.Checked{
		{OrderID: "6", SKU: "A", Finding: returns.NotRefunded, Since: now.Add(-2 * sixty)},
		{OrderID: "6", SKU: "B", Finding: returns.NotRefunded, Since: now.Add(-sixty - time.Hour)},
	}, found)
}
