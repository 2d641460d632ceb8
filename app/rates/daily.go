package rates

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
	"tieout/app/markup"
	"tieout/app/money"
	"tieout/app/period"
)

// dailyBase is the currency that every rate of a daily file is for one of.
const dailyBase money.Currency = "EUR"

// Limits of a daily file: the European Central Bank's whole history is a third of them.
const (
	dailyBytes   = 24 << 20
	dailyDays    = 20_000
	dailyOfDay   = 200
	mostProblems = 20
)

// ParseDaily reads a daily file in either format of the European Central Bank:
// eurofxref XML or CSV, one day or its history. keep says which rates are wanted.
// A file with anything wrong in it gives no rates, and an error that names
// everything that is.
func ParseDaily(content []byte, keep func(Pair, period.Date) bool) ([]Entry, error) {
	if len(content) > dailyBytes {
		return nil, fault.New(fault.Invalid, "The file is larger than %d MB, which no daily file is.", dailyBytes>>20)
	}
	f := daily{keep: keep, seen: map[string]bool{}}
	start := bytes.TrimSpace(bytes.TrimPrefix(content[:min(len(content), 512)], []byte("\ufeff")))
	var err error
	if bytes.HasPrefix(start, []byte("<")) {
		err = f.xml(content)
	} else {
		err = f.csv(content)
	}
	if err != nil {
		return nil, err
	}
	if len(f.problems) > 0 {
		return nil, fault.New(fault.Invalid, "The daily file cannot be used: %s", strings.Join(f.problems, " "))
	}
	if f.days == 0 {
		return nil, fault.New(fault.Invalid, "The file holds no day of rates. It must be eurofxref XML or CSV, unzipped.")
	}
	return f.entries, nil
}

// daily is a file in the reading.
type daily struct {
	keep     func(Pair, period.Date) bool
	entries  []Entry
	problems []string
	seen     map[string]bool
	days     int
	ofDay    int
}

func (f *daily) wrong(format string, args ...any) {
	if len(f.problems) < mostProblems {
		f.problems = append(f.problems, fmt.Sprintf(format, args...))
	}
}

// begin is a new day; false when it cannot be used.
func (f *daily) begin(text, where string) (period.Date, bool) {
	f.days++
	f.ofDay = 0
	text = strings.TrimSpace(text)
	day, err := period.ParseDate(text)
	if err != nil {
		t, other := time.Parse("2 January 2006", text)
		if other != nil {
			f.wrong("%s: %q is no day.", where, cut(text))
			return day, false
		}
		day = period.DateOf(t)
	}
	if f.days > dailyDays {
		f.wrong("%s: more than %d days.", where, dailyDays)
		return day, false
	}
	return day, true
}

func (f *daily) rate(day period.Date, currency, text, where string) {
	f.ofDay++
	e := Entry{Pair: Pair{dailyBase, money.Currency(strings.TrimSpace(currency))}, On: day}
	value, err := money.ParsePlain(text)
	if err != nil || len(text) > 40 {
		f.wrong("%s: %q is no rate.", where, cut(text))
		return
	}
	e.Value = value
	if _, words := e.Problem(); words != "" {
		f.wrong("%s: %s", where, words)
		return
	}
	key := e.place(day)
	if f.seen[key] || f.ofDay > dailyOfDay {
		f.wrong("%s: %s stands there twice.", where, cut(currency))
		return
	}
	f.seen[key] = true
	if f.keep(e.Pair, day) {
		f.entries = append(f.entries, e)
	}
}

func cut(text string) string {
	if len(text) > 40 {
		return text[:40]
	}
	return text
}

// xml reads Cube elements: one with a time for each day, in it one with a
// currency and a rate for each rate.
func (f *daily) xml(content []byte) error {
	decoder := markup.NewReader(bytes.NewReader(content), markup.Limits{Bytes: dailyBytes, Pieces: 8 * dailyDays * dailyOfDay}, nil)
	var day period.Date
	usable := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "The daily file is no XML that can be read: line %d: %v.", decoder.Line(), err)
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "Cube" {
			continue
		}
		where := fmt.Sprintf("Line %d", decoder.Line())
		at := map[string]string{}
		for _, a := range element.Attr {
			at[a.Name.Local] = a.Value
		}
		switch {
		case at["time"] != "":
			day, usable = f.begin(at["time"], where)
		case at["currency"] == "" && at["rate"] == "":
		case day == (period.Date{}):
			f.wrong("%s: a rate without a day.", where)
		case usable:
			f.rate(day, at["currency"], at["rate"], where)
		}
	}
}

// csv reads a heading of currencies and a row for each day; N/A is no rate.
func (f *daily) csv(content []byte) error {
	reader := csv.NewReader(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff")))))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.ReuseRecord = -1, true, true
	var heads []string
	for n := 1; ; n++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "The daily file is no CSV that can be read.")
		}
		if n == 1 {
			if heads = append(heads, cells...); !strings.EqualFold(strings.TrimSpace(heads[0]), "Date") {
				return fault.New(fault.Invalid, "The file is no daily file: its first heading is %q, not Date.", cut(heads[0]))
			}
			continue
		}
		f.row(heads, cells, fmt.Sprintf("Row %d", n))
	}
}

func (f *daily) row(heads, cells []string, where string) {
	day, ok := f.begin(cells[0], where)
	if !ok {
		return
	}
	for i, cell := range cells[1:] {
		cell = strings.TrimSpace(cell)
		switch {
		case cell == "" || cell == "N/A":
		case i+1 >= len(heads):
			f.wrong("%s: %q stands below no heading.", where, cut(cell))
		default:
			f.rate(day, heads[i+1], cell, fmt.Sprintf("%s, %s", where, cut(strings.TrimSpace(heads[i+1]))))
		}
	}
}

// rounded keeps a source's rate within the decimals of the table.
func rounded(value decimal.Decimal) decimal.Decimal { return value.Round(Scale) }
