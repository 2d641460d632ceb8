package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"tieout/app/audit"
	"tieout/app/closing"
	"tieout/app/closing/binder"
	"tieout/app/sheet"
)

func (p *program) binders() *binder.Service {
	return binder.NewService(p.pool, p.closing, sheet.NewBook(p.pool))
}

// runCloseBinder writes the binder of a closed period to a file.
func runCloseBinder(ctx context.Context, env environment, args []string) error {
	flags := flags("close binder", env)
	name := flags.String("connection", "", "name of the connection")
	text := flags.String("period", "", "the period, such as 2026-10")
	out := flags.String("out", "", "file to write, - for standard output")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *name == "" || *text == "" || flags.NArg() > 0 {
		return errors.New("give --connection NAME and --period 2026-10")
	}
	p, err := open(ctx, env, Config.NeedDatabase)
	if err != nil {
		return err
	}
	defer p.close()
	c, err := p.connections.ByName(ctx, *name)
	if err != nil {
		return err
	}
	key, err := closing.ParseKey(c.ID, *text)
	if err != nil {
		return err
	}
	if _, err := p.binders().Closed(ctx, key); err != nil {
		return err
	}
	write := func(w io.Writer) error {
		sum, err := p.binders().Write(ctx, w, key, audit.Job("command line"))
		if err == nil {
			fmt.Fprintf(env.stderr, "SHA-256 of the manifest: %s\n", sum)
		}
		return err
	}
	if *out == "-" {
		return write(env.stdout)
	}
	if *out == "" {
		*out = fmt.Sprintf("binder-%s-%s.zip", *name, key)
	}
	file, err := os.Create(*out)
	if err != nil {
		return fmt.Errorf("make binder: %w", err)
	}
	if err := write(file); err != nil {
		return errors.Join(err, file.Close(), os.Remove(*out))
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write binder: %w", err)
	}
	fmt.Fprintln(env.stdout, *out)
	return nil
}

// verifyBinder checks a binder without any database; it exits 1 when anything
// does not hold.
func verifyBinder(env environment, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open binder: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("open binder: %w", err)
	}
	r, err := binder.Verify(file, info.Size())
	if err != nil {
		return err
	}
	m := r.Manifest
	fmt.Fprintf(env.stdout, "Period %s of %s, closed by %s on %s, prepared by %s.\n", m.Period, m.Connection, m.Close.Closed, m.Close.ClosedAt, m.Close.Prepared)
	fmt.Fprintf(env.stdout, "%d files, %d settlements, %d entries, %d reconciliations, %d audit events recomputed and %d withheld, up to event %d with the hash %s.\n",
		len(m.Files), len(m.Settlements), len(m.Entries), len(m.Reconciled), r.Events, r.Withheld, m.Audit.Last, m.Audit.Head)
	fmt.Fprintf(env.stdout, "SHA-256 of the manifest: %s\n", r.SHA256)
	for _, wrong := range r.Wrong {
		fmt.Fprintf(env.stdout, "WRONG: %s\n", wrong)
	}
	if len(r.Wrong) > 0 {
		return errProblems
	}
	fmt.Fprintln(env.stdout, "Everything in it agrees. Compare the two hashes with the audit log to know that it is this period's binder.")
	return nil
}
