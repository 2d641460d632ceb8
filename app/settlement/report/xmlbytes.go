package report

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

var errTokenTooLong = errors.New("a piece of text is longer than 1 MiB")

// xmlBytes hands XML over byte by byte as an XML parser accepts it: in UTF-8
// whatever the file's charset, control characters as blanks. It counts the
// file's own bytes, so that offsets stay those of the original.
type xmlBytes struct {
	in       *source
	charset  charset
	taken    int64  // bytes of the file
	given    int64  // bytes handed over
	row      int    // physical row of the next byte
	pending  []byte // rest of a character
	decoded  [2 * utf8.UTFMax]byte
	perToken int // bytes handed over for the current token
}

// Read is what encoding/xml asks for; it reads by ReadByte alone.
func (x *xmlBytes) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c, err := x.ReadByte()
	if err != nil {
		return 0, err
	}
	b[0] = c
	return 1, nil
}

// ReadByte returns the next byte of the cleaned text.
func (x *xmlBytes) ReadByte() (byte, error) {
	if x.perToken++; x.perToken > bufferSize {
		return 0, errTokenTooLong
	}
	b, err := x.next()
	if err == nil {
		x.given++
	}
	return b, err
}

func (x *xmlBytes) next() (byte, error) {
	if len(x.pending) > 0 {
		b := x.pending[0]
		x.pending = x.pending[1:]
		return b, nil
	}
	text, err := x.ahead(1)
	if err != nil {
		return 0, err
	}
	switch b := text[0]; {
	case b == '\n':
		x.row++
	case b == '&':
		return x.reference()
	case b >= utf8.RuneSelf:
		return x.character()
	case b < ' ' && b != '\t' && b != '\r':
		x.take(1)
		return ' ', nil
	}
	return x.take(1), nil
}

// ahead returns the unread bytes, n of them unless the file ends before.
func (x *xmlBytes) ahead(n int) ([]byte, error) {
	for x.in.to-x.in.from < n && x.in.ended == nil {
		x.in.fill()
	}
	text := x.in.buffer[x.in.from:x.in.to]
	if len(text) > 0 {
		return text, nil
	}
	return nil, x.in.ended
}

// take consumes n bytes and returns the first.
func (x *xmlBytes) take(n int) byte {
	b := x.in.buffer[x.in.from]
	x.in.skip(n)
	x.taken += int64(n)
	return b
}

// character hands over one character that is not ASCII.
func (x *xmlBytes) character() (byte, error) {
	text, err := x.ahead(utf8.UTFMax)
	if err != nil {
		return 0, err
	}
	width := x.charset.width(text)
	decoded := x.charset.append(x.decoded[:0], text[:width])
	x.take(width)
	if r, _ := utf8.DecodeRune(decoded); !allowed(r) {
		return ' ', nil
	}
	x.pending = decoded[1:]
	return decoded[0], nil
}

// reference hands over an ampersand, or a blank for a whole reference to a
// character that XML does not allow: &#11;
func (x *xmlBytes) reference() (byte, error) {
	text, err := x.ahead(12)
	if err != nil {
		return 0, err
	}
	end := bytes.IndexByte(text[:min(len(text), 12)], ';')
	if end > 2 && text[1] == '#' {
		digits, base := string(text[2:end]), 10
		if digits[0] == 'x' || digits[0] == 'X' {
			digits, base = digits[1:], 16
		}
		if code, err := strconv.ParseUint(digits, base, 32); err == nil && !allowed(rune(min(code, utf8.MaxRune+1))) {
			x.take(end + 1)
			return ' ', nil
		}
	}
	return x.take(1), nil
}

// allowed reports whether XML 1.0 allows the character.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || (r >= ' ' && r <= 0xd7ff) ||
		(r >= 0xe000 && r <= 0xfffd) || (r >= 0x10000 && r <= utf8.MaxRune)
}

// offset is where the file stands when the parser has used `used` of the bytes
// handed over: it may have looked one byte ahead, always at an ASCII one.
func (x *xmlBytes) offset(used int64) int64 { return x.taken - (x.given - used) }

// sameText is the parser's CharsetReader: the text is UTF-8 already, whatever
// the declaration says.
func sameText(_ string, in io.Reader) (io.Reader, error) { return in, nil }
