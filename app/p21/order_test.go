package p21_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	sandbox "tieout/cmd/sandbox/p21"
)

const amazonUS = "100198" // the customer that stands for Amazon.com

// sale is an order of three lines; two are for the same item.
func sale(reference string) p21.SalesOrder {
	line := func(n int, item, quantity, total string) p21.SalesLine {
		return p21.SalesLine{Number: n, Reference: fmt.Sprintf("item-%d", n), Item: item, Quantity: d(quantity), Unit: "EA",
			UnitPrice: p21.UnitPrice(d(total), d(quantity)), Total: d(total)}
	}
	return p21.SalesOrder{
		Company: "ACME", Customer: amazonUS, Reference: reference, Source: "AMAZON-FBA", Currency: "USD", Location: "20",
		Date: period.Date{Year: 2026, Month: 11, Day: 20}, Requested: period.Date{Year: 2026, Month: 11, Day: 21},
		ShipTo: p21.Address{City: "Springfield", State: "IL", PostalCode: "62701", Country: "US"},
		Lines:  []p21.SalesLine{line(1, "BRW-POUR-01", "2", "69.98"), line(2, "OUT-LANT", "3", "100.00"), line(3, "BRW-POUR-01", "1", "31.49")},
	}
}

func orderNumber(t *testing.T, o p21.SalesOrder) int64 {
	t.Helper()
	var n int64
	_, err := fmt.Sscan(o.Number, &n)
	require.NoError(t, err)
	return n
}

func TestPostedOrderIsFoundAndReadBackEqual(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for _, reference := range []string{"112-1234567-1234567", "O'Hara & Söhne/1"} {
			o := sale(reference)
			none, err := s.system.FindOrders(t.Context(), reference)
			require.NoError(t, err)
			require.Empty(t, none)

			posted, err := s.system.PostOrder(t.Context(), o)
			require.NoError(t, err)
			require.Empty(t, p21.OrderDifference(o, posted))
			require.Equal(t, p21.Open, posted.Status)
			require.Equal(t, s.clock.Now(), posted.CreatedAt)
			require.NotEmpty(t, posted.RowVersion)
			require.Len(t, posted.Lines, 3, "two lines for one item stay two")

			found, err := s.system.FindOrders(t.Context(), reference)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, posted.Number, found[0].Number)
			require.Equal(t, o.ShipTo, found[0].ShipTo)
			require.Equal(t, o.Source, found[0].Source)
			read, err := s.system.ReadOrder(t.Context(), posted.Number)
			require.NoError(t, err)
			require.Equal(t, found[0], read)
			require.Len(t, s.server.OrdersByReference("ACME", reference), 1)
		}
		_, err := s.system.ReadOrder(t.Context(), "4711")
		require.Equal(t, p21.NotFound, p21.TypeOf(err))
	})
}

func TestPricesSurviveADivisionThatDoesNotComeOut(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := sale("112-1")
		o.Lines[1].Quantity, o.Lines[1].Total = d("300"), d("1000.01")
		o.Lines[1].UnitPrice = p21.UnitPrice(d("1000.01"), d("300"))
		posted, err := s.system.PostOrder(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, "1000.01", posted.Lines[1].Total.Round(2).String())
		require.Equal(t, name == p21.SeedV2, strings.Contains(strings.Join(posted.Notes, " "), "unit price of line 2 was rounded"))
	})
}

func TestWhatDoesNotFitIsCutAndSaid(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		o := sale("112-1")
		o.ShipTo.Name, o.ShipTo.PostalCode = strings.Repeat("ü", 60), "SW1A 1AA LONDON"
		o.Lines[0].Item = "brw-pour-01"
		o.Requested = o.Date
		posted, err := s.system.PostOrder(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("ü", 50), posted.ShipTo.Name)
		require.Equal(t, "SW1A 1AA L", posted.ShipTo.PostalCode)
		require.Equal(t, "BRW-POUR-01", posted.Lines[0].Item, "item codes are upper case")
		notes := strings.Join(posted.Notes, "; ")
		require.Contains(t, notes, "the ship-to name was cut from 60 to 50 characters")
		require.Contains(t, notes, "the postal code was cut from 15 to 10 characters")
		require.NotContains(t, notes, "ü", "notes hold no buyer's data")
		require.Equal(t, name == p21.Native, strings.Contains(notes, "requested day was moved"))
	})
}

