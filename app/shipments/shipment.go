package shipments

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/p21"
)

// content is a shipment of P21's with Amazon's order that it belongs to.
type content struct {
	Shipment p21.Shipment `json:"shipment"`
	Order    amazon.Order `json:"order"` // without items
}

// Shipment is what formulas see.
type Shipment struct {
	Number        string    `expr:"number"` // P21's
	Order         string    `expr:"order"`  // P21's
	AmazonOrder   string    `expr:"amazonOrder"`
	MarketplaceID string    `expr:"marketplaceId"`
	ServiceLevel  string    `expr:"serviceLevel"`
	Placed        time.Time `expr:"placed"`
	Carrier       string    `expr:"carrier"` // P21's id
	Tracking      string    `expr:"tracking"`
	Location      string    `expr:"location"`
	Units         int       `expr:"units"`
}

func read(raw json.RawMessage) (flow.Source, error) {
	c, err := readContent(raw)
	if err != nil {
		return flow.Source{}, err
	}
	s := c.Shipment
	units := decimal.Zero
	for _, l := range s.Lines {
		units = units.Add(l.Quantity)
	}
	source := flow.Source{Title: fmt.Sprintf("%s units for %s", units, c.Order.ID), Header: Shipment{Number: s.Number, Order: s.Order, AmazonOrder: c.Order.ID, MarketplaceID: c.Order.Channel.MarketplaceID,
		ServiceLevel: c.Order.Fulfillment.ServiceLevel, Placed: c.Order.Created, Carrier: s.Carrier, Tracking: s.Tracking, Location: s.Location, Units: int(units.IntPart())}}
	if s.Date.Year == 0 {
		source.Wait = "P21 has not shipped it yet."
	}
	return source, nil
}

func readContent(raw json.RawMessage) (content, error) {
	var c content
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fault.Wrap(err, fault.Invalid, "The shipment cannot be read: %v.", err)
	}
	return c, nil
}

// leaves is when a shipment left, as Amazon is told: P21 knows the day alone.
// Noon of it at the marketplace, not later than P21 wrote it down and not before
// the order was placed, because Amazon refuses both.
func leaves(c content) time.Time {
	zone := time.UTC
	if shop, ok := amazon.MarketplaceByID(c.Order.Channel.MarketplaceID); ok {
		if known, err := time.LoadLocation(shop.Zone); err == nil {
			zone = known
		}
	}
	d := c.Shipment.Date
	at := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, zone)
	if wrote := c.Shipment.ChangedAt; !wrote.IsZero() && at.After(wrote) {
		at = wrote
	}
	if at.Before(c.Order.Created) {
		at = c.Order.Created.Add(time.Minute)
	}
	return at.UTC().Truncate(time.Second)
}
