package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"tieout/app/clock"
)

// soakChild begins the arguments of a process that runs a command of this
// program under a clock that is stepped while it runs.
const soakChild = "as"

// steppedClock is a machine's clock that shows another time: by as much as a
// file says, which changes meanwhile.
type steppedClock struct{ path string }

// Now implements clock.Clock.
func (c steppedClock) Now() time.Time {
	now := clock.System{}.Now()
	text, err := os.ReadFile(c.path)
	if err != nil {
		return now
	}
	step, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return now // it is just being written
	}
	return now.Add(step)
}

// step makes the clocks that read the file show another time.
func (c steppedClock) step(by time.Duration) error {
	fresh := c.path + ".new"
	if err := os.WriteFile(fresh, []byte(by.String()), 0o644); err != nil {
		return fmt.Errorf("step a clock: %w", err)
	}
	if err := os.Rename(fresh, c.path); err != nil {
		return fmt.Errorf("step a clock: %w", err)
	}
	return nil
}

// runSoaked runs another command under the clock of a file.
func runSoaked(ctx context.Context, env environment, path string, args []string) error {
	c, rest, ok := find(args)
	if !ok {
		return fmt.Errorf("there is no command %q", args[0])
	}
	env.clock = steppedClock{path}
	return c.run(ctx, env, rest)
}
