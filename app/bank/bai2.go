package bank

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// readBAI2 reads BAI version 2: records of fields between commas, ended by a
// slash and continued by records 88. Accounts (03), groups (02) and the file
// (01) each end with a control total and counts (49, 98, 99), which are checked.
func readBAI2(data []byte) File {
	b := &bai2{reading: reading{File{Format: BAI2}}}
	for i, text := range strings.Split(decode(data, ""), "\n") {
		b.physical(i+1, strings.TrimRight(text, " \t\r\x1a\x00"))
	}
	b.end()
	if !b.closed {
		b.problem(b.account, 0, "The file has no record 99 at its end, so something is missing. Ask the bank for the whole file.")
	}
	if len(b.file.Statements) == 0 {
		b.problem(nil, 0, "There is no account (03) with booked movements in this file.")
	}
	b.file.Statements = merged(b.file.Statements)
	b.tie()
	return b.file
}

// bai2 is a file being read.
type bai2 struct {
	reading
	record                record
	group                 group
	account               *Statement // that 16 records belong to; nil: none is open
	accountSum, groupSum  decimal.Decimal
	fileSum               decimal.Decimal
	accountRecords        int // physical records, as the bank counts them
	groupRecords          int
	records               int
	accounts, groups      int
	accountOpen, fileOpen bool
	closed                bool
}

// group is what a record 02 says of the accounts that follow.
type group struct {
	on       period.Date
	currency money.Currency
	skip     bool // a test or a deletion
	open     bool
}

// record is a logical record: its continuations are joined.
type record struct {
	code  string
	line  int
	parts []string // text of each physical record, without its code
}

// fields returns the record's fields and which part each one stands in.
func (r record) fields() (fields []string, part []int) {
	for i, text := range r.parts {
		for field := range strings.SplitSeq(strings.TrimSuffix(text, "/"), ",") {
			fields, part = append(fields, strings.TrimSpace(field)), append(part, i)
		}
	}
	return fields, part
}

// take returns a field, empty where there is none.
func take(fields []string, n int) string {
	if n >= len(fields) {
		return ""
	}
	return fields[n]
}

// maxContinued bounds the records 88 of one record.
const maxContinued = 2000

func (b *bai2) physical(line int, text string) {
	if text == "" {
		return
	}
	code, rest, _ := strings.Cut(text, ",")
	code = strings.TrimSuffix(code, "/")
	if len(text) > maxText {
		b.problem(b.account, line, "The record is longer than %d characters and was left out.", maxText)
		return
	}
	if code == "88" {
		b.count()
		if b.record.code == "" || len(b.record.parts) > maxContinued {
			b.problem(b.account, line, "A continuation (88) follows no record.")
			return
		}
		b.record.parts = append(b.record.parts, rest)
		return
	}
	b.end()
	b.record = record{code, line, []string{rest}}
	if code == "03" {
		b.accountRecords = 0
	}
	if code == "02" {
		b.groupRecords = 0
	}
	b.count()
}

func (b *bai2) count() {
	b.accountRecords++
	b.groupRecords++
	b.records++
}

// end takes a record in once its last continuation has come. It runs when the
// next record begins, before that one is counted.
func (b *bai2) end() {
	r := b.record
	b.record = record{}
	switch r.code {
	case "":
	case "01":
		b.fileOpen = true
	case "02":
		b.beginGroup(r)
	case "03":
		b.beginAccount(r)
	case "16":
		b.transaction(r)
	case "49":
		b.endAccount(r)
	case "98":
		b.endGroup(r)
	case "99":
		b.endFile(r)
	default:
		b.problem(b.account, r.line, "%q is no record of BAI2.", shorten(r.code))
	}
}

func (b *bai2) beginGroup(r record) {
	f, _ := r.fields()
	if b.group.open {
		b.problem(b.account, r.line, "A group begins before the one before it has ended (98).")
	}
	b.account, b.accountOpen = nil, false // what follows is of this group's day, and of its accounts
	on, err := parseDay(take(f, 3), "060102")
	if err != nil {
		b.problem(nil, r.line, "The group's date %s; its accounts are left out.", err)
	}
	b.group = group{on: on, currency: currencyOf(take(f, 5)), open: true, skip: err != nil}
	if b.group.currency == "" {
		b.group.currency = "USD"
	}
	if status := take(f, 2); status == "2" || status == "4" {
		b.group.skip = true
		b.note(r.line, "The group is a deletion or a test (status %s) and was left out.", status)
	}
	b.groupSum, b.accounts = decimal.Zero, 0
}

