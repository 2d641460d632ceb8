package amazon_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/app/amazon/spec"
	"tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/seller"
)

const sevenDays = 7 * 24 * time.Hour

// heldWorld has sellers whose money Amazon holds back for a week.
func heldWorld(t *testing.T) *world {
	t.Helper()
	return worldOf(t, []string{"finances_2024-06-19.json"}, func(c *amazon.Config) {
		for i := range c.Accounts {
			c.Accounts[i].Books.Account().Hold = sevenDays
		}
	})
}

func (w *world) transactions(key string, since, until time.Time) map[string]client.Transaction {
	w.t.Helper()
	list := map[string]client.Transaction{}
	for page, err := range w.client(key).Transactions(w.t.Context(), client.TransactionQuery{After: since, Before: until}) {
		require.NoError(w.t, err)
		for _, found := range page.Transactions {
			require.NoError(w.t, found.Err)
			require.NotContains(w.t, list, found.Transaction.ID)
			list[found.Transaction.ID] = found.Transaction
		}
	}
	return list
}

// leaves adds up what a tree ends in.
func leaves(tree []client.Charge) decimal.Decimal {
	sum := decimal.Zero
	for _, c := range tree {
		if len(c.Parts) == 0 {
			sum = sum.Add(c.Amount.Amount)
			continue
		}
		sum = sum.Add(leaves(c.Parts))
	}
	return sum
}

func TestTransactionsAreWhatTheSettlementSaysLater(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"us", "eu"} {
		w := heldWorld(t)
		account := w.books[key].Account()
		n := account.Finished(begin) - 1
		list := w.transactions(key, account.Start(n).Add(-sevenDays), begin.Add(-2*time.Minute))
		settlement, sum, held, released := w.books[key].Settlement(n), decimal.Zero, 0, 0
		for _, x := range list {
			parts := leaves(x.Breakdowns)
			for _, item := range x.Items {
				parts = parts.Add(leaves(item.Breakdowns))
			}
			require.True(t, parts.Equal(x.Total.Amount), "%s: the leaves are the total", x.ID)
			require.Equal(t, account.Currency, x.Total.Currency)
			reason, maturity := x.Deferral()
			switch x.Status {
			case client.TransactionDeferred:
				held++
				require.Equal(t, "DD7", reason)
				require.True(t, maturity.After(begin))
			case client.TransactionDeferredReleased:
				released++
				require.False(t, maturity.After(begin))
			default:
				require.Equal(t, client.TransactionReleased, x.Status)
				require.Zero(t, maturity)
			}
			if x.RelatedTo(client.RelatedSettlement) == settlement.ID {
				sum = sum.Add(x.Total.Amount)
			}
		}
		require.Positive(t, held)
		require.Positive(t, released)
		deposit := decimal.New(settlement.Deposit, -2)
		require.NoError(t, w.books[key].Lines(n, func(l seller.Line) error { // the reserve is posted with the next cycle's minutes
			if l.Posted.After(begin.Add(-2 * time.Minute)) {
				deposit = deposit.Sub(decimal.New(l.Cents, -2))
			}
			return nil
		}))
		require.Equal(t, deposit.String(), sum.String(), "%s: the transactions of a settlement are its lines", key)
	}
}

func TestAHeldTransactionIsReleasedUnderItsOwnID(t *testing.T) {
	t.Parallel()
	w := heldWorld(t)
	since, until := begin.Add(-24*time.Hour), begin.Add(-time.Hour)
	before := w.transactions("us", since, until)
	w.clock.Advance(sevenDays)
	after := w.transactions("us", since, until)
	require.Equal(t, len(before), len(after))
	for id, x := range before {
		if x.Status == client.TransactionDeferred {
			require.Equal(t, client.TransactionDeferredReleased, after[id].Status)
		}
	}
}

func TestTransactionsRefuseWhatAmazonRefuses(t *testing.T) {
	t.Parallel()
	w := heldWorld(t)
	token := w.token("us")
	for path, status := range map[string]int{
		"/finances/2024-06-19/transactions":                                                                                         400,
		"/finances/2024-06-19/transactions?postedAfter=2026-11-23T09:00:00Z":                                                        400,
		"/finances/2024-06-19/transactions?postedAfter=2026-11-22T00:00:00Z&postedBefore=2026-11-21T00:00:00Z":                      400,
		"/finances/2024-06-19/transactions?postedAfter=2026-11-22T00:00:00Z&nextToken=x":                                            400,
		"/finances/2024-06-19/transactions?relatedIdentifierName=ORDER_ID&relatedIdentifierValue=none":                              200,
		"/finances/2024-06-19/transactions?postedAfter=2026-11-22T00:00:00Z&transactionStatus=DEFERRED&marketplaceId=ATVPDKIKX0DER": 200,
	} {
		got, _ := w.get(path, token)
		require.Equal(t, status, got, path)
	}
	// Of more than 180 days Amazon returns nothing, and no error.
	_, _, body := w.ask("/finances/2024-06-19/transactions?postedAfter=2026-01-01T00:00:00Z&postedBefore=2026-11-01T00:00:00Z", token)
	require.JSONEq(t, `{"payload":{"transactions":[]}}`, body)
}

func TestTransactionsHaveTheModelsBucket(t *testing.T) {
	t.Parallel()
	w := heldWorld(t)
	plan, ok := spec.Load(t, "finances_2024-06-19.json").Plan("listTransactions")
	require.True(t, ok)
	token, path := w.token("us"), "/finances/2024-06-19/transactions?postedAfter=2026-11-23T08:00:00Z"
	for range int(plan.Burst) {
		status, _, _ := w.ask(path, token)
		require.Equal(t, http.StatusOK, status)
	}
	status, _, _ := w.ask(path, token)
	require.Equal(t, http.StatusTooManyRequests, status)
}
