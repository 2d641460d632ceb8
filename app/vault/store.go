package vault

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// KeysetStore keeps the wrapped keyset.
type KeysetStore interface {
	// LoadOrCreate returns the stored keyset, storing make's result first when
	// there is none; concurrent callers get the same one.
	LoadOrCreate(ctx context.Context, make func() ([]byte, error)) ([]byte, error)
	// Replace stores what change makes of the keyset; nobody else changes it meanwhile.
	Replace(ctx context.Context, change func(was []byte) ([]byte, error)) error
}

// Database keeps the keyset in table vault_keyset.
type Database struct{ Pool *pgxpool.Pool }

// LoadOrCreate implements KeysetStore.
func (d Database) LoadOrCreate(ctx context.Context, make func() ([]byte, error)) ([]byte, error) {
	var sealed []byte
	err := d.Pool.QueryRow(ctx, `SELECT sealed FROM vault_keyset`).Scan(&sealed)
	if err == nil {
		return sealed, nil
	}
	if err != pgx.ErrNoRows {
		return nil, fmt.Errorf("read vault_keyset: %w", err)
	}
	fresh, err := make()
	if err != nil {
		return nil, err
	}
	if _, err := d.Pool.Exec(ctx, `INSERT INTO vault_keyset (sealed) VALUES ($1) ON CONFLICT DO NOTHING`, fresh); err != nil {
		return nil, fmt.Errorf("write vault_keyset: %w", err)
	}
	if err := d.Pool.QueryRow(ctx, `SELECT sealed FROM vault_keyset`).Scan(&sealed); err != nil {
		return nil, fmt.Errorf("read vault_keyset: %w", err)
	}
	return sealed, nil
}

// Replace implements KeysetStore.
func (d Database) Replace(ctx context.Context, change func(was []byte) ([]byte, error)) error {
	return pgx.BeginFunc(ctx, d.Pool, func(tx pgx.Tx) error {
		var was []byte
		if err := tx.QueryRow(ctx, `SELECT sealed FROM vault_keyset FOR UPDATE`).Scan(&was); err != nil {
			return fmt.Errorf("read vault_keyset: %w", err)
		}
		now, err := change(was)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE vault_keyset SET sealed = $1`, now); err != nil {
			return fmt.Errorf("write vault_keyset: %w", err)
		}
		return nil
	})
}
