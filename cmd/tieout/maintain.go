package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/invariant"
	"tieout/app/journal"
	"tieout/sqlc"
)

func runMigrate(ctx context.Context, env environment, args []string) error {
	flags := flags("migrate", env)
	role := flags.String("for", "", "the role that the program has in the database, where it is not the schema's owner")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := LoadConfig(env.environ)
	if err != nil {
		return err
	}
	if err := config.NeedDatabase(); err != nil {
		return err
	}
	if err := migrate(ctx, config.DatabaseURL.Reveal(), *role); err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "The schema is up to date.")
	return nil
}

// migrate brings a schema up to date as its owner, and grants the program's role
// what it needs; "" is where the owner itself is the program.
func migrate(ctx context.Context, owner, role string) error {
	pool, err := database.Open(ctx, owner)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := database.Migrate(ctx, pool); err != nil || role == "" {
		return err
	}
	return database.Grant(ctx, pool, role)
}

// rebuilt builds every posted entry again under what it names.
func rebuilt(db sqlc.DBTX) invariant.Further {
	return func(ctx context.Context) (invariant.Check, error) {
		examined, differ, err := journal.RebuildPosted(ctx, db)
		var broken []string
		for _, d := range differ {
			broken = append(broken, fmt.Sprintf("entry %s under rule set %d: %s", d.Reference, d.RuleSet, strings.Join(d.Differences, " ")))
		}
		return invariant.Found("rebuilt-identical", "Every posted entry comes out the same when it is built again under the rule set, the period and the rates it names.", examined, broken), err
	}
}

// runVerify recomputes the books; it exits 1 when anything does not hold.
func runVerify(ctx context.Context, env environment, args []string) error {
	flags := flags("verify", env)
	asJSON := flags.Bool("json", false, "print JSON")
	witness := flags.String("witness", "", "a file of earlier heads of the audit log, as audit head prints them; - is standard input")
	path := flags.String("binder", "", "check the binder of a closed period instead, without a database")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *path != "" {
		return verifyBinder(env, *path)
	}
	p, err := open(ctx, env, Config.NeedDatabase)
	if err != nil {
		return err
	}
	defer p.close()
	further := []invariant.Further{rebuilt(p.pool)}
	if *witness != "" {
		witnesses, err := readWitnesses(env, *witness)
		if err != nil {
			return err
		}
		further = append(further, confirmed(p.pool, witnesses))
	}
	checks, err := invariant.Verify(ctx, p.pool, further...)
	if err != nil {
		return err
	}
	if *asJSON {
		if err := json.NewEncoder(env.stdout).Encode(checks); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	broken := false
	for _, c := range checks {
		broken = broken || !c.Holds()
		if *asJSON {
			continue
		}
		state := "holds"
		if !c.Holds() {
			state = fmt.Sprintf("BROKEN %d times", c.Broken)
		}
		fmt.Fprintf(env.stdout, "%-22s %10d examined  %s  %s\n", c.Name, c.Examined, state, c.Rule)
		for _, example := range c.Examples {
			fmt.Fprintf(env.stdout, "    %s\n", example)
		}
	}
	if broken {
		return errProblems
	}
	return nil
}

func readWitnesses(env environment, path string) ([]audit.Witness, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(env.stdin)
	} else {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read witnesses: %w", err)
	}
	witnesses, err := audit.ParseWitnesses(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return witnesses, nil
}

// confirmed holds the log against heads of it that were kept elsewhere.
func confirmed(db sqlc.DBTX, witnesses []audit.Witness) invariant.Further {
	return func(ctx context.Context) (invariant.Check, error) {
		breaks, err := audit.Confirm(ctx, db, witnesses)
		var broken []string
		for _, b := range breaks {
			broken = append(broken, fmt.Sprintf("event %d: %s", b.Seq, b.Reason))
		}
		return invariant.Found("audit-witness", "The audit log is what it was when its heads were written down.", int64(len(witnesses)), broken), err
	}
}

// runAuditHead prints what to keep elsewhere.
func runAuditHead(ctx context.Context, env environment, args []string) error {
	if err := flags("audit head", env).Parse(args); err != nil {
		return err
	}
	p, err := open(ctx, env, Config.NeedDatabase)
	if err != nil {
		return err
	}
	defer p.close()
	head, err := audit.Head(ctx, p.pool)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s %s\n", head, p.clock.Now().UTC().Format(time.RFC3339))
	return nil
}

func runConfig(_ context.Context, env environment, args []string) error {
	if err := flags("config", env).Parse(args); err != nil {
		return err
	}
	config, err := LoadConfig(env.environ)
	if err != nil {
		return err
	}
	return config.Print(env.stdout)
}
