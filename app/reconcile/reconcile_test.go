package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
)

// sides are a Source whose findings a test decides.
type sides struct {
	found reconcile.Comparison
	err   error
}

func (s *sides) Name() reconcile.Name { return reconcile.Returns }

func (s *sides) Compare(context.Context, int64) (reconcile.Comparison, error) { return s.found, s.err }

// differ sets what is open; everything else that is compared agrees.
func (s *sides) differ(agreeing string, open ...reconcile.Open) {
	totals := map[money.Currency]*reconcile.Total{"USD": {Currency: "USD", Left: d(agreeing), Right: d(agreeing)}}
	for _, o := range open {
		if totals[o.Currency] == nil {
			totals[o.Currency] = &reconcile.Total{Currency: o.Currency}
		}
		t := totals[o.Currency]
		t.Compared, t.Left, t.Right = t.Compared+1, t.Left.Add(o.Left), t.Right.Add(o.Right)
	}
	s.found = reconcile.Comparison{Open: open, LeftAt: start, RightAt: start}
	for _, t := range totals {
		s.found.Totals = append(s.found.Totals, *t)
	}
}

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func item(key, left, right string) reconcile.Open {
	return reconcile.Open{Key: key, Currency: "USD", Left: d(left), Right: d(right), Cause: "Differs", Since: period.Date{Year: 2026, Month: 11, Day: 1}, Object: "record", ObjectID: 7}
}

var start = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

type books struct {
	*reconcile.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	sides      *sides
	connection int64
	olga       audit.Actor
}

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t), clock: clock.NewFixed(start), sides: &sides{}, olga: audit.Actor{Name: "Olga"}}
	b.Service = reconcile.NewService(b.pool, b.clock, b.sides)
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&b.connection))
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Olga') RETURNING id`).Scan(&b.olga.PersonID))
	return b
}

func (b *books) compare() {
	b.t.Helper()
	b.clock.Advance(time.Second)
	require.NoError(b.t, b.CheckAll(b.t.Context(), b.connection))
}

func (b *books) standing() reconcile.Standing {
	b.t.Helper()
	list, err := b.Standing(b.t.Context(), b.connection, "", period.Date{Year: 2026, Month: 11, Day: 30})
	require.NoError(b.t, err)
	for _, s := range list {
		if s.Name == reconcile.Returns {
			return s
		}
	}
	b.t.Fatal("no standing")
	return reconcile.Standing{}
}

// number is the one number with its words: open, explained.
func (b *books) number() string {
	b.t.Helper()
	s := b.standing()
	text := ""
	for _, a := range s.Unexplained {
		text += a.String() + ", "
	}
	return fmt.Sprintf("%s%d open, %d explained", text, s.OpenCount, s.ExplainedCount)
}

func (b *books) items(state string) []reconcile.Item {
	b.t.Helper()
	list, err := b.List(b.t.Context(), reconcile.Filter{Name: reconcile.Returns, State: state, PageSize: 100})
	require.NoError(b.t, err)
	return list
}

