package p21_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
)

func TestShipmentsAndInvoicesFollowAnOrder(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		none, err := s.system.Shipments(t.Context(), p21.Selection{Order: o.Number})
		require.NoError(t, err)
		require.Empty(t, none)

		number := orderNumber(t, o)
		require.NoError(t, s.server.ShipOrder(number, map[int]decimal.Decimal{1: d("1"), 2: d("3")}))
		read, err := s.system.ReadOrder(t.Context(), o.Number)
		require.NoError(t, err)
		require.Equal(t, p21.Open, read.Status, "one is left")
		require.NoError(t, s.server.ShipOrder(number, nil))
		sent, err := s.system.Shipments(t.Context(), p21.Selection{Order: o.Number})
		require.NoError(t, err)
		require.Len(t, sent, 2)
		require.Equal(t, period.Date{Year: 2026, Month: 11, Day: 23}, sent[0].Date)
		require.Equal(t, []p21.ShipmentLine{{Line: 1, Item: "BRW-POUR-01", Quantity: sent[0].Lines[0].Quantity}, {Line: 2, Item: "OUT-LANT", Quantity: sent[0].Lines[1].Quantity}}, sent[0].Lines)
		require.True(t, sent[0].Lines[1].Quantity.Equal(d("3")))
		require.Len(t, sent[1].Lines, 2)

		none2, err := s.system.Invoices(t.Context(), p21.Selection{Order: o.Number})
		require.NoError(t, err)
		require.Empty(t, none2)
		require.NoError(t, s.server.InvoiceOrder(number))
		billed, err := s.system.Invoices(t.Context(), p21.Selection{Order: o.Number})
		require.NoError(t, err)
		require.Len(t, billed, 2)
		sum := decimal.Zero
		for _, i := range billed {
			require.Equal(t, "IN", i.Type)
			require.Equal(t, amazonUS, i.Customer)
			require.Equal(t, "112-1", i.Reference)
			require.Equal(t, []int{11, 2026}, []int{i.Period, i.FiscalYear})
			require.True(t, i.Balance.Equal(i.Total))
			require.Len(t, i.Lines, 2)
			require.True(t, i.Lines[0].Cost.IsPositive())
			sum = sum.Add(i.Total)
		}
		require.True(t, sum.Equal(o.Total()))
		read, err = s.system.ReadOrder(t.Context(), o.Number)
		require.NoError(t, err)
		require.Equal(t, p21.Invoiced, read.Status)
	})
}

func TestShipmentsAndInvoicesAreFoundByTheirChange(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		early := s.entered(t, "112-1")
		require.NoError(t, s.server.ShipOrder(orderNumber(t, early), nil))
		require.NoError(t, s.server.InvoiceOrder(orderNumber(t, early)))
		s.clock.Advance(3 * time.Hour)
		since := p21.Selection{Since: s.clock.Now()}
		late := s.entered(t, "112-2")
		require.NoError(t, s.server.ShipOrder(orderNumber(t, late), nil))
		require.NoError(t, s.server.InvoiceOrder(orderNumber(t, late)))
		sent, err := s.system.Shipments(t.Context(), since)
		require.NoError(t, err)
		require.Len(t, sent, 1)
		require.Equal(t, late.Number, sent[0].Order)
		billed, err := s.system.Invoices(t.Context(), since)
		require.NoError(t, err)
		require.Len(t, billed, 1)
		require.Equal(t, late.Number, billed[0].Order)
		sent, err = s.system.Shipments(t.Context(), p21.Selection{})
		require.NoError(t, err)
		require.Len(t, sent, 2)
	})
}

