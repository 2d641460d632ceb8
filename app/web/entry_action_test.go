package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

func hashOf(e journal.Entry) url.Values {
	return url.Values{"hash": {fmt.Sprintf("%x", e.ContentHash)}}
}

func TestAnEntryGoesFromDraftToApproved(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	answer := o.accountant.post(entryAt(id, "submit"), url.Values{"version": {version(o.read(id))}})
	require.Equal(t, entryAt(id, ""), answer.to(), answer.content())
	require.Equal(t, "submitted", o.read(id).Status)
	answer = o.approver.post(entryAt(id, "approve"), hashOf(o.read(id)))
	require.Equal(t, entryAt(id, ""), answer.to(), answer.content())
	require.Equal(t, "approved", o.read(id).Status)
	require.Equal(t, []int64{id}, o.posts)
	require.Contains(t, o.approver.get(entryAt(id, "")).content(), "Approved; it is on its way to Prophet 21.")
}

func TestNobodyApprovesWhatTheyPrepared(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	both := o.hire(identity.Accountant, identity.Approver)
	id := o.entry(10)
	require.Equal(t, entryAt(id, ""), both.post(entryAt(id, "submit"), url.Values{"version": {version(o.read(id))}}).to())
	direct := both.post(entryAt(id, "approve"), hashOf(o.read(id)))
	require.Equal(t, http.StatusForbidden, direct.StatusCode)
	require.Contains(t, direct.body, "You prepared this entry, so someone else approves it.")
	bulk := both.post("/entries/approve", url.Values{"entry": {o.mark(id)}})
	require.Equal(t, "/entries", bulk.to())
	require.Contains(t, both.get("/entries").content(), "You prepared this entry")
	require.Equal(t, "submitted", o.read(id).Status)
	require.Empty(t, o.posts)
	require.NotContains(t, both.get("/entries?state=waiting").content(), o.read(id).Reference, "it does not wait for them")

	require.Equal(t, http.StatusForbidden, o.accountant.post(entryAt(id, "approve"), hashOf(o.read(id))).StatusCode, "not an approver")
	_, err := o.pool.Exec(t.Context(), `INSERT INTO approval (entry_id, person_id, content_hash, signed_in_at) SELECT id, $2, content_hash, now() FROM journal_entry WHERE id = $1`, id, o.who[both].ID)
	require.ErrorContains(t, err, "a person never approves what that person prepared")
}

func TestWhatWasSeenIsWhatIsDecided(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	stale := version(o.read(id))
	require.NoError(t, o.Entries.Submit(t.Context(), id, o.read(id).RowVersion, o.actor(o.accountant)))
	seen := o.read(id)
	require.NoError(t, o.Entries.Edit(t.Context(), id, seen.RowVersion, "another text", period.DateOf(seen.EntryOn), o.actor(o.accountant)))

	late := o.accountant.post(entryAt(id, "submit"), url.Values{"version": {stale}})
	require.Equal(t, http.StatusConflict, late.StatusCode)
	require.Contains(t, late.body, "changed while you looked at it")
	require.NoError(t, o.Entries.Submit(t.Context(), id, o.read(id).RowVersion, o.actor(o.accountant)))
	other := o.approver.post(entryAt(id, "approve"), hashOf(seen))
	require.Equal(t, http.StatusConflict, other.StatusCode)
	require.Contains(t, other.body, "changed while you looked at it")
	for _, hash := range []string{"", "zz", "00", strings.Repeat("a", 65)} {
		answer := o.approver.post(entryAt(id, "approve"), url.Values{"hash": {hash}})
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusConflict}, answer.StatusCode, hash)
	}
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post(entryAt(id, "submit"), nil).StatusCode)
	require.Equal(t, "submitted", o.read(id).Status)
	require.Empty(t, o.posts)
}

func TestAnApprovalMayAskForAFreshSignIn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.exec(`UPDATE policy SET fresh_sign_in_minutes = 15 WHERE connection_id = $1`, o.connection)
	id := o.submitted(10)
	shown := o.approver.get(entryAt(id, "")).content()
	require.Contains(t, shown, "Sign in again to approve")
	require.Contains(t, shown, fmt.Sprintf("/sign-in?fresh=1&amp;return=%%2Fentries%%2F%d", id))
	require.NotContains(t, shown, `action="`+entryAt(id, "approve")+`"`)

	direct := o.approver.post(entryAt(id, "approve"), hashOf(o.read(id)), "Referer", o.url+entryAt(id, ""))
	require.Equal(t, fmt.Sprintf("/sign-in?fresh=1&return=%%2Fentries%%2F%d", id), direct.to())
	bulk := o.approver.post("/entries/approve", url.Values{"entry": {o.mark(id)}}, "Referer", o.url+"/entries?state=waiting")
	require.Equal(t, "/sign-in?fresh=1&return=%2Fentries%3Fstate%3Dwaiting", bulk.to())
	require.Equal(t, "submitted", o.read(id).Status)
}

