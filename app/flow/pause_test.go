package flow_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/flow"
	"tieout/app/flow/flowtest"
)

func TestAFlowPutsARecordOffOrLeavesItWithoutBlamingAnybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Answer = &flow.Pause{Words: "The shelf is being cleaned.", Least: time.Hour}
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.run()
	require.Equal(t, "received The shelf is being cleaned.", w.state("A"))
	w.Answer = &flow.Nothing{Reason: "Nobody wants it."}
	w.clock.Advance(59 * time.Minute)
	w.goOn()
	require.Contains(t, w.state("A"), "received", "not before its time")
	w.clock.Advance(20 * time.Minute)
	w.goOn()
	require.Equal(t, "ignored Nobody wants it.The shelf is being cleaned.", w.state("A"))
	require.Empty(t, w.Sent)
	require.EqualValues(t, 0, w.number(`SELECT count(*) FROM exception`))
	require.EqualValues(t, 0, w.number(`SELECT failures FROM flow`))
}

func TestKeysOfBothSidesAreFoundFromEitherOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "kettle"), 0)
	w.tell(flowtest.Box("B", "bob", "anvil"), 0)
	w.run()
	keys, err := w.KeysOf(t.Context(), w.connection, "parcels", []string{"K-A", "K-B"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"K-A": "A"}, keys)
	remote, err := w.RemoteOf(t.Context(), w.connection, "parcels", []string{"A", "B", "C"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"A": "K-A", "B": ""}, remote)
	target, err := w.TargetOf(t.Context(), w.connection, "parcels", "A")
	require.NoError(t, err)
	require.Contains(t, string(target), "ANN")
	target, err = w.TargetOf(t.Context(), w.connection, "parcels", "B")
	require.NoError(t, err)
	require.Nil(t, target)
}

func TestAnExceptionEndsWhenWhatWaitedOnItHasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(flowtest.Box("A", "ann", "anvil"), 0)
	w.tell(flowtest.Box("B", "bob", "anvil"), 0)
	w.run()
	open := `SELECT count(*) FROM exception WHERE state = 'open'`
	require.EqualValues(t, 1, w.number(open))
	w.tell(flowtest.Box("A", "ann", "kettle"), 1)
	w.run()
	require.EqualValues(t, 1, w.number(open), "another one still waits")
	w.tell(flowtest.Box("B", "bob", "kettle"), 1)
	w.run()
	require.EqualValues(t, 0, w.number(open))
	require.Equal(t, "delivered", w.state("B"))
}
