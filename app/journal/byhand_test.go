package journal_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/cmd/sandbox/misbehave"
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
