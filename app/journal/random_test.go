package journal_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/p21"
	"tieout/app/period"
	"tieout/cmd/sandbox/seller"
)

// wanderer does what people, jobs and Amazon may do, in no order that anybody
// thought of: settlements in three currencies, negative ones among them, across
// the end of a year, short and amended reports, and everything that an entry
// can go through.
type wanderer struct {
	*bench
	chance *rand.Rand
	books  []*seller.Books
	next   []int          // cycle, by seller
	short  map[int][]int  // cycles whose report lacked a line, by seller
	done   map[string]int // by what was done
}

func wander(t *testing.T, adapter string, seed uint64) *wanderer {
	t.Helper()
	w := &wanderer{bench: setup(t, adapter), chance: rand.New(rand.NewPCG(seed, 11)), short: map[int][]int{}, done: map[string]int{}}
	w.rates("GBP", "1.2713", "EUR", "1.0887")
	w.exec(`UPDATE policy SET closed_period = 'first_open' WHERE connection_id = $1`, w.connection)
	w.exec(`INSERT INTO policy (connection_id, closed_period) VALUES ($1, 'first_open') ON CONFLICT DO NOTHING`, w.connection)
	for _, a := range seller.Accounts(seed, now, 3) {
		a.Lean, a.NovelCycle = 3, -1
		w.books = append(w.books, seller.NewBooks(a))
		w.next = append(w.next, 0)
	}
	return w
}

// step does one thing; what is refused with a reason is fine.
func (w *wanderer) step() {
	w.t.Helper()
	deeds := []struct {
		name string
		do   func() error
	}{
		{"import", w.report}, {"import", w.report}, {"amend", w.amend}, {"submit", w.one(w.submitOne, journal.Draft)}, {"submit", w.one(w.submitOne, journal.Draft)},
		{"approve", w.one(w.approveOne, journal.Submitted)}, {"approve", w.one(w.approveOne, journal.Submitted)}, {"post", w.one(w.postOne, journal.Approved)},
		{"post", w.one(w.postOne, journal.Approved)}, {"reject", w.one(w.rejectOne, journal.Submitted, journal.Approved)},
		{"reverse", w.one(w.reverseOne, journal.Posted)}, {"discard", w.one(w.discardOne, journal.Draft)}, {"redraft", w.redraft}, {"edit", w.one(w.editOne, journal.Draft, journal.Submitted)},
	}
	deed := deeds[w.chance.IntN(len(deeds))]
	err := deed.do()
	switch {
	case err == nil:
		w.done[deed.name]++
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.Invalid), fault.Is(err, fault.Forbidden):
	default:
		require.NoError(w.t, err, deed.name)
	}
}

// one does something to a random entry in one of the states.
func (w *wanderer) one(do func(journal.Entry) error, states ...journal.Status) func() error {
	return func() error {
		items, err := w.entries.List(w.t.Context(), journal.Filter{Status: states[w.chance.IntN(len(states))], PageSize: 500})
		if err != nil || len(items) == 0 {
			return err
		}
		return do(w.get(items[w.chance.IntN(len(items))].ID))
	}
}

func (w *wanderer) take(of, cycle int, damage seller.Damage) {
	w.bench.books = w.books[of]
	_, drafted := w.load(cycle, damage)
	require.Empty(w.t, drafted.Problems)
}

func (w *wanderer) report() error {
	of := w.chance.IntN(len(w.books))
	if w.next[of] >= 24 {
		return nil
	}
	damage := seller.Whole
	if w.chance.IntN(4) == 0 {
		damage = seller.MissingLine
		w.short[of] = append(w.short[of], w.next[of])
	}
	w.take(of, w.next[of], damage)
	w.next[of] += 1 + w.chance.IntN(4)
	return nil
}

// amend has Amazon issue a report again, this time whole.
func (w *wanderer) amend() error {
	for of, cycles := range w.short {
		if len(cycles) > 0 {
			w.short[of] = cycles[1:]
			w.take(of, cycles[0], seller.Whole)
			return nil
		}
	}
	return nil
}

func (w *wanderer) submitOne(e journal.Entry) error {
	return w.entries.Submit(w.t.Context(), e.ID, e.RowVersion, w.anybody())
}

// anybody prepares, the people who approve included: then they may not.
func (w *wanderer) anybody() audit.Actor {
	return []audit.Actor{w.accountant, w.accountant, w.controller}[w.chance.IntN(3)]
}

