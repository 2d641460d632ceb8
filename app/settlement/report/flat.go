package report

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"tieout/app/money"
)

// flat reads the two tab separated forms. Quotes mean nothing in them: a stray
// one in a title must not swallow rows.
type flat struct {
	*parser
	table   *table
	header  []byte
	columns []column // that hold amounts, total-amount not among them
	detail  func() error
	decoded []byte // the row in UTF-8 where it was not ASCII
	parts   []part

	postedText []byte // last posted date, most rows repeat it
	postedAt   int64
}

// parseFlat reads a tab separated report; start is what the source will give
// first.
func (p *parser) parseFlat(in *source, start []byte) error {
	header, consumed, rows := firstRow(start)
	table, err := newTable(header)
	if err != nil {
		return err
	}
	f := &flat{parser: p, table: table, header: bytes.Clone(header)}
	head := Head{Format: FlatFileV2, Header: f.header, UnknownColumns: table.unknown()}
	f.detail, f.columns = f.detailV2, []column{colAmount}
	if table.at[colAmount] < 0 {
		head.Format = FlatFile
		f.detail, f.columns = f.detailV1, amountsV1
	}
	f.learn(start[consumed:], in.ended == io.EOF)
	if err := p.begin(head); err != nil {
		return err
	}
	in.skip(consumed)
	in.row = rows
	return f.read(in)
}

// firstRow finds the header: the first row that is not blank. consumed and
// rows count what it takes with all before it.
func firstRow(start []byte) (header []byte, consumed, rows int) {
	for consumed < len(start) {
		line, _, more := bytes.Cut(start[consumed:], []byte("\n"))
		consumed += len(line)
		if more {
			consumed++
		}
		rows++
		if header = bytes.TrimRight(line, "\r"); len(trim(bytes.TrimPrefix(header, utf8BOM))) > 0 {
			return header, consumed, rows
		}
	}
	return header, consumed, rows
}

// learn decides the file's styles by its beginning; a row that is cut off
// proves nothing.
func (f *flat) learn(start []byte, whole bool) {
	dates := []column{colStart, colEnd, colDeposit, colPostedDate, colPosted}
	for {
		end := bytes.IndexByte(start, '\n')
		if end < 0 && (len(start) == 0 || !whole) {
			return
		}
		row := start
		if end >= 0 {
			row, start = start[:end], start[end+1:]
		} else {
			start = nil
		}
		f.table.split(bytes.TrimSuffix(row, []byte("\r")))
		if f.table.overlong() {
			continue
		}
		f.amounts.learn(f.table.field(colTotal))
		for _, c := range f.columns {
			f.amounts.learn(f.table.field(c))
		}
		for _, c := range dates {
			f.dates.learn(f.table.field(c))
		}
	}
}

// read goes through all rows.
func (f *flat) read(in *source) error {
	for {
		row, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read report: %w", err)
		}
		if err := f.tick(); err != nil {
			return err
		}
		if err := numbered(row.number); err != nil {
			return err
		}
		if err := f.readRow(row); err != nil {
			return err
		}
	}
}

// readRow reads one row, whatever it is.
func (f *flat) readRow(row rawRow) error {
	f.place(row.number, row.offset, row.length)
	if row.tooLong {
		f.current = -1
		f.problem("", nil, RuleRowTooLong)
		return nil
	}
	t := f.table
	if ascii := t.split(row.text); !ascii {
		f.decoded = f.charset.append(f.decoded[:0], row.text)
		t.split(f.decoded)
	}
	id := t.field(colSettlementID)
	if f.aside(row.text, id) {
		return nil
	}
	if f.isSummary() {
		return f.summaryRow()
	}
	if !f.find(id) {
		rule := RuleNoSummary
		if len(id) == 0 {
			rule = RuleSettlementID
		}
		f.problem(columnNames[colSettlementID], id, rule)
		return nil
	}
	return f.detail()
}

