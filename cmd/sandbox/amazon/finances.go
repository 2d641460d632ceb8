package amazon

import (
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/cmd/sandbox/seller"
)

var listTransactions = operation{"listTransactions", 0.5, 10}

const (
	transactionsPath = "/finances/2024-06-19/transactions"
	transactionsSpan = 180 * 24 * time.Hour // of more Amazon returns nothing, without an error
	transactionsPage = 100
)

// transactionSearch is a query; its token carries it on.
type transactionSearch struct {
	After  time.Time `json:"after"`
	Before time.Time `json:"before"`
	Market string    `json:"market"`
	Status string    `json:"status"`
	Order  string    `json:"order"`

	Index  int    `json:"index"` // of the page's first transaction
	Seller string `json:"seller"`
}

// same reports whether q asks for what the token's search asked for.
func (q transactionSearch) same(t transactionSearch, bounded bool) bool {
	return q.Seller == t.Seller && q.After.Equal(t.After) && (!bounded || q.Before.Equal(t.Before)) && q.Market == t.Market && q.Status == t.Status && q.Order == t.Order
}

func (s *Server) serveTransactions(w http.ResponseWriter, r *http.Request, a *account) {
	q, wrong := s.transactionSearch(r, a)
	if wrong != "" {
		invalid(w, wrong, "")
		return
	}
	payload := map[string]any{"transactions": []any{}}
	if q.Before.Sub(q.After) > transactionsSpan {
		write(w, http.StatusOK, map[string]any{"payload": payload})
		return
	}
	list := []transaction{}
	for i, t := range a.transactions(q, s.cfg.Now()) {
		if i < q.Index {
			continue
		}
		if len(list) == transactionsPage {
			q.Index = i
			payload["nextToken"] = s.seal(q)
			break
		}
		list = append(list, t)
	}
	payload["transactions"] = list
	write(w, http.StatusOK, map[string]any{"payload": payload})
}

// transactionSearch reads the query, or the search of its token.
func (s *Server) transactionSearch(r *http.Request, a *account) (q transactionSearch, wrong string) {
	query, latest := r.URL.Query(), s.cfg.Now().Add(-newest)
	q = transactionSearch{Before: latest.Truncate(time.Second), Market: query.Get("marketplaceId"), Status: query.Get("transactionStatus"), Seller: a.seller().Key}
	switch query.Get("relatedIdentifierName") {
	case "":
	case "ORDER_ID":
		q.Order = query.Get("relatedIdentifierValue")
	default:
		return q, "relatedIdentifierName must be ORDER_ID or FINANCIAL_EVENT_GROUP_ID."
	}
	var err error
	if text := query.Get("postedAfter"); text != "" {
		if q.After, err = time.Parse(time.RFC3339, text); err != nil || q.After.After(latest) {
			return q, "postedAfter is not an instant more than two minutes ago."
		}
	} else if q.Order == "" {
		return q, "postedAfter is required when no related identifier is given."
	} else {
		q.After = latest.Add(-transactionsSpan)
	}
	if text := query.Get("postedBefore"); text != "" {
		if q.Before, err = time.Parse(time.RFC3339, text); err != nil || q.Before.After(latest) || !q.Before.After(q.After) {
			return q, "postedBefore is not an instant after postedAfter and more than two minutes ago."
		}
	}
	token := query.Get("nextToken")
	if token == "" {
		return q, ""
	}
	var earlier transactionSearch
	if !s.unseal(token, &earlier) || !q.same(earlier, query.Has("postedBefore")) {
		return q, "nextToken is none of this query."
	}
	return earlier, ""
}

// transactions are the seller's that a search selects, as they are now.
func (a *account) transactions(q transactionSearch, now time.Time) []transaction {
	var list []transaction
	for _, t := range a.Books.Transactions(q.After, q.Before) {
		one := a.transaction(t, now)
		if (q.Market == "" || one.Market.ID == q.Market) && (q.Status == "" || one.Status == q.Status) && (q.Order == "" || t.OrderID == q.Order) {
			list = append(list, one)
		}
	}
	return list
}

