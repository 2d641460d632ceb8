package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/cmd/sandbox/seller"
)

func entryAt(id int64, action string) string {
	path := fmt.Sprintf("/entries/%d", id)
	if action != "" {
		path += "/" + action
	}
	return path
}

func TestAnEntryShowsWhatItIsMadeOf(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	e := o.read(id)
	lines, err := o.Entries.Lines(t.Context(), id)
	require.NoError(t, err)
	shown := o.viewer.get(entryAt(id, "")).content()
	for _, text := range []string{e.Reference, e.AmazonID, e.Description, "Balanced", "Tie-out", "Nobody has approved it yet.", "0 of 1 approval", "An accountant submits it.", "Prepared by",
		fmt.Sprintf(`<a href="/rules/versions/%d">Set 1</a>`, e.RuleSetID), "Rebuilt under rule set 1", fmt.Sprintf("Identical: all %d lines.", len(lines))} {
		require.Contains(t, shown, text)
	}
	for _, line := range lines {
		require.Contains(t, shown, line.Account)
		require.Contains(t, shown, fmt.Sprintf(`href="/entries/%d/lines/%d"`, id, line.LineNo))
	}
	for _, text := range []string{"/submit", "/comment", "/attachments", "/approve", "export.xlsx"} {
		require.NotContains(t, shown, `"`+entryAt(id, text[1:])+`"`, "a viewer only reads")
	}
	require.Equal(t, http.StatusNotFound, o.viewer.get("/entries/999").StatusCode)
	require.Equal(t, http.StatusNotFound, o.viewer.get("/entries/zero").StatusCode)
}

func TestALineLeadsToItsKindsAndTheseToTheSettlementLines(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	e := o.read(id)
	lines, err := o.Entries.Lines(t.Context(), id)
	require.NoError(t, err)
	for _, line := range lines {
		shown := o.viewer.get(fmt.Sprintf("/entries/%d/lines/%d", id, line.LineNo)).content()
		require.Contains(t, shown, line.Account)
		parts, err := o.Entries.Parts(t.Context(), id, int(line.LineNo))
		require.NoError(t, err)
		for _, part := range parts {
			require.Contains(t, shown, fmt.Sprintf(`/settlements/%d/lines?from=%s&amp;kind=%d&amp;to=%s`, e.SettlementID, part.First, part.KindID, part.Last))
		}
		if line.Clearing {
			require.Contains(t, shown, "The clearing line balances the entry")
			all, err := o.Entries.AllParts(t.Context(), id)
			require.NoError(t, err)
			require.Contains(t, shown, fmt.Sprintf("kind=%d", all[0].KindID), "everything stands behind the clearing line")
		}
	}
	require.Equal(t, http.StatusNotFound, o.viewer.get(entryAt(id, "lines/99")).StatusCode)
}

func TestActionsFitTheRoleTheStateAndThePerson(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	both := o.hire("accountant", "approver")
	draft, submitted := o.entry(10), o.submitted(12)
	own := o.entry(14)
	require.NoError(t, o.Entries.Submit(t.Context(), own, o.read(own).RowVersion, o.actor(both)))
	posted := o.posted(16)

	offers := func(b *browser, id int64) string { return b.get(entryAt(id, "")).content() }
	action := func(id int64, name string) string { return `action="` + entryAt(id, name) + `"` }

	require.Contains(t, offers(o.accountant, draft), action(draft, "submit"))
	require.Contains(t, offers(o.accountant, draft), action(draft, "edit"))
	require.NotContains(t, offers(o.approver, draft), action(draft, "submit"))
	require.NotContains(t, offers(o.accountant, draft), action(draft, "discard"), "only reversals are discarded")

	require.Contains(t, offers(o.approver, submitted), action(submitted, "approve"))
	require.Contains(t, offers(o.approver, submitted), action(submitted, "reject"))
	require.Contains(t, offers(o.approver, submitted), fmt.Sprintf(`value="%x"`, o.read(submitted).ContentHash))
	require.NotContains(t, offers(o.accountant, submitted), action(submitted, "approve"))
	require.Contains(t, offers(o.accountant, submitted), "It waits for an approver.")
	require.Contains(t, offers(o.accountant, submitted), action(submitted, "withdraw"))

	require.NotContains(t, offers(both, own), action(own, "approve"))
	require.Contains(t, offers(both, own), "You prepared this entry, so someone else approves it.")
	require.Contains(t, offers(both, submitted), action(submitted, "approve"))

	require.Contains(t, offers(o.accountant, posted), action(posted, "reverse"))
	require.NotContains(t, offers(o.approver, posted), action(posted, "reverse"))
	require.Contains(t, offers(o.viewer, posted), "Way to Prophet 21")
	require.Contains(t, offers(o.viewer, posted), o.read(posted).P21Number)
	for _, name := range []string{"submit", "edit", "withdraw", "approve", "reject", "number", "send"} {
		require.NotContains(t, offers(both, posted), action(posted, name))
	}
}

func TestAnOutOfBalanceEntryCannotBeSubmittedFromItsPage(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	_, drafted := o.load(10, seller.MissingLine)
	id := drafted.Entries[0]
	shown := o.accountant.get(entryAt(id, "")).content()
	require.NotContains(t, shown, `action="`+entryAt(id, "submit")+`"`)
	require.Contains(t, shown, "It cannot be submitted: The settlement&#39;s lines miss its deposit")
	direct := o.accountant.post(entryAt(id, "submit"), url.Values{"version": {version(o.read(id))}})
	require.Equal(t, http.StatusConflict, direct.StatusCode)
	require.Contains(t, direct.body, "out of balance")
	require.Equal(t, "draft", o.read(id).Status)
}

