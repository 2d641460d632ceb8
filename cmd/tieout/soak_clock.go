package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
func (c steppedClock) step(by time.Duration) error { return writeClock(c.path, by.String()) }

func writeClock(path, text string) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o644); err != nil {
		return fmt.Errorf("step a clock: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("step a clock: %w", err)
	}
	return nil
}

// fakeClock is the clock of programs that are not ours: what faketime, a library
// before the system's own, reads from a file.
type fakeClock struct {
	path string
	env  []string // empty: faketime is not on this machine, and the clock stays as it is
}

func openFakeClock(dir string) (fakeClock, error) {
	c := fakeClock{path: filepath.Join(dir, "database.clock")}
	if err := c.step(0); err != nil {
		return c, err
	}
	if found, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1"); len(found) > 0 { // the pattern is well-formed
		// Waits go by the clock that nobody sets; the file is read each second.
		c.env = []string{"LD_PRELOAD=" + found[0], "FAKETIME_TIMESTAMP_FILE=" + c.path, "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "FAKETIME_DISABLE_SHM=1"}
	}
	return c, nil
}

func (c fakeClock) how() string {
	if len(c.env) == 0 {
		return " The database's clock stays as it is: faketime is not installed."
	}
	return ""
}

func (c fakeClock) step(by time.Duration) error {
	return writeClock(c.path, fmt.Sprintf("%+d", int(by.Seconds())))
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
