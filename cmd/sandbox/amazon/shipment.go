package amazon

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"tieout/app/amazon"
)

// confirmation is what confirmShipment is told.
type confirmation struct {
	MarketplaceID string `json:"marketplaceId"`
	Package       struct {
		Reference   string               `json:"packageReferenceId"`
		Carrier     string               `json:"carrierCode"`
		CarrierName string               `json:"carrierName"`
		Method      string               `json:"shippingMethod"`
		Tracking    string               `json:"trackingNumber"`
		Shipped     time.Time            `json:"shipDate"`
		Items       []amazon.PackageItem `json:"orderItems"`
	} `json:"packageDetail"`
}

func (s *Server) serveConfirm(w http.ResponseWriter, r *http.Request, a *account) {
	var c confirmation
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&c); err != nil {
		invalid(w, "The request cannot be read.", "")
		return
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	o, ok := a.anOrder(r.PathValue("id"), s.cfg.Now())
	if !ok {
		noOrder(w, r)
		return
	}
	if wrong := c.refused(o); wrong != "" {
		invalid(w, wrong, "")
		return
	}
	o = c.apply(o)
	o.Updated = s.cfg.Now()
	a.keep(o, 0)
	w.WriteHeader(http.StatusNoContent)
}

// refused says what Amazon would refuse.
func (c confirmation) refused(o amazon.Order) string {
	again := slices.ContainsFunc(o.Packages, func(p amazon.OrderPackage) bool { return p.Reference == c.Package.Reference })
	switch status := o.Fulfillment.Status; {
	case o.Fulfillment.By != amazon.ByMerchant:
		return "The order is fulfilled by Amazon."
	case c.MarketplaceID != o.Channel.MarketplaceID:
		return "The order is not of this marketplace."
	case c.Package.Carrier == "Other" && c.Package.CarrierName == "":
		return "carrierName is required when carrierCode is Other."
	case again: // a confirmation that is repeated replaces the first
	case status != amazon.OrderUnshipped && status != amazon.OrderPartiallyShipped:
		return "The order cannot be shipped."
	}
	o = c.without(o)
	for _, part := range c.Package.Items {
		k := slices.IndexFunc(o.Items, func(i amazon.OrderItem) bool { return i.ID == part.ItemID })
		if k < 0 || part.Quantity < 1 || part.Quantity > o.Items[k].Fulfillment.Unfulfilled {
			return "The items or quantities are not those of the order."
		}
	}
	if len(c.Package.Items) == 0 || c.Package.Reference == "" {
		return "The package needs a reference and items."
	}
	return ""
}

// without takes back an earlier confirmation of the same package.
func (c confirmation) without(o amazon.Order) amazon.Order {
	o.Items = slices.Clone(o.Items)
	o.Packages = slices.DeleteFunc(slices.Clone(o.Packages), func(p amazon.OrderPackage) bool {
		if p.Reference != c.Package.Reference {
			return false
		}
		for _, part := range p.Items {
			move(o.Items, part, -1)
		}
		return true
	})
	return o
}

// move moves units of an item from still to go to gone, or back.
func move(items []amazon.OrderItem, part amazon.PackageItem, sign int64) {
	for k := range items {
		if items[k].ID == part.ItemID {
			items[k].Fulfillment.Fulfilled += sign * part.Quantity
			items[k].Fulfillment.Unfulfilled -= sign * part.Quantity
		}
	}
}

func (c confirmation) apply(o amazon.Order) amazon.Order {
	o = c.without(o)
	carrier := c.Package.Carrier
	if carrier == "Other" {
		carrier = c.Package.CarrierName
	}
	o.Packages = append(o.Packages, amazon.OrderPackage{Reference: c.Package.Reference, Created: c.Package.Shipped, Shipped: c.Package.Shipped,
		Status: amazon.PackageStatus{Status: "SHIPPED"}, Carrier: carrier, Service: c.Package.Method, Tracking: c.Package.Tracking, Items: c.Package.Items})
	for _, part := range c.Package.Items {
		move(o.Items, part, 1)
	}
	o.Fulfillment.Status = amazon.OrderShipped
	for _, i := range o.Items {
		if i.Fulfillment.Unfulfilled > 0 {
			o.Fulfillment.Status = amazon.OrderPartiallyShipped
		}
	}
	return o
}
