package closing_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/closing"
	"tieout/app/fault"
	"tieout/app/journal"
)

func TestAPeriodIsClosedByTwoPeopleAndReopened(t *testing.T) {
	t.Parallel()
	o := open(t)
	next, ok, err := o.Next(t.Context(), o.connection)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "2026-11", next.Key.String(), "nothing is there to be closed")
	o.posted()
	next, _, err = o.Next(t.Context(), o.connection)
	require.NoError(t, err)
	require.Equal(t, "2026-09", next.Key.String(), "the first settlement begins in it")
	w := o.get()
	require.Equal(t, closing.Open, w.State)
	require.Empty(t, w.Now.InTheWay(), "%v", w.Now.InTheWay())

	require.Equal(t, fault.Conflict, fault.CodeOf(o.Approve(t.Context(), o.october(), nil, now, o.approver)), "nobody asked")
	require.Equal(t, fault.Forbidden, fault.CodeOf(o.Request(t.Context(), o.october(), "", nil, o.approver)), "the database asks for an accountant")
	require.NoError(t, o.Request(t.Context(), o.october(), "All agreed.", nil, o.second))
	require.Equal(t, fault.Conflict, fault.CodeOf(o.Request(t.Context(), o.october(), "", nil, o.accountant)), "once at a time")
	w = o.get()
	hash := w.Attempts[0].Hash
	sum := sha256.Sum256([]byte(w.Attempts[0].Text))
	require.Equal(t, sum[:], hash)
	require.Equal(t, fault.Forbidden, fault.CodeOf(o.Approve(t.Context(), o.october(), hash, now, o.second)), "prepared by the same person")
	require.Equal(t, fault.Conflict, fault.CodeOf(o.Approve(t.Context(), o.october(), []byte("other"), now, o.approver)))
	require.NotEmpty(t, fault.FieldsOf(o.Refuse(t.Context(), o.october(), " ", o.approver)))
	require.NoError(t, o.Refuse(t.Context(), o.october(), "The bank is not reconciled.", o.approver))
	require.Equal(t, closing.Open, o.get().State)

	w = o.closed()
	require.Equal(t, closing.Closed, w.State)
	require.Equal(t, 1, o.redrafts, "late settlements are drafted by the policy")
	require.Equal(t, "carl", w.Attempts[0].DecidedBy)
	require.Equal(t, fault.Conflict, fault.CodeOf(o.Request(t.Context(), o.october(), "", nil, o.accountant)))
	list, err := o.List(t.Context(), closing.Filter{State: closing.Closed, PageSize: 10})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, o.october(), list[0].Key)
	all, err := o.List(t.Context(), closing.Filter{PageSize: 2})
	require.NoError(t, err)
	require.Len(t, all, 2)
	rest, err := o.List(t.Context(), closing.Filter{PageSize: 2, After: all[1].Place()})
	require.NoError(t, err)
	require.Equal(t, "2026-09", rest[0].Key.String())

	require.NotEmpty(t, fault.FieldsOf(o.Reopen(t.Context(), o.october(), "", o.approver)))
	require.Equal(t, fault.Forbidden, fault.CodeOf(o.Reopen(t.Context(), o.october(), "A late invoice.", o.accountant)))
	require.NoError(t, o.Reopen(t.Context(), o.october(), "A late invoice.", o.approver))
	require.Equal(t, closing.Reopened, o.get().State)
	require.Equal(t, 2, o.redrafts)
	require.Equal(t, closing.Closed, o.closed().State, "and closed again")
	var events int
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'period_close'`).Scan(&events))
	require.Equal(t, 7, events, "requested, refused, requested, closed, reopened, requested, closed")
}

func TestWhatBlocksIsWaivedWithAReasonOrNotAtAll(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.posted()
	o.exec(`INSERT INTO exception (connection_id, class, cause, title, amount, currency, opened_at) VALUES ($1, 'unknown_sku', 'A', 'A', 12, 'USD', '2026-10-05')`, o.connection)
	err := o.Request(t.Context(), o.october(), "", nil, o.accountant)
	require.Equal(t, []string{"waive-exceptions"}, keys(fault.FieldsOf(err)))
	require.NoError(t, o.Request(t.Context(), o.october(), "", map[string]string{"exceptions": "Claimed at Amazon."}, o.accountant))
	w := o.get()
	require.Equal(t, "Claimed at Amazon.", w.Attempts[0].Checklist.Waived()[0].Waiver)
	o.exec(`UPDATE exception SET amount = 13`)
	err = o.Approve(t.Context(), o.october(), w.Attempts[0].Hash, now, o.approver)
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
	require.Contains(t, fault.MessageOf(err), "waived for something else")
	o.exec(`UPDATE exception SET amount = 12`)
	require.NoError(t, o.Approve(t.Context(), o.october(), w.Attempts[0].Hash, now, o.approver))

	// The database refuses what a handler would have let through.
	o.refused("stands in the way", `INSERT INTO period_close (connection_id, fiscal_year, period, checklist, checklist_hash, requested_by, requested_at)
		SELECT $1, 2026, 9, c, sha256(convert_to(c, 'UTF8')), $2, now() FROM (SELECT '{"items": [{"title": "x", "state": "blocks", "waivable": true}]}' AS c) x`, o.connection, o.accountant.PersonID)
	o.refused("stands in the way", `INSERT INTO period_close (connection_id, fiscal_year, period, checklist, checklist_hash, requested_by, requested_at)
		SELECT $1, 2026, 9, c, sha256(convert_to(c, 'UTF8')), $2, now() FROM (SELECT '{"items": [{"title": "x", "state": "blocks", "waivable": false, "waiver": "so"}]}' AS c) x`, o.connection, o.accountant.PersonID)
}

func keys(m map[string]string) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}

func TestAClosedPeriodIsLockedInTheDatabase(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.posted()
	var entry, november int64
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT id FROM journal_entry WHERE period = 10 AND status = 'posted' LIMIT 1`).Scan(&entry))
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT id FROM journal_entry WHERE period = 11 AND status = 'draft' LIMIT 1`).Scan(&november))
	const insert = `INSERT INTO journal_entry (connection_id, settlement_id, entry_type, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate,
			description, rule_set_id, clearing, total, functional_total)
		SELECT connection_id, settlement_id, entry_type, reference || '-X', version + 1, company, journal, 2026, $2, entry_on, currency, functional_currency, rate, description, rule_set_id, clearing, total, functional_total
		FROM journal_entry WHERE id = $1`
	after := o.cycles()
	o.exec(`UPDATE journal_entry SET period = 10 WHERE id = $1`, o.load(after[len(after)-1] + 1).Entries[0])
	// A draft is waived, and stays a draft.
	require.NoError(t, o.Request(t.Context(), o.october(), "", map[string]string{"posted": "It is not ours."}, o.accountant))
	w := o.get()
	o.refused("prepared", `UPDATE period_close SET state = 'closed', decided_by = requested_by, decided_at = now()`+makeApprover(o, o.accountant))
	o.refused("only an approver", `UPDATE period_close SET state = 'closed', decided_by = $1, decided_at = now()`, o.person("vera", "viewer").PersonID)
	o.refused("cannot be changed", `UPDATE period_close SET note = 'other'`)
	o.refused("period_close_check", `UPDATE period_close SET state = 'refused', decided_by = $1, decided_at = now()`, o.approver.PersonID)
	o.refused("period_close", `UPDATE period_close SET state = 'closed'`)
	o.refused("cannot be deleted", `DELETE FROM period_close`)
	o.refused("evidence", `TRUNCATE period_close CASCADE`)
	o.exec(`UPDATE policy SET fresh_sign_in_minutes = 10, approver_ids = $1`, []int64{o.approver.PersonID})
	require.Equal(t, fault.Unauthorised, fault.CodeOf(o.Approve(t.Context(), o.october(), w.Attempts[0].Hash, time.Now().Add(-time.Hour), o.approver)))
	require.Equal(t, fault.Forbidden, fault.CodeOf(o.Approve(t.Context(), o.october(), w.Attempts[0].Hash, time.Now(), o.second)), "the policy names others")
	require.NoError(t, o.Approve(t.Context(), o.october(), w.Attempts[0].Hash, time.Now(), o.approver))

	const shut = "period 2026-10 is closed"
	o.refused(shut, insert, november, 10)
	o.refused(shut, `UPDATE journal_entry SET period = 10 WHERE id = $1`, november)
	o.refused(shut, `UPDATE journal_entry SET status = 'submitted', submitted_by = $1, submitted_at = now() WHERE period = 10 AND status = 'draft'`, o.accountant.PersonID)
	o.refused("rest on the sums", `UPDATE rollup SET amount = amount + 1 WHERE (settlement_id, kind_id, posted_on) IN (SELECT settlement_id, kind_id, posted_on FROM journal_source WHERE entry_id = $1)`+withoutRollupChange(o), entry)
	o.refused("only an approver may reopen", `UPDATE period_close SET state = 'reopened', reopened_by = $1, reopened_at = now(), reopen_reason = 'x'`, o.person("ann", "accountant").PersonID)
	o.refused("is closed and cannot be changed", `UPDATE period_close SET state = 'requested', decided_by = NULL, decided_at = NULL`)
	o.refused("who closed period", `UPDATE period_close SET state = 'reopened', decided_by = $1, reopened_by = $2, reopened_at = now(), reopen_reason = 'x'`, o.second.PersonID, o.approver.PersonID)
	require.NoError(t, o.Reopen(t.Context(), o.october(), "A late invoice.", o.approver))
	o.exec(`UPDATE journal_entry SET reference = reference || '-Y' WHERE period = 10 AND status = 'draft'`)
}

// makeApprover gives a person the role, so that only the second pair of eyes is missing.
func makeApprover(o *office, who audit.Actor) string {
	o.exec(`UPDATE person SET roles = '{accountant,approver}' WHERE id = $1`, who.PersonID)
	return ""
}

// withoutRollupChange takes the older guard of the sums away, so that the one of closed periods is seen.
func withoutRollupChange(o *office) string {
	o.exec(`DROP TRIGGER rollup_change ON rollup`)
	return ""
}

func TestALateSettlementOfAClosedPeriodFollowsThePolicy(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.posted()
	cycles := o.cycles()
	o.exec(`UPDATE fiscal_period SET starts_on = starts_on`) // P21 says that all are open
	o.closed()
	// The same cycle of another account of the company, which was late.
	other := o.lateReport(cycles[1])
	require.NotEmpty(t, other.Problems, "the policy is: exception")
	require.Equal(t, journal.ClosedPeriod, other.Problems[0].Class)
	require.Equal(t, "Period 2026-10 is closed here.", other.Problems[0].Sentence)
	o.exec(`UPDATE policy SET closed_period = 'first_open'`)
	other = o.lateReport(cycles[1])
	require.Empty(t, other.Problems)
	e, err := o.entries.Get(t.Context(), other.Entries[0])
	require.NoError(t, err)
	require.EqualValues(t, 11, e.Period)
	require.Equal(t, "2026-10", e.MovedFrom)
	require.NoError(t, o.Reopen(t.Context(), o.october(), "The late settlement belongs to it.", o.approver))
	other = o.lateReport(cycles[1])
	e, err = o.entries.Get(t.Context(), other.Entries[0])
	require.NoError(t, err)
	require.EqualValues(t, 10, e.Period)
}