func (b *bai2) beginAccount(r record) {
	f, _ := r.fields()
	if b.accountOpen {
		b.problem(b.account, r.line, "An account begins before the one before it has ended (49).")
	}
	if !b.group.open {
		b.problem(nil, r.line, "An account (03) stands outside a group (02) and was left out.")
	}
	s := Statement{Place: r.line, Account: take(f, 0), Currency: currencyOf(take(f, 1)), From: b.group.on, To: b.group.on}
	if s.Currency == "" {
		s.Currency = b.group.currency
	}
	b.accountSum, b.accountOpen, b.account = decimal.Zero, true, nil
	if !b.group.skip && b.group.open {
		b.file.Statements = append(b.file.Statements, s)
		b.account = &b.file.Statements[len(b.file.Statements)-1]
	}
	for i, text := range r.parts { // a continuation begins with a type
		f := record{parts: []string{text}}
		fields, _ := f.fields()
		if i == 0 {
			fields = fields[min(2, len(fields)):]
		}
		b.summaries(r.line+i, fields)
	}
}

// summaries reads type, amount, count and funds type, repeated. Of these only
// the ledger balances are kept: the rest sums up what records 16 say.
func (b *bai2) summaries(line int, f []string) {
	for len(f) > 0 {
		code, text := f[0], take(f, 1)
		amount, ok := b.minor(line, text)
		b.accountSum = b.accountSum.Add(amount)
		if balance := b.balance(amount); ok && text != "" && balance != nil {
			switch code {
			case "010":
				b.account.Opening = balance
			case "015":
				b.account.Closing = balance
			}
		}
		f = f[min(3, len(f)):]
		f = f[min(funds(f), len(f)):]
	}
}

func (b *bai2) balance(amount decimal.Decimal) *Balance {
	if b.account == nil {
		return nil
	}
	return &Balance{b.scaled(amount), b.group.on}
}

// funds is how many fields a funds type takes with what belongs to it.
func funds(f []string) int {
	switch take(f, 0) {
	case "S":
		return 4
	case "V":
		return 3
	case "D":
		n, err := strconv.Atoi(take(f, 1))
		if err != nil || n < 0 || n > 100 {
			return 2
		}
		return 2 + 2*n
	}
	return 1
}

// minor reads an amount in minor units; nothing is zero.
func (b *bai2) minor(line int, text string) (decimal.Decimal, bool) {
	if text == "" {
		return decimal.Zero, true
	}
	unsigned, negative := sign(text)
	if !digits(unsigned) || unsigned == "" || len(unsigned) > wholeDigits {
		b.problem(b.account, line, "%q is no amount: BAI2 writes minor units without a point.", shorten(text))
		return decimal.Zero, false
	}
	d, err := decimal.NewFromString(unsigned)
	if err != nil {
		b.problem(b.account, line, "%q is no amount.", shorten(text))
		return decimal.Zero, false
	}
	if negative {
		d = d.Neg()
	}
	return d, true
}

// scaled turns minor units into the account's currency.
func (b *bai2) scaled(minor decimal.Decimal) decimal.Decimal {
	return minor.Shift(-b.account.Currency.MinorDigits())
}

// transaction reads a record 16. The type code says the direction: 100 to 399
// is a credit, 400 to 699 a debit; 7xx belongs to loans, 890 to no money.
func (b *bai2) transaction(r record) {
	f, part := r.fields()
	if !b.accountOpen {
		b.problem(nil, r.line, "A transaction (16) stands outside an account (03) and was left out.")
		return
	}
	amount, ok := b.minor(r.line, take(f, 1))
	b.accountSum = b.accountSum.Add(amount)
	if b.account == nil || !ok {
		return
	}
	code, err := strconv.Atoi(take(f, 0))
	switch {
	case err == nil && code >= 100 && code < 400:
	case err == nil && code >= 400 && code < 700:
		amount = amount.Neg()
	case err == nil && code >= 700 && code < 900:
		b.note(r.line, "A transaction of type %d moves no money on this account and was left out.", code)
		return
	default:
		b.problem(b.account, r.line, "%q is no type of transaction, so its direction is unknown; it was left out.", shorten(take(f, 0)))
		return
	}
	line := Line{Place: r.line, Booked: b.group.on, Amount: b.scaled(amount), Returned: returnedBAI2(code)}
	next := 2 + funds(f[min(2, len(f)):])
	if take(f, 2) == "V" && take(f, 3) != "" {
		if line.Value, err = parseDay(take(f, 3), "060102"); err != nil {
			b.problem(b.account, r.line, "The value date %s.", err)
		}
	}
	if id := take(f, next); strings.Trim(id, "0") != "" {
		line.BankID = id
	}
	line.References = distinct(line.BankID, take(f, next+1))
	line.Description = textFrom(r, f, part, next+2)
	b.account.Lines = append(b.account.Lines, line)
}

