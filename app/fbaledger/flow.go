// Package fbaledger keeps Amazon's ledger of its warehouses, day by day and SKU
// by SKU: each day must add up and begin where the one before ended, and units
// that Amazon lost or damaged wait until somebody has claimed them.
package fbaledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/money"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
)

// Name of the flow.
const Name = "fba_ledger"

// Sides are both sides of a connection.
type Sides interface {
	Get(ctx context.Context, connectionID int64) (connection.Connection, error)
	Amazon(ctx context.Context, connectionID int64) (*amazon.Client, error)
	P21(ctx context.Context, connectionID int64) (p21.System, error)
}

// Maps finds the items that the SKUs of a marketplace stand for on a day.
type Maps func(ctx context.Context, connectionID int64, marketplace string, skus []string, day period.Date) (map[string]catalog.Mapping, error)

// Records knows what the flow has kept.
type Records interface {
	// SourcesOf returns the newest contents.
	SourcesOf(ctx context.Context, connectionID int64, flow string, keys []string) (map[string]json.RawMessage, error)
}

// Flow is the flow of the ledger; see flow.Flow. Nothing leaves through it: what
// P21 believes is adjusted by the flow of FBA inventory.
type Flow struct {
	sides   Sides
	records func() Records
	maps    Maps
}

// New returns the flow.
func New(sides Sides, records func() Records, maps Maps) *Flow { return &Flow{sides, records, maps} }

// content is a day of an SKU in a country, or a row that cannot be read.
type content struct {
	Day      period.Date `json:"day"`
	SKU      string      `json:"sku"`
	Country  string      `json:"country"`
	Rows     []Row       `json:"rows,omitempty"`
	Problems []string    `json:"problems,omitempty"`
	Row      string      `json:"row,omitempty"` // as Amazon wrote it
}

// key of a day; days and countries have no blank.
func key(day period.Date, country, sku string) string {
	return fmt.Sprintf("%s %s %s", day, cmp.Or(country, "-"), sku)
}

// Day is what formulas see: units of all dispositions together.
type Day struct {
	Date     time.Time `expr:"date"`
	SKU      string    `expr:"sku"`
	Title    string    `expr:"title"`
	Country  string    `expr:"country"`
	Starting int       `expr:"starting"`
	Ending   int       `expr:"ending"`
	Received int       `expr:"received"`
	Shipped  int       `expr:"shipped"`
	Returned int       `expr:"returned"`
	Found    int       `expr:"found"`
	Lost     int       `expr:"lost"`    // that are missing, above zero
	Damaged  int       `expr:"damaged"` // that became unsellable at Amazon
	Disposed int       `expr:"disposed"`
	Other    int       `expr:"other"`
	Unknown  int       `expr:"unknown"`
	Balanced bool      `expr:"balanced"` // starting and moves are ending, in every disposition
}

// Definition implements flow.Flow.
func (f *Flow) Definition() flow.Definition {
	return flow.Definition{
		Name: Name, Title: "FBA ledger", From: "Amazon's ledger of its warehouses", To: "what it lost and damaged", Key: "Day and SKU", Remote: "-",
		// Amazon still corrects the last days.
		Every: 12 * time.Hour, Overlap: 7 * 24 * time.Hour, First: 30 * 24 * time.Hour,
		Environments: map[string]any{"": Day{}},
		Fields: []flow.Field{
			{Name: "wanted", Type: expression.Flag, Formula: `true`, Help: "Of which days and SKUs somebody is told."},
			{Name: "missing", Type: expression.Integer, Formula: `lost - found`, Help: "Units that Amazon lost, less what it found the same day."},
			{Name: "damaged", Type: expression.Integer, Formula: `damaged`, Help: "Units that became unsellable in Amazon's hands."},
			{Name: "tolerance", Type: expression.Integer, Formula: `0`, Help: "Units of a day that nobody is told of."},
		},
		Checks: []flow.Check{
			{Name: "adds up", Formula: `balanced`, Message: "Amazon's ledger does not add up: the balance at the beginning and the movements are not the balance at the end.", Severity: flow.Stops},
		},
	}
}

