package personal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words are texts that tell of a person. They are taken out of whatever is
// written down beside personal data: titles, causes, refusals of the other side.
type Words []string

// least is how long a text must be to be looked for inside others.
const least = 4

// Words returns the texts of a part, the longest first.
func (p Part) Words() Words {
	var words Words
	for _, f := range p {
		words = collect(words, f.Value)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(words)
}

func collect(words Words, value any) Words {
	switch v := value.(type) {
	case string:
		if text := strings.TrimSpace(v); utf8.RuneCountInString(text) >= least {
			words = append(words, text)
		}
	case json.Number:
		if len(v) >= least {
			words = append(words, v.String())
		}
	case map[string]any:
		for _, inner := range v {
			words = collect(words, inner)
		}
	case []any:
		for _, inner := range v {
			words = collect(words, inner)
		}
	}
	return words
}

// in reports whether a text holds any of the words. Digits alone, as of a postal
// code, occur in other numbers by chance and count only as the whole text.
func (w Words) in(text string) bool {
	return slices.ContainsFunc(w, func(word string) bool {
		if strings.IndexFunc(word, unicode.IsLetter) < 0 && len(word) < 10 {
			return strings.TrimSpace(text) == word
		}
		return index(text, word) >= 0
	})
}

// Redact replaces the words in a text.
func (w Words) Redact(text string) string {
	const instead = "[personal]"
	for _, word := range w {
		from := 0
		for {
			at := index(text[from:], word)
			if at < 0 {
				break
			}
			begin := from + at
			text = text[:begin] + instead + text[begin+length(text[begin:], word):]
			from = begin + len(instead)
		}
	}
	return text
}

// index finds word in text, upper and lower case alike and not inside another
// word; -1 when it is not there.
func index(text, word string) int {
	before := ' '
	for at, c := range text {
		if n := length(text[at:], word); n > 0 && !joins(before) {
			if after, _ := utf8.DecodeRuneInString(text[at+n:]); !joins(after) {
				return at
			}
		}
		before = c
	}
	return -1
}

// joins reports whether a letter or digit goes on with a word.
func joins(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

// length is how many bytes at the beginning of text stand for word; 0: none.
func length(text, word string) int {
	rest := text
	for _, want := range word {
		got, size := utf8.DecodeRuneInString(rest)
		if size == 0 || !strings.EqualFold(string(got), string(want)) {
			return 0
		}
		rest = rest[size:]
	}
	return len(text) - len(rest)
}
