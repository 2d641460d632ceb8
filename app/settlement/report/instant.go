package report

import "time"

// dateOrder is which way round a file writes day and month where the form of
// a date does not tell: 09/06/25 and 09-06-2025. Dates that begin with the
// year, and dotted ones (day first), tell by themselves.
type dateOrder struct {
	first byte // 'D' or 'M', 0 while nothing decided
	mixed bool // both were seen
}

// calendarDay is a date taken apart; swap means day and month may be the other
// way round.
type calendarDay struct {
	year, month, day int
	swap             bool
}

// learn notes what a date proves about the file.
func (o *dateOrder) learn(text []byte) {
	d, _, ok := takeDay(trim(text))
	if !ok || !d.swap {
		return
	}
	o.settle(d)
}

// settle takes what d proves; false when it contradicts an earlier proof.
func (o *dateOrder) settle(d calendarDay) bool {
	var proof byte
	switch {
	case d.day > 12 && d.month <= 12:
		proof = 'D'
	case d.month > 12 && d.day <= 12:
		proof = 'M'
	default:
		return true
	}
	if o.first == 0 {
		o.first = proof
	}
	if o.first != proof {
		o.mixed = true
		return false
	}
	return true
}

// parse reads an instant into at, in microseconds since 1970 UTC; rule names
// what is wrong with it, "" nothing. A date without a time is its midnight, a
// time without a zone is UTC, as everything in these reports.
//
// The forms: 2024-10-26 18:32:18 UTC, 15.11.2024 10:00:37 UTC,
// 2026/09/07 00:20:09 UTC, ISO 8601 with offset, 26-10-2024, 09/06/25.
func (o *dateOrder) parse(text []byte, at *int64) (rule string) {
	text = trim(text)
	if len(text) == 0 {
		return RuleDateMissing
	}
	d, rest, ok := takeDay(text)
	if !ok {
		return RuleDate
	}
	if d.swap {
		if rule := o.resolve(&d); rule != "" {
			return rule
		}
	}
	if !d.valid() {
		return RuleDate
	}
	seconds, micros, ok := takeTime(rest)
	if !ok {
		return RuleDate
	}
	*at = (d.days()*86400+seconds)*1e6 + micros
	return ""
}

// resolve puts day and month in the file's order.
func (o *dateOrder) resolve(d *calendarDay) string {
	if !o.settle(*d) {
		return RuleDateMixed
	}
	switch {
	case d.day == d.month:
	case o.mixed || o.first == 0:
		return RuleDateAmbiguous
	case o.first == 'M':
		d.day, d.month = d.month, d.day
	}
	return ""
}

// valid reports whether the day exists, in this or the last century's end.
func (d calendarDay) valid() bool {
	if d.year < 1990 || d.year > 2199 || d.month < 1 || d.month > 12 || d.day < 1 {
		return false
	}
	longest := 31
	switch d.month {
	case 4, 6, 9, 11:
		longest = 30
	case 2:
		longest = 28
		if d.year%4 == 0 && (d.year%100 != 0 || d.year%400 == 0) {
			longest = 29
		}
	}
	return d.day <= longest
}

// days counts the days since 1970-01-01, by years that begin in March.
func (d calendarDay) days() int64 {
	year, month := d.year, d.month-3
	if d.month < 3 {
		year, month = year-1, d.month+9
	}
	return int64(365*year+year/4-year/100+year/400+(153*month+2)/5+d.day-1) - 719468
}

// takeDay reads the date at the beginning of text.
func takeDay(text []byte) (d calendarDay, rest []byte, ok bool) {
	a, n := number(text)
	if n == 0 || n > 4 || n >= len(text) {
		return d, nil, false
	}
	mark := text[n]
	text = text[n+1:]
	b, m := number(text)
	if m == 0 || m > 2 || m >= len(text) || text[m] != mark {
		return d, nil, false
	}
	text = text[m+1:]
	c, k := number(text)
	switch {
	case n == 4 && k >= 1 && k <= 2 && (mark == '-' || mark == '/' || mark == '.'):
		return calendarDay{year: a, month: b, day: c}, text[k:], true
	case n <= 2 && (k == 4 || (k == 2 && mark != '-')) && (mark == '-' || mark == '/' || mark == '.'):
		if k == 2 {
			c += 2000
		}
		return calendarDay{year: c, month: b, day: a, swap: mark != '.'}, text[k:], true
	}
	return d, nil, false
}

// takeTime reads what follows a date: nothing, or a time and perhaps a zone.
func takeTime(text []byte) (seconds, micros int64, ok bool) {
	if len(text) == 0 {
		return 0, 0, true
	}
	if (text[0] != ' ' && text[0] != 'T') || len(text) < 6 {
		return 0, 0, false
	}
	hour, n := number(text[1:])
	text = text[1+n:]
	if n != 2 || hour > 23 || len(text) < 3 || text[0] != ':' {
		return 0, 0, false
	}
	minute, n := number(text[1:])
	text = text[1+n:]
	if n != 2 || minute > 59 {
		return 0, 0, false
	}
	seconds = int64(hour*3600 + minute*60)
	if len(text) > 0 && text[0] == ':' {
		second, n := number(text[1:])
		if n != 2 || second > 59 {
			return 0, 0, false
		}
		seconds += int64(second)
		text = text[1+n:]
		if len(text) > 0 && text[0] == '.' {
			if micros, text, ok = takeFraction(text[1:]); !ok {
				return 0, 0, false
			}
		}
	}
	offset, ok := takeZone(trim(text))
	return seconds - offset, micros, ok
}

// takeFraction reads decimals of a second; beyond microseconds they are cut.
func takeFraction(text []byte) (micros int64, rest []byte, ok bool) {
	n := 0
	for ; n < len(text) && text[n]-'0' <= 9; n++ {
		if n < 6 {
			micros = micros*10 + int64(text[n]-'0')
		}
	}
	for i := n; i < 6; i++ {
		micros *= 10
	}
	return micros, text[n:], n > 0
}

// takeZone reads nothing, UTC, GMT, Z or an offset in hours and minutes. Other
// names mean different offsets in different places and are refused.
func takeZone(text []byte) (offset int64, ok bool) {
	switch string(text) {
	case "", "UTC", "Z", "GMT":
		return 0, true
	}
	sign := int64(1)
	switch text[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false
	}
	hour, n := number(text[1:])
	minute, m := 0, 2
	if n == 4 { // +0530
		hour, minute, n = hour/100, hour%100, 2
		text = text[5:]
	} else if text = text[1+n:]; len(text) > 0 {
		if text[0] != ':' {
			return 0, false
		}
		minute, m = number(text[1:])
		text = text[1+m:]
	}
	if n != 2 || m != 2 || hour > 14 || minute > 59 || len(text) != 0 {
		return 0, false
	}
	return sign * int64(hour*3600+minute*60), true
}

// number reads the digits at the beginning of text.
func number(text []byte) (value, count int) {
	for count < len(text) && text[count]-'0' <= 9 && count < 9 {
		value = value*10 + int(text[count]-'0')
		count++
	}
	return value, count
}

func microTime(at int64) time.Time { return time.UnixMicro(at).UTC() }
