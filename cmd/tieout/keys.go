package main

import (
	"context"
	"fmt"

	"tieout/app/vault"
)

// runRotateKeys changes the vault's data key in two steps, between which every
// process is started anew: first a key is added that all can open with, then it
// is the one that seals.
func runRotateKeys(ctx context.Context, env environment, args []string) error {
	flags := flags("rotate-keys", env)
	use := flags.Uint("use", 0, "the key that the first step made")
	if err := flags.Parse(args); err != nil {
		return err
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
	if *use == 0 {
		key, err := vault.Prepare(ctx, store, master)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "Key %d is there and seals nothing yet. Restart every tieout process, then run: tieout rotate-keys --use %d\n", key, key)
		return nil
	}
	if err := vault.Use(ctx, store, master, uint32(*use)); err != nil {
		return err
	}
	if err := p.wireServices(ctx); err != nil { // with the new key
		return err
	}
	keys, err := p.personal.Rewrap(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "Key %d seals from now on. %d keys of personal data were sealed anew.\n", *use, keys)
	return nil
}
