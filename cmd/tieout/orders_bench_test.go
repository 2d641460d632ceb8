package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/clock"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/period"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

// benchOrders is how many orders go through the flow per iteration.
const benchOrders = 2000

// BenchmarkOrders takes orders through the whole flow against the stand-ins:
// read from Amazon, kept, mapped, looked up in P21, entered, read back. The
// baseline enters as many into P21 as fast as it takes them, without any of that.
func BenchmarkOrders(b *testing.B) {
	s := startSiteThat(b, false, true)
	us := s.connection(b, "us")
	require.NoError(b, s.flows.Read(b.Context(), us, "orders", flow.ByPerson, 0))
	require.NoError(b, s.flows.Work(b.Context(), us, "orders"))
	round := 0
	var read, work, plain time.Duration
	for b.Loop() {
		round++
		s.placeMany(b, round)
		start := time.Now()
		require.NoError(b, s.flows.Read(b.Context(), us, "orders", flow.ByPerson, 0))
		read += time.Since(start)
		start = time.Now()
		require.NoError(b, s.flows.Work(b.Context(), us, "orders"))
		work += time.Since(start)
		require.EqualValues(b, benchOrders, s.number(b, `SELECT count(*) FROM flow_record WHERE key LIKE $1 AND state = 'delivered'`, fmt.Sprintf("7%02d-%%", round)))
		plain += s.enterMany(b, us, round)
	}
	orders := float64(benchOrders * round)
	b.ReportMetric(orders/(read+work).Seconds(), "orders/s")
	b.ReportMetric(orders/read.Seconds(), "read/s")
	b.ReportMetric(orders/work.Seconds(), "delivered/s")
	b.ReportMetric(plain.Seconds(), "baseline-s")
	b.ReportMetric((read+work).Seconds()/plain.Seconds(), "ratio")
}

// placeMany lists new orders at the simulated Amazon.
func (s *site) placeMany(b *testing.B, round int) {
	b.Helper()
	products, now := seller.Products(), s.sandbox.Now()
	for i := range benchOrders {
		p := products[i%4] // mapped ones
		require.NoError(b, s.sandbox.Amazon.PlaceOrders(amazonstand.PlacedOrder{Account: "us", ID: fmt.Sprintf("7%02d-0000000-%07d", round, i), Created: now.Add(-time.Hour), Updated: now.Add(-3 * time.Minute),
			Items: []amazonstand.PlacedItem{{SKU: p.SKU, ASIN: p.ASIN, Title: p.Title, Quantity: 1, UnitPrice: decimal.NewFromInt(25)}}}))
	}
}

// enterMany enters orders into P21 with as many hands as the flow has.
func (s *site) enterMany(b *testing.B, connection int64, round int) time.Duration {
	b.Helper()
	system, err := s.connections.P21(b.Context(), connection)
	require.NoError(b, err)
	found, err := system.FindCustomer(b.Context(), "AMAZON-US")
	require.NoError(b, err)
	day := period.DateOf(clock.System{}.Now())
	price := decimal.NewFromInt(25)
	start := time.Now()
	var group sync.WaitGroup
	for hand := range s.config.FlowParallel {
		group.Go(func() {
			for i := hand; i < benchOrders; i += s.config.FlowParallel {
				_, err := system.PostOrder(b.Context(), p21.SalesOrder{Company: "ACME", Customer: found[0].Number, Reference: fmt.Sprintf("plain-%d-%d", round, i), Source: "BENCH", Date: day,
					Requested: day.AddDays(1), Currency: money.Currency("USD"), Location: "20",
					Lines: []p21.SalesLine{{Number: 1, Item: "BRW-POUR-01", Quantity: decimal.NewFromInt(1), UnitPrice: price, Total: price}}})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}
