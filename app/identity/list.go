package identity

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"tieout/app/fault"
	"tieout/sqlc"
)

// List is what a person keeps about a list.
type List struct {
	Hidden  []string // keys of the columns they do not want to see
	Filters []SavedFilter
}

// SavedFilter is a filter under a name, as the query of an address.
type SavedFilter = sqlc.SavedFiltersRow

const (
	longestName   = 60
	longestFilter = 2000
	longestKey    = 40
	mostFilters   = 50 // of one list
	mostColumns   = 50
)

// ListOf returns what a person keeps about a list.
func (s *Service) ListOf(ctx context.Context, personID int64, list string) (List, error) {
	db := sqlc.New(s.store.pool)
	hidden, err := db.HiddenColumns(ctx, sqlc.HiddenColumnsParams{PersonID: personID, List: list})
	if err != nil {
		return List{}, fmt.Errorf("read columns of %s: %w", list, err)
	}
	filters, err := db.SavedFilters(ctx, sqlc.SavedFiltersParams{PersonID: personID, List: list})
	if err != nil {
		return List{}, fmt.Errorf("read saved filters of %s: %w", list, err)
	}
	return List{hidden, filters}, nil
}

// HideColumns keeps which columns of a list a person does not want to see.
func (s *Service) HideColumns(ctx context.Context, personID int64, list string, columns []string) error {
	if len(columns) > mostColumns {
		return fault.New(fault.Invalid, "A list has at most %d columns.", mostColumns)
	}
	for _, key := range columns {
		if len(key) > longestKey || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			return fault.New(fault.Invalid, "There is no such column.")
		}
	}
	err := sqlc.New(s.store.pool).HideColumns(ctx, sqlc.HideColumnsParams{PersonID: personID, List: list, Columns: append([]string{}, columns...)})
	if err != nil {
		return fmt.Errorf("keep columns of %s: %w", list, err)
	}
	return nil
}

// SaveFilter keeps a filter of a list under a name, in place of an earlier one
// of that name.
func (s *Service) SaveFilter(ctx context.Context, personID int64, list, name, query string) error {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > longestName {
		return fault.InvalidFields(map[string]string{"name": fmt.Sprintf("A name of 1 to %d characters.", longestName)})
	}
	if len(query) > longestFilter {
		return fault.InvalidFields(map[string]string{"query": "This filter is too long to be kept."})
	}
	kept, err := sqlc.New(s.store.pool).SaveFilter(ctx, sqlc.SaveFilterParams{PersonID: personID, List: list, Name: name, Query: query, Most: mostFilters})
	if err != nil {
		return fmt.Errorf("keep a filter of %s: %w", list, err)
	}
	if kept == 0 {
		return fault.New(fault.Conflict, "A list keeps at most %d filters. Delete one first.", mostFilters)
	}
	return nil
}

// DeleteFilter removes a filter that the person keeps; fault.NotFound when they
// keep none such.
func (s *Service) DeleteFilter(ctx context.Context, personID int64, list string, id int64) error {
	gone, err := sqlc.New(s.store.pool).DeleteFilter(ctx, sqlc.DeleteFilterParams{ID: id, PersonID: personID, List: list})
	if err != nil {
		return fmt.Errorf("delete saved filter %d: %w", id, err)
	}
	if gone == 0 {
		return fault.New(fault.NotFound, "There is no saved filter %d of yours.", id)
	}
	return nil
}
