package cost_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/closing"
	"tieout/app/cost"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/invariant"
	"tieout/app/journal"
)

// books are a connection whose cost of goods is booked from October on, with a cup
// of 3.4567 and a set of two cups and a lid.
type books struct {
	*cost.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	entries    *journal.Service
	connection int64
	lines      int
	came       int
	accountant audit.Actor
	approver   audit.Actor
}

// Post and Draft are jobs that the test does itself.
func (b *books) Post(context.Context, pgx.Tx, int64) error  { return nil }
func (b *books) Draft(context.Context, pgx.Tx, int64) error { return nil }

func open(t *testing.T) *books {
	t.Helper()
	b := &books{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))}
	b.entries = journal.NewService(journal.Needs{Pool: b.pool, Clock: b.clock, Jobs: b})
	b.Service = cost.NewService(b.pool, b.clock, b.entries)
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, p21_company, time_zone) VALUES ('acme', 'na', 'ACME', 'America/New_York') RETURNING id`).Scan(&b.connection))
	b.exec(`INSERT INTO gl_account (connection_id, account, description, synced_at) SELECT $1, unnest(ARRAY['5020', '1320']), 'x', now()`, b.connection)
	for month := 8; month <= 12; month++ {
		b.exec(`INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at) SELECT $1, 2026, $2, d, (d + interval '1 month - 1 day')::date, false, now() FROM make_date(2026, $2, 1) d`, b.connection, month)
	}
	b.exec(`INSERT INTO policy (connection_id, cost_from, cost_account, stock_account) VALUES ($1, '2026-10-01', '5020', '1320')`, b.connection)
	b.exec(`INSERT INTO item (connection_id, code, unit_cost, changed_at, seen_at) VALUES ($1, 'CUP', 9.99, '2026-09-01', now()), ($1, 'LID', 0.25, '2026-09-01', now()), ($1, 'POT', 0, '2026-09-01', now())`, b.connection)
	b.exec(`INSERT INTO stock (connection_id, item_code, location, on_hand, allocated, available, unit_cost, changed_at) VALUES ($1, 'CUP', '10', 1, 0, 1, 3.30, '2026-09-02'), ($1, 'CUP', '20', 1, 0, 1, 3.4567, '2026-09-03'), ($1, 'CUP', '30', 1, 0, 1, 0, '2026-09-04')`, b.connection)
	b.stands("CUP", "", "2000-01-01", "CUP", 1)
	b.stands("SET", "", "2000-01-01", "CUP", 2, "LID", 1)
	b.accountant, b.approver = b.person("amy", "accountant"), b.person("carl", "approver")
	return b
}

func (b *books) person(name, role string) audit.Actor {
	b.t.Helper()
	a := audit.Actor{Name: name}
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), `INSERT INTO person (issuer, subject, email, name, roles) VALUES ('i', $1, '', $1, ARRAY[$2]) RETURNING id`, name, role).Scan(&a.PersonID))
	return a
}

func (b *books) exec(sql string, args ...any) {
	b.t.Helper()
	_, err := b.pool.Exec(b.t.Context(), sql, args...)
	require.NoError(b.t, err, sql)
}

// refused runs what the database must refuse.
func (b *books) refused(why, sql string, args ...any) {
	b.t.Helper()
	_, err := b.pool.Exec(b.t.Context(), sql, args...)
	require.ErrorContains(b.t, err, why, sql)
}

func (b *books) text(sql string, args ...any) (text string) {
	b.t.Helper()
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), sql, args...).Scan(&text), sql)
	return text
}

// stands has an SKU stand for items from a day on.
func (b *books) stands(sku, marketplace, from string, parts ...any) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(b.t.Context(), `INSERT INTO sku_map (connection_id, marketplace, sku, stem, valid_from, parts, made_at) VALUES ($1, $2, $3, $3, $4::date, $5, now()) RETURNING id`,
			b.connection, marketplace, sku, from, len(parts)/2).Scan(&id)
		for i := 0; err == nil && i < len(parts); i += 2 {
			_, err = tx.Exec(b.t.Context(), `INSERT INTO sku_map_part (sku_map_id, connection_id, position, item_code, quantity) VALUES ($1, $2, $3, $4, $5)`, id, b.connection, i/2+1, parts[i], parts[i+1])
		}
		return err
	}))
}

// behind works as an import or a flow would leave things.
func (b *books) behind(work func(exec func(sql string, args ...any))) {
	b.t.Helper()
	require.NoError(b.t, pgx.BeginFunc(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		exec := func(sql string, args ...any) {
			_, err := tx.Exec(b.t.Context(), sql, args...)
			require.NoError(b.t, err, sql)
		}
		exec(`SET LOCAL session_replication_role = replica`)
		work(exec)
		return nil
	}))
}

// line is one line of a settlement.
type line struct {
	day, sku                        string
	quantity                        any // nil: none
	market, transaction, amount, as string
	value, by                       string
}

func sold(day, sku string, quantity int) line {
	return line{day, sku, quantity, "Amazon.com", "Order", "ItemPrice", "Principal", "10", "AFN"}
}

// settled stores a settlement from 24 September to 20 November; every item has an
// amount more on which its quantity stands again.
func (b *books) settled(id int, amazonID string, lines ...line) {
	b.t.Helper()
	b.behind(func(exec func(string, ...any)) {
		exec(`UPDATE settlement SET replaced_at = now() WHERE amazon_id = $1 AND replaced_at IS NULL`, amazonID)
		exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
			VALUES ($1, $2, 1, 1, $3, 'USD', '2026-09-24', '2026-11-20', 0, 0, 0, 0, '', '{}')`, id, b.connection, amazonID)
		for _, l := range lines {
			for _, as := range []line{l, {l.day, l.sku, l.quantity, l.market, l.transaction, "ItemFees", "Commission", "-1", l.by}} {
				b.lines++
				exec(`INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) VALUES ($1, $2, $3, $4, $5, sign($6::numeric)) ON CONFLICT DO NOTHING`,
					b.connection, as.market, as.transaction, as.amount, as.as, as.value)
				exec(`INSERT INTO product (connection_id, sku) SELECT $1, $2::text WHERE $2 <> '' ON CONFLICT DO NOTHING`, b.connection, as.sku)
				exec(`INSERT INTO line_block SELECT $1, 'kind', k.id, 1, 0, '' FROM kind k WHERE (k.marketplace, k.transaction_type, k.amount_type, k.amount_description) = ($2, $3, $4, $5) AND k.sign = sign($6::numeric) ON CONFLICT DO NOTHING`,
					id, as.market, as.transaction, as.amount, as.as, as.value)
				exec(`INSERT INTO settlement_line (settlement_id, posted_at, raw_offset, raw_length, line_no, kind_id, product_id, posted_on, part, amount, fulfillment, quantity)
					SELECT $1, now(), 0, 0, $2, k.id, (SELECT id FROM product WHERE sku = $3 AND sku <> ''), $4::date, 0, $5::numeric, $6, $7 FROM kind k
					WHERE (k.marketplace, k.transaction_type, k.amount_type, k.amount_description) = ($8, $9, $10, $11) AND k.sign = sign($5::numeric)`,
					id, b.lines, as.sku, as.day, as.value, as.by, as.quantity, as.market, as.transaction, as.amount, as.as)
			}
		}
	})
}