func TestRefusedOrdersLeaveNothing(t *testing.T) {
	type refusal struct {
		change func(*p21.SalesOrder)
		words  string
	}
	refusals := map[string]refusal{
		"unknown customer":   {func(o *p21.SalesOrder) { o.Customer = "999999" }, "999999"},
		"another's customer": {func(o *p21.SalesOrder) { o.Customer = "100199" }, "100199"},
		"unknown item":       {func(o *p21.SalesOrder) { o.Lines[1].Item = "NONSENSE" }, "NONSENSE"},
		"inactive item":      {func(o *p21.SalesOrder) { o.Lines[1].Item = sandbox.InactiveItem }, sandbox.InactiveItem},
		"other currency":     {func(o *p21.SalesOrder) { o.Currency = "GBP" }, "USD"},
		"another company":    {func(o *p21.SalesOrder) { o.Company = "ACMEUK" }, "ACMEUK"},
		"no reference":       {func(o *p21.SalesOrder) { o.Reference = "" }, "Reference"},
		"long reference":     {func(o *p21.SalesOrder) { o.Reference = strings.Repeat("1", 51) }, "50 characters"},
		"line break":         {func(o *p21.SalesOrder) { o.Reference = "112-1\n" }, "cannot be shown"},
		"no lines":           {func(o *p21.SalesOrder) { o.Lines = nil }, "Lines are missing"},
		"no quantity":        {func(o *p21.SalesOrder) { o.Lines[0].Quantity = d("0") }, "not positive"},
		"wrong total":        {func(o *p21.SalesOrder) { o.Lines[0].Total = d("70.98") }, "are not 70.98"},
		"line number twice":  {func(o *p21.SalesOrder) { o.Lines[1].Number = 1 }, "not the only one"},
		"five decimals":      {func(o *p21.SalesOrder) { o.Lines[0].Total = d("69.98001") }, "four decimals"},
		"negative":           {func(o *p21.SalesOrder) { o.Lines[0].Tax = d("-1") }, "negative"},
		"long item":          {func(o *p21.SalesOrder) { o.Lines[0].Item = strings.Repeat("X", 41) }, "40 characters"},
		"no date":            {func(o *p21.SalesOrder) { o.Date = period.Date{} }, "Date is missing"},
		"unknown location":   {func(o *p21.SalesOrder) { o.Location = "77" }, "ocation 77"},
	}
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		for label, r := range refusals {
			o := sale("112-1")
			r.change(&o)
			_, err := s.system.PostOrder(t.Context(), o)
			require.Error(t, err, label)
			require.Equal(t, p21.Refused, p21.OutcomeOf(err), "%s: %v", label, err)
			require.Contains(t, fault.MessageOf(err), r.words, label)
		}
		require.Empty(t, s.server.Orders(""))
	})
}

func TestSecondOrderWithTheSameReference(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		first, err := s.system.PostOrder(t.Context(), sale("112-1"))
		require.NoError(t, err)
		_, err = s.system.PostOrder(t.Context(), sale("112-1"))
		has, hasErr := s.system.Features(t.Context())
		require.NoError(t, hasErr)
		found, findErr := s.system.FindOrders(t.Context(), "112-1")
		require.NoError(t, findErr)
		if !has.RefusesDuplicates {
			require.NoError(t, err)
			require.Len(t, found, 2, "several hits are told, not hidden")
			return
		}
		require.Len(t, found, 1)
		var failure *p21.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, p21.Duplicate, failure.Type)
		require.Equal(t, first.Number, failure.ExistingKey)
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
	})
}

