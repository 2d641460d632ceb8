package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/settlement"
	"tieout/app/settlement/report"
)

// runDescribe says what a report holds. It exits 0 when the report is clean, 1
// when it has problems or does not tie out, 2 when it cannot be read.
func runDescribe(ctx context.Context, env environment, args []string) error {
	flags := flags("settlement describe", env)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name one file")
	}
	file, err := os.Open(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("open report: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	d, err := report.Describe(ctx, file, report.Options{})
	if err != nil {
		return err
	}
	return tell(env.stdout, d, *asJSON)
}

func tell(w io.Writer, d report.Description, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(d); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	} else if err := tellPeople(w, d); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if !d.Clean() {
		return errProblems
	}
	return nil
}

func tellPeople(w io.Writer, d report.Description) error {
	_, err := fmt.Fprintf(w, "%s, SHA-256 %s\n", d.Format, d.SHA256)
	for _, s := range d.Settlements {
		state := "ties out"
		if s.Difference != "0.00" && s.Difference != "0" {
			state = "OUT OF BALANCE"
		}
		_, e := fmt.Fprintf(w, "\nsettlement %s, %s to %s\n  deposit %s %s, %d lines with a sum of %s, difference %s: %s\n",
			s.ID, s.StartDate, s.EndDate, s.Deposit, s.Currency, s.Lines, s.Sum, s.Difference, state)
		err = errors.Join(err, e)
		for _, k := range s.Kinds {
			_, e := fmt.Fprintf(w, "  %15s %8d  %s / %s / %s  %s\n", k.Sum, k.Lines, k.TransactionType, k.AmountType, k.AmountDescription, k.Marketplace)
			err = errors.Join(err, e)
		}
	}
	for _, p := range d.Problems {
		_, e := fmt.Fprintf(w, "line %d, %s %q: %s\n", p.Line, p.Column, p.Value, p.Rule)
		err = errors.Join(err, e)
	}
	return err
}

// runImport takes reports in as the download does.
func runImport(ctx context.Context, env environment, args []string) error {
	flags := flags("settlement import", env)
	name := flags.String("connection", "", "name of the connection")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *name == "" || flags.NArg() == 0 {
		return errors.New("give --connection NAME and at least one file")
	}
	p, err := open(ctx, env, Config.NeedDatabase)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.requireSchema(ctx); err != nil {
		return err
	}
	c, err := p.connections.ByName(ctx, *name)
	if err != nil {
		return err
	}
	var problems []error
	for _, path := range flags.Args() {
		if err := p.importFile(ctx, env, c.ID, path, *asJSON); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", path, err))
		}
	}
	return errors.Join(problems...)
}

func (p *program) importFile(ctx context.Context, env environment, connectionID int64, path string, asJSON bool) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open report: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	imported, err := p.settlements.Import(ctx, settlement.Source{ConnectionID: connectionID, Name: filepath.Base(path), From: document.FromCommand,
		Actor: audit.Job("command line")}, file)
	if err != nil {
		return database.Translate(err)
	}
	for _, r := range imported.Settlements {
		fmt.Fprintf(env.stderr, "%s: settlement %s %s, %d lines, difference %s %s\n", filepath.Base(path), r.AmazonID, r.Outcome, r.Lines, r.Difference(), r.Currency)
	}
	if !asJSON {
		if len(imported.Problems) > 0 {
			return errProblems
		}
		return nil
	}
	stored, err := p.settlements.OpenDocument(ctx, imported.Document.ID)
	if err != nil {
		return err
	}
	defer func() { _ = stored.Close() }() // it was only read
	d, err := report.Describe(ctx, stored, report.Options{})
	if err != nil {
		return err
	}
	return tell(env.stdout, d, true)
}
