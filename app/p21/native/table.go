package native

import (
	"context"
	"strconv"

	"tieout/app/p21/internal/rest"
)

const (
	pageSize = 1000
	maxPages = 500
)

// query reads the rows of one table that match. The filter saves traffic;
// matches decides.
type query[Row any] struct {
	operation string
	table     string
	columns   string
	filter    string
	order     string // a key: pages would overlap without it
	matches   func(Row) bool
}

// table reads pages until a short one, because the server never says that
// there are more.
func table[Row any](ctx context.Context, client *rest.Client, q query[Row]) ([]Row, error) {
	var rows []Row
	for n := range maxPages {
		var page struct {
			Value []Row `json:"value"`
		}
		err := client.Get(ctx, q.operation, "/odataservice/odata/table/"+q.table, &page,
			"$select", q.columns, "$filter", q.filter, "$orderby", q.order,
			"$top", strconv.Itoa(pageSize), "$skip", strconv.Itoa(n*pageSize))
		if err != nil {
			return nil, err
		}
		if len(page.Value) > pageSize {
			return nil, rest.Broken(q.operation, "asked table %s for %d rows, got %d: the server ignores $top", q.table, pageSize, len(page.Value))
		}
		for _, row := range page.Value {
			if q.matches(row) {
				rows = append(rows, row)
			}
		}
		if len(page.Value) < pageSize {
			return rows, nil
		}
	}
	return nil, rest.Broken(q.operation, "table %s has more than %d rows: the server ignores $filter", q.table, maxPages*pageSize)
}
