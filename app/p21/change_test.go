package p21_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/p21"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
)

// entered is an order that was posted a while ago, as it is read.
func (s *site) entered(t *testing.T, reference string) p21.SalesOrder {
	t.Helper()
	o, err := s.system.PostOrder(t.Context(), sale(reference))
	require.NoError(t, err)
	s.clock.Advance(time.Minute)
	return o
}

func TestQuantitiesOfAnOpenOrderChange(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		before, ok := s.server.StockOf("BRW-POUR-01", "20")
		require.True(t, ok)
		o := s.entered(t, "112-1")
		o.Lines[0].Quantity, o.Lines[0].Total = d("1"), d("34.99")
		o.Lines[2].Quantity, o.Lines[2].Total = d("0"), d("0")
		changed, err := s.system.ChangeOrder(t.Context(), o)
		require.NoError(t, err)
		require.Empty(t, p21.OrderDifference(o, changed))
		require.NotEqual(t, o.RowVersion, changed.RowVersion)
		require.Equal(t, p21.Open, changed.Status)
		require.True(t, changed.Lines[2].Quantity.IsZero(), "a cancelled line stays, with nothing on it")
		after, _ := s.server.StockOf("BRW-POUR-01", "20")
		require.True(t, after.Allocated.Sub(before.Allocated).Equal(d("1")))
		require.Len(t, s.server.Orders("ACME"), 1)
	})
}

func TestPricesOfAnOpenOrderChange(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		o.Lines[0].Quantity, o.Lines[0].UnitPrice, o.Lines[0].Total = d("1"), d("37.485"), d("37.49")
		changed, err := s.system.ChangeOrder(t.Context(), o)
		require.NoError(t, err)
		require.Empty(t, p21.OrderDifference(o, changed))
		require.Equal(t, "37.49", changed.Lines[0].Total.StringFixed(2))
	})
}

func TestAnOrderIsCancelledAsAWhole(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		o.Status = p21.Cancelled
		changed, err := s.system.ChangeOrder(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, p21.Cancelled, changed.Status)
		require.Len(t, changed.Lines, 3)
		found, err := s.system.FindOrders(t.Context(), "112-1")
		require.NoError(t, err)
		require.Equal(t, p21.Cancelled, found[0].Status, "a cancelled order is still found")
		stock, _ := s.server.StockOf("BRW-POUR-01", "20")
		require.True(t, stock.Allocated.IsZero())
		_, err = s.system.ChangeOrder(t.Context(), changed)
		require.Equal(t, p21.Business, p21.TypeOf(err))
	})
}

func TestChangesThatCannotBeAreRefusedBeforeTheyAreSent(t *testing.T) {
	type refusal struct {
		change func(*p21.SalesOrder)
		want   p21.Type
	}
	refusals := map[string]refusal{
		"stale":        {func(o *p21.SalesOrder) { o.RowVersion = "0" }, p21.Conflict},
		"never read":   {func(o *p21.SalesOrder) { o.RowVersion = "" }, p21.Validation},
		"another line": {func(o *p21.SalesOrder) { o.Lines[0].Number = 9 }, p21.Validation},
		"another item": {func(o *p21.SalesOrder) { o.Lines[0].Item = "OUT-MUG" }, p21.Validation},
		"fewer lines":  {func(o *p21.SalesOrder) { o.Lines = o.Lines[:2] }, p21.Validation},
		"negative":     {func(o *p21.SalesOrder) { o.Lines[0].Quantity = d("-1") }, p21.Validation},
		"nothing left": {func(o *p21.SalesOrder) {
			for i := range o.Lines {
				o.Lines[i].Quantity, o.Lines[i].Total = d("0"), d("0")
			}
		}, p21.Validation},
	}
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		s.fail(t, misbehave.Rule{Operation: sandbox.OpChangeOrder, Kind: misbehave.ResetAfter})
		for label, r := range refusals {
			changed := o
			changed.Lines = append([]p21.SalesLine{}, o.Lines...)
			r.change(&changed)
			_, err := s.system.ChangeOrder(t.Context(), changed)
			require.Equal(t, r.want, p21.TypeOf(err), "%s: %v", label, err)
			require.Equal(t, p21.Refused, p21.OutcomeOf(err), label)
		}
		require.Zero(t, s.faults.Rules()[0].Struck)
	})
}

func TestALostAnswerToAChangeIsUnknownAndCanBeLookedUp(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		s.fail(t, misbehave.Rule{Operation: sandbox.OpChangeOrder, Kind: misbehave.ResetAfter})
		o.Lines[0].Quantity, o.Lines[0].Total = d("1"), d("34.99")
		_, err := s.system.ChangeOrder(t.Context(), o)
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		require.Equal(t, 1, s.faults.Rules()[0].Struck)
		held, err := s.system.ReadOrder(t.Context(), o.Number)
		require.NoError(t, err)
		require.Empty(t, p21.OrderDifference(o, held))
	})
}

func TestAnOrderThatHasLeftIsNotChanged(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		require.NoError(t, s.server.ShipOrder(orderNumber(t, o), nil))
		read, err := s.system.ReadOrder(t.Context(), o.Number)
		require.NoError(t, err)
		require.Equal(t, p21.Shipped, read.Status)
		read.Status = p21.Cancelled
		_, err = s.system.ChangeOrder(t.Context(), read)
		require.Equal(t, p21.Business, p21.TypeOf(err))
		require.ErrorContains(t, err, "is shipped")
	})
}

func TestAChangeOfNothingIsNotSentToNative(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	o := s.entered(t, "112-1")
	s.fail(t, misbehave.Rule{Operation: sandbox.OpChangeOrder, Kind: misbehave.ResetAfter})
	same, err := s.system.ChangeOrder(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, o.RowVersion, same.RowVersion)
	require.Zero(t, s.faults.Rules()[0].Struck)
}
