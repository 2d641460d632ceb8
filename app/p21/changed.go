package p21

import (
	"context"
	"time"
)

// ChangedOrders tells which sales orders changed.
type ChangedOrders interface {
	// ChangedOrders returns the heads of at least the orders that changed since an
	// instant, by number: their lines and how far they are, but for Cancelled, are
	// not told; see ReadOrder.
	ChangedOrders(ctx context.Context, since time.Time) ([]SalesOrder, error)
}

// Head is an order as ChangedOrders tells of it.
func (o SalesOrder) Head() SalesOrder {
	o.Lines, o.Currency, o.Notes = nil, "", nil
	if o.Status != Cancelled {
		o.Status = ""
	}
	return o
}
