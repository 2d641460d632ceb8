package web

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"tieout/app/fee"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/views"
)

// feeMade shows which settlements and kinds a number of the summary is made of;
// each leads to its lines.
func (s *server) feeMade(r *request) error {
	q, err := r.feeQuestion()
	if err != nil {
		return err
	}
	rows, sums, err := s.Fees.Made(r.ctx(), q)
	if err != nil {
		return err
	}
	page := r.page(q.Part.Title(), views.Fees, views.Link{Text: "Fees", Href: r.link("part", "", "sku", "", "currency", "", "after", "", "marketplace", "")})
	page.Crumbs[0].Href = strings.Replace(page.Crumbs[0].Href, "/reports/amounts", "/reports", 1)
	model := views.FeeMade{Facts: feeMadeFacts(q)}
	model.Summary = "By settlement and kind"
	for _, m := range rows {
		model.Rows = append(model.Rows, views.MadeRow{Settlement: views.Link{Text: m.AmazonID, Href: linesOf(q, m)}, Cycle: r.format().Cycle(period.DateOf(m.Start), period.DateOf(m.End)),
			Kind: m.Kind.String(), Marketplace: m.Kind.Marketplace, Lines: views.Count(int(m.Lines)), Units: views.Count(int(m.Units)), Amount: r.format().Money(m.Amount)})
	}
	for _, sum := range sums {
		model.Totals = append(model.Totals, views.MadeRow{Settlement: views.Link{Text: "Total"}, Lines: views.Count(int(sum.Lines)), Units: views.Count(int(sum.Units)), Amount: r.format().Money(sum.Amount)})
	}
	if len(rows) == feePageSize {
		last := rows[len(rows)-1]
		model.Pager.Next = r.link("after", nextKey(strconv.FormatInt(last.SettlementID, 10), strconv.Itoa(int(last.KindID))))
	}
	if q.AfterID != 0 {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.FeeMadeView(page, model))
}

func (r *request) feeQuestion() (fee.Question, error) {
	in := r.query()
	q := fee.Question{Connection: r.connection(), Currency: money.Currency(strings.ToUpper(in.text("currency", 3))), From: in.month("from"), To: in.month("to"),
		Marketplace: in.text("marketplace", 80), SKU: in.text("sku", 120), Text: in.text("q", 120), Part: fee.Part(in.number("part", int(fee.Sales), int(fee.Units))), PageSize: feePageSize}
	if q.From == (period.Date{}) || q.To == (period.Date{}) {
		in.refuse("from", "Say from which month to which.")
	}
	if q.Part == fee.Nothing {
		q.Part = fee.AllFees
	}
	if key := in.key("after", 2); key != nil {
		q.AfterID, q.AfterKind = parseID(key[0]), int32(parseID(key[1]))
	}
	return q, in.err()
}

func feeMadeFacts(q fee.Question) []views.Fact {
	months := monthTitle(q.From)
	if q.From != q.To {
		months += " to " + monthTitle(q.To)
	}
	facts := []views.Fact{{Name: "Months", Value: views.Text(months)}}
	add := func(name, value, none string) {
		if value == fee.None {
			value = none
		}
		if value != "" {
			facts = append(facts, views.Fact{Name: name, Value: views.Text(value)})
		}
	}
	add("SKU", cmp.Or(q.SKU, q.Text), "None")
	add("Marketplace", q.Marketplace, "None")
	add("Currency", string(q.Currency), "")
	return facts
}

// linesOf is the page of the lines behind a row.
func linesOf(q fee.Question, m fee.Made) string {
	last := period.DateOf(q.To.Time().AddDate(0, 1, -1))
	query := url.Values{"kind": {strconv.Itoa(int(m.KindID))}, "from": {q.From.String()}, "to": {last.String()}}
	switch q.SKU {
	case "":
	case fee.None:
		query.Set("no_sku", "1")
	default:
		query.Set("sku", q.SKU)
	}
	return address(fmt.Sprintf("/settlements/%d/lines", m.SettlementID), query)
}
