package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/database/private"
)

// TestABackupIsRestoredElsewhereAndVerified does what docs/backup.md says: the
// program's role dumps, the owner restores, and the books come out whole.
func TestABackupIsRestoredElsewhereAndVerified(t *testing.T) {
	t.Parallel()
	const key = "TIEOUT_VAULT_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	owner := dbtest.URL(t)
	program, err := private.Acting(owner, dbtest.Role)
	require.NoError(t, err)
	environ := []string{"TIEOUT_DATABASE_URL=" + program, key}
	code, _, complaints := shell(t, environ, "connection", "create", "--name", "acme-uk", "--region", "eu", "--p21-company", "ACMEUK", "--functional-currency", "GBP", "--time-zone", "Europe/London")
	require.Equal(t, exitOK, code, complaints)
	code, _, complaints = shell(t, environ, "settlement", "import", "--connection", "acme-uk", sampleFile(t, "v2-gbp-6076.txt"))
	require.Equal(t, exitOK, code, complaints)
	_, before, _ := shell(t, environ, "verify")
	_, head, _ := shell(t, environ, "audit", "head")

	dump, elsewhere := filepath.Join(t.TempDir(), "tieout.dump"), dbtest.Empty(t)
	said, err := exec.Command("pg_dump", "--format=custom", "--file="+dump, program).CombinedOutput()
	require.NoError(t, err, string(said))
	said, err = exec.Command("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--dbname="+elsewhere, dump).CombinedOutput()
	require.NoError(t, err, string(said))
	code, _, complaints = shell(t, []string{"TIEOUT_DATABASE_URL=" + elsewhere, key}, "migrate", "--for", dbtest.Role)
	require.Equal(t, exitOK, code, complaints)
	restored, err := private.Acting(elsewhere, dbtest.Role)
	require.NoError(t, err)
	environ = []string{"TIEOUT_DATABASE_URL=" + restored, key}
	code, after, _ := shell(t, environ, "verify")
	require.Equal(t, exitOK, code, after)
	require.Equal(t, before, after)
	_, again, _ := shell(t, environ, "audit", "head")
	require.Equal(t, head[:64], again[:64])
}
