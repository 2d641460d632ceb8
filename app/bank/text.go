package bank

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"tieout/app/money"
	"tieout/app/period"
)

// charsetOf returns a charset by its name; nil: unknown, or UTF-8 which needs none.
func charsetOf(name string) encoding.Encoding {
	switch strings.ToLower(name) {
	case "usascii", "1252", "cp1252":
		return charmap.Windows1252
	}
	e, err := htmlindex.Get(name)
	if err != nil || e == unicode.UTF8 {
		return nil
	}
	return e
}

// decode returns the text of a file. Byte order marks rule; without a charset,
// what is not UTF-8 is Windows-1252, which gives every byte a meaning.
func decode(data []byte, charset string) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return strings.ToValidUTF8(string(data[3:]), "�")
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return through(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), data)
	}
	if e := charsetOf(charset); e != nil {
		return through(e, data)
	}
	if valid(data) {
		return strings.ToValidUTF8(string(data), "�")
	}
	return through(charmap.Windows1252, data)
}

// valid reports whether data is UTF-8, but for a last letter that was cut.
func valid(data []byte) bool {
	for cut := range min(utf8.UTFMax, len(data)+1) {
		if utf8.Valid(data[:len(data)-cut]) {
			return true
		}
	}
	return false
}

func through(e encoding.Encoding, data []byte) string {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "�")
	}
	return strings.ToValidUTF8(string(text), "�")
}

// squeeze makes one line of a text, without control characters and runs of blanks.
func squeeze(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xA0 {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// Amounts fit numeric(19, 4).
const (
	wholeDigits    = 15
	fractionDigits = 4
)

// parseAmount reads an amount as banks write it: grouped or not, with its sign
// before or behind it, in parentheses, with a currency around it. A point is
// the decimal sign unless comma is true.
func parseAmount(text string, comma bool) (decimal.Decimal, error) {
	plain := strings.NewReplacer(" ", "", " ", "", " ", "", "'", "", "’", "", "−", "-", "\t", "").Replace(strings.TrimSpace(text))
	plain, debit := undressed(plain)
	plain, negative := sign(plain)
	plain, inner := undressed(plain)
	negative = negative || debit || inner
	whole, fraction, err := split(plain, comma)
	if err != nil {
		return decimal.Zero, fmt.Errorf("%q is no amount%w", shorten(text), err)
	}
	d, err := decimal.NewFromString("0" + whole + "." + fraction + "0")
	if err != nil {
		return decimal.Zero, fmt.Errorf("%q is no amount", shorten(text))
	}
	if negative {
		d = d.Neg()
	}
	return d, nil
}

// undressed takes a currency, and the letters of debit and credit, off an amount.
func undressed(s string) (rest string, debit bool) {
	s = strings.Trim(s, "$€£¥")
	for _, word := range []string{"DR", "D"} {
		if rest, ok := strings.CutSuffix(s, word); ok && endsInDigit(rest) {
			return rest, true
		}
	}
	for _, word := range []string{"CR", "C"} {
		if rest, ok := strings.CutSuffix(s, word); ok && endsInDigit(rest) {
			return rest, false
		}
	}
	if len(s) > 3 && money.Currency(s[:3]).Valid() {
		s = s[3:]
	}
	if n := len(s) - 3; n > 0 && money.Currency(s[n:]).Valid() {
		s = s[:n]
	}
	return s, false
}

func endsInDigit(s string) bool {
	return s != "" && s[len(s)-1] >= '0' && s[len(s)-1] <= '9'
}

// sign takes the sign off an amount.
func sign(s string) (rest string, negative bool) {
	switch {
	case strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")"):
		return s[1 : len(s)-1], true
	case strings.HasPrefix(s, "-"):
		return s[1:], true
	case strings.HasSuffix(s, "-"):
		return s[:len(s)-1], true
	case strings.HasPrefix(s, "+"):
		return s[1:], false
	}
	return strings.TrimSuffix(s, "+"), false
}

// reason says why a text is no amount; it follows the text itself.
type reason string

func (r reason) Error() string { return string(r) }

// split takes an unsigned amount apart into its digits.
func split(s string, comma bool) (whole, fraction string, err error) {
	group, point := ",", "."
	if comma {
		group, point = ".", ","
	}
	whole, fraction, _ = strings.Cut(s, point)
	parts := strings.Split(whole, group)
	for i, part := range parts {
		if i > 0 && (len(part) < 2 || len(part) > 3 || i == len(parts)-1 && len(part) != 3) {
			return "", "", reason(": the digits are not grouped in thousands; see the decimal sign")
		}
	}
	whole = strings.TrimLeft(strings.Join(parts, ""), "0")
	fraction = strings.TrimRight(fraction, "0")
	switch {
	case s == "" || s == point || !digits(whole) || !digits(fraction):
		return "", "", reason("")
	case len(whole) > wholeDigits || len(fraction) > fractionDigits:
		return "", "", reason(": it has too many digits")
	}
	return whole, fraction, nil
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// shorten makes a text short enough for a message.
func shorten(text string) string {
	text = squeeze(text)
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "…"
	}
	return text
}

// parseDay reads a date by a layout of package time and refuses years that no
// statement has.
func parseDay(text, layout string) (period.Date, error) {
	t, err := time.Parse(layout, text)
	if err != nil || t.Year() < 1990 || t.Year() > 2100 {
		return period.Date{}, fmt.Errorf("%q is no date", shorten(text))
	}
	return period.DateOf(t), nil
}

// currencyOf reads a currency's code; empty when it has not the shape of one.
func currencyOf(text string) money.Currency {
	c := money.Currency(strings.ToUpper(strings.TrimSpace(text)))
	if !c.Valid() {
		return ""
	}
	return c
}
