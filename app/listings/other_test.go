package listings

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzOther holds that whatever a formula writes is either refused, or comes to
// attributes that name a marketplace and survive being stored.
func FuzzOther(f *testing.F) {
	for _, text := range []string{`{"color": [{"value": "Red"}]}`, `{"weight": [{"value": 1.50, "unit": "kg"}]}`, `{"a": []}`, `{"a": [null]}`, `[]`, `null`, `{"a": [{"marketplace_id": 7}]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := attributes{}
		if a.add(text, "M") != nil {
			return
		}
		for name, values := range a {
			require.NotEmpty(t, values, name)
			for _, v := range values {
				require.Contains(t, v, "marketplace_id")
			}
		}
		stored, err := a.encode()
		require.NoError(t, err)
		b, err := decode(stored)
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

func TestEqualAttributesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	want := attributes{}
	require.NoError(t, want.add(`{"price": [{"amount": 1.50, "of": [{"x": "y"}]}], "color": [{"value": "Red"}]}`, "US"))
	held, err := decode(`{"price": [{"amount": 1.5, "of": [{"x": "y", "z": 1}], "marketplace_id": "US"}, {"amount": 9, "marketplace_id": "CA"}], "color": [{"value": "Red"}]}`)
	require.NoError(t, err)
	require.Empty(t, want.missing(held, "US"), "other marketplaces and what Amazon adds do not count")
	require.Equal(t, []string{"price"}, want.missing(held, "CA").names())
	held["color"][0]["value"] = "Blue"
	require.Equal(t, []string{"color"}, want.missing(held, "US").names())
	held["color"] = append(held["color"], map[string]any{"value": "Red"})
	require.Equal(t, []string{"color"}, want.missing(held, "US").names(), "two values are not one")
}
