package main

import (
	"slices"
	"sync"
)

// tally counts faults by name, and what was verified after them.
type tally struct {
	mu      sync.Mutex
	names   []string // in the order in which they struck first
	struck  map[string]int
	settled map[string]int // of these: before the last verification
	holds   map[string]int // checks that held after it had struck
}

func newTally() *tally {
	return &tally{struck: map[string]int{}, settled: map[string]int{}, holds: map[string]int{}}
}

func (t *tally) add(name string, times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
	t.struck[name] += times
}

// verified counts the checks that hold for everything that struck since the last time.
func (t *tally) verified(checks int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range t.names {
		if t.struck[name] > t.settled[name] {
			t.holds[name] += checks
			t.settled[name] = t.struck[name]
		}
	}
}

// struckTimes is one line of the table.
type struckTimes struct {
	name          string
	times, checks int
}

func (t *tally) list() []struckTimes {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []struckTimes
	for _, name := range t.names {
		list = append(list, struckTimes{name, t.struck[name], t.holds[name]})
	}
	return list
}
