package seedv2

import (
	"context"
	"fmt"
	"strings"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

type rma struct {
	ReturnNumber      key    `json:",omitempty"`
	Status            string `json:",omitempty"`
	CreatedAt         *stamp `json:",omitempty"`
	CompanyId         string
	ExternalReference string
	SalesOrderNumber  key
	CustomerNumber    key
	ReturnDate        dayText
	LocationId        key
	LineItems         []rmaLine
}

type rmaLine struct {
	LineNumber      int
	OrderLineNumber int
	ProductCode     string
	Quantity        rest.Number
	Reason          string
}

// dayText is a date that is written as well as read.
type dayText struct{ day }

// MarshalJSON writes YYYY-MM-DD.
func (d dayText) MarshalJSON() ([]byte, error) { return []byte(`"` + d.String() + `"`), nil }

func (r rma) held() p21.Return {
	held := p21.Return{Company: r.CompanyId, Number: string(r.ReturnNumber), Reference: r.ExternalReference, Order: string(r.SalesOrderNumber),
		Customer: string(r.CustomerNumber), Date: r.ReturnDate.Date, Location: string(r.LocationId), Status: p21.ReturnStatus(r.Status)}
	if r.CreatedAt != nil {
		held.CreatedAt = r.CreatedAt.Time
	}
	for _, l := range r.LineItems {
		held.Lines = append(held.Lines, p21.ReturnLine{Number: l.LineNumber, OrderLine: l.OrderLineNumber, Item: l.ProductCode, Quantity: l.Quantity.Decimal, Reason: l.Reason})
	}
	return held
}

// Returns implements p21.System.
func (s *System) Returns(ctx context.Context, reference string) ([]p21.Return, error) {
	const operation = "find returns"
	rows, err := list(ctx, s.rest, query[rma]{
		operation: operation, path: returns, order: "ReturnNumber",
		filter:  fmt.Sprintf("CompanyId eq %s and ExternalReference eq %s", rest.Literal(s.company), rest.Literal(reference)),
		matches: func(r rma) bool { return r.CompanyId == s.company && r.ExternalReference == reference },
	})
	if err != nil {
		return nil, read(err, operation, "returns")
	}
	found := make([]p21.Return, len(rows))
	for i, row := range rows {
		found[i] = row.held()
	}
	return found, nil
}

// CreateReturn implements p21.System through POST, an extension of this project.
func (s *System) CreateReturn(ctx context.Context, r p21.Return) (p21.Return, error) {
	const operation = "create return"
	if err := r.Validate(); err != nil {
		return p21.Return{}, err
	}
	if err := s.own(operation, r.Company); err != nil {
		return p21.Return{}, err
	}
	asked := rma{CompanyId: r.Company, ExternalReference: r.Reference, SalesOrderNumber: key(r.Order), CustomerNumber: key(r.Customer),
		ReturnDate: dayText{day{r.Date}}, LocationId: key(r.Location)}
	for _, l := range r.Lines {
		asked.LineItems = append(asked.LineItems, rmaLine{l.Number, l.OrderLine, strings.ToUpper(l.Item), rest.NumberOf(l.Quantity), l.Reason})
	}
	var given rma
	if err := s.rest.Post(ctx, operation, returns, r.Company+"/"+r.Reference, asked, &given); err != nil {
		return p21.Return{}, s.write(ctx, err, returns, operation, "new returns", func(f *p21.Features) *bool { return &f.ReturnWrite })
	}
	if given.ReturnNumber == "" || given.ExternalReference != r.Reference {
		return p21.Return{}, rest.Broken(operation, "the answer is not about %s or gives no number", r.Reference)
	}
	found, err := s.Returns(ctx, r.Reference)
	if err != nil {
		return p21.Return{}, rest.Unread(operation, string(given.ReturnNumber), err)
	}
	for _, held := range found {
		if held.Number != string(given.ReturnNumber) {
			continue
		}
		if difference := p21.ReturnDifference(r, held); difference != "" {
			return p21.Return{}, rest.Otherwise(operation, held.Number, difference)
		}
		return held, nil
	}
	return p21.Return{}, rest.Unread(operation, string(given.ReturnNumber), nil)
}
