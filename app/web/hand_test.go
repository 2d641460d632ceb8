package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/identity"
	"tieout/app/p21"
	"tieout/app/sheet"
	"tieout/cmd/sandbox/misbehave"
)

func TestManyEntriesAreEnteredByHandFromOneSheet(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.SeedV2)
	o.Workbooks = sheet.NewBook(o.pool)
	require.NoError(t, o.register(o.exportRoutes()))
	var ids []int64
	for _, cycle := range []int{19, 20} {
		id := o.submitted(cycle)
		_, err := o.Entries.Approve(t.Context(), id, o.read(id).ContentHash, officeDay, o.actor(o.approver))
		require.NoError(t, err)
		ids = append(ids, id)
	}
	o.shows("/entries/by-hand", "Nothing is to be entered", "No number waits", "Nothing to read back")
	_, err := o.faults.Add(misbehave.Rule{Side: "p21", Kind: misbehave.Reset})
	require.NoError(t, err)
	for _, id := range ids {
		require.Error(t, o.Entries.Post(t.Context(), id))
	}
	o.shows("/entries", "By hand")
	o.shows("/entries/by-hand", "2 entries wait because Prophet 21 does not answer", "Take all of them by hand")
	require.Equal(t, http.StatusForbidden, o.viewer.post("/entries/by-hand/take", nil).StatusCode)
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/entries/by-hand/take", nil).StatusCode)
	o.shows("/entries/by-hand", "2 entries to be entered", "Posting sheet (Excel)", "Upload the sheet with numbers")

	csv := o.accountant.get("/entries/by-hand/sheet.csv").body
	require.Equal(t, 1+o.linesOf(ids[0])+o.linesOf(ids[1]), strings.Count(csv, "\r\n"))
	book := o.accountant.workbook("/entries/by-hand/sheet.xlsx")
	rows, err := book.file.GetRows("Entries")
	require.NoError(t, err)
	first := map[string]int{}
	for i, row := range rows[1:] {
		if _, known := first[row[5]]; !known {
			first[row[5]] = i + 2
		}
	}
	require.Len(t, first, 2)
	upload := func(b *browser, numbers ...string) (string, string) {
		t.Helper()
		n := 0
		for _, id := range ids {
			cell := fmt.Sprintf("Q%d", first[o.read(id).Reference])
			require.NoError(t, book.file.SetCellStr("Entries", cell, numbers[n]))
			n++
		}
		content, err := book.file.WriteToBuffer()
		require.NoError(t, err)
		return b.sendBook("/entries/by-hand/upload", content.Bytes()).content(), base64.StdEncoding.EncodeToString(content.Bytes())
	}
	preview, _ := upload(o.accountant, "", "")
	require.Contains(t, preview, "2 entries have none yet")
	preview, _ = upload(o.accountant, "700001", "700001")
	require.Contains(t, preview, "has this number above")
	require.NoError(t, book.file.SetCellValue("Entries", fmt.Sprintf("L%d", first[o.read(ids[0]).Reference]), 1_000_000))
	preview, _ = upload(o.accountant, "700001", "700002")
	require.Contains(t, preview, "Take a new sheet")
	book = o.accountant.workbook("/entries/by-hand/sheet.xlsx")
	preview, content := upload(o.accountant, "700001", "700002")
	require.Contains(t, preview, "2 numbers, 0 entries without one.")
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/entries/by-hand/upload/apply", url.Values{"book": {content}}).StatusCode)
	o.shows("/entries/by-hand", "2 numbers to be confirmed by a second person", "700001", "700002")
	both := url.Values{"entry": {fmt.Sprint(ids[0]), fmt.Sprint(ids[1])}}
	require.Equal(t, http.StatusSeeOther, o.accountant.post("/entries/by-hand/confirm", both).StatusCode)
	require.Contains(t, o.accountant.get("/entries/by-hand").content(), "You recorded this number, so someone else confirms it.")
	require.Equal(t, http.StatusSeeOther, o.hire(identity.Approver).post("/entries/by-hand/confirm", both).StatusCode)
	o.shows("/entries/by-hand", "Not read yet", "700001")
	require.Equal(t, "700001", o.read(ids[0]).P21Number)
	o.shows(fmt.Sprintf("/entries/%d", ids[0]), "700001")
}

// linesOf counts an entry's lines.
func (o *office) linesOf(id int64) int {
	o.t.Helper()
	all, err := o.Entries.Lines(o.t.Context(), id)
	require.NoError(o.t, err)
	return len(all)
}
