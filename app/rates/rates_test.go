package rates_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database/dbtest"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/app/rates"
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func on(t *testing.T, text string) period.Date {
	t.Helper()
	day, err := period.ParseDate(text)
	require.NoError(t, err)
	return day
}

var (
	gbpUSD = rates.Pair{Base: "GBP", Quote: "USD"}
	usdGBP = rates.Pair{Base: "USD", Quote: "GBP"}
	eurGBP = rates.Pair{Base: "EUR", Quote: "GBP"}
	eurUSD = rates.Pair{Base: "EUR", Quote: "USD"}
)

func TestARateStandsForAWeekAndAConnectionsOwnGoesFirst(t *testing.T) {
	t.Parallel()
	friday := on(t, "2026-11-20")
	table := rates.NewTable(rates.Settings{}, []rates.Day{{ID: 1, Pair: gbpUSD, On: friday, Value: d("1.27")}, {ID: 2, ConnectionID: 7, Pair: gbpUSD, On: friday, Value: d("1.28")}, {ID: 3, Pair: gbpUSD, On: friday.AddDays(1), Value: d("1.29")}})
	q, ok := table.Find(gbpUSD, friday)
	require.True(t, ok)
	require.Equal(t, []int64{2}, []int64{q.Parts[0].ID})
	require.Empty(t, q.Note)
	q, ok = table.Find(gbpUSD, friday.AddDays(8))
	require.True(t, ok)
	require.Equal(t, friday.AddDays(1), q.On)
	_, ok = table.Find(gbpUSD, friday.AddDays(9))
	require.False(t, ok, "older than seven days")
	_, ok = table.Find(gbpUSD, friday.AddDays(-1))
	require.False(t, ok, "a later rate says nothing of an earlier day")
	same, ok := table.Find(rates.Pair{Base: "USD", Quote: "USD"}, friday)
	require.True(t, ok)
	require.True(t, same.Rate.Equal(d("1")))
}

// Whatever the rates: without settings only what stands in the table is
// answered; turned around and joined rates are the fractions they should be, to
// the last decimal, and say what they were made of.
func TestNothingIsDerivedUnlessSettingsSaySo(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(3, 4))
	day := on(t, "2026-11-20")
	for range 500 {
		pounds, dollars := decimal.New(chance.Int64N(9_999_999)+1, -int32(chance.IntN(8))), decimal.New(chance.Int64N(9_999_999)+1, -int32(chance.IntN(8)))
		list := []rates.Day{{ID: 1, Pair: eurGBP, On: day, Value: pounds}, {ID: 2, Pair: eurUSD, On: day.AddDays(-chance.IntN(2)), Value: dollars}}
		for _, set := range []rates.Settings{{}, {Pivot: "EUR"}, {Inverse: true}, {Pivot: "CAD", Inverse: true}} {
			_, ok := rates.NewTable(set, list).Find(gbpUSD, day)
			require.False(t, ok, "%+v", set)
		}
		_, ok := rates.NewTable(rates.Settings{Pivot: "EUR"}, list).Find(rates.Pair{Base: "GBP", Quote: "EUR"}, day)
		require.False(t, ok)
		q, ok := rates.NewTable(rates.Settings{Inverse: true}, list).Find(rates.Pair{Base: "GBP", Quote: "EUR"}, day)
		require.True(t, ok)
		require.True(t, q.Rate.Equal(d("1").DivRound(pounds, rates.Scale)))
		require.Equal(t, "inverse of 1 EUR = "+pounds.String()+" GBP of 2026-11-20", q.Note)

		q, ok = rates.NewTable(rates.Settings{Pivot: "EUR", Inverse: true}, list).Find(gbpUSD, day)
		require.Equal(t, list[1].On == day && dollars.DivRound(pounds, rates.Scale).IsPositive(), ok, "both rates are of one day, and the result is a rate")
		if !ok {
			continue
		}
		require.True(t, q.Rate.Equal(dollars.DivRound(pounds, rates.Scale)))
		require.Contains(t, q.Note, "through EUR: 1 EUR = "+pounds.String()+" GBP of 2026-11-20, 1 EUR = "+dollars.String()+" USD")
		require.Len(t, q.Parts, 2)
	}
}

