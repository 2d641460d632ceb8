package web

import (
	"cmp"
	"fmt"
	"strings"

	"tieout/app/identity"
	"tieout/app/reference"
	"tieout/views"
)

// referenceRoutes are the screens of what is known of P21 and the catalogue.
func (s *server) referenceRoutes() []Route {
	if s.Reference == nil {
		return nil
	}
	return []Route{{GET, "/admin/reference", identity.ViewBooks, s.referenceShow, 0}}
}

// referenceShow says what is known, how old it is, and what is missing.
func (s *server) referenceShow(r *request) error {
	list, err := s.Connections.List(r.ctx())
	if err != nil {
		return err
	}
	model := views.AdminPage{}
	for _, c := range list {
		if id := r.connection(); id != 0 && id != c.ID {
			continue
		}
		checks, err := s.Reference.Check(r.ctx(), c.ID)
		if err != nil {
			return err
		}
		sheet := views.AdminSheet{Title: cmp.Or(c.Title, c.Name)}
		for _, check := range checks {
			sheet.Checks = append(sheet.Checks, r.referenceCheck(c.ID, check))
		}
		model.Sheets = append(model.Sheets, sheet)
	}
	return r.admin(views.Reference, "Reference data", model)
}

func (r *request) referenceCheck(connectionID int64, c reference.Check) views.Check {
	known := views.Count(int(c.Known)) + " known"
	if !c.ReadAt.IsZero() {
		known += ", read " + r.format().Time(c.ReadAt).Text
	}
	if c.Well() {
		if c.Subject == reference.Rates && c.Known == 0 {
			known = "None needed"
		}
		return views.Check{State: views.Done, Name: string(c.Subject), Reason: known + "."}
	}
	words := c.Words
	if len(c.Named) > 0 {
		words += " " + strings.Join(c.Named, ", ")
		if more := c.Missing - int64(len(c.Named)); more > 0 {
			words += fmt.Sprintf(" and %s more", views.Count(int(more)))
		}
		words += "."
	}
	return views.Check{State: views.Waiting, Name: string(c.Subject), Reason: words + " " + strings.ToUpper(known[:1]) + known[1:] + ".", Fix: referenceFix(connectionID, c.Subject)}
}

// referenceFix leads to where something can be put right here; most of it can be
// in Prophet 21 alone.
func referenceFix(connectionID int64, subject reference.Subject) views.Link {
	switch subject {
	case reference.Accounts:
		return views.Link{Text: "Rules", Href: fmt.Sprintf("/rules?connection=%d", connectionID)}
	case reference.Periods:
		return views.Link{Text: "Periods", Href: "/admin/periods"}
	case reference.Rates:
		return views.Link{Text: "Exchange rates", Href: "/admin/rates"}
	case reference.Items:
		return views.Link{Text: "Products", Href: fmt.Sprintf("/products?connection=%d&state=inactive", connectionID)}
	case reference.Listings:
		return views.Link{Text: "Products", Href: fmt.Sprintf("/products?connection=%d&state=unmapped", connectionID)}
	case reference.Customers, reference.Costs:
	}
	return views.Link{}
}
