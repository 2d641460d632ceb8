package flowtest

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tieout/app/flow"
	"tieout/app/personal"
	"tieout/app/vault"
)

// Addressed are parcels whose receivers are persons.
type Addressed struct{ *Parcels }

// Definition implements flow.Flow.
func (a Addressed) Definition() flow.Definition {
	d := a.Parcels.Definition()
	for i := range d.Fields {
		d.Fields[i].Personal = d.Fields[i].Name == "receiver"
	}
	return d
}

// Personal implements flow.Personal.
func (a Addressed) Personal() flow.Places {
	return flow.Places{Content: []string{"to"}, Payload: []string{"header.receiver"}}
}

// Ring returns a ring with a vault of its own.
func Ring(t testing.TB, pool *pgxpool.Pool) *personal.Ring {
	t.Helper()
	v, err := vault.Open(t.Context(), vault.Database{Pool: pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes))
	require.NoError(t, err)
	return personal.NewRing(pool, v)
}
