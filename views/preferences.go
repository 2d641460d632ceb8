package views

// PreferencesPage is what a person may choose for themselves.
type PreferencesPage struct {
	Theme     Theme
	Negatives string // "minus" or "parentheses"
	Zone      string // IANA name, such as Europe/Berlin
	Zones     []string
	ZoneError string
}
