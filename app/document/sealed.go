package document

import (
	"context"
	"crypto/cipher"
	"fmt"
	"time"

	"tieout/app/fault"
)

// chunkPlace is what a sealed chunk is bound to.
func chunkPlace(id, offset int64) []byte { return fmt.Appendf(nil, "document/%d/%d", id, offset) }

func (s *Store) makeKey(id int64) (cipher.AEAD, []byte, error) {
	if s.keys == nil {
		return nil, nil, fmt.Errorf("seal document: there are no keys")
	}
	box, wrapped, err := s.keys.Make(id)
	if err != nil {
		return nil, nil, fmt.Errorf("seal document: %w", err)
	}
	return box, wrapped, nil
}

func (s session) insertKey(ctx context.Context, doc Document, key []byte) error {
	if !doc.Meta.Sealed {
		return nil
	}
	if _, err := s.tx.Exec(ctx, `INSERT INTO document_key (document_id, key) VALUES ($1, $2)`, doc.ID, key); err != nil {
		return fmt.Errorf("insert document_key: %w", err)
	}
	return nil
}

// useKey returns what opens a document; nil when it is not sealed.
func (s *Store) useKey(ctx context.Context, doc Document) (cipher.AEAD, error) {
	if !doc.Meta.Sealed {
		return nil, nil
	}
	var key []byte
	var purged *time.Time
	var reason string
	err := s.pool.QueryRow(ctx, `SELECT key, purged_at, purge_reason FROM document_key WHERE document_id = $1`, doc.ID).Scan(&key, &purged, &reason)
	if err != nil {
		return nil, fmt.Errorf("read key of document %d: %w", doc.ID, err)
	}
	if purged != nil {
		return nil, fault.New(fault.Conflict, "The document was destroyed on %s, because it told of persons. %s", purged.UTC().Format(time.DateOnly), reason)
	}
	if s.keys == nil {
		return nil, fmt.Errorf("open document %d: there are no keys", doc.ID)
	}
	return s.keys.Use(doc.ID, key)
}
