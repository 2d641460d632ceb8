package fbastock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fbastock"
)

func FuzzHints(f *testing.F) {
	f.Add([]byte(`{"SKU":"A"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		hints, err := (&fbastock.Flow{}).Hints(amazon.InventoryChange, payload)
		if err != nil {
			return
		}
		for _, hint := range hints {
			require.NotEmpty(t, hint.Key)
		}
	})
}
