package journal_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

// postponed is an approved entry whose P21 does not answer.
func (b *bench) postponed() (id int64, down int) {
	b.t.Helper()
	id = b.approved(20)
	down, err := b.faults.Add(misbehave.Rule{Side: "p21", Kind: misbehave.Reset})
	require.NoError(b.t, err)
	var retry *outbound.Retry
	require.True(b.t, errors.As(b.entries.Post(b.t.Context(), id), &retry))
	require.Equal(b.t, string(journal.Posting), b.get(id).Status)
	return id, down
}

func TestAnEntryIsEnteredByHandWhileP21IsDown(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			b := setup(t, adapter)
			id, down := b.postponed()
			require.NoError(t, b.entries.ByHand(t.Context(), id, b.accountant))
			e := b.get(id)
			require.Equal(t, string(journal.Unknown), e.Status)
			require.Contains(t, e.Reason, "enters it by hand")
			require.NoError(t, b.entries.Post(t.Context(), id), "the job has nothing to do any more")
			require.Equal(t, fault.Conflict, fault.CodeOf(b.entries.ByHand(t.Context(), id, b.accountant)), "once is enough")
			require.NoError(t, b.entries.MarkPosted(t.Context(), id, "GL-MANUAL-7", b.controller))
			require.Equal(t, "GL-MANUAL-7", b.get(id).P21Number)
			require.True(t, b.faults.Remove(down))
			require.NoError(t, b.entries.Post(t.Context(), id))
			require.Empty(t, b.p21.ByReference("ACME", e.Reference), "nothing was sent besides")
			b.holds()
			var words int
			require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE action = 'number entered while P21 did not answer'`).Scan(&words))
			require.Equal(t, 1, words)
		})
	}
}

func TestWhatP21TakesIsNotEnteredByHand(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id := b.approved(20)
	require.Equal(t, fault.Conflict, fault.CodeOf(b.entries.ByHand(t.Context(), id, b.accountant)))
	b.postUntilDone(id)
	require.Equal(t, fault.Conflict, fault.CodeOf(b.entries.ByHand(t.Context(), id, b.accountant)))
}

func TestAnEntryThatAWorkerHoldsIsNotTakenByHand(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id, _ := b.postponed()
	_, err := b.pool.Exec(t.Context(), `UPDATE outbound_message SET holder = 'other', held_until = now() + interval '1 minute'`)
	require.NoError(t, err)
	err = b.entries.ByHand(t.Context(), id, b.accountant)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Contains(t, fault.MessageOf(err), "being sent")
	require.Equal(t, string(journal.Posting), b.get(id).Status)
}

func TestAnEntryTakenByHandMayStillBeFoundInP21(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id, down := b.postponed()
	require.NoError(t, b.entries.ByHand(t.Context(), id, b.accountant))
	require.True(t, b.faults.Remove(down))
	require.NoError(t, b.entries.SendAgain(t.Context(), id, "P21 is back, nobody entered it", b.controller))
	b.postUntilDone(id)
	require.Equal(t, string(journal.Posted), b.get(id).Status)
	require.Len(t, b.p21.ByReference("ACME", b.get(id).Reference), 1)
	b.holds()
}

// down makes P21 refuse everything and returns how to bring it back.
func (b *bench) down() (up func()) {
	b.t.Helper()
	rule, err := b.faults.Add(misbehave.Rule{Side: "p21", Kind: misbehave.Reset})
	require.NoError(b.t, err)
	return func() {
		b.t.Helper()
		require.True(b.t, b.faults.Remove(rule))
	}
}

// enter is a person who types an entry into P21, perhaps wrongly.
func (b *bench) enter(id int64, change func(*p21stand.Journal)) string {
	b.t.Helper()
	e := b.get(id)
	lines, err := b.entries.Lines(b.t.Context(), id)
	require.NoError(b.t, err)
	j := p21stand.Journal{Company: e.Company, Reference: e.Reference, JournalID: e.Journal, Date: e.EntryOn.Format("2006-01-02"), Period: int(e.Period), FiscalYear: int(e.FiscalYear),
		Currency: e.Currency, Functional: e.FunctionalCurrency, Rate: e.Rate, Description: e.Description}
	for _, l := range lines {
		j.Lines = append(j.Lines, p21stand.Line{Number: int(l.LineNo), Account: l.Account, Branch: l.Branch, Debit: l.Debit, Credit: l.Credit, FunctionalDebit: l.FunctionalDebit, FunctionalCredit: l.FunctionalCredit})
	}
	if change != nil {
		change(&j)
	}
	number, err := b.p21.Enter(j)
	require.NoError(b.t, err)
	return fmt.Sprint(number)
}

func (b *bench) read(id int64) journal.Hand {
	b.t.Helper()
	h, ok, err := b.entries.HandOf(b.t.Context(), id)
	require.NoError(b.t, err)
	require.True(b.t, ok)
	return h
}

// TestDaysWithoutP21 takes entries by hand while P21 is down, records their
// numbers from one sheet, confirms them by a second person, and has them read
// back when P21 is up again: one agrees, one was typed wrongly, one is not there,
// and one had reached P21 after all.
func TestDaysWithoutP21(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			b := setup(t, adapter)
			ids := []int64{b.approved(17), b.approved(18), b.approved(19), b.approved(20)}
			lost := ids[3] // the answer to its posting was lost before P21 went down
			_, err := b.faults.Add(misbehave.Rule{Side: "p21", Kind: misbehave.ResetAfter, Operation: p21stand.OpPostJournal, Count: 1})
			require.NoError(t, err)
			var retry *outbound.Retry
			require.ErrorAs(t, b.entries.Post(t.Context(), lost), &retry)
			up := b.down()
			for _, id := range ids {
				require.ErrorAs(t, b.entries.Post(t.Context(), id), &retry)
			}
			waiting, err := b.entries.WaitingToPost(t.Context(), 0)
			require.NoError(t, err)
			require.ElementsMatch(t, ids, waiting)
			for _, id := range ids {
				require.NoError(t, b.entries.ByHand(t.Context(), id, b.accountant))
			}
			sheet, err := b.entries.PostingSheet(t.Context(), b.connection)
			require.NoError(t, err)
			require.Len(t, sheet, 4)

			numbers := map[int64]string{ids[0]: b.enter(ids[0], nil), ids[2]: "999999"}
			numbers[ids[1]] = b.enter(ids[1], func(j *p21stand.Journal) {
				j.Lines[0].Account, j.Lines[1].Account = j.Lines[1].Account, j.Lines[0].Account
			})
			numbers[lost] = b.enter(lost, nil)
			var typed []journal.TypedNumber
			for _, id := range ids {
				e := b.get(id)
				typed = append(typed, journal.TypedNumber{Reference: e.Reference, Number: numbers[id], Debits: e.Total, FunctionalDebits: e.FunctionalTotal, ReferenceCell: "F2", NumberCell: "Q2"})
			}
			wrong := append([]journal.TypedNumber{}, typed...)
			wrong[0].Reference, wrong[1].Debits, wrong[2].Number = "nothing", amount("1"), numbers[lost]
			_, problems, err := b.entries.CheckNumbers(t.Context(), wrong)
			require.NoError(t, err)
			require.Len(t, problems, 3)
			require.Equal(t, fault.Conflict, fault.CodeOf(b.entries.RecordNumbers(t.Context(), wrong, b.accountant)))
			require.NoError(t, b.entries.RecordNumbers(t.Context(), typed, b.accountant))

			require.Equal(t, fault.Forbidden, fault.CodeOf(b.entries.ConfirmNumber(t.Context(), ids[0], b.accountant)), "whoever records does not confirm")
			_, err = b.pool.Exec(t.Context(), `UPDATE journal_by_hand SET confirmed_by = recorded_by, confirmed_at = now()`)
			require.ErrorContains(t, err, "check constraint")
			for _, id := range ids {
				require.NoError(t, b.entries.ConfirmNumber(t.Context(), id, b.controller))
				require.Equal(t, string(journal.Posted), b.get(id).Status)
			}
			require.NoError(t, b.entries.ReadBackAll(t.Context()), "P21 is still down")
			require.Empty(t, b.read(ids[0]).Outcome)

			up()
			require.NoError(t, b.entries.ReadBackAll(t.Context()))
			require.Equal(t, string(journal.Agrees), b.read(ids[0]).Outcome)
			require.Equal(t, string(journal.Differs), b.read(ids[1]).Outcome)
			require.Contains(t, b.read(ids[1]).Difference, "is not there")
			require.Equal(t, string(journal.Absent), b.read(ids[2]).Outcome)
			require.Equal(t, string(journal.Differs), b.read(lost).Outcome)
			require.Contains(t, b.read(lost).Difference, "more than once")
			var open int
			require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM exception WHERE class = 'by_hand_differs' AND state = 'open' AND detail->>'here' <> '' AND detail->>'prophet_21' <> ''`).Scan(&open))
			require.Equal(t, 3, open)

			numbers[ids[2]] = b.enter(ids[2], nil)
			require.NoError(t, b.entries.ReadBackAll(t.Context()))
			require.Contains(t, b.read(ids[2]).Difference, "under the reference")
			for _, id := range ids {
				require.NoError(t, b.entries.Post(t.Context(), id), "the job has nothing to do any more")
			}
			require.Len(t, b.p21.ByReference("ACME", b.get(ids[0]).Reference), 1, "nothing was posted besides")
			for _, broken := range []string{`UPDATE journal_by_hand SET number = 'x' WHERE outcome = 'differs'`, `DELETE FROM journal_by_hand`, `TRUNCATE journal_by_hand`, `UPDATE journal_by_hand SET outcome = '', checked_at = NULL WHERE outcome = 'agrees'`} {
				_, err := b.pool.Exec(t.Context(), broken)
				require.Error(t, err, broken)
			}
			var said string
			require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT action FROM audit_event WHERE object_type = 'journal_entry' AND object_id = $1 ORDER BY seq DESC LIMIT 1`, fmt.Sprint(ids[0])).Scan(&said))
			require.Equal(t, "read back from P21: it agrees", said)
			b.holds()
		})
	}
}
