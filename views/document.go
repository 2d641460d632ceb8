package views

import "github.com/a-h/templ"

// DocumentsPage is the Documents tab of a settlement.
type DocumentsPage struct {
	Head     SettlementHead
	Rows     []DocumentRow
	Problems []LineProblem // rows of the current report that could not be read
}

func (d DocumentsPage) problemTable() Table {
	return Import{Name: "the current report", Problems: d.Problems}.problemTable()
}

// DocumentRow is one raw file as it arrived.
type DocumentRow struct {
	Name     string
	View     string // page that shows its lines
	Download string
	Format   string // "Flat file V2, UTF-8"
	Hash     string // SHA-256 in hex, whole
	Size     string
	Lines    string
	Received When
	Source   string // "Amazon, report 50213018", "uploaded by Ada Nyström"
	Status   Pill   // current, or replaced by a re-issue
}

// RawPage shows one line of a document under the report's own headings.
type RawPage struct {
	Head     SettlementHead
	Document DocumentRow
	Number   string // "1,204 of 8,012"
	Line     RawLine
	Previous string
	Next     string
	First    string
	Action   string // GET with "line": goes to a line by number
	Up       Link   // the settlement line made from it
}

// HistoryPage is the History tab of a settlement.
type HistoryPage struct {
	Head   SettlementHead
	Events []Event // newest first
	More   string  // link to older events
}

// ComparePage is the Compare tab: this settlement against the one before.
type ComparePage struct {
	Head     SettlementHead
	Now      string // "1 – 14 Nov 2026"
	Before   Link   // the settlement before: "18 – 31 Oct 2026"
	Rows     []CompareRow
	Total    CompareRow
	Unusual  int
	Excluded string // why nothing can be compared; "" when it can
}

// CompareRow is one category in both settlements.
type CompareRow struct {
	Name    string
	Now     Amount
	Before  Amount
	Change  Amount
	Percent string // "+6.2 %"
	Share   string // "31.4 % of sales, was 29.8 %"
	Unusual bool
	Reason  string // why it counts as unusual
}

func (d DocumentsPage) table() Table {
	table := Table{
		Caption: "Documents",
		Columns: []Column{
			{Label: "Document", Kind: Wrap}, {Label: "Source", Kind: Wrap}, {Label: "SHA-256", Kind: Tight}, {Label: "Lines", Kind: Number}, {Label: "Size", Kind: Number},
			{Label: "Received", Kind: Tight}, {Label: "Status", Kind: Tight}, {Label: "File", Kind: Tight, Quiet: true},
		},
		Empty: Empty{Icon: "file-text", Title: "No document", Text: "A settlement without a document cannot be; please tell an administrator."},
	}
	for _, row := range d.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			Stacked(RowLink(Link{Text: row.Name, Href: row.View}), row.Format), Text(row.Source), Copyable(Short(row.Hash, 12), row.Hash),
			Text(row.Lines), Text(row.Size), Moment(row.Received), StatusPill(row.Status),
			Download(Link{Text: "Download " + row.Name, Href: row.Download}),
		}})
	}
	return table
}

func (c ComparePage) table() Table {
	table := Table{
		Caption: "Categories in both settlements",
		Summary: Counted(c.Unusual, "unusual change", "unusual changes"),
		Columns: []Column{
			{Label: "Category"}, {Label: c.Before.Text, Kind: Number}, {Label: c.Now, Kind: Number},
			{Label: "Change", Kind: Number}, {Label: "%", Kind: Number}, {Label: "Share of sales", Kind: Tight}, {Label: "Remark", Kind: Wrap},
		},
		Empty: Empty{Icon: "history", Title: "Nothing to compare with", Text: c.Excluded},
	}
	for _, row := range c.Rows {
		table.Rows = append(table.Rows, row.row())
	}
	if len(table.Rows) > 0 {
		table.Foot = []Row{c.Total.row()}
	}
	return table
}

func (r CompareRow) row() Row {
	row := Row{Cells: []templ.Component{
		Text(r.Name), Money(r.Before), Money(r.Now), Money(r.Change), Text(r.Percent), Soft(r.Share), Text(r.Reason),
	}}
	if r.Unusual {
		row.State = Waiting
		row.Cells[6] = Together(StatusPill(Pill{State: Waiting, Text: "Unusual", Icon: "circle-alert"}), Text(r.Reason))
	}
	return row
}
