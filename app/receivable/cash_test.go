package receivable_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/app/receivable"
)

func order(n string) string { return "111-0000000-000000" + n }

// deposited is a deposit that pays three orders.
func deposited(t *testing.T) (*books, audit.Actor) {
	t.Helper()
	b := open(t)
	b.settled(t, "USD", line{order("1"), "Order", "ItemPrice", "Principal", "20.00"}, line{order("2"), "Order", "ItemPrice", "Principal", "7.50"}, line{order("3"), "Refund", "ItemPrice", "Principal", "-5.25"})
	amy := audit.Actor{Name: "Amy"}
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('test', 'amy', 'amy@example.com', 'Amy') RETURNING id`).Scan(&amy.PersonID))
	return b, amy
}

func (b *books) enter(t *testing.T, amount string, actor audit.Actor, orders ...string) (int64, error) {
	t.Helper()
	return b.service.EnterCash(t.Context(), receivable.NewCashEntry{SettlementID: b.settlement, Orders: orders, Reference: " CR-17 ", Amount: decimal.RequireFromString(amount)}, actor)
}

func (b *books) left(t *testing.T) string {
	t.Helper()
	total, err := b.service.CashTotal(t.Context(), b.settlement)
	require.NoError(t, err)
	return total.Left().String()
}

func (b *books) cash(t *testing.T, state string) (orders []string) {
	t.Helper()
	list, err := b.service.Cash(t.Context(), b.settlement, receivable.CashFilter{State: state, PageSize: 10})
	require.NoError(t, err)
	for _, x := range list {
		orders = append(orders, x.Order)
	}
	return orders
}

func TestCashIsEnteredOnceAndUndoneWithAReason(t *testing.T) {
	t.Parallel()
	b, amy := deposited(t)
	one, err := b.enter(t, "20", amy, order("1"))
	require.NoError(t, err)
	require.Equal(t, "2.25", b.left(t))
	require.Equal(t, []string{order("1")}, b.cash(t, "entered"))
	require.Equal(t, []string{order("2"), order("3")}, b.cash(t, "to_enter"))
	_, err = b.enter(t, "20", amy, order("1"))
	require.Equal(t, fault.Conflict, fault.CodeOf(err), "twice")
	_, err = b.enter(t, "22.25", amy)
	require.ErrorContains(t, err, "2.25 USD is left to enter, you saw 22.25", "what somebody saw before")
	_, err = b.enter(t, "2.25", amy)
	require.NoError(t, err)
	require.Equal(t, "0", b.left(t))

	deposits, err := b.service.Deposits(t.Context(), receivable.DepositFilter{Connections: []int64{b.connection}, PageSize: 5})
	require.NoError(t, err)
	require.Empty(t, deposits, "nothing is left of it")
	require.NotNil(t, fault.FieldsOf(b.service.UndoCash(t.Context(), b.settlement, one, " ", amy)), "without a reason")
	require.NoError(t, b.service.UndoCash(t.Context(), b.settlement, one, "Keyed under the wrong customer.", amy))
	require.Equal(t, fault.Conflict, fault.CodeOf(b.service.UndoCash(t.Context(), b.settlement, one, "Again.", amy)))
	require.Equal(t, []string{order("1")}, b.cash(t, "to_enter"))
	deposits, err = b.service.Deposits(t.Context(), receivable.DepositFilter{Connections: []int64{b.connection}, PageSize: 5})
	require.NoError(t, err)
	require.Len(t, deposits, 1)
	require.EqualValues(t, 1, deposits[0].ToEnter)
	var events int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'cash_entry'`).Scan(&events))
	require.Equal(t, 3, events)
}

func TestCashOfAReportThatWasIssuedAgainIsToBeTakenBack(t *testing.T) {
	t.Parallel()
	b, amy := deposited(t)
	_, err := b.enter(t, "22.25", amy)
	require.NoError(t, err)
	require.NoError(t, b.exec(t, `UPDATE settlement SET replaced_at = now()`))
	require.NoError(t, b.service.Settle(t.Context(), b.connection))
	require.Equal(t, "-22.25", b.left(t))
	require.Len(t, b.cash(t, "to_enter"), 3)
	_, err = b.enter(t, "-22.25", amy)
	require.NoError(t, err)
	require.Equal(t, "0", b.left(t))
}

func TestTheDatabaseKeepsEnteredCashAsItWas(t *testing.T) {
	t.Parallel()
	b, amy := deposited(t)
	id, err := b.enter(t, "22.25", amy)
	require.NoError(t, err)
	for _, wrong := range []string{
		`UPDATE cash_entry SET amount = 1`, `UPDATE cash_entry SET reference = 'X'`, `DELETE FROM cash_entry`, `UPDATE cash_entry_order SET amount = 1`, `DELETE FROM cash_entry_order`,
		`UPDATE cash_entry SET undone_at = now(), undone_by = entered_by`,
		`INSERT INTO cash_entry_order (entry_id, settlement_id, order_id, amount) SELECT id, settlement_id, 'X', 1 FROM cash_entry`,
		`INSERT INTO cash_entry (settlement_id, reference, orders, amount, entered_by, entered_at) SELECT settlement_id, 'X', 1, 1, entered_by, now() FROM cash_entry`,
		`INSERT INTO cash_entry (settlement_id, reference, orders, amount, entered_by, entered_at) SELECT settlement_id, ' ', 1, 1, entered_by, now() FROM cash_entry`,
	} {
		_, err := b.pool.Exec(t.Context(), wrong)
		require.Error(t, err, wrong)
	}
	require.NoError(t, b.service.UndoCash(t.Context(), b.settlement, id, "Wrong.", amy))
	_, err = b.pool.Exec(t.Context(), `UPDATE cash_entry SET undone_at = NULL, undone_by = NULL, undone_reason = ''`)
	require.ErrorContains(t, err, "undone once")
}

func TestTwoPeopleEnterTheSameCashOnce(t *testing.T) {
	t.Parallel()
	b, amy := deposited(t)
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := b.service.EnterCash(t.Context(), receivable.NewCashEntry{SettlementID: b.settlement, Reference: "CR", Amount: decimal.RequireFromString("22.25")}, amy)
			results <- err
		}()
	}
	first, second := <-results, <-results
	require.True(t, (first == nil) != (second == nil), "%v, %v", first, second)
	require.Equal(t, "0", b.left(t))
}

func TestVariancesAreJudgedByThePolicysTolerance(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, err := b.pool.Exec(t.Context(), `INSERT INTO policy (connection_id) VALUES ($1) ON CONFLICT DO NOTHING`, b.connection)
	require.NoError(t, err)
	b.invoiced(t, anOrder, "1", "20.30", "USD")
	b.settled(t, "USD", line{anOrder, "Order", "ItemPrice", "Principal", "20.00"})
	cause := func() receivable.Cause {
		list := b.list(t, receivable.Filter{PageSize: 1})
		reason, ok := receivable.Explain(list[0])
		require.True(t, ok)
		require.Len(t, b.list(t, receivable.Filter{Cause: reason.Cause, PageSize: 1}), 1, "what is stored is what is shown")
		return reason.Cause
	}
	require.Equal(t, receivable.PriceOrQuantity, cause())
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE policy SET receivable_tolerance = 0.30`)
		return err
	}))
	require.Equal(t, receivable.PriceOrQuantity, cause(), "nothing has been judged anew yet")
	require.NoError(t, b.service.Reconsider(t.Context(), b.connection))
	require.Equal(t, receivable.Rounding, cause())
}
