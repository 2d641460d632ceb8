package web

import (
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/money"
	"tieout/app/settlement"
	"tieout/app/settlement/report"
	"tieout/views"
)

// settlementDocuments lists the raw files behind a settlement, and the rows of
// the current one that could not be read.
func (s *server) settlementDocuments(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	readings, err := s.Settlements.Readings(r.ctx(), d.Detail)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "documents")
	model := views.DocumentsPage{Head: head}
	for _, x := range readings {
		row := views.DocumentRow{Name: x.Name, Format: x.Format, Hash: hex.EncodeToString(x.Sha256), Size: views.Bytes(x.Size), Lines: views.Count(int(x.LineCount)),
			Received: r.format().Time(x.StoredAt), Source: x.Source, View: fmt.Sprintf("/settlements/%d/lines", x.ID),
			Download: fmt.Sprintf("/settlements/%d/documents/%d", x.ID, x.DocumentID), Status: views.Pill{State: views.Done, Text: "Current"}}
		if x.StoredBy != "" {
			row.Source += " by " + x.StoredBy
		}
		if x.ReplacedAt != nil {
			row.Status = views.Pill{State: views.Neutral, Text: "Replaced"}
		}
		model.Rows = append(model.Rows, row)
	}
	problems, err := s.Settlements.Problems(r.ctx(), d.Detail, 0, 200)
	if err != nil {
		return err
	}
	model.Problems = lineProblems(problems)
	return r.show(views.DocumentsView(page, model))
}

func lineProblems(problems []settlement.Problem) []views.LineProblem {
	var rows []views.LineProblem
	for _, p := range problems {
		rows = append(rows, views.LineProblem{Line: views.Count(int(p.LineNo)), Column: p.ColumnName, Value: p.Value, Rule: report.Explain(p.Rule)})
	}
	return rows
}

// settlementFile sends a raw report as it came.
func (s *server) settlementFile(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	id, err := r.pathID("document")
	if err != nil {
		return err
	}
	if id != d.DocumentID {
		return fault.New(fault.NotFound, "This settlement has no document %d.", id)
	}
	doc, err := s.Settlements.Document(r.ctx(), id)
	if err != nil {
		return err
	}
	in, err := s.Settlements.OpenDocument(r.ctx(), id)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only frees memory
	header := r.Response().Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "settlement-" + d.AmazonID + ".txt"}))
	header.Set("Content-Length", strconv.FormatInt(doc.Size, 10))
	r.Response().WriteHeader(http.StatusOK)
	_, err = io.Copy(r.Response(), in)
	return err
}

// settlementHistory tells what happened to a settlement, the newest first.
func (s *server) settlementHistory(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	events, err := s.Settlements.History(r.ctx(), d.ID)
	if err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "history")
	model := views.HistoryPage{Head: head}
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		model.Events = append(model.Events, views.Event{State: views.Neutral, Who: e.Actor, What: e.Action, When: r.format().Time(e.At), Quote: e.Reason})
	}
	return r.show(views.HistoryView(page, model))
}

// settlementCompare holds a settlement against the cycle before.
func (s *server) settlementCompare(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	if err := s.withRules(r, &d); err != nil {
		return err
	}
	page, head := s.settlementPage(r, d, "compare")
	model := views.ComparePage{Head: head, Now: d.cycle(r.format())}
	previous, _, err := s.Settlements.Neighbours(r.ctx(), d.ID)
	if err != nil {
		return err
	}
	if previous == 0 {
		model.Excluded = "This is the first cycle of its account."
		return r.show(views.CompareView(page, model))
	}
	before := settlementDetail{rules: d.rules}
	if before.Detail, err = s.Settlements.Get(r.ctx(), previous); err != nil {
		return err
	}
	if before.rollups, err = s.Settlements.Rollups(r.ctx(), previous); err != nil {
		return err
	}
	model.Before = views.Link{Text: before.cycle(r.format()), Href: before.base()}
	r.compare(&model, d, before)
	return r.show(views.CompareView(page, model))
}

func (d settlementDetail) sums() map[mapping.Category]decimal.Decimal {
	sums := map[mapping.Category]decimal.Decimal{}
	for _, x := range d.rollups {
		if rule, ok := d.match(x); ok {
			sums[rule.Category] = sums[rule.Category].Add(x.Amount)
		}
	}
	return sums
}

// A change is unusual when a category's share of sales moved by more than a
// quarter of itself and by at least one percent of sales.
var (
	unusualShare = decimal.New(25, -2)
	unusualSales = decimal.New(1, -2)
)

func (r *request) compare(model *views.ComparePage, d, before settlementDetail) {
	f, currency := r.format(), d.currency()
	now, old := d.sums(), before.sums()
	share := func(amount, sales decimal.Decimal) decimal.Decimal {
		if sales.IsZero() {
			return decimal.Zero
		}
		return amount.Div(sales).Abs()
	}
	for _, info := range mapping.Categories() {
		a, b := now[info.Category], old[info.Category]
		if a.IsZero() && b.IsZero() {
			continue
		}
		shareNow, shareOld := share(a, now[mapping.Sales]), share(b, old[mapping.Sales])
		row := views.CompareRow{Name: info.Title, Now: f.Value(a, currency), Before: f.Value(b, currency), Change: f.Value(a.Sub(b), currency),
			Percent: percentChange(a, b), Share: views.Percent(a.Abs(), now[mapping.Sales]) + " of sales, was " + views.Percent(b.Abs(), old[mapping.Sales])}
		moved := shareNow.Sub(shareOld).Abs()
		if info.Category != mapping.Sales && moved.GreaterThan(unusualSales) && moved.GreaterThan(shareOld.Mul(unusualShare)) {
			row.Unusual, model.Unusual = true, model.Unusual+1
			row.Reason = "Its share of sales moved by more than a quarter."
			if b.IsZero() {
				row.Reason = "It was not there the cycle before."
			}
		}
		model.Rows = append(model.Rows, row)
	}
	model.Total = views.CompareRow{Name: "Deposit", Now: f.Value(d.Deposit, currency), Before: f.Value(before.Deposit, currency),
		Change: f.Value(d.Deposit.Sub(before.Deposit), currency), Percent: percentChange(d.Deposit, before.Deposit)}
}

func percentChange(now, before decimal.Decimal) string {
	if before.IsZero() {
		return ""
	}
	change := now.Sub(before).Div(before.Abs()).Mul(decimal.New(100, 0)).Round(1)
	text := money.Format(change, "") + " %"
	if change.IsPositive() {
		text = "+" + text
	}
	return text
}
