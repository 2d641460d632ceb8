package bank

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"unicode"

	"tieout/app/money"
	"tieout/app/period"
)

// readOFX reads OFX 1, which is SGML whose elements need no end, and OFX 2,
// which is XML. Both have the same elements.
func readOFX(data []byte) File {
	r := &reading{File{Format: OFX}}
	root, err := ofxTree(data)
	if err != nil {
		r.problem(nil, 0, "The file is not whole: %s.", err)
	}
	if root == nil {
		return r.file
	}
	for _, n := range root.find("STMTRS", "CCSTMTRS") {
		r.file.Statements = append(r.file.Statements, r.ofxStatement(n))
	}
	for _, status := range root.find("STATUS") {
		if status.get("SEVERITY") == "ERROR" {
			r.problem(nil, status.line, "The bank answered with error %s: %s", shorten(status.get("CODE")), shorten(status.get("MESSAGE")))
		}
	}
	if len(r.file.Statements) == 0 {
		r.problem(nil, 0, "There is no bank or card statement in this OFX file.")
	}
	if err != nil && len(r.file.Statements) > 0 {
		r.file.Statements[len(r.file.Statements)-1].Problems++
	}
	return r.file
}

func ofxTree(data []byte) (*node, error) {
	start := bytes.ToUpper(bytes.TrimLeft(head(data), " \t\r\n"))
	if bytes.HasPrefix(start, []byte("<?XML")) || bytes.Contains(start, []byte("<?OFX")) {
		return readXML(data, strings.ToUpper)
	}
	return readSGML(decode(data, sgmlCharset(start)))
}

var sgmlHeader = regexp.MustCompile(`CHARSET:\s*([A-Z0-9-]+)`)

// sgmlCharset is the charset that an OFX 1 header names.
func sgmlCharset(start []byte) string {
	found := sgmlHeader.FindSubmatch(start)
	if found == nil || string(found[1]) == "NONE" {
		return ""
	}
	return string(found[1])
}

// readSGML builds the tree of OFX 1. An element with text is a leaf and ends
// where the next begins, whether it is closed or not.
func readSGML(text string) (*node, error) {
	s := &sgml{open: []*node{{line: 1}}, line: 1}
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "<")
		s.content(before)
		s.line += strings.Count(before, "\n")
		if !found {
			return s.open[0], nil
		}
		tag, next, closed := strings.Cut(after, ">")
		if !closed || len(tag) > maxText {
			return s.open[0], reason("a tag is not closed")
		}
		if err := s.tag(strings.TrimSpace(tag)); err != nil {
			return s.open[0], err
		}
		s.line += strings.Count(tag, "\n")
		rest = next
	}
}

// leaves never have elements inside, even where a bank leaves them empty and open.
var leaves = map[string]bool{"NAME": true, "MEMO": true, "FITID": true, "REFNUM": true, "CHECKNUM": true, "SRVRTID": true, "DTPOSTED": true, "DTAVAIL": true,
	"DTUSER": true, "TRNAMT": true, "TRNTYPE": true, "SIC": true, "PAYEEID": true, "CURDEF": true, "ACCTID": true, "BANKID": true, "BRANCHID": true, "ACCTTYPE": true,
	"DTSTART": true, "DTEND": true, "BALAMT": true, "DTASOF": true, "CODE": true, "SEVERITY": true, "MESSAGE": true}

// sgml is a tree being built.
type sgml struct {
	open []*node // root first
	leaf *node   // the element that takes text
	line int
	size int
}

func (s *sgml) content(text string) {
	if s.leaf != nil && strings.TrimSpace(text) != "" {
		s.leaf.text = squeeze(html.UnescapeString(text))
	}
}

