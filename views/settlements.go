package views

import "github.com/a-h/templ"

// SettlementsPage is the list of settlements.
type SettlementsPage struct {
	Listing
	Filter Filter
	Rows   []SettlementRow
	Totals []SettlementTotal // of the filtered set, one per currency
	Upload string            // link to the upload page; "" when the role may not
}

// SettlementRow is one settlement in a list.
type SettlementRow struct {
	Number       string // Amazon's settlement id
	Href         string
	Connection   string
	Marketplaces string
	Cycle        string // "1 – 14 Nov 2026"
	DepositDate  When
	Lines        string
	Status       Pill
	Tie          Tie
	Entries      Link // "2 entries"
	Deposit      Amount
}

// SettlementTotal sums the filtered settlements of one currency.
type SettlementTotal struct {
	Label   string // "41 settlements in USD"
	Lines   string
	Deposit Amount
}

// Keys of the settlement list's columns, as sort links and the column chooser
// name them.
const (
	SettlementNumber       = "number"
	SettlementConnection   = "connection"
	SettlementMarketplaces = "marketplaces"
	SettlementCycle        = "cycle"
	SettlementDepositDate  = "deposited"
	SettlementLines        = "lines"
	SettlementEntries      = "entries"
	SettlementStatus       = "status"
	SettlementTie          = "tie"
	SettlementDeposit      = "deposit"
)

func (s SettlementsPage) table() Table {
	table := s.Listing.table("Settlements",
		Column{Key: SettlementNumber, Label: "Settlement", Kind: Tight},
		Column{Key: SettlementConnection, Label: "Connection", Kind: Clip},
		Column{Key: SettlementMarketplaces, Label: "Marketplaces", Kind: Clip},
		Column{Key: SettlementCycle, Label: "Cycle", Kind: Tight},
		Column{Key: SettlementDepositDate, Label: "Deposited", Kind: Tight},
		Column{Key: SettlementLines, Label: "Lines", Kind: Number},
		Column{Key: SettlementEntries, Label: "Journal", Kind: Tight},
		Column{Key: SettlementStatus, Label: "Status", Kind: Tight},
		Column{Key: SettlementTie, Label: "Tie-out", Kind: Tight},
		Column{Key: SettlementDeposit, Label: "Deposit", Kind: Number},
	)
	if table.Empty.Title == "" {
		table.Empty = Empty{Icon: "receipt-text", Title: "No settlement matches", Text: "Amazon makes one every two weeks and they arrive by themselves. Those older than 90 days can be uploaded.", Action: Link{Text: "Upload reports", Href: s.Upload}}
	}
	for _, row := range s.Rows {
		table.Rows = append(table.Rows, Row{
			ID: row.Number, Name: "settlement " + row.Number,
			Cells: []templ.Component{
				RowLink(Link{Text: row.Number, Href: row.Href}), Text(row.Connection), Soft(row.Marketplaces), Text(row.Cycle),
				Moment(row.DepositDate), Text(row.Lines), Anchor(row.Entries), StatusPill(row.Status), TieOut(row.Tie), Money(row.Deposit),
			},
		})
	}
	for _, total := range s.Totals {
		table.Foot = append(table.Foot, Row{Cells: []templ.Component{
			Text(total.Label), nil, nil, nil, nil, Text(total.Lines), nil, nil, nil, Money(total.Deposit),
		}})
	}
	return table
}