func TestTrackingIsWrittenBeforeInvoicing(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := s.entered(t, "112-1")
		require.NoError(t, s.server.ShipOrder(orderNumber(t, o), nil))
		sent, err := s.system.Shipments(t.Context(), p21.Selection{Order: o.Number})
		require.NoError(t, err)
		tracking := p21.Tracking{Shipment: sent[0].Number, Carrier: "300", Number: "1Z999AA10123456784"}
		s.fail(t, misbehave.Rule{Operation: sandbox.OpWriteTracking, Kind: misbehave.ResetAfter, Count: 1})
		require.Equal(t, p21.Unknown, p21.OutcomeOf(s.system.WriteTracking(t.Context(), tracking)))
		require.NoError(t, s.system.WriteTracking(t.Context(), tracking), "it is there")
		require.Equal(t, 1, s.faults.Rules()[0].Matched, "what is there is not written again")
		sent, err = s.system.Shipments(t.Context(), p21.Selection{Order: o.Number})
		require.NoError(t, err)
		require.Equal(t, tracking, p21.Tracking{Shipment: sent[0].Number, Carrier: sent[0].Carrier, Number: sent[0].Tracking})

		require.NoError(t, s.server.InvoiceOrder(orderNumber(t, o)))
		tracking.Number = "1Z999AA10123456785"
		require.Equal(t, p21.Refused, p21.OutcomeOf(s.system.WriteTracking(t.Context(), tracking)))
		tracking.Shipment = "4711"
		require.Equal(t, p21.NotFound, p21.TypeOf(s.system.WriteTracking(t.Context(), tracking)))
		require.Equal(t, p21.Validation, p21.TypeOf(s.system.WriteTracking(t.Context(), p21.Tracking{Shipment: "1"})))
	})
}

// sold is an order that has been invoiced, and a return of some of it.
func (s *site) sold(t *testing.T) (p21.SalesOrder, p21.Return) {
	t.Helper()
	o := s.entered(t, "112-1")
	require.NoError(t, s.server.ShipOrder(orderNumber(t, o), nil))
	require.NoError(t, s.server.InvoiceOrder(orderNumber(t, o)))
	return o, p21.Return{
		Company: "ACME", Reference: "RMA-112-1-1", Order: o.Number, Customer: amazonUS, Date: period.Date{Year: 2026, Month: 11, Day: 23}, Location: "20",
		Lines: []p21.ReturnLine{{Number: 1, OrderLine: 1, Item: "BRW-POUR-01", Quantity: d("1"), Reason: "DEFECTIVE"}, {Number: 2, OrderLine: 2, Item: "out-lant", Quantity: d("2")}},
	}
}

func TestAReturnIsFoundAndReadBackEqual(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o, r := s.sold(t)
		held, err := s.system.CreateReturn(t.Context(), r)
		require.NoError(t, err)
		require.Empty(t, p21.ReturnDifference(r, held))
		require.Equal(t, o.Number, held.Order)
		require.Equal(t, p21.ReturnOpen, held.Status)
		require.Equal(t, s.clock.Now(), held.CreatedAt)
		found, err := s.system.Returns(t.Context(), r.Reference)
		require.NoError(t, err)
		require.Equal(t, []p21.Return{held}, found)
		none, err := s.system.Returns(t.Context(), "112-1")
		require.NoError(t, err)
		require.Empty(t, none)
		orders, err := s.system.FindOrders(t.Context(), r.Reference)
		require.NoError(t, err)
		require.Empty(t, orders, "a return is no order")
	})
}

func TestALostAnswerToAReturnIsUnknownAndFound(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, r := s.sold(t)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpCreateReturn, Kind: misbehave.ResetAfter})
		_, err := s.system.CreateReturn(t.Context(), r)
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		found, err := s.system.Returns(t.Context(), r.Reference)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Empty(t, p21.ReturnDifference(r, found[0]))
		require.Len(t, s.server.ReturnsByReference("ACME", r.Reference), 1)
	})
}

func TestReturnsThatCannotBeAreRefused(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		_, good := s.sold(t)
		for label, change := range map[string]func(*p21.Return){
			"too much":        func(r *p21.Return) { r.Lines[0].Quantity = d("3") },
			"another item":    func(r *p21.Return) { r.Lines[0].Item = "OUT-MUG" },
			"another order":   func(r *p21.Return) { r.Order = "4711" },
			"another company": func(r *p21.Return) { r.Company = "ACMEUK" },
			"no order line":   func(r *p21.Return) { r.Lines[0].OrderLine = 0 },
			"no quantity":     func(r *p21.Return) { r.Lines[0].Quantity = d("0") },
			"no lines":        func(r *p21.Return) { r.Lines = nil },
			"same line twice": func(r *p21.Return) { r.Lines[1].Number = 1 },
		} {
			r := good
			r.Lines = append([]p21.ReturnLine{}, good.Lines...)
			change(&r)
			_, err := s.system.CreateReturn(t.Context(), r)
			require.Equal(t, p21.Refused, p21.OutcomeOf(err), "%s: %v", label, err)
		}
		require.Empty(t, s.server.ReturnsByReference("ACME", good.Reference))
	})
}

