// Package report reads Amazon's settlement reports: FLAT_FILE_V2, the older
// FLAT_FILE (V1) and XML. It streams: memory does not grow with the file, and
// nothing is kept but totals and the first problems.
//
// Reading never judges and never guesses. What cannot be read with certainty
// is a Problem with its place and the rule it broke, and is not a line; what a
// mapping rule does not know yet is read like everything else. V1 and XML are
// given in the vocabulary of V2, so that one set of rules serves all three.
package report

import (
	"context"
	"fmt"
	"io"
	"time"

	"tieout/app/money"
)

// Format is one of Amazon's three forms of the report.
type Format string

// The forms, named as in Amazon's report types GET_V2_SETTLEMENT_REPORT_DATA_*.
const (
	FlatFileV2 Format = "FLAT_FILE_V2"
	FlatFile   Format = "FLAT_FILE"
	XML        Format = "XML"
)

// Options tell what is known about the bytes from outside.
type Options struct {
	Charset     string // of the Content-Type, "" when it named none
	MaxProblems int    // problems kept in the Summary; all are counted. 0: 1000
}

// Head is what is known once the beginning of a report was read.
type Head struct {
	Format         Format
	Header         []byte   // raw header row, as Fields takes it; nil for XML
	UnknownColumns []string // columns that no line field holds; they stay in the raw row
}

// Settlement is the header of one settlement: its summary row.
type Settlement struct {
	ID          string
	Currency    money.Currency
	Start, End  time.Time // UTC
	DepositDate time.Time // zero when the report names none
	Deposit     money.Units
	Row         int   // as in Line
	Offset      int64 // as in Line
	Length      int
}

// Kind is a combination of names that mapping rules decide on.
type Kind struct {
	ID                int // dense, counts from 0 within one reading
	Marketplace       string
	TransactionType   string
	AmountType        string
	AmountDescription string
}

// Line is one amount of the report.
//
// The byte slices and the Line itself are valid only during the sink's call;
// Kind and Fulfillment may be kept.
type Line struct {
	Settlement int // index into Summary.Settlements
	// Row is the physical row, 1 being the first of the file. In XML it is the
	// row where the transaction's element begins; where several begin in one
	// row, counting goes on by one for each, so that it stays unique.
	Row    int
	Part   int   // 0, 1, ... for the amounts of one row
	Offset int64 // of the raw row in the report's bytes
	Length int   // of the raw row without its line end

	Kind        *Kind
	Amount      money.Units // 0 for the quantity-only rows of V1
	Posted      int64       // microseconds since 1970 in UTC
	Quantity    int32       // 0 when the row has none; repeated on every amount of an item
	HasQuantity bool
	Fulfillment string // AFN, MFN or empty

	OrderID              []byte
	MerchantOrderID      []byte
	AdjustmentID         []byte
	ShipmentID           []byte
	OrderItemCode        []byte
	MerchantOrderItemID  []byte
	MerchantAdjustmentID []byte // merchant-adjustment-item-id
	SKU                  []byte
	PromotionID          []byte
}

// PostedAt returns the posted instant in UTC.
func (l *Line) PostedAt() time.Time { return time.UnixMicro(l.Posted).UTC() }

// Problem is a place that could not be read, and why.
type Problem struct {
	Line       int    `json:"line"` // as Line.Row
	Column     string `json:"column"`
	Value      string `json:"value"`
	Rule       string `json:"rule"`
	Offset     int64  `json:"-"`
	Length     int    `json:"-"`
	Settlement int    `json:"-"` // index into Summary.Settlements, -1 when unknown
}

// Total is what the reading found for one settlement.
type Total struct {
	Settlement
	Rows     int // detail rows; in XML every amount counts as one
	Lines    int // amounts; at least as many as rows
	Sum      money.Units
	Problems int

	lastRow int
}

// Balanced reports whether the lines add up to the deposit.
func (t *Total) Balanced() bool { return t.Sum == t.Deposit }

// Summary is the outcome of a reading.
type Summary struct {
	Head
	Settlements  []Total
	Kinds        []*Kind
	Problems     []Problem // the first Options.MaxProblems
	ProblemCount int       // all
	Bytes        int64     // size of the report, decompressed
}

// Sink receives a report in its order. An error stops the reading and is
// returned by Parse as it is.
type Sink interface {
	// Begin is called once, before everything else.
	Begin(Head) error
	// Settlement is called for every summary row, before the lines it heads.
	Settlement(index int, settlement *Settlement) error
	// Line is called for every amount. See Line for what may be kept.
	Line(*Line) error
}

// Parse reads a report and hands it to sink. Gzip is recognised and undone;
// every offset refers to the decompressed bytes.
//
// The error is an *Unreadable when the input is not a settlement report, else
// what the reader, the sink or ctx gave. The Summary holds what was read
// before it.
func Parse(ctx context.Context, in io.Reader, options Options, sink Sink) (Summary, error) {
	in, err := Decompress(in)
	if err != nil {
		return Summary{}, err
	}
	source := newSource(in)
	start, err := source.peek()
	if err != nil {
		return Summary{}, fmt.Errorf("read report: %w", err)
	}
	form, err := sniff(start)
	if err != nil {
		return Summary{Bytes: source.size()}, err
	}
	p := newParser(ctx, options, sink, newCharset(options.Charset, start))
	if form == XML {
		err = p.parseXML(source)
	} else {
		err = p.parseFlat(source, start)
	}
	p.summary.Kinds = p.kinds.list
	p.summary.Bytes = source.size()
	if err == nil {
		err = p.empty()
	}
	return p.summary, err
}