// arrived stores a return as the flow of returns does, and returns its record.
func (b *books) arrived(order, sku, day string, units int, disposition string) (id int64) {
	b.t.Helper()
	b.came++
	name := fmt.Sprint("unit ", b.came)
	b.behind(func(exec func(string, ...any)) {
		exec(`INSERT INTO flow_record (connection_id, flow, key, source_at, latest_hash) VALUES ($1, 'returns', $2, $3::date, '')`, b.connection, name, day)
	})
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), `SELECT id FROM flow_record WHERE key = $1`, name).Scan(&id))
	b.told(id, 1, order, sku, units, disposition)
	return id
}

// told stores what Amazon says of a return, for the number-th time.
func (b *books) told(id int64, number int, order, sku string, units int, disposition string) {
	b.t.Helper()
	b.behind(func(exec func(string, ...any)) {
		exec(`INSERT INTO flow_content (record_id, number, source, source_at, document_id, position, hash)
			SELECT id, $2, jsonb_build_object('return', jsonb_build_object('OrderID', $3::text, 'SKU', $4::text, 'Quantity', $5::int, 'Disposition', $6::text)), source_at, 1, 0, '' FROM flow_record WHERE id = $1`,
			id, number, order, sku, units, disposition)
		exec(`UPDATE flow_record SET latest = $2 WHERE id = $1`, id, number)
	})
}

const order = "111-2222222-3333333"

func (b *books) update() {
	b.t.Helper()
	b.clock.Advance(time.Second)
	require.NoError(b.t, b.Update(b.t.Context(), b.connection))
}

// booked are the cost entries that count: subject, period, state, what the cost
// account gets.
func (b *books) booked() string {
	b.t.Helper()
	return b.text(`SELECT coalesce(string_agg(format('%s %s %s %s', e.subject, e.period, e.status, (l.debit - l.credit)::numeric(12,2)), '; ' ORDER BY e.period, e.subject), '')
		FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id AND l.category = 'cost' WHERE e.entry_type = 'cost' AND e.status NOT IN ('reversed', 'discarded')`)
}

func (b *books) problems() string {
	b.t.Helper()
	return b.text(`SELECT coalesce(string_agg(class || ' ' || cause || ' ' || records, '; ' ORDER BY class, cause), '') FROM exception WHERE state = 'open'`)
}

