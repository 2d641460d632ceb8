package views

// Listing is what every list page shares besides its rows: counts, sorting,
// columns, paging, export. Page models embed it.
type Listing struct {
	Summary string              // "1,204 lines"
	Sorts   map[string]SortLink // column key -> how to sort by it
	Without map[string]bool     // column keys the person does not want to see
	Chooser *Chooser
	Pager   Pager
	Export  []Choice
	FootURL string // where totals load from when they cost time
	Empty   Empty
}

// SortLink sorts a list by one column.
type SortLink struct {
	Href      string
	Direction Direction // how it is sorted now
}

// table starts a Table with what the listing knows of its columns.
func (l Listing) table(caption string, columns ...Column) Table {
	for i, column := range columns {
		sort := l.Sorts[column.Key]
		columns[i].Sort, columns[i].Sorted = sort.Href, sort.Direction
		columns[i].Hidden = l.Without[column.Key]
	}
	return Table{
		Caption: caption,
		Columns: columns,
		Summary: l.Summary,
		Chooser: l.Chooser,
		Pager:   l.Pager,
		Export:  l.Export,
		FootURL: l.FootURL,
		Empty:   l.Empty,
	}
}
