package views

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// rawParts makes any bytes safe to show and loses none of them: what is not
// printable UTF-8 appears as <E4>, a tab as an arrow. Control characters that
// turn text around (bidi) count as unprintable.
func rawParts(line []byte) []rawPart {
	var parts []rawPart
	add := func(text, class string) {
		if n := len(parts); n > 0 && parts[n-1].class == class && class == "" {
			parts[n-1].text += text
			return
		}
		parts = append(parts, rawPart{text: text, class: class})
	}
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		switch {
		case r == '\t':
			add("→\t", "tab")
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r):
			for _, b := range line[:size] {
				add(fmt.Sprintf("<%02X>", b), "byte")
			}
		default:
			add(string(line[:size]), "")
		}
		line = line[size:]
	}
	return parts
}
