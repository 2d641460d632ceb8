// Package money holds amounts: exact decimals that know their currency.
//
// Amount is what accounting runs on. Units is the compact form that the
// settlement pipeline uses for millions of lines; both are exact, neither ever
// touches floating point.
package money

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Currency is an ISO 4217 code, upper case.
type Currency string

// minorDigits lists the currencies whose minor unit is not 1/100 (ISO 4217).
func minorDigits(c Currency) int32 {
	switch c {
	case "JPY", "KRW", "CLP", "VND", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// MinorDigits returns the number of decimals of the currency's minor unit.
func (c Currency) MinorDigits() int32 { return minorDigits(c) }

// Valid reports whether c has the shape of an ISO 4217 code.
func (c Currency) Valid() bool {
	if len(c) != 3 {
		return false
	}
	for i := range len(c) {
		if c[i] < 'A' || c[i] > 'Z' {
			return false
		}
	}
	return true
}

// Amount is a decimal in one currency. The zero value is no amount at all: it
// has no currency and adds to nothing.
type Amount struct {
	Value    decimal.Decimal
	Currency Currency
}

// New returns value in currency.
func New(value decimal.Decimal, currency Currency) Amount {
	return Amount{Value: value, Currency: currency}
}

// Add returns a + b. Two currencies are an error, not a number.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("add %s to %s: different currencies", b.Currency, a.Currency)
	}
	return Amount{Value: a.Value.Add(b.Value), Currency: a.Currency}, nil
}

// Sub returns a - b. Two currencies are an error, not a number.
func (a Amount) Sub(b Amount) (Amount, error) { return a.Add(b.Neg()) }

// Neg returns -a.
func (a Amount) Neg() Amount { return Amount{Value: a.Value.Neg(), Currency: a.Currency} }

// Equal reports whether both value and currency are the same; 1.10 equals 1.1.
func (a Amount) Equal(b Amount) bool {
	return a.Currency == b.Currency && a.Value.Equal(b.Value)
}

// Round rounds half away from zero to the currency's minor unit.
func (a Amount) Round() Amount {
	return Amount{Value: a.Value.Round(a.Currency.MinorDigits()), Currency: a.Currency}
}

// String writes the amount plainly: "-1234.50 USD".
func (a Amount) String() string {
	return Plain(a.Value, a.Currency) + " " + string(a.Currency)
}

// Plain writes a value with at least the currency's decimals and no grouping:
// the form of JSON answers and of machine-read files.
func Plain(value decimal.Decimal, currency Currency) string {
	digits := currency.MinorDigits()
	if -value.Exponent() > digits && !value.Equal(value.Truncate(digits)) {
		return trimZeros(value.String())
	}
	return value.StringFixed(digits)
}

func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Format writes a value for a person: grouped thousands, the currency's
// decimals, a real minus sign replaced by the plain one so that it can be
// copied into a spreadsheet. "1,234.50", "-0.05".
func Format(value decimal.Decimal, currency Currency) string {
	plain := Plain(value, currency)
	sign := ""
	if strings.HasPrefix(plain, "-") {
		sign, plain = "-", plain[1:]
	}
	whole, fraction, found := strings.Cut(plain, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if found {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

// Units counts ten-thousandths of a currency unit: numeric(19,4) as an int64.
type Units int64

// UnitsPerWhole is the number of Units in one currency unit.
const UnitsPerWhole = 10_000

// Decimal returns u exactly, without trailing zeros beyond two decimals.
func (u Units) Decimal() decimal.Decimal {
	if u%100 == 0 {
		return decimal.New(int64(u/100), -2)
	}
	return decimal.New(int64(u), -4)
}

// Add returns u + v and false when the sum does not fit.
func (u Units) Add(v Units) (Units, bool) {
	sum := u + v
	overflow := (u > 0 && v > 0 && sum < 0) || (u < 0 && v < 0 && sum >= 0)
	return sum, !overflow
}

// String writes u with at least two decimals.
func (u Units) String() string { return Plain(u.Decimal(), "") }

// UnitsFromDecimal converts d; an error when it has more than four decimals or
// is too large.
func UnitsFromDecimal(d decimal.Decimal) (Units, error) {
	scaled := d.Shift(4)
	if !scaled.IsInteger() {
		return 0, fmt.Errorf("%s has more than four decimals", d)
	}
	if !scaled.BigInt().IsInt64() {
		return 0, fmt.Errorf("%s is too large", d)
	}
	return Units(scaled.IntPart()), nil
}

// UnitsFromDigits builds Units from an unsigned whole part and a fraction of
// up to four digits given as a number with its digit count. ok is false on
// overflow or more than four digits.
func UnitsFromDigits(negative bool, whole uint64, fraction uint64, digits int) (units Units, ok bool) {
	if digits > 4 {
		return 0, false
	}
	for ; digits < 4; digits++ {
		fraction *= 10
	}
	high, low := bits.Mul64(whole, UnitsPerWhole)
	sum, carry := bits.Add64(low, fraction, 0)
	if high != 0 || carry != 0 || sum > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -Units(sum), true
	}
	return Units(sum), true
}

// ParsePlain reads a plain decimal ("-1234.5"), as forms and configuration
// give it. Grouping, signs other than a leading minus, and exponents are
// refused.
func ParsePlain(text string) (decimal.Decimal, error) {
	s := strings.TrimSpace(text)
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, found := strings.Cut(digits, ".")
	if !allDigits(whole) || (found && !allDigits(fraction)) {
		return decimal.Decimal{}, fmt.Errorf("%s is not an amount such as 1234.50", strconv.Quote(text))
	}
	return decimal.NewFromString(s)
}

// Bounds of a number that may come with an exponent: beyond any amount, price or
// share, and far below what takes time or memory when it is written out.
const (
	numberLength   = 400
	numberExponent = 40
)

// ParseNumber reads a number as programs write it, "2.5E-2" too. "1e999999999"
// is refused: to compare or add it, all its digits would have to be made.
func ParseNumber(text string) (decimal.Decimal, error) {
	if len(text) > numberLength {
		return decimal.Decimal{}, fmt.Errorf("%d characters are no number", len(text))
	}
	value, err := decimal.NewFromString(strings.TrimSpace(text))
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("%s is not a number", strconv.Quote(text))
	}
	if !Sane(value) {
		return decimal.Decimal{}, fmt.Errorf("%s is out of range", text)
	}
	return value, nil
}

// Sane reports whether a number that was read from elsewhere can be worked with.
func Sane(value decimal.Decimal) bool {
	return value.Exponent() <= numberExponent && value.Exponent() >= -numberLength && value.NumDigits() <= numberLength
}

func allDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
