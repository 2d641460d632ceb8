package vault_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/vault"
)

func TestASecretOpensOnlyWhereItWasSealed(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	key := bytes.Repeat([]byte{1}, vault.MasterKeyBytes)
	v, err := vault.Open(t.Context(), vault.Database{Pool: pool}, key)
	require.NoError(t, err)
	sealed, err := v.Seal("Atzr|secret", "connection/1/refresh_token")
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "secret")

	again, err := vault.Open(t.Context(), vault.Database{Pool: pool}, key)
	require.NoError(t, err)
	opened, err := again.Open(sealed, "connection/1/refresh_token")
	require.NoError(t, err)
	require.Equal(t, "Atzr|secret", opened)
	_, err = again.Open(sealed, "connection/2/refresh_token")
	require.Error(t, err, "a sealed value cannot be moved to another row")
}

func TestAnotherMasterKeyIsToldClearly(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := vault.Open(t.Context(), vault.Database{Pool: pool}, bytes.Repeat([]byte{1}, vault.MasterKeyBytes))
	require.NoError(t, err)
	_, err = vault.Open(t.Context(), vault.Database{Pool: pool}, bytes.Repeat([]byte{2}, vault.MasterKeyBytes))
	require.ErrorContains(t, err, "does not open the stored secrets")
}

func TestAKeyIs32BytesInBase64(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "AAAA", "not base64 at all!!"} {
		_, err := vault.ParseKey(text)
		require.ErrorContains(t, err, "32 random bytes", text)
	}
	key, err := vault.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
	require.NoError(t, err)
	require.Len(t, key, 32)
}
