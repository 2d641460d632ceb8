package p21

import "fmt"

// Notes are what had to be changed to fit into P21, for people. They hold no
// values: a buyer's data does not belong into logs.
type Notes []string

// Cut returns text cut to width characters, and says so.
func (n *Notes) Cut(what, text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	n.Say("the %s was cut from %d to %d characters", what, len(runes), width)
	return string(runes[:width])
}

// Say adds a note.
func (n *Notes) Say(format string, args ...any) { *n = append(*n, fmt.Sprintf(format, args...)) }

// Widths of the ship-to columns of oe_hdr.
const (
	addressWidth = 50
	postalWidth  = 10
	phoneWidth   = 20
)

// Fitted returns the address as P21's columns hold it.
func (a Address) Fitted(notes *Notes) Address {
	return Address{
		Name: notes.Cut("ship-to name", a.Name, addressWidth), Line1: notes.Cut("first address line", a.Line1, addressWidth),
		Line2: notes.Cut("second address line", a.Line2, addressWidth), City: notes.Cut("city", a.City, addressWidth),
		State: notes.Cut("state", a.State, addressWidth), PostalCode: notes.Cut("postal code", a.PostalCode, postalWidth),
		Country: notes.Cut("country", a.Country, addressWidth), Phone: notes.Cut("phone number", a.Phone, phoneWidth),
		Email: notes.Cut("e-mail address", a.Email, emailWidth),
	}
}
