package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/settlement/report"
)

const samples = "../../../shared/reference/settlement/samples"

// shell runs the program as the shell does.
func shell(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = run(t.Context(), environment{stdin: strings.NewReader(""), stdout: &out, stderr: &complaints, environ: environ}, args)
	return code, out.String(), complaints.String()
}

func sampleFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(samples, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("the reference reports are not beside this checkout")
	}
	return path
}

func TestDescribeTellsByItsExitCode(t *testing.T) {
	t.Parallel()
	clean := sampleFile(t, "v2-usd-9464.txt")
	code, out, _ := shell(t, nil, "settlement", "describe", "--json", clean)
	require.Equal(t, exitOK, code)
	var d report.Description
	require.NoError(t, json.Unmarshal([]byte(out), &d))
	require.Equal(t, report.FlatFileV2, d.Format)
	require.Equal(t, "1668.68", d.Settlements[0].Deposit)
	require.Equal(t, "0.00", d.Settlements[0].Difference)
	require.Equal(t, 273, d.Settlements[0].Lines)

	text, err := os.ReadFile(clean)
	require.NoError(t, err)
	short := filepath.Join(t.TempDir(), "short.txt")
	require.NoError(t, os.WriteFile(short, bytes.Join(bytes.SplitAfter(text, []byte("\n"))[:100], nil), 0o600))
	code, out, _ = shell(t, nil, "settlement", "describe", short)
	require.Equal(t, exitProblems, code)
	require.Contains(t, out, "OUT OF BALANCE")

	page := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(page, []byte("<!doctype html><html></html>"), 0o600))
	code, _, complaints := shell(t, nil, "settlement", "describe", page)
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "a web page")
	code, _, complaints = shell(t, nil, "settlement", "describe", "no-such-file")
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "no-such-file")
}

func TestImportVerifyExportFromTheShell(t *testing.T) {
	t.Parallel()
	file := sampleFile(t, "v2-gbp-6076.txt")
	environ := []string{"TIEOUT_DATABASE_URL=" + dbtest.URL(t), "TIEOUT_VAULT_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
	code, _, complaints := shell(t, environ, "connection", "create", "--name", "acme-uk", "--region", "eu", "--p21-company", "ACMEUK", "--functional-currency", "GBP", "--time-zone", "Europe/London")
	require.Equal(t, exitOK, code, complaints)
	code, _, complaints = shell(t, environ, "connection", "create", "--name", "Bad Name", "--p21-company", "X")
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "--name")
	code, out, complaints := shell(t, environ, "settlement", "import", "--connection", "acme-uk", "--json", file)
	require.Equal(t, exitOK, code, complaints)
	require.Contains(t, out, `"deposit":"253.43"`)
	code, _, complaints = shell(t, environ, "settlement", "import", "--connection", "acme-uk", file)
	require.Equal(t, exitOK, code)
	require.Contains(t, complaints, "identical")
	code, _, complaints = shell(t, environ, "settlement", "import", "--connection", "nobody", file)
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "nobody")
	code, out, _ = shell(t, environ, "verify")
	require.Equal(t, exitOK, code, out)
	require.Contains(t, out, "lines-sealed")
	code, head, complaints := shell(t, environ, "audit", "head")
	require.Equal(t, exitOK, code, complaints)
	kept := filepath.Join(t.TempDir(), "heads.txt")
	require.NoError(t, os.WriteFile(kept, []byte(head), 0o600))
	code, out, _ = shell(t, environ, "verify", "--witness", kept)
	require.Equal(t, exitOK, code, out)
	require.Regexp(t, `audit-witness +1 examined  holds`, out)
	require.NoError(t, os.WriteFile(kept, []byte("1:"+strings.Repeat("0", 64)), 0o600))
	code, out, _ = shell(t, environ, "verify", "--witness", kept)
	require.Equal(t, exitProblems, code, out)
	require.Contains(t, out, "event 1: the log up to it is not what it was")
	workbook := filepath.Join(t.TempDir(), "s.xlsx")
	code, out, complaints = shell(t, environ, "export", "settlement", "--out", workbook, "1")
	require.Equal(t, exitOK, code, complaints)
	require.Contains(t, out, workbook)
	code, out, _ = shell(t, environ, "connection", "list")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "acme-uk")
}

func TestUnknownCommandsAndVariablesAreNamed(t *testing.T) {
	t.Parallel()
	code, _, complaints := shell(t, nil, "dance")
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "settlement describe")
	code, _, complaints = shell(t, []string{"TIEOUT_NO_SUCH=1"}, "config")
	require.Equal(t, exitFailed, code)
	require.Contains(t, complaints, "TIEOUT_NO_SUCH")
}