func TestFeaturesAreWhatTheServerHas(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		has, err := s.system.Features(t.Context())
		require.NoError(t, err)
		require.Equal(t, p21.Features{Orders: true, RefusesDuplicates: name == p21.SeedV2, OrderChange: true, Customers: true, CustomerWrite: true, Items: true,
			Stock: true, StockWrite: true, Shipments: true, TrackingWrite: true, Invoices: true, Returns: true, ReturnWrite: true}, has)
	})
}

func TestFeaturesAreNotGuessedWhileTheServerIsDown(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadInvoices, Kind: misbehave.Status, Count: 5})
		_, err := s.system.Features(t.Context())
		require.Error(t, err)
		has, err := s.system.Features(t.Context())
		require.NoError(t, err)
		require.True(t, has.Invoices)
	})
}

func TestWhatAFacadeDoesNotHaveIsSaid(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2, func(there *sandbox.Config, _ *p21.Config) {
		there.Without = []string{"Invoices", "Returns", "PUT SalesOrders", "PUT Shipments", "PUT InventoryItems"}
	})
	has, err := s.system.Features(t.Context())
	require.NoError(t, err)
	require.False(t, has.Invoices || has.Returns || has.ReturnWrite)
	require.True(t, has.Orders && has.Shipments && has.OrderChange)
	for label, ask := range map[string]func() error{
		"invoices": func() error { _, err := s.system.Invoices(t.Context(), p21.Selection{Order: "1"}); return err },
		"returns":  func() error { _, err := s.system.Returns(t.Context(), "x"); return err },
		"stock adjustments": func() error {
			_, err := s.system.AdjustStock(t.Context(), p21.Adjustment{Reference: "ADJ-1", Item: "OUT-LANT", Location: "20", Delta: d("1"), Reason: "AMZ"})
			return err
		},
		"changes of sales orders": func() error {
			o := s.entered(t, "112-1")
			o.Status = p21.Cancelled
			_, err := s.system.ChangeOrder(t.Context(), o)
			return err
		},
	} {
		err := ask()
		require.Equal(t, p21.Unsupported, p21.TypeOf(err), "%s: %v", label, err)
		require.Equal(t, p21.Refused, p21.OutcomeOf(err))
		require.Equal(t, "This cannot be done with this P21: "+label+" are not available from P21.", fault.MessageOf(err))
	}
	has, err = s.system.Features(t.Context())
	require.NoError(t, err)
	require.False(t, has.OrderChange, "a write that the server turned away is remembered")
}

func TestAMissingRouteOnceIsNoLackForever(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	o := s.entered(t, "112-1")
	s.fail(t, misbehave.Rule{Operation: sandbox.OpChangeOrder, Kind: misbehave.Status, Status: 404, Count: 1})
	o.Status = p21.Cancelled
	_, err := s.system.ChangeOrder(t.Context(), o)
	require.Equal(t, p21.Unsupported, p21.TypeOf(err))
	has, err := s.system.Features(t.Context())
	require.NoError(t, err)
	require.True(t, has.OrderChange, "a proxy in trouble answers so too")
	_, err = s.system.ChangeOrder(t.Context(), o)
	require.NoError(t, err)
}

func TestAPickTicketWithoutAShipDateIsNotShipped(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	o := s.entered(t, "112-1")
	require.NoError(t, s.server.ShipOrder(orderNumber(t, o), nil))
	sent, err := s.system.Shipments(t.Context(), p21.Selection{Order: o.Number})
	require.NoError(t, err)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpReadShipments, Kind: misbehave.Status, Status: 200, Body: `{"value":[{"pick_ticket_no":` + sent[0].Number + `,
		"order_no":"` + o.Number + `","company_id":"ACME","location_id":20,"carrier_id":0,"tracking_no":null,"ship_date":null,"delete_flag":"N"}]}`})
	waiting, err := s.system.Shipments(t.Context(), p21.Selection{Order: o.Number})
	require.NoError(t, err)
	require.Zero(t, waiting[0].Date)
	require.Empty(t, waiting[0].Carrier)
	require.Len(t, waiting[0].Lines, 3)
	read, err := s.system.ReadOrder(t.Context(), o.Number)
	require.NoError(t, err)
	require.Equal(t, p21.Open, read.Status)
}

