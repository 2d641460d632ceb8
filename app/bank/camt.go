package bank

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/money"
	"tieout/app/period"
)

// readCAMT reads ISO 20022 camt.053, whatever its version: 02 to 08 and later
// differ in where a status and a party stand, and both places are read.
func readCAMT(data []byte) File {
	r := &reading{File{Format: CAMT}}
	root, err := readXML(data, func(name string) string { return name })
	if err != nil {
		r.problem(nil, 0, "The file is not whole: %s.", err)
	}
	if root == nil {
		return r.file
	}
	for _, n := range root.find("Stmt") {
		r.file.Statements = append(r.file.Statements, r.camtStatement(n))
	}
	if len(r.file.Statements) == 0 {
		r.problem(nil, 0, "%s", notCAMT(root))
	}
	if err != nil && len(r.file.Statements) > 0 {
		r.file.Statements[len(r.file.Statements)-1].Problems++ // the last one broke off
	}
	r.tie()
	return r.file
}

func notCAMT(root *node) string {
	switch {
	case len(root.find("Rpt")) > 0:
		return "This is an intraday report (camt.052). Ask the bank for the booked statement (camt.053)."
	case len(root.find("Ntfctn")) > 0:
		return "This is a notification of single movements (camt.054). Ask the bank for the statement (camt.053)."
	}
	return "There is no statement in this XML file. Tieout reads camt.053 and OFX."
}

func (r *reading) camtStatement(n *node) Statement {
	s := Statement{Place: n.line, ID: n.get("Id"), Account: n.get("Acct/Id/IBAN", "Acct/Id/Othr/Id"), Currency: currencyOf(n.get("Acct/Ccy"))}
	if s.Account == "" {
		r.problem(&s, n.line, "The statement names no account.")
	}
	r.camtBalances(&s, n)
	s.From, s.To = r.camtDay(&s, n.at("FrToDt"), "FrDtTm", "FrDt"), r.camtDay(&s, n.at("FrToDt"), "ToDtTm", "ToDt")
	for _, entry := range n.all("Ntry") {
		r.camtEntry(&s, entry)
	}
	r.camtTotals(&s, n)
	return s
}

// camtBalances reads the balances that the lines lie between. A statement that
// is cut into pages has interim balances in their place.
func (r *reading) camtBalances(s *Statement, n *node) {
	rank := map[string]int{"OPBD": 3, "PRCD": 2, "CLBD": 3}
	opening, closing := 0, 0
	for _, b := range n.all("Bal") {
		code := b.get("Tp/CdOrPrtry/Cd")
		if code != "OPBD" && code != "PRCD" && code != "CLBD" && code != "ITBD" {
			continue
		}
		amount := b.at("Amt")
		value, err := r.camtAmount(s, amount, b)
		if err != nil {
			r.problem(s, amount.place(b.line), "The balance %s: %s.", code, err)
			continue
		}
		balance := &Balance{value, r.camtDay(s, b, "Dt/Dt", "Dt/DtTm")}
		if code != "CLBD" && max(rank[code], 1) > opening {
			s.Opening, opening = balance, max(rank[code], 1)
			if code == "ITBD" {
				continue // the first of the page
			}
		}
		if (code == "CLBD" || code == "ITBD") && max(rank[code], 1) >= closing {
			s.Closing, closing = balance, max(rank[code], 1)
		}
	}
}

// camtAmount reads an amount with its direction. A reversal's direction is its
// own: RvslInd only says that it takes an earlier entry back.
func (r *reading) camtAmount(s *Statement, amount, direction *node) (decimal.Decimal, error) {
	if amount == nil {
		return decimal.Zero, fmt.Errorf("there is no amount")
	}
	value, err := parseAmount(amount.text, false)
	if err != nil {
		return value, err
	}
	if value.IsNegative() {
		return value, fmt.Errorf("%q has a sign; its direction stands in CdtDbtInd", shorten(amount.text))
	}
	currency := currencyOf(amount.currency)
	if s.Currency == "" {
		s.Currency = currency
	}
	if currency != "" && currency != s.Currency {
		return value, fmt.Errorf("the amount is in %s and the account in %s", currency, s.Currency)
	}
	switch direction.get("CdtDbtInd") {
	case "CRDT":
		return value, nil
	case "DBIT":
		return value.Neg(), nil
	}
	return value, fmt.Errorf("CdtDbtInd is neither CRDT nor DBIT")
}

// camtDay reads a date or the day of a date with time; zero when there is none.
func (r *reading) camtDay(s *Statement, n *node, paths ...string) period.Date {
	text := n.get(paths...)
	if text == "" {
		return period.Date{}
	}
	day := text
	if len(day) > 10 {
		day = day[:10]
	}
	date, err := parseDay(day, "2006-01-02")
	if err != nil {
		r.problem(s, n.line, "%s.", err)
	}
	return date
}

