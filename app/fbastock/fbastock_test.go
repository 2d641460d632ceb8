package fbastock_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/fbastock"
	"tieout/app/flow"
	"tieout/app/inventory"
	"tieout/app/p21"
	"tieout/app/reconcile"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/bothsides"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

const (
	kettle  = "BRW-POUR-01"
	whisk   = "KITWHSK01"
	halfDay = 12 * time.Hour
)

// world is a connection with the flow of FBA inventory.
type world struct {
	*bothsides.World
	approvals *fbastock.Approvals
	queue     *exception.Queue
}

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Models: []string{"fbaInventory.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{fbastock.New(w, fbastock.NewStore(w.Pool), inventory.NewShelf(w.Pool), w.Resolve, func() fbastock.Settings { return w }, w.Clock)}
	}}
}

// open is a world in which both sides agree: 20 kettles, of which Amazon keeps
// some in pairs of whisks and sets.
func open(w *bothsides.World) *world {
	x := &world{w, fbastock.NewApprovals(w.Pool, w.Clock, w.Release), exception.NewQueue(w.Pool)}
	x.amazon("KETTLE", 20)
	x.amazon("PAIR", 6)
	x.p21(kettle, 20)
	x.p21(whisk, 12)
	x.Run(fbastock.Name)
	require.Equal(w.T, "ignored Both sides have 20.", x.State(fbastock.Name, kettle))
	require.Equal(w.T, "ignored Both sides have 12.", x.State(fbastock.Name, whisk), "six pairs")
	return x
}

func adapters(t *testing.T, test func(t *testing.T, w *world)) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, w *bothsides.World) { test(t, open(w)) })
}

func (w *world) amazon(sku string, fulfillable int) {
	w.T.Helper()
	require.NoError(w.T, w.Seller.StoreFBA(amazonstand.FBAStock{Account: "us", SKU: sku, Fulfillable: fulfillable}))
}

// p21 sets what P21 could promise of an item at the location of Amazon's warehouses.
func (w *world) p21(item string, available int64) {
	w.T.Helper()
	held, ok := w.ERP.StockOf(item, "20")
	require.True(w.T, ok, item)
	require.NoError(w.T, w.ERP.SetStock(item, "20", decimal.NewFromInt(available).Add(held.Allocated)))
}

func (w *world) available(item string) string {
	held, _ := w.ERP.StockOf(item, "20")
	return held.OnHand.Sub(held.Allocated).String()
}

// settle lets a difference stand until somebody is asked.
func (w *world) settle() {
	w.T.Helper()
	w.Later(fbastock.Name, 30*time.Minute)
	w.Later(fbastock.Name, 40*time.Minute)
	w.Later(fbastock.Name, 40*time.Minute)
}

func (w *world) exception(item string) exception.Exception {
	w.T.Helper()
	var id int64
	require.NoError(w.T, w.Pool.QueryRow(w.T.Context(), `SELECT id FROM exception WHERE class = 'stock_difference' AND cause = $1 AND state = 'open'`, item).Scan(&id))
	e, err := w.queue.Get(w.T.Context(), id)
	require.NoError(w.T, err)
	return e
}

func (w *world) adjustments() string {
	return w.Text(`SELECT count(*)::text FROM outbound_message WHERE kind = 'stock_adjustment'`)
}

