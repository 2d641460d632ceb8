package mapping_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/mapping"
	"tieout/app/period"
)

func TestInstallPublishesTheFirstSetWithoutAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.service.Published(t.Context(), w.connection)
	requireFault(t, fault.NotFound, err)

	incomplete := picks()
	delete(incomplete, "clearing")
	_, err = w.service.Install(t.Context(), audit.Job("setup"), w.connection, "amazon-summary", incomplete)
	requireFault(t, fault.Invalid, err)
	_, err = w.service.Install(t.Context(), audit.Job("setup"), w.connection, "no-such", picks())
	requireFault(t, fault.Invalid, err)

	set := w.installed(t)
	require.Equal(t, mapping.Published, set.State)
	require.Equal(t, 1, set.Number)
	require.Len(t, set.Rules, len(summaryTemplate(t).Rules))
	require.Empty(t, set.Missing())
	used := picks()
	delete(used, mapping.SlotReceivable) // no rule of this template posts to it
	require.True(t, mapping.Compare(mapping.RuleSet{Rules: summaryTemplate(t).Rules, Accounts: used}, *set).Empty(), "stored as shipped")
	published, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, set, published)
	problems, err := w.service.Problems(t.Context(), set)
	require.NoError(t, err)
	require.Empty(t, problems)

	_, err = w.service.Install(t.Context(), audit.Job("setup"), w.connection, "amazon-summary", picks())
	requireFault(t, fault.Conflict, err)
	_, err = w.service.Install(t.Context(), audit.Job("setup"), w.connection+1, "amazon-summary", picks())
	requireFault(t, fault.NotFound, err)
}

func TestBeginCopiesThePublishedSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.installed(t)
	_, err := w.service.Begin(t.Context(), audit.Job("x"), w.connection, "", nil)
	requireFault(t, fault.Forbidden, err)

	draft, err := w.service.Begin(t.Context(), w.anna, w.connection, "", nil)
	require.NoError(t, err)
	require.Equal(t, mapping.Draft, draft.State)
	require.Equal(t, 2, draft.Number)
	require.Equal(t, first.ID, draft.BasedOn)
	require.True(t, mapping.Compare(*first, *draft).Empty())
	require.NotEqual(t, first.Rules[0].ID, draft.Rules[0].ID)
	require.Equal(t, first.Rules[0].Lineage, draft.Rules[0].Lineage)
	_, err = w.service.Begin(t.Context(), w.olaf, w.connection, "", nil)
	requireFault(t, fault.Conflict, err)
	prepared, err := w.service.Prepared(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, draft, prepared)
}

func TestBeginFromTemplateBeforeAnythingIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.service.Begin(t.Context(), w.anna, w.connection, "", nil)
	requireFault(t, fault.Invalid, err)
	draft, err := w.service.Begin(t.Context(), w.anna, w.connection, "amazon-summary", map[string]string{"sales": "4050"})
	require.NoError(t, err)
	require.NotEmpty(t, draft.Missing())
	_, err = w.service.Submit(t.Context(), w.anna, editOf(draft), "first")
	requireFault(t, fault.Invalid, err)
	draft, err = w.service.SetAccounts(t.Context(), w.anna, editOf(draft), picks())
	require.NoError(t, err)
	draft, err = w.service.Submit(t.Context(), w.anna, editOf(draft), "first")
	require.NoError(t, err)
	draft, err = w.service.Publish(t.Context(), w.ben, editOf(draft))
	require.NoError(t, err)
	require.Equal(t, mapping.Published, draft.State)
}

func TestEditsKeepTheRulesInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	base := *set
	n := len(base.Rules)

	set, err := w.service.AddRule(t.Context(), w.anna, editOf(set), ownRule("first"), 1)
	require.NoError(t, err)
	set, err = w.service.AddRule(t.Context(), w.anna, editOf(set), ownRule("last"), 0)
	require.NoError(t, err)
	require.Equal(t, "first", set.Rules[0].AmountDescription.Text)
	require.Equal(t, "last", set.Rules[n+1].AmountDescription.Text)
	requirePositions(t, set)

	changed := set.Rules[5]
	changed.Account, changed.Note = "4010", "by hand"
	set, err = w.service.UpdateRule(t.Context(), w.olaf, editOf(set), changed)
	require.NoError(t, err)
	require.Equal(t, changed, set.Rules[5])

	set, err = w.service.MoveRule(t.Context(), w.anna, editOf(set), set.Rules[0].ID, 4)
	require.NoError(t, err)
	require.Equal(t, "first", set.Rules[3].AmountDescription.Text)
	set, err = w.service.MoveRule(t.Context(), w.anna, editOf(set), set.Rules[n+1].ID, -3)
	require.NoError(t, err)
	require.Equal(t, "last", set.Rules[0].AmountDescription.Text)
	requirePositions(t, set)

	deleted := set.Rules[9]
	set, err = w.service.DeleteRule(t.Context(), w.anna, editOf(set), deleted.ID)
	require.NoError(t, err)
	requirePositions(t, set)
	require.Equal(t, base.Version+6, set.Version)

	diff, err := w.service.Diff(t.Context(), base.BasedOn, set.ID)
	require.NoError(t, err)
	require.Len(t, diff.Added, 2)
	require.Len(t, diff.Removed, 1)
	require.Len(t, diff.Changed, 1)
	require.Empty(t, diff.Moved)
	require.Equal(t, deleted.Lineage, diff.Removed[0].Lineage)

	history, err := w.service.History(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, []string{"Anna", "Olaf"}, history[0].Editors)
	require.Equal(t, n+1, history[0].Rules)
	var events int
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'rule_set' AND object_id = $1`, fmt.Sprint(set.ID)).Scan(&events))
	require.Equal(t, 7, events, "one event for the beginning and one per edit")
	_, breaks, err := audit.Verify(t.Context(), w.pool)
	require.NoError(t, err)
	require.Empty(t, breaks)
}

func requirePositions(t *testing.T, set *mapping.RuleSet) {
	t.Helper()
	for i, rule := range set.Rules {
		require.Equal(t, i+1, rule.Position)
	}
}

func TestEditsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	stale := editOf(set)
	rule := set.Rules[0]
	set, err := w.service.SetAccounts(t.Context(), w.anna, stale, map[string]string{"sales": "4010", "refunds": ""})
	require.NoError(t, err)
	require.Equal(t, "4010", set.Accounts["sales"])
	require.NotContains(t, set.Accounts, "refunds")

	_, err = w.service.DeleteRule(t.Context(), w.olaf, stale, rule.ID)
	requireFault(t, fault.Conflict, err)
	require.Contains(t, fault.MessageOf(err), "changed since")
	_, err = w.service.DeleteRule(t.Context(), audit.Job("x"), editOf(set), rule.ID)
	requireFault(t, fault.Forbidden, err)
	_, err = w.service.DeleteRule(t.Context(), w.anna, mapping.Edit{SetID: 12345}, rule.ID)
	requireFault(t, fault.NotFound, err)
	first, err := w.service.Number(t.Context(), w.connection, 1)
	require.NoError(t, err)
	_, err = w.service.DeleteRule(t.Context(), w.anna, editOf(first), first.Rules[0].ID)
	requireFault(t, fault.Conflict, err)
	_, err = w.service.DeleteRule(t.Context(), w.anna, editOf(set), first.Rules[0].ID)
	requireFault(t, fault.NotFound, err)
	_, err = w.service.UpdateRule(t.Context(), w.anna, editOf(set), first.Rules[0])
	requireFault(t, fault.NotFound, err)
	catchAll := ownRule("x")
	catchAll.TransactionType, catchAll.AmountType, catchAll.AmountDescription = mapping.Anything, mapping.Anything, mapping.Anything
	_, err = w.service.AddRule(t.Context(), w.anna, editOf(set), catchAll, 0)
	requireFault(t, fault.Invalid, err)
	require.Contains(t, fault.FieldsOf(err), "amount_description")
	_, err = w.service.SetAccounts(t.Context(), w.anna, editOf(set), map[string]string{"sales": " 4010"})
	requireFault(t, fault.Invalid, err)
	_, err = w.service.SetAccounts(t.Context(), w.anna, editOf(set), map[string]string{"none": "4010"})
	requireFault(t, fault.Invalid, err)

	unchanged, err := w.service.Load(t.Context(), set.ID)
	require.NoError(t, err)
	require.Equal(t, set, unchanged, "a refused edit changes nothing")
}

func TestOfTwoEditsAtOnceOneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	results := make([]error, 4)
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() {
			_, results[i] = w.service.AddRule(t.Context(), w.anna, editOf(set), ownRule(fmt.Sprintf("fee %d", i)), 1)
		})
	}
	wait.Wait()
	done := 0
	for _, err := range results {
		if err == nil {
			done++
			continue
		}
		requireFault(t, fault.Conflict, err)
	}
	require.Equal(t, 1, done)
}

func TestSubmitRefusesAccountsThatCannotBeBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	for account, message := range map[string]string{"12": "not in the chart", inactiveAccount: "not active", controlAccount: "control account"} {
		picked, err := w.service.SetAccounts(t.Context(), w.anna, editOf(set), map[string]string{"advertising": account})
		require.NoError(t, err)
		_, err = w.service.Submit(t.Context(), w.anna, editOf(picked), "")
		requireFault(t, fault.Invalid, err)
		require.Contains(t, fault.MessageOf(err), message)
		require.Contains(t, fault.MessageOf(err), "Advertising")
		set = picked
	}
	bad := ownRule("bad")
	bad.Account = inactiveAccount
	set, err := w.service.AddRule(t.Context(), w.anna, editOf(set), bad, 3)
	require.NoError(t, err)
	_, err = w.service.Submit(t.Context(), w.anna, editOf(set), "")
	require.Contains(t, fault.MessageOf(err), "Rule 3: ")
	require.Contains(t, fault.MessageOf(err), "And 1 more.")
}

func TestPublicationNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	set, err := w.service.AddRule(t.Context(), w.paul, editOf(set), ownRule("Own fee"), 1)
	require.NoError(t, err)
	_, err = w.service.Publish(t.Context(), w.ben, editOf(set))
	requireFault(t, fault.Conflict, err)
	set, err = w.service.Submit(t.Context(), w.olaf, editOf(set), "Own fee")
	require.NoError(t, err)
	require.Equal(t, w.olaf.PersonID, set.SubmittedBy)
	require.Equal(t, "Own fee", set.Note)

	for _, actor := range []audit.Actor{w.anna, w.olaf, w.paul, w.vera} { // began, submitted, edited, may not
		_, err = w.service.Publish(t.Context(), actor, editOf(set))
		requireFault(t, fault.Forbidden, err)
	}
	_, err = w.service.Publish(t.Context(), audit.Job("x"), editOf(set))
	requireFault(t, fault.Forbidden, err)
	_, err = w.service.AddRule(t.Context(), w.anna, editOf(set), ownRule("late"), 1)
	requireFault(t, fault.Conflict, err)
	_, err = w.service.Publish(t.Context(), w.ben, mapping.Edit{SetID: set.ID, Version: set.Version - 1})
	requireFault(t, fault.Conflict, err)
	requireFault(t, fault.Conflict, w.service.Discard(t.Context(), w.anna, editOf(set)))

	set, err = w.service.Withdraw(t.Context(), w.anna, editOf(set), "one more rule")
	require.NoError(t, err)
	require.Equal(t, mapping.Draft, set.State)
	require.Zero(t, set.SubmittedBy)
	set, err = w.service.Submit(t.Context(), w.anna, editOf(set), "Own fee")
	require.NoError(t, err)
	set, err = w.service.Publish(t.Context(), w.ben, editOf(set))
	require.NoError(t, err)
	require.Equal(t, mapping.Published, set.State)
	require.Equal(t, w.ben.PersonID, set.PublishedBy)

	published, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, set, published)
	first, err := w.service.Number(t.Context(), w.connection, 1)
	require.NoError(t, err)
	require.Equal(t, mapping.Retired, first.State)
	_, err = w.service.Prepared(t.Context(), w.connection)
	requireFault(t, fault.NotFound, err)
	history, err := w.service.History(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{history[0].Number, history[1].Number})
	require.Equal(t, "Ben", history[0].PublishedBy)
	require.Equal(t, "Anna", history[0].SubmittedBy)
	require.Empty(t, history[1].PublishedBy)
}

func TestDiscardLeavesNothingButTheAuditEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	require.NoError(t, w.service.Discard(t.Context(), w.anna, editOf(set)))
	_, err := w.service.Load(t.Context(), set.ID)
	requireFault(t, fault.NotFound, err)
	var action string
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT action FROM audit_event ORDER BY seq DESC LIMIT 1`).Scan(&action))
	require.Equal(t, "discarded", action)
	again, err := w.service.Begin(t.Context(), w.olaf, w.connection, "", nil)
	require.NoError(t, err)
	require.Equal(t, 2, again.Number)
}

