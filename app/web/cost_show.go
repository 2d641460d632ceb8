package web

import (
	"fmt"
	"io"
	"net/url"
	"strconv"

	"tieout/app/cost"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/views"
)

const costItemPageSize = 200

func costLink() views.Link { return views.Link{Text: "Cost of goods", Href: "/cost"} }

// costShow shows a count by SKU, each at its cost.
func (s *server) costShow(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	c, err := s.Costs.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	text, after, err := r.costItemFilter()
	if err != nil {
		return err
	}
	items, err := s.Costs.Items(r.ctx(), c.Count, text, after, costItemPageSize)
	if err != nil {
		return err
	}
	page := r.page(fmt.Sprintf("Cost of %s, %s", costOf(c.Count), c.Period), views.Costs, costLink())
	model := views.CostPage{Status: r.costPill(c.Count), Facts: r.costFacts(c.Count), Alerts: costAlerts(c.Count), Filter: r.costItemBar(c.Count, text), Again: r.againCosts(c)}
	model.Summary, model.Export = "By SKU", r.listExport()
	model.Empty = views.Empty{Icon: "inbox", Title: "Nothing was counted", Text: "No line of it says that Amazon shipped something."}
	for _, e := range c.All {
		model.Entries = append(model.Entries, views.CostEntry{Entry: views.Link{Text: e.Reference, Href: fmt.Sprintf("/entries/%d", e.ID)}, Period: e.Period, Units: views.Count(int(e.Units)),
			Status: entryPill(string(e.Status)), Amount: r.format().Money(e.Amount)})
	}
	for _, i := range items {
		model.Rows = append(model.Rows, r.costItem(c.Count, i))
	}
	if len(items) == costItemPageSize {
		p := items[len(items)-1].Place()
		model.Pager.Next = r.link("after", nextKey(p.SKU, p.Marketplace, strconv.FormatInt(p.EntryID, 10), strconv.Itoa(p.Number)))
	}
	if after != nil {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.CostView(page, model))
}

// costOf names what was counted within a sentence.
func costOf(c cost.Count) string {
	if c.SettlementID == 0 {
		return "returns"
	}
	return "settlement " + c.AmazonID
}

func (r *request) costItemFilter() (text string, after *cost.ItemPlace, err error) {
	in := r.query()
	text = in.text("q", 120)
	if key := in.key("after", 4); key != nil {
		after = &cost.ItemPlace{SKU: key[0], Marketplace: key[1], EntryID: parseID(key[2]), Number: int(parseID(key[3]))}
	}
	return text, after, in.err()
}

func (r *request) costItemBar(c cost.Count, text string) views.Filter {
	bar := views.Filter{Action: costPath(c.ID), Slim: true, Fields: []views.Field{{Name: "q", Label: "SKU", Type: "search", Value: text, Width: "wide"}}}
	if text != "" {
		bar.Clear = r.link("q", "", "after", "")
	}
	return bar
}

func (r *request) costFacts(c cost.Count) []views.Fact {
	of := views.Text("Returns to Amazon's warehouses")
	if c.SettlementID != 0 {
		of = views.Anchor(views.Link{Text: c.AmazonID, Href: fmt.Sprintf("/settlements/%d", c.SettlementID)})
	}
	facts := []views.Fact{{Name: "Counted", Value: of}, {Name: "Connection", Value: views.Text(c.ConnectionName)}, {Name: "Period", Value: views.Text(c.Period)}}
	for _, x := range []struct {
		name  string
		units int64
	}{{"Shipped", c.Shipped}, {"Back in stock", c.Returned}, {"Not sellable", c.Kept}, {"Without a cost", c.Waiting}} {
		if x.units != 0 {
			facts = append(facts, views.Fact{Name: x.name, Value: views.Text(views.Counted(int(x.units), "unit", "units"))})
		}
	}
	if c.EntryID != 0 {
		facts = append(facts, views.Fact{Name: "Cost", Value: views.Money(r.format().Money(c.Amount))})
	}
	return facts
}

func costAlerts(c cost.Count) []views.Alert {
	var alerts []views.Alert
	if c.Waiting > 0 {
		alerts = append(alerts, views.Alert{State: views.Waiting, Title: views.Counted(int(c.Waiting), "unit has no cost.", "units have no cost."),
			Text:   "No item stands for their SKU, or Prophet 21 has no cost of the item. The others are drafted; these follow by themselves.",
			Action: views.Link{Text: "Exceptions", Href: fmt.Sprintf("/exceptions?class=no_cost&connection=%d", c.ConnectionID)}})
	}
	if c.Replaced {
		alerts = append(alerts, views.Alert{State: views.Info, Title: "Amazon has issued this report again.", Text: "The new one is counted by itself. Posted entries of this one have the draft of a reversal."})
	}
	return alerts
}