func TestInTheSidePanelFormsReturnToTheList(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.submitted(10)
	panel := o.approver.get(entryAt(id, ""), "HX-Request", "true", "HX-Current-URL", o.url+"/entries?state=waiting").content()
	require.Contains(t, panel, `name="return" value="/entries?state=waiting"`)
	alone := o.approver.get(entryAt(id, "")).content()
	require.Contains(t, alone, `name="return" value="`+entryAt(id, "")+`"`)
	answer := o.approver.post(entryAt(id, "approve"), url.Values{"hash": {fmt.Sprintf("%x", o.read(id).ContentHash)}, "return": {"/entries?state=waiting"}})
	require.Equal(t, "/entries?state=waiting", answer.to())
}

func TestANewVersionShowsWhatDiffersFromTheOneBefore(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	old := o.posted(10)
	reversal, err := o.Entries.Reverse(t.Context(), old, "wrong account", o.actor(o.accountant))
	require.NoError(t, err)
	require.NoError(t, o.Entries.Submit(t.Context(), reversal, o.read(reversal).RowVersion, o.actor(o.accountant)))
	_, err = o.Entries.Approve(t.Context(), reversal, o.read(reversal).ContentHash, officeDay, o.actor(o.approver))
	require.NoError(t, err)
	require.NoError(t, o.Entries.Post(t.Context(), reversal))
	require.Equal(t, "reversed", o.read(old).Status)
	drafted, err := o.Entries.Draft(t.Context(), o.read(old).SettlementID, o.actor(o.accountant))
	require.NoError(t, err)

	again := o.viewer.get(entryAt(drafted.Entries[0], "")).content()
	require.Contains(t, again, "What differs from the version before")
	require.Contains(t, again, o.read(old).Reference)
	require.Contains(t, again, "Nothing differs")
	gone := o.viewer.get(entryAt(old, "")).content()
	require.Contains(t, gone, "This entry was reversed.")
	require.Contains(t, gone, fmt.Sprintf(`href="/entries/%d"`, reversal))
	mirror := o.viewer.get(entryAt(reversal, "lines/2")).content()
	require.Contains(t, mirror, "kind=", "a reversal leads to what the reversed entry is made of")
}

func TestAVoidApprovalIsStruckThrough(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.exec(`UPDATE policy SET second_approval_from = 1 WHERE connection_id = $1`, o.connection)
	id := o.submitted(10)
	done, err := o.Entries.Approve(t.Context(), id, o.read(id).ContentHash, officeDay, o.actor(o.approver))
	require.NoError(t, err)
	require.False(t, done, "two people approve above the policy's amount")
	require.Contains(t, o.approver.get(entryAt(id, "")).content(), "You approved it already; it waits for one more person.")
	require.Contains(t, o.second.get(entryAt(id, "")).content(), "1 of 2 approvals")
	edited := o.accountant.post(entryAt(id, "edit"), url.Values{"version": {version(o.read(id))}, "description": {"another text"}, "date": {o.read(id).EntryOn.Format("2006-01-02")}})
	require.Equal(t, http.StatusSeeOther, edited.StatusCode, edited.content())
	shown := o.viewer.get(entryAt(id, "")).content()
	require.Contains(t, shown, "<s><b dir=\"auto\">approver person</b>")
	require.Contains(t, shown, "Void: the entry went back to draft")
	require.Contains(t, shown, "0 of 2 approvals")
}

func TestFilesAreKeptWithAnEntry(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("file", `C:\papers\memo "1".html`)
	require.NoError(t, err)
	_, err = file.Write([]byte("<script>alert(1)</script>"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	sent := o.accountant.send(http.MethodPost, entryAt(id, "attachments"), form.String(), "Content-Type", w.FormDataContentType())
	require.Equal(t, entryAt(id, ""), sent.to(), sent.content())
	files, err := o.Entries.Attachments(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, files, 1)

	link := fmt.Sprintf("%s/%d", entryAt(id, "attachments"), files[0].ID)
	require.Contains(t, o.viewer.get(entryAt(id, "")).content(), link)
	got := o.viewer.get(link)
	require.Equal(t, "<script>alert(1)</script>", got.body)
	require.Equal(t, "application/octet-stream", got.Header.Get("Content-Type"))
	require.Contains(t, got.Header.Get("Content-Disposition"), "attachment; filename=")
	require.Contains(t, got.Header.Get("Content-Disposition"), ".html")
	require.NotContains(t, got.Header.Get("Content-Disposition"), `C:`)

	other := o.entry(12)
	require.Equal(t, http.StatusNotFound, o.viewer.get(fmt.Sprintf("%s/%d", entryAt(other, "attachments"), files[0].ID)).StatusCode, "another entry's file")
	require.Equal(t, http.StatusForbidden, o.viewer.send(http.MethodPost, entryAt(id, "attachments"), form.String(), "Content-Type", w.FormDataContentType()).StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post(entryAt(id, "attachments"), url.Values{"file": {"x"}}).StatusCode)
}