func (b *books) events() (n int) {
	b.t.Helper()
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'reconciliation_note'`).Scan(&n))
	return n
}

func TestAnExplainedItemCountsNoMoreUntilItsAmountChanges(t *testing.T) {
	t.Parallel()
	b := open(t)
	require.False(t, b.standing().Compared, "nothing is known yet")
	b.sides.differ("1000", item("A", "10.00", "0"), item("B", "0", "2.50"))
	b.compare()
	require.Equal(t, "7.50 USD, 2 open, 0 explained", b.number())
	a, other := b.items("")[0], b.items("")[1]
	require.NotNil(t, fault.FieldsOf(b.Explain(t.Context(), a.ID, d("10"), "no", b.olga)))
	require.True(t, fault.Is(b.Explain(t.Context(), a.ID, d("11"), "Claimed, case 17", b.olga), fault.Conflict), "somebody looked at another number")
	require.NoError(t, b.Explain(t.Context(), a.ID, d("10"), "Claimed, case 17", b.olga))
	require.True(t, fault.Is(b.Explain(t.Context(), a.ID, d("10"), "Claimed again", b.olga), fault.Conflict))
	require.NoError(t, b.Explain(t.Context(), other.ID, d("-2.50"), "Paid in cash", b.olga))
	require.Equal(t, "0.00 USD, 0 open, 2 explained", b.number())
	require.True(t, b.standing().Agrees())
	require.Equal(t, "7.5", b.standing().Explained[0].Value.String())

	b.sides.differ("1000", item("A", "12.00", "0"), item("B", "0", "2.50"))
	b.compare()
	require.Equal(t, "12.00 USD, 1 open, 1 explained", b.number(), "the note is void")
	whole, err := b.Get(t.Context(), a.ID)
	require.NoError(t, err)
	require.True(t, whole.Note.Void)
	require.True(t, whole.Notes[0].Void)
	require.NoError(t, b.Explain(t.Context(), a.ID, d("12"), "Claimed, case 17 and 18", b.olga))
	require.Equal(t, "0.00 USD, 0 open, 2 explained", b.number())
	require.Equal(t, 4, b.events(), "two notes, the void one withdrawn, another one")

	whole, err = b.Get(t.Context(), a.ID)
	require.NoError(t, err)
	_, back, err := b.Withdraw(t.Context(), whole.Note.ID, b.olga)
	require.NoError(t, err)
	require.Equal(t, a.ID, back)
	require.Equal(t, "12.00 USD, 1 open, 1 explained", b.number())
	_, _, err = b.Withdraw(t.Context(), whole.Note.ID, b.olga)
	require.True(t, fault.Is(err, fault.Conflict))

	b.sides.differ("1012")
	b.compare()
	require.Equal(t, "0.00 USD, 0 open, 0 explained", b.number())
	_, err = b.Get(t.Context(), a.ID)
	require.True(t, fault.Is(err, fault.NotFound))
}

func TestTwoItemsThatComeToNothingAreMatchedAndTakenApart(t *testing.T) {
	t.Parallel()
	b := open(t)
	late := item("P21 4711", "0", "10.00")
	late.Since = late.Since.AddDays(3)
	b.sides.differ("0", item("AMZ-1", "10.00", "0"), late, item("AMZ-2", "3", "0"))
	b.compare()
	list := b.items("")
	whole, err := b.Get(t.Context(), list[0].ID)
	require.NoError(t, err)
	require.Len(t, whole.Suggestions, 1)
	require.Equal(t, "the same amount on the other side, 3 days apart", whole.Suggestions[0].Why)
	require.True(t, fault.Is(b.Match(t.Context(), list[0].ID, list[1].ID, b.olga), fault.Conflict), "10 and 3")
	require.NoError(t, b.Match(t.Context(), list[0].ID, whole.Suggestions[0].ID, b.olga))
	require.Equal(t, "3.00 USD, 1 open, 2 explained", b.number())
	whole, err = b.Get(t.Context(), list[0].ID)
	require.NoError(t, err)
	require.True(t, whole.Note.Paired)
	_, _, err = b.Withdraw(t.Context(), whole.Note.ID, b.olga)
	require.NoError(t, err)
	require.Equal(t, "3.00 USD, 3 open, 0 explained", b.number())
	require.Equal(t, 4, b.events())
}

func TestPairsAreMatchedTogetherWhereNothingElseCouldBeMeant(t *testing.T) {
	t.Parallel()
	b := open(t)
	far := item("FAR", "0", "3")
	far.Since = far.Since.AddDays(40)
	b.sides.differ("0", item("A", "10", "0"), item("B", "0", "10"), item("C", "5", "0"), item("D", "0", "5"), item("E", "0", "5"), item("F", "3", "0"), far, item("G", "0", "0"))
	b.compare()
	n, err := b.Pairs(t.Context(), b.connection, reconcile.Returns)
	require.NoError(t, err)
	require.Equal(t, 1, n, "5 could be either of two, 3 is too long ago")
	n, err = b.MatchPairs(t.Context(), b.connection, reconcile.Returns, b.olga)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	var keys []string
	for _, i := range b.items("explained") {
		keys = append(keys, i.Key)
		require.True(t, i.Note.Paired)
	}
	require.ElementsMatch(t, []string{"A", "B"}, keys)
	n, err = b.MatchPairs(t.Context(), b.connection, reconcile.Returns, b.olga)
	require.NoError(t, err)
	require.Zero(t, n)
}

// What is frozen is read again as it was, and its number is that of the items up
// to a day.
func TestWhatIsFrozenStaysAsItWas(t *testing.T) {
	t.Parallel()
	b := open(t)
	late := item("LATE", "4", "0")
	late.Since = late.Since.AddDays(30)
	noted := item("NOTED", "10.5", "0")
	noted.Units = decimal.NewNullDecimal(d("2"))
	b.sides.differ("7", noted, item("OPEN", "0", "3"), late)
	b.compare()
	require.NoError(t, b.Explain(t.Context(), b.items("")[0].ID, d("10.5"), "Claimed, case 17", b.olga))
	list, err := b.Freeze(t.Context(), b.pool, b.connection)
	require.NoError(t, err)
	require.Len(t, list, 1)
	text, hash, err := list[0].Write()
	require.NoError(t, err)
	read, err := reconcile.ReadFrozen(text)
	require.NoError(t, err)
	again, hashAgain, err := read.Write()
	require.NoError(t, err)
	require.Equal(t, text, again)
	require.Equal(t, hash, hashAgain)
	require.NoError(t, read.AddsUp())
	sums, open := read.Unexplained(late.Since.AddDays(-1))
	require.Equal(t, "-3 1", fmt.Sprint(sums[0].Value, " ", open))
	sums, open = read.Unexplained(late.Since)
	require.Equal(t, "1 2", fmt.Sprint(sums[0].Value, " ", open))
	read.Items = read.Items[1:]
	require.Error(t, read.AddsUp(), "an item is gone")
}

func TestNotesHoldAgainstSQL(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.sides.differ("0", item("A", "10.00", "0"))
	b.compare()
	require.NoError(t, b.Explain(t.Context(), b.items("")[0].ID, d("10"), "Claimed, case 17", b.olga))
	insert := func(key, amount, reason, person string) string {
		return fmt.Sprintf(`INSERT INTO reconciliation_note (connection_id, name, key, currency, amount, reason, written_by, written_at) VALUES (%d, 'returns', '%s', 'USD', %s, '%s', %s, now())`, b.connection, key, amount, reason, person)
	}
	for broken, want := range map[string]string{
		`DELETE FROM reconciliation_note`:                                      "cannot be deleted",
		`UPDATE reconciliation_note SET amount = 11`:                           "cannot be changed",
		`UPDATE reconciliation_note SET reason = 'another one'`:                "cannot be changed",
		`UPDATE reconciliation_note SET withdrawn_at = now()`:                  "check constraint",
		insert("A", "10", "twice on one item", "1"):                            "reconciliation_note_live",
		insert("A", "9", "another amount", "1"):                                "no open item",
		insert("NOBODY", "10", "of nothing", "1"):                              "no open item",
		insert("A", "10", "   ", "1"):                                          "check constraint",
		insert("A", "10", "signed by nobody", "NULL"):                          "null value",
		`UPDATE reconciliation_item SET difference = 5`:                        "check constraint",
		`UPDATE reconciliation SET note = 'why'`:                               "check constraint",
		`UPDATE reconciliation_item SET currency = 'usd'`:                      "check constraint",
		`INSERT INTO reconciliation_total VALUES (1, 'other', 'USD', 0, 0, 0)`: "foreign key",
	} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.ErrorContains(t, err, want, broken)
	}
	_, err := b.pool.Exec(t.Context(), `UPDATE reconciliation_note SET withdrawn_at = now() + interval '9 years', withdrawn_by = $1`, b.olga.PersonID)
	require.NoError(t, err, "taking it back is the one change there is")
	_, err = b.pool.Exec(t.Context(), `UPDATE reconciliation_note SET withdrawn_at = NULL, withdrawn_by = NULL`)
	require.ErrorContains(t, err, "cannot be changed")
}

func TestASideThatDoesNotAnswerKeepsWhatWasFound(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.sides.err = fault.New(fault.Unavailable, "P21 does not answer.")
	require.Error(t, b.CheckAll(t.Context(), b.connection))
	require.False(t, b.standing().Compared)
	require.Equal(t, "P21 does not answer.", b.standing().Problem)
	b.sides.err = nil
	b.sides.differ("5", item("A", "10.00", "0"))
	b.compare()
	b.sides.err = errors.New("broken")
	require.Error(t, b.CheckAll(t.Context(), b.connection))
	require.Equal(t, "10.00 USD, 1 open, 0 explained", b.number())
	require.True(t, b.standing().Compared)
	require.NotEmpty(t, b.standing().Problem)
	b.sides.err = nil
	b.sides.found = reconcile.Comparison{NotApplicable: "Nothing is invoiced here."}
	b.compare()
	require.True(t, b.standing().NotApplicable)
	require.Empty(t, b.items("all"))
}

func TestAComparisonThatDoesNotAddUpIsNotKept(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, found := range map[string]reconcile.Comparison{
		"open items are not the difference": {Totals: []reconcile.Total{{Currency: "USD", Left: d("10")}}, Open: []reconcile.Open{item("A", "9", "0")}},
		"an item twice":                     {Totals: []reconcile.Total{{Currency: "USD"}}, Open: []reconcile.Open{item("A", "1", "0"), item("A", "0", "1")}},
		"no total":                          {Open: []reconcile.Open{item("A", "1", "0")}},
		"two totals":                        {Totals: []reconcile.Total{{Currency: "USD"}, {Currency: "USD"}}},
	} {
		b.sides.found = found
		require.Error(t, b.CheckAll(t.Context(), b.connection), name)
	}
	require.Empty(t, b.items("all"))
}

// TestWhatIsOpenAndExplainedIsAlwaysTheDifference compares, explains and takes
// back at random: the sides never differ by anything else.
func TestWhatIsOpenAndExplainedIsAlwaysTheDifference(t *testing.T) {
	t.Parallel()
	b := open(t)
	chance := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		var list []reconcile.Open
		for k := range 1 + chance.IntN(6) {
			list = append(list, item(fmt.Sprint("K", k), fmt.Sprint(chance.IntN(3)), fmt.Sprint(chance.IntN(3))))
		}
		b.sides.differ("100", list...)
		b.compare()
		for _, i := range b.items("all") {
			switch {
			case i.Explained() && chance.IntN(3) == 0:
				_, _, err := b.Withdraw(t.Context(), i.Note.ID, b.olga)
				require.NoError(t, err)
			case !i.Explained() && chance.IntN(2) == 0:
				require.NoError(t, b.Explain(t.Context(), i.ID, i.Difference(), "some reason", b.olga))
			}
		}
		totals, err := b.Totals(t.Context(), b.connection, reconcile.Returns)
		require.NoError(t, err)
		s := b.standing()
		sum := s.Unexplained[0].Value
		for _, a := range s.Explained {
			sum = sum.Add(a.Value)
		}
		require.True(t, totals[0].Left.Sub(totals[0].Right).Equal(sum), "%s - %s = %s", totals[0].Left, totals[0].Right, sum)
		require.EqualValues(t, len(list), s.OpenCount+s.ExplainedCount)
		require.Len(t, b.items("explained"), int(s.ExplainedCount))
		require.Len(t, b.items(""), int(s.OpenCount))
	}
}
