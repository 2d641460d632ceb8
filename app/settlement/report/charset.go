package report

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

var utf8BOM = []byte("\xef\xbb\xbf")

// charset turns text that is not ASCII into UTF-8. Rows and fields are cut
// before that: tabs and line ends mean themselves in all these encodings.
//
// Amazon declares no charset for settlement reports. A byte order mark decides
// first, then the declared charset, then whether the beginning of the file is
// valid UTF-8; what is not is Shift-JIS in Japan and Windows-1252 elsewhere.
type charset struct {
	utf8  bool // text that is valid UTF-8 is UTF-8
	shift bool // everything else is Shift-JIS, not Windows-1252
}

func newCharset(declared string, start []byte) charset {
	japan := bytes.Contains(start, []byte("Amazon.co.jp")) || bytes.Contains(start, []byte("\tJPY\t")) ||
		bytes.Contains(start, []byte(`currency="JPY"`))
	if bytes.HasPrefix(start, utf8BOM) {
		return charset{utf8: true, shift: japan}
	}
	switch strings.Trim(strings.ToLower(declared), `" `) {
	case "utf-8", "utf8":
		return charset{utf8: true, shift: japan}
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252":
		return charset{}
	case "shift_jis", "shift-jis", "sjis", "cp932", "ms932", "windows-31j", "x-sjis":
		return charset{shift: true}
	}
	return charset{utf8: validStart(start), shift: japan}
}

// validStart reports whether start is UTF-8, its last character possibly cut.
func validStart(start []byte) bool {
	for i := 1; i <= utf8.UTFMax && i <= len(start); i++ {
		if last := start[len(start)-i]; utf8.RuneStart(last) {
			if !utf8.FullRune(start[len(start)-i:]) {
				start = start[:len(start)-i]
			}
			break
		}
	}
	return utf8.Valid(start)
}

// append adds text as UTF-8.
func (c charset) append(out, text []byte) []byte {
	if c.utf8 && utf8.Valid(text) {
		return append(out, text...)
	}
	if c.shift {
		decoded, err := japanese.ShiftJIS.NewDecoder().Bytes(text)
		if err == nil {
			return append(out, decoded...)
		}
	}
	for _, b := range text {
		out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(b))
	}
	return out
}

// width is the number of bytes of the character that begins text, which is
// not ASCII.
func (c charset) width(text []byte) int {
	if c.utf8 {
		if r, size := utf8.DecodeRune(text); r != utf8.RuneError {
			return size
		}
	}
	if c.shift && len(text) > 1 && (text[0] < 0xa0 || text[0] >= 0xe0) && text[1] >= 0x40 {
		return 2
	}
	return 1
}

// show returns a value for people: UTF-8 without NUL, not too long.
func (c charset) show(value []byte) string {
	text := string(value[:min(len(value), maxProblemValue+utf8.UTFMax)])
	if !utf8.Valid(value) {
		text = string(c.append(nil, []byte(text)))
	}
	text = strings.ToValidUTF8(text, "")
	return clip(strings.ReplaceAll(text, "\x00", "\uFFFD"), maxProblemValue)
}

// clip shortens s to at most n bytes at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