// What the model calls Transaction and its parts.
type (
	transaction struct {
		Seller struct {
			ID      string `json:"sellingPartnerId"`
			Account string `json:"accountType"`
			Market  string `json:"marketplaceId"`
		} `json:"sellingPartnerMetadata"`
		Related     []relatedIdentifier `json:"relatedIdentifiers"`
		Type        string              `json:"transactionType"`
		ID          string              `json:"transactionId"`
		Status      string              `json:"transactionStatus"`
		Description string              `json:"description"`
		Posted      time.Time           `json:"postedDate"`
		Total       currencyAmount      `json:"totalAmount"`
		Market      marketplaceDetails  `json:"marketplaceDetails"`
		Items       []transactionItem   `json:"items"`
		Contexts    []map[string]any    `json:"contexts"`
		Breakdowns  []charge            `json:"breakdowns"`
	}
	relatedIdentifier struct {
		Name  string `json:"relatedIdentifierName"`
		Value string `json:"relatedIdentifierValue"`
	}
	marketplaceDetails struct {
		ID   string `json:"marketplaceId"`
		Name string `json:"marketplaceName"`
	}
	transactionItem struct {
		Description string           `json:"description"`
		Total       currencyAmount   `json:"totalAmount"`
		Breakdowns  []charge         `json:"breakdowns,omitempty"`
		Contexts    []map[string]any `json:"contexts"`
	}
	charge struct {
		Type   string         `json:"breakdownType"`
		Amount currencyAmount `json:"breakdownAmount"`
		Parts  []charge       `json:"breakdowns"`
	}
)

// currencyAmount is an amount as a JSON number.
type currencyAmount struct {
	cents    int64
	currency string
}

// MarshalJSON writes the number without a detour over floating point.
func (m currencyAmount) MarshalJSON() ([]byte, error) {
	return []byte(`{"currencyCode":"` + m.currency + `","currencyAmount":` + decimal.New(m.cents, -2).String() + `}`), nil
}

func (a *account) transaction(t seller.Transaction, now time.Time) transaction {
	one := transaction{Type: t.Type, ID: t.ID, Status: "RELEASED", Description: transactionTitle(t), Posted: t.Posted.UTC(), Contexts: []map[string]any{},
		Total: currencyAmount{t.Cents(), a.seller().Currency}, Market: a.market(t.Market), Items: []transactionItem{}, Breakdowns: []charge{}}
	one.Seller.ID, one.Seller.Account, one.Seller.Market = a.seller().SellerID, "Standard Orders", one.Market.ID
	if t.Held() {
		one.Status = "DEFERRED"
		if !now.Before(t.Released) {
			one.Status = "DEFERRED_RELEASED"
		}
		one.Contexts = append(one.Contexts, map[string]any{"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": t.Released.UTC()})
	}
	one.Related = a.related(t, now)
	for len(t.Lines) > 0 {
		n := 1
		for n < len(t.Lines) && t.Lines[n].ItemCode == t.Lines[0].ItemCode {
			n++
		}
		a.part(&one, t.Lines[:n])
		t.Lines = t.Lines[n:]
	}
	return one
}

// part adds the lines of one product; of a reimbursement the breakdown stands at
// the transaction, not at its item.
func (a *account) part(one *transaction, lines []seller.Line) {
	charges, total := a.charges(one.Type, lines)
	l := lines[0]
	if l.SKU == "" {
		one.Breakdowns = append(one.Breakdowns, charges...)
		return
	}
	product := map[string]any{"contextType": "ProductContext", "sku": l.SKU, "quantityShipped": l.Quantity}
	if l.Fulfillment != "" {
		product["fulfillmentNetwork"] = l.Fulfillment
	}
	item := transactionItem{Total: currencyAmount{total, a.seller().Currency}, Contexts: []map[string]any{product}}
	if one.Type == "FBAInventoryReimbursement" {
		one.Breakdowns = charges
	} else {
		item.Breakdowns = charges
	}
	one.Items = append(one.Items, item)
}

func (a *account) market(name string) marketplaceDetails {
	markets := a.seller().Markets
	for _, m := range markets {
		if m.Name == name {
			return marketplaceDetails{m.ID, m.Name}
		}
	}
	if name == "" {
		name = markets[0].Name
	}
	return marketplaceDetails{markets[0].ID, name}
}

func (a *account) related(t seller.Transaction, now time.Time) []relatedIdentifier {
	list := []relatedIdentifier{}
	l := t.Lines[0]
	if t.OrderID != "" {
		list = append(list, relatedIdentifier{"ORDER_ID", t.OrderID})
	}
	if l.ShipmentID != "" {
		list = append(list, relatedIdentifier{"SHIPMENT_ID", l.ShipmentID})
	}
	if !now.Before(a.seller().End(t.Cycle)) && !now.Before(t.Released) {
		list = append(list, relatedIdentifier{"SETTLEMENT_ID", a.Books.Settlement(t.Cycle).ID})
	}
	return list
}

func transactionTitle(t seller.Transaction) string {
	switch t.Type {
	case "Shipment":
		return "Order Payment"
	case "Refund":
		return "Refund Order"
	case "ServiceFee":
		return strings.ReplaceAll(feeName(t.Lines[0]), " ", "")
	}
	return t.Type
}