func TestARateAsItStandsGoesBeforeADerivedOne(t *testing.T) {
	t.Parallel()
	day := on(t, "2026-11-20")
	table := rates.NewTable(rates.Settings{Pivot: "EUR", Inverse: true}, []rates.Day{{ID: 1, Pair: gbpUSD, On: day.AddDays(-7), Value: d("1.20")}, {ID: 2, Pair: usdGBP, On: day, Value: d("0.8")},
		{ID: 3, Pair: eurGBP, On: day, Value: d("0.8")}, {ID: 4, Pair: eurUSD, On: day, Value: d("1.1")}})
	q, ok := table.Find(gbpUSD, day)
	require.True(t, ok)
	require.True(t, q.Rate.Equal(d("1.20")))
	q, ok = table.Find(gbpUSD, day.AddDays(1))
	require.True(t, ok)
	require.True(t, q.Rate.Equal(d("1.25")), "then turned around")
}

// bank is rates on a database with one connection that keeps its books in
// dollars and has settled in pounds.
type bank struct {
	*rates.Service
	t          *testing.T
	pool       *pgxpool.Pool
	clock      *clock.Fixed
	connection int64
	amy        audit.Actor
	told       []rates.Entry // by P21
}

func (b *bank) exec(sql string, args ...any) {
	b.t.Helper()
	require.NoError(b.t, dbtest.Force(b.t.Context(), b.pool, sql, args...))
}

func openBank(t *testing.T) *bank {
	t.Helper()
	b := &bank{t: t, pool: dbtest.New(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))}
	b.Service = rates.NewService(rates.Needs{Pool: b.pool, Clock: b.clock, Documents: document.NewStore(b.pool), Source: rates.NewSource(http.DefaultClient)})
	b.Ledger = func(context.Context, int64, period.Date) ([]rates.Entry, error) { return b.told, nil }
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region, functional_currency) VALUES ('acme', 'eu', 'USD') RETURNING id`).Scan(&b.connection))
	require.NoError(t, b.pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, email, name) VALUES ('i', 's', 'x@x', 'Amy') RETURNING id`).Scan(&b.amy.PersonID))
	b.amy.Name = "Amy"
	b.exec(`INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
		VALUES (1, $1, 1, 1, '1', 'GBP', '2026-11-02', '2026-11-16', '2026-11-18', 0, 0, 0, 0, '', '{}')`, b.connection)
	return b
}

func (b *bank) store(day, value, reason string, confirmed bool) error {
	b.t.Helper()
	_, err := b.Store(b.t.Context(), []rates.Entry{{Pair: gbpUSD, On: on(b.t, day), Value: d(value), Reason: reason}}, rates.How{Origin: rates.ByHand, Source: "Amy", Confirmed: confirmed}, b.amy)
	return err
}

func (b *bank) inForce() (list []rates.Rate) {
	b.t.Helper()
	list, err := b.List(b.t.Context(), rates.Filter{PageSize: 100})
	require.NoError(b.t, err)
	return list
}

