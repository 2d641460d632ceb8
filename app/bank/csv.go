package bank

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/period"
)

// Mapping says how a bank writes CSV. Columns are counted from 1; 0 is none.
type Mapping struct {
	Charset   string   `json:"charset"`   // empty: UTF-8, and where it is not, Windows-1252
	Delimiter string   `json:"delimiter"` // one character
	Comma     bool     `json:"comma"`     // the decimal sign is a comma
	Dates     string   `json:"dates"`     // one of DateFormats
	Skip      int      `json:"skip"`      // lines that are not blank, before the header or the first line
	Header    bool     `json:"header"`
	Head      []string `json:"head"`   // the header's names when the mapping was made: other names are another shape
	Negate    bool     `json:"negate"` // amounts have the bank's side's sign

	Booked      int   `json:"booked"`
	Value       int   `json:"value"`
	Amount      int   `json:"amount"` // signed; or Debit and Credit
	Debit       int   `json:"debit"`
	Credit      int   `json:"credit"`
	Direction   int   `json:"direction"` // "D"/"C", "S"/"H" beside an unsigned amount
	Balance     int   `json:"balance"`   // after the line
	Currency    int   `json:"currency"`
	Account     int   `json:"account"`
	BankID      int   `json:"bank_id"`
	References  []int `json:"references"`
	Description []int `json:"description"`
}

// DateFormats are the ways of writing a date that a mapping may name, with the
// layouts of package time.
var DateFormats = []DateFormat{
	{"YYYY-MM-DD", []string{"2006-01-02", "2006-1-2", "2006-01-02 15:04:05", "2006-01-02T15:04:05"}},
	{"MM/DD/YYYY", []string{"1/2/2006", "1/2/2006 15:04", "1/2/2006 15:04:05", "1/2/2006 3:04:05 PM"}},
	{"DD/MM/YYYY", []string{"2/1/2006", "2/1/2006 15:04", "2/1/2006 15:04:05"}},
	{"DD.MM.YYYY", []string{"2.1.2006", "2.1.2006 15:04", "2.1.2006 15:04:05"}},
	{"DD-MM-YYYY", []string{"2-1-2006"}},
	{"MM-DD-YYYY", []string{"1-2-2006"}},
	{"DD.MM.YY", []string{"2.1.06"}},
	{"MM/DD/YY", []string{"1/2/06"}},
	{"DD/MM/YY", []string{"2/1/06"}},
	{"YYYY/MM/DD", []string{"2006/1/2"}},
	{"YYYYMMDD", []string{"20060102"}},
	{"DD Mon YYYY", []string{"2 Jan 2006", "02-Jan-2006", "2-Jan-06", "2 January 2006"}},
	{"Mon DD, YYYY", []string{"Jan 2, 2006", "January 2, 2006"}},
}

// DateFormat is a way of writing dates.
type DateFormat struct {
	Name    string
	layouts []string
}

func (f DateFormat) parse(text string) (period.Date, error) {
	for _, layout := range f.layouts {
		if d, err := parseDay(text, layout); err == nil {
			return d, nil
		}
	}
	return period.Date{}, fmt.Errorf("%q is no date of the form %s", shorten(text), f.Name)
}

func dateFormat(name string) (DateFormat, bool) {
	i := slices.IndexFunc(DateFormats, func(f DateFormat) bool { return f.Name == name })
	if i < 0 {
		return DateFormat{}, false
	}
	return DateFormats[i], true
}

// Check says what a mapping lacks, by field; empty: it can be used.
func (m Mapping) Check() map[string]string {
	wrong := map[string]string{}
	if len(m.Delimiter) != 1 || strings.ContainsAny(m.Delimiter, "\"\r\n") {
		wrong["delimiter"] = "Choose the character between columns."
	}
	if _, known := dateFormat(m.Dates); !known {
		wrong["dates"] = "Choose how dates are written."
	}
	if m.Charset != "" && charsetOf(m.Charset) == nil && !strings.EqualFold(m.Charset, "utf-8") {
		wrong["charset"] = "This charset is unknown."
	}
	if m.Booked == 0 {
		wrong["booked"] = "Choose the column of the booking date."
	}
	split := m.Debit != 0 || m.Credit != 0
	switch {
	case m.Amount == 0 && (m.Debit == 0 || m.Credit == 0):
		wrong["amount"] = "Choose the column of the amount, or one for debits and one for credits."
	case m.Amount != 0 && split:
		wrong["amount"] = "Choose either one column of amounts, or debits and credits."
	case split && m.Direction != 0:
		wrong["direction"] = "Debits and credits have columns of their own."
	}
	if len(m.Description) == 0 {
		wrong["description"] = "Choose at least one column that describes the line."
	}
	if m.Skip < 0 || m.Skip > 100 {
		wrong["skip"] = "At most 100 lines stand before the header."
	}
	return wrong
}

