package views

// Page is the frame around a signed-in page: what the rail and the top bar
// show. Handlers fill it once per request.
type Page struct {
	Title   string  // also the window title
	Section Section // marked in the rail
	Crumbs  []Link  // the way here, without this page itself
	Path    string  // this page's path with its query, where forms return to

	Person      Person
	Environment Environment
	Connections []Choice // the switcher; the first is usually "All connections"
	Periods     []Choice // empty hides the period switcher
	Carry       string   // query carried along by the rail's links, such as "connection=3"

	Hidden map[Section]bool // sections this person may not open
	Badges map[Section]int  // what waits for this person

	Banner *Alert // a flow is down or stale; nil when all is well
	Flash  *Alert // the outcome of the request before this one
	Theme  Theme
}

// Person is who is signed in.
type Person struct {
	Name  string
	Email string
	Roles string // "Accountant, approver"
}

// Initials are the one or two letters in the person's mark.
func (p Person) Initials() string { return initials(p.Name) }

// Environment names the system that the connections point at.
type Environment string

// The two environments; their colours differ on every page.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Theme is a person's choice, kept in the cookie "theme".
type Theme string

// System follows the machine's setting.
const (
	System Theme = "system"
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// Section is an entry of the rail.
type Section string

// The sections of the rail, Administration's own below it.
const (
	Overview       Section = "Overview"
	Settlements    Section = "Settlements"
	JournalEntries Section = "Journal entries"
	MappingRules   Section = "Mapping rules"
	Exceptions     Section = "Exceptions"
	Reconciling    Section = "Reconciliation"
	Receivable     Section = "Receivable"
	UnsettledMoney Section = "Unsettled"
	Refunds        Section = "Refunds"
	Revaluation    Section = "Revaluation"
	Costs          Section = "Cost of goods"
	PeriodClose    Section = "Period close"
	Orders         Section = "Orders"
	Flows          Section = "Flows"
	Reports        Section = "Reports"
	Fees           Section = "Fees"
	Reimbursements Section = "Reimbursements"
	Products       Section = "Products"
	Administration Section = "Administration"
	Connections    Section = "Connections"
	People         Section = "People & roles"
	PersonalData   Section = "Personal data"
	Policies       Section = "Policies"
	Periods        Section = "Periods"
	Rates          Section = "Exchange rates"
	Reference      Section = "Reference data"
	Alerts         Section = "Webhooks & alerts"
	AuditLog       Section = "Audit log"
	Jobs           Section = "Jobs"
)

type navItem struct {
	section Section
	icon    string
	href    string
	below   []navItem
}

// navigation is the rail from top to bottom.
func navigation() []navItem {
	return []navItem{
		{section: Overview, icon: "layout-dashboard", href: "/"},
		{section: Settlements, icon: "receipt-text", href: "/settlements"},
		{section: JournalEntries, icon: "book-open-text", href: "/entries"},
		{section: MappingRules, icon: "route", href: "/rules"},
		{section: Exceptions, icon: "triangle-alert", href: "/exceptions"},
		{section: UnsettledMoney, icon: "lock", href: "/unsettled"},
		{section: Reconciling, icon: "scale", href: "/reconciliation"},
		{section: Receivable, icon: "landmark", href: "/receivable"},
		{section: Refunds, icon: "undo-2", href: "/refunds"},
		{section: Revaluation, icon: "arrow-left-right", href: "/revaluation"},
		{section: Costs, icon: "package", href: "/cost"},
		{section: PeriodClose, icon: "calendar-check", href: "/close"},
		{section: Orders, icon: "shopping-cart", href: "/orders"},
		{section: Products, icon: "tag", href: "/products"},
		{section: Flows, icon: "workflow", href: "/flows"},
		{section: Reports, icon: "gauge", href: "/reports", below: []navItem{
			{section: Fees, icon: "receipt-text", href: "/reports"},
			{section: Reimbursements, icon: "package", href: "/reimbursements"},
		}},
		{section: Administration, icon: "settings", href: "/admin", below: []navItem{
			{section: Connections, icon: "plug", href: "/admin/connections"},
			{section: People, icon: "users", href: "/admin/people"},
			{section: Policies, icon: "shield-check", href: "/admin/policies"},
			{section: Periods, icon: "calendar-days", href: "/admin/periods"},
			{section: Rates, icon: "arrow-left-right", href: "/admin/rates"},
			{section: Reference, icon: "circle-check", href: "/admin/reference"},
			{section: Alerts, icon: "bell", href: "/admin/alerts"},
			{section: PersonalData, icon: "lock", href: "/admin/personal"},
			{section: AuditLog, icon: "scroll-text", href: "/admin/audit"},
			{section: Jobs, icon: "list-checks", href: "/admin/jobs"},
		}},
	}
}

// visible drops what the page hides; a group whose every entry is hidden goes
// with them, and a group opens at its first visible entry.
func (p Page) visible() []navItem {
	var shown []navItem
	for _, item := range navigation() {
		if p.Hidden[item.section] {
			continue
		}
		if len(item.below) > 0 {
			var below []navItem
			for _, sub := range item.below {
				if !p.Hidden[sub.section] {
					below = append(below, sub)
				}
			}
			if len(below) == 0 {
				continue
			}
			item.below, item.href = below, below[0].href
		}
		shown = append(shown, item)
	}
	return shown
}

// holds reports whether section is the item itself or stands below it.
func (n navItem) holds(section Section) bool {
	for _, sub := range n.below {
		if sub.section == section {
			return true
		}
	}
	return n.section == section
}

// in adds the carried query to a link of the rail.
func (p Page) in(href string) string {
	if p.Carry == "" {
		return href
	}
	return href + "?" + p.Carry
}

// Link is text that leads somewhere; without Href it is only text.
type Link struct {
	Text string
	Href string
}

// Choice is one entry of a menu of links.
type Choice struct {
	Label   string
	Href    string
	Note    string // small, at the right
	Current bool
}

// chosen returns the label of the current choice, the first one otherwise.
func chosen(choices []Choice) string {
	for _, c := range choices {
		if c.Current {
			return c.Label
		}
	}
	if len(choices) > 0 {
		return choices[0].Label
	}
	return ""
}

// State is what colour and icon may say; the text says it too.
type State string

// The states. Neutral is for what is neither good nor bad nor urgent.
const (
	Neutral State = ""
	Waiting State = "waiting" // someone or something must act
	Wrong   State = "wrong"   // it does not agree, or it failed
	Done    State = "done"    // it agrees, or it is finished
	Info    State = "info"    // worth knowing; under way
)

// icon is the sign that stands for the state where colour cannot be seen.
func (s State) icon() string {
	switch s {
	case Waiting:
		return "clock"
	case Wrong:
		return "circle-x"
	case Done:
		return "circle-check"
	case Info:
		return "info"
	}
	return "circle-dashed"
}

// Pill is a state in one or two words.
type Pill struct {
	State State
	Text  string
	Icon  string // "" takes the state's own
	Hint  string // shown on hover
}

// Alert says what happened, what was kept and what to do.
type Alert struct {
	State  State
	Title  string
	Text   string
	Action Link // optional
}

// Empty says why there is nothing and what to do next.
type Empty struct {
	Icon   string
	Title  string
	Text   string
	Action Link
}
