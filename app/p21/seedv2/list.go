package seedv2

import (
	"context"
	"iter"
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

// list reads all rows.
func list[Row any](ctx context.Context, client *rest.Client, q query[Row]) ([]Row, error) {
	var all []Row
	for row, err := range rows(ctx, client, q) {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// rows reads page after page until a short one.
func rows[Row any](ctx context.Context, client *rest.Client, q query[Row]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var none Row
		seen := 0
		for range maxPages {
			p, err := onePage(ctx, client, q, seen)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range p.Value {
				if !yield(row, nil) {
					return
				}
			}
			seen += len(p.Value)
			if len(p.Value) == pageSize {
				continue
			}
			if p.Count != nil && *p.Count != seen {
				yield(none, rest.Broken(q.operation, "the server counts %d rows and sent %d", *p.Count, seen))
			}
			return
		}
		yield(none, rest.Broken(q.operation, "more than %d rows", maxPages*pageSize))
	}
}

func onePage[Row any](ctx context.Context, client *rest.Client, q query[Row], skip int) (page[Row], error) {
	var p page[Row]
	err := client.Get(ctx, q.operation, q.path, &p, "$filter", q.filter, "$orderby", q.order,
		"$top", strconv.Itoa(pageSize), "$skip", strconv.Itoa(skip), "$count", "true")
	if err != nil {
		return p, err
	}
	if len(p.Value) > pageSize {
		return p, rest.Broken(q.operation, "asked for %d rows, got %d: the server ignores $top", pageSize, len(p.Value))
	}
	for _, row := range p.Value {
		if !q.matches(row) {
			return p, rest.Broken(q.operation, "a row does not match the filter %s: the server ignores $filter", q.filter)
		}
	}
	return p, nil
}
