package personal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/database/dbtest"
	"tieout/app/personal"
	"tieout/app/vault"
)

const order = `{"id":"1","total":12.50,"buyer":{"Name":"Marta","mail":""},"items":[{"gift":{"message":"Dear Ann"}},{"gift":null},{"note":"for MARTA ","gift":{"message":"x"}}],"to":{"name":"Marta Mustermann","zip":"10115","extra":{"a":["b"]}}}`

func paths() []string {
	return []string{"buyer.name", "buyer.mail", "items[].gift.message", "to.name", "to.zip", "to.extra", "nobody.name", "items.gift"}
}

func TestAValueIsSplitAndJoinedToWhatItWas(t *testing.T) {
	t.Parallel()
	redacted, part, err := personal.Split([]byte(order), paths(), nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"1","total":12.50,"buyer":{"mail":""},"items":[{"gift":{}},{"gift":null},{"note":"for MARTA ","gift":{}}],"to":{}}`, string(redacted))
	require.Contains(t, string(redacted), "12.50", "an amount keeps its digits")
	require.Len(t, part, 6)
	joined, err := personal.Join(redacted, part)
	require.NoError(t, err)
	require.JSONEq(t, order, string(joined))
	masked, err := personal.Join(redacted, part.Masked())
	require.NoError(t, err)
	require.NotContains(t, string(masked), "Mustermann")
	require.Contains(t, string(masked), `"zip":"[zip]"`)

	same, part, err := personal.Split([]byte(`{ "id": 1 }`), paths(), nil)
	require.NoError(t, err)
	require.Empty(t, part)
	require.Equal(t, `{ "id": 1 }`, string(same), "nothing personal: not one byte differs")
	for _, broken := range []string{"", "{", "{} {}"} {
		_, _, err := personal.Split([]byte(broken), paths(), nil)
		require.Error(t, err, broken)
	}
	_, err = personal.Join([]byte(`{"items":[]}`), personal.Part{{At: []any{"items", 3, "name"}, Value: "x"}})
	require.ErrorContains(t, err, "items.4.name")
}

func TestWordsAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	words := personal.Part{{At: []any{"name"}, Value: "Ström & Söhne"}, {At: []any{"zip"}, Value: "10115"}, {At: []any{"x"}, Value: "ab"}}.Words()
	require.Equal(t, "refused: [personal], [personal]!", words.Redact("refused: STRÖM & SÖHNE, 10115!"))
	require.Equal(t, "SKU 1011555-A stays", words.Redact("SKU 1011555-A stays"), "a word within a word is none")
	require.Equal(t, "ab stays, it is too short", words.Redact("ab stays, it is too short"))
	_, part, err := personal.Split([]byte(`{"a":"of ström & söhne","list":["x","Ström & Söhne"],"order":"111-1011555","zip":"10115"}`), nil, words)
	require.NoError(t, err)
	var names []string
	for _, f := range part {
		names = append(names, f.Name())
	}
	require.ElementsMatch(t, []string{"a", "list.2", "zip"}, names, "a postal code within an order id is chance")
}

func TestRawAnswersTellOfPersonsHoweverDeep(t *testing.T) {
	t.Parallel()
	require.True(t, personal.Tells([]byte(`{"payload":{"orders":[{"to":{"name":"Marta"}}]}}`), paths()))
	require.False(t, personal.Tells([]byte(`{"payload":{"orders":[{"to":{"name":""},"id":"1"}]}}`), paths()))
	require.True(t, personal.Tells([]byte("name\tMarta"), paths()), "what is no JSON may tell of anybody")
}

func TestHashesOfPersonalDataNeedTheKeyAndOutliveItsRotation(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	master := bytes.Repeat([]byte{1}, vault.MasterKeyBytes)
	store := vault.Database{Pool: pool}
	open := func() *personal.Ring {
		v, err := vault.Open(t.Context(), store, master)
		require.NoError(t, err)
		return personal.NewRing(pool, v)
	}
	first, err := open().Hash(t.Context(), "orders/1", []byte("Marta"))
	require.NoError(t, err)
	other, err := open().Hash(t.Context(), "orders/2", []byte("Marta"))
	require.NoError(t, err)
	require.NotEqual(t, first, other)
	key, err := vault.Prepare(t.Context(), store, master)
	require.NoError(t, err)
	require.NoError(t, vault.Use(t.Context(), store, master, key))
	_, err = open().Rewrap(t.Context())
	require.NoError(t, err)
	again, err := open().Hash(t.Context(), "orders/1", []byte("Marta"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = personal.NewRing(pool, nil).Hash(t.Context(), "orders/1", []byte("Marta"))
	require.ErrorContains(t, err, "TIEOUT_VAULT_KEY")
}