func TestOutcomeOfAFailedOrderTellsWhatP21Holds(t *testing.T) {
	type failure struct {
		rule    misbehave.Rule
		want    p21.Outcome
		written bool
	}
	failures := map[string]failure{
		"reset before":        {misbehave.Rule{Kind: misbehave.Reset}, p21.Unknown, false},
		"answer lost":         {misbehave.Rule{Kind: misbehave.ResetAfter}, p21.Unknown, true},
		"500 after the write": {misbehave.Rule{Kind: misbehave.StatusAfter}, p21.Unknown, true},
		"answer breaks off":   {misbehave.Rule{Kind: misbehave.TruncatedBody}, p21.Unknown, true},
		"answer is cut":       {misbehave.Rule{Kind: misbehave.TruncatedPayload}, p21.Unknown, true},
		"answer is another":   {misbehave.Rule{Kind: misbehave.StatusAfter, Status: 200, Body: `{}`}, p21.Unknown, true},
		"503":                 {misbehave.Rule{Kind: misbehave.Status, Status: 503}, p21.Unknown, false},
		"429":                 {misbehave.Rule{Kind: misbehave.Status, Status: 429}, p21.NotSent, false},
		"no such route":       {misbehave.Rule{Kind: misbehave.Status, Status: 404}, p21.NotSent, false},
		"redirect":            {misbehave.Rule{Kind: misbehave.Status, Status: 307, Header: map[string]string{"Location": "https://elsewhere.example/"}}, p21.NotSent, false},
		"token unknown":       {misbehave.Rule{Kind: misbehave.ExpiredToken}, p21.NotSent, false},
		"business rule": {misbehave.Rule{Kind: misbehave.Status, Status: 500, Body: `{"ErrorMessage":"Customer is on hold","ErrorType":"P21.Business.Common.BusinessException"}`},
			p21.Refused, false},
		"bad request": {misbehave.Rule{Kind: misbehave.Status, Status: 400}, p21.Refused, false},
	}
	both(t, func(t *testing.T, name string) {
		for label, f := range failures {
			s := open(t, name)
			f.rule.Operation = sandbox.OpPostOrder
			s.fail(t, f.rule)
			_, err := s.system.PostOrder(t.Context(), sale("112-1"))
			require.Error(t, err, label)
			require.Equal(t, f.want, p21.OutcomeOf(err), "%s: %v", label, err)
			found, err := s.system.FindOrders(t.Context(), "112-1")
			require.NoError(t, err)
			if !f.written {
				require.Empty(t, found, label)
			} else {
				require.Len(t, found, 1, label)
				require.Empty(t, p21.OrderDifference(sale("112-1"), found[0]), label)
			}
			if label != "token unknown" {
				require.Equal(t, 1, s.faults.Rules()[0].Struck, "%s: a write is sent once", label)
			}
		}
	})
}

func TestAnOrderThatCannotBeReadBackIsUnknown(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpReadOrder, Kind: misbehave.Status, Status: 404})
		_, err := s.system.PostOrder(t.Context(), sale("112-1"))
		var failure *p21.Error
		require.ErrorAs(t, err, &failure)
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
		require.Equal(t, fmt.Sprint(s.server.Orders("ACME")[0].Number), failure.ExistingKey)
	})
}

func TestNativeSaysWhatATransactionRefused(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpPostOrder, Kind: misbehave.Status, Status: 200,
		Body: `{"Messages":["Transaction 1:: Customer is on credit hold"],"Results":null,"Summary":{"Succeeded":0,"Failed":1,"Other":0}}`})
	_, err := s.system.PostOrder(t.Context(), sale("112-1"))
	require.Equal(t, p21.Business, p21.TypeOf(err), "HTTP 200 is no success")
	require.Equal(t, p21.Refused, p21.OutcomeOf(err))
	require.Equal(t, "P21 refused: Customer is on credit hold.", fault.MessageOf(err))
}

