package returns_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/flow"
	"tieout/app/orders"
	"tieout/app/p21"
	"tieout/app/returns"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

const orderID = bothsides.OrderID

// world is a connection with the flows of orders and returns.
type world struct{ *bothsides.World }

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Writes: 10 * time.Minute, Models: []string{"orders_2026-01-01.json", "reports_2021-06-30.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{orders.New(w, (*amazon.Client).Orders2026, w.Resolve, w.Catalog.NoteListings), returns.New(w, func() returns.Orders { return w.Service }, w.Resolve)}
	}}
}

func adapters(t *testing.T, test func(t *testing.T, w *world)) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) { test(t, &world{w}) })
}

// sold is an order that P21 has shipped and invoiced.
func (w *world) sold(items ...amazonstand.PlacedItem) p21stand.Order {
	w.T.Helper()
	o := w.Sell(amazon.ByAmazon, items...)
	require.NoError(w.T, w.ERP.ShipOrder(o.Number, nil))
	require.NoError(w.T, w.ERP.InvoiceOrder(o.Number))
	return o
}

// back has units come back, and time pass until Amazon has reported them.
func (w *world) back(sku string, units int, disposition string) {
	w.T.Helper()
	require.NoError(w.T, w.Seller.PlaceReturns(amazonstand.PlacedReturn{Account: "us", OrderID: orderID, SKU: sku, Quantity: units, Disposition: disposition}))
	w.read()
}

// read lets a new window begin, asks for its report and reads it.
func (w *world) read() {
	w.T.Helper()
	w.Later(returns.Name, 6*time.Hour)
	w.Later(returns.Name, 20*time.Minute)
}

// entered are the units of each item that P21 took back of the order.
func (w *world) entered() map[string]string {
	w.T.Helper()
	units := map[string]string{}
	for _, ref := range w.references() {
		held := w.ERP.ReturnsByReference("ACME", ref)
		require.Len(w.T, held, 1, ref)
		for _, l := range held[0].Lines {
			known, _ := decimal.NewFromString(units[l.Item])
			units[l.Item] = known.Add(l.Quantity).String()
		}
	}
	return units
}

func (w *world) references() (list []string) {
	w.T.Helper()
	rows, err := w.Pool.Query(w.T.Context(), `SELECT DISTINCT reference FROM outbound_message WHERE kind = 'return'`)
	require.NoError(w.T, err)
	defer rows.Close()
	for rows.Next() {
		var ref string
		require.NoError(w.T, rows.Scan(&ref))
		list = append(list, ref)
	}
	require.NoError(w.T, rows.Err())
	return list
}

// states counts the returns of the order by state.
func (w *world) states() string {
	w.T.Helper()
	return w.Text(`SELECT coalesce(string_agg(state || ' ' || n, ', ' ORDER BY state), '') FROM (SELECT state, count(*) AS n FROM flow_record WHERE flow = 'returns' AND key LIKE '112-0000001%' GROUP BY state) x`)
}

func TestEachUnitThatComesBackIsEnteredOnce(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		w.sold(amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 3}, amazonstand.PlacedItem{SKU: "PAIR", Quantity: 1}, amazonstand.PlacedItem{SKU: "SET", Quantity: 1})
		w.back("KETTLE", 2, "")
		w.back("PAIR", 1, "CUSTOMER_DAMAGED")
		w.back("SET", 1, "")
		require.Equal(t, "delivered 4", w.states())
		require.Equal(t, map[string]string{"BRW-POUR-01": "3", "KITWHSK01": "5"}, w.entered())
		w.read() // the windows overlap
		require.Equal(t, "delivered 4", w.states())
		require.Equal(t, "4", w.Text(`SELECT count(*)::text FROM outbound_message WHERE kind = 'return'`))
	})
}

func TestAReturnWaitsUntilP21HasShippedTheOrder(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		o := w.Sell(amazon.ByAmazon, amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
		w.back("KETTLE", 1, "")
		require.Equal(t, "received 1", w.states())
		require.Contains(t, w.Text(`SELECT problem FROM flow_record WHERE flow = 'returns' AND key LIKE '112-0000001%'`), "has not shipped")
		require.NoError(t, w.ERP.ShipOrder(o.Number, nil))
		require.NoError(t, w.ERP.InvoiceOrder(o.Number))
		w.Later(returns.Name, 3*time.Hour)
		require.Equal(t, "delivered 1", w.states())
	})
}

func TestReturnsOfOrdersThatP21LacksAreOneException(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	for range 3 {
		w.back("KETTLE", 1, "")
	}
	require.Equal(t, "exception 3", w.states())
	require.Equal(t, "1", w.Text(`SELECT count(*)::text FROM exception WHERE cause = 'returns/no order'`))
}

// Amazon takes minutes to write a report: a second look asks for nothing anew.
func TestAReportIsAskedForOnce(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	created := func() int {
		for _, u := range w.Seller.Usage() {
			if u.Operation == "createReport" {
				return u.Calls
			}
		}
		return 0
	}
	w.Run(returns.Name)
	for range 3 {
		w.Later(returns.Name, 2*time.Minute)
	}
	require.Equal(t, 1, created())
	w.Later(returns.Name, 20*time.Minute)
	require.NotEqual(t, "", w.Text(`SELECT coalesce(read_until::text, '') FROM flow WHERE name = 'returns'`))
	require.Equal(t, 1, created())
	w.Later(returns.Name, time.Hour)
	require.Equal(t, 2, created(), "there is more to read now")
}

// P21 does not refuse a second return, so that one whose answer was lost is looked
// for, and sent again at a person's word alone.
func TestAReturnIsThereOnceWhateverP21Answers(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.ResetAfter}, {Kind: misbehave.StatusAfter, Status: 500}, {Kind: misbehave.Reset}, {Kind: misbehave.Status, Status: 503}} {
		t.Run(string(rule.Kind), func(t *testing.T) {
			t.Parallel()
			w := &world{bothsides.New(t, setup(p21.SeedV2))}
			w.sold(amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
			rule.Side, rule.Method, rule.Path, rule.Count = "p21", "POST", "/api/v2/Returns", 1
			w.Strike(rule)
			w.back("KETTLE", 1, "")
			w.Later(returns.Name, time.Hour)
			if arrived := rule.Kind == misbehave.ResetAfter || rule.Kind == misbehave.StatusAfter; !arrived {
				require.Equal(t, "unknown 1", w.states())
				require.Empty(t, w.ERP.ReturnsByReference("ACME", w.references()[0]))
				w.SendAgain()
				require.NoError(t, w.Work(t.Context(), w.Connection, returns.Name))
			}
			require.Equal(t, "delivered 1", w.states())
			require.Equal(t, map[string]string{"BRW-POUR-01": "1"}, w.entered())
		})
	}
}

// What Amazon says later of a return changes nothing in P21.
func TestARowThatCannotBeReadStandsAsItIs(t *testing.T) {
	t.Parallel()
	w := &world{bothsides.New(t, setup(p21.SeedV2))}
	w.sold(amazonstand.PlacedItem{SKU: "KETTLE", Quantity: 1})
	require.NoError(t, w.Seller.PlaceReturns(amazonstand.PlacedReturn{Account: "us", OrderID: orderID, SKU: "\t", Quantity: 1}))
	w.back("KETTLE", 1, "")
	require.Equal(t, "delivered 1", w.states(), "the good row goes on")
	require.Contains(t, w.Text(`SELECT problem FROM flow_record WHERE flow = 'returns' AND key LIKE 'unreadable%'`), "line 2")
}