func TestAmountsThatDoNotAddUpAreNotBelieved(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpReadInvoices, Kind: misbehave.Status, Status: 200, Body: `{"value":[{"CompanyId":"ACME","InvoiceNumber":"1",
		"SalesOrderNumber":"7","InvoiceDate":"2026-11-20","TotalAmount":10.00,"AmountPaid":2.00,"OpenBalance":10.00}]}`})
	_, err := s.system.Invoices(t.Context(), p21.Selection{Order: "7"})
	require.Equal(t, p21.Malformed, p21.TypeOf(err))
	s.fail(t, misbehave.Rule{Operation: sandbox.OpReadOrder, Kind: misbehave.Status, Status: 200, Body: `{"CompanyId":"ACME","SalesOrderNumber":"7",
		"OrderDate":"2026-11-20","LineItems":[{"LineNumber":1,"LineTotal":5}],"OrderTotal":6}`})
	_, err = s.system.ReadOrder(t.Context(), "7")
	require.Equal(t, p21.Malformed, p21.TypeOf(err))
	require.ErrorContains(t, err, "has the total 6, its lines 5")
}

func TestATableThatIsClosedToTheUserIsNoFeature(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpReadInvoices, Kind: misbehave.Status, Status: 403})
	s.fail(t, misbehave.Rule{Operation: sandbox.OpRouter, Kind: misbehave.Status, Status: 404})
	has, err := s.system.Features(t.Context())
	require.NoError(t, err)
	require.Equal(t, p21.Features{Customers: true, CustomerWrite: true, Items: true, Stock: true, StockWrite: true, Shipments: true, Returns: true}, has)
	_, err = s.system.PostOrder(t.Context(), sale("112-1"))
	require.Equal(t, p21.Unsupported, p21.TypeOf(err))
}

func TestOrdersAreEnteredWhereTheirStatusCannotBeRead(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpReadShipments, Kind: misbehave.Status, Status: 403})
	o := s.entered(t, "112-1")
	require.Empty(t, o.Status, "not guessed")
	o.Status = p21.Cancelled
	_, err := s.system.ChangeOrder(t.Context(), o)
	require.Equal(t, p21.Business, p21.TypeOf(err))
	require.ErrorContains(t, err, "not known to be open")
}

func TestATableOrColumnThatIsNotThereIsNoEmptySet(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	for operation, ask := range map[string]func() error{
		sandbox.OpReadInvoices:  func() error { _, err := s.system.Invoices(t.Context(), p21.Selection{}); return err },
		sandbox.OpReadShipments: func() error { _, err := s.system.Shipments(t.Context(), p21.Selection{}); return err },
		sandbox.OpFindCustomers: func() error { _, err := s.system.FindCustomer(t.Context(), "AMAZON-US"); return err },
		sandbox.OpReadStock:     func() error { return firstError(s.system.Stock(t.Context(), time.Time{}, "")) },
	} {
		s.fail(t, misbehave.Rule{Operation: operation, Kind: misbehave.Status, Status: 404})
		require.Equal(t, p21.Unsupported, p21.TypeOf(ask()), operation)
	}
}

func TestMoreThanOnePageComesWhole(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2, func(there *sandbox.Config, _ *p21.Config) { there.ShipAfter, there.InvoiceAfter = time.Hour, time.Hour })
	const count = 205 // the facade's page has 200 rows
	for i := range count {
		_, err := s.system.PostOrder(t.Context(), sale(fmt.Sprintf("112-%d", i)))
		require.NoError(t, err)
	}
	s.clock.Advance(3 * time.Hour)
	native, err := adapter.Open(p21.Native, s.config)
	require.NoError(t, err)
	for _, system := range []p21.System{s.system, native} {
		sent, err := system.Shipments(t.Context(), p21.Selection{})
		require.NoError(t, err)
		require.Len(t, sent, count)
		billed, err := system.Invoices(t.Context(), p21.Selection{})
		require.NoError(t, err)
		require.Len(t, billed, count)
		orders := map[string]bool{}
		for i := range billed {
			require.Len(t, sent[i].Lines, 3)
			require.Len(t, billed[i].Lines, 3)
			orders[billed[i].Order] = true
		}
		require.Len(t, orders, count)
	}
}
