package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"tieout/app/identity"
	"tieout/views"
)

// Chrome knows what the frame of every page shows besides the page itself. It
// is asked once per page, so it must be quick.
type Chrome interface {
	// Frame returns what the person sees; connectionID is the connection that
	// the page is about, 0 for all.
	Frame(ctx context.Context, person identity.Person, connectionID int64) (Frame, error)
}

// Frame is the frame's changing content.
type Frame struct {
	Connections []ConnectionChoice
	Exceptions  int  // open causes that this person may resolve
	Entries     int  // journal entries that wait for this person
	Settlements int  // settlements that wait for this person
	Invoiced    bool // P21 invoices the orders of some connection
	Banner      *Banner
}

// ConnectionChoice is an entry of the connection switcher.
type ConnectionChoice struct {
	ID    int64
	Title string
	Note  string // such as its currencies
}

// Banner says that a flow is down or stale.
type Banner struct {
	Title, Text        string
	LinkText, LinkHref string
}

// page begins a page: its frame with everything that every page shows. A frame
// that cannot be read does not keep the page from being shown.
func (r *request) page(title string, section views.Section, crumbs ...views.Link) views.Page {
	page := r.server.frame(r.Request(), r.visit, title)
	page.Section, page.Crumbs = section, crumbs
	page.Flash = r.server.takeFlash(r.ctx())
	return page
}

// frame fills a Page for the person of the visit.
func (s *server) frame(r *http.Request, v *visit, title string) views.Page {
	connection := parseID(r.URL.Query().Get("connection"))
	page := views.Page{
		Title:       title,
		Path:        r.URL.RequestURI(),
		Person:      views.Person{Name: v.person.Name, Email: v.person.Email, Roles: v.person.RoleTitles()},
		Environment: views.Environment(s.config.Environment),
		Hidden:      s.hiddenFrom(*v.person),
		Theme:       themeOf(r, *v.person),
	}
	if connection != 0 {
		page.Carry = "connection=" + strconv.FormatInt(connection, 10)
	}
	frame, err := s.Chrome.Frame(v.person.Context(r.Context()), *v.person, connection)
	if err != nil {
		v.cause = errors.Join(v.cause, fmt.Errorf("read page frame: %w", err))
		page.Banner = &views.Alert{State: views.Waiting, Title: "Incomplete page", Text: "Counts and connections could not be read. Load the page again in a moment."}
		return page
	}
	page.Hidden[views.Receivable] = page.Hidden[views.Receivable] || !frame.Invoiced
	page.Connections = switcher(r.URL, frame.Connections, connection)
	page.Badges = map[views.Section]int{views.Exceptions: frame.Exceptions, views.JournalEntries: frame.Entries, views.Settlements: frame.Settlements}
	if b := frame.Banner; b != nil {
		page.Banner = &views.Alert{State: views.Waiting, Title: b.Title, Text: b.Text, Action: views.Link{Text: b.LinkText, Href: b.LinkHref}}
	}
	return page
}

// switcher links to this page about each connection. The place in a list is
// not carried along: it means nothing in another list.
func switcher(at *url.URL, connections []ConnectionChoice, current int64) []views.Choice {
	if len(connections) == 0 {
		return nil
	}
	to := func(id int64) string {
		query := at.Query()
		for _, name := range []string{"connection", "after", "before"} {
			query.Del(name)
		}
		if id != 0 {
			query.Set("connection", strconv.FormatInt(id, 10))
		}
		return address(at.Path, query)
	}
	choices := []views.Choice{{Label: "All connections", Href: to(0), Current: current == 0}}
	for _, c := range connections {
		choices = append(choices, views.Choice{Label: c.Title, Note: c.Note, Href: to(c.ID), Current: c.ID == current})
	}
	return choices
}

// hiddenFrom leaves out of the rail what the person may not open.
func (s *server) hiddenFrom(person identity.Person) map[views.Section]bool {
	hidden := map[views.Section]bool{}
	for section, needs := range map[views.Section]identity.Permission{
		views.Overview: identity.ViewBooks, views.Settlements: identity.ViewBooks, views.JournalEntries: identity.ViewBooks,
		views.MappingRules: identity.ViewBooks, views.Exceptions: identity.ViewBooks, views.Products: identity.ViewBooks,
		views.Orders: identity.ViewBooks, views.Flows: identity.ViewBooks, views.Receivable: identity.ViewBooks, views.Refunds: identity.ViewBooks, views.UnsettledMoney: identity.ViewBooks, views.Revaluation: identity.ViewBooks, views.Fees: identity.ViewBooks, views.Costs: identity.ViewBooks, views.Reimbursements: identity.ViewBooks, views.Reconciling: identity.ViewBooks,
		views.PeriodClose: identity.ViewBooks,
		views.Connections: identity.ViewAdministration, views.People: identity.ViewAdministration, views.Policies: identity.ViewAdministration,
		views.Periods: identity.ViewBooks, views.Rates: identity.ViewBooks, views.Reference: identity.ViewBooks,
		views.Alerts: identity.ViewAdministration, views.AuditLog: identity.ViewAudit, views.PersonalData: identity.ViewAudit, views.Jobs: identity.ManageJobs,
	} {
		hidden[section] = !person.Can(needs)
	}
	for _, section := range []views.Section{views.Orders, views.Flows, views.PersonalData} {
		hidden[section] = hidden[section] || s.Flows == nil
	}
	hidden[views.UnsettledMoney] = hidden[views.UnsettledMoney] || s.Finances == nil
	hidden[views.Refunds] = hidden[views.Refunds] || s.Refunds == nil
	hidden[views.Costs] = hidden[views.Costs] || s.Costs == nil
	hidden[views.Fees] = hidden[views.Fees] || s.Fees == nil
	hidden[views.Reimbursements] = hidden[views.Reimbursements] || s.Reimbursements == nil
	hidden[views.Reconciling] = hidden[views.Reconciling] || s.Reconcile == nil
	hidden[views.Revaluation] = hidden[views.Revaluation] || s.Revaluation == nil
	hidden[views.PeriodClose] = hidden[views.PeriodClose] || s.Closing == nil
	hidden[views.Reference] = hidden[views.Reference] || s.Reference == nil
	return hidden
}

const themeCookie = "theme"

// themeOf is the theme of this browser, which script may have changed without
// telling the server, or else the person's.
func themeOf(r *http.Request, person identity.Person) views.Theme {
	if cookie, err := r.Cookie(themeCookie); err == nil {
		switch theme := views.Theme(cookie.Value); theme {
		case views.System, views.Light, views.Dark:
			return theme
		}
	}
	return views.Theme(person.Theme)
}
