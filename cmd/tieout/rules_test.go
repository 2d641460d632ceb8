package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// TestRulesAreEditedInExcelAndComeBackInTheBrowser exports the rules, edits the
// file, looks at the preview, saves it and exports again.
func TestRulesAreEditedInExcelAndComeBackInTheBrowser(t *testing.T) {
	t.Parallel()
	s := startSiteThat(t, false, true)
	connection := s.connection(t, "us")
	amy := s.signIn(t, "amy.accountant")
	require.Equal(t, http.StatusSeeOther, amy.request(http.MethodPost, "/rules/begin", fmt.Sprintf("set=%d.0.0", connection)).StatusCode)
	export := fmt.Sprintf("/rules/export.xlsx?connection=%d", connection)
	content := amy.download(export)

	upload := func(content []byte) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "rules.xlsx")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		amy.open("/rules?connection=%d", connection)
		form := fmt.Sprintf(`form[action="/rules/%d/upload"]`, connection)
		amy.do(chromedp.SetUploadFiles(chromedp.CSS(form+" input[type=file]"), []string{path}), chromedp.Click(chromedp.CSS(form+" button")))
	}

	upload(content)
	amy.says("The workbook changes nothing.")

	upload(changed(t, content, "Rules", map[string]string{"F2": "upwards", "I3": "Groceries"}))
	amy.says("2 cells cannot be used.")
	amy.says("Groceries")
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'draft' AND r.category = 'groceries'`))

	upload(changed(t, content, "Rules", map[string]string{"K2": "4120-000"}))
	amy.says("Nothing is saved yet.")
	amy.says("account 4120-000")
	amy.press("/rules/workbook")
	amy.says("The draft is what the workbook says.")
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'draft' AND r.position = 1 AND r.account = '4120-000'`))
	require.EqualValues(t, 0, s.number(t, `SELECT count(*) FROM mapping_rule r JOIN rule_set x ON x.id = r.rule_set_id WHERE x.state = 'published' AND x.connection_id = $1 AND r.account = '4120-000'`, connection), "what is in use stays")

	upload(amy.download(export))
	amy.says("The workbook changes nothing.")

	vera := s.signIn(t, "vera.viewer")
	require.Equal(t, http.StatusForbidden, vera.request(http.MethodGet, export, "").StatusCode)
	require.Equal(t, http.StatusForbidden, vera.request(http.MethodPost, "/rules/workbook", "").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, amy.request(http.MethodPost, "/rules/workbook", fmt.Sprintf("set=%d.1.1&book=!!", connection)).StatusCode)
}

// download returns a file as the tab's person gets it.
func (b *tab) download(path string) []byte {
	b.t.Helper()
	answer := b.request(http.MethodGet, path, "")
	require.Equal(b.t, http.StatusOK, answer.StatusCode)
	content, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	return content
}

// changed sets cells of a workbook.
func changed(t *testing.T, content []byte, sheet string, values map[string]string) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(content))
	require.NoError(t, err)
	for cell, value := range values {
		require.NoError(t, book.SetCellStr(sheet, cell, value))
	}
	var out bytes.Buffer
	require.NoError(t, book.Write(&out))
	return out.Bytes()
}
