package returns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/p21"
	"tieout/app/period"
)

// Name of the flow.
const Name = "returns"

// ordersFlow is the flow whose records say what Amazon sold.
const ordersFlow = "orders"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Orders knows the records of the flow of orders.
type Orders interface {
	// RemoteOf returns P21's numbers of Amazon's orders; "" while there is none.
	RemoteOf(ctx context.Context, connectionID int64, flow string, keys []string) (map[string]string, error)
	// TargetOf returns what an order was mapped to; nil: never.
	TargetOf(ctx context.Context, connectionID int64, flow, key string) (json.RawMessage, error)
}

// Maps finds the items that the SKUs of a marketplace stand for on a day.
type Maps func(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)

// Flow is the flow of returns; see flow.Flow.
type Flow struct {
	sides  Sides
	orders func() Orders
	maps   Maps
}

// New returns the flow of returns.
func New(sides Sides, orders func() Orders, maps Maps) *Flow { return &Flow{sides, orders, maps} }

// content is a row of the report, or what is wrong with it.
type content struct {
	Return   Return   `json:"return"`
	Problems []string `json:"problems,omitempty"`
	Row      string   `json:"row,omitempty"` // as Amazon wrote it, where it cannot be read
}

// Row is what formulas see.
type Row struct {
	Order       string    `expr:"order"` // Amazon's
	SKU         string    `expr:"sku"`
	ASIN        string    `expr:"asin"`
	Title       string    `expr:"title"`
	Date        time.Time `expr:"date"`
	Quantity    int       `expr:"quantity"`
	Warehouse   string    `expr:"warehouse"` // Amazon's
	Disposition string    `expr:"disposition"`
	Sellable    bool      `expr:"sellable"`
	Reason      string    `expr:"reason"`
	Status      string    `expr:"status"`
	Plate       string    `expr:"plate"`
	Code        string    `expr:"code"` // of this return, short and unique
}

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "Returns", From: "Amazon customer returns", To: "P21 returns", Key: "Return", Remote: "P21 return",
		// A report is asked for by whole days and takes minutes; Amazon lists rows up to two days late.
		Every: time.Hour, Overlap: 72 * time.Hour, First: 72 * time.Hour,
		Environments: map[string]any{"": Row{}},
		Fields: []flow.Field{
			{Name: "wanted", Type: expression.Flag, Formula: `true`, Help: "Which returns P21 takes, for instance sellable."},
			{Name: "reference", Type: expression.Text, Formula: `code`, Help: "P21's return is found by it: unique, at most 50 characters."},
			{Name: "order", Type: expression.Text, Formula: `order`, Help: "Amazon's order; P21's is found by it."},
			{Name: "sku", Type: expression.Text, Formula: `sku`},
			{Name: "quantity", Type: expression.Integer, Formula: `quantity`},
			{Name: "date", Type: expression.Date, Formula: `day(date, "UTC")`},
			{Name: "location", Type: expression.Text, Formula: `"20"`, Help: `P21's id of the location that takes the goods, for instance sellable ? "20" : "29".`},
			{Name: "reason", Type: expression.Text, Formula: `cut(reason, 40)`, Help: "Not every P21 keeps it."},
		},
		Checks: []flow.Check{
			{Name: "units", Formula: `quantity > 0`, Message: "The return has no units.", Severity: flow.Stops},
			{Name: "known disposition", Formula: `disposition in ["SELLABLE", "DAMAGED", "CUSTOMER_DAMAGED", "DEFECTIVE", "CARRIER_DAMAGED", "EXPIRED"]`, Message: "The disposition is not one of those that Amazon documents.", Severity: flow.Warns},
		},
	}
}

// Extract implements flow.Flow: it asks Amazon for the report of whole days up to
// now, and reads it when it is there.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	content, ready, err := f.report(ctx, connectionID, w)
	switch {
	case err != nil:
		return w.Read, err
	case !ready:
		return w.Read, nil // the next look, or Amazon's notification, finds it
	case content.Raw == nil:
		return content.Report.DataEnd, nil
	}
	page, err := pageOf(content)
	if err != nil {
		return w.Read, err
	}
	return content.Report.DataEnd, take(ctx, page)
}

