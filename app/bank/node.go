package bank

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"tieout/app/markup"
)

// Bounds of a tree: a statement's entries lie a dozen levels deep.
const (
	maxDepth = 48
	maxNodes = 1_000_000
)

// node is an element of XML or of OFX's SGML. A nil node has no text and no
// children, so that paths need no checks.
type node struct {
	name, text string
	currency   string // the attribute Ccy of an amount
	line       int
	inside     []*node
}

// all returns the children of a name.
func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	var list []*node
	for _, c := range n.inside {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// at follows a path of names, "Dt/Dt", to its first element; nil: none.
func (n *node) at(path string) *node {
	for name := range strings.SplitSeq(path, "/") {
		if n == nil {
			return nil
		}
		var next *node
		for _, c := range n.inside {
			if c.name == name {
				next = c
				break
			}
		}
		n = next
	}
	return n
}

// get is the text at the first path that has one.
func (n *node) get(paths ...string) string {
	for _, path := range paths {
		if found := n.at(path); found != nil && found.text != "" {
			return found.text
		}
	}
	return ""
}

// place is the node's line, or the line of what should hold it.
func (n *node) place(otherwise int) int {
	if n == nil {
		return otherwise
	}
	return n.line
}

// find returns every element of a name, outermost only.
func (n *node) find(names ...string) []*node {
	var list []*node
	for _, c := range n.inside {
		for _, name := range names {
			if c.name == name {
				list = append(list, c)
			}
		}
		if len(list) == 0 || list[len(list)-1] != c {
			list = append(list, c.find(names...)...)
		}
	}
	return list
}

// readXML builds the tree of a document. When the document breaks off, what
// came before is returned with the error.
func readXML(data []byte, fold func(string) string) (*node, error) {
	if e := head(data); bytes.Contains(bytes.ToUpper(e), []byte("<!DOCTYPE")) || bytes.Contains(bytes.ToUpper(e), []byte("<!ENTITY")) {
		return nil, errors.New("the file defines a document type, which no bank's statement does; nothing was read")
	}
	d := markup.NewReader(bytes.NewReader(data), markup.Limits{Bytes: MaxSize, Pieces: 4 * maxNodes}, func(label string, input io.Reader) (io.Reader, error) {
		e := charsetOf(label)
		if e == nil {
			return input, nil
		}
		return e.NewDecoder().Reader(input), nil
	})
	root := &node{line: 1}
	open, count := []*node{root}, 0
	texts := [][]byte{nil} // of the open elements
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		line := d.Line()
		if err != nil {
			if wrong := syntax(err); wrong != nil {
				return root, fmt.Errorf("the file breaks off or is damaged at line %d: %w", line, wrong)
			}
			return root, fmt.Errorf("line %d: %w", line, err)
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxNodes || len(open) > maxDepth {
				return root, fmt.Errorf("line %d: the file is nested too deeply or has too many elements", line)
			}
			n := &node{name: fold(t.Name.Local), line: line}
			for _, a := range t.Attr {
				if a.Name.Local == "Ccy" {
					n.currency = a.Value
				}
			}
			top.inside, open, texts = append(top.inside, n), append(open, n), append(texts, nil)
		case xml.EndElement:
			if len(top.inside) == 0 {
				top.text = squeeze(string(texts[len(texts)-1]))
			}
			open, texts = open[:len(open)-1], texts[:len(texts)-1]
		case xml.CharData:
			if last := len(texts) - 1; len(top.inside) == 0 && len(texts[last]) < maxText {
				texts[last] = append(texts[last], t...)
			}
		}
	}
}

// syntax is what damages a document, without the decoder's own line number; nil
// when it is whole and refused.
func syntax(err error) error {
	var wrong *xml.SyntaxError
	if errors.As(err, &wrong) {
		return errors.New(wrong.Msg)
	}
	return nil
}
