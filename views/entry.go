package views

import "github.com/a-h/templ"

// EntryPage is one journal entry with everything that a person needs to decide
// about it.
type EntryPage struct {
	Status      Pill
	Reversal    bool
	Actions     []Button // what fits the role, the state and the person
	Print       bool     // printing makes sense: there are lines
	Alerts      []Alert  // what the person must know first
	Why         []string // why an action is not there for this person
	Facts       []Fact
	Lines       []EntryLine
	Totals      EntryLine // of the debits and credits
	Checks      []Check
	Approvals   []EntryApproval
	Needed      string         // "1 of 2 approvals"
	Previous    Link           // the version before this one; no text for the first
	Changes     []EntryChange  // what differs from it
	Delivery    *EntryDelivery // nil before posting begins
	History     []Event
	Comments    []Event
	Comment     string // posts "body"; "" for those who may only read
	Attachments []EntryFile
	Attach      string // posts "file"; "" for those who may only read
	Forms       []ActionForm
	Signatures  []Signature
}

// EntryLine is a line of a journal entry. An amount that is not there has no
// text.
type EntryLine struct {
	Number           string
	Account          string
	Name             string // of the account
	Problem          string // why the account cannot be posted to
	About            string // description, marketplace, branch
	Sources          string // how many settlement lines are in it
	Debit            Amount // links to what it is made of
	Credit           Amount
	FunctionalDebit  Amount // set when the company keeps its books in another currency
	FunctionalCredit Amount
}

// EntryApproval is one approval; a void one is shown struck through.
type EntryApproval struct {
	Who    string
	When   When
	Hash   string // beginning of the content's hash
	Voided string // why it no longer counts; "" counts
}

// EntryChange is one account whose amount differs from the version before.
type EntryChange struct {
	Account string
	Name    string
	Before  Amount // debits less credits
	Now     Amount
	Change  Amount
}

// EntryDelivery is how far the way to P21 has come.
type EntryDelivery struct {
	Status  Pill
	Facts   []Fact
	Steps   []Event
	Payload []byte // what is sent
}

// EntryFile is an attachment.
type EntryFile struct {
	Name string
	Href string
	Size string
	Who  string
	When When
}

// EntryParts is what one line of an entry is made of.
type EntryParts struct {
	Facts []Fact
	Note  string // about lines that no settlement line is behind
	Rows  []EntryPart
	Total Amount
	Lines string
}

// EntryPart is one kind within a journal line.
type EntryPart struct {
	Kind        string
	Marketplace string
	Rule        Link
	Days        string
	Lines       string
	Amount      Amount // links to the settlement's lines
}

func (e EntryPage) lineTable() Table {
	table := Table{
		Caption: "Debits and credits", Inside: true,
		Columns: []Column{
			{Label: "No.", Kind: TightNumber}, {Label: "Account", Kind: Wrap}, {Label: "For", Kind: Wrap}, {Label: "Lines", Kind: Number, Hint: "Settlement lines, or pieces of evidence, in it"},
			{Label: "Debit", Kind: Number}, {Label: "Credit", Kind: Number},
		},
		Empty: Empty{Icon: "book-open-text", Title: "This entry has no lines"},
	}
	for _, line := range e.Lines {
		row := Row{Cells: []templ.Component{
			Text(line.Number), accountName(line.Account, line.Name), Text(line.About), Text(line.Sources),
			twoMoney(line.Debit, line.FunctionalDebit), twoMoney(line.Credit, line.FunctionalCredit),
		}}
		if line.Problem != "" {
			row.State = Wrong
			row.Cells[1] = Together(accountName(line.Account, line.Name), StatusPill(Pill{State: Wrong, Text: line.Problem}))
		}
		table.Rows = append(table.Rows, row)
	}
	if len(e.Lines) > 0 {
		table.Foot = []Row{{Cells: []templ.Component{
			Text("Total"), nil, nil, Text(e.Totals.Sources), twoMoney(e.Totals.Debit, e.Totals.FunctionalDebit), twoMoney(e.Totals.Credit, e.Totals.FunctionalCredit),
		}}}
	}
	return table
}

func (e EntryPage) changeTable() Table {
	table := Table{
		Caption: "Differences from the version before", Inside: true,
		Columns: []Column{{Label: "Account", Kind: Wrap}, {Label: "Before", Kind: Number}, {Label: "Now", Kind: Number}, {Label: "Change", Kind: Number}},
		Empty:   Empty{Icon: "circle-check", Title: "Nothing differs", Text: "Every account has the amount that it had before."},
	}
	for _, c := range e.Changes {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			accountName(c.Account, c.Name), Money(c.Before), Money(c.Now), Money(c.Change),
		}})
	}
	return table
}

func (e EntryPage) fileTable() Table {
	table := Table{
		Caption: "Attachments", Inside: true,
		Columns: []Column{{Label: "File", Kind: Wrap}, {Label: "Size", Kind: Number}, {Label: "Added by", Kind: Wrap}, {Label: "Added", Kind: Tight}},
	}
	for _, file := range e.Attachments {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			RowLink(Link{Text: file.Name, Href: file.Href}), Text(file.Size), Text(file.Who), Moment(file.When),
		}})
	}
	return table
}

func (p EntryParts) table() Table {
	table := Table{
		Caption: "Sorts of settlement amounts in this line", Inside: true,
		Columns: []Column{
			{Label: "Kind", Kind: Wrap}, {Label: "Rule", Kind: Tight}, {Label: "Days", Kind: Tight}, {Label: "Lines", Kind: Number}, {Label: "Amount", Kind: Number},
		},
		Empty: Empty{Icon: "book-open-text", Title: "No settlement line stands behind this line", Text: p.Note},
	}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{
			Stacked(Text(row.Kind), row.Marketplace), Anchor(row.Rule), Text(row.Days), Text(row.Lines), Money(row.Amount),
		}})
	}
	if len(p.Rows) > 0 {
		table.Foot = []Row{{Cells: []templ.Component{Text("Together"), nil, nil, Text(p.Lines), Money(p.Total)}}}
	}
	return table
}

// EntryEvidence is what one line of a proposed entry rests on.
type EntryEvidence struct {
	Facts []Fact
	Note  string
	Rows  []EntryPiece
	Total Amount
	Pager Pager
}

// EntryPiece is one thing that a line rests on.
type EntryPiece struct {
	Subject          Link // no address: nothing more is known of it
	Detail, Quantity string
	Amount           Amount
}

func evidenceSubject(l Link) templ.Component {
	if l.Href == "" {
		return Code(l.Text)
	}
	return RowLink(l)
}

func (p EntryEvidence) table() Table {
	table := Table{
		Caption: "What this line rests on", Pager: p.Pager,
		Columns: []Column{{Label: "What", Kind: Wrap}, {Label: "Quantity", Kind: Number}, {Label: "Amount", Kind: Number}},
		Empty:   Empty{Icon: "book-open-text", Title: "Nothing stands behind this line", Text: p.Note},
	}
	for _, row := range p.Rows {
		table.Rows = append(table.Rows, Row{Cells: []templ.Component{Stacked(evidenceSubject(row.Subject), row.Detail), Text(row.Quantity), Money(row.Amount)}})
	}
	if len(p.Rows) > 0 {
		table.Foot = []Row{{Cells: []templ.Component{Text("The line"), nil, Money(p.Total)}}}
	}
	return table
}
