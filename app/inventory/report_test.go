package inventory_test

import (
	"encoding/json"
	"testing"

	"tieout/app/inventory"
)

// FuzzReport: the report of a feed is read whatever stands in it.
func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"issues":[{"messageId":1,"code":"8541","severity":"ERROR","message":"No."}]}`), 1)
	f.Add([]byte(`{"issues":[{"messageId":1e9}]}`), -1)
	f.Fuzz(func(_ *testing.T, raw []byte, number int) {
		var r inventory.Report
		if json.Unmarshal(raw, &r) == nil {
			_ = r.Refused(number)
		}
	})
}
