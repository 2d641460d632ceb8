package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tieout/cmd/sandbox/seller"
)

// state is what a sandbox goes on with after a restart: the history that it
// began with, and its clock.
type state struct {
	Started      time.Time     `json:"started"` // of the first run; the sellers' history is counted from here
	Seed         uint64        `json:"seed"`
	OrdersPerDay int           `json:"ordersPerDay"`
	Cycles       int           `json:"cycles"`
	Hold         time.Duration `json:"hold"`

	// The clock: it showed Simulated when the machine's showed Real, and has
	// gone at Speed since.
	Real      time.Time `json:"real"`
	Simulated time.Time `json:"simulated"`
	Speed     float64   `json:"speed"`
}

// now returns what the sandbox's clock shows when the machine's shows real.
func (s state) now(real time.Time) time.Time {
	return s.Simulated.Add(time.Duration(float64(real.Sub(s.Real)) * s.Speed))
}

// at returns the state with another speed from real on, the clock going on
// where it was.
func (s state) at(real time.Time, speed float64) state {
	if speed != s.Speed {
		s.Simulated, s.Real, s.Speed = s.now(real), real, speed
	}
	return s
}

const stateFile = "state.json"

// restore reads the state of the earlier run in dir, or begins one from cfg. An
// earlier run's seed and volume stay: its history was imported already.
func restore(cfg Config, real time.Time) (state, error) {
	started := cfg.Started
	if started.IsZero() {
		started = real
	}
	fresh := state{Started: started, Seed: cfg.Seed, OrdersPerDay: cfg.OrdersPerDay, Cycles: cfg.Cycles, Hold: cfg.Hold, Real: real, Simulated: started, Speed: cfg.Speed}
	if cfg.Data == "" {
		return fresh, nil
	}
	path := filepath.Join(cfg.Data, stateFile)
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, fresh.keep(cfg.Data)
	case err != nil:
		return state{}, fmt.Errorf("read the sandbox's state: %w", err)
	}
	var earlier state
	if err := json.Unmarshal(raw, &earlier); err != nil || earlier.Started.IsZero() || earlier.Speed <= 0 {
		return state{}, fmt.Errorf("%s is no state of a sandbox; remove it to begin anew", path)
	}
	earlier.Cycles = cmp.Or(earlier.Cycles, seller.Year) // states of earlier versions have none
	now := earlier.at(real, cfg.Speed)
	return now, now.keep(cfg.Data)
}

// keep writes the state so that a crash leaves the old one or the new one.
func (s state) keep(dir string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the sandbox's state: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep the sandbox's state: %w", err)
	}
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path+".new", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep the sandbox's state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep the sandbox's state: %w", err)
	}
	return nil
}