// Extract implements flow.Flow: it asks Amazon for the ledger of whole days, and
// reads it when it is there.
func (f *Flow) Extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	client, err := f.sides.Amazon(ctx, connectionID)
	if err != nil {
		return w.Read, err
	}
	c, err := f.sides.Get(ctx, connectionID)
	if err != nil {
		return w.Read, err
	}
	if len(c.MarketplaceIDs) == 0 {
		return w.Read, fault.New(fault.Invalid, "The connection names no marketplace.")
	}
	begin, end := w.Since.UTC().Truncate(24*time.Hour), w.Until.UTC().Truncate(24*time.Hour)
	if !end.After(begin) || !end.After(w.Read) {
		return w.Read, nil // no whole day since
	}
	// The report is of the whole account, whatever marketplace it is asked for.
	asked := amazon.NewReport{Type: ReportType, MarketplaceIDs: c.MarketplaceIDs[:1], DataStart: &begin, DataEnd: &end,
		Options: map[string]string{"aggregateByLocation": "COUNTRY", "aggregatedByTimePeriod": "DAILY"}}
	report, ready, err := client.RequestedContent(ctx, asked, w.Read)
	switch {
	case err != nil:
		return w.Read, fmt.Errorf("get Amazon's ledger: %w", err)
	case !ready:
		return w.Read, nil // the next look, or Amazon's notification, finds it
	case report.Raw == nil:
		return report.Report.DataEnd, nil
	}
	page, err := pageOf(report)
	if err != nil {
		return w.Read, err
	}
	return report.Report.DataEnd, take(ctx, page)
}

// pageOf makes a page of a report: each day of an SKU, and each row that cannot
// be read with what is wrong with it. Amazon may add a day to what is asked for.
func pageOf(from amazon.Content) (flow.Page, error) {
	text := amazon.Text(from.Raw, from.Charset, false)
	page := flow.Page{Kind: "amazon_ledger", Name: "ledger " + from.Report.ID, ContentType: "text/tab-separated-values", Raw: from.Raw}
	rows, problems := Read(text)
	days := map[string]*content{}
	first := map[string]int{}
	var keys []string
	for _, r := range rows {
		if !r.Day.Time().Before(from.Report.DataEnd) {
			continue // not a whole day yet
		}
		k := key(r.Day, r.Country, r.SKU)
		if days[k] == nil {
			days[k], first[k] = &content{Day: r.Day, SKU: r.SKU, Country: r.Country}, r.Line
			keys = append(keys, k)
		}
		days[k].Rows = append(days[k].Rows, r)
	}
	for _, k := range keys {
		slices.SortFunc(days[k].Rows, func(a, b Row) int {
			return cmp.Or(cmp.Compare(a.Disposition, b.Disposition), cmp.Compare(a.FNSKU, b.FNSKU))
		})
		if err := put(&page, k, from.Report.DataEnd, first[k], *days[k]); err != nil {
			return page, err
		}
	}
	lines := strings.Split(text, "\n")
	wrong := map[int][]string{}
	for _, p := range problems {
		wrong[p.Line] = append(wrong[p.Line], p.String())
	}
	for line, words := range wrong {
		row := strings.TrimSuffix(lines[line-1], "\r")
		sum := sha256.Sum256([]byte(row))
		if err := put(&page, "unreadable|"+hex.EncodeToString(sum[:8]), from.Report.DataEnd, line, content{Problems: words, Row: row}); err != nil {
			return page, err
		}
	}
	return page, nil
}

func put(page *flow.Page, key string, at time.Time, line int, c content) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write ledger of %s: %w", key, err)
	}
	page.Arrivals = append(page.Arrivals, flow.Arrival{Key: key, At: at, Content: raw, Position: line})
	return nil
}

// Fetch implements flow.Flow. Amazon tells of no single day.
func (f *Flow) Fetch(context.Context, int64, string, flow.Take) error {
	return fault.New(fault.Invalid, "Amazon tells its ledger in reports only; run the flow instead.")
}

// Read implements flow.Flow.
func (f *Flow) Read(raw json.RawMessage) (flow.Source, error) {
	c, err := read(raw)
	if err != nil {
		return flow.Source{}, err
	}
	if len(c.Problems) > 0 {
		return flow.Source{}, fault.New(fault.Invalid, "%s. The row: %s", strings.Join(c.Problems, "; "), c.Row)
	}
	d := c.sum()
	return flow.Source{Header: d, Title: fmt.Sprintf("%d + %d received - %d shipped + %d returned ... = %d", d.Starting, d.Received, d.Shipped, d.Returned, d.Ending)}, nil
}

func read(raw json.RawMessage) (c content, err error) {
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fault.Wrap(err, fault.Invalid, "The ledger cannot be read: %v.", err)
	}
	return c, nil
}

// sellable is the disposition of what can be sold; a unit that is damaged leaves
// it for another one.
const sellable = "SELLABLE"

// sum adds the dispositions of a day up.
func (c content) sum() Day {
	d := Day{Date: c.Day.Time(), SKU: c.SKU, Country: c.Country, Balanced: true}
	for _, r := range c.Rows {
		m := r.Moves
		d.Title = cmp.Or(d.Title, r.Title)
		d.Starting, d.Ending = d.Starting+r.Starting, d.Ending+r.Ending
		d.Received, d.Shipped, d.Returned = d.Received+m.Receipts, d.Shipped-m.Shipments, d.Returned+m.Returns
		d.Found, d.Lost, d.Disposed = d.Found+m.Found, d.Lost-m.Lost, d.Disposed-m.Disposed
		d.Other, d.Unknown = d.Other+m.Other, d.Unknown+m.Unknown
		if r.Disposition == sellable {
			d.Damaged -= min(m.Damaged, 0)
		}
		d.Balanced = d.Balanced && r.Starting+m.Sum() == r.Ending
	}
	return d
}

