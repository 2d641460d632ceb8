package orders_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/orders"
)

func FuzzHints(f *testing.F) {
	f.Add([]byte(`{"OrderChangeNotification":{"AmazonOrderId":"1","OrderChangeTrigger":{"TimeOfOrderChange":"2026-11-30T00:00:00Z"}}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		hints, err := (&orders.Flow{}).Hints(amazon.OrderChange, payload)
		if err != nil {
			return
		}
		for _, hint := range hints {
			require.NotEmpty(t, hint.Key)
		}
	})
}
