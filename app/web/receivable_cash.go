package web

import (
	"io"
	"strings"

	"github.com/shopspring/decimal"

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
	in := r.query()
	after := ""
	if key := in.key("after", 1); key != nil {
		after = key[0]
	}
	if err := in.err(); err != nil {
		return err
	}
	rows, err := s.Receivable.Cash(r.ctx(), d.ID, after, cashPageSize)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "cash")
	model := views.CashPage{Head: head, Sums: s.cashSums(r, d, c)}
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
	if after != "" {
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

func (r *request) cashRow(d settlementDetail, x receivable.Applied) views.CashRow {
	f := r.format()
	return views.CashRow{Order: views.Link{Text: x.Order, Href: itemPath(d.ConnectionID, x.Order)}, Customer: x.Customer, Invoices: strings.Join(x.Invoices, ", "),
		Due: f.Value(x.Due, d.currency()), Applied: f.Value(x.Amount, d.currency()), Difference: f.Value(x.Difference, d.currency()), Cause: causeTitle(x.Cause)}
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
	about, err := s.about(r, views.Filter{}, [2]string{"Settlement", d.AmazonID}, [2]string{"Deposit", money.Plain(d.Deposit, d.currency()) + " " + d.Currency})
	if err != nil {
		return err
	}
	after := ""
	orders := rowsOf(func() ([]receivable.Applied, error) { return s.Receivable.Cash(r.ctx(), d.ID, after, exportPageSize) }, func(last receivable.Applied) { after = last.Order })
	rows := func(yield func(receivable.Applied, error) bool) {
		for x, err := range orders {
			if !yield(x, err) || err != nil {
				return
			}
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