func (b *books) entry(subject string) int64 {
	b.t.Helper()
	var id int64
	require.NoError(b.t, b.pool.QueryRow(b.t.Context(), `SELECT id FROM journal_entry WHERE entry_type = 'cost' AND subject = $1 AND status NOT IN ('reversed', 'discarded') ORDER BY period LIMIT 1`, subject).Scan(&id))
	return id
}

func (b *books) submit(id int64) error {
	b.t.Helper()
	e, err := b.entries.Get(b.t.Context(), id)
	require.NoError(b.t, err)
	return b.entries.Submit(b.t.Context(), id, e.RowVersion, b.accountant)
}

// post takes an entry to its end as P21 would.
func (b *books) post(id int64) {
	b.t.Helper()
	require.NoError(b.t, b.submit(id))
	e, err := b.entries.Get(b.t.Context(), id)
	require.NoError(b.t, err)
	_, err = b.entries.Approve(b.t.Context(), id, e.ContentHash, b.clock.Now(), b.approver)
	require.NoError(b.t, err)
	b.exec(`UPDATE journal_entry SET status = 'posting' WHERE id = $1`, id)
	b.exec(`UPDATE journal_entry SET status = 'posted', p21_number = 'JE' || $1::bigint, posted_at = now() WHERE id = $1`, id)
	b.exec(`UPDATE journal_entry o SET status = 'reversed' FROM journal_entry r WHERE r.id = $1 AND o.id = r.reverses_id`, id)
}

// holds verifies the books, but for what needs an import and a posting.
func (b *books) holds() {
	b.t.Helper()
	checks, err := invariant.Verify(b.t.Context(), b.pool)
	require.NoError(b.t, err)
	for _, c := range checks {
		if strings.Contains(" cost-counted-once evidence-adds-up entry-balances approved-content four-eyes guards-in-place audit-chain ", " "+c.Name+" ") {
			require.True(b.t, c.Holds(), "%s: %v", c.Name, c.Examples)
		}
	}
}

func TestASettlementIsBookedAtItsCostPeriodByPeriod(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-09-30", "CUP", 40), sold("2026-10-02", "CUP", 2), sold("2026-10-02", "CUP", 1), sold("2026-10-31", "SET", 1), sold("2026-11-01", "CUP", 1),
		line{"2026-10-05", "CUP", 7, "Amazon.com", "Order", "ItemPrice", "Principal", "10", "MFN"},
		line{"2026-10-05", "CUP", 7, "Non-Amazon US", "Order", "ItemPrice", "Principal", "0", "AFN"},
		line{"2026-10-05", "CUP", nil, "Amazon.com", "Refund", "ItemPrice", "Principal", "-10", "AFN"},
		line{"2026-10-06", "CUP", 1, "Amazon.com", "Order", "ItemPrice", "Principal", "0", "AFN"},
		line{"2026-10-07", "CUP", 1, "Amazon.com", "Order", "ItemPrice", "Principal", "-10", "AFN"})
	b.update()
	require.Equal(t, "S1 10 draft 17.53; S1 11 draft 3.46", b.booked(), "October: 3 cups, one for nothing, one taken back, at 3.4567, and a set at 7.1634")
	require.Empty(t, b.problems())
	require.Equal(t, "2 x CUP at 3.4567, location 20, 2026-09-03 + 1 x LID at 0.25, the item, 2026-09-01", b.text(`SELECT source FROM cost_piece WHERE sku = 'SET'`))
	require.Equal(t, "USD", b.text(`SELECT currency FROM journal_entry LIMIT 1`))
	before := b.text(`SELECT string_agg(row_version::text, ' ') FROM journal_entry`)
	b.update()
	require.Equal(t, before, b.text(`SELECT string_agg(row_version::text, ' ') FROM journal_entry`), "nothing is new")
	b.holds()

	list, err := b.List(t.Context(), cost.Filter{PageSize: 10})
	require.NoError(t, err)
	require.Len(t, list, 2, "September is before the first day")
	october := list[1]
	require.Equal(t, "2026-10 4 0 0 17.53 draft", fmt.Sprint(october.Period, " ", october.Shipped, " ", october.Returned, " ", october.Waiting, " ", october.Amount.Value.StringFixed(2), " ", october.Status))
	items, err := b.Items(t.Context(), october, "", nil, 10)
	require.NoError(t, err)
	require.Len(t, items, 2)
	require.Equal(t, "CUP 3 3.4567 10.37", fmt.Sprint(items[0].SKU, " ", items[0].Quantity, " ", items[0].Each.Cost, " ", items[0].Amount.Value.StringFixed(2)))
	place := items[0].Place()
	rest, err := b.Items(t.Context(), october, "", &place, 10)
	require.NoError(t, err)
	require.Equal(t, items[1:], rest)
	moves, err := b.Moves(t.Context(), october.ID, "CUP", "Amazon.com", 0, 10)
	require.NoError(t, err)
	require.Len(t, moves, 3)
	require.Equal(t, "2026-10-02 3 2", fmt.Sprint(moves[0].Day, " ", moves[0].Quantity, " ", moves[0].Lines))
	of, err := b.Of(t.Context(), october.EntryID, []int{1, 2, 9})
	require.NoError(t, err)
	require.Equal(t, map[int]cost.Of{1: {CountID: october.ID, SKU: "CUP", Marketplace: "Amazon.com"}, 2: {CountID: october.ID, SKU: "SET", Marketplace: "Amazon.com"}}, of)
	sums, err := b.Sums(t.Context(), b.connection, "")
	require.NoError(t, err)
	require.Equal(t, "5 20.99USD 0USD", fmt.Sprint(sums[0].Shipped, " ", sums[0].Amount.Value, sums[0].Amount.Currency, " ", sums[0].Posted.Value, sums[0].Posted.Currency))
	for state, n := range map[cost.State]int{cost.Open: 2, cost.Waiting: 0, cost.Posted: 0} {
		found, err := b.List(t.Context(), cost.Filter{State: state, Period: "", PageSize: 10})
		require.NoError(t, err)
		require.Len(t, found, n, state)
	}
	next, err := b.List(t.Context(), cost.Filter{PageSize: 10, After: list[0].Place()})
	require.NoError(t, err)
	require.Len(t, next, 1)
}

