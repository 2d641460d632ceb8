package web

import (
	"fmt"
	"strconv"

	"tieout/app/journal"
	"tieout/app/money"
	"tieout/views"
)

// evidencePageSize is how many pieces of evidence are shown at once.
const evidencePageSize = 200

// entryEvidence shows what a line of a proposed entry rests on: its own
// evidence, everything behind the balancing line, and for a reversal that of
// the line that it mirrors.
func (s *server) entryEvidence(r *request, page views.Page, e journal.Entry, line journal.EntryLine) error {
	in := r.query()
	after := journal.Place{}
	if key := in.key("after", 2); key != nil {
		after = journal.Place{Line: int(parseID(key[0])), Position: int(parseID(key[1]))}
	}
	if err := in.err(); err != nil {
		return err
	}
	id, number := e.ID, int(line.LineNo)
	if e.ReversesID != nil {
		id = *e.ReversesID
	}
	if line.Clearing {
		number = 0
	}
	list, err := s.Entries.EvidenceOf(r.ctx(), id, number, after, evidencePageSize)
	if err != nil {
		return err
	}
	model := r.evidenceModel(e, line, list)
	if err := s.linkCosts(r, id, list, model.Rows); err != nil {
		return err
	}
	if len(list) == evidencePageSize {
		last := list[len(list)-1]
		model.Pager.Next = r.link("after", nextKey(strconv.Itoa(last.Line), strconv.Itoa(last.Position)))
	}
	if after != (journal.Place{}) {
		model.Pager.First = r.link("after", "")
	}
	return r.show(views.EntryEvidenceView(page, model))
}

func (r *request) evidenceModel(e journal.Entry, line journal.EntryLine, list []journal.Evidence) views.EntryEvidence {
	row := r.entryLine(e, line)
	amount := either(row.Debit, row.Credit)
	model := views.EntryEvidence{Note: partsNote(e, line), Total: amount, Facts: []views.Fact{
		{Name: "Account", Value: views.Together(views.Code(row.Account), views.Text(row.Name))},
		{Name: side(line), Value: views.Money(amount)},
		{Name: "For", Value: views.Text(row.About)},
		{Name: "Pieces", Value: views.Text(row.Sources)},
	}}
	for _, x := range list {
		piece := views.EntryPiece{Subject: views.Link{Text: x.Subject}, Detail: x.Detail, Amount: r.format().Value(x.Amount, money.Currency(e.Currency))}
		if x.Quantity.Valid {
			piece.Quantity = x.Quantity.Decimal.String()
		}
		model.Rows = append(model.Rows, piece)
	}
	return model
}

// linkCosts leads from pieces of a cost entry to the days that they are of.
func (s *server) linkCosts(r *request, entryID int64, list []journal.Evidence, rows []views.EntryPiece) error {
	if s.Costs == nil {
		return nil
	}
	numbers := make([]int, len(list))
	for i, x := range list {
		numbers[i] = x.Position
	}
	of, err := s.Costs.Of(r.ctx(), entryID, numbers)
	if err != nil {
		return err
	}
	for i, x := range list {
		if piece, known := of[x.Position]; known {
			rows[i].Subject.Href = costUnitsPath(piece)
		}
	}
	return nil
}

// entryAbout is what an entry is made of: its settlement, or its subject.
func entryAbout(e journal.Entry) views.Fact {
	if e.SettlementID == 0 {
		return views.Fact{Name: "About", Value: views.Text(journal.EntryType(e.EntryType).Title() + " " + e.Subject)}
	}
	return views.Fact{Name: "Settlement", Value: views.Anchor(views.Link{Text: e.AmazonID, Href: fmt.Sprintf("/settlements/%d", e.SettlementID)})}
}
