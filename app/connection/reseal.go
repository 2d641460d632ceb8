package connection

import (
	"context"
	"fmt"

	"tieout/app/database"
	"tieout/sqlc"
)

// Reseal seals the secrets of every connection anew, after the vault has another
// key, and returns how many. It can be repeated.
func (s *Service) Reseal(ctx context.Context) (secrets int, err error) {
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		secrets = 0
		db := sqlc.New(tx)
		rows, err := db.LockSecrets(ctx)
		if err != nil {
			return fmt.Errorf("read secrets: %w", err)
		}
		for _, r := range rows {
			params := sqlc.SealSecretsParams{ID: r.ID}
			for column, part := range map[string]struct {
				was []byte
				to  *[]byte
			}{
				"lwa_client_secret": {r.LwaClientSecret, &params.LwaClientSecret},
				"refresh_token":     {r.RefreshToken, &params.RefreshToken},
				"p21_password":      {r.P21Password, &params.P21Password},
				"p21_client_secret": {r.P21ClientSecret, &params.P21ClientSecret},
				"queue_secret":      {r.QueueSecret, &params.QueueSecret},
			} {
				if part.was == nil {
					continue
				}
				if *part.to, err = s.vault.Again(part.was, place(r.ID, column)); err != nil {
					return err
				}
				secrets++
			}
			if err := db.SealSecrets(ctx, params); err != nil {
				return fmt.Errorf("store secrets of connection %d: %w", r.ID, err)
			}
		}
		return nil
	})
	return secrets, err
}
