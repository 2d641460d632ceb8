package web

import (
	"fmt"
	"slices"
	"strconv"

	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/settlement"
	"tieout/views"
)

const (
	linePageSize = 100
	lastPart     = 9 // no row has more parts
)

// settlementLines is the Lines tab.
func (s *server) settlementLines(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	if err := s.withRules(r, &d); err != nil {
		return err
	}
	filter, nothing, err := r.lineFilter(d)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "lines")
	model := views.LinesPage{Head: head, Filter: r.lineFilterBar(d)}
	var found settlement.Page
	if !nothing {
		if found, err = s.Settlements.Lines(r.ctx(), d.Detail, filter); err != nil {
			return err
		}
	}
	for _, l := range found.Lines {
		model.Rows = append(model.Rows, r.lineRow(d, l))
	}
	r.linePager(&model, found)
	model.Export = r.listExport()
	if model.Chooser, err = s.chooser(r, listLines); err != nil {
		return err
	}
	if r.QueryParam("totals") == "" {
		model.FootURL = r.link("totals", "1")
	} else if model.Totals, err = s.lineTotals(r, d, filter, nothing); err != nil {
		return err
	}
	return r.show(views.LinesView(page, model))
}

func (r *request) linePager(model *views.LinesPage, found settlement.Page) {
	switch {
	case found.More:
		last := found.Lines[len(found.Lines)-1]
		model.Pager.Next = r.link("after", nextKey(strconv.Itoa(int(last.LineNo)), strconv.Itoa(int(last.Part))), "totals", "")
		model.Summary = "first " + views.Count(len(found.Lines))
	case found.SearchedTo > 0:
		model.Pager.Next = r.link("after", nextKey(strconv.Itoa(int(found.SearchedTo)), strconv.Itoa(lastPart)), "totals", "")
		model.Summary = fmt.Sprintf("searched to row %s; the next page goes on", views.Count(int(found.SearchedTo)))
	default:
		model.Summary = views.Counted(len(found.Lines), "line", "lines") + " shown"
	}
	if r.QueryParam("after") != "" {
		model.Pager.First = r.link("after", "", "totals", "")
	}
}

func (s *server) lineTotals(r *request, d settlementDetail, f settlement.LineFilter, nothing bool) ([]views.LineTotal, error) {
	var total settlement.LineTotal
	if !nothing {
		var err error
		if total, err = s.Settlements.LineTotal(r.ctx(), d.Detail, f); err != nil {
			return nil, err
		}
	}
	return []views.LineTotal{{Label: views.Counted(int(total.Lines), "line", "lines"), Amount: r.format().Value(total.Amount, d.currency())}}, nil
}

// lineFilter reads what the address asks for; nothing is true when no kind can
// match. Names of kinds are looked up among the settlement's own few hundred.
func (r *request) lineFilter(d settlementDetail) (f settlement.LineFilter, nothing bool, err error) {
	in := r.query()
	f = settlement.LineFilter{OrderID: in.text("order", 60), SKU: in.text("sku", 120), NoSKU: in.checked("no_sku"), MinAmount: in.amount("min"), MaxAmount: in.amount("max"), PageSize: linePageSize}
	if from := in.date("from"); from != (period.Date{}) {
		at := from.Time()
		f.From = &at
	}
	if to := in.date("to"); to != (period.Date{}) {
		at := to.Time()
		f.To = &at
	}
	if key := in.key("after", 2); key != nil {
		f.AfterRow, f.AfterPart = int32(parseID(key[0])), int16(parseID(key[1]))
	}
	narrow := r.lineKinds(d, in, &f)
	return f, narrow && len(f.KindIDs) == 0, in.err()
}

// lineKinds turns the conditions on names into kinds. A search text that is no
// name of a kind is an order id or a SKU.
func (r *request) lineKinds(d settlementDetail, in *input, f *settlement.LineFilter) (narrow bool) {
	kind, category := in.id("kind"), in.text("category", 40)
	transaction, amountType, description, text := in.text("type", 200), in.text("amount_type", 200), in.text("description", 200), in.text("q", 100)
	matches := func(x settlement.Rollup) bool {
		if kind != 0 && int64(x.KindID) != kind || transaction != "" && x.TransactionType != transaction || amountType != "" && x.AmountType != amountType {
			return false
		}
		if description != "" && !contains(x.AmountDescription, description) {
			return false
		}
		return category == "" || d.inCategory(x, category)
	}
	narrow = kind != 0 || category != "" || transaction != "" || amountType != "" || description != ""
	if text != "" {
		named := slices.ContainsFunc(d.rollups, func(x settlement.Rollup) bool { return contains(kindOfRollup(x).String(), text) })
		switch {
		case named:
			narrow = true
			inner := matches
			matches = func(x settlement.Rollup) bool { return inner(x) && contains(kindOfRollup(x).String(), text) }
		case f.OrderID == "" && looksLikeOrder(text):
			f.OrderID = text
		case f.SKU == "":
			f.SKU = text
		}
	}
	if narrow {
		for _, x := range d.rollups {
			if matches(x) && !slices.Contains(f.KindIDs, x.KindID) {
				f.KindIDs = append(f.KindIDs, x.KindID)
			}
		}
	}
	return narrow
}

