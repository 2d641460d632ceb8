package web

import (
	"io"
	"iter"

	"tieout/app/settlement"
)

// lineListExport sends the workbook of a settlement's filtered lines.
func (s *server) lineListExport(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	if err := s.withRules(r, &d); err != nil {
		return err
	}
	f, nothing, err := r.lineFilter(d)
	if err != nil {
		return err
	}
	about, err := s.about(r, r.lineFilterBar(d), r.lineKept(d)...)
	if err != nil {
		return err
	}
	rows := s.eachFilteredLine(r, d, f)
	if nothing {
		rows = func(func(settlement.Line, error) bool) {}
	}
	return r.workbook("settlement-"+d.AmazonID+"-lines", func(w io.Writer) error {
		return s.Workbooks.LineList(w, about, d.Detail, rows, d.account)
	})
}

// lineKept says what is filtered besides the fields of the bar.
func (r *request) lineKept(d settlementDetail) [][2]string {
	kept := [][2]string{{"Settlement", d.AmazonID}}
	if category := r.QueryParam("category"); category != "" {
		kept = append(kept, [2]string{"Category", category})
	}
	for _, x := range d.rollups {
		if int64(x.KindID) == parseID(r.QueryParam("kind")) {
			return append(kept, [2]string{"Kind", kindOfRollup(x).String()})
		}
	}
	return kept
}

// eachFilteredLine goes through the pages of lines; one that stopped at its
// budget says from where to search on.
func (s *server) eachFilteredLine(r *request, d settlementDetail, f settlement.LineFilter) iter.Seq2[settlement.Line, error] {
	return func(yield func(settlement.Line, error) bool) {
		f.PageSize, f.AfterRow, f.AfterPart = exportPageSize, 0, 0
		for {
			page, err := s.Settlements.Lines(r.ctx(), d.Detail, f)
			if err != nil {
				yield(settlement.Line{}, err)
				return
			}
			for _, line := range page.Lines {
				if !yield(line, nil) {
					return
				}
			}
			switch {
			case page.More:
				last := page.Lines[len(page.Lines)-1]
				f.AfterRow, f.AfterPart = last.LineNo, last.Part
			case page.SearchedTo > 0:
				f.AfterRow, f.AfterPart = page.SearchedTo, lastPart
			default:
				return
			}
		}
	}
}

// account is where the rules send a line, "" while nowhere.
func (d settlementDetail) account(l settlement.Line) string {
	rule, ok := d.matchLine(l)
	if !ok {
		return ""
	}
	account, _ := d.rules.RuleSet().Account(rule)
	return account
}
