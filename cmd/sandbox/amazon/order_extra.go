package amazon

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/cmd/sandbox/seller"
)

// PlacedOrder is an order that is placed, or changed, from outside. Of an order
// that is known, also of the simulated ones, only what is given changes.
type PlacedOrder struct {
	Account     string                   `json:"account"` // key of the seller
	ID          string                   `json:"orderId"`
	Status      amazon.FulfillmentStatus `json:"status"`        // default UNSHIPPED
	Marketplace string                   `json:"marketplaceId"` // default the seller's first
	FulfilledBy amazon.Fulfiller         `json:"fulfilledBy"`   // default AMAZON
	Created     time.Time                `json:"createdTime"`   // default now
	Updated     time.Time                `json:"lastUpdatedTime"`
	Items       []PlacedItem             `json:"items"`           // all of them
	WantsCancel string                   `json:"cancelRequested"` // why the buyer asks for it
	Times       int                      `json:"times"`           // how often a search lists the order; default once
}

// PlacedItem is a line of a PlacedOrder; amounts are of the whole line but for
// the unit price.
type PlacedItem struct {
	ID        string          `json:"orderItemId"` // default the order's id with a number
	SKU       string          `json:"sellerSku"`
	ASIN      string          `json:"asin"`
	Title     string          `json:"title"`
	Quantity  int64           `json:"quantity"`
	Cancelled int64           `json:"cancelled"` // units of them
	UnitPrice decimal.Decimal `json:"unitPrice"`
	Shipping  decimal.Decimal `json:"shipping"`
	Discount  decimal.Decimal `json:"discount"` // what the buyer got off
	Tax       decimal.Decimal `json:"tax"`
}

const shortestID = 7

// extra is an order that was placed or changed from outside.
type extra struct {
	order amazon.Order
	times int
}

// extrasNow returns the extra orders as a search lists them, and the ids that
// it must not list from the books as well.
func (a *account) extrasNow() (list []listed, ids map[string]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ids = map[string]bool{}
	for _, x := range a.extras {
		o := x.order
		ids[o.ID] = true
		l := listed{o.ID, o.Fulfillment.Status, o.Fulfillment.By, o.Channel.MarketplaceID, o.Created, o.Updated, func() amazon.Order { return o }}
		for range x.times {
			list = append(list, l)
		}
	}
	return list, ids
}

func (a *account) extra(id string) (amazon.Order, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.extras {
		if x.order.ID == id {
			return x.order, true
		}
	}
	return amazon.Order{}, false
}

// keep sets an extra order; times 0 leaves how often it is listed.
func (a *account) keep(o amazon.Order, times int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.extras {
		if x.order.ID == o.ID {
			x.order = o
			if times > 0 {
				x.times = times
			}
			return
		}
	}
	a.extras = append(a.extras, &extra{o, max(times, 1)})
}

// PlaceOrders places orders, or changes those that are there already.
func (s *Server) PlaceOrders(orders ...PlacedOrder) error {
	for _, p := range orders {
		if err := s.place(p); err != nil {
			return fmt.Errorf("order %q: %w", p.ID, err)
		}
	}
	return nil
}