// aside deals with rows that are neither summary nor detail.
func (f *flat) aside(text, id []byte) bool {
	t := f.table
	damaged := ""
	switch {
	case bytes.IndexByte(text, 0) >= 0:
		damaged = RuleNUL
	case t.overlong():
		damaged = RuleTooManyFields
	case len(id) == 0 && t.blank(), bytes.Equal(text, f.header):
		return true // files put together repeat the header
	case string(id) == columnNames[colSettlementID]:
		damaged = RuleHeaderDiffers
	}
	if damaged == "" {
		return false
	}
	f.find(id)
	f.problem("", text, damaged)
	return true
}

// isSummary is the only safe test: a total and no amount. The transaction type
// is empty on some detail rows too.
func (f *flat) isSummary() bool {
	if len(f.table.field(colTotal)) == 0 {
		return false
	}
	for _, c := range f.columns {
		if len(f.table.field(c)) > 0 {
			return false
		}
	}
	return true
}

func (f *flat) summaryRow() error {
	var names [6]string
	var values [6][]byte
	for c := colSettlementID; c <= colCurrency; c++ {
		names[c], values[c] = columnNames[c], f.table.field(c)
	}
	return f.settlement(names, values)
}

// part is one amount of a row.
type part struct {
	amount                               money.Units
	transaction, amountType, description []byte
}

// shared reads the fields that all amounts of a row share; false when one of
// them is a problem.
func (f *flat) shared() bool {
	t, line := f.table, &f.line
	posted, from := t.field(colPosted), colPosted
	if len(posted) == 0 {
		posted, from = t.field(colPostedDate), colPostedDate
	}
	if len(f.postedText) == 0 || !bytes.Equal(posted, f.postedText) {
		if rule := f.dates.parse(posted, &f.postedAt); rule != "" {
			f.postedText = f.postedText[:0]
			f.problem(columnNames[from], posted, rule)
			return false
		}
		f.postedText = append(f.postedText[:0], posted...)
	}
	line.Posted = f.postedAt
	quantity := t.field(colQuantity)
	line.HasQuantity = len(quantity) > 0
	var ok bool
	if line.Quantity, ok = readQuantity(quantity); !ok {
		f.problem(columnNames[colQuantity], quantity, RuleQuantity)
		return false
	}
	line.Fulfillment = f.intern(t.field(colFulfillment))
	line.OrderID = t.field(colOrderID)
	line.MerchantOrderID = t.field(colMerchantOrderID)
	line.AdjustmentID = t.field(colAdjustmentID)
	line.ShipmentID = t.field(colShipmentID)
	line.OrderItemCode = t.field(colOrderItemCode)
	line.MerchantOrderItemID = t.field(colMerchantOrderItemID)
	line.MerchantAdjustmentID = t.field(colMerchantAdjustmentID)
	line.SKU = t.field(colSKU)
	line.PromotionID = t.field(colPromotionID)
	return true
}

// readQuantity reads a whole number; nothing is 0.
func readQuantity(text []byte) (int32, bool) {
	if len(text) == 0 {
		return 0, true
	}
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	value, count := number(text)
	if count == 0 || count != len(text) || value > math.MaxInt32 {
		return 0, false
	}
	if negative {
		value = -value
	}
	return int32(value), true
}

// detailV2 reads a row of V2: one amount under its own names.
func (f *flat) detailV2() error {
	t := f.table
	amount, rule := f.amounts.parse(t.field(colAmount), f.currency())
	if rule != "" {
		f.problem(columnNames[colAmount], t.field(colAmount), rule)
		return nil
	}
	if !f.shared() {
		return nil
	}
	kind, err := f.kind(t.field(colMarketplace), t.field(colTransactionType), t.field(colAmountType), t.field(colDescription))
	if err != nil || kind == nil {
		return err
	}
	f.line.Kind, f.line.Amount = kind, amount
	return f.emit()
}
