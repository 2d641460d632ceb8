// Package returns reads what buyers sent back to Amazon's warehouses.
package returns

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/app/amazon"
)

// ReportType is Amazon's report of returns to its warehouses. Its rows have no
// id, and it covers the whole account whatever marketplace it is asked for.
const ReportType = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"

// Return is one row of the report: units of one SKU that came back. The money is
// elsewhere, in the refund lines of settlements.
type Return struct {
	Line        int `json:"-"` // in the file, the header is 1; another in each report
	Date        time.Time
	OrderID     string
	SKU         string
	ASIN        string
	FNSKU       string
	Title       string
	Quantity    int
	Warehouse   string // Amazon's, such as PHX3
	Disposition string // SELLABLE, DAMAGED, ...; an open set
	Reason      string
	Status      string
	Plate       string // licence plate number of the unit; may be empty
	Running     int    // from 1, among rows of the same report that are otherwise the same return
}

// Sellable says that the units went back to stock.
func (r Return) Sellable() bool { return strings.EqualFold(r.Disposition, "SELLABLE") }

// Key names the return in every report that shows it. Two rows that name the
// same units are two returns: the running number tells them apart, and does so
// in every report, because rows of one moment are in a window together.
func (r Return) Key() string { return r.stem() + "|" + strconv.Itoa(r.Running) }

func (r Return) stem() string {
	parts := []string{r.OrderID, r.SKU, r.FNSKU, r.Plate, r.Date.UTC().Format(time.RFC3339)}
	for i, part := range parts {
		parts[i] = separator.Replace(part)
	}
	return strings.Join(parts, "|")
}

// separator keeps the parts of a key apart whatever is in them.
var separator = strings.NewReplacer(`\`, `\\`, "|", `\|`)

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
	columnDate        = "return-date"
	columnOrder       = "order-id"
	columnSKU         = "sku"
	columnFNSKU       = "fnsku"
	columnQuantity    = "quantity"
	columnDisposition = "detailed-disposition"
)

// required are the columns without which a return cannot be named or booked;
// Amazon leaves out or adds others by marketplace.
var required = []string{columnDate, columnOrder, columnSKU, columnFNSKU, columnQuantity, columnDisposition}

// Read returns the returns of a report in UTF-8 (see amazon.Text) and everything
// that is wrong with it; a row with a problem is not among the returns. Fields
// are cut at tabs, because Amazon does not quote them.
func Read(text string) ([]Return, []Problem) {
	header, rest, _ := strings.Cut(text, "\n")
	columns, problems := readHeader(header)
	if len(problems) > 0 {
		return nil, problems
	}
	var list []Return
	seen := map[string]int{}
	line := 1
	for row := range strings.SplitSeq(rest, "\n") {
		line++
		if strings.TrimSpace(row) == "" {
			continue
		}
		r, wrong := readRow(columns, line, row)
		problems = append(problems, wrong...)
		stem := r.stem()
		seen[stem]++
		r.Running = seen[stem] // a bad row counts too: repaired, it must not rename the others
		if len(wrong) == 0 {
			list = append(list, r)
		}
	}
	return list, problems
}

// readHeader finds the columns by name. Japan writes some with capitals and
// spaces, and "Returned Date".
func readHeader(header string) (amazon.FlatColumns, []Problem) {
	columns := amazon.ReadFlatColumns(header)
	if i, ok := columns["returned-date"]; ok {
		columns[columnDate] = i
	}
	var problems []Problem
	for _, name := range required {
		if _, ok := columns[name]; !ok {
			problems = append(problems, Problem{1, name, "the column is missing"})
		}
	}
	return columns, problems
}

func readRow(columns amazon.FlatColumns, line int, row string) (Return, []Problem) {
	get := columns.Row(row)
	var problems []Problem
	for _, column := range slices.DeleteFunc(slices.Clone(required), func(c string) bool { return c == columnFNSKU }) {
		if get(column) == "" {
			problems = append(problems, Problem{line, column, "is empty"})
		}
	}
	date, ok := readDate(get(columnDate))
	if !ok && get(columnDate) != "" {
		problems = append(problems, Problem{line, columnDate, fmt.Sprintf("%q is no date", get(columnDate))})
	}
	quantity, err := strconv.Atoi(get(columnQuantity))
	if (err != nil || quantity < 1) && get(columnQuantity) != "" {
		problems = append(problems, Problem{line, columnQuantity, fmt.Sprintf("%q is no number of units", get(columnQuantity))})
	}
	return Return{
		Line: line, Date: date, OrderID: get(columnOrder), SKU: get(columnSKU), ASIN: get("asin"), FNSKU: get(columnFNSKU),
		Title: get("product-name"), Quantity: quantity, Warehouse: get("fulfillment-center-id"), Disposition: get(columnDisposition),
		Reason: get("reason"), Status: get("status"), Plate: get("license-plate-number"),
	}, problems
}

// readDate reads a moment with its offset, or a day, which begins in UTC.
func readDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