func (w *wanderer) approveOne(e journal.Entry) error {
	who := []audit.Actor{w.accountant, w.controller, w.director}[w.chance.IntN(3)]
	_, err := w.entries.Approve(w.t.Context(), e.ID, e.ContentHash, now, who)
	return err
}

func (w *wanderer) postOne(e journal.Entry) error { return w.entries.Post(w.t.Context(), e.ID) }

func (w *wanderer) rejectOne(e journal.Entry) error {
	return w.entries.Reject(w.t.Context(), e.ID, "not yet", w.director)
}

func (w *wanderer) reverseOne(e journal.Entry) error {
	_, err := w.entries.Reverse(w.t.Context(), e.ID, "by chance", w.anybody())
	return err
}

func (w *wanderer) discardOne(e journal.Entry) error {
	return w.entries.DiscardReversal(w.t.Context(), e.ID, w.anybody())
}

func (w *wanderer) editOne(e journal.Entry) error {
	return w.entries.Edit(w.t.Context(), e.ID, e.RowVersion, e.Description+".", period.DateOf(e.EntryOn), w.anybody())
}

func (w *wanderer) redraft() error {
	ids, err := w.entries.Draftable(w.t.Context(), w.connection)
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = w.entries.Draft(w.t.Context(), ids[w.chance.IntN(len(ids))], audit.Job("test"))
	return err
}

// agree holds P21 against the books: the same balance on every account, and
// each posted entry there once.
func (w *wanderer) agree() {
	w.t.Helper()
	ours, theirs := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, j := range w.p21.Journals("ACME") {
		require.Len(w.t, w.p21.ByReference("ACME", j.Reference), 1)
		for _, l := range j.Lines {
			theirs[l.Account] = theirs[l.Account].Add(l.FunctionalDebit).Sub(l.FunctionalCredit)
		}
	}
	for _, status := range []journal.Status{journal.Posted, journal.Reversed} {
		items, err := w.entries.List(w.t.Context(), journal.Filter{Status: status, PageSize: 1000})
		require.NoError(w.t, err)
		for _, item := range items {
			lines, err := w.entries.Lines(w.t.Context(), item.ID)
			require.NoError(w.t, err)
			for _, l := range lines {
				ours[l.Account] = ours[l.Account].Add(l.FunctionalDebit).Sub(l.FunctionalCredit)
			}
		}
	}
	require.True(w.t, maps.EqualFunc(ours, theirs, decimal.Decimal.Equal), "books %v, P21 %v", ours, theirs)
}

func TestTheBooksHoldWhateverHappens(t *testing.T) {
	t.Parallel()
	for i, adapter := range []string{p21.SeedV2, p21.Native} {
		t.Run(fmt.Sprintf("%s %d", adapter, i), func(t *testing.T) {
			t.Parallel()
			w := wander(t, adapter, uint64(40+i))
			for range 2 {
				for range 45 {
					w.step()
				}
				w.holds()
				w.agree()
			}
			for _, deed := range []string{"import", "amend", "submit", "approve", "post", "reverse", "redraft"} {
				require.Positive(t, w.done[deed], "%s never happened: %v", deed, w.done)
			}
		})
	}
}

func TestAReversalIsNotReversed(t *testing.T) {
	t.Parallel()
	b := setup(t, p21.SeedV2)
	id := b.approved(2)
	require.NoError(t, b.entries.Post(t.Context(), id))
	reversal, err := b.entries.Reverse(t.Context(), id, "wrong rules", b.accountant)
	require.NoError(t, err)
	b.submit(reversal)
	b.approve(reversal)
	require.NoError(t, b.entries.Post(t.Context(), reversal))
	_, err = b.entries.Reverse(t.Context(), reversal, "back again", b.accountant)
	require.True(t, fault.Is(err, fault.Conflict), err)
	_, err = b.pool.Exec(t.Context(), `INSERT INTO journal_entry (connection_id, settlement_id, entry_type, reverses_id, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, rule_set_id, clearing, total, functional_total)
		SELECT connection_id, settlement_id, 'reversal', id, 'R', 1, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, rule_set_id, clearing, total, functional_total FROM journal_entry WHERE id = $1`, reversal)
	require.ErrorContains(t, err, "a reversal is not reversed")
}
