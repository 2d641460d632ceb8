package amazon

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// Text returns a report's content as UTF-8. The declared charset
// (Document.Charset) decides; without one a byte order mark, then whether the
// content is valid UTF-8; else it is Shift-JIS in Japan and Windows-1252
// elsewhere. What has no meaning in its charset becomes U+FFFD.
func Text(raw []byte, declared string, japan bool) string {
	decoder := decoderOf(declared, raw, japan)
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if decoder == nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	text, err := decoder.Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// decoderOf returns nil for UTF-8. Amazon writes Cp1252 and cp932 for what the
// IANA calls windows-1252 and Windows-31J.
func decoderOf(declared string, raw []byte, japan bool) *encoding.Decoder {
	switch strings.Trim(strings.ToLower(declared), `" `) {
	case "utf-8", "utf8":
		return nil
	case "iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252":
		return charmap.Windows1252.NewDecoder()
	case "shift_jis", "shift-jis", "sjis", "cp932", "ms932", "windows-31j":
		return japanese.ShiftJIS.NewDecoder()
	}
	switch {
	case utf8.Valid(raw), bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return nil
	case japan:
		return japanese.ShiftJIS.NewDecoder()
	}
	return charmap.Windows1252.NewDecoder()
}