// Complete implements flow.Flow: a day is in order, or somebody is told.
func (f *Flow) Complete(ctx context.Context, r flow.Record, m flow.Mapped) (flow.Mapped, error) {
	if m.Header["wanted"] != true {
		return m, &flow.Nothing{Reason: "The mapping does not want it."}
	}
	c, err := read(r.Content)
	if err != nil {
		return m, err
	}
	if err := f.follows(ctx, r, c); err != nil {
		return m, err
	}
	missing, damaged, tolerance := whole(m, "missing"), whole(m, "damaged"), whole(m, "tolerance")
	if max(missing, 0)+max(damaged, 0) <= tolerance {
		return m, &flow.Nothing{Reason: fmt.Sprintf("In order: %d units at the end of the day.", c.sum().Ending)}
	}
	return m, f.obstacle(ctx, r, c, max(missing, 0), max(damaged, 0))
}

func whole(m flow.Mapped, name string) int {
	n, _ := m.Header[name].(int)
	return n
}

// follows holds the day against the one before, where that is known.
func (f *Flow) follows(ctx context.Context, r flow.Record, c content) error {
	before := key(c.Day.AddDays(-1), c.Country, c.SKU)
	found, err := f.records().SourcesOf(ctx, r.ConnectionID, Name, []string{before})
	if err != nil || found[before] == nil {
		return err
	}
	yesterday, err := read(found[before])
	if err != nil {
		return err
	}
	if ended, began := yesterday.sum().Ending, c.sum().Starting; ended != began {
		return &flow.Obstacle{Class: exception.CheckFailed, Cause: Name + "/chain " + c.SKU, Title: "FBA ledger: days of " + c.SKU + " do not follow from one another",
			Words: fmt.Sprintf("%s ended with %d units, %s begins with %d.", yesterday.Day, ended, c.Day, began)}
	}
	return nil
}

// obstacle says what Amazon lost or damaged, and what it is worth at P21's cost.
// All days of an SKU are one exception: one claim.
func (f *Flow) obstacle(ctx context.Context, r flow.Record, c content, missing, damaged int) error {
	seller, err := f.sides.Get(ctx, r.ConnectionID)
	if err != nil {
		return err
	}
	worth, err := f.worth(ctx, seller, c, missing+damaged)
	if err != nil {
		return err
	}
	var words []string
	if missing > 0 {
		words = append(words, fmt.Sprintf("%d lost", missing))
	}
	if damaged > 0 {
		words = append(words, fmt.Sprintf("%d damaged", damaged))
	}
	o := &flow.Obstacle{Class: exception.StockLost, Cause: c.SKU, Title: "Amazon lost or damaged units of " + c.SKU, Words: fmt.Sprintf("%s, %s: %s.", c.Day, cmp.Or(c.Country, "anywhere"), strings.Join(words, ", "))}
	if seller.FunctionalCurrency.Valid() {
		o.Amount = money.New(worth, seller.FunctionalCurrency)
	}
	return o
}

// worth is what units of an SKU cost. What P21 does not know counts nothing.
func (f *Flow) worth(ctx context.Context, seller connection.Connection, c content, units int) (decimal.Decimal, error) {
	system, err := f.sides.P21(ctx, seller.ID)
	if err != nil {
		return decimal.Zero, err
	}
	has, err := system.Features(ctx)
	if err != nil || !has.Stock || len(seller.MarketplaceIDs) == 0 {
		return decimal.Zero, err
	}
	mapped, err := f.maps(ctx, seller.ID, seller.MarketplaceIDs[0], []string{c.SKU}, c.Day)
	if err != nil {
		return decimal.Zero, err
	}
	total := decimal.Zero
	for _, part := range mapped[c.SKU].Parts {
		cost, err := p21.CostOf(ctx, system, part.Code)
		if err != nil {
			return decimal.Zero, err
		}
		total = total.Add(cost.Mul(decimal.NewFromInt(int64(units * part.Quantity))))
	}
	return total.Round(2), nil
}

// errNothing: Complete lets no record pass.
func errNothing() error { return fault.New(fault.Internal, "Nothing of the ledger is sent.") }

// Message implements flow.Flow.
func (f *Flow) Message(flow.Record, flow.Mapped) (flow.Message, error) {
	return flow.Message{}, errNothing()
}

// Target implements flow.Flow.
func (f *Flow) Target(context.Context, flow.Record) (outbound.Target, error) {
	return nil, errNothing()
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