// row is a record of a CSV file.
type row struct {
	line   int
	fields []string
	err    error
}

// maxJoined bounds the lines that one record goes over.
const maxJoined = 20

// rows cuts a text into records. A quote that never closes costs its own line
// and no other one.
func rows(text, delimiter string) []row {
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
	var list []row
	for i := 0; i < len(lines); {
		if strings.TrimSpace(lines[i]) == "" {
			i++
			continue
		}
		fields, used, err := cut(lines[i:], delimiter)
		list = append(list, row{i + 1, fields, err})
		i += used
	}
	return list
}

// cut reads the record that begins the lines, and how many lines it takes.
func cut(lines []string, delimiter string) (fields []string, used int, err error) {
	if len(lines[0]) > maxText {
		return nil, 1, fmt.Errorf("the line has more than %d characters", maxText)
	}
	fields, err = parseRow(lines[0], delimiter, false)
	if errors.Is(err, csv.ErrBareQuote) { // 5" pipe, in a field without quotes
		fields, err = parseRow(lines[0], delimiter, true)
	}
	if err == nil {
		return fields, 1, nil
	}
	text, quotes := lines[0], strings.Count(lines[0], `"`)
	for used = 2; used <= min(maxJoined, len(lines)) && quotes%2 == 1; used++ {
		text, quotes = text+"\n"+lines[used-1], quotes+strings.Count(lines[used-1], `"`)
		if len(text) > maxText {
			break
		}
		if quotes%2 == 1 {
			continue // the field goes on
		}
		if fields, err = parseRow(text, delimiter, false); err == nil {
			return fields, used, nil
		}
	}
	return nil, 1, errors.New(`a quote (") opens a field and does not close it`)
}

func parseRow(text, delimiter string, lazy bool) ([]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, lazy
	if delimiter != "" {
		r.Comma = rune(delimiter[0])
	}
	fields, err := r.Read()
	if err != nil {
		return nil, err
	}
	if lazy {
		if _, more := r.Read(); more == nil {
			return nil, csv.ErrQuote
		}
	}
	return fields, nil
}

func readCSV(data []byte, m Mapping) File {
	if wrong := m.Check(); len(wrong) > 0 {
		return refused(CSV, "The columns of this file are not chosen yet.")
	}
	c := &csvReading{reading: reading{File{Format: CSV}}, mapping: m, at: map[[2]string]int{}}
	c.dates, _ = dateFormat(m.Dates)
	list := rows(decode(data, m.Charset), m.Delimiter)
	list = list[min(m.Skip, len(list)):]
	if m.Header {
		if len(list) == 0 || !sameHead(list[0].fields, m.Head) {
			return refused(CSV, "The columns are not those that were chosen for this account. Choose them again.")
		}
		list = list[1:]
	}
	for _, row := range list {
		c.row(row)
	}
	c.balances()
	if len(c.file.Statements) == 0 && len(c.file.Problems) == 0 {
		c.problem(nil, 0, "There are no lines in this file.")
	}
	c.tie()
	return c.file
}

// sameHead compares a header with the remembered one.
func sameHead(fields, head []string) bool {
	return len(head) == 0 || slices.EqualFunc(fields, head, func(a, b string) bool { return strings.EqualFold(squeeze(a), squeeze(b)) })
}

// csvReading is a CSV file being read: one statement per account and currency.
type csvReading struct {
	reading
	mapping Mapping
	dates   DateFormat
	at      map[[2]string]int    // statement of an account and currency
	after   [][]*decimal.Decimal // balance after each line, per statement
}

func (c *csvReading) row(r row) {
	if r.err != nil {
		c.problem(c.only(), r.line, "The line was left out: %s.", r.err)
		return
	}
	field := func(n int) string {
		if n < 1 || n > len(r.fields) {
			return ""
		}
		return strings.TrimSpace(r.fields[n-1])
	}
	if field(c.mapping.Booked) == "" && c.blank(field) {
		c.note(r.line, "The line has neither a date nor an amount and was left out.")
		return
	}
	s, k := c.statement(r.line, field)
	line := Line{Place: r.line, BankID: squeeze(field(c.mapping.BankID))}
	var err, late error
	if line.Booked, err = c.dates.parse(field(c.mapping.Booked)); err != nil {
		c.problem(s, r.line, "The line was left out: %s.", err)
	}
	if text := field(c.mapping.Value); text != "" {
		if line.Value, late = c.dates.parse(text); late != nil {
			c.problem(s, r.line, "The value date: %s.", late)
		}
	}
	amount, wrong := c.amount(field)
	if wrong != nil {
		c.problem(s, r.line, "The line was left out: %s.", wrong)
	}
	if err != nil || wrong != nil {
		return
	}
	line.Amount = amount
	var texts, references []string
	for _, n := range c.mapping.Description {
		texts = append(texts, field(n))
	}
	for _, n := range c.mapping.References {
		references = append(references, field(n))
	}
	line.Description, line.References = strings.Join(distinct(texts...), " "), distinct(references...)
	s.Lines, c.after[k] = append(s.Lines, line), append(c.after[k], c.balance(s, r.line, field(c.mapping.Balance)))
}

