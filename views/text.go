package views

// Tie is the outcome of comparing two totals that must agree.
type Tie struct {
	Difference Amount // 0.00 when they agree
	Hint       string // what was compared: "Lines 812.40 against deposit 812.40"
}

func (a Amount) spoken() string {
	text := a.Text + " " + a.Currency
	if a.Label != "" {
		text += ", " + a.Label
	}
	return text
}

func (p Pill) icon() string {
	if p.Icon != "" {
		return p.Icon
	}
	return p.State.icon()
}
