package views_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/views"
)

func TestTextsShowWhatTheyAre(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"<p>plain – “text” 🧾</p>":                                     "",
		"<p>AB\u202e321-FED</p>":                                      "<p>AB[U+202E]321-FED</p>",
		"<p>\u2067a\u2069\u200b\x07\ufeff</p>":                        "<p>[U+2067]a[U+2069][U+200B][U+0007][U+FEFF]</p>",
		"<p>👩\u200d👧 \u0646\u200c\u0645</p>":                          "<p>👩\u200d👧 \u2068\u0646\u200c\u0645\u2069</p>",
		"<p>to אבג (12) דהו 77 for הוז, 9</p>":                        "<p>to \u2068אבג (12) דהו\u2069 77 for \u2068הוז\u2069, 9</p>",
		`<a title="a>\u202eb" href='x>'>אב</a>`:                       "<a title=\"a>\\u202eb\" href='x>'>\u2068אב\u2069</a>",
		"<input value=\"\u202e\"><textarea>\u202eאב</textarea>\u202e": "<input value=\"\u202e\"><textarea>\u202eאב</textarea>[U+202E]",
		"<!-- it's \u202e -->\u202e":                                  "<!-- it's \u202e -->[U+202E]",
		"\u202e<":                                                     "[U+202E]<",
	} {
		if want == "" {
			want = page
		}
		want, page = strings.ReplaceAll(want, `\u202e`, "\u202e"), strings.ReplaceAll(page, `\u202e`, "\u202e")
		require.Equal(t, want, string(views.Legible([]byte(page))))
	}
}

var markup = regexp.MustCompile(`(?s)<[^<>]*>`)

// FuzzLegible: no text is lost, no markup is made, and nothing that is not seen is
// left in a text.
func FuzzLegible(f *testing.F) {
	for _, seed := range []string{"", "אב\u202eג", "a\xffb", "\u2068\u2069", "12 ש 34", "\U000e0041", "é\u0301", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "<>") {
			return // pages escape them
		}
		page := "<p class=\"x\">" + text + "</p>"
		got := string(views.Legible([]byte(page)))
		require.Equal(t, markup.FindAllString(page, -1), markup.FindAllString(got, -1))
		require.NotContains(t, got, "\u202e")
		require.Equal(t, strings.Count(got, "\u2068"), strings.Count(got, "\u2069"))
		bare := strings.NewReplacer("\u2068", "", "\u2069", "").Replace(got)
		require.GreaterOrEqual(t, len(bare), len(page)-strings.Count(page, "\u2068")*3-strings.Count(page, "\u2069")*3)
	})
}
