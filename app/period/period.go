// Package period is the one place that turns instants into accounting dates
// and dates into fiscal periods.
//
// Amazon reports carry UTC; books are kept in local time. The accounting date
// of a line is its posted instant, moved into its settlement's own bounds and
// read in the books' time zone.
package period

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a calendar day without time or zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the calendar day of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date such as 2026-11-30", s)
	}
	return DateOf(t), nil
}

// Time returns the day's midnight in UTC, the form in which PostgreSQL's date
// type is exchanged.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// TimeOrNil is Time, nil for the zero Date: a day that is not known is NULL.
func (d Date) TimeOrNil() *time.Time {
	if d == (Date{}) {
		return nil
	}
	t := d.Time()
	return &t
}

// String writes YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day)) < 0
}

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// Posted returns the accounting date of an instant within a settlement that
// runs from start to end: outside those bounds the nearer bound counts, because
// Amazon posts Current Reserve Amount seconds after the end.
func Posted(posted, start, end time.Time, zone *time.Location) Date {
	switch {
	case !end.IsZero() && posted.After(end):
		posted = end
	case !start.IsZero() && posted.Before(start):
		posted = start
	}
	return DateOf(posted.In(zone))
}

// Period is one fiscal period of a P21 company.
type Period struct {
	FiscalYear int
	Number     int // 1..13 within the fiscal year
	Starts     Date
	Ends       Date // inclusive
	Closed     bool // in P21, or here
	Locked     bool `json:"-"` // closed here, whatever P21 says
}

// ClosedWhere says in two or three words where a closed period is closed.
func (p Period) ClosedWhere() string {
	if p.Locked {
		return "closed here"
	}
	return "closed in P21"
}

// Key writes the period as it stands in references and URLs: "2026-11".
func (p Period) Key() string { return fmt.Sprintf("%04d-%02d", p.FiscalYear, p.Number) }

// Contains reports whether d falls into the period.
func (p Period) Contains(d Date) bool { return !d.Before(p.Starts) && !p.Ends.Before(d) }

// Calendar is a company's periods in order of time, without overlap.
type Calendar []Period

// Find returns the period that contains d.
func (c Calendar) Find(d Date) (Period, bool) {
	for _, p := range c {
		if p.Contains(d) {
			return p, true
		}
	}
	return Period{}, false
}

// FirstOpen returns the earliest open period that ends on or after d.
func (c Calendar) FirstOpen(d Date) (Period, bool) {
	for _, p := range c {
		if !p.Closed && !p.Ends.Before(d) {
			return p, true
		}
	}
	return Period{}, false
}
