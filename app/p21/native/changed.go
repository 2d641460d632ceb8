package native

import (
	"context"
	"time"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// ChangedOrders implements p21.System.
func (s *System) ChangedOrders(ctx context.Context, from time.Time) ([]p21.SalesOrder, error) {
	const operation = "find changed orders"
	found, err := table(ctx, s.rest, query[orderHeader]{
		operation: operation, table: "oe_hdr", order: "order_no", columns: orderColumns,
		filter: "company_id eq " + rest.Literal(s.company) + " and delete_flag eq 'N' and rma_flag eq 'N' and projected_order eq 'N' and " + s.since(from),
		matches: func(h orderHeader) bool {
			return h.CompanyID.is(s.company) && !h.DeleteFlag.is("Y") && !h.RmaFlag.is("Y") && s.changed(h.DateModified, from)
		},
	})
	if err != nil {
		return nil, read(err, operation, "sales orders")
	}
	heads := make([]p21.SalesOrder, len(found))
	for i, h := range found {
		held, err := s.order(h)
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		if h.CancelFlag.is("Y") {
			held.Status = p21.Cancelled
		}
		heads[i] = held.Head()
	}
	return heads, nil
}
