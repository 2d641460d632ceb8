package vault

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Prepare adds a new data key to the keyset that seals nothing yet, so that
// every process learns to open what it will seal; it returns the key's id.
// Old keys stay and open what they sealed.
func Prepare(ctx context.Context, store KeysetStore, master []byte) (key uint32, err error) {
	err = change(ctx, store, master, func(m *keyset.Manager) error {
		key, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("add data key: %w", err)
	}
	return key, nil
}

// Use makes a data key of Prepare the one that seals. Processes that opened the
// vault before Prepare cannot open what is sealed from now on: start them anew
// between both.
func Use(ctx context.Context, store KeysetStore, master []byte, key uint32) error {
	err := change(ctx, store, master, func(m *keyset.Manager) error { return m.SetPrimary(key) })
	if err != nil {
		return fmt.Errorf("use data key %d: %w", key, err)
	}
	return nil
}

func change(ctx context.Context, store KeysetStore, master []byte, do func(*keyset.Manager) error) error {
	wrap, err := subtle.NewAESGCM(master)
	if err != nil {
		return fmt.Errorf("use vault key: %w", err)
	}
	return store.Replace(ctx, func(was []byte) ([]byte, error) {
		handle, err := keyset.Read(keyset.NewBinaryReader(bytes.NewReader(was)), wrap)
		if err != nil {
			return nil, fmt.Errorf("open keyset: %w", err)
		}
		manager := keyset.NewManagerFromHandle(handle)
		if err := do(manager); err != nil {
			return nil, err
		}
		if handle, err = manager.Handle(); err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := handle.Write(keyset.NewBinaryWriter(&out), wrap); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	})
}
