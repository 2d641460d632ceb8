package session_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tieout/app/session"
)

func FuzzCodec(f *testing.F) {
	f.Add([]byte(`{"deadline":"2026-11-30T00:00:00Z","values":{"person":"1"}}`))
	f.Add([]byte(`{"values":{"person":1}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, stored []byte) {
		deadline, values, err := session.Codec{}.Decode(stored)
		if err != nil || !utf8.Valid(stored) {
			return
		}
		encoded, err := session.Codec{}.Encode(deadline, values)
		if err != nil {
			return // a year that JSON cannot write
		}
		again, same, err := session.Codec{}.Decode(encoded)
		require.NoError(t, err)
		require.True(t, deadline.Equal(again))
		require.Equal(t, values, same)
	})
}