func TestReplaceKeepsTheLineageOfKnownRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	before := *set
	kept, changed := set.Rules[4], set.Rules[2]
	changed.Account = "4010"
	set, err := w.service.Replace(t.Context(), w.anna, editOf(set), []mapping.Rule{kept, changed, ownRule("new"), kept}, map[string]string{"clearing": "4000"})
	require.NoError(t, err)
	requirePositions(t, set)
	require.Equal(t, map[string]string{"clearing": "4000"}, set.Accounts)
	diff := mapping.Compare(before, *set)
	require.Len(t, diff.Added, 2, "the rule given twice is new the second time")
	require.Len(t, diff.Changed, 1)
	require.Len(t, diff.Moved, 1)
	require.Len(t, diff.Removed, len(before.Rules)-2)

	wrong := ownRule("x")
	wrong.Category = "sundry"
	_, err = w.service.Replace(t.Context(), w.anna, editOf(set), []mapping.Rule{kept, wrong}, nil)
	requireFault(t, fault.Invalid, err)
	require.Contains(t, fault.MessageOf(err), "Rule 2: Choose a category")
	_, err = w.service.Replace(t.Context(), w.anna, editOf(set), nil, map[string]string{"sales": "x "})
	requireFault(t, fault.Invalid, err)
}

func TestCoverageReadsWhatWasImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.installed(t)
	principal := w.kind(t, kindOf("Order", "ItemPrice", "Principal", 1))
	novel := w.kind(t, kindOf("Order", "ItemFees", "BrandNewFee", -1))
	w.settle(t, "100", "USD", "2026-10-01", "2026-10-14", posting{principal, "2026-10-02", 3, "30.00"}, posting{novel, "2026-10-03", 2, "-1.50"})
	w.settle(t, "101", "CAD", "2026-10-01", "2026-10-14", posting{principal, "2026-10-02", 1, "7.00"})

	coverage, err := w.service.Coverage(t.Context(), set)
	require.NoError(t, err)
	matched := 0
	for i, count := range coverage.Rules {
		if count.Lines == 0 {
			continue
		}
		matched++
		require.Equal(t, mapping.Sales, set.Rules[i].Category)
		require.EqualValues(t, 4, count.Lines)
		require.Equal(t, 1, count.Kinds)
		requireAmounts(t, []string{"7.00 CAD", "30.00 USD"}, count.Amounts)
	}
	require.Equal(t, 1, matched)
	require.Len(t, coverage.Unmapped, 1)
	require.Equal(t, novel, coverage.Unmapped[0].KindID)
	requireAmounts(t, []string{"-1.50 USD"}, coverage.Unmapped[0].Amounts)
}

