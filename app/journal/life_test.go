package journal_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/cmd/sandbox/seller"
)

func TestAnEntryGoesFromDraftToPostedWithBothAdapters(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{p21.SeedV2, p21.Native} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			b := setup(t, adapter)
			id := b.approved(20)
			require.Equal(t, []int64{id}, b.asked.posts)
			require.NoError(t, b.entries.Post(t.Context(), id))
			e := b.get(id)
			require.Equal(t, string(journal.Posted), e.Status)
			held := b.p21.ByReference("ACME", e.Reference)
			require.Len(t, held, 1)
			require.Equal(t, e.P21Number, fmt.Sprint(held[0].Number))
			b.holds()
		})
	}
}

func TestEverySettlementOfAYearIsDraftedAndCarriesItsDeposit(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	for cycle := range b.books.Account().Finished(now) {
		id, drafted := b.load(cycle, seller.Whole)
		if cycle == b.books.Account().NovelCycle {
			require.Len(t, drafted.Problems, 2)
			require.Empty(t, drafted.Entries)
			continue
		}
		require.Empty(t, drafted.Problems, "cycle %d", cycle)
		var clearing, deposit string
		require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT sum(e.clearing)::text, s.deposit::text FROM journal_entry e JOIN settlement s ON s.id = e.settlement_id
			WHERE s.id = $1 AND e.status = 'draft' GROUP BY s.id`, id).Scan(&clearing, &deposit))
		require.Equal(t, deposit, clearing)
		for _, entry := range drafted.Entries {
			b.submit(entry)
		}
	}
	b.holds()
}

func TestNobodyApprovesWhatTheyPrepared(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	_, err := b.pool.Exec(t.Context(), `UPDATE person SET roles = '{accountant,approver}'`)
	require.NoError(t, err)
	id := b.entry(20)
	b.submit(id)
	e := b.get(id)
	_, err = b.entries.Approve(t.Context(), id, e.ContentHash, now, b.accountant)
	require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	// Behind the program's back.
	_, err = b.pool.Exec(t.Context(), `INSERT INTO approval (entry_id, person_id, content_hash, signed_in_at) VALUES ($1, $2, $3, now())`, id, b.accountant.PersonID, e.ContentHash)
	require.ErrorContains(t, err, "never approves what that person prepared")
	_, err = b.pool.Exec(t.Context(), `UPDATE journal_entry SET status = 'approved' WHERE id = $1`, id)
	require.ErrorContains(t, err, "0 of 1 approvals")
	require.Equal(t, string(journal.Submitted), b.get(id).Status)
}

func TestAnEditedEntryLosesItsApprovals(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	_, err := b.pool.Exec(t.Context(), `UPDATE policy SET second_approval_from = 0`)
	require.NoError(t, err)
	id := b.entry(20)
	b.submit(id)
	e := b.get(id)
	done, err := b.entries.Approve(t.Context(), id, e.ContentHash, now, b.controller)
	require.NoError(t, err)
	require.False(t, done, "two approvals are needed")
	require.NoError(t, b.entries.Edit(t.Context(), id, e.RowVersion, "Another description", period.DateOf(e.EntryOn), b.accountant))
	edited := b.get(id)
	require.Equal(t, string(journal.Draft), edited.Status)
	approvals, err := b.entries.Approvals(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, approvals, 1)
	require.NotNil(t, approvals[0].VoidedAt)
	// The approval of the old content does not count for the new one.
	b.submit(id)
	_, err = b.entries.Approve(t.Context(), id, e.ContentHash, now, b.director)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	b.holds()
}

func TestAnOutOfBalanceReportCannotBeSubmitted(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	_, drafted := b.load(20, seller.MissingLine)
	require.NotEmpty(t, drafted.Entries)
	err := b.entries.Submit(t.Context(), drafted.Entries[0], b.get(drafted.Entries[0]).RowVersion, b.accountant)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Contains(t, fault.MessageOf(err), "out of balance")
	_, err = b.pool.Exec(t.Context(), `UPDATE journal_entry SET status = 'submitted', submitted_by = $2, submitted_at = now() WHERE id = $1`, drafted.Entries[0], b.accountant.PersonID)
	require.ErrorContains(t, err, "out of balance")
}

func TestAClosedPeriodFollowsThePolicy(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	_, err := b.pool.Exec(t.Context(), `UPDATE fiscal_period SET closed = true WHERE ends_on < '2026-10-15'`)
	require.NoError(t, err)
	id, drafted := b.load(20, seller.Whole)
	require.NotEmpty(t, drafted.Problems, "the policy is: exception")
	require.Equal(t, journal.ClosedPeriod, drafted.Problems[0].Class)
	_, err = b.pool.Exec(t.Context(), `UPDATE policy SET closed_period = 'first_open'`)
	require.NoError(t, err)
	drafted, err = b.entries.Draft(t.Context(), id, b.accountant)
	require.NoError(t, err)
	require.Empty(t, drafted.Problems)
	e := b.get(drafted.Entries[0])
	require.EqualValues(t, 10, e.Period)
	require.NotEmpty(t, e.MovedFrom)
	require.Contains(t, e.Description, "closed period")
	var open int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM exception WHERE state = 'open' AND class = 'closed_period'`).Scan(&open))
	require.Zero(t, open)
}

