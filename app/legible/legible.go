// Package legible makes texts show what they are.
//
// Texts come from sellers, buyers, banks and whoever sends a file. Characters that
// are not seen and yet change what is seen can make an order, an account or a file
// look like another one, and letters that are written from right to left take the
// numbers beside them along. So where people read them the former stand as what
// they are, [U+202E], and a run of the latter is set apart from what surrounds it.
// What is stored, exported and sent back by a form stays as it came.
package legible

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// First and last character of a run that is set apart.
const (
	apart    = "\u2068" // first strong isolate
	together = "\u2069" // pop directional isolate
)

// String returns a text that shows what it is.
func String(text string) string {
	if !Changes([]byte(text)) {
		return text
	}
	var out bytes.Buffer
	Write(&out, []byte(text))
	return out.String()
}

// Changes reports whether Write would change anything: most texts hold nothing of it.
func Changes(text []byte) bool {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			if text[i] < ' ' && unseen(rune(text[i])) {
				return true
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if unseen(r) || backwards(r) {
			return true
		}
		i += size
	}
	return false
}

// Write writes a text so that it shows what it is.
func Write(out *bytes.Buffer, text []byte) {
	for len(text) > 0 {
		first := bytes.IndexFunc(text, backwards)
		if first < 0 {
			seen(out, text)
			return
		}
		last := runEnd(text, first)
		seen(out, text[:first])
		out.WriteString(apart)
		seen(out, text[first:last])
		out.WriteString(together)
		text = text[last:]
	}
}

// runEnd is where a run of letters from right to left ends: what is between two
// of them belongs to it, but for other letters.
func runEnd(text []byte, first int) int {
	last := first
	for i := first; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		i += size
		if backwards(r) {
			last = i
		} else if unicode.IsLetter(r) {
			break
		}
	}
	return last
}

// seen writes a text with what is not seen as its number.
func seen(out *bytes.Buffer, text []byte) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if unseen(r) {
			fmt.Fprintf(out, "[U+%04X]", r)
		} else {
			out.Write(text[i : i+size])
		}
		i += size
	}
}

// unseen reports whether a character shows nothing and changes how others show,
// or parts a word in two that looks like one. The joiners of Indic and Arabic
// letters and of emoji, and marks that only say which way a text goes, stay.
func unseen(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
		return true
	case r == 0x200B, r == 0x2060, r == 0xFEFF, r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0001 && r <= 0xE007F: // blanks of no width, notes between lines, tags
		return true
	case r == 0x2028, r == 0x2029: // ends of lines and paragraphs
		return true
	}
	return unicode.IsControl(r)
}

// backwards reports whether a letter is written from right to left.
func backwards(r rune) bool {
	switch {
	case r < 0x0590:
		return false
	case r <= 0x08FF, r >= 0xFB1D && r <= 0xFDFF, r >= 0xFE70 && r <= 0xFEFC, r >= 0x10800 && r <= 0x10FFF, r >= 0x1E800 && r <= 0x1EFFF:
		return unicode.IsLetter(r)
	}
	return false
}