func (s *Server) place(p PlacedOrder) error {
	a, err := s.account(p.Account)
	if err != nil {
		return err
	}
	if len(p.ID) < shortestID {
		return fmt.Errorf("an order needs an id of %d characters or more", shortestID)
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	now := s.cfg.Now()
	o, there := a.anOrder(p.ID, now)
	switch {
	case !there && len(p.Items) == 0:
		return fmt.Errorf("a new order needs items")
	case !there:
		if o, err = a.fresh(p, now); err != nil {
			return err
		}
	}
	if o, err = a.change(o, p); err != nil {
		return err
	}
	if o.Updated = p.Updated; o.Updated.IsZero() {
		o.Updated = now
	}
	a.keep(o, p.Times)
	s.tellOrder(a, o)
	return nil
}

// fresh returns a new order without items.
func (a *account) fresh(p PlacedOrder, now time.Time) (amazon.Order, error) {
	market := &a.seller().Markets[0]
	if p.Marketplace != "" {
		i := slices.IndexFunc(a.seller().Markets, func(m seller.Market) bool { return m.ID == p.Marketplace })
		if i < 0 {
			return amazon.Order{}, fmt.Errorf("the seller has no marketplace %q", p.Marketplace)
		}
		market = &a.seller().Markets[i]
	}
	if p.Created.IsZero() {
		p.Created = now
	}
	purchase := seller.Purchase{ID: p.ID, MerchantID: p.ID, Market: market, Placed: p.Created, Paid: p.Created, Ended: p.Created.Add(48 * time.Hour)}
	o := a.order(&purchase, p.Created)
	o.Programs, o.Fulfillment.By, o.Fulfillment.ServiceLevel, o.Fulfillment.Status = nil, amazon.ByAmazon, "STANDARD", amazon.OrderUnshipped
	if p.FulfilledBy != "" {
		o.Fulfillment.By = p.FulfilledBy
	}
	a.addressed(&o, &purchase)
	return o, nil
}

// change applies what p says to an order.
func (a *account) change(o amazon.Order, p PlacedOrder) (amazon.Order, error) {
	if _, known := namesV0[p.Status]; p.Status != "" && !known {
		return o, fmt.Errorf("there is no status %q", p.Status)
	}
	if p.Status != "" {
		o.Fulfillment.Status = p.Status
	}
	if len(p.Items) > 0 {
		o.Items = nil
	}
	for k, x := range p.Items {
		if x.Quantity < 1 || x.Cancelled < 0 || x.Cancelled > x.Quantity {
			return o, fmt.Errorf("item %d has %d units, of which %d are cancelled", k+1, x.Quantity, x.Cancelled)
		}
		o.Items = append(o.Items, a.placed(o.ID, k, x))
	}
	o.Items = slices.Clone(o.Items)
	for k := range o.Items {
		progress(&o.Items[k], o.Fulfillment.Status)
		if p.WantsCancel != "" {
			o.Items[k].Cancellation.Request = amazon.CancellationRequest{Requester: "BUYER", Reason: p.WantsCancel}
		}
	}
	total(&o, a.seller().Currency)
	return o, nil
}

// progress makes an item follow the status of its order.
func progress(i *amazon.OrderItem, status amazon.FulfillmentStatus) {
	switch status {
	case amazon.OrderCancelled:
		cancelItem(i, "MERCHANT", "No inventory")
		ship(i, 0, false)
		i.Proceeds, i.Product.Price, i.Tax = amazon.ItemProceeds{}, amazon.ItemPrice{}, amazon.ItemTax{}
	case amazon.OrderShipped:
		ship(i, i.Units(), true)
	case amazon.OrderPartiallyShipped: // the seller says how far, by confirming
	default:
		ship(i, i.Units(), false)
	}
}

// placed returns an item of a placed order.
func (a *account) placed(order string, k int, x PlacedItem) amazon.OrderItem {
	if x.ID == "" {
		x.ID = fmt.Sprintf("%s-%d", order, k+1)
	}
	item := amazon.OrderItem{ID: x.ID, Ordered: x.Quantity, Product: amazon.ItemProduct{ASIN: x.ASIN, Title: x.Title, SKU: x.SKU}}
	units := x.Quantity - x.Cancelled
	ship(&item, units, false)
	if x.Cancelled > 0 {
		cancelItem(&item, "BUYER", "Ordered by mistake")
	}
	if units == 0 {
		return item
	}
	minor := func(d decimal.Decimal) int64 { return d.Shift(2).Round(0).IntPart() }
	m := seller.Amounts{Price: minor(x.UnitPrice) * units, Shipping: minor(x.Shipping), Discount: minor(x.Discount), Tax: minor(x.Tax)}
	item.Proceeds = proceeds(m, a.seller().Currency)
	item.Product.Price.Unit = amazon.Money{Amount: cents(minor(x.UnitPrice)), Currency: a.seller().Currency}
	return item
}

// ServeOrders takes a list of PlacedOrder; mount it at /control/amazon/orders.
func (s *Server) ServeOrders(w http.ResponseWriter, r *http.Request) {
	var orders []PlacedOrder
	decoder := json.NewDecoder(io.LimitReader(r.Body, 16<<20))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&orders)
	if err == nil {
		err = s.PlaceOrders(orders...)
	}
	if err != nil {
		write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
