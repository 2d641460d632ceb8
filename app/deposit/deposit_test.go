package deposit_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/bank"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/app/invariant"
	"tieout/app/reconcile/match"
)

// books are a connection with settlements and one bank account.
type books struct {
	*deposit.Service
	t          *testing.T
	pool       *pgxpool.Pool
	connection int64
	account    int64
	actor      audit.Actor
}

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t), actor: audit.Actor{Name: "Ana"}}
	b.Service = deposit.NewService(b.pool, clock.NewFixed(time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)))
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&b.connection))
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Ana') RETURNING id`).Scan(&b.actor.PersonID))
	var err error
	b.account, err = b.SaveAccount(t.Context(), deposit.Account{Name: "Main", Currency: "USD", GLAccount: "1000", Connections: []int64{b.connection}}, b.actor)
	require.NoError(t, err)
	m := bank.Mapping{Delimiter: ",", Dates: "YYYY-MM-DD", Booked: 1, Description: []int{2}, Amount: 3}
	require.NoError(t, b.SaveMapping(t.Context(), b.account, m, b.actor))
	return b
}

// settled stores a settlement with a deposit of a day of November.
func (b *books) settled(id int, amount string, day int) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(b.t.Context(), `SET LOCAL session_replication_role = replica`)
		require.NoError(b.t, err)
		_, err = tx.Exec(b.t.Context(), `INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
			VALUES ($1::bigint, $2, 1, 1, (17400000000 + $1::bigint)::text, 'USD', $4::date - 14, $4::date, $4::date, $3, 0, 0, 0, '', '{}')`, id, b.connection, amount, fmt.Sprintf("2026-11-%02d", day))
		return err
	}))
}

// took reads a CSV statement of "day,text,amount" lines in.
func (b *books) took(lines ...string) deposit.Taken {
	b.t.Helper()
	doc, err := b.Keep(b.t.Context(), "bank.csv", strings.NewReader("2026-11-"+strings.Join(lines, "\n2026-11-")), b.actor)
	require.NoError(b.t, err)
	taken, err := b.Take(b.t.Context(), doc, b.account, b.actor)
	require.NoError(b.t, err)
	return taken
}

func (b *books) states() (list []string) {
	b.t.Helper()
	deposits, err := b.Deposits(b.t.Context(), deposit.Filter{State: "all", PageSize: 100})
	require.NoError(b.t, err)
	for _, d := range deposits {
		list = append(list, fmt.Sprint(d.SettlementID, " ", d.State, " ", d.Open().Value))
	}
	return list
}

func (b *books) unexplained() string {
	b.t.Helper()
	figures, err := b.Figures(b.t.Context(), b.connection)
	require.NoError(b.t, err)
	require.Len(b.t, figures, 1)
	compared, err := b.Compare(b.t.Context(), b.connection)
	require.NoError(b.t, err)
	require.Len(b.t, compared.Totals, 1)
	require.True(b.t, compared.Totals[0].Left.Sub(compared.Totals[0].Right).Equal(figures[0].Unexplained.Value), "the comparison has the same difference")
	open := decimal.Zero
	for _, o := range compared.Open {
		open = open.Add(o.Difference())
	}
	require.True(b.t, open.Equal(figures[0].Unexplained.Value))
	require.EqualValues(b.t, figures[0].Items, len(compared.Open))
	return fmt.Sprint(figures[0].Unexplained, " ", figures[0].Items)
}

func (b *books) suggested() (list []string) {
	b.t.Helper()
	found, err := b.Suggest(b.t.Context(), b.connection)
	require.NoError(b.t, err)
	for _, m := range found.Sure {
		list = append(list, "sure "+m.Key())
	}
	for _, m := range found.Possible {
		list = append(list, "possible "+m.Key())
	}
	return list
}

