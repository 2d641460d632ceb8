package amazon

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"tieout/app/fault"
)

// What Amazon tells of through a queue of SQS.
// Source: model notifications; reference of the notification types.
const (
	OrderChange              = "ORDER_CHANGE"
	InventoryChange          = "FBA_INVENTORY_AVAILABILITY_CHANGES"
	ReportProcessingFinished = "REPORT_PROCESSING_FINISHED"
	FeedProcessingFinished   = "FEED_PROCESSING_FINISHED"
	FulfillmentOrderStatus   = "FULFILLMENT_ORDER_STATUS"
)

// PayloadVersion is the version of a type's payload that is read here.
func PayloadVersion(kind string) string {
	switch kind {
	case FeedProcessingFinished, ReportProcessingFinished:
		return "2020-09-04"
	}
	return "1.0"
}

// Destination is a queue that Amazon may write to.
type Destination struct {
	ID       string `json:"destinationId"`
	Name     string `json:"name"`
	Resource struct {
		SQS struct {
			ARN string `json:"arn"`
		} `json:"sqs"`
	} `json:"resource"`
}

// Subscription has notifications of one type sent to a destination.
type Subscription struct {
	ID             string `json:"subscriptionId"`
	DestinationID  string `json:"destinationId"`
	PayloadVersion string `json:"payloadVersion"`
}

const (
	pathDestinations  = "/notifications/v1/destinations"
	pathSubscriptions = "/notifications/v1/subscriptions/"
)

var (
	opGetDestinations    = Operation{"getDestinations", 1, 5}
	opCreateDestination  = Operation{"createDestination", 1, 5}
	opGetSubscription    = Operation{"getSubscription", 1, 5}
	opCreateSubscription = Operation{"createSubscription", 1, 5}
	opDeleteSubscription = Operation{"deleteSubscriptionById", 1, 5}
)

// Destinations lists the application's destinations.
func (c *Client) Destinations(ctx context.Context) ([]Destination, error) {
	var answer struct{ Payload []Destination }
	err := c.call(ctx, request{op: opGetDestinations, method: http.MethodGet, path: pathDestinations, scope: Notifications}, &answer)
	return answer.Payload, err
}

// CreateDestination makes a queue known to Amazon and returns its id there. One
// queue is one destination: look for it among Destinations before.
func (c *Client) CreateDestination(ctx context.Context, name, arn string) (id string, err error) {
	body := map[string]any{"name": name, "resourceSpecification": map[string]any{"sqs": map[string]string{"arn": arn}}}
	var answer struct{ Payload Destination }
	err = c.call(ctx, request{op: opCreateDestination, method: http.MethodPost, path: pathDestinations, scope: Notifications, body: body}, &answer)
	return answer.Payload.ID, err
}

// Subscription returns the seller's subscription to a type; fault.NotFound when
// there is none.
func (c *Client) Subscription(ctx context.Context, kind string) (Subscription, error) {
	var answer struct{ Payload Subscription }
	r := request{op: opGetSubscription, method: http.MethodGet, path: pathSubscriptions + url.PathEscape(kind), query: url.Values{"payloadVersion": {PayloadVersion(kind)}}}
	err := c.call(ctx, r, &answer)
	return answer.Payload, err
}

// Subscribe has notifications of a type sent to a destination.
func (c *Client) Subscribe(ctx context.Context, kind, destinationID string) (Subscription, error) {
	body := map[string]string{"payloadVersion": PayloadVersion(kind), "destinationId": destinationID}
	var answer struct{ Payload Subscription }
	err := c.call(ctx, request{op: opCreateSubscription, method: http.MethodPost, path: pathSubscriptions + url.PathEscape(kind), body: body}, &answer)
	return answer.Payload, err
}

// Unsubscribe ends a subscription.
func (c *Client) Unsubscribe(ctx context.Context, kind, id string) error {
	path := pathSubscriptions + url.PathEscape(kind) + "/" + url.PathEscape(id)
	return c.call(ctx, request{op: opDeleteSubscription, method: http.MethodDelete, path: path, scope: Notifications}, nil)
}

// FinishedReport is what REPORT_PROCESSING_FINISHED says. It comes for reports
// of every program that the seller uses.
type FinishedReport struct {
	ID     string       `json:"reportId"`
	Type   string       `json:"reportType"`
	Status ReportStatus `json:"processingStatus"`
}

// ReadFinishedReport reads a notification's payload; fault.Invalid when it is
// none of the type.
func ReadFinishedReport(payload json.RawMessage) (FinishedReport, error) {
	var p struct{ ReportProcessingFinishedNotification FinishedReport }
	if err := json.Unmarshal(payload, &p); err != nil {
		return FinishedReport{}, fault.Wrap(err, fault.Invalid, "The notification cannot be read: %v.", err)
	}
	return p.ReportProcessingFinishedNotification, nil
}
