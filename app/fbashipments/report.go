package fbashipments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/app/amazon"
)

// ReportType is Amazon's report of what its warehouses sent; a month at most,
// rows one to 24 hours after they left.
const ReportType = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL"

// Row is units of one SKU in one shipment.
type Row struct {
	Line     int    `json:"-"`
	Order    string `json:"order"`
	Shipment string `json:"shipment"`
	Item     string `json:"item"` // of the shipment
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Carrier  string `json:"carrier"`
	Tracking string `json:"tracking"`
	Sent     time.Time
	Channel  string `json:"channel"` // who sold: Amazon.com, Non-Amazon US
}

// Problem is what is wrong with a place of a report.
type Problem struct {
	Line   int // the header is 1
	Column string
	Words  string
}

// String implements fmt.Stringer.
func (p Problem) String() string { return fmt.Sprintf("line %d, %s: %s", p.Line, p.Column, p.Words) }

// Columns of the report as Amazon documents them.
const (
	columnOrder    = "amazon-order-id"
	columnShipment = "shipment-id"
	columnItem     = "shipment-item-id"
	columnSKU      = "sku"
	columnQuantity = "quantity-shipped"
	columnCarrier  = "carrier"
	columnTracking = "tracking-number"
	columnSent     = "shipment-date"
	columnChannel  = "sales-channel"
)

var required = []string{columnOrder, columnShipment, columnItem, columnSKU, columnQuantity, columnCarrier, columnTracking, columnSent}

// kept are the columns that this flow is about. All others are dropped before
// anything is stored: they tell of the buyer, or are money that settlements tell.
var kept = append(slices.Clone(required), columnChannel, "amazon-order-item-id", "reporting-date", "fulfillment-center-id", "fulfillment-channel")

// Strip returns a report with the kept columns alone.
func Strip(text string) string {
	header, _, _ := strings.Cut(text, "\n")
	columns := amazon.ReadFlatColumns(strings.TrimSuffix(header, "\r"))
	var indexes []int
	for _, name := range kept {
		if i, ok := columns[name]; ok {
			indexes = append(indexes, i)
		}
	}
	slices.Sort(indexes)
	var b strings.Builder
	for row := range strings.Lines(text) {
		fields := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		for n, i := range indexes {
			if n > 0 {
				b.WriteByte('\t')
			}
			if i < len(fields) {
				b.WriteString(fields[i])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Read returns the rows of a report in UTF-8 and everything that is wrong with
// it; a row with a problem is not among them.
func Read(text string) (list []Row, problems []Problem) {
	header, rest, _ := strings.Cut(text, "\n")
	columns := amazon.ReadFlatColumns(header)
	for _, name := range required {
		if _, ok := columns[name]; !ok {
			problems = append(problems, Problem{1, name, "the column is missing"})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	line := 1
	for row := range strings.SplitSeq(rest, "\n") {
		line++
		if strings.TrimSpace(row) == "" {
			continue
		}
		r, wrong := readRow(columns.Row(row), line)
		if problems = append(problems, wrong...); len(wrong) == 0 {
			list = append(list, r)
		}
	}
	return list, problems
}

func readRow(get func(string) string, line int) (r Row, problems []Problem) {
	for _, column := range []string{columnOrder, columnShipment, columnItem, columnSKU} {
		if get(column) == "" {
			problems = append(problems, Problem{line, column, "is empty"})
		}
	}
	quantity, err := strconv.Atoi(get(columnQuantity))
	if err != nil || quantity < 1 {
		problems = append(problems, Problem{line, columnQuantity, fmt.Sprintf("%q is no number of units", get(columnQuantity))})
	}
	sent, err := time.Parse(time.RFC3339, get(columnSent))
	if err != nil {
		problems = append(problems, Problem{line, columnSent, fmt.Sprintf("%q is no moment", get(columnSent))})
	}
	return Row{line, get(columnOrder), get(columnShipment), get(columnItem), get(columnSKU), quantity, get(columnCarrier), get(columnTracking), sent.UTC(), get(columnChannel)}, problems
}
