// Command server starts or stops the PostgreSQL server that the tests share:
// `make test` starts it once for all test processes.
package main

import (
	"context"
	"fmt"
	"os"

	"tieout/app/database/dbtest"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "start":
		if err := dbtest.Stop(ctx); err != nil {
			return err
		}
		_, err := dbtest.Server(ctx)
		return err
	case len(args) == 1 && args[0] == "stop":
		return dbtest.Stop(ctx)
	}
	return fmt.Errorf("usage: server start|stop")
}
