package notice

import (
	"encoding/json"
	"regexp"
	"time"

	"tieout/app/fault"
)

// envelope is what every notification comes in. Some types write their names in
// upper, some in lower case; encoding/json reads both.
// Source: the notification schemas of the Selling Partner API.
type envelope struct {
	NotificationType     string
	EventTime            *time.Time
	Payload              json.RawMessage
	NotificationMetadata struct {
		NotificationID string `json:"NotificationId"`
		PublishTime    *time.Time
	}
}

func readEnvelope(body []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fault.Wrap(err, fault.Invalid, "It is no notification: %v.", err)
	}
	if e.NotificationType == "" || e.NotificationMetadata.NotificationID == "" {
		return e, fault.New(fault.Invalid, "It is no notification: it has no type or no id.")
	}
	return e, nil
}

// postalCode is the one thing in a notification that says where a buyer lives;
// nobody here needs it.
var postalCode = regexp.MustCompile(`("DestinationPostalCode"\s*:\s*)"[^"]*"`)

func impersonal(body []byte) []byte { return postalCode.ReplaceAll(body, []byte(`$1""`)) }
