package document

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/zstd"

	"tieout/app/fault"
)

// Store reads and writes documents.
type Store struct {
	pool *pgxpool.Pool
	keys Keys
}

// NewStore returns a Store on pool; it refuses sealed documents.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// NewSealedStore returns a Store that seals and opens documents that tell of
// persons, too.
func NewSealedStore(pool *pgxpool.Pool, keys Keys) *Store { return &Store{pool, keys} }

// session is the transaction in which one document's chunks are written.
type session struct {
	conn *pgxpool.Conn
	tx   pgx.Tx
}

func (s *Store) begin(ctx context.Context) (session, int64, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return session{}, 0, fmt.Errorf("store document: %w", err)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		conn.Release()
		return session{}, 0, fmt.Errorf("store document: %w", err)
	}
	var id int64
	if err := tx.QueryRow(ctx, `SELECT nextval(pg_get_serial_sequence('document', 'id'))`).Scan(&id); err != nil {
		session{conn, tx}.rollback()
		return session{}, 0, fmt.Errorf("number document: %w", err)
	}
	return session{conn, tx}, id, nil
}

func (s session) insertChunk(ctx context.Context, id, offset int64, length int, packed []byte) error {
	_, err := s.tx.Exec(ctx, `INSERT INTO document_chunk (document_id, raw_offset, raw_length, data) VALUES ($1, $2, $3, $4)`,
		id, offset, length, packed)
	if err != nil {
		return fmt.Errorf("insert document_chunk: %w", err)
	}
	return nil
}

// rollback ends the transaction; the connection is dropped when that fails.
func (s session) rollback() {
	_ = s.tx.Rollback(context.Background()) // a broken connection has nothing left to roll back
	s.conn.Release()
}

func (s session) commit(ctx context.Context, doc Document, key []byte) (Document, bool, error) {
	known, err := s.find(ctx, doc)
	if err != nil {
		s.rollback()
		return Document{}, false, err
	}
	if known.ID != 0 {
		s.rollback()
		return known, true, nil
	}
	err = s.tx.QueryRow(ctx, `
		INSERT INTO document (id, connection_id, kind, name, source, content_type, sha256, size, stored_size, created_by, sealed)
		OVERRIDING SYSTEM VALUE
		VALUES ($1, nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8, $9, nullif($10::bigint, 0), $11) RETURNING created_at`,
		doc.ID, doc.Meta.ConnectionID, doc.Meta.Kind, doc.Meta.Name, doc.Meta.Source, doc.Meta.ContentType,
		doc.SHA256[:], doc.Size, doc.StoredSize, doc.Meta.CreatedBy, doc.Meta.Sealed).Scan(&doc.CreatedAt)
	if err != nil {
		s.rollback()
		return Document{}, false, fmt.Errorf("insert document: %w", err)
	}
	if err := s.insertKey(ctx, doc, key); err != nil {
		s.rollback()
		return Document{}, false, err
	}
	if err := s.tx.Commit(ctx); err != nil {
		s.rollback()
		return Document{}, false, fmt.Errorf("commit document: %w", err)
	}
	s.conn.Release()
	return doc, false, nil
}

const columns = `id, coalesce(connection_id, 0), kind, name, source, content_type, sha256, size, stored_size, coalesce(created_by, 0), created_at, sealed`

func scan(row pgx.Row) (Document, error) {
	var d Document
	var sum []byte
	err := row.Scan(&d.ID, &d.Meta.ConnectionID, &d.Meta.Kind, &d.Meta.Name, &d.Meta.Source, &d.Meta.ContentType,
		&sum, &d.Size, &d.StoredSize, &d.Meta.CreatedBy, &d.CreatedAt, &d.Meta.Sealed)
	if err != nil {
		return Document{}, err
	}
	copy(d.SHA256[:], sum)
	return d, nil
}