func TestADifferenceWaitsForAnApprovalAndP21IsAdjustedByExactlyIt(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		w.amazon("KETTLE", 17)
		w.Later(fbastock.Name, 30*time.Minute)
		require.Contains(t, w.State(fbastock.Name, kettle), "received Amazon has 17 of BRW-POUR-01, P21 has 20 at location 20: a difference of -3. It is looked at again", "it may pass")
		w.settle()
		require.Contains(t, w.State(fbastock.Name, kettle), "exception Amazon has 17")
		e := w.exception(kettle)
		require.Equal(t, "Stock of BRW-POUR-01 differs by -3", e.Title)
		require.Equal(t, "20", w.available(kettle), "nobody has approved it")

		carl := w.Person("Carl Controller")
		require.NoError(t, w.approvals.Approve(t.Context(), e, carl))
		require.NoError(t, w.Work(t.Context(), w.Connection, fbastock.Name))
		require.Equal(t, "17", w.available(kettle))
		require.Equal(t, "delivered", w.State(fbastock.Name, kettle))
		w.settle()
		require.Equal(t, "delivered", w.State(fbastock.Name, kettle), "both sides are equal now")
		require.Equal(t, "1", w.adjustments())
		require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM fba_difference`))
		require.Equal(t, "1", w.Text(`SELECT count(*)::text FROM audit_event WHERE action = 'stock adjustment approved' AND actor = 'Carl Controller'`))
	})
}

func TestTheSameDifferenceAgainIsAnotherOne(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.Native)))
	for round, left := range []int{17, 14} {
		w.amazon("KETTLE", left)
		w.settle()
		require.NoError(t, w.approvals.Approve(t.Context(), w.exception(kettle), w.Person(fmt.Sprintf("Carl %d", round))))
		require.NoError(t, w.Work(t.Context(), w.Connection, fbastock.Name))
		require.Equal(t, fmt.Sprint(left), w.available(kettle))
	}
	require.Equal(t, "2", w.adjustments())
}

// Between two readings P21 is adjusted and gains as much again: what is read is
// what was read before.
func TestTheSameUnitsAgainAfterAnAdjustmentDifferAgain(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		w.amazon("KETTLE", 17)
		w.settle()
		require.NoError(t, w.approvals.Approve(t.Context(), w.exception(kettle), w.Person("Carl Controller")))
		require.NoError(t, w.Work(t.Context(), w.Connection, fbastock.Name))
		require.Equal(t, "17", w.available(kettle))
		w.Clock.Advance(10 * time.Second)
		w.p21(kettle, 20)
		w.settle()
		require.Contains(t, w.State(fbastock.Name, kettle), "exception Amazon has 17")
		require.Equal(t, "Stock of BRW-POUR-01 differs by -3", w.exception(kettle).Title)
	})
}

func TestAnApprovalIsOfOneDifferenceAlone(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	w.amazon("KETTLE", 17)
	w.settle()
	stale := w.exception(kettle)
	w.amazon("KETTLE", 5)
	w.settle()
	require.True(t, fault.Is(w.approvals.Approve(t.Context(), stale, w.Person("Carl")), fault.Conflict), "it named another difference")
	require.Equal(t, "Stock of BRW-POUR-01 differs by -15", w.exception(kettle).Title)

	carl := w.Person("Carl Again")
	require.NoError(t, w.approvals.Approve(t.Context(), w.exception(kettle), carl))
	w.p21(kettle, 19) // somebody counts before it is carried out
	require.NoError(t, w.Work(t.Context(), w.Connection, fbastock.Name))
	require.Contains(t, w.State(fbastock.Name, kettle), "has moved since it was read")
	w.settle()
	require.Equal(t, "19", w.available(kettle))
	require.Equal(t, "Stock of BRW-POUR-01 differs by -14", w.exception(kettle).Title)
	_, err := w.Pool.Exec(t.Context(), `UPDATE fba_difference SET approved_by = $1, approved_at = now()`, carl.PersonID)
	require.NoError(t, err)
	_, err = w.Pool.Exec(t.Context(), `UPDATE fba_difference SET units = 1`)
	require.ErrorContains(t, err, "does not pass to another", "whatever SQL says")
}

func TestADifferenceThatPassesAsksNobody(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	w.amazon("KETTLE", 17)
	w.Later(fbastock.Name, 30*time.Minute)
	w.p21(kettle, 17) // the orders have arrived
	w.Later(fbastock.Name, 30*time.Minute)
	require.Equal(t, "ignored Both sides have 17.", w.State(fbastock.Name, kettle))
	require.Equal(t, "0", w.Text(`SELECT count(*)::text FROM exception`))
}

func TestSmallDifferencesGoByThemselvesWhereTheLimitSaysSo(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	v, err := w.Version(t.Context(), w.Connection, fbastock.Name, 0)
	require.NoError(t, err)
	for i, f := range v.Fields {
		if f.Name == "limit" {
			v.Fields[i].Formula = `100`
		}
	}
	actor := w.Person("Olga Ops")
	number, err := w.Save(t.Context(), w.Connection, fbastock.Name, v, "a limit", actor)
	require.NoError(t, err)
	require.NoError(t, w.Use(t.Context(), w.Connection, fbastock.Name, number, actor))
	w.amazon("KETTLE", 21)
	w.amazon("PAIR", 600)
	w.settle()
	require.Equal(t, "21", w.available(kettle))
	require.Equal(t, "12", w.available(whisk), "it is worth too much")
	require.Contains(t, w.exception(whisk).Title, "+1188")
}

// Whatever becomes of the answer, P21 is adjusted once.
func TestAnAdjustmentIsMadeOnceWhateverP21Answers(t *testing.T) {
	t.Parallel()
	for _, rule := range []misbehave.Rule{{Kind: misbehave.ResetAfter}, {Kind: misbehave.Reset}, {Kind: misbehave.Status, Status: 503}, {Kind: misbehave.StatusAfter, Status: 500}} {
		for _, kind := range []string{p21.SeedV2, p21.Native} {
			t.Run(kind+"/"+string(rule.Kind), func(t *testing.T) {
				t.Parallel()
				w := open(bothsides.New(t, setup(kind)))
				w.amazon("KETTLE", 17)
				w.settle()
				require.NoError(t, w.approvals.Approve(t.Context(), w.exception(kettle), w.Person("Carl")))
				r := rule
				r.Side, r.Operation, r.Count = "p21", p21stand.OpAdjustStock, 1
				w.Strike(r)
				require.NoError(t, w.Work(t.Context(), w.Connection, fbastock.Name))
				w.settle()
				require.Equal(t, "17", w.available(kettle))
				require.Equal(t, "delivered", w.State(fbastock.Name, kettle))
				require.Equal(t, "1", w.adjustments())
			})
		}
	}
}

func TestAnSKUThatStandsForNothingIsAnExceptionUntilItIsMapped(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	w.amazon("MYSTERY", 4)
	w.amazon("GHOST", 0)
	w.Later(fbastock.Name, 30*time.Minute)
	require.Contains(t, w.State(fbastock.Name, "sku MYSTERY"), "exception SKU MYSTERY is at Amazon and not mapped")
	require.Equal(t, "none", w.State(fbastock.Name, "sku GHOST"), "there is nothing of it")
	w.Map("MYSTERY", catalog.Part{Code: kettle, Quantity: 1})
	w.settle()
	require.Contains(t, w.exception(kettle).Title, "differs by +4", "both SKUs are the same item")
}

func TestWhatAmazonNamesNoMoreIsGone(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	require.NoError(t, w.Seller.LoseFBA("us", "PAIR"))
	w.settle()
	require.Contains(t, w.State(fbastock.Name, whisk), "Both sides have 12", "Amazon does not tell of it until it is asked for everything")
	w.Later(fbastock.Name, halfDay)
	w.settle()
	require.Contains(t, w.exception(whisk).Title, "differs by -12")
}

func TestANotificationHasOneSKUReadAtOnceAndTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	w.amazon("KETTLE", 19)
	payload := json.RawMessage(`{"SellerId":"A","FNSKU":"X","ASIN":"B","SKU":"KETTLE","FulfillmentInventoryByMarketplace":[]}`)
	for range 2 {
		tx, err := w.Pool.Begin(t.Context())
		require.NoError(t, err)
		heard, err := w.Hear(t.Context(), tx, w.Connection, amazon.InventoryChange, payload)
		require.NoError(t, err)
		require.True(t, heard)
		require.NoError(t, tx.Commit(t.Context()))
		require.NoError(t, w.Work(t.Context(), w.Connection, fbastock.Name))
	}
	require.Contains(t, w.State(fbastock.Name, kettle), "a difference of -1")
	require.Equal(t, "2", w.Text(`SELECT latest::text FROM flow_record WHERE key = $1`, kettle))
}

func TestManySKUsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	w := open(bothsides.New(t, setup(p21.SeedV2)))
	for i := range 130 {
		w.amazon(fmt.Sprintf("MORE-%03d", i), 1)
	}
	w.Later(fbastock.Name, 30*time.Minute)
	require.Equal(t, "132", w.Text(`SELECT count(*)::text FROM fba_stock`))
	require.Equal(t, "130", w.Text(`SELECT count(*)::text FROM flow_record WHERE state = 'exception'`))
}

func TestADifferenceIsReconciledAtP21sCostWithWhatMovedTheItem(t *testing.T) {
	adapters(t, func(t *testing.T, w *world) {
		w.amazon("KETTLE", 17)
		w.settle()
		store := fbastock.NewStore(w.Pool)
		service := reconcile.NewService(w.Pool, w.Clock, store)
		require.NoError(t, service.CheckAll(t.Context(), w.Connection))
		items, err := service.List(t.Context(), reconcile.Filter{Name: reconcile.Stock, PageSize: 10})
		require.NoError(t, err)
		require.Len(t, items, 1)
		one := items[0]
		require.Equal(t, "BRW-POUR-01 P21 has more -3", fmt.Sprint(one.Key, " ", one.Cause, " ", one.Units.Decimal))
		require.Contains(t, one.Detail, "Amazon has 17, P21 has 20")
		cost := decimal.RequireFromString(w.Text(`SELECT max(unit_cost)::text FROM stock WHERE item_code = 'BRW-POUR-01'`))
		require.True(t, cost.IsPositive())
		require.True(t, one.Difference().Equal(cost.Mul(decimal.NewFromInt(-3)).Round(2)), one.Difference().String())
		none, err := store.Movements(t.Context(), one.ObjectID)
		require.NoError(t, err)
		require.Empty(t, none)
		_, err = w.Pool.Exec(t.Context(), `SET session_replication_role = replica;
			INSERT INTO flow_record (connection_id, flow, key, source_at, latest_hash, title) SELECT id, 'fba_ledger', d || ' US KETTLE', now(), '', '20 + 0 received - 3 shipped = 17' FROM connection, unnest(ARRAY['2026-11-20', '2026-11-21']) d;
			INSERT INTO flow_record (connection_id, flow, key, source_at, latest_hash, title) SELECT id, 'fba_ledger', '2026-11-21 US KETTLE-2', now(), '', '' FROM connection;
			SET session_replication_role = origin`)
		require.NoError(t, err)
		moves, err := store.Movements(t.Context(), one.ObjectID)
		require.NoError(t, err)
		require.Len(t, moves, 2)
		require.Equal(t, "2026-11-21 US KETTLE", moves[0].Day)
	})
}
