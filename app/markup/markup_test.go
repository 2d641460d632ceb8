package markup_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/markup"
)

// read goes through a document and returns the longest text in it.
func read(in io.Reader) (longest int, err error) {
	r := markup.NewReader(in, markup.Limits{Bytes: 4 << 20, Pieces: 40_000}, nil)
	for {
		token, err := r.Token()
		if errors.Is(err, io.EOF) {
			return longest, nil
		}
		if err != nil {
			return longest, fmt.Errorf("line %d: %w", r.Line(), err)
		}
		if text, ok := token.(xml.CharData); ok {
			longest = max(longest, len(text))
		}
	}
}

// endless gives a text over and over, never all of it at once.
type endless struct {
	text string
	at   int
	left int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && e.left > 0 {
		c := copy(p[n:], e.text[e.at:])
		n, e.at, e.left = n+c, (e.at+c)%len(e.text), e.left-int64(c)
	}
	return n, nil
}

func TestWhatExpandsIsRefused(t *testing.T) {
	t.Parallel()
	laughs := `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]><lolz>&lol1;</lolz>`
	for name, c := range map[string]struct {
		in   io.Reader
		want error
	}{
		"billion laughs":  {strings.NewReader(laughs), markup.ErrDeclares},
		"external entity": {strings.NewReader(`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`), markup.ErrDeclares},
		"external subset": {strings.NewReader(`<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>`), markup.ErrDeclares},
		"late":            {strings.NewReader(`<a/>` + strings.Repeat(" ", 9000) + `<!ENTITY x "y">`), markup.ErrDeclares},
		"deep":            {&endless{text: "<a>", left: 1 << 31}, markup.ErrDeep},
		"a long text":     {io.MultiReader(strings.NewReader("<a>"), &endless{text: "x", left: 1 << 31}), markup.ErrPiece},
		"a long tag":      {io.MultiReader(strings.NewReader("<a"), &endless{text: ` b=""`, left: 1 << 31}), markup.ErrPiece},
		"a long comment":  {io.MultiReader(strings.NewReader("<a><!--"), &endless{text: "x", left: 1 << 31}), markup.ErrPiece},
		"many":            {io.MultiReader(strings.NewReader("<a>"), &endless{text: "<b/>", left: 1 << 31}), markup.ErrMany},
		"large":           {io.MultiReader(strings.NewReader("<a>"), &endless{text: "<b>" + strings.Repeat("x", 5000) + "</b>", left: 1 << 31}), markup.ErrLarge},
	} {
		longest, err := read(c.in)
		require.ErrorIs(t, err, c.want, name)
		require.Less(t, longest, 2<<20, name)
	}
	_, err := read(strings.NewReader(`<a>&lol;</a>`))
	require.ErrorContains(t, err, "entity")
	longest, err := read(strings.NewReader(`<a>&amp;&#x202e;</a>`))
	require.NoError(t, err)
	require.Equal(t, 4, longest)
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{`<a b="c">d</a>`, `<?xml version="1.0" encoding="utf-16"?><a/>`, `<a><![CDATA[]]]]><![CDATA[>]]></a>`, `<!DOCTYPE a>`, `<a xmlns:b="c" b:d=""/>`, "<a>\x00</a>", `<a></b>`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		longest, err := read(strings.NewReader(text))
		require.LessOrEqual(t, longest, len(text))
		if err == nil {
			require.NotContains(t, strings.ToUpper(text[:min(len(text), 9)]), "<!DOCTYPE")
		}
	})
}