func TestThePolicyMayNameTheApprovers(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.exec(`UPDATE policy SET approver_ids = ARRAY[$2::bigint] WHERE connection_id = $1`, o.connection, o.who[o.second].ID)
	id := o.submitted(10)
	require.Contains(t, o.approver.get(entryAt(id, "")).content(), "The policy of this connection names other approvers.")
	require.Equal(t, http.StatusForbidden, o.approver.post(entryAt(id, "approve"), hashOf(o.read(id))).StatusCode)
	require.NotContains(t, o.approver.get("/entries?state=waiting").content(), o.read(id).Reference)
	require.Contains(t, o.second.get("/entries?state=waiting").content(), o.read(id).Reference)
	require.Equal(t, entryAt(id, ""), o.second.post(entryAt(id, "approve"), hashOf(o.read(id))).to())
}

func TestAnEntryIsRejectedWithAReason(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.submitted(10)
	none := o.approver.post(entryAt(id, "reject"), url.Values{"reason": {" "}, "return": {"/entries?state=waiting"}})
	require.Equal(t, http.StatusUnprocessableEntity, none.StatusCode)
	require.Contains(t, none.content(), "Say why, so that the preparer knows what to change.")
	require.Contains(t, none.content(), `value="/entries?state=waiting"`, "the way back is kept")
	require.Equal(t, "submitted", o.read(id).Status)
	require.Equal(t, http.StatusForbidden, o.accountant.post(entryAt(id, "reject"), url.Values{"reason": {"mine"}}).StatusCode)
	require.Equal(t, entryAt(id, ""), o.approver.post(entryAt(id, "reject"), url.Values{"reason": {"Storage belongs to <October>."}}).to())
	shown := o.accountant.get(entryAt(id, "")).content()
	require.Contains(t, shown, "This entry was sent back.")
	require.Contains(t, shown, "Storage belongs to &lt;October&gt;.")
	require.Contains(t, shown, "rejected")
	again := o.approver.post(entryAt(id, "reject"), url.Values{"reason": {"twice"}})
	require.Equal(t, http.StatusConflict, again.StatusCode)
}

func TestADateOutsideThePeriodIsRefusedAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	form := url.Values{"version": {version(o.read(id))}, "description": {"My very own words"}, "date": {"2020-01-01"}}
	answer := o.accountant.post(entryAt(id, "edit"), form)
	require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode)
	require.Contains(t, answer.content(), "The entry belongs to period")
	require.Contains(t, answer.content(), `value="My very own words"`)
	form.Set("date", o.read(id).EntryOn.Format("2006-01-02"))
	require.Equal(t, entryAt(id, ""), o.accountant.post(entryAt(id, "edit"), form).to())
	require.Equal(t, "My very own words", o.read(id).Description)
}

func TestAnEntryIsWithdrawn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.submitted(10)
	require.Equal(t, http.StatusForbidden, o.approver.post(entryAt(id, "withdraw"), nil).StatusCode)
	require.Equal(t, entryAt(id, ""), o.accountant.post(entryAt(id, "withdraw"), nil).to())
	require.Equal(t, "draft", o.read(id).Status)
	require.Equal(t, http.StatusConflict, o.accountant.post(entryAt(id, "withdraw"), nil).StatusCode)
}

func TestAPostedEntryIsReversedOrTheReversalDiscarded(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.posted(10)
	require.Equal(t, http.StatusUnprocessableEntity, o.accountant.post(entryAt(id, "reverse"), url.Values{"reason": {"x"}}).StatusCode)
	answer := o.accountant.post(entryAt(id, "reverse"), url.Values{"reason": {"posted to the wrong company"}})
	reversal := o.read(id).ReversedBy
	require.NotZero(t, reversal)
	require.Equal(t, entryAt(reversal, ""), answer.to())
	require.Contains(t, o.accountant.get(entryAt(id, "")).content(), "A reversal of this entry is under way.")
	drafted := o.accountant.get(entryAt(reversal, "")).content()
	require.Contains(t, drafted, `action="`+entryAt(reversal, "discard")+`"`)
	require.Contains(t, drafted, "reversal")
	require.Equal(t, entryAt(id, ""), o.accountant.post(entryAt(reversal, "discard"), nil).to())
	require.Equal(t, "discarded", o.read(reversal).Status)
	require.Equal(t, http.StatusConflict, o.accountant.post(entryAt(id, "discard"), nil).StatusCode)
}

