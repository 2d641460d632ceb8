// Package reporttest writes settlement reports for tests, in every form and
// style that Amazon's marketplaces use.
package reporttest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"tieout/app/money"
)

// Style is how a marketplace writes.
type Style struct {
	Decimal  string // "." or ","
	Group    string // thousands mark, "" for none
	Brackets bool   // (55.00) instead of -55.00
	Digits   int    // decimals
	Date     string // Go layout of dates with time
	Newline  string
	Encode   func(string) []byte // from UTF-8; nil: UTF-8
	Mark     string              // byte order mark
	OpenEnd  bool                // no line end after the last row
}

// Layouts of dates as marketplaces write them.
const (
	American = "2006-01-02 15:04:05 UTC"
	European = "02.01.2006 15:04:05 UTC"
	Japanese = "2006/01/02 15:04:05 UTC"
	ISO      = "2006-01-02T15:04:05+00:00"
)

// Settlement is a settlement to write; its deposit is the sum of its lines.
type Settlement struct {
	ID, Currency string
	Start, End   time.Time
	Lines        []Line
}

// Line is an amount with everything that can stand around it.
type Line struct {
	Transaction, Marketplace, AmountType, Description string
	Order, Merchant, Adjustment, Shipment             string
	Fulfillment, Item, SKU, Promotion                 string
	Quantity                                          int
	Amount                                            money.Units
	Posted                                            time.Time
}

// Sum adds up the lines.
func (s *Settlement) Sum() money.Units {
	var sum money.Units
	for _, line := range s.Lines {
		sum += line.Amount
	}
	return sum
}

// HeaderV2 is the header row of V2.
const HeaderV2 = "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\t" +
	"transaction-type\torder-id\tmerchant-order-id\tadjustment-id\tshipment-id\tmarketplace-name\tamount-type\t" +
	"amount-description\tamount\tfulfillment-id\tposted-date\tposted-date-time\torder-item-code\t" +
	"merchant-order-item-id\tmerchant-adjustment-item-id\tsku\tquantity-purchased\tpromotion-id"

// HeaderV1 is the header row of V1 with its 36 columns.
const HeaderV1 = "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\t" +
	"transaction-type\torder-id\tmerchant-order-id\tadjustment-id\tshipment-id\tmarketplace-name\tshipment-fee-type\t" +
	"shipment-fee-amount\torder-fee-type\torder-fee-amount\tfulfillment-id\tposted-date\torder-item-code\t" +
	"merchant-order-item-id\tmerchant-adjustment-item-id\tsku\tquantity-purchased\tprice-type\tprice-amount\t" +
	"item-related-fee-type\titem-related-fee-amount\tmisc-fee-amount\tother-fee-amount\t" +
	"other-fee-reason-description\tpromotion-id\tpromotion-type\tpromotion-amount\tdirect-payment-type\t" +
	"direct-payment-amount\tother-amount"

// Amount writes an amount in the style.
func (s Style) Amount(units money.Units) string {
	negative := units < 0
	if negative {
		units = -units
	}
	text := strconv.FormatInt(int64(units/money.UnitsPerWhole), 10)
	if s.Group != "" {
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + s.Group + text[i:]
		}
	}
	if s.Digits > 0 {
		text += s.Decimal + fmt.Sprintf("%04d", units%money.UnitsPerWhole)[:s.Digits]
	}
	switch {
	case negative && s.Brackets:
		return "(" + text + ")"
	case negative:
		return "-" + text
	}
	return text
}

// V2 writes settlements into one report.
func V2(style Style, settlements ...Settlement) []byte {
	w := writer{style: style}
	w.row(strings.Split(HeaderV2, "\t"))
	for i := range settlements {
		s := &settlements[i]
		w.row(append(w.summary(s), make([]string, 18)...))
		for _, l := range s.Lines {
			day, _, _ := strings.Cut(l.Posted.Format(style.Date), " ")
			w.row([]string{s.ID, "", "", "", "", "", l.Transaction, l.Order, l.Merchant, l.Adjustment, l.Shipment,
				l.Marketplace, l.AmountType, l.Description, style.Amount(l.Amount), l.Fulfillment, day,
				l.Posted.Format(style.Date), l.Item, "", "", l.SKU, quantity(l), l.Promotion})
		}
	}
	return w.end()
}

