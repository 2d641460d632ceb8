package fulfilment

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"tieout/app/amazon"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/p21"
)

// told is what records of tracking and news keep: Amazon's order and whose it is.
type told struct {
	Order     string             `json:"order"`     // P21's number
	Reference string             `json:"reference"` // the channel's
	Source    string             `json:"source"`    // P21's order source, or its taker
	Amazon    amazon.Fulfillment `json:"amazon"`
}

// teller reads Amazon's orders that the flow of requests made.
type teller struct {
	sides    Sides
	requests func() Requests
}

// extract hands on what changed at Amazon.
func (t teller) extract(ctx context.Context, connectionID int64, w flow.Window, take flow.Take) (time.Time, error) {
	client, err := t.sides.Fulfillments(ctx, connectionID)
	if err != nil {
		return time.Time{}, err
	}
	list, err := client.List(ctx, w.Since)
	if err != nil {
		return time.Time{}, fmt.Errorf("list Amazon's fulfilment orders: %w", err)
	}
	return w.Until, t.take(ctx, connectionID, list, take)
}

// fetch hands on one order, by Amazon's id of it.
func (t teller) fetch(ctx context.Context, connectionID int64, key string, take flow.Take) error {
	client, err := t.sides.Fulfillments(ctx, connectionID)
	if err != nil {
		return err
	}
	held, err := client.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("read Amazon's order %s: %w", key, err)
	}
	return t.take(ctx, connectionID, []amazon.Fulfillment{held}, take)
}

func (t teller) take(ctx context.Context, connectionID int64, list []amazon.Fulfillment, take flow.Take) error {
	found, err := ours(ctx, t.requests(), connectionID, list)
	if err != nil || len(found) == 0 {
		return err
	}
	system, err := t.sides.P21(ctx, connectionID)
	if err != nil {
		return err
	}
	page := flow.Page{Kind: "amazon_fulfilments", Name: "fulfilment orders", ContentType: "application/json"}
	var contents []json.RawMessage
	for i, number := range slices.Sorted(maps.Keys(found)) {
		c := told{Order: number, Amazon: found[number]}
		head, err := system.ReadOrder(ctx, number)
		if err != nil && p21.TypeOf(err) != p21.NotFound { // deleted there, and still on its way
			return fmt.Errorf("read order %s: %w", number, err)
		}
		c.Reference, c.Source = head.Reference, head.Source
		raw, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("write fulfilment order %s: %w", c.Amazon.ID, err)
		}
		contents = append(contents, raw)
		page.Arrivals = append(page.Arrivals, flow.Arrival{Key: c.Amazon.ID, At: c.changed(), Content: raw, Position: i})
	}
	if page.Raw, err = json.Marshal(contents); err != nil {
		return fmt.Errorf("write fulfilment orders: %w", err)
	}
	return take(ctx, page)
}

// changed is when Amazon's order or one of its packages last changed, as far as
// Amazon says.
func (c told) changed() time.Time {
	at := c.Amazon.Updated
	for _, s := range c.Amazon.Shipments {
		at = later(at, s.Shipped)
		for _, p := range s.Packages {
			at = later(at, p.Delivered)
		}
	}
	return at
}

func readTold(raw json.RawMessage) (told, error) {
	var c told
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fault.Wrap(err, fault.Invalid, "Amazon's order cannot be read: %v.", err)
	}
	return c, nil
}

// shippedOf are the shipments that left with a number to track them by.
func (c told) shippedOf() []amazon.FulfillmentShipment {
	return slices.DeleteFunc(slices.Clone(c.Amazon.Shipments), func(s amazon.FulfillmentShipment) bool {
		return s.Status != amazon.ShipmentShipped || len(s.Packages) == 0
	})
}
