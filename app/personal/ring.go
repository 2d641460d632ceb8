// Package personal keeps what names or addresses a buyer: sealed at rest with a
// key per record, opened for the work itself and for who may see it and says
// why, and destroyed when its time is over.
//
// Keys are sealed by the vault and bound to their record; a purge destroys the
// key together with what it sealed, so that copies in backups stay closed to
// whoever has today's database.
package personal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/fault"
	"tieout/app/vault"
	"tieout/sqlc"
)

// Ring seals and opens personal data; safe for concurrent use.
type Ring struct {
	pool  *pgxpool.Pool
	vault *vault.Vault // nil: this process has no vault key

	mu   sync.Mutex
	hash []byte
}

// NewRing returns a Ring; without a vault it refuses to seal and to open.
func NewRing(pool *pgxpool.Pool, v *vault.Vault) *Ring { return &Ring{pool: pool, vault: v} }

const keyBytes = 32

// errNoKey is told where personal data comes without a key to seal it.
var errNoKey = fault.New(fault.Invalid, "Personal data is neither stored nor read without TIEOUT_VAULT_KEY.")

func recordKey(id int64) string   { return fmt.Sprintf("personal/record/%d", id) }
func documentKey(id int64) string { return fmt.Sprintf("personal/document/%d", id) }

const hashKey = "personal/hash"

// fresh makes a key and seals it for a place.
func (r *Ring) fresh(place string) (key, wrapped []byte, err error) {
	if r == nil || r.vault == nil {
		return nil, nil, errNoKey
	}
	key = make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails
	wrapped, err = r.vault.Seal(string(key), place)
	return key, wrapped, err
}

func (r *Ring) unwrap(wrapped []byte, place string) ([]byte, error) {
	if r == nil || r.vault == nil {
		return nil, errNoKey
	}
	key, err := r.vault.Open(wrapped, place)
	if err != nil {
		return nil, err
	}
	return []byte(key), nil
}

// Hash is a hash that nobody repeats who does not hold the vault's key.
func (r *Ring) Hash(ctx context.Context, place string, content []byte) ([]byte, error) {
	key, err := r.hashKey(ctx)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s\x00", place) // a hash takes everything
	mac.Write(content)
	return mac.Sum(nil), nil
}

// hashKey reads the key of hashes, making it when there is none. It stays the
// same for good: another one would make every content look new.
func (r *Ring) hashKey(ctx context.Context) ([]byte, error) {
	if r == nil || r.vault == nil {
		return nil, errNoKey
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hash != nil {
		return r.hash, nil
	}
	db := sqlc.New(r.pool)
	sealed, err := db.PersonalHashKey(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		sealed, err = r.firstHashKey(ctx, db)
	}
	if err != nil {
		return nil, fmt.Errorf("read key of hashes: %w", err)
	}
	r.hash, err = r.unwrap(sealed, hashKey)
	return r.hash, err
}

func (r *Ring) firstHashKey(ctx context.Context, db *sqlc.Queries) ([]byte, error) {
	_, wrapped, err := r.fresh(hashKey)
	if err != nil {
		return nil, err
	}
	if err := db.AddPersonalHashKey(ctx, wrapped); err != nil {
		return nil, err
	}
	return db.PersonalHashKey(ctx) // another process may have been first
}

// Seal keeps a part of a record's personal data at its place, in the caller's
// transaction; an empty part leaves nothing there.
func (r *Ring) Seal(ctx context.Context, tx sqlc.DBTX, recordID int64, place string, part Part) error {
	db := sqlc.New(tx)
	if len(part) == 0 {
		if err := db.DropPersonalPart(ctx, sqlc.DropPersonalPartParams{RecordID: recordID, Place: place}); err != nil {
			return fmt.Errorf("drop personal data of %s: %w", place, err)
		}
		return nil
	}
	key, err := r.keyOf(ctx, db, recordID)
	if err != nil {
		return fmt.Errorf("take key of record %d: %w", recordID, err)
	}
	sealed, err := seal(key, part.encode(), bound(recordID, place))
	if err != nil {
		return fmt.Errorf("seal %s of record %d: %w", place, recordID, err)
	}
	if err := db.PutPersonalPart(ctx, sqlc.PutPersonalPartParams{RecordID: recordID, Place: place, Fields: int32(len(part)), Sealed: sealed}); err != nil {
		return fmt.Errorf("keep %s of record %d: %w", place, recordID, err)
	}
	return nil
}

// keyOf returns a record's key, locked against a purge, and makes it when there
// is none.
func (r *Ring) keyOf(ctx context.Context, db *sqlc.Queries, recordID int64) ([]byte, error) {
	row, err := db.LockPersonalRecord(ctx, recordID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	if row.Key == nil {
		_, wrapped, err := r.fresh(recordKey(recordID))
		if err != nil {
			return nil, err
		}
		if err := db.AddPersonalRecord(ctx, sqlc.AddPersonalRecordParams{RecordID: recordID, Key: wrapped}); err != nil {
			return nil, err
		}
		if row, err = db.LockPersonalRecord(ctx, recordID); err != nil {
			return nil, err
		}
	}
	return r.unwrap(row.Key, recordKey(recordID))
}

// Open returns a part of a record's personal data; nil when there is none, or
// none any more.
func (r *Ring) Open(ctx context.Context, db sqlc.DBTX, recordID int64, place string) (Part, error) {
	row, err := sqlc.New(db).PersonalPart(ctx, sqlc.PersonalPartParams{RecordID: recordID, Place: place})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of record %d: %w", place, recordID, err)
	}
	key, err := r.unwrap(row.Key, recordKey(recordID))
	if err != nil {
		return nil, fmt.Errorf("take key of record %d: %w", recordID, err)
	}
	plain, err := open(key, row.Sealed, bound(recordID, place))
	if err != nil {
		return nil, fmt.Errorf("open %s of record %d: %w", place, recordID, err)
	}
	return decode(plain)
}

// bound is what a sealed part belongs to.
func bound(recordID int64, place string) []byte {
	return fmt.Appendf(nil, "record/%d/%s", recordID, place)
}

func seal(key, plain, place []byte) ([]byte, error) {
	box, err := gcm(key)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, plain, place), nil
}

func open(key, sealed, place []byte) ([]byte, error) {
	box, err := gcm(key)
	if err != nil {
		return nil, err
	}
	return box.Open(nil, nil, sealed, place)
}

// Make implements document.Keys.
func (r *Ring) Make(documentID int64) (box cipher.AEAD, wrapped []byte, err error) {
	key, wrapped, err := r.fresh(documentKey(documentID))
	if err != nil {
		return nil, nil, err
	}
	box, err = gcm(key)
	return box, wrapped, err
}

// Use implements document.Keys.
func (r *Ring) Use(documentID int64, wrapped []byte) (cipher.AEAD, error) {
	key, err := r.unwrap(wrapped, documentKey(documentID))
	if err != nil {
		return nil, err
	}
	return gcm(key)
}

// gcm seals with a random nonce that it puts in front.
func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
