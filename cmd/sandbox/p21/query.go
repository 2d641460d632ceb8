package p21

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// table is what a query runs over.
type table struct {
	columns []string
	rows    []row
}

// result is a page and how many rows there are without paging.
type result struct {
	rows  []row
	count int
}

// run applies $filter, $orderby, $skip, $top and $select. limit bounds a page
// when $top does not; 0: no bound.
func (t table) run(query url.Values, limit int) (result, error) {
	holds, err := parseFilter(query.Get("$filter"), t.columns)
	if err != nil {
		return result{}, err
	}
	var kept []row
	for _, r := range t.rows {
		if holds(r) {
			kept = append(kept, r)
		}
	}
	if err := t.order(kept, query.Get("$orderby")); err != nil {
		return result{}, err
	}
	count := len(kept)
	skip, err := natural(query, "$skip", 0)
	if err != nil {
		return result{}, err
	}
	top, err := natural(query, "$top", cmpOr(limit, count))
	if err != nil {
		return result{}, err
	}
	kept = kept[min(skip, len(kept)):]
	kept = kept[:min(top, len(kept))]
	kept, err = t.pick(kept, query.Get("$select"))
	return result{kept, count}, err
}

func cmpOr(limit, count int) int {
	if limit > 0 {
		return limit
	}
	return count
}

func natural(query url.Values, name string, fallback int) (int, error) {
	if !query.Has(name) {
		return fallback, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a number", name)
	}
	return n, nil
}

func (t table) order(rows []row, by string) error {
	if by == "" {
		return nil
	}
	type key struct {
		column string
		sign   int
	}
	var keys []key
	for part := range strings.SplitSeq(by, ",") {
		column, direction, _ := strings.Cut(strings.TrimSpace(part), " ")
		if !slices.Contains(t.columns, column) {
			return fmt.Errorf("%w named %q", errColumn, column)
		}
		k := key{column, 1}
		if direction == "desc" {
			k.sign = -1
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		for _, k := range keys {
			if c := compare(a[k.column], b[k.column]); c != 0 {
				return c * k.sign
			}
		}
		return 0
	})
	return nil
}

func (t table) pick(rows []row, columns string) ([]row, error) {
	if columns == "" {
		return rows, nil
	}
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if !slices.Contains(t.columns, names[i]) {
			return nil, fmt.Errorf("%w named %q", errColumn, names[i])
		}
	}
	picked := make([]row, len(rows))
	for i, r := range rows {
		picked[i] = row{}
		for _, name := range names {
			picked[i][name] = r[name]
		}
	}
	return picked, nil
}

// wire turns decimals into JSON numbers.
func wire(rows []row) []row {
	out := make([]row, len(rows))
	for i, r := range rows {
		out[i] = maps.Clone(r)
		for column, value := range r {
			if d, ok := value.(decimal.Decimal); ok {
				out[i][column] = number{d}
			}
		}
	}
	return out
}

// number is a decimal as a JSON number.
type number struct{ decimal.Decimal }

// MarshalJSON writes the digits.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

func whole[N int | int64](n N) decimal.Decimal { return decimal.NewFromInt(int64(n)) }
