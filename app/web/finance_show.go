package web

import (
	"fmt"
	"net/url"

	"tieout/app/finances"
	"tieout/app/period"
	"tieout/views"
)

// unsettledShow shows a transaction down to the bytes that Amazon sent.
func (s *server) unsettledShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	t, err := s.Finances.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	in := r.query()
	number := in.number("version", 0, 1_000_000)
	if err := in.err(); err != nil {
		return err
	}
	name := t.Order
	if name == "" {
		name = t.Type
	}
	page := r.page(t.Type+" "+name, views.UnsettledMoney, views.Link{Text: "Unsettled money", Href: "/unsettled"})
	model := views.TransactionPage{Status: transactionPill(t.Transaction), Facts: r.transactionFacts(t)}
	for _, p := range t.Parts {
		model.Parts = append(model.Parts, views.TransactionPart{Path: p.Path, SKU: p.SKU, Kind: p.Kind.String(), Known: finances.Known(p.Kind), Amount: r.format().Value(p.Amount, t.Total.Currency)})
	}
	if number == 0 {
		number = len(t.Versions)
	}
	for _, v := range t.Versions {
		model.Versions = append(model.Versions, views.TransactionVersion{Seen: r.format().Time(v.Seen), Status: v.Status, Total: r.format().Money(v.Total),
			Bytes: views.Link{Text: views.Bytes(int64(v.Length)), Href: fmt.Sprintf("%s?version=%d", unsettledPath(id), v.Number)}})
		if v.Number != number {
			continue
		}
		if model.Raw, err = s.Finances.Raw(r.ctx(), v); err != nil {
			return err
		}
		model.RawOf = fmt.Sprintf("document %d, byte %d", v.DocumentID, v.Offset)
	}
	return r.show(views.TransactionView(page, model))
}

func (r *request) transactionFacts(t finances.Whole) []views.Fact {
	facts := []views.Fact{{Name: "Amount", Value: views.Money(r.format().Money(t.Total))}, {Name: "Connection", Value: views.Text(t.ConnectionName)}, {Name: "Marketplace", Value: views.Text(t.Marketplace)},
		{Name: "Posted", Value: views.Moment(r.format().Day(t.Posted))}}
	if t.Deferral != "" {
		facts = append(facts, views.Fact{Name: "Held because", Value: views.Text(deferralTitle(t.Deferral))})
	}
	switch {
	case t.Released != (period.Date{}):
		facts = append(facts, views.Fact{Name: "Released", Value: views.Moment(r.format().Day(t.Released))})
	case t.Due != (period.Date{}):
		facts = append(facts, views.Fact{Name: "Release expected", Value: views.Moment(r.format().Day(t.Due))})
	}
	switch {
	case t.SettlementID != 0 && t.Order != "":
		facts = append(facts, views.Fact{Name: "Settlement", Value: views.Anchor(views.Link{Text: t.Settlement, Href: fmt.Sprintf("/settlements/%d/lines?%s", t.SettlementID, url.Values{"order": {t.Order}}.Encode())})})
	case t.SettlementID != 0:
		facts = append(facts, views.Fact{Name: "Settlement", Value: views.Anchor(views.Link{Text: t.Settlement, Href: fmt.Sprintf("/settlements/%d", t.SettlementID)})})
	}
	if t.Aside {
		facts = append(facts, views.Fact{Name: "Counts", Value: views.Text("not by itself: it tells of a payout, or of another transaction's release")})
	}
	return append(facts, views.Fact{Name: "Amazon's id", Value: views.Code(t.AmazonID)})
}

func deferralTitle(reason string) string {
	switch reason {
	case "DD7":
		return "until days after delivery (DD7)"
	case "B2B":
		return "a business buys on invoice (B2B)"
	}
	return reason
}

const differencesShown = 200

// accrualShow holds an accrual beside what was settled.
func (s *server) accrualShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	c, err := s.Finances.Compared(r.ctx(), id)
	if err != nil {
		return err
	}
	orders, err := s.Finances.Orders(r.ctx(), id, 0, differencesShown)
	if err != nil {
		return err
	}
	page := r.page("Accrual "+c.Reference, views.UnsettledMoney, views.Link{Text: "Unsettled money", Href: "/unsettled"})
	model := views.AccrualPage{Status: entryPill(string(c.Status)), Export: r.listExport(), Total: r.accrualDifference(finances.Total(c.Accounts), c), Facts: []views.Fact{
		{Name: "Entry", Value: views.Anchor(views.Link{Text: c.Reference, Href: fmt.Sprintf("/entries/%d", c.ID)})}, {Name: "Connection", Value: views.Text(c.ConnectionName)},
		{Name: "Period", Value: views.Text(c.Period)}, {Name: "Earned by", Value: views.Moment(r.format().Day(c.On))}, {Name: "Net", Value: views.Money(r.format().Money(c.Net))},
		{Name: "Transactions settled", Value: views.Text(fmt.Sprintf("%s of %s", views.Count(int(c.Settled)), views.Count(int(c.Transactions))))}}}
	if model.Pending = c.At.IsZero(); !model.Pending {
		model.Facts = append(model.Facts, views.Fact{Name: "Compared", Value: views.Moment(r.format().Time(c.At))})
	}
	for _, carries := range c.Settlements {
		model.Facts = append(model.Facts, views.Fact{Name: "Settlement", Value: views.Anchor(views.Link{Text: carries.AmazonID, Href: fmt.Sprintf("/settlements/%d", carries.ID)})})
	}
	for _, d := range c.Accounts {
		model.Accounts = append(model.Accounts, r.accrualDifference(d, c))
	}
	for _, d := range orders {
		model.Orders = append(model.Orders, r.accrualDifference(d, c))
	}
	if c.Differing > differencesShown {
		model.More = fmt.Sprintf("The first %d of %s; the workbook has all.", differencesShown, views.Count(int(c.Differing)))
	}
	return r.show(views.AccrualView(page, model))
}

func (r *request) accrualDifference(d finances.Difference, c finances.Compared) views.AccrualDifference {
	currency := c.Net.Currency
	row := views.AccrualDifference{Account: d.Account, Accrued: r.format().Value(d.Accrued, currency), Open: r.format().Value(d.Open, currency), Actual: r.format().Value(d.Actual, currency),
		Differ: r.format().Value(d.Value(), currency), Tie: views.Tie{Difference: r.format().Value(d.Value(), currency), Hint: "What was settled, less what was accrued and is settled by now."}}
	row.Order = views.Link{Text: d.Order}
	if d.Order == "" {
		row.Order.Text = "of no order"
	}
	switch {
	case d.Transaction != 0:
		row.Order.Href = unsettledPath(d.Transaction)
	case d.Order != "" && len(c.Settlements) > 0:
		row.Order.Href = fmt.Sprintf("/settlements/%d/lines?%s", c.Settlements[0].ID, url.Values{"order": {d.Order}}.Encode())
	}
	return row
}
