package binder_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/closing/binder"
)

// archived makes an archive that says it is a binder.
func archived(t testing.TB, manifest string, files map[string]io.Reader) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	sum := sha256.Sum256([]byte(manifest))
	all := map[string]io.Reader{"manifest.json": strings.NewReader(manifest), "manifest.sha256": strings.NewReader(hex.EncodeToString(sum[:]))}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		w, err := archive.Create(name)
		require.NoError(t, err)
		_, err = io.Copy(w, content)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return out.Bytes()
}

// blanks are so many of one letter.
func blanks(letter byte, n int64) io.Reader { return io.LimitReader(letters(letter), n) }

type letters byte

func (l letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(l)
	}
	return len(p), nil
}

// TestAHostileBinderIsRefused: it comes from elsewhere, and what it claims is
// neither unpacked nor worked out. The large ones are made with SOAK=1.
func TestAHostileBinderIsRefused(t *testing.T) {
	t.Parallel()
	const form = `{"format":"tieout binder 1"`
	headings := "event,at,actor,action,object,id,reason,content,hash_before,hash\n"
	type hostile struct {
		content []byte
		says    string
	}
	all := map[string]hostile{
		"a number without end": {archived(t, form+`,"entries":[{"reference":"1","total":"1e9999"}]}`, nil), "a number that no amount is"},
		"a file of gigabytes":  {archived(t, form+`,"files":[{"name":"x.bin","size":10,"sha256":""}]}`, map[string]io.Reader{"x.bin": blanks(0, 1<<20)}), "more than the 10 bytes"},
		"a row without an end": {archived(t, form+`}`, map[string]io.Reader{"audit.csv": io.MultiReader(strings.NewReader(headings), strings.NewReader(`"`), blanks('x', 17<<20))}), "a row has more than 16 MB"},
	}
	if os.Getenv("SOAK") != "" {
		maps.Copy(all, map[string]hostile{
			"a manifest of blanks":  {archived(t, form+`}`+strings.Repeat(" ", 65<<20), nil), "more than 64 MB"},
			"a heading without end": {archived(t, form+`}`, map[string]io.Reader{"audit.csv": blanks('x', 17<<20)}), "does not begin with its headings"},
		})
	}
	for name, c := range all {
		began := time.Now()
		report, err := binder.Verify(bytes.NewReader(c.content), int64(len(c.content)))
		said := strings.Join(report.Wrong, "\n")
		if err != nil {
			said = err.Error()
		}
		require.Contains(t, said, c.says, name)
		require.Less(t, time.Since(began), 10*time.Second, name)
	}
	var files []string
	for i := range 3000 {
		files = append(files, fmt.Sprintf(`{"name":"%d","size":1,"sha256":""}`, i))
	}
	content := archived(t, form+`,"files":[`+strings.Join(files, ",")+`]}`, nil)
	report, err := binder.Verify(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	require.Len(t, report.Wrong, 1000)
}

// FuzzVerify: no file panics the check, and none that was changed holds.
func FuzzVerify(f *testing.F) {
	empty, err := json.Marshal(binder.Manifest{Format: "tieout binder 1", Period: "2026-10", From: "2026-10-01", To: "2026-10-31"})
	require.NoError(f, err)
	f.Add(archived(f, string(empty), map[string]io.Reader{"checklist.json": strings.NewReader(`{}`), "journal.csv": strings.NewReader("a\n"), "audit.csv": strings.NewReader("b\n")}))
	f.Add(archived(f, `{"format":"tieout binder 1","entries":[{"reference":"1","total":"1e9"}],"reconciliations":[{"reconciliation":"returns","evidence":"e.json"}],"settlements":[{"settlement":"1","left_out":"1"}]}`,
		map[string]io.Reader{"e.json": strings.NewReader(`{"totals":[{"currency":"USD","left":"1e999999999","right":"1"}]}`)}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, content []byte) {
		report, err := binder.Verify(bytes.NewReader(content), int64(len(content)))
		if err == nil {
			require.NotEmpty(t, report.Wrong, "nobody makes a binder by chance")
		}
	})
}
