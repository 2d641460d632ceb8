// Package markup reads XML that comes from elsewhere: bank statements, rates,
// the parts of workbooks.
//
// encoding/xml expands no entities but the five of XML and opens nothing. What
// it does not bound is bounded here: how deep elements are nested, how long one
// piece is, how many there are, how many bytes come. A file that declares a
// document type or entities is refused at the declaration.
package markup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// What is refused. The words go behind "line 7: ".
var (
	ErrDeclares = errors.New("it has a declaration of a document type or of entities, which is refused")
	ErrDeep     = fmt.Errorf("it is nested too deeply: more than %d elements in one another", maxDepth)
	ErrPiece    = fmt.Errorf("a piece of text or a tag is longer than %d KB", maxPiece>>10)
	ErrMany     = errors.New("it has too many elements")
	ErrLarge    = errors.New("it is too large")
)

const (
	maxDepth = 48
	maxPiece = 1 << 20
)

// Limits of a document.
type Limits struct {
	Bytes  int64
	Pieces int // tags and texts
}

// Reader gives a document's pieces.
type Reader struct {
	decoder *xml.Decoder
	in      *metered
	left    int
	depth   int
}

// Charset translates a document that declares another encoding than UTF-8.
type Charset func(label string, in io.Reader) (io.Reader, error)

// NewReader reads in; a nil charset takes UTF-8 only.
func NewReader(in io.Reader, limits Limits, charset Charset) *Reader {
	m := &metered{in: in, left: limits.Bytes}
	r := &Reader{decoder: xml.NewDecoder(m), in: m, left: limits.Pieces}
	r.decoder.CharsetReader = charset
	return r
}

// Line is where the next piece begins.
func (r *Reader) Line() int {
	line, _ := r.decoder.InputPos()
	return line
}

// Token returns the next piece, io.EOF after the last. What a text holds is
// valid until the next call.
func (r *Reader) Token() (xml.Token, error) {
	r.in.piece = 0
	token, err := r.decoder.Token()
	if r.in.failed != nil {
		return nil, r.in.failed
	}
	if err != nil {
		return nil, err
	}
	if r.left--; r.left < 0 {
		return nil, ErrMany
	}
	switch token.(type) {
	case xml.Directive:
		return nil, ErrDeclares
	case xml.StartElement:
		if r.depth++; r.depth > maxDepth {
			return nil, ErrDeep
		}
	case xml.EndElement:
		r.depth--
	}
	return token, nil
}

// metered counts what the decoder takes.
type metered struct {
	in     io.Reader
	left   int64 // of the document
	piece  int   // since the last one
	failed error // of the limits
}

func (m *metered) Read(p []byte) (int, error) {
	if m.failed != nil {
		return 0, m.failed
	}
	n, err := m.in.Read(p)
	m.left -= int64(n)
	m.piece += n
	switch {
	case m.left < 0:
		m.failed = ErrLarge
	case m.piece > maxPiece:
		m.failed = ErrPiece
	default:
		return n, err
	}
	return 0, m.failed
}