func TestADraftKeepsItsCostsUntilSomebodyTakesThemAgain(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10))
	b.update()
	require.Equal(t, "S1 10 draft 34.57", b.booked())
	b.exec(`UPDATE stock SET unit_cost = 4, changed_at = '2026-11-20' WHERE location = '10'`)
	b.update()
	require.Equal(t, "S1 10 draft 34.57", b.booked())
	list, err := b.List(t.Context(), cost.Filter{PageSize: 1})
	require.NoError(t, err)
	require.NoError(t, b.Again(t.Context(), list[0].ID, b.accountant))
	require.Equal(t, "S1 10 draft 40.00", b.booked())
	require.NoError(t, b.submit(b.entry("S1")))
	require.True(t, fault.Is(b.Again(t.Context(), list[0].ID, b.accountant), fault.Conflict), "what is handed in keeps its costs")
	require.True(t, fault.Is(b.Again(t.Context(), 999, b.accountant), fault.NotFound))
	b.holds()
}

func TestAnSKUWithoutAnItemOrACostWaitsAndIsBookedWhenItHasOne(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.stands("POT", "", "2000-01-01", "POT", 1)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 1), sold("2026-10-02", "NEW", 2), sold("2026-10-03", "NEW", 1), sold("2026-10-02", "POT", 5), line{"2026-10-02", "", 1, "Amazon.com", "Order", "ItemPrice", "Principal", "10", "AFN"},
		line{"2026-10-02", "CUP", nil, "Amazon.com", "Order", "ItemPrice", "Principal", "10", "AFN"})
	b.update()
	require.Equal(t, "S1 10 draft 3.46", b.booked())
	require.Equal(t, "no_cost NEW 3; no_cost POT 5; no_cost settlement/S1 2", b.problems())
	require.Equal(t, "Prophet 21 has no cost of item POT: the cost of SKU POT is not booked.", b.text(`SELECT title FROM exception WHERE cause = 'POT'`))
	require.Equal(t, "8", b.text(`SELECT sum(waiting)::text FROM cost_count`))
	require.Equal(t, "6 2 9", b.text(`SELECT format('%s %s %s', lines, unread, quantity) FROM cost_reading`))

	b.stands("NEW", "", "2000-01-01", "LID", 2)
	b.update()
	require.Equal(t, "S1 10 draft 4.96", b.booked(), "3 at 0.50 more")
	require.Equal(t, "no_cost POT 5; no_cost settlement/S1 2", b.problems())
	require.NoError(t, b.submit(b.entry("S1")))

	b.exec(`UPDATE item SET unit_cost = 2 WHERE code = 'POT'`)
	b.update()
	require.Equal(t, "S1 10 submitted 4.96; S1.2 10 draft 10.00", b.booked(), "what is handed in stays; the rest is an entry of its own")
	require.Equal(t, "no_cost settlement/S1 2", b.problems())
	b.exec(`UPDATE exception SET state = 'ignored', resolution = 'Amazon says nothing', resolved_at = now() WHERE state = 'open'`)
	b.update()
	require.Empty(t, b.problems(), "what somebody ignored is not raised again")
	b.holds()
}