func TestACorrectionIsANewVersionWithAReason(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	require.NoError(t, b.store("2026-11-18", "1.27", "", false))
	require.NoError(t, b.store("2026-11-18", "1.27", "", false), "the same once more changes nothing")
	require.Contains(t, fault.FieldsOf(b.store("2026-11-18", "1.28", " ", false))["reason"], "is 1.27 now")
	require.NoError(t, b.store("2026-11-18", "1.28", "typed wrongly", false))
	now := b.inForce()
	require.Len(t, now, 1)
	require.Equal(t, 2, now[0].Version)
	_, versions, _, err := b.Get(t.Context(), now[0].ID)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.False(t, versions[1].EndedAt.IsZero())
	require.True(t, versions[1].Value.Equal(d("1.27")), "the old one stays")

	require.NotNil(t, fault.FieldsOf(b.Withdraw(t.Context(), now[0].ID, "", b.amy)))
	require.NoError(t, b.Withdraw(t.Context(), now[0].ID, "of another bank", b.amy))
	require.Empty(t, b.inForce())
	require.NoError(t, b.store("2026-11-18", "1.29", "", false))
	require.Equal(t, 3, b.inForce()[0].Version)
	var events int
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE object_type = 'exchange_rate'`).Scan(&events))
	require.Equal(t, 4, events, "stored, changed, withdrawn, stored")
}

func TestALargeMoveNeedsAWord(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	require.NoError(t, b.store("2026-11-18", "1.27", "", false))
	require.Contains(t, fault.FieldsOf(b.store("2026-11-19", "12.7", "", false))["confirm"], "moves 900.0 % against 1.27 of 2026-11-18")
	require.NoError(t, b.store("2026-11-19", "1.38", "", false), "nine percent")
	require.NoError(t, b.store("2026-11-20", "2", "", true))
	_, err := b.Store(t.Context(), []rates.Entry{{Pair: gbpUSD, On: on(t, "2026-11-21"), Value: d("2.1")}, {Pair: gbpUSD, On: on(t, "2026-11-22"), Value: d("21")}}, rates.How{Origin: rates.Upload}, b.amy)
	require.Contains(t, fault.FieldsOf(err)["confirm"], "against 2.1 of 2026-11-21", "rates of one file stand beside each other")
	require.Len(t, b.inForce(), 3, "all or nothing")
}

// A rate that a submitted entry rests on holds against SQL too.
func TestRatesHoldAgainstSQL(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	require.NoError(t, b.store("2026-11-18", "1.27", "", false))
	rate := b.inForce()[0].ID
	for _, broken := range []string{`UPDATE exchange_rate SET rate = 2`, `DELETE FROM exchange_rate`, `TRUNCATE exchange_rate CASCADE`, `UPDATE exchange_rate SET rate_on = rate_on + 1`,
		`UPDATE exchange_rate SET ended_at = now(), rate = 3`, `INSERT INTO exchange_rate (base, quote, rate_on, rate, source) VALUES ('GBP', 'USD', '2026-11-18', 1, '')`,
		`INSERT INTO exchange_rate (base, quote, rate_on, rate, source) VALUES ('GBP', 'USD', '2026-11-19', 0, '')`,
		`INSERT INTO rate_setting (connection_id, pivot) SELECT id, 'x' FROM connection`, `INSERT INTO rate_setting (connection_id, most_move) SELECT id, 0 FROM connection`} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.Error(t, err, broken)
	}
	b.exec(`INSERT INTO journal_entry (id, connection_id, settlement_id, entry_type, status, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description, rule_set_id,
		clearing, total, functional_total, content_hash, p21_number) OVERRIDING SYSTEM VALUE VALUES (1, $1, 1, 'settlement', 'posted', 'R', 1, 'ACME', 'AZ', 2026, 11, '2026-11-18', 'GBP', 'USD', 1.27, '', 1, 0, 0, 0, '', '7')`, b.connection)
	b.exec(`INSERT INTO journal_rate (entry_id, rate_id) VALUES (1, $1)`, rate)
	for _, broken := range []string{`UPDATE exchange_rate SET ended_at = now()`, `DELETE FROM journal_rate`, `UPDATE journal_rate SET rate_id = rate_id`, `TRUNCATE journal_rate`} {
		_, err := b.pool.Exec(t.Context(), broken)
		require.Error(t, err, broken)
	}
	require.Equal(t, fault.Conflict, fault.CodeOf(b.Withdraw(t.Context(), rate, "wrong", b.amy)))
	require.NoError(t, b.store("2026-11-18", "1.28", "wrong", false), "a later version follows it")
	_, _, resting, err := b.Get(t.Context(), b.inForce()[0].ID)
	require.NoError(t, err)
	require.Len(t, resting, 1)
	require.Equal(t, 1, resting[0].Version, "the entry keeps what it rests on")
}

func TestDaysWithoutARateAreGaps(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	gaps := func() []rates.Gap {
		t.Helper()
		list, err := b.Gaps(t.Context(), 0)
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []rates.Gap{{ConnectionID: b.connection, Pair: gbpUSD, On: on(t, "2026-11-18"), Settlements: 1, SettlementID: 1}}, gaps())
	_, err := b.Store(t.Context(), []rates.Entry{{Pair: eurGBP, On: on(t, "2026-11-17"), Value: d("0.85")}, {Pair: eurUSD, On: on(t, "2026-11-17"), Value: d("1.08")}}, rates.How{Origin: rates.ByHand}, b.amy)
	require.NoError(t, err)
	require.Len(t, gaps(), 1, "nothing is joined by itself")
	require.NoError(t, b.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, Pivot: "EUR", Inverse: true, MostMove: d("10")}, b.amy))
	require.Empty(t, gaps())
	require.Equal(t, fault.Conflict, fault.CodeOf(b.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, MostMove: d("10")}, b.amy)), "of an older state")
	require.NotNil(t, fault.FieldsOf(b.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, MostMove: d("0"), Pivot: "euro", DailyURL: "ftp://x"}, b.amy)))
	b.exec(`INSERT INTO policy (connection_id, rate_source) VALUES ($1, 'posted_date')`, b.connection)
	require.Empty(t, gaps(), "no line is posted")
}

const euro = `<?xml version="1.0" encoding="UTF-8"?><gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube>
<Cube time='2026-11-20'><Cube currency='USD' rate='1.0800'/><Cube currency='GBP' rate='0.8450'/><Cube currency='JPY' rate='162.10'/></Cube>
<Cube time='2026-11-18'><Cube currency='USD' rate='1.0750'/><Cube currency='GBP' rate='0.8440'/></Cube></Cube></gesmes:Envelope>`

func TestADailyFileIsKeptAndRead(t *testing.T) {
	t.Parallel()
	b := openBank(t)
	content := []byte(euro)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }))
	t.Cleanup(server.Close)
	require.NoError(t, b.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, Pivot: "EUR", Inverse: true, MostMove: d("10"), DailyURL: server.URL + "/eurofxref-hist-90d.xml"}, b.amy))
	read := func() rates.Reading {
		t.Helper()
		require.NoError(t, b.Read(t.Context(), b.connection, audit.Job("rates")))
		list, err := b.Readings(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
		return list[0]
	}
	first := read()
	require.Equal(t, []int{4, 4}, []int{first.Rates, first.Stored}, "yen are of no use here")
	require.Empty(t, first.Problem)
	stored, err := document.NewStore(b.pool).Open(t.Context(), first.DocumentID)
	require.NoError(t, err)
	var raw bytes.Buffer
	_, err = raw.ReadFrom(stored)
	require.NoError(t, err)
	require.Equal(t, euro, raw.String())
	require.Zero(t, read().Stored, "nothing is new")
	q, err := b.Table(t.Context(), b.connection, on(t, "2026-11-18"), on(t, "2026-11-18"), "GBP", "USD")
	require.NoError(t, err)
	got, ok := q.Find(gbpUSD, on(t, "2026-11-18"))
	require.True(t, ok)
	require.Equal(t, "1.2736966825", got.Rate.String())

	content = []byte(strings.NewReplacer("1.0800", "10.800", "0.8440", "0.8441").Replace(euro))
	again := read()
	require.Contains(t, again.Problem, "1 EUR = 10.8 USD of 2026-11-20 moves 904.7 %", "left to a person")
	require.Equal(t, 1, again.Stored)
	content = []byte(strings.Replace(euro, "0.8440", "O.8440", 1))
	require.Contains(t, read().Problem, `"O.8440" is no rate`)
	require.NoError(t, b.SetSettings(t.Context(), rates.Settings{ConnectionID: b.connection, Pivot: "EUR", Inverse: true, MostMove: d("10"), FromP21: true, Version: 1}, b.amy))
	b.told = []rates.Entry{{Pair: gbpUSD, On: on(t, "2026-11-18"), Value: d("1.27")}, {Pair: eurUSD, On: on(t, "2026-11-18"), Value: d("1.09")}, {Pair: rates.Pair{Base: "CAD", Quote: "USD"}, On: on(t, "2026-11-18"), Value: d("0.72")}}
	require.NoError(t, b.Read(t.Context(), b.connection, audit.Job("rates")))
	var p21, kept string
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT string_agg(base || rate_on || trim_scale(rate), ',') FROM exchange_rate WHERE origin = 'p21'`).Scan(&p21))
	require.Equal(t, "GBP2026-11-181.27", p21)
	require.NoError(t, b.pool.QueryRow(t.Context(), `SELECT trim_scale(rate)::text FROM exchange_rate WHERE base = 'EUR' AND quote = 'USD' AND rate_on = '2026-11-18' AND ended_at IS NULL`).Scan(&kept))
	require.Equal(t, "1.075", kept, "what another source said stays")
}