func (d settlementDetail) inCategory(x settlement.Rollup, category string) bool {
	rule, ok := d.match(x)
	if category == "unmapped" {
		return !ok
	}
	return ok && rule.Category == mapping.Category(category)
}

func contains(text, part string) bool { return containsKey(mapping.Key(text), mapping.Key(part)) }

func containsKey(text, part string) bool {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

// looksLikeOrder tells an order id (digits and hyphens, or S01-...) from a SKU.
func looksLikeOrder(text string) bool {
	digits := 0
	for _, c := range text {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	return digits >= 8 && digits*10 >= len(text)*7
}

func (r *request) lineFilterBar(d settlementDetail) views.Filter {
	values := map[string]string{}
	for _, name := range []string{"q", "type", "amount_type", "description", "min", "max", "from", "to", "order", "sku"} {
		values[name] = r.QueryParam(name)
	}
	types, amountTypes := map[string]bool{}, map[string]bool{}
	for _, x := range d.rollups {
		types[x.TransactionType] = true
		amountTypes[x.AmountType] = true
	}
	var keep []views.Hidden
	for _, name := range []string{"kind", "category", "no_sku"} {
		if value := r.QueryParam(name); value != "" {
			keep = append(keep, views.Hidden{Name: name, Value: value})
		}
	}
	bar := views.LineFilter(d.base()+"/lines", values, nameOptions(types, values["type"]), nameOptions(amountTypes, values["amount_type"]), keep)
	if len(keep) > 0 {
		bar.Clear = d.base() + "/lines"
	}
	return bar
}

func nameOptions(names map[string]bool, current string) []views.Option {
	options := []views.Option{{Label: "Any"}}
	for _, name := range sortedKeys(names) {
		if name != "" {
			options = append(options, views.Option{Value: name, Label: name, Current: name == current})
		}
	}
	return options
}

func (r *request) lineRow(d settlementDetail, l settlement.Line) views.LineRow {
	href := fmt.Sprintf("%s/lines/%d?part=%d", d.base(), l.LineNo, l.Part)
	row := views.LineRow{Number: views.Count(int(l.LineNo)), Href: href, Posted: r.format().Time(l.PostedAt), Type: l.TransactionType, AmountType: l.AmountType,
		Description: l.AmountDescription, Order: l.OrderID, SKU: l.Sku, Marketplace: l.Marketplace, Amount: r.format().Value(l.Amount, d.currency())}
	if l.Quantity != nil && *l.Quantity != 0 {
		row.Quantity = views.Count(int(*l.Quantity))
	}
	rule, ok := d.matchLine(l)
	if !ok {
		row.Problem = "No account"
		return row
	}
	if account, ok := d.rules.RuleSet().Account(rule); ok {
		row.Account = views.Link{Text: account}
	}
	return row
}

func (d settlementDetail) matchLine(l settlement.Line) (mapping.Rule, bool) {
	if d.rules == nil {
		return mapping.Rule{}, false
	}
	return d.rules.Match(mapping.Subject{Kind: mapping.Kind{Marketplace: l.Marketplace, TransactionType: l.TransactionType, AmountType: l.AmountType,
		AmountDescription: l.AmountDescription, Sign: int(l.Sign)}, ProductGroup: l.ProductGroup, Fulfillment: l.Fulfillment})
}

// settlementLine is one line with its way to the ledger and the bytes it came from.
func (s *server) settlementLine(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	row, err := r.pathID("line")
	if err != nil {
		return err
	}
	part := parseID(r.QueryParam("part"))
	l, err := s.Settlements.GetLine(r.ctx(), d.ID, int32(row), int16(part))
	if err != nil {
		return err
	}
	if err := s.withRules(r, &d); err != nil {
		return err
	}
	raw, err := s.Settlements.Raw(r.ctx(), d.Detail, l.RawOffset, int(l.RawLength))
	if err != nil {
		return err
	}
	page, _ := s.settlementPage(r, d, "lines")
	page.Crumbs = append(page.Crumbs, views.Link{Text: d.AmazonID, Href: d.base()}, views.Link{Text: "Lines", Href: d.base() + "/lines"})
	page.Title = "Line " + views.Count(int(l.LineNo))
	model := views.LinePage{Amount: r.format().Value(l.Amount, d.currency()), Facts: r.lineFacts(d, l), Raw: rawLine(raw),
		Document: views.Link{Text: "The document", Href: d.base() + "/documents"}}
	if model.Path, err = s.linePath(r, d, l); err != nil {
		return err
	}
	if l.OrderID != "" {
		related, err := s.Settlements.Lines(r.ctx(), d.Detail, settlement.LineFilter{OrderID: l.OrderID, PageSize: 200})
		if err != nil {
			return err
		}
		sum := money.New(l.Amount.Sub(l.Amount), d.currency())
		for _, x := range related.Lines {
			model.Related = append(model.Related, r.lineRow(d, x))
			sum.Value = sum.Value.Add(x.Amount)
		}
		model.Sum = r.format().Money(sum)
	}
	return r.show(views.LineView(page, model))
}

func (r *request) lineFacts(d settlementDetail, l settlement.Line) []views.Fact {
	fact := func(name, value string) views.Fact { return views.Fact{Name: name, Value: views.Text(value)} }
	facts := []views.Fact{
		{Name: "Posted", Value: views.Moment(r.format().Time(l.PostedAt))},
		{Name: "Accounting date", Value: views.Moment(r.format().Day(period.DateOf(l.PostedOn)))},
		fact("Type", l.TransactionType), fact("Amount type", l.AmountType), fact("Description", l.AmountDescription), fact("Marketplace", l.Marketplace),
	}
	for _, pair := range [][2]string{{"Order", l.OrderID}, {"Merchant order", l.MerchantOrderID}, {"SKU", l.Sku}, {"Adjustment", l.AdjustmentID}, {"Shipment", l.ShipmentID}, {"Promotion", l.PromotionID}} {
		if pair[1] != "" {
			facts = append(facts, views.Fact{Name: pair[0], Value: views.Copyable(pair[1], pair[1])})
		}
	}
	return facts
}

// linePath is the way from the line to the journal entry that carries it.
func (s *server) linePath(r *request, d settlementDetail, l settlement.Line) ([]views.PathStep, error) {
	kind := mapping.Kind{TransactionType: l.TransactionType, AmountType: l.AmountType, AmountDescription: l.AmountDescription}
	path := []views.PathStep{{Name: "Kind", State: views.Done, Value: views.Link{Text: kind.String(), Href: fmt.Sprintf("%s/lines?kind=%d", d.base(), l.KindID)}}}
	rule, ok := d.matchLine(l)
	if !ok {
		return append(path, views.PathStep{Name: "Rule", State: views.Waiting, Value: views.Link{Text: "No rule matches yet", Href: d.base()}}), nil
	}
	path = append(path, views.PathStep{Name: "Rule", State: views.Done, Value: views.Link{Text: fmt.Sprintf("Rule %d of set %d", rule.Position, d.rules.RuleSet().Number),
		Href: fmt.Sprintf("/rules?connection=%d#rule-%d", d.ConnectionID, rule.ID)}, Note: rule.Category.Title()})
	account, _ := d.rules.RuleSet().Account(rule)
	path = append(path, views.PathStep{Name: "Account", State: views.Done, Value: views.Link{Text: account}})
	entry, number, found, err := s.Entries.CarrierOf(r.ctx(), d.ID, l.KindID, l.PostedOn)
	if err != nil || !found {
		return append(path, views.PathStep{Name: "Journal entry", State: views.Waiting, Value: views.Link{Text: "Not drafted yet"}}), err
	}
	return append(path, views.PathStep{Name: "Journal entry", State: views.Done,
		Value: views.Link{Text: entry.Reference, Href: fmt.Sprintf("/entries/%d/lines/%d", entry.ID, number)}, Note: entryPill(entry.Status).Text}), nil
}

func rawLine(raw settlement.RawRow) views.RawLine {
	line := views.RawLine{Bytes: raw.Text, Offset: fmt.Sprintf("byte %s of the document", views.Count(int(raw.Offset)))}
	for i, f := range raw.Fields {
		line.Columns = append(line.Columns, views.RawColumn{Position: strconv.Itoa(i + 1), Name: f.Column, Bytes: []byte(f.Value)})
	}
	return line
}