// blank reports whether no amount stands in a row: a footer, or a title.
func (c *csvReading) blank(field func(int) string) bool {
	return field(c.mapping.Amount) == "" && field(c.mapping.Debit) == "" && field(c.mapping.Credit) == ""
}

// only is the file's statement when it has just one so far.
func (c *csvReading) only() *Statement {
	if len(c.file.Statements) != 1 {
		return nil
	}
	return &c.file.Statements[0]
}

// statement is the one that a row belongs to, and its number.
func (c *csvReading) statement(line int, field func(int) string) (*Statement, int) {
	account, currency := squeeze(field(c.mapping.Account)), currencyOf(field(c.mapping.Currency))
	key := [2]string{account, string(currency)}
	i, known := c.at[key]
	if !known {
		i = len(c.file.Statements)
		c.at[key] = i
		c.file.Statements, c.after = append(c.file.Statements, Statement{Account: account, Currency: currency, Place: line}), append(c.after, nil)
	}
	return &c.file.Statements[i], i
}

// amount reads a row's amount, positive into the account.
func (c *csvReading) amount(field func(int) string) (decimal.Decimal, error) {
	m := c.mapping
	var value decimal.Decimal
	var err error
	if m.Amount != 0 {
		value, err = parseAmount(field(m.Amount), m.Comma)
	} else {
		value, err = sides(field(m.Debit), field(m.Credit), m.Comma)
	}
	if err != nil {
		return value, err
	}
	if m.Direction != 0 {
		debit, err := isDebit(field(m.Direction))
		if err != nil {
			return value, err
		}
		if debit {
			value = value.Abs().Neg()
		}
	}
	if m.Negate {
		value = value.Neg()
	}
	return value, nil
}

// sides reads an amount out of two columns; banks write debits with and
// without a minus.
func sides(debit, credit string, comma bool) (decimal.Decimal, error) {
	var out, in decimal.Decimal
	var err error
	if debit != "" {
		if out, err = parseAmount(debit, comma); err != nil {
			return out, err
		}
	}
	if credit != "" {
		if in, err = parseAmount(credit, comma); err != nil {
			return in, err
		}
	}
	switch {
	case debit == "" && credit == "":
		return in, errors.New("there is no amount")
	case !out.IsZero() && !in.IsZero():
		return in, errors.New("it has both a debit and a credit")
	}
	return in.Sub(out.Abs()), nil
}

// isDebit reads the word of a direction.
func isDebit(word string) (bool, error) {
	switch strings.ToUpper(strings.Trim(word, ". ")) {
	case "D", "DR", "DEBIT", "DBIT", "S", "SOLL", "-", "OUT", "WITHDRAWAL", "AF":
		return true, nil
	case "C", "CR", "CREDIT", "CRDT", "H", "HABEN", "+", "IN", "DEPOSIT", "BIJ":
		return false, nil
	}
	return false, fmt.Errorf("%q says neither debit nor credit", shorten(word))
}

// balance reads the balance after a line; nil: none.
func (c *csvReading) balance(s *Statement, line int, text string) *decimal.Decimal {
	if text == "" {
		return nil
	}
	d, err := parseAmount(text, c.mapping.Comma)
	if err != nil {
		c.problem(s, line, "The balance: %s.", err)
		return nil
	}
	return &d
}

// balances finds the opening and closing balance where the file tells the
// balance after each line, oldest or newest first.
func (c *csvReading) balances() {
	for i := range c.file.Statements {
		s, after := &c.file.Statements[i], c.after[i]
		if len(after) == 0 || slices.Contains(after, nil) {
			continue
		}
		first, last := 0, len(after)-1
		if newestFirst(s.Lines, after) {
			first, last = last, first
		}
		s.Opening = &Balance{after[first].Sub(s.Lines[first].Amount), s.Lines[first].Booked}
		s.Closing = &Balance{*after[last], s.Lines[last].Booked}
	}
}

// newestFirst decides by which order the balances follow from each other, and
// where neither does, by the dates.
func newestFirst(lines []Line, after []*decimal.Decimal) bool {
	up, down := 0, 0
	for i := 1; i < len(lines); i++ {
		if after[i-1].Add(lines[i].Amount).Equal(*after[i]) {
			up++
		}
		if after[i].Add(lines[i-1].Amount).Equal(*after[i-1]) {
			down++
		}
	}
	if up == down {
		return lines[len(lines)-1].Booked.Before(lines[0].Booked)
	}
	return down > up
}