func (r *request) costItem(c cost.Count, i cost.Item) views.CostItem {
	row := views.CostItem{SKU: views.Link{Text: i.SKU, Href: costUnitsPath(cost.Of{CountID: c.ID, SKU: i.SKU, Marketplace: i.Marketplace})}, Marketplace: i.Marketplace, Kept: countText(i.Kept), Source: i.Each.Source}
	if i.Quantity != 0 {
		row.Units = views.Link{Text: countText(i.Quantity), Href: row.SKU.Href}
	}
	switch {
	case i.Carried():
		row.Each, row.Amount = i.Each.Cost.String(), r.format().Money(i.Amount)
	case i.Quantity == 0:
		row.WithoutAmount, row.Status = true, views.Pill{Text: "Stays in the cost"}
	default:
		row.WithoutAmount, row.Status = true, views.Pill{State: views.Waiting, Text: "In no entry"}
	}
	return row
}

func costUnitsPath(of cost.Of) string {
	return fmt.Sprintf("%s/units?%s", costPath(of.CountID), url.Values{"sku": {of.SKU}, "marketplace": {of.Marketplace}}.Encode())
}

// againCosts takes P21's costs anew, as long as there is a draft.
func (r *request) againCosts(c cost.Whole) *views.AdminForm {
	if !r.person.Can(identity.PrepareEntries) {
		return nil
	}
	for _, e := range c.All {
		if e.Status == journal.Draft {
			return &views.AdminForm{Action: costPath(c.ID) + "/again", Submit: views.Button{Label: "Take the costs again", Icon: "rotate-ccw"}}
		}
	}
	return nil
}

// costAgain has the drafts of a count take P21's costs as they are now.
func (s *server) costAgain(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Costs.Again(r.ctx(), id, r.actor()); err != nil {
		return err
	}
	r.flash(views.Done, "The costs are taken again.", "The draft has them as Prophet 21 last told of them.")
	return r.goTo("/cost/%d", id)
}

// costUnits shows the days of an SKU in a count, each with its evidence.
func (s *server) costUnits(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	in := r.query()
	sku, marketplace, after := in.text("sku", 120), in.text("marketplace", 80), int64(0)
	if key := in.key("after", 1); key != nil {
		after = parseID(key[0])
	}
	if err := in.err(); err != nil {
		return err
	}
	c, err := s.Costs.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	moves, err := s.Costs.Moves(r.ctx(), id, sku, marketplace, after, costItemPageSize)
	if err != nil {
		return err
	}
	page := r.page("Units of "+sku, views.Costs, costLink(), views.Link{Text: c.Of() + ", " + c.Period, Href: costPath(id)})
	model := views.CostMoves{Facts: []views.Fact{{Name: "SKU", Value: views.Anchor(views.Link{Text: sku, Href: productPath(c.ConnectionID, sku)})}, {Name: "Connection", Value: views.Text(c.ConnectionName)}}}
	if marketplace != "" {
		model.Facts = append(model.Facts, views.Fact{Name: "Marketplace", Value: views.Text(marketplace)})
	}
	for _, m := range moves {
		model.Rows = append(model.Rows, r.costMove(c.Count, sku, m))
	}
	if len(moves) == costItemPageSize {
		model.Pager.Next = r.link("after", nextKey(strconv.FormatInt(moves[len(moves)-1].ID, 10)))
	}
	if after != 0 {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.CostMovesView(page, model))
}

// costMove leads to the lines of the settlement, or to the return.
func (r *request) costMove(c cost.Count, sku string, m cost.Move) views.CostMove {
	row := views.CostMove{On: r.format().Day(m.Day), Units: countText(int64(m.Quantity)), Kept: countText(int64(m.Kept))}
	if m.RecordID != 0 {
		row.Evidence = views.Link{Text: m.Key, Href: fmt.Sprintf("/records/%d", m.RecordID)}
		return row
	}
	query := url.Values{"sku": {sku}, "amount_type": {"ItemPrice"}, "description": {"Principal"}, "from": {m.Day.String()}, "to": {m.Day.String()}}
	row.Evidence = views.Link{Text: views.Counted(m.Lines, "line of the settlement", "lines of the settlement"), Href: fmt.Sprintf("/settlements/%d/lines?%s", c.SettlementID, query.Encode())}
	return row
}

// costExport sends the workbook of a count: every SKU, its cost by formula.
func (s *server) costExport(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	c, err := s.Costs.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	text, _, err := r.costItemFilter()
	if err != nil {
		return err
	}
	about, err := s.about(r, r.costItemBar(c.Count, text), [2]string{"Settlement", c.Of()}, [2]string{"Period", c.Period})
	if err != nil {
		return err
	}
	var after *cost.ItemPlace
	rows := rowsOf(func() ([]cost.Item, error) { return s.Costs.Items(r.ctx(), c.Count, text, after, exportPageSize) }, func(last cost.Item) {
		place := last.Place()
		after = &place
	})
	return r.workbook(fmt.Sprintf("cost-%s-%s", c.Of(), c.Period), func(w io.Writer) error { return s.Workbooks.CostItems(w, about, rows) })
}
