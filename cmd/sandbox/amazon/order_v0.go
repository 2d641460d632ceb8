package amazon

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"tieout/app/amazon"
	"tieout/app/money"
)

// itemsPage is how many items getOrderItems returns at once.
const itemsPage = 10

func (s *Server) serveOrdersV0(w http.ResponseWriter, r *http.Request, a *account) {
	q, size, wrong := s.searchV0(r.URL.Query(), a)
	if wrong != "" {
		invalid(w, wrong, "")
		return
	}
	orders, more := a.page(&q, size, s.cfg.Now())
	list := []map[string]any{}
	for _, o := range orders {
		list = append(list, s.orderV0(r, shown(o, !a.Impersonal)))
	}
	payload := map[string]any{"Orders": list}
	if more {
		q.Made = s.cfg.Clock()
		payload["NextToken"] = s.seal(q)
	}
	name := "CreatedBefore"
	if q.ByUpdate {
		name = "LastUpdatedBefore"
	}
	payload[name] = stampV0(q.Before)
	write(w, http.StatusOK, map[string]any{"payload": payload})
}

// searchV0 reads the query of version 0.
func (s *Server) searchV0(query url.Values, a *account) (q orderSearch, size int, wrong string) {
	size, ok := pageSize(query, "MaxResultsPerPage")
	markets := values(query, "MarketplaceIds")
	switch {
	case !ok:
		return q, 0, "MaxResultsPerPage must be between 1 and 100."
	case len(markets) == 0 || len(markets) > 50:
		return q, 0, "MarketplaceIds must have 1 to 50 values."
	}
	if token := query.Get("NextToken"); token != "" {
		if !s.unseal(token, &q) || q.Seller != a.seller().Key || !s.cfg.Clock().Before(q.Made.Add(pageTokenLife)) {
			return q, 0, "Invalid NextToken."
		}
		return q, size, ""
	}
	if q, wrong = s.window(query, "LastUpdated", "Created"); wrong != "" {
		return q, 0, wrong
	}
	q.Markets, q.Seller, q.IDs = markets, a.seller().Key, values(query, "AmazonOrderIds")
	for _, text := range values(query, "OrderStatuses") {
		q.Statuses = append(q.Statuses, statusFromV0(text))
	}
	for _, text := range values(query, "FulfillmentChannels") {
		by, ok := map[string]amazon.Fulfiller{"AFN": amazon.ByAmazon, "MFN": amazon.ByMerchant}[text]
		if !ok {
			return q, 0, "FulfillmentChannels is not valid."
		}
		q.By = append(q.By, by)
	}
	return q, size, ""
}

// namesV0 are the statuses that version 0 spells another way.
var namesV0 = map[amazon.FulfillmentStatus]string{
	amazon.OrderPendingAvailability: "PendingAvailability", amazon.OrderPending: "Pending", amazon.OrderUnshipped: "Unshipped",
	amazon.OrderPartiallyShipped: "PartiallyShipped", amazon.OrderShipped: "Shipped", amazon.OrderCancelled: "Canceled",
	amazon.OrderUnfulfillable: "Unfulfillable", amazon.OrderInvoiceUnconfirmed: "InvoiceUnconfirmed",
}

func statusFromV0(name string) amazon.FulfillmentStatus {
	for status, old := range namesV0 {
		if old == name {
			return status
		}
	}
	return amazon.FulfillmentStatus(name)
}

