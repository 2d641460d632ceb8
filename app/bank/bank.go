// Package bank reads bank statements: CSV of any shape, OFX 1 and 2, ISO 20022
// camt.053, and BAI2.
//
// A reader keeps every line that it understands and says of every other one
// where it stands, what is wrong and what to do. Whether a statement is whole
// shows in its balances: opening + lines = closing. Input is hostile until
// proven otherwise: its size, depth and number of parts are bounded, and XML
// that defines entities is refused.
package bank

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// Format of a file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	OFX  Format = "ofx"
	CAMT Format = "camt.053"
	BAI2 Format = "bai2"
)

// Bounds of a file. A bank's daily file is far below all of them.
const (
	MaxSize     = 16 << 20 // bytes
	maxText     = 64 << 10 // bytes of a field or line
	maxLines    = 200_000  // of a text file
	maxTexts    = 200      // references or texts of one movement
	maxProblems = 1000     // that are told; what is more is counted
)

// File is what was read of one file.
type File struct {
	Format     Format
	Statements []Statement
	Problems   []Problem // what could not be read
	Notes      []Problem // what was left out on purpose, such as pending entries
	More       int       // problems beyond those that are told
}

// Statement is one account's lines, in the file's order.
type Statement struct {
	Account  string         // IBAN or number, as the bank writes it; a CSV file may not say
	Currency money.Currency // empty: the file does not say
	ID       string         // the bank's own number of the statement
	From, To period.Date    // zero: not told
	Opening  *Balance       // nil: not told
	Closing  *Balance
	Lines    []Line
	Place    int // line of the file where it begins
	Problems int // lines of it that could not be read, sums that do not agree
}

// Balance of an account.
type Balance struct {
	Value decimal.Decimal
	On    period.Date // zero: not told
}

// Line is one booked movement.
type Line struct {
	Place       int // line of the file
	Booked      period.Date
	Value       period.Date     // zero: not told
	Amount      decimal.Decimal // positive: into the account
	Description string
	References  []string // trace numbers, end-to-end ids and the like
	BankID      string   // the bank's own id of the line; empty: none
	Reversal    bool     // takes back an earlier line
	Returned    string   // why a payment came back; empty: it did not
}

// Problem is something in a file that a person should know.
type Problem struct {
	Line    int // of the file; 0: the file as a whole
	Message string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("Line %d: %s", p.Line, p.Message)
}

// Sum of the lines.
func (s Statement) Sum() decimal.Decimal {
	sum := decimal.Zero
	for _, l := range s.Lines {
		sum = sum.Add(l.Amount)
	}
	return sum
}

// Missing is what the lines lack to the closing balance; told is false when the
// statement does not name both balances.
func (s Statement) Missing() (missing decimal.Decimal, told bool) {
	if s.Opening == nil || s.Closing == nil {
		return decimal.Zero, false
	}
	return s.Closing.Value.Sub(s.Opening.Value).Sub(s.Sum()), true
}

// Whole reports whether nothing of the statement is known to be missing.
func (s Statement) Whole() bool {
	missing, told := s.Missing()
	return s.Problems == 0 && (!told || missing.IsZero())
}

// Days returns the first and the last day that the statement tells of.
func (s Statement) Days() (first, last period.Date) {
	first, last = s.From, s.To
	for _, l := range s.Lines {
		if first == (period.Date{}) || l.Booked.Before(first) {
			first = l.Booked
		}
		if last.Before(l.Booked) {
			last = l.Booked
		}
	}
	return first, last
}

// Read reads a file. Mapping says how a CSV file is written; other formats need
// none.
func Read(data []byte, mapping Mapping) File {
	if len(data) > MaxSize {
		return refused(Detect(data), fmt.Sprintf("The file has more than %d MB. Ask the bank for a shorter period.", MaxSize>>20))
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return refused(CSV, "The file is empty.")
	}
	format := Detect(data)
	if lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")); lines > 2*maxLines && (format == CSV || format == BAI2) {
		return refused(format, fmt.Sprintf("The file has more than %d lines. Ask the bank for a shorter period.", maxLines))
	}
	switch format {
	case OFX:
		return readOFX(data)
	case CAMT:
		return readCAMT(data)
	case BAI2:
		return readBAI2(data)
	default:
		return readCSV(data, mapping)
	}
}

func refused(f Format, message string) File {
	return File{Format: f, Problems: []Problem{{Message: message}}}
}

// Detect says what a file is by how it begins; what is nothing else is CSV.
func Detect(data []byte) Format {
	start := bytes.TrimLeft(head(data), " \t\r\n")
	upper := bytes.ToUpper(start)
	switch {
	case bytes.HasPrefix(start, []byte("01,")) && bytes.Contains(start, []byte("\n02,")):
		return BAI2
	case bytes.HasPrefix(upper, []byte("OFXHEADER")), bytes.HasPrefix(upper, []byte("<OFX")), bytes.HasPrefix(upper, []byte("<?OFX")):
		return OFX
	case bytes.HasPrefix(start, []byte("<")) && (bytes.Contains(upper, []byte("<?OFX")) || bytes.Contains(upper, []byte("<OFX>"))):
		return OFX
	case bytes.HasPrefix(start, []byte("<")):
		return CAMT
	}
	return CSV
}

// head is the file's beginning as text, whatever its charset.
func head(data []byte) []byte {
	if len(data) > 4096 {
		data = data[:4096]
	}
	return []byte(decode(data, ""))
}

// reading collects what goes wrong while a file is read.
type reading struct{ file File }

// problem notes what is wrong; s, when it is there, is the statement that lacks
// something because of it.
func (r *reading) problem(s *Statement, line int, format string, args ...any) {
	if s != nil {
		s.Problems++
	}
	if len(r.file.Problems) == maxProblems {
		r.file.More++
		return
	}
	r.file.Problems = append(r.file.Problems, Problem{line, fmt.Sprintf(format, args...)})
}

func (r *reading) note(line int, format string, args ...any) {
	if len(r.file.Notes) < maxProblems {
		r.file.Notes = append(r.file.Notes, Problem{line, fmt.Sprintf(format, args...)})
	}
}

// tie says of every statement whose balances and lines disagree by how much.
func (r *reading) tie() {
	for i := range r.file.Statements {
		s := &r.file.Statements[i]
		missing, told := s.Missing()
		if told && !missing.IsZero() {
			r.problem(s, s.Place, "The lines do not lead from the opening balance %s to the closing balance %s: %s is missing. Ask the bank for the whole file.", s.Opening.Value, s.Closing.Value, missing)
		}
	}
}

// distinct returns the first texts that say something, each once.
func distinct(texts ...string) []string {
	var list []string
	for _, t := range texts {
		if len(list) == maxTexts {
			break
		}
		if t = squeeze(t); t != "" && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list
}
