package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tieout/app/amazon"
)

// Names of what is counted.
const (
	killedScreens = "kill -9 screens"
	killedWorkers = "kill -9 worker"
)

// hand is a process of the program that is started again whenever it ended.
type hand struct {
	name, counted string
	program       string
	args          []string
	environ       []string // nil: the world's
	log           string
	clock         *steppedClock // nil: the machine's
	world         *soakWorld

	end context.CancelFunc

	mu  sync.Mutex
	cmd *exec.Cmd // nil while it is being started again
}

// hire starts the screens and the workers.
func (w *soakWorld) hire(ctx context.Context) error {
	hands := []*hand{{name: "screens", counted: killedScreens, args: []string{"serve", "--no-work"}}}
	for i := range w.s.workers {
		hands = append(hands, &hand{name: fmt.Sprintf("worker%d", i+1), counted: killedWorkers, args: []string{"work"}})
	}
	for _, h := range hands {
		h.program, h.clock = w.s.program, &steppedClock{filepath.Join(w.s.data, h.name+".clock")}
		if err := h.clock.step(0); err != nil {
			return err
		}
		h.args = append([]string{"soak", soakChild, h.clock.path}, h.args...)
		w.employ(ctx, h)
	}
	return nil
}

// employ has a process run until dismiss.
func (w *soakWorld) employ(ctx context.Context, h *hand) {
	h.world, h.log = w, filepath.Join(w.s.data, h.name+".log")
	if h.environ == nil {
		h.environ = w.environ
	}
	ctx, h.end = context.WithCancel(ctx)
	w.mu.Lock()
	w.hands = append(w.hands, h)
	w.mu.Unlock()
	w.working.Go(func() { h.tend(ctx) })
}

// dismiss ends the processes.
func (w *soakWorld) dismiss() {
	for _, h := range w.staff() {
		h.leave()
	}
	w.working.Wait()
}

// staff are the processes at this moment.
func (w *soakWorld) staff() []*hand {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.hands)
}

// leave ends the process for good.
func (h *hand) leave() {
	h.end()
	h.kill()
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	h.world.hands = slices.DeleteFunc(h.world.hands, func(other *hand) bool { return other == h })
	h.world.left = append(h.world.left, h)
}

// tend starts the process again at once whenever it was killed, and a little
// later when it ended by itself: it does so where the database is away.
func (h *hand) tend(ctx context.Context) {
	for ctx.Err() == nil {
		begun := time.Now()
		if err := h.live(ctx); err != nil {
			say(h.world.env, "%s could not be started: %v", h.name, err)
		}
		if time.Since(begun) < time.Second && amazon.Sleep(ctx, 300*time.Millisecond) != nil {
			return
		}
	}
}

// live starts the process and waits until it ends.
func (h *hand) live(ctx context.Context) error {
	log, err := os.OpenFile(h.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open its log: %w", err)
	}
	defer func() { _ = log.Close() }() // the process has written to it
	cmd := exec.Command(h.program, h.args...)
	cmd.Env = append(os.Environ(), h.environ...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = h.world.s.data, log, log
	h.mu.Lock()
	if ctx.Err() != nil {
		h.mu.Unlock()
		return nil
	}
	err = cmd.Start()
	if err == nil {
		h.cmd = cmd
	}
	h.mu.Unlock()
	if err != nil {
		return fmt.Errorf("start it: %w", err)
	}
	_ = cmd.Wait() // it was killed, or the database was away when it began
	h.mu.Lock()
	h.cmd = nil
	h.mu.Unlock()
	return nil
}

// kill ends the process with signal 9; false when there is none.
func (h *hand) kill() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cmd != nil && h.cmd.Process.Kill() == nil
}

// killAtRandom kills so many processes at random moments of a time.
func (w *soakWorld) killAtRandom(ctx context.Context, kills int, length time.Duration) error {
	end := time.Now().Add(length)
	for left := kills; left > 0; {
		mean := max(time.Until(end)/time.Duration(left), 50*time.Millisecond)
		if err := amazon.Sleep(ctx, time.Duration(float64(mean)*2*w.random())); err != nil {
			return err
		}
		staff := w.staff()
		if h := staff[int(w.random()*float64(len(staff)))]; h.kill() {
			w.tally.add(h.counted, 1)
			left--
		}
	}
	return nil
}

// panicked looks through the logs for what no fault excuses.
func (w *soakWorld) panicked() error {
	var found []error
	for _, h := range append(w.staff(), w.left...) {
		text, err := os.ReadFile(h.log)
		if err != nil {
			found = append(found, fmt.Errorf("read a log: %w", err))
		}
		for _, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") || strings.Contains(line, "job panicked") {
				found = append(found, fmt.Errorf("%s: %s", h.name, line))
			}
		}
	}
	return errors.Join(found...)
}
