package flow_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
	"tieout/app/outbound"
	"tieout/app/personal"
)

const receiver = "Marta Mustermann"

// openAddressed is a world whose parcels go to persons.
func openAddressed(t *testing.T) (w *world, ring *personal.Ring, logged *bytes.Buffer) {
	t.Helper()
	w, logged = newWorld(t), &bytes.Buffer{}
	ring = flowtest.Ring(t, w.pool)
	log := slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	timing := outbound.Timing{Hold: time.Second, Request: 5 * time.Second, LookUps: 1, RetryInterval: time.Millisecond}
	w.Service = flow.NewService(flow.Needs{Rest: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Pool: w.pool, Clock: w.clock, Documents: document.NewSealedStore(w.pool, ring), Personal: ring, Jobs: w.queue, Worker: "one", Parallel: 4,
		Hold: time.Second, Log: log, Deliverer: outbound.NewDeliverer(w.pool, "one", timing, log)}, flowtest.Addressed{Parcels: w.Parcels})
	return w, ring, logged
}

// hidden fails when a text stands anywhere in the database, in any column of
// any table, written as text or as bytes, in either case.
func (w *world) hidden(texts ...string) {
	w.t.Helper()
	require.NotEmpty(w.t, w.places("P-1"), "what is not personal is found")
	for _, text := range texts {
		require.Empty(w.t, w.places(text), "%q stands in clear", text)
	}
}

// places are the columns of the database in which a text stands.
func (w *world) places(text string) (found []string) {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), `SELECT quote_ident(table_name), quote_ident(column_name), data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'json', 'bytea', 'character varying', 'ARRAY')`)
	require.NoError(w.t, err)
	type column struct{ table, name, kind string }
	columns, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c column, err error) { return c, r.Scan(&c.table, &c.name, &c.kind) })
	require.NoError(w.t, err)
	for _, c := range columns {
		value := c.name + "::text"
		if c.kind == "bytea" {
			value = "encode(" + c.name + ", 'escape')"
		}
		if w.number(fmt.Sprintf(`SELECT count(*) FROM %s WHERE %s ILIKE '%%' || $1 || '%%'`, c.table, value), text) > 0 {
			found = append(found, c.table+"."+c.name)
		}
	}
	return found
}

func TestWhatNamesAPersonStandsNowhereInClear(t *testing.T) {
	t.Parallel()
	w, _, logged := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.tell(flowtest.Box("P-2", receiver, "mug"), 0) // nobody knows mugs
	dear := flowtest.Box("P-3", receiver, "kettle")
	w.tell(dear, 0)
	w.run()
	require.Contains(t, w.Held["P-1"][0], strings.ToUpper(receiver), "the other side gets it whole")
	require.Equal(t, "delivered", w.state("P-1"))
	w.Refuses = "No room for MARTA MUSTERMANN at the shelf."
	w.tell(flowtest.Box("P-4", receiver, "kettle"), 0)
	w.run()
	require.Contains(t, w.state("P-4"), "No room for [personal] at the shelf.")
	w.Refuses, w.Answer = "", fault.New(fault.Invalid, "What does Marta Mustermann want?")
	w.tell(flowtest.Box("P-5", receiver, "kettle"), 0)
	w.run()
	require.Contains(t, w.state("P-5"), "exception")
	w.hidden("Mustermann")
	require.NotContains(t, strings.ToLower(logged.String()), "mustermann")
}

func TestASealedRecordIsDeliveredOnceAndChangedWhenThePersonChanges(t *testing.T) {
	t.Parallel()
	w, _, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.run()
	w.run()
	require.Len(t, w.Sent, 1, "the same content again changes nothing")
	w.tell(flowtest.Box("P-1", "Berta Beispiel", "kettle"), 1)
	w.run()
	require.Equal(t, []string{"P-1", "P-1/2"}, w.Sent)
	require.Contains(t, w.Held["P-1/2"][0], "BERTA BEISPIEL")
	w.hidden("Mustermann", "Beispiel")
}

