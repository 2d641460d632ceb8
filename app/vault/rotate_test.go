package vault_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/vault"
)

func TestANewKeySealsAndOldKeysStillOpen(t *testing.T) {
	t.Parallel()
	store, master := vault.Database{Pool: dbtest.New(t)}, bytes.Repeat([]byte{1}, vault.MasterKeyBytes)
	before, err := vault.Open(t.Context(), store, master)
	require.NoError(t, err)
	old, err := before.Seal("secret", "place")
	require.NoError(t, err)

	key, err := vault.Prepare(t.Context(), store, master)
	require.NoError(t, err)
	running, err := vault.Open(t.Context(), store, master)
	require.NoError(t, err)
	sealed, err := running.Seal("secret", "place")
	require.NoError(t, err)
	opened, err := before.Open(sealed, "place")
	require.NoError(t, err, "a prepared key seals nothing yet")
	require.Equal(t, "secret", opened)

	require.NoError(t, vault.Use(t.Context(), store, master, key))
	after, err := vault.Open(t.Context(), store, master)
	require.NoError(t, err)
	fresh, err := after.Seal("secret", "place")
	require.NoError(t, err)
	_, err = before.Open(fresh, "place")
	require.Error(t, err, "it is another key")
	for _, v := range []*vault.Vault{running, after} {
		for _, text := range [][]byte{old, fresh} {
			opened, err := v.Open(text, "place")
			require.NoError(t, err)
			require.Equal(t, "secret", opened)
		}
	}
	require.Error(t, vault.Use(t.Context(), store, master, key+1), "there is no such key")
	_, err = vault.Prepare(t.Context(), store, bytes.Repeat([]byte{2}, vault.MasterKeyBytes))
	require.ErrorContains(t, err, "open keyset")
}

func TestAnotherMasterKeyTakesTheVaultOver(t *testing.T) {
	t.Parallel()
	store := vault.Database{Pool: dbtest.New(t)}
	old, other := bytes.Repeat([]byte{1}, vault.MasterKeyBytes), bytes.Repeat([]byte{2}, vault.MasterKeyBytes)
	before, err := vault.Open(t.Context(), store, old)
	require.NoError(t, err)
	sealed, err := before.Seal("secret", "place")
	require.NoError(t, err)
	require.ErrorContains(t, vault.Move(t.Context(), store, other, old), "open keyset", "who moves it holds its key")
	require.NoError(t, vault.Move(t.Context(), store, old, other))
	_, err = vault.Open(t.Context(), store, old)
	require.ErrorContains(t, err, "does not open the stored secrets")
	after, err := vault.Open(t.Context(), store, other)
	require.NoError(t, err)
	opened, err := after.Open(sealed, "place")
	require.NoError(t, err)
	require.Equal(t, "secret", opened)
}