func TestAMapHoldsFromItsDayAndAMarketplacesOwnGoesFirst(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.stands("OWN", "", "2000-01-01", "LID", 1)
	b.stands("OWN", "A2EUQ1WTGCTBG2", "2026-10-10", "LID", 4)
	canada := func(day string) line {
		return line{day, "OWN", 1, "Amazon.ca", "Order", "ItemPrice", "Principal", "10", "AFN"}
	}
	b.settled(1, "S1", canada("2026-10-09"), canada("2026-10-10"), sold("2026-10-10", "OWN", 1))
	b.arrived(order, "OWN", "2026-10-12", 1, "SELLABLE")
	b.update()
	require.Equal(t, "RETURNS 10 draft -0.25; S1 10 draft 1.50", b.booked(), "0.25 before, 1.00 after, 0.25 elsewhere; a return takes the general one")
	b.holds()
}

func TestWhatCameBackIsTakenOutOfTheCostWhenItCanBeSoldAgain(t *testing.T) {
	t.Parallel()
	b := open(t)
	first := b.arrived(order, "CUP", "2026-10-05", 2, "SELLABLE")
	b.arrived(order, "CUP", "2026-10-06", 3, "CUSTOMER_DAMAGED")
	b.arrived("S01-1234567-1234567", "CUP", "2026-10-06", 1, "SELLABLE")
	b.arrived(order, "CUP", "2026-09-30", 1, "SELLABLE")
	b.arrived(order, "CUP", "2026-11-02", 1, "SELLABLE")
	b.arrived(order, "GONE", "2026-11-03", 1, "SELLABLE")
	b.update()
	require.Equal(t, "RETURNS 10 draft -6.91", b.booked(), "November runs")
	require.Equal(t, "no_cost GONE 1", b.problems(), "but what has no item is said at once")
	list, err := b.List(t.Context(), cost.Filter{Period: "2026-10", PageSize: 10})
	require.NoError(t, err)
	require.Equal(t, "2 3", fmt.Sprint(list[0].Returned, " ", list[0].Kept))

	b.told(first, 2, order, "CUP", 2, "DAMAGED")
	b.update()
	require.Empty(t, b.booked(), "nothing is left to book")
	b.told(first, 3, order, "CUP", 2, "SELLABLE")
	b.update()
	require.Equal(t, "RETURNS 10 draft -6.91", b.booked())
	b.post(b.entry("RETURNS"))
	b.told(first, 4, order, "CUP", 2, "DEFECTIVE")
	b.arrived(order, "SET", "2026-10-30", 1, "sellable")
	b.update()
	require.Equal(t, "RETURNS 10 posted -6.91; RETURNS.2 10 draft -0.25", b.booked(), "the difference is one more entry: 6.91 back, 7.16 more")
	b.clock.Advance(20 * 24 * time.Hour)
	b.update()
	require.Contains(t, b.booked(), "RETURNS 11 draft -3.46", "November is over")
	b.holds()
}

func TestWhatBelongsToAClosedPeriodFollowsThePolicy(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10), sold("2026-11-02", "CUP", 1))
	b.update()
	require.Equal(t, "S1 10 draft 34.57; S1 11 draft 3.46", b.booked())
	b.exec(`UPDATE fiscal_period SET closed = true WHERE number = 10`)
	b.update()
	require.Equal(t, "S1 11 draft 3.46", b.booked(), "a draft in a closed period goes")
	require.Equal(t, "closed_period cost/S1/2026-10 1", b.problems())
	b.exec(`UPDATE policy SET closed_period = 'first_open'`)
	b.update()
	require.Equal(t, "S1 11 draft 38.03", b.booked())
	require.Empty(t, b.problems())
	require.Contains(t, b.text(`SELECT description FROM journal_entry WHERE status = 'draft'`), "from a closed period")
	b.holds()
}

