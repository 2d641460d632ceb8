package document_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/document"
)

var meta = document.Meta{Kind: document.SettlementReport, Name: "r", Source: document.FromUpload}

// text returns bytes that span several chunks and do not all look alike.
func text(size int) []byte {
	chance := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('a' + chance.IntN(16))
	}
	return b
}

func TestBytesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	store := document.NewStore(dbtest.New(t))
	for _, size := range []int{0, 1, 1 << 20, 1<<20 + 1, 5<<20 + 17} {
		want := text(size)
		doc, existed, err := store.Put(t.Context(), meta, iotest.HalfReader(bytes.NewReader(want)))
		require.NoError(t, err)
		require.False(t, existed)
		require.EqualValues(t, size, doc.Size)
		r, err := store.Open(t.Context(), doc.ID)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.True(t, bytes.Equal(want, got))
	}
}

func TestARangeMayCrossChunks(t *testing.T) {
	t.Parallel()
	store := document.NewStore(dbtest.New(t))
	want := text(3 << 20)
	doc, _, err := store.Put(t.Context(), meta, bytes.NewReader(want))
	require.NoError(t, err)
	for _, r := range [][2]int{{0, 10}, {1<<20 - 5, 10}, {1<<20 - 1, 1 << 20}, {3<<20 - 3, 100}} {
		got, err := store.Range(t.Context(), doc.ID, int64(r[0]), r[1])
		require.NoError(t, err)
		require.True(t, bytes.Equal(want[r[0]:min(r[0]+r[1], len(want))], got))
	}
}

func TestTheSameBytesAreKeptOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store := document.NewStore(pool)
	var wait sync.WaitGroup
	ids := make([]int64, 8)
	for i := range ids {
		wait.Go(func() {
			doc, _, err := store.Put(t.Context(), meta, bytes.NewReader(text(2<<20)))
			if err == nil {
				ids[i] = doc.ID
			}
		})
	}
	wait.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	var documents, chunks int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM document_chunk)`).Scan(&documents, &chunks))
	require.Equal(t, 1, documents)
	require.Equal(t, 2, chunks)
}

func TestATransferThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	boom := errors.New("line dropped")
	_, _, err := document.NewStore(pool).Put(t.Context(), meta, io.MultiReader(bytes.NewReader(text(3<<20)), iotest.ErrReader(boom)))
	require.ErrorIs(t, err, boom)
	var chunks int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM document_chunk`).Scan(&chunks))
	require.Zero(t, chunks)
}

func TestDocumentsAreEvidence(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, _, err := document.NewStore(pool).Put(t.Context(), meta, bytes.NewReader(text(100)))
	require.NoError(t, err)
	for _, statement := range []string{`UPDATE document SET name = 'x'`, `DELETE FROM document`, `TRUNCATE document CASCADE`,
		`UPDATE document_chunk SET data = ''`, `DELETE FROM document_chunk`, `TRUNCATE document_chunk`} {
		_, err := pool.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "cannot be changed or deleted", statement)
	}
}