func TestNativeTransactionsThatAreNotClearAreUnknown(t *testing.T) {
	t.Parallel()
	for label, body := range map[string]string{
		"contaminated session": `{"Messages":["Transaction 1:: Unexpected response window: w_message"],"Results":null,"Summary":{"Succeeded":0,"Failed":1,"Other":0}}`,
		"neither":              `{"Messages":[],"Results":null,"Summary":{"Succeeded":0,"Failed":0,"Other":1}}`,
		"no summary":           `{"Messages":[],"Results":null}`,
		"not passed":           `{"Messages":[],"Results":{"Transactions":[{"Status":"Failed"}]},"Summary":{"Succeeded":1,"Failed":0,"Other":0}}`,
		"no number":            `{"Messages":[],"Results":{"Transactions":[{"Status":"Passed","DataElements":[]}]},"Summary":{"Succeeded":1,"Failed":0,"Other":0}}`,
	} {
		s := open(t, p21.Native)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpPostOrder, Kind: misbehave.StatusAfter, Status: 200, Body: body})
		_, err := s.system.PostOrder(t.Context(), sale("112-1"))
		require.Equal(t, p21.Unknown, p21.OutcomeOf(err), "%s: %v", label, err)
		found, err := s.system.FindOrders(t.Context(), "112-1")
		require.NoError(t, err)
		require.Len(t, found, 1, label)
	}
}

func TestNativeNoticesALineThatTheServerDropped(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native, func(there *sandbox.Config, _ *p21.Config) { there.DropItem = "OUT-LANT" })
	_, err := s.system.PostOrder(t.Context(), sale("112-1"))
	var failure *p21.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, p21.Unknown, p21.OutcomeOf(err))
	require.Contains(t, err.Error(), "the number of lines is 2, not 3")
	require.NotEmpty(t, failure.ExistingKey)
	found, err := s.system.FindOrders(t.Context(), "112-1")
	require.NoError(t, err)
	require.Contains(t, p21.OrderDifference(sale("112-1"), found[0]), "the total is 101.47, not 201.47")
}

func TestTheUIServerIsFoundInXMLToo(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native, func(there *sandbox.Config, _ *p21.Config) { there.TokenXML = true })
	_, err := s.system.PostOrder(t.Context(), sale("112-1"))
	require.NoError(t, err)
}

func TestTheTokenGoesToNoUIServerWithoutAnAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"ftp://127.0.0.1/uiserver0", "/uiserver0", "", "http://"} {
		s := open(t, p21.Native)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpRouter, Kind: misbehave.Status, Status: 200, Body: `{"Url":"` + address + `"}`})
		_, err := s.system.PostOrder(t.Context(), sale("112-1"))
		require.Equal(t, p21.NotSent, p21.OutcomeOf(err), "%q: %v", address, err)
		require.Empty(t, s.server.Orders("ACME"))
	}
}

func TestOrdersMoveOnByThemselves(t *testing.T) {
	both(t, func(t *testing.T, name string) {
		s := open(t, name, func(there *sandbox.Config, _ *p21.Config) {
			there.ShipAfter, there.InvoiceAfter = 2*time.Hour, time.Hour
		})
		posted, err := s.system.PostOrder(t.Context(), sale("112-1"))
		require.NoError(t, err)
		for _, step := range []struct {
			wait time.Duration
			want p21.OrderStatus
		}{{time.Hour, p21.Open}, {time.Hour, p21.Shipped}, {59 * time.Minute, p21.Shipped}, {time.Minute, p21.Invoiced}} {
			s.clock.Advance(step.wait)
			read, err := s.system.ReadOrder(t.Context(), posted.Number)
			require.NoError(t, err)
			require.Equal(t, step.want, read.Status)
		}
	})
}

func TestSeedReadsOrdersUnderTheirOlderName(t *testing.T) {
	t.Parallel()
	s := open(t, p21.SeedV2)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpFindOrders, Kind: misbehave.Status, Status: 200, Body: `{"@odata.count":1,"value":[{"SalesOrderNumber":7,
		"OrderStatus":"Open","CompanyId":"ACME","CustomerNumber":100198,"AmazonOrderId":"112-1","OrderDate":"2026-11-20","CurrencyCode":"USD","LocationId":20,
		"LineItems":[{"LineNumber":1,"ProductCode":"A","Quantity":1,"UnitPrice":2.5,"LineTotal":2.50}],"OrderTotal":2.5}]}`})
	found, err := s.system.FindOrders(t.Context(), "112-1")
	require.NoError(t, err)
	require.Equal(t, "112-1", found[0].Reference)
	require.Equal(t, "7", found[0].Number)
}

