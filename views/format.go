package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Format turns values into display text, the same way on every page, by the
// person's preferences. The zero value shows UTC and minus signs.
type Format struct {
	Parentheses bool           // negatives as (12.00) rather than -12.00
	Zone        *time.Location // the person's zone; nil is UTC
}

// Amount is money ready to be shown. The zero value shows nothing.
type Amount struct {
	Text     string // "1,234.50"
	Currency string // "USD"; always visible beside the number
	Plain    string // "1234.50": for copying, selecting and adding up
	Href     string // what it is made of; "" is not a link
	Label    string // says to a screen reader what the link opens
}

// Linked returns a with the page that shows what it is made of.
func (a Amount) Linked(href, label string) Amount {
	a.Href, a.Label = href, label
	return a
}

// Zero reports whether the amount is 0, in whatever number of decimals.
func (a Amount) Zero() bool { return strings.Trim(a.Plain, "-0.") == "" }

// Money formats an amount.
func (f Format) Money(a money.Amount) Amount { return f.Value(a.Value, a.Currency) }

// Value formats a decimal of a currency.
func (f Format) Value(value decimal.Decimal, currency money.Currency) Amount {
	text := money.Format(value, currency)
	if f.Parentheses && strings.HasPrefix(text, "-") {
		text = "(" + text[1:] + ")"
	}
	return Amount{Text: text, Currency: string(currency), Plain: money.Plain(value, currency)}
}

// When is an instant or a day ready to be shown.
type When struct {
	Text string // in the person's zone
	ISO  string // for machines
	Hint string // the same instant in UTC
}

// Time formats an instant to the minute in the person's zone; the zero time
// shows nothing.
func (f Format) Time(t time.Time) When {
	if t.IsZero() {
		return When{}
	}
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	return When{
		Text: t.In(zone).Format("2 Jan 2006 15:04"),
		ISO:  t.UTC().Format(time.RFC3339),
		Hint: t.UTC().Format("2006-01-02 15:04:05") + " UTC",
	}
}

// Ago is Time with the distance from now as its text: "3 h ago".
func (f Format) Ago(t, now time.Time) When {
	when := f.Time(t)
	if when.ISO == "" {
		return when
	}
	when.Hint = when.Text + " · " + when.Hint
	when.Text = Span(now.Sub(t)) + " ago"
	if now.Before(t) {
		when.Text = "in " + Span(t.Sub(now))
	}
	return when
}

// Day formats an accounting date, which has no zone; the zero date shows
// nothing.
func (f Format) Day(d period.Date) When {
	if d == (period.Date{}) {
		return When{}
	}
	return When{Text: d.Time().Format("2 Jan 2006"), ISO: d.String()}
}

// Cycle formats the span of two days without repeating what they share:
// "1 – 14 Nov 2026".
func (f Format) Cycle(from, to period.Date) string {
	layout := "2 Jan 2006"
	switch {
	case from.Year == to.Year && from.Month == to.Month:
		layout = "2"
	case from.Year == to.Year:
		layout = "2 Jan"
	}
	return from.Time().Format(layout) + " – " + to.Time().Format("2 Jan 2006")
}

// Count groups a whole number by thousands: "1,234,567".
func Count(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// Counted is Count with its noun: "1 line", "2,000 lines".
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Bytes writes a size as people do: "1.4 MB".
func Bytes(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	size, unit := decimal.NewFromInt(n), 0
	for ; unit < len(units)-1 && size.GreaterThanOrEqual(decimal.NewFromInt(1000)); unit++ {
		size = size.Shift(-3)
	}
	if unit == 0 {
		return size.String() + " bytes"
	}
	return size.Round(1).String() + " " + units[unit]
}

// Percent writes part of whole with one decimal; "–" when there is no whole.
func Percent(part, whole decimal.Decimal) string {
	if whole.IsZero() {
		return "–"
	}
	return part.Shift(2).DivRound(whole, 1).StringFixed(1) + " %"
}

// Span writes a duration in its largest sensible unit: "45 s", "3 h", "12 d".
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// Short keeps the first n characters of a hash or an id.
func Short(id string, n int) string {
	runes := []rune(id)
	if len(runes) <= n {
		return id
	}
	return string(runes[:n]) + "…"
}

func initials(name string) string {
	var letters []rune
	for _, word := range strings.Fields(name) {
		if first := []rune(word)[0]; unicode.IsLetter(first) {
			letters = append(letters, unicode.ToUpper(first))
		}
	}
	switch len(letters) {
	case 0:
		return "?"
	case 1:
		return string(letters)
	}
	return string([]rune{letters[0], letters[len(letters)-1]})
}
