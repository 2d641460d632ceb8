package notify

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of the Standard Webhooks scheme, https://www.standardwebhooks.com.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp" // seconds since 1970
	headerSignature = "Webhook-Signature" // one "v1,<base64>" per secret, blanks between them
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
	// tolerance is how far a timestamp may be from the receiver's clock.
	tolerance = 5 * time.Minute
)

// NewSecret returns a fresh signing secret as receivers are given it.
func NewSecret() string {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(raw)
}

// sign returns the scheme's signature of a message by one secret.
func sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) == 0 {
		return "", errors.New("the signing secret is not whsec_ and base64")
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	_, _ = mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// signatures signs with every secret in force; there are two while one replaces
// the other.
func signatures(secrets []string, id string, at time.Time, body []byte) (string, error) {
	var all []string
	for _, secret := range secrets {
		one, err := sign(secret, id, at, body)
		if err != nil {
			return "", err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return "", errors.New("there is no signing secret")
	}
	return strings.Join(all, " "), nil
}

// Verify tells whether a request that a receiver got was signed with secret and
// is not older than five minutes. A receiver that acts on a message also
// remembers its Webhook-Id for longer than that: delivery is at least once.
func Verify(secret string, header http.Header, body []byte, now time.Time) error {
	id, stamp := header.Get(headerID), header.Get(headerTimestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if id == "" || err != nil {
		return errors.New("the request has no webhook-id or webhook-timestamp")
	}
	at := time.Unix(seconds, 0)
	if age := now.Sub(at); age > tolerance || age < -tolerance {
		return fmt.Errorf("the request is from %s, too far from now", at.UTC().Format(time.RFC3339))
	}
	want, err := sign(secret, id, at, body)
	if err != nil {
		return err
	}
	for _, one := range strings.Fields(header.Get(headerSignature)) {
		if hmac.Equal([]byte(one), []byte(want)) {
			return nil
		}
	}
	return errors.New("no signature of the request is of this secret")
}
