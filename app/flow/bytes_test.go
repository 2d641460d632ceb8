package flow_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"tieout/app/document"
	"tieout/app/flow/flowtest"
	"tieout/app/personal"
	"tieout/app/vault"
)

// disk is what the database has written of a test: the files of its tables, their
// parts elsewhere and their indexes, and the write-ahead log from somewhere on;
// without that where since is empty.
func (w *world) disk(since string) map[string][]byte {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), `CHECKPOINT`)
	require.NoError(w.t, err)
	const whole, missing = `0, 67108864`, `true` // of a segment that is gone meanwhile nothing is read
	rows, err := w.pool.Query(w.t.Context(), `
		SELECT c.relname::text, pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c
		WHERE c.relkind IN ('r', 't', 'i') AND pg_relation_size(c.oid) > 0 AND c.relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)
		UNION ALL
		SELECT s.name, coalesce(pg_read_binary_file('pg_wal/' || s.name, `+whole+`, `+missing+`), '') FROM (
			SELECT name FROM pg_ls_waldir() WHERE name BETWEEN pg_walfile_name(nullif($1, '')::pg_lsn) AND pg_walfile_name(pg_current_wal_lsn()) ORDER BY name LIMIT 8) s`, since)
	require.NoError(w.t, err)
	files := map[string][]byte{}
	var name string
	var content []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &content}, func() error { files[name] = bytes.Clone(content); return nil })
	require.NoError(w.t, err)
	return files
}

// holding are the files in which a text stands: as it is, in hex or in base64.
func holding(files map[string][]byte, text []byte) (names []string) {
	for name, content := range files {
		for _, form := range [][]byte{text, []byte(hex.EncodeToString(text)), []byte(base64.StdEncoding.EncodeToString(text)[:len(text)/3*4])} {
			if bytes.Contains(content, form) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// unpacked is what the columns of bytes hold that is compressed.
func (w *world) unpacked() map[string][]byte {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), `SELECT quote_ident(table_name), quote_ident(column_name) FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'bytea'`)
	require.NoError(w.t, err)
	columns, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c [2]string, err error) { return c, r.Scan(&c[0], &c[1]) })
	require.NoError(w.t, err)
	plain := map[string][]byte{}
	decoder, err := zstd.NewReader(nil)
	require.NoError(w.t, err)
	defer decoder.Close()
	for _, c := range columns {
		rows, err := w.pool.Query(w.t.Context(), fmt.Sprintf(`SELECT %s FROM %s WHERE %[1]s IS NOT NULL`, c[1], c[0]))
		require.NoError(w.t, err)
		var value []byte
		_, err = pgx.ForEachRow(rows, []any{&value}, func() error {
			name := fmt.Sprintf("%s.%s %d", c[0], c[1], len(plain))
			switch {
			case bytes.HasPrefix(value, []byte{0x28, 0xb5, 0x2f, 0xfd}):
				plain[name], err = decoder.DecodeAll(value, nil)
			case bytes.HasPrefix(value, []byte{0x1f, 0x8b}):
				var in *gzip.Reader
				if in, err = gzip.NewReader(bytes.NewReader(value)); err == nil {
					plain[name], err = io.ReadAll(in)
				}
			}
			return err
		})
		require.NoError(w.t, err)
	}
	return plain
}

// TestTheDiskHoldsNobody looks for buyers in the database's own bytes, before and
// after a purge.
func TestTheDiskHoldsNobody(t *testing.T) {
	t.Parallel()
	w, ring, _ := openAddressed(t)
	var since string
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT pg_current_wal_lsn()::text`).Scan(&since))
	who, item := "Marta "+rand.Text(), "kettle"
	for i := range 3 {
		w.tell(flowtest.Box(fmt.Sprintf("P-%d-%s", i, since), who, item), 0)
	}
	w.run()
	files := w.disk(since)
	require.NotEmpty(t, holding(files, []byte("P-1-"+since)), "what is not personal is found")
	require.Empty(t, holding(files, []byte(who)))
	require.Empty(t, holding(w.unpacked(), []byte(who)))
	require.NotEmpty(t, holding(map[string][]byte{"x": []byte("." + hex.EncodeToString([]byte(who)))}, []byte(who)))

	// A purge leaves no row that opens. Bytes of keys stay where the database has not
	// used the space again: another key of the vault opens none of them.
	keys := map[string][]byte{} // by place
	rows, err := w.pool.Query(t.Context(), `SELECT 'personal/record/' || record_id, key FROM personal_record UNION ALL SELECT 'personal/document/' || document_id, key FROM document_key`)
	require.NoError(t, err)
	var place string
	var key []byte
	_, err = pgx.ForEachRow(rows, []any{&place, &key}, func() error { keys[place] = key; return nil })
	require.NoError(t, err)
	require.Greater(t, len(keys), 3)
	done, err := ring.Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 3, done.Records)
	require.Positive(t, done.Documents)
	for _, gone := range []string{`personal_record WHERE key IS NOT NULL`, `personal_part`, `document_key WHERE key IS NOT NULL`, `document_chunk c WHERE EXISTS (SELECT FROM document d WHERE d.id = c.document_id AND d.sealed)`} {
		require.Zero(t, w.number(`SELECT count(*) FROM `+gone), gone)
	}
	store, master := vault.Database{Pool: w.pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes) // as flowtest.Ring
	fresh, err := vault.Prepare(t.Context(), store, master)
	require.NoError(t, err)
	require.NoError(t, vault.Use(t.Context(), store, master, fresh))
	require.NoError(t, vault.Only(t.Context(), store, master, fresh))
	now, err := vault.Open(t.Context(), store, master)
	require.NoError(t, err)
	for place, key := range keys {
		_, err := now.Open(key, place)
		require.Error(t, err, place)
	}
}

// TestRotatedKeysOpenNothingOfBuyers destroys the vault's older key.
func TestRotatedKeysOpenNothingOfBuyers(t *testing.T) {
	t.Parallel()
	w, _, _ := openAddressed(t)
	w.tell(flowtest.Box("P-1", receiver, "kettle"), 0)
	w.run()
	record, documentID := w.number(`SELECT min(record_id) FROM personal_part`), w.number(`SELECT min(document_id) FROM document_key`)
	store, master := vault.Database{Pool: w.pool}, bytes.Repeat([]byte{7}, vault.MasterKeyBytes) // as flowtest.Ring
	ringNow := func() *personal.Ring {
		v, err := vault.Open(t.Context(), store, master)
		require.NoError(t, err)
		return personal.NewRing(w.pool, v)
	}
	reads := func(ring *personal.Ring) bool {
		part, err := ring.Open(t.Context(), w.pool, record, "content/1")
		if err != nil {
			return false
		}
		content, err := document.NewSealedStore(w.pool, ring).Open(t.Context(), documentID)
		if err != nil {
			return false
		}
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		require.NoError(t, content.Close())
		require.Contains(t, string(text), receiver)
		require.Equal(t, receiver, part[0].Value)
		return true
	}
	before := ringNow()
	require.True(t, reads(before))
	key, err := vault.Prepare(t.Context(), store, master)
	require.NoError(t, err)
	require.NoError(t, vault.Use(t.Context(), store, master, key))
	n, err := ringNow().Rewrap(t.Context())
	require.NoError(t, err)
	require.Positive(t, n)
	require.NoError(t, vault.Only(t.Context(), store, master, key))
	require.False(t, reads(before), "the older key")
	require.True(t, reads(ringNow()))
}
