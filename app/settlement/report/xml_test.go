package report_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"tieout/app/money"
	"tieout/app/settlement/report"
)

const settlementData = `<SettlementData><AmazonSettlementID>1</AmazonSettlementID><TotalAmount currency="EUR">34.37</TotalAmount>
<StartDate>2021-04-29T09:43:19+00:00</StartDate><EndDate>2021-05-13T09:35:05+00:00</EndDate>
<DepositDate>2021-05-15T09:35:05+00:00</DepositDate></SettlementData>
`

func envelope(transactions ...string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<AmazonEnvelope>\n<Header><MerchantIdentifier>M</MerchantIdentifier></Header>\n" +
		"<MessageType>SettlementReport</MessageType>\n<Message><MessageID>1</MessageID><SettlementReport>\n" + settlementData +
		strings.Join(transactions, "\n") + "\n</SettlementReport></Message>\n</AmazonEnvelope>\n")
}

const posted = "<PostedDate>2021-05-01T10:00:00+00:00</PostedDate>"

func amount(value string) string { return `<Amount currency="EUR">` + value + `</Amount>` }

func typed(element, kind, value string) string {
	return "<" + element + "><Type>" + kind + "</Type>" + amount(value) + "</" + element + ">"
}

func TestXMLTransactionsSpeakTheWordsOfV2(t *testing.T) {
	t.Parallel()
	order := `<Order><AmazonOrderID>404-1</AmazonOrderID><MerchantOrderID>M-1</MerchantOrderID><ShipmentID>S1</ShipmentID>
<MarketplaceName>Amazon.es</MarketplaceName><ShipmentFees>` + typed("Fee", "FBA transportation fee", "-1.00") + `</ShipmentFees>
<Fulfillment><MerchantFulfillmentID>AFN</MerchantFulfillmentID>` + posted + `
<Item><AmazonOrderItemCode>77</AmazonOrderItemCode><SKU>A&amp;B</SKU><Quantity>2</Quantity>
<ItemPrice>` + typed("Component", "Principal", "20.00") + typed("Component", "MarketplaceFacilitatorVAT-Principal", "-2.00") + `</ItemPrice>
<ItemFees>` + typed("Fee", "Commission", "-3.00") + `</ItemFees>
<Promotion><MerchantPromotionID>FREE</MerchantPromotionID><Type>Shipping</Type>` + amount("-0.50") + `</Promotion></Item></Fulfillment></Order>`
	adjusted := `<AmazonOrderID>404-2</AmazonOrderID><AdjustmentID>A9</AdjustmentID><MarketplaceName>Amazon.es</MarketplaceName>
<Fulfillment>` + posted + `<AdjustedItem><MerchantAdjustmentItemID>9</MerchantAdjustmentItemID><SKU>S</SKU>
<ItemPriceAdjustments>` + typed("Component", "Principal", "-20.00") + `</ItemPriceAdjustments>
<ItemFeeAdjustments>` + typed("Fee", "RefundCommission", "-0.60") + `</ItemFeeAdjustments>
<PromotionAdjustment><MerchantPromotionID>FREE</MerchantPromotionID><Type>Shipping</Type>` + amount("0.50") + `</PromotionAdjustment></AdjustedItem></Fulfillment>`
	asAdjusted := func(name string) []string {
		return []string{"Amazon.es|" + name + "/ItemPrice/Principal=-20.00", "Amazon.es|" + name + "/ItemFees/RefundCommission=-0.60", "Amazon.es|" + name + "/Promotion/Shipping=0.50"}
	}
	other := func(kind, inside string) string {
		return "<OtherTransaction><TransactionType>" + kind + "</TransactionType>" + posted + inside + "</OtherTransaction>"
	}
	item := func(value string) string {
		return "<OtherTransactionItem><SKU>S</SKU><Quantity>2</Quantity>" + amount(value) + "</OtherTransactionItem>"
	}
	for _, c := range []struct {
		xml  string
		want []string
	}{
		{order, []string{"Amazon.es|Order/ShipmentFees/FBA transportation fee=-1.00", "Amazon.es|Order/ItemPrice/Principal=20.00",
			"Amazon.es|Order/ItemWithheldTax/MarketplaceFacilitatorVAT-Principal=-2.00", "Amazon.es|Order/ItemFees/Commission=-3.00", "Amazon.es|Order/Promotion/Shipping=-0.50"}},
		{"<Refund>" + adjusted + "</Refund>", asAdjusted("Refund")},
		{"<Adjustment>" + adjusted + "</Adjustment>", asAdjusted("Refund")},
		{"<Chargeback>" + adjusted + "</Chargeback>", asAdjusted("Chargeback Refund")},
		{"<GuaranteeClaim>" + adjusted + "</GuaranteeClaim>", asAdjusted("A-to-z Guarantee Refund")},
		{other("Storage Fee", amount("-4.00")), []string{"|other-transaction/other-transaction/Storage Fee=-4.00"}},
		{other("WAREHOUSE_LOST", amount("8.00")+item("8.00")), []string{"|other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST=8.00"}},
		{other("WAREHOUSE_LOST", amount("8.00")+item("5.00")+item("3.00")), []string{"|other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST=5.00", "|other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST=3.00"}},
		{other("WAREHOUSE_LOST", amount("8.00")+item("4.00")), []string{"|other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST=8.00"}},
		{other("Removal", "<Fees>"+typed("Fee", "RemovalFee", "-1.00")+"</Fees>"), []string{"|other-transaction/ItemFees/RemovalFee=-1.00"}},
		{other("Removal", amount("-2.00")+"<Fees>"+typed("Fee", "RemovalFee", "-1.00")+"</Fees>"), []string{"|other-transaction/ItemFees/RemovalFee=-1.00", "|other-transaction/other-transaction/Removal=-2.00"}},
		{"<OtherFee>" + posted + amount("-1.00") + "<ReasonDescription>Labels</ReasonDescription></OtherFee>", []string{"|other-transaction/OtherFee/Labels=-1.00"}},
		{"<MiscEvent>" + posted + "<Type>Correction</Type>" + amount("-1.00") + "</MiscEvent>", []string{"|other-transaction/other-transaction/Correction=-1.00"}},
		{"<Retrocharge><AmazonOrderID>1</AmazonOrderID>" + posted + "<BaseTax>" + amount("3.00") + "</BaseTax><ShippingTax>" + amount("1.00") + "</ShippingTax>" + typed("Charge", "MarketplaceFacilitatorTax-Principal", "-4.00") + "</Retrocharge>",
			[]string{"|Order_Retrocharge/ItemPrice/Tax=3.00", "|Order_Retrocharge/ItemPrice/ShippingTax=1.00", "|Order_Retrocharge/ItemWithheldTax/MarketplaceFacilitatorTax-Principal=-4.00"}},
		{"<RetrochargeReversal>" + posted + "<BaseTax>" + amount("-3.00") + "</BaseTax></RetrochargeReversal>", []string{"|Refund_Retrocharge/ItemPrice/Tax=-3.00"}},
		{"<Liquidations><OrderId>5</OrderId>" + posted + "<Item><SKU>B0</SKU><Quantity>1</Quantity>" + typed("Component", "Principal", "2.00") + typed("Component", "LiquidationsBrokerageFee", "-0.20") + "</Item></Liquidations>",
			[]string{"|Liquidations/ItemPrice/Principal=2.00", "|Liquidations/ItemFees/LiquidationsBrokerageFee=-0.20"}},
		{"<AdvertisingTransactionDetails><TransactionType>Charge</TransactionType>" + posted + `<BaseAmount currency="EUR">-10.00</BaseAmount><TransactionAmount currency="EUR">-10.00</TransactionAmount></AdvertisingTransactionDetails>`,
			[]string{"|ServiceFee/Cost of Advertising/TransactionTotalAmount=-10.00"}},
		{"<AdvertisingTransactionDetails>" + posted + `<BaseAmount currency="EUR">-10.00</BaseAmount><TaxAmount currency="EUR">-2.10</TaxAmount><TransactionAmount currency="EUR">-12.10</TransactionAmount></AdvertisingTransactionDetails>`,
			[]string{"|ServiceFee/Cost of Advertising/TransactionTotalAmount=-10.00", "|ServiceFee/Cost of Advertising/TaxAmount=-2.10"}},
		{"<SellerCouponPayment>" + posted + "<SellerCouponDescription>Save 5%</SellerCouponDescription><FeeComponent><FeeType>Fee</FeeType><FeeAmount>-0.60</FeeAmount></FeeComponent><TotalAmount>-0.60</TotalAmount></SellerCouponPayment>",
			[]string{"|CouponRedemptionFee/CouponRedemptionFee/Save 5%=-0.60"}},
		{"<SomethingNew>" + posted + "<Inner>" + typed("Piece", "Odd", "7.00") + "</Inner></SomethingNew>", []string{"|SomethingNew/SomethingNew/Odd=7.00"}},
		{"<TaxWithholding><TransactionType>Tax</TransactionType>" + posted + "<TransactionAmount>-7.00</TransactionAmount></TaxWithholding>", []string{"|Tax/TaxWithholding/TransactionAmount=-7.00"}},
	} {
		raw := envelope("\n" + c.xml)
		summary, got := parse(t, raw, report.Options{})
		require.Empty(t, summary.Problems, c.xml)
		require.Equal(t, report.XML, summary.Format)
		var names []string
		for i, l := range got.lines {
			require.Equal(t, i, l.Part)
			require.Equal(t, c.xml, string(raw[l.Offset:l.Offset+int64(l.Length)]))
			require.Equal(t, 1+bytes.Count(raw[:l.Offset], []byte("\n")), l.Row)
			require.Equal(t, "2021-05-01T10:00:00Z", l.PostedAt().Format("2006-01-02T15:04:05Z07:00"))
			names = append(names, l.Kind.Marketplace+"|"+l.Kind.TransactionType+"/"+l.Kind.AmountType+"/"+l.Kind.AmountDescription+"="+l.Amount.String())
		}
		require.Equal(t, c.want, names, c.xml)
		require.Equal(t, len(c.want), summary.Settlements[0].Rows)
	}
	_, got := parse(t, envelope(order), report.Options{})
	l := got.lines[4]
	require.Equal(t, []string{"404-1", "M-1", "A&B", "FREE", "AFN"}, []string{l.order, l.merchant, l.sku, l.promotion, l.Fulfillment})
	require.Equal(t, int32(2), l.Quantity)
	require.Empty(t, got.lines[0].sku, "a fee of the shipment has no item")
	require.Contains(t, report.Fields(nil, []byte(order), report.Options{}), report.Field{Column: "Fulfillment/Item/SKU", Value: "A&B"})
}