// V1 writes settlements in the older form. Amount types that V1 has no columns
// for stand in other-amount, under their description as transaction type.
func V1(style Style, settlements ...Settlement) []byte {
	w := writer{style: style}
	w.row(strings.Split(HeaderV1, "\t"))
	pairs := map[string]int{"ShipmentFees": 12, "OrderFees": 14, "ItemPrice": 23, "ItemWithheldTax": 23,
		"ItemFees": 25, "Promotion": 31, "DirectPayment": 33}
	for i := range settlements {
		s := &settlements[i]
		w.row(append(w.summary(s), make([]string, 30)...))
		for _, l := range s.Lines {
			row := make([]string, 36)
			copy(row[6:], []string{l.Transaction, l.Order, l.Merchant, l.Adjustment, l.Shipment, l.Marketplace})
			row[0], row[16], row[17], row[18] = s.ID, l.Fulfillment, l.Posted.Format(style.Date), l.Item
			row[21], row[22], row[30] = l.SKU, quantity(l), l.Promotion
			if at, paired := pairs[l.AmountType]; paired {
				row[at], row[at+1] = l.Description, style.Amount(l.Amount)
			} else {
				row[6], row[35] = l.Description, style.Amount(l.Amount)+"    "
			}
			w.row(row)
		}
	}
	return w.end()
}

// XML writes settlements as an AmazonEnvelope, one transaction per line.
func XML(style Style, settlements ...Settlement) []byte {
	var b strings.Builder
	b.WriteString("<AmazonEnvelope>\n<Header><DocumentVersion>1.01</DocumentVersion></Header>\n")
	for i := range settlements {
		s := &settlements[i]
		fmt.Fprintf(&b, "<Message><SettlementReport>\n<SettlementData><AmazonSettlementID>%s</AmazonSettlementID>"+
			"<TotalAmount currency=%q>%s</TotalAmount><StartDate>%s</StartDate><EndDate>%s</EndDate>"+
			"<DepositDate>%s</DepositDate></SettlementData>\n", s.ID, s.Currency, style.Amount(s.Sum()),
			s.Start.Format(ISO), s.End.Format(ISO), s.End.AddDate(0, 0, 2).Format(ISO))
		for _, l := range s.Lines {
			b.WriteString(transaction(style, s.Currency, l))
		}
		b.WriteString("</SettlementReport></Message>\n")
	}
	b.WriteString("</AmazonEnvelope>\n")
	text := b.String()
	if style.Encode == nil {
		return []byte(style.Mark + text)
	}
	return style.Encode(text)
}

func transaction(style Style, currency string, l Line) string {
	amount := fmt.Sprintf("<Amount currency=%q>%s</Amount>", currency, style.Amount(l.Amount))
	posted := "<PostedDate>" + l.Posted.Format(ISO) + "</PostedDate>"
	if l.AmountType == "other-transaction" || l.AmountType == "FBA Inventory Reimbursement" {
		return "<OtherTransaction><TransactionType>" + escape(l.Description) + "</TransactionType>" + posted + amount +
			"</OtherTransaction>\n"
	}
	price, fees, item := "ItemPrice", "ItemFees", "Item"
	if l.Transaction == "Refund" {
		price, fees, item = "ItemPriceAdjustments", "ItemFeeAdjustments", "AdjustedItem"
	}
	typed := "<Type>" + escape(l.Description) + "</Type>" + amount
	switch l.AmountType {
	case "ItemFees":
		typed = "<" + fees + "><Fee>" + typed + "</Fee></" + fees + ">"
	case "Promotion":
		typed = "<Promotion><MerchantPromotionID>" + escape(l.Promotion) + "</MerchantPromotionID>" + typed + "</Promotion>"
	default:
		typed = "<" + price + "><Component>" + typed + "</Component></" + price + ">"
	}
	return "<" + l.Transaction + "><AmazonOrderID>" + l.Order + "</AmazonOrderID><MarketplaceName>" + l.Marketplace +
		"</MarketplaceName><Fulfillment><MerchantFulfillmentID>" + l.Fulfillment + "</MerchantFulfillmentID>" + posted +
		"<" + item + "><SKU>" + escape(l.SKU) + "</SKU>" + typed + "</" + item + "></Fulfillment></" + l.Transaction + ">\n"
}

