package alert_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/alert"
	"tieout/app/notify"
)

func TestAWebhookIsToldOfOrdersByItsNameWhenItWantsThem(t *testing.T) {
	t.Parallel()
	d := open(t)
	_, secret := d.channel(alert.Fulfilment)
	other, _ := d.channel(alert.Balance)
	name := d.text(`SELECT name FROM alert_channel WHERE occasions = '{fulfilment}'`)
	has := func(name string) bool {
		t.Helper()
		has, err := d.HasChannel(t.Context(), 1, name)
		require.NoError(t, err)
		return has
	}
	require.True(t, has(strings.ToUpper(name)))
	require.False(t, has(d.text(`SELECT name FROM alert_channel WHERE id = $1`, other)), "it did not choose them")
	require.False(t, has("nobody"))

	e := notify.Event{ID: "fulfilment_news/1", Type: "fulfilment.updated", At: d.clock.Now(), Data: map[string]string{"order": "WEB-1"}}
	answer, err := d.TellChannel(t.Context(), 1, name, e)
	require.NoError(t, err)
	require.Equal(t, notify.Delivered, answer.Outcome)
	require.Len(t, d.got, 1)
	require.NoError(t, notify.Verify(secret, d.got[0].header, d.got[0].body, d.clock.Now()))
	require.Contains(t, string(d.got[0].body), `"type":"fulfilment.updated"`)
	require.Contains(t, string(d.got[0].body), `"data":{"order":"WEB-1"}`)

	d.exec(`UPDATE alert_channel SET off_at = now(), off_reason = 'holiday'`)
	answer, err = d.TellChannel(t.Context(), 1, name, e)
	require.NoError(t, err)
	require.Equal(t, notify.Gone, answer.Outcome)
	require.Len(t, d.got, 1)
}
