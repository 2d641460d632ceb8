package fulfilment

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tieout/app/amazon"
	"tieout/app/flow"
)

// Heard implements flow.Hinted.
func (t teller) Heard() []string { return []string{amazon.FulfillmentOrderStatus} }

// Hints implements flow.Hinted: FULFILLMENT_ORDER_STATUS names an order by the
// id that it was sent with, and says when its state changed.
// Source: reference of the notification type, payload version 1.0.
func (t teller) Hints(kind string, payload json.RawMessage) ([]flow.Hint, error) {
	if kind != amazon.FulfillmentOrderStatus {
		return nil, nil
	}
	var p struct {
		FulfillmentOrderStatusNotification struct {
			SellerFulfillmentOrderID string `json:"SellerFulfillmentOrderId"`
			StatusUpdatedDateTime    time.Time
		}
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	n := p.FulfillmentOrderStatusNotification
	if n.SellerFulfillmentOrderID == "" {
		return nil, errors.New(kind + " names no order")
	}
	return []flow.Hint{{Key: n.SellerFulfillmentOrderID, At: n.StatusUpdatedDateTime}}, nil
}
