package views

import (
	"strconv"

	"github.com/a-h/templ"
)

// DepositPage is a page of deposits beside bank lines: what every tab shows, and
// the tab's own parts.
type DepositPage struct {
	Figures []Figure // the unexplained difference first
	Tabs    []Tab
	Buttons []Button
	Lead    string
	Alerts  []Alert
	Facts   []Fact
	Filter  *Filter
	Tables  []Table
	Sheets  []AdminSheet
}

// AwaitedRow is a deposit in a list.
type AwaitedRow struct {
	Settlement Link
	Connection string
	Due        When
	Age        string // days; empty: it is not awaited
	Amount     Amount
	Open       Amount // empty: nothing
	Status     Pill
	Act        Link
}

// AwaitedConnection is the key of the column that one connection needs not.
const AwaitedConnection = "connection"

// AwaitedTable lists deposits.
func AwaitedTable(l Listing, rows []AwaitedRow) Table {
	table := l.table("Deposits", Column{Key: "settlement", Label: "Settlement", Kind: Tight}, Column{Key: AwaitedConnection, Label: "Connection", Kind: Tight}, Column{Key: "due", Label: "Deposit date", Kind: Tight},
		Column{Key: "age", Label: "Days", Kind: Number}, Column{Key: "amount", Label: "Deposit", Kind: Number}, Column{Key: "open", Label: "Not received", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight},
		Column{Key: "act", Label: "Match", Kind: Tight, Quiet: true})
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Name: r.Settlement.Text, Cells: []templ.Component{RowLink(r.Settlement), Soft(r.Connection), Moment(r.Due), textOrNothing(r.Age), Money(r.Amount), moneyOrNothing(r.Open),
			StatusPill(r.Status), linkOrNothing(r.Act)}})
	}
	return table
}

// BankLineRow is a bank line in a list.
type BankLineRow struct {
	Booked      Link // opens the line
	Account     string
	Description string
	Reference   string
	Amount      Amount
	Open        Amount // empty: nothing
	Status      Pill
	Note        string
}

// BankLineTable lists bank lines.
func BankLineTable(l Listing, rows []BankLineRow) Table {
	table := l.table("Bank lines", Column{Key: "booked", Label: "Booked", Kind: Tight}, Column{Key: "account", Label: "Account", Kind: Tight}, Column{Key: "description", Label: "Text", Kind: Clip},
		Column{Key: "reference", Label: "Reference", Kind: Clip}, Column{Key: "amount", Label: "Amount", Kind: Number}, Column{Key: "open", Label: "Not matched", Kind: Number}, Column{Key: "state", Label: "State", Kind: Tight},
		Column{Key: "note", Label: "Note", Kind: Clip})
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Name: r.Description, Cells: []templ.Component{RowLink(r.Booked), Soft(r.Account), Text(r.Description), textOrNothing(r.Reference), Money(r.Amount), moneyOrNothing(r.Open),
			StatusPill(r.Status), textOrNothing(r.Note)}})
	}
	return table
}

// SuggestionRow is deposits and bank lines that seem to belong together.
type SuggestionRow struct {
	Deposits   []Link
	Due        When
	Lines      []Link
	Booked     When
	Text       string
	Amount     Amount // of the lines
	Difference Amount // empty: none
	Reason     string
	Sure       bool
	Key        string
	Accept     string // posts here; empty: by hand only
	ByHand     Link
}

// SuggestionTable lists what the rules found.
func SuggestionTable(rows []SuggestionRow, empty Empty) Table {
	table := Table{Caption: "Suggestions", Summary: "Suggested", Empty: empty, Columns: []Column{{Label: "Settlement", Kind: Tight}, {Label: "Deposit date", Kind: Tight}, {Label: "Booked", Kind: Tight}, {Label: "Bank's text, and why", Kind: Wrap},
		{Label: "Amount", Kind: Number}, {Label: "Difference", Kind: Number}, {Label: "Sure", Kind: Tight}, {Label: "Accept", Kind: Tight, Quiet: true}}}
	for _, r := range rows {
		act := Anchor(r.ByHand)
		if r.Accept != "" {
			act = Together(PostButton(Button{Label: "Accept", Icon: "check", Action: r.Accept}, Hidden{"key", r.Key}))
		}
		pill := Pill{State: Done, Text: "Sure"}
		if !r.Sure {
			pill = Pill{State: Waiting, Text: "Decide"}
		}
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Links(r.Deposits), Moment(r.Due), Links(r.Lines), Stacked(Text(r.Text), r.Reason), Money(r.Amount), moneyOrNothing(r.Difference), StatusPill(pill), act}})
	}
	return table
}

// MatchRow is a match in a list.
type MatchRow struct {
	Match    Link
	By       string
	Rule     string
	Reason   string
	Deposits []Link
	Lines    []Link
	Amount   Amount
	Status   Pill
}

// MatchTable lists matches.
func MatchTable(l Listing, rows []MatchRow) Table {
	table := l.table("Matches", Column{Label: "Matched", Kind: Tight}, Column{Label: "By", Kind: Tight}, Column{Label: "Settlement", Kind: Tight}, Column{Label: "Bank line", Kind: Tight}, Column{Label: "Amount", Kind: Number},
		Column{Label: "Why", Kind: Clip}, Column{Label: "State", Kind: Tight})
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(r.Match), Soft(r.By), Links(r.Deposits), Links(r.Lines), Money(r.Amount), Text(r.Reason), StatusPill(r.Status)}})
	}
	return table
}

