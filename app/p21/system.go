package p21

import "context"

// System is all of one P21 company that the program knows. It is safe for
// concurrent use and returns *Error.
type System interface {
	Ledger
	Sales
	ChangedOrders
	Customers
	Items
	Fulfilment
	Rates
	// Features says which of these this server has. It asks once and remembers;
	// a write that the server turns out not to know is remembered too.
	Features(ctx context.Context) (Features, error)
}

// Features differ from site to site. What is false is not available from this
// P21, and its methods return an *Error of Type Unsupported.
type Features struct {
	Orders            bool // FindOrders, ReadOrder, PostOrder
	RefusesDuplicates bool // a second order with the same reference is refused by the server
	OrderChange       bool // ChangeOrder
	Customers         bool // FindCustomer, Customer
	CustomerWrite     bool // CreateCustomer
	Items             bool // Items, Item
	Stock             bool // Stock
	StockWrite        bool // AdjustStock
	Shipments         bool // Shipments
	TrackingWrite     bool // WriteTracking
	Invoices          bool // Invoices
	Returns           bool // Returns
	ReturnWrite       bool // CreateReturn
}

// NotAvailable is the error of what a server does not have.
func NotAvailable(operation, what string) *Error {
	return &Error{Operation: operation, Type: Unsupported, Message: what + " are not available from P21"}
}
