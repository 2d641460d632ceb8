package fulfilment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
)

func FuzzHints(f *testing.F) {
	f.Add([]byte(`{"FulfillmentOrderStatusNotification":{"SellerFulfillmentOrderId":"1","StatusUpdatedDateTime":"2026-11-30T00:00:00Z"}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		hints, err := teller{}.Hints(amazon.FulfillmentOrderStatus, payload)
		if err != nil {
			return
		}
		for _, hint := range hints {
			require.NotEmpty(t, hint.Key)
		}
	})
}
