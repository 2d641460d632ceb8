package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tieout/app/vault"
)

// runRotateKeys changes the vault's data key in three steps, between which every
// process is started anew: first a key is added that all can open with, then it
// is the one that seals, and everything is sealed with it; at last every other
// key is destroyed.
func runRotateKeys(ctx context.Context, env environment, args []string) error {
	flags := flags("rotate-keys", env)
	use := flags.Uint("use", 0, "the key that the first step made: it seals from now on")
	only := flags.Uint("only", 0, "the key that seals: every other one is destroyed")
	vaultKey := flags.String("vault-key-file", "", "file with another TIEOUT_VAULT_KEY, which opens the vault from now on instead of this one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *use != 0 && *only != 0 || *vaultKey != "" && *use+*only != 0 {
		return errors.New("these are steps apart: restart every process between them")
	}
	p, err := open(ctx, env, Config.NeedWork)
	if err != nil {
		return err
	}
	defer p.close()
	master, err := vault.ParseKey(p.config.VaultKey.Reveal())
	if err != nil {
		return fmt.Errorf("TIEOUT_VAULT_KEY: %w", err)
	}
	store := vault.Database{Pool: p.pool}
	switch {
	case *vaultKey != "":
		return p.moveVault(ctx, env, store, master, *vaultKey)
	case *use != 0:
		if err := vault.Use(ctx, store, master, uint32(*use)); err != nil {
			return err
		}
		if err := p.wireServices(ctx); err != nil { // with the new key
			return err
		}
		n, err := p.reseal(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "Key %d seals from now on; %d secrets and keys of personal data were sealed anew. Restart every tieout process, then run: tieout rotate-keys --only %d\n", *use, n, *use)
	case *only != 0: // what a process sealed with another key before it was started anew is sealed again
		n, err := p.reseal(ctx)
		if err != nil {
			return err
		}
		if err := vault.Only(ctx, store, master, uint32(*only)); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "%d secrets and keys of personal data were sealed anew. Key %d is the only one: what others sealed, as in older backups, opens no more with this vault.\n", n, *only)
	default:
		key, err := vault.Prepare(ctx, store, master)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "Key %d is there and seals nothing yet. Restart every tieout process, then run: tieout rotate-keys --use %d\n", key, key)
	}
	return nil
}

// moveVault gives the vault another key, such as when somebody may have seen this one.
func (p *program) moveVault(ctx context.Context, env environment, store vault.Database, master []byte, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("--vault-key-file: %w", err)
	}
	other, err := vault.ParseKey(string(text))
	if err != nil {
		return fmt.Errorf("--vault-key-file: %w", err)
	}
	if err := vault.Move(ctx, store, master, other); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "The key in %s opens the vault from now on, and the one before does not. Give it to every tieout process as TIEOUT_VAULT_KEY and restart them.\n", path)
	return nil
}

// reseal seals everything that the vault sealed with the key that seals now.
func (p *program) reseal(ctx context.Context) (int, error) {
	keys, err := p.personal.Rewrap(ctx)
	if err != nil {
		return 0, err
	}
	secrets, err := p.connections.Reseal(ctx)
	if err != nil {
		return 0, err
	}
	hooks, err := p.alerts.Reseal(ctx)
	return keys + secrets + hooks, err
}
