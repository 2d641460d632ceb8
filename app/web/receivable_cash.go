package web

import (
	"io"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/identity"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/receivable"
	"tieout/views"
)

const cashPageSize = 200

// cash is how a deposit falls apart: what pays invoices, and everything else by
// category. All of it adds up to the deposit.
type cash struct {
	receivable.Total
	loose decimal.Decimal // on the receivable without an order
	rest  []receivable.Rest
	sum   decimal.Decimal
}

// cashOf splits the sums of a settlement as its rules do.
func (s *server) cashOf(r *request, d *settlementDetail) (c cash, err error) {
	if err := s.withRules(r, d); err != nil {
		return c, err
	}
	if c.Total, err = s.Receivable.CashTotal(r.ctx(), d.ID); err != nil {
		return c, err
	}
	if c.Rules != 0 { // those in use may be others by now
		set, err := s.Rules.Load(r.ctx(), c.Rules)
		if err != nil {
			return c, err
		}
		d.rules = mapping.Compile(*set)
	}
	at := map[mapping.Category]int{}
	for _, x := range d.rollups {
		c.sum = c.sum.Add(x.Amount)
		title, category := "Not mapped", mapping.Category("")
		if d.rules != nil {
			if rule, ok := d.match(x); ok {
				if rule.Slot == mapping.SlotReceivable {
					c.loose = c.loose.Add(x.Amount)
					continue
				}
				title, category = rule.Category.Title(), rule.Category
			}
		}
		n, known := at[category]
		if !known {
			n = len(c.rest)
			at[category] = n
			c.rest = append(c.rest, receivable.Rest{Title: title})
		}
		c.rest[n].Amount = c.rest[n].Amount.Add(x.Amount)
	}
	c.loose = c.loose.Sub(c.Amount)
	return c, nil
}

// cashShow shows which invoices a deposit pays, and what else is in it.
func (s *server) cashShow(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	c, err := s.cashOf(r, &d)
	if err != nil {
		return err
	}
	filter, err := r.cashFilter()
	if err != nil {
		return err
	}
	rows, err := s.Receivable.Cash(r.ctx(), d.ID, filter)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "cash")
	model := views.CashPage{Head: head, Sums: s.cashSums(r, d, c), Filter: r.cashFilterBar(d, filter), Marks: r.person.Can(identity.PrepareEntries), Enter: d.base() + "/cash/enter"}
	if model.Entries, err = s.cashEntries(r, d); err != nil {
		return err
	}
	if c.ToEnter > 0 && model.Marks {
		form := r.cashForm(d, c.Total)
		model.Form = &form
	}
	if c.Rules == 0 {
		model.Why = "Its orders have not been added up yet; that happens a few minutes after the settlement has come, once mapping rules are published."
	}
	if model.Chooser, err = s.chooser(r, listCash); err != nil {
		return err
	}
	model.Summary, model.Export = views.Counted(int(c.Orders), "order", "orders"), r.listExport()
	for _, x := range rows {
		model.Rows = append(model.Rows, r.cashRow(d, x))
	}
	if len(rows) == cashPageSize {
		model.Pager.Next = r.link("after", nextKey(rows[len(rows)-1].Order))
	}
	if filter.After != "" {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.CashView(page, model))
}

// cashSums are the lines from the orders to the deposit, the last one what is
// left over: zero, or red.
func (s *server) cashSums(r *request, d settlementDetail, c cash) []views.CashSum {
	f := r.format()
	sums := []views.CashSum{{Title: "Applied to orders", Amount: f.Value(c.Amount, d.currency())}}
	if !c.loose.IsZero() {
		sums = append(sums, views.CashSum{Title: "On the receivable without an order", Amount: f.Value(c.loose, d.currency())})
	}
	for _, x := range c.rest {
		sums = append(sums, views.CashSum{Title: x.Title, Amount: f.Value(x.Amount, d.currency())})
	}
	left := d.Deposit.Sub(c.sum)
	sums = append(sums, views.CashSum{Title: "Deposit", Amount: f.Value(d.Deposit, d.currency())})
	return append(sums, views.CashSum{Title: "Unexplained", Amount: f.Value(left, d.currency()), Wrong: !left.IsZero()})
}

func cashStates() []views.Option {
	return []views.Option{{Label: "All"}, {Value: "to_enter", Label: "To enter"}, {Value: "entered", Label: "Entered"}}
}

func (r *request) cashFilter() (receivable.CashFilter, error) {
	in := r.query()
	f := receivable.CashFilter{State: in.choice("state", "", "to_enter", "entered"), PageSize: cashPageSize}
	if key := in.key("after", 1); key != nil {
		f.After = key[0]
	}
	return f, in.err()
}

func (r *request) cashFilterBar(d settlementDetail, f receivable.CashFilter) views.Filter {
	bar := views.Filter{Action: d.base() + "/cash", Slim: true, Fields: []views.Field{{Name: "state", Label: "State", Options: cashStates(), Value: f.State}}}
	if f.State != "" {
		bar.Clear = r.link("state", "", "after", "")
	}
	return bar
}

func (r *request) cashRow(d settlementDetail, x receivable.Applied) views.CashRow {
	f := r.format()
	row := views.CashRow{Order: views.Link{Text: x.Order, Href: itemPath(d.ConnectionID, x.Order)}, Customer: x.Customer, Invoices: strings.Join(x.Invoices, ", "),
		Due: f.Value(x.Due, d.currency()), Applied: f.Value(x.Amount, d.currency()), Difference: f.Value(x.Difference, d.currency()), Cause: causeTitle(x.Cause),
		Left: f.Value(x.Left(), d.currency()), Plain: money.Plain(x.Left(), d.currency()), Currency: d.Currency, Done: x.Left().IsZero()}
	if x.EntryID != 0 {
		row.Entry = views.Link{Text: x.Reference, Href: cashEntryPath(d.ID, x.EntryID)}
	}
	return row
}

// cashExport sends the cash application sheet of a settlement.
func (s *server) cashExport(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	c, err := s.cashOf(r, &d)
	if err != nil {
		return err
	}
	about, err := s.about(r, r.cashFilterBar(d, receivable.CashFilter{State: r.QueryParam("state")}), [2]string{"Settlement", d.AmazonID}, [2]string{"Deposit", money.Plain(d.Deposit, d.currency()) + " " + d.Currency})
	if err != nil {
		return err
	}
	filter, err := r.cashFilter()
	if err != nil {
		return err
	}
	filter.After, filter.PageSize = "", exportPageSize
	orders := rowsOf(func() ([]receivable.Applied, error) { return s.Receivable.Cash(r.ctx(), d.ID, filter) }, func(last receivable.Applied) { filter.After = last.Order })
	rows := func(yield func(receivable.Applied, error) bool) {
		for x, err := range orders {
			if !yield(x, err) || err != nil {
				return
			}
		}
		if filter.State != "" { // some orders alone add up to nothing
			return
		}
		for _, x := range append([]receivable.Rest{{Title: "On the receivable without an order", Amount: c.loose}}, c.rest...) {
			if !x.Amount.IsZero() && !yield(receivable.Applied{Title: x.Title, Amount: x.Amount}, nil) {
				return
			}
		}
	}
	return r.workbook("cash-"+d.AmazonID, func(w io.Writer) error {
		return s.Workbooks.Cash(w, about, d.Currency, rows, causeTitle)
	})
}