func TestDepositsAreMatchedTakenApartAndMatchedAgain(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "1000", 5)
	b.settled(2, "500.50", 12)
	b.settled(3, "-20", 15)
	b.settled(4, "700", 29)
	b.settled(5, "0", 16)
	require.Equal(t, []string{"4 unwatched 700", "5 nothing 0", "3 owed -20", "2 unwatched 500.5", "1 unwatched 1000"}, b.states())
	b.took("06,AMAZON.COM SVCS ID:17400000001,1000.00", "14,AMZN deposit,500.50", "20,AMAZON something,44.00", "20,Rent,-900", "30,Other,1.00")
	require.Equal(t, []string{"4 under_way 700", "5 nothing 0", "3 owed -20", "2 missing 500.5", "1 before 1000"}, b.states(), "the statement begins on the 6th")
	require.Equal(t, "-1044.00 USD 4", b.unexplained())
	require.Equal(t, []string{"sure [1] [1]", "sure [2] [2]"}, b.suggested())

	id, err := b.Accept(t.Context(), "[1] [1]", b.actor)
	require.NoError(t, err)
	_, err = b.Accept(t.Context(), "[1] [1]", b.actor)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	n, err := b.AcceptSure(t.Context(), b.connection, b.actor)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{"4 under_way 700", "5 nothing 0", "3 owed -20", "2 received 0", "1 received 0"}, b.states())
	require.Equal(t, "-44.00 USD 1", b.unexplained())
	m, err := b.Match(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, match.Named, m.Rule)
	require.Equal(t, "Ana", m.By)
	require.Contains(t, m.Reason, "17400000001")

	require.NotNil(t, fault.FieldsOf(b.Unmatch(t.Context(), id, " ", b.actor)))
	require.NoError(t, b.Unmatch(t.Context(), id, "wrong one", b.actor))
	require.True(t, fault.Is(b.Unmatch(t.Context(), id, "again", b.actor), fault.Conflict))
	require.Equal(t, "1 before 1000", b.states()[4])
	again, err := b.Restore(t.Context(), id, b.actor)
	require.NoError(t, err)
	require.Equal(t, "1 received 0", b.states()[4])
	_, err = b.Restore(t.Context(), id, b.actor)
	require.True(t, fault.Is(err, fault.Conflict))
	m, err = b.Match(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, match.Named, m.Rule)

	require.NoError(t, b.Ignore(t.Context(), 3, "A refund of a purchase", b.actor))
	require.Equal(t, "0.00 USD 0", b.unexplained())
	require.NoError(t, b.Regard(t.Context(), 3, b.actor))
	require.True(t, fault.Is(b.Regard(t.Context(), 3, b.actor), fault.Conflict))
	require.True(t, fault.Is(b.Ignore(t.Context(), 1, "x", b.actor), fault.Conflict), "it is matched")
	var events int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type IN ('deposit_match', 'bank_line')`).Scan(&events))
	require.Equal(t, 6, events)
}

// A job matches what is exact and named, where the policy lets it, and nothing
// that a person took apart.
func TestExactDepositsAreMatchedByThemselvesWhereThePolicyLetsThem(t *testing.T) {
	t.Parallel()
	b := open(t)
	for id, amount := range map[int]string{1: "100", 2: "200", 3: "300", 4: "400"} {
		b.settled(id, amount, 10+id)
	}
	b.took("12,AMAZON ID:17400000001,100", "13,AMAZON DEPOSIT,200", "14,AMAZON ID:17400000003,299", "15,AMAZON ID:17400000004,150", "16,AMAZON ID:17400000004,250")
	job := audit.Job("matching")
	n, err := b.MatchByItself(t.Context(), b.connection, job)
	require.NoError(t, err)
	require.Zero(t, n, "off, as every connection begins")
	_, err = b.pool.Exec(t.Context(), `INSERT INTO policy (connection_id, match_deposits) VALUES ($1, 'automatic')`, b.connection)
	require.NoError(t, err)
	n, err = b.MatchByItself(t.Context(), b.connection, job)
	require.NoError(t, err)
	require.Equal(t, 1, n, "another has no name, another another amount, another two lines")
	matches, err := b.Matches(t.Context(), deposit.MatchFilter{PageSize: 10})
	require.NoError(t, err)
	require.Len(t, matches, 1)
	require.Empty(t, matches[0].By)
	require.Contains(t, matches[0].Reason, "Matched automatically. The bank's text names 17400000001")
	require.NoError(t, b.Unmatch(t.Context(), matches[0].ID, "It is another one's", b.actor))
	n, err = b.MatchByItself(t.Context(), b.connection, job)
	require.NoError(t, err)
	require.Zero(t, n, "a person took it apart")
	_, err = b.pool.Exec(t.Context(), `UPDATE policy SET match_deposits = 'sometimes'`)
	require.ErrorContains(t, err, "check constraint")
}

func TestADifferenceIsExplainedOrStaysOpen(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "1000", 5)
	b.settled(2, "300", 6)
	b.took("01,first,1", "06,AMAZON wire,985.00", "07,AMAZON,300", "08,AMAZON RETURNED,-300", "12,AMAZON,300", "20,last,1")
	_, err := b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{2}, Settlements: []int64{1}}, b.actor)
	require.Contains(t, fault.FieldsOf(err)["difference"], "-15.00")
	id, err := b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{2}, Settlements: []int64{1}, LeaveOpen: true}, b.actor)
	require.NoError(t, err)
	require.Contains(t, b.states(), "1 differs 15")
	require.NoError(t, b.Unmatch(t.Context(), id, "explained", b.actor))
	_, err = b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{2}, Settlements: []int64{1}, Difference: "Fee of the bank"}, b.actor)
	require.NoError(t, err)
	require.Contains(t, b.states(), "1 received 0")
	// Sent, returned, sent again.
	_, err = b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{3, 4}}, b.actor)
	require.NoError(t, err)
	require.Contains(t, b.states(), "2 missing 300")
	_, err = b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{5}, Settlements: []int64{2}}, b.actor)
	require.NoError(t, err)
	require.Equal(t, "0.00 USD 0", b.unexplained())
	b.settled(3, "40", 7)
	require.Equal(t, "40.00 USD 1", b.unexplained())
	_, err = b.MatchByHand(t.Context(), deposit.ByHand{Settlements: []int64{3}, Difference: "Paid to another account"}, b.actor)
	require.NoError(t, err)
	require.Equal(t, "0.00 USD 0", b.unexplained())
	for _, h := range []deposit.ByHand{{}, {Lines: []int64{1}}, {Settlements: []int64{1}}} {
		_, err = b.MatchByHand(t.Context(), h, b.actor)
		require.NotNil(t, fault.FieldsOf(err), "%v", h)
	}
}

// What the bank refused comes with the next settlement; nobody waits for it.
func TestADepositThatTheBankRefusedIsNotAwaited(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "70", 2)
	b.settled(2, "170", 16)
	b.took("01,first,1", "17,AMAZON,170", "30,last,1")
	require.Equal(t, []string{"2 missing 170", "1 missing 70"}, b.states())
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica;
			INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES (1, '', 'other-transaction', 'other-transaction', 'Transfer of funds unsuccessful: Amazon has cancelled your transfer of funds.', 1);
			INSERT INTO line_block SELECT 2, 'kind', id, 1, 70, '' FROM kind`)
		return err
	}))
	require.Equal(t, []string{"2 missing 170", "1 bounced 70"}, b.states())
}