// PartRow is one part of a match.
type PartRow struct {
	Deposit, Line Link
	Account, Text string
	Amount        Amount
}

// PartTable lists the parts of a match.
func PartTable(rows []PartRow) Table {
	table := Table{ID: "parts", Caption: "What belongs together", Summary: "What belongs together", Inside: true, Columns: []Column{{Label: "Settlement", Kind: Tight}, {Label: "Bank line", Kind: Tight}, {Label: "Account", Kind: Tight},
		{Label: "Text", Kind: Clip}, {Label: "Amount", Kind: Number}}}
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{linkOrNothing(r.Deposit), linkOrNothing(r.Line), textOrNothing(r.Account), textOrNothing(r.Text), Money(r.Amount)}})
	}
	return table
}

// StatementRow is a bank statement in a list.
type StatementRow struct {
	File             Link
	Account, Format  string
	From, To         When
	Opening, Closing Amount
	Lines, New       string
	Status           Pill
	Read             When
	By               string
}

// StatementTable lists statements.
func StatementTable(l Listing, rows []StatementRow) Table {
	table := l.table("Statements", Column{Label: "File", Kind: Clip}, Column{Label: "Account", Kind: Tight}, Column{Label: "From", Kind: Tight}, Column{Label: "To", Kind: Tight}, Column{Label: "Opening", Kind: Number},
		Column{Label: "Closing", Kind: Number}, Column{Label: "Lines", Kind: Number}, Column{Label: "New", Kind: Number}, Column{Label: "State", Kind: Tight}, Column{Label: "Read", Kind: Tight}, Column{Label: "By", Kind: Tight})
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{RowLink(r.File), Text(r.Account), Moment(r.From), Moment(r.To), moneyOrNothing(r.Opening), moneyOrNothing(r.Closing), Text(r.Lines), Text(r.New), StatusPill(r.Status),
			Moment(r.Read), Soft(r.By)}})
	}
	return table
}

// FileProblem is something that could not be read.
type FileProblem struct{ Line, Message string }

// FileProblemTable lists what could not be read of a file.
func FileProblemTable(rows []FileProblem) Table {
	table := Table{ID: "problems", Caption: "What could not be read", Summary: Counted(len(rows), "problem", "problems"), Inside: true, Columns: []Column{{Label: "Line", Kind: Number}, {Label: "What is wrong", Kind: Wrap}}}
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{textOrNothing(r.Line), Text(r.Message)}, State: Wrong})
	}
	return table
}

// MatchForm puts deposits and bank lines together by hand.
type MatchForm struct {
	Tabs       []Tab
	Action     string
	Filter     Filter
	Deposits   []PickRow
	Lines      []PickRow
	Error      string // of what is picked
	Reason     Field
	Difference Field
	LeaveOpen  Field
	Why        string // why this person may not
}

// PickRow is something to pick, with its box.
type PickRow struct {
	ID     int64
	Name   string
	Link   Link
	Text   string
	Note   string
	Open   Amount
	Picked bool
}

func pickTable(id, caption, field, name string, rows []PickRow, empty string) Table {
	table := Table{ID: id, Caption: caption, Summary: caption, Inside: true, Passed: true, Empty: Empty{Icon: "inbox", Title: empty},
		Columns: []Column{{Label: "Pick", Kind: Tight, Quiet: true}, {Label: name, Kind: Tight}, {Label: "Text", Kind: Wrap}, {Label: "Open", Kind: Number}}}
	for _, r := range rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{pickBox(field, strconv.FormatInt(r.ID, 10), r.Name, r.Picked), Anchor(r.Link), Stacked(Text(r.Text), r.Note), Money(r.Open)}})
	}
	return table
}

func (f MatchForm) deposits() Table {
	return pickTable("pick-deposits", "Deposits", "deposit", "Settlement", f.Deposits, "No open deposit")
}

func (f MatchForm) lines() Table {
	return pickTable("pick-lines", "Bank lines", "line", "Booked", f.Lines, "No open bank line")
}

// ColumnsPage chooses what the columns of a CSV file are.
type ColumnsPage struct {
	Sample [][]string // the first lines as they are cut now
	Doubts []string
	Trial  []Fact        // what the reading of the file gives with these columns
	Wrong  []FileProblem // the first problems of it
	Form   AdminForm
}

func (c ColumnsPage) sample() Table {
	table := Table{ID: "sample", Caption: "The file's first lines", Summary: "The file's first lines", Inside: true, Dense: true, Empty: Empty{Icon: "inbox", Title: "Nothing to show"}}
	width := 0
	for _, r := range c.Sample {
		width = max(width, len(r))
	}
	for i := range width {
		table.Columns = append(table.Columns, Column{Label: strconv.Itoa(i + 1), Kind: Clip})
	}
	for _, r := range c.Sample {
		row := Row{}
		for i := range width {
			text := ""
			if i < len(r) {
				text = r[i]
			}
			row.Cells = append(row.Cells, Text(text))
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