// returnedBAI2 says what a type code of a returned payment means.
func returnedBAI2(code int) string {
	switch code {
	case 252, 255, 257, 258, 259, 552, 555, 557, 558, 559:
		return "returned (type " + strconv.Itoa(code) + ")"
	}
	return ""
}

// textFrom is the text that begins with field n: its commas belong to it, and
// continuations go on with it.
func textFrom(r record, fields []string, part []int, n int) string {
	if n >= len(fields) {
		return ""
	}
	own := part[n]
	first := 0
	for first < len(part) && part[first] != own {
		first++
	}
	texts := []string{strings.Join(strings.Split(r.parts[own], ",")[n-first:], ",")}
	texts = append(texts, r.parts[own+1:]...)
	for i := range texts {
		texts[i] = strings.TrimSuffix(texts[i], "/")
	}
	return squeeze(strings.Join(texts, " "))
}

// control compares a control total and a count with what was read.
func (b *bai2) control(r record, what string, sum decimal.Decimal, counts ...int) {
	f, _ := r.fields()
	if told, ok := b.minor(r.line, take(f, 0)); ok && !told.Equal(sum) {
		b.problem(b.account, r.line, "The control total of the %s is %s and its amounts add up to %s. The file is damaged or not whole; ask the bank for it again.", what, told, sum)
	}
	for i, count := range counts {
		if text := take(f, 1+i); text != "" && strings.TrimLeft(text, "0") != strings.TrimLeft(strconv.Itoa(count), "0") {
			b.problem(b.account, r.line, "The %s should have %s %s and has %d.", what, shorten(text), counted(i, len(counts)), count)
		}
	}
}

// counted names the counts of a control record: parts, then records.
func counted(i, of int) string {
	if i == of-1 {
		return "records"
	}
	return "parts"
}

func (b *bai2) endAccount(r record) {
	if !b.accountOpen {
		b.problem(nil, r.line, "An account ends (49) that has not begun (03).")
		return
	}
	b.control(r, "account", b.accountSum, b.accountRecords)
	told := b.total(r)
	b.groupSum, b.accountOpen, b.account = b.groupSum.Add(told), false, nil
	b.accounts++
}

// total is the control total that a record tells, which the one above it adds up.
func (b *bai2) total(r record) decimal.Decimal {
	f, _ := r.fields()
	told, negative := sign(take(f, 0))
	d, err := decimal.NewFromString("0" + told)
	if err != nil || !digits(told) || len(told) > wholeDigits {
		return decimal.Zero
	}
	if negative {
		return d.Neg()
	}
	return d
}

func (b *bai2) endGroup(r record) {
	if !b.group.open {
		b.problem(nil, r.line, "A group ends (98) that has not begun (02).")
		return
	}
	if b.accountOpen {
		b.problem(b.account, r.line, "The group ends (98) before its account has ended (49).")
		b.accountOpen, b.account = false, nil
	}
	b.control(r, "group", b.groupSum, b.accounts, b.groupRecords)
	b.fileSum, b.group = b.fileSum.Add(b.total(r)), group{}
	b.groups++
}

func (b *bai2) endFile(r record) {
	b.closed = true
	if b.group.open {
		b.problem(b.account, r.line, "The file ends (99) before its group has ended (98).")
	}
	if !b.fileOpen {
		b.problem(nil, r.line, "The file does not begin with a record 01.")
	}
	b.control(r, "file", b.fileSum, b.groups, b.records)
}

// merged joins what a file tells of one account and day in several groups, as
// banks do that send summaries and details apart.
func merged(list []Statement) []Statement {
	var out []Statement
	at := map[string]int{}
	for _, s := range list {
		key := s.Account + " " + string(s.Currency) + " " + s.To.String()
		i, known := at[key]
		if !known {
			at[key] = len(out)
			out = append(out, s)
			continue
		}
		t := &out[i]
		t.Lines, t.Problems = append(t.Lines, s.Lines...), t.Problems+s.Problems
		if t.Opening == nil {
			t.Opening = s.Opening
		}
		if s.Closing != nil {
			t.Closing = s.Closing
		}
	}
	return out
}
