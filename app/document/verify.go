package document

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"
)

// Damaged is a document whose bytes are not the ones that were stored.
type Damaged struct {
	ID     int64
	Reason string
}

// Querier is a pool, or a transaction that looks at one moment.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Verify reads every document and compares it with its SHA-256. Of a sealed one
// it sees only whether all of it is there; of a purged one nothing is left to
// see. Memory stays at one chunk.
func Verify(ctx context.Context, db Querier) (damaged []Damaged, examined int64, err error) {
	rows, err := db.Query(ctx, `SELECT `+columns+` FROM document
		WHERE NOT EXISTS (SELECT FROM document_key k WHERE k.document_id = document.id AND k.purged_at IS NOT NULL) ORDER BY id`)
	if err != nil {
		return nil, 0, fmt.Errorf("list documents: %w", err)
	}
	documents, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Document, error) { return scan(row) })
	if err != nil {
		return nil, 0, fmt.Errorf("list documents: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, 0, fmt.Errorf("make decompressor: %w", err)
	}
	defer decoder.Close()
	for _, doc := range documents {
		examined++
		reason, err := damage(ctx, db, decoder, doc)
		if err != nil {
			return damaged, examined, err
		}
		if reason != "" {
			damaged = append(damaged, Damaged{doc.ID, reason})
		}
	}
	return damaged, examined, nil
}

// damage says what is wrong with a document, "" when nothing is.
func damage(ctx context.Context, db Querier, decoder *zstd.Decoder, doc Document) (string, error) {
	rows, err := db.Query(ctx, `SELECT raw_offset, raw_length, data FROM document_chunk WHERE document_id = $1 ORDER BY raw_offset`, doc.ID)
	if err != nil {
		return "", fmt.Errorf("read document %d: %w", doc.ID, err)
	}
	defer rows.Close()
	hash := sha256.New()
	size := int64(0)
	for rows.Next() {
		var offset int64
		var length int
		var packed []byte
		if err := rows.Scan(&offset, &length, &packed); err != nil {
			return "", fmt.Errorf("read document %d: %w", doc.ID, err)
		}
		if offset != size {
			return fmt.Sprintf("a chunk is missing at %d", size), nil
		}
		if doc.Meta.Sealed {
			size += int64(length)
			continue
		}
		raw, err := unpack(decoder, packed, length)
		if err != nil {
			return err.Error(), nil
		}
		size += int64(len(raw))
		hash.Write(raw)
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("read document %d: %w", doc.ID, err)
	}
	switch {
	case size != doc.Size:
		return fmt.Sprintf("it has %d bytes instead of %d", size, doc.Size), nil
	case !doc.Meta.Sealed && [sha256.Size]byte(hash.Sum(nil)) != doc.SHA256:
		return "its bytes do not have the SHA-256 it was stored under", nil
	}
	return "", nil
}
