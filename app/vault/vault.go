// Package vault seals secrets before they are stored: AES-GCM keysets of Tink,
// themselves wrapped by a master key that only the machine's configuration
// holds. Each sealed value is bound to the place it is stored in.
package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"tieout/app/fault"
)

// MasterKeyBytes is the length of the master key.
const MasterKeyBytes = 32

// Vault seals and opens secrets; safe for concurrent use.
type Vault struct {
	primitive tink.AEAD
}

// ParseKey reads a master key as configuration gives it: 32 bytes in base64.
func ParseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != MasterKeyBytes {
		return nil, fmt.Errorf("the vault key is 32 random bytes in base64, as `openssl rand -base64 32` prints them")
	}
	return key, nil
}

// Open reads the keyset from the store, creating it when there is none. A
// master key that does not fit is an error that says so.
func Open(ctx context.Context, store KeysetStore, master []byte) (*Vault, error) {
	wrap, err := subtle.NewAESGCM(master)
	if err != nil {
		return nil, fmt.Errorf("use vault key: %w", err)
	}
	sealed, err := store.LoadOrCreate(ctx, func() ([]byte, error) { return newKeyset(wrap) })
	if err != nil {
		return nil, fmt.Errorf("load keyset: %w", err)
	}
	handle, err := keyset.Read(keyset.NewBinaryReader(bytes.NewReader(sealed)), wrap)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "The vault key does not open the stored secrets. Start with the key they were sealed with.")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	return &Vault{primitive}, nil
}

func newKeyset(wrap tink.AEAD) ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keyset: %w", err)
	}
	var out bytes.Buffer
	if err := handle.Write(keyset.NewBinaryWriter(&out), wrap); err != nil {
		return nil, fmt.Errorf("wrap keyset: %w", err)
	}
	return out.Bytes(), nil
}

// Seal encrypts secret for one place, such as "connection/7/refresh_token".
// An empty secret is stored as nothing.
func (v *Vault) Seal(secret, place string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	sealed, err := v.primitive.Encrypt([]byte(secret), []byte(place))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for the same place. Nothing opens to "".
func (v *Vault) Open(sealed []byte, place string) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	secret, err := v.primitive.Decrypt(sealed, []byte(place))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", place, err)
	}
	return string(secret), nil
}
