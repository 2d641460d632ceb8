package journal_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/journal"
	"tieout/app/outbound"
	"tieout/app/p21"
	"tieout/cmd/sandbox/misbehave"
	p21stand "tieout/cmd/sandbox/p21"
)

// postUntilDone works the entry as the job does: again and again while the
// protocol asks for it.
func (b *bench) postUntilDone(id int64) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		err := b.entries.Post(b.t.Context(), id)
		if retry := (*outbound.Retry)(nil); errors.As(err, &retry) {
			continue
		}
		require.NoError(b.t, err)
		if s := b.get(id).Status; s != string(journal.Posting) && s != string(journal.Approved) {
			return
		}
	}
	b.t.Fatalf("entry %d is still %s", id, b.get(id).Status)
}

func TestOneJournalInP21WhateverHappensToTheAnswer(t *testing.T) {
	t.Parallel()
	faults := map[string]misbehave.Rule{
		"answer lost after the write":      {Operation: p21stand.OpPostJournal, Kind: misbehave.ResetAfter, Count: 1},
		"500 after the write":              {Operation: p21stand.OpPostJournal, Kind: misbehave.StatusAfter, Count: 1},
		"truncated answer after the write": {Operation: p21stand.OpPostJournal, Kind: misbehave.TruncatedBody, Count: 1},
		"connection dropped before":        {Operation: p21stand.OpPostJournal, Kind: misbehave.Reset, Count: 1},
		"unavailable before":               {Operation: p21stand.OpPostJournal, Kind: misbehave.Status, Count: 1},
		"throttled":                        {Operation: p21stand.OpPostJournal, Kind: misbehave.Status, Status: 429, Count: 1},
		"token expired":                    {Operation: p21stand.OpPostJournal, Kind: misbehave.ExpiredToken, Count: 1},
		"look-up fails":                    {Operation: p21stand.OpFindJournal, Kind: misbehave.Reset, Count: 2},
		"read-back fails":                  {Operation: p21stand.OpReadJournal, Kind: misbehave.Reset, Count: 2},
	}
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		for name, rule := range faults {
			t.Run(adapter+"/"+name, func(t *testing.T) {
				t.Parallel()
				b := setup(t, adapter)
				id := b.approved(20)
				_, err := b.faults.Add(rule)
				require.NoError(t, err)
				b.postUntilDone(id)
				e := b.get(id)
				if e.Status == string(journal.Unknown) {
					// Native P21 cannot refuse a second one, so nothing is sent again without a person.
					require.Equal(t, p21.Native, adapter)
					require.Empty(t, b.p21.ByReference("ACME", e.Reference))
					require.NoError(t, b.entries.SendAgain(t.Context(), id, "looked in the journal window, it is not there", b.controller))
					b.postUntilDone(id)
					e = b.get(id)
				}
				require.Equal(t, string(journal.Posted), e.Status, e.Reason)
				require.Len(t, b.p21.ByReference("ACME", e.Reference), 1)
				b.holds()
			})
		}
	}
}

// TestOneJournalInP21WhereverTheWorkerDies stops a worker at each step of the
// protocol and lets another one go on.
func TestOneJournalInP21WhereverTheWorkerDies(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		for _, step := range []string{p21stand.OpToken, p21stand.OpFindJournal, p21stand.OpPostJournal, p21stand.OpReadJournal} {
			for _, kind := range []misbehave.Kind{misbehave.Reset, misbehave.ResetAfter} {
				t.Run(fmt.Sprintf("%s/%s/%s", adapter, step, kind), func(t *testing.T) {
					t.Parallel()
					b := setup(t, adapter)
					id := b.approved(20)
					_, err := b.faults.Add(misbehave.Rule{Operation: step, Kind: misbehave.Delay, Delay: misbehave.Duration(30 * time.Second), Count: 1})
					require.NoError(t, err)
					ctx, die := context.WithTimeout(t.Context(), 300*time.Millisecond)
					_ = b.entries.Post(ctx, id) // the worker dies in the middle of it
					die()
					b.faults.Clear()
					_, err = b.faults.Add(misbehave.Rule{Operation: step, Kind: kind, Count: 1})
					require.NoError(t, err)
					_, err = b.pool.Exec(t.Context(), `UPDATE outbound_message SET held_until = now() WHERE state <> 'confirmed'`) // its hold runs out
					require.NoError(t, err)
					b.entries = b.service("worker-2")
					b.postUntilDone(id)
					for range 2 { // the fault may strike the second sending as well
						if b.get(id).Status != string(journal.Unknown) {
							break
						}
						require.Equal(t, p21.Native, adapter)
						found, err := b.entries.LookAgain(t.Context(), id, b.controller)
						require.NoError(t, err)
						if !found {
							require.NoError(t, b.entries.SendAgain(t.Context(), id, "looked in the journal window, it is not there", b.controller))
							b.postUntilDone(id)
						}
					}
					e := b.get(id)
					require.Equal(t, string(journal.Posted), e.Status, e.Reason)
					require.Len(t, b.p21.ByReference("ACME", e.Reference), 1)
					b.holds()
				})
			}
		}
	}
}

func TestManyWorkersPostOneJournal(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.Native)
	id := b.approved(20)
	var wait sync.WaitGroup
	for n := range 8 {
		worker := b.service(fmt.Sprint("worker-", n))
		wait.Go(func() {
			for range 20 {
				_ = worker.Post(t.Context(), id) // whoever holds it does it
			}
		})
	}
	wait.Wait()
	b.postUntilDone(id)
	require.Len(t, b.p21.ByReference("ACME", b.get(id).Reference), 1)
	b.holds()
}

func TestARefusalSendsTheEntryBackWithP21sWords(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			b := setup(t, adapter)
			id := b.approved(20)
			e := b.get(id)
			require.NoError(t, b.p21.ClosePeriod("ACME", int(e.FiscalYear), int(e.Period), true))
			b.postUntilDone(id)
			refused := b.get(id)
			require.Equal(t, string(journal.Draft), refused.Status)
			require.Contains(t, refused.Reason, "closed")
			require.Empty(t, b.p21.ByReference("ACME", e.Reference))
			// Opened again, the same entry posts under the same reference.
			require.NoError(t, b.p21.ClosePeriod("ACME", int(e.FiscalYear), int(e.Period), false))
			b.submit(id)
			b.approve(id)
			b.postUntilDone(id)
			require.Equal(t, string(journal.Posted), b.get(id).Status)
			require.Len(t, b.p21.ByReference("ACME", e.Reference), 1)
			b.holds()
		})
	}
}