func TestAnUnknownOutcomeIsSettledByAPerson(t *testing.T) {
	t.Parallel()
	o := openOfficeOn(t, p21.Native) // it cannot refuse a second journal of the same reference
	found, missing := o.lost(10), o.lost(12)
	require.Equal(t, entryAt(found, ""), o.approver.post(entryAt(found, "look"), nil).to())
	require.Contains(t, o.approver.get(entryAt(found, "")).content(), "Prophet 21 answered and does not show it.")
	o.arrives(found)
	shown := o.approver.get(entryAt(missing, "")).content()
	for _, text := range []string{"Whether Prophet 21 holds this entry cannot be known.", entryAt(missing, "look"), entryAt(missing, "number"), entryAt(missing, "send")} {
		require.Contains(t, shown, text)
	}
	require.Contains(t, o.accountant.get(entryAt(missing, "")).content(), "someone else enters its number")
	require.Contains(t, o.viewer.get(entryAt(missing, "")).content(), "An accountant or an approver finds out")

	own := o.accountant.post(entryAt(missing, "number"), url.Values{"p21_number": {"100999"}})
	require.Equal(t, http.StatusForbidden, own.StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, o.approver.post(entryAt(missing, "number"), nil).StatusCode)
	require.Equal(t, http.StatusConflict, o.approver.post(entryAt(missing, "number"), url.Values{"p21_number": {"100999"}}).StatusCode, "P21 has no such journal")
	require.Equal(t, http.StatusUnprocessableEntity, o.approver.post(entryAt(missing, "send"), url.Values{"reason": {"short"}}).StatusCode)
	require.Equal(t, entryAt(found, ""), o.approver.post(entryAt(found, "look"), nil).to())
	require.Equal(t, "posted", o.read(found).Status)

	posts := len(o.posts)
	require.Equal(t, entryAt(missing, ""), o.approver.post(entryAt(missing, "send"), url.Values{"reason": {"looked in GL inquiry, it is not there"}}).to())
	require.Equal(t, "posting", o.read(missing).Status)
	require.Len(t, o.posts, posts+1)
	require.Contains(t, o.viewer.get(entryAt(missing, "")).content(), "to be sent again")
}

// lost approves the entry of a cycle and loses P21's answers until its outcome
// is unknown.
func (o *office) lost(cycle int) int64 {
	o.t.Helper()
	id := o.submitted(cycle)
	_, err := o.Entries.Approve(o.t.Context(), id, o.read(id).ContentHash, officeDay, o.actor(o.approver))
	require.NoError(o.t, err)
	_, err = o.faults.Add(misbehave.Rule{Operation: p21stand.OpPostJournal, Kind: misbehave.Reset, Count: 1})
	require.NoError(o.t, err)
	for range 20 {
		err := o.Entries.Post(o.t.Context(), id)
		if retry := (*outbound.Retry)(nil); !errors.As(err, &retry) {
			require.NoError(o.t, err)
			break
		}
	}
	o.faults.Clear()
	require.Equal(o.t, string(journal.Unknown), o.read(id).Status)
	return id
}

func TestACommentIsKept(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	id := o.entry(10)
	require.Equal(t, "/entries?x=1", o.approver.post(entryAt(id, "comment"), url.Values{"body": {"Why <so> high?"}, "return": {"/entries?x=1"}}).to())
	require.Contains(t, o.viewer.get(entryAt(id, "")).content(), "Why &lt;so&gt; high?")
	require.Equal(t, http.StatusUnprocessableEntity, o.approver.post(entryAt(id, "comment"), url.Values{"body": {""}}).StatusCode)
	require.Equal(t, http.StatusForbidden, o.viewer.post(entryAt(id, "comment"), url.Values{"body": {"me"}}).StatusCode)
	require.Equal(t, http.StatusNotFound, o.approver.post("/entries/999/comment", url.Values{"body": {"nobody"}}).StatusCode)
}

// arrives lets P21 hold the journal of an entry after all.
func (o *office) arrives(id int64) {
	o.t.Helper()
	message, _, err := o.Entries.Delivery(o.t.Context(), id)
	require.NoError(o.t, err)
	var intended p21.Journal
	require.NoError(o.t, json.Unmarshal(message.Payload, &intended))
	ledger, err := o.connections.Ledger(o.t.Context(), o.connection)
	require.NoError(o.t, err)
	_, err = ledger.PostJournal(o.t.Context(), intended)
	require.NoError(o.t, err)
}
