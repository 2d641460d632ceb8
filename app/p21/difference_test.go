package p21_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/p21"
)

func TestOrderDifferenceNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	for label, c := range map[string]struct {
		change func(*p21.SalesOrder)
		words  string
	}{
		"company":      {func(h *p21.SalesOrder) { h.Company = "ACMEUK" }, "the company is ACMEUK, not ACME"},
		"customer":     {func(h *p21.SalesOrder) { h.Customer = "1" }, "the customer is 1, not 100198"},
		"reference":    {func(h *p21.SalesOrder) { h.Reference = "112-2" }, "the reference is 112-2, not 112-1"},
		"date":         {func(h *p21.SalesOrder) { h.Date.Day = 21 }, "the date is 2026-11-21, not 2026-11-20"},
		"currency":     {func(h *p21.SalesOrder) { h.Currency = "CAD" }, "the currency is CAD, not USD"},
		"location":     {func(h *p21.SalesOrder) { h.Location = "10" }, "the location is 10, not 20"},
		"cancelled":    {func(h *p21.SalesOrder) { h.Status = p21.Cancelled }, "the status is Cancelled, not Open"},
		"dropped line": {func(h *p21.SalesOrder) { h.Lines = h.Lines[1:] }, "the number of lines is 2, not 3; the total is 131.49, not 201.47"},
		"total":        {func(h *p21.SalesOrder) { h.Lines[0].Total = d("69.97") }, "the total is 201.46, not 201.47"},
		"quantity":     {func(h *p21.SalesOrder) { h.Lines[0].Quantity = d("3") }, "line 1 (2 of BRW-POUR-01 for 69.98) is not there"},
		"item":         {func(h *p21.SalesOrder) { h.Lines[1].Item = "OUT-MUG" }, "line 2 (3 of OUT-LANT for 100.00) is not there"},
		"swapped": {func(h *p21.SalesOrder) {
			h.Lines[0].Total, h.Lines[2].Total = h.Lines[2].Total, h.Lines[0].Total
		}, "line 1"},
		"collapsed and doubled": {func(h *p21.SalesOrder) { h.Lines[2] = h.Lines[0]; h.Lines[1].Total = d("61.51") }, "line 2"},
	} {
		held := sale("112-1")
		held.Status = p21.Open
		c.change(&held)
		require.Contains(t, p21.OrderDifference(sale("112-1"), held), c.words, label)
	}
}

func TestOrderDifferenceLeavesAloneWhatP21MayChange(t *testing.T) {
	t.Parallel()
	held := sale("112-1")
	held.Status, held.Currency, held.Location, held.Requested, held.ShipTo = p21.Shipped, "", "", held.Date, p21.Address{Name: "X"}
	held.Lines[0], held.Lines[1] = held.Lines[1], held.Lines[0]
	for i := range held.Lines {
		held.Lines[i].Number, held.Lines[i].Reference, held.Lines[i].Tax = 9-i, "", d("1")
		held.Lines[i].Total, held.Lines[i].UnitPrice = held.Lines[i].Total.Sub(d("0.0004")), held.Lines[i].UnitPrice.Round(4)
	}
	held.Lines[0].Item = "out-lant"
	require.Empty(t, p21.OrderDifference(sale("112-1"), held))
}

func TestReturnDifferenceNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	rma := func() p21.Return {
		return p21.Return{Company: "ACME", Reference: "RMA-1", Order: "7", Customer: amazonUS,
			Lines: []p21.ReturnLine{{Number: 1, OrderLine: 1, Item: "A", Quantity: d("1")}, {Number: 2, OrderLine: 2, Item: "A", Quantity: d("1")}}}
	}
	for _, c := range []struct {
		words  string
		change func(*p21.Return)
	}{
		{"the company is X, not ACME", func(r *p21.Return) { r.Company = "X" }},
		{"the reference is RMA-2, not RMA-1", func(r *p21.Return) { r.Reference = "RMA-2" }},
		{"the customer is 1, not 100198", func(r *p21.Return) { r.Customer = "1" }},
		{"the order is 8, not 7", func(r *p21.Return) { r.Order = "8" }},
		{"the status is Cancelled", func(r *p21.Return) { r.Status = p21.ReturnCancelled }},
		{"the number of lines is 1, not 2", func(r *p21.Return) { r.Lines = r.Lines[:1] }},
		{"line 1 (1 of A) is not there", func(r *p21.Return) { r.Lines[0].Quantity = d("2") }},
		{"line 2 (1 of A) is not there", func(r *p21.Return) { r.Lines[1].OrderLine = 3 }},
		{"line 1 (1 of A) is not there", func(r *p21.Return) { r.Lines[0].Item = "B" }},
	} {
		held := rma()
		c.change(&held)
		require.Contains(t, p21.ReturnDifference(rma(), held), c.words)
	}
	held := rma()
	held.Order, held.Lines[0].OrderLine, held.Lines[1].OrderLine, held.Lines[0].Reason = "", 0, 0, "DEFECTIVE"
	require.Empty(t, p21.ReturnDifference(rma(), held), "what P21 does not tell does not count")
}

// FuzzOrderDifference: an order equals itself in any order of its lines, and an
// order with other amounts does not.
func FuzzOrderDifference(f *testing.F) {
	f.Add(int64(6998), int64(2), int64(10000), int64(3), int64(1), "OUT-LANT", true)
	f.Add(int64(1), int64(1), int64(1), int64(1), int64(-1), "BRW-POUR-01", false)
	f.Add(int64(0), int64(1), int64(999999999999), int64(7), int64(100), "x", true)
	f.Fuzz(func(t *testing.T, cents1, quantity1, cents2, quantity2, change int64, item string, swap bool) {
		o := sale("112-1")
		line := func(n int, item string, cents, quantity int64) p21.SalesLine {
			total, q := decimal.New(abs(cents), -2), decimal.NewFromInt(abs(quantity)+1)
			return p21.SalesLine{Number: n, Item: item, Quantity: q, Total: total, UnitPrice: p21.UnitPrice(total, q)}
		}
		o.Lines = []p21.SalesLine{line(1, "BRW-POUR-01", cents1, quantity1), line(2, item, cents2, quantity2)}
		held := o
		held.Lines = []p21.SalesLine{o.Lines[0], o.Lines[1]}
		if swap {
			held.Lines[0], held.Lines[1] = held.Lines[1], held.Lines[0]
		}
		require.Empty(t, p21.OrderDifference(o, held))
		if change == 0 {
			return
		}
		other := held
		other.Lines = []p21.SalesLine{held.Lines[0], held.Lines[1]}
		other.Lines[1].Total = other.Lines[1].Total.Add(decimal.New(change, -2))
		require.NotEmpty(t, p21.OrderDifference(o, other))
		other.Lines[1] = held.Lines[1]
		other.Lines[0].Quantity = other.Lines[0].Quantity.Add(decimal.NewFromInt(change))
		require.NotEmpty(t, p21.OrderDifference(o, other))
		other.Lines = held.Lines[:1]
		require.NotEmpty(t, p21.OrderDifference(o, other))
	})
}

func abs(n int64) int64 {
	if n < 0 {
		n = -(n + 1)
	}
	return n >> 1
}

// FuzzUnitPrice: the nine decimals of a price give back the total that they were
// made of, for every quantity that orders have.
func FuzzUnitPrice(f *testing.F) {
	f.Add(int64(100001), int64(300))
	f.Add(int64(1), int64(3))
	f.Fuzz(func(t *testing.T, cents, quantity int64) {
		total, q := decimal.New(abs(cents)%1_000_000_000, -2), decimal.NewFromInt(abs(quantity)%1_000_000+1)
		require.Equal(t, total.String(), p21.UnitPrice(total, q).Mul(q).Round(2).String())
		require.True(t, p21.UnitPrice(total, decimal.Zero).IsZero())
	})
}
