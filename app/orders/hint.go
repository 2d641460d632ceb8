package orders

import (
	"encoding/json"
	"fmt"
	"time"

	"tieout/app/amazon"
	"tieout/app/flow"
)

// Heard implements flow.Hinted.
func (f *Flow) Heard() []string { return []string{amazon.OrderChange} }

// Hints implements flow.Hinted: ORDER_CHANGE names an order and says when it
// changed. It has no prices, so the order is read.
// Source: reference of the notification type, payload version 1.0.
func (f *Flow) Hints(kind string, payload json.RawMessage) ([]flow.Hint, error) {
	if kind != amazon.OrderChange {
		return nil, nil
	}
	var p struct {
		OrderChangeNotification struct {
			AmazonOrderId      string
			OrderChangeTrigger struct{ TimeOfOrderChange time.Time }
		}
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("read ORDER_CHANGE: %w", err)
	}
	n := p.OrderChangeNotification
	if n.AmazonOrderId == "" {
		return nil, fmt.Errorf("ORDER_CHANGE names no order")
	}
	return []flow.Hint{{Key: n.AmazonOrderId, At: n.OrderChangeTrigger.TimeOfOrderChange}}, nil
}