func stampV0(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func camel(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		b.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return b.String()
}

func moneyV0(m amazon.Money) map[string]string {
	return map[string]string{"CurrencyCode": m.Currency, "Amount": money.Plain(m.Amount, money.Currency(m.Currency))}
}

// fields leaves out what is empty.
func fields(pairs ...string) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

// orderV0 writes an order; buyer and address are there only for a token that
// opens them.
func (s *Server) orderV0(r *http.Request, o amazon.Order) map[string]any {
	f, sellers := o.Fulfillment, o.Alias(amazon.AliasSellerOrder)
	if sellers == "" {
		sellers = o.ID
	}
	m := fields("AmazonOrderId", o.ID, "SellerOrderId", sellers, "PurchaseDate", stampV0(o.Created), "LastUpdateDate", stampV0(o.Updated),
		"OrderStatus", namesV0[f.Status], "FulfillmentChannel", map[amazon.Fulfiller]string{amazon.ByAmazon: "AFN", amazon.ByMerchant: "MFN"}[f.By],
		"SalesChannel", o.Channel.MarketplaceName, "MarketplaceId", o.Channel.MarketplaceID, "OrderType", "StandardOrder",
		"EarliestShipDate", stampV0(f.ShipBy.Earliest), "LatestShipDate", stampV0(f.ShipBy.Latest),
		"EarliestDeliveryDate", stampV0(f.DeliverBy.Earliest), "LatestDeliveryDate", stampV0(f.DeliverBy.Latest))
	if f.ServiceLevel != "" {
		m["ShipmentServiceLevelCategory"] = camel(f.ServiceLevel)
	}
	for _, p := range o.Programs {
		if name := map[string]string{amazon.ProgramBusiness: "IsBusinessOrder", amazon.ProgramPrime: "IsPrime"}[p]; name != "" {
			m[name] = true
		}
	}
	if o.Proceeds.GrandTotal.Stated() {
		m["OrderTotal"] = moneyV0(o.Proceeds.GrandTotal)
	}
	if s.personal(r, "buyerInfo") {
		m["BuyerInfo"] = fields("BuyerName", o.Buyer.Name, "BuyerEmail", o.Buyer.Email, "PurchaseOrderNumber", o.Buyer.PurchaseOrder)
	}
	if s.personal(r, "shippingAddress") && o.Recipient != (amazon.Recipient{}) {
		m["ShippingAddress"] = addressV0(o.Recipient.Address)
	}
	shipped, open := int64(0), int64(0)
	for _, i := range o.Items {
		shipped, open = shipped+i.Fulfillment.Fulfilled, open+i.Fulfillment.Unfulfilled
	}
	m["NumberOfItemsShipped"], m["NumberOfItemsUnshipped"] = shipped, open
	return m
}

func addressV0(a amazon.DeliveryAddress) map[string]any {
	m := fields("Name", a.Name, "CompanyName", a.Company, "AddressLine1", a.Line1, "AddressLine2", a.Line2, "AddressLine3", a.Line3, "City", a.City,
		"County", a.County, "StateOrRegion", a.Region, "Municipality", a.Municipality, "PostalCode", a.PostalCode, "CountryCode", a.Country, "Phone", a.Phone)
	if a.Type != "" {
		m["AddressType"] = camel(a.Type)
	}
	return m
}

// itemV0 writes an item: discounts above zero, cancelled units left out.
func itemV0(i amazon.OrderItem, buyer bool) map[string]any {
	m := fields("ASIN", i.Product.ASIN, "SellerSKU", i.Product.SKU, "OrderItemId", i.ID, "Title", i.Product.Title)
	m["ASIN"] = i.Product.ASIN // required
	m["QuantityOrdered"], m["QuantityShipped"] = i.Units(), i.Fulfillment.Fulfilled
	if c := i.Cancellation.Request; c != (amazon.CancellationRequest{}) {
		m["BuyerRequestedCancel"] = fields("IsBuyerRequestedCancel", "true", "BuyerCancelReason", c.Reason)
	}
	var ids []string
	for _, p := range i.Promotion.Breakdowns {
		ids = append(ids, p.ID)
	}
	if len(ids) > 0 {
		m["PromotionIds"] = ids
	}
	if len(i.Tax.Collections) > 0 {
		m["TaxCollection"] = fields("Model", "MarketplaceFacilitator", "ResponsibleParty", i.Tax.Collections[0].Responsible)
	}
	gift := i.Fulfillment.Packing.Gift
	info := fields("GiftMessageText", gift.Message, "GiftWrapLevel", gift.Level)
	if total := i.Proceeds.Total; total.Stated() {
		amounts(m, info, i, total.Currency)
	}
	if buyer && len(info) > 0 {
		m["BuyerInfo"] = info
	}
	return m
}

// amounts adds what an item cost to it, and what its gift wrap cost to what is
// said of the buyer.
func amounts(m, info map[string]any, i amazon.OrderItem, currency string) {
	put := func(into map[string]any, name string, amount amazon.Money) {
		if !amount.Amount.IsZero() {
			into[name] = moneyV0(amount)
		}
	}
	m["ItemPrice"] = moneyV0(amazon.Money{Amount: i.Revenue(), Currency: currency})
	put(m, "ShippingPrice", amazon.Money{Amount: i.Shipping(), Currency: currency})
	put(m, "ItemTax", amazon.Money{Amount: i.TaxOn(amazon.MoneyItem), Currency: currency})
	put(m, "ShippingTax", amazon.Money{Amount: i.TaxOn(amazon.MoneyShipping), Currency: currency})
	put(m, "ShippingDiscount", amazon.Money{Amount: i.ShippingDiscount(), Currency: currency})
	put(m, "PromotionDiscount", amazon.Money{Amount: i.Discount(), Currency: currency})
	put(m, "PromotionDiscountTax", amazon.Money{Amount: i.TaxOn(amazon.MoneyDiscount), Currency: currency})
	put(info, "GiftWrapPrice", amazon.Money{Amount: i.GiftWrap(), Currency: currency})
	put(info, "GiftWrapTax", amazon.Money{Amount: i.TaxOn(amazon.MoneyGiftWrap), Currency: currency})
}

// seen finds the order of a path as Amazon shows it; otherwise it has answered.
func (s *Server) seen(w http.ResponseWriter, r *http.Request, a *account) (amazon.Order, bool) {
	o, ok := a.anOrder(r.PathValue("id"), s.cfg.Now())
	if !ok {
		noOrder(w, r)
		return o, false
	}
	return shown(o, !a.Impersonal), true
}

func (s *Server) serveOrderV0(w http.ResponseWriter, r *http.Request, a *account) {
	if o, ok := s.seen(w, r, a); ok {
		write(w, http.StatusOK, map[string]any{"payload": s.orderV0(r, o)})
	}
}

func (s *Server) serveItemsV0(w http.ResponseWriter, r *http.Request, a *account) {
	o, ok := s.seen(w, r, a)
	if !ok {
		return
	}
	begin := 0
	if token := r.URL.Query().Get("NextToken"); token != "" {
		var at struct {
			Order string `json:"order"`
			Item  int    `json:"item"`
		}
		if !s.unseal(token, &at) || at.Order != o.ID {
			invalid(w, "Invalid NextToken.", "")
			return
		}
		begin = min(at.Item, len(o.Items))
	}
	end := min(begin+itemsPage, len(o.Items))
	list := []map[string]any{}
	for _, i := range o.Items[begin:end] {
		list = append(list, itemV0(i, s.personal(r, "buyerInfo")))
	}
	payload := map[string]any{"AmazonOrderId": o.ID, "OrderItems": list}
	if end < len(o.Items) {
		payload["NextToken"] = s.seal(map[string]any{"order": o.ID, "item": end})
	}
	write(w, http.StatusOK, map[string]any{"payload": payload})
}

func (s *Server) serveAddressV0(w http.ResponseWriter, r *http.Request, a *account) {
	if !s.personal(r, "") {
		writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "")
		return
	}
	o, ok := s.seen(w, r, a)
	if !ok {
		return
	}
	payload := fields("AmazonOrderId", o.ID, "BuyerCompanyName", o.Buyer.Company)
	if o.Recipient != (amazon.Recipient{}) {
		payload["ShippingAddress"] = addressV0(o.Recipient.Address)
	}
	write(w, http.StatusOK, map[string]any{"payload": payload})
}

func (s *Server) serveBuyerV0(w http.ResponseWriter, r *http.Request, a *account) {
	if !s.personal(r, "") {
		writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "")
		return
	}
	if o, ok := s.seen(w, r, a); ok {
		write(w, http.StatusOK, map[string]any{"payload": fields("AmazonOrderId", o.ID, "BuyerName", o.Buyer.Name, "BuyerEmail", o.Buyer.Email,
			"PurchaseOrderNumber", o.Buyer.PurchaseOrder)})
	}
}