func (f *Flow) report(ctx context.Context, connectionID int64, w flow.Window) (amazon.Content, bool, error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return amazon.Content{}, false, err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return amazon.Content{}, false, err
	}
	if len(c.MarketplaceIDs) == 0 {
		return amazon.Content{}, false, fault.New(fault.Invalid, "The connection names no marketplace.")
	}
	// The report is of the whole account, whatever marketplace it is asked for.
	begin, end := w.Since.UTC().Truncate(24*time.Hour), w.Until.UTC().Truncate(time.Second)
	asked := amazon.NewReport{Type: ReportType, MarketplaceIDs: c.MarketplaceIDs[:1], DataStart: &begin, DataEnd: &end}
	content, ready, err := client.RequestedContent(ctx, asked, w.Read)
	if err != nil {
		return content, false, fmt.Errorf("get report of returns: %w", err)
	}
	return content, ready, nil
}

// pageOf makes a page of a report: each row that can be read, and each that
// cannot with what is wrong with it.
func pageOf(from amazon.Content) (flow.Page, error) {
	japan := false
	for _, id := range from.Report.MarketplaceIDs {
		shop, ok := amazon.MarketplaceByID(id)
		japan = japan || ok && shop.Country == "JP"
	}
	text := amazon.Text(from.Raw, from.Charset, japan)
	page := flow.Page{Kind: "amazon_returns", Name: "returns " + from.Report.ID, ContentType: "text/tab-separated-values", Raw: from.Raw}
	list, problems := Read(text)
	for _, r := range list {
		if err := put(&page, r.Key(), r.Date, r.Line, content{Return: r}); err != nil {
			return page, err
		}
	}
	rows := strings.Split(text, "\n")
	for line, wrong := range byLine(problems) {
		row := strings.TrimSuffix(rows[line-1], "\r")
		sum := sha256.Sum256([]byte(row))
		if err := put(&page, "unreadable|"+hex.EncodeToString(sum[:8]), from.Report.DataEnd, line, content{Problems: wrong, Row: row}); err != nil {
			return page, err
		}
	}
	return page, nil
}

func byLine(problems []Problem) map[int][]string {
	lines := map[int][]string{}
	for _, p := range problems {
		lines[p.Line] = append(lines[p.Line], p.String())
	}
	return lines
}

func put(page *flow.Page, key string, at time.Time, line int, c content) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write return %s: %w", key, err)
	}
	page.Arrivals = append(page.Arrivals, flow.Arrival{Key: key, At: at, Content: raw, Position: line})
	return nil
}

// Fetch implements flow.Flow. Amazon tells of no single return.
func (f *Flow) Fetch(context.Context, int64, string, flow.Take) error {
	return fault.New(fault.Invalid, "Amazon tells of returns in reports only; run the flow instead.")
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return flow.Source{}, fault.Wrap(err, fault.Invalid, "The return cannot be read: %v.", err)
	}
	if len(c.Problems) > 0 {
		return flow.Source{}, fault.New(fault.Invalid, "The row of the report cannot be read: %s.", strings.Join(c.Problems, "; "))
	}
	r := c.Return
	return flow.Source{Title: fmt.Sprintf("%d x %s, %s", r.Quantity, r.SKU, strings.ToLower(r.Disposition)), Header: Row{Order: r.OrderID, SKU: r.SKU, ASIN: r.ASIN, Title: r.Title,
		Date: r.Date, Quantity: r.Quantity, Warehouse: r.Warehouse, Disposition: strings.ToUpper(r.Disposition), Sellable: r.Sellable(), Reason: r.Reason, Status: r.Status,
		Plate: r.Plate, Code: code(r)}}, nil
}

// code is short enough for P21 and tells the returns of an order apart.
func code(r Return) string {
	sum := sha256.Sum256([]byte(r.Key()))
	return r.OrderID + "-R" + hex.EncodeToString(sum[:4])
}

// Heard implements flow.Hinted.
func (f *Flow) Heard() []string { return []string{amazon.ReportProcessingFinished} }

// Hints implements flow.Hinted: the report that was asked for is there.
func (f *Flow) Hints(kind string, payload json.RawMessage) ([]flow.Hint, error) {
	if kind != amazon.ReportProcessingFinished {
		return nil, nil
	}
	report, err := amazon.ReadFinishedReport(payload)
	if err != nil || report.Type != ReportType {
		return nil, err
	}
	return []flow.Hint{{}}, nil
}