func TestBacktestReplaysTheChosenSettlements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	old, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	w.exec(t, `INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at)
		VALUES ($1, 2026, 10, '2026-10-01', '2026-10-31', true, now()), ($1, 2026, 11, '2026-11-01', '2026-11-30', false, now())`, w.connection)
	principal := w.kind(t, kindOf("Order", "ItemPrice", "Principal", 1))
	w.settle(t, "100", "USD", "2026-10-20", "2026-11-03", posting{principal, "2026-10-31", 3, "30.00"}, posting{principal, "2026-11-01", 2, "12.00"})
	w.settle(t, "099", "USD", "2026-09-20", "2026-10-03", posting{principal, "2026-09-30", 1, "5.00"})
	set, err = w.service.SetAccounts(t.Context(), w.anna, editOf(set), map[string]string{"sales": "4990"})
	require.NoError(t, err)

	november := mapping.Range{From: dateOf("2026-11-01"), To: dateOf("2026-11-30")}
	result, err := w.service.Backtest(t.Context(), old, set, november)
	require.NoError(t, err)
	require.EqualValues(t, 5, result.Lines, "the settlement that ended before is not replayed")
	require.EqualValues(t, 1, result.Settlements)
	was := old.Accounts["sales"]
	require.Equal(t, []string{was + " 2026-10 30.00 0.00", was + " 2026-11 12.00 0.00", "4990 2026-10 0.00 30.00", "4990 2026-11 0.00 12.00"}, deltas(result))
	require.Len(t, result.Moved, 1)
	require.Equal(t, principal, result.Moved[0].KindID)
	require.Equal(t, "42.00 USD", result.Moved[0].Amount.String())

	whole, err := w.service.Backtest(t.Context(), old, set, mapping.Range{})
	require.NoError(t, err)
	require.EqualValues(t, 6, whole.Lines)
	require.Contains(t, deltas(whole), was+"  5.00 0.00", "September has no period")

	posted, err := w.service.Backtest(t.Context(), old, set, mapping.Range{PostedFrom: dateOf("2026-10-01"), PostedTo: dateOf("2026-10-31")})
	require.NoError(t, err)
	require.Equal(t, []string{was + " 2026-10 30.00 0.00", "4990 2026-10 0.00 30.00"}, deltas(posted))

	kind, places, err := w.service.Places(t.Context(), w.connection, principal, "", "", november)
	require.NoError(t, err)
	require.Equal(t, "Order / ItemPrice / Principal", kind.String())
	require.Len(t, places, 1)
	require.Equal(t, "100", places[0].AmazonID)
	require.EqualValues(t, 5, places[0].Lines)
	require.Equal(t, "42.00 USD", places[0].Amount.String())
	_, places, err = w.service.Places(t.Context(), w.connection, principal, "", "", mapping.Range{})
	require.NoError(t, err)
	require.Len(t, places, 2)
	require.Equal(t, "100", places[0].AmazonID, "the newest first")
	_, places, err = w.service.Places(t.Context(), w.connection, principal, "Toys", "", mapping.Range{})
	require.NoError(t, err)
	require.Empty(t, places)
	_, _, err = w.service.Places(t.Context(), w.connection+1, principal, "", "", mapping.Range{})
	requireFault(t, fault.NotFound, err)
}