func TestAReissuedReportTakesThePlaceOfTheOldOne(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10))
	b.update()
	b.settled(2, "S1", sold("2026-10-02", "CUP", 20))
	b.update()
	require.Equal(t, "S1 10 draft 69.13", b.booked(), "a draft is made anew")
	require.NoError(t, b.submit(b.entry("S1")))
	b.settled(3, "S1", sold("2026-10-02", "CUP", 30))
	b.update()
	require.Equal(t, "S1 10 draft 103.70", b.booked(), "what P21 does not hold is taken back")
	old := b.entry("S1")
	b.post(old)
	b.settled(4, "S1", sold("2026-10-02", "CUP", 40))
	b.update()
	require.Equal(t, "S1 10 posted 103.70; S1.2 10 draft 138.27", b.booked())
	fresh := b.entry("S1.2")
	require.ErrorContains(t, b.submit(fresh), "still holds the old one: post its reversal first")
	var reversal int64
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT id FROM journal_entry WHERE reverses_id = $1`, old).Scan(&reversal))
	b.post(reversal)
	b.update()
	require.NoError(t, b.submit(b.entry("S1.2")))
	require.Equal(t, "S1.2 10 submitted 138.27", b.booked())
	b.holds()
}

func TestAnEntryOfAnOldReportThatIsUnderWayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10))
	b.update()
	old := b.entry("S1")
	require.NoError(t, b.submit(old))
	e, err := b.entries.Get(t.Context(), old)
	require.NoError(t, err)
	_, err = b.entries.Approve(t.Context(), old, e.ContentHash, b.clock.Now(), b.approver)
	require.NoError(t, err)
	b.exec(`UPDATE journal_entry SET status = 'posting' WHERE id = $1`, old)
	b.settled(2, "S1", sold("2026-10-02", "CUP", 20))
	b.update()
	require.Equal(t, "S1 10 posting 34.57; S1.2 10 draft 69.13", b.booked())
	require.ErrorContains(t, b.submit(b.entry("S1.2")), "still holds the old one")
	b.exec(`UPDATE journal_entry SET status = 'draft' WHERE id = $1`, old)
	b.update()
	require.Equal(t, "S1.2 10 draft 69.13", b.booked(), "P21 refused it: it goes")
	require.NoError(t, b.submit(b.entry("S1.2")))
	b.holds()
}

func TestTwoTransactionsDoNotCarryTheSameUnits(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10))
	b.update()
	id := b.entry("S1")
	b.exec(`CREATE TABLE kept AS SELECT seq, move_id FROM cost_carried WHERE entry_id = $1`, id)
	b.exec(`INSERT INTO journal_entry (connection_id, entry_type, subject, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total)
		SELECT connection_id, 'cost', 'TWICE', 'TWICE', 1, company, journal, fiscal_year, period, entry_on, currency, functional_currency, 1, 'twice', 0, 0, 0 FROM journal_entry WHERE id = $1`, id)
	twice := b.entry("TWICE")
	b.exec(`INSERT INTO cost_entry SELECT $1, count_id, moves, quantity, amount FROM cost_entry WHERE entry_id = $2`, twice, id)
	b.exec(`INSERT INTO cost_piece SELECT $1, seq, count_id, marketplace, sku, sku_map_id, unit_cost, source, taken_at, quantity, digits, amount FROM cost_piece WHERE entry_id = $2`, twice, id)
	b.exec(`DELETE FROM cost_carried`)
	first, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = first.Exec(t.Context(), `INSERT INTO cost_carried SELECT $1, seq, move_id FROM kept`, id)
	require.NoError(t, err)
	second := make(chan error, 1)
	go func() {
		_, err := b.pool.Exec(t.Context(), `INSERT INTO cost_carried SELECT $1, seq, move_id FROM kept`, twice)
		second <- err
	}()
	require.Eventually(t, func() bool {
		return b.text(`SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == "1"
	}, 10*time.Second, 10*time.Millisecond, "the second one waits for the first")
	require.NoError(t, first.Commit(t.Context()))
	require.ErrorContains(t, <-second, "units are in entry AMZ-COGS-1-S1-202610-1 already")
}

func TestAReversedEntryIsProposedAgainAndDraftsGoWithTheSetting(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10))
	b.update()
	id := b.entry("S1")
	b.post(id)
	reversal, err := b.entries.Reverse(t.Context(), id, "wrong cost", b.accountant)
	require.NoError(t, err)
	b.update()
	require.Equal(t, "S1 10 posted 34.57", b.booked(), "until the reversal is posted")
	b.exec(`UPDATE stock SET unit_cost = 4, changed_at = '2026-11-20' WHERE location = '10'`)
	b.post(reversal)
	b.update()
	require.Equal(t, "S1 10 draft 40.00", b.booked(), "at what it costs by now")
	require.Equal(t, "AMZ-COGS-1-S1-202610-2", b.text(`SELECT reference FROM journal_entry WHERE status = 'draft'`))
	b.exec(`UPDATE policy SET cost_from = NULL`)
	b.update()
	require.Empty(t, b.booked())
	booked, err := b.Booked(t.Context(), b.connection)
	require.NoError(t, err)
	require.False(t, booked)
	b.exec(`UPDATE policy SET cost_from = '2026-11-01'`)
	b.update()
	require.Empty(t, b.booked(), "October is before the first day")
	b.holds()
}

func TestTheChecklistNamesCostsThatAreNotPosted(t *testing.T) {
	t.Parallel()
	b := open(t)
	why := func() string {
		list, err := closing.NewService(closing.Needs{Pool: b.pool, Clock: b.clock}).Checklist(t.Context(), closing.Key{ConnectionID: b.connection, FiscalYear: 2026, Number: 10})
		require.NoError(t, err)
		for _, i := range list.Items {
			if i.Key == "costed" {
				return string(i.State) + " " + i.Why
			}
		}
		return ""
	}
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10), sold("2026-10-02", "NEW", 2))
	require.Equal(t, "blocks 1 settlement is not counted yet.", why())
	b.update()
	require.Equal(t, "blocks 1 count has units that no posted entry has; 2 units wait for an item or a cost.", why())
	b.stands("NEW", "", "2000-01-01", "LID", 1)
	b.update()
	b.post(b.entry("S1"))
	require.Equal(t, "done Everything that was shipped and came back is in a posted entry.", why())
	b.exec(`UPDATE policy SET cost_from = '2026-11-01'`)
	require.Empty(t, why(), "it is not booked in October")
}