func (r *reading) camtEntry(s *Statement, n *node) {
	status := n.get("Sts/Cd", "Sts")
	if status != "BOOK" && status != "" {
		r.note(n.line, "The entry of %s is not booked (%s) and was left out.", n.get("Amt"), shorten(status))
		return
	}
	amount, err := r.camtAmount(s, n.at("Amt"), n)
	if err != nil {
		r.problem(s, n.line, "The entry was left out: %s.", err)
		return
	}
	before := s.Problems
	line := Line{Place: n.line, Amount: amount, Booked: r.camtDay(s, n, "BookgDt/Dt", "BookgDt/DtTm"), Value: r.camtDay(s, n, "ValDt/Dt", "ValDt/DtTm"),
		Reversal: n.get("RvslInd") == "true" || n.get("RvslInd") == "1", BankID: n.get("AcctSvcrRef"), References: distinct(n.get("NtryDtls/Btch/MsgId"), n.get("NtryDtls/Btch/PmtInfId"))}
	if line.Booked == (period.Date{}) {
		line.Booked = line.Value
	}
	if line.Booked == (period.Date{}) {
		if s.Problems == before {
			r.problem(s, n.line, "The entry of %s has no booking date and was left out.", n.get("Amt"))
		}
		return
	}
	s.Lines = append(s.Lines, r.camtLines(s, n, line)...)
}

// camtLines returns a line per transaction of a batch where the bank tells the
// amounts of all of them and they add up to the entry; else one line with
// everything that is told.
func (r *reading) camtLines(s *Statement, n *node, entry Line) []Line {
	var details []*node
	for _, d := range n.all("NtryDtls") {
		details = append(details, d.all("TxDtls")...)
	}
	parts, sum, told := []Line{}, decimal.Zero, len(details) > 1
	for i, d := range details {
		part := camtDetail(entry, d)
		amount, ok := detailAmount(d, n, s.Currency)
		told = told && ok
		part.Amount, sum = amount, sum.Add(amount)
		if part.BankID == entry.BankID && entry.BankID != "" && len(details) > 1 {
			part.BankID = fmt.Sprintf("%s/%d", entry.BankID, i+1)
		}
		parts = append(parts, part)
	}
	if told && sum.Equal(entry.Amount) {
		for i := range parts {
			if parts[i].Description == "" {
				parts[i].Description = squeeze(n.get("AddtlNtryInf"))
			}
		}
		return parts
	}
	if told {
		r.note(n.line, "The transactions of the entry of %s add up to %s; the entry stands as one line.", entry.Amount, sum)
	}
	texts := []string{n.get("AddtlNtryInf")}
	for _, part := range parts[:min(maxTexts, len(parts))] {
		texts = append(texts, part.Description)
		entry.References = distinct(append(entry.References, part.References...)...)
		if entry.Returned == "" {
			entry.Returned = part.Returned
		}
	}
	if entry.BankID == "" && len(parts) == 1 {
		entry.BankID = parts[0].BankID
	}
	entry.Description = squeeze(strings.Join(distinct(texts...), " "))
	return []Line{entry}
}

// camtDetail is the line of one transaction of an entry, but for its amount.
func camtDetail(entry Line, d *node) Line {
	line := entry
	line.Place = d.line
	texts := []string{d.get("RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm"), d.get("RltdPties/Cdtr/Nm", "RltdPties/Cdtr/Pty/Nm")}
	for _, u := range d.at("RmtInf").all("Ustrd") {
		texts = append(texts, u.text)
	}
	line.Description = squeeze(strings.Join(distinct(append(texts, d.get("AddtlTxInf"))...), " "))
	references := append([]string{}, entry.References...)
	for _, name := range []string{"EndToEndId", "TxId", "InstrId", "UETR", "MsgId", "PmtInfId", "MndtId", "ChqNb", "ClrSysRef"} {
		if id := d.get("Refs/" + name); id != "NOTPROVIDED" {
			references = append(references, id)
		}
	}
	for _, p := range d.at("Refs").all("Prtry") {
		references = append(references, p.get("Ref"))
	}
	line.References = distinct(append(references, d.get("RmtInf/Strd/CdtrRefInf/Ref"))...)
	if id := d.get("Refs/AcctSvcrRef"); id != "" {
		line.BankID = id
	}
	if d.at("RtrInf") != nil {
		line.Returned = distinct(d.get("RtrInf/AddtlInf"), d.get("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"), "returned")[0]
	}
	return line
}

// detailAmount is a transaction's amount in the account's currency, with the
// entry's direction unless it has its own; false: the bank does not tell it.
func detailAmount(d, entry *node, currency money.Currency) (decimal.Decimal, bool) {
	amount := d.at("Amt")
	if amount == nil {
		amount = d.at("AmtDtls/TxAmt/Amt")
	}
	if amount == nil || amount.currency != "" && currencyOf(amount.currency) != currency {
		return decimal.Zero, false
	}
	value, err := parseAmount(amount.text, false)
	if err != nil {
		return decimal.Zero, false
	}
	direction := d.get("CdtDbtInd")
	if direction == "" {
		direction = entry.get("CdtDbtInd")
	}
	if direction == "DBIT" {
		value = value.Neg()
	}
	return value, true
}

// camtTotals holds the bank's own count of entries against what stands in the
// file. Entries that are not booked are in neither.
func (r *reading) camtTotals(s *Statement, n *node) {
	told := n.get("TxsSummry/TtlNtries/NbOfNtries")
	if told == "" {
		return
	}
	if count := fmt.Sprint(len(n.all("Ntry"))); strings.TrimLeft(told, "0") != count && (told != "0" || count != "0") {
		r.problem(s, n.at("TxsSummry").place(n.line), "The bank counts %s entries and the file has %s. Ask the bank for the whole file.", shorten(told), count)
	}
}