// find looks for the same bytes under a lock, so that two uploads of one file
// at the same moment leave one document.
func (s session) find(ctx context.Context, doc Document) (Document, error) {
	if _, err := s.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))`, doc.SHA256[:]); err != nil {
		return Document{}, fmt.Errorf("lock document: %w", err)
	}
	known, err := scan(s.tx.QueryRow(ctx, `SELECT `+columns+` FROM document
		WHERE sha256 = $1 AND kind = $2 AND coalesce(connection_id, 0) = $3 AND sealed = $4
		AND NOT EXISTS (SELECT FROM document_key k WHERE k.document_id = document.id AND k.purged_at IS NOT NULL) ORDER BY id LIMIT 1`,
		doc.SHA256[:], doc.Meta.Kind, doc.Meta.ConnectionID, doc.Meta.Sealed))
	if errors.Is(err, pgx.ErrNoRows) {
		return Document{}, nil
	}
	if err != nil {
		return Document{}, fmt.Errorf("find document: %w", err)
	}
	return known, nil
}

// Get returns a document's facts; fault.NotFound when there is none.
func (s *Store) Get(ctx context.Context, id int64) (Document, error) {
	d, err := scan(s.pool.QueryRow(ctx, `SELECT `+columns+` FROM document WHERE id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return Document{}, fault.New(fault.NotFound, "There is no document %d.", id)
	}
	if err != nil {
		return Document{}, fmt.Errorf("read document %d: %w", id, err)
	}
	return d, nil
}

// Open streams a document's raw bytes; memory stays at one chunk.
func (s *Store) Open(ctx context.Context, id int64) (io.ReadCloser, error) {
	doc, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	box, err := s.useKey(ctx, doc)
	if err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &reader{ctx: ctx, store: s, doc: doc, decoder: decoder, box: box}, nil
}

type reader struct {
	ctx     context.Context // the reader lives within one request or job
	store   *Store
	doc     Document
	offset  int64
	pending []byte
	decoder *zstd.Decoder
	box     cipher.AEAD // nil: not sealed
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(r.pending) == 0 {
		if r.offset >= r.doc.Size {
			return 0, io.EOF
		}
		raw, _, err := r.store.chunkAt(r.ctx, r.decoder, r.box, r.doc.ID, r.offset)
		if err != nil {
			return 0, err
		}
		r.pending = raw
		r.offset += int64(len(raw))
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// Close frees the decompressor.
func (r *reader) Close() error {
	r.decoder.Close()
	return nil
}

// chunkAt returns the raw chunk that holds offset and the offset it begins at.
func (s *Store) chunkAt(ctx context.Context, decoder *zstd.Decoder, box cipher.AEAD, id, offset int64) ([]byte, int64, error) {
	var begins int64
	var length int
	var packed []byte
	err := s.pool.QueryRow(ctx, `
		SELECT raw_offset, raw_length, data FROM document_chunk
		WHERE document_id = $1 AND raw_offset <= $2 ORDER BY raw_offset DESC LIMIT 1`, id, offset).Scan(&begins, &length, &packed)
	if err != nil {
		return nil, 0, fmt.Errorf("read chunk of document %d at %d: %w", id, offset, err)
	}
	if box != nil {
		if packed, err = box.Open(nil, nil, packed, chunkPlace(id, begins)); err != nil {
			return nil, 0, fmt.Errorf("open chunk of document %d at %d: %w", id, offset, err)
		}
	}
	raw, err := unpack(decoder, packed, length)
	if err != nil {
		return nil, 0, err
	}
	return raw, begins, nil
}

// Range returns length raw bytes from offset on, or fewer at the document's end.
func (s *Store) Range(ctx context.Context, id, offset int64, length int) ([]byte, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	defer decoder.Close()
	doc, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	box, err := s.useKey(ctx, doc)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for out.Len() < length && offset+int64(out.Len()) < doc.Size {
		at := offset + int64(out.Len())
		raw, begins, err := s.chunkAt(ctx, decoder, box, id, at)
		if err != nil {
			return nil, err
		}
		part := raw[at-begins:]
		out.Write(part[:min(len(part), length-out.Len())])
	}
	return out.Bytes(), nil
}
