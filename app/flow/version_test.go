package flow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/flow/flowtest"
)

// with returns the version in use with another formula for one field.
func (w *world) with(name, formula string) flow.Version {
	w.t.Helper()
	v, err := w.Version(w.t.Context(), w.connection, "parcels", 0)
	require.NoError(w.t, err)
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			v.Fields[i].Formula = formula
		}
	}
	return v
}

func TestAVersionIsTriedOnRealRecordsBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.tell(flowtest.Box("B", "bob", "kettle", "kettle"), 1)
	w.run()
	trial, wrong, err := w.Try(t.Context(), w.connection, "parcels", w.with("receiver", `to + "!"`))
	require.NoError(t, err)
	require.Empty(t, wrong)
	require.Equal(t, 2, trial.Records)
	require.Equal(t, 2, trial.Changed)
	require.Equal(t, flow.Moved{RecordID: trial.Moved[0].RecordID, Key: "B", Field: "receiver", Was: "BOB", Become: "bob!"}, trial.Moved[0])

	number, err := w.Save(t.Context(), w.connection, "parcels", w.with("receiver", `to + "!"`), "Friendlier.", w.actor)
	require.NoError(t, err)
	w.tell(flowtest.Box("C", "cyd", "kettle"), 2)
	w.run()
	require.Contains(t, w.Held["C"][0], "CYD", "a saved version is not in use yet")
	require.NoError(t, w.Use(t.Context(), w.connection, "parcels", number, w.actor))
	w.tell(flowtest.Box("D", "dan", "kettle"), 3)
	w.run()
	require.Contains(t, w.Held["D"][0], "dan!")
	require.NoError(t, w.Use(t.Context(), w.connection, "parcels", 1, w.actor), "taken back")
	w.tell(flowtest.Box("E", "eve", "kettle"), 4)
	w.run()
	require.Contains(t, w.Held["E"][0], "EVE")
	editions, err := w.Editions(t.Context(), w.connection, "parcels")
	require.NoError(t, err)
	require.Len(t, editions, 2)
	require.True(t, editions[1].InUse)
	require.Equal(t, "Olga Ops", editions[0].MadeBy)
}

func TestAVersionThatStopsRecordsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	number, err := w.Save(t.Context(), w.connection, "parcels", w.with("receiver", `things[1].name`), "Second thing.", w.actor)
	require.NoError(t, err)
	err = w.Use(t.Context(), w.connection, "parcels", number, w.actor)
	require.True(t, fault.Is(err, fault.Conflict))
	require.ErrorContains(t, err, "A: receiver: Index out of range")
}

func TestAWrongFormulaIsNotSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.with("receiver", `price`)
	v.Fields[0].Formula = `idd`
	_, wrong, err := w.Try(t.Context(), w.connection, "parcels", v)
	require.NoError(t, err)
	require.Len(t, wrong, 2, "all that is wrong is told")
	_, err = w.Save(t.Context(), w.connection, "parcels", v, "x", w.actor)
	require.True(t, fault.Is(err, fault.Invalid))
	_, err = w.Save(t.Context(), w.connection, "parcels", w.with("receiver", `to`), " ", w.actor)
	require.Contains(t, fault.FieldsOf(err), "note")
}

func TestRecordsThatWaitedOnAFormulaAreMappedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", " ", "kettle"), 0)
	w.run()
	require.Equal(t, "exception", w.state("A")[:9])
	v := w.with("receiver", `either(to, "nobody")`)
	v.Checks = v.Checks[1:2] // without the check that somebody receives it
	number, err := w.Save(t.Context(), w.connection, "parcels", v, "Nobody is somebody.", w.actor)
	require.NoError(t, err)
	require.NoError(t, w.Use(t.Context(), w.connection, "parcels", number, w.actor))
	w.goOn()
	require.Equal(t, "delivered", w.state("A"))
	require.EqualValues(t, 0, w.number(`SELECT count(*) FROM exception WHERE state = 'open'`))
}

func TestAFormulaIsPreviewedOnARecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle", "kettle"), 0)
	w.run()
	id := w.number(`SELECT id FROM flow_record`)
	texts, err := w.Preview(t.Context(), id, "", `to + "?"`, expression.Text)
	require.NoError(t, err)
	require.Equal(t, []string{"ann?"}, texts)
	texts, err = w.Preview(t.Context(), id, "things", `thing.units + 1`, expression.Integer)
	require.NoError(t, err)
	require.Equal(t, []string{"2", "2"}, texts)
	_, err = w.Preview(t.Context(), id, "", `nobody`, expression.Text)
	require.ErrorContains(t, err, "Unknown name")
}