func (s *sgml) tag(tag string) error {
	name, end := strings.CutPrefix(strings.ToUpper(tag), "/")
	switch {
	case name == "" || name[0] == '?':
		return nil
	case name[0] == '!':
		return reason("it has a declaration, which no bank's statement has")
	case end:
		s.close(name)
		return nil
	}
	if s.leaf != nil && s.leaf.text == "" && !leaves[s.leaf.name] {
		s.open = append(s.open, s.leaf) // it has elements, so it was no leaf
	}
	if s.size++; s.size > maxNodes || len(s.open) > maxDepth {
		return reason("it is nested too deeply or has too many elements")
	}
	n := &node{name: strings.TrimRightFunc(name, unicode.IsSpace), line: s.line}
	top := s.open[len(s.open)-1]
	top.inside = append(top.inside, n)
	s.leaf = n
	return nil
}

// close ends the innermost open element of a name, and what is open inside it.
func (s *sgml) close(name string) {
	if s.leaf != nil && s.leaf.name == name {
		s.leaf = nil
		return
	}
	s.leaf = nil
	for i := len(s.open) - 1; i > 0; i-- {
		if s.open[i].name == name {
			s.open = s.open[:i]
			return
		}
	}
}

func (r *reading) ofxStatement(n *node) Statement {
	s := Statement{Place: n.line, Account: n.get("BANKACCTFROM/ACCTID", "CCACCTFROM/ACCTID"), Currency: currencyOf(n.get("CURDEF"))}
	if s.Account == "" {
		r.problem(&s, n.line, "The statement names no account.")
	}
	list := n.at("BANKTRANLIST")
	s.From, s.To = r.ofxDay(&s, list, "DTSTART"), r.ofxDay(&s, list, "DTEND")
	if ledger := n.at("LEDGERBAL"); ledger != nil {
		value, err := parseAmount(ledger.get("BALAMT"), commaIn(ledger.get("BALAMT")))
		if err != nil {
			r.problem(&s, ledger.line, "The balance: %s.", err)
		} else {
			s.Closing = &Balance{value, r.ofxDay(&s, ledger, "DTASOF")}
		}
	}
	for _, t := range list.all("STMTTRN") {
		r.ofxLine(&s, t)
	}
	return s
}

// commaIn reports whether an amount's decimal sign is a comma, as some banks
// write against the standard, which knows no grouping.
func commaIn(text string) bool { return strings.Contains(text, ",") && !strings.Contains(text, ".") }

// ofxDay reads the day of "20261130120000.000[-5:EST]"; zero when there is none.
func (r *reading) ofxDay(s *Statement, n *node, name string) period.Date {
	text := n.get(name)
	if text == "" {
		return period.Date{}
	}
	day := text
	if len(day) > 8 {
		day = day[:8]
	}
	date, err := parseDay(day, "20060102")
	if err != nil {
		r.problem(s, n.line, "%s in %s.", err, name)
	}
	return date
}

func (r *reading) ofxLine(s *Statement, n *node) {
	text := n.get("TRNAMT")
	amount, err := parseAmount(text, commaIn(text))
	if err != nil {
		r.problem(s, n.line, "The transaction was left out: %s.", err)
		return
	}
	if c := currencyOf(n.get("CURRENCY/CURSYM")); c != "" && c != s.Currency {
		r.problem(s, n.line, "The transaction was left out: its amount is in %s and the account in %s.", c, orNone(s.Currency))
		return
	}
	before := s.Problems
	line := Line{Place: n.line, Amount: amount, Booked: r.ofxDay(s, n, "DTPOSTED"), Value: r.ofxDay(s, n, "DTAVAIL"), BankID: n.get("FITID"),
		Description: squeeze(strings.Join(distinct(n.get("NAME", "PAYEE/NAME"), n.get("MEMO")), " ")), References: distinct(n.get("REFNUM"), n.get("CHECKNUM"), n.get("SRVRTID"))}
	if line.Booked == (period.Date{}) {
		if s.Problems == before {
			r.problem(s, n.line, "The transaction of %s has no date and was left out.", text)
		}
		return
	}
	s.Lines = append(s.Lines, line)
}

func orNone(c money.Currency) string {
	if c == "" {
		return "an unknown currency"
	}
	return string(c)
}