func TestXMLProblems(t *testing.T) {
	t.Parallel()
	other := func(inside string) string {
		return "<OtherTransaction><TransactionType>X</TransactionType>" + inside + "</OtherTransaction>"
	}
	for rule, transaction := range map[string]string{
		report.RuleAmount:        other(posted + amount("x")),
		report.RuleAmountMixed:   other(posted + amount("1,50")),
		report.RuleAmountMissing: other(posted),
		report.RuleCurrencyOther: other(posted + `<Amount currency="USD">1.00</Amount>`),
		report.RuleDate:          other("<PostedDate>soon</PostedDate>" + amount("1.00")),
		report.RuleDateMissing:   other(amount("1.00")),
		report.RuleQuantity:      other(posted + "<OtherTransactionItem><Quantity>many</Quantity>" + amount("1.00") + "</OtherTransactionItem>"),
		report.RuleTotalDiffers:  "<AdvertisingTransactionDetails>" + posted + "<BaseAmount>1.00</BaseAmount><TransactionAmount>2.00</TransactionAmount></AdvertisingTransactionDetails>",
		report.RuleRowTooLong:    other(posted + amount("1.00") + strings.Repeat("<A>aaaaaaaa</A>", 100_000)),
	} {
		raw := envelope(transaction, other(posted+amount("34.37")))
		summary, got := parse(t, raw, report.Options{})
		require.Len(t, summary.Problems, 1, rule)
		p := summary.Problems[0]
		require.Equal(t, rule, p.Rule)
		require.True(t, transaction == string(raw[p.Offset:p.Offset+int64(p.Length)]), rule)
		require.Len(t, got.lines, 1)
		require.True(t, summary.Settlements[0].Balanced())
	}
	headless := bytes.Replace(envelope(other(posted+amount("1.00"))), []byte(settlementData), nil, 1)
	summary, _ := parse(t, headless, report.Options{})
	require.Equal(t, report.RuleNoSummary, summary.Problems[0].Rule)
}

