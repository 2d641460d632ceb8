package report

import (
	"bytes"
	"fmt"
	"strings"

	"tieout/app/fault"
)

// Unreadable says that a file is not a settlement report. It is a
// fault.Invalid whose message names what the file looks like and what to do.
type Unreadable struct {
	Looks  string // "an Excel workbook"
	Advice string // a sentence
	Cause  error  // may be nil
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("This looks like %s, not like a settlement report. %s", u.Looks, u.Advice)
}

// Unwrap gives the fault for people, and through it the cause.
func (u *Unreadable) Unwrap() error {
	return fault.Wrap(u.Cause, fault.Invalid, "%s", u.Error())
}

const uploadFlat = "Download the settlement's flat file (V2) in Seller Central under Payments, and upload it unchanged."

// sniff tells the format by the beginning of the file.
func sniff(start []byte) (Format, error) {
	if err := sniffBinary(start); err != nil {
		return "", err
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(start, utf8BOM), " \t\r\n")
	if len(text) == 0 {
		return "", &Unreadable{Looks: "an empty file", Advice: "Download it again."}
	}
	if text[0] == '<' {
		return sniffMarkup(text)
	}
	return sniffTable(text)
}

func sniffBinary(start []byte) error {
	has := func(mark string) bool { return bytes.HasPrefix(start, []byte(mark)) }
	switch {
	case len(start) == 0:
		return &Unreadable{Looks: "an empty file", Advice: "Download it again."}
	case has("PK\x03\x04") && bytes.Contains(start, []byte("[Content_Types].xml")):
		return &Unreadable{Looks: "an Excel workbook", Advice: uploadFlat}
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return &Unreadable{Looks: "a ZIP archive", Advice: "Unpack it and upload the reports inside, as many at once as you like."}
	case has("\xd0\xcf\x11\xe0"):
		return &Unreadable{Looks: "an old Excel workbook", Advice: uploadFlat}
	case has("%PDF"):
		return &Unreadable{Looks: "a PDF", Advice: uploadFlat}
	case has("\xff\xfe"), has("\xfe\xff"), isUTF16(start):
		return &Unreadable{Looks: "text in UTF-16, as spreadsheets save it", Advice: "Upload the file as Amazon made it, or save it as UTF-8."}
	}
	return nil
}

// isUTF16 recognises UTF-16 without a byte order mark: every other byte of the
// header is zero.
func isUTF16(start []byte) bool {
	if len(start) < 16 {
		return false
	}
	zeros := [2]int{}
	for i, b := range start[:16] {
		if b == 0 {
			zeros[i%2]++
		}
	}
	return (zeros[0] == 8) != (zeros[1] == 8)
}

func sniffMarkup(text []byte) (Format, error) {
	head := bytes.ToLower(text[:min(len(text), 64<<10)])
	switch {
	case bytes.Contains(head, []byte("<!doctype html")), bytes.Contains(head, []byte("<html")):
		return "", &Unreadable{Looks: "a web page", Advice: "The download probably met a sign-in page. " + uploadFlat}
	case bytes.Contains(head, []byte("<settlementreport")), bytes.Contains(head, []byte("<amazonenvelope")):
		return XML, nil
	}
	return "", &Unreadable{Looks: "some other XML document", Advice: uploadFlat}
}

func sniffTable(text []byte) (Format, error) {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	names := headerNames(first)
	has := map[string]bool{}
	for _, name := range names {
		has[name] = true
	}
	switch {
	case has["settlement-id"] && has["amount-type"] && has["amount"]:
		return FlatFileV2, missing(has, colSettlementID, colTotal, colCurrency, colTransactionType, colDescription)
	case has["settlement-id"] && (has["price-amount"] || has["other-amount"] || has["item-related-fee-amount"]):
		return FlatFile, missing(has, colSettlementID, colTotal, colCurrency, colTransactionType)
	case bytes.HasPrefix(bytes.ToLower(bytes.TrimLeft(first, `"`)), []byte("settlement-id")) && len(names) == 1:
		return "", &Unreadable{Looks: "a settlement report that a spreadsheet program saved with other separators",
			Advice: "Upload the file as Amazon made it, separated by tabs."}
	case isDateRange(text):
		return "", &Unreadable{Looks: "a date range (transaction) report",
			Advice: "It cannot be tied out to a deposit. " + uploadFlat}
	case text[0] == '{' || text[0] == '[':
		return "", &Unreadable{Looks: "a JSON document", Advice: uploadFlat}
	case len(names) > 3:
		shown := strings.Join(names[:4], ", ")
		return "", &Unreadable{Looks: "another report (its columns begin with " + clip(shown, 120) + ")", Advice: uploadFlat}
	}
	return "", &Unreadable{Looks: "something else", Advice: uploadFlat}
}

// missing refuses a table that lacks a column without which no line is whole.
func missing(has map[string]bool, needed ...column) error {
	for _, c := range needed {
		if !has[columnNames[c]] {
			return &Unreadable{Looks: "a settlement report without its column " + columnNames[c],
				Advice: "Upload the file as Amazon made it."}
		}
	}
	return nil
}

// isDateRange finds the wide comma separated header below the banner lines;
// its words are translated, so the shape decides as well.
func isDateRange(text []byte) bool {
	for range 30 {
		line, rest, more := bytes.Cut(text, []byte("\n"))
		lower := bytes.ToLower(line)
		if bytes.Contains(lower, []byte("date/time")) && bytes.Contains(lower, []byte("settlement id")) {
			return true
		}
		if bytes.Count(line, []byte(",")) >= 20 && !bytes.Contains(line, []byte("\t")) {
			return true
		}
		if !more {
			return false
		}
		text = rest
	}
	return false
}
