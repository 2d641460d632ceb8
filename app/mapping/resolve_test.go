package mapping_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/mapping"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestResolveMapsANewKindWithoutASecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.installed(t)
	kind := kindOf("Order", "ItemFees", "BrandNewFee", -1)
	id := w.kind(t, kind)

	resolved, err := w.service.Resolve(t.Context(), w.anna, w.connection, []mapping.Resolution{{KindID: id, Category: mapping.SellingFees, Account: "4010", Note: "new in 2026"}})
	require.NoError(t, err)
	require.Equal(t, mapping.Published, resolved.Set.State)
	require.True(t, resolved.Set.Extension)
	require.Equal(t, 2, resolved.Set.Number)
	require.Equal(t, "Maps Order / ItemFees / BrandNewFee", resolved.Set.Note)
	require.Len(t, resolved.Rules, 1)

	diff := mapping.Compare(*base, *resolved.Set)
	require.Equal(t, resolved.Rules, diff.Added)
	require.Empty(t, diff.Changed)
	require.Empty(t, diff.Removed)
	require.Empty(t, diff.Moved)
	require.Empty(t, diff.Accounts)
	published, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	matcher := mapping.Compile(*published)
	rule, ok := matcher.Match(mapping.Subject{Kind: kind})
	require.True(t, ok)
	require.Equal(t, "4010", rule.Account)
	kind.Sign = 1
	_, ok = matcher.Match(mapping.Subject{Kind: kind})
	require.True(t, ok, "whichever the sign")
	kind.Marketplace = "Amazon.ca"
	_, ok = matcher.Match(mapping.Subject{Kind: kind})
	require.False(t, ok, "another marketplace is another decision")

	old, err := w.service.Load(t.Context(), base.ID)
	require.NoError(t, err)
	require.Equal(t, mapping.Retired, old.State)
	require.Equal(t, base.Rules, old.Rules)

	_, err = w.service.Resolve(t.Context(), w.olaf, w.connection, []mapping.Resolution{{KindID: id, Category: mapping.FBAFees}})
	requireFault(t, fault.Conflict, err)
	require.Contains(t, fault.MessageOf(err), "mapped by rule")
}

func TestResolveUsesTheSlotWhenThatIsTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	base := w.installed(t)
	one := w.kind(t, kindOf("Order", "ItemFees", "BrandNewFee", -1))
	other := w.kind(t, kindOf("Order", "ItemFees", "OtherNewFee", -1))
	resolved, err := w.service.Resolve(t.Context(), w.anna, w.connection, []mapping.Resolution{
		{KindID: one, Category: mapping.FBAFees, Account: base.Accounts["fba_fees"], AnyMarketplace: true},
		{KindID: other, Category: mapping.FBAFees},
	})
	require.NoError(t, err)
	require.Equal(t, "Maps Order / ItemFees / BrandNewFee and 1 more", resolved.Set.Note)
	for _, rule := range resolved.Rules {
		require.Equal(t, "fba_fees", rule.Slot)
		require.Empty(t, rule.Account)
	}
	require.Equal(t, mapping.Anything, resolved.Rules[0].Marketplace)
}

func TestResolveIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.service.Resolve(t.Context(), w.anna, w.connection, []mapping.Resolution{{KindID: 1, Category: mapping.FBAFees}})
	requireFault(t, fault.NotFound, err)
	base := w.installed(t)
	id := w.kind(t, kindOf("Order", "ItemFees", "BrandNewFee", -1))
	for name, test := range map[string]struct {
		actor       audit.Actor
		resolutions []mapping.Resolution
		code        fault.Code
	}{
		"by a job":              {audit.Job("x"), []mapping.Resolution{{KindID: id, Category: mapping.FBAFees}}, fault.Forbidden},
		"by a viewer":           {w.vera, []mapping.Resolution{{KindID: id, Category: mapping.FBAFees}}, fault.Forbidden},
		"nothing":               {w.anna, nil, fault.Invalid},
		"unknown kind":          {w.anna, []mapping.Resolution{{KindID: id + 1000, Category: mapping.FBAFees}}, fault.NotFound},
		"no category":           {w.anna, []mapping.Resolution{{KindID: id, Account: "4010"}}, fault.Invalid},
		"inactive account":      {w.anna, []mapping.Resolution{{KindID: id, Category: mapping.FBAFees, Account: inactiveAccount}}, fault.Invalid},
		"control account":       {w.anna, []mapping.Resolution{{KindID: id, Category: mapping.FBAFees, Account: controlAccount}}, fault.Invalid},
		"unknown account":       {w.anna, []mapping.Resolution{{KindID: id, Category: mapping.FBAFees, Account: "77"}}, fault.Invalid},
		"money into no account": {w.anna, []mapping.Resolution{{KindID: id, Category: mapping.Memo}}, fault.Invalid},
		"the same kind twice":   {w.anna, []mapping.Resolution{{KindID: id, Category: mapping.FBAFees}, {KindID: id, Category: mapping.FBAFees}}, fault.Conflict},
	} {
		_, err := w.service.Resolve(t.Context(), test.actor, w.connection, test.resolutions)
		require.Equal(t, test.code, fault.CodeOf(err), "%s: %v", name, err)
	}
	published, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, base, published)
}

