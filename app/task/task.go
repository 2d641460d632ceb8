// Package task is long work that somebody watches: how much is done of how
// much, and what came of it. It survives reloads and restarts; the work itself
// is elsewhere.
package task

import "time"

// States of a task.
const (
	Waiting   = "waiting"
	Running   = "running"
	Done      = "done"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// Task is one piece of long work.
type Task struct {
	ID           int64
	ConnectionID int64
	Kind         string
	Title        string
	State        string
	Done, Total  int64  // in Unit
	Unit         string // plural: "bytes"
	Message      string // the outcome, or what went wrong
	Link         string // where the result is
	CreatedBy    int64
	CreatedAt    time.Time
	StartedAt    *time.Time
	FinishedAt   *time.Time
}

// New is a task to be made.
type New struct {
	ConnectionID int64
	Kind         string
	Title        string
	Unit         string
	Total        int64
	CreatedBy    int64
}
