package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

const maxDepth = 64

// element is one element of a transaction, read whole: a transaction is small.
type element struct {
	name     string
	currency string
	text     []byte
	children []*element
}

// xmlReader goes through AmazonEnvelope > Message > SettlementReport, one
// transaction at a time.
type xmlReader struct {
	*parser
	in       *xmlBytes
	decoder  *xml.Decoder
	path     []string   // open elements
	building []*element // open elements of the transaction
	tooLong  bool
	found    bool // a SettlementReport was there
	lastRow  int
	values   []xmlAmount // of the transaction
}

// parseXML reads an XML report. References are never expanded: there is no
// document type to declare one in.
func (p *parser) parseXML(in *source) error {
	start, err := in.peek()
	if err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	bytesIn := &xmlBytes{in: in, charset: p.charset.declaredBy(start), row: 1}
	if bytes.HasPrefix(start, utf8BOM) {
		bytesIn.take(len(utf8BOM))
	}
	x := &xmlReader{parser: p, in: bytesIn, decoder: xml.NewDecoder(bytesIn)}
	x.decoder.Strict = false // a lone & is text
	x.decoder.CharsetReader = sameText
	p.amounts.decimal = '.' // XML prescribes it
	if err := p.begin(Head{Format: XML}); err != nil {
		return err
	}
	return x.read()
}

// declaredBy takes the charset that an XML declaration names.
func (c charset) declaredBy(start []byte) charset {
	declaration, _, found := bytes.Cut(start[:min(len(start), 256)], []byte("?>"))
	_, after, named := bytes.Cut(declaration, []byte("encoding="))
	if !found || !named || len(after) < 2 {
		return c
	}
	name, _, _ := bytes.Cut(after[1:], after[:1])
	switch lower := strings.ToLower(string(name)); lower {
	case "utf-8":
		return c
	default:
		return newCharset(lower, start)
	}
}

func (x *xmlReader) read() error {
	for {
		x.in.perToken = 0
		offset, row := x.in.offset(x.decoder.InputOffset()), x.in.row
		token, err := x.decoder.RawToken()
		if err == io.EOF {
			return x.end()
		}
		if err != nil {
			return x.damaged(err)
		}
		if err := x.tick(); err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			err = x.startElement(token, offset, row)
		case xml.EndElement:
			err = x.endElement(token.Name.Local)
		case xml.CharData:
			x.text(token)
		case xml.Directive:
			err = &Unreadable{Looks: "an XML file with a document type declaration",
				Advice: "Amazon's reports have none; download the report again."}
		}
		if err != nil {
			return err
		}
	}
}

func (x *xmlReader) startElement(token xml.StartElement, offset int64, row int) error {
	name := token.Name.Local
	if len(x.path) >= maxDepth {
		return x.damaged(errors.New("elements are nested too deeply"))
	}
	inReport := len(x.path) > 0 && x.path[len(x.path)-1] == "SettlementReport"
	x.path = append(x.path, name)
	switch {
	case len(x.building) > 0:
		parent := x.building[len(x.building)-1]
		child := newElement(token)
		if !x.full() {
			parent.children = append(parent.children, child)
		}
		x.building = append(x.building, child)
	case inReport:
		x.lastRow = max(row, x.lastRow+1)
		if err := numbered(x.lastRow); err != nil {
			return err
		}
		x.place(x.lastRow, offset, 0)
		x.tooLong = false
		x.building = append(x.building[:0], newElement(token))
	case name == "SettlementReport":
		x.found = true
		x.current = -1
	}
	return nil
}

func newElement(token xml.StartElement) *element {
	e := &element{name: token.Name.Local}
	for _, a := range token.Attr {
		if a.Name.Local == "currency" {
			e.currency = a.Value
		}
	}
	return e
}

// full reports whether the transaction has grown too long to be kept.
func (x *xmlReader) full() bool {
	x.tooLong = x.tooLong || x.in.taken-x.line.Offset > bufferSize
	return x.tooLong
}

// text adds to the innermost element; a transaction that is too long keeps
// nothing more.
func (x *xmlReader) text(data []byte) {
	if len(x.building) == 0 {
		return
	}
	if !x.full() {
		e := x.building[len(x.building)-1]
		e.text = append(e.text, data...)
	}
}

func (x *xmlReader) endElement(name string) error {
	if len(x.path) == 0 || x.path[len(x.path)-1] != name {
		return x.damaged(fmt.Errorf("</%s> closes nothing", clip(name, 40)))
	}
	x.path = x.path[:len(x.path)-1]
	if len(x.building) == 0 {
		return nil
	}
	done := x.building[len(x.building)-1]
	done.text = trim(done.text)
	x.building = x.building[:len(x.building)-1]
	if len(x.building) > 0 {
		return nil
	}
	end := x.in.offset(x.decoder.InputOffset())
	x.line.Length = int(min(end-x.line.Offset, math.MaxInt32))
	switch {
	case x.tooLong || x.line.Length > bufferSize:
		x.problem(name, nil, RuleRowTooLong)
		return nil
	case name == "SettlementData":
		return x.settlementData(done)
	case x.current < 0:
		x.problem(name, nil, RuleNoSummary)
		return nil
	}
	return x.transaction(done)
}

func (x *xmlReader) settlementData(e *element) error {
	names := [6]string{"AmazonSettlementID", "StartDate", "EndDate", "DepositDate", "TotalAmount", "currency"}
	var values [6][]byte
	for _, child := range e.children {
		for i, name := range names[:5] {
			if child.name == name {
				values[i] = child.text
			}
		}
		if child.name == "TotalAmount" {
			values[5] = []byte(child.currency)
		}
	}
	return x.settlement(names, values)
}

// end checks that the file was whole.
func (x *xmlReader) end() error {
	switch {
	case len(x.path) > 0:
		return x.damaged(io.ErrUnexpectedEOF)
	case !x.found:
		return &Unreadable{Looks: "another kind of Amazon's XML documents", Advice: uploadFlat}
	}
	return nil
}

// damaged gives errors of the XML itself their type and leaves those of the
// reader alone.
func (x *xmlReader) damaged(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Msg == "unexpected EOF":
		return &Unreadable{Looks: "an XML report that ends in the middle", Advice: "Download it again.", Cause: err}
	case x.in.in.ended != nil && x.in.in.ended != io.EOF:
		return fmt.Errorf("read report: %w", err)
	}
	return &Unreadable{Looks: fmt.Sprintf("a damaged XML report (in row %d)", x.in.row),
		Advice: "Download it again.", Cause: err}
}