func TestResolveReachesTheSetInPreparation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.submitted(t)
	id := w.kind(t, kindOf("Order", "ItemFees", "BrandNewFee", -1))
	resolved, err := w.service.Resolve(t.Context(), w.olaf, w.connection, []mapping.Resolution{{KindID: id, Category: mapping.SellingFees}})
	require.NoError(t, err)
	require.Equal(t, 3, resolved.Set.Number)

	_, err = w.service.Publish(t.Context(), w.ben, editOf(draft))
	requireFault(t, fault.Conflict, err)
	prepared, err := w.service.Prepared(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, draft.ID, prepared.ID)
	require.Equal(t, mapping.Draft, prepared.State, "its content changed, so it is submitted again")
	require.Equal(t, resolved.Set.ID, prepared.BasedOn)
	diff := mapping.Compare(*resolved.Set, *prepared)
	require.Len(t, diff.Added, 1, "the draft's own rule; the new one is in both")
	require.Empty(t, diff.Removed)
	require.Empty(t, diff.Moved)

	prepared, err = w.service.Submit(t.Context(), w.anna, editOf(prepared), "Own fee")
	require.NoError(t, err)
	published, err := w.service.Publish(t.Context(), w.ben, editOf(prepared))
	require.NoError(t, err)
	require.Len(t, published.Rules, len(resolved.Set.Rules)+1)
}

func TestSuggestReadsTheConnectionsKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.installed(t)
	id := w.kind(t, kindOf("other-transaction", "other-transaction", "FBAInboundConvenienceFee", -1))
	kind, suggestions, err := w.service.Suggest(t.Context(), w.connection, id)
	require.NoError(t, err)
	require.Equal(t, "FBAInboundConvenienceFee", kind.AmountDescription)
	require.Equal(t, mapping.InboundFees, suggestions[0].Category)
	require.Equal(t, set.Accounts["inbound_fees"], suggestions[0].Account)
	_, _, err = w.service.Suggest(t.Context(), w.connection, id+1)
	requireFault(t, fault.NotFound, err)
}

func TestResolvingAndEditingAtOnceLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.begun(t)
	const each = 4
	kinds := make([]int32, each)
	for i := range kinds {
		kinds[i] = w.kind(t, kindOf("Order", "ItemFees", fmt.Sprintf("NewFee %d", i), -1))
	}
	var wait sync.WaitGroup
	failures := make(chan error, 2*each)
	for i := range each {
		wait.Go(func() {
			_, err := w.service.Resolve(t.Context(), w.anna, w.connection, []mapping.Resolution{{KindID: kinds[i], Category: mapping.SellingFees}})
			failures <- err
		})
		wait.Go(func() {
			var err error
			for try := 0; try == 0 || (try < 100 && fault.Is(err, fault.Conflict)); try++ { // another edit came first
				var set *mapping.RuleSet
				if set, err = w.service.Load(t.Context(), draft.ID); err == nil {
					_, err = w.service.AddRule(t.Context(), w.olaf, editOf(set), ownRule(fmt.Sprintf("Own fee %d", i)), 1)
				}
			}
			failures <- err
		})
	}
	wait.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
	published, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	prepared, err := w.service.Load(t.Context(), draft.ID)
	require.NoError(t, err)
	require.Equal(t, published.ID, prepared.BasedOn)
	requirePositions(t, published)
	requirePositions(t, prepared)
	diff := mapping.Compare(*published, *prepared)
	require.Len(t, diff.Added, each)
	require.Empty(t, diff.Removed)
	require.Len(t, published.Rules, len(draft.Rules)+each)
}
