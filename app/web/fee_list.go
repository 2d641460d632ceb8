package web

import (
	"cmp"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fee"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/views"
)

const feePageSize = 50

// monthLayout is how months stand in addresses.
const monthLayout = "2006-01"

// feeList shows what was sold and what Amazon charged for it.
func (s *server) feeList(r *request) error {
	f, err := s.feeFilter(r)
	if err != nil {
		return err
	}
	kinds, err := s.Fees.Tell(r.ctx(), f.Connection)
	if err != nil {
		return err
	}
	var page views.Page
	var model views.FeePage
	var rows, totals []fee.Row
	err = atOnce(
		func() (err error) { rows, err = s.Fees.Summary(r.ctx(), f, kinds); return err },
		func() (err error) { totals, err = s.Fees.Totals(r.ctx(), f, kinds); return err },
		func() (err error) { model.Chooser, err = s.chooser(r, listFees); return err },
		func() error { page = r.page("Fees", views.Fees); return nil })
	if err != nil {
		return err
	}
	model.Monthly, model.NoSKU, model.Alert = f.Group.Monthly(), f.Group == fee.ByMarketplace || f.Group == fee.ByMonth, r.unmappedFees(f, totals)
	model.Filter = feeFilterBar(r, f, kinds.Marketplaces())
	model.Without = map[string]bool{views.FeeConnection: oneConnection(page, f.Connection)}
	model.Summary, model.Export, model.Sorts = feeSummary(f), r.listExport(), r.feeSorts(f)
	model.Empty = views.Empty{Icon: "receipt-text", Title: "No amounts in these months", Text: "Choose other months, or upload the settlements of these."}
	for _, row := range rows {
		model.Rows = append(model.Rows, r.feeRow(f, row, true))
	}
	for _, total := range totals {
		shown := r.feeRow(f, total, false)
		label := views.Link{Text: "Total in " + string(total.Currency)}
		shown.SKU, shown.Marketplace = label, label
		model.Totals = append(model.Totals, shown)
	}
	if len(rows) == feePageSize {
		p := rows[len(rows)-1].Place()
		model.Pager.Next = r.link("after", nextKey(p.Value.String(), p.SKU, p.Marketplace, p.Month.String(), p.Currency, strconv.FormatInt(p.Connection, 10)))
	}
	if f.After != nil {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.FeeView(page, model))
}

func monthTitle(d period.Date) string { return d.Time().Format("Jan 2006") }

// feeSummary says which months are held against which.
func feeSummary(f fee.Filter) string {
	months := monthTitle(f.From)
	if f.From != f.To {
		months += " to " + monthTitle(f.To)
	}
	if f.Group.Monthly() {
		return months + ", each month against the one before"
	}
	before := period.DateOf(f.From.Time().AddDate(0, 0, -1))
	if f.From == f.To {
		return months + " against " + monthTitle(before)
	}
	return months + " against as many months before"
}

// month reads a month as browsers send it.
func (in *input) month(name string) period.Date {
	text := in.text(name, 7)
	if text == "" {
		return period.Date{}
	}
	at, err := time.Parse(monthLayout, text)
	if err != nil {
		in.refuse(name, "A month such as 2026-10.")
		return period.Date{}
	}
	return period.DateOf(at)
}

// maxFeeMonths bounds what one page adds up.
const maxFeeMonths = 36

func (s *server) feeFilter(r *request) (fee.Filter, error) {
	in := r.query()
	f := fee.Filter{Connection: r.connection(), From: in.month("from"), To: in.month("to"), Marketplace: in.text("marketplace", 80), Text: in.text("q", 120), PageSize: feePageSize}
	var groups, sorts []string
	for _, g := range fee.Groups() {
		groups = append(groups, string(g))
	}
	for _, name := range fee.Sorts() {
		sorts = append(sorts, name, "-"+name)
	}
	f.Group, f.Sort = fee.Group(in.choice("by", groups...)), in.choice("sort", append([]string{"-sales"}, sorts...)...)
	if f.From == (period.Date{}) && f.To == (period.Date{}) {
		month, err := s.Fees.DefaultMonth(r.ctx(), f.Connection)
		if err != nil {
			return f, err
		}
		f.From = month
	}
	if f.From == (period.Date{}) {
		f.From = f.To
	}
	if f.To == (period.Date{}) || f.To.Before(f.From) {
		f.To = f.From
	}
	if f.From.Time().AddDate(0, maxFeeMonths, 0).Before(f.To.Time()) {
		in.refuse("from", "At most %d months at once.", maxFeeMonths)
	}
	f.After = feePlace(in)
	return f, in.err()
}

