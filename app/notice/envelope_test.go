package notice

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"tieout/app/fault"
)

// FuzzEnvelope: a message of the queue is read, or refused as no notification,
// and where a buyer lives stays nowhere.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"notificationType":"ORDER_CHANGE","eventTime":"2026-11-30T00:00:00Z","payload":{"DestinationPostalCode":"10001"},"notificationMetadata":{"notificationId":"1"}}`))
	f.Add([]byte(`{"NotificationType":"X","NotificationMetadata":{"NotificationId":"1"},"Payload":"\"DestinationPostalCode\" : \"1\""}`))
	f.Add([]byte(`{"NotificationType":{}}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, body []byte) {
		kept := impersonal(body)
		require.False(t, postalCode.Match(kept) && !bytes.Contains(kept, []byte(`""`)))
		e, err := readEnvelope(body)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), err)
			return
		}
		require.NotEmpty(t, e.NotificationType)
		require.NotEmpty(t, e.NotificationMetadata.NotificationID)
		_, err = readEnvelope(kept)
		require.NoError(t, err, "what is kept can be read again")
	})
}
