package native

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"tieout/app/p21/internal/rest"
)

const (
	pageSize = 1000
	maxPages = 500
	// chainLength is how many values one filter names; longer ones would not fit
	// into an address.
	chainLength = 40
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

// table reads all rows.
func table[Row any](ctx context.Context, client *rest.Client, q query[Row]) ([]Row, error) {
	var all []Row
	for row, err := range rows(ctx, client, q) {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// rows reads pages until a short one, because the server never says that
// there are more.
func rows[Row any](ctx context.Context, client *rest.Client, q query[Row]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var none Row
		for n := range maxPages {
			page, err := onePage(ctx, client, q, n*pageSize)
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range page {
				if q.matches(row) && !yield(row, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
		}
		yield(none, rest.Broken(q.operation, "table %s has more than %d rows: the server ignores $filter", q.table, maxPages*pageSize))
	}
}

func onePage[Row any](ctx context.Context, client *rest.Client, q query[Row], skip int) ([]Row, error) {
	var page struct {
		Value []Row `json:"value"`
	}
	err := client.Get(ctx, q.operation, "/odataservice/odata/table/"+q.table, &page,
		"$select", q.columns, "$filter", q.filter, "$orderby", q.order,
		"$top", strconv.Itoa(pageSize), "$skip", strconv.Itoa(skip))
	if err != nil {
		return nil, err
	}
	if len(page.Value) > pageSize {
		return nil, rest.Broken(q.operation, "asked table %s for %d rows, got %d: the server ignores $top", q.table, pageSize, len(page.Value))
	}
	return page.Value, nil
}

// chained reads the rows whose column has one of the literals; q.filter, when
// there is one, holds besides. Servers ignore "in", so the values are chained
// with "or".
func chained[Row any](ctx context.Context, client *rest.Client, q query[Row], column string, literals []string) ([]Row, error) {
	var all []Row
	besides := q.filter
	for some := range slices.Chunk(literals, chainLength) {
		terms := make([]string, len(some))
		for i, literal := range some {
			terms[i] = column + " eq " + literal
		}
		q.filter = "(" + strings.Join(terms, " or ") + ")"
		if besides != "" {
			q.filter += " and " + besides
		}
		found, err := table(ctx, client, q)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}
