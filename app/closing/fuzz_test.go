package closing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/closing"
)

func FuzzThaw(f *testing.F) {
	f.Add(`{"connection":"a","period":"2026-10","from":"2026-10-01","to":"2026-10-31","items":[{"key":"x","state":"blocks","waiver":"w"}]}`)
	f.Add(`{"items":[{"amounts":[{"Value":"1e999999999","Currency":"USD"}]}]}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := closing.Thaw(text)
		if err != nil {
			return
		}
		_, _, err = list.Freeze()
		require.NoError(t, err)
		closing.Worse(list, list)
	})
}