func TestDailyFilesOfEitherFormat(t *testing.T) {
	t.Parallel()
	all := func(rates.Pair, period.Date) bool { return true }
	for name, content := range map[string]string{"xml": euro, "csv": "Date, USD, GBP, JPY, \n20 November 2026, 1.0800, 0.8450, 162.10, \n2026-11-18, 1.0750, 0.8440, N/A, \n"} {
		list, err := rates.ParseDaily([]byte(content), all)
		require.NoError(t, err, name)
		require.Len(t, list, 5, name)
		require.Equal(t, rates.Pair{Base: "EUR", Quote: "USD"}, list[0].Pair)
		require.True(t, list[0].Value.Equal(d("1.08")))
		require.Equal(t, "2026-11-20", list[0].On.String())
	}
	for content, words := range map[string]string{
		"":                         "no day of rates",
		"<a/>":                     "no day of rates",
		"<Cube time='2026-11-20'>": "no XML",
		"<Cube><Cube currency='USD' rate='1'/></Cube>":                                                  "without a day",
		"<Cube time='2026-13-20'><Cube currency='USD' rate='1'/></Cube>":                                "is no day",
		"<Cube time='2026-11-20'><Cube currency='USD' rate='1e5'/></Cube>":                              "is no rate",
		"<Cube time='2026-11-20'><Cube currency='USD' rate='-1'/></Cube>":                               "above zero",
		"<Cube time='2026-11-20'><Cube currency='DOLLAR' rate='1'/></Cube>":                             "is no currency",
		"<Cube time='2026-11-20'><Cube currency='USD' rate='1'/><Cube currency='USD' rate='2'/></Cube>": "twice",
		"Day, USD\n":                          "not Date",
		"Date, USD\n2026-11-20, 1, 2\n":       "below no heading",
		"Date, USD\n2026-11-20, x\nsome, 1\n": `"x" is no rate. Row 3: "some" is no day.`,
	} {
		_, err := rates.ParseDaily([]byte(content), all)
		require.ErrorContains(t, err, words, content)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), content)
	}
}

func FuzzParseDaily(f *testing.F) {
	f.Add([]byte(euro))
	f.Add([]byte("Date, USD\n2026-11-20, 1.08\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := rates.ParseDaily(content, func(rates.Pair, period.Date) bool { return true })
		require.True(t, err == nil || fault.CodeOf(err) == fault.Invalid)
		for _, e := range list {
			_, words := e.Problem()
			require.Empty(t, words)
		}
	})
}
