package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/journal"
	"tieout/cmd/sandbox/seller"
)

// mark is what the queue posts for an entry.
func (o *office) mark(id int64) string {
	e := o.read(id)
	return fmt.Sprintf("%d.%d.%x", id, e.RowVersion, e.ContentHash)
}

func TestTheQueueShowsEntriesByStateWithTotals(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	draft, submitted := o.entry(10), o.submitted(12)
	d, s := o.read(draft), o.read(submitted)

	all := o.viewer.get("/entries").content()
	for _, text := range []string{
		d.Reference, s.Reference, d.AmazonID, fmt.Sprintf(`href="/entries/%d"`, draft), fmt.Sprintf(`href="/settlements/%d"`, d.SettlementID),
		"accountant person", "entries in USD", periodKey(d.FiscalYear, d.Period),
	} {
		require.Contains(t, all, text)
	}
	for _, text := range []string{"Waiting for me", "/entries/submit", "/entries/approve", `type="checkbox" data-row`} {
		require.NotContains(t, all, text, "a viewer reads only")
	}
	drafts := o.accountant.get("/entries?state=draft").content()
	require.Contains(t, drafts, d.Reference)
	require.NotContains(t, drafts, s.Reference)
	require.Contains(t, drafts, `value="`+o.mark(draft)+`"`)
	require.Contains(t, drafts, "/entries/submit")
	require.NotContains(t, drafts, "/entries/approve")

	waiting := o.approver.get("/entries?state=waiting").content()
	require.Contains(t, waiting, s.Reference)
	require.NotContains(t, waiting, d.Reference)
	require.Contains(t, waiting, "1 entry in USD")
	require.Contains(t, waiting, "/entries/approve")
}

func TestTheQueueFiltersAndPagesByKey(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	first, second := o.entry(10), o.entry(12)
	a, b := o.read(first), o.read(second)
	found := o.viewer.get("/entries?q=" + a.AmazonID).content()
	require.Contains(t, found, a.Reference)
	require.NotContains(t, found, b.Reference)
	inPeriod := o.viewer.get("/entries?period=" + periodKey(b.FiscalYear, b.Period)).content()
	require.Contains(t, inPeriod, b.Reference)
	require.NotContains(t, inPeriod, a.Reference)
	after := nextKey(b.EntryOn.Format("2006-01-02"), fmt.Sprint(b.ID))
	older := o.viewer.get("/entries?after=" + after).content()
	require.NotContains(t, older, b.Reference)
	require.Contains(t, older, a.Reference)
	long := o.viewer.get("/entries?rows=500").content()
	require.Contains(t, long, "50 a page", "back to the usual length")
	require.NotContains(t, o.viewer.get("/entries").content(), "500 a page", "the usual length is not filled")
	require.Equal(t, http.StatusUnprocessableEntity, o.viewer.get("/entries?rows=9").StatusCode)
	other := o.viewer.get("/entries?connection=999").content()
	require.Contains(t, other, "No journal entry here")
	require.Equal(t, http.StatusUnprocessableEntity, o.viewer.get("/entries?state=lost").StatusCode)
}

func TestManyDraftsAreSubmittedAtOnceAndEachSaysHow(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	good, broken := o.entry(10), int64(0)
	_, drafted := o.load(12, seller.MissingLine)
	require.NotEmpty(t, drafted.Entries, "an entry is drafted though its report is out of balance")
	broken = drafted.Entries[0]
	answer := o.accountant.post("/entries/submit", url.Values{"entry": {o.mark(good), o.mark(broken)}, "return": {"/entries?state=draft"}})
	require.Equal(t, "/entries?state=draft", answer.to())
	require.Equal(t, string(journal.Submitted), o.read(good).Status)
	require.Equal(t, string(journal.Draft), o.read(broken).Status)
	shown := o.accountant.get("/entries?state=draft").content()
	require.Contains(t, shown, "1 of 2 entries submitted")
	require.Contains(t, shown, "out of balance")
	require.Contains(t, shown, o.read(good).Reference)
	require.NotContains(t, o.accountant.get("/entries?state=draft").content(), "out of balance", "it is said once")
}

func TestManyEntriesAreApprovedAsTheyWereSeen(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	good, changed := o.submitted(10), o.submitted(12)
	marks := []string{o.mark(good), o.mark(changed)}
	require.NoError(t, o.Entries.Withdraw(t.Context(), changed, o.actor(o.accountant)))
	require.NoError(t, o.Entries.Submit(t.Context(), changed, o.read(changed).RowVersion, o.actor(o.accountant)))
	answer := o.approver.post("/entries/approve", url.Values{"entry": marks})
	require.Equal(t, "/entries", answer.to())
	require.Equal(t, string(journal.Approved), o.read(good).Status)
	require.Equal(t, string(journal.Submitted), o.read(changed).Status)
	require.Equal(t, []int64{good}, o.posts)
	shown := o.approver.get("/entries").content()
	require.Contains(t, shown, "1 of 2 entries approved")
	require.Contains(t, shown, "changed while you looked at it")
}

func TestNothingSelectedIsSaidSo(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, form := range []url.Values{{}, {"entry": {"x"}}, {"entry": {"1.2"}}, {"entry": {"1.2.zz"}}, {"entry": {"-1.2.00"}}} {
		require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post("/entries/submit", form).StatusCode, form)
	}
	require.Equal(t, http.StatusForbidden, o.approver.post("/entries/submit", url.Values{"entry": {"1.1."}}).StatusCode)
	require.Equal(t, http.StatusForbidden, o.accountant.post("/entries/approve", url.Values{"entry": {"1.1."}}).StatusCode)
	missing := o.accountant.post("/entries/submit", url.Values{"entry": {"999.1."}})
	require.Equal(t, "/entries", missing.to())
	require.True(t, strings.Contains(o.accountant.get("/entries").content(), "There is no journal entry 999."))
}