func TestAStatementIsReadOnceAndOverlapsDoNotDouble(t *testing.T) {
	t.Parallel()
	b := open(t)
	first := b.took("02,Coffee,-3.00", "02,Coffee,-3.00", "03,AMAZON,10.00")
	require.Equal(t, []deposit.TakenStatement{{Account: "Main", Lines: 3, New: 3}}, first.Statements)
	require.True(t, b.took("02,Coffee,-3.00", "02,Coffee,-3.00", "03,AMAZON,10.00").Statements[0].Known, "the same file changes nothing")
	overlap := b.took("02,Coffee,-3.00", "02,COFFEE ,-3.00", "02,Coffee,-3.00", "03,AMAZON,10.00", "04,AMAZON,11.00")
	require.Equal(t, 2, overlap.Statements[0].New, "the third coffee, and the 4th")
	lines, err := b.Lines(t.Context(), deposit.LineFilter{State: deposit.LineAll, PageSize: 100})
	require.NoError(t, err)
	require.Len(t, lines, 5)
	amazon, err := b.Lines(t.Context(), deposit.LineFilter{State: deposit.LineAmazon, PageSize: 100})
	require.NoError(t, err)
	require.Len(t, amazon, 2)

	bad := b.took("05,good,1.00", "xx,bad,1.00", "06,bad,y")
	require.Len(t, bad.File.Problems, 2)
	file, err := b.File(t.Context(), bad.DocumentID)
	require.NoError(t, err)
	require.Len(t, file.Problems, 2)
	require.Equal(t, 2, file.Statements[0].Problems)
	data, name, err := b.Bytes(t.Context(), bad.DocumentID)
	require.NoError(t, err)
	require.Equal(t, "bank.csv", name)
	require.True(t, bytes.HasPrefix(data, []byte("2026-11-05,good")))
}

const bai = "01,B,M,261120,0600,1,,,2/\n02,M,B,1,261119,,USD,2/\n03,4711,USD,010,100,,,015,150,,/\n16,142,50,Z,,,AMAZON\n49,300,3/\n03,4712,,010,5,,,015,5,,/\n49,10,2/\n98,310,2,7/\n99,310,1,9/\n"

