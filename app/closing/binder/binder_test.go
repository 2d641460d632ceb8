package binder_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
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
	"tieout/app/closing/binder"
	"tieout/app/database/dbtest"
	"tieout/app/fault"
	"tieout/app/period"
	"tieout/app/reconcile"
)

// papers write short workbooks, so that the binder itself is what is tested.
type papers struct{}

func (papers) Journal(_ context.Context, w io.Writer, _ int64) error { return paper(w, "journal") }
func (papers) Settlement(_ context.Context, w io.Writer, _ int64) error {
	return paper(w, "settlement")
}
func (papers) Checklist(w io.Writer, _ closing.Whole) error { return paper(w, "checklist") }
func (papers) Reconciliation(w io.Writer, _ [][2]string, _ reconcile.Name, _ []reconcile.Total, rows iter.Seq2[reconcile.Item, error], state func(reconcile.Item) string) error {
	var text strings.Builder
	for i, err := range rows {
		if err != nil {
			return err
		}
		text.WriteString(i.Key + state(i))
	}
	return paper(w, text.String())
}

// sides differ by one item of the period and one after it.
type sides struct{}

func (sides) Name() reconcile.Name { return reconcile.Returns }
func (sides) Compare(context.Context, int64) (reconcile.Comparison, error) {
	late := reconcile.Open{Key: "112-2", Currency: "USD", Left: decimal.NewFromInt(7), Cause: "Refunded, not returned", Since: period.Date{Year: 2026, Month: 11, Day: 3}}
	return reconcile.Comparison{Totals: []reconcile.Total{{Currency: "USD", Compared: 2, Left: decimal.NewFromInt(107), Right: decimal.NewFromInt(80)}}, Open: []reconcile.Open{
		{Key: "112-1", Currency: "USD", Left: decimal.NewFromInt(20), Cause: "Refunded, not returned", Since: period.Date{Year: 2026, Month: 10, Day: 3}}, late}}, nil
}

// paper packs two parts in any order, as workbooks do.
func paper(w io.Writer, text string) error {
	archive := zip.NewWriter(w)
	parts := []string{"a.xml", "b.xml"}
	if rand.N(2) == 0 {
		slices.Reverse(parts)
	}
	for _, name := range parts {
		part, err := archive.Create(name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(part, strings.Repeat(text+name, 100)); err != nil {
			return err
		}
	}
	return archive.Close()
}

type noJobs struct{}

func (noJobs) Redraft(context.Context, pgx.Tx, int64) error { return nil }

// closed makes a connection with one settlement, of which one posted entry
// carries all, in a period that two people closed.
func closed(t *testing.T) (*pgxpool.Pool, *closing.Service, closing.Key) {
	t.Helper()
	pool := dbtest.New(t)
	key := closing.Key{FiscalYear: 2026, Number: 10}
	var people [2]audit.Actor
	for i, role := range []string{"accountant", "approver"} {
		people[i].Name = role
		require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO person (issuer, subject, name, roles) VALUES ('t', $1, $1, ARRAY[$1]) RETURNING id`, role).Scan(&people[i].PersonID))
	}
	require.NoError(t, pool.QueryRow(t.Context(), `INSERT INTO connection (name, amazon_region) VALUES ('acme', 'na') RETURNING id`).Scan(&key.ConnectionID))
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica;
			INSERT INTO fiscal_period (connection_id, fiscal_year, number, starts_on, ends_on, closed, synced_at) SELECT id, 2026, 10, '2026-10-01', '2026-10-31', false, now() FROM connection;
			INSERT INTO settlement (id, connection_id, import_id, document_id, amazon_id, currency, start_at, end_at, deposit, row_count, line_count, line_sum, content_hash, marketplaces)
				SELECT 1, id, 1, 1, '777', 'USD', '2026-09-30', '2026-11-02', 90, 2, 2, 90, '', '{}' FROM connection;
			INSERT INTO kind (connection_id, marketplace, transaction_type, amount_type, amount_description, sign) SELECT id, '', 'Order', 'ItemPrice', 'Principal', 1 FROM connection;
			INSERT INTO rollup (settlement_id, kind_id, posted_on, product_group, fulfillment, lines, amount) SELECT 1, id, d, '', '', 1, a FROM kind, (VALUES ('2026-10-05'::date, 100), ('2026-11-01', -10)) x(d, a);
			INSERT INTO rule_set (connection_id, number, state, template) SELECT id, 1, 'draft', 'x' FROM connection;
			INSERT INTO journal_entry (connection_id, settlement_id, entry_type, status, reference, version, company, journal, fiscal_year, period, entry_on, currency, functional_currency, rate, description,
					rule_set_id, clearing, total, functional_total, content_hash, p21_number)
				SELECT c.id, 1, 'settlement', 'posted', 'AMZ-777-202610-1', 1, 'ACME', 'AZ', 2026, 10, '2026-10-31', 'USD', 'USD', 1, 'x', r.id, 100, 100, 100, '\x01', '42' FROM connection c, rule_set r;
			INSERT INTO journal_line (entry_id, line_no, account, category, clearing, debit, credit, functional_debit, functional_credit)
				SELECT id, 1, '4000', 'sales', false, 0, 100, 0, 100 FROM journal_entry UNION ALL SELECT id, 2, '1200', 'clearing', true, 100, 0, 100, 0 FROM journal_entry;
			INSERT INTO journal_source (entry_id, line_no, settlement_id, kind_id, posted_on, product_group, fulfillment, rule_id, lines, amount)
				SELECT e.id, 1, 1, k.id, '2026-10-05', '', '', 1, 1, 100 FROM journal_entry e, kind k`)
		return err
	}))
	for range 3 {
		require.NoError(t, audit.Write(t.Context(), pool, audit.Event{Actor: audit.Job("posting"), Action: "posted", ObjectType: "journal_entry", ObjectID: 1, ConnectionID: key.ConnectionID, After: map[string]any{"p21": "42"}}))
	}
	require.NoError(t, audit.Write(t.Context(), pool, audit.Event{Actor: audit.Job("else"), Action: "did", ObjectType: "secret of others", ObjectID: 1, ConnectionID: key.ConnectionID + 7}))
	now := clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	reconciled := reconcile.NewService(pool, now, sides{})
	require.NoError(t, reconciled.CheckAll(t.Context(), key.ConnectionID))
	service := closing.NewService(closing.Needs{Pool: pool, Clock: now, Jobs: noJobs{}, Reconciled: reconciled})
	require.NoError(t, service.Request(t.Context(), key, "", map[string]string{"drafted": "x y z", "reconciled/returns": "Claimed."}, people[0]))
	w, err := service.Get(t.Context(), key)
	require.NoError(t, err)
	require.NoError(t, service.Approve(t.Context(), key, w.Attempts[0].Hash, time.Now(), people[1]))
	return pool, service, key
}

