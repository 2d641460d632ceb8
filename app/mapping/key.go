package mapping

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Key returns the form in which two names are compared: Amazon writes one name
// as "FBA Pick & Pack Fee", "FBAPick&PackFee" and "fba-pick-&-pack-fee", so
// case, blanks, hyphens and underscores do not count.
func Key(s string) string {
	for i := range len(s) {
		if !plainKeyByte(s[i]) {
			return makeKey(s)
		}
	}
	return s
}

// makeKey is Key for a text that is not a key yet; nearly all are ASCII.
func makeKey(s string) string {
	var buffer [64]byte
	key := buffer[:0]
	for i := range len(s) {
		switch b := s[i]; {
		case b >= utf8.RuneSelf:
			return strings.Map(keyRune, s)
		case plainKeyByte(b):
			key = append(key, b)
		case b >= 'A' && b <= 'Z':
			key = append(key, b+'a'-'A')
		}
	}
	return string(key)
}

// plainKeyByte reports whether a byte stands for itself in a key.
func plainKeyByte(b byte) bool {
	return b > ' ' && b < 0x7f && b != '-' && b != '_' && (b < 'A' || b > 'Z')
}

func keyRune(r rune) rune {
	switch {
	case r == '_' || r == '\u200b' || r == '\ufeff' || r == '\u00ad' || r == '\u2212':
		return -1 // underscore, zero-width blank, byte order mark, soft hyphen, minus sign
	case unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Pd, r):
		return -1
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