func feePlace(in *input) *fee.Place {
	key := in.key("after", 6)
	if key == nil {
		return nil
	}
	value, err := money.ParseNumber(key[0])
	if err != nil {
		return nil
	}
	month, err := period.ParseDate(key[3])
	if err != nil {
		return nil
	}
	return &fee.Place{Value: value, SKU: key[1], Marketplace: key[2], Month: month, Currency: key[4], Connection: parseID(key[5])}
}

func groupTitle(g fee.Group) string {
	switch g {
	case fee.BySKUAndMonth:
		return "SKU and month"
	case fee.ByMarketplace:
		return "Marketplace"
	case fee.ByMonth:
		return "Month"
	case fee.BySKU:
	}
	return "SKU"
}

func feeFilterBar(r *request, f fee.Filter, names []string) views.Filter {
	markets := []views.Option{{Label: "Any"}}
	for _, name := range names {
		markets = append(markets, views.Option{Value: name, Label: name})
	}
	markets = append(markets, views.Option{Value: fee.None, Label: "None (account level)"})
	var groups []views.Option
	for _, g := range fee.Groups() {
		groups = append(groups, views.Option{Value: string(g), Label: groupTitle(g)})
	}
	month := func(d period.Date) string { return d.Time().Format(monthLayout) }
	bar := views.Filter{Action: "/reports", Fields: []views.Field{
		{Name: "q", Label: "SKU", Type: "search", Value: f.Text},
		{Name: "by", Label: "Rows", Value: string(f.Group), Options: groups},
		{Name: "marketplace", Label: "Marketplace", Value: f.Marketplace, Options: markets},
		{Name: "from", Label: "From month", Type: "month", Value: month(f.From)}, {Name: "to", Label: "to", Type: "month", Value: month(f.To)},
	}}
	for _, field := range bar.Fields {
		for i := range field.Options {
			field.Options[i].Current = field.Options[i].Value == field.Value
		}
	}
	if f.Connection != 0 {
		bar.Keep = append(bar.Keep, views.Hidden{Name: "connection", Value: strconv.FormatInt(f.Connection, 10)})
	}
	if sort := r.QueryParam("sort"); sort != "" {
		bar.Keep = append(bar.Keep, views.Hidden{Name: "sort", Value: sort})
	}
	for _, name := range []string{"q", "by", "marketplace", "from", "to"} {
		if r.QueryParam(name) != "" {
			bar.Clear = r.link("q", "", "by", "", "marketplace", "", "from", "", "to", "", "after", "")
		}
	}
	return bar
}

// feeSorts links the columns' heads: figures the greatest first.
func (r *request) feeSorts(f fee.Filter) map[string]views.SortLink {
	sorts := map[string]views.SortLink{}
	for _, name := range fee.Sorts() {
		next, direction := "-"+name, views.Unsorted
		if name == "sku" || name == "month" {
			next = name
		}
		switch f.Sort {
		case name:
			next, direction = "-"+name, views.Ascending
		case "-" + name:
			next, direction = name, views.Descending
		}
		if name == "sku" {
			next = name // ties go by it, in one direction
		}
		sorts[name] = views.SortLink{Href: r.link("sort", next, "after", ""), Direction: direction}
	}
	return sorts
}

