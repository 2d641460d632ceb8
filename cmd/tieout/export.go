package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"tieout/app/sheet"
)

func runExportJournal(ctx context.Context, env environment, args []string) error {
	return export(ctx, env, "journal", args, func(p *program, w io.Writer, id int64) error {
		return sheet.NewBook(p.pool).Journal(ctx, w, id)
	})
}

func runExportSettlement(ctx context.Context, env environment, args []string) error {
	return export(ctx, env, "settlement", args, func(p *program, w io.Writer, id int64) error {
		return sheet.NewBook(p.pool).Settlement(ctx, w, id)
	})
}

// export writes a workbook to a file, by default named after the object.
func export(ctx context.Context, env environment, what string, args []string, write func(*program, io.Writer, int64) error) error {
	flags := flags("export "+what, env)
	out := flags.String("out", "", "file to write, - for standard output")
	if err := flags.Parse(args); err != nil {
		return err
	}
	id, err := strconv.ParseInt(flags.Arg(0), 10, 64)
	if err != nil || flags.NArg() != 1 {
		return errors.New("name one id, the number in the page's address")
	}
	p, err := open(ctx, env, Config.NeedDatabase)
	if err != nil {
		return err
	}
	defer p.close()
	if *out == "-" {
		return write(p, env.stdout, id)
	}
	if *out == "" {
		*out = fmt.Sprintf("%s-%d.xlsx", what, id)
	}
	file, err := os.Create(*out)
	if err != nil {
		return fmt.Errorf("make workbook: %w", err)
	}
	if err := write(p, file, id); err != nil {
		return errors.Join(err, file.Close(), os.Remove(*out))
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	fmt.Fprintln(env.stdout, *out)
	return nil
}