// TestBacktestReadsDaysInTheBooksTimeZone: a settlement that ends at 03:00 UTC
// on the first ends on the last of the month before in New York.
func TestBacktestReadsDaysInTheBooksTimeZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.installed(t)
	w.exec(t, `UPDATE connection SET time_zone = 'America/New_York' WHERE id = $1`, w.connection)
	principal := w.kind(t, kindOf("Order", "ItemPrice", "Principal", 1))
	w.settle(t, "100", "USD", "2026-10-18T03:00:00Z", "2026-11-01T03:00:00Z", posting{principal, "2026-10-31", 1, "30.00"})
	for within, settlements := range map[mapping.Range]int64{{From: dateOf("2026-11-01")}: 0, {To: dateOf("2026-10-31")}: 1} {
		result, err := w.service.Backtest(t.Context(), set, set, within)
		require.NoError(t, err)
		require.Equal(t, settlements, result.Settlements)
		require.Equal(t, settlements, result.Lines)
	}
}

func deltas(result mapping.Backtest) []string {
	var lines []string
	for _, d := range result.Accounts {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", d.Account, d.Period, d.Old.StringFixed(2), d.New.StringFixed(2)))
	}
	return lines
}

func dateOf(text string) period.Date { return period.DateOf(day(text)) }

func TestTryFindsTheProductGroupOfTheSKU(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.begun(t)
	w.exec(t, `INSERT INTO product (connection_id, sku, product_group) VALUES ($1, 'SKU-1', 'Toys')`, w.connection)
	toys := mapping.RuleFor(mapping.Kind{TransactionType: "Order", AmountType: "ItemPrice", AmountDescription: "Principal"}, mapping.Sales)
	toys.Marketplace, toys.ProductGroup, toys.Account = mapping.Anything, "Toys", "4010"
	set, err := w.service.AddRule(t.Context(), w.anna, editOf(set), toys, 1)
	require.NoError(t, err)
	row := "9\t\t\t\t\t\tOrder\t1\t\t\t\tAmazon.com\tItemPrice\tPrincipal\t5.00\tAFN\t\t\t\t\t\t%s\t1\t"
	trials, err := w.service.Try(t.Context(), set, fmt.Sprintf(row, "SKU-1")+"\n"+fmt.Sprintf(row, "SKU-2"))
	require.NoError(t, err)
	require.Equal(t, "4010", trials[0].Account)
	require.Len(t, trials[0].Rules, 2)
	require.Equal(t, set.Accounts["sales"], trials[1].Account)
	_, err = w.service.Try(t.Context(), set, "nonsense")
	requireFault(t, fault.Invalid, err)
}

// TestTheSetInUseIsTheOnePublishedLast: whoever reads it may change what it got,
// and another publication is seen at once.
func TestTheSetInUseIsTheOnePublishedLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := w.submitted(t)
	before, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	before.Rules[0].Account, before.Accounts["sales"] = "changed", "changed"
	again, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	fresh, err := mapping.LoadPublished(t.Context(), w.pool, w.connection)
	require.NoError(t, err)
	require.Equal(t, fresh, again)
	_, err = w.service.Publish(t.Context(), w.ben, editOf(set))
	require.NoError(t, err)
	after, err := w.service.Published(t.Context(), w.connection)
	require.NoError(t, err)
	require.Equal(t, set.ID, after.ID)
}
