package seedv2

import (
	"context"
	"strconv"

	"tieout/app/p21/internal/rest"
)

const (
	pageSize = 200
	maxPages = 1000
)

// query reads a whole list. matches repeats the filter on each row: real P21
// servers silently ignore parts of filters that they do not understand.
type query[Row any] struct {
	operation string
	path      string
	filter    string
	order     string
	matches   func(Row) bool
}

type page[Row any] struct {
	Count *int  `json:"@odata.count"`
	Value []Row `json:"value"`
}

// list reads pages until a short one.
func list[Row any](ctx context.Context, client *rest.Client, q query[Row]) ([]Row, error) {
	var rows []Row
	for range maxPages {
		var p page[Row]
		err := client.Get(ctx, q.operation, q.path, &p, "$filter", q.filter, "$orderby", q.order,
			"$top", strconv.Itoa(pageSize), "$skip", strconv.Itoa(len(rows)), "$count", "true")
		if err != nil {
			return nil, err
		}
		if len(p.Value) > pageSize {
			return nil, rest.Broken(q.operation, "asked for %d rows, got %d: the server ignores $top", pageSize, len(p.Value))
		}
		for _, row := range p.Value {
			if !q.matches(row) {
				return nil, rest.Broken(q.operation, "a row does not match the filter %s: the server ignores $filter", q.filter)
			}
		}
		rows = append(rows, p.Value...)
		if len(p.Value) < pageSize {
			if p.Count != nil && *p.Count != len(rows) {
				return nil, rest.Broken(q.operation, "the server counts %d rows and sent %d", *p.Count, len(rows))
			}
			return rows, nil
		}
	}
	return nil, rest.Broken(q.operation, "more than %d rows", maxPages*pageSize)
}
