package reference_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/catalog"
	"tieout/app/flow"
	"tieout/app/orders"
	"tieout/app/p21"
	"tieout/app/reference"
	"tieout/cmd/sandbox/bothsides"
)

// world is a connection whose orders name two customers.
type world struct {
	*bothsides.World
	*reference.Service
}

// OrderCustomers implements reference.Sides.
func (w *world) OrderCustomers(context.Context, int64) ([]reference.Customer, error) {
	v, err := w.World.Version(w.T.Context(), w.Connection, orders.Name, 0)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(v.Fields, func(f flow.Field) bool { return f.List == "" && f.Name == "customer" })
	var list []reference.Customer
	for _, shop := range []string{bothsides.Marketplace, "A1F83G8C2ARO7P"} {
		named, err := orders.CustomerOf(v.Fields[at].Formula, shop)
		if err != nil {
			return nil, err
		}
		list = append(list, reference.Customer{Reference: named, Marketplace: shop})
	}
	return list, nil
}

func open(t *testing.T, b *bothsides.World) *world {
	w := &world{World: b}
	w.Service = reference.NewService(b.Pool, b.Clock, w)
	require.NoError(t, w.ReadCustomers(t.Context(), w.Connection))
	return w
}

func setup(kind string) bothsides.Setup {
	return bothsides.Setup{Kind: kind, Models: []string{"listingsItems_2021-08-01.json"}, Flows: func(w *bothsides.World) []flow.Flow {
		return []flow.Flow{orders.New(w, nil, w.Resolve, nil)}
	}}
}

func (w *world) check(subject reference.Subject) reference.Check {
	w.T.Helper()
	checks, err := w.Check(w.T.Context(), w.Connection)
	require.NoError(w.T, err)
	require.Len(w.T, checks, 7)
	at := slices.IndexFunc(checks, func(c reference.Check) bool { return c.Subject == subject })
	return checks[at]
}

func TestCustomersThatOrdersNameAreLookedUpInP21(t *testing.T) {
	bothsides.Adapters(t, setup(""), func(t *testing.T, b *bothsides.World) {
		w := open(t, b)
		c := w.check(reference.Customers)
		require.EqualValues(t, 1, c.Known)
		require.Equal(t, []string{"AMAZON-UK is not there"}, c.Named)
		w.Exec(`UPDATE customer_reading SET active = false WHERE found = 1`)
		require.EqualValues(t, 2, w.check(reference.Customers).Missing)
		w.Exec(`UPDATE customer_reading SET found = 2, active = true WHERE found = 1`)
		require.Contains(t, w.check(reference.Customers).Named, "AMAZON-US is there 2 times")
		w.Clock.Advance(1)
		require.NoError(t, w.ReadCustomers(t.Context(), w.Connection))
		require.EqualValues(t, 1, w.check(reference.Customers).Missing)
	})
}

func TestWhatIsMissingIsNamedAndWhatIsThereIsNot(t *testing.T) {
	t.Parallel()
	w := open(t, bothsides.New(t, setup(p21.SeedV2)))
	require.Equal(t, "None is known: read them from Prophet 21.", w.check(reference.Accounts).Words)
	w.Exec(`INSERT INTO gl_account (connection_id, account, description, control, synced_at) VALUES ($1, '4010', 'Sales', false, now()), ($1, '1200', 'Receivable', true, now())`, w.Connection)
	require.True(t, w.check(reference.Accounts).Well(), "no rules use any")

	require.Equal(t, "Today is in none of them: open the year in Prophet 21.", w.check(reference.Periods).Words)
	w.Exec(`INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at) VALUES ($1, 2026, 11, '2026-11-01', '2026-11-30', false, now())`, w.Connection)
	require.Contains(t, w.check(reference.Periods).Words, "two weeks")
	w.Exec(`INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at) VALUES ($1, 2026, 12, '2026-12-01', '2026-12-31', false, now())`, w.Connection)
	require.True(t, w.check(reference.Periods).Well())
	w.Exec(`UPDATE fiscal_period SET closed = true`)
	require.Equal(t, "The period of today is closed.", w.check(reference.Periods).Words)

	require.True(t, w.check(reference.Items).Well())
	w.Exec(`UPDATE item SET active = false WHERE code = 'BRW-POUR-01'`)
	require.Equal(t, []string{"BRW-POUR-01"}, w.check(reference.Items).Named)

	require.True(t, w.check(reference.Costs).Well(), "the stock was not read")
	w.Exec(`INSERT INTO stock (connection_id, item_code, location, on_hand, allocated, available, unit_cost, changed_at) VALUES ($1, 'BRW-POUR-01', '10', 1, 0, 1, 12.5, now()), ($1, 'KITWHSK01', '10', 1, 0, 1, 0, now())`, w.Connection)
	require.Equal(t, []string{"KITWHSK01"}, w.check(reference.Costs).Named)

	require.NoError(t, w.Catalog.NoteListings(t.Context(), w.Connection, []catalog.Listing{{Marketplace: bothsides.Marketplace, SKU: "KETTLE", Channel: catalog.FBA}, {Marketplace: bothsides.Marketplace, SKU: "NEWS", Channel: catalog.FBA}}))
	c := w.check(reference.Listings)
	require.EqualValues(t, 2, c.Known)
	require.Equal(t, []string{"NEWS"}, c.Named)
	require.Equal(t, w.Clock.Now(), c.ReadAt.UTC())
}

func TestAccountsOfTheRulesInUseAndRatesOfSettlementsAreWanted(t *testing.T) {
	t.Parallel()
	w := open(t, bothsides.New(t, setup(p21.SeedV2)))
	w.Exec(`UPDATE connection SET functional_currency = 'USD' WHERE id = $1`, w.Connection)
	w.Exec(`SET session_replication_role = replica;
		INSERT INTO gl_account (connection_id, account, description, active, control, synced_at)
		SELECT id, x.account, 'x', x.active, x.control, now() FROM connection, (VALUES ('4010', true, false), ('4020', false, false), ('1200', true, true)) x (account, active, control);
		INSERT INTO rule_set (connection_id, number, state, published_at) SELECT id, 1, 'published', now() FROM connection;
		INSERT INTO rule_set_account (rule_set_id, slot, account) SELECT id, account, account FROM rule_set, (VALUES ('4010'), ('4020'), ('1200'), ('9999')) x (account);
		INSERT INTO settlement (connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		SELECT id, 1, 1, currency, currency, '2026-11-01', '2026-11-15', 1, 1, 1, 1, '', '{}' FROM connection, (VALUES ('CAD'), ('USD')) x (currency);
		RESET session_replication_role`)
	c := w.check(reference.Accounts)
	require.Equal(t, []string{"1200", "4020", "9999"}, c.Named, "a control account, one that is closed and one that is not there")
	require.EqualValues(t, 3, c.Missing)
	require.Equal(t, []string{"CAD to USD for 2026-11-15"}, w.check(reference.Rates).Named)
	w.Exec(`INSERT INTO exchange_rate (base, quote, rate_on, rate, source) VALUES ('CAD', 'USD', '2026-11-07', 0.7, 'x')`)
	require.False(t, w.check(reference.Rates).Well(), "older than seven days")
	w.Exec(`INSERT INTO exchange_rate (base, quote, rate_on, rate, source) VALUES ('CAD', 'USD', '2026-11-08', 0.7, 'x')`)
	require.True(t, w.check(reference.Rates).Well())
}
