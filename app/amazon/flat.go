package amazon

import "strings"

// FlatColumns are the columns of a tab-separated report by name: in lower case,
// with hyphens. Amazon leaves out or adds columns by marketplace.
type FlatColumns map[string]int

// ReadFlatColumns reads a header. Fields are cut at tabs, because Amazon does
// not quote them.
func ReadFlatColumns(header string) FlatColumns {
	columns := FlatColumns{}
	for i, name := range strings.Split(header, "\t") {
		name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "-")
		if _, twice := columns[name]; !twice {
			columns[name] = i
		}
	}
	return columns
}

// Row returns a row's fields by column; "" where it has none.
func (c FlatColumns) Row(row string) func(column string) string {
	fields := strings.Split(row, "\t")
	return func(column string) string {
		i, ok := c[column]
		if !ok || i >= len(fields) {
			return ""
		}
		return strings.TrimSpace(fields[i])
	}
}