func TestSealedDataOpensOnlyUnchangedAndInItsPlace(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.tell(flowtest.Box("P-2", "Berta Beispiel", "kettle"), 0)
	w.run()
	one, two := w.number(`SELECT id FROM flow_record WHERE key = 'P-1'`), w.number(`SELECT id FROM flow_record WHERE key = 'P-2'`)
	part, err := ring.Open(t.Context(), w.pool, one, "content/1")
	require.NoError(t, err)
	require.Equal(t, personal.Part{{At: []any{"to"}, Value: receiver}}, part)

	exec := func(sql string, args ...any) {
		_, err := w.pool.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	exec(`UPDATE personal_part SET sealed = (SELECT p.sealed FROM personal_part p WHERE p.record_id = $1 AND p.place = 'target') WHERE record_id = $1 AND place = 'content/1'`, one)
	_, err = ring.Open(t.Context(), w.pool, one, "content/1")
	require.ErrorContains(t, err, "open content/1", "moved within the record")
	exec(`UPDATE personal_part SET sealed = (SELECT p.sealed FROM personal_part p WHERE p.record_id = $1 AND p.place = 'content/1') WHERE record_id = $2 AND place = 'content/1'`, two, one)
	_, err = ring.Open(t.Context(), w.pool, one, "content/1")
	require.Error(t, err, "moved from another record")
	exec(`UPDATE personal_record SET key = (SELECT p.key FROM personal_record p WHERE p.record_id = $1) WHERE record_id = $2`, two, one)
	_, err = ring.Open(t.Context(), w.pool, one, "content/1")
	require.ErrorContains(t, err, "take key", "with its key")
	exec(`UPDATE personal_part SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE record_id = $1 AND place = 'target'`, two)
	_, err = ring.Open(t.Context(), w.pool, two, "target")
	require.ErrorContains(t, err, "open target", "one bit is another")
}

func TestAPurgeLeavesNothingAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	for i := range 5 {
		w.tell(flowtest.Box(fmt.Sprintf("P-%d", i), receiver, "kettle"), 0)
	}
	w.run()
	w.tell(flowtest.Box("P-9", receiver, "mug"), 1) // waits for a decision, and keeps what it needs
	w.run()
	documents := w.number(`SELECT count(*) FROM document WHERE sealed`)
	require.EqualValues(t, 2, documents)
	early, err := ring.Purge(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, early, "nothing is old enough")

	_, err = w.pool.Exec(t.Context(), `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$;
		CREATE TRIGGER fail BEFORE DELETE ON personal_part FOR EACH ROW WHEN (OLD.record_id >= 3) EXECUTE FUNCTION fail()`)
	require.NoError(t, err)
	later := time.Now().Add(time.Hour)
	done, err := ring.Purge(t.Context(), later)
	require.ErrorContains(t, err, "killed")
	require.Equal(t, 2, done.Records)
	require.EqualValues(t, 2, w.number(`SELECT count(*) FROM personal_record WHERE purged_at IS NOT NULL`), "a record is purged whole or not at all")
	_, err = w.pool.Exec(t.Context(), `DROP TRIGGER fail ON personal_part`)
	require.NoError(t, err)
	done, err = ring.Purge(t.Context(), later)
	require.NoError(t, err)
	require.Equal(t, 3, done.Records)

	kept := w.number(`SELECT id FROM flow_record WHERE key = 'P-9'`)
	require.EqualValues(t, kept, w.number(`SELECT max(record_id) FROM personal_part`))
	require.EqualValues(t, 1, w.number(`SELECT count(DISTINCT record_id) FROM personal_part`))
	require.EqualValues(t, 1, w.number(`SELECT count(*) FROM personal_record WHERE key IS NOT NULL`))
	gone := w.number(`SELECT min(document_id) FROM document_key`)
	_, err = w.Documents.Open(t.Context(), gone)
	require.ErrorContains(t, err, "was destroyed on")
	require.EqualValues(t, 1, w.number(`SELECT count(DISTINCT document_id) FROM document_chunk`), "the document that tells of P-9 is still there")

	record, part, err := w.See(t.Context(), w.number(`SELECT id FROM flow_record WHERE key = 'P-0'`), "a buyer asks for it", w.actor)
	require.ErrorContains(t, err, "The personal data was destroyed on")
	require.Empty(t, part)
	require.NotNil(t, record.Personal.PurgedAt)
	damaged, _, err := document.Verify(t.Context(), w.pool)
	require.NoError(t, err)
	require.Empty(t, damaged)
	w.run()
	require.Len(t, w.Sent, 5, "the source's telling it again delivers nothing again")
}

func TestADocumentThatTellsOfPersonsIsSealedAndComesBackAsItWas(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.run()
	id := w.number(`SELECT id FROM document WHERE sealed`)
	body, err := w.Documents.Open(t.Context(), id)
	require.NoError(t, err)
	raw, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Contains(t, string(raw), receiver)
	part, err := w.Documents.Range(t.Context(), id, 0, 10)
	require.NoError(t, err)
	require.Equal(t, raw[:10], part)
	_, err = document.NewStore(w.pool).Open(t.Context(), id)
	require.ErrorContains(t, err, "there are no keys")
	_, err = w.pool.Exec(t.Context(), `DELETE FROM document_chunk WHERE document_id = $1`, id)
	require.ErrorContains(t, err, "evidence", "its chunks go only with its key")
	require.NoError(t, ring.Erase(t.Context(), w.number(`SELECT id FROM flow_record`), "asked for by mail, ticket 7", w.actor))
	require.Zero(t, w.number(`SELECT count(*) FROM document_chunk WHERE document_id = $1`, id))
	require.Zero(t, w.number(`SELECT count(*) FROM personal_part`))
	require.EqualValues(t, 1, w.number(`SELECT count(*) FROM audit_event WHERE action = 'personal data erased'`))
}

