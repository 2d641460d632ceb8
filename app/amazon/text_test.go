package amazon_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
)

func TestTextOfReportsIsReadInItsCharset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw, declared string
		japan         bool
		want          string
	}{
		"utf-8":                   {"Café", "", false, "Café"},
		"utf-8 in Japan":          {"返品", "", true, "返品"},
		"byte order mark":         {"\xef\xbb\xbfa", "", false, "a"},
		"windows-1252":            {"Caf\xe9 \x80", "", false, "Café €"},
		"declared over its looks": {"\xc3\xa9", "Cp1252", false, "Ã©"},
		"iso-8859-1":              {"Caf\xe9", "ISO-8859-1", false, "Café"},
		"shift-jis by the place":  {"\x95\xd4\x95i", "", true, "返品"},
		"shift-jis declared":      {"\x95\xd4\x95i", "cp932", false, "返品"},
		"utf-8 declared, broken":  {"a\xffb", "utf8", false, "a\uFFFDb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, amazon.Text([]byte(c.raw), c.declared, c.japan))
		})
	}
}