func TestXMLToleratesWhatBreaksParsers(t *testing.T) {
	t.Parallel()
	other := func(kind string) string {
		return "<OtherTransaction><TransactionType>" + kind + "</TransactionType>" + posted + amount("34.37") + "</OtherTransaction>"
	}
	for name, c := range map[string]struct{ written, read string }{
		"control characters":        {"Storage\x03Fee\x1f", "Storage Fee"},
		"references to them":        {"Storage&#11;&#x1;Fee", "Storage  Fee"},
		"a lone ampersand":          {"Storage & Fee", "Storage & Fee"},
		"an unknown entity":         {"Storage &fee; Fee", "Storage &fee; Fee"},
		"character data":            {"<![CDATA[<Storage>]]>", "<Storage>"},
		"comments":                  {"Storage<!-- <Amount>5</Amount> --> Fee", "Storage Fee"},
		"references":                {"&lt;&#228;&gt;", "<ä>"},
		"bytes that are not UTF-8":  {"Geb\xfchr", "Gebühr"},
		"characters XML forbids":    {"a\uFFFEb", "a b"},
		"a long way to a semicolon": {"a &#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a &#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	} {
		raw := envelope(other(c.written))
		summary, got := parse(t, raw, report.Options{})
		require.Empty(t, summary.Problems, name)
		require.Equal(t, c.read, got.lines[0].Kind.AmountDescription, name)
		require.Equal(t, other(c.written), string(raw[got.lines[0].Offset:][:got.lines[0].Length]), name)
	}
}

func TestXMLInOtherCharsetsKeepsItsOffsets(t *testing.T) {
	t.Parallel()
	transaction := "<OtherTransaction><TransactionType>%</TransactionType>" + posted + amount("34.37") + "</OtherTransaction>"
	for name, c := range map[string]struct {
		text   string
		encode func([]byte) ([]byte, error)
		mark   string
	}{
		"ISO-8859-1": {"Gebühr für Café", charmap.ISO8859_1.NewEncoder().Bytes, ""},
		"Shift_JIS":  {"ポイント 表示 能", japanese.ShiftJIS.NewEncoder().Bytes, ""},
		"UTF-8":      {"ポイント €", func(b []byte) ([]byte, error) { return b, nil }, "\xef\xbb\xbf"},
	} {
		text := strings.Replace(string(envelope(transaction, transaction)), "UTF-8", name, 1)
		raw, err := c.encode([]byte(strings.ReplaceAll(text, "%", c.text)))
		require.NoError(t, err)
		raw = append([]byte(c.mark), raw...)
		_, got := parse(t, raw, report.Options{})
		require.Len(t, got.lines, 2)
		for _, l := range got.lines {
			require.Equal(t, c.text, l.Kind.AmountDescription)
			cut := string(raw[l.Offset : l.Offset+int64(l.Length)])
			require.True(t, strings.HasPrefix(cut, "<OtherTransaction>") && strings.HasSuffix(cut, "</OtherTransaction>"), cut)
		}
	}
}

func TestXMLWithoutLineEndsNumbersItsTransactionsOn(t *testing.T) {
	t.Parallel()
	other := "<OtherTransaction><TransactionType>X</TransactionType>" + posted + amount("1.00") + "</OtherTransaction>"
	raw := bytes.ReplaceAll(envelope(other, other, other), []byte("\n"), nil)
	_, got := parse(t, raw, report.Options{})
	require.Len(t, got.lines, 3)
	require.Equal(t, []int{2, 3, 4}, []int{got.lines[0].Row, got.lines[1].Row, got.lines[2].Row})
}

func TestHostileXMLIsRefusedInFlatMemory(t *testing.T) {
	t.Parallel()
	bomb := `<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><AmazonEnvelope><SettlementReport>&b;</SettlementReport></AmazonEnvelope>`
	for name, in := range map[string]io.Reader{
		"entity bomb":        strings.NewReader(bomb),
		"endless text":       io.MultiReader(bytes.NewReader(envelope()[:400]), endless("a", 64<<20)),
		"endless tag":        io.MultiReader(strings.NewReader("<AmazonEnvelope><"), endless("a", 64<<20)),
		"endless attribute":  io.MultiReader(strings.NewReader("<AmazonEnvelope a=\""), endless("a", 64<<20)),
		"endless comment":    io.MultiReader(strings.NewReader("<AmazonEnvelope><!--"), endless("a", 64<<20)),
		"endless depth":      io.MultiReader(strings.NewReader("<AmazonEnvelope>"), endless("<a>", 64<<20)),
		"endless directive":  io.MultiReader(strings.NewReader("<AmazonEnvelope><!DOCTYPE "), endless("<a", 64<<20)),
		"ends of nothing":    strings.NewReader("<AmazonEnvelope></AmazonEnvelope></a>"),
		"crossing elements":  strings.NewReader("<AmazonEnvelope><SettlementReport></AmazonEnvelope></SettlementReport>"),
		"nothing but a mark": strings.NewReader("<AmazonEnvelope"),
	} {
		_, err := report.Parse(context.Background(), in, report.Options{}, &keeper{})
		var unreadable *report.Unreadable
		require.ErrorAs(t, err, &unreadable, name)
	}
}

// endless repeats text for n bytes without holding them.
func endless(text string, n int64) io.Reader {
	return io.LimitReader(&repeater{text: strings.Repeat(text, 1+4096/len(text))}, n)
}

type repeater struct {
	text string
	at   int
}

func (r *repeater) Read(b []byte) (int, error) {
	n := copy(b, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func TestManySettlementsInOneXML(t *testing.T) {
	t.Parallel()
	other := "<OtherTransaction><TransactionType>X</TransactionType>" + posted + amount("34.37") + "</OtherTransaction>"
	one := string(envelope(other))
	start, end := strings.Index(one, "<Message>"), strings.Index(one, "</AmazonEnvelope>")
	message := one[start:end]
	raw := one[:end] + strings.Replace(message, "ID>1</Amazon", "ID>2</Amazon", 1) + one[end:]
	summary, got := parse(t, []byte(raw), report.Options{})
	require.Empty(t, summary.Problems)
	require.Len(t, summary.Settlements, 2)
	require.Equal(t, []int{0, 1}, []int{got.lines[0].Settlement, got.lines[1].Settlement})
	require.Equal(t, money.Units(343700), summary.Settlements[1].Sum)
}