type entry struct {
	name string
	text []byte
}

func unpack(t *testing.T, raw []byte) (files []entry) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	for _, f := range archive.File {
		in, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(in)
		require.NoError(t, err)
		files = append(files, entry{f.Name, text})
	}
	return files
}

func pack(t *testing.T, files []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, f := range files {
		w, err := archive.Create(f.name)
		require.NoError(t, err)
		_, err = w.Write(f.text)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return out.Bytes()
}

// forge writes hashes into the manifest again, as somebody would who covers a
// change up.
func forge(t *testing.T, files []entry) []entry {
	t.Helper()
	find := func(name string) *entry {
		return &files[slices.IndexFunc(files, func(f entry) bool { return f.name == name })]
	}
	var m binder.Manifest
	require.NoError(t, json.Unmarshal(find("manifest.json").text, &m))
	for i := range m.Files {
		f := find(m.Files[i].Name)
		hash := sha256.Sum256(f.text)
		m.Files[i].Size, m.Files[i].SHA256 = int64(len(f.text)), hex.EncodeToString(hash[:])
	}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	hash := sha256.Sum256(text)
	find("manifest.json").text, find("manifest.sha256").text = text, []byte(hex.EncodeToString(hash[:]))
	return files
}

func verify(t *testing.T, raw []byte) []string {
	t.Helper()
	r, err := binder.Verify(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return []string{err.Error()}
	}
	return r.Wrong
}

func TestABinderIsCheckedByItselfAndNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	pool, periods, key := closed(t)
	service := binder.NewService(pool, periods, papers{})
	var out, again bytes.Buffer
	sum, err := service.Write(t.Context(), &out, key, audit.Job("test"))
	require.NoError(t, err)
	_, err = service.Write(t.Context(), &again, key, audit.Job("test"))
	require.NoError(t, err)
	require.Equal(t, out.Bytes(), again.Bytes(), "the same content makes the same binder")
	r, err := binder.Verify(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Empty(t, r.Wrong)
	require.Equal(t, sum, r.SHA256)
	require.EqualValues(t, 5, r.Events)
	require.EqualValues(t, 1, r.Withheld)
	require.NotContains(t, out.String(), "secret of others")
	require.Len(t, r.Manifest.Entries, 1)
	require.Len(t, r.Manifest.Settlements, 1)
	require.True(t, r.Manifest.Settlements[0].LeftOut.IsZero())
	var kept string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT after->>'manifest' FROM audit_event WHERE action = 'binder written' LIMIT 1`).Scan(&kept))
	require.Equal(t, sum, kept)

	names := func() (list []string) {
		for _, f := range unpack(t, out.Bytes()) {
			list = append(list, f.name)
		}
		return list
	}()
	require.Len(t, names, 10)
	require.Len(t, r.Manifest.Reconciled, 1)
	require.Equal(t, "20 USD, 1 open", fmt.Sprintf("%s %s, %d open", r.Manifest.Reconciled[0].Unexplained[0].Value, r.Manifest.Reconciled[0].Unexplained[0].Currency, r.Manifest.Reconciled[0].Open))
	for i, name := range names {
		files := unpack(t, out.Bytes())
		files[i].text[len(files[i].text)/2] ^= 1
		require.Contains(t, strings.Join(verify(t, pack(t, files)), "\n"), strings.TrimSuffix(name, ".sha256"), "one bit of %s", name)

		files = slices.Delete(unpack(t, out.Bytes()), i, i+1)
		require.Contains(t, strings.Join(verify(t, pack(t, files)), "\n"), name, "without %s", name)
	}
	require.Equal(t, []string{"notes.txt was added: the manifest does not name it"}, verify(t, pack(t, append(unpack(t, out.Bytes()), entry{"notes.txt", []byte("x")}))))

	cases := []struct {
		name, file, why string
		change          func(rows []string) []string
	}{
		{"two audit rows change places", "audit.csv", "event 3 stands where event 2 belongs", func(rows []string) []string { rows[2], rows[3] = rows[3], rows[2]; return rows }},
		{"an audit row is left out", "audit.csv", "event 3 does not follow from the event before it", func(rows []string) []string { return slices.Delete(rows, 2, 3) }},
		{"the end of the log is cut off", "audit.csv", "does not hold the event that closed the period", func(rows []string) []string { return rows[:len(rows)-2] }},
		{"an event says something else", "audit.csv", "the content of event 1 differs from its hash", func(rows []string) []string { rows[1] = strings.Replace(rows[1], `""42""`, `""43""`, 1); return rows }},
		{"a readable column lies", "audit.csv", `says "reversed" as its action`, func(rows []string) []string {
			rows[1] = strings.Replace(rows[1], ",posted,", ",reversed,", 1)
			return rows
		}},
		{"an entry does not balance", "journal.csv", "entry AMZ-777-202610-1 does not balance: debits 100, credits 101", func(rows []string) []string { rows[1] = strings.Replace(rows[1], ",0,100,", ",0,101,", 1); return rows }},
		{"an item of a reconciliation is left out", "reconciliations/returns.json", "is not what the period was closed with", func(rows []string) []string { rows[0] = strings.Replace(rows[0], "112-1", "112-9", 1); return rows }},
		{"another checklist", "checklist.json", "is not the checklist that was approved", func(rows []string) []string { rows[0] = strings.Replace(rows[0], "acme", "acmf", 1); return rows }},
	}
	for _, c := range cases {
		files := unpack(t, out.Bytes())
		f := &files[slices.IndexFunc(files, func(f entry) bool { return f.name == c.file })]
		f.text = []byte(strings.Join(c.change(strings.Split(string(f.text), "\n")), "\n"))
		require.Contains(t, strings.Join(verify(t, pack(t, forge(t, files))), "\n"), c.why, c.name)
	}
	totals := func(from, to string) string {
		files := unpack(t, out.Bytes())
		f := &files[slices.IndexFunc(files, func(f entry) bool { return f.name == "manifest.json" })]
		require.Contains(t, string(f.text), from)
		f.text = []byte(strings.Replace(string(f.text), from, to, 1))
		return strings.Join(verify(t, pack(t, forge(t, files))), "\n")
	}
	require.Contains(t, totals(`"within": "100"`, `"within": "90"`), "entries carry 100 of the period, its amounts are 90")
	require.Contains(t, totals(`"deposit": "90"`, `"deposit": "95"`), "its deposit less the difference is 95")
	require.Contains(t, totals(`"clearing": "100"`, `"clearing": "99"`), "carries 100 of settlements, its clearing is 99")
	require.Contains(t, totals(`"open": 1`, `"open": 0`), "1 items up to 2026-10-31 are not explained and come to")
	require.Contains(t, totals(`"reconciliation": "returns"`, `"reconciliation": "orders"`), "reconciliation orders is not the one that the period was closed with")
	for broken, why := range map[string]string{
		`UPDATE period_close_reconciliation SET content = '{}', content_hash = sha256('{}')`:                "cannot be changed",
		`DELETE FROM period_close_reconciliation`:                                                           "cannot be changed",
		`INSERT INTO period_close_reconciliation SELECT id, 'orders', '{}', sha256('{}') FROM period_close`: "frozen before the period is closed",
		`TRUNCATE period_close_reconciliation`:                                                              "",
	} {
		_, err := pool.Exec(t.Context(), broken)
		require.ErrorContains(t, err, why, broken)
	}
	require.Equal(t, []string{"this is no binder: zip: not a valid zip file"}, verify(t, []byte("text")))

	var approver audit.Actor
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT id, name FROM person WHERE name = 'approver'`).Scan(&approver.PersonID, &approver.Name))
	require.NoError(t, periods.Reopen(t.Context(), key, "Late.", approver))
	_, err = service.Write(t.Context(), io.Discard, key, audit.Job("test"))
	require.Equal(t, fault.Conflict, fault.CodeOf(err))
}
