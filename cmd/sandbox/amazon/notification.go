package amazon

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"tieout/app/amazon"
)

// Tell delivers a notification to a seller's queue.
type Tell func(account string, body []byte)

const (
	eventTime = "2006-01-02T15:04:05.000Z"
	// noPostalCode is the postal code of an order whose address Amazon keeps to itself.
	noPostalCode = ""
)

// tellOrder tells that an order has changed.
func (s *Server) tellOrder(a *account, o amazon.Order) {
	if s.cfg.Tell == nil {
		return
	}
	channel := "AFN"
	if o.Fulfillment.By == amazon.ByMerchant {
		channel = "MFN"
	}
	items, shipped, left := []map[string]any{}, int64(0), int64(0)
	for _, i := range o.Items {
		items = append(items, map[string]any{"OrderItemId": i.ID, "SellerSKU": i.Product.SKU, "SupplySourceId": nil, "OrderItemStatus": nil, "Quantity": i.Ordered,
			"QuantityShipped": i.Fulfillment.Fulfilled, "IsBuyerRequestedCancel": i.Cancellation.Request != (amazon.CancellationRequest{}),
			"ItemEarliestDeliveryDate": nil, "ItemLatestDeliveryDate": nil})
		shipped, left = shipped+i.Fulfillment.Fulfilled, left+i.Fulfillment.Unfulfilled
	}
	summary := map[string]any{"MarketplaceId": o.Channel.MarketplaceID, "OrderStatus": namesV0[o.Fulfillment.Status], "PurchaseDate": o.Created.UTC().Format(eventTime),
		"DestinationPostalCode": noPostalCode, "FulfillmentType": channel, "OrderType": "StandardOrder", "NumberOfItemsShipped": shipped, "NumberOfItemsUnshipped": left,
		"EarliestDeliveryDate": nil, "LatestDeliveryDate": nil, "EarliestShipDate": nil, "LatestShipDate": nil, "CancelNotifyDate": nil,
		"OrderPrograms": []string{}, "ShippingPrograms": []string{}, "EasyShipShipmentStatus": nil, "ElectronicInvoiceStatus": nil, "OrderItems": items}
	s.tell(a, "ORDER_CHANGE", map[string]any{"OrderChangeNotification": map[string]any{
		"NotificationLevel": "OrderLevel", "SellerId": a.seller().SellerID, "AmazonOrderId": o.ID, "OrderChangeType": "OrderStatusChange",
		"OrderChangeTrigger": map[string]any{"TimeOfOrderChange": o.Updated.UTC().Format(eventTime), "ChangeReason": nil}, "Summary": summary}})
}

// tell puts a payload in its envelope and sends it.
func (s *Server) tell(a *account, kind string, payload map[string]any) {
	now := s.cfg.Now().UTC().Format(eventTime)
	body, err := json.Marshal(map[string]any{"NotificationVersion": "1.0", "NotificationType": kind, "PayloadVersion": "1.0", "EventTime": now, "Payload": payload,
		"NotificationMetadata": map[string]any{"ApplicationId": "amzn1.sellerapps.app.sandbox", "SubscriptionId": "subscription-" + a.seller().Key, "PublishTime": now, "NotificationId": rand.Text()}})
	if err == nil { // what is made of maps and texts can be written
		s.cfg.Tell(a.seller().Key, body)
	}
}

// Announce tells of the orders of the sellers' own story that changed since an
// instant, and returns until when it did.
func (s *Server) Announce(since time.Time) time.Time {
	now := s.cfg.Now()
	for _, a := range s.accounts {
		changed, err := s.Orders(a.seller().Key, since)
		if err != nil {
			continue // every account knows itself
		}
		for _, o := range changed {
			if _, placed := a.extra(o.ID); !placed { // those are told of when they change
				s.tellOrder(a, o)
			}
		}
	}
	return now
}
