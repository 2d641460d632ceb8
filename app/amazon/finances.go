package amazon

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/fault"
)

// Statuses of a transaction.
const (
	TransactionDeferred         = "DEFERRED"          // Amazon holds the money back
	TransactionReleased         = "RELEASED"          // the seller's at once
	TransactionDeferredReleased = "DEFERRED_RELEASED" // was held back, is released by now
)

// Identifiers that transactions name what belongs together by.
const (
	RelatedOrder      = "ORDER_ID"
	RelatedShipment   = "SHIPMENT_ID"
	RelatedSettlement = "SETTLEMENT_ID"
	RelatedDeferred   = "DEFERRED_TRANSACTION_ID" // on the release of a transaction of its own
)

// TransactionMoney is an amount of the Finances API: a JSON number, read exactly.
type TransactionMoney struct {
	Amount   decimal.Decimal
	Currency string // ISO 4217
}

// UnmarshalJSON reads the number without a detour over floating point.
func (m *TransactionMoney) UnmarshalJSON(raw []byte) error {
	var text struct {
		Amount   json.RawMessage `json:"currencyAmount"`
		Currency string          `json:"currencyCode"`
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	amount, err := readAmount(text.Amount)
	*m = TransactionMoney{amount, text.Currency}
	return err
}

// Transaction is one movement of a seller's money, as soon as it happens.
type Transaction struct {
	ID          string              `json:"transactionId"`
	Type        string              `json:"transactionType"`
	Status      string              `json:"transactionStatus"` // written in one way by Transactions
	Description string              `json:"description"`
	Posted      time.Time           `json:"postedDate"`
	Total       TransactionMoney    `json:"totalAmount"`
	Related     []RelatedIdentifier `json:"relatedIdentifiers"`
	Market      struct {
		ID   string `json:"marketplaceId"`
		Name string `json:"marketplaceName"`
	} `json:"marketplaceDetails"`
	Items      []TransactionItem    `json:"items"`
	Breakdowns []Charge             `json:"breakdowns"`
	Contexts   []TransactionContext `json:"contexts"`
}

// RelatedIdentifier names something that belongs to a transaction.
type RelatedIdentifier struct {
	Name  string `json:"relatedIdentifierName"`
	Value string `json:"relatedIdentifierValue"`
}

// TransactionItem is a part of a transaction, of one product mostly.
type TransactionItem struct {
	Description string               `json:"description"`
	Total       TransactionMoney     `json:"totalAmount"`
	Breakdowns  []Charge             `json:"breakdowns"`
	Contexts    []TransactionContext `json:"contexts"`
}

// Charge says what an amount is made of, down to its leaves.
type Charge struct {
	Type   string           `json:"breakdownType"`
	Amount TransactionMoney `json:"breakdownAmount"`
	Parts  []Charge         `json:"breakdowns"`
}

// TransactionContext tells more; which fields are set depends on Type.
type TransactionContext struct {
	Type           string    `json:"contextType"`
	SKU            string    `json:"sku"`
	ASIN           string    `json:"asin"`
	Quantity       int       `json:"quantityShipped"`
	Network        string    `json:"fulfillmentNetwork"` // AFN, MFN
	DeferralReason string    `json:"deferralReason"`     // DD7: days after delivery; B2B: invoiced orders
	Maturity       time.Time `json:"maturityDate"`       // when it is released
}

// RelatedTo returns the identifier of a name, "" when there is none.
func (t Transaction) RelatedTo(name string) string {
	for _, r := range t.Related {
		if r.Name == name {
			return r.Value
		}
	}
	return ""
}

// Deferral returns why a transaction is held back and until when; the zero time
// where Amazon does not say.
func (t Transaction) Deferral() (reason string, maturity time.Time) {
	for _, c := range t.Contexts {
		if c.DeferralReason != "" || !c.Maturity.IsZero() {
			return c.DeferralReason, c.Maturity
		}
	}
	return "", time.Time{}
}

// Product returns the context that tells of the item's product.
func (i TransactionItem) Product() TransactionContext {
	for _, c := range i.Contexts {
		if c.SKU != "" {
			return c
		}
	}
	return TransactionContext{}
}

// FoundTransaction is a transaction with its raw text, or why it cannot be read.
type FoundTransaction struct {
	Raw         json.RawMessage
	Transaction Transaction
	Err         error
}

// TransactionPage is one page of transactions; it may be empty though more follow.
type TransactionPage struct {
	Raw          json.RawMessage // as Amazon sent it
	Transactions []FoundTransaction
}

// TransactionQuery selects transactions by when they were posted.
type TransactionQuery struct {
	After  time.Time
	Before time.Time // not included
}

// TransactionSpan is the longest span of one query; of more than 180 days Amazon
// returns nothing and no error, and long spans fail near their end.
const TransactionSpan = 180 * 24 * time.Hour

// TransactionDelay is how far behind now a query must end.
const TransactionDelay = 2 * time.Minute

var opListTransactions = Operation{"listTransactions", 0.5, 10}

const pathTransactions = "/finances/2024-06-19/transactions"

// Transactions returns the pages of a query. Orders of the last two days may be
// missing, and a transaction that is held back changes its status later: read
// again with an overlap.
func (c *Client) Transactions(ctx context.Context, q TransactionQuery) iter.Seq2[TransactionPage, error] {
	return func(yield func(TransactionPage, error) bool) {
		if !q.After.Before(q.Before) || q.Before.Sub(q.After) > TransactionSpan {
			yield(TransactionPage{}, fault.New(fault.Invalid, "Transactions are read in spans of up to 180 days."))
			return
		}
		query := url.Values{"postedAfter": {stamp(q.After)}, "postedBefore": {stamp(q.Before)}}
		seen := map[string]bool{}
		for {
			page, next, err := c.transactionsPage(ctx, query)
			if !yield(page, err) || err != nil || next == "" {
				return
			}
			if seen[next] {
				yield(TransactionPage{}, fault.New(fault.Unavailable, "Amazon repeats the same page of transactions."))
				return
			}
			seen[next] = true
			query.Set("nextToken", next)
		}
	}
}

func (c *Client) transactionsPage(ctx context.Context, query url.Values) (page TransactionPage, next string, err error) {
	r := request{op: opListTransactions, method: http.MethodGet, path: pathTransactions, query: query}
	if err := c.call(ctx, r, &page.Raw); err != nil {
		return page, "", err
	}
	found, next, err := ReadTransactions(page.Raw)
	page.Transactions = found
	return page, next, err
}

// ReadTransactions reads a page as Amazon sent it. A transaction that cannot be
// read does not keep the others from being.
func ReadTransactions(raw json.RawMessage) (list []FoundTransaction, next string, err error) {
	var body struct {
		Payload struct {
			Transactions []json.RawMessage `json:"transactions"`
			Next         string            `json:"nextToken"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, "", unreadable(err, "a page of transactions")
	}
	for _, one := range body.Payload.Transactions {
		t, err := readTransaction(one)
		list = append(list, FoundTransaction{one, t, err})
	}
	return list, body.Payload.Next, nil
}

func readTransaction(raw json.RawMessage) (Transaction, error) {
	var t Transaction
	if err := json.Unmarshal(raw, &t); err != nil {
		return t, unreadable(err, "a transaction")
	}
	t.Status = strings.ToUpper(t.Status)
	switch {
	case t.ID == "":
		return t, unreadable(missingField("transactionId"), "a transaction")
	case t.Posted.IsZero():
		return t, unreadable(missingField("postedDate"), "a transaction")
	case t.Total.Currency == "":
		return t, unreadable(missingField("totalAmount"), "a transaction")
	}
	return t, nil
}

// missingField names a field that a transaction cannot do without.
type missingField string

func (e missingField) Error() string { return "no " + string(e) }