func TestAStatementGoesToTheAccountThatItNames(t *testing.T) {
	t.Parallel()
	b := open(t)
	doc, err := b.Keep(t.Context(), "day.bai", strings.NewReader(bai), b.actor)
	require.NoError(t, err)
	taken, err := b.Take(t.Context(), doc, 0, b.actor)
	require.NoError(t, err)
	require.Empty(t, taken.Statements)
	require.Len(t, taken.LeftOut, 2)
	require.Contains(t, taken.LeftOut[0], "Account 4711")
	second, err := b.SaveAccount(t.Context(), deposit.Account{Name: "Second", Number: "47-11", Currency: "USD", Connections: []int64{b.connection}}, b.actor)
	require.NoError(t, err)
	taken, err = b.Take(t.Context(), doc, b.account, b.actor)
	require.NoError(t, err)
	require.Equal(t, []deposit.TakenStatement{{Account: "Second", Lines: 1, New: 1}}, taken.Statements)
	require.Len(t, taken.LeftOut, 1)
	unmapped, err := b.Keep(t.Context(), "x.csv", strings.NewReader("a,b\n"), b.actor)
	require.NoError(t, err)
	taken, err = b.Take(t.Context(), unmapped, second, b.actor)
	require.NoError(t, err)
	require.True(t, taken.Unmapped)
	for _, wrong := range []deposit.Account{{}, {Name: "x", Currency: "usd", Connections: []int64{1}}, {Name: "x", Currency: "USD"}} {
		_, err = b.SaveAccount(t.Context(), wrong, b.actor)
		require.NotNil(t, fault.FieldsOf(err))
	}
	_, err = b.SaveAccount(t.Context(), deposit.Account{ID: second, Name: "Second", Currency: "EUR", Connections: []int64{b.connection}, Version: 1}, b.actor)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
}

// Whatever somebody does in the database, money is neither made nor lost.
func TestTheDatabaseRefusesWhatWouldNotAddUp(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "1000", 5)
	b.settled(2, "-20", 6)
	b.took("01,first,1", "06,AMAZON,1000", "20,AMAZON,30")
	id, err := b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{3}, Settlements: []int64{1}, LeaveOpen: true}, b.actor)
	require.NoError(t, err)
	begin := `WITH m AS (INSERT INTO deposit_match (currency, rule, reason, difference, matched_at) VALUES ('USD', 'hand', 'x', $1, now()) RETURNING id)
		SELECT id FROM m`
	for _, c := range []struct {
		name, difference, part string
		says                   string
	}{
		{"more than the line", "", `2, 1, 1000.01`, "of 1000.0000 would be matched"},
		{"more than the deposit still has", "", `2, 1, 1000`, "deposit of settlement 1"},
		{"a line that is given away", "", `3, 1, 1`, "bank line 3"},
		{"against the line's sign", "", `2, 2, -20`, "bank line 2"},
		{"against the deposit's sign", "", `2, 2, 20`, "deposit of settlement 2"},
		{"a difference nobody explains", "", `2, NULL, 10`, "explained"},
		{"nothing", "x", `NULL, NULL, 10`, "check constraint"},
		{"no money", "", `2, 1, 0`, "check constraint"},
	} {
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			var match int64
			require.NoError(t, tx.QueryRow(t.Context(), begin, c.difference).Scan(&match))
			_, err := tx.Exec(t.Context(), `INSERT INTO deposit_match_part (match_id, position, line_id, settlement_id, amount) SELECT $1, 0, `+c.part, match)
			return err
		})
		require.ErrorContains(t, err, c.says, c.name)
	}
	for part, says := range map[string]string{`2, NULL, 1000`: "the bank line is not in EUR", `NULL, 1, 1000`: "the deposit is not in EUR"} {
		_, err := b.pool.Exec(t.Context(), `DO $$ DECLARE m bigint; BEGIN
			INSERT INTO deposit_match (currency, rule, reason, difference, matched_at) VALUES ('EUR', 'hand', 'x', 'y', now()) RETURNING id INTO m;
			INSERT INTO deposit_match_part (match_id, position, line_id, settlement_id, amount) SELECT m, 0, `+part+`; END $$`)
		require.ErrorContains(t, err, says)
	}
	for _, broken := range []string{
		`UPDATE bank_line SET amount = 1`, `DELETE FROM bank_line`, `TRUNCATE bank_line CASCADE`, `UPDATE bank_statement SET closing = 1`, `DELETE FROM bank_statement`, `UPDATE deposit_match SET reason = 'y'`,
		`DELETE FROM deposit_match_part`, `UPDATE deposit_match_part SET amount = 1`, `DELETE FROM deposit_unmatch`, `UPDATE bank_problem SET message = ''`,
		`UPDATE bank_account SET currency = 'EUR'`,
		fmt.Sprintf(`INSERT INTO deposit_match_part (match_id, position, line_id, settlement_id, amount) VALUES (%d, 9, 2, 1, 1)`, id),
		`INSERT INTO bank_line (bank_account_id, statement_id, line_no, identity, booked_on, amount, description, refs, bank_ref, reversal, returned, likely) SELECT bank_account_id, statement_id, 9, 'new', booked_on, 5, '', '{}', '', false, '', true FROM bank_line LIMIT 1`,
		`INSERT INTO bank_statement (bank_account_id, document_id, position, format, number, line_count, line_sum, new_count, new_sum, problem_count) SELECT bank_account_id, document_id, 9, 'csv', '', 1, 5, 1, 5, 0 FROM bank_statement`,
		`INSERT INTO bank_statement (bank_account_id, document_id, position, format, number, line_count, line_sum, new_count, new_sum, problem_count, opening, closing) SELECT bank_account_id, document_id, 9, 'csv', '', 0, 0, 0, 0, 0, 1, 2 FROM bank_statement`,
		fmt.Sprintf(`INSERT INTO bank_line_ignored (line_id, reason, ignored_by, ignored_at) VALUES (3, 'x', %d, now())`, b.actor.PersonID),
	} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.Error(t, err, broken)
	}
	require.NoError(t, b.Ignore(t.Context(), 1, "not Amazon", b.actor))
	for _, broken := range []string{`UPDATE bank_line_ignored SET reason = 'y'`, `DELETE FROM bank_line_ignored`} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.Error(t, err, broken)
	}
}