func TestWhatIsOnItsWayIsNotErasedUnderIt(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	w.Drop = 1 // sent, and nobody knows whether it arrived
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.run()
	require.Contains(t, w.state("P-1"), "delivering")
	id := w.number(`SELECT id FROM flow_record`)
	err := ring.Erase(t.Context(), id, "asked for by mail, ticket 7", w.actor)
	require.True(t, fault.Is(err, fault.Conflict), "%v", err)
	w.clock.Advance(time.Hour)
	w.goOn()
	require.Equal(t, "delivered", w.state("P-1"))
	require.Contains(t, w.Held["P-1"][0], strings.ToUpper(receiver))
	require.NoError(t, ring.Erase(t.Context(), id, "asked for by mail, ticket 7", w.actor))
	require.True(t, fault.Is(ring.Erase(t.Context(), 999, "asked for by mail, ticket 7", w.actor), fault.NotFound))
}

func TestWhatWasErasedBeforeItLeftIsForAPerson(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "mug"), 0)
	w.run()
	require.NoError(t, ring.Erase(t.Context(), w.number(`SELECT id FROM flow_record`), "asked for by mail, ticket 7", w.actor))
	w.Known["mug"] = true
	_, err := w.pool.Exec(t.Context(), `UPDATE flow_record SET state = 'received', exception_id = NULL, problem = ''`)
	require.NoError(t, err)
	w.goOn()
	require.Contains(t, w.state("P-1"), "exception Its personal data was destroyed on")
	require.Empty(t, w.Sent, "nothing leaves without its receiver")
	w.clock.Advance(time.Hour)
	w.tell(flowtest.Box("P-1", "Berta Beispiel", "mug"), 1)
	w.run()
	require.Equal(t, "delivered", w.state("P-1"), "what the source tells anew has a key of its own")
	w.hidden("Mustermann", "Beispiel")
}

func TestEveryLookIsWrittenDownFirst(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.run()
	id := w.number(`SELECT id FROM flow_record`)
	_, _, err := w.See(t.Context(), id, "why", w.actor)
	require.True(t, fault.Is(err, fault.Invalid), "a reason is needed")
	require.Zero(t, w.number(`SELECT count(*) FROM personal_access`))
	_, part, err := w.See(t.Context(), id, "the carrier asks for the name", w.actor)
	require.NoError(t, err)
	require.Equal(t, receiver, part[0].Value)

	_, err = w.pool.Exec(t.Context(), `UPDATE personal_part SET sealed = '\x00'`)
	require.NoError(t, err)
	_, _, err = w.See(t.Context(), id, "the carrier asks again", w.actor)
	require.Error(t, err)
	list, err := ring.Accesses(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 2, "what failed afterwards was an access too")
	require.Equal(t, []string{"Olga Ops", "P-1", "the carrier asks again"}, []string{list[0].Person, list[0].Key, list[0].Reason})
	_, err = w.pool.Exec(t.Context(), `DELETE FROM personal_access`)
	require.Error(t, err, "accesses stay")
}

func TestFormulasAreTriedOnNamesOfFieldsInstead(t *testing.T) {
	t.Parallel()
	w, _, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.run()
	texts, err := w.Preview(t.Context(), w.number(`SELECT id FROM flow_record`), "", `"for " + to`, "text")
	require.NoError(t, err)
	require.Equal(t, []string{"for [to]"}, texts)
	d := flowtest.Addressed{Parcels: w.Parcels}.Definition()
	d.Fields[1].Formula = `"Mr " + to`
	trial, wrong, err := w.Try(t.Context(), w.connection, "parcels", flow.Version{Fields: d.Fields, Checks: d.Checks})
	require.NoError(t, err)
	require.Empty(t, wrong)
	require.Len(t, trial.Moved, 1)
	require.Equal(t, "Mr [to]", trial.Moved[0].Become)
}

func TestWithoutAKeyPersonalDataIsRefusedInsteadOfStored(t *testing.T) {
	t.Parallel()
	w, _, _ := openAddressed(t)
	w.Personal = personal.NewRing(w.pool, nil)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	require.NoError(t, w.Service.Read(t.Context(), w.connection, "parcels", flow.OnSchedule, 0))
	require.Contains(t, w.text(`SELECT error FROM flow_run ORDER BY id DESC LIMIT 1`), "TIEOUT_VAULT_KEY")
	require.Zero(t, w.number(`SELECT count(*) FROM flow_record`)+w.number(`SELECT count(*) FROM document`))
}
