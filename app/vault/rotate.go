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

// Only destroys every data key but one, which must be the one that seals: what
// another one sealed opens no more, whoever holds the master key. Everything must
// have been sealed anew before.
func Only(ctx context.Context, store KeysetStore, master []byte, key uint32) error {
	err := change(ctx, store, master, func(m *keyset.Manager) error {
		handle, err := m.Handle()
		if err != nil {
			return err
		}
		info := handle.KeysetInfo()
		if info.GetPrimaryKeyId() != key {
			return fmt.Errorf("it does not seal; key %d does", info.GetPrimaryKeyId())
		}
		for _, k := range info.GetKeyInfo() {
			if k.GetKeyId() == key {
				continue
			}
			if err := m.Delete(k.GetKeyId()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep data key %d only: %w", key, err)
	}
	return nil
}

// Move seals the keyset with another master key: from then on the vault opens
// with that one alone. What is sealed by the keyset stays as it is.
func Move(ctx context.Context, store KeysetStore, master, other []byte) error {
	from, err := subtle.NewAESGCM(master)
	if err != nil {
		return fmt.Errorf("use vault key: %w", err)
	}
	to, err := subtle.NewAESGCM(other)
	if err != nil {
		return fmt.Errorf("use other vault key: %w", err)
	}
	return store.Replace(ctx, func(was []byte) ([]byte, error) {
		handle, err := keyset.Read(keyset.NewBinaryReader(bytes.NewReader(was)), from)
		if err != nil {
			return nil, fmt.Errorf("open keyset: %w", err)
		}
		var out bytes.Buffer
		if err := handle.Write(keyset.NewBinaryWriter(&out), to); err != nil {
			return nil, fmt.Errorf("seal keyset: %w", err)
		}
		return out.Bytes(), nil
	})
}

// Again seals what stands at a place anew, with the key that seals now; nothing
// stays nothing.
func (v *Vault) Again(sealed []byte, place string) ([]byte, error) {
	secret, err := v.Open(sealed, place)
	if err != nil {
		return nil, err
	}
	return v.Seal(secret, place)
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
