package seedv2

import (
	"context"
	"time"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// ChangedOrders implements p21.System.
func (s *System) ChangedOrders(ctx context.Context, from time.Time) ([]p21.SalesOrder, error) {
	const operation = "find changed orders"
	rows, err := list(ctx, s.rest, query[order]{
		operation: operation, path: orders, order: "SalesOrderNumber",
		filter: "CompanyId eq " + rest.Literal(s.company) + " and " + since(from),
		matches: func(o order) bool {
			at, err := instant(o.LastModified)
			return err == nil && o.CompanyId == s.company && changed(stamp{at}, from)
		},
	})
	if err != nil {
		return nil, read(err, operation, "sales orders")
	}
	heads := make([]p21.SalesOrder, len(rows))
	for i, row := range rows {
		held, err := row.held()
		if err != nil {
			return nil, rest.Broken(operation, "%v", err)
		}
		heads[i] = held.Head()
	}
	return heads, nil
}