// unmappedFees tells of amounts that no rule names: they are in no column.
func (r *request) unmappedFees(f fee.Filter, totals []fee.Row) *views.Alert {
	var parts []string
	for _, total := range totals {
		if !total.Unmapped.IsZero() {
			parts = append(parts, money.New(total.Unmapped, total.Currency).String())
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return &views.Alert{State: views.Waiting, Title: "Not all amounts have a rule", Text: strings.Join(parts, ", ") + " of these months are in no column until a mapping rule says what they are.",
		Action: views.Link{Text: "Show them", Href: feeMadePath(f, fee.Row{}, false) + strconv.Itoa(int(fee.Unmapped))}}
}

// feeMadePath is the page of what a number of a row is made of, but for its part;
// single: of a row, not of a total of the filtered set.
func feeMadePath(f fee.Filter, row fee.Row, single bool) string {
	from, to := f.From, f.To
	if single && f.Group.Monthly() {
		from, to = row.Month, row.Month
	}
	query := url.Values{"from": {from.Time().Format(monthLayout)}, "to": {to.Time().Format(monthLayout)}}
	connection, market := f.Connection, f.Marketplace
	if single {
		connection, market = row.ConnectionID, cmp.Or(row.Marketplace, fee.None)
	}
	if connection != 0 {
		query.Set("connection", strconv.FormatInt(connection, 10))
	}
	if row.Currency != "" {
		query.Set("currency", string(row.Currency))
	}
	if market != "" {
		query.Set("marketplace", market)
	}
	switch {
	case single && (f.Group == fee.BySKU || f.Group == fee.BySKUAndMonth):
		query.Set("sku", cmp.Or(row.SKU, fee.None))
	case f.Text != "":
		query.Set("q", f.Text)
	}
	return address("/reports/amounts", query) + "&part="
}

func (r *request) feeRow(f fee.Filter, row fee.Row, single bool) views.FeeRow {
	path := feeMadePath(f, row, single)
	made := func(part fee.Part) string { return path + strconv.Itoa(int(part)) }
	amount := func(value decimal.Decimal, part fee.Part) views.Amount {
		if value.IsZero() {
			return views.Amount{}
		}
		shown := r.format().Value(value, row.Currency)
		shown.Currency = "" // it has a column
		return shown.Linked(made(part), part.Title()+" of "+cmp.Or(row.SKU, row.Marketplace, "all"))
	}
	shown := views.FeeRow{Connection: row.ConnectionName, Currency: string(row.Currency), Sales: amount(row.Sales, fee.Sales), Fees: amount(row.Fees, fee.AllFees),
		SKU:         views.Link{Text: cmp.Or(row.SKU, "No SKU"), Href: made(fee.AllFees)},
		Marketplace: views.Link{Text: cmp.Or(row.Marketplace, "No marketplace"), Href: made(fee.AllFees)}}
	if f.Group.Monthly() && single {
		shown.Month = views.Link{Text: monthTitle(row.Month)}
	}
	if row.Units != 0 {
		shown.Units = views.Link{Text: views.Count(int(row.Units)), Href: made(fee.Units)}
	}
	for _, part := range fee.Fees() {
		shown.Parts = append(shown.Parts, amount(row.Charged[part], part))
	}
	if each, ok := row.PerUnit(); ok {
		shown.PerUnit = r.format().Value(each.Round(2), row.Currency)
		shown.PerUnit.Currency = ""
	}
	if share, ok := row.Share(); ok {
		shown.Share = share.StringFixed(1) + " %"
	}
	if by, ok := row.SalesChange(); ok {
		shown.SalesChange = changeOf(by, "%", false)
	}
	if by, ok := row.ShareChange(); ok {
		shown.ShareChange = changeOf(by, "points", true)
	}
	return shown
}

// changeOf words a change of so many units; rising costs are bad.
func changeOf(by decimal.Decimal, unit string, cost bool) views.Change {
	c := views.Change{Up: by.IsPositive(), Down: by.IsNegative()}
	if by.IsZero() {
		c.Text = "same"
		return c
	}
	word := "up"
	if c.Down {
		word = "down"
	}
	c.Text, c.Bad = by.Abs().StringFixed(1)+" "+unit+" "+word, c.Up == cost
	return c
}

// feeExport sends the workbook of the filtered summary.
func (s *server) feeExport(r *request) error {
	f, err := s.feeFilter(r)
	if err != nil {
		return err
	}
	kinds, err := s.Fees.Tell(r.ctx(), f.Connection)
	if err != nil {
		return err
	}
	about, err := s.about(r, feeFilterBar(r, f, kinds.Marketplaces()))
	if err != nil {
		return err
	}
	f.PageSize, f.After = exportPageSize, nil
	rows := rowsOf(func() ([]fee.Row, error) { return s.Fees.Summary(r.ctx(), f, kinds) }, func(last fee.Row) { place := last.Place(); f.After = &place })
	return r.workbook("fees", func(w io.Writer) error { return s.Workbooks.FeeList(w, about, rows) })
}
