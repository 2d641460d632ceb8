package personal_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/personal"
)

// FuzzSplit: what was taken out of a value and put back is the value, and what
// is left tells of nobody.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{"buyer":{"name":"Ann Onym"},"items":[{"message":"to Ann"},{"MESSAGE":"x"}],"n":1e999}`, `{"buyer":[{"name":1}],"Buyer":{"Name":{"a":[]}}}`,
		`[]`, `null`, `{} {}`, `{"items":{"message":"x"}}`, `{"a":"Ann Onym","b":["Ann Onym",null]}`, `{"buyer":{"name":"a","name":"b"}}`} {
		f.Add([]byte(seed), "Ann Onym")
	}
	paths := []string{"buyer.name", "items[].message"}
	f.Fuzz(func(t *testing.T, value []byte, word string) {
		words := personal.Words{}
		if word = strings.TrimSpace(word); len(word) > 3 {
			words = personal.Words{word}
		}
		redacted, part, err := personal.Split(value, paths, words)
		if err != nil {
			return
		}
		_, left, err := personal.Split(redacted, paths, words)
		require.NoError(t, err)
		require.Empty(t, left)
		joined, err := personal.Join(redacted, part)
		require.NoError(t, err)
		require.Equal(t, canonical(t, value), canonical(t, joined))
		_ = part.Masked()
	})
}

func canonical(t *testing.T, value []byte) string {
	t.Helper()
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&tree))
	text, err := json.Marshal(tree)
	require.NoError(t, err)
	return string(text)
}
