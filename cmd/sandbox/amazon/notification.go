package amazon

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"tieout/app/amazon"
)

// Tell delivers a notification to a queue, by its name.
type Tell func(queue string, body []byte)

const (
	eventTime = "2006-01-02T15:04:05.000Z"
	// noPostalCode is the postal code of an order whose address Amazon keeps to itself.
	noPostalCode = ""
)

// tellOrder tells that an order has changed.
func (s *Server) tellOrder(a *account, o amazon.Order) {
	channel := "AFN"
	if o.Fulfillment.By == amazon.ByMerchant {
		channel = "MFN"
	}
	items, shipped, left := []map[string]any{}, int64(0), int64(0)
	for _, i := range o.Items {
		status := "Shipped"
		if i.Fulfillment.Unfulfilled > 0 {
			status = "Unshipped"
		}
		items = append(items, map[string]any{"OrderItemId": i.ID, "SellerSKU": i.Product.SKU, "SupplySourceId": nil, "OrderItemStatus": status, "Quantity": i.Ordered,
			"QuantityShipped": i.Fulfillment.Fulfilled, "IsBuyerRequestedCancel": i.Cancellation.Request != (amazon.CancellationRequest{}),
			"ItemEarliestDeliveryDate": "", "ItemLatestDeliveryDate": ""})
		shipped, left = shipped+i.Fulfillment.Fulfilled, left+i.Fulfillment.Unfulfilled
	}
	summary := map[string]any{"MarketplaceId": o.Channel.MarketplaceID, "OrderStatus": namesV0[o.Fulfillment.Status], "PurchaseDate": o.Created.UTC().Format(eventTime),
		"DestinationPostalCode": noPostalCode, "FulfillmentType": channel, "OrderType": "StandardOrder", "NumberOfItemsShipped": shipped, "NumberOfItemsUnshipped": left,
		"EarliestDeliveryDate": "", "LatestDeliveryDate": "", "EarliestShipDate": "", "LatestShipDate": "", "CancelNotifyDate": "",
		"OrderPrograms": []string{}, "ShippingPrograms": []string{}, "ElectronicInvoiceStatus": "NotRequired", "OrderItems": items}
	s.tell(a, "ORDER_CHANGE", map[string]any{"OrderChangeNotification": map[string]any{
		"NotificationLevel": "OrderLevel", "SellerId": a.seller().SellerID, "AmazonOrderId": o.ID, "OrderChangeType": "OrderStatusChange",
		"OrderChangeTrigger": map[string]any{"TimeOfOrderChange": o.Updated.UTC().Format(eventTime), "ChangeReason": ""}, "Summary": summary}})
}

// tell puts a payload in its envelope and sends it.
func (s *Server) tell(a *account, kind string, payload map[string]any) {
	queue, subscription, ok := s.queueFor(a, kind)
	if !ok || s.cfg.Tell == nil {
		return
	}
	version, _ := queueKinds(kind)
	now := s.cfg.Now().UTC().Format(eventTime)
	metadata := map[string]any{"ApplicationId": "amzn1.sellerapps.app.sandbox", "SubscriptionId": subscription, "PublishTime": now, "NotificationId": rand.Text()}
	body := map[string]any{"NotificationVersion": version, "NotificationType": kind, "PayloadVersion": version, "EventTime": now, "Payload": payload, "NotificationMetadata": metadata}
	if version != "1.0" { // the newer types begin their names in lower case
		body["NotificationMetadata"] = lowered(metadata)
		body = lowered(body)
	}
	if text, err := json.Marshal(body); err == nil { // what is made of maps and texts can be written
		s.cfg.Tell(queue, text)
	}
}

func lowered(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range in {
		out[strings.ToLower(name[:1])+name[1:]] = value
	}
	return out
}

// tellFulfilments tells of orders of other channels whose state changed since an
// instant.
func (s *Server) tellFulfilments(a *account, since, now time.Time) {
	for _, f := range a.standings(since, now) {
		if !f.updated.After(since) {
			continue
		}
		shipment := map[string]any{"FulfillmentShipmentStatus": "", "AmazonShipmentId": "", "EstimatedArrivalDateTime": "", "info": map[string]any{}, "FulfillmentShipmentPackages": []any{}}
		s.tell(a, "FULFILLMENT_ORDER_STATUS", map[string]any{"FulfillmentOrderStatusNotification": map[string]any{
			"SellerId": a.seller().SellerID, "EventType": "Order", "StatusUpdatedDateTime": f.updated.UTC().Format(eventTime), "SellerFulfillmentOrderId": f.ID, "FulfillmentOrderStatus": f.state,
			"FulfillmentShipment": shipment, "FulfillmentReturnItem": map[string]any{"ReceivedDateTime": "", "ReturnedQuantity": 0, "SellerSKU": ""}}})
	}
}

// Announce tells of the orders and reports of the sellers' own story that
// changed since an instant, and returns until when it did.
func (s *Server) Announce(since time.Time) time.Time {
	now := s.cfg.Now()
	for _, a := range s.accounts {
		s.tellReports(a, since, now)
		s.tellFulfilments(a, since, now)
		s.tellFeeds(a, since, now)
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