// TestTheDatabaseRefusesToBookTwice tries to break what the books rest on by SQL.
func TestTheDatabaseRefusesToBookTwice(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.settled(1, "S1", sold("2026-10-02", "CUP", 10), sold("2026-10-03", "CUP", 1))
	record := b.arrived(order, "CUP", "2026-10-05", 2, "SELLABLE")
	b.update()
	id := b.entry("S1")

	b.exec(`INSERT INTO connection (name, amazon_region, revenue_mode) VALUES ('inv', 'na', 'invoiced')`)
	b.exec(`INSERT INTO policy (connection_id, cost_account, stock_account) SELECT id, '5020', '1320' FROM connection WHERE name = 'inv'`)
	b.refused("where revenue comes from settlements alone", `UPDATE policy SET cost_from = '2026-10-01' WHERE connection_id = (SELECT id FROM connection WHERE name = 'inv')`)
	b.refused("before P21 invoices", `UPDATE connection SET revenue_mode = 'invoiced' WHERE id = $1`, b.connection)
	b.refused("policy_cost", `UPDATE policy SET stock_account = cost_account WHERE connection_id = $1`, b.connection)
	b.refused("policy_cost", `UPDATE policy SET cost_account = '' WHERE connection_id = $1`, b.connection)

	b.refused("cost_reading_pkey", `INSERT INTO cost_reading VALUES (1, 2, 0, 11, now())`)
	b.refused("is counted already", `INSERT INTO cost_move (count_id, on_day, marketplace, sku, lines, quantity) SELECT count_id, on_day, marketplace, 'SET', 1, 1 FROM cost_move WHERE record_id IS NULL LIMIT 1`)
	b.refused("cost_move_settled", `INSERT INTO cost_move (count_id, on_day, marketplace, sku, lines, quantity) SELECT count_id, on_day, marketplace, sku, 1, 0 FROM cost_move WHERE record_id IS NULL`)
	b.refused("cost_move_record_id_content_key", `INSERT INTO cost_move (count_id, record_id, content, on_day, marketplace, sku, lines, quantity) SELECT count_id, record_id, content, on_day, '', sku, 1, -2 FROM cost_move WHERE record_id = $1`, record)
	b.told(record, 2, order, "CUP", 2, "SELLABLE")
	b.refused("is counted already", `INSERT INTO cost_move (count_id, record_id, content, on_day, marketplace, sku, lines, quantity) SELECT count_id, record_id, 2, on_day, '', sku, 1, -2 FROM cost_move WHERE record_id = $1`, record)
	b.refused("counted with their settlement", `INSERT INTO cost_move (count_id, record_id, content, on_day, marketplace, sku, lines, quantity) SELECT (SELECT id FROM cost_count WHERE settlement_id = 1), record_id, 2, on_day, '', sku, 1, 0 FROM cost_move WHERE record_id = $1`, record)
	for _, change := range []string{`UPDATE cost_move SET quantity = 1`, `DELETE FROM cost_move`, `UPDATE cost_reading SET quantity = 1`, `DELETE FROM cost_reading`, `DELETE FROM cost_count`} {
		b.refused("cannot be changed or deleted", change)
	}

	b.exec(`INSERT INTO journal_entry (connection_id, entry_type, subject, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, clearing, total, functional_total)
		SELECT connection_id, 'cost', 'TWICE', 'TWICE', 1, company, journal, fiscal_year, period, entry_on, currency, functional_currency, 1, 'twice', 0, 0, 0 FROM journal_entry WHERE id = $1`, id)
	twice := b.entry("TWICE")
	b.exec(`INSERT INTO cost_entry SELECT $1, count_id, moves, quantity, amount FROM cost_entry WHERE entry_id = $2`, twice, id)
	b.exec(`INSERT INTO cost_piece SELECT $1, seq, count_id, marketplace, sku, sku_map_id, unit_cost, source, taken_at, quantity, digits, amount FROM cost_piece WHERE entry_id = $2`, twice, id)
	b.refused("already", `INSERT INTO cost_carried SELECT $1, seq, move_id FROM cost_carried WHERE entry_id = $2`, twice, id)
	b.refused("its quantities are not what was counted", `UPDATE journal_entry SET status = 'submitted', submitted_by = $2, submitted_at = now() WHERE id = $1`, twice, b.accountant.PersonID)
	b.refused("cost_piece_amount", `UPDATE cost_piece SET amount = amount + 0.01 WHERE entry_id = $1`, id)
	b.refused("cost_piece_amount", `UPDATE cost_piece SET unit_cost = unit_cost + 1 WHERE entry_id = $1`, id)

	for broken, why := range map[string]string{
		`UPDATE journal_evidence SET quantity = 5 WHERE entry_id = $1 AND line_no = 1`:                                           "its evidence is not what was counted",
		`DELETE FROM cost_carried WHERE entry_id = $1 AND move_id = (SELECT max(move_id) FROM cost_carried WHERE entry_id = $1)`: "its quantities are not what was counted",
		`UPDATE cost_entry SET quantity = 3 WHERE entry_id = $1`:                                                                 "its quantities are not what was counted",
	} {
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), broken, id); err != nil {
				return fmt.Errorf("break: %w", err)
			}
			_, err := tx.Exec(t.Context(), `UPDATE journal_entry SET status = 'submitted', submitted_by = $2, submitted_at = now() WHERE id = $1`, id, b.accountant.PersonID)
			return err
		})
		require.ErrorContains(t, err, why, broken)
	}
	require.NoError(t, b.submit(id))
	for _, change := range []string{`DELETE FROM cost_carried WHERE entry_id = $1`, `UPDATE cost_piece SET source = 'x' WHERE entry_id = $1`, `UPDATE cost_entry SET moves = 9 WHERE entry_id = $1`} {
		b.refused("content cannot change", change, id)
	}
	b.behind(func(exec func(string, ...any)) {
		exec(`UPDATE cost_move SET quantity = quantity + 1 WHERE record_id IS NULL`)
	})
	checks, err := invariant.Verify(t.Context(), b.pool)
	require.NoError(t, err)
	for _, c := range checks {
		if c.Name == "cost-counted-once" {
			require.False(t, c.Holds(), "a unit more than was shipped is found")
		}
	}
}