func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer takes everything
	return b.String()
}

func quantity(l Line) string {
	if l.Quantity == 0 {
		return ""
	}
	return strconv.Itoa(l.Quantity)
}

type writer struct {
	style Style
	out   bytes.Buffer
}

func (w *writer) summary(s *Settlement) []string {
	return []string{s.ID, s.Start.Format(w.style.Date), s.End.Format(w.style.Date),
		s.End.AddDate(0, 0, 2).Format(w.style.Date), w.style.Amount(s.Sum()), s.Currency}
}

func (w *writer) row(fields []string) {
	text := strings.Join(fields, "\t") + w.newline()
	if w.style.Encode == nil {
		w.out.WriteString(text)
		return
	}
	w.out.Write(w.style.Encode(text))
}

func (w *writer) newline() string {
	if w.style.Newline == "" {
		return "\n"
	}
	return w.style.Newline
}

func (w *writer) end() []byte {
	out := append([]byte(w.style.Mark), w.out.Bytes()...)
	if w.style.OpenEnd {
		out = bytes.TrimSuffix(out, []byte(w.newline()))
	}
	return out
}

var kinds = []struct{ transaction, amountType, description string }{
	{"Order", "ItemPrice", "Principal"}, {"Order", "ItemPrice", "Tax"}, {"Order", "ItemFees", "Commission"},
	{"Order", "ItemFees", "FBAPerUnitFulfillmentFee"},
	{"Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"}, {"Order", "Promotion", "Shipping"},
	{"Refund", "ItemPrice", "Principal"}, {"Refund", "ItemFees", "RefundCommission"},
	{"other-transaction", "other-transaction", "Storage Fee"},
	{"other-transaction", "FBA Inventory Reimbursement", "WAREHOUSE_DAMAGE"},
	{"other-transaction", "other-transaction", "Current Reserve Amount"},
}

// Random makes a settlement of n lines whose free text is drawn from words and
// whose amounts have style's decimals. The first lines take every kind once.
func Random(random *rand.Rand, style Style, currency, marketplace string, words []string, n int) Settlement {
	start := time.Date(2025, time.Month(1+random.IntN(12)), 1+random.IntN(28), random.IntN(24), 7, 18, 0, time.UTC)
	s := Settlement{ID: strconv.FormatInt(90000000000+random.Int64N(1e9), 10), Currency: currency,
		Start: start, End: start.AddDate(0, 0, 14)}
	step := money.Units(money.UnitsPerWhole)
	for range style.Digits {
		step /= 10
	}
	for i := range n {
		kind := kinds[random.IntN(len(kinds))]
		if i < len(kinds) {
			kind = kinds[i]
		}
		line := Line{Transaction: kind.transaction, AmountType: kind.amountType, Description: kind.description,
			Amount: money.Units(random.Int64N(4_000_000)-2_000_000) * step,
			Posted: start.Add(time.Duration(random.Int64N(14*24*3600)) * time.Second)}
		if kind.transaction == "Order" || kind.transaction == "Refund" {
			line.Marketplace, line.Fulfillment = marketplace, "AFN"
			line.Order = fmt.Sprintf("%03d-%07d-%07d", random.IntN(1000), random.IntN(1e7), random.IntN(1e7))
			line.Merchant, line.Shipment = line.Order, fmt.Sprintf("X%08x", random.Uint32())
			line.Item = strconv.FormatInt(random.Int64N(1e15), 10)
			line.SKU = fmt.Sprintf("SKU-%03d", random.IntN(500))
			if kind.amountType == "Promotion" {
				line.Promotion = words[random.IntN(len(words))]
			}
			if kind.transaction == "Order" {
				line.Quantity = 1 + random.IntN(3)
			}
		}
		s.Lines = append(s.Lines, line)
	}
	return s
}