func TestAReissuedReportTakesBackWhatIsNotPostedAndReversesWhatIs(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	old, drafted := b.load(20, seller.MissingLine)
	fresh, redrafted := b.load(20, seller.Whole)
	require.NotEqual(t, old, fresh)
	require.NotEmpty(t, redrafted.Entries)
	for _, id := range drafted.Entries {
		require.Equal(t, string(journal.Discarded), b.get(id).Status)
	}
	b.submit(redrafted.Entries[0])
	b.approve(redrafted.Entries[0])
	require.NoError(t, b.entries.Post(t.Context(), redrafted.Entries[0]))
	// Amazon takes it back once more.
	again, third := b.load(20, seller.UnreadableRow)
	require.NotEqual(t, fresh, again)
	posted := b.get(redrafted.Entries[0])
	require.NotZero(t, posted.ReversedBy, "a reversal is drafted")
	require.NotEqual(t, posted.Reference, b.get(third.Entries[0]).Reference)
	b.holds()
}

func TestAReversalMirrorsAndLetsTheSettlementBeDraftedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.Native)
	id := b.approved(20)
	require.NoError(t, b.entries.Post(t.Context(), id))
	reversal, err := b.entries.Reverse(t.Context(), id, "wrong rules", b.accountant)
	require.NoError(t, err)
	b.submit(reversal)
	b.approve(reversal)
	require.NoError(t, b.entries.Post(t.Context(), reversal))
	require.Equal(t, string(journal.Posted), b.get(reversal).Status)
	require.Equal(t, string(journal.Reversed), b.get(id).Status)
	drafted, err := b.entries.Draft(t.Context(), b.get(id).SettlementID, b.accountant)
	require.NoError(t, err)
	versions := map[int32]bool{}
	for _, e := range drafted.Entries {
		versions[b.get(e).Version] = true
	}
	require.True(t, versions[2], "the new entry is version 2")
	b.holds()
}

func TestAYearOfReservesAndDebtsHangsTogether(t *testing.T) {
	t.Parallel()
	for _, account := range seller.Accounts(7, now, 6) {
		t.Run(account.Key, func(t *testing.T) {
			t.Parallel()
			b := setup(t, p21.SeedV2)
			b.books = seller.NewBooks(account)
			_, err := b.pool.Exec(t.Context(), `UPDATE connection SET functional_currency = $1`, account.Currency)
			require.NoError(t, err)
			var ids []int64
			for cycle := range account.Finished(now) {
				id, _ := b.load(cycle, seller.Whole)
				ids = append(ids, id)
			}
			for _, id := range ids {
				require.NoError(t, b.settlements.Check(t.Context(), id, b.accountant))
			}
			var broken []string
			require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT coalesce(array_agg(title), '{}') FROM exception WHERE state = 'open' AND class IN ('chain_broken', 'tax_residue')`).Scan(&broken))
			require.Empty(t, broken)
			b.holds()
		})
	}
}
