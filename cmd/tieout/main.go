// Command tieout reconciles Amazon FBA settlements with Prophet 21.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"tieout/app/clock"
	"tieout/app/database/private"
)

// Exit codes. A report or books with problems are 1, a command that could not
// do its work is 2.
const (
	exitOK       = 0
	exitProblems = 1
	exitFailed   = 2
)

// errProblems ends a command that did its work and found something wrong.
var errProblems = errors.New("problems were found")

// command is one sub-command.
type command struct {
	name, use, says string
	run             func(ctx context.Context, env environment, args []string) error
}

// environment is what a command sees of the world.
type environment struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	clock          clock.Clock     // nil: the machine's
	postgres       private.Options // of servers that the command starts; tests trade the safety of their data for speed
}

func commands() []command {
	return []command{
		{"demo", "[--fresh] [--data DIR] [--listen ADDR] [--sandbox-addr ADDR] [--oidc-addr ADDR] [--speed N]", "start everything on this machine with a simulated seller", runDemo},
		{"day", "[--orders N] [--length D] [--workers N] [--kill D] [--faults P] [--unknown P] [--seed N]", "simulate a day with kills and faults, and compare Amazon with P21 at its end", runDay},
		{"soak", "[--length D] [--kills N] [--orders N] [--workers N] [--seed N] [--only FAULT,...]", "run everything under every fault there is, and prove after each that nothing is lost and nothing there twice", runSoak},
		{"year", "[--orders N] [--months N] [--seed N]", "simulate a year, take it month by month through the pages, and compare the books with P21's", runYear},
		{"serve", "[--no-work]", "serve the screens and work the jobs", runServe},
		{"work", "", "work the jobs only", runWork},
		{"migrate", "[--for ROLE]", "bring the database's schema up to date", runMigrate},
		{"settlement describe", "[--json] FILE", "say what a settlement report holds, without a database", runDescribe},
		{"settlement import", "--connection NAME [--json] FILE...", "import settlement reports", runImport},
		{"rotate-keys", "[--use KEY | --only KEY | --vault-key-file FILE]", "make a new data key in the vault, seal everything with it, and destroy the older ones", runRotateKeys},
		{"audit head", "", "print the audit log's newest hash, to be kept elsewhere", runAuditHead},
		{"verify", "[--json] [--witness FILE] [--binder FILE]", "recompute every invariant and the audit chain, or check a binder by itself", runVerify},
		{"close binder", "--connection NAME --period YYYY-MM [--out FILE]", "write everything about a closed period into one file", runCloseBinder},
		{"connection create", "--name NAME ...", "create a connection of a seller account and a P21 company", runConnectionCreate},
		{"connection list", "", "list connections", runConnectionList},
		{"connection test", "NAME", "try both sides of a connection", runConnectionTest},
		{"export journal", "[--out FILE] ID", "write a journal entry as an Excel workbook", runExportJournal},
		{"export settlement", "[--out FILE] ID", "write a settlement as an Excel workbook", runExportSettlement},
		{"licences", "", "print the licences of others' work that is in this program", runLicences},
		{"config", "", "print the configuration, secrets hidden", runConfig},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	os.Exit(run(ctx, env, os.Args[1:]))
}

func run(ctx context.Context, env environment, args []string) int {
	c, rest, ok := find(args)
	if !ok {
		usage(env.stderr)
		return exitFailed
	}
	err := c.run(ctx, env, rest)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errProblems):
		return exitProblems
	}
	fmt.Fprintf(env.stderr, "tieout %s: %v\n", c.name, err)
	return exitFailed
}

// find takes the longest command name that args begin with.
func find(args []string) (command, []string, bool) {
	for words := min(2, len(args)); words > 0; words-- {
		name := args[0]
		if words == 2 {
			name += " " + args[1]
		}
		for _, c := range commands() {
			if c.name == name {
				return c, args[words:], true
			}
		}
	}
	return command{}, nil, false
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: tieout COMMAND")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-20s %s\n  %-20s   %s\n", c.name, c.use, "", c.says)
	}
	fmt.Fprintln(w, "Configuration comes from the environment: see `tieout config` and docs/install.md.")
}
