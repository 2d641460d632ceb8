package report

import (
	"bytes"

	"tieout/app/money"
)

// amountStyle is how a file writes its amounts. Amazon does it per marketplace
// and the dates do not tell which: UK files have dotted dates and decimal
// points, German ones dotted dates and decimal commas. So the amounts decide,
// once per file: the first one that can be read in one way only.
type amountStyle struct {
	decimal byte // '.' or ',', 0 while nothing decided
	mixed   bool // both were seen: what could be either is no longer readable
}

// shape is an amount taken apart, before anyone says what its marks mean.
type shape struct {
	negative        bool
	whole, fraction uint64
	digits          int  // of fraction
	decimal         byte // decimal mark that the shape proves, 0: none
	unsure          byte // mark followed by three digits: thousands or decimals
	asGroup         uint64
}

// learn notes what an amount proves about the file.
func (a *amountStyle) learn(text []byte) {
	s, rule := takeApart(text)
	if rule != "" || s.decimal == 0 {
		return
	}
	a.settle(s.decimal)
}

// settle takes a proof; false when it contradicts an earlier one.
func (a *amountStyle) settle(decimal byte) bool {
	if a.decimal == 0 {
		a.decimal = decimal
	}
	if a.decimal != decimal {
		a.mixed = true
		return false
	}
	return true
}

// parse reads an amount; rule names what is wrong with it, "" nothing.
func (a *amountStyle) parse(text []byte, currency money.Currency) (money.Units, string) {
	if units, ok := a.plain(text); ok {
		return units, ""
	}
	text = trim(text)
	if len(text) == 0 {
		return 0, RuleAmountMissing
	}
	s, rule := takeApart(text)
	if rule != "" {
		return 0, rule
	}
	if s.decimal != 0 && !a.settle(s.decimal) {
		return 0, RuleAmountMixed
	}
	if s.unsure != 0 {
		if rule = a.resolve(&s, currency); rule != "" {
			return 0, rule
		}
	}
	units, ok := money.UnitsFromDigits(s.negative, s.whole, s.fraction, s.digits)
	if !ok {
		return 0, RuleAmountRange
	}
	return units, ""
}

// resolve says what "1,234" is: thousands where the comma groups, decimals
// where the currency has three of them. A currency without a minor unit
// decides by itself.
func (a *amountStyle) resolve(s *shape, currency money.Currency) string {
	group := a.decimal != 0 && s.unsure != a.decimal
	if a.decimal == 0 && currency.MinorDigits() == 0 && currency.Valid() {
		group = true
		a.decimal = '.' + ',' - s.unsure
	}
	switch {
	case a.mixed, a.decimal == 0:
		return RuleAmountAmbiguous
	case group:
		s.whole, s.fraction, s.digits = s.asGroup, 0, 0
	case currency.MinorDigits() != 3:
		return RuleAmountAmbiguous
	}
	return ""
}

// plain reads what nearly every amount is: digits, the file's decimal mark and
// one or two decimals.
func (a *amountStyle) plain(text []byte) (money.Units, bool) {
	i := 0
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		i = 1
	}
	var whole int64
	start := i
	for ; i < len(text) && text[i]-'0' <= 9; i++ {
		whole = whole*10 + int64(text[i]-'0')
	}
	if i == start || i-start > 12 {
		return 0, false
	}
	whole *= money.UnitsPerWhole
	switch {
	case i == len(text):
	case text[i] != a.decimal || a.decimal == 0:
		return 0, false
	case i+3 == len(text) && text[i+1]-'0' <= 9 && text[i+2]-'0' <= 9:
		whole += int64(text[i+1]-'0')*1000 + int64(text[i+2]-'0')*100
	case i+2 == len(text) && text[i+1]-'0' <= 9:
		whole += int64(text[i+1]-'0') * 1000
	default:
		return 0, false
	}
	if negative {
		whole = -whole
	}
	return money.Units(whole), true
}

// takeApart reads an amount's digits and marks: -1,234.56 or (1.234,56).
func takeApart(text []byte) (s shape, rule string) {
	text = trim(text)
	switch {
	case len(text) > 2 && text[0] == '(' && text[len(text)-1] == ')':
		s.negative, text = true, text[1:len(text)-1]
	case len(text) > 1 && text[0] == '-':
		s.negative, text = true, text[1:]
	}
	last := bytes.LastIndexAny(text, ".,")
	if last < 0 {
		s.whole, _, rule = digits(text)
		return s, rule
	}
	mark := text[last]
	head, tail := text[:last], text[last+1:]
	other := byte('.' + ',' - mark)
	hasOther, repeated := bytes.IndexByte(head, other) >= 0, bytes.IndexByte(head, mark) >= 0
	switch {
	case hasOther && repeated:
		return s, RuleAmount
	case repeated: // 1,234,567: the mark groups, so the other one is the decimal's
		s.decimal = other
		s.whole, rule = grouped(text, mark)
		return s, rule
	}
	if s.fraction, s.digits, rule = digits(tail); rule != "" {
		return s, rule
	}
	if s.digits > 4 {
		return s, RuleAmountRange
	}
	if hasOther {
		s.decimal = mark
		s.whole, rule = grouped(head, other)
		return s, rule
	}
	if len(head) > 0 {
		s.whole, _, rule = digits(head)
	}
	if s.digits == 3 && len(head) >= 1 && len(head) <= 3 && head[0] != '0' {
		s.unsure = mark
		s.asGroup = s.whole*1000 + s.fraction
	} else {
		s.decimal = mark
	}
	return s, rule
}

// digits reads an unsigned number of at most 18 digits.
func digits(text []byte) (value uint64, count int, rule string) {
	if len(text) == 0 {
		return 0, 0, RuleAmount
	}
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, 0, RuleAmount
		}
		value = value*10 + uint64(b-'0')
	}
	if len(text) > 18 {
		return 0, 0, RuleAmountRange
	}
	return value, len(text), ""
}

// grouped reads 1,234,567 and India's 12,34,567: groups of three or two, the
// last one of three.
func grouped(text []byte, mark byte) (value uint64, rule string) {
	if len(text) > 24 {
		return 0, RuleAmountRange
	}
	for first := true; ; first = false {
		group, rest, more := bytes.Cut(text, []byte{mark})
		n, count, rule := digits(group)
		switch {
		case rule != "":
			return 0, rule
		case count > 3, !first && !more && count != 3, !first && count < 2:
			return 0, RuleAmount
		}
		for range count {
			value *= 10
		}
		value += n
		if !more {
			return value, ""
		}
		text = rest
	}
}

// trim cuts blanks at both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}