func TestServersThatIgnoreWhatIsAskedAreNotBelieved(t *testing.T) {
	t.Parallel()
	row := `{"SalesOrderNumber":"7","CompanyId":"ACME","ExternalReference":"another","OrderDate":"2026-11-20","LineItems":[]}`
	for label, body := range map[string]string{
		"filter": `{"value":[` + row + `]}`,
		"top":    `{"value":[` + strings.Repeat(row+",", 200) + row + `]}`,
		"count":  `{"@odata.count":2,"value":[]}`,
	} {
		s := open(t, p21.SeedV2)
		s.fail(t, misbehave.Rule{Operation: sandbox.OpFindOrders, Kind: misbehave.Status, Status: 200, Body: body})
		_, err := s.system.FindOrders(t.Context(), "112-1")
		require.Equal(t, p21.Malformed, p21.TypeOf(err), label)
	}
}

func TestRowsThatWereNotAskedForAreLeftOut(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	row := func(number, company, reference, deleted, rma string) string {
		return fmt.Sprintf(`{"order_no":%q,"company_id":%q,"customer_id":100198,"po_no":%q,"delete_flag":%q,"rma_flag":%q,"cancel_flag":"Y",
			"order_date":"2026-11-20T00:00:00","source_location_id":20}`, number, company, reference, deleted, rma)
	}
	rows := []string{row("1", "ACME", "112-2", "N", "N"), row("2", "ACMEUK", "112-1", "N", "N"), row("3", "ACME", "112-1", "Y", "N"),
		row("4", "ACME", "112-1", "N", "Y"), row("5", "ACME    ", "112-1", "N", "N")}
	s.fail(t, misbehave.Rule{Operation: sandbox.OpFindOrders, Kind: misbehave.Status, Status: 200, Body: `{"value":[` + strings.Join(rows, ",") + `]}`})
	found, err := s.system.FindOrders(t.Context(), "112-1")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "5", found[0].Number)
	returned, err := s.system.Returns(t.Context(), "112-1")
	require.NoError(t, err)
	require.Len(t, returned, 1)
	require.Equal(t, "4", returned[0].Number)
}

func TestNativeNeverAsksWithIn(t *testing.T) {
	t.Parallel()
	var asked sync.Map
	stand := open(t, p21.Native)
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.Path+"?"+r.URL.Query().Get("$filter"), true)
		stand.server.ServeHTTP(w, r)
	}))
	t.Cleanup(listening.Close)
	stand.config.URL = listening.URL
	system, err := adapter.Open(p21.Native, stand.config)
	require.NoError(t, err)
	stand.system = system
	_, r := stand.sold(t)
	_, err = system.CreateReturn(t.Context(), r)
	require.NoError(t, err)
	_ = all(t, system.Stock(t.Context(), time.Time{}, ""))
	filters := 0
	asked.Range(func(key, _ any) bool {
		filters++
		require.NotRegexp(t, `(?i) in \(`, key, "servers ignore it and return every row")
		return true
	})
	require.Greater(t, filters, 10)
}

func TestNativeDoesNotFollowARedirectWithItsToken(t *testing.T) {
	t.Parallel()
	s := open(t, p21.Native)
	s.fail(t, misbehave.Rule{Operation: sandbox.OpRouter, Kind: misbehave.Status, Status: 307, Header: map[string]string{"Location": "https://elsewhere.example/"}})
	_, err := s.system.PostOrder(t.Context(), sale("112-1"))
	require.Equal(t, p21.NotSent, p21.OutcomeOf(err))
	require.Contains(t, fault.MessageOf(err), "elsewhere.example")
}
