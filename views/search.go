package views

import "strconv"

// Search is what the command palette found.
type Search struct {
	Query  string
	Groups []HitGroup // no group is shown empty
}

// HitGroup is one kind of hits: "Pages", "Settlements", "Orders".
type HitGroup struct {
	Title string
	Hits  []Hit
}

// Hit is one thing found.
type Hit struct {
	Icon string
	Text string
	Note string
	Href string
}

type key struct{ press, does string }

// keys lists what static/app.js listens to.
func keys() []key {
	return []key{
		{"Ctrl K", "Go to a page or an object"},
		{"/", "Search in this list"},
		{"j", "Next row"},
		{"k", "Previous row"},
		{"Enter", "Open the row"},
		{"x", "Select the row"},
		{"[", "Previous page"},
		{"]", "Next page"},
		{"Esc", "Close"},
		{"?", "This help"},
	}
}

// badge keeps the counts of the rail short.
func badge(n int) string {
	if n > 999 {
		return "999+"
	}
	return strconv.Itoa(n)
}
