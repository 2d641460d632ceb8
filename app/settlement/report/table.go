package report

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// column is a column that a line field holds.
type column int

const (
	colSettlementID column = iota
	colStart
	colEnd
	colDeposit
	colTotal
	colCurrency
	colTransactionType
	colOrderID
	colMerchantOrderID
	colAdjustmentID
	colShipmentID
	colMarketplace
	colAmountType
	colDescription
	colAmount
	colFulfillment
	colPostedDate
	colPosted
	colOrderItemCode
	colMerchantOrderItemID
	colMerchantAdjustmentID
	colSKU
	colQuantity
	colPromotionID
	// V1 only.
	colShipmentFeeType
	colShipmentFee
	colOrderFeeType
	colOrderFee
	colPriceType
	colPrice
	colItemFeeType
	colItemFee
	colMiscFee
	colOtherFee
	colOtherFeeReason
	colPromotionType
	colPromotion
	colDirectPaymentType
	colDirectPayment
	colOther
	columnCount
)

var columnNames = [columnCount]string{
	"settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency",
	"transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name",
	"amount-type", "amount-description", "amount", "fulfillment-id", "posted-date", "posted-date-time",
	"order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
	"promotion-id",
	"shipment-fee-type", "shipment-fee-amount", "order-fee-type", "order-fee-amount", "price-type", "price-amount",
	"item-related-fee-type", "item-related-fee-amount", "misc-fee-amount", "other-fee-amount",
	"other-fee-reason-description", "promotion-type", "promotion-amount", "direct-payment-type",
	"direct-payment-amount", "other-amount",
}

// maxFields is the widest row that is looked at.
const maxFields = 128

// table cuts rows into fields by the header's names.
type table struct {
	row    []byte
	bounds [maxFields + 1]int32 // field i is row[bounds[i] : bounds[i+1]-1]
	fields int                  // of the current row; maxFields+1 when there are more
	width  int                  // columns of the header
	at     [columnCount]int16   // position of a column, -1 when the header lacks it
	names  []string
}

// newTable reads a header. Names are matched whatever their order and case.
func newTable(header []byte) (*table, error) {
	t := &table{names: headerNames(header)}
	t.width = len(t.names)
	if t.width > maxFields {
		return nil, &Unreadable{Looks: "a table with more than 128 columns", Advice: uploadFlat}
	}
	for c := range t.at {
		t.at[c] = -1
		for i, name := range t.names {
			if name != columnNames[c] {
				continue
			}
			if t.at[c] >= 0 {
				return nil, &Unreadable{Looks: "a settlement report with two columns " + name,
					Advice: "Upload the file as Amazon made it."}
			}
			t.at[c] = int16(i)
		}
	}
	return t, nil
}

// headerNames cuts a header row into lower-case names.
func headerNames(header []byte) []string {
	header = bytes.TrimRight(bytes.TrimPrefix(header, utf8BOM), "\r\n")
	parts := bytes.Split(header, []byte("\t"))
	names := make([]string, len(parts))
	for i, part := range parts {
		names[i] = strings.ToLower(strings.Trim(string(part), " \""))
	}
	return names
}

// unknown lists the columns that no line field holds.
func (t *table) unknown() []string {
	var names []string
	for i, name := range t.names {
		known := false
		for _, at := range t.at {
			known = known || int(at) == i
		}
		if !known && name != "" {
			names = append(names, name)
		}
	}
	return names
}

const (
	eachByte = 0x0101010101010101
	eachTop  = 0x8080808080808080
	eachTab  = '\t' * eachByte
)

// split notes where the row's fields end and reports whether the row is ASCII.
// It looks at eight bytes at a time: a byte of word^tabs is zero exactly where
// the tab is, and adding 0x7f to its low seven bits carries into the top bit
// everywhere else.
func (t *table) split(row []byte) (ascii bool) {
	t.row = row
	n, i, high := 0, 0, uint64(0)
	for ; i+8 <= len(row); i += 8 {
		word := binary.LittleEndian.Uint64(row[i:])
		high |= word
		word ^= eachTab
		tabs := ^(((word & ^uint64(eachTop)) + ^uint64(eachTop)) | word) & eachTop
		for ; tabs != 0; tabs &= tabs - 1 {
			if n++; n > maxFields-1 {
				t.fields = maxFields + 1
				return true
			}
			t.bounds[n] = int32(i + bits.TrailingZeros64(tabs)>>3 + 1)
		}
	}
	for ; i < len(row); i++ {
		high |= uint64(row[i])
		if row[i] == '\t' {
			if n++; n > maxFields-1 {
				t.fields = maxFields + 1
				return true
			}
			t.bounds[n] = int32(i + 1)
		}
	}
	t.fields = n + 1
	t.bounds[n+1] = int32(len(row) + 1)
	return high&eachTop == 0
}

// field returns a field of the current row without blanks around it; nil where
// the row is too short or the header lacks the column.
func (t *table) field(c column) []byte {
	i := int(t.at[c])
	if i < 0 || i >= t.fields {
		return nil
	}
	value := t.row[t.bounds[i] : t.bounds[i+1]-1]
	if n := len(value); n > 0 && (value[0] <= ' ' || value[n-1] <= ' ') {
		return trim(value)
	}
	return value
}

// blank reports whether the row holds nothing but separators.
func (t *table) blank() bool { return len(trim(t.row)) == 0 }

// overlong reports whether anything stands right of the last column.
func (t *table) overlong() bool {
	if t.fields <= t.width {
		return false
	}
	return t.fields > maxFields || len(trim(t.row[t.bounds[t.width]:])) > 0
}
