package web

import (
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// partsAtOnce is how many parts of a page are read at the same time.
const partsAtOnce = 3

// atOnce reads the parts of a page beside each other and returns the first error.
// Each writes what is its own.
func atOnce(parts ...func() error) error {
	var group errgroup.Group
	group.SetLimit(partsAtOnce)
	for _, part := range parts {
		group.Go(func() error { return guarded(part) })
	}
	return group.Wait()
}

// guarded makes an error of a panic: beside its request nothing else stops it, and
// it would end the program.
func guarded(work func() error) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v\n%s", problem, debug.Stack())
		}
	}()
	return work()
}