// Two people who give the same line away at the same moment: one of them wins.
func TestTwoPeopleCannotGiveTheSameLineAway(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "1000", 5)
	b.settled(2, "1000", 5)
	b.took("01,first,1", "06,AMAZON,1000")
	var done sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		done.Go(func() {
			_, errs[i] = b.MatchByHand(t.Context(), deposit.ByHand{Lines: []int64{2}, Settlements: []int64{int64(1 + i%2)}}, b.actor)
		})
	}
	done.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	}
	require.Equal(t, 1, won)
}

// What a trigger would refuse is found when it was switched off meanwhile.
func TestTheProofOfTheBooksReadsStatementsAndMatches(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "1000", 5)
	b.took("01,first,1", "06,AMAZON,1000")
	_, err := b.AcceptSure(t.Context(), 0, b.actor)
	require.NoError(t, err)
	for broken, rule := range map[string]string{
		``: ``,
		`UPDATE bank_line SET amount = 999 WHERE id = 2`:     "bank-lines-sealed deposits-conserved",
		`DELETE FROM bank_line WHERE id = 1`:                 "bank-lines-sealed",
		`UPDATE bank_statement SET opening = 1, closing = 1`: "bank-lines-sealed",
		`UPDATE deposit_match_part SET amount = 1001`:        "deposits-conserved",
		`UPDATE deposit_match SET currency = 'EUR'`:          "deposits-conserved",
		`DELETE FROM deposit_match_part`:                     "deposits-conserved",
		`ALTER TABLE deposit_match_part DISABLE TRIGGER deposit_match_conserved; SET LOCAL session_replication_role = origin`: "guards-in-place",
	} {
		undo := errors.New("undo")
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica; ALTER TABLE bank_statement DROP CONSTRAINT bank_statement_ties; `+broken)
			require.NoError(t, err, broken)
			checks, err := invariant.Verify(t.Context(), tx)
			require.NoError(t, err)
			var found []string
			for _, c := range checks {
				ours := strings.HasPrefix(c.Name, "bank-") || strings.HasPrefix(c.Name, "deposits-") || c.Name == "guards-in-place"
				if ours && !c.Holds() {
					found = append(found, c.Name)
				}
			}
			require.Equal(t, rule, strings.Join(found, " "), broken)
			return undo
		})
		require.ErrorIs(t, err, undo)
	}
}
