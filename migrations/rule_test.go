package migrations_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/migrations"
)

// from is the first migration that is held to leave the version before at work.
const from = "00070"

// takesAway is what the version before would miss, or find otherwise. A view that
// is dropped loses its rights besides.
var takesAway = regexp.MustCompile(`(?i)\b(DROP\s+(TABLE|VIEW|COLUMN)|RENAME|ALTER\s+COLUMN\s+\w+\s+(TYPE|SET\s+DATA\s+TYPE|SET\s+NOT\s+NULL))\b`)

// added is a column that is added to a table.
var added = regexp.MustCompile(`(?is)ADD\s+COLUMN[^,;]*`)

// broken returns what a migration takes away without saying so.
func broken(text string) string {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	if strings.Contains(up, "UPDATE schema_floor") {
		return ""
	}
	for _, column := range added.FindAllString(up, -1) {
		if words := strings.ToUpper(column); strings.Contains(words, "NOT NULL") && !strings.Contains(words, "DEFAULT") {
			return column // the version before leaves it out
		}
	}
	return takesAway.FindString(up)
}

func TestMigrationsLeaveTheVersionBeforeAtWork(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(t, err)
	for _, name := range names {
		if name < from {
			continue
		}
		text, err := fs.ReadFile(migrations.FS, name)
		require.NoError(t, err)
		require.Empty(t, broken(string(text)), "%s takes away what the version before uses. Do so in the version after, and raise schema_floor in the same migration.", name)
	}
}

func TestWhatTakesAwayIsFound(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"ALTER TABLE a DROP COLUMN b;", "DROP VIEW a;", "ALTER TABLE a RENAME COLUMN b TO c;", "ALTER TABLE a ALTER COLUMN b TYPE bigint;", "ALTER TABLE a ALTER COLUMN b SET NOT NULL;",
		"ALTER TABLE a ADD COLUMN b int NOT NULL;", "ALTER TABLE a ADD COLUMN b int NOT NULL, ADD COLUMN c int;"} {
		require.NotEmpty(t, broken("-- +goose Up\n"+wrong), wrong)
		require.Empty(t, broken("-- +goose Up\n"+wrong+"\nUPDATE schema_floor SET version = 71;"), wrong)
	}
	for _, right := range []string{"ALTER TABLE a ADD COLUMN b int;", "ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0;", "CREATE TABLE a (b int NOT NULL);", "CREATE OR REPLACE VIEW a AS SELECT 1;", "SELECT 1; -- +goose Down\nDROP TABLE a;"} {
		require.Empty(t, broken("-- +goose Up\n"+right), right)
	}
}
