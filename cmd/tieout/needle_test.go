package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestANeedleIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	const secret = `Jörg O'Neil & <Söhne> "7"`
	n := newNeedles()
	require.True(t, n.add("a name", secret))
	require.False(t, n.add("too short", "Jo"))
	inJSON, err := json.Marshal(map[string]string{"name": secret})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"plain": secret, "upper": strings.ToUpper(secret), "lower": strings.ToLower(secret), "hex": hex.EncodeToString([]byte("before" + secret)),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "base64 after one": base64.StdEncoding.EncodeToString([]byte("x" + secret + "after")),
		"base64 after two": base64.URLEncoding.EncodeToString([]byte("xy" + secret + "z")), "quoted": `"Jörg O'Neil & <Söhne> \"7\""`,
		"HTML": "<td>Jörg O&#39;Neil &amp; &lt;Söhne&gt; &#34;7&#34;</td>", "address": "/search?q=J%C3%B6rg+O%27Neil+%26+%3CS%C3%B6hne%3E+%227%22",
	} {
		for where, text := range map[string]string{"at the beginning": text, "inside": strings.Repeat("y", 1000) + text + "y", "across two readings": strings.Repeat("y", 1<<20-5) + text} {
			found, err := n.search(iotest.HalfReader(strings.NewReader(text)))
			require.NoError(t, err)
			require.NotEmpty(t, found, "%s %s", name, where)
		}
	}
	found, err := n.search(bytes.NewReader(inJSON))
	require.NoError(t, err)
	require.NotEmpty(t, found, string(inJSON))
	found, err = n.search(strings.NewReader(secret[:len(secret)-1] + "Jörg O'Neil & Sohn"))
	require.NoError(t, err)
	require.Empty(t, found)
	_, err = n.search(iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}
