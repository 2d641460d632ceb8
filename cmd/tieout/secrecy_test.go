package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"tieout/app/audit"
	"tieout/app/database/dbtest"
	"tieout/app/document"
)

// TestASearchFindsWhatWasWrittenInTheClear puts a buyer and a secret where the
// program must not write them.
func TestASearchFindsWhatWasWrittenInTheClear(t *testing.T) {
	t.Parallel()
	const buyer, secret = "Marta Mustermann", "hunter2-and-more"
	n := newNeedles()
	n.add("a buyer", buyer)
	n.add("a secret", secret)
	search, err := newSearch(n)
	require.NoError(t, err)
	defer search.unzip.Close()

	folder := t.TempDir()
	require.Error(t, search.logs(folder), "no log is there")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "one.log"), []byte("all is well\n"), 0o600))
	require.NoError(t, search.logs(folder))
	require.Empty(t, search.found)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "two.log"), []byte("sent "+base64.StdEncoding.EncodeToString([]byte(secret))+" and Authorization: Bearer abcdefghijklmnop\n"), 0o600))
	require.NoError(t, search.logs(folder))
	require.Len(t, search.found, 2)

	pool := dbtest.New(t)
	_, _, err = document.NewStore(pool).Put(t.Context(), document.Meta{Kind: "test", Source: "test"}, bytes.NewReader([]byte("to: "+buyer)))
	require.NoError(t, err)
	require.NoError(t, audit.Write(t.Context(), pool, audit.Event{Actor: audit.Job("test"), Action: "did", ObjectType: "thing", ObjectID: 1, After: map[string]string{"to": "MARTA MUSTERMANN"}}))
	conn, err := pgx.Connect(t.Context(), pool.Config().ConnString())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	search.found = nil
	require.NoError(t, search.rows(t.Context(), conn))
	require.Greater(t, search.tables, 100)
	require.Subset(t, search.found, []string{"table audit_event: a buyer: MARTA MUSTERMANN", "unpacked document_chunk.data: a buyer: " + buyer})
}

func TestWhatIsCompressedIsUnpacked(t *testing.T) {
	t.Parallel()
	search, err := newSearch(newNeedles())
	require.NoError(t, err)
	defer search.unzip.Close()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err = w.Write([]byte("content"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	for _, packed := range [][]byte{zipped.Bytes(), encoder.EncodeAll([]byte("content"), nil)} {
		plain, err := search.unpack(packed)
		require.NoError(t, err)
		require.Equal(t, "content", string(plain))
	}
	hash := append([]byte{0x1f, 0x8b}, bytes.Repeat([]byte{7}, 30)...)
	plain, err := search.unpack(hash)
	require.NoError(t, err, "one hash in 65,536 begins like a gzip")
	require.Empty(t, plain)
}
