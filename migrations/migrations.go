// Package migrations holds the database's schema as goose SQL files.
package migrations

import "embed"

// FS holds the migration files, applied in the order of their numbers.
//
//go:embed *.sql
var FS embed.FS
