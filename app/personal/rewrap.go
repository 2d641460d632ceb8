package personal

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tieout/sqlc"
)

// wrapped is a sealed key and whose it is.
type wrapped struct {
	id  int64
	key []byte
}

// Rewrap seals every key anew with the vault's newest one, after the vault was
// rotated. It can be repeated.
func (r *Ring) Rewrap(ctx context.Context) (keys int, err error) {
	db := sqlc.New(r.pool)
	if err := r.rewrapHash(ctx, db); err != nil {
		return 0, fmt.Errorf("seal key of hashes anew: %w", err)
	}
	records, err := r.rewrap(recordKey, func(after int64) (list []wrapped, err error) {
		rows, err := db.PersonalKeys(ctx, sqlc.PersonalKeysParams{AfterID: after, Size: batch})
		for _, row := range rows {
			list = append(list, wrapped{row.ID, row.Key})
		}
		return list, err
	}, func(id int64, was, key []byte) error {
		return db.RewrapPersonalKey(ctx, sqlc.RewrapPersonalKeyParams{RecordID: id, Was: was, Key: key})
	})
	if err != nil {
		return records, fmt.Errorf("seal keys of records anew: %w", err)
	}
	documents, err := r.rewrap(documentKey, func(after int64) (list []wrapped, err error) {
		rows, err := db.DocumentKeys(ctx, sqlc.DocumentKeysParams{AfterID: after, Size: batch})
		for _, row := range rows {
			list = append(list, wrapped{row.ID, row.Key})
		}
		return list, err
	}, func(id int64, was, key []byte) error {
		return db.RewrapDocumentKey(ctx, sqlc.RewrapDocumentKeyParams{DocumentID: id, Was: was, Key: key})
	})
	if err != nil {
		return records + documents, fmt.Errorf("seal keys of documents anew: %w", err)
	}
	return records + documents, nil
}

func (r *Ring) rewrapHash(ctx context.Context, db *sqlc.Queries) error {
	sealed, err := db.PersonalHashKey(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	key, err := r.again(sealed, hashKey)
	if err != nil {
		return err
	}
	return db.ReplacePersonalHashKey(ctx, key)
}

func (r *Ring) rewrap(place func(int64) string, list func(after int64) ([]wrapped, error), write func(id int64, was, key []byte) error) (done int, err error) {
	for after := int64(0); ; {
		found, err := list(after)
		if err != nil || len(found) == 0 {
			return done, err
		}
		for _, w := range found {
			key, err := r.again(w.key, place(w.id))
			if err != nil {
				return done, err
			}
			if err := write(w.id, w.key, key); err != nil {
				return done, err
			}
			done, after = done+1, w.id
		}
	}
}

// again seals a key with the vault's newest one.
func (r *Ring) again(sealed []byte, place string) ([]byte, error) {
	if r == nil || r.vault == nil {
		return nil, errNoKey
	}
	return r.vault.Again(sealed, place)
}