// TestRandomOrdersAndReturns holds what is booked against what was sold and came
// back, worked out unit by unit.
func TestRandomOrdersAndReturns(t *testing.T) {
	t.Parallel()
	b := open(t)
	chance := rand.New(rand.NewPCG(11, 3))
	skus := []string{"CUP", "SET", "NEW"}
	each := map[string]decimal.Decimal{"CUP": decimal.RequireFromString("3.4567"), "SET": decimal.RequireFromString("7.1634")}
	type at struct{ subject, month, sku string }
	units, input := map[at]int64{}, int64(0)
	for n := 1; n <= 4; n++ {
		var lines []line
		for range 40 {
			l := sold(fmt.Sprintf("2026-%02d-%02d", 10+chance.IntN(2), 1+chance.IntN(19)), skus[chance.IntN(3)], 1+chance.IntN(4))
			switch chance.IntN(8) {
			case 0:
				l.market = "Non-Amazon US"
			case 1:
				l.by = "MFN"
			default:
				units[at{fmt.Sprint("S", n), l.day[:7], l.sku}] += int64(l.quantity.(int))
				input += int64(l.quantity.(int))
			}
			lines = append(lines, l)
		}
		b.settled(n, fmt.Sprint("S", n), lines...)
	}
	for range 30 {
		day, sku, n := fmt.Sprintf("2026-%02d-%02d", 10+chance.IntN(2), 1+chance.IntN(19)), skus[chance.IntN(3)], 1+chance.IntN(2)
		sellable := chance.IntN(3) > 0
		b.arrived(order, sku, day, n, map[bool]string{true: "SELLABLE", false: "DEFECTIVE"}[sellable])
		if sellable {
			units[at{"RETURNS", day[:7], sku}] -= int64(n)
			input -= int64(n)
		}
	}
	b.clock.Advance(30 * 24 * time.Hour)
	b.update()
	b.update()
	want := map[string]decimal.Decimal{}
	for a, n := range units {
		if cost, known := each[a.sku]; known {
			key := a.subject + " " + a.month
			want[key] = want[key].Add(cost.Mul(decimal.NewFromInt(n)).Round(2))
		}
	}
	rows, err := b.pool.Query(t.Context(), `SELECT e.subject || ' 2026-' || lpad(e.period::text, 2, '0'), l.debit - l.credit FROM journal_entry e JOIN journal_line l ON l.entry_id = e.id AND l.category = 'cost' WHERE e.status = 'draft'`)
	require.NoError(t, err)
	var key string
	var amount decimal.Decimal
	found := 0
	_, err = pgx.ForEachRow(rows, []any{&key, &amount}, func() error {
		found++
		require.True(t, want[key].Equal(amount), "%s: %s, want %s", key, amount, want[key])
		return nil
	})
	require.NoError(t, err)
	require.Len(t, want, found)
	carried := b.text(`SELECT (SELECT sum(quantity) FROM cost_piece) + (SELECT sum(m.quantity) FROM cost_move m WHERE m.sku = 'NEW')`)
	require.Equal(t, fmt.Sprint(input), carried, "counted and excepted are what went in")
	b.holds()
}
